//! Writing a few hundred checked rows in one transaction.
//!
//! A row is a variant, found by its SKU: one that is there is brought up to date, one that is not is
//! added, to the product its rows share a key with or to a product of its own. What a product's
//! first row says of the product counts; its other rows tell of their variants only. So a second run
//! of the same file finds nothing to change.

use std::collections::{HashMap, HashSet};

use super::row::Row;
use crate::catalog::{
    self, CatalogError, Imported, MAX_VARIANTS, Media, NewProduct, NewVariant, PriceCause, ProductChange,
    ProductStatus, VariantChange, product, variant,
};
use crate::feeds::RowError;
use crate::inventory::{self, OfferUpsert};
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{ProductId, SupplierId, VariantId};
use crate::kernel::money::Money;
use crate::kernel::problem::Fault;
use crate::platform::tx::Tx;

/// A price that falls below one part in so many, or rises above so many times itself, is taken for a
/// mistake of the feed: the row is left out, and the owner may set such a price by hand.
const PRICE_JUMP: i64 = 5;

/// Who changes prices, as their history names it.
const IMPORTER: &str = "system:import";

/// What came of a batch.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// Rows that became new variants.
    pub(super) created: u64,
    /// Rows whose variant, product or offer changed.
    pub(super) updated: u64,
    /// Rows that told nothing new.
    pub(super) unchanged: u64,
    /// Rows that were left out.
    pub(super) errors: Vec<RowError>,
}

/// Where one row ended up.
struct Placed {
    row: Row,
    variant: VariantId,
    product: ProductId,
    created: bool,
    changed: bool,
}

/// What is in the database already.
struct Known {
    variants: HashMap<String, variant::Model>,
    products: HashMap<ProductId, product::Model>,
    by_key: HashMap<String, Imported>,
}

/// Writes `rows`. `told` holds the products whose first row has been read in this run.
pub(super) async fn write(
    tx: &Tx,
    supplier: SupplierId,
    as_of: Timestamp,
    rows: Vec<Row>,
    told: &mut HashSet<ProductId>,
) -> Result<Written, Fault> {
    let mut written = Written::default();
    let mut known = load(tx, supplier, &rows).await?;
    let mut placed = Vec::with_capacity(rows.len());
    let mut fresh = Vec::new();
    for row in rows {
        match known.variants.remove(&catalog::sku_key(&row.sku)) {
            Some(variant) => match price_jump(&row, &variant) {
                Some(error) => written.errors.push(error),
                None => placed.push((row, variant)),
            },
            None => fresh.push(row),
        }
    }
    let variants: Vec<VariantId> = placed.iter().map(|(_, variant)| variant.id).collect();
    let products = placed.iter().map(|(_, variant)| variant.product_id);
    let joined = known.by_key.values().map(|it| it.id);
    catalog::lock_variants(tx, &variants).await?;
    catalog::lock_products(tx, products.chain(joined).collect()).await?;
    let mut all = update_known(tx, &known, placed, told).await?;
    all.extend(create_fresh(tx, supplier, &mut known, fresh, told, &mut written.errors).await?);
    file_under(tx, &all).await?;
    write_offers(tx, supplier, as_of, &mut all).await?;
    for it in &all {
        let count = match (it.created, it.changed) {
            (true, _) => &mut written.created,
            (false, true) => &mut written.updated,
            (false, false) => &mut written.unchanged,
        };
        *count += 1;
    }
    Ok(written)
}

async fn load(tx: &Tx, supplier: SupplierId, rows: &[Row]) -> Result<Known, Fault> {
    let skus: Vec<String> = rows.iter().map(|row| row.sku.clone()).collect();
    let variants = catalog::variants_by_skus(tx, &skus).await?;
    let ids: HashSet<ProductId> = variants.values().map(|it| it.product_id).collect();
    let products = catalog::whole_products(tx, &ids.into_iter().collect::<Vec<_>>()).await?;
    let keys: HashSet<String> = rows.iter().filter_map(|row| external_key(supplier, row)).collect();
    let by_key = catalog::products_by_external_keys(tx, &keys.into_iter().collect::<Vec<_>>()).await?;
    Ok(Known { variants, products, by_key })
}

fn external_key(supplier: SupplierId, row: &Row) -> Option<String> {
    row.product.as_ref().map(|key| format!("{supplier}:{key}"))
}

fn error(row: &Row, reason: &'static str, message: String) -> RowError {
    RowError { line: row.line, sku: Some(row.sku.clone()), reason, message }
}

