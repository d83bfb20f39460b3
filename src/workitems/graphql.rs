//! The exceptions queue, as the store sees it.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};

use super::entity::Model;
use super::{WorkItemProblem, queries};
use crate::app::App;
use crate::graph::node::{self, Node};
use crate::graph::scalars::DateTime;
use crate::graph::{
    Connection, ContextExt, GlobalId, Nullable, PageArgs, RequestLoader, SharedFault, nullable, payload, required,
};
use crate::identity::graphql::visible_to_store;
use crate::identity::{Action, Actor};
use crate::kernel::clock::Moment;
use crate::kernel::ids::{OrderId, StaffId, WorkItemId};
use crate::kernel::problem::{Fault, VerbError};
use crate::user_error;

/// How bad something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "super::Severity", visible = "visible_to_store")]
pub enum Severity {
    /// Good to know.
    Low,
    /// To be looked at.
    Normal,
    /// A customer waits.
    High,
    /// Money or trust is being lost.
    Critical,
}

/// Where a work item stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "super::WorkItemStatus", visible = "visible_to_store")]
pub enum WorkItemStatus {
    /// Waiting for somebody.
    Open,
    /// Put off until a later time.
    Snoozed,
    /// Done, or gone by itself.
    Resolved,
}

/// What can be wrong with a resolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "WorkItemProblem", visible = "visible_to_store")]
pub enum WorkItemErrorCode {
    /// There is no such work item, or no such member of staff.
    NotFound,
    /// A value is out of bounds.
    Invalid,
    /// The action is not among those the work item suggests.
    ActionNotSuggested,
    /// The work item was resolved, by another action.
    AlreadyResolved,
}

user_error!(WorkItemResolveUserError, WorkItemErrorCode, "visible_to_store");
user_error!(WorkItemUserError, WorkItemErrorCode, "visible_to_store");

/// Something a person has to look at.
pub struct WorkItem(pub Model);

/// Something a person has to look at.
#[Object(visible = "visible_to_store")]
impl WorkItem {
    /// The id.
    pub async fn id(&self) -> GlobalId<WorkItemId> {
        GlobalId(self.0.id)
    }

    /// What kind of trouble, such as `NO_SUPPLIER`.
    #[graphql(name = "type")]
    async fn kind(&self) -> &str {
        &self.0.kind
    }

    /// How bad it is.
    async fn severity(&self) -> Severity {
        self.0.severity.into()
    }

    /// Where it stands.
    async fn status(&self) -> WorkItemStatus {
        self.0.status.into()
    }

    /// What it is about; null if the caller may not see that, or it is gone.
    async fn subject(&self, ctx: &Context<'_>) -> Nullable<Node> {
        match node::load(ctx, &self.0.subject).await {
            // Not everything that can be in trouble is a node.
            Err(Fault::BadInput(_) | Fault::Forbidden) => None,
            found => nullable(found),
        }
    }

    /// The order it is about; null if it is about none.
    async fn order_id(&self) -> Option<GlobalId<OrderId>> {
        self.0.order_id.map(GlobalId)
    }

    /// What is wrong.
    async fn message(&self) -> &str {
        &self.0.message
    }

    /// What can be done, as codes for `workItemResolve`.
    async fn suggested_actions(&self) -> &[String] {
        &self.0.actions.0
    }

    /// Who of the store works it; null if nobody does yet.
    async fn assignee_id(&self) -> Option<GlobalId<StaffId>> {
        self.0.assignee_id.map(GlobalId)
    }

    /// Whether it is open past the time it is due.
    async fn overdue(&self, ctx: &Context<'_>) -> bool {
        let due = self.0.due_at.is_some_and(|at| at < ctx.app().clock.now());
        due && self.0.status == super::WorkItemStatus::Open
    }

    /// When it should be done: by default an hour after it came up if it is `CRITICAL`, four if `HIGH`, a
    /// day if `NORMAL`, three if `LOW`. Null if nothing presses.
    async fn due_at(&self) -> Option<DateTime> {
        self.0.due_at
    }

    /// Until when it is put off; null if it is not.
    async fn snoozed_until(&self) -> Option<DateTime> {
        self.0.snoozed_until
    }

    /// What was done about it, as a code; null until it is resolved. `CLOSED` if it passed by itself.
    async fn resolution(&self) -> Option<&str> {
        self.0.resolution.as_deref()
    }

    /// What was said about it; null if nothing was.
    async fn note(&self) -> Option<&str> {
        self.0.note.as_deref()
    }

    /// When it was resolved; null until then.
    async fn resolved_at(&self) -> Option<DateTime> {
        self.0.resolved_at
    }

    /// When it came up.
    async fn created_at(&self) -> DateTime {
        self.0.created_at
    }
}

/// Which work items.
#[derive(InputObject)]
#[graphql(visible = "visible_to_store")]
pub struct WorkItemFilter {
    /// Of these kinds.
    #[graphql(name = "type")]
    kind: Option<Vec<String>>,
    /// In these states.
    status: Option<Vec<WorkItemStatus>>,
    /// This bad.
    severity: Option<Vec<Severity>>,
    /// Worked by this member of staff.
    assignee_id: Option<GlobalId<StaffId>>,
    /// `true`: worked by nobody yet; `false`: worked by somebody.
    unassigned: Option<bool>,
    /// `true`: open and past the time they are due; `false`: all others.
    overdue: Option<bool>,
}

