//! The tables of inventory.

pub mod acceptance;
pub mod commitment;
pub mod ledger;
pub mod offer;
pub mod report;
pub mod report_part;
pub mod reservation;
