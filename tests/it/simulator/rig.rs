//! A simulator on a port of its own, and a store's webhook endpoint that checks and keeps
//! what it is sent.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use consign::simulator::{Simulator, SimulatorConfig};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub const TOKEN: &str = "supplier-token";
pub const SECRET: &str = "gateway-secret";
pub const WEBHOOK_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// How long a test waits for a party that hangs.
const IMPATIENCE: Duration = Duration::from_millis(700);

/// A running simulator and the client of its tests.
pub struct Rig {
    pub base: String,
    pub client: Client,
    stop: oneshot::Sender<()>,
    running: JoinHandle<anyhow::Result<()>>,
}

/// Binds; the journal of a simulator that has just ended may still be held by a hanging request.
async fn bind(config: SimulatorConfig) -> Simulator {
    for _ in 0..50 {
        if let Ok(simulator) = Simulator::bind(config.clone()).await {
            return simulator;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Simulator::bind(config).await.expect("the simulator binds")
}

impl Rig {
    pub async fn start(config: SimulatorConfig) -> Self {
        let config = SimulatorConfig { listen: SocketAddr::from(([127, 0, 0, 1], 0)), ..config };
        let simulator = bind(config).await;
        let base = format!("http://{}", simulator.address().expect("an address"));
        let (stop, stopped) = oneshot::channel::<()>();
        let running = tokio::spawn(simulator.run(async {
            let _ = stopped.await;
        }));
        let client = Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().expect("a client");
        Self { base, client, stop, running }
    }

    pub async fn stop(self) {
        self.stop.send(()).expect("still running");
        self.running.await.expect("no panic").expect("a clean end");
    }

    /// Makes the supplier `acme` with `changes` over quick and faultless settings.
    pub async fn make_supplier(&self, changes: Value) {
        let mut settings = json!({
            "token": TOKEN,
            "webhook": {"supplierId": "sup_1", "secret": WEBHOOK_SECRET},
            "currency": "EUR",
            "shippingServices": [{"code": "STANDARD", "cost": {"amount": "3.00", "currency": "EUR"}}, "EXPRESS"],
            "splitShipment": 0.0,
        });
        for (field, value) in changes.as_object().expect("an object") {
            settings[field] = value.clone();
        }
        self.put("/admin/suppliers/acme", &settings).await;
        let items = json!([
            {"sku": "A-1", "quantity": 1000, "cost": {"amount": "4.10", "currency": "EUR"}},
            {"sku": "B-2", "quantity": 3, "cost": {"amount": "9.99", "currency": "EUR"}},
            {"sku": "OLD", "quantity": 9, "cost": {"amount": "1.00", "currency": "EUR"}, "discontinued": true},
        ]);
        self.put("/admin/suppliers/acme/stock", &json!({"full": true, "items": items})).await;
    }

    pub async fn put(&self, path: &str, body: &Value) {
        let response = self.client.put(format!("{}{path}", self.base)).json(body).send().await.expect("an answer");
        assert_eq!(response.status(), 204, "{path}: {}", response.text().await.unwrap_or_default());
    }

    pub async fn admin(&self, path: &str) -> Value {
        let response = self.client.get(format!("{}/admin{path}", self.base)).send().await.expect("an answer");
        response.json().await.expect("JSON")
    }

    /// Calls the supplier `acme` as the store does.
    pub async fn supplier(&self, path: &str) -> (u16, Value) {
        let url = format!("{}/suppliers/acme{path}", self.base);
        read(self.client.get(url).bearer_auth(TOKEN).send().await.expect("an answer")).await
    }

    pub async fn place(&self, key: &str, body: &Value) -> (u16, Value) {
        read(self.ordering(key, body).send().await.expect("an answer")).await
    }

    /// As [`Rig::place`], with little patience.
    pub async fn try_place(&self, key: &str, body: &Value) -> reqwest::Result<Response> {
        self.ordering(key, body).timeout(IMPATIENCE).send().await
    }

    fn ordering(&self, key: &str, body: &Value) -> RequestBuilder {
        let url = format!("{}/suppliers/acme/orders", self.base);
        self.client.post(url).bearer_auth(TOKEN).header("idempotency-key", key).json(body)
    }

    pub async fn cancel(&self, id: &str) -> (u16, Value) {
        let url = format!("{}/suppliers/acme/orders/{id}/cancel", self.base);
        let request = self.client.post(url).bearer_auth(TOKEN).json(&json!({"reason": "changed my mind"}));
        read(request.send().await.expect("an answer")).await
    }

    /// Posts to the gateway as the store does.
    pub async fn pay(&self, path: &str, key: &str, body: Value) -> (u16, Value) {
        read(self.paying(path, key, body).send().await.expect("an answer")).await
    }

    /// As [`Rig::pay`], with little patience.
    pub async fn try_pay(&self, path: &str, key: &str, body: Value) -> reqwest::Result<Response> {
        self.paying(path, key, body).timeout(IMPATIENCE).send().await
    }

    fn paying(&self, path: &str, key: &str, body: Value) -> RequestBuilder {
        let url = format!("{}/gateway{path}", self.base);
        self.client.post(url).bearer_auth(SECRET).header("idempotency-key", key).json(&body)
    }

    pub async fn paid(&self, path: &str) -> (u16, Value) {
        let url = format!("{}/gateway{path}", self.base);
        read(self.client.get(url).bearer_auth(SECRET).send().await.expect("an answer")).await
    }
}

pub async fn read(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    (status, response.json().await.unwrap_or(Value::Null))
}

/// An order of one line.
pub fn order(reference: &str, sku: &str, quantity: i64) -> Value {
    json!({
        "reference": reference, "placedAt": "2026-11-22T10:00:00Z", "currency": "EUR",
        "destination": {
            "name": "Ada Example", "address1": "1 Main Street", "city": "Springfield", "region": "IL",
            "postalCode": "62701", "countryCode": "US",
        },
        "shippingService": "STANDARD",
        "lines": [{
            "lineId": "line-1", "sku": sku, "quantity": quantity,
            "maxUnitCost": {"amount": "9.99", "currency": "EUR"},
        }],
        "packingSlip": {"storeName": "The Store", "orderNumber": "1001", "note": null},
    })
}

/// One webhook that arrived with a good signature.
#[derive(Clone)]
pub struct Arrival {
    pub path: String,
    pub webhook_id: String,
    pub body: Value,
}

/// The store's side of the webhooks.
#[derive(Clone, Default)]
pub struct Sink {
    arrivals: Arc<Mutex<Vec<Arrival>>>,
    forged: Arc<AtomicU32>,
    /// Webhooks still to be answered with 500.
    refusals: Arc<AtomicU32>,
}

impl Sink {
    /// A sink on a free port, with its base URL.
    pub async fn start() -> (Self, String) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let sink = Self::default();
        sink.serve(listener);
        (sink, url)
    }

    pub fn serve(&self, listener: tokio::net::TcpListener) {
        let router = Router::new().route("/webhooks/{*path}", post(arrive)).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
    }

    pub fn refuse_next(&self, count: u32) {
        self.refusals.store(count, Ordering::SeqCst);
    }

    pub fn arrivals(&self) -> Vec<Arrival> {
        assert_eq!(self.forged.load(Ordering::SeqCst), 0, "every signature verifies");
        self.arrivals.lock().expect("no panic").clone()
    }

    /// The tracking statuses that arrived, in order.
    pub fn tracked(&self) -> Vec<String> {
        let events = self.arrivals().into_iter().filter(|it| it.body["type"] == "shipment.updated");
        events.map(|it| it.body["data"]["event"]["status"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// The order statuses that arrived, in order.
    pub fn statuses(&self) -> Vec<String> {
        let events = self.arrivals().into_iter().filter(|it| it.body["type"] == "order.updated");
        events.map(|it| it.body["data"]["status"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

async fn arrive(State(sink): State<Sink>, Path(path): Path<String>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let refused = sink.refusals.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
    if refused.is_ok() {
        return StatusCode::INTERNAL_SERVER_ERROR;
    }
    let header = |name: &str| headers.get(name).and_then(|it| it.to_str().ok()).unwrap_or_default().to_owned();
    let (id, timestamp) = (header("webhook-id"), header("webhook-timestamp"));
    let key = STANDARD.decode(WEBHOOK_SECRET.trim_start_matches("whsec_")).expect("base64");
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("any length");
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(&body);
    if header("webhook-signature") != format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())) {
        sink.forged.fetch_add(1, Ordering::SeqCst);
        return StatusCode::UNAUTHORIZED;
    }
    let body = serde_json::from_slice(&body).expect("JSON");
    sink.arrivals.lock().expect("no panic").push(Arrival { path, webhook_id: id, body });
    StatusCode::NO_CONTENT
}

/// Waits until something holds, at most twenty seconds: a busy machine is slow.
pub async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < Duration::from_secs(20), "did not come true: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Waits until no timed action remains.
pub async fn until_rest(rig: &Rig) {
    until("the simulator is at rest", || async { rig.admin("/pending").await["total"] == 0 }).await;
}
