//! Taking in what a supplier shows: a few hundred items in one transaction.

use std::collections::{BTreeSet, HashMap, HashSet};

use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, Iterable, QueryFilter, QueryOrder, QuerySelect};

use super::entity::item::{self, ItemState, Suggestions};
use super::entity::word;
use super::matching::Features;
use super::suggest;
use crate::app::App;
use crate::catalog::{self, MAX_IDENTITY, MAX_TITLE, SelectedOption, SelectedOptions};
use crate::inventory;
use crate::kernel::gtin::Gtin;
use crate::kernel::ids::{SupplierId, VariantId};
use crate::kernel::problem::Fault;
use crate::platform::db::among_texts;
use crate::platform::tx::Tx;
use crate::suppliers::adapter::RemoteItem;
use crate::suppliers::adapter::text::cut;
use crate::suppliers::supplier;

/// The most words an item is found by.
const MAX_WORDS: usize = 24;
/// The most choices of an item, and the most characters of their names and values: as of products.
const MAX_OPTIONS: usize = 3;
const MAX_OPTION_NAME: usize = 50;
const MAX_OPTION_VALUE: usize = 100;
/// The most characters of what is told of stock, of a GTIN, and of the name of a product's group.
const MAX_WORD: usize = 60;
const MAX_KEY: usize = 200;
/// How many words one statement writes.
const ROWS: usize = 2_000;

/// Takes in `items`, which have different SKUs, and suggests variants for those that nothing was decided of.
pub(super) async fn take(app: &App, supplier: &supplier::Model, items: &[RemoteItem]) -> Result<(), Fault> {
    let items: Vec<item::Model> = items.iter().map(|it| fresh(app, supplier, it)).collect();
    let skus: Vec<String> = items.iter().map(|it| it.supplier_sku.clone()).collect();
    // Whatever is read before the transaction may be old in it: suggestions are no more than that.
    let settled = settled(app, supplier.id, &skus).await?;
    let open: Vec<&item::Model> = items.iter().filter(|it| !settled.contains(&it.supplier_sku)).collect();
    let features: Vec<Features> = open.iter().map(|it| features(it)).collect();
    let suggested = suggest::suggest(app, &features).await?;
    let mut suggested: HashMap<String, Suggestions> =
        open.iter().map(|it| it.supplier_sku.clone()).zip(suggested).collect();

    let tx = Tx::begin(app).await?;
    let offered = inventory::variants_offered(&tx, supplier.id, &skus).await?;
    let known = item::Entity::find()
        .filter(item::Column::SupplierId.eq(supplier.id))
        .filter(among_texts(&tx, item::Column::SupplierSku, &skus))
        .order_by_asc(item::Column::Id)
        .lock_exclusive()
        .all(&tx)
        .await?;
    let mut known: HashMap<String, item::Model> = known.into_iter().map(|it| (it.supplier_sku.clone(), it)).collect();
    let (mut rows, mut reworded) = (Vec::with_capacity(items.len()), Vec::new());
    for item in items {
        let before = known.remove(&item.supplier_sku);
        let offered = offered.get(&item.supplier_sku).copied();
        let suggestions = suggested.remove(&item.supplier_sku).unwrap_or_default();
        let after = merged(&tx, before.as_ref(), item, offered, suggestions);
        let words = words(&after);
        if before.is_none_or(|it| self::words(&it) != words) {
            reworded.push((after.id, words));
        }
        rows.push(after);
    }
    let columns: Vec<item::Column> = item::Column::iter().filter(|it| !matches!(it, item::Column::Id)).collect();
    tx.save_all::<item::Entity>(rows, &columns).await?;
    write_words(&tx, supplier.id, reworded).await?;
    tx.commit().await
}

/// The SKUs that are decided about.
async fn settled(app: &App, id: SupplierId, skus: &[String]) -> Result<HashSet<String>, Fault> {
    let query = item::Entity::find()
        .select_only()
        .column(item::Column::SupplierSku)
        .filter(item::Column::SupplierId.eq(id))
        .filter(among_texts(app.db.read(), item::Column::SupplierSku, skus))
        .filter(item::Column::State.is_in([ItemState::Mapped, ItemState::Ignored]));
    Ok(query.into_tuple::<String>().all(app.db.read()).await?.into_iter().collect())
}

