//! Stand-ins for suppliers' platforms: servers that answer as the page of contracts says, written from
//! that page alone and never from an adapter, so that one mistake cannot hide on both sides.
//!
//! Where the page is silent they do the worst that is plausible; each such place says that it is an
//! assumption of ours. What is against the page is answered with an error and remembered as a
//! *complaint*: a test ends well only if there is none.

pub mod cj;
pub mod printful;
pub mod sftp;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{Html, IntoResponse, Response};
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use rust_decimal::Decimal;
use serde_json::{Map, Value};
use sha2::Sha256;
use tokio::net::TcpListener;

/// The longest a stand-in hangs; every caller gives up earlier.
const HANG: Duration = Duration::from_secs(60);

/// What goes wrong with one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing happens, and no answer comes.
    HangBefore,
    /// Nothing happens, and the answer is this HTTP status with a page that is no JSON.
    Status(u16),
    /// It happens, and the answer is this HTTP status with a page that is no JSON.
    StatusAfter(u16),
    /// Nothing happens: too many calls a second.
    Qps,
    /// Nothing happens: the day's allowance is used up.
    PointsGone,
    /// Nothing happens: the token is said to be invalid, whatever it is.
    TokenInvalid,
}

/// A webhook as it would travel: its headers and its raw body.
pub type Message = (Vec<(String, String)>, Vec<u8>);

/// A JSON object.
type Object = Map<String, Value>;

/// A request as it arrived.
struct Call {
    method: Method,
    /// Below the base of the API, without slashes at its ends.
    path: String,
    query: BTreeMap<String, String>,
    headers: HeaderMap,
    body: Bytes,
}

impl Call {
    fn new(method: Method, uri: &Uri, base: &str, headers: HeaderMap, body: Bytes) -> Self {
        let below = uri.path().strip_prefix(base).and_then(|it| it.strip_prefix('/'));
        let path = below.unwrap_or(uri.path()).replace("%40", "@");
        let query = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
        Self { method, path, query, headers, body }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|it| it.to_str().ok())
    }

    /// The body, which has to be a JSON object and to say so.
    fn json(&self) -> Result<Object, String> {
        let kind = self.headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok()).unwrap_or_default();
        if !kind.starts_with("application/json") {
            return Err(format!("the body has to be application/json, not `{kind}`"));
        }
        serde_json::from_slice(&self.body).map_err(|error| format!("the body is no JSON object: {error}"))
    }

    /// Refuses parameters that the page does not know.
    fn expects(&self, known: &[&str]) -> Result<(), String> {
        match self.query.keys().find(|key| !known.contains(&key.as_str())) {
            Some(key) => Err(format!("unknown query parameter `{key}`")),
            None => Ok(()),
        }
    }

    /// A query parameter that has to be there.
    fn parameter(&self, name: &str) -> Result<&str, String> {
        let value = self.query.get(name).map(String::as_str).filter(|it| !it.is_empty());
        value.ok_or_else(|| format!("the query parameter `{name}` is missing"))
    }

    /// A number among the query parameters, `otherwise` if it is not given.
    fn number(&self, name: &str, otherwise: usize, most: usize) -> Result<usize, String> {
        let Some(given) = self.query.get(name) else { return Ok(otherwise) };
        let number = given.parse::<usize>().ok().filter(|it| (1..=most).contains(it));
        number.ok_or_else(|| format!("`{name}` has to be 1 to {most}, not `{given}`"))
    }
}

/// What was asked of a stand-in, and what of it was against the page.
#[derive(Default)]
struct Journal {
    calls: Vec<String>,
    complaints: Vec<String>,
}

impl Journal {
    fn record(&mut self, call: &Call) {
        self.calls.push(format!("{} {}", call.method, call.path));
    }

    fn complain(&mut self, call: &Call, complaint: &str) {
        self.complaints.push(format!("{} {}: {complaint}", call.method, call.path));
    }
}

/// The faults that wait for their calls: of which path, after how many calls of it.
#[derive(Default)]
struct Faults(Vec<(String, usize, Fault)>);

impl Faults {
    fn add(&mut self, path: &str, fault: Fault) {
        self.add_after(path, 0, fault);
    }

    fn add_after(&mut self, path: &str, calls: usize, fault: Fault) {
        self.0.push((path.trim_matches('/').to_owned(), calls, fault));
    }

    /// The oldest fault that waits for this path.
    fn take(&mut self, path: &str) -> Option<Fault> {
        let at = self.0.iter().position(|(pattern, ..)| fits(pattern, path))?;
        if let Some(left) = self.0[at].1.checked_sub(1) {
            self.0[at].1 = left;
            return None;
        }
        Some(self.0.remove(at).2)
    }
}

