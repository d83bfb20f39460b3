//! Writing down parcels and what happens to them.

use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, Set};

use super::entity::{event, line, shipment};
use super::refund::{REFUND_PARCEL, SHIPMENT_EXCEPTION};
use super::state;
use crate::fulfillment::{NotAccepted, Units, Work, record_delivered, record_shipped};
use crate::kernel::clock::Timestamp;
use crate::kernel::event::{Audience, EventType};
use crate::kernel::ids::ShipmentId;
use crate::kernel::problem::Fault;
use crate::platform::outbox::{self, NewEvent};
use crate::platform::tx::Tx;
use crate::suppliers::ShipmentStatus;
use crate::workitems::{self, NewWorkItem, Severity};

/// The most events that are kept of a parcel.
const MAX_EVENTS: usize = 200;

/// A parcel as it is told.
#[derive(Debug, Clone)]
pub(super) struct NewShipment {
    pub external_id: String,
    pub carrier: String,
    pub tracking_number: Option<String>,
    pub tracking_url: Option<String>,
    pub shipped_at: Option<Timestamp>,
    pub units: Vec<Units>,
    pub estimate: Option<(Timestamp, Timestamp)>,
}

/// An event as it is told.
#[derive(Debug, Clone)]
pub(super) struct NewShipmentEvent {
    pub external_id: String,
    pub status: Option<ShipmentStatus>,
    pub raw_status: String,
    pub occurred_at: Timestamp,
    pub description: Option<String>,
    pub location: Option<String>,
}

/// The parcel of a locked supplier order that its sender calls `external_id`.
pub(super) async fn known(tx: &Tx, work: &Work, external_id: &str) -> Result<Option<shipment::Model>, Fault> {
    let query = shipment::Entity::find()
        .filter(shipment::Column::SupplierOrderId.eq(work.own.id))
        .filter(shipment::Column::ExternalId.eq(external_id));
    Ok(query.lock_exclusive().one(tx).await?)
}

/// Writes down a parcel that is not known yet, and that its units left.
pub(super) async fn create(
    tx: &Tx,
    work: &mut Work,
    new: NewShipment,
) -> Result<Result<shipment::Model, NotAccepted>, Fault> {
    if let Err(not_accepted) = record_shipped(tx, work, &new.units).await? {
        return Ok(Err(not_accepted));
    }
    let id: ShipmentId = tx.new_id();
    let row = shipment::ActiveModel {
        id: Set(id),
        order_id: Set(work.order.id),
        supplier_order_id: Set(work.own.id),
        supplier_id: Set(work.own.supplier_id),
        external_id: Set(new.external_id),
        carrier: Set(new.carrier),
        tracking_number: Set(new.tracking_number),
        tracking_url: Set(new.tracking_url),
        status: Set(ShipmentStatus::Pending),
        status_at: Set(None),
        shipped_at: Set(new.shipped_at.unwrap_or(tx.now())),
        delivered_at: Set(None),
        estimated_earliest: Set(new.estimate.map(|(earliest, _)| earliest)),
        estimated_latest: Set(new.estimate.map(|(_, latest)| latest)),
        created_at: Set(tx.now()),
    };
    let shipment = row.insert(tx).await?;
    for (line_id, quantity) in new.units {
        let Some(own) = work.line(line_id) else { continue };
        let row = line::ActiveModel {
            id: Set(tx.new_id()),
            shipment_id: Set(id),
            supplier_order_line_id: Set(line_id),
            order_line_id: Set(own.order_line_id),
            quantity: Set(quantity),
        };
        line::Entity::insert(row).exec_without_returning(tx).await?;
    }
    tell(tx, &shipment, EventType::ShipmentCreated, "A parcel was handed to the carrier.").await?;
    Ok(Ok(shipment))
}

/// Writes down an event; one that is known changes nothing.
pub(super) async fn add_event(
    tx: &Tx,
    work: &mut Work,
    shipment: shipment::Model,
    new: NewShipmentEvent,
) -> Result<shipment::Model, Fault> {
    let before = events_of(tx, shipment.id).await?;
    // However much a carrier says, that it arrived is heard.
    let arrives = new.status == Some(ShipmentStatus::Delivered) && shipment.status != ShipmentStatus::Delivered;
    let too_many = before.len() >= MAX_EVENTS && !arrives;
    if too_many || before.iter().any(|it| it.external_id == new.external_id) {
        return Ok(shipment);
    }
    let row = event::ActiveModel {
        id: Set(tx.new_id()),
        shipment_id: Set(shipment.id),
        external_id: Set(new.external_id),
        status: Set(new.status),
        raw_status: Set(new.raw_status),
        occurred_at: Set(new.occurred_at),
        description: Set(new.description),
        location: Set(new.location),
        received_at: Set(tx.now()),
    };
    let key = [event::Column::ShipmentId, event::Column::ExternalId];
    let conflict = OnConflict::columns(key).do_nothing().to_owned();
    event::Entity::insert(row).on_conflict(conflict).exec_without_returning(tx).await?;
    let events = events_of(tx, shipment.id).await?;
    let Some((status, at)) = state::current(&events) else { return Ok(shipment) };
    if status == shipment.status && shipment.status_at.is_some_and(|known| known >= at) {
        return Ok(shipment);
    }
    move_to(tx, work, shipment, status, at).await
}

