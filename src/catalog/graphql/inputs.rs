//! What clients say about the catalogue.

use async_graphql::{Enum, InputObject};
use rust_decimal::prelude::ToPrimitive;

use super::product::ProductStatus;
use super::sees_drafts;
use crate::catalog::{
    self, CatalogError, CatalogErrorCode, Identity, Media, NewCollection, NewProduct, NewVariant, WantedVariant,
};
use crate::graph::GlobalId;
use crate::graph::scalars::{Decimal, MoneyInput};
use crate::kernel::gtin::{self, Gtin};
use crate::kernel::ids::{ProductId, VariantId};
use crate::kernel::money::{Currency, Money};
use crate::kernel::problem::{Fault, Problem};

/// The order of a list of products; ties are broken by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "catalog::ProductSort")]
pub enum ProductSort {
    /// The best match of the search first; without a search, the newest.
    Relevance,
    /// The newest first.
    Newest,
    /// By the lowest price of their variants, upward.
    PriceAsc,
    /// By the lowest price of their variants, downward.
    PriceDesc,
    /// By title, without regard to case and accents.
    Name,
}

/// Which products are wanted: those that all of these are true of.
#[derive(Debug, Clone, Default, InputObject)]
#[graphql(name = "ProductFilter")]
pub struct ProductFilterInput {
    /// Of the collection with this slug; of one that does not exist there are none.
    pub collection: Option<String>,
    /// That can be had now (or cannot).
    pub in_stock: Option<bool>,
    /// Whose lowest price is at least this, in the store's currency.
    pub min_price: Option<Decimal>,
    /// Whose lowest price is at most this, in the store's currency.
    pub max_price: Option<Decimal>,
    /// With these ids, at most 250.
    #[graphql(validator(max_items = 250))]
    pub ids: Option<Vec<GlobalId<ProductId>>>,
    /// With this status. For the owner and staff; others only get products they see.
    #[graphql(visible = "sees_drafts")]
    pub status: Option<ProductStatus>,
}

impl ProductFilterInput {
    /// The filter, with prices in minor units of `currency`.
    pub(super) fn read(self, currency: Currency) -> Result<catalog::ProductFilter, Fault> {
        let scale = Decimal::from(10_i64.pow(currency.decimals()));
        let minor = |amount: Decimal, name: &str| {
            let exact = amount.checked_mul(scale);
            exact.ok_or_else(|| Fault::BadInput(format!("{name} is beyond reason")))
        };
        let fit = |minor: Decimal| minor.to_i64().unwrap_or(if minor.is_sign_negative() { 0 } else { i64::MAX });
        // A bound between two cents moves inward.
        let min = self.min_price.map(|it| minor(it, "minPrice")).transpose()?.map(|it| fit(it.ceil()));
        let max = self.max_price.map(|it| minor(it, "maxPrice")).transpose()?.map(|it| fit(it.floor()));
        Ok(catalog::ProductFilter {
            collection: self.collection,
            in_stock: self.in_stock,
            min_price: min,
            max_price: max,
            ids: self.ids.map(|ids| ids.into_iter().map(|id| id.0).collect()),
            status: self.status.map(Into::into),
        })
    }
}

/// A picture.
#[derive(Debug, Clone, InputObject)]
pub struct MediaInput {
    /// Where it is: an https address of at most 2,048 characters.
    url: String,
    /// What it shows, for who cannot see it: at most 255 characters.
    alt_text: Option<String>,
}

/// What a variant is, of one of its product's choices.
#[derive(Debug, Clone, InputObject)]
pub struct SelectedOptionInput {
    /// The choice: at most 50 characters.
    name: String,
    /// What was chosen: at most 100 characters.
    value: String,
}

/// A variant as it is to be.
#[derive(Debug, Clone, InputObject)]
pub struct ProductVariantInput {
    /// The variant that is meant; left out for a new one.
    id: Option<GlobalId<VariantId>>,
    /// The store's own name for it: 1 to 100 characters, unique without regard to case. It stays.
    sku: String,
    /// What tells it from its siblings; made from the options if it is left out.
    title: Option<String>,
    /// What it is, of each of its product's choices: at most three.
    #[graphql(default, validator(max_items = 3))]
    options: Vec<SelectedOptionInput>,
    /// The price, in the store's currency.
    price: MoneyInput,
    /// The price it is compared with.
    compare_at_price: Option<MoneyInput>,
    /// Its GTIN (GTIN-8, UPC, EAN or GTIN-14); one that is there stays if it is left out.
    gtin: Option<String>,
    /// Its maker's name for it: at most 100 characters; one that is there stays if it is left out.
    mpn: Option<String>,
    /// Its maker: at most 100 characters; one that is there stays if it is left out.
    brand: Option<String>,
}

