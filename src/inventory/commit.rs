//! What orders take, from the placement to the moment the supplier's own figure shows it.

use std::collections::BTreeMap;

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, Set};

use super::entity::{acceptance, commitment};
use super::figures::{self, Change};
use super::ledger::LedgerKind;
use super::reservation::{self, ReservationState};
use super::reserve::of_holder;
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{CommitmentId, OfferId, OrderId, PaymentAttemptId};
use crate::kernel::problem::Fault;
use crate::platform::planted::{self, Bug};
use crate::platform::tx::Tx;

/// What changes after a commitment was made.
const CHANGING: [commitment::Column; 4] = [
    commitment::Column::Released,
    commitment::Column::Accepted,
    commitment::Column::Absorbed,
    commitment::Column::UpdatedAt,
];

/// Turns what `holder` reserved into the order's. What was released meanwhile is taken again if it is
/// still there; `Err` names the offers that have not enough, and then nothing has changed.
pub async fn commit(tx: &Tx, holder: PaymentAttemptId, order_id: OrderId) -> Result<Result<(), Vec<OfferId>>, Fault> {
    let ids: Vec<OfferId> = of_holder(tx, holder).await?.iter().map(|row| row.offer_id).collect();
    let offers = figures::lock(tx, ids).await?;
    // Read again: only under the offers' locks do the states stand still.
    let rows = of_holder(tx, holder).await?;
    let lost = rows.iter().filter(|row| row.state == ReservationState::Released);
    let wanted: BTreeMap<OfferId, i64> = lost.map(|row| (row.offer_id, row.quantity)).collect();
    let short = figures::short_of(&wanted, &offers, tx.now());
    if !short.is_empty() {
        return Ok(Err(short));
    }
    let rows: Vec<_> = rows.into_iter().filter(|row| row.state != ReservationState::Committed).collect();
    let document = holder.to_string();
    let changes: Vec<_> = rows.iter().map(|row| (row.offer_id, of_reservation(row, order_id, &document))).collect();
    figures::apply(tx, &changes).await?;
    if !planted::is(Bug::ForgetCommitment) {
        add(tx, order_id, rows.iter().map(|row| (row.offer_id, row.quantity))).await?;
    }
    reservation::Entity::update_many()
        .col_expr(reservation::Column::State, Expr::value("COMMITTED"))
        .col_expr(reservation::Column::OrderId, Expr::value(order_id))
        .col_expr(reservation::Column::UpdatedAt, Expr::value(tx.now()))
        .filter(reservation::Column::Holder.eq(holder))
        .exec(tx)
        .await?;
    Ok(Ok(()))
}

fn of_reservation<'a>(row: &reservation::Model, order_id: OrderId, document: &'a str) -> Change<'a> {
    let held = row.state == ReservationState::Held;
    Change {
        kind: LedgerKind::Committed,
        reserved: if held { -row.quantity } else { 0 },
        committed: row.quantity,
        holder: Some(row.holder),
        order_id: Some(order_id),
        document,
    }
}

/// Takes `picks` for an order without a checkout: a supplier fell out and others step in. `Err` names
/// the offers that have not enough, and then nothing has changed.
pub async fn commit_directly(
    tx: &Tx,
    order_id: OrderId,
    picks: &[(OfferId, i64)],
    document: &str,
) -> Result<Result<(), Vec<OfferId>>, Fault> {
    let wanted = figures::merged(picks)?;
    let offers = figures::lock(tx, wanted.keys().copied()).await?;
    let short = figures::short_of(&wanted, &offers, tx.now());
    if !short.is_empty() {
        return Ok(Err(short));
    }
    let kind = LedgerKind::CommittedDirectly;
    let changes: Vec<_> =
        wanted.iter().map(|(&id, &quantity)| (id, of_order(kind, quantity, order_id, document))).collect();
    figures::apply(tx, &changes).await?;
    add(tx, order_id, wanted.into_iter()).await?;
    Ok(Ok(()))
}

/// Gives back up to so many units of what the order takes of each offer. What the supplier's own
/// figure shows already is not ours to give back; its next report tells.
pub async fn release_commitments(
    tx: &Tx,
    order_id: OrderId,
    units: &[(OfferId, i64)],
    document: &str,
) -> Result<(), Fault> {
    let units = figures::merged(units)?;
    figures::lock(tx, units.keys().copied()).await?;
    let (mut rows, mut changes, mut waiting) = (Vec::new(), Vec::new(), BTreeMap::new());
    for mut row in of_order_and_offers(tx, order_id, &units).await? {
        let given = units.get(&row.offer_id).copied().unwrap_or(0).min(row.outstanding());
        if given > 0 {
            row.released += given;
            // What comes to the same supplier later is not what it said yes to before.
            row.accepted = row.accepted.min(row.quantity - row.released);
            waiting.insert(row.id, row.accepted - row.absorbed);
            row.updated_at = tx.now();
            changes.push((row.offer_id, of_order(LedgerKind::CommitmentReleased, -given, order_id, document)));
            rows.push(row);
        }
    }
    tx.save_all::<commitment::Entity>(rows, &CHANGING).await?;
    forget_acceptances(tx, waiting).await?;
    figures::apply(tx, &changes).await
}

