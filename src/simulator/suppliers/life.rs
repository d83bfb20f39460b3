//! The life of an order at its supplier: a plan of timed steps, drawn when the order is
//! answered, and what each step changes and announces.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::super::clock::after;
use super::super::config::AcceptMode;
use super::super::outbox::Message;
use super::super::wire::{
    DeliveryEstimate, Money, Order, OrderLine, OrderStatus, Shipment, ShipmentLine, TrackingStatus,
};
use super::accept::{Decision, decide};
use super::{Intake, Stored, Supplier, carrier};

/// A step and its time.
pub struct Planned {
    pub(super) due: DateTime<Utc>,
    step: Step,
}

#[derive(Clone, Copy)]
enum Step {
    /// Answer an order left pending.
    Decide,
    /// Tell the stock after a sale or a cancellation.
    ReportStock,
    Process,
    Ship {
        parcel: usize,
        last: bool,
    },
    Track {
        parcel: usize,
        status: TrackingStatus,
    },
}

/// What executing a command leads to outside the supplier.
#[derive(Default)]
pub struct Effects {
    pub messages: Vec<Message>,
    /// The order whose next step is due then.
    pub next: Option<(DateTime<Utc>, usize)>,
}

impl Supplier {
    /// Takes an order in; the caller has made sure that its key is new.
    pub fn receive(&mut self, intake: Intake, at: DateTime<Utc>) -> (Order, Effects) {
        let index = self.orders.len();
        let order = self.pending_order(&intake);
        self.by_id.insert(order.id.clone(), index);
        self.by_key.insert(intake.key.clone(), index);
        self.by_reference.entry(intake.reference.clone()).or_default().push(index);
        *self.counts.by_status.entry(order.status).or_default() += 1;
        self.orders.push(Stored { order, received_at: at, intake, plan: Default::default(), lost: false, messages: 0 });
        match self.settings.accept_mode {
            AcceptMode::Immediate => self.answer(index, at),
            AcceptMode::Delayed => {
                let due = after(at, self.lead(index, self.settings.lead_times.accept_seconds, "accept"));
                self.set_plan(index, vec![Planned { due, step: Step::Decide }]);
            }
        }
        (self.orders[index].order.clone(), self.effects(index, Vec::new()))
    }

    /// Executes the next step of an order; nothing if its plan has ended.
    pub fn step(&mut self, index: usize, at: DateTime<Utc>) -> Effects {
        let Some(planned) = self.orders.get_mut(index).and_then(|it| it.plan.pop_front()) else {
            return Effects::default();
        };
        self.counts.steps_left = self.counts.steps_left.saturating_sub(1);
        let messages = match planned.step {
            Step::Decide => {
                self.answer(index, at);
                self.announce_order(index, at)
            }
            Step::ReportStock => self.announce_stock(index, at),
            Step::Process => {
                self.set_status(index, OrderStatus::Processing);
                self.announce_order(index, at)
            }
            Step::Ship { parcel, last } => self.ship(index, parcel, last, at),
            Step::Track { parcel, status } => self.track(index, parcel, status, at),
        };
        self.effects(index, messages)
    }

    /// Whether the next step of an order may be taken now.
    pub fn is_due(&self, index: usize, now: DateTime<Utc>) -> bool {
        self.orders.get(index).and_then(|it| it.plan.front()).is_some_and(|next| next.due <= now)
    }

    /// The next step of every order that has one, for a restart.
    pub fn upcoming(&self) -> impl Iterator<Item = (DateTime<Utc>, usize)> {
        self.orders.iter().enumerate().filter_map(|(index, it)| Some((it.plan.front()?.due, index)))
    }

