//! Products, variants, collections, media and their search.
//!
//! The owner makes and changes them, imports do so by the thousand, and customers browse those that
//! are `ACTIVE`. A product's price range and stock are facets of its variants, kept on its row so
//! that no filter or sort has to look at the variants.
//!
//! Invariants: a SKU is unique in the store without regard to case; every price is in the store's
//! currency; a slug never changes by itself; nothing an order may refer to is deleted.

mod entity;
mod error;
mod facets;
mod products;
mod queries;
mod search;
mod snapshot;
mod state;
mod text;
mod validate;

pub use self::entity::{
    Media, MediaList, ProductOption, ProductOptions, ProductStatus, SelectedOption, SelectedOptions, collection,
    product, variant,
};
pub use self::error::CatalogErrorCode;
pub use self::facets::record_availability;
pub use self::products::{CreatedProduct, NewProduct, NewVariant, create_product, create_products, set_price};
pub use self::queries::*;
pub use self::snapshot::{VariantSnapshot, snapshots};
pub use self::validate::{MAX_DESCRIPTION, MAX_SKU, MAX_TITLE, is_public_https};
