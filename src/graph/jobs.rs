//! Background work as its owner sees it.

use async_graphql::{Context, Enum, Object, SimpleObject};

use super::context::ContextExt;
use super::scalars::{GlobalId, Json};
use super::{Nullable, nullable};
use crate::identity::Action;
use crate::identity::graphql::visible_to_store;
use crate::kernel::ids::JobId;
use crate::kernel::problem::Fault;
use crate::platform::jobs::{self, entity};

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::JobStatus")]
pub enum JobStatus {
    /// Waiting for its time, or for a worker.
    Queued,
    /// Being done.
    Running,
    /// Done.
    Succeeded,
    /// Given up.
    Failed,
}

/// How far a job has come.
#[derive(Debug, Clone, Copy, SimpleObject)]
pub struct JobProgress {
    /// How much is done.
    done: i64,
    /// How much there is to do; null while nobody knows.
    total: Option<i64>,
}

/// A piece of background work.
pub struct Job(pub entity::Model);

/// A piece of background work.
#[Object(visible = "visible_to_store")]
impl Job {
    /// The id.
    pub async fn id(&self) -> GlobalId<JobId> {
        GlobalId(self.0.id)
    }

    /// Where it stands.
    async fn status(&self) -> JobStatus {
        self.0.status.into()
    }

    /// How far it has come; null for work that is not counted.
    async fn progress(&self) -> Option<JobProgress> {
        let counted = self.0.progress_done > 0 || self.0.progress_total.is_some();
        counted.then_some(JobProgress { done: self.0.progress_done, total: self.0.progress_total })
    }

    /// What came out; null until it has succeeded, and for work without a result.
    async fn result(&self) -> Option<&Json> {
        self.0.result.as_ref()
    }

    /// What went wrong last; null if nothing did, or it went well in the end.
    async fn error(&self) -> Option<&str> {
        let ended_well = self.0.status == entity::JobStatus::Succeeded;
        self.0.last_error.as_deref().filter(|_| !ended_well)
    }
}

/// The queries about background work.
#[derive(Default)]
pub struct JobQuery;

#[Object]
impl JobQuery {
    /// A piece of background work; null if there is none with this id. For the owner and staff.
    #[graphql(visible = "visible_to_store")]
    async fn job(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id a mutation answered.")] id: GlobalId<JobId>,
    ) -> Nullable<Job> {
        nullable(find(ctx, id.0).await)
    }
}

/// The job, for whoever may see jobs.
pub async fn find(ctx: &Context<'_>, id: JobId) -> Result<Option<Job>, Fault> {
    ctx.actor().may(Action::ReadJobs)?;
    Ok(jobs::lookup(ctx.app(), id).await?.map(Job))
}
