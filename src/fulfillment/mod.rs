//! Supplier orders: forwarding, handshake, reconciliation, cancelling, re-planning.
//!
//! A paid order's plan becomes one supplier order per parcel ([`CreateSupplierOrders`]). Each is sent
//! ([`ForwardSupplierOrder`]) or waits for its supplier at the portal, is answered, and is followed
//! until it is shipped, refused or cancelled. Refused units are planned again without the suppliers
//! already tried. No supplier ever gets the same units twice: what may have arrived is asked for by
//! our reference ([`ReconcileSupplierOrder`]), never sent again blindly; and what one may work on goes to
//! another only once it gave it back ([`recall()`]).
//!
//! What anybody may do where it stands is one table, [`allowed()`], which the verbs themselves go by.
//!
//! The states and the edges between them are one table in [`state`]. Lock order: the order, then its
//! supplier orders by id, then offers by id.
//!
//! Invariants: every unit of an order is with exactly one supplier order, or waits to be planned again,
//! or is cancelled; every step of a supplier order is in its history and in the table of edges.

pub mod entity;
pub mod graphql;
pub mod state;

mod error;
mod queries;
pub mod trouble;
mod work;

mod allowed;
mod answer;
mod create;
mod forward;
mod remote;
mod replan;
mod requests;
mod ship;

mod address;
mod cancel;
mod hold;
mod manage;
mod measure;
mod money;
mod portal;
mod recall;
mod relocate;

mod act;
mod forget;
mod jobs;
mod sweep;

pub use self::address::order_shipping_address_update;
pub use self::allowed::{SupplierOrderAction, allowed, may_ship};
pub use self::cancel::{can_cancel, order_cancel};
pub use self::entity::{decision, line, request, supplier_order, transition};
pub use self::error::{OrderAddressProblem, OrderCancelProblem, SupplierOrderProblem};
pub use self::forget::ForgetWords;
pub use self::hold::{hold, release};
pub use self::jobs::{
    ActOnWorkItem, CancelAtSupplier, CreateSupplierOrders, ForwardSupplierOrder, ReconcileSupplierOrder,
    ReleaseOrderMoney, ReplanRefused, SettleOrderMoney, SweepSupplierOrders,
};
pub use self::manage::{reroute, submit};
pub use self::measure::MeasureSuppliers;
pub use self::money::{amount_due, cost, revenue};
pub use self::portal::{Acceptance, accept, cancel_answer, open_for, reject};
pub use self::queries::{
    SupplierOrderFilter, count, decisions_of, find, history, lines_of, list, load_many, lookup, of_orders, unfinished,
    unforwarded,
};
pub use self::recall::recall;
pub use self::relocate::{Relocation, relocate};
pub use self::remote::{NewsOutcome, apply_remote};
pub use self::requests::{RequestCall, RequestOutcome, SweepRequests, requests};
pub use self::ship::{NotAccepted, Units, record_delivered, record_shipped};
pub use self::state::{RequestStatus, SupplierOrderStatus};
pub use self::work::{Work, open};
