//! The owner works an item: picks one of its actions, or puts it off.

use std::time::Duration;

use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, QuerySelect, Set};

use super::entity::{Entity, Model, WorkItemStatus};
use super::open::record;
use crate::app::App;
use crate::identity::{Action, Actor, audit};
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::WorkItemId;
use crate::kernel::problem::{Fault, VerbError};
use crate::platform::jobs;
use crate::platform::tx::Tx;

/// The action that puts an item off for [`SNOOZE`].
pub const WAIT: &str = "WAIT";
/// How long an item is put off: until tomorrow.
const SNOOZE: Duration = Duration::from_secs(24 * 3600);
/// The longest note.
const MAX_NOTE: usize = 2_000;

/// What is wrong with a resolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkItemProblem {
    /// There is no such item.
    NotFound,
    /// A value is out of bounds.
    Invalid,
    /// The action is not among those the item suggests.
    ActionNotSuggested,
    /// The item was resolved otherwise.
    AlreadyResolved,
}

/// Records the chosen action; the room that opened the item acts on it. A repeat answers the item as
/// it is, without a second effect.
pub async fn resolve(
    app: &App,
    actor: &Actor,
    id: WorkItemId,
    action: &str,
    note: Option<String>,
) -> Result<Model, VerbError<WorkItemProblem>> {
    actor.may(Action::ManageWorkItems)?;
    if note.as_ref().is_some_and(|note| note.chars().count() > MAX_NOTE) {
        let message = format!("a note has at most {MAX_NOTE} characters");
        return Err(VerbError::refused(WorkItemProblem::Invalid, "input.note", message));
    }
    let tx = Tx::begin(app).await?;
    let item = lock(&tx, id).await?;
    if item.status == WorkItemStatus::Resolved {
        return answer_again(item, action);
    }
    if !item.actions.0.iter().any(|it| it == action) {
        let message = format!("this work item can be resolved by: {}", item.actions.0.join(", "));
        return Err(VerbError::refused(WorkItemProblem::ActionNotSuggested, "input.action", message));
    }
    if let Some(also) = also_needed(&item.kind, action) {
        actor.may(also)?;
    }
    let before = item.clone();
    let item = if action == WAIT {
        snooze(&tx, item, note).await?
    } else {
        record(&tx, item, action, note, &actor.label()).await?
    };
    audit::record_row::<Entity>(&tx, actor, "workItem.resolve", id, (Some(&before), Some(&item))).await?;
    tx.commit().await?;
    Ok(item)
}

/// What else somebody must be allowed to do who chooses this action: the queue is no way around a permission.
fn also_needed(kind: &str, action: &str) -> Option<Action> {
    match (kind, action) {
        (_, "REFUND_PARCEL") | ("PAYMENT_FAILED" | "PAYMENT_UNKNOWN", "RETRY" | "GIVE_UP") => Some(Action::Refund),
        ("COST_CHANGE_HELD", "ACCEPT_COSTS" | "KEEP_COSTS") => Some(Action::ReadCost),
        ("STOCK_REPORT_HELD", "APPROVE" | "DISMISS") => Some(Action::ManageInventory),
        ("JOB_DEAD", "RETRY" | "DISMISS") => Some(Action::ManageJobs),
        ("WEBHOOK_QUARANTINED", "RETRY" | "DISMISS") => Some(Action::ManageWebhooks),
        _ => None,
    }
}

/// Locks an item.
pub(super) async fn lock(tx: &Tx, id: WorkItemId) -> Result<Model, VerbError<WorkItemProblem>> {
    let item = Entity::find_by_id(id).lock_exclusive().one(tx).await?;
    item.ok_or_else(|| VerbError::refused(WorkItemProblem::NotFound, "id", "there is no such work item"))
}

fn answer_again(item: Model, action: &str) -> Result<Model, VerbError<WorkItemProblem>> {
    if item.resolution.as_deref() == Some(action) {
        return Ok(item);
    }
    let message = format!("resolved already: {}", item.resolution.unwrap_or_default());
    Err(VerbError::refused(WorkItemProblem::AlreadyResolved, "input.action", message))
}

async fn snooze(tx: &Tx, item: Model, note: Option<String>) -> Result<Model, Fault> {
    if item.status == WorkItemStatus::Snoozed {
        return Ok(item);
    }
    let until = tx.now() + jobs::scaled(tx.app(), SNOOZE);
    put_off(tx, item, until, note).await
}

/// Puts an item off.
pub(super) async fn put_off(tx: &Tx, item: Model, until: Timestamp, note: Option<String>) -> Result<Model, Fault> {
    let mut row = item.into_active_model();
    row.status = Set(WorkItemStatus::Snoozed);
    row.snoozed_until = Set(Some(until));
    row.note = Set(note);
    Ok(row.update(tx).await?)
}
