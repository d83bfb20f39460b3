//! A stand-in for Printful, version 2 of its API.
//!
//! Assumptions of ours, where the page is silent: answers are wrapped in `data`; errors carry an HTTP
//! status and `{type, status, title, detail}`; a field that the page does not list is refused. The page
//! has no list of orders and no way to cancel or change one, so these answer 405; what it does not name
//! at all answers 404.

mod catalog;
mod hooks;
mod orders;
mod rate;
mod refusal;
mod shipments;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderValue, Method, Uri};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use rust_decimal::Decimal;
use serde_json::json;

use super::{Call, Fault, Faults, Journal, Ticks, broken, hang, listen, locked, serve};
use catalog::{Rate, Variant};
use hooks::Hook;
use orders::Order;
use rate::Bucket;
use refusal::{Answer, Refusal};
use shipments::Shipment;

/// The platform, in a test's hands.
#[derive(Clone)]
pub struct Printful {
    /// The base of the API: `http://127.0.0.1:…`, without `/v2`.
    pub url: String,
    books: Arc<Mutex<Books>>,
}

/// An order as the platform has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrintfulOrder {
    /// The platform's id.
    pub id: i64,
    /// The store's.
    pub external_id: String,
    /// One of the platform's statuses.
    pub status: String,
    /// What was ordered.
    pub items: Vec<PrintfulItem>,
    /// How it travels.
    pub shipping: String,
    /// How often the store was charged for it.
    pub charges: u32,
}

/// An item of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrintfulItem {
    /// `catalog` or `sync`.
    pub source: String,
    /// The variant of that source.
    pub variant: i64,
    /// Pieces.
    pub quantity: i64,
}

impl Printful {
    /// Starts it on a free port, without goods, for a private token of one store.
    pub async fn start() -> Self {
        let (listener, address) = listen().await;
        let books = Arc::new(Mutex::new(Books::new(address.port())));
        let printful = Self { url: format!("http://{address}"), books };
        serve(listener, Router::new().fallback(answer).with_state(printful.clone()));
        printful
    }

    /// The store's private token.
    pub fn token(&self) -> String {
        self.locked().token.clone()
    }

    /// The store's id, for `X-PF-Store-Id`.
    pub fn store_id(&self) -> i64 {
        self.locked().store_id
    }

    /// From now on the token is an account's, and every call has to name the store.
    pub fn for_account(&self) {
        self.locked().is_account = true;
    }

    /// Ends the token; the new one is [`Printful::token`].
    pub fn revoke_token(&self) {
        self.locked().token.push_str("-renewed");
    }

    /// All orders there ever were, oldest first, also doubles.
    pub fn orders(&self) -> Vec<PrintfulOrder> {
        self.locked().orders.iter().map(|it| it.book.clone()).collect()
    }

    /// Lets the next call of this path go wrong, such as `v2/orders/{id}/confirmation`, where `{id}`
    /// stands for any. Faults of one path come one after the other.
    pub fn fail_next(&self, path: &str, fault: Fault) {
        self.locked().faults.add(path, fault);
    }

    /// What the store asked that is against the page of contracts.
    pub fn complaints(&self) -> Vec<String> {
        self.locked().journal.complaints.clone()
    }

    /// Leaves so many of the 120 calls that a minute has.
    pub fn calls_left(&self, calls: u64) {
        self.locked().bucket.leave(calls);
    }

    fn locked(&self) -> MutexGuard<'_, Books> {
        locked(&self.books)
    }
}

/// Everything the platform knows.
struct Books {
    port: u16,
    /// How many ids were given out.
    ids: i64,
    time: Ticks,
    journal: Journal,
    faults: Faults,
    bucket: Bucket,
    token: String,
    store_id: i64,
    /// Whether the token is an account's, so that calls have to name the store.
    is_account: bool,
    catalog: BTreeMap<i64, Variant>,
    /// Prices of the store's own variants.
    sync: BTreeMap<i64, Decimal>,
    rates: Vec<Rate>,
    orders: Vec<Order>,
    shipments: Vec<Shipment>,
    /// With what status and words orders are refused.
    refusal: Option<(u16, String)>,
    /// Whether charges fail.
    is_broke: bool,
    hook: Hook,
}

async fn answer(State(it): State<Printful>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let call = Call::new(method, &uri, "", headers, body);
    let fault = it.locked().begin(&call);
    if fault == Some(Fault::HangBefore) {
        return hang().await;
    }
    let prevented = fault.and_then(|fault| it.locked().prevent(fault));
    if let Some(response) = prevented {
        return response;
    }
    let response = it.locked().handle(&call);
    match fault {
        Some(Fault::StatusAfter(status)) => broken(status),
        _ => response,
    }
}

