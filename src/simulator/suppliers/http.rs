//! The five endpoints a supplier implements, served for every simulated supplier.

use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::header::{ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::super::answer::{Refusal, bears, hang, idempotency_key, parse};
use super::super::locked;
use super::super::wire::{Order, OrderRequest};
use super::super::world::{Received, World};
use super::{Cursor, Intake, Supplier};

/// Lines an order may have; the store sends fewer.
const MOST_LINES: usize = 1_000;

/// The routes below `/suppliers`.
pub fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/{supplier}/stock", get(stock))
        .route("/{supplier}/orders", post(place))
        .route("/{supplier}/orders/by-reference/{reference}", get(by_reference))
        .route("/{supplier}/orders/{id}", get(by_id))
        .route("/{supplier}/orders/{id}/cancel", post(cancel))
}

#[derive(Deserialize)]
struct StockQuery {
    cursor: Option<String>,
}

#[derive(Deserialize)]
struct CancelRequest {
    #[serde(rename = "reason")]
    _reason: Option<String>,
}

async fn stock(
    State(world): State<Arc<World>>,
    Path(key): Path<String>,
    Query(query): Query<StockQuery>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let supplier = authorized(&world, &key, &headers)?;
    disturb(&supplier, "stock", query.cursor.as_deref().unwrap_or_default()).await?;
    let cursor = match query.cursor.as_deref().filter(|it| !it.is_empty()) {
        Some(text) => Some(Cursor::decode(text).ok_or_else(|| Refusal::invalid("this cursor is not ours"))?),
        None => None,
    };
    let supplier = locked(&supplier);
    let tag = format!("\"{}-{}-{}\"", world.born(), supplier.stock.generation(), query.cursor.unwrap_or_default());
    let tag = HeaderValue::from_str(&tag).map_err(|_| Refusal::invalid("this cursor is not ours"))?;
    if headers.get(IF_NONE_MATCH) == Some(&tag) {
        return Ok((StatusCode::NOT_MODIFIED, [(ETAG, tag)]).into_response());
    }
    let page = supplier.stock.page(cursor.as_ref(), super::super::clock::now());
    drop(supplier);
    Ok(([(ETAG, tag)], Json(page)).into_response())
}

async fn place(
    State(world): State<Arc<World>>,
    Path(key): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, Json<Order>), Refusal> {
    let supplier = authorized(&world, &key, &headers)?;
    let idempotency_key = idempotency_key(&headers)?;
    let request: OrderRequest = parse(&body)?;
    disturb(&supplier, "place", &request.reference).await?;
    let intake = check(&supplier, idempotency_key, request)?;
    let reference = intake.reference.clone();
    match world.receive(&supplier, intake) {
        Received::Conflict => {
            Err(Refusal::new(StatusCode::CONFLICT, "IDEMPOTENCY_KEY_REUSED", "this key came with another order"))
        }
        Received::Repeated(order) => Ok((StatusCode::OK, Json(order))),
        Received::New(order) => {
            disturb_after(&supplier, &reference).await?;
            Ok((StatusCode::CREATED, Json(order)))
        }
    }
}

async fn by_reference(
    State(world): State<Arc<World>>,
    Path((key, reference)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Json<Order>, Refusal> {
    let supplier = authorized(&world, &key, &headers)?;
    disturb(&supplier, "by reference", &reference).await?;
    let supplier = locked(&supplier);
    let order = supplier.of_reference(&reference).next().map(|it| Json(it.order.clone()));
    order.ok_or_else(|| Refusal::not_found("order"))
}

async fn by_id(
    State(world): State<Arc<World>>,
    Path((key, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Json<Order>, Refusal> {
    let supplier = authorized(&world, &key, &headers)?;
    disturb(&supplier, "by id", &id).await?;
    let supplier = locked(&supplier);
    let order = supplier.index_of_id(&id).and_then(|index| supplier.get(index));
    order.map(|it| Json(it.order.clone())).ok_or_else(|| Refusal::not_found("order"))
}

async fn cancel(
    State(world): State<Arc<World>>,
    Path((key, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Order>, Refusal> {
    let supplier = authorized(&world, &key, &headers)?;
    if !body.is_empty() {
        parse::<CancelRequest>(&body)?;
    }
    disturb(&supplier, "cancel", &id).await?;
    world.cancel(&supplier, &id).map(Json)
}

/// The supplier of the path, if the caller has its token.
fn authorized(world: &World, key: &str, headers: &HeaderMap) -> Result<Arc<Mutex<Supplier>>, Refusal> {
    let supplier = world.supplier(key).ok_or_else(|| Refusal::not_found("supplier"))?;
    let bears = bears(headers, &locked(&supplier).settings.token);
    if bears { Ok(supplier) } else { Err(Refusal::unauthorized()) }
}

/// The faults that hit before anything is done.
async fn disturb(supplier: &Mutex<Supplier>, call: &str, subject: &str) -> Result<(), Refusal> {
    let hangs = {
        let mut supplier = locked(supplier);
        let (timeout, limited, broken) = {
            let faults = &supplier.settings.faults;
            (faults.timeout_before, faults.error429, faults.error500)
        };
        if timeout + limited + broken <= 0.0 {
            return Ok(());
        }
        let attempt = supplier.attempt(call, subject);
        if supplier.hits(limited, "error429", &attempt) {
            return Err(Refusal::too_many());
        }
        if supplier.hits(broken, "error500", &attempt) {
            return Err(Refusal::broken());
        }
        supplier.hits(timeout, "timeoutBefore", &attempt)
    };
    if hangs { Err(hang().await) } else { Ok(()) }
}

/// The faults that hit after an order was taken.
async fn disturb_after(supplier: &Mutex<Supplier>, reference: &str) -> Result<(), Refusal> {
    let hangs = {
        let mut supplier = locked(supplier);
        let (timeout, broken) = (supplier.settings.faults.timeout_after, supplier.settings.faults.error500_after);
        if timeout + broken <= 0.0 {
            return Ok(());
        }
        let attempt = supplier.attempt("placed", reference);
        if supplier.hits(broken, "error500After", &attempt) {
            return Err(Refusal::broken());
        }
        supplier.hits(timeout, "timeoutAfter", &attempt)
    };
    if hangs { Err(hang().await) } else { Ok(()) }
}

/// Refuses a request that no supplier could read as an order; keeps what matters of it.
fn check(supplier: &Mutex<Supplier>, key: String, request: OrderRequest) -> Result<Intake, Refusal> {
    let currency = locked(supplier).settings.currency.clone();
    if !(1..=255).contains(&request.reference.len()) {
        return Err(Refusal::invalid("reference has 1 to 255 characters"));
    }
    if request.currency != currency {
        return Err(Refusal::invalid(format!("we sell in {currency}")));
    }
    if !(1..=MOST_LINES).contains(&request.lines.len()) {
        return Err(Refusal::invalid(format!("an order has 1 to {MOST_LINES} lines")));
    }
    if request.lines.iter().any(|line| !(1..=1_000_000).contains(&line.quantity)) {
        return Err(Refusal::invalid("a quantity is between 1 and 1000000"));
    }
    let digest = Sha256::digest(serde_json::to_vec(&request).map_err(|_| Refusal::broken())?);
    let to = &request.destination;
    let addressable = [&to.name, &to.address1, &to.city].iter().all(|it| !it.trim().is_empty());
    Ok(Intake {
        key,
        digest: hex::encode(digest),
        reference: request.reference,
        addressable: addressable && to.country_code.len() == 2,
        country: request.destination.country_code,
        shipping_service: request.shipping_service,
        lines: request.lines,
    })
}
