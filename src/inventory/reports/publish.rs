//! Making a report's figures count.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Set};
use serde_json::json;

use super::Published;
use super::costs::{self, CostNews, Doubt};
use super::record::{self, Gain};
use crate::app::App;
use crate::inventory::availability::cache_key;
use crate::inventory::costs::{close_if_decided, note_changed};
use crate::inventory::entity::{acceptance, commitment};
use crate::inventory::jobs::RefreshAvailability;
use crate::inventory::offers::is_available;
use crate::inventory::{facets, offer, shortfall};
use crate::kernel::clock::Timestamp;
use crate::kernel::event::{Audience, EventType};
use crate::kernel::ids::{CommitmentId, OfferId, VariantId};
use crate::kernel::problem::Fault;
use crate::platform::db::{among, among_texts};
use crate::platform::jobs;
use crate::platform::outbox::{self, NewEvent};
use crate::platform::tx::Tx;
use crate::suppliers::adapter::RemoteStock;
use crate::suppliers::supplier;

/// How many items one transaction takes.
const CHUNK: usize = 500;
/// From how many items on a rest follows.
const MANY: usize = 100;
/// The longest rest.
const MAX_REST: Duration = Duration::from_millis(100);

/// Who reports, about when, under which name.
pub(super) struct News<'a> {
    pub supplier: &'a supplier::Model,
    pub as_of: Timestamp,
    pub document: String,
}

/// What one transaction has gathered.
#[derive(Default)]
struct Batch {
    published: Published,
    /// What each offer gained whose figures changed.
    gains: Vec<Gain>,
    /// The same, of those of which nothing else changed.
    only_figures: Vec<Gain>,
    /// Offers of which nothing changed but the moment the report is true of.
    confirmed: Vec<OfferId>,
    crossed: Vec<VariantId>,
    doubtful: Vec<Doubt>,
    /// Costs that cannot be.
    impossible: Vec<Doubt>,
    /// Whose cost is another than before.
    repriced: Vec<VariantId>,
    /// Whether a cost that was asked about is not any more.
    undoubted: bool,
    changed: Vec<offer::Model>,
}

/// What a report changes of an offer's row.
const CHANGING: [offer::Column; 12] = [
    offer::Column::CostMinor,
    offer::Column::HeldCostMinor,
    offer::Column::RefusedCostMinor,
    offer::Column::Reported,
    offer::Column::Committed,
    offer::Column::RestockAt,
    offer::Column::Discontinued,
    offer::Column::AsOf,
    offer::Column::StaleAt,
    offer::Column::StaleNoted,
    offer::Column::LedgerSeq,
    offer::Column::UpdatedAt,
];

/// Makes `items` count, whatever is not older than what is known. One after the other, in
/// transactions of [`CHUNK`] items; a repeat changes nothing.
pub(super) async fn publish(app: &App, news: &News<'_>, items: &[RemoteStock]) -> Result<Published, Fault> {
    let mut all = Published::default();
    for chunk in items.chunks(CHUNK) {
        let began = Instant::now();
        let published = publish_chunk(app, news, chunk).await?;
        if chunk.len() >= MANY {
            // Half of the time is the shoppers'; the part of a report that comes next waits for this one.
            tokio::time::sleep(began.elapsed().min(MAX_REST)).await;
        }
        all.known.extend(published.known);
    }
    Ok(all)
}

