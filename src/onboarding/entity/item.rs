//! The table of suppliers' goods, as the suppliers show them.

use sea_orm::FromJsonQueryResult;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::catalog::SelectedOptions;
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{SupplierId, SupplierItemId, VariantId};
use crate::kernel::money::{Money, MoneyError};
use crate::onboarding::matching::Reason;

/// What the store has made of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ItemState {
    /// Nothing, and no variant seems to be it.
    Unmapped,
    /// Nothing yet; variants may be it.
    Suggested,
    /// An offer of a variant.
    Mapped,
    /// Nothing, as the owner said.
    Ignored,
}

/// A variant that may be what an item is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggestion {
    /// The variant.
    pub variant_id: VariantId,
    /// How likely it is, from 1 to 100.
    pub score: i32,
    /// What speaks for and against it.
    pub reasons: Vec<Reason>,
}

/// The variants that may be what an item is, the likeliest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct Suggestions(pub Vec<Suggestion>);

/// One item.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "supplier_item")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SupplierItemId,
    /// Whose it is.
    pub supplier_id: SupplierId,
    /// The supplier's name for it; one of a kind for a supplier.
    pub supplier_sku: String,
    /// What it shares with the other variants of its product.
    pub product_key: Option<String>,
    /// Its product's name; empty if the supplier tells none.
    pub title: String,
    /// Its maker.
    pub brand: Option<String>,
    /// Its GTIN, as 14 digits; none if the one that is told has a wrong check digit.
    pub gtin: Option<String>,
    /// Its GTIN as the supplier writes it.
    pub gtin_told: Option<String>,
    /// Its maker's name for it.
    pub mpn: Option<String>,
    /// What one costs, in minor units of the supplier's currency.
    pub cost_minor: Option<i64>,
    /// The supplier's currency.
    pub cost_currency: String,
    /// What the supplier says of its stock, in its words.
    pub stock: Option<String>,
    /// Where a picture of it is.
    pub image_url: Option<String>,
    /// What tells it from the other variants of its product.
    #[sea_orm(column_type = "JsonBinary")]
    pub options: SelectedOptions,
    /// What the store has made of it.
    pub state: ItemState,
    /// The variant it is an offer of.
    pub variant_id: Option<VariantId>,
    /// What it may be, by the last fetch.
    #[sea_orm(column_type = "JsonBinary")]
    pub suggestions: Suggestions,
    /// When it was seen first.
    pub first_seen_at: Timestamp,
    /// When it was seen last.
    pub seen_at: Timestamp,
    /// When what is said of it last changed, or what the store made of it.
    pub updated_at: Timestamp,
}

impl Model {
    /// What one costs, if the supplier says.
    pub fn cost(&self) -> Result<Option<Money>, MoneyError> {
        let currency = self.cost_currency.parse()?;
        Ok(self.cost_minor.map(|minor| Money::from_minor(minor, currency)))
    }

    /// Whether fetches may suggest variants for it.
    pub fn is_open(&self) -> bool {
        matches!(self.state, ItemState::Unmapped | ItemState::Suggested)
    }
}

/// Items have no relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
