//! Jobs, one by one and in lists.

use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};

use crate::graph::node::{self, Node};
use crate::graph::scalars::{DateTime, Json};
use crate::graph::{Connection, ContextExt, GlobalId, Nullable, PageArgs, nullable, required};
use crate::identity::graphql::visible_to_store;
use crate::kernel::ids::JobId;
use crate::kernel::problem::Fault;
use crate::operations;
use crate::platform::jobs::{self, entity};

/// The longest text of a filter.
const MAX_TEXT: usize = 100;
/// How much of an error is shown.
const MAX_ERROR: usize = 2_000;

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::JobStatus")]
pub enum JobStatus {
    /// Waiting for its time, for a worker, or for a place in its lane.
    Queued,
    /// Being done.
    Running,
    /// Done.
    Succeeded,
    /// Given up: a dead letter.
    Failed,
    /// A dead letter that somebody decided to leave undone.
    Discarded,
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

    /// What it does, such as `ForwardSupplierOrder`.
    async fn kind(&self) -> &str {
        &self.0.kind
    }

    /// Where it stands.
    async fn status(&self) -> JobStatus {
        self.0.status.into()
    }

    /// The lane in which it was found waiting for a place: the id of a supplier, `gateway:` and a payment
    /// provider's name, or `mail`; null if it does not wait, or just for its time and a worker.
    async fn lane(&self) -> Option<&str> {
        self.0.lane.as_deref().filter(|_| self.0.status == entity::JobStatus::Queued)
    }

    /// What it is about; null if that is nothing with an id of its own, if the caller may not see it, or if
    /// it is gone.
    async fn subject(&self, ctx: &Context<'_>) -> Nullable<Node> {
        nullable(subject(ctx, &self.0).await)
    }

    /// How often it was begun since it was added, or last tried again by hand.
    async fn attempts(&self) -> i32 {
        self.0.attempts
    }

    /// How often it may be begun before it is given up.
    async fn max_attempts(&self) -> i32 {
        self.0.max_attempts
    }

    /// When its time came, or comes.
    async fn run_at(&self) -> DateTime {
        self.0.run_at
    }

    /// Until when its worker has it, unless the worker says in time that it needs longer; null if nobody
    /// has it.
    async fn locked_until(&self) -> Option<DateTime> {
        self.0.lease_until
    }

