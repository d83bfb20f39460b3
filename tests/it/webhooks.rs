//! Webhooks: proved, kept, absorbed, worked, put aside.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use chrono::TimeDelta;
use consign::kernel::ids::{OfferId, SupplierId, SupplierOrderId};
use consign::platform::standard_webhooks::WebhookKey;
use serde_json::{Value, json};

use crate::support::app::{TestApp, WEBHOOK_SECRET};
use crate::support::gql::{Answer, Client};
use crate::support::{stock, trade};

crate::engine_tests![
    a_signed_report_counts_once_however_often_it_comes,
    what_is_not_proved_is_refused_alike_and_leaves_no_trace,
    what_cannot_be_read_is_put_aside_and_tried_again_on_demand,
    unknown_kinds_are_kept_and_mean_nothing,
    a_message_that_is_too_large_is_refused,
    news_of_an_unknown_parcel_waits_and_is_put_aside_in_the_end,
    news_of_a_parcel_that_becomes_known_late_is_worked_after_all,
    news_of_anothers_order_is_put_aside,
    a_payment_message_must_be_proved_as_well,
];

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER_SECRET: &str = "whsec_b3RoZXItc2VjcmV0LW9mLWEtc3VwcGxpZXI=";

struct Stage {
    app: TestApp,
    owner: Client,
    supplier: SupplierId,
    offer: OfferId,
    secret: &'static str,
}

async fn stage(app: TestApp) -> Stage {
    let owner = app.as_owner().await;
    let supplier = supplier(&owner, SECRET).await;
    let variant = stock::variants(&owner, 1).await.remove(0);
    let offer = stock::offer(&owner, supplier, &variant, "A-1", json!({})).await;
    Stage { app, owner, supplier, offer, secret: SECRET }
}

async fn supplier(owner: &Client, secret: &str) -> SupplierId {
    let settings = json!({ "baseUrl": "http://127.0.0.1:9/", "token": "token", "webhookSecret": secret });
    stock::supplier(owner, "Acme", "http", settings).await
}

impl Stage {
    async fn send(&self, to: &str, id: &str, time: i64, signature: &str, body: &str) -> Answer {
        let request = Request::post(format!("/webhooks/suppliers/{to}"))
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", time.to_string())
            .header("webhook-signature", signature)
            .body(Body::from(body.to_owned()))
            .unwrap();
        self.app.as_guest().send(request).await
    }

    /// Sends a properly signed message.
    async fn signed(&self, id: &str, body: &str) -> StatusCode {
        let time = self.app.app.clock.now().timestamp();
        let signature = WebhookKey::parse(self.secret).unwrap().sign(id, time, body.as_bytes());
        self.send(&self.supplier.to_string(), id, time, &signature, body).await.status
    }

    fn stock(&self, quantity: i64) -> String {
        let now = self.app.app.clock.now();
        let data = json!({ "asOf": now, "full": false, "items": [{ "sku": "A-1", "quantity": quantity }, { "sku": 7 }] });
        json!({ "type": "stock.updated", "occurredAt": now, "data": data }).to_string()
    }

    async fn reported(&self) -> i64 {
        stock::figures(&self.owner, self.offer).await[0]
    }

    async fn deliveries(&self) -> Vec<Value> {
        let query = "{ webhookDeliveries(first: 50) { totalCount nodes { id messageId status sender error attempts } } }";
        self.owner.run(query, json!({})).await.at("webhookDeliveries.nodes").as_array().unwrap().clone()
    }
}

async fn a_signed_report_counts_once_however_often_it_comes(app: TestApp) {
    let stage = stage(app).await;
    let body = stage.stock(9);
    for _ in 0..3 {
        assert_eq!(stage.signed("msg_1", &body).await, StatusCode::OK);
    }
    stage.app.run_jobs().await;
    assert_eq!(stage.reported().await, 9, "the item that cannot be read does not spoil the other");
    let deliveries = stage.deliveries().await;
    assert_eq!(deliveries.len(), 1);
    assert_eq!((&deliveries[0]["status"], &deliveries[0]["messageId"]), (&json!("PROCESSED"), &json!("msg_1")));
    stage.app.app.clock.advance(TimeDelta::seconds(1));
    stage.signed("msg_2", &stage.stock(4)).await;
    stage.signed("msg_1", &body).await;
    stage.app.run_jobs().await;
    assert_eq!(stage.reported().await, 4, "a replay of old news is absorbed");
    let replay = "mutation($id: ID!) { webhookReplay(id: $id) { delivery { status } userErrors { code field message } } }";
    stage.owner.run(replay, json!({ "id": deliveries[0]["id"] })).await.done("webhookReplay");
    stage.app.run_jobs().await;
    assert_eq!(stage.reported().await, 4, "and so is one by the owner");
}

