//! Products, variants, collections, media and their search.
//!
//! The owner makes and changes them, imports do so by the thousand, and customers browse those that
//! are `ACTIVE`. A product's price range and stock are facets of its variants, kept on its row so
//! that no filter or sort has to look at the variants.
//!
//! Invariants: a SKU is unique in the store without regard to case; every price is in the store's
//! currency and none changes without an entry in its history; a slug never changes by itself; nothing an order may refer to is deleted.

mod collections;
mod entity;
mod error;
mod facets;
mod prices;
mod products;
mod queries;
mod search;
mod snapshot;
mod state;
mod text;
mod update;
mod validate;
mod variants;

pub mod graphql;

pub use self::collections::{
    CollectionChange, NewCollection, collection_create, collection_products_add, collection_products_set,
    collection_update, file_under,
};
pub use self::entity::{
    Media, MediaList, ProductOption, ProductOptions, ProductStatus, SelectedOption, SelectedOptions, collection,
    product, variant,
};
pub use self::error::{CatalogError, CatalogErrorCode};
pub use self::facets::{record_availability, record_low_stock};
pub use self::prices::{PriceCause, PriceChange, Repricing, last_repriced, lock_variants, price_history, reprice};
pub use self::products::{CreatedProduct, Identity, NewProduct, NewVariant, create_product, create_products};
pub use self::queries::*;
pub use self::snapshot::{VariantSnapshot, snapshots};
pub use self::update::{
    ProductChange, lock_products, product_create, product_set_status, product_update, update_products,
};
pub use self::validate::{MAX_DESCRIPTION, MAX_IDENTITY, MAX_PRICE, MAX_SKU, MAX_TITLE, MAX_VARIANTS, is_public_https};
pub use self::variants::{
    VariantChange, WantedVariant, add_variants, product_variants_set, update_variants, variant_update,
};

use crate::kernel::problem::Fault;

/// Runs a statement that answers nothing.
async fn execute(conn: &impl sea_orm::ConnectionTrait, sql: &str, values: Vec<sea_orm::Value>) -> Result<(), Fault> {
    let statement = sea_orm::Statement::from_sql_and_values(conn.get_database_backend(), sql, values);
    conn.execute_raw(statement).await?;
    Ok(())
}
