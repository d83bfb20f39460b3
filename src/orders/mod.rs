//! The order, its lines and facts, its derived states, its timeline.
//!
//! An order is written once, by [`place`], in the transaction that records its payment. After that
//! only facts are added: higher rooms tell what happened to units ([`record`]), payments tell what
//! happened to money ([`SyncMoney`]), and three statuses are derived from both. Nothing here knows
//! suppliers or carriers.

pub mod entity;
mod facts;
mod place;
mod queries;
pub mod state;

pub use self::entity::{line, order};
pub use self::facts::{LineFact, SyncMoney, lock, record};
pub use self::place::{Placed, PlacedLine, Placement, place};
pub use self::queries::{lines_of, load_many, lookup, lookup_by_token, tracking_token};
