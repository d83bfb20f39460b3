//! Changing variants.

use std::collections::{HashMap, HashSet};

use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};

use super::entity::{SelectedOption, SelectedOptions, variant};
use super::error::{CatalogError, CatalogErrorCode};
use super::prices::{History, PriceCause};
use super::products::{Identity, NewVariant, insert_variants, refuse_taken_skus, variant_row};
use super::validate::{Check, MAX_VARIANTS};
use super::{facets, state, text, update};
use crate::app::App;
use crate::identity::audit::Changes;
use crate::identity::{Action, Actor, audit};
use crate::kernel::gtin::Gtin;
use crate::kernel::ids::{ProductId, VariantId};
use crate::kernel::money::Money;
use crate::platform::tx::Tx;
use crate::store;

/// What is to change of a variant; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VariantChange {
    /// What tells it from its siblings.
    pub title: Option<String>,
    /// What it is, of each of the product's choices.
    pub options: Option<Vec<SelectedOption>>,
    /// The price.
    pub price: Option<Money>,
    /// The price it is compared with; `Some(None)` takes it away.
    pub compare_at: Option<Option<Money>>,
    /// Whether it is for sale.
    pub active: Option<bool>,
    /// Its GTIN; `Some(None)` takes it away.
    pub gtin: Option<Option<Gtin>>,
    /// Its maker's name for it; `Some(None)` takes it away.
    pub mpn: Option<Option<String>>,
    /// Its maker; `Some(None)` takes it away.
    pub brand: Option<Option<String>>,
}

/// A variant as [`product_variants_set`] wants it: one that is there (by id), or a new one.
#[derive(Debug, Clone)]
pub struct WantedVariant {
    /// The variant that is meant; a new one if there is none.
    pub id: Option<VariantId>,
    /// How it is to be.
    pub variant: NewVariant,
}

/// Changes a variant, for the owner and staff.
pub async fn variant_update(
    app: &App,
    actor: &Actor,
    id: VariantId,
    change: VariantChange,
) -> Result<VariantId, CatalogError> {
    actor.may(Action::ManageCatalog)?;
    let tx = Tx::begin(app).await?;
    let before = variant::Entity::find_by_id(id).lock_exclusive().one(&tx).await?;
    update_variants(&tx, PriceCause::ByHand, &actor.label(), vec![(id, change)]).await?;
    let after = variant::Entity::find_by_id(id).one(&tx).await?;
    let rows = (before.as_ref(), after.as_ref());
    audit::record_row::<variant::Entity>(&tx, actor, "variant.update", id, rows).await?;
    tx.commit().await?;
    Ok(id)
}

/// Changes variants, and their products with them. `cause` and `by`, an actor's label, are for the
/// history of their prices.
pub async fn update_variants(
    tx: &Tx,
    cause: PriceCause,
    by: &str,
    changes: Vec<(VariantId, VariantChange)>,
) -> Result<(), CatalogError> {
    let currency = store::use_currency(tx).await?;
    let mut products = Vec::new();
    let mut history = History::of(cause, by);
    for (id, change) in changes {
        let row = variant::Entity::find_by_id(id).lock_exclusive().one(tx).await?;
        let row = row.ok_or_else(|| CatalogError::refused(CatalogErrorCode::NotFound, "id", "no such variant"))?;
        let mut check = Check::new(currency);
        let wanted = NewVariant {
            sku: row.sku.clone(),
            title: Some(change.title.unwrap_or_else(|| row.title.clone())),
            options: change.options.unwrap_or_else(|| row.selected_options.0.clone()),
            price: change.price.unwrap_or(Money::from_minor(row.price, row.currency)),
            compare_at: change.compare_at.unwrap_or(row.compare_at.map(|it| Money::from_minor(it, row.currency))),
            identity: Identity {
                gtin: change.gtin.unwrap_or_else(|| row.gtin.as_deref().and_then(Gtin::parse)),
                mpn: change.mpn.unwrap_or_else(|| row.mpn.clone()),
                brand: change.brand.unwrap_or_else(|| row.brand.clone()),
            },
        };
        check.variant("", &wanted);
        check.finish()?;
        history.note(tx, &row, wanted.price, told(cause));
        rewrite(tx, id, wanted, change.active.unwrap_or(row.active), row.position).await?;
        products.push(row.product_id);
    }
    history.write(tx).await?;
    facets::refresh(tx, &products).await?;
    Ok(state::bump(tx).await?)
}

