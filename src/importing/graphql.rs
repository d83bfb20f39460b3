//! Imports as the owner sees them.

use async_graphql::{Context, Enum, InputObject, Object, OneofObject, SimpleObject};

use super::{ImportCatalog, ImportError};
use crate::feeds;
use crate::graph::scalars::{Json, Url};
use crate::graph::{Connection, ContextExt, GlobalId, Nullable, PageArgs, payload, required};
use crate::identity::graphql::visible_to_store;
use crate::kernel::ids::{JobId, SupplierId, UploadId};
use crate::kernel::problem::Fault;
use crate::operations::graphql::Job;
use crate::user_error;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "feeds::Format")]
pub enum ImportFormat {
    /// Rows of cells, the first row naming the columns.
    Csv,
    /// An array of objects, or one object a line.
    Json,
    /// Google's product feed: RSS or Atom.
    GoogleMerchant,
}

/// Where a file comes from: exactly one of these.
#[derive(Debug, Clone, OneofObject)]
pub enum ImportSource {
    /// An address on the public internet.
    Url(Url),
    /// A file sent to `POST /uploads`.
    UploadId(GlobalId<UploadId>),
}

/// An import to be started.
#[derive(Debug, Clone, InputObject)]
pub struct CatalogImportInput {
    /// Whose goods they are.
    supplier_id: GlobalId<SupplierId>,
    /// Where the file comes from.
    source: ImportSource,
    /// How it is written.
    format: ImportFormat,
    /// Which column is which of our fields, such as `{"sku": "StockCode", "price": "UnitPrice"}`. The
    /// fields are `sku`, `supplier_sku`, `product` (what rows of one product share), `title`,
    /// `description`, `price`, `compare_at`, `cost`, `currency` (of the cost), `quantity`,
    /// `availability` (in a word), `lead_time_days`, `gtin`, `mpn`, `brand`, `collection`, `image_url`, `image_alt` and
    /// `option1_name`, `option1_value` to `option3_value`. Beside them: `defaults` (field → value),
    /// `delimiter`, `decimal`, `encoding`, `in_stock` (how many there are of what the file only says is in
    /// stock; 100 unless told). Without a mapping, columns called like the fields are taken; of Google's
    /// feeds its own elements (`id`, `title`, `price`, …), each unless the mapping names another.
    mapping: Option<Json>,
    /// Whether the import is only tried: everything is checked and counted, nothing is kept.
    dry_run: Option<bool>,
}

/// Why an import was not started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "super::ImportErrorCode")]
pub enum CatalogImportErrorCode {
    /// A value is not acceptable.
    Invalid,
    /// There is no such thing.
    NotFound,
}

user_error!(CatalogImportUserError, CatalogImportErrorCode, "visible_to_store");

/// The answer to the start of an import.
#[derive(SimpleObject)]
pub struct CatalogImportPayload {
    /// The import, as a job: its result tells how many rows were created, updated and skipped, and
    /// why; null if it was not started.
    job: Option<Job>,
    /// Why it was not started; empty if it was.
    user_errors: Vec<CatalogImportUserError>,
}

/// A row that an import left out.
pub struct ImportErrorObject(ImportError);

/// A row that an import left out.
#[Object(name = "ImportError")]
impl ImportErrorObject {
    /// Where it is in the file: its line, or its number in a JSON array.
    async fn line(&self) -> i64 {
        self.0.line
    }

    /// What it is about; null if that could not be read.
    async fn sku(&self) -> Option<&str> {
        self.0.sku.as_deref()
    }

    /// Why it was left out, for programs, such as `PRICE_INVALID`.
    async fn reason(&self) -> &str {
        &self.0.reason
    }

    /// Why it was left out, for people.
    async fn message(&self) -> &str {
        &self.0.message
    }
}

/// The queries about imports.
#[derive(Default)]
pub struct ImportQuery;

#[Object]
impl ImportQuery {
    /// The rows an import left out, in the order of the file: the first 10,000. For the owner and staff.
    #[graphql(visible = "visible_to_store")]
    async fn import_errors(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The import's job.")] job_id: GlobalId<JobId>,
        #[graphql(desc = "How many from the start, 1 to 100 (20 unless told).")] first: Option<i32>,
        #[graphql(desc = "The cursor to start behind.")] after: Option<String>,
    ) -> Nullable<Connection<ImportErrorObject>> {
        required(errors(ctx, job_id.0, PageArgs::forward(first, after)).await)
    }
}

async fn errors(ctx: &Context<'_>, job: JobId, page: PageArgs) -> Result<Connection<ImportErrorObject>, Fault> {
    let page = super::import_errors(ctx.app(), ctx.actor(), job, &page.request()?).await?;
    Ok(Connection::new(page.map(ImportErrorObject)))
}

/// The mutations of imports.
#[derive(Default)]
pub struct ImportMutation;

#[Object]
impl ImportMutation {
    /// Starts the import of a supplier's catalogue, in the background. For the owner and staff.
    #[graphql(visible = "visible_to_store")]
    async fn catalog_import(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is imported, and how.")] input: CatalogImportInput,
    ) -> Nullable<CatalogImportPayload> {
        let import = ImportCatalog {
            supplier_id: input.supplier_id.0,
            source: match input.source {
                ImportSource::Url(url) => super::ImportSource::Url(url.0),
                ImportSource::UploadId(id) => super::ImportSource::Upload(id.0),
            },
            format: input.format.into(),
            mapping: input.mapping,
            dry_run: input.dry_run.unwrap_or_default(),
        };
        let result = super::catalog_import(ctx.app(), ctx.actor(), import).await;
        required(payload(result).map(|(job, user_errors)| CatalogImportPayload { job: job.map(Job), user_errors }))
    }
}
