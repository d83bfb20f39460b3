//! A postal address and what a country asks of one.

use serde::{Deserialize, Serialize};

use super::country::CountryCode;

/// Where something is sent, or billed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, sea_orm::FromJsonQueryResult)]
#[serde(rename_all = "camelCase")]
pub struct Address {
    /// The person.
    pub name: String,
    /// The company, if any.
    pub company: Option<String>,
    /// Street and number.
    pub address1: String,
    /// Apartment, floor.
    pub address2: Option<String>,
    /// City or town.
    pub city: String,
    /// State or province, where the country has them.
    pub region: Option<String>,
    /// Postal code, where the country has them.
    pub postal_code: Option<String>,
    /// The country.
    pub country_code: CountryCode,
    /// A telephone number for the carrier.
    pub phone: Option<String>,
}
