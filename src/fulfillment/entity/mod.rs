//! The tables of supplier orders.

pub mod decision;
pub mod line;
pub mod request;
pub mod supplier_order;
pub mod transition;