async fn publish_chunk(app: &App, news: &News<'_>, items: &[RemoteStock]) -> Result<Published, Fault> {
    let by_sku: HashMap<&str, &RemoteStock> = items.iter().map(|item| (item.sku.as_str(), item)).collect();
    let tx = Tx::begin(app).await?;
    let offers = offer::Entity::find()
        .filter(offer::Column::SupplierId.eq(news.supplier.id))
        .filter(among_texts(&tx, offer::Column::SupplierSku, &by_sku.keys().copied().collect::<Vec<_>>()))
        .order_by_asc(offer::Column::Id)
        .lock_exclusive()
        .all(&tx)
        .await?;
    let mut shown = absorb(&tx, &offers, news.as_of).await?;
    let mut batch = Batch::default();
    for offer in offers {
        batch.published.known.insert(offer.supplier_sku.clone());
        let is_news = offer.as_of.is_none_or(|known| known <= news.as_of);
        if let Some(item) = by_sku.get(offer.supplier_sku.as_str()).filter(|_| is_news) {
            let absorbed = shown.remove(&offer.id).unwrap_or_default();
            let after = after(&tx, news, &offer, item, absorbed, &mut batch);
            write(&tx, offer, after, &mut batch).await?;
        }
    }
    batch.finish(tx, app, news).await
}

/// The offer as the report leaves it.
fn after(
    tx: &Tx,
    news: &News<'_>,
    offer: &offer::Model,
    item: &RemoteStock,
    absorbed: i64,
    batch: &mut Batch,
) -> offer::Model {
    let mut after = offer.clone();
    match costs::judge(offer, item.cost) {
        CostNews::Unsaid => {}
        CostNews::Same => after.held_cost_minor = None,
        CostNews::Changed(minor) => {
            after.cost_minor = minor;
            (after.held_cost_minor, after.refused_cost_minor) = (None, None);
        }
        CostNews::Doubtful(minor) => {
            after.held_cost_minor = Some(minor);
            batch.doubtful.push(Doubt::of(offer, item.cost));
        }
        CostNews::Impossible => batch.impossible.push(Doubt::of(offer, item.cost)),
    }
    after.reported = item.quantity;
    after.committed -= absorbed;
    after.restock_at = item.restock_at;
    after.discontinued = item.discontinued;
    after.as_of = Some(news.as_of);
    after.stale_at = stale_at(news.supplier, news.as_of);
    after.stale_noted = false;
    if after.reported != offer.reported || after.committed != offer.committed {
        after.ledger_seq += 1;
    }
    after.updated_at = tx.now();
    after
}

/// When a report about `as_of` becomes too old.
pub(in crate::inventory) fn stale_at(supplier: &supplier::Model, as_of: Timestamp) -> Option<Timestamp> {
    supplier.stock_ttl_seconds.and_then(|ttl| as_of.checked_add_signed(chrono::TimeDelta::seconds(ttl)))
}

async fn write(tx: &Tx, before: offer::Model, after: offer::Model, batch: &mut Batch) -> Result<(), Fault> {
    let now = tx.now();
    tx.invalidate(cache_key(after.variant_id));
    if before.cost_minor != after.cost_minor {
        batch.repriced.push(after.variant_id);
    }
    batch.undoubted |= before.held_cost_minor.is_some() && after.held_cost_minor.is_none();
    if is_available(&before, now) != is_available(&after, now) {
        batch.crossed.push(after.variant_id);
    }
    let (same_figures, same_terms) = (after.ledger_seq == before.ledger_seq, before.terms() == after.terms());
    if same_figures && same_terms {
        batch.confirmed.push(after.id);
        return Ok(());
    }
    shortfall::note(tx, &before, &after).await?;
    let gain = Gain {
        id: tx.new_id(),
        offer_id: after.id,
        reported: after.reported - before.reported,
        committed: after.committed - before.committed,
    };
    if !same_figures {
        batch.gains.push(gain);
    }
    match same_terms {
        true => batch.only_figures.push(gain),
        false => batch.changed.push(after),
    }
    Ok(())
}

impl offer::Model {
    /// What a report may change besides the figures.
    fn terms(&self) -> (i64, Option<i64>, Option<Timestamp>, bool) {
        (self.cost_minor, self.held_cost_minor, self.restock_at, self.discontinued)
    }
}