fn price_jump(row: &Row, variant: &variant::Model) -> Option<RowError> {
    let price = row.price?;
    let (old, new) = (variant.price, price.minor());
    let jump = old > 0 && (new.saturating_mul(PRICE_JUMP) < old || new > old.saturating_mul(PRICE_JUMP));
    let old = Money::from_minor(old, variant.currency);
    let message = || format!("the price jumps from {old} to {price}; if that is meant, change it by hand");
    jump.then(|| error(row, "PRICE_ANOMALY", message()))
}

async fn update_known(
    tx: &Tx,
    known: &Known,
    rows: Vec<(Row, variant::Model)>,
    told: &mut HashSet<ProductId>,
) -> Result<Vec<Placed>, Fault> {
    let (mut variants, mut products) = (Vec::new(), Vec::new());
    let mut placed = Vec::with_capacity(rows.len());
    for (row, variant) in rows {
        let variant_change = variant_change(&row, &variant);
        let first = told.insert(variant.product_id);
        let product_change =
            known.products.get(&variant.product_id).filter(|_| first).and_then(|product| product_change(&row, product));
        let changed = variant_change.is_some() || product_change.is_some();
        variants.extend(variant_change.map(|change| (variant.id, change)));
        products.extend(product_change.map(|change| (variant.product_id, change)));
        placed.push(Placed { row, variant: variant.id, product: variant.product_id, created: false, changed });
    }
    variants.sort_by_key(|(id, _)| *id);
    if !products.is_empty() {
        catalog::update_products(tx, products).await.map_err(defect)?;
    }
    if !variants.is_empty() {
        catalog::update_variants(tx, PriceCause::Import, IMPORTER, variants).await.map_err(defect)?;
    }
    Ok(placed)
}

fn variant_change(row: &Row, now: &variant::Model) -> Option<VariantChange> {
    let price = row.price.filter(|price| price.minor() != now.price);
    let compare_at = row.compare_at.filter(|it| Some(it.minor()) != now.compare_at);
    let options = (!row.options.is_empty() && row.options != now.selected_options.0).then(|| row.options.clone());
    let known = &row.identity;
    let gtin = known.gtin.clone().filter(|it| now.gtin.as_deref() != Some(it.as_str()));
    let change = VariantChange {
        price,
        options,
        compare_at: compare_at.map(Some),
        gtin: gtin.map(Some),
        mpn: known.mpn.clone().filter(|it| now.mpn.as_ref() != Some(it)).map(Some),
        brand: known.brand.clone().filter(|it| now.brand.as_ref() != Some(it)).map(Some),
        ..VariantChange::default()
    };
    (change != VariantChange::default()).then_some(change)
}

fn product_change(row: &Row, now: &product::Model) -> Option<ProductChange> {
    let media = media(row);
    let change = ProductChange {
        title: row.title.clone().filter(|title| *title != now.title),
        description: row.description.clone().filter(|it| *it != now.description),
        media: (!media.is_empty() && media != now.media.0).then_some(media),
        slug: None,
    };
    (change != ProductChange::default()).then_some(change)
}

fn media(row: &Row) -> Vec<Media> {
    row.images.iter().map(|url| Media { url: url.clone(), alt: row.image_alt.clone() }).collect()
}

/// Adds what is not there: to the products of the rows' keys, or as products of their own.
async fn create_fresh(
    tx: &Tx,
    supplier: SupplierId,
    known: &mut Known,
    rows: Vec<Row>,
    told: &mut HashSet<ProductId>,
    errors: &mut Vec<RowError>,
) -> Result<Vec<Placed>, Fault> {
    let mut joining: Vec<(ProductId, NewVariant, Row)> = Vec::new();
    let mut groups: Vec<(NewProduct, Vec<Row>)> = Vec::new();
    let mut group_of: HashMap<String, usize> = HashMap::new();
    for row in rows {
        let variant = match new_variant(&row) {
            Ok(variant) => variant,
            Err(error) => {
                errors.push(error);
                continue;
            }
        };
        let key = external_key(supplier, &row);
        let full = || error(&row, "TOO_MANY_VARIANTS", format!("a product has at most {MAX_VARIANTS} variants"));
        if let Some(product) = key.as_ref().and_then(|key| known.by_key.get_mut(key)) {
            if product.variants >= MAX_VARIANTS {
                errors.push(full());
                continue;
            }
            product.variants += 1;
            joining.push((product.id, variant, row));
        } else if let Some(&index) = key.as_ref().and_then(|key| group_of.get(key)) {
            let (product, members) = &mut groups[index];
            if members.len() >= MAX_VARIANTS {
                errors.push(full());
                continue;
            }
            product.variants.push(variant);
            members.push(row);
        } else if row.title.is_none() {
            errors.push(error(&row, "TITLE_MISSING", "the row has no title".to_owned()));
        } else {
            if let Some(key) = &key {
                group_of.insert(key.clone(), groups.len());
            }
            groups.push((new_product(&row, variant, key), vec![row]));
        }
    }
    let mut placed = join(tx, joining).await?;
    let (new, members): (Vec<NewProduct>, Vec<Vec<Row>>) = groups.into_iter().unzip();
    let created = catalog::create_products(tx, new).await.map_err(defect)?;
    for (created, rows) in created.into_iter().zip(members) {
        told.insert(created.id);
        let place = |(variant, row)| Placed { row, variant, product: created.id, created: true, changed: true };
        placed.extend(created.variants.into_iter().zip(rows).map(place));
    }
    Ok(placed)
}

