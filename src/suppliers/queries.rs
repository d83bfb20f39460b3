//! Reading suppliers and their services.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use super::entity::supplier::SupplierStatus;
use super::{service, supplier};
use crate::app::App;
use crate::identity::{Action, Actor};
use crate::kernel::ids::{StockReportId, SupplierId};
use crate::kernel::page::{Page, PageRequest, decode_cursor, encode_cursor};
use crate::kernel::problem::Fault;
use crate::platform::tx::Tx;

/// The supplier with this id.
pub async fn lookup(conn: &impl ConnectionTrait, id: SupplierId) -> Result<Option<supplier::Model>, Fault> {
    Ok(supplier::Entity::find_by_id(id).one(conn).await?)
}

/// The suppliers with these ids, in no order.
pub async fn load_many(conn: &impl ConnectionTrait, ids: &[SupplierId]) -> Result<Vec<supplier::Model>, Fault> {
    let query = supplier::Entity::find().filter(supplier::Column::Id.is_in(ids.iter().copied()));
    Ok(query.all(conn).await?)
}

/// Every supplier that new orders may go to.
pub async fn active(conn: &impl ConnectionTrait) -> Result<Vec<supplier::Model>, Fault> {
    let query = supplier::Entity::find().filter(supplier::Column::Status.eq(SupplierStatus::Active));
    Ok(query.order_by_asc(supplier::Column::Id).all(conn).await?)
}

/// The shipping services of these suppliers, by supplier and code.
pub async fn services_of(conn: &impl ConnectionTrait, suppliers: &[SupplierId]) -> Result<Vec<service::Model>, Fault> {
    let query = service::Entity::find().filter(service::Column::SupplierId.is_in(suppliers.iter().copied()));
    let query = query.order_by_asc(service::Column::SupplierId).order_by_asc(service::Column::Code);
    Ok(query.all(conn).await?)
}

/// The suppliers as the store's people see them, oldest first.
pub async fn list(app: &App, actor: &Actor, page: &PageRequest) -> Result<Page<supplier::Model>, Fault> {
    actor.may(Action::ReadSuppliers)?;
    let mut query = supplier::Entity::find();
    if let Some(cursor) = &page.cursor {
        let id: SupplierId = decode_cursor("suppliers", cursor)?;
        query = query.filter(if page.backward { supplier::Column::Id.lt(id) } else { supplier::Column::Id.gt(id) });
    }
    query = if page.backward {
        query.order_by_desc(supplier::Column::Id)
    } else {
        query.order_by_asc(supplier::Column::Id)
    };
    let rows = query.limit(page.size as u64 + 1).all(app.db.read()).await?;
    Ok(Page::from_rows(page, rows, |row| encode_cursor("suppliers", &row.id)))
}

/// How many suppliers there are.
pub async fn count(app: &App, actor: &Actor) -> Result<i64, Fault> {
    actor.may(Action::ReadSuppliers)?;
    Ok(i64::try_from(supplier::Entity::find().count(app.db.read()).await?).unwrap_or(i64::MAX))
}

/// The supplier, for the store's people.
pub async fn find(app: &App, actor: &Actor, id: SupplierId) -> Result<Option<supplier::Model>, Fault> {
    actor.may(Action::ReadSuppliers)?;
    lookup(app.db.read(), id).await
}

/// What a tag begins with that no supplier gave.
const FORGOTTEN: &str = "forgotten:";

/// Has the supplier's stock read anew when it is fetched next, whether or not it changed: there are new offers. A fetch
/// that is under way and may have passed them does not count as that.
pub async fn forget_stock_tag(tx: &Tx, id: SupplierId) -> Result<(), Fault> {
    let forgotten = format!("{FORGOTTEN}{}", tx.new_id::<StockReportId>());
    supplier::Entity::update_many()
        .col_expr(supplier::Column::StockEtag, Expr::value(forgotten))
        .filter(supplier::Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

/// The tag of the stock answer read last, if nothing was forgotten since.
pub fn stock_tag(supplier: &supplier::Model) -> Option<&str> {
    supplier.stock_etag.as_deref().filter(|tag| !tag.starts_with(FORGOTTEN))
}

/// Remembers the tag of the stock answer read last, unless it was forgotten since `supplier` was read.
pub async fn remember_stock_tag(app: &App, supplier: &supplier::Model, etag: Option<&str>) -> Result<(), Fault> {
    let before = match &supplier.stock_etag {
        Some(tag) => supplier::Column::StockEtag.eq(tag.as_str()),
        None => supplier::Column::StockEtag.is_null(),
    };
    supplier::Entity::update_many()
        .col_expr(supplier::Column::StockEtag, Expr::value(etag))
        .filter(supplier::Column::Id.eq(supplier.id))
        .filter(before)
        .exec(app.db.write())
        .await?;
    Ok(())
}
