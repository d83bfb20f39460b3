//! How the last fetch of a supplier's stock went, and what of it was left out.

use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};

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
const LIST: &str = "supplier-left-out";

/// A fetch begins: what the last one left out is forgotten.
pub async fn begin(app: &App, id: SupplierId) -> Result<(), Fault> {
    let tx = Tx::begin(app).await?;
    let row = fetch::ActiveModel {
        supplier_id: Set(id),
        began_at: Set(tx.now()),
        ended_at: Set(None),
        items: Set(0),
        left_out: Set(0),
        failure: Set(None),
    };
    use fetch::Column as C;
    let anew = OnConflict::column(C::SupplierId)
        .update_columns([C::BeganAt, C::EndedAt, C::Items, C::LeftOut, C::Failure])
        .to_owned();
    fetch::Entity::insert(row).on_conflict(anew).exec_without_returning(&tx).await?;
    left_out::Entity::delete_many().filter(left_out::Column::SupplierId.eq(id)).exec(&tx).await?;
    tx.commit().await
}

/// Counts `items`, and keeps what was left out beside them.
pub async fn note(app: &App, id: SupplierId, items: usize, rows: &[RowError]) -> Result<(), Fault> {
    let tx = Tx::begin(app).await?;
    let so_far = fetch::Entity::find_by_id(id).lock_exclusive().one(&tx).await?.map_or(0, |it| it.left_out);
    let room = usize::try_from(KEPT - so_far).unwrap_or_default();
    for chunk in rows[..rows.len().min(room)].chunks(CHUNK) {
        let key = [left_out::Column::SupplierId, left_out::Column::Line];
        let known = OnConflict::columns(key).do_nothing().to_owned();
        let rows = chunk.iter().map(|error| row(id, error));
        left_out::Entity::insert_many(rows).on_conflict(known).exec_without_returning(&tx).await?;
    }
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    fetch::Entity::update_many()
        .col_expr(fetch::Column::Items, Expr::col(fetch::Column::Items).add(count(items)))
        .col_expr(fetch::Column::LeftOut, Expr::col(fetch::Column::LeftOut).add(count(rows.len())))
        .filter(fetch::Column::SupplierId.eq(id))
        .exec(&tx)
        .await?;
    tx.commit().await
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

/// What is said of a fetch that the shrink guard stopped.
const HELD: &str = "held back: it would empty too much at once";

/// The fetch ended: badly, if there is a `failure`. What is held back stays so, whatever fails later.
pub async fn end(app: &App, id: SupplierId, failure: Option<&str>) -> Result<(), Fault> {
    let not_held = Condition::any().add(fetch::Column::Failure.is_null()).add(fetch::Column::Failure.ne(HELD));
    fetch::Entity::update_many()
        .col_expr(fetch::Column::EndedAt, Expr::value(app.clock.now()))
        .col_expr(fetch::Column::Failure, Expr::value(failure))
        .filter(fetch::Column::SupplierId.eq(id))
        .filter(not_held)
        .exec(app.db.write())
        .await?;
    Ok(())
}

/// The fetch ended, and what it told is held back until somebody decides.
pub async fn hold(app: &App, id: SupplierId) -> Result<(), Fault> {
    end(app, id, Some(HELD)).await
}

/// What the last fetch told counts after all.
pub async fn release(app: &App, id: SupplierId) -> Result<(), Fault> {
    fetch::Entity::update_many()
        .col_expr(fetch::Column::Failure, Expr::value(None::<String>))
        .filter(fetch::Column::SupplierId.eq(id))
        .filter(fetch::Column::Failure.eq(HELD))
        .exec(app.db.write())
        .await?;
    Ok(())
}

/// Whether what the last fetch told is not what is sold.
pub async fn is_held(app: &App, id: SupplierId) -> Result<bool, Fault> {
    let last = fetch::Entity::find_by_id(id).one(app.db.read()).await?;
    Ok(last.is_some_and(|it| it.failure.as_deref() == Some(HELD)))
}

/// How the last fetch of each of these suppliers' stock went.
pub async fn fetches_of(conn: &impl ConnectionTrait, ids: &[SupplierId]) -> Result<Vec<fetch::Model>, Fault> {
    let query = fetch::Entity::find().filter(fetch::Column::SupplierId.is_in(ids.iter().copied()));
    Ok(query.all(conn).await?)
}

/// The rows that the last fetch left out, in the order of the file. For the owner and staff.
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
        let beyond = if page.backward { left_out::Column::Line.lt(line) } else { left_out::Column::Line.gt(line) };
        query = query.filter(beyond);
    }
    let query = match page.backward {
        true => query.order_by_desc(left_out::Column::Line),
        false => query.order_by_asc(left_out::Column::Line),
    };
    let rows = query.limit(page.size as u64 + 1).all(app.db.read()).await?;
    Ok(Page::from_rows(page, rows, |row| encode_cursor(LIST, &row.line)))
}
