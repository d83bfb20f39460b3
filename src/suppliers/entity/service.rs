//! The table of shipping services.

use sea_orm::FromJsonQueryResult;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::kernel::country::CountryCode;
use crate::kernel::ids::{ShippingServiceId, SupplierId};
use crate::kernel::money::{Money, MoneyError};

/// A list of countries in a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct Countries(pub Vec<CountryCode>);

/// One way a supplier sends parcels, and what it asks for it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "shipping_service")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ShippingServiceId,
    /// Whose service it is.
    pub supplier_id: SupplierId,
    /// The supplier's name for it; one of a kind for a supplier.
    pub code: String,
    /// The name customers see.
    pub name: String,
    /// Where it goes.
    #[sea_orm(column_type = "JsonBinary")]
    pub countries: Countries,
    /// The price of a parcel, in minor units.
    pub price_minor: i64,
    /// What each item adds to it, in minor units.
    pub price_per_item_minor: i64,
    /// The currency of both prices.
    pub currency: String,
    /// The fewest days on the way.
    pub min_days: i32,
    /// The most days on the way.
    pub max_days: i32,
    /// The share of the goods' cost that customs take on this way, in millionths.
    pub duty: i64,
}

impl Model {
    /// The price of a parcel, without its items' share.
    pub fn price(&self) -> Result<Money, MoneyError> {
        Ok(Money::from_minor(self.price_minor, self.currency.parse()?))
    }

    /// What each item adds.
    pub fn price_per_item(&self) -> Result<Money, MoneyError> {
        Ok(Money::from_minor(self.price_per_item_minor, self.currency.parse()?))
    }

    /// What a parcel of `items` items costs.
    pub fn price_for(&self, items: i64) -> Result<Money, MoneyError> {
        self.price()?.add(self.price_per_item()?.times(items)?)
    }

    /// Whether it goes to `country`.
    pub fn reaches(&self, country: CountryCode) -> bool {
        self.countries.0.contains(&country)
    }
}

/// Services have no relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
