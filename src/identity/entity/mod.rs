//! The tables of accounts, sessions and tokens.

pub mod api_token;
pub mod customer;
