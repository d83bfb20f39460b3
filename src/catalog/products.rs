//! Making products.

use super::entity::{Media, ProductStatus, SelectedOption};
use super::error::CatalogError;
use crate::kernel::ids::{ProductId, VariantId};
use crate::kernel::money::Money;
use crate::platform::tx::Tx;

/// A product about to be made.
#[derive(Debug, Clone)]
pub struct NewProduct {
    /// Its name.
    pub title: String,
    /// Its name in addresses; made from the title if there is none.
    pub slug: Option<String>,
    /// Plain text.
    pub description: String,
    /// Whether customers see it.
    pub status: ProductStatus,
    /// Its pictures, the featured one first.
    pub media: Vec<Media>,
    /// Its variants; the choices it offers are gathered from them.
    pub variants: Vec<NewVariant>,
    /// Its name at the place it is imported from.
    pub external_key: Option<String>,
}

/// A variant about to be made.
#[derive(Debug, Clone)]
pub struct NewVariant {
    /// The store's own name for it.
    pub sku: String,
    /// What tells it from its siblings; made from the options if there is none.
    pub title: Option<String>,
    /// What it is, of each of the product's choices.
    pub options: Vec<SelectedOption>,
    /// The price, in the store's currency.
    pub price: Money,
    /// The price it is compared with.
    pub compare_at: Option<Money>,
}

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatedProduct {
    /// The product.
    pub id: ProductId,
    /// Its variants, in the order they were given.
    pub variants: Vec<VariantId>,
}

/// Makes a product and its variants.
pub async fn create_product(_tx: &Tx, _product: NewProduct) -> Result<CreatedProduct, CatalogError> {
    todo!()
}

/// Makes products by the hundred, in a few statements.
pub async fn create_products(_tx: &Tx, _products: Vec<NewProduct>) -> Result<Vec<CreatedProduct>, CatalogError> {
    todo!()
}

/// Changes a variant's price.
pub async fn set_price(
    _tx: &Tx,
    _variant: VariantId,
    _price: Money,
    _compare_at: Option<Money>,
) -> Result<(), CatalogError> {
    todo!()
}
