//! Suppliers: who holds the goods, what they charge to send them, and how the store talks to them.
//!
//! The owner keeps the records; an adapter speaks each supplier's own protocol and turns it into the
//! neutral words of [`adapter`]. Nothing above this room knows which protocol a supplier uses.

pub mod adapter;
mod check;
mod entity;
mod error;
pub mod fetches;
pub mod graphql;
mod health;
mod live;
mod manage;
mod queries;
mod register;
mod reliability;
mod services;
mod sessions;
mod settings;
mod trial;
mod vocabulary;

pub use self::adapter::adapter_for;
pub use self::check::{Checked, check};
pub use self::entity::{fetch, left_out, service, supplier};
pub use self::error::SupplierErrorCode;
pub use self::health::{Health, enter, note_error, note_success};
pub use self::live::any_live;
pub use self::manage::{NewSupplier, RoutingTerms, StockTerms, SupplierChange, create, update};
pub use self::queries::{
    active, count, find, forget_stock_tag, list, load_many, lookup, remember_stock_tag, services_of, stock_tag,
};
pub use self::register::{RegisterWebhooks, after_changed, webhook_url};
pub use self::reliability::{Reliability, note_reliability};
pub use self::services::{ServiceChange, set_service};
pub use self::sessions::reseal as reseal_sessions;
pub use self::settings::reseal;
pub use self::trial::{Trial, TrialOrder, TrialStep, try_order};
pub use self::vocabulary::{ShipmentStatus, SupplierRejection};
