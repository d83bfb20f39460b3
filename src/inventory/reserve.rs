//! Holding units for a running checkout, and letting go of them.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, Set,
};

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
    for (offer_id, quantity) in wanted {
        figures::apply(tx, offer_id, &held(holder, quantity, &holder.to_string())).await?;
        let released = known.iter().find(|row| row.offer_id == offer_id).cloned();
        keep(tx, holder, offer_id, quantity, expires_at, released).await?;
    }
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

async fn keep(
    tx: &Tx,
    holder: PaymentAttemptId,
    offer_id: OfferId,
    quantity: i64,
    expires_at: Timestamp,
    released: Option<reservation::Model>,
) -> Result<(), Fault> {
    let is_new = released.is_none();
    let mut row = released.map(IntoActiveModel::into_active_model).unwrap_or_default();
    row.quantity = Set(quantity);
    row.state = Set(ReservationState::Held);
    row.expires_at = Set(expires_at);
    row.updated_at = Set(tx.now());
    if is_new {
        row.id = Set(tx.new_id());
        row.holder = Set(holder);
        row.offer_id = Set(offer_id);
        row.order_id = Set(None);
        row.created_at = Set(tx.now());
        row.insert(tx).await?;
    } else {
        row.update(tx).await?;
    }
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
    for row in released {
        let change = Change {
            kind: LedgerKind::Released,
            reserved: -row.quantity,
            committed: 0,
            holder: Some(holder),
            order_id: None,
            document: &document,
        };
        figures::apply(tx, row.offer_id, &change).await?;
    }
    Ok(())
}

/// Everything `holder` reserved, by offer.
pub(super) async fn of_holder(
    conn: &impl ConnectionTrait,
    holder: PaymentAttemptId,
) -> Result<Vec<reservation::Model>, Fault> {
    let query = reservation::Entity::find().filter(reservation::Column::Holder.eq(holder));
    Ok(query.order_by_asc(reservation::Column::OfferId).all(conn).await?)
}
