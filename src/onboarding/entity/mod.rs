//! The tables of suppliers' goods.

pub mod fetch;
pub mod item;
pub mod left_out;
pub mod word;
