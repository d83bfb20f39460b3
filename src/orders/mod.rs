//! The order, its lines and facts, its derived states, its timeline.
//!
//! An order is written once, by [`place`], in the transaction that records its payment. After that
//! only facts are added: higher rooms tell what happened to units ([`record`]), payments tell what
//! happened to money ([`SyncMoney`]), and three statuses are derived from both. Nothing here knows
//! suppliers or carriers.
//!
//! A guest's order may be claimed by a customer, once ([`claim`]); a forgotten customer leaves their orders
//! ([`EraseOrders`]).
//!
//! Invariants: an order's amounts never change; its number is the last one's successor; no unit is
//! both cancelled and shipped; a status is what its facts say.

pub mod activity;
mod address;
mod claim;
pub mod entity;
mod erase;
mod facts;
mod feed;
pub mod graphql;
mod place;
mod queries;
pub mod state;
pub mod timeline;

pub use self::address::change_shipping_address;
pub use self::claim::{ClaimOrders, OrderClaimProblem, claim};
pub use self::entity::{line, order};
pub use self::erase::{EraseOrders, count_under_way};
pub use self::facts::{LineFact, SyncMoney, lock, note_supplier, record, sync_money};
pub use self::place::{PlacedLine, Placement, place, reseal, skip_numbers};
pub use self::queries::{
    OrderFilter, OrderSort, count, count_of, find, lines_of, list, list_of, load_many, lookup, lookup_by_token,
    tracking_token,
};
pub use self::state::{FulfillmentStatus, PaymentStatus, ReturnStatus};
