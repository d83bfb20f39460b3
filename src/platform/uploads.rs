//! Files that were sent to the store, kept on disk for a week and known by a row each.

use std::path::PathBuf;
use std::time::Duration;

use chrono::TimeDelta;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use super::jobs::{Done, Job, JobError, JobRun, Priority};
use crate::app::App;
use crate::kernel::ids::{JobId, UploadId};
use crate::kernel::problem::Fault;

/// How long a file is kept. Longer than any import of it may wait to be tried again.
const KEPT: TimeDelta = TimeDelta::days(7);
/// How often old files are looked for.
const SWEEP: Duration = Duration::from_secs(6 * 60 * 60);

/// The table of uploads.
pub mod entity {
    use sea_orm::entity::prelude::*;

    use crate::kernel::clock::Timestamp;
    use crate::kernel::ids::UploadId;

    /// A file that was sent.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "upload")]
    pub struct Model {
        /// The id, which is its name on disk too.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: UploadId,
        /// How many bytes it has.
        pub size: i64,
        /// When it was sent.
        pub created_at: Timestamp,
    }

    /// Uploads have no relations.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The upload with this id.
pub async fn lookup(conn: &impl ConnectionTrait, id: UploadId) -> Result<Option<entity::Model>, Fault> {
    Ok(entity::Entity::find_by_id(id).one(conn).await?)
}

/// Where an upload is.
pub fn path(app: &App, id: UploadId) -> PathBuf {
    folder(app).join(id.to_string())
}

/// The folder of uploads, made if it is missing.
pub async fn make_folder(app: &App) -> Result<PathBuf, Fault> {
    let folder = folder(app);
    tokio::fs::create_dir_all(&folder).await.map_err(|error| Fault::Internal(error.into()))?;
    Ok(folder)
}

/// Where a job may keep a file while it runs.
pub async fn temporary(app: &App, job: JobId) -> Result<PathBuf, Fault> {
    Ok(make_folder(app).await?.join(format!("{job}.part")))
}

/// A file for a moment: gone when it is dropped, or else swept with what is left over.
pub async fn scratch(app: &App) -> Result<NamedTempFile, Fault> {
    let folder = make_folder(app).await?;
    tempfile::Builder::new().suffix(".part").tempfile_in(folder).map_err(|error| Fault::Internal(error.into()))
}

fn folder(app: &App) -> PathBuf {
    app.config.data_dir.join("uploads")
}

/// Removes old files, again and again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SweepUploads {}

impl Job for SweepUploads {
    const KIND: &'static str = "SweepUploads";
    const PRIORITY: Priority = Priority::Patient;
    const BEAT: Option<Duration> = Some(SWEEP);

    fn dedupe_key(&self) -> Option<String> {
        Some(Self::KIND.to_owned())
    }

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        let app = &run.app;
        let old = entity::Column::CreatedAt.lt(app.clock.now() - KEPT);
        for row in entity::Entity::find().filter(old).all(app.db.read()).await? {
            remove(&path(app, row.id)).await?;
            entity::Entity::delete_by_id(row.id).exec(app.db.write()).await?;
        }
        remove_leftovers(app).await?;
        Ok(Done::Again(SWEEP))
    }
}

/// Removes files that belong to nobody: uploads and downloads that were broken off.
async fn remove_leftovers(app: &App) -> Result<(), JobError> {
    let mut files = tokio::fs::read_dir(make_folder(app).await?).await.map_err(JobError::retry)?;
    while let Some(file) = files.next_entry().await.map_err(JobError::retry)? {
        let age = file.metadata().await.ok().and_then(|it| it.modified().ok()).and_then(|it| it.elapsed().ok());
        let name = file.file_name();
        let broken_off = name.to_str().is_some_and(|name| name.ends_with(".part"));
        if broken_off && age.is_some_and(|age| age > Duration::from_secs(24 * 60 * 60)) {
            remove(&file.path()).await?;
        }
    }
    Ok(())
}

async fn remove(path: &std::path::Path) -> Result<(), JobError> {
    match tokio::fs::remove_file(path).await {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(JobError::retry(error)),
        _ => Ok(()),
    }
}
