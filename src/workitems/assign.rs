//! Who works an item, and when it comes back.

use chrono::TimeDelta;
use sea_orm::{ActiveModelTrait, IntoActiveModel, Set};

use super::entity::{Entity, Model, WorkItemStatus};
use super::resolve::{WorkItemProblem, lock, put_off};
use crate::app::App;
use crate::identity::{Action, Actor, audit, staff};
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{StaffId, WorkItemId};
use crate::kernel::problem::VerbError;
use crate::platform::tx::Tx;

type Refused = VerbError<WorkItemProblem>;

/// The longest time an item may be put off.
const MAX_SNOOZE: TimeDelta = TimeDelta::days(90);

/// Gives an item to a member of staff, or to nobody. A repeat answers it as it is.
///
/// # Errors
/// If there is no such item or member, or the item was resolved.
pub async fn assign(app: &App, actor: &Actor, id: WorkItemId, to: Option<StaffId>) -> Result<Model, Refused> {
    actor.may(Action::ManageWorkItems)?;
    let tx = Tx::begin(app).await?;
    let item = lock(&tx, id).await?;
    if item.assignee_id == to {
        return Ok(item);
    }
    check_unresolved(&item)?;
    if let Some(to) = to
        && !staff::exists(&tx, to).await?
    {
        return Err(VerbError::refused(WorkItemProblem::NotFound, "staffId", "there is no such member of staff"));
    }
    let before = item.clone();
    let mut row = item.into_active_model();
    row.assignee_id = Set(to);
    let item = row.update(&tx).await?;
    audit::record_row::<Entity>(&tx, actor, "workItem.assign", id, (Some(&before), Some(&item))).await?;
    tx.commit().await?;
    Ok(item)
}

/// Puts an item off until then; it comes back within minutes of it. A repeat answers it as it is.
///
/// # Errors
/// If there is no such item, it was resolved, or the time is past or too far ahead.
pub async fn snooze_until(app: &App, actor: &Actor, id: WorkItemId, until: Timestamp) -> Result<Model, Refused> {
    actor.may(Action::ManageWorkItems)?;
    let tx = Tx::begin(app).await?;
    let item = lock(&tx, id).await?;
    if item.status == WorkItemStatus::Snoozed && item.snoozed_until == Some(until) {
        return Ok(item);
    }
    check_unresolved(&item)?;
    if until <= tx.now() || until > tx.now() + MAX_SNOOZE {
        let message = format!("a time ahead, within {} days", MAX_SNOOZE.num_days());
        return Err(VerbError::refused(WorkItemProblem::Invalid, "until", message));
    }
    let before = item.clone();
    let note = item.note.clone();
    let item = put_off(&tx, item, until, note).await?;
    audit::record_row::<Entity>(&tx, actor, "workItem.snooze", id, (Some(&before), Some(&item))).await?;
    tx.commit().await?;
    Ok(item)
}

fn check_unresolved(item: &Model) -> Result<(), Refused> {
    if item.status == WorkItemStatus::Resolved {
        return Err(VerbError::refused(WorkItemProblem::AlreadyResolved, "id", "the work item was resolved"));
    }
    Ok(())
}
