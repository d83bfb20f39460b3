//! What partners do by themselves, how their news arrive, and what subscribers are told.

use axum::body::Body;
use axum::http::Request;
use consign::fulfillment::{self, Acceptance, line, supplier_order};
use consign::kernel::ids::{OrderId, ShipmentId, SupplierOrderId};
use consign::kernel::problem::VerbError;
use consign::orders::timeline;
use consign::platform::outbox;
use consign::shipments::portal::{self as desk, Parcel, ParcelEvent};
use consign::shipments::shipment;
use consign::suppliers::adapter::{RemoteEvent, RemoteStock, StockPage, SupplierNews};
use consign::suppliers::{ShipmentStatus, SupplierRejection};
use consign::webhooks;
use futures_util::StreamExt as _;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Statement};
use tower::ServiceExt as _;

use super::net::{Message, Outside};
use super::owner;
use super::plan::{Act, Arrival, Fate};
use super::provider::PROOF;
use super::story::{Ended, Story};
use super::supplier::Told;

/// Nobody waits longer for an event that is in the table.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

/// The provider decides a payment.
pub fn provider(story: &mut Story, which: u8, yes: bool) {
    let mut outside = story.net.outside();
    let undecided = outside.provider.undecided();
    let Some(reference) = undecided.get(usize::from(which) % undecided.len().max(1)) else { return };
    outside.provider.settle(reference, yes);
    outside.tell_payment(reference);
}

/// A supplier, or its carrier, does something.
pub fn supplier(story: &mut Story, which: u8, act: Act) {
    let now = story.watch.now();
    let mut outside = story.net.outside();
    let count = outside.suppliers.orders.len();
    if count > 0 {
        act_on(&mut outside, usize::from(which) % count, act, now);
    }
}

/// Does `act` to the order at `place` and tells of it; false if it cannot be done.
pub fn act_on(outside: &mut Outside, place: usize, act: Act, now: consign::kernel::clock::Timestamp) -> bool {
    let Some(told) = outside.suppliers.act(place, act, now) else { return false };
    let order = &outside.suppliers.orders[place];
    let news = match told {
        Told::Order => SupplierNews::Order(order.shown()),
        Told::Left(parcel) => SupplierNews::ShipmentCreated {
            reference: order.reference.clone(),
            shipment: order.parcels[parcel].shown(),
        },
        Told::Moved(parcel) => {
            let parcel = &order.parcels[parcel];
            let event = RemoteEvent {
                id: format!("{}-e{}", parcel.id, parcel.events),
                status: Some(parcel.status),
                raw_status: format!("{:?}", parcel.status),
                occurred_at: now,
                description: None,
                location: None,
            };
            SupplierNews::ShipmentUpdated {
                shipment_id: parcel.id.clone(),
                tracking_number: parcel.shown().tracking_number,
                event: Some(event),
                estimated_delivery: None,
            }
        }
    };
    let door = format!("/webhooks/suppliers/{}", order.supplier);
    outside.tell(door, serde_json::to_string(&news).expect("JSON"));
    true
}

/// A supplier counts its shelves.
pub fn report(story: &mut Story, which: u8, less: u8) {
    let supplier = story.shop.wired[usize::from(which) % story.shop.wired.len()];
    let as_of = story.watch.now();
    let mut outside = story.net.outside();
    let item = |(sku, quantity)| RemoteStock { sku, quantity, cost: None, restock_at: None, discontinued: false };
    let items = outside.suppliers.count(supplier, i64::from(less)).into_iter().map(item).collect();
    let page = SupplierNews::Stock(StockPage { as_of, full: false, items, next_cursor: None, left_out: vec![] });
    outside.tell(format!("/webhooks/suppliers/{supplier}"), serde_json::to_string(&page).expect("JSON"));
}

/// A message arrives, or gets lost. What heals by asking may be lost for ever; of a parcel's way nobody
/// else tells, so its sender tries again for as long as it takes.
pub fn deliver(story: &mut Story, which: u8, arrival: Arrival) {
    let mut outside = story.net.outside();
    if outside.messages.is_empty() {
        return;
    }
    // Counted from the newest.
    let place = outside.messages.len() - 1 - usize::from(which) % outside.messages.len();
    let message = match arrival {
        Arrival::Again => outside.messages[place].clone(),
        Arrival::Once | Arrival::Never => outside.messages.remove(place),
    };
    drop(outside);
    if arrival == Arrival::Never {
        if message.body.contains("ShipmentUpdated") {
            story.delayed.push(message);
        }
        return;
    }
    hand_in(story, message);
}

/// Brings a message to its door.
pub fn hand_in(story: &mut Story, message: Message) {
    let app = story.process().app.clone();
    let work = async move {
        let request = Request::post(message.door)
            .header("webhook-id", message.id)
            .header("webhook-signature", PROOF)
            .body(Body::from(message.body));
        let answer = webhooks::router(app).oneshot(request.expect("a request")).await;
        match answer.expect("the router never fails").status().as_u16() {
            200 => Ended::Well,
            status => Ended::Wrong(format!("0: a message was answered {status}")),
        }
    };
    story.start(work, Fate::Good);
}