impl From<WorkItemFilter> for queries::WorkItemFilter {
    fn from(filter: WorkItemFilter) -> Self {
        Self {
            kinds: filter.kind,
            statuses: filter.status.map(|all| all.into_iter().map(Into::into).collect()),
            severities: filter.severity.map(|all| all.into_iter().map(Into::into).collect()),
            assignee: filter.assignee_id.map(|it| it.0),
            unassigned: filter.unassigned,
            overdue: filter.overdue,
        }
    }
}

/// What to do about a work item.
#[derive(InputObject)]
#[graphql(visible = "visible_to_store")]
pub struct WorkItemResolveInput {
    /// One of the suggested actions. `WAIT` puts the work item off until tomorrow.
    action: String,
    /// What there is to say about it, in at most 2,000 characters.
    note: Option<String>,
}

/// What became of a resolution.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct WorkItemResolvePayload {
    /// The work item as it is now; null if nothing was done.
    work_item: Option<WorkItem>,
    /// Why not.
    user_errors: Vec<WorkItemResolveUserError>,
}

/// What became of a work item.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct WorkItemPayload {
    /// The work item as it is now; null if nothing was done.
    work_item: Option<WorkItem>,
    /// Why not.
    user_errors: Vec<WorkItemUserError>,
}

/// The work item, for those who may see the queue.
pub async fn find(ctx: &Context<'_>, id: WorkItemId) -> Result<Option<WorkItem>, Fault> {
    ctx.actor().may(Action::ReadWorkItems)?;
    Ok(queries::lookup(ctx.app().db.read(), id).await?.map(WorkItem))
}

/// The queries about work items.
#[derive(Default)]
pub struct WorkItemQuery;

#[Object]
impl WorkItemQuery {
    /// The exceptions queue, newest first. For the owner, and staff who work it.
    #[graphql(visible = "visible_to_store")]
    async fn work_items(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start.")] first: Option<i32>,
        #[graphql(desc = "The cursor to start behind.")] after: Option<String>,
        #[graphql(desc = "How many from the end.")] last: Option<i32>,
        #[graphql(desc = "The cursor to end before.")] before: Option<String>,
        #[graphql(desc = "Which work items.")] filter: Option<WorkItemFilter>,
    ) -> Nullable<Connection<WorkItem>> {
        let filter = filter.map(Into::into).unwrap_or_default();
        required(list(ctx, PageArgs::new(first, after, last, before), &filter).await)
    }
}

async fn list(
    ctx: &Context<'_>,
    args: PageArgs,
    filter: &queries::WorkItemFilter,
) -> Result<Connection<WorkItem>, Fault> {
    let page = queries::list(ctx.app(), ctx.actor(), filter, &args.request()?).await?.map(WorkItem);
    Connection::counted(ctx, page, queries::count(ctx.app(), ctx.actor(), filter)).await
}

/// The mutations about work items.
#[derive(Default)]
pub struct WorkItemMutation;

#[Object]
impl WorkItemMutation {
    /// Resolves a work item by one of its suggested actions, which is then really done. For the owner,
    /// and staff who work the queue. A repeat answers the work item as it is.
    #[graphql(visible = "visible_to_store")]
    async fn work_item_resolve(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which work item.")] id: GlobalId<WorkItemId>,
        #[graphql(desc = "What to do.")] input: WorkItemResolveInput,
    ) -> Nullable<WorkItemResolvePayload> {
        let result = super::resolve(ctx.app(), ctx.actor(), id.0, &input.action, input.note).await;
        required(
            payload(result)
                .map(|(item, user_errors)| WorkItemResolvePayload { work_item: item.map(WorkItem), user_errors }),
        )
    }

    /// Gives a work item to a member of staff to work, or, without one, to nobody in particular. For the
    /// owner, and staff who work the queue. A repeat answers it as it is.
    #[graphql(visible = "visible_to_store")]
    async fn work_item_assign(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which work item.")] id: GlobalId<WorkItemId>,
        #[graphql(desc = "Who works it; nobody in particular without.")] staff_id: Option<GlobalId<StaffId>>,
    ) -> Nullable<WorkItemPayload> {
        answer(super::assign(ctx.app(), ctx.actor(), id.0, staff_id.map(|it| it.0)).await)
    }

    /// Puts a work item off until then, at most 90 days. For the owner, and staff who work the queue. A
    /// repeat answers it as it is.
    #[graphql(visible = "visible_to_store")]
    async fn work_item_snooze(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which work item.")] id: GlobalId<WorkItemId>,
        #[graphql(desc = "When it comes back.")] until: Moment,
    ) -> Nullable<WorkItemPayload> {
        answer(super::snooze_until(ctx.app(), ctx.actor(), id.0, until.0).await)
    }
}

fn answer(result: Result<Model, VerbError<WorkItemProblem>>) -> Nullable<WorkItemPayload> {
    required(payload(result).map(|(item, user_errors)| WorkItemPayload { work_item: item.map(WorkItem), user_errors }))
}

/// Loads work items by id. Whoever uses it has decided that the actor may see them.
pub struct WorkItemLoader(App);

impl RequestLoader for WorkItemLoader {
    fn new(app: &App, _: &Actor) -> Self {
        Self(app.clone())
    }
}

impl Loader<WorkItemId> for WorkItemLoader {
    type Value = Model;
    type Error = SharedFault;

    async fn load(&self, keys: &[WorkItemId]) -> Result<HashMap<WorkItemId, Model>, SharedFault> {
        let rows = queries::load_many(self.0.db.read(), keys).await?;
        Ok(rows.into_iter().map(|row| (row.id, row)).collect())
    }
}
