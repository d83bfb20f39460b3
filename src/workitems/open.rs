//! Opening items, and closing those whose trouble has passed.

use std::time::Duration;

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, Set};
use serde_json::json;

use super::entity::{Actions, ActiveModel, Column, Entity, Model, Severity, WorkItemStatus};
use crate::kernel::address::ERASED;
use crate::kernel::event::{Audience, EventType};
use crate::kernel::ids::{OrderId, SupplierOrderId, WorkItemId};
use crate::kernel::problem::Fault;
use crate::platform::jobs;
use crate::platform::outbox::{self, NewEvent};
use crate::platform::tx::Tx;

/// The action recorded on an item whose trouble passed by itself. Nothing acts on it.
pub const CLOSED: &str = "CLOSED";

/// An item about to be opened.
#[derive(Debug, Clone)]
pub struct NewWorkItem {
    /// What kind of trouble, such as `NO_SUPPLIER`.
    pub kind: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The global id of what it is about.
    pub subject: String,
    /// The order it is about.
    pub order_id: Option<OrderId>,
    /// The supplier order it is about.
    pub supplier_order_id: Option<SupplierOrderId>,
    /// What is wrong, for people of the store.
    pub message: String,
    /// What can be done, as codes.
    pub actions: Vec<String>,
    /// How long there is to do it; what is usual for its severity ([`due_within`]) without. A business
    /// wait: the time scale divides it.
    pub due_in: Option<Duration>,
    /// While an unresolved item has this key, another one is not opened.
    pub dedupe_key: String,
}

/// How long there is, by default, to do something about trouble this bad.
pub fn due_within(severity: Severity) -> Duration {
    let hours = match severity {
        Severity::Critical => 1,
        Severity::High => 4,
        Severity::Normal => 24,
        Severity::Low => 72,
    };
    Duration::from_secs(hours * 3600)
}

/// Opens an item and tells the store; `None` if the same trouble is open already.
pub async fn open(tx: &Tx, new: NewWorkItem) -> Result<Option<WorkItemId>, Fault> {
    let id: WorkItemId = tx.new_id();
    let due_in = new.due_in.unwrap_or(due_within(new.severity));
    let row = ActiveModel {
        id: Set(id),
        kind: Set(new.kind.to_owned()),
        severity: Set(new.severity),
        status: Set(WorkItemStatus::Open),
        subject: Set(new.subject),
        order_id: Set(new.order_id),
        supplier_order_id: Set(new.supplier_order_id),
        message: Set(new.message),
        actions: Set(Actions(new.actions)),
        due_at: Set(Some(tx.now() + jobs::scaled(tx.app(), due_in))),
        assignee_id: Set(None),
        dedupe_key: Set(Some(new.dedupe_key)),
        snoozed_until: Set(None),
        resolution: Set(None),
        note: Set(None),
        resolved_by: Set(None),
        resolved_at: Set(None),
        created_at: Set(tx.now()),
    };
    let conflict = OnConflict::column(Column::DedupeKey).do_nothing().to_owned();
    if Entity::insert(row).on_conflict(conflict).exec_without_returning(tx).await? == 0 {
        return Ok(None);
    }
    let item = Entity::find_by_id(id).one(tx).await?.ok_or_else(|| Fault::internal("the new work item is gone"))?;
    announce(tx, &item).await?;
    Ok(Some(id))
}

/// Tells the store that `item` waits for somebody.
pub(super) async fn announce(tx: &Tx, item: &Model) -> Result<(), Fault> {
    let event = event(item, EventType::WorkItemOpened, item.message.clone()).data(json!({
        "workItemId": item.id, "type": item.kind, "subject": item.subject,
    }));
    outbox::append(tx, event).await?;
    Ok(())
}

/// Closes the item with this key, if one is open: the trouble has passed. `note` says how.
pub async fn close_by_key(tx: &Tx, key: &str, note: &str) -> Result<(), Fault> {
    let found = Entity::find().filter(Column::DedupeKey.eq(key)).lock_exclusive().one(tx).await?;
    match found {
        Some(item) => record(tx, item, CLOSED, Some(note.to_owned()), "system").await.map(drop),
        None => Ok(()),
    }
}

/// Records what was done about `item`, which the caller has locked, and tells the room that acts on it.
pub(super) async fn record(tx: &Tx, item: Model, action: &str, note: Option<String>, by: &str) -> Result<Model, Fault> {
    let mut row = item.into_active_model();
    row.status = Set(WorkItemStatus::Resolved);
    row.dedupe_key = Set(None);
    row.snoozed_until = Set(None);
    row.resolution = Set(Some(action.to_owned()));
    row.note = Set(note);
    row.resolved_by = Set(Some(by.to_owned()));
    row.resolved_at = Set(Some(tx.now()));
    let item = row.update(tx).await?;
    let event = event(&item, EventType::WorkItemResolved, format!("{} resolved: {action}", item.kind)).data(json!({
        "workItemId": item.id, "type": item.kind, "action": action, "subject": item.subject,
    }));
    outbox::append(tx, event).await?;
    Ok(item)
}

/// Empties the words of an order's items: they may name a person who is to be forgotten.
pub async fn forget_words(tx: &Tx, order_id: OrderId) -> Result<(), Fault> {
    let update = Entity::update_many()
        .col_expr(Column::Message, Expr::value(ERASED))
        .col_expr(Column::Note, Expr::value(Option::<String>::None));
    update.filter(Column::OrderId.eq(order_id)).exec(tx).await?;
    Ok(())
}

/// An event about `item`: of its order's stream if it has one, else of its own.
fn event(item: &Model, kind: EventType, message: String) -> NewEvent {
    let event = match item.order_id {
        Some(order_id) => NewEvent::of_order(order_id, kind, Audience::Store, message),
        None => NewEvent::of_stream(item.id.to_string(), kind, Audience::Store, message),
    };
    let event = event.work_item(item.id);
    match item.supplier_order_id {
        Some(id) => event.supplier_order(id),
        None => event,
    }
}