/// Whether a path is of this pattern, in which a segment such as `{id}` stands for any.
fn fits(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<_>, Vec<_>) = (pattern.split('/').collect(), path.split('/').collect());
    pattern.len() == path.len() && pattern.iter().zip(&path).all(|(one, other)| one.starts_with('{') || one == other)
}

/// A stand-in's time: an hour before the test began, and a second later at every look, so that no
/// two things happen at once and nothing in a test's future.
struct Ticks(DateTime<Utc>);

impl Ticks {
    fn begin() -> Self {
        #[expect(clippy::disallowed_methods, reason = "where a stand-in's time begins, near a test's clock")]
        let now = Utc::now();
        Self(now - TimeDelta::hours(1))
    }

    fn tick(&mut self) -> DateTime<Utc> {
        self.0 += TimeDelta::seconds(1);
        self.0
    }
}

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    (listener, address)
}

/// Serves until the test's runtime ends.
fn serve(listener: TcpListener, router: Router) {
    tokio::spawn(async move { axum::serve(listener, router).await });
}

/// Says nothing until the caller goes away, which drops this.
async fn hang() -> Response {
    tokio::time::sleep(HANG).await;
    StatusCode::GATEWAY_TIMEOUT.into_response()
}

/// What a proxy in front of a platform says.
fn broken(status: u16) -> Response {
    let status = StatusCode::from_u16(status).expect("an HTTP status");
    (status, Html("<html><body><h1>Something went wrong</h1></body></html>")).into_response()
}

/// Locks, also after a panic of another test's assertion.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn hmac(key: &[u8], body: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(body);
    mac.finalize().into_bytes().to_vec()
}

fn amount(text: &str) -> Decimal {
    text.parse().expect("an amount such as 12.50")
}

/// An amount as a JSON number.
fn number(amount: Decimal) -> Value {
    serde_json::from_str(&amount.to_string()).expect("a decimal is a JSON number")
}

/// Refuses fields that the page does not know.
fn only(object: &Object, known: &[&str]) -> Result<(), String> {
    match object.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(format!("unknown field `{key}`")),
        None => Ok(()),
    }
}

/// Whether a field is given; null counts as not given, as with most platforms.
fn given<'a>(object: &'a Object, key: &str) -> Option<&'a Value> {
    object.get(key).filter(|it| !it.is_null())
}

/// A text that has to be there.
fn text<'a>(object: &'a Object, key: &str) -> Result<&'a str, String> {
    let value = given(object, key).ok_or_else(|| format!("`{key}` is missing"))?;
    let text = value.as_str().ok_or_else(|| format!("`{key}` has to be a string"))?;
    if text.trim().is_empty() { Err(format!("`{key}` is empty")) } else { Ok(text) }
}

/// A text that may be missing, of at most `most` characters.
fn optional_text(object: &Object, key: &str, most: usize) -> Result<(), String> {
    match given(object, key) {
        None => Ok(()),
        Some(Value::String(text)) if text.chars().count() <= most => Ok(()),
        Some(_) => Err(format!("`{key}` has to be a string of at most {most} characters")),
    }
}

/// A two-letter country code that has to be there.
fn country<'a>(object: &'a Object, key: &str) -> Result<&'a str, String> {
    let code = text(object, key)?;
    let is_code = code.len() == 2 && code.bytes().all(|it| it.is_ascii_uppercase());
    if is_code { Ok(code) } else { Err(format!("`{key}` has to be two capital letters, not `{code}`")) }
}

/// A whole number that has to be there.
fn whole(object: &Object, key: &str) -> Result<i64, String> {
    let value = given(object, key).ok_or_else(|| format!("`{key}` is missing"))?;
    value.as_i64().ok_or_else(|| format!("`{key}` has to be a whole number"))
}

/// A quantity of one or more.
fn quantity(object: &Object) -> Result<i64, String> {
    let quantity = whole(object, "quantity")?;
    if quantity >= 1 { Ok(quantity) } else { Err(format!("`quantity` has to be one or more, not {quantity}")) }
}

/// A list of objects that has to be there and to hold something.
fn objects<'a>(object: &'a Object, key: &str) -> Result<Vec<&'a Object>, String> {
    let list = given(object, key).and_then(Value::as_array).filter(|it| !it.is_empty());
    let list = list.ok_or_else(|| format!("`{key}` has to be a list of one or more"))?;
    let objects: Option<Vec<_>> = list.iter().map(Value::as_object).collect();
    objects.ok_or_else(|| format!("`{key}` has to hold objects"))
}