async fn what_is_not_proved_is_refused_alike_and_leaves_no_trace(app: TestApp) {
    let stage = stage(app).await;
    let other = supplier(&stage.owner, OTHER_SECRET).await.to_string();
    let own = stage.supplier.to_string();
    let portal = stock::portal_supplier(&stage.owner, "Portal").await.to_string();
    let unknown = stage.app.app.ids.secret_id::<SupplierId>().to_string();
    let (body, now) = (stage.stock(1), stage.app.app.clock.now().timestamp());
    let key = WebhookKey::parse(SECRET).unwrap();
    let sign = |time: i64| key.sign("m", time, body.as_bytes());
    let forged = [
        (&own, now, "v1,AAAA".to_owned(), body.clone()),
        (&own, now, String::new(), body.clone()),
        (&own, now, sign(now), body.replace('1', "2")),
        (&own, now + 1, sign(now), body.clone()),
        (&own, now - 301, sign(now - 301), body.clone()),
        (&own, now + 301, sign(now + 301), body.clone()),
        (&other, now, sign(now), body.clone()),
        (&portal, now, sign(now), body.clone()),
        (&unknown, now, sign(now), body.clone()),
        (&"nonsense".to_owned(), now, sign(now), body.clone()),
    ];
    for (to, time, signature, body) in forged {
        let answer = stage.send(to, "m", time, &signature, &body).await;
        assert_eq!((answer.status, answer.body), (StatusCode::UNAUTHORIZED, json!("")), "{to} {time}");
    }
    stage.app.run_jobs().await;
    assert_eq!((stage.reported().await, stage.deliveries().await.len()), (0, 0));
}

async fn what_cannot_be_read_is_put_aside_and_tried_again_on_demand(app: TestApp) {
    let stage = stage(app).await;
    assert_eq!(stage.signed("msg_1", "not json").await, StatusCode::OK);
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    assert_eq!(stage.signed("msg_2", &deep).await, StatusCode::OK);
    let statuses: Vec<Value> = stage.deliveries().await.iter().map(|it| it["status"].clone()).collect();
    assert_eq!(statuses, ["QUARANTINED", "QUARANTINED"]);
    let items = stock::open_items(&stage.owner, "WEBHOOK_QUARANTINED").await;
    assert_eq!(items.len(), 2);
    stock::resolve(&stage.owner, &items[0], "RETRY").await;
    stage.app.run_jobs().await;
    let tried: i64 = stage.deliveries().await.iter().map(|it| it["attempts"].as_i64().unwrap()).sum();
    assert_eq!(tried, 1);
    assert_eq!(stock::open_items(&stage.owner, "WEBHOOK_QUARANTINED").await.len(), 2, "it is still not readable");
}

async fn unknown_kinds_are_kept_and_mean_nothing(app: TestApp) {
    let stage = stage(app).await;
    let body = json!({ "type": "moon.full", "occurredAt": stage.app.app.clock.now(), "data": {} }).to_string();
    assert_eq!(stage.signed("msg_1", &body).await, StatusCode::OK);
    stage.app.run_jobs().await;
    assert_eq!(stage.deliveries().await[0]["status"], "IGNORED");
}