/// A product about to be made.
#[derive(Debug, Clone, InputObject)]
pub struct ProductCreateInput {
    /// Its name: 1 to 255 characters.
    title: String,
    /// Its name in addresses (a–z, 0–9, -); made from the title if it is left out.
    slug: Option<String>,
    /// Its description: plain text of at most 20,000 characters.
    #[graphql(default)]
    description: String,
    /// Whether customers see it at once.
    #[graphql(default)]
    publish: bool,
    /// Its pictures, the featured one first: at most 50.
    #[graphql(default, validator(max_items = 50))]
    media: Vec<MediaInput>,
    /// Its variants: 1 to 100.
    #[graphql(validator(max_items = 100))]
    variants: Vec<ProductVariantInput>,
}

/// What is to change of a product; what is left out stays.
#[derive(Debug, Clone, InputObject)]
pub struct ProductUpdateInput {
    /// Its name: 1 to 255 characters.
    title: Option<String>,
    /// Its name in addresses (a–z, 0–9, -).
    slug: Option<String>,
    /// Its description: plain text of at most 20,000 characters.
    description: Option<String>,
    /// Its pictures, the featured one first: all of them, at most 50.
    #[graphql(validator(max_items = 50))]
    media: Option<Vec<MediaInput>>,
}

/// The variants of a product as they are to be.
#[derive(Debug, Clone, InputObject)]
pub struct ProductVariantsSetInput {
    /// All its variants, in their order: 1 to 100. Those left out are not for sale any more.
    #[graphql(validator(max_items = 100))]
    variants: Vec<ProductVariantInput>,
}

/// What is to change of a variant; what is left out stays.
#[derive(Debug, Clone, InputObject)]
pub struct VariantUpdateInput {
    /// What tells it from its siblings.
    title: Option<String>,
    /// What it is, of each of its product's choices: at most three.
    #[graphql(validator(max_items = 3))]
    options: Option<Vec<SelectedOptionInput>>,
    /// The price, in the store's currency.
    price: Option<MoneyInput>,
    /// The price it is compared with; null takes it away.
    compare_at_price: async_graphql::MaybeUndefined<MoneyInput>,
    /// Whether it is for sale.
    active: Option<bool>,
    /// Its GTIN (GTIN-8, UPC, EAN or GTIN-14); null takes it away.
    gtin: async_graphql::MaybeUndefined<String>,
    /// Its maker's name for it: at most 100 characters; null takes it away.
    mpn: async_graphql::MaybeUndefined<String>,
    /// Its maker: at most 100 characters; null takes it away.
    brand: async_graphql::MaybeUndefined<String>,
}

/// A collection about to be made.
#[derive(Debug, Clone, InputObject)]
pub struct CollectionCreateInput {
    /// Its name: 1 to 255 characters.
    title: String,
    /// Its name in addresses (a–z, 0–9, -); made from the title if it is left out.
    slug: Option<String>,
    /// Its description: plain text of at most 20,000 characters.
    #[graphql(default)]
    description: String,
}

/// What is to change of a collection; what is left out stays.
#[derive(Debug, Clone, InputObject)]
pub struct CollectionUpdateInput {
    /// Its name: 1 to 255 characters.
    title: Option<String>,
    /// Its name in addresses (a–z, 0–9, -).
    slug: Option<String>,
    /// Its description: plain text of at most 20,000 characters.
    description: Option<String>,
}

/// Products for a collection.
#[derive(Debug, Clone, InputObject)]
pub struct CollectionProductsInput {
    /// The products: at most 250.
    #[graphql(validator(max_items = 250))]
    pub(super) product_ids: Vec<GlobalId<ProductId>>,
}

fn media(media: Vec<MediaInput>) -> Vec<Media> {
    media.into_iter().map(|it| Media { url: it.url, alt: it.alt_text }).collect()
}