/// The supplier at the portal does something.
pub fn portal(story: &mut Story, which: u8, act: Act) {
    let own = portal_orders(story);
    if own.is_empty() {
        return;
    }
    let id = own[usize::from(which) % own.len()].id;
    let (app, supplier) = (story.process().app.clone(), story.shop.portal);
    let now = story.watch.now();
    let work = async move {
        let actor = Story::supplier(supplier);
        let told = match act {
            Act::Accept => is_fine(fulfillment::accept(&app, &actor, id, Acceptance::default()).await),
            Act::AcceptPart => {
                let rows = line::Entity::find().filter(line::Column::SupplierOrderId.eq(id)).all(app.db.read()).await;
                let lines = rows.expect("lines are read").iter().map(|it| (it.id, (it.live() - 1).max(0))).collect();
                let part = Acceptance { lines: Some(lines), ..Acceptance::default() };
                is_fine(fulfillment::accept(&app, &actor, id, part).await)
            }
            Act::Reject => is_fine(fulfillment::reject(&app, &actor, id, SupplierRejection::OutOfStock, None).await),
            Act::Drop | Act::Keep => {
                is_fine(fulfillment::cancel_answer(&app, &actor, id, act == Act::Drop, None).await)
            }
            Act::Ship => is_fine(desk::create(&app, &actor, id, parcel(None, &id)).await),
            Act::ShipOne => {
                let row = line::Entity::find().filter(line::Column::SupplierOrderId.eq(id)).one(app.db.read()).await;
                let one = row.expect("a line is read").map(|it| vec![(it.id, 1)]);
                is_fine(desk::create(&app, &actor, id, parcel(one, &id)).await)
            }
            Act::Process => Ok(()),
            Act::Move | Act::Lose | Act::Arrive => {
                let found = shipment::Entity::find().filter(shipment::Column::SupplierOrderId.eq(id));
                let found = found.order_by_desc(shipment::Column::Id).all(app.db.read()).await;
                let open = found.expect("parcels are read").into_iter().find(|it| !has_ended(it.status));
                match open {
                    Some(it) => is_fine(desk::add_event(&app, &actor, it.id, moved(it.id, act, now)).await),
                    None => Ok(()),
                }
            }
        };
        told.map_or_else(Ended::Wrong, |()| Ended::Well)
    };
    story.start(work, Fate::Good);
}

/// The portal's supplier orders.
pub fn portal_orders(story: &Story) -> Vec<supplier_order::Model> {
    let query = supplier_order::Entity::find()
        .filter(supplier_order::Column::SupplierId.eq(story.shop.portal))
        .order_by_asc(supplier_order::Column::Id);
    story.process().wait(query.all(story.process().app.db.read())).expect("supplier orders are read")
}

fn has_ended(status: ShipmentStatus) -> bool {
    matches!(status, ShipmentStatus::Delivered | ShipmentStatus::Exception)
}

fn parcel(lines: Option<Vec<(consign::kernel::ids::SupplierOrderLineId, i64)>>, id: &SupplierOrderId) -> Parcel {
    let number = format!("{}-{}", if lines.is_some() { "one" } else { "all" }, id);
    Parcel { carrier: "Stork".to_owned(), tracking_number: number, tracking_url: None, shipped_at: None, lines }
}

fn moved(id: ShipmentId, act: Act, now: consign::kernel::clock::Timestamp) -> ParcelEvent {
    let status = match act {
        Act::Lose => ShipmentStatus::Exception,
        Act::Arrive => ShipmentStatus::Delivered,
        _ => ShipmentStatus::InTransit,
    };
    let id = format!("{id}-{}", now.timestamp_micros()).chars().take(90).collect();
    ParcelEvent { id, status, occurred_at: now, description: None, location: None }
}

fn is_fine<T, C: std::fmt::Debug>(told: Result<T, VerbError<C>>) -> Result<(), String> {
    match told {
        Ok(_) | Err(VerbError::Refused(_)) => Ok(()),
        Err(VerbError::Fault(fault)) => Err(format!("0: the portal met a {fault:?}")),
    }
}

/// Events get their positions.
pub fn number(story: &mut Story) {
    let app = story.process().app.clone();
    let work = async move {
        match outbox::assign_positions(&app).await {
            Ok(_) => Ended::Well,
            Err(fault) => Ended::Wrong(format!("0: events cannot be numbered: {fault:?}")),
        }
    };
    story.start(work, Fate::Good);
}

/// A subscriber comes back to an order: invariant 8.
pub fn read(story: &mut Story, which: u8) {
    let Some(order) = owner::pick(story, which) else { return };
    let after = story.readers.get(&order.id).copied().unwrap_or_default();
    match follow(story, order.id, after) {
        // It goes away in the middle of what it was told.
        Ok(read) => {
            if let Some(last) = read.get(read.len() / 2) {
                story.readers.insert(order.id, *last);
            }
        }
        Err(what) => story.wrong.push(what),
    }
}

/// Follows an order from `after` until everything that is in the table was told.
pub fn follow(story: &Story, order: OrderId, after: i64) -> Result<Vec<i64>, String> {
    let app = story.process().app.clone();
    story.process().wait(async move {
        let sql = "SELECT seq FROM event WHERE stream = $1 AND audience = 'CUSTOMER' AND seq > $2 ORDER BY seq";
        let conn = app.db.read();
        let values = [order.to_string().into(), after.into()];
        let rows = conn.query_all_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, values)).await;
        let wanted: Vec<i64> =
            rows.expect("events are read").iter().map(|row| row.try_get("", "seq").expect("a number")).collect();
        let mut stream = Box::pin(timeline::stream(app.clone(), order, Some(after)));
        let mut told = Vec::new();
        while told.len() < wanted.len() {
            match tokio::time::timeout(PATIENCE, stream.next()).await {
                Ok(Some(Ok(telling))) => told.push(telling.event().seq),
                _ => return Err(format!("8: {order}: behind {after} were {wanted:?}, told were {told:?}")),
            }
        }
        if told == wanted { Ok(told) } else { Err(format!("8: {order}: {wanted:?} happened, {told:?} was told")) }
    })
}
