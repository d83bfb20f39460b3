//! The rows that are shown.

use sea_orm::FromQueryResult;

use crate::catalog::entity::{MediaList, ProductOptions, ProductStatus};
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{ProductId, VariantId};
use crate::kernel::money::{Currency, Money};

/// How much of the catalogue somebody sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sight {
    /// What is for sale.
    Published,
    /// Everything.
    Everything,
}

/// What lists show of a product.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct ProductRow {
    /// The id.
    pub id: ProductId,
    /// Its name in addresses.
    pub slug: String,
    /// Its name.
    pub title: String,
    /// Whether customers see it.
    pub status: ProductStatus,
    /// Where its first picture is.
    pub featured_url: Option<String>,
    /// What its first picture shows.
    pub featured_alt: Option<String>,
    /// The currency of its prices.
    pub currency: Currency,
    /// The lowest price of an active variant, in minor units.
    pub min_price: i64,
    /// The highest price of an active variant, in minor units.
    pub max_price: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// The columns of [`ProductRow`], of a table called `p`.
pub(super) const PRODUCT_COLUMNS: &str = "p.id, p.slug, p.title, p.status, p.featured_url, p.featured_alt, \
    p.currency, p.min_price, p.max_price, p.created_at, p.updated_at";

/// What a product's own page shows beside its row.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct ProductDetails {
    /// The product.
    pub id: ProductId,
    /// Plain text.
    pub description: String,
    /// The choices it offers.
    pub options: ProductOptions,
    /// Its pictures.
    pub media: MediaList,
}

/// What is shown of a variant.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct VariantRow {
    /// The id.
    pub id: VariantId,
    /// Its product.
    pub product_id: ProductId,
    /// The store's own name for it.
    pub sku: String,
    /// What tells it from its siblings.
    pub title: String,
    /// The currency of its prices.
    pub currency: Currency,
    /// The price, in minor units.
    pub price: i64,
    /// The price it is compared with, in minor units.
    pub compare_at: Option<i64>,
    /// Whether it is for sale.
    pub active: bool,
    /// Its place among its siblings.
    pub position: i32,
    /// Its GTIN, as 14 digits.
    pub gtin: Option<String>,
    /// Its maker's name for it.
    pub mpn: Option<String>,
    /// Its maker.
    pub brand: Option<String>,
}

/// The columns of [`VariantRow`], of a table called `v`.
pub(super) const VARIANT_COLUMNS: &str = "v.id, v.product_id, v.sku, v.title, v.currency, v.price, v.compare_at, v.active, v.position, v.gtin, v.mpn, v.brand";

impl ProductRow {
    /// Whether somebody with this sight sees it.
    pub fn visible(&self, sight: Sight) -> bool {
        sight == Sight::Everything || self.status == ProductStatus::Active
    }
}

impl VariantRow {
    /// The price.
    pub fn price(&self) -> Money {
        Money::from_minor(self.price, self.currency)
    }

    /// The price it is compared with.
    pub fn compare_at(&self) -> Option<Money> {
        self.compare_at.map(|minor| Money::from_minor(minor, self.currency))
    }
}