/// An item as it is for the first time.
fn fresh(app: &App, supplier: &supplier::Model, it: &RemoteItem) -> item::Model {
    let now = app.clock.now();
    let short =
        |text: &Option<String>, most| text.as_deref().map(|it| cut(it.trim(), most)).filter(|it| !it.is_empty());
    let option = |(name, value): &(String, String)| SelectedOption {
        name: cut(name.trim(), MAX_OPTION_NAME),
        value: cut(value.trim(), MAX_OPTION_VALUE),
    };
    let mut names = HashSet::new();
    let options = it.options.iter().map(option).filter(|it| !it.name.is_empty() && !it.value.is_empty());
    let options = options.filter(|it| names.insert(it.name.clone())).take(MAX_OPTIONS).collect();
    item::Model {
        id: app.ids.new_id(now),
        supplier_id: supplier.id,
        supplier_sku: it.sku.clone(),
        product_key: short(&it.product, MAX_KEY),
        title: short(&it.title, MAX_TITLE).unwrap_or_default(),
        brand: short(&it.brand, MAX_IDENTITY),
        gtin: it.gtin.as_deref().and_then(Gtin::parse).map(|it| it.to_string()),
        gtin_told: short(&it.gtin, MAX_WORD),
        mpn: short(&it.mpn, MAX_IDENTITY),
        cost_minor: it.cost.map(|it| it.minor()).filter(|it| *it >= 0),
        cost_currency: supplier.currency.clone(),
        stock: short(&it.stock, MAX_WORD),
        image_url: it.image_url.clone(),
        options: SelectedOptions(options),
        state: ItemState::Unmapped,
        variant_id: None,
        suggestions: Suggestions::default(),
        first_seen_at: now,
        seen_at: now,
        updated_at: now,
    }
}

/// The item as it is now: what was decided stays, and an offer under its SKU is a decision.
fn merged(
    tx: &Tx,
    before: Option<&item::Model>,
    mut item: item::Model,
    offered: Option<VariantId>,
    suggestions: Suggestions,
) -> item::Model {
    item.seen_at = tx.now();
    if let Some(before) = before {
        item.id = before.id;
        item.first_seen_at = before.first_seen_at;
        item.state = before.state;
        item.variant_id = before.variant_id;
    }
    if let Some(variant) = offered {
        (item.state, item.variant_id) = (ItemState::Mapped, Some(variant));
    }
    if item.is_open() {
        item.state = if suggestions.0.is_empty() { ItemState::Unmapped } else { ItemState::Suggested };
        item.suggestions = suggestions;
    }
    if let Some(before) = before {
        let unchanged = item::Model { seen_at: before.seen_at, updated_at: before.updated_at, ..item.clone() };
        if unchanged == *before {
            item.updated_at = before.updated_at;
        }
    }
    item
}

fn features(it: &item::Model) -> Features {
    let (gtin, mpn, brand) = (it.gtin.as_deref(), it.mpn.as_deref(), it.brand.as_deref());
    Features::of(gtin, mpn, brand, &it.supplier_sku, &it.title, &it.options.0)
}

/// The words an item is found by.
fn words(it: &item::Model) -> BTreeSet<String> {
    let texts = [Some(it.supplier_sku.as_str()), it.gtin.as_deref(), it.gtin_told.as_deref(), it.mpn.as_deref()];
    let texts = texts.into_iter().chain([it.brand.as_deref(), Some(it.title.as_str())]).flatten();
    texts.flat_map(catalog::words).take(MAX_WORDS).collect()
}

async fn write_words(
    tx: &Tx,
    supplier: SupplierId,
    items: Vec<(crate::kernel::ids::SupplierItemId, BTreeSet<String>)>,
) -> Result<(), Fault> {
    if items.is_empty() {
        return Ok(());
    }
    word::Entity::delete_many().filter(word::Column::ItemId.is_in(items.iter().map(|(id, _)| *id))).exec(tx).await?;
    let row = |id, word| word::ActiveModel { supplier_id: Set(supplier), word: Set(word), item_id: Set(id) };
    let rows: Vec<_> =
        items.into_iter().flat_map(|(id, words)| words.into_iter().map(move |word| row(id, word))).collect();
    for rows in rows.chunks(ROWS) {
        let known = [word::Column::SupplierId, word::Column::Word, word::Column::ItemId];
        let there = OnConflict::columns(known).do_nothing().to_owned();
        word::Entity::insert_many(rows.to_vec()).on_conflict(there).exec_without_returning(tx).await?;
    }
    Ok(())
}
