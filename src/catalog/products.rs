//! Making products, one or many.

use std::collections::HashSet;

use sea_orm::{EntityTrait, QueryFilter, QuerySelect, Set};

use super::entity::{
    Media, MediaList, ProductOption, ProductOptions, ProductStatus, SelectedOption, SelectedOptions, product, variant,
};
use super::error::{CatalogError, CatalogErrorCode};
use super::validate::Check;
use super::{search, state, text};
use crate::kernel::gtin::Gtin;
use crate::kernel::ids::{ProductId, TypedId, VariantId};
use crate::kernel::money::{Currency, Money};
use crate::platform::db::{among_texts, unless_duplicate};
use crate::platform::tx::Tx;
use crate::store;

/// The most rows of one statement: parameters stay far below both engines' limits.
pub(super) const ROWS: usize = 500;

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
    /// What others know it by.
    pub identity: Identity,
}

/// What a variant is known by outside the store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// Its GTIN.
    pub gtin: Option<Gtin>,
    /// Its maker's name for it.
    pub mpn: Option<String>,
    /// Its maker.
    pub brand: Option<String>,
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
pub async fn create_product(tx: &Tx, product: NewProduct) -> Result<CreatedProduct, CatalogError> {
    let currency = store::use_currency(tx).await?;
    let mut check = Check::new(currency);
    check.product("", &product);
    check.finish()?;
    let mut created = insert(tx, currency, vec![product], |_| String::new()).await?;
    Ok(created.swap_remove(0))
}

/// Makes products by the hundred, in a few statements. Problems name the product by its index.
pub async fn create_products(tx: &Tx, products: Vec<NewProduct>) -> Result<Vec<CreatedProduct>, CatalogError> {
    let currency = store::use_currency(tx).await?;
    let mut check = Check::new(currency);
    for (index, product) in products.iter().enumerate() {
        check.product(&format!("products.{index}"), product);
    }
    check.finish()?;
    insert(tx, currency, products, |index| format!("products.{index}.")).await
}

async fn insert(
    tx: &Tx,
    currency: Currency,
    products: Vec<NewProduct>,
    at: impl Fn(usize) -> String,
) -> Result<Vec<CreatedProduct>, CatalogError> {
    if products.is_empty() {
        return Ok(Vec::new());
    }
    let mut named = Vec::new();
    for (product, it) in products.iter().enumerate() {
        let at = at(product);
        let path = |index| format!("{at}variants.{index}.sku");
        named.extend(it.variants.iter().enumerate().map(|(index, it)| (path(index), it.sku.clone())));
    }
    refuse_taken_skus(tx, named).await?;
    let slugs = free_slugs(tx, &products, &at).await?;
    let mut created = Vec::with_capacity(products.len());
    let (mut rows, mut variants) = (Vec::new(), Vec::new());
    let mut documents = Vec::new();
    for (mut product, slug) in products.into_iter().zip(slugs) {
        let id: ProductId = tx.new_id();
        let slug = slug.unwrap_or_else(|base| format!("{base}-{}", tail(id)));
        let new = std::mem::take(&mut product.variants);
        documents.push(search::Document::of(id, &product.title, &product.description, new.iter().map(|it| &*it.sku)));
        rows.push(product_row(tx, currency, id, slug, &product, &new));
        let first = variants.len();
        variants.extend(new.into_iter().zip(0..).map(|(it, position)| variant_row(tx, id, position, it)));
        let ids = variants[first..].iter().map(|it: &variant::ActiveModel| it.id.clone().unwrap()).collect();
        created.push(CreatedProduct { id, variants: ids });
    }
    for rows in rows.chunks(ROWS) {
        let inserted = product::Entity::insert_many(rows.to_vec()).exec_without_returning(tx).await;
        unless_duplicate(inserted)?.ok_or_else(taken_meanwhile)?;
    }
    insert_variants(tx, variants).await?;
    search::write(tx, documents).await?;
    state::bump(tx).await?;
    Ok(created)
}

/// Writes rows of variants whose SKUs were found free.
pub(super) async fn insert_variants(tx: &Tx, rows: Vec<variant::ActiveModel>) -> Result<(), CatalogError> {
    for rows in rows.chunks(ROWS) {
        let inserted = variant::Entity::insert_many(rows.to_vec()).exec_without_returning(tx).await;
        unless_duplicate(inserted)?.ok_or_else(taken_meanwhile)?;
    }
    Ok(())
}

fn taken_meanwhile() -> CatalogError {
    CatalogError::refused(CatalogErrorCode::Taken, "", "a SKU or slug was taken at the same moment")
}

