//! The table of price rules.

use rust_decimal::Decimal;
use sea_orm::entity::prelude::*;

use super::compute::{Profit, Rounding, Terms};
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{CollectionId, PriceRuleId, ProductId, SupplierId};
use crate::kernel::money::{Currency, Money};

/// What a rule is for, or whose prices are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Scope {
    /// The whole store.
    Store,
    /// What is bought from a supplier.
    Supplier(SupplierId),
    /// The products of a collection.
    Collection(CollectionId),
    /// A product.
    Product(ProductId),
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "price_rule")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PriceRuleId,
    /// The supplier it is for; of the three at most one is there.
    pub supplier_id: Option<SupplierId>,
    /// The collection it is for.
    pub collection_id: Option<CollectionId>,
    /// The product it is for.
    pub product_id: Option<ProductId>,
    /// Smaller is preferred among rules that are as specific.
    pub priority: i32,
    /// The markup, in millionths of the cost.
    pub markup_millionths: Option<i64>,
    /// Or the margin, in millionths of the price.
    pub margin_millionths: Option<i64>,
    /// The currency of its amounts: the store's.
    pub currency: Currency,
    /// What each unit costs besides, in minor units.
    pub fixed_fee: i64,
    /// The share of the price that others take, in millionths.
    pub fee_millionths: i64,
    /// How far prices of the wanted form lie apart, in minor units.
    pub rounding_step: Option<i64>,
    /// What they are more than a multiple of that, in minor units.
    pub rounding_ending: Option<i64>,
    /// The smallest margin, in millionths of the price.
    pub min_margin_millionths: i64,
    /// The lowest price, in minor units.
    pub min_price: Option<i64>,
    /// The highest price, in minor units.
    pub max_price: Option<i64>,
    /// The largest change at once, in millionths of the present price.
    pub max_change_millionths: Option<i64>,
    /// Whether prices follow costs and rates by themselves.
    pub automatic: bool,
    /// Whether it is used.
    pub active: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was deleted: it is not used, and nobody sees it any more.
    pub deleted_at: Option<Timestamp>,
}

impl Model {
    /// What it is for.
    pub fn scope(&self) -> Scope {
        match (self.product_id, self.collection_id, self.supplier_id) {
            (Some(id), ..) => Scope::Product(id),
            (None, Some(id), _) => Scope::Collection(id),
            (None, None, Some(id)) => Scope::Supplier(id),
            (None, None, None) => Scope::Store,
        }
    }

    /// What it says of a price.
    pub fn terms(&self) -> Terms {
        let share = |millionths| Decimal::new(millionths, 6);
        let profit = match (self.margin_millionths, self.markup_millionths) {
            (Some(margin), _) => Profit::Margin(share(margin)),
            (None, markup) => Profit::Markup(share(markup.unwrap_or_default())),
        };
        let rounding = self.rounding_step.zip(self.rounding_ending);
        Terms {
            profit,
            fixed_fee: self.fixed_fee,
            fees: share(self.fee_millionths),
            rounding: rounding.map(|(step, ending)| Rounding { step, ending }),
            min_margin: share(self.min_margin_millionths),
            min_price: self.min_price,
            max_price: self.max_price,
            max_change: self.max_change_millionths.map(share),
        }
    }

    /// An amount in its currency.
    pub fn money(&self, minor: i64) -> Money {
        Money::from_minor(minor, self.currency)
    }
}

/// Rules have no relations outside this room.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
