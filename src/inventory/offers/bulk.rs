//! Offers by the thousand, for imports.

use std::collections::{HashMap, HashSet};

use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select,
};

use super::terms::{created, is_available};
use crate::inventory::availability::cache_key;
use crate::inventory::costs;
use crate::inventory::figures::{Change, entry};
use crate::inventory::jobs::RefreshAvailability;
use crate::inventory::ledger::{self, LedgerKind};
use crate::inventory::reports::{MAX_QUANTITY, absorb, stale_at};
use crate::inventory::{offer, shortfall};
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{OfferId, SupplierId, VariantId};
use crate::kernel::money::Money;
use crate::kernel::problem::Fault;
use crate::platform::db::{among, among_texts};
use crate::platform::jobs;
use crate::platform::tx::Tx;
use crate::suppliers::{self, supplier};

/// How many offers one statement takes.
const CHUNK: usize = 200;

/// An offer as an import writes it: found by supplier and variant or SKU, added or brought up to date.
#[derive(Debug, Clone, PartialEq)]
pub struct OfferUpsert {
    /// What is offered.
    pub variant_id: VariantId,
    /// The supplier's name for it.
    pub supplier_sku: String,
    /// What one costs us, in the supplier's currency.
    pub cost: Money,
    /// How many there are, if the import says: counts as a report.
    pub quantity: Option<i64>,
    /// Days until it is ready, if the import says.
    pub lead_time_days: Option<i32>,
    /// Whether it is used, if the import says; a new one is, unless told otherwise.
    pub active: Option<bool>,
}

#[derive(Default)]
struct Batch {
    offers: Vec<offer::ActiveModel>,
    entries: Vec<ledger::ActiveModel>,
    crossed: Vec<VariantId>,
    /// Whose cost is another than before.
    repriced: Vec<VariantId>,
    /// Whether there are SKUs of which no stock was read.
    renamed: bool,
}

/// Adds the offers or brings them up to date; returns their ids in the order given. An offer whose
/// SKU is already another variant's keeps the SKU it had. Quantities are true of `as_of`, and change nothing
/// where something newer is known.
pub async fn upsert_offers(
    tx: &Tx,
    supplier_id: SupplierId,
    as_of: Timestamp,
    offers: &[OfferUpsert],
) -> Result<Vec<OfferId>, Fault> {
    let supplier = suppliers::lookup(tx, supplier_id).await?.ok_or(Fault::NotFound)?;
    let mut ids = Vec::with_capacity(offers.len());
    let mut renamed = false;
    for chunk in offers.chunks(CHUNK) {
        let mut known = Known::load(tx, supplier_id, as_of, chunk).await?;
        let mut batch = Batch::default();
        for wanted in chunk {
            ids.push(known.upsert(tx, &supplier, wanted, &mut batch).await?);
        }
        renamed |= batch.renamed;
        batch.write(tx, supplier_id).await?;
    }
    if renamed {
        suppliers::forget_stock_tag(tx, supplier_id).await?;
    }
    Ok(ids)
}

/// The supplier's offers a chunk is about, as they will be.
struct Known {
    offers: HashMap<OfferId, offer::Model>,
    by_sku: HashMap<String, OfferId>,
    by_variant: HashMap<VariantId, OfferId>,
    /// What the quantities are true of.
    as_of: Timestamp,
    /// How many units leave each offer's *committed*, since its quantity shows that they are gone.
    shown: HashMap<OfferId, i64>,
}

impl Known {
    async fn load(tx: &Tx, supplier_id: SupplierId, as_of: Timestamp, chunk: &[OfferUpsert]) -> Result<Self, Fault> {
        let skus: Vec<&str> = chunk.iter().map(|it| it.supplier_sku.as_str()).collect();
        let variants: Vec<VariantId> = chunk.iter().map(|it| it.variant_id).collect();
        // One after the other, for each has an index of its own; then all are locked in one go.
        let of_supplier = || offer::Entity::find().filter(offer::Column::SupplierId.eq(supplier_id));
        let ids = |query: Select<offer::Entity>| query.select_only().column(offer::Column::Id).into_tuple::<OfferId>();
        let by_sku = of_supplier().filter(among_texts(tx, offer::Column::SupplierSku, &skus));
        let by_variant = of_supplier().filter(among(tx, offer::Column::VariantId, &variants));
        let mut near = ids(by_sku).all(tx).await?;
        near.extend(ids(by_variant).all(tx).await?);
        let query = offer::Entity::find().filter(among(tx, offer::Column::Id, &near));
        let rows = query.order_by_asc(offer::Column::Id).lock_exclusive().all(tx).await?;
        let counted: HashSet<VariantId> =
            chunk.iter().filter(|it| it.quantity.is_some()).map(|it| it.variant_id).collect();
        let counted: Vec<offer::Model> = rows.iter().filter(|it| counted.contains(&it.variant_id)).cloned().collect();
        let shown = absorb(tx, &counted, as_of).await?;
        let (offers, by_sku, by_variant) = (HashMap::new(), HashMap::new(), HashMap::new());
        let mut known = Self { offers, by_sku, by_variant, as_of, shown };
        for row in rows {
            known.remember(row);
        }
        Ok(known)
    }