async fn events_of(tx: &Tx, id: ShipmentId) -> Result<Vec<event::Model>, Fault> {
    Ok(event::Entity::find().filter(event::Column::ShipmentId.eq(id)).all(tx).await?)
}

async fn move_to(
    tx: &Tx,
    work: &mut Work,
    shipment: shipment::Model,
    status: ShipmentStatus,
    at: Timestamp,
) -> Result<shipment::Model, Fault> {
    let before = shipment.status;
    let mut change = shipment.into_active_model();
    change.status = Set(status);
    change.status_at = Set(Some(at));
    if status == ShipmentStatus::Delivered {
        change.delivered_at = Set(Some(at));
    }
    let shipment = change.update(tx).await?;
    if status == before {
        return Ok(shipment);
    }
    if status == ShipmentStatus::Delivered {
        tell(tx, &shipment, EventType::ShipmentDelivered, state::message(status)).await?;
        let lines = line::Entity::find().filter(line::Column::ShipmentId.eq(shipment.id)).all(tx).await?;
        let units: Vec<Units> = lines.into_iter().map(|it| (it.supplier_order_line_id, it.quantity)).collect();
        record_delivered(tx, work, &units).await?;
    } else {
        tell(tx, &shipment, EventType::ShipmentUpdated, state::message(status)).await?;
    }
    watch(tx, work, &shipment).await?;
    Ok(shipment)
}

/// Takes in a new estimate of when a parcel arrives.
pub(super) async fn set_estimate(
    tx: &Tx,
    shipment: shipment::Model,
    estimate: Option<(Timestamp, Timestamp)>,
) -> Result<shipment::Model, Fault> {
    let Some((earliest, latest)) = estimate.filter(|(earliest, latest)| earliest <= latest) else {
        return Ok(shipment);
    };
    if shipment.estimated_earliest == Some(earliest) && shipment.estimated_latest == Some(latest) {
        return Ok(shipment);
    }
    let mut change = shipment.into_active_model();
    change.estimated_earliest = Set(Some(earliest));
    change.estimated_latest = Set(Some(latest));
    let shipment = change.update(tx).await?;
    if shipment.status != ShipmentStatus::Delivered {
        tell(tx, &shipment, EventType::ShipmentUpdated, "The carrier has a new delivery estimate.").await?;
    }
    Ok(shipment)
}

/// Takes over what was not told of a parcel before, such as its tracking number.
pub(super) async fn complete(
    tx: &Tx,
    shipment: shipment::Model,
    tracking_number: Option<&str>,
    tracking_url: Option<&str>,
) -> Result<shipment::Model, Fault> {
    let number = shipment.tracking_number.is_none().then_some(tracking_number).flatten();
    let url = shipment.tracking_url.is_none().then_some(tracking_url).flatten();
    if number.is_none() && url.is_none() {
        return Ok(shipment);
    }
    let mut change = shipment.into_active_model();
    if let Some(number) = number {
        change.tracking_number = Set(Some(number.to_owned()));
    }
    if let Some(url) = url {
        change.tracking_url = Set(Some(url.to_owned()));
    }
    let shipment = change.update(tx).await?;
    tell(tx, &shipment, EventType::ShipmentUpdated, "Your parcel can be tracked now.").await?;
    Ok(shipment)
}

async fn tell(tx: &Tx, shipment: &shipment::Model, kind: EventType, message: &str) -> Result<(), Fault> {
    let event = NewEvent::of_order(shipment.order_id, kind, Audience::Customer, message);
    let event = event.supplier_order(shipment.supplier_order_id).shipment(shipment.id);
    outbox::append(tx, event.data(serde_json::json!({ "shipmentId": shipment.id, "status": shipment.status }))).await?;
    Ok(())
}

/// Opens a work item when a parcel is in trouble, and closes it when it no longer is.
async fn watch(tx: &Tx, work: &Work, shipment: &shipment::Model) -> Result<(), Fault> {
    let dedupe_key = format!("{SHIPMENT_EXCEPTION}:{}", shipment.id);
    if !state::is_trouble(shipment.status) {
        return workitems::close_by_key(tx, &dedupe_key, "the parcel moves again").await;
    }
    let item = NewWorkItem {
        kind: SHIPMENT_EXCEPTION,
        severity: Severity::High,
        subject: shipment.id.to_string(),
        order_id: Some(work.order.id),
        supplier_order_id: Some(work.own.id),
        message: format!("A parcel of order {} is in trouble: {:?}.", work.order.number, shipment.status),
        actions: vec![REFUND_PARCEL.to_owned(), "MARK_HANDLED".to_owned(), workitems::WAIT.to_owned()],
        due_in: Some(std::time::Duration::from_secs(24 * 3600)),
        dedupe_key,
    };
    workitems::open(tx, item).await?;
    Ok(())
}
