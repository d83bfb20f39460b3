//! Reading the catalogue: lean rows, in as few statements as a page needs.
//!
//! What only a product's own page shows (its description, all its pictures, its options) is read
//! apart, so that lists do not carry it.

mod bulk;
mod collections;
mod count;
mod list;
mod load;
mod matching;
mod rows;
mod walk;

pub use self::bulk::{Imported, products_by_external_keys, sku_key, variants_by_skus, whole_products};
pub use self::collections::{
    collection_by_slug, collections_by_ids, collections_of, collections_of_variants, list_collections,
};
pub use self::count::count_products;
pub(super) use self::list::bind_ids;
pub use self::list::{ListProducts, ProductFilter, ProductSort, list_products};
pub use self::load::{
    details_of, options_of, product_by_slug, products_by_ids, variant_by_sku, variants_by_ids, variants_of,
};
pub use self::matching::{
    KnownVariant, Names, plain_key, products_with_words, spaceless_sku, variants_for_matching, variants_known_as, words,
};
pub use self::rows::{ProductDetails, ProductRow, Sight, VariantRow};
pub use self::walk::{VariantsIn, count_variants, memberships, variant_ids};
