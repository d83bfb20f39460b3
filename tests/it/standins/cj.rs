//! A stand-in for CJdropshipping, version 2 of its API.
//!
//! Assumptions of ours, where the page is silent: an error inside the envelope travels with HTTP
//! 200, so that whoever looks only at the status is caught; a wrong parameter has the number of *not
//! found*, and any other refusal one that nobody knows; names of fields and parameters that the page
//! does not give are built from the words it uses.

mod auth;
mod catalog;
mod envelope;
mod hooks;
mod life;
mod limits;
mod orders;
mod sandbox;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::Response;
use rust_decimal::Decimal;

use super::{Call, Fault, Faults, Journal, Object, Ticks, amount, broken, hang, listen, locked, serve};
use auth::Tokens;
use catalog::{Item, Service};
use envelope::{Answer, Refusal};
use limits::Limits;
use orders::Order;

const BASE: &str = "/api2.0/v1";

/// The platform, in a test's hands.
#[derive(Clone)]
pub struct Cj {
    /// The base of the API: `http://127.0.0.1:…/api2.0/v1`.
    pub url: String,
    books: Arc<Mutex<Books>>,
}

/// An order as the platform has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CjOrder {
    /// The store's number.
    pub order_number: String,
    /// The platform's.
    pub order_id: String,
    /// One of the platform's statuses, or `DELETED`, which only the books know.
    pub status: String,
    /// What was ordered.
    pub lines: Vec<CjLine>,
    /// How it travels.
    pub logistic_name: String,
    /// 1 page, 2 balance, 3 create only.
    pub pay_type: i64,
    /// Whether it was only a trial.
    pub is_sandbox: bool,
}

/// A line of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CjLine {
    /// The platform's variant, also where the store named a SKU.
    pub vid: String,
    /// Pieces.
    pub quantity: i64,
    /// The store's name of the line.
    pub store_line_item_id: String,
}

/// How often tokens were asked for, also in vain.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TokenRequests {
    /// With the API key.
    pub get_access_token: usize,
    /// With the refresh token.
    pub refresh_access_token: usize,
}

impl Cj {
    /// Starts it on a free port, without goods.
    pub async fn start() -> Self {
        let (listener, address) = listen().await;
        let books = Arc::new(Mutex::new(Books::new(address.port())));
        let cj = Self { url: format!("http://{address}{BASE}"), books };
        serve(listener, Router::new().fallback(answer).with_state(cj.clone()));
        cj
    }

    /// All orders there ever were, oldest first, also doubles and deleted ones.
    pub fn orders(&self) -> Vec<CjOrder> {
        self.locked().orders.iter().map(|it| it.book.clone()).collect()
    }

    /// Lets the next call of this path go wrong, such as `shopping/order/createOrderV2`. Faults of one
    /// path come one after the other.
    pub fn fail_next(&self, path: &str, fault: Fault) {
        self.locked().faults.add(path, fault);
    }

    /// Lets a call of this path go wrong after so many that go well.
    pub fn fail_after(&self, path: &str, calls: usize, fault: Fault) {
        self.locked().faults.add_after(path, calls, fault);
    }

    /// What the store asked that is against the page of contracts.
    pub fn complaints(&self) -> Vec<String> {
        self.locked().journal.complaints.clone()
    }

    /// How much money the store has with the platform; nothing at first.
    pub fn balance(&self, dollars: &str) {
        self.locked().balance = amount(dollars);
    }

    /// What is left of it.
    pub fn balance_left(&self) -> Decimal {
        self.locked().balance
    }

    fn locked(&self) -> MutexGuard<'_, Books> {
        locked(&self.books)
    }
}

/// Everything the platform knows.
struct Books {
    port: u16,
    /// How many ids were given out.
    ids: u64,
    time: Ticks,
    journal: Journal,
    faults: Faults,
    tokens: Tokens,
    limits: Limits,
    items: BTreeMap<String, Item>,
    services: Vec<Service>,
    orders: Vec<Order>,
    balance: Decimal,
    /// With what number and words orders are refused.
    refusal: Option<(i64, String)>,
    /// Why orders are intercepted.
    intercepts: Vec<(i64, String)>,
    topics: Object,
    subscribed: BTreeSet<String>,
}

type Handler = fn(&mut Books, &Call) -> Answer;

struct Endpoint {
    method: &'static str,
    path: &'static str,
    /// What a call costs of the day's allowance.
    points: i64,
    handler: Handler,
}

const fn endpoint(method: &'static str, path: &'static str, points: i64, handler: Handler) -> Endpoint {
    Endpoint { method, path, points, handler }
}