/// Why a price is what it is that nobody computed.
fn told(cause: PriceCause) -> String {
    match cause {
        PriceCause::ByHand => "set by hand",
        PriceCause::Import => "imported",
        PriceCause::Rule => "made by a rule",
    }
    .to_owned()
}

async fn rewrite(tx: &Tx, id: VariantId, it: NewVariant, active: bool, position: i32) -> Result<(), CatalogError> {
    let row = variant::ActiveModel {
        id: Set(id),
        title: it.title.map_or(sea_orm::NotSet, Set),
        selected_options: Set(SelectedOptions(it.options)),
        currency: Set(it.price.currency()),
        price: Set(it.price.minor()),
        compare_at: Set(it.compare_at.map(Money::minor)),
        gtin: Set(it.identity.gtin.map(|it| it.to_string())),
        mpn_key: Set(it.identity.mpn.as_deref().map(text::plain_key)),
        mpn: Set(it.identity.mpn),
        brand: Set(it.identity.brand),
        active: Set(active),
        position: Set(position),
        updated_at: Set(tx.now()),
        ..Default::default()
    };
    row.update_without_returning(tx).await?;
    Ok(())
}

/// Adds variants to products that are there, behind those they have.
pub async fn add_variants(tx: &Tx, variants: Vec<(ProductId, NewVariant)>) -> Result<Vec<VariantId>, CatalogError> {
    let currency = store::use_currency(tx).await?;
    let mut check = Check::new(currency);
    for (index, (_, variant)) in variants.iter().enumerate() {
        check.variant(&format!("variants.{index}"), variant);
    }
    check.finish()?;
    let path = |index| format!("variants.{index}.sku");
    let named = variants.iter().enumerate().map(|(index, (_, it))| (path(index), it.sku.clone())).collect();
    refuse_taken_skus(tx, named).await?;
    let mut places: HashMap<ProductId, i32> = HashMap::new();
    let mut rows = Vec::with_capacity(variants.len());
    for (product, variant) in variants {
        let place = match places.get(&product) {
            Some(place) => *place,
            None => next_place(tx, product).await?,
        };
        places.insert(product, place + 1);
        rows.push(variant_row(tx, product, place, variant));
    }
    let ids = rows.iter().map(|row| row.id.clone().unwrap()).collect();
    insert_variants(tx, rows).await?;
    let products: Vec<ProductId> = places.into_keys().collect();
    facets::refresh(tx, &products).await?;
    state::bump(tx).await?;
    Ok(ids)
}

/// The place behind the last variant of a product that may have one more.
async fn next_place(tx: &Tx, product: ProductId) -> Result<i32, CatalogError> {
    let query = variant::Entity::find().filter(variant::Column::ProductId.eq(product)).select_only();
    let query =
        query.column_as(variant::Column::Position.max(), "last").column_as(variant::Column::Id.count(), "count");
    let found = query.into_tuple::<(Option<i32>, i64)>().one(tx).await?;
    let (last, count) = found.unwrap_or_default();
    if usize::try_from(count).unwrap_or(usize::MAX) >= MAX_VARIANTS {
        let message = format!("a product has at most {MAX_VARIANTS} variants");
        return Err(CatalogError::refused(CatalogErrorCode::TooMany, "variants", message));
    }
    Ok(last.map_or(0, |last| last + 1))
}

