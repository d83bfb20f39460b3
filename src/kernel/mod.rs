//! The vocabulary every other room is written in: ids, money, time, places, pages.
//!
//! Nothing here reads a clock, draws a random number or touches the network by itself; the two
//! sources of indeterminism ([`clock::Clock`] and [`ids::IdSource`]) are handed in by the caller,
//! so that a test can decide them.

pub mod address;
pub mod clock;
pub mod country;
pub mod email;
pub mod event;
pub mod gtin;
pub mod ids;
pub mod money;
pub mod page;
mod postal;
pub mod problem;
mod trouble;
