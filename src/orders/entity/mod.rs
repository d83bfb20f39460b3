//! The tables of orders.

pub mod counter;
pub mod line;
pub mod order;
pub mod supplier;
