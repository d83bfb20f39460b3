//! The one place where an offer's *reserved* and *committed* change.
//!
//! Whoever changes figures first locks the offers' rows, all of a verb's at once and in the order of
//! their ids, and only then the rows that hang on them. All changes are one guarded `UPDATE`, and each
//! is one line of the ledger with the figures that update returned.

use std::collections::BTreeMap;

use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};

use super::availability::cache_key;
use super::jobs::RefreshAvailability;
use super::ledger::{self, LedgerKind};
use super::offer;
use super::shortfall;
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{OfferId, OrderId, PaymentAttemptId};
use crate::kernel::problem::Fault;
use crate::platform::jobs;
use crate::platform::planted::{self, Bug};
use crate::platform::tx::Tx;

/// So many offers are changed by one statement.
const CHUNK: usize = 100;

/// A change of what is spoken for.
pub(super) struct Change<'a> {
    /// Why.
    pub kind: LedgerKind,
    /// What is added to *reserved*.
    pub reserved: i64,
    /// What is added to *committed*.
    pub committed: i64,
    /// The checkout it is about.
    pub holder: Option<PaymentAttemptId>,
    /// The order it is about.
    pub order_id: Option<OrderId>,
    /// What caused it.
    pub document: &'a str,
}

impl Change<'_> {
    /// Units more that are spoken for.
    fn taken(&self) -> i64 {
        self.reserved + self.committed
    }
}

/// Sums picks of the same offer, in the order of ids. A quantity that is not positive is a defect of
/// the caller's.
pub(super) fn merged(picks: &[(OfferId, i64)]) -> Result<BTreeMap<OfferId, i64>, Fault> {
    let mut merged = BTreeMap::new();
    for &(offer_id, quantity) in picks {
        let sum = merged.entry(offer_id).or_insert(0_i64);
        let more = (quantity > 0).then_some(quantity).and_then(|quantity| sum.checked_add(quantity));
        *sum = more.ok_or_else(|| Fault::internal(format!("a pick of {quantity} units of {offer_id}")))?;
    }
    Ok(merged)
}

