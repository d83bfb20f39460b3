//! GraphQL over HTTP: the one path `/graphql`.
//!
//! POST takes JSON and nothing else, so that a browser asks before it sends one from another site;
//! GET runs queries only, and none that another site's page or link makes a browser send
//! ([`super::origin`]). An upgrade becomes a WebSocket ([`super::ws`]), `text/event-stream` a stream
//! ([`super::sse`]), and a person with a browser gets an explorer ([`super::explorer`]).

use std::net::IpAddr;
use std::sync::Arc;

use async_graphql::parser::types::OperationType;
use async_graphql::{ServerError, Value};
use axum::body::Body;
use axum::extract::{FromRequestParts, Request, State, WebSocketUpgrade};
use axum::http::header::{ALLOW, AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER, VARY};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};

use super::accept::{Form, negotiate};
use super::errors::{self, Code};
use super::execute::{Answer, Caller, Edge};
use super::{address, explorer, incoming, origin, sse, ws};
use crate::identity;
use crate::kernel::problem::Fault;
use crate::platform::config::Introspection;

/// Why a request was not run: the status under any form but JSON's lenient one, and the error.
pub struct Refusal {
    status: StatusCode,
    error: ServerError,
}

impl Refusal {
    /// A refusal with this status.
    pub fn new(status: StatusCode, code: Code, message: &str) -> Self {
        Self { status, error: errors::error(code, message) }
    }

    /// A request that is none.
    pub fn bad(message: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Code::BadUserInput, message)
    }

    /// A refusal that `error`'s own code gives the status of.
    fn of(error: ServerError) -> Self {
        Self { status: status_of(&error), error }
    }
}

/// Answers `/graphql`.
pub async fn handle(State(edge): State<Arc<Edge>>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let request_id = request_id(&edge, &parts);
    let mut response = match answer(&edge, &mut parts, body, &request_id).await {
        Ok(response) => response,
        Err((form, refusal)) => refuse(form, refusal),
    };
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert("x-request-id", value);
    }
    response
}

type Refused = (Form, Refusal);

async fn answer(edge: &Arc<Edge>, parts: &mut Parts, body: Body, request_id: &str) -> Result<Response, Refused> {
    if parts.method == Method::GET && parts.headers.contains_key("upgrade") {
        return Ok(upgrade(edge, parts, request_id).await);
    }
    let Some(form) = negotiate(&parts.headers) else {
        let message = "this server answers application/graphql-response+json, application/json and text/event-stream";
        return Err((Form::Json, Refusal::new(StatusCode::NOT_ACCEPTABLE, Code::BadUserInput, message)));
    };
    let query = parts.uri.query().unwrap_or_default();
    let explores = edge.app.config.introspection == Introspection::All;
    if explores && form == Form::Html && parts.method == Method::GET && query.is_empty() {
        return Ok(explorer::page(&edge.app));
    }
    let form = if form == Form::Html { Form::Json } else { form };
    let refused = |refusal| (form, refusal);
    let incoming = match parts.method {
        Method::GET if origin::is_foreign(&edge.app.config, &parts.headers) => {
            let message = "a page of another origin may only send this with the header x-requested-with";
            return Err(refused(Refusal::new(StatusCode::FORBIDDEN, Code::Forbidden, message)));
        }
        Method::GET => incoming::from_query(query).map_err(refused)?,
        Method::POST => match incoming::from_body(edge, parts, body).await {
            Ok(incoming) => incoming,
            Err(refusal) => {
                let address = address::of(parts, &edge.proxies);
                return Err(refused(charge(edge, refusal, address, request_id).await));
            }
        },
        _ => return Ok(not_allowed("GET, POST")),
    };
    let caller = caller(edge, parts, request_id).await.map_err(refused)?;
    let operation = edge.prepare(incoming, &caller).await.map_err(|error| refused(Refusal::of(error)))?;
    if parts.method == Method::GET && operation.kind == OperationType::Mutation {
        return Ok(not_allowed("POST"));
    }
    if form == Form::EventStream {
        return sse::respond(edge, operation, caller).map_err(|error| refused(Refusal::of(error)));
    }
    if operation.kind == OperationType::Subscription {
        let message = "a subscription needs a WebSocket, or accept: text/event-stream";
        return Err(refused(Refusal::new(StatusCode::BAD_REQUEST, Code::BadUserInput, message)));
    }
    Ok(match edge.answer(operation, &caller).await {
        Answer::Written(body) => json(form, StatusCode::OK, body),
        Answer::Response(response) => write(form, response),
    })
}

async fn upgrade(edge: &Arc<Edge>, parts: &mut Parts, request_id: &str) -> Response {
    if !ws::origin_allowed(&edge.app.config, &parts.headers) {
        return (StatusCode::FORBIDDEN, "this origin may not connect").into_response();
    }
    let address = address::of(parts, &edge.proxies);
    // Whoever ends the last one and opens the next costs more than whoever asks something.
    if edge.charge_socket(address).await.is_err() {
        return (StatusCode::TOO_MANY_REQUESTS, "this address asks for too much").into_response();
    }
    match WebSocketUpgrade::from_request_parts(parts, &()).await {
        Ok(upgrade) => ws::accept(edge, upgrade, address, request_id.to_owned()),
        Err(rejection) => rejection.into_response(),
    }
}

