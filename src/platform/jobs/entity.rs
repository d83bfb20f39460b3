//! The table of jobs.

use sea_orm::entity::prelude::*;
use serde_json::Value;

use crate::kernel::clock::Timestamp;
use crate::kernel::ids::JobId;

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum JobStatus {
    /// Waiting for its time, or for a worker.
    Queued,
    /// Claimed by a worker.
    Running,
    /// Done.
    Succeeded,
    /// Given up: a dead letter.
    Failed,
    /// A dead letter that a person decided to leave undone.
    Discarded,
}

/// One job.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "job")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: JobId,
    /// What to do.
    pub kind: String,
    /// With what: ids.
    #[sea_orm(column_type = "JsonBinary")]
    pub payload: Value,
    /// Kept unique while the job is not ended. A dead letter's is set aside: see `end.rs`.
    pub dedupe_key: Option<String>,
    /// Where it stands.
    pub status: JobStatus,
    /// Not before this.
    pub run_at: Timestamp,
    /// Its place among those whose time has come: see [`super::Priority`].
    pub rank_at: Timestamp,
    /// How often it was begun.
    pub attempts: i32,
    /// How often it may be begun.
    pub max_attempts: i32,
    /// Until when its worker holds it.
    pub lease_until: Option<Timestamp>,
    /// Tells one claim from the next: a worker that wakes up late finds another one here.
    pub lease_token: Option<Uuid>,
    /// Whom it was found waiting for: no place, no run. See [`super::lanes`].
    pub lane: Option<String>,
    /// The process that has it, or had it last.
    pub worker: Option<String>,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// How much is done.
    pub progress_done: i64,
    /// How much there is to do, once known.
    pub progress_total: Option<i64>,
    /// What came out.
    #[sea_orm(column_type = "JsonBinary")]
    pub result: Option<Value>,
    /// The trace it was added in; see [`crate::platform::traces`].
    pub trace: Option<String>,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

/// Jobs have no relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
