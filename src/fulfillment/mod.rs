//! Supplier orders: forwarding, handshake, reconciliation, cancelling, re-planning.
//!
//! A paid order's plan becomes one supplier order per parcel ([`CreateSupplierOrders`]). Each is sent
//! ([`ForwardSupplierOrder`]) or waits for its supplier at the portal, is answered, and is followed
//! until it is shipped, refused or cancelled. Refused units are planned again without the suppliers
//! already tried. No supplier ever gets the same units twice: what may have arrived is asked for by
//! our reference ([`ReconcileSupplierOrder`]), never sent again blindly.
//!
//! Lock order: the order, then its supplier orders by id, then offers by id.

pub mod entity;
mod jobs;
mod remote;
pub mod state;

pub use self::entity::{line, supplier_order, transition};
pub use self::jobs::{
    ActOnWorkItem, CancelAtSupplier, CreateSupplierOrders, ForwardSupplierOrder, ReconcileSupplierOrder,
    SettleOrderMoney, SweepSupplierOrders,
};
pub use self::remote::{NewsOutcome, apply_remote};
pub use self::state::{RequestStatus, SupplierOrderStatus};
