//! An import as a job: started by the owner, run by a worker, repeatable at any moment.

use std::time::Duration;

use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::fetch;
use super::run::{ImportFailure, ImportFile, Progress, run};
use super::{ImportErrorCode, entity};
use crate::app::App;
use crate::feeds::{Format, Mapping, RowError};
use crate::identity::audit::Changes;
use crate::identity::{Action, Actor, audit};
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{JobId, SupplierId, UploadId};
use crate::kernel::problem::{Fault, VerbError};
use crate::platform::jobs::{self, Done, Job, JobError, JobRun, Priority};
use crate::platform::tx::Tx;
use crate::platform::uploads;
use crate::suppliers;

/// How many left-out rows are kept of one import; the rest is only counted.
const KEPT_ERRORS: u64 = 10_000;

/// Where the file comes from.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ImportSource {
    /// An address on the internet.
    Url(url::Url),
    /// A file that was sent.
    Upload(UploadId),
}

/// Imports a catalogue.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImportCatalog {
    /// Whose goods they are.
    pub supplier_id: SupplierId,
    /// Where the file comes from.
    pub source: ImportSource,
    /// How it is written.
    pub format: Format,
    /// Which column is which of our fields.
    pub mapping: Option<Value>,
    /// Whether it is only tried.
    pub dry_run: bool,
}

/// Starts an import, for the owner and staff.
pub async fn catalog_import(
    app: &App,
    actor: &Actor,
    import: ImportCatalog,
) -> Result<jobs::entity::Model, VerbError<ImportErrorCode>> {
    use ImportErrorCode::{Invalid, NotFound};
    actor.may(Action::ImportCatalog)?;
    if let Err(sentence) = Mapping::read(import.mapping.as_ref()) {
        return Err(VerbError::refused(Invalid, "mapping", sentence));
    }
    let tx = Tx::begin(app).await?;
    if suppliers::lookup(&tx, import.supplier_id).await?.is_none() {
        return Err(VerbError::refused(NotFound, "supplierId", "there is no such supplier"));
    }
    match &import.source {
        ImportSource::Url(url) => {
            if let Err(error) = app.egress.check(url) {
                return Err(VerbError::refused(Invalid, "source.url", error.to_string()));
            }
        }
        ImportSource::Upload(id) => {
            if uploads::lookup(&tx, *id).await?.is_none() {
                return Err(VerbError::refused(NotFound, "source.uploadId", "there is no such upload"));
            }
        }
    }
    let id = jobs::enqueue(&tx, &import).await?.ok_or_else(|| Fault::internal("an import has no key to clash"))?;
    let given = Changes::none().given("supplier", import.supplier_id.to_string()).given("dryRun", import.dry_run);
    audit::record(&tx, actor, "catalog.import", id, given).await?;
    tx.commit().await?;
    Ok(jobs::lookup(app, id).await?.ok_or_else(|| Fault::internal("the import's job is gone"))?)
}

impl Job for ImportCatalog {
    const KIND: &'static str = "ImportCatalog";
    const PRIORITY: Priority = Priority::Patient;
    const MAX_ATTEMPTS: i32 = 5;
    const LONGEST: Duration = Duration::from_secs(6 * 3600);

    async fn run(self, run_of: &JobRun) -> Result<Done, JobError> {
        let app = &run_of.app;
        forget_errors(app, run_of.id).await?;
        let (as_of, path, fetched) = match &self.source {
            ImportSource::Upload(id) => (sent_at(app, *id).await?, uploads::path(app, *id), false),
            ImportSource::Url(url) => (app.clock.now(), fetch::download(app, run_of.id, url).await?, true),
        };
        let file = ImportFile {
            supplier_id: self.supplier_id,
            as_of,
            path: path.clone(),
            format: self.format,
            mapping: self.mapping,
            fetched,
            dry_run: self.dry_run,
        };
        let mut progress = JobProgress { run: run_of, kept: 0 };
        let result = run(app, file, &mut progress).await;
        if fetched {
            // A copy that stays is found and removed with the old uploads.
            let _ = tokio::fs::remove_file(&path).await;
        }
        let outcome = result.map_err(|failure| match failure {
            ImportFailure::Refused(sentence) => JobError::Fail(sentence),
            ImportFailure::Fault(fault) => JobError::from(fault),
        })?;
        jobs::progress(run_of, count(outcome.rows), Some(count(outcome.rows))).await?;
        Ok(Done::With(serde_json::to_value(outcome).map_err(Fault::from)?))
    }
}

/// When the file was sent: a file that waited says nothing about the moment it is read.
async fn sent_at(app: &App, id: UploadId) -> Result<Timestamp, JobError> {
    let gone = || JobError::Fail("the uploaded file is gone: uploads are kept for a week".to_owned());
    Ok(uploads::lookup(app.db.read(), id).await?.ok_or_else(gone)?.created_at)
}

async fn forget_errors(app: &App, job: JobId) -> Result<(), Fault> {
    let old = entity::Entity::delete_many().filter(entity::Column::JobId.eq(job));
    old.exec(app.db.write()).await?;
    Ok(())
}

/// Keeps the job's progress and the rows it left out.
struct JobProgress<'a> {
    run: &'a JobRun,
    kept: u64,
}

impl Progress for JobProgress<'_> {
    async fn batch(&mut self, rows: u64, errors: &[RowError]) -> Result<(), Fault> {
        jobs::progress(self.run, count(rows), None).await?;
        let room = usize::try_from(KEPT_ERRORS - self.kept).unwrap_or_default();
        let kept: Vec<entity::ActiveModel> = errors.iter().take(room).map(|error| row(self.run.id, error)).collect();
        if kept.is_empty() {
            return Ok(());
        }
        self.kept += kept.len() as u64;
        let key = [entity::Column::JobId, entity::Column::Line];
        entity::Entity::insert_many(kept)
            .on_conflict(OnConflict::columns(key).do_nothing().to_owned())
            .exec_without_returning(self.run.app.db.write())
            .await?;
        Ok(())
    }
}

fn row(job: JobId, error: &RowError) -> entity::ActiveModel {
    entity::ActiveModel {
        job_id: Set(job),
        line: Set(count(error.line)),
        sku: Set(error.sku.clone()),
        reason: Set(error.reason.to_owned()),
        message: Set(error.message.clone()),
    }
}

fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