/// The actor comes from the credential alone; one that is not good is never taken for none.
async fn caller(edge: &Edge, parts: &Parts, request_id: &str) -> Result<Caller, Refusal> {
    let address = address::of(parts, &edge.proxies);
    let mut credentials = parts.headers.get_all(AUTHORIZATION).iter();
    let authenticated = match (credentials.next().map(bearer), credentials.next()) {
        (Some(Some(token)), None) => identity::authenticate(&edge.app, Some(token)).await,
        (None, _) => identity::authenticate(&edge.app, None).await,
        // Another reader of a request with two might take the other one.
        (Some(_), _) => Err(Fault::Unauthenticated),
    };
    match authenticated {
        Ok(actor) => Ok(Caller { actor, address, request_id: request_id.to_owned() }),
        Err(fault) => Err(charge(edge, Refusal::of(errors::of_fault(fault, request_id)), address, request_id).await),
    }
}

/// `refusal`, which costs something too, or that its address has had too many.
async fn charge(edge: &Edge, refusal: Refusal, address: IpAddr, request_id: &str) -> Refusal {
    match edge.charge_refusal(address).await {
        Ok(()) => refusal,
        Err(fault) => Refusal::of(errors::of_fault(fault, request_id)),
    }
}

fn bearer(value: &HeaderValue) -> Option<&str> {
    bearer_of(value.to_str().ok()?)
}

/// The token of `Bearer <token>`.
pub fn bearer_of(text: &str) -> Option<&str> {
    let (scheme, token) = text.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()).filter(|token| !token.is_empty())
}

/// The id the log knows this request by: the proxy's, if it is a plain word, or a new one.
fn request_id(edge: &Edge, parts: &Parts) -> String {
    let plain = |text: &&str| {
        (1..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    let given = parts.headers.get("x-request-id").and_then(|value| value.to_str().ok()).filter(plain);
    given.map_or_else(|| hex::encode(edge.app.ids.bytes::<8>()), str::to_owned)
}

/// Writes an answer. An error before the execution is a request error: without `data`, and with a
/// status of its own unless the client asked for plain JSON.
fn write(form: Form, response: async_graphql::Response) -> Response {
    match response.errors.first() {
        Some(error) if errors::is_refusal(&response) => {
            let status = match status_of(error) {
                StatusCode::BAD_REQUEST if form == Form::Json => StatusCode::OK,
                status => status,
            };
            let body = serde_json::json!({ "errors": response.errors, "extensions": response.extensions });
            json(form, status, body.to_string())
        }
        _ => match serde_json::to_string(&response) {
            Ok(body) => json(form, StatusCode::OK, body),
            Err(error) => {
                tracing::error!(%error, "an answer could not be written");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        },
    }
}

fn refuse(form: Form, refusal: Refusal) -> Response {
    // What could be read but is no GraphQL is answered 200 to clients that know no better.
    let readable =
        ["GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "PERSISTED_QUERY_NOT_FOUND", "QUERY_TOO_COMPLEX"];
    let code = code_of(&refusal.error).unwrap_or_default();
    let status = if form == Form::Json && readable.contains(&code.as_str()) { StatusCode::OK } else { refusal.status };
    let form = if form == Form::EventStream { Form::Json } else { form };
    let told = |name| refusal.error.extensions.as_ref().and_then(|it| it.get(name));
    let retry_after = told("retryAfter").map(ToString::to_string);
    let mut body = serde_json::json!({ "errors": [refusal.error] });
    if let Some(cost) = told("cost") {
        // Where every answer has it.
        body["extensions"] = serde_json::json!({ "cost": cost });
    }
    let mut response = json(form, status, body.to_string());
    if let Some(seconds) = retry_after.and_then(|seconds| HeaderValue::from_str(&seconds).ok()) {
        response.headers_mut().insert(RETRY_AFTER, seconds);
    }
    response
}

fn code_of(error: &ServerError) -> Option<String> {
    match error.extensions.as_ref()?.get("code")? {
        Value::String(code) => Some(code.clone()),
        _ => None,
    }
}

fn status_of(error: &ServerError) -> StatusCode {
    match code_of(error).unwrap_or_default().as_str() {
        "UNAUTHENTICATED" => StatusCode::UNAUTHORIZED,
        "FORBIDDEN" => StatusCode::FORBIDDEN,
        "RATE_LIMITED" => StatusCode::TOO_MANY_REQUESTS,
        "TIMEOUT" => StatusCode::GATEWAY_TIMEOUT,
        "UNAVAILABLE" => StatusCode::SERVICE_UNAVAILABLE,
        "INTERNAL" => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    }
}

fn json(form: Form, status: StatusCode, body: impl Into<Body>) -> Response {
    let headers = [(CONTENT_TYPE, form.content_type()), (VARY, "accept, authorization")];
    (status, headers, body.into()).into_response()
}

fn not_allowed(allow: &'static str) -> Response {
    let refusal = errors::error(Code::BadUserInput, "this method cannot be used for this");
    let body = serde_json::json!({ "errors": [refusal] }).to_string();
    let mut response = json(Form::Json, StatusCode::METHOD_NOT_ALLOWED, body);
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
    response
}
