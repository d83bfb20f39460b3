//! The tables of accounts, sessions and tokens.

pub mod account_action;
pub mod api_token;
pub mod audit_entry;
pub mod customer;
pub mod customer_address;
pub mod external_identity;
pub mod order_link;
pub mod recovery_code;
pub mod refresh_token;
pub mod registration;
pub mod role;
pub mod session;
pub mod sign_in_throttle;
pub mod staff;
pub mod staff_invitation;
