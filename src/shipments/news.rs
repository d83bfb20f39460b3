//! A supplier's news of orders and parcels, in any order and more than once.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::entity::shipment;
use super::follow::follow_now;
use super::record::{self, NewShipment, NewShipmentEvent};
use crate::app::App;
use crate::fulfillment::{self, NewsOutcome, Units, Work};
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{SupplierId, SupplierOrderId};
use crate::kernel::problem::Fault;
use crate::platform::tx::Tx;
use crate::suppliers::adapter::{RemoteEvent, RemoteOrder, RemoteShipment, SupplierNews};

/// Takes in what `supplier_id` tells: orders with their parcels, new parcels, tracking events. Stock
/// is not for this room and counts as applied, as does what nobody here understands.
pub async fn apply_news(app: &App, supplier_id: SupplierId, news: &SupplierNews) -> Result<NewsOutcome, Fault> {
    match news {
        SupplierNews::Order(remote) => apply_order(app, supplier_id, remote).await,
        SupplierNews::ShipmentCreated { reference, shipment } => {
            apply_created(app, supplier_id, reference, shipment).await
        }
        SupplierNews::ShipmentUpdated { shipment_id, tracking_number, event, estimated_delivery } => {
            let told = Told {
                tracking_number: tracking_number.as_deref(),
                event: event.as_ref(),
                estimate: *estimated_delivery,
            };
            apply_updated(app, supplier_id, shipment_id, told).await
        }
        SupplierNews::Look { reference } => look(app, supplier_id, reference).await,
        SupplierNews::Stock(_) | SupplierNews::Unknown { .. } => Ok(NewsOutcome::Applied),
    }
}

/// Has the supplier asked at once about its order of this name.
async fn look(app: &App, supplier_id: SupplierId, reference: &str) -> Result<NewsOutcome, Fault> {
    let Ok(id) = reference.parse::<SupplierOrderId>() else {
        return Ok(wrong("the reference is not one of ours"));
    };
    let known = fulfillment::lookup(app.db.read(), id).await?;
    if known.is_none_or(|own| own.supplier_id != supplier_id) {
        return Ok(wrong("this supplier has no order with this reference"));
    }
    follow_now(app, id).await?;
    Ok(NewsOutcome::Applied)
}

/// Takes in an order with its parcels.
pub async fn apply_order(app: &App, supplier_id: SupplierId, remote: &RemoteOrder) -> Result<NewsOutcome, Fault> {
    let mut outcome = fulfillment::apply_remote(app, supplier_id, remote).await?;
    if outcome != NewsOutcome::Applied {
        return Ok(outcome);
    }
    for parcel in &remote.shipments {
        let of_parcel = apply_parcel(app, supplier_id, &remote.reference, parcel).await?;
        // One parcel that makes no sense does not hide the others.
        if outcome == NewsOutcome::Applied {
            outcome = of_parcel;
        }
    }
    Ok(outcome)
}

/// Takes in a parcel, and what happened to it.
async fn apply_parcel(
    app: &App,
    supplier_id: SupplierId,
    reference: &str,
    parcel: &RemoteShipment,
) -> Result<NewsOutcome, Fault> {
    let mut outcome = apply_created(app, supplier_id, reference, parcel).await?;
    for event in &parcel.events {
        if outcome != NewsOutcome::Applied {
            break;
        }
        let told = Told { tracking_number: parcel.tracking_number.as_deref(), event: Some(event), estimate: None };
        outcome = apply_updated(app, supplier_id, &parcel.id, told).await?;
    }
    Ok(outcome)
}

