//! The tables of suppliers.

pub mod service;
pub mod supplier;
