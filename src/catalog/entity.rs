//! The tables of the catalogue.

use sea_orm::FromJsonQueryResult;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

/// Whether customers see a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ProductStatus {
    /// Only the store sees it.
    Draft,
    /// Everybody sees it.
    Active,
    /// Taken off the shelf for good; kept because orders refer to it.
    Archived,
}

/// A choice a product offers, such as its size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductOption {
    /// Its name.
    pub name: String,
    /// What can be chosen.
    pub values: Vec<String>,
}

/// The choices a product offers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct ProductOptions(pub Vec<ProductOption>);

/// What a variant is, of one of its product's choices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SelectedOption {
    /// The choice.
    pub name: String,
    /// What was chosen.
    pub value: String,
}

/// What a variant is, of each of its product's choices.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct SelectedOptions(pub Vec<SelectedOption>);

/// A picture of a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    /// Where it is.
    pub url: String,
    /// What it shows, for who cannot see it.
    pub alt: Option<String>,
}

/// The pictures of a product, the featured one first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct MediaList(pub Vec<Media>);

/// Products.
pub mod product {
    use sea_orm::entity::prelude::*;

    use super::{MediaList, ProductOptions, ProductStatus};
    use crate::kernel::clock::Timestamp;
    use crate::kernel::ids::ProductId;
    use crate::kernel::money::Currency;

    /// A product.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "product")]
    pub struct Model {
        /// The id.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: ProductId,
        /// Its name in addresses; unique, and it stays when the title changes.
        pub slug: String,
        /// Its name.
        pub title: String,
        /// Its name as it is sorted.
        pub sort_title: String,
        /// Plain text.
        pub description: String,
        /// Whether customers see it.
        pub status: ProductStatus,
        /// The choices it offers.
        #[sea_orm(column_type = "JsonBinary")]
        pub options: ProductOptions,
        /// Its pictures.
        #[sea_orm(column_type = "JsonBinary")]
        pub media: MediaList,
        /// Where its first picture is.
        pub featured_url: Option<String>,
        /// What its first picture shows.
        pub featured_alt: Option<String>,
        /// The currency of its prices: the store's.
        pub currency: Currency,
        /// The lowest price of an active variant, in minor units.
        pub min_price: i64,
        /// The highest price of an active variant, in minor units.
        pub max_price: i64,
        /// Whether an active variant can be had.
        pub in_stock: bool,
        /// Its name at the place it was imported from.
        pub external_key: Option<String>,
        /// When it was made.
        pub created_at: Timestamp,
        /// When it last changed.
        pub updated_at: Timestamp,
    }

    /// Relations are followed by loaders.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Variants.
pub mod variant {
    use sea_orm::entity::prelude::*;

    use super::SelectedOptions;
    use crate::kernel::clock::Timestamp;
    use crate::kernel::ids::{ProductId, VariantId};
    use crate::kernel::money::Currency;

    /// A variant: the thing that is bought.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "variant")]
    pub struct Model {
        /// The id.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: VariantId,
        /// Its product.
        pub product_id: ProductId,
        /// The store's own name for it.
        pub sku: String,
        /// The SKU without regard to case; unique.
        pub sku_key: String,
        /// Its GTIN, as 14 digits.
        pub gtin: Option<String>,
        /// Its maker's name for it.
        pub mpn: Option<String>,
        /// The maker's name for it as it is looked for.
        pub mpn_key: Option<String>,
        /// Its maker.
        pub brand: Option<String>,
        /// What tells it from its siblings.
        pub title: String,
        /// What it is, of each of the product's choices.
        #[sea_orm(column_type = "JsonBinary")]
        pub selected_options: SelectedOptions,
        /// The currency of its prices: the store's.
        pub currency: Currency,
        /// The price, in minor units.
        pub price: i64,
        /// The price it is compared with, in minor units.
        pub compare_at: Option<i64>,
        /// Whether it is for sale.
        pub active: bool,
        /// Whether it can be had; inventory says so.
        pub in_stock: bool,
        /// Whether the store was told that only few can be had.
        pub low_stock: bool,
        /// Its place among its siblings.
        pub position: i32,
        /// When it was made.
        pub created_at: Timestamp,
        /// When it last changed.
        pub updated_at: Timestamp,
    }

    /// Relations are followed by loaders.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Collections.
pub mod collection {
    use sea_orm::entity::prelude::*;

    use crate::kernel::clock::Timestamp;
    use crate::kernel::ids::CollectionId;

    /// A collection of products.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "collection")]
    pub struct Model {
        /// The id.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: CollectionId,
        /// Its name in addresses; unique.
        pub slug: String,
        /// Its name.
        pub title: String,
        /// Its name as it is sorted.
        pub sort_title: String,
        /// Plain text.
        pub description: String,
        /// When it was made.
        pub created_at: Timestamp,
        /// When it last changed.
        pub updated_at: Timestamp,
    }

    /// Relations are followed by loaders.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Which product is in which collection.
pub mod collection_product {
    use sea_orm::entity::prelude::*;

    use crate::kernel::ids::{CollectionId, ProductId};

    /// A product in a collection.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "collection_product")]
    pub struct Model {
        /// The collection.
        #[sea_orm(primary_key, auto_increment = false)]
        pub collection_id: CollectionId,
        /// The product.
        #[sea_orm(primary_key, auto_increment = false)]
        pub product_id: ProductId,
    }

    /// Relations are followed by loaders.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