/// The page prices lists at 50 and queries of products, stock and freight at 10; that an order's query
/// is one as well, and that all else is free, is our own assumption. So are the folders and methods of
/// what the page only names: `confirmOrder`, `deleteOrder`, `queryBySku`, `getInventoryByPid`, the sandbox.
const ENDPOINTS: &[Endpoint] = &[
    endpoint("POST", "authentication/getAccessToken", 0, auth::get_access_token),
    endpoint("POST", "authentication/refreshAccessToken", 0, auth::refresh_access_token),
    endpoint("GET", "product/listV2", 50, catalog::list),
    endpoint("GET", "product/query", 10, catalog::product),
    endpoint("GET", "product/variant/query", 10, catalog::variants),
    endpoint("GET", "product/variant/queryByVid", 10, catalog::variant),
    endpoint("GET", "product/stock/queryByVid", 10, catalog::stock_by_vid),
    endpoint("GET", "product/stock/queryBySku", 10, catalog::stock_by_sku),
    endpoint("GET", "product/stock/getInventoryByPid", 10, catalog::inventory),
    endpoint("POST", "logistic/freightCalculate", 10, catalog::freight),
    endpoint("GET", "logistic/trackInfo", 10, life::track_info),
    endpoint("POST", "shopping/order/createOrderV2", 0, orders::create),
    endpoint("GET", "shopping/order/list", 50, life::list),
    endpoint("GET", "shopping/order/getOrderDetail", 10, life::detail),
    endpoint("PATCH", "shopping/order/confirmOrder", 0, life::confirm),
    endpoint("DELETE", "shopping/order/deleteOrder", 0, life::delete),
    endpoint("GET", "shopping/pay/getBalance", 0, life::balance),
    endpoint("POST", "shopping/pay/payBalanceV2", 0, life::pay),
    endpoint("POST", "webhook/set", 0, hooks::set),
    endpoint("POST", "webhook/product/subscribe", 0, hooks::subscribe),
    endpoint("POST", "shopping/sandbox/simulatePay", 0, sandbox::pay),
    endpoint("POST", "shopping/sandbox/updateStatus", 0, sandbox::update_status),
    endpoint("POST", "shopping/sandbox/updateTrackNumber", 0, sandbox::update_track_number),
];

async fn answer(State(cj): State<Cj>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let call = Call::new(method, &uri, BASE, headers, body);
    let fault = cj.locked().begin(&call);
    if fault == Some(Fault::HangBefore) {
        return hang().await;
    }
    let prevented = fault.and_then(|fault| cj.locked().prevent(fault));
    if let Some(response) = prevented {
        return response;
    }
    let response = cj.locked().handle(&call);
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
            tokens: Tokens::new(port),
            limits: Limits::default(),
            items: BTreeMap::new(),
            services: Service::usual(),
            orders: Vec::new(),
            balance: Decimal::ZERO,
            refusal: None,
            intercepts: Vec::new(),
            topics: Object::new(),
            subscribed: BTreeSet::new(),
        }
    }

    fn next_id(&mut self) -> u64 {
        self.ids += 1;
        self.ids
    }

    fn begin(&mut self, call: &Call) -> Option<Fault> {
        self.journal.record(call);
        self.faults.take(&call.path)
    }

    /// The answer of a fault that lets nothing happen.
    fn prevent(&mut self, fault: Fault) -> Option<Response> {
        let refusal = match fault {
            Fault::Status(status) => return Some(broken(status)),
            Fault::Qps => Refusal::too_fast(),
            Fault::PointsGone => self.limits.gone(),
            Fault::TokenInvalid => Refusal::token_in_envelope(),
            Fault::HangBefore | Fault::StatusAfter(_) => return None,
        };
        Some(refusal.response(self.next_id()))
    }

    fn handle(&mut self, call: &Call) -> Response {
        let request = self.next_id();
        match self.perform(call) {
            Ok(data) => envelope::success(&call.path, &data, request),
            Err(refusal) => {
                if let Some(complaint) = refusal.complaint() {
                    self.journal.complain(call, complaint);
                }
                refusal.response(request)
            }
        }
    }

    fn perform(&mut self, call: &Call) -> Answer {
        let endpoint = ENDPOINTS.iter().find(|it| it.path == call.path).ok_or_else(Refusal::no_such_path)?;
        if endpoint.method != call.method.as_str() {
            return Err(Refusal::wrong_method(endpoint.method));
        }
        self.limits.admit()?;
        if !call.path.starts_with("authentication/") {
            self.tokens.check(call)?;
        }
        self.limits.spend(endpoint.points)?;
        (endpoint.handler)(self, call)
    }
}
