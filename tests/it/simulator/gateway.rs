//! The test gateway: tokens, sums, keys, webhooks, and books that outlive a restart.

use consign::simulator::{GatewaySettings, SimulatorConfig};
use serde_json::{Value, json};

use super::rig::{Rig, SECRET, Sink, WEBHOOK_SECRET, read, until, until_rest};

crate::plain_tests![
    every_token_does_what_it_says,
    sums_never_pass_what_was_authorized_or_captured,
    books_and_keys_outlive_a_restart,
    webhooks_may_come_before_the_answer_and_twice,
];

fn config() -> SimulatorConfig {
    let gateway = GatewaySettings {
        secret: Some(SECRET.to_owned()),
        webhook_secret: Some(WEBHOOK_SECRET.to_owned()),
        delay_seconds: 0.3,
        ..GatewaySettings::default()
    };
    SimulatorConfig { gateway, ..SimulatorConfig::default() }
}

fn authorization(reference: &str, token: &str) -> Value {
    json!({"reference": reference, "amount": 1000, "currency": "EUR", "token": token, "capture": false})
}

async fn every_token_does_what_it_says() {
    let (sink, url) = Sink::start().await;
    let rig = Rig::start(SimulatorConfig { store_url: Some(url), ..config() }).await;
    for (token, status, outcome, decline) in [
        ("tok_ok", 201, "authorized", Value::Null),
        ("tok_declined", 201, "declined", json!("card_declined")),
        ("tok_insufficient", 201, "declined", json!("insufficient_funds")),
        ("tok_slow", 201, "authorized", Value::Null),
        ("tok_late_webhook", 201, "pending", Value::Null),
    ] {
        let (got, body) = rig.pay("/authorizations", token, authorization(token, token)).await;
        assert_eq!((got, body["status"].as_str(), &body["declineCode"]), (status, Some(outcome), &decline), "{token}");
    }
    for (token, made) in [("tok_timeout_before", 0), ("tok_timeout_after", 1), ("tok_500_after", 1)] {
        let answer = rig.try_pay("/authorizations", token, authorization(token, token)).await;
        let status = answer.ok().map(|it| it.status().as_u16());
        assert_eq!(status, (token == "tok_500_after").then_some(500), "{token}");
        let (_, found) = rig.paid(&format!("/authorizations?reference={token}")).await;
        assert_eq!(found.as_array().map(Vec::len), Some(made), "{token}");
        if made == 1 {
            let (status, again) = rig.pay("/authorizations", token, authorization(token, token)).await;
            assert_eq!((status, &again), (201, &found[0]), "a repeat is answered at once");
        }
    }
    until_rest(&rig).await;
    let decided = sink.arrivals().into_iter().find(|it| it.body["data"]["reference"] == "tok_late_webhook");
    let decided = decided.expect("the late webhook");
    assert_eq!((decided.path.as_str(), &decided.body["data"]["status"]), ("payments/test", &json!("authorized")));
    let (status, _) = rig.pay("/authorizations", "k", authorization("r", "tok_unheard_of")).await;
    assert_eq!(status, 422);
    rig.stop().await;
}

async fn sums_never_pass_what_was_authorized_or_captured() {
    let rig = Rig::start(config()).await;
    let (_, made) = rig.pay("/authorizations", "k1", authorization("r1", "tok_ok")).await;
    let id = made["id"].as_str().expect("an id");
    let [capture, void, refund] = ["captures", "voids", "refunds"].map(|it| format!("/authorizations/{id}/{it}"));
    assert_eq!(rig.pay(&capture, "c1", json!({"amount": 300})).await.1["captured"], 300);
    assert_eq!(rig.pay(&capture, "c1", json!({"amount": 300})).await.1["captured"], 300, "one effect per key");
    assert_eq!(rig.pay(&capture, "c1", json!({"amount": 301})).await.0, 409);
    assert_eq!(rig.pay(&capture, "c2", json!({"amount": 400})).await.1["captured"], 700);
    let (status, error) = rig.pay(&capture, "c3", json!({"amount": 301})).await;
    assert_eq!((status, &error["error"]["code"]), (422, &json!("TOO_MUCH")));
    assert_eq!(rig.pay(&void, "v1", json!({})).await.1["voided"], 300);
    assert_eq!(rig.pay(&capture, "c4", json!({"amount": 1})).await.0, 422, "the rest was released");
    assert_eq!(rig.pay(&refund, "f1", json!({"amount": 500})).await.1["refunded"], 500);
    assert_eq!(rig.pay(&refund, "f2", json!({"amount": 201})).await.0, 422);
    assert_eq!(rig.pay(&refund, "f3", json!({"amount": -5})).await.0, 422);

    let summary = rig.admin("/gateway/summary").await;
    let sums = ["authorizations", "authorizedMinor", "capturedMinor", "voidedMinor", "refundedMinor"];
    assert_eq!(sums.map(|it| summary[it].as_i64().unwrap_or_default()), [1, 1000, 700, 300, 500]);
    assert_eq!(summary["byStatus"], json!({"captured": 1}));
    let unsigned = rig.client.get(format!("{}/gateway/authorizations/{id}", rig.base)).send().await;
    assert_eq!(read(unsigned.expect("an answer")).await.0, 401);
    rig.stop().await;
}

async fn books_and_keys_outlive_a_restart() {
    let dir = tempfile::tempdir().expect("a folder");
    let config = SimulatorConfig { state_dir: Some(dir.path().to_owned()), ..config() };
    let rig = Rig::start(config.clone()).await;
    let mut capture_now = authorization("r1", "tok_ok");
    capture_now["capture"] = json!(true);
    let (_, made) = rig.pay("/authorizations", "k1", capture_now.clone()).await;
    assert_eq!((&made["status"], &made["captured"]), (&json!("captured"), &json!(1000)));
    rig.pay("/authorizations", "k2", authorization("r2", "tok_late_webhook")).await;
    rig.stop().await;

    let rig = Rig::start(SimulatorConfig { seed: 99, ..config }).await;
    assert_eq!(rig.pay("/authorizations", "k1", capture_now).await.1, made);
    let decided = || async { rig.paid("/authorizations?reference=r2").await.1[0]["status"] == "authorized" };
    until("the pending one is decided", decided).await;
    let page = rig.admin("/gateway/authorizations?limit=1").await;
    assert_eq!((page["items"][0]["id"].as_str(), page["nextCursor"].as_str()), (made["id"].as_str(), Some("1")));
    rig.stop().await;
}

async fn webhooks_may_come_before_the_answer_and_twice() {
    let (sink, url) = Sink::start().await;
    let rig = Rig::start(SimulatorConfig { store_url: Some(url), ..config() }).await;
    let faults = json!({"earlyWebhook": 1.0, "duplicateWebhook": 1.0});
    let settings = json!({"secret": SECRET, "webhookSecret": WEBHOOK_SECRET, "faults": faults});
    rig.put("/admin/gateway", &settings).await;
    rig.pay("/authorizations", "k1", authorization("r1", "tok_ok")).await;
    assert!(!sink.arrivals().is_empty(), "the webhook was there before the answer");
    until_rest(&rig).await;
    let arrivals = sink.arrivals();
    assert_eq!(arrivals.len(), 2);
    assert_eq!(arrivals[0].webhook_id, arrivals[1].webhook_id);
    rig.stop().await;
}