async fn a_message_that_is_too_large_is_refused(app: TestApp) {
    let stage = stage(app).await;
    assert_eq!(stage.signed("msg_1", &"x".repeat(1024 * 1024 + 1)).await, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(stage.deliveries().await.is_empty());
}

async fn news_of_an_unknown_parcel_waits_and_is_put_aside_in_the_end(app: TestApp) {
    let stage = stage(app).await;
    let now = stage.app.app.clock.now();
    let event = json!({ "id": "e1", "status": "IN_TRANSIT", "occurredAt": now, "description": null, "location": null });
    let data = json!({ "shipmentId": "P-404", "trackingNumber": "T", "event": event, "estimatedDelivery": null });
    let body = json!({ "type": "shipment.updated", "occurredAt": now, "data": data }).to_string();
    assert_eq!(stage.signed("msg_1", &body).await, StatusCode::OK);
    stage.app.run_jobs().await;
    let waiting = stage.deliveries().await.remove(0);
    assert_eq!((&waiting["status"], &waiting["attempts"]), (&json!("PENDING"), &json!(1)));
    for _ in 0..12 {
        stage.app.advance(Duration::from_secs(11 * 60)).await;
    }
    assert_eq!(stage.deliveries().await[0]["status"], "QUARANTINED");
    assert_eq!(stock::open_items(&stage.owner, "WEBHOOK_QUARANTINED").await.len(), 1);
}

/// A supplier has accepted an order and tells of nothing by itself; the order's id, and the supplier order.
async fn accepted(app: TestApp) -> (Stage, String, Value) {
    let owner = trade::open(&app).await;
    let variant = stock::variants(&owner, 1).await.remove(0);
    let times = json!({ "acceptSeconds": 0.0, "processSeconds": 1_000_000_000, "transitSeconds": 1, "jitter": 0.0 });
    let supplier = trade::simulated(&app, &owner, "acme", json!({ "webhook": null, "leadTimes": times })).await;
    trade::shelve(&app, "acme", "A-1", 9).await;
    let offer = stock::offer(&owner, supplier, &variant, "A-1", json!({})).await;
    trade::offers(&app, &owner, supplier, &variant, "A-1", 9, "4.00").await;
    let bought = trade::buy(&app, &[(&variant, 1)]).await;
    app.run_jobs().await;
    // It accepts at once, and is asked a little later.
    tokio::time::sleep(Duration::from_millis(100)).await;
    app.advance(Duration::from_secs(30 * 60)).await;
    trade::until_paid(&app, &owner, &bought.id).await;
    let part = trade::parts(&owner, &bought.id).await[0].clone();
    (Stage { app, owner, supplier, offer, secret: WEBHOOK_SECRET }, bought.id, part)
}

async fn news_of_a_parcel_that_becomes_known_late_is_worked_after_all(app: TestApp) {
    let (stage, order, part) = accepted(app).await;
    let now = stage.app.app.clock.now();
    let event = json!({ "id": "e1", "status": "IN_TRANSIT", "occurredAt": now, "description": null, "location": null });
    let data = json!({ "shipmentId": "P-1", "trackingNumber": "T", "event": event, "estimatedDelivery": null });
    let moved = json!({ "type": "shipment.updated", "occurredAt": now, "data": data }).to_string();
    stage.signed("msg_1", &moved).await;
    for _ in 0..12 {
        stage.app.advance(Duration::from_secs(11 * 60)).await;
    }
    assert_eq!(stock::open_items(&stage.owner, "WEBHOOK_QUARANTINED").await.len(), 1);
    let lines = json!([{ "lineId": part["lines"][0]["id"], "quantity": 1 }]);
    let parcel = json!({ "id": "P-1", "carrier": "dhl", "trackingNumber": "T", "trackingUrl": null, "shippedAt": now,
        "lines": lines, "estimatedDelivery": null });
    let data = json!({ "reference": part["reference"], "shipment": parcel });
    let created = json!({ "type": "shipment.created", "occurredAt": now, "data": data }).to_string();
    stage.signed("msg_2", &created).await;
    stage.app.advance(Duration::from_secs(16 * 60)).await;
    let deliveries = stage.deliveries().await;
    assert!(deliveries.iter().all(|it| it["status"] == "PROCESSED"), "{deliveries:?}");
    assert!(stock::open_items(&stage.owner, "WEBHOOK_QUARANTINED").await.is_empty());
    let order = trade::order(&stage.owner, &order).await;
    assert_eq!(order["shipments"][0]["status"], "IN_TRANSIT", "{order}");
}

async fn news_of_anothers_order_is_put_aside(app: TestApp) {
    let stage = stage(app).await;
    let reference: SupplierOrderId = stage.app.app.ids.secret_id();
    let order = json!({ "id": "S-1", "reference": reference, "status": "accepted", "estimatedShipAt": null, "lines": [],
        "shippingCost": null, "rejection": null, "shipments": [] });
    let now = stage.app.app.clock.now();
    let body = json!({ "type": "order.updated", "occurredAt": now, "data": order }).to_string();
    assert_eq!(stage.signed("msg_1", &body).await, StatusCode::OK);
    stage.app.run_jobs().await;
    assert_eq!(stage.deliveries().await[0]["status"], "QUARANTINED");
}

async fn a_payment_message_must_be_proved_as_well(app: TestApp) {
    let stage = stage(app).await;
    let time = stage.app.app.clock.now().timestamp();
    let body = json!({ "type": "something.else", "data": {} }).to_string();
    let send = async |gateway: &str, secret: &str| {
        let signature = WebhookKey::parse(secret).unwrap().sign("m", time, body.as_bytes());
        let request = Request::post(format!("/webhooks/payments/{gateway}"))
            .header("webhook-id", "m")
            .header("webhook-timestamp", time.to_string())
            .header("webhook-signature", signature)
            .body(Body::from(body.clone()))
            .unwrap();
        stage.app.as_guest().send(request).await.status
    };
    assert_eq!(send("test", OTHER_SECRET).await, StatusCode::UNAUTHORIZED);
    assert_eq!(send("nobody", WEBHOOK_SECRET).await, StatusCode::UNAUTHORIZED);
    assert_eq!(send("test", WEBHOOK_SECRET).await, StatusCode::OK);
    stage.app.run_jobs().await;
    let deliveries = stage.deliveries().await;
    assert_eq!((deliveries.len(), &deliveries[0]["status"]), (1, &json!("IGNORED")));
}
