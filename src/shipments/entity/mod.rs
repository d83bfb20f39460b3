//! The tables of shipments.

pub mod event;
pub mod line;
pub mod shipment;
