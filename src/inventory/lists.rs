//! The raw facts of inventory as lists, for the store's people.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::entity::{acceptance, commitment};
use super::{ledger, offer, reservation};
use crate::app::App;
use crate::identity::{Action, Actor};
use crate::kernel::ids::{CommitmentId, OfferId, SupplierId, VariantId};
use crate::kernel::page::{Page, PageRequest, decode_cursor, encode_cursor};
use crate::kernel::problem::Fault;

/// The offers, oldest first; all of them, or one supplier's.
pub async fn offers(
    app: &App,
    actor: &Actor,
    supplier_id: Option<SupplierId>,
    page: &PageRequest,
) -> Result<Page<offer::Model>, Fault> {
    actor.may(Action::ReadInventory)?;
    let mut query = offer::Entity::find();
    if let Some(supplier_id) = supplier_id {
        query = query.filter(offer::Column::SupplierId.eq(supplier_id));
    }
    by_id(app, query, offer::Column::Id, "offers", page, |row| row.id).await
}

/// The ledger in the order it was written, of all offers or of one.
pub async fn ledger_entries(
    app: &App,
    actor: &Actor,
    offer_id: Option<OfferId>,
    page: &PageRequest,
) -> Result<Page<ledger::Model>, Fault> {
    actor.may(Action::ReadInventory)?;
    let Some(offer_id) = offer_id else {
        return by_id(app, ledger::Entity::find(), ledger::Column::Id, "ledger", page, |row| row.id).await;
    };
    let query = ledger::Entity::find().filter(ledger::Column::OfferId.eq(offer_id));
    by_id(app, query, ledger::Column::Seq, "offer_ledger", page, |row| row.seq).await
}

/// The reservations, oldest first.
pub async fn reservations(app: &App, actor: &Actor, page: &PageRequest) -> Result<Page<reservation::Model>, Fault> {
    actor.may(Action::ReadInventory)?;
    by_id(app, reservation::Entity::find(), reservation::Column::Id, "reservations", page, |row| row.id).await
}

/// What orders take, oldest first.
pub async fn commitments(app: &App, actor: &Actor, page: &PageRequest) -> Result<Page<commitment::Model>, Fault> {
    actor.may(Action::ReadInventory)?;
    by_id(app, commitment::Entity::find(), commitment::Column::Id, "commitments", page, |row| row.id).await
}

/// The acceptances of these commitments, oldest first.
pub async fn acceptances_of(app: &App, ids: &[CommitmentId]) -> Result<Vec<acceptance::Model>, Fault> {
    let query = acceptance::Entity::find().filter(acceptance::Column::CommitmentId.is_in(ids.iter().copied()));
    Ok(query.order_by_asc(acceptance::Column::Id).all(app.db.read()).await?)
}

/// The offers with these ids, in no order.
pub async fn offers_by_id(app: &App, ids: &[OfferId]) -> Result<Vec<offer::Model>, Fault> {
    let query = offer::Entity::find().filter(offer::Column::Id.is_in(ids.iter().copied()));
    Ok(query.all(app.db.read()).await?)
}

/// The offers of these variants, the preferred first.
pub async fn offers_by_variant(app: &App, ids: &[VariantId]) -> Result<Vec<offer::Model>, Fault> {
    let query = offer::Entity::find().filter(offer::Column::VariantId.is_in(ids.iter().copied()));
    let query = query.order_by_asc(offer::Column::Priority).order_by_asc(offer::Column::Id);
    Ok(query.all(app.db.read()).await?)
}

/// A page of `query` in the order of a unique column.
async fn by_id<E: EntityTrait, K: Into<Value> + Serialize + DeserializeOwned>(
    app: &App,
    mut query: Select<E>,
    column: E::Column,
    name: &str,
    page: &PageRequest,
    key: impl Fn(&E::Model) -> K,
) -> Result<Page<E::Model>, Fault> {
    if let Some(cursor) = &page.cursor {
        let last: K = decode_cursor(name, cursor)?;
        query = query.filter(if page.backward { column.lt(last) } else { column.gt(last) });
    }
    query = if page.backward { query.order_by_desc(column) } else { query.order_by_asc(column) };
    let rows = query.limit(page.size as u64 + 1).all(app.db.read()).await?;
    Ok(Page::from_rows(page, rows, |row| encode_cursor(name, &key(row))))
}