async fn join(tx: &Tx, joining: Vec<(ProductId, NewVariant, Row)>) -> Result<Vec<Placed>, Fault> {
    if joining.is_empty() {
        return Ok(Vec::new());
    }
    let new = joining.iter().map(|(product, variant, _)| (*product, variant.clone())).collect();
    let ids = catalog::add_variants(tx, new).await.map_err(defect)?;
    let place = |((product, _, row), variant)| Placed { row, variant, product, created: true, changed: true };
    Ok(joining.into_iter().zip(ids).map(place).collect())
}

fn new_variant(row: &Row) -> Result<NewVariant, RowError> {
    let Some(price) = row.price else {
        return Err(error(row, "PRICE_MISSING", "the row has no price".to_owned()));
    };
    // Rows of one product that name no option are told apart by their SKU.
    let title = (row.product.is_some() && row.options.is_empty()).then(|| row.sku.clone());
    Ok(NewVariant {
        sku: row.sku.clone(),
        title,
        options: row.options.clone(),
        price,
        compare_at: row.compare_at,
        identity: row.identity.clone(),
    })
}

fn new_product(row: &Row, variant: NewVariant, external_key: Option<String>) -> NewProduct {
    NewProduct {
        title: row.title.clone().unwrap_or_default(),
        slug: None,
        description: row.description.clone().unwrap_or_default(),
        status: ProductStatus::Active,
        media: media(row),
        variants: vec![variant],
        external_key,
    }
}

async fn file_under(tx: &Tx, placed: &[Placed]) -> Result<(), Fault> {
    let filed = placed.iter().flat_map(|it| it.row.collections.iter().map(|title| (title.clone(), it.product)));
    catalog::file_under(tx, &filed.collect::<Vec<_>>()).await.map_err(defect)?;
    Ok(())
}

/// Writes what the supplier asks for each. A row without a cost makes no offer.
async fn write_offers(tx: &Tx, supplier: SupplierId, as_of: Timestamp, placed: &mut [Placed]) -> Result<(), Fault> {
    let known: Vec<VariantId> = placed.iter().filter(|it| !it.created).map(|it| it.variant).collect();
    let before = inventory::offers_for(tx, tx.now(), &known).await?;
    let mut offers = Vec::with_capacity(placed.len());
    for it in placed {
        let Some(cost) = it.row.cost else { continue };
        let mine = before.iter().find(|offer| offer.supplier_id == supplier && offer.variant_id == it.variant);
        let same = mine.is_some_and(|offer| {
            offer.cost == cost
                && offer.supplier_sku == it.row.supplier_sku
                && (it.row.lead_time_days.is_none() || offer.lead_time_days == it.row.lead_time_days)
        });
        it.changed |= !same;
        offers.push(OfferUpsert {
            variant_id: it.variant,
            supplier_sku: it.row.supplier_sku.clone(),
            cost,
            quantity: it.row.quantity,
            lead_time_days: it.row.lead_time_days,
            active: None,
        });
    }
    inventory::upsert_offers(tx, supplier, as_of, &offers).await?;
    Ok(())
}

/// Rows were checked before: what the catalogue still refuses is a race, and trying again helps.
fn defect(error: CatalogError) -> Fault {
    match error {
        CatalogError::Fault(fault) => fault,
        CatalogError::Refused(problems) => {
            let first = problems.first().map(|it| format!("{}: {}", it.field.join("."), it.message));
            Fault::Unavailable(anyhow::Error::msg(format!("the catalogue refused: {}", first.unwrap_or_default())))
        }
    }
}
