//! Inspection and control: the simulator's own account of what really happened, against
//! which a store's account is held, and the making of suppliers at run time.
//!
//! | Call | What |
//! |---|---|
//! | `PUT /admin/suppliers/{key}` | [`SupplierSettings`]; creates or changes, orders and stock stay |
//! | `GET /admin/suppliers/{key}` | the settings without their secrets |
//! | `PUT /admin/suppliers/{key}/stock` | [`StockReport`]: `{full, items}` |
//! | `GET /admin/suppliers/{key}/orders?cursor=&limit=` | `{items, nextCursor}`, oldest first |
//! | `GET /admin/summary` | per supplier: orders, effective ones, units shipped, webhooks |
//! | `GET /admin/effective?reference=` | `{received, effective, orders}`, over all suppliers and keys |
//! | `GET /admin/pending` | `{steps, decisions, webhooks, total}` still to come |
//! | `PUT /admin/store` | `{url}`: where webhooks go |
//! | `PUT /admin/gateway` | [`GatewaySettings`] |
//! | `GET /admin/gateway/summary` | the sums of the books |
//! | `GET /admin/gateway/authorizations?cursor=&limit=` | every object of the books |

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use axum::{Json, Router};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::{Refusal, bears, parse};
use super::config::{GatewaySettings, SupplierSettings, check_store_url};
use super::gateway::{Authorization, Summary};
use super::locked;
use super::outbox::{Sender, Tally};
use super::suppliers::{Counts, StockReport, Supplier};
use super::wire::{Order, OrderStatus};
use super::world::World;

/// 250,000 articles are about 30 MB of JSON.
const LARGEST_STOCK: usize = 256 << 20;

/// Objects of one page.
const PAGE: usize = 100;
const LARGEST_PAGE: usize = 1_000;

/// The routes below `/admin`.
pub fn routes(world: Arc<World>) -> Router<Arc<World>> {
    Router::new()
        .route("/summary", get(summary))
        .route("/effective", get(effective))
        .route("/pending", get(pending))
        .route("/store", put(put_store))
        .route("/suppliers/{supplier}", put(put_supplier).get(get_supplier))
        .route("/suppliers/{supplier}/stock", put(put_stock).layer(DefaultBodyLimit::max(LARGEST_STOCK)))
        .route("/suppliers/{supplier}/orders", get(orders))
        .route("/gateway", put(put_gateway))
        .route("/gateway/summary", get(gateway_summary))
        .route("/gateway/authorizations", get(authorizations))
        .layer(from_fn_with_state(world, admit))
}

