//! Jobs: work that follows a change, written in the change's own transaction.
//!
//! A job is claimed with a lease, and the claim is committed before it runs. A job may run more than
//! once (a crash, a lease that ran out), so every job is idempotent, and its payload holds ids, not
//! state. A failing job is tried again with backoff and jitter; so is one that panics, or whose worker
//! dies. One that keeps failing, or says that trying again is of no use, is kept as a dead letter. Work
//! that must never end by failing ([`Job::BEAT`]) goes on instead, at its own beat: it repeats for ever
//! or money hangs on it, and nothing but a restart would begin it anew. Either way a [`Witness`] is told
//! in the same transaction, so that nothing fails in silence.
//!
//! What is due is not taken first come, first served: a kind has a [`Priority`], and a longest time to run.

mod end;
pub mod entity;
pub mod lanes;
mod list;
mod priority;
mod queue;
mod revive;
mod runner;
mod sweep;

use std::future::Future;
use std::time::Duration;

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use self::end::{disown_all, settle, sweep_lost};
pub use self::list::{Census, DeadFilter, JobFilter, Waiting, census, count, count_dead, dead_after, list};
pub use self::priority::Priority;
pub use self::queue::{JOBS_TOPIC, claim, enqueue, enqueue_after, ensure, hasten, insert, lookup, progress, scaled};
pub use self::revive::{Retried, discard, own_key, retry};
pub use self::runner::{Handlers, attempt, run, run_due};
pub use self::sweep::SweepJobs;
use crate::app::App;
use crate::kernel::ids::JobId;
use crate::kernel::problem::Fault;
use crate::platform::tx::Tx;

/// A kind of background work.
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The name in the table. Never renamed while rows of it may exist.
    const KIND: &'static str;
    /// After so many failed attempts the job becomes a dead letter.
    const MAX_ATTEMPTS: i32 = 15;
    /// For work that must never end by failing, such as every job that answers [`Done::Again`] for ever:
    /// after its attempts it waits this long and begins anew. A business wait.
    const BEAT: Option<Duration> = None;
    /// Whom it lets go first when there is more to do than can be done at once.
    const PRIORITY: Priority = Priority::Usual;
    /// A run that takes longer hangs: it is cut off, and was a failed attempt. Never scaled.
    const LONGEST: Duration = Duration::from_secs(15 * 60);

    /// While a job with this key is waiting or running, another one is not added.
    fn dedupe_key(&self) -> Option<String> {
        None
    }

    /// Does the work. May run more than once.
    fn run(self, run: &JobRun) -> impl Future<Output = Result<Done, JobError>> + Send;
}

/// A job about to be written.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// [`Job::KIND`].
    pub kind: &'static str,
    /// The job itself, as JSON.
    pub payload: Value,
    /// [`Job::dedupe_key`].
    pub dedupe_key: Option<String>,
    /// [`Job::MAX_ATTEMPTS`].
    pub max_attempts: i32,
    /// [`Job::PRIORITY`].
    pub priority: Priority,
    /// How long to wait first. A business wait: the time scale divides it.
    pub delay: Duration,
    /// Whether one with its key that waits for its time is run now.
    pub hastens: bool,
}

impl NewJob {
    /// `job`, to be run at once.
    pub fn now<J: Job>(job: &J) -> Result<Self, Fault> {
        Self::after(job, Duration::ZERO)
    }

    /// `job`, to be run after `delay`.
    pub fn after<J: Job>(job: &J, delay: Duration) -> Result<Self, Fault> {
        Ok(Self {
            kind: J::KIND,
            payload: serde_json::to_value(job)?,
            dedupe_key: job.dedupe_key(),
            max_attempts: J::MAX_ATTEMPTS,
            priority: J::PRIORITY,
            delay,
            hastens: false,
        })
    }

    /// `job`, to be run at once, also if one with its key waits for its time.
    pub fn without_waiting<J: Job>(job: &J) -> Result<Self, Fault> {
        Ok(Self { hastens: true, ..Self::now(job)? })
    }
}

/// One run of a job.
pub struct JobRun {
    /// The program.
    pub app: App,
    /// The job's id.
    pub id: JobId,
    /// Which attempt this is, from 1.
    pub attempt: i32,
    /// How many attempts there are in all.
    pub max_attempts: i32,
}

/// Who is told of trouble with jobs, in the transaction that records it.
#[async_trait]
pub trait Witness: Send + Sync {
    /// `job` failed as often as it may, or for good. It is a dead letter now, or `goes_on` at its beat.
    async fn given_up(&self, tx: &Tx, job: &entity::Model, reason: &str, goes_on: bool) -> Result<(), Fault>;

    /// `job` had failed, perhaps so often that it was told, and went well.
    async fn recovered(&self, tx: &Tx, job: &entity::Model) -> Result<(), Fault>;
}

/// How a run ended well.
#[derive(Debug)]
pub enum Done {
    /// The work is done, with a result for whoever looks at the job (or null).
    With(Value),
    /// Not yet: look again after this long. Not a failure; attempts are not counted.
    Again(Duration),
}

impl Done {
    /// Done, with nothing to tell.
    pub const OK: Self = Self::With(Value::Null);
}

/// How a run failed.
#[derive(Debug)]
pub enum JobError {
    /// Trying again may help; after `after` if the other side said when, else by backoff.
    Retry {
        /// What happened, for the log and the owner.
        reason: String,
        /// When the other side wants to be asked again.
        after: Option<Duration>,
    },
    /// Trying again is of no use.
    Fail(String),
    /// Nothing was done: its lane has no place. Not a failure; attempts are not counted.
    Held {
        /// Of whom it waits for: see [`lanes`].
        lane: String,
    },
}

impl JobError {
    /// Trying again may help.
    pub fn retry(reason: impl std::fmt::Display) -> Self {
        Self::Retry { reason: reason.to_string(), after: None }
    }
}

impl From<Fault> for JobError {
    fn from(fault: Fault) -> Self {
        // The whole chain: a dead letter is read by the owner, who has nothing else to go by.
        let reason = format!("{:#}", anyhow::Error::from(fault));
        Self::Retry { reason, after: None }
    }
}

impl From<sea_orm::DbErr> for JobError {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::from(Fault::from(error))
    }
}
