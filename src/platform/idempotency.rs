//! Idempotency records: which attempt a key belongs to. No response is stored; a repeat finds the
//! same attempt and answers from it.

use std::time::Duration;

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, EntityTrait};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::kernel::clock::Timestamp;
use crate::kernel::problem::Fault;
use crate::platform::jobs::{Done, Job, JobError, JobRun, Priority};
use crate::platform::tx::Tx;

/// How long a key is remembered; callers are promised 24 hours.
const KEPT: chrono::TimeDelta = chrono::TimeDelta::hours(48);
/// How often old keys are forgotten.
const SWEEP: Duration = Duration::from_secs(3600);

/// One record.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency_record")]
pub struct Model {
    /// Whose key it is: the actor, or a guest's cart.
    #[sea_orm(primary_key, auto_increment = false)]
    pub scope: String,
    /// Of which operation.
    #[sea_orm(primary_key, auto_increment = false)]
    pub operation: String,
    /// The key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// The digest of the input it came with.
    pub digest: Vec<u8>,
    /// The id of what the operation made.
    pub subject: String,
    /// When it came first.
    pub created_at: Timestamp,
}

/// Records have no relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// What a key turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// Never seen: it now belongs to the caller's subject.
    New,
    /// Seen with the same input.
    Repeat {
        /// What it belongs to.
        subject: String,
    },
    /// Seen with another input.
    OtherInput,
}

/// Claims `key` for `subject`, in the transaction that creates it. A concurrent claim of the same
/// key waits for this transaction to end.
pub async fn claim(
    tx: &Tx,
    scope: &str,
    operation: &str,
    key: &str,
    digest: &[u8],
    subject: &str,
) -> Result<Claimed, Fault> {
    let row = ActiveModel {
        scope: Set(scope.to_owned()),
        operation: Set(operation.to_owned()),
        key: Set(key.to_owned()),
        digest: Set(digest.to_vec()),
        subject: Set(subject.to_owned()),
        created_at: Set(tx.now()),
    };
    let key_columns = OnConflict::columns([Column::Scope, Column::Operation, Column::Key]).do_nothing().to_owned();
    if Entity::insert(row).on_conflict(key_columns).exec_without_returning(tx).await? > 0 {
        return Ok(Claimed::New);
    }
    let id = (scope.to_owned(), operation.to_owned(), key.to_owned());
    let found = Entity::find_by_id(id).one(tx).await?;
    let found = found.ok_or_else(|| Fault::internal("an idempotency record vanished"))?;
    Ok(if found.digest == digest { Claimed::Repeat { subject: found.subject } } else { Claimed::OtherInput })
}

/// The subject of a key that was claimed before, with the same input or not; for a look before the
/// transaction begins.
pub async fn lookup(
    conn: &impl ConnectionTrait,
    scope: &str,
    operation: &str,
    key: &str,
) -> Result<Option<Model>, Fault> {
    Ok(Entity::find_by_id((scope.to_owned(), operation.to_owned(), key.to_owned())).one(conn).await?)
}

/// The digest of an input, by its JSON.
pub fn digest<T: Serialize>(input: &T) -> Result<Vec<u8>, Fault> {
    Ok(Sha256::digest(serde_json::to_vec(input)?).to_vec())
}

/// Forgets keys older than 48 hours; returns how many.
pub async fn sweep(app: &App) -> Result<u64, Fault> {
    let old = Entity::delete_many().filter(Column::CreatedAt.lt(app.clock.now() - KEPT));
    Ok(old.exec(app.db.write()).await?.rows_affected)
}

/// Forgets old keys every hour, for ever.
#[derive(Debug, Serialize, Deserialize)]
pub struct SweepIdempotency {}

impl Job for SweepIdempotency {
    const KIND: &'static str = "SweepIdempotency";
    const PRIORITY: Priority = Priority::Patient;
    const BEAT: Option<Duration> = Some(SWEEP);

    fn dedupe_key(&self) -> Option<String> {
        Some(Self::KIND.to_owned())
    }

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        sweep(&run.app).await?;
        Ok(Done::Again(SWEEP))
    }
}