    fn remember(&mut self, row: offer::Model) {
        self.by_sku.insert(row.supplier_sku.clone(), row.id);
        self.by_variant.insert(row.variant_id, row.id);
        self.offers.insert(row.id, row);
    }

    async fn upsert(
        &mut self,
        tx: &Tx,
        supplier: &supplier::Model,
        wanted: &OfferUpsert,
        batch: &mut Batch,
    ) -> Result<OfferId, Fault> {
        let of_sku = self.by_sku.get(&wanted.supplier_sku).copied();
        let of_variant = self.by_variant.get(&wanted.variant_id).copied();
        let Some(before) = of_variant.or(of_sku).and_then(|id| self.offers.get(&id)).cloned() else {
            let row = created(tx, supplier, wanted.variant_id, wanted.supplier_sku.clone(), wanted.cost);
            let after = self.brought_up_to_date(tx, supplier, row.clone(), wanted);
            batch.note(tx, &row, &after);
            batch.renamed = true;
            batch.repriced.push(after.variant_id);
            batch.offers.push(after.clone().into_active_model().reset_all());
            let id = after.id;
            self.remember(after);
            return Ok(id);
        };
        let mut renamed = before.clone();
        renamed.variant_id = wanted.variant_id;
        if of_sku.is_none_or(|id| id == before.id) {
            renamed.supplier_sku.clone_from(&wanted.supplier_sku);
        }
        let after = self.brought_up_to_date(tx, supplier, renamed, wanted);
        batch.note(tx, &before, &after);
        batch.flush_new(tx).await?;
        offer::Entity::update(after.clone().into_active_model().reset_all()).exec(tx).await?;
        shortfall::note(tx, &before, &after).await?;
        let id = after.id;
        if before.variant_id != after.variant_id {
            self.by_variant.remove(&before.variant_id);
        }
        if before.supplier_sku != after.supplier_sku {
            self.by_sku.remove(&before.supplier_sku);
            batch.renamed = true;
        }
        self.remember(after);
        Ok(id)
    }

    fn brought_up_to_date(
        &mut self,
        tx: &Tx,
        supplier: &supplier::Model,
        mut row: offer::Model,
        wanted: &OfferUpsert,
    ) -> offer::Model {
        if wanted.cost.currency().code() == row.cost_currency && wanted.cost.minor() != row.cost_minor {
            row.cost_minor = wanted.cost.minor();
            (row.held_cost_minor, row.refused_cost_minor) = (None, None);
        }
        row.lead_time_days = wanted.lead_time_days.or(row.lead_time_days);
        row.active = wanted.active.unwrap_or(row.active);
        let is_news = row.as_of.is_none_or(|known| known <= self.as_of);
        if let Some(quantity) = wanted.quantity.filter(|_| is_news) {
            let quantity = quantity.clamp(0, MAX_QUANTITY);
            let shown = self.shown.remove(&row.id).unwrap_or_default();
            if quantity != row.reported || shown > 0 {
                row.ledger_seq += 1;
            }
            row.reported = quantity;
            row.committed -= shown;
            row.as_of = Some(self.as_of);
            row.stale_at = stale_at(supplier, self.as_of);
            row.stale_noted = false;
        }
        row.updated_at = tx.now();
        row
    }
}

impl Batch {
    /// Notes what a change means for the ledger, the cache and the catalog.
    fn note(&mut self, tx: &Tx, before: &offer::Model, after: &offer::Model) {
        if after.ledger_seq != before.ledger_seq {
            let change = Change {
                kind: LedgerKind::Reported,
                reserved: 0,
                committed: after.committed - before.committed,
                holder: None,
                order_id: None,
                document: "import",
            };
            self.entries.push(entry(tx, before, after, &change));
        }
        tx.invalidate(cache_key(after.variant_id));
        if before.cost_minor != after.cost_minor {
            self.repriced.push(after.variant_id);
        }
        let moved = before.variant_id != after.variant_id;
        if moved {
            tx.invalidate(cache_key(before.variant_id));
            self.crossed.push(before.variant_id);
        }
        if moved || is_available(before, tx.now()) != is_available(after, tx.now()) {
            self.crossed.push(after.variant_id);
        }
    }

    /// Writes the new offers gathered so far: a later row of the import may change one of them.
    async fn flush_new(&mut self, tx: &Tx) -> Result<(), Fault> {
        let offers = std::mem::take(&mut self.offers);
        if !offers.is_empty() {
            offer::Entity::insert_many(offers).exec_without_returning(tx).await?;
        }
        Ok(())
    }

    async fn write(mut self, tx: &Tx, supplier_id: SupplierId) -> Result<(), Fault> {
        self.flush_new(tx).await?;
        if !self.repriced.is_empty() {
            costs::note_changed(tx, supplier_id, &self.repriced).await?;
            costs::close_if_decided(tx, supplier_id).await?;
        }
        if !self.entries.is_empty() {
            ledger::Entity::insert_many(self.entries).exec_without_returning(tx).await?;
        }
        if !self.crossed.is_empty() {
            jobs::enqueue(tx, &RefreshAvailability { variant_ids: self.crossed }).await?;
        }
        Ok(())
    }
}
