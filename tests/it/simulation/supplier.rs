//! Suppliers and their carriers: their own books, kept as strictly as can be. An order that comes
//! twice under one reference is two orders here: no protocol saves the store from sending blindly.

use std::collections::BTreeMap;

use consign::kernel::clock::Timestamp;
use consign::kernel::ids::SupplierId;
use consign::suppliers::adapter::{
    AdapterError, CancelAnswer, OrderRequest, RemoteLine, RemoteOrder, RemoteReason, RemoteShipment, RemoteStatus,
};
use consign::suppliers::{ShipmentStatus, SupplierRejection};

use super::plan::{Act, Fate};

/// A parcel.
#[derive(Debug, Clone)]
pub struct Parcel {
    /// Its name.
    pub id: String,
    /// What is in it.
    pub lines: Vec<(String, i64)>,
    /// Where it is.
    pub status: ShipmentStatus,
    /// How often the carrier told of it.
    pub events: u32,
    shipped_at: Timestamp,
}

/// A line of an order.
#[derive(Debug, Clone)]
pub struct Line {
    /// The store's name for it.
    pub id: String,
    /// The item.
    pub sku: String,
    /// How many were asked for.
    pub quantity: i64,
    /// How many will be sent, once that is decided.
    pub accepted: Option<i64>,
}

/// An order.
#[derive(Debug, Clone)]
pub struct Order {
    /// Whose it is.
    pub supplier: SupplierId,
    /// The supplier's name for it.
    pub id: String,
    /// The store's name for it.
    pub reference: String,
    /// Where it stands.
    pub status: RemoteStatus,
    /// What was asked for.
    pub lines: Vec<Line>,
    /// What left.
    pub parcels: Vec<Parcel>,
    /// Whether the store wants it cancelled and was told neither yes nor no.
    pub doubted: bool,
}

/// What an act comes to, for the store to be told.
pub enum Told {
    /// The order as it stands.
    Order,
    /// A parcel left: its place.
    Left(usize),
    /// Something happened to a parcel: its place.
    Moved(usize),
}

/// The books of all suppliers.
#[derive(Default)]
pub struct Suppliers {
    /// Every order that ever came in.
    pub orders: Vec<Order>,
    /// What is on the shelves.
    pub shelves: BTreeMap<(SupplierId, String), i64>,
}

impl Order {
    /// Whether anything of it is or will be sent.
    pub fn is_effective(&self) -> bool {
        !matches!(self.status, RemoteStatus::Rejected | RemoteStatus::Cancelled)
    }

    /// How many of a line left.
    fn left(&self, line: &str) -> i64 {
        let lines = self.parcels.iter().flat_map(|it| &it.lines);
        lines.filter(|(id, _)| id == line).map(|(_, units)| units).sum()
    }

    /// What is still to be sent.
    pub fn rest(&self) -> Vec<(String, i64)> {
        let rest = |it: &Line| (it.id.clone(), it.accepted.unwrap_or_default() - self.left(&it.id));
        self.lines.iter().map(rest).filter(|(_, units)| *units > 0).collect()
    }

    /// As the store is shown it.
    pub fn shown(&self) -> RemoteOrder {
        let reason = || RemoteReason { code: SupplierRejection::OutOfStock, message: "there are none left".to_owned() };
        let line = |it: &Line| RemoteLine {
            line_id: it.id.clone(),
            sku: it.sku.clone(),
            quantity: it.quantity,
            accepted_quantity: it.accepted,
            unit_cost: None,
            reason: it.accepted.is_some_and(|accepted| accepted < it.quantity).then(reason),
        };
        RemoteOrder {
            id: self.id.clone(),
            reference: self.reference.clone(),
            status: self.status.clone(),
            estimated_ship_at: None,
            lines: self.lines.iter().map(line).collect(),
            shipping_cost: None,
            rejection: (self.status == RemoteStatus::Rejected).then(reason),
            shipments: self.parcels.iter().map(Parcel::shown).collect(),
        }
    }
}

impl Parcel {
    /// As the store is shown it.
    pub fn shown(&self) -> RemoteShipment {
        RemoteShipment {
            id: self.id.clone(),
            carrier: "Stork".to_owned(),
            tracking_number: Some(format!("N-{}", self.id)),
            tracking_url: None,
            shipped_at: Some(self.shipped_at),
            lines: self.lines.clone(),
            estimated_delivery: None,
            events: vec![],
        }
    }

    /// Whether its way has ended.
    pub fn has_ended(&self) -> bool {
        matches!(self.status, ShipmentStatus::Delivered | ShipmentStatus::Exception)
    }
}

impl Suppliers {
    pub(super) fn submit(
        &mut self,
        supplier: SupplierId,
        request: &OrderRequest,
        fate: Fate,
        now: Timestamp,
    ) -> Result<RemoteOrder, AdapterError> {
        if fate == Fate::No {
            let (code, reason) = (SupplierRejection::UndeliverableDestination, "not there".to_owned());
            return Err(AdapterError::Refused { code, reason });
        }
        let line = |it: &consign::suppliers::adapter::RequestLine| Line {
            id: it.line_id.clone(),
            sku: it.sku.clone(),
            quantity: it.quantity,
            accepted: None,
        };
        self.orders.push(Order {
            supplier,
            id: format!("so_{}", self.orders.len() + 1),
            reference: request.reference.clone(),
            status: RemoteStatus::Pending,
            lines: request.lines.iter().map(line).collect(),
            parcels: Vec::new(),
            doubted: false,
        });
        let place = self.orders.len() - 1;
        if fate == Fate::Part {
            self.act(place, Act::AcceptPart, now);
        }
        Ok(self.orders[place].shown())
    }

