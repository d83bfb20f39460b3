//! Suppliers: who holds the goods, what they charge to send them, and how the store talks to them.
//!
//! The owner keeps the records; an adapter speaks each supplier's own protocol and turns it into the
//! neutral words of [`adapter`]. Nothing above this room knows which protocol a supplier uses.

pub mod adapter;
mod entity;
mod vocabulary;

mod health;
mod queries;

pub use self::adapter::adapter_for;
pub use self::entity::{service, supplier};
pub use self::health::{note_error, note_success};
pub use self::queries::{active, load_many, lookup, services_of};
pub use self::vocabulary::{ShipmentStatus, SupplierRejection};
