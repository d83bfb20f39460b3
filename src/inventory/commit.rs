//! What orders take, from the placement to the moment the supplier's own figure shows it.

use std::collections::BTreeMap;

use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, Set};

use super::entity::{acceptance, commitment};
use super::figures::{self, Change};
use super::ledger::LedgerKind;
use super::reservation::{self, ReservationState};
use super::reserve::of_holder;
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{OfferId, OrderId, PaymentAttemptId};
use crate::kernel::problem::Fault;
use crate::platform::tx::Tx;

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
    for row in rows.into_iter().filter(|row| row.state != ReservationState::Committed) {
        commit_one(tx, row, order_id).await?;
    }
    Ok(Ok(()))
}

async fn commit_one(tx: &Tx, row: reservation::Model, order_id: OrderId) -> Result<(), Fault> {
    let was_held = row.state == ReservationState::Held;
    let change = Change {
        kind: LedgerKind::Committed,
        reserved: if was_held { -row.quantity } else { 0 },
        committed: row.quantity,
        holder: Some(row.holder),
        order_id: Some(order_id),
        document: &row.holder.to_string(),
    };
    figures::apply(tx, row.offer_id, &change).await?;
    add(tx, order_id, row.offer_id, row.quantity).await?;
    let mut row = row.into_active_model();
    row.state = Set(ReservationState::Committed);
    row.order_id = Set(Some(order_id));
    row.updated_at = Set(tx.now());
    row.update(tx).await?;
    Ok(())
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
    for (offer_id, quantity) in wanted {
        let change = of_order(LedgerKind::CommittedDirectly, quantity, order_id, document);
        figures::apply(tx, offer_id, &change).await?;
        add(tx, order_id, offer_id, quantity).await?;
    }
    Ok(Ok(()))
}

/// Gives back up to `quantity` of what the order takes of an offer. What the supplier's own figure
/// shows already is not ours to give back; its next report tells.
pub async fn release_commitment(
    tx: &Tx,
    order_id: OrderId,
    offer_id: OfferId,
    quantity: i64,
    document: &str,
) -> Result<(), Fault> {
    figures::lock(tx, [offer_id]).await?;
    let Some(row) = find(tx, order_id, offer_id).await? else { return Ok(()) };
    let given = quantity.min(row.outstanding());
    if given <= 0 {
        return Ok(());
    }
    let released = row.released + given;
    let mut row = row.into_active_model();
    row.released = Set(released);
    row.updated_at = Set(tx.now());
    row.update(tx).await?;
    figures::apply(tx, offer_id, &of_order(LedgerKind::CommitmentReleased, -given, order_id, document)).await
}

/// Notes that the supplier accepted `quantity` more: a report about a moment after `accepted_at` shows
/// them, and then they stop counting against the offer; at once, if there is such a report already.
pub async fn note_accepted(
    tx: &Tx,
    order_id: OrderId,
    offer_id: OfferId,
    quantity: i64,
    accepted_at: Timestamp,
) -> Result<(), Fault> {
    let offers = figures::lock(tx, [offer_id]).await?;
    let Some(row) = find(tx, order_id, offer_id).await? else { return Ok(()) };
    let accepted = quantity.min(row.quantity - row.accepted - row.released);
    if accepted <= 0 {
        return Ok(());
    }
    let shown = offers.get(&offer_id).and_then(|offer| offer.as_of).is_some_and(|as_of| as_of > accepted_at);
    let absorbed = if shown { accepted.min(row.outstanding()) } else { 0 };
    let entry = acceptance::ActiveModel {
        id: Set(tx.new_id()),
        commitment_id: Set(row.id),
        offer_id: Set(offer_id),
        quantity: Set(accepted),
        accepted_at: Set(accepted_at),
        absorbed_at: Set(shown.then(|| tx.now())),
    };
    acceptance::Entity::insert(entry).exec_without_returning(tx).await?;
    let mut change = row.clone().into_active_model();
    change.accepted = Set(row.accepted + accepted);
    change.absorbed = Set(row.absorbed + absorbed);
    change.updated_at = Set(tx.now());
    change.update(tx).await?;
    if absorbed > 0 {
        let document = row.id.to_string();
        figures::apply(tx, offer_id, &of_order(LedgerKind::Absorbed, -absorbed, order_id, &document)).await?;
    }
    Ok(())
}

fn of_order(kind: LedgerKind, committed: i64, order_id: OrderId, document: &str) -> Change<'_> {
    Change { kind, reserved: 0, committed, holder: None, order_id: Some(order_id), document }
}

async fn find(tx: &Tx, order_id: OrderId, offer_id: OfferId) -> Result<Option<commitment::Model>, Fault> {
    let query = commitment::Entity::find()
        .filter(commitment::Column::OrderId.eq(order_id))
        .filter(commitment::Column::OfferId.eq(offer_id));
    Ok(query.one(tx).await?)
}

/// Adds to what the order takes of the offer, whose row the caller has locked.
async fn add(tx: &Tx, order_id: OrderId, offer_id: OfferId, quantity: i64) -> Result<(), Fault> {
    if let Some(row) = find(tx, order_id, offer_id).await? {
        let sum = row.quantity + quantity;
        let mut row = row.into_active_model();
        row.quantity = Set(sum);
        row.updated_at = Set(tx.now());
        row.update(tx).await?;
        return Ok(());
    }
    let row = commitment::ActiveModel {
        id: Set(tx.new_id()),
        order_id: Set(order_id),
        offer_id: Set(offer_id),
        quantity: Set(quantity),
        released: Set(0),
        accepted: Set(0),
        absorbed: Set(0),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
    };
    commitment::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}
