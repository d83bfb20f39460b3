//! The tables of the settings.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

/// When the customer's money is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CaptureMoment {
    /// Once the suppliers accepted, so that nobody pays for what cannot be had.
    OnAcceptance,
    /// With the order.
    OnPlacement,
}

/// The one row of settings.
pub mod store {
    use sea_orm::entity::prelude::*;

    use super::CaptureMoment;
    use crate::kernel::money::Currency;

    /// The settings as they are kept.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "store")]
    pub struct Model {
        /// Always 1.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        /// The name customers see.
        pub name: String,
        /// The currency of every price.
        pub currency: Currency,
        /// Whether a price or an order exists, so that the currency may not change any more.
        pub currency_in_use: bool,
        /// When money is taken.
        pub capture: CaptureMoment,
        /// The address mails come from, if it is not the operator's.
        pub sender: Option<String>,
        /// From how few units on a variant is scarce; 0: never.
        pub low_stock_at: i32,
    }

    /// The settings have no relations.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The countries the store sells to.
pub mod country {
    use sea_orm::entity::prelude::*;

    use crate::kernel::country::CountryCode;

    /// One country and its tax.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "store_country")]
    pub struct Model {
        /// Its place in the list.
        #[sea_orm(primary_key, auto_increment = false)]
        pub position: i32,
        /// The country.
        pub country: CountryCode,
        /// The tax rate in millionths (190,000 is 19%).
        pub rate_millionths: i64,
        /// Whether prices hold the tax already.
        pub inclusive: bool,
    }

    /// Countries have no relations.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