async fn admit(State(world): State<Arc<World>>, request: Request, next: Next) -> Response {
    let admitted = world.admin_token.as_deref().is_none_or(|token| bears(request.headers(), token));
    if admitted { next.run(request).await } else { Refusal::unauthorized().into_response() }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SupplierSummary {
    /// Orders taken in, one for each `Idempotency-Key`.
    orders: usize,
    /// Distinct references among them; fewer than `orders` only if the store changed keys.
    references: usize,
    /// Orders neither rejected nor cancelled.
    effective: u64,
    /// References with more than one effective order (must be empty).
    ordered_twice: Vec<String>,
    stock_items: usize,
    webhooks: Tally,
    /// Steps and webhooks still to come.
    pending: u64,
    #[serde(flatten)]
    counts: Counts,
}

async fn summary(State(world): State<Arc<World>>) -> Json<BTreeMap<String, SupplierSummary>> {
    let suppliers = world.suppliers();
    let summaries = suppliers.iter().map(|supplier| summarize(&world, &locked(supplier)));
    Json(summaries.collect())
}

fn summarize(world: &World, supplier: &Supplier) -> (String, SupplierSummary) {
    let webhooks = world.outbox.tally(&Sender::Supplier(Arc::clone(&supplier.key)));
    let mut ordered_twice: Vec<String> = supplier.ordered_twice().map(str::to_owned).collect();
    ordered_twice.sort();
    let summary = SupplierSummary {
        orders: supplier.order_count(),
        references: supplier.reference_count(),
        effective: supplier.effective_count(),
        ordered_twice,
        stock_items: supplier.stock.len(),
        webhooks,
        pending: supplier.counts.steps_left + webhooks.pending,
        counts: supplier.counts.clone(),
    };
    (supplier.key.to_string(), summary)
}

#[derive(Deserialize)]
struct ByReference {
    reference: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EffectiveOrder {
    supplier: String,
    id: String,
    key: String,
    status: OrderStatus,
    effective: bool,
    received_at: DateTime<Utc>,
}

/// How often a reference was really ordered, over all suppliers.
async fn effective(State(world): State<Arc<World>>, Query(query): Query<ByReference>) -> Json<Value> {
    let mut orders = Vec::new();
    for supplier in world.suppliers() {
        let supplier = locked(&supplier);
        orders.extend(supplier.of_reference(&query.reference).map(|it| EffectiveOrder {
            supplier: supplier.key.to_string(),
            id: it.order.id.clone(),
            key: it.intake.key.clone(),
            status: it.order.status,
            effective: it.is_effective(),
            received_at: it.received_at,
        }));
    }
    Json(json!({
        "reference": query.reference,
        "received": orders.len(),
        "effective": orders.iter().filter(|it| it.effective).count(),
        "orders": orders,
    }))
}

/// Timed actions that remain; all zero once the world is at rest.
async fn pending(State(world): State<Arc<World>>) -> Json<Value> {
    let steps: u64 = world.suppliers().iter().map(|it| locked(it).counts.steps_left).sum();
    let (webhooks, decisions) = (world.outbox.pending(), world.books().undecided());
    Json(json!({
        "steps": steps,
        "decisions": decisions,
        "webhooks": webhooks,
        "total": steps + (webhooks + decisions) as u64,
    }))
}

#[derive(Deserialize)]
struct StoreAddress {
    url: Option<String>,
}

async fn put_store(State(world): State<Arc<World>>, body: Bytes) -> Result<StatusCode, Refusal> {
    let store: StoreAddress = parse(&body)?;
    if let Some(url) = &store.url {
        check_store_url(url).map_err(refuse)?;
    }
    world.set_store_url(store.url);
    Ok(StatusCode::NO_CONTENT)
}

async fn put_supplier(
    State(world): State<Arc<World>>,
    Path(key): Path<String>,
    body: Bytes,
) -> Result<StatusCode, Refusal> {
    let settings: SupplierSettings = parse(&body)?;
    settings.check().map_err(refuse)?;
    world.set_supplier(&key, settings);
    Ok(StatusCode::NO_CONTENT)
}

async fn get_supplier(
    State(world): State<Arc<World>>,
    Path(key): Path<String>,
) -> Result<Json<SupplierSettings>, Refusal> {
    let supplier = find(&world, &key)?;
    let mut settings = locked(&supplier).settings.clone();
    settings.token = "…".to_owned();
    if let Some(webhook) = &mut settings.webhook {
        webhook.secret = "…".to_owned();
    }
    Ok(Json(settings))
}

async fn put_stock(
    State(world): State<Arc<World>>,
    Path(key): Path<String>,
    body: Bytes,
) -> Result<StatusCode, Refusal> {
    let supplier = find(&world, &key)?;
    let report: StockReport = parse(&body)?;
    world.set_stock(&supplier, report);
    Ok(StatusCode::NO_CONTENT)
}

async fn put_gateway(State(world): State<Arc<World>>, body: Bytes) -> Result<StatusCode, Refusal> {
    let settings: GatewaySettings = parse(&body)?;
    settings.check().map_err(refuse)?;
    world.set_gateway(settings);
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
struct PageQuery {
    #[serde(default)]
    cursor: usize,
    limit: Option<usize>,
}

impl PageQuery {
    fn limit(&self) -> usize {
        self.limit.unwrap_or(PAGE).clamp(1, LARGEST_PAGE)
    }

    fn next(&self, returned: usize, total: usize) -> Option<String> {
        let next = self.cursor.saturating_add(returned);
        (next < total).then(|| next.to_string())
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InspectedOrder {
    #[serde(flatten)]
    order: Order,
    key: String,
    received_at: DateTime<Utc>,
    effective: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page<T> {
    items: Vec<T>,
    next_cursor: Option<String>,
}

async fn orders(
    State(world): State<Arc<World>>,
    Path(key): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<InspectedOrder>>, Refusal> {
    let supplier = find(&world, &key)?;
    let supplier = locked(&supplier);
    let inspect = |index| {
        supplier.get(index).map(|it| InspectedOrder {
            order: it.order.clone(),
            key: it.intake.key.clone(),
            received_at: it.received_at,
            effective: it.is_effective(),
        })
    };
    let items: Vec<_> = (query.cursor..).map_while(inspect).take(query.limit()).collect();
    let next_cursor = query.next(items.len(), supplier.order_count());
    Ok(Json(Page { items, next_cursor }))
}

async fn gateway_summary(State(world): State<Arc<World>>) -> Json<Value> {
    let summary: Summary = world.books().summary();
    let mut summary = json!(summary);
    summary["webhooks"] = json!(world.outbox.tally(&Sender::Gateway));
    Json(summary)
}

async fn authorizations(State(world): State<Arc<World>>, Query(query): Query<PageQuery>) -> Json<Page<Authorization>> {
    let books = world.books();
    let items: Vec<_> = books.all().iter().skip(query.cursor).take(query.limit()).cloned().collect();
    let next_cursor = query.next(items.len(), books.all().len());
    Json(Page { items, next_cursor })
}

fn find(world: &World, key: &str) -> Result<Arc<Mutex<Supplier>>, Refusal> {
    world.supplier(key).ok_or_else(|| Refusal::not_found("supplier"))
}

fn refuse(error: anyhow::Error) -> Refusal {
    Refusal::invalid(format!("{error:#}"))
}
