//! How a supplier's stock was fetched last.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, Object};

use crate::app::App;
use crate::graph::scalars::DateTime;
use crate::graph::{Connection, ContextExt, PageArgs, RequestLoader, SharedFault};
use crate::identity::Actor;
use crate::identity::graphql::visible_to_store;
use crate::kernel::ids::SupplierId;
use crate::suppliers::{fetch, fetches, left_out};

/// How a supplier's stock was fetched last.
pub struct SupplierFetch(pub(super) fetch::Model);

/// How a supplier's stock was fetched last. A fetch that found nothing new is none.
#[Object(visible = "visible_to_store")]
impl SupplierFetch {
    /// When it began.
    async fn began_at(&self) -> DateTime {
        self.0.began_at
    }

    /// When it ended; null while it runs, or if it was cut off.
    async fn ended_at(&self) -> Option<DateTime> {
        self.0.ended_at
    }

    /// How many items it told of.
    async fn items(&self) -> i64 {
        self.0.items
    }

    /// How many of its rows were left out.
    async fn left_out_count(&self) -> i64 {
        self.0.left_out
    }

    /// Why it ended badly; null if it did not.
    async fn failure(&self) -> Option<&str> {
        self.0.failure.as_deref()
    }

    /// The rows it left out, in the order of the file: the first 10,000.
    #[graphql(complexity = "first.unwrap_or(20).max(1) as usize * child_complexity + 10")]
    async fn left_out(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 100 (20 unless told).")] first: Option<i32>,
        #[graphql(desc = "The cursor to start behind.")] after: Option<String>,
    ) -> async_graphql::Result<Connection<SupplierFetchError>> {
        let page = PageArgs::forward(first, after).request()?;
        let rows = fetches::list_left_out(ctx.app(), ctx.actor(), self.0.supplier_id, &page).await?;
        Ok(Connection::new(rows.map(SupplierFetchError)))
    }
}

/// A row that a fetch left out.
pub struct SupplierFetchError(left_out::Model);

/// A row that a fetch left out.
#[Object(visible = "visible_to_store")]
impl SupplierFetchError {
    /// Where it is in the file: its line, or its number in a JSON array.
    async fn line(&self) -> i64 {
        self.0.line
    }

    /// What it is about; null if that could not be read.
    async fn sku(&self) -> Option<&str> {
        self.0.sku.as_deref()
    }

    /// Why it was left out, for programs, such as `QUANTITY_INVALID`.
    async fn reason(&self) -> &str {
        &self.0.reason
    }

    /// Why it was left out, for people.
    async fn message(&self) -> &str {
        &self.0.message
    }
}

/// The last fetches of suppliers.
pub struct FetchLoader(App);

impl RequestLoader for FetchLoader {
    fn new(app: &App, _actor: &Actor) -> Self {
        Self(app.clone())
    }
}

impl Loader<SupplierId> for FetchLoader {
    type Value = fetch::Model;
    type Error = SharedFault;

    async fn load(&self, keys: &[SupplierId]) -> Result<HashMap<SupplierId, fetch::Model>, SharedFault> {
        let rows = fetches::fetches_of(self.0.db.read(), keys).await?;
        Ok(rows.into_iter().map(|row| (row.supplier_id, row)).collect())
    }
}