fn options(options: Vec<SelectedOptionInput>) -> Vec<catalog::SelectedOption> {
    options.into_iter().map(|it| catalog::SelectedOption { name: it.name, value: it.value }).collect()
}

fn money(input: MoneyInput, at: &str) -> Result<Money, CatalogError> {
    input.money().map_err(|error| Problem::at(CatalogErrorCode::Invalid, at, error.to_string()).into())
}

fn gtin(text: &str, at: &str) -> Result<Gtin, CatalogError> {
    Gtin::parse(text).ok_or_else(|| Problem::at(CatalogErrorCode::Invalid, at, gtin::RULE).into())
}

fn trimmed(text: String) -> String {
    text.trim().to_owned()
}

impl ProductVariantInput {
    fn read(self, index: usize) -> Result<WantedVariant, CatalogError> {
        let at = |field: &str| format!("variants.{index}.{field}");
        let compare_at = self.compare_at_price.map(|it| money(it, &at("compareAtPrice"))).transpose()?;
        let variant = NewVariant {
            price: money(self.price, &at("price"))?,
            sku: self.sku,
            title: self.title,
            options: options(self.options),
            compare_at,
            identity: Identity {
                gtin: self.gtin.map(|it| gtin(&it, &at("gtin"))).transpose()?,
                mpn: self.mpn.map(trimmed),
                brand: self.brand.map(trimmed),
            },
        };
        Ok(WantedVariant { id: self.id.map(|id| id.0), variant })
    }
}

fn variants(variants: Vec<ProductVariantInput>) -> Result<Vec<WantedVariant>, CatalogError> {
    variants.into_iter().enumerate().map(|(index, it)| it.read(index)).collect()
}

impl ProductCreateInput {
    /// The product it describes.
    pub(super) fn read(self) -> Result<NewProduct, CatalogError> {
        if let Some(index) = self.variants.iter().position(|it| it.id.is_some()) {
            let at = format!("variants.{index}.id");
            return Err(CatalogError::refused(CatalogErrorCode::Invalid, &at, "a new product has new variants"));
        }
        Ok(NewProduct {
            title: self.title,
            slug: self.slug,
            description: self.description,
            status: if self.publish { catalog::ProductStatus::Active } else { catalog::ProductStatus::Draft },
            media: media(self.media),
            variants: variants(self.variants)?.into_iter().map(|it| it.variant).collect(),
            external_key: None,
        })
    }
}

impl ProductVariantsSetInput {
    /// The variants it describes.
    pub(super) fn read(self) -> Result<Vec<WantedVariant>, CatalogError> {
        variants(self.variants)
    }
}

/// Left out: stays; null: is taken away.
fn change<T>(input: async_graphql::MaybeUndefined<T>) -> Option<Option<T>> {
    match input {
        async_graphql::MaybeUndefined::Undefined => None,
        async_graphql::MaybeUndefined::Null => Some(None),
        async_graphql::MaybeUndefined::Value(it) => Some(Some(it)),
    }
}

impl From<ProductUpdateInput> for catalog::ProductChange {
    fn from(input: ProductUpdateInput) -> Self {
        Self { title: input.title, slug: input.slug, description: input.description, media: input.media.map(media) }
    }
}

impl VariantUpdateInput {
    /// The change it describes.
    pub(super) fn read(self) -> Result<catalog::VariantChange, CatalogError> {
        Ok(catalog::VariantChange {
            title: self.title,
            options: self.options.map(options),
            price: self.price.map(|it| money(it, "price")).transpose()?,
            compare_at: change(self.compare_at_price)
                .map(|it| it.map(|it| money(it, "compareAtPrice")).transpose())
                .transpose()?,
            active: self.active,
            gtin: change(self.gtin).map(|it| it.map(|it| gtin(&it, "gtin")).transpose()).transpose()?,
            mpn: change(self.mpn).map(|it| it.map(trimmed)),
            brand: change(self.brand).map(|it| it.map(trimmed)),
        })
    }
}

impl From<CollectionCreateInput> for NewCollection {
    fn from(input: CollectionCreateInput) -> Self {
        Self { title: input.title, slug: input.slug, description: input.description }
    }
}

impl From<CollectionUpdateInput> for catalog::CollectionChange {
    fn from(input: CollectionUpdateInput) -> Self {
        Self { title: input.title, slug: input.slug, description: input.description }
    }
}