    /// The process that has it, or had it last, as machine and process number; null if it was never begun.
    async fn worker(&self) -> Option<&str> {
        self.0.worker.as_deref()
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

    /// What went wrong last; null if nothing did, or it went well in the end. Without anybody's mail address.
    async fn error(&self) -> Option<String> {
        let ended_well = self.0.status == entity::JobStatus::Succeeded;
        self.0.last_error.as_deref().filter(|_| !ended_well).map(shown)
    }

    /// Whether `jobRetry` would have it tried again.
    async fn can_retry(&self, ctx: &Context<'_>) -> bool {
        match self.0.status {
            entity::JobStatus::Failed | entity::JobStatus::Discarded => true,
            entity::JobStatus::Queued => self.0.last_error.is_some() && self.0.run_at > ctx.app().clock.now(),
            entity::JobStatus::Running | entity::JobStatus::Succeeded => false,
        }
    }

    /// Whether `jobDiscard` would leave it undone.
    async fn can_discard(&self) -> bool {
        self.0.status == entity::JobStatus::Failed
    }

    /// When it was added.
    async fn created_at(&self) -> DateTime {
        self.0.created_at
    }

    /// When it was done or given up; null until then.
    async fn finished_at(&self) -> Option<DateTime> {
        self.0.finished_at
    }
}

async fn subject(ctx: &Context<'_>, job: &entity::Model) -> Result<Option<Node>, Fault> {
    let id = operations::subject(ctx.app().db.read(), &job.payload, node::PREFIXES).await?;
    let Some(id) = id else { return Ok(None) };
    match node::load(ctx, &id).await {
        Err(Fault::BadInput(_) | Fault::Forbidden) => Ok(None),
        found => found,
    }
}

/// Mail servers repeat the address they refuse.
fn shown(error: &str) -> String {
    let words = error.split_inclusive(char::is_whitespace);
    let hidden = words.map(|word| if word.contains('@') { "(an address) " } else { word });
    hidden.collect::<String>().trim_end().chars().take(MAX_ERROR).collect()
}

/// Which jobs.
#[derive(InputObject)]
#[graphql(visible = "visible_to_store")]
pub struct JobFilter {
    /// Those that stand so. Without it, all but those that are done or discarded; these two are listed by
    /// nothing else.
    status: Option<JobStatus>,
    /// Those that do this, such as `ForwardSupplierOrder`.
    kind: Option<String>,
    /// Those that were found waiting for a place in this lane: the id of a supplier, `gateway:` and a payment
    /// provider's name, or `mail`.
    lane: Option<String>,
    /// Whether only those that could have been begun more than a minute ago.
    overdue: Option<bool>,
}

/// Refuses texts that are longer than any kind or lane.
pub(super) fn check_texts<const N: usize>(texts: [Option<&String>; N]) -> Result<(), Fault> {
    if texts.into_iter().flatten().any(|text| text.len() > MAX_TEXT) {
        return Err(Fault::BadInput(format!("a text of the filter has at most {MAX_TEXT} characters")));
    }
    Ok(())
}

impl JobFilter {
    fn read(self) -> Result<jobs::JobFilter, Fault> {
        check_texts([self.kind.as_ref(), self.lane.as_ref()])?;
        Ok(jobs::JobFilter {
            status: self.status.map(Into::into),
            kind: self.kind,
            lane: self.lane,
            overdue: self.overdue.unwrap_or_default(),
        })
    }
}

/// The queries about jobs.
#[derive(Default)]
pub struct JobQuery;

#[Object]
impl JobQuery {
    /// A piece of background work; null if there is none with this id. For the owner and staff.
    #[graphql(visible = "visible_to_store")]
    async fn job(&self, ctx: &Context<'_>, #[graphql(desc = "The job's id.")] id: GlobalId<JobId>) -> Nullable<Job> {
        nullable(find(ctx, id.0).await)
    }

    /// Background work, newest first: what waits, runs or was given up, unless the filter says otherwise.
    /// What is done is not counted. For the owner and staff.
    #[graphql(visible = "visible_to_store")]
    async fn jobs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start.")] first: Option<i32>,
        #[graphql(desc = "The cursor to start behind.")] after: Option<String>,
        #[graphql(desc = "How many from the end.")] last: Option<i32>,
        #[graphql(desc = "The cursor to end before.")] before: Option<String>,
        #[graphql(desc = "Which jobs.")] filter: Option<JobFilter>,
    ) -> Nullable<Connection<Job>> {
        required(list(ctx, PageArgs::new(first, after, last, before), filter).await)
    }
}

/// The job, for whoever may see jobs.
pub async fn find(ctx: &Context<'_>, id: JobId) -> Result<Option<Job>, Fault> {
    Ok(operations::find(ctx.app(), ctx.actor(), id).await?.map(Job))
}

async fn list(ctx: &Context<'_>, args: PageArgs, filter: Option<JobFilter>) -> Result<Connection<Job>, Fault> {
    let (app, actor) = (ctx.app(), ctx.actor());
    let filter = filter.map(JobFilter::read).transpose()?.unwrap_or_default();
    let page = operations::list(app, actor, &filter, &args.request()?).await?.map(Job);
    if filter.status == Some(entity::JobStatus::Succeeded) {
        return Ok(Connection::new(page));
    }
    Connection::counted(ctx, page, operations::count(app, actor, &filter)).await
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn errors_name_nobody() {
        let text = "550 5.1.1 <ada@example.com>: Recipient refused";
        assert_eq!(shown(text), "550 5.1.1 (an address) Recipient refused");
        assert_eq!(shown("the supplier answered 503"), "the supplier answered 503");
    }
}