    /// Cancels an order that [`Stored::is_cancellable`].
    pub fn cancel(&mut self, index: usize, at: DateTime<Utc>) -> Effects {
        let Some(stored) = self.orders.get_mut(index) else { return Effects::default() };
        for line in &mut stored.order.lines {
            self.stock.add(&line.sku, line.accepted_quantity);
        }
        let decided = stored.order.status != OrderStatus::Pending;
        self.set_status(index, OrderStatus::Cancelled);
        let plan = if decided { vec![self.stock_report(at)] } else { Vec::new() };
        self.set_plan(index, plan);
        let messages = self.announce_order(index, at);
        self.effects(index, messages)
    }

    fn pending_order(&self, intake: &Intake) -> Order {
        let zero = Money::zero(&self.settings.currency);
        let lines = intake.lines.iter().map(|line| OrderLine {
            line_id: line.line_id.clone(),
            sku: line.sku.clone(),
            quantity: line.quantity,
            accepted_quantity: 0,
            unit_cost: line.max_unit_cost.clone().unwrap_or_else(|| zero.clone()),
            reason: None,
        });
        Order {
            id: self.dice.id("S-", &[&self.key, &intake.key, "order"]),
            reference: intake.reference.clone(),
            status: OrderStatus::Pending,
            estimated_ship_at: None,
            lines: lines.collect(),
            shipping_cost: zero.clone(),
            rejection: None,
            shipments: Vec::new(),
        }
    }

    /// Decides an order and, if it was taken, plans its life.
    fn answer(&mut self, index: usize, at: DateTime<Utc>) {
        let intake = &self.orders[index].intake;
        let decision = decide(&self.dice, &self.key, &self.settings, &mut self.stock, intake);
        let Decision { status, lines, shipping_cost, rejection } = decision;
        let plan = if status == OrderStatus::Rejected { Vec::new() } else { self.plan_life(index, &lines, at) };
        let ships = plan.iter().find(|it| matches!(it.step, Step::Ship { .. })).map(|it| it.due);
        let order = &mut self.orders[index].order;
        (order.lines, order.shipping_cost, order.rejection) = (lines, shipping_cost, rejection);
        order.estimated_ship_at = ships;
        self.set_status(index, status);
        self.set_plan(index, plan);
    }

    fn plan_life(&self, index: usize, lines: &[OrderLine], at: DateTime<Utc>) -> Vec<Planned> {
        let packed = self.lead(index, self.settings.lead_times.process_seconds, "process");
        let mut plan = vec![self.stock_report(at), Planned { due: after(at, packed / 4.0), step: Step::Process }];
        let units: i64 = lines.iter().map(|line| line.accepted_quantity).sum();
        let split = self.settings.split_shipment;
        let parcels = if units > 1 && self.dice.happens(split, &self.path(index, &["split"])) { 2 } else { 1 };
        for parcel in 0..parcels {
            let due = after(at, packed * (1.0 + parcel as f64 / 4.0));
            plan.push(Planned { due, step: Step::Ship { parcel, last: parcel + 1 == parcels } });
            plan.extend(self.plan_transit(index, parcel, due));
        }
        // A stable sort keeps the order of steps that fall on one moment.
        plan.sort_by_key(|it| it.due);
        plan
    }

    /// What the carrier will report of a parcel.
    fn plan_transit(&self, index: usize, parcel: usize, shipped: DateTime<Utc>) -> Vec<Planned> {
        use TrackingStatus::{Customs, Delivered, Exception, InTransit, InfoReceived, OutForDelivery};
        let number = parcel.to_string();
        let transit = self.lead(index, self.settings.lead_times.transit_seconds, &format!("transit {number}"));
        let mut course = vec![(0.0, InfoReceived), (0.1, InTransit)];
        if self.orders[index].intake.country != self.settings.country {
            course.push((0.45, Customs));
        }
        if self.dice.happens(self.settings.faults.lost_parcel, &self.path(index, &["lostParcel", &number])) {
            course.push((0.6, Exception));
        } else {
            course.extend([(0.85, OutForDelivery), (1.0, Delivered)]);
        }
        let planned =
            |(part, status)| Planned { due: after(shipped, transit * part), step: Step::Track { parcel, status } };
        course.into_iter().map(planned).collect()
    }

