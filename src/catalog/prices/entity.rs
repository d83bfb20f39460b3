//! The table of what became of prices.

use sea_orm::entity::prelude::*;

use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{PriceChangeId, VariantId};
use crate::kernel::money::{Currency, Money};

/// What made a price change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PriceCause {
    /// Somebody set it.
    ByHand,
    /// An import brought it.
    Import,
    /// A rule made it of a cost.
    Rule,
}

/// One change of a variant's price.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "price_change")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PriceChangeId,
    /// The variant.
    pub variant_id: VariantId,
    /// The currency of both: the store's.
    pub currency: Currency,
    /// The price before, in minor units.
    pub from_price: i64,
    /// The price after, in minor units.
    pub to_price: i64,
    /// What made it change.
    pub cause: PriceCause,
    /// Why it is what it is, for people of the store.
    pub reason: String,
    /// Who did it: an actor's label.
    pub changed_by: String,
    /// When.
    pub changed_at: Timestamp,
}

impl Model {
    /// The price before.
    pub fn before(&self) -> Money {
        Money::from_minor(self.from_price, self.currency)
    }

    /// The price after.
    pub fn after(&self) -> Money {
        Money::from_minor(self.to_price, self.currency)
    }
}

/// Changes have no relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
