//! The shop's settings: name, currency, countries and their taxes, sender, capture moment.
//!
//! There is one store and so one row. The owner changes it; everybody reads it, most of all the
//! checkout, which sells only to the countries named here. The currency is free to change until the
//! first price or order exists ([`use_currency`]) and never after.

mod entity;
mod settings;
mod update;

pub mod graphql;

pub use self::entity::CaptureMoment;
pub use self::settings::{CountryTax, Settings, cached, lock, settings, use_currency};
pub use self::update::{NewCountryTax, SettingsChange, StoreErrorCode, update};