/// Takes in a parcel of the supplier order that our `reference` names.
pub async fn apply_created(
    app: &App,
    supplier_id: SupplierId,
    reference: &str,
    parcel: &RemoteShipment,
) -> Result<NewsOutcome, Fault> {
    let Ok(id) = reference.parse::<SupplierOrderId>() else {
        return Ok(wrong("the reference is not one of ours"));
    };
    let tx = Tx::begin(app).await?;
    let work = fulfillment::open(&tx, id).await?.filter(|work| work.own.supplier_id == supplier_id);
    let Some(mut work) = work else { return Ok(wrong("this supplier has no order with this reference")) };
    if let Some(known) = record::known(&tx, &work, &parcel.id).await? {
        let number = parcel.tracking_number.as_deref();
        let known = record::complete(&tx, known, number, parcel.tracking_url.as_deref()).await?;
        record::set_estimate(&tx, known, parcel.estimated_delivery).await?;
        tx.commit().await?;
        return Ok(NewsOutcome::Applied);
    }
    let Some(units) = units(&work, parcel) else {
        return Ok(wrong("the parcel has no units, or units of lines that are not of this order"));
    };
    let new = NewShipment {
        external_id: parcel.id.clone(),
        carrier: parcel.carrier.clone(),
        tracking_number: parcel.tracking_number.clone(),
        tracking_url: parcel.tracking_url.clone(),
        shipped_at: parcel.shipped_at,
        units,
        estimate: parcel.estimated_delivery.filter(|(earliest, latest)| earliest <= latest),
    };
    if record::create(&tx, &mut work, new).await?.is_err() {
        return Ok(wrong("more units left than were accepted"));
    }
    tx.commit().await?;
    Ok(NewsOutcome::Applied)
}

/// What is told of a known parcel.
struct Told<'a> {
    tracking_number: Option<&'a str>,
    event: Option<&'a RemoteEvent>,
    estimate: Option<(Timestamp, Timestamp)>,
}

async fn apply_updated(
    app: &App,
    supplier_id: SupplierId,
    external_id: &str,
    told: Told<'_>,
) -> Result<NewsOutcome, Fault> {
    let Some(seen) = seen(app, supplier_id, external_id, told.tracking_number).await? else {
        // The news of the parcel itself may be on its way.
        return Ok(NewsOutcome::NotYet("the parcel is not known yet".to_owned()));
    };
    let tx = Tx::begin(app).await?;
    let Some(mut work) = fulfillment::open(&tx, seen.supplier_order_id).await? else {
        return Err(Fault::internal("a parcel has no supplier order"));
    };
    let Some(shipment) = record::known(&tx, &work, external_id).await? else {
        return Err(Fault::internal("a known parcel is gone"));
    };
    let shipment = record::complete(&tx, shipment, told.tracking_number, None).await?;
    let shipment = record::set_estimate(&tx, shipment, told.estimate).await?;
    if let Some(event) = told.event {
        let new = NewShipmentEvent {
            external_id: event.id.clone(),
            status: event.status,
            raw_status: event.raw_status.clone(),
            occurred_at: event.occurred_at,
            description: event.description.clone(),
            location: event.location.clone(),
        };
        record::add_event(&tx, &mut work, shipment, new).await?;
    }
    tx.commit().await?;
    Ok(NewsOutcome::Applied)
}

/// The supplier's parcel of this name; if the supplier used the name twice, the one with this number.
async fn seen(
    app: &App,
    supplier_id: SupplierId,
    external_id: &str,
    tracking_number: Option<&str>,
) -> Result<Option<shipment::Model>, Fault> {
    let query = shipment::Entity::find()
        .filter(shipment::Column::SupplierId.eq(supplier_id))
        .filter(shipment::Column::ExternalId.eq(external_id));
    let mut all = query.all(app.db.read()).await?;
    if all.len() > 1 {
        all.retain(|it| it.tracking_number.as_deref() == tracking_number);
    }
    Ok(all.into_iter().next())
}

/// The parcel's units by our lines; a parcel that does not tell holds everything that has not left.
fn units(work: &Work, parcel: &RemoteShipment) -> Option<Vec<Units>> {
    if parcel.lines.is_empty() {
        let rest = work.lines.iter().map(|row| (row.id, row.live() - row.shipped)).filter(|(_, units)| *units > 0);
        return Some(rest.collect::<Vec<_>>()).filter(|units| !units.is_empty());
    }
    let read = |(name, quantity): &(String, i64)| {
        let row = work.lines.iter().find(|row| row.id.to_string() == *name)?;
        (*quantity > 0).then_some((row.id, *quantity))
    };
    parcel.lines.iter().map(read).collect()
}

fn wrong(reason: &str) -> NewsOutcome {
    NewsOutcome::Wrong(reason.to_owned())
}
