//! The tables: attempts, movements, refunds.

pub mod attempt;
pub mod refund;
pub mod refund_line;
pub mod transaction;
