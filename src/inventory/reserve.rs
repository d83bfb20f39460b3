//! Holding units for a running checkout, and letting go of them.

use std::collections::BTreeMap;

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Set};

use super::figures::{self, Change};
use super::ledger::LedgerKind;
use super::reservation::{self, ReservationState};
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{OfferId, PaymentAttemptId};
use crate::kernel::problem::Fault;
use crate::platform::tx::Tx;

/// Holds `picks` for `holder`; `Err` names the offers that have not enough, and then nothing is held.
/// What the holder holds already it holds once.
pub async fn reserve(
    tx: &Tx,
    holder: PaymentAttemptId,
    picks: &[(OfferId, i64)],
    expires_at: Timestamp,
) -> Result<Result<(), Vec<OfferId>>, Fault> {
    let mut wanted = figures::merged(picks)?;
    let offers = figures::lock(tx, wanted.keys().copied()).await?;
    let known = of_holder(tx, holder).await?;
    for row in known.iter().filter(|row| row.state != ReservationState::Released) {
        wanted.remove(&row.offer_id);
    }
    let short = figures::short_of(&wanted, &offers, tx.now());
    if !short.is_empty() {
        return Ok(Err(short));
    }
    if wanted.is_empty() {
        return Ok(Ok(()));
    }
    let document = holder.to_string();
    let changes: Vec<_> = wanted.iter().map(|(&id, &quantity)| (id, held(holder, quantity, &document))).collect();
    figures::apply(tx, &changes).await?;
    keep(tx, holder, &wanted, expires_at).await?;
    Ok(Ok(()))
}

fn held(holder: PaymentAttemptId, quantity: i64, document: &str) -> Change<'_> {
    Change {
        kind: LedgerKind::Reserved,
        reserved: quantity,
        committed: 0,
        holder: Some(holder),
        order_id: None,
        document,
    }
}

/// Writes what is held; a released reservation is held anew.
async fn keep(
    tx: &Tx,
    holder: PaymentAttemptId,
    wanted: &BTreeMap<OfferId, i64>,
    expires_at: Timestamp,
) -> Result<(), Fault> {
    use reservation::Column as C;
    let row = |(&offer_id, &quantity): (&OfferId, &i64)| reservation::ActiveModel {
        id: Set(tx.new_id()),
        holder: Set(holder),
        offer_id: Set(offer_id),
        quantity: Set(quantity),
        state: Set(ReservationState::Held),
        order_id: Set(None),
        expires_at: Set(expires_at),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
    };
    let again = OnConflict::columns([C::Holder, C::OfferId])
        .update_columns([C::Quantity, C::State, C::ExpiresAt, C::UpdatedAt])
        .to_owned();
    let rows = wanted.iter().map(row);
    reservation::Entity::insert_many(rows).on_conflict(again).exec_without_returning(tx).await?;
    Ok(())
}

/// Lets go of everything `holder` still holds. Harmless if that is nothing.
pub async fn release(tx: &Tx, holder: PaymentAttemptId) -> Result<(), Fault> {
    let known = of_holder(tx, holder).await?;
    figures::lock(tx, known.iter().map(|row| row.offer_id)).await?;
    let update = reservation::Entity::update_many()
        .col_expr(reservation::Column::State, Expr::value("RELEASED"))
        .col_expr(reservation::Column::UpdatedAt, Expr::value(tx.now()))
        .filter(reservation::Column::Holder.eq(holder))
        .filter(reservation::Column::State.eq(ReservationState::Held));
    let mut released = update.exec_with_returning(tx).await?;
    released.sort_by_key(|row| row.offer_id);
    let document = holder.to_string();
    let change = |quantity: i64| Change {
        kind: LedgerKind::Released,
        reserved: -quantity,
        committed: 0,
        holder: Some(holder),
        order_id: None,
        document: &document,
    };
    let changes: Vec<_> = released.iter().map(|row| (row.offer_id, change(row.quantity))).collect();
    figures::apply(tx, &changes).await
}

/// Everything `holder` reserved, by offer.
pub(super) async fn of_holder(
    conn: &impl ConnectionTrait,
    holder: PaymentAttemptId,
) -> Result<Vec<reservation::Model>, Fault> {
    let query = reservation::Entity::find().filter(reservation::Column::Holder.eq(holder));
    Ok(query.order_by_asc(reservation::Column::OfferId).all(conn).await?)
}