impl Books {
    fn new(port: u16) -> Self {
        Self {
            port,
            ids: 0,
            time: Ticks::begin(),
            journal: Journal::default(),
            faults: Faults::default(),
            bucket: Bucket::full(),
            token: format!("private-token-{port}"),
            store_id: 1_000_000 + i64::from(port),
            is_account: false,
            catalog: BTreeMap::new(),
            sync: BTreeMap::new(),
            rates: Rate::usual(),
            orders: Vec::new(),
            shipments: Vec::new(),
            refusal: None,
            is_broke: false,
            hook: Hook::new(port, 0),
        }
    }

    fn next_id(&mut self) -> i64 {
        self.ids += 1;
        90_000_000 + self.ids
    }

    fn begin(&mut self, call: &Call) -> Option<Fault> {
        self.journal.record(call);
        self.faults.take(&call.path)
    }

    /// The answer of a fault that lets nothing happen. The platform knows no points: a day's allowance
    /// that is gone is a long wait here.
    fn prevent(&mut self, fault: Fault) -> Option<Response> {
        let refusal = match fault {
            Fault::Status(status) => return Some(broken(status)),
            Fault::Qps => Refusal::too_fast(1),
            Fault::PointsGone => Refusal::too_fast(24 * 60 * 60),
            Fault::TokenInvalid => Refusal::token(),
            Fault::HangBefore | Fault::StatusAfter(_) => return None,
        };
        Some(self.finished(refusal.into_response()))
    }

    fn handle(&mut self, call: &Call) -> Response {
        let response = match self.admit(call).and_then(|()| self.perform(call)) {
            Ok(data) => Json(json!({ "data": data })).into_response(),
            Err(refusal) => {
                if let Some(complaint) = refusal.complaint() {
                    self.journal.complain(call, complaint);
                }
                refusal.into_response()
            }
        };
        self.finished(response)
    }

    /// Adds what every answer carries. How the page's headers look inside is our own assumption.
    fn finished(&mut self, mut response: Response) -> Response {
        let (remaining, reset) = self.bucket.state();
        let headers = response.headers_mut();
        headers.insert("x-ratelimit-policy", HeaderValue::from_static("120;w=60"));
        headers.insert("x-ratelimit-limit", HeaderValue::from(rate::CALLS));
        headers.insert("x-ratelimit-remaining", HeaderValue::from(remaining));
        headers.insert("x-ratelimit-reset", HeaderValue::from(reset));
        response
    }

    /// Lets a call in that is not one too many and carries what it has to.
    fn admit(&mut self, call: &Call) -> Result<(), Refusal> {
        self.bucket.take().map_err(Refusal::too_fast)?;
        let given = call.header(AUTHORIZATION.as_str()).ok_or_else(Refusal::token_missing)?;
        if given.strip_prefix("Bearer ") != Some(self.token.as_str()) {
            return Err(Refusal::token());
        }
        match call.header("x-pf-store-id") {
            Some(id) if id == self.store_id.to_string() => Ok(()),
            Some(id) => Err(format!("the token does not reach the store `{id}`").into()),
            None if self.is_account => Err("an account's token has to name the store".to_owned().into()),
            None => Ok(()),
        }
    }

    fn perform(&mut self, call: &Call) -> Answer {
        call.expects(&[])?;
        let segments: Vec<&str> = call.path.split('/').collect();
        match (call.method.as_str(), segments.as_slice()) {
            ("POST", ["v2", "orders"]) => orders::create(self, call),
            ("GET", ["v2", "orders", id]) => orders::get(self, id),
            ("POST", ["v2", "orders", id, "confirmation"]) => orders::confirm(self, id),
            ("GET", ["v2", "orders", id, "invoices"]) => orders::invoices(self, id),
            ("GET", ["v2", "orders", id, "shipments"]) => shipments::list(self, id),
            ("POST", ["v2", "shipping-rates"]) => catalog::shipping_rates(self, call),
            ("GET", ["v2", "catalog-variants", id, "availability"]) => catalog::availability(self, id),
            ("POST", ["v2", "webhooks"]) => hooks::set(self, call),
            (_, ["v2", "orders" | "shipping-rates" | "webhooks"] | ["v2", "orders", _])
            | (_, ["v2", "orders", _, "confirmation" | "invoices" | "shipments"])
            | (_, ["v2", "catalog-variants", _, "availability"]) => Err(Refusal::wrong_method()),
            _ => Err(Refusal::no_such_path()),
        }
    }
}