/// Makes a product's variants those that are wanted, in that order; the others are not for sale any
/// more (orders may refer to them, so they stay). For the owner and staff.
pub async fn product_variants_set(
    app: &App,
    actor: &Actor,
    product: ProductId,
    wanted: Vec<WantedVariant>,
) -> Result<ProductId, CatalogError> {
    actor.may(Action::ManageCatalog)?;
    let tx = Tx::begin(app).await?;
    let currency = store::use_currency(&tx).await?;
    // Variants before their product, as prices lock them.
    let own = variant::Entity::find().filter(variant::Column::ProductId.eq(product));
    own.clone().order_by_asc(variant::Column::Id).lock_exclusive().all(&tx).await?;
    update::lock(&tx, product).await?;
    // Again: under the product's lock none is added.
    let rows = own.all(&tx).await?;
    check_wanted(currency, &rows, &wanted)?;
    let kept: HashSet<VariantId> = wanted.iter().filter_map(|it| it.id).collect();
    let new = wanted.iter().enumerate().filter(|(_, it)| it.id.is_none());
    let named = new.map(|(index, it)| (format!("variants.{index}.sku"), it.variant.sku.clone())).collect();
    refuse_taken_skus(&tx, named).await?;
    let mut added = Vec::new();
    let by = actor.label();
    let mut history = History::of(PriceCause::ByHand, &by);
    for (it, place) in wanted.into_iter().zip(0..) {
        match it.id {
            Some(id) => {
                if let Some(before) = rows.iter().find(|row| row.id == id) {
                    history.note(&tx, before, it.variant.price, told(PriceCause::ByHand));
                }
                rewrite(&tx, id, still_known_by(it.variant, &rows, id), true, place).await?;
            }
            None => added.push(variant_row(&tx, product, place, it.variant)),
        }
    }
    insert_variants(&tx, added).await?;
    history.write(&tx).await?;
    for row in rows.iter().filter(|row| row.active && !kept.contains(&row.id)) {
        let off = variant::ActiveModel {
            id: Set(row.id),
            active: Set(false),
            // Behind all others, should it come back.
            position: Set(i32::try_from(MAX_VARIANTS).unwrap_or(i32::MAX)),
            updated_at: Set(tx.now()),
            ..Default::default()
        };
        off.update_without_returning(&tx).await?;
    }
    note_set(&tx, actor, product, &rows).await?;
    facets::refresh(&tx, &[product]).await?;
    state::bump(&tx).await?;
    tx.commit().await?;
    Ok(product)
}

/// What a variant is known by stays, unless something else is said: who sets variants need not know of it.
fn still_known_by(mut wanted: NewVariant, rows: &[variant::Model], id: VariantId) -> NewVariant {
    if let Some(row) = rows.iter().find(|row| row.id == id) {
        let known = &mut wanted.identity;
        known.gtin = known.gtin.take().or_else(|| row.gtin.as_deref().and_then(Gtin::parse));
        known.mpn = known.mpn.take().or_else(|| row.mpn.clone());
        known.brand = known.brand.take().or_else(|| row.brand.clone());
    }
    wanted
}

/// Notes in the audit log how the variants of a product differ from `before`, by SKU.
async fn note_set(tx: &Tx, actor: &Actor, product: ProductId, before: &[variant::Model]) -> Result<(), CatalogError> {
    let after = variant::Entity::find().filter(variant::Column::ProductId.eq(product)).all(tx).await?;
    let mut changes = Changes::none();
    for row in &after {
        let old = before.iter().find(|it| it.id == row.id);
        changes = changes.within(&row.sku, Changes::between::<variant::Entity>(old, Some(row)));
    }
    Ok(audit::record(tx, actor, "product.variants", product, changes).await?)
}

fn check_wanted(
    currency: crate::kernel::money::Currency,
    rows: &[variant::Model],
    wanted: &[WantedVariant],
) -> Result<(), CatalogError> {
    let mut check = Check::new(currency);
    if wanted.is_empty() {
        check.add(CatalogErrorCode::Invalid, "variants", "a product has at least one variant");
    }
    if wanted.len() > MAX_VARIANTS {
        check.add(CatalogErrorCode::TooMany, "variants", format!("a product has at most {MAX_VARIANTS} variants"));
    }
    let mut seen = HashSet::new();
    for (index, it) in wanted.iter().enumerate() {
        let at = format!("variants.{index}");
        check.variant(&at, &it.variant);
        let Some(id) = it.id else { continue };
        match rows.iter().find(|row| row.id == id) {
            None => check.add(CatalogErrorCode::NotFound, &format!("{at}.id"), "the product has no such variant"),
            Some(row) if row.sku_key != text::sku_key(&it.variant.sku) => {
                check.add(CatalogErrorCode::Invalid, &format!("{at}.sku"), "a variant keeps its SKU");
            }
            Some(_) => {}
        }
        if !seen.insert(id) {
            check.add(CatalogErrorCode::Invalid, &format!("{at}.id"), "a variant is named once");
        }
    }
    check.finish()
}
