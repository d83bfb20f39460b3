//! What carriers move: shipments, tracking events, the delivery promise.
//!
//! Suppliers tell of parcels and of what happens to them by webhook, at the portal, or when they are
//! asked ([`FollowSupplierOrder`]); in any order, more than once. A parcel's state is that of its
//! latest event, and what it means for the order's units is recorded in the same transaction.
//!
//! Invariants: a parcel holds no more units than were accepted; a repeat of a parcel or of an event
//! changes nothing; every order of arrival ends in the same state.

pub mod entity;
pub mod graphql;
pub mod state;

mod follow;
mod forget;
mod news;
pub mod portal;
mod queries;
mod record;
mod refund;

pub use self::entity::{event, line, shipment};
pub use self::follow::{FollowSupplierOrder, follow_all};
pub use self::forget::ForgetRecipient;
pub use self::news::{apply_created, apply_news, apply_order};
pub use self::queries::{events_of, find, lines_of, load_many, lookup, of_orders, of_supplier_orders};
pub use self::refund::{RefundParcel, after_work_item};
