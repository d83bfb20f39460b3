//! What carriers move: shipments, tracking events, the delivery promise.
//!
//! Suppliers tell of parcels and of what happens to them by webhook, at the portal, or when they are
//! asked ([`FollowSupplierOrder`]); in any order, more than once. A parcel's state is that of its
//! latest event, and what it means for the order's units is recorded in the same transaction.

pub mod entity;
mod follow;
mod news;
mod queries;

pub use self::entity::{event, line, shipment};
pub use self::follow::FollowSupplierOrder;
pub use self::news::apply_news;
pub use self::queries::lookup;
