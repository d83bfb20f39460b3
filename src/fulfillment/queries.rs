//! Reading supplier orders.

use sea_orm::sea_query::Condition;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, Iterable, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};

use super::entity::{decision, line, supplier_order, transition};
use super::state::SupplierOrderStatus;
use crate::app::App;
use crate::identity::{Action, Actor};
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{OrderId, SupplierOrderId};
use crate::kernel::page::{Page, PageRequest, decode_cursor, encode_cursor};
use crate::kernel::problem::Fault;

const NEWEST: &str = "supplierOrders";
const HISTORY: &str = "supplierOrder.history";

/// Which supplier orders.
#[derive(Debug, Clone, Default)]
pub struct SupplierOrderFilter {
    /// In one of these states.
    pub statuses: Option<Vec<SupplierOrderStatus>>,
}

/// The supplier order, whoever asks.
pub async fn lookup(conn: &impl ConnectionTrait, id: SupplierOrderId) -> Result<Option<supplier_order::Model>, Fault> {
    Ok(supplier_order::Entity::find_by_id(id).one(conn).await?)
}

/// How many supplier orders are to be sent and are not known to have reached their supplier, and since
/// when the oldest of them is there. Those that wait for the owner's approval are not among them.
pub async fn unforwarded(conn: &impl ConnectionTrait) -> Result<(i64, Option<Timestamp>), Fault> {
    use SupplierOrderStatus::{Failed, Queued, Submitting, Unknown};
    let query = supplier_order::Entity::find()
        .filter(supplier_order::Column::Status.is_in([Queued, Submitting, Unknown, Failed]))
        .select_only()
        .expr(supplier_order::Column::Id.count())
        .expr(supplier_order::Column::CreatedAt.min());
    let found = query.into_tuple::<(i64, Option<Timestamp>)>().one(conn).await?;
    Ok(found.unwrap_or_default())
}

/// The supplier order, if it is `actor`'s to see.
pub async fn find(app: &App, actor: &Actor, id: SupplierOrderId) -> Result<Option<supplier_order::Model>, Fault> {
    actor.may(Action::ReadSupplierOrder)?;
    let Some(own) = lookup(app.db.read(), id).await? else { return Ok(None) };
    let theirs = actor.may_on(Action::ReadSupplierOrder, &own).is_ok() && is_shown(actor, &own);
    Ok(theirs.then_some(own))
}

/// The supplier orders of orders, oldest first.
pub async fn of_orders(conn: &impl ConnectionTrait, ids: &[OrderId]) -> Result<Vec<supplier_order::Model>, Fault> {
    let query = supplier_order::Entity::find().filter(supplier_order::Column::OrderId.is_in(ids.iter().copied()));
    Ok(query.order_by_asc(supplier_order::Column::Id).all(conn).await?)
}

/// Why units of an order went from one supplier to others, oldest first.
pub async fn decisions_of(conn: &impl ConnectionTrait, id: OrderId) -> Result<Vec<decision::Model>, Fault> {
    let query = decision::Entity::find().filter(decision::Column::OrderId.eq(id));
    Ok(query.order_by_asc(decision::Column::Id).all(conn).await?)
}

/// The supplier orders that something may still happen to, oldest first.
pub async fn unfinished(conn: &impl ConnectionTrait) -> Result<Vec<SupplierOrderId>, Fault> {
    let open = SupplierOrderStatus::iter().filter(|status| !status.is_final());
    let query = supplier_order::Entity::find().filter(supplier_order::Column::Status.is_in(open));
    let query = query.select_only().column(supplier_order::Column::Id).order_by_asc(supplier_order::Column::Id);
    Ok(query.into_tuple().all(conn).await?)
}

/// The lines of supplier orders, by id.
pub async fn lines_of(conn: &impl ConnectionTrait, ids: &[SupplierOrderId]) -> Result<Vec<line::Model>, Fault> {
    let query = line::Entity::find().filter(line::Column::SupplierOrderId.is_in(ids.iter().copied()));
    Ok(query.order_by_asc(line::Column::Id).all(conn).await?)
}