impl Batch {
    async fn finish(self, tx: Tx, app: &App, news: &News<'_>) -> Result<Published, Fault> {
        if !self.confirmed.is_empty() {
            offer::Entity::update_many()
                .col_expr(offer::Column::AsOf, Expr::value(news.as_of))
                .col_expr(offer::Column::StaleAt, Expr::value(stale_at(news.supplier, news.as_of)))
                .col_expr(offer::Column::StaleNoted, Expr::value(false))
                .col_expr(offer::Column::UpdatedAt, Expr::value(tx.now()))
                .filter(among(&tx, offer::Column::Id, &self.confirmed))
                .exec(&tx)
                .await?;
        }
        let changed = self.changed.len() + self.only_figures.len();
        tx.save_all::<offer::Entity>(self.changed, &CHANGING).await?;
        record::add(&tx, news, &self.only_figures).await?;
        record::note(&tx, news, &self.gains).await?;
        costs::question(&tx, news, &self.doubtful).await?;
        costs::report_impossible(&tx, news, &self.impossible).await?;
        if self.undoubted {
            close_if_decided(&tx, news.supplier.id).await?;
        }
        note_changed(&tx, news.supplier.id, &self.repriced).await?;
        if changed > 0 {
            tell(&tx, news, changed).await?;
        }
        if !self.crossed.is_empty() {
            // Should this process end before the look below, the job still tells the catalog.
            jobs::enqueue(&tx, &RefreshAvailability { variant_ids: self.crossed.clone() }).await?;
        }
        tx.commit().await?;
        facets::refresh(app, &self.crossed).await?;
        Ok(self.published)
    }
}

async fn tell(tx: &Tx, news: &News<'_>, changed: usize) -> Result<(), Fault> {
    let supplier = news.supplier;
    let message = format!("{} reported stock: {changed} offers changed.", supplier.name);
    let event = NewEvent::of_stream(supplier.id.to_string(), EventType::StockReported, Audience::Store, message)
        .data(json!({ "supplierId": supplier.id, "changed": changed, "asOf": news.as_of }));
    outbox::append(tx, event).await.map(drop)
}

/// Ends the double counting of units that were accepted before `as_of`, for offers to which the report
/// is news. Returns how many leave each offer's *committed*.
pub(in crate::inventory) async fn absorb(
    tx: &Tx,
    offers: &[offer::Model],
    as_of: Timestamp,
) -> Result<HashMap<OfferId, i64>, Fault> {
    let is_news = |offer: &&offer::Model| offer.committed > 0 && offer.as_of.is_none_or(|known| known <= as_of);
    let ids: Vec<OfferId> = offers.iter().filter(is_news).map(|offer| offer.id).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let waiting = acceptance::Entity::find()
        .filter(Expr::cust("absorbed_at IS NULL"))
        .filter(acceptance::Column::OfferId.is_in(ids))
        .filter(acceptance::Column::AcceptedAt.lt(as_of))
        .all(tx)
        .await?;
    let mut accepted: BTreeMap<CommitmentId, i64> = BTreeMap::new();
    for row in &waiting {
        *accepted.entry(row.commitment_id).or_default() += row.quantity;
    }
    acceptance::Entity::update_many()
        .col_expr(acceptance::Column::AbsorbedAt, Expr::value(tx.now()))
        .filter(acceptance::Column::Id.is_in(waiting.iter().map(|row| row.id)))
        .exec(tx)
        .await?;
    let commitments = commitment::Entity::find().filter(commitment::Column::Id.is_in(accepted.keys().copied()));
    let mut shown = HashMap::new();
    for row in commitments.all(tx).await? {
        let absorbed = accepted.get(&row.id).copied().unwrap_or_default().min(row.outstanding());
        *shown.entry(row.offer_id).or_default() += absorbed;
        let sum = row.absorbed + absorbed;
        let mut row = row.into_active_model();
        row.absorbed = Set(sum);
        row.updated_at = Set(tx.now());
        commitment::Entity::update(row).exec(tx).await?;
    }
    Ok(shown)
}