    /// The stock is told up to a second after it changed, so that its time is later than
    /// the acceptance by the store's clock too.
    fn stock_report(&self, at: DateTime<Utc>) -> Planned {
        let delay = (self.settings.lead_times.process_seconds / self.time_scale / 10.0).clamp(0.001, 1.0);
        Planned { due: after(at, delay), step: Step::ReportStock }
    }

    fn ship(&mut self, index: usize, parcel: usize, last: bool, at: DateTime<Utc>) -> Vec<Message> {
        let stored = &self.orders[index];
        let number = (parcel + 1).to_string();
        let label = carrier::label(&self.dice, &self.settings.country, &self.path(index, &[&number]));
        let contents = contents(&stored.order.lines, parcel, last);
        let shipment = Shipment {
            id: self.dice.id("P-", &[&self.key, &stored.order.id, &number]),
            carrier: label.carrier.to_owned(),
            tracking_number: label.tracking_number,
            tracking_url: label.tracking_url,
            shipped_at: at,
            lines: contents,
        };
        let data = json!({
            "reference": &stored.order.reference,
            "shipment": with(&shipment, "estimatedDelivery", json!(self.delivery_estimate(at))),
        });
        for line in &shipment.lines {
            let sku = stored.order.lines.iter().find(|it| it.line_id == line.line_id).map(|it| it.sku.clone());
            *self.counts.units_shipped.entry(sku.unwrap_or_default()).or_default() += line.quantity.unsigned_abs();
        }
        self.orders[index].order.shipments.push(shipment);
        self.set_status(index, if last { OrderStatus::Shipped } else { OrderStatus::PartiallyShipped });
        let mut messages = self.announce(index, "shipment.created", data, at);
        messages.extend(self.announce_order(index, at));
        messages
    }

    fn track(&mut self, index: usize, parcel: usize, status: TrackingStatus, at: DateTime<Utc>) -> Vec<Message> {
        let stored = &self.orders[index];
        let Some(shipment) = stored.order.shipments.get(parcel) else { return Vec::new() };
        let (description, abroad) = describe(status);
        let location = if abroad { &stored.intake.country } else { &self.settings.country };
        let data = json!({
            "shipmentId": &shipment.id,
            "trackingNumber": &shipment.tracking_number,
            "event": {
                "id": self.dice.id("evt_", &[&self.key, &shipment.id, description]),
                "status": status, "occurredAt": at, "description": description, "location": location,
            },
            "estimatedDelivery": null,
        });
        let mut messages = self.announce(index, "shipment.updated", data, at);
        self.orders[index].lost |= status == TrackingStatus::Exception;
        let on_the_way = |it: &Planned| matches!(it.step, Step::Ship { .. } | Step::Track { .. });
        let stored = &self.orders[index];
        // Delivered is said of the order once its last parcel has arrived and none is lost.
        if status == TrackingStatus::Delivered && !stored.plan.iter().any(on_the_way) && !stored.lost {
            self.set_status(index, OrderStatus::Delivered);
            messages.extend(self.announce_order(index, at));
        }
        messages
    }

    fn delivery_estimate(&self, at: DateTime<Utc>) -> DeliveryEstimate {
        let times = &self.settings.lead_times;
        let transit = times.transit_seconds / self.time_scale;
        let (early, late) = (transit * (1.0 - times.jitter), transit * (1.0 + times.jitter));
        DeliveryEstimate { earliest: after(at, early), latest: after(at, late) }
    }

    fn set_status(&mut self, index: usize, status: OrderStatus) {
        let before = std::mem::replace(&mut self.orders[index].order.status, status);
        if let Some(count) = self.counts.by_status.get_mut(&before) {
            *count = count.saturating_sub(1);
        }
        self.counts.by_status.retain(|_, count| *count > 0);
        *self.counts.by_status.entry(status).or_default() += 1;
    }

