//! Prices over time: every change of a variant's price, with who made it and why.
//!
//! The change and its entry are written in one transaction, here for rules and in `variants.rs` for what
//! is set by hand or imported. What was never changed has no history.

mod entity;

use std::collections::HashMap;

use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    Set,
};

pub use self::entity::{Model as PriceChange, PriceCause};
use super::entity::variant;
use super::{facets, state};
use crate::app::App;
use crate::identity::{Action, Actor};
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{PriceChangeId, ProductId, VariantId};
use crate::kernel::money::Money;
use crate::kernel::page::{Page, PageRequest, decode_cursor, encode_cursor};
use crate::kernel::problem::Fault;
use crate::platform::db::among;
use crate::platform::tx::Tx;

/// The name of the list in its cursors.
const LIST: &str = "priceHistory";
/// So many changes are written by one statement.
const ROWS: usize = 200;

/// A price that a rule made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repricing {
    /// Whose price.
    pub variant_id: VariantId,
    /// The new price.
    pub price: Money,
    /// Why it is what it is.
    pub reason: String,
}

/// Locks variants until the transaction ends; what of them is read after that stays true in it.
pub async fn lock_variants(tx: &Tx, ids: &[VariantId]) -> Result<(), Fault> {
    lock(tx, ids).await.map(drop)
}

async fn lock(tx: &Tx, ids: &[VariantId]) -> Result<Vec<variant::Model>, Fault> {
    let query = variant::Entity::find().filter(among(tx, variant::Column::Id, ids));
    Ok(query.order_by_asc(variant::Column::Id).lock_exclusive().all(tx).await?)
}

/// Gives variants the prices that rules made, and their products with them. `by` is an actor's label.
pub async fn reprice(tx: &Tx, by: &str, prices: Vec<Repricing>) -> Result<(), Fault> {
    if prices.is_empty() {
        return Ok(());
    }
    let ids: Vec<VariantId> = prices.iter().map(|it| it.variant_id).collect();
    let rows: HashMap<VariantId, variant::Model> = lock(tx, &ids).await?.into_iter().map(|it| (it.id, it)).collect();
    let mut history = History::of(PriceCause::Rule, by);
    let mut products: Vec<ProductId> = Vec::new();
    for it in prices {
        let Some(row) = rows.get(&it.variant_id) else { continue };
        history.note(tx, row, it.price, it.reason);
        products.push(row.product_id);
        let change = variant::ActiveModel {
            id: Set(row.id),
            price: Set(it.price.minor()),
            updated_at: Set(tx.now()),
            ..Default::default()
        };
        change.update_without_returning(tx).await?;
    }
    history.write(tx).await?;
    products.sort_unstable();
    products.dedup();
    facets::refresh(tx, &products).await?;
    state::bump(tx).await
}

/// The changes that one verb makes.
pub(super) struct History<'a> {
    cause: PriceCause,
    by: &'a str,
    rows: Vec<entity::ActiveModel>,
}

impl<'a> History<'a> {
    pub(super) fn of(cause: PriceCause, by: &'a str) -> Self {
        Self { cause, by, rows: Vec::new() }
    }

    /// Notes what becomes of the price of `before`; the same price is no change.
    pub(super) fn note(&mut self, tx: &Tx, before: &variant::Model, price: Money, reason: String) {
        if before.price == price.minor() {
            return;
        }
        let row = entity::Model {
            id: tx.new_id(),
            variant_id: before.id,
            currency: price.currency(),
            from_price: before.price,
            to_price: price.minor(),
            cause: self.cause,
            reason,
            changed_by: self.by.to_owned(),
            changed_at: tx.now(),
        };
        self.rows.push(row.into_active_model().reset_all());
    }

    pub(super) async fn write(self, tx: &Tx) -> Result<(), Fault> {
        for rows in self.rows.chunks(ROWS) {
            entity::Entity::insert_many(rows.to_vec()).exec_without_returning(tx).await?;
        }
        Ok(())
    }
}

/// When a rule last changed the prices of these variants; those it never changed are left out.
pub async fn last_repriced(
    conn: &impl ConnectionTrait,
    ids: &[VariantId],
) -> Result<HashMap<VariantId, Timestamp>, Fault> {
    let query = entity::Entity::find()
        .select_only()
        .column(entity::Column::VariantId)
        .column_as(entity::Column::ChangedAt.max(), "last")
        .filter(among(conn, entity::Column::VariantId, ids))
        .filter(entity::Column::Cause.eq(PriceCause::Rule))
        .group_by(entity::Column::VariantId);
    Ok(query.into_tuple::<(VariantId, Timestamp)>().all(conn).await?.into_iter().collect())
}

/// What became of a variant's price, newest first.
pub async fn price_history(
    app: &App,
    actor: &Actor,
    variant_id: VariantId,
    page: &PageRequest,
) -> Result<Page<PriceChange>, Fault> {
    actor.may(Action::ReadCost)?;
    let mut query = entity::Entity::find().filter(entity::Column::VariantId.eq(variant_id));
    if let Some(cursor) = &page.cursor {
        let id: PriceChangeId = decode_cursor(LIST, cursor)?;
        query = query.filter(if page.backward { entity::Column::Id.gt(id) } else { entity::Column::Id.lt(id) });
    }
    let id = entity::Column::Id;
    let query = if page.backward { query.order_by_asc(id) } else { query.order_by_desc(id) };
    let rows = query.limit(page.size as u64 + 1).all(app.db.read()).await?;
    Ok(Page::from_rows(page, rows, |row| encode_cursor(LIST, &row.id)))
}