/// Refuses SKUs that exist, or are given twice; each comes with its path.
pub(super) async fn refuse_taken_skus(tx: &Tx, named: Vec<(String, String)>) -> Result<(), CatalogError> {
    let named: Vec<(String, String)> = named.into_iter().map(|(at, sku)| (at, text::sku_key(&sku))).collect();
    let keys: Vec<String> = named.iter().map(|(_, key)| key.clone()).collect();
    let mut taken: HashSet<String> = HashSet::new();
    for keys in keys.chunks(ROWS) {
        let query = variant::Entity::find().select_only().column(variant::Column::SkuKey);
        let query = query.filter(among_texts(tx, variant::Column::SkuKey, keys));
        taken.extend(query.into_tuple::<String>().all(tx).await?);
    }
    let problems: Vec<_> = named
        .into_iter()
        .filter_map(|(at, key)| {
            let problem = || crate::kernel::problem::Problem::at(CatalogErrorCode::Taken, &at, "the SKU is in use");
            (!taken.insert(key)).then(problem)
        })
        .collect();
    if problems.is_empty() { Ok(()) } else { Err(CatalogError::Refused(problems)) }
}

/// A free slug for each product; `Err(base)` where the title's own slug is taken and needs a tail.
async fn free_slugs(
    tx: &Tx,
    products: &[NewProduct],
    at: impl Fn(usize) -> String,
) -> Result<Vec<Result<String, String>>, CatalogError> {
    let wanted: Vec<String> =
        products.iter().map(|it| it.slug.clone().unwrap_or_else(|| text::slugify(&it.title, "product"))).collect();
    let mut taken: HashSet<String> = HashSet::new();
    for wanted in wanted.chunks(ROWS) {
        let query = product::Entity::find().select_only().column(product::Column::Slug);
        let query = query.filter(among_texts(tx, product::Column::Slug, wanted));
        taken.extend(query.into_tuple::<String>().all(tx).await?);
    }
    let mut slugs = Vec::with_capacity(wanted.len());
    for (index, slug) in wanted.into_iter().enumerate() {
        let free = taken.insert(slug.clone());
        if !free && products[index].slug.is_some() {
            let at = format!("{}slug", at(index));
            return Err(CatalogError::refused(CatalogErrorCode::Taken, &at, "the slug is in use"));
        }
        slugs.push(if free { Ok(slug) } else { Err(slug) });
    }
    Ok(slugs)
}

/// The random end of an id: tells products of one title apart.
pub(super) fn tail(id: impl TypedId) -> String {
    let hex = id.uuid().simple().to_string();
    hex[24..].to_owned()
}

fn product_row(
    tx: &Tx,
    currency: Currency,
    id: ProductId,
    slug: String,
    product: &NewProduct,
    variants: &[NewVariant],
) -> product::ActiveModel {
    let prices = || variants.iter().map(|it| it.price.minor());
    let featured = product.media.first();
    product::ActiveModel {
        id: Set(id),
        slug: Set(slug),
        title: Set(product.title.trim().to_owned()),
        sort_title: Set(text::sort_key(product.title.trim())),
        description: Set(product.description.clone()),
        status: Set(product.status),
        options: Set(gather_options(variants.iter().map(|it| it.options.as_slice()))),
        featured_url: Set(featured.map(|it| it.url.clone())),
        featured_alt: Set(featured.and_then(|it| it.alt.clone())),
        media: Set(MediaList(product.media.clone())),
        currency: Set(currency),
        min_price: Set(prices().min().unwrap_or_default()),
        max_price: Set(prices().max().unwrap_or_default()),
        in_stock: Set(false),
        external_key: Set(product.external_key.clone()),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
    }
}

pub(super) fn variant_row(tx: &Tx, product_id: ProductId, position: i32, it: NewVariant) -> variant::ActiveModel {
    variant::ActiveModel {
        id: Set(tx.new_id()),
        product_id: Set(product_id),
        sku_key: Set(text::sku_key(&it.sku)),
        sku: Set(it.sku.trim().to_owned()),
        gtin: Set(it.identity.gtin.map(|it| it.to_string())),
        mpn_key: Set(it.identity.mpn.as_deref().map(text::plain_key)),
        mpn: Set(it.identity.mpn),
        brand: Set(it.identity.brand),
        title: Set(it.title.unwrap_or_else(|| variant_title(&it.options))),
        selected_options: Set(SelectedOptions(it.options)),
        currency: Set(it.price.currency()),
        price: Set(it.price.minor()),
        compare_at: Set(it.compare_at.map(Money::minor)),
        active: Set(true),
        in_stock: Set(false),
        low_stock: Set(false),
        position: Set(position),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
    }
}

/// The values chosen, as in "Red / XL".
fn variant_title(options: &[SelectedOption]) -> String {
    let values: Vec<&str> = options.iter().map(|it| it.value.as_str()).collect();
    if values.is_empty() { "Default".to_owned() } else { values.join(" / ") }
}

/// The choices a product offers: what its variants are, in the order of first mention.
pub(super) fn gather_options<'a>(variants: impl Iterator<Item = &'a [SelectedOption]>) -> ProductOptions {
    let mut options: Vec<ProductOption> = Vec::new();
    for selected in variants.flatten() {
        let known = options.iter().position(|it| it.name == selected.name);
        let index = known.unwrap_or_else(|| {
            options.push(ProductOption { name: selected.name.clone(), values: Vec::new() });
            options.len() - 1
        });
        if !options[index].values.contains(&selected.value) {
            options[index].values.push(selected.value.clone());
        }
    }
    ProductOptions(options)
}
