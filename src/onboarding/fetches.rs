//! How the last fetch of a supplier's goods went, and what of it was left out.

use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};

use super::entity::{fetch, left_out};
use crate::app::App;
use crate::feeds::RowError;
use crate::identity::{Action, Actor};
use crate::kernel::ids::SupplierId;
use crate::kernel::page::{Page, PageRequest, decode_cursor, encode_cursor};
use crate::kernel::problem::Fault;
use crate::platform::tx::Tx;

/// How many left-out rows are kept of one fetch; the rest is only counted.
const KEPT: i64 = 10_000;
/// How many rows one statement writes.
const CHUNK: usize = 500;
/// The order left-out rows are listed in, as cursors name it.
const LIST: &str = "supplier-catalog-left-out";

/// A fetch is asked for: of the last one nothing is said any more.
pub(super) async fn request(tx: &Tx, id: SupplierId, query: Option<String>) -> Result<(), Fault> {
    let row = fetch::ActiveModel {
        supplier_id: Set(id),
        query: Set(query),
        requested_at: Set(tx.now()),
        began_at: Set(None),
        ended_at: Set(None),
        items: Set(0),
        left_out: Set(0),
        failure: Set(None),
    };
    use fetch::Column as C;
    let anew = OnConflict::column(C::SupplierId)
        .update_columns([C::Query, C::RequestedAt, C::BeganAt, C::EndedAt, C::Items, C::LeftOut, C::Failure])
        .to_owned();
    fetch::Entity::insert(row).on_conflict(anew).exec_without_returning(tx).await?;
    left_out::Entity::delete_many().filter(left_out::Column::SupplierId.eq(id)).exec(tx).await?;
    Ok(())
}

/// The fetch begins, perhaps anew.
pub(super) async fn begin(app: &App, id: SupplierId) -> Result<(), Fault> {
    let tx = Tx::begin(app).await?;
    use fetch::Column as C;
    fetch::Entity::update_many()
        .col_expr(C::BeganAt, Expr::value(tx.now()))
        .col_expr(C::Items, Expr::value(0_i64))
        .col_expr(C::LeftOut, Expr::value(0_i64))
        .filter(C::SupplierId.eq(id))
        .exec(&tx)
        .await?;
    left_out::Entity::delete_many().filter(left_out::Column::SupplierId.eq(id)).exec(&tx).await?;
    tx.commit().await
}

/// Counts `items`, and keeps what was left out beside them; `so_far` rows were before.
pub(super) async fn note(app: &App, id: SupplierId, items: usize, rows: &[RowError], so_far: i64) -> Result<(), Fault> {
    let tx = Tx::begin(app).await?;
    let room = usize::try_from(KEPT - so_far).unwrap_or_default();
    for chunk in rows[..rows.len().min(room)].chunks(CHUNK) {
        let key = [left_out::Column::SupplierId, left_out::Column::Line];
        let known = OnConflict::columns(key).do_nothing().to_owned();
        let rows = chunk.iter().map(|error| row(id, error));
        left_out::Entity::insert_many(rows).on_conflict(known).exec_without_returning(&tx).await?;
    }
    use fetch::Column as C;
    fetch::Entity::update_many()
        .col_expr(C::Items, Expr::col(C::Items).add(count(items)))
        .col_expr(C::LeftOut, Expr::col(C::LeftOut).add(count(rows.len())))
        .filter(C::SupplierId.eq(id))
        .exec(&tx)
        .await?;
    tx.commit().await
}

/// A number for a column.
pub(super) fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn row(id: SupplierId, error: &RowError) -> left_out::ActiveModel {
    left_out::ActiveModel {
        supplier_id: Set(id),
        line: Set(i64::try_from(error.line).unwrap_or(i64::MAX)),
        sku: Set(error.sku.clone()),
        reason: Set(error.reason.to_owned()),
        message: Set(error.message.clone()),
    }
}

/// The fetch ended: badly, if there is a `failure`. What was taken in until then stays.
pub(super) async fn end(app: &App, id: SupplierId, failure: Option<&str>) -> Result<(), Fault> {
    fetch::Entity::update_many()
        .col_expr(fetch::Column::EndedAt, Expr::value(app.clock.now()))
        .col_expr(fetch::Column::Failure, Expr::value(failure))
        .filter(fetch::Column::SupplierId.eq(id))
        .exec(app.db.write())
        .await?;
    Ok(())
}

/// How the last fetch of each of these suppliers' goods went.
pub async fn fetches_of(conn: &impl ConnectionTrait, ids: &[SupplierId]) -> Result<Vec<fetch::Model>, Fault> {
    let query = fetch::Entity::find().filter(fetch::Column::SupplierId.is_in(ids.iter().copied()));
    Ok(query.all(conn).await?)
}

/// The rows that the last fetch left out, in their order. For the owner and staff.
pub async fn list_left_out(
    app: &App,
    actor: &Actor,
    id: SupplierId,
    page: &PageRequest,
) -> Result<Page<left_out::Model>, Fault> {
    actor.may(Action::ReadSuppliers)?;
    let mut query = left_out::Entity::find().filter(left_out::Column::SupplierId.eq(id));
    if let Some(cursor) = &page.cursor {
        let line: i64 = decode_cursor(LIST, cursor)?;
        query = query.filter(left_out::Column::Line.gt(line));
    }
    let query = query.order_by_asc(left_out::Column::Line);
    let rows = query.limit(page.size as u64 + 1).all(app.db.read()).await?;
    Ok(Page::from_rows(page, rows, |row| encode_cursor(LIST, &row.line)))
}
