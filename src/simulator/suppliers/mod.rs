//! Simulated suppliers: each with its own shelves, prices, orders, pace and faults.
//!
//! A supplier changes only by *commands* (settings, a stock report, an order received, a
//! step, a cancellation) that carry their time; see `journal.rs` for why.
//!
//! An order lives: received → (pending →) accepted, partially accepted or rejected →
//! processing → one or two parcels shipped → tracked → delivered, or lost on the way.
//! Until its first parcel leaves it can be cancelled, which brings its units back.

pub mod http;

mod accept;
mod announce;
mod carrier;
mod life;
mod stock;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use life::Effects;
use life::Planned;
pub use stock::{Cursor, Stock, StockReport};

use super::config::SupplierSettings;
use super::draw::Dice;
use super::wire::{Order, OrderStatus, RequestLine};

/// An order as it was received, without the recipient: the journal holds no personal data.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Intake {
    /// The `Idempotency-Key`.
    pub key: String,
    /// Digest of the request's known fields, to tell a repeat from another body.
    pub digest: String,
    pub reference: String,
    pub country: String,
    /// Whether the destination has what a carrier needs.
    pub addressable: bool,
    pub shipping_service: Option<String>,
    pub lines: Vec<RequestLine>,
}

/// An order with what only the supplier knows about it.
pub struct Stored {
    pub order: Order,
    pub received_at: DateTime<Utc>,
    pub intake: Intake,
    plan: VecDeque<Planned>,
    /// The carrier has lost a parcel: the order will never be delivered.
    lost: bool,
    /// Webhooks written so far; numbers their ids.
    messages: u32,
}

/// What the inspection endpoint tells about a supplier.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    pub by_status: BTreeMap<OrderStatus, u64>,
    pub units_shipped: BTreeMap<String, u64>,
    /// Repeated `POST /orders` that were answered with the order of the first.
    pub repeats: u64,
    /// Steps still to come in the lives of all orders.
    pub steps_left: u64,
}

/// One supplier.
pub struct Supplier {
    pub key: Arc<str>,
    pub settings: SupplierSettings,
    pub stock: Stock,
    pub counts: Counts,
    dice: Dice,
    time_scale: f64,
    orders: Vec<Stored>,
    by_id: HashMap<String, usize>,
    by_key: HashMap<String, usize>,
    by_reference: HashMap<String, Vec<usize>>,
    /// Calls so far per call and subject, so that each attempt draws its own faults.
    attempts: HashMap<String, u32>,
}

impl Supplier {
    pub fn new(key: Arc<str>, settings: SupplierSettings, dice: Dice, time_scale: f64) -> Self {
        Self {
            key,
            settings,
            stock: Stock::default(),
            counts: Counts::default(),
            dice,
            time_scale,
            orders: Vec::new(),
            by_id: HashMap::new(),
            by_key: HashMap::new(),
            by_reference: HashMap::new(),
            attempts: HashMap::new(),
        }
    }

    pub fn get(&self, index: usize) -> Option<&Stored> {
        self.orders.get(index)
    }

    pub fn index_of_id(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    pub fn index_of_key(&self, key: &str) -> Option<usize> {
        self.by_key.get(key).copied()
    }

    /// The orders of a reference; more than one if the store sent it under several keys.
    pub fn of_reference(&self, reference: &str) -> impl Iterator<Item = &Stored> {
        self.by_reference.get(reference).into_iter().flatten().filter_map(|&index| self.orders.get(index))
    }

    pub fn order_count(&self) -> usize {
        self.orders.len()
    }

    pub fn reference_count(&self) -> usize {
        self.by_reference.len()
    }

    /// Orders neither rejected nor cancelled.
    pub fn effective_count(&self) -> u64 {
        let effective = |status: &OrderStatus| !matches!(status, OrderStatus::Rejected | OrderStatus::Cancelled);
        self.counts.by_status.iter().filter(|(status, _)| effective(status)).map(|(_, count)| count).sum()
    }

    /// References for which more than one order is neither rejected nor cancelled.
    pub fn ordered_twice(&self) -> impl Iterator<Item = &str> {
        let twice = |reference: &str| self.of_reference(reference).filter(|it| it.is_effective()).nth(1).is_some();
        self.by_reference
            .iter()
            .filter(move |(reference, orders)| orders.len() > 1 && twice(reference))
            .map(|(reference, _)| reference.as_str())
    }

    /// Draws a fault of a call anew for each attempt on the same subject.
    pub fn attempt(&mut self, call: &str, subject: &str) -> Attempt {
        let number = self.attempts.entry(format!("{call} {subject}")).or_default();
        *number += 1;
        Attempt { call: call.to_owned(), subject: subject.to_owned(), number: number.to_string() }
    }

    /// Whether a fault of this probability hits the attempt.
    pub fn hits(&self, probability: f64, kind: &str, attempt: &Attempt) -> bool {
        self.dice.happens(probability, &[&self.key, &attempt.subject, kind, &attempt.call, &attempt.number])
    }
}

impl Stored {
    /// Neither refused nor cancelled: this order costs money.
    pub fn is_effective(&self) -> bool {
        !matches!(self.order.status, OrderStatus::Rejected | OrderStatus::Cancelled)
    }

    /// Nothing has left yet and nothing is final.
    pub fn is_cancellable(&self) -> bool {
        use OrderStatus::{Accepted, PartiallyAccepted, Pending, Processing};
        matches!(self.order.status, Pending | Accepted | PartiallyAccepted | Processing)
    }
}

/// The n-th call about a subject.
pub struct Attempt {
    call: String,
    subject: String,
    number: String,
}
