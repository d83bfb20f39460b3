//! Reading orders.

use sea_orm::sea_query::{Condition, Expr, ExprTrait, LikeExpr, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, Order as Direction, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Select,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::entity::{line, order, supplier};
use super::place::token_context;
use super::state::{FulfillmentStatus, PaymentStatus};
use crate::app::App;
use crate::identity::{Action, Actor};
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{CustomerId, OrderId, SupplierId};
use crate::kernel::page::{Page, PageRequest, decode_cursor, encode_cursor};
use crate::kernel::problem::Fault;
use crate::platform::keys::hash_token;

/// The longest text that is searched for.
const MAX_QUERY: usize = 200;

/// The order, whoever asks.
pub async fn lookup(conn: &impl ConnectionTrait, id: OrderId) -> Result<Option<order::Model>, Fault> {
    Ok(order::Entity::find_by_id(id).one(conn).await?)
}

/// The order, if it is `actor`'s to see.
pub async fn find(app: &App, actor: &Actor, id: OrderId) -> Result<Option<order::Model>, Fault> {
    let Some(order) = lookup(app.db.read(), id).await? else {
        actor.may(Action::ReadOrder)?;
        return Ok(None);
    };
    match actor.may_on(Action::ReadOrder, &order) {
        Ok(()) => Ok(Some(order)),
        Err(Fault::NotFound) => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// The order a tracking token belongs to.
pub async fn lookup_by_token(app: &App, token: &str) -> Result<Option<order::Model>, Fault> {
    let query = order::Entity::find().filter(order::Column::TokenHash.eq(hash_token(token)));
    Ok(query.one(app.db.read()).await?)
}

/// Orders by id, in no particular order.
pub async fn load_many(conn: &impl ConnectionTrait, ids: &[OrderId]) -> Result<Vec<order::Model>, Fault> {
    let query = order::Entity::find().filter(order::Column::Id.is_in(ids.iter().copied()));
    Ok(query.all(conn).await?)
}

/// The lines of orders, in their places.
pub async fn lines_of(conn: &impl ConnectionTrait, ids: &[OrderId]) -> Result<Vec<line::Model>, Fault> {
    let query = line::Entity::find().filter(line::Column::OrderId.is_in(ids.iter().copied()));
    Ok(query.order_by_asc(line::Column::OrderId).order_by_asc(line::Column::Place).all(conn).await?)
}

/// The order's tracking token in plain text, for mails and for checkout's answer.
pub fn tracking_token(app: &App, order: &order::Model) -> Result<String, Fault> {
    Ok(app.sealer.open(&token_context(order.id), &order.token_sealed)?)
}

/// Which orders.
#[derive(Debug, Clone, Default)]
pub struct OrderFilter {
    /// A part of the number, e-mail, name, or of the goods' names or SKUs.
    pub query: Option<String>,
    /// In one of these payment states.
    pub payment_statuses: Option<Vec<PaymentStatus>>,
    /// In one of these fulfillment states.
    pub fulfillment_statuses: Option<Vec<FulfillmentStatus>>,
    /// Placed then or later.
    pub placed_after: Option<Timestamp>,
    /// Placed before then.
    pub placed_before: Option<Timestamp>,
    /// Of this customer.
    pub customer_id: Option<CustomerId>,
    /// With a part at this supplier.
    pub supplier_id: Option<SupplierId>,
}

/// In which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OrderSort {
    /// The newest first.
    #[default]
    Newest,
    /// The oldest first.
    Oldest,
    /// The dearest first.
    TotalDesc,
}

/// All orders, for the store.
pub async fn list(
    app: &App,
    actor: &Actor,
    filter: &OrderFilter,
    sort: OrderSort,
    page: &PageRequest,
) -> Result<Page<order::Model>, Fault> {
    may_list(actor, filter)?;
    sorted(app, filtered(filter)?, sort, page).await
}

/// How many orders there are.
pub async fn count(app: &App, actor: &Actor, filter: &OrderFilter) -> Result<i64, Fault> {
    may_list(actor, filter)?;
    counted(app, filter).await
}

/// Who supplies an order is not for everybody who sees it; a filter would tell.
fn may_list(actor: &Actor, filter: &OrderFilter) -> Result<(), Fault> {
    actor.may(Action::ReadOrders)?;
    if filter.supplier_id.is_some() { actor.may(Action::ReadSupplierOrder) } else { Ok(()) }
}

/// A customer's own orders, newest first; the caller has checked whose they are.
pub async fn list_of(app: &App, customer: CustomerId, page: &PageRequest) -> Result<Page<order::Model>, Fault> {
    sorted(app, filtered(&of_customer(customer))?, OrderSort::Newest, page).await
}

/// How many orders a customer has.
pub async fn count_of(app: &App, customer: CustomerId) -> Result<i64, Fault> {
    counted(app, &of_customer(customer)).await
}

fn of_customer(customer: CustomerId) -> OrderFilter {
    OrderFilter { customer_id: Some(customer), ..OrderFilter::default() }
}

async fn counted(app: &App, filter: &OrderFilter) -> Result<i64, Fault> {
    let count = filtered(filter)?.count(app.db.read()).await?;
    i64::try_from(count).map_err(|_| Fault::internal("more orders than can be counted"))
}

fn filtered(filter: &OrderFilter) -> Result<Select<order::Entity>, Fault> {
    use order::Column;
    let mut all = Condition::all()
        .add_option(filter.payment_statuses.as_ref().map(|it| Column::PaymentStatus.is_in(it.iter().copied())))
        .add_option(filter.fulfillment_statuses.as_ref().map(|it| Column::FulfillmentStatus.is_in(it.iter().copied())))
        .add_option(filter.placed_after.map(|it| Column::PlacedAt.gte(it)))
        .add_option(filter.placed_before.map(|it| Column::PlacedAt.lt(it)))
        .add_option(filter.customer_id.map(|it| Column::CustomerId.eq(it)));
    if let Some(supplier_id) = filter.supplier_id {
        let orders = Query::select()
            .column(supplier::Column::OrderId)
            .from(supplier::Entity)
            .and_where(supplier::Column::SupplierId.eq(supplier_id))
            .to_owned();
        all = all.add(Column::Id.in_subquery(orders));
    }
    if let Some(query) = filter.query.as_deref().map(str::trim).filter(|it| !it.is_empty()) {
        if query.chars().count() > MAX_QUERY {
            return Err(Fault::BadInput(format!("a query has at most {MAX_QUERY} characters")));
        }
        all = all.add(Expr::col(Column::SearchText).like(containing(query)));
    }
    Ok(order::Entity::find().filter(all))
}

/// Matches texts that contain `query` as it stands, wildcards included.
fn containing(query: &str) -> LikeExpr {
    let mut pattern = String::from("%");
    for letter in query.to_lowercase().chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    LikeExpr::new(pattern).escape('\\')
}

async fn sorted(
    app: &App,
    query: Select<order::Entity>,
    sort: OrderSort,
    page: &PageRequest,
) -> Result<Page<order::Model>, Fault> {
    use order::Column;
    match sort {
        OrderSort::Newest => by(app, query, page, "orders.newest", Column::PlacedAt, true, |it| it.placed_at).await,
        OrderSort::Oldest => by(app, query, page, "orders.oldest", Column::PlacedAt, false, |it| it.placed_at).await,
        OrderSort::TotalDesc => by(app, query, page, "orders.total", Column::Total, true, |it| it.total).await,
    }
}

/// Reads a page in the order of `column`, ties by id.
async fn by<K: Serialize + DeserializeOwned + Into<sea_orm::Value> + Clone>(
    app: &App,
    mut query: Select<order::Entity>,
    page: &PageRequest,
    name: &'static str,
    column: order::Column,
    descending: bool,
    key: fn(&order::Model) -> K,
) -> Result<Page<order::Model>, Fault> {
    let down = descending != page.backward;
    if let Some(cursor) = &page.cursor {
        let (value, id): (K, OrderId) = decode_cursor(name, cursor)?;
        let tie = Condition::all().add(column.eq(value.clone()));
        let (beyond, tie) = if down {
            (column.lt(value), tie.add(order::Column::Id.lt(id)))
        } else {
            (column.gt(value), tie.add(order::Column::Id.gt(id)))
        };
        query = query.filter(Condition::any().add(beyond).add(tie));
    }
    let direction = if down { Direction::Desc } else { Direction::Asc };
    let query = query.order_by(column, direction.clone()).order_by(order::Column::Id, direction);
    let rows = query.limit(page.size as u64 + 1).all(app.db.read()).await?;
    Ok(Page::from_rows(page, rows, |it| encode_cursor(name, &(key(it), it.id))))
}