    pub(super) fn find(&self, supplier: SupplierId, reference: &str) -> Option<RemoteOrder> {
        self.orders.iter().find(|it| it.supplier == supplier && it.reference == reference).map(Order::shown)
    }

    pub(super) fn cancel(&mut self, supplier: SupplierId, id: &str, fate: Fate) -> Result<CancelAnswer, AdapterError> {
        let place = self.orders.iter().position(|it| it.supplier == supplier && it.id == id);
        let refused = || AdapterError::Refused { code: SupplierRejection::Other, reason: "no such order".to_owned() };
        let place = place.ok_or_else(refused)?;
        let order = &self.orders[place];
        if order.status == RemoteStatus::Cancelled {
            return Ok(CancelAnswer::Cancelled(order.shown()));
        }
        if fate == Fate::No || !order.parcels.is_empty() || !order.is_effective() {
            self.orders[place].doubted = false;
            return Ok(CancelAnswer::TooLate);
        }
        if fate == Fate::Part {
            self.orders[place].doubted = true;
            return Ok(CancelAnswer::Pending(self.orders[place].shown()));
        }
        self.drop_order(place, RemoteStatus::Cancelled);
        Ok(CancelAnswer::Cancelled(self.orders[place].shown()))
    }

    /// Does `act` to the order at `place`, if that is possible: what is to be told.
    pub fn act(&mut self, place: usize, act: Act, now: Timestamp) -> Option<Told> {
        use RemoteStatus as R;
        let order = &mut self.orders[place];
        match act {
            Act::Accept | Act::AcceptPart if order.status == R::Pending => {
                self.accept(place, i64::from(act == Act::AcceptPart));
                Some(Told::Order)
            }
            Act::Reject if matches!(order.status, R::Pending | R::Accepted | R::PartiallyAccepted) => {
                self.drop_order(place, R::Rejected);
                Some(Told::Order)
            }
            Act::Drop if order.parcels.is_empty() && order.is_effective() => {
                self.drop_order(place, R::Cancelled);
                Some(Told::Order)
            }
            Act::Keep if order.doubted => {
                order.doubted = false;
                Some(Told::Order)
            }
            Act::Process if matches!(order.status, R::Accepted | R::PartiallyAccepted) => {
                order.status = R::Processing;
                Some(Told::Order)
            }
            Act::Ship | Act::ShipOne => self.ship(place, act == Act::ShipOne, now),
            Act::Move => self.carry(place, ShipmentStatus::InTransit),
            Act::Lose => self.carry(place, ShipmentStatus::Exception),
            Act::Arrive => self.carry(place, ShipmentStatus::Delivered),
            _ => None,
        }
    }

    /// Accepts what is on the shelf, but `less` of each line.
    fn accept(&mut self, place: usize, less: i64) {
        let order = &mut self.orders[place];
        for line in &mut order.lines {
            let shelf = self.shelves.entry((order.supplier, line.sku.clone())).or_default();
            let accepted = (line.quantity - less).min(*shelf).max(0);
            *shelf -= accepted;
            line.accepted = Some(accepted);
        }
        let sum: i64 = order.lines.iter().filter_map(|it| it.accepted).sum();
        let asked: i64 = order.lines.iter().map(|it| it.quantity).sum();
        order.status = match sum {
            0 => RemoteStatus::Rejected,
            _ if sum == asked => RemoteStatus::Accepted,
            _ => RemoteStatus::PartiallyAccepted,
        };
    }

    /// What was accepted goes back on the shelf.
    fn drop_order(&mut self, place: usize, status: RemoteStatus) {
        let order = &mut self.orders[place];
        (order.status, order.doubted) = (status, false);
        for line in &order.lines {
            let back = line.accepted.unwrap_or_default();
            *self.shelves.entry((order.supplier, line.sku.clone())).or_default() += back;
        }
    }

    fn ship(&mut self, place: usize, one: bool, now: Timestamp) -> Option<Told> {
        let order = &mut self.orders[place];
        let shippable = order.is_effective() && order.status != RemoteStatus::Pending;
        let mut lines = order.rest();
        if !shippable || lines.is_empty() {
            return None;
        }
        if one {
            lines.truncate(1);
            lines[0].1 = 1;
        }
        let id = format!("{}-p{}", order.id, order.parcels.len() + 1);
        order.parcels.push(Parcel { id, lines, status: ShipmentStatus::Pending, events: 0, shipped_at: now });
        order.doubted = false;
        let all = order.rest().is_empty();
        order.status = if all { RemoteStatus::Shipped } else { RemoteStatus::PartiallyShipped };
        Some(Told::Left(order.parcels.len() - 1))
    }

    fn carry(&mut self, place: usize, status: ShipmentStatus) -> Option<Told> {
        let order = &mut self.orders[place];
        let parcel = order.parcels.iter().position(|it| !it.has_ended())?;
        order.parcels[parcel].status = status;
        order.parcels[parcel].events += 1;
        let arrived = |it: &Parcel| it.status == ShipmentStatus::Delivered;
        if order.rest().is_empty() && order.parcels.iter().all(arrived) {
            order.status = RemoteStatus::Delivered;
        }
        Some(Told::Moved(parcel))
    }

    /// Sells `less` of everything elsewhere: what is left, by item.
    pub fn count(&mut self, supplier: SupplierId, less: i64) -> Vec<(String, i64)> {
        let own = self.shelves.iter_mut().filter(|((whose, _), _)| *whose == supplier);
        own.map(|((_, sku), units)| {
            *units = (*units - less).max(0);
            (sku.clone(), *units)
        })
        .collect()
    }
}