/// Locks the offers until the transaction ends.
pub(super) async fn lock(
    tx: &Tx,
    ids: impl IntoIterator<Item = OfferId>,
) -> Result<BTreeMap<OfferId, offer::Model>, Fault> {
    let query = offer::Entity::find().filter(offer::Column::Id.is_in(ids)).order_by_asc(offer::Column::Id);
    let rows = query.lock_exclusive().all(tx).await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// Locks offers for a verb that changes them by more than one call.
pub async fn lock_offers(tx: &Tx, ids: impl IntoIterator<Item = OfferId>) -> Result<(), Fault> {
    lock(tx, ids).await.map(drop)
}

/// The offers that have less than is wanted of them.
pub(super) fn short_of(
    wanted: &BTreeMap<OfferId, i64>,
    offers: &BTreeMap<OfferId, offer::Model>,
    now: Timestamp,
) -> Vec<OfferId> {
    if planted::is(Bug::Oversell) {
        return Vec::new();
    }
    let has = |id: &OfferId| offers.get(id).filter(|offer| offer.is_live()).map_or(0, |offer| offer.sellable(now));
    wanted.iter().filter(|&(id, &quantity)| has(id) < quantity).map(|(&id, _)| id).collect()
}

/// Changes locked offers, each named once. The statement itself refuses to speak for more than is
/// sellable, whatever was believed before it.
pub(super) async fn apply(tx: &Tx, changes: &[(OfferId, Change<'_>)]) -> Result<(), Fault> {
    let mut crossed = Vec::new();
    for some in changes.chunks(CHUNK) {
        let after = write(tx, some).await?;
        let mut entries = Vec::with_capacity(some.len());
        for (id, change) in some {
            let after = after.get(id);
            let after = after.ok_or_else(|| Fault::internal(format!("{id} has not the units it was locked with")))?;
            let before = offer::Model {
                reserved: after.reserved - change.reserved,
                committed: after.committed - change.committed,
                ..after.clone()
            };
            entries.push(entry(tx, &before, after, change));
            tx.invalidate(cache_key(after.variant_id));
            if (before.sellable(tx.now()) > 0) != (after.sellable(tx.now()) > 0) {
                crossed.push(after.variant_id);
            }
            shortfall::note(tx, &before, after).await?;
        }
        ledger::Entity::insert_many(entries).exec_without_returning(tx).await?;
    }
    if !crossed.is_empty() {
        // A job, because the catalog's rows may not be locked here: the caller may want further offers
        // after them.
        jobs::enqueue(tx, &RefreshAvailability { variant_ids: crossed }).await?;
    }
    Ok(())
}

/// One `UPDATE` for all; the offers as they are after it.
async fn write(tx: &Tx, changes: &[(OfferId, Change<'_>)]) -> Result<BTreeMap<OfferId, offer::Model>, Fault> {
    let reserved = by_offer(changes, |change| change.reserved);
    let committed = by_offer(changes, |change| change.committed);
    let mut update = offer::Entity::update_many()
        .col_expr(offer::Column::Reserved, Expr::col(offer::Column::Reserved).add(reserved))
        .col_expr(offer::Column::Committed, Expr::col(offer::Column::Committed).add(committed))
        .col_expr(offer::Column::LedgerSeq, Expr::col(offer::Column::LedgerSeq).add(1))
        .col_expr(offer::Column::UpdatedAt, Expr::value(tx.now()))
        .filter(offer::Column::Id.is_in(changes.iter().map(|(id, _)| *id)));
    if changes.iter().any(|(_, change)| change.taken() > 0) && !planted::is(Bug::Oversell) {
        let taken = by_offer(changes, |change| change.taken());
        update = update.filter(Condition::any().add(taken.clone().lte(0)).add(enough(taken, tx.now())));
    }
    let rows = update.exec_with_returning(tx).await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// An expression that is each offer's own amount.
fn by_offer(changes: &[(OfferId, Change<'_>)], amount: fn(&Change<'_>) -> i64) -> Expr {
    let case = changes.iter().fold(CaseStatement::new(), |case, (id, change)| {
        case.case(Expr::col(offer::Column::Id).eq(*id), amount(change))
    });
    case.finally(0_i64).into()
}

/// The guard: the offer may be sold from, and has so many.
fn enough(quantity: Expr, now: Timestamp) -> Condition {
    let fresh = Condition::any().add(offer::Column::StaleAt.is_null()).add(offer::Column::StaleAt.gt(now));
    let left = "- safety_buffer - reserved - committed";
    let by_fresh = Expr::cust(format!("reported * confidence / 1000000 {left}"));
    let by_stale = Expr::cust(format!("reported * confidence / 1000000 * stale_confidence / 1000000 {left}"));
    let by_fresh = Condition::all().add(fresh).add(by_fresh.gte(quantity.clone()));
    let by_stale = Condition::all().add(offer::Column::StaleStops.eq(false)).add(by_stale.gte(quantity));
    Condition::all()
        .add(offer::Column::Active.eq(true))
        .add(offer::Column::Suspended.eq(false))
        .add(offer::Column::Discontinued.eq(false))
        .add(offer::Column::HeldCostMinor.is_null())
        .add(Condition::any().add(by_fresh).add(by_stale))
}

/// The ledger's line for a change from `before` to `after`.
pub(super) fn entry(tx: &Tx, before: &offer::Model, after: &offer::Model, change: &Change<'_>) -> ledger::ActiveModel {
    ledger::ActiveModel {
        id: Set(tx.new_id()),
        offer_id: Set(after.id),
        seq: Set(after.ledger_seq),
        kind: Set(change.kind),
        reported_delta: Set(after.reported - before.reported),
        reserved_delta: Set(after.reserved - before.reserved),
        committed_delta: Set(after.committed - before.committed),
        reported: Set(after.reported),
        reserved: Set(after.reserved),
        committed: Set(after.committed),
        safety_buffer: Set(after.safety_buffer),
        confidence: Set(after.confidence),
        as_of: Set(after.as_of),
        holder: Set(change.holder),
        order_id: Set(change.order_id),
        document: Set(change.document.to_owned()),
        occurred_at: Set(tx.now()),
    }
}