    fn set_plan(&mut self, index: usize, plan: Vec<Planned>) {
        let stored = &mut self.orders[index];
        let (before, now) = (stored.plan.len() as u64, plan.len() as u64);
        stored.plan = plan.into();
        self.counts.steps_left = (self.counts.steps_left + now).saturating_sub(before);
    }

    fn effects(&self, index: usize, messages: Vec<Message>) -> Effects {
        let next = self.orders[index].plan.front().map(|planned| (planned.due, index));
        Effects { messages, next }
    }

    /// A lead time in real seconds, with this order's jitter.
    fn lead(&self, index: usize, seconds: f64, kind: &str) -> f64 {
        let swing = self.dice.unit(&self.path(index, &["jitter", kind])) * 2.0 - 1.0;
        seconds / self.time_scale * (1.0 + self.settings.lead_times.jitter * swing)
    }

    pub(super) fn path<'a>(&'a self, index: usize, kind: &[&'a str]) -> Vec<&'a str> {
        [&[&*self.key, self.orders[index].intake.reference.as_str()], kind].concat()
    }
}

/// The lines of a parcel: an only parcel holds all; of two, the first holds the first
/// half of all units (rounded up) and the second the rest.
fn contents(lines: &[OrderLine], parcel: usize, last: bool) -> Vec<ShipmentLine> {
    let units: i64 = lines.iter().map(|line| line.accepted_quantity).sum();
    let (mut skip, mut take) = match (parcel, last) {
        (0, true) => (0, units),
        (0, false) => (0, (units + 1) / 2),
        _ => ((units + 1) / 2, units / 2),
    };
    let mut contents = Vec::new();
    for line in lines {
        let skipped = line.accepted_quantity.min(skip);
        let quantity = (line.accepted_quantity - skipped).min(take);
        (skip, take) = (skip - skipped, take - quantity);
        if quantity > 0 {
            contents.push(ShipmentLine { line_id: line.line_id.clone(), quantity });
        }
    }
    contents
}

/// What the carrier writes, and whether it happened in the destination country.
fn describe(status: TrackingStatus) -> (&'static str, bool) {
    match status {
        TrackingStatus::InfoReceived => ("Shipping label created", false),
        TrackingStatus::InTransit => ("Departed from the sorting center", false),
        TrackingStatus::Customs => ("Held for customs clearance", true),
        TrackingStatus::OutForDelivery => ("Out for delivery", true),
        TrackingStatus::Delivered => ("Delivered", true),
        TrackingStatus::Exception => ("Parcel lost", false),
    }
}

/// A shipment as JSON with one more field.
fn with(shipment: &Shipment, field: &str, value: Value) -> Value {
    let mut json = json!(shipment);
    json[field] = value;
    json
}

#[cfg(test)]
mod tests {
    use super::super::super::wire::{Money, OrderLine};
    use super::contents;

    fn line(id: &str, accepted_quantity: i64) -> OrderLine {
        OrderLine {
            line_id: id.to_owned(),
            sku: id.to_owned(),
            quantity: accepted_quantity,
            accepted_quantity,
            unit_cost: Money::zero("EUR"),
            reason: None,
        }
    }

    #[test]
    fn two_parcels_hold_every_unit_once_and_neither_is_empty() {
        for quantities in [&[1, 1, 1][..], &[5], &[2, 0, 3], &[1, 1], &[7, 1, 4]] {
            let lines: Vec<_> = quantities.iter().enumerate().map(|(n, &it)| line(&n.to_string(), it)).collect();
            let (first, second) = (contents(&lines, 0, false), contents(&lines, 1, true));
            assert!(!first.is_empty() && !second.is_empty(), "{quantities:?}");
            for line in &lines {
                let of = |parcel: &[super::ShipmentLine]| -> i64 {
                    parcel.iter().filter(|it| it.line_id == line.line_id).map(|it| it.quantity).sum()
                };
                assert_eq!(of(&first) + of(&second), line.accepted_quantity, "{quantities:?}");
            }
        }
    }
}
