//! What a supplier without a platform of its own tells of its parcels. A repeat answers the parcel as
//! it is.

use std::collections::HashSet;

use sea_orm::EntityTrait;

use super::entity::shipment;
use super::record::{self, NewShipment, NewShipmentEvent};
use crate::app::App;
use crate::fulfillment::{self, NotAccepted, Units, Work};
use crate::identity::audit::Changes;
use crate::identity::{Actor, audit};
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{ShipmentId, SupplierOrderId, SupplierOrderLineId};
use crate::kernel::problem::VerbError;
use crate::platform::tx::Tx;
use crate::suppliers::ShipmentStatus;

/// Why something was not done with a parcel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShipmentProblem {
    /// A value is out of bounds.
    Invalid,
    /// There is no such supplier order, line or parcel.
    NotFound,
    /// The supplier order does not wait for parcels.
    WrongState,
    /// More units than were accepted and have not left yet.
    NotAccepted,
}

type Refused = VerbError<ShipmentProblem>;

/// The longest carrier name, number, id or place; and the longest description.
const MAX_NAME: usize = 100;
const MAX_TEXT: usize = 500;
/// How far ahead of our clock a sender's may be.
const SKEW: chrono::TimeDelta = chrono::TimeDelta::minutes(15);

/// A parcel.
#[derive(Debug, Clone)]
pub struct Parcel {
    /// Who carries it.
    pub carrier: String,
    /// The carrier's number.
    pub tracking_number: String,
    /// The carrier's page about it.
    pub tracking_url: Option<String>,
    /// When it left; now without.
    pub shipped_at: Option<Timestamp>,
    /// How many of which line; everything that has not left without.
    pub lines: Option<Vec<(SupplierOrderLineId, i64)>>,
}

/// Something that happened to a parcel.
#[derive(Debug, Clone)]
pub struct ParcelEvent {
    /// The sender's id of it; a repeat is the same event.
    pub id: String,
    /// Where the parcel is.
    pub status: ShipmentStatus,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// What happened.
    pub description: Option<String>,
    /// Where.
    pub location: Option<String>,
}

/// Tells of a parcel that left. The same carrier and number are the same parcel.
pub async fn create(app: &App, actor: &Actor, id: SupplierOrderId, input: Parcel) -> Result<shipment::Model, Refused> {
    required(&input.carrier, "input.carrier")?;
    required(&input.tracking_number, "input.trackingNumber")?;
    let tx = Tx::begin(app).await?;
    let work = fulfillment::open_for(&tx, actor, id).await?;
    let mut work = work.ok_or_else(|| not_found("supplierOrderId", "there is no such supplier order"))?;
    let external_id = format!("{}:{}", input.carrier.to_lowercase(), input.tracking_number);
    if let Some(known) = record::known(&tx, &work, &external_id).await? {
        return Ok(known);
    }
    if input.shipped_at.is_some_and(|at| at > tx.now() + SKEW) {
        return Err(invalid("input.shippedAt", "a parcel cannot leave in the future"));
    }
    if !fulfillment::may_ship(&work.own, &work.lines) {
        let message = "this order was not accepted, or nothing of it is left to ship";
        return Err(VerbError::refused(ShipmentProblem::WrongState, "supplierOrderId", message));
    }
    let units = read_lines(&work, input.lines.as_deref())?;
    let new = NewShipment {
        external_id,
        carrier: input.carrier,
        tracking_number: Some(input.tracking_number),
        tracking_url: input.tracking_url,
        shipped_at: input.shipped_at,
        units,
        estimate: None,
    };
    let created = record::create(&tx, &mut work, new).await?;
    let shipment = created.map_err(|NotAccepted { index, possible }| {
        let message = format!("only {possible} of these units were accepted and have not left yet");
        VerbError::refused(ShipmentProblem::NotAccepted, &format!("input.lines.{index}.quantity"), message)
    })?;
    let given = Changes::none().given("shipment", shipment.id.to_string());
    audit::record(&tx, actor, "supplierOrder.ship", id, given).await?;
    tx.commit().await?;
    Ok(shipment)
}

/// Tells what happened to a parcel.
pub async fn add_event(
    app: &App,
    actor: &Actor,
    id: ShipmentId,
    input: ParcelEvent,
) -> Result<shipment::Model, Refused> {
    required(&input.id, "input.id")?;
    at_most(input.description.as_deref(), MAX_TEXT, "input.description")?;
    at_most(input.location.as_deref(), MAX_NAME, "input.location")?;
    if input.occurred_at > app.clock.now() + SKEW {
        return Err(invalid("input.occurredAt", "an event cannot lie in the future"));
    }
    let missing = || not_found("shipmentId", "there is no such shipment");
    actor.may(crate::identity::Action::WorkSupplierOrder)?;
    let seen = shipment::Entity::find_by_id(id).one(app.db.read()).await?.ok_or_else(missing)?;
    let tx = Tx::begin(app).await?;
    let mut work = fulfillment::open_for(&tx, actor, seen.supplier_order_id).await?.ok_or_else(missing)?;
    let shipment = record::known(&tx, &work, &seen.external_id).await?.ok_or_else(missing)?;
    let new = NewShipmentEvent {
        external_id: input.id,
        status: Some(input.status),
        raw_status: format!("{:?}", input.status),
        occurred_at: input.occurred_at,
        description: input.description,
        location: input.location,
    };
    let shipment = record::add_event(&tx, &mut work, shipment, new).await?;
    let given = Changes::none().given("status", format!("{:?}", input.status));
    audit::record(&tx, actor, "shipment.event", id, given).await?;
    tx.commit().await?;
    Ok(shipment)
}

fn read_lines(work: &Work, lines: Option<&[(SupplierOrderLineId, i64)]>) -> Result<Vec<Units>, Refused> {
    let Some(named) = lines else {
        let rest = work.lines.iter().map(|row| (row.id, row.live() - row.shipped));
        return Ok(rest.filter(|(_, units)| *units > 0).collect());
    };
    if named.is_empty() {
        return Err(invalid("input.lines", "a parcel has at least one line"));
    }
    let mut seen = HashSet::new();
    for (index, (id, quantity)) in named.iter().enumerate() {
        let at = |field: &str| format!("input.lines.{index}.{field}");
        if work.line(*id).is_none() {
            return Err(not_found(&at("id"), "this order has no such line"));
        }
        if !seen.insert(*id) {
            return Err(invalid(&at("id"), "the line is named twice"));
        }
        if *quantity < 1 {
            return Err(invalid(&at("quantity"), "at least 1"));
        }
    }
    Ok(named.to_vec())
}

fn required(text: &str, field: &str) -> Result<(), Refused> {
    if text.trim().is_empty() || text.chars().count() > MAX_NAME {
        return Err(invalid(field, &format!("between 1 and {MAX_NAME} characters")));
    }
    Ok(())
}

fn at_most(text: Option<&str>, most: usize, field: &str) -> Result<(), Refused> {
    if text.is_some_and(|it| it.chars().count() > most) {
        return Err(invalid(field, &format!("at most {most} characters")));
    }
    Ok(())
}

fn invalid(field: &str, message: &str) -> Refused {
    VerbError::refused(ShipmentProblem::Invalid, field, message)
}

fn not_found(field: &str, message: &str) -> Refused {
    VerbError::refused(ShipmentProblem::NotFound, field, message)
}