/// Supplier orders by id, in no order.
pub async fn load_many(
    conn: &impl ConnectionTrait,
    ids: &[SupplierOrderId],
) -> Result<Vec<supplier_order::Model>, Fault> {
    let query = supplier_order::Entity::find().filter(supplier_order::Column::Id.is_in(ids.iter().copied()));
    Ok(query.all(conn).await?)
}

/// The newest supplier orders first: all of them for the store, its own for a supplier.
pub async fn list(
    app: &App,
    actor: &Actor,
    filter: &SupplierOrderFilter,
    page: &PageRequest,
) -> Result<Page<supplier_order::Model>, Fault> {
    actor.may(Action::ReadSupplierOrder)?;
    let mut query = filtered(actor, filter);
    if let Some(cursor) = &page.cursor {
        let id: SupplierOrderId = decode_cursor(NEWEST, cursor)?;
        let column = supplier_order::Column::Id;
        query = query.filter(if page.backward { column.gt(id) } else { column.lt(id) });
    }
    let column = supplier_order::Column::Id;
    let query = if page.backward { query.order_by_asc(column) } else { query.order_by_desc(column) };
    let rows = query.limit(page.size as u64 + 1).all(app.db.read()).await?;
    Ok(Page::from_rows(page, rows, |row| encode_cursor(NEWEST, &row.id)))
}

/// How many supplier orders there are.
pub async fn count(app: &App, actor: &Actor, filter: &SupplierOrderFilter) -> Result<i64, Fault> {
    actor.may(Action::ReadSupplierOrder)?;
    let count = filtered(actor, filter).count(app.db.read()).await?;
    i64::try_from(count).map_err(|_| Fault::internal("more supplier orders than can be counted"))
}

/// The steps a supplier order took, oldest first.
pub async fn history(
    conn: &impl ConnectionTrait,
    id: SupplierOrderId,
    page: &PageRequest,
) -> Result<Page<transition::Model>, Fault> {
    let mut query = transition::Entity::find().filter(transition::Column::SupplierOrderId.eq(id));
    if let Some(cursor) = &page.cursor {
        let (of, seq): (SupplierOrderId, i32) = decode_cursor(HISTORY, cursor)?;
        let column = transition::Column::Seq;
        query = query.filter(if page.backward { column.lt(seq) } else { column.gt(seq) });
        query = query.filter(transition::Column::SupplierOrderId.eq(of));
    }
    let column = transition::Column::Seq;
    let query = if page.backward { query.order_by_desc(column) } else { query.order_by_asc(column) };
    let rows = query.limit(page.size as u64 + 1).all(conn).await?;
    Ok(Page::from_rows(page, rows, |row| encode_cursor(HISTORY, &(row.supplier_order_id, row.seq))))
}

/// What a supplier has not been asked yet, or never was, is none of its business.
fn is_shown(actor: &Actor, own: &supplier_order::Model) -> bool {
    let asked = own.submitted_at.is_some() || own.sendings > 0;
    !actor.is_supplier() || (asked && !HIDDEN.contains(&own.status))
}

/// States in which the supplier was not asked.
const HIDDEN: [SupplierOrderStatus; 4] =
    [SupplierOrderStatus::Draft, SupplierOrderStatus::Routed, SupplierOrderStatus::OnHold, SupplierOrderStatus::Queued];

fn filtered(actor: &Actor, filter: &SupplierOrderFilter) -> Select<supplier_order::Entity> {
    use supplier_order::Column;
    let mut all = Condition::all();
    let by_supplier = actor.supplier_id().map(|it| Column::SupplierId.eq(it));
    if let Some(theirs) = by_supplier.or(actor.linked_order().map(|it| Column::Id.eq(it))) {
        all = all.add(theirs).add(Column::Status.is_not_in(HIDDEN));
        // Withdrawn before it was sent: it was never asked.
        all = all.add(Condition::any().add(Column::SubmittedAt.is_not_null()).add(Column::Sendings.gt(0)));
    }
    all = all.add_option(filter.statuses.as_ref().map(|it| Column::Status.is_in(it.iter().copied())));
    supplier_order::Entity::find().filter(all)
}
