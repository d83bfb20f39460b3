//! The tables of suppliers.

pub mod fetch;
pub mod left_out;
pub mod service;
pub mod session;
pub mod supplier;
