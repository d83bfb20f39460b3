//! The gateway's API, and the faults its tokens ask for.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::json;

use super::super::answer::{Refusal, bears, hang, idempotency_key, parse};
use super::super::world::World;
use super::books::{Answer, Authorization, Authorize, Call};

/// The largest amount of one call; keeps every sum of the books far from overflow.
const MOST_MINOR: i64 = 1_000_000_000_000;

/// How much earlier than the answer an "early" webhook leaves.
const EARLY: Duration = Duration::from_millis(300);

/// The routes below `/gateway`.
pub fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/authorizations", post(authorize).get(list))
        .route("/authorizations/{id}", get(by_id))
        .route("/authorizations/{id}/captures", post(capture))
        .route("/authorizations/{id}/voids", post(void))
        .route("/authorizations/{id}/refunds", post(refund))
}

#[derive(Deserialize)]
struct Amount {
    amount: i64,
}

/// The body of a void, `{}`.
#[derive(Deserialize)]
struct Nothing {}

/// What `GET /authorizations` asks for: those of a reference, or those that changed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Which {
    reference: Option<String>,
    changed_since: Option<DateTime<Utc>>,
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(self.body)).into_response()
    }
}

async fn authorize(State(world): State<Arc<World>>, headers: HeaderMap, body: Bytes) -> Result<Answer, Refusal> {
    let key = admitted(&world, &headers).and_then(|()| idempotency_key(&headers))?;
    let request: Authorize = parse(&body)?;
    check_amount(request.amount)?;
    if !(1..=255).contains(&request.reference.len()) {
        return Err(Refusal::invalid("reference has 1 to 255 characters"));
    }
    if request.currency.len() != 3 || !request.currency.bytes().all(|it| it.is_ascii_uppercase()) {
        return Err(Refusal::invalid("currency is an ISO 4217 code"));
    }
    if request.token == "tok_timeout_before" {
        return Err(hang().await);
    }
    let token = request.token.clone();
    let (answer, repeated) = world.call_gateway(&key, Call::Authorize(request));
    match token.as_str() {
        _ if repeated => {}
        "tok_timeout_after" => return Err(hang().await),
        "tok_500_after" => return Err(Refusal::broken()),
        "tok_slow" => tokio::time::sleep(world.gateway_delay()).await,
        _ => wait_for_early_webhook(&world, &key).await,
    }
    Ok(answer)
}

async fn capture(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Answer, Refusal> {
    let key = admitted(&world, &headers).and_then(|()| idempotency_key(&headers))?;
    let amount = parse::<Amount>(&body)?.amount;
    check_amount(amount)?;
    act(&world, &key, Call::Capture { id, amount }).await
}

async fn void(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Answer, Refusal> {
    let key = admitted(&world, &headers).and_then(|()| idempotency_key(&headers))?;
    if !body.is_empty() {
        parse::<Nothing>(&body)?;
    }
    act(&world, &key, Call::Void { id }).await
}

async fn refund(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Answer, Refusal> {
    let key = admitted(&world, &headers).and_then(|()| idempotency_key(&headers))?;
    let amount = parse::<Amount>(&body)?.amount;
    check_amount(amount)?;
    act(&world, &key, Call::Refund { id, amount }).await
}

async fn act(world: &Arc<World>, key: &str, call: Call) -> Result<Answer, Refusal> {
    let (answer, repeated) = world.call_gateway(key, call);
    if !repeated {
        wait_for_early_webhook(world, key).await;
    }
    Ok(answer)
}

async fn by_id(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Authorization>, Refusal> {
    admitted(&world, &headers)?;
    let found = world.books().lookup(&id).cloned();
    found.map(Json).ok_or_else(|| Refusal::not_found("authorization"))
}

async fn list(
    State(world): State<Arc<World>>,
    Query(which): Query<Which>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    admitted(&world, &headers)?;
    let books = world.books();
    match (which.reference, which.changed_since) {
        (Some(reference), None) => Ok(Json(books.of_reference(&reference).collect::<Vec<_>>()).into_response()),
        (None, Some(since)) => {
            let changed: Vec<&Authorization> = books.all().iter().filter(|it| it.changed_at >= since).collect();
            Ok(Json(json!({ "changedSince": since, "authorizations": changed })).into_response())
        }
        _ => Err(Refusal::invalid("either reference or changedSince")),
    }
}

fn admitted(world: &World, headers: &HeaderMap) -> Result<(), Refusal> {
    let admitted = world.books().settings.secret.as_deref().is_some_and(|secret| bears(headers, secret));
    if admitted { Ok(()) } else { Err(Refusal::unauthorized()) }
}

fn check_amount(amount: i64) -> Result<(), Refusal> {
    let fine = (1..=MOST_MINOR).contains(&amount);
    if fine { Ok(()) } else { Err(Refusal::invalid("amount is a positive number of minor units")) }
}

/// The fault `earlyWebhook`: the webhook has left, the answer takes its time.
async fn wait_for_early_webhook(world: &World, key: &str) {
    if world.webhook_comes_early(key) {
        tokio::time::sleep(EARLY).await;
    }
}