/// Leaves of the acceptances that no report has shown so many units of each commitment: what was given back
/// is not shown by any. The newest stay, so that no report counts for units it was made before.
async fn forget_acceptances(tx: &Tx, mut left: BTreeMap<CommitmentId, i64>) -> Result<(), Fault> {
    let rows = acceptance::Entity::find()
        .filter(acceptance::Column::CommitmentId.is_in(left.keys().copied()))
        .filter(acceptance::Column::AbsorbedAt.is_null())
        .order_by_desc(acceptance::Column::AcceptedAt)
        .order_by_desc(acceptance::Column::Id)
        .all(tx)
        .await?;
    for row in rows {
        let left = left.entry(row.commitment_id).or_default();
        let kept = row.quantity.min(*left);
        *left -= kept;
        if kept == row.quantity {
            continue;
        }
        let mut change = row.into_active_model();
        match kept {
            0 => change.absorbed_at = Set(Some(tx.now())),
            _ => change.quantity = Set(kept),
        }
        change.update_without_returning(tx).await?;
    }
    Ok(())
}

/// Notes that the supplier accepted so many units more: a report about a moment after `accepted_at`
/// shows them, and then they stop counting against the offer; at once, if there is such a report already.
pub async fn note_accepted(
    tx: &Tx,
    order_id: OrderId,
    units: &[(OfferId, i64)],
    accepted_at: Timestamp,
) -> Result<(), Fault> {
    let units = figures::merged(units)?;
    let offers = figures::lock(tx, units.keys().copied()).await?;
    let document = order_id.to_string();
    let mut rows = Vec::new();
    let mut entries = Vec::new();
    let mut changes = Vec::new();
    for mut row in of_order_and_offers(tx, order_id, &units).await? {
        let said = units.get(&row.offer_id).copied().unwrap_or(0);
        let accepted = said.min(row.quantity - row.accepted - row.released);
        if accepted <= 0 {
            continue;
        }
        let shown = offers.get(&row.offer_id).and_then(|offer| offer.as_of).is_some_and(|as_of| as_of > accepted_at);
        let absorbed = if shown { accepted.min(row.outstanding()) } else { 0 };
        entries.push(acceptance::ActiveModel {
            id: Set(tx.new_id()),
            commitment_id: Set(row.id),
            offer_id: Set(row.offer_id),
            quantity: Set(accepted),
            accepted_at: Set(accepted_at),
            absorbed_at: Set(shown.then(|| tx.now())),
        });
        row.accepted += accepted;
        row.absorbed += absorbed;
        row.updated_at = tx.now();
        if absorbed > 0 {
            changes.push((row.offer_id, of_order(LedgerKind::Absorbed, -absorbed, order_id, &document)));
        }
        rows.push(row);
    }
    if !entries.is_empty() {
        acceptance::Entity::insert_many(entries).exec_without_returning(tx).await?;
    }
    tx.save_all::<commitment::Entity>(rows, &CHANGING).await?;
    figures::apply(tx, &changes).await
}

fn of_order(kind: LedgerKind, committed: i64, order_id: OrderId, document: &str) -> Change<'_> {
    Change { kind, reserved: 0, committed, holder: None, order_id: Some(order_id), document }
}

/// What the order takes of these offers, whose rows the caller has locked, in their order.
async fn of_order_and_offers(
    tx: &Tx,
    order_id: OrderId,
    units: &BTreeMap<OfferId, i64>,
) -> Result<Vec<commitment::Model>, Fault> {
    let query = commitment::Entity::find()
        .filter(commitment::Column::OrderId.eq(order_id))
        .filter(commitment::Column::OfferId.is_in(units.keys().copied()));
    Ok(query.order_by_asc(commitment::Column::OfferId).all(tx).await?)
}

/// Adds to what the order takes of offers, whose rows the caller has locked.
async fn add(tx: &Tx, order_id: OrderId, units: impl Iterator<Item = (OfferId, i64)>) -> Result<(), Fault> {
    let row = |(offer_id, quantity)| commitment::Model {
        id: tx.new_id(),
        order_id,
        offer_id,
        quantity,
        released: 0,
        accepted: 0,
        absorbed: 0,
        created_at: tx.now(),
        updated_at: tx.now(),
    };
    let more = OnConflict::columns([commitment::Column::OrderId, commitment::Column::OfferId])
        .value(commitment::Column::Quantity, Expr::cust("commitment.quantity + excluded.quantity"))
        .update_column(commitment::Column::UpdatedAt)
        .to_owned();
    let rows: Vec<_> = units.map(|it| row(it).into_active_model().reset_all()).collect();
    if !rows.is_empty() {
        commitment::Entity::insert_many(rows).on_conflict(more).exec_without_returning(tx).await?;
    }
    Ok(())
}
