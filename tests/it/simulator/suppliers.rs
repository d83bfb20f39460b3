//! Suppliers: answers, faults, the whole life of an order, and a restart.

use std::collections::{BTreeMap, BTreeSet};

use consign::simulator::SimulatorConfig;
use serde_json::{Value, json};

use super::rig::{Rig, Sink, TOKEN, order, read, until, until_rest};

crate::plain_tests![
    an_order_lives_from_acceptance_to_delivery,
    a_repeat_is_absorbed_and_another_body_is_a_conflict,
    lines_are_answered_by_stock_price_and_range,
    an_order_is_cancelled_until_it_has_left,
    transport_faults_hit_before_or_after_the_order_is_taken,
    webhooks_come_doubled_late_and_after_refusals,
    one_seed_fails_in_the_same_places_in_any_order_of_arrival,
    stock_is_paged_and_tagged,
    a_restarted_simulator_goes_on_and_redelivers,
];

/// A day of lead time in 86 ms.
fn quick(store_url: &str) -> SimulatorConfig {
    SimulatorConfig { time_scale: 1_000_000.0, store_url: Some(store_url.to_owned()), ..SimulatorConfig::default() }
}

/// Real time: nothing happens during a test.
fn slow() -> SimulatorConfig {
    SimulatorConfig::default()
}

async fn an_order_lives_from_acceptance_to_delivery() {
    let (sink, url) = Sink::start().await;
    let rig = Rig::start(quick(&url)).await;
    rig.make_supplier(json!({})).await;
    let (status, placed) = rig.place("sor_1", &order("sor_1", "A-1", 2)).await;
    assert_eq!((status, &placed["status"]), (201, &json!("accepted")));
    assert_eq!(placed["lines"][0]["unitCost"], json!({"amount": "4.10", "currency": "EUR"}));
    assert_eq!(placed["shippingCost"]["amount"], "3.00");

    until_rest(&rig).await;
    assert_eq!(sink.tracked(), ["INFO_RECEIVED", "IN_TRANSIT", "CUSTOMS", "OUT_FOR_DELIVERY", "DELIVERED"]);
    assert_eq!(sink.statuses(), ["processing", "shipped", "delivered"]);
    assert!(sink.arrivals().iter().all(|it| it.path == "suppliers/sup_1"));
    let created = sink.arrivals().into_iter().find(|it| it.body["type"] == "shipment.created").expect("one");
    assert_eq!(created.body["data"]["reference"], "sor_1");
    assert_eq!(created.body["data"]["shipment"]["lines"], json!([{"lineId": "line-1", "quantity": 2}]));
    assert!(created.body["data"]["shipment"]["estimatedDelivery"]["latest"].is_string());
    let stock = sink.arrivals().into_iter().find(|it| it.body["type"] == "stock.updated").expect("one");
    assert_eq!(stock.body["data"]["items"], json!([{"sku": "A-1", "quantity": 998}]));

    let summary = rig.admin("/summary").await;
    assert_eq!(summary["acme"]["effective"], 1);
    assert_eq!(summary["acme"]["byStatus"]["delivered"], 1);
    assert_eq!(summary["acme"]["unitsShipped"], json!({"A-1": 2}));
    assert_eq!(summary["acme"]["webhooks"]["pending"], 0);
    let (status, order) = rig.supplier("/orders/by-reference/sor_1").await;
    assert_eq!((status, &order["status"]), (200, &json!("delivered")));
    rig.stop().await;
}

async fn a_repeat_is_absorbed_and_another_body_is_a_conflict() {
    let rig = Rig::start(slow()).await;
    rig.make_supplier(json!({})).await;
    let (_, first) = rig.place("sor_1", &order("sor_1", "A-1", 2)).await;
    let (status, second) = rig.place("sor_1", &order("sor_1", "A-1", 2)).await;
    assert_eq!((status, &second), (200, &first));
    let (status, _) = rig.place("sor_1", &order("sor_1", "A-1", 3)).await;
    assert_eq!(status, 409);
    assert_eq!(rig.admin("/effective?reference=sor_1").await["effective"], 1);

    // A store that makes up a second key for one reference is caught.
    rig.place("sor_1-again", &order("sor_1", "A-1", 2)).await;
    assert_eq!(rig.admin("/effective?reference=sor_1").await["effective"], 2);
    let summary = rig.admin("/summary").await;
    assert_eq!(summary["acme"]["orderedTwice"], json!(["sor_1"]));
    assert_eq!((&summary["acme"]["orders"], &summary["acme"]["references"]), (&json!(2), &json!(1)));
    assert_eq!(summary["acme"]["repeats"], 1);
    rig.stop().await;
}

async fn lines_are_answered_by_stock_price_and_range() {
    let rig = Rig::start(slow()).await;
    rig.make_supplier(json!({"shipsTo": ["US"]})).await;
    let (status, part) = rig.place("r1", &order("r1", "B-2", 5)).await;
    assert_eq!((status, &part["status"]), (201, &json!("partially_accepted")));
    assert_eq!(part["lines"][0]["acceptedQuantity"], 3);
    let code_of = |order: &Value| order["rejection"]["code"].as_str().unwrap_or_default().to_owned();
    let mut dear = order("r4", "A-1", 1);
    dear["lines"][0]["maxUnitCost"]["amount"] = json!("4.09");
    let mut abroad = order("r5", "A-1", 1);
    abroad["destination"]["countryCode"] = json!("FR");
    for (body, code) in [
        (order("r2", "B-2", 1), "OUT_OF_STOCK"),
        (order("r3", "NOPE", 1), "INVALID_SKU"),
        (dear, "PRICE_CHANGED"),
        (abroad, "UNDELIVERABLE_DESTINATION"),
        (order("r6", "OLD", 1), "DISCONTINUED"),
    ] {
        let (status, answer) = rig.place(body["reference"].as_str().expect("text"), &body).await;
        assert_eq!((status, answer["status"].as_str(), code_of(&answer).as_str()), (201, Some("rejected"), code));
    }
    let (status, error) = rig.place("r7", &order("r7", "A-1", 0)).await;
    assert_eq!((status, &error["error"]["code"]), (422, &json!("OTHER")));
    let url = format!("{}/suppliers/acme/stock", rig.base);
    assert_eq!(rig.client.get(url).bearer_auth("wrong").send().await.expect("an answer").status(), 401);
    rig.stop().await;
}

async fn an_order_is_cancelled_until_it_has_left() {
    let (sink, url) = Sink::start().await;
    let rig = Rig::start(SimulatorConfig { time_scale: 100_000.0, ..quick(&url) }).await;
    rig.make_supplier(json!({"leadTimes": {"transitSeconds": 0, "jitter": 0}})).await;
    let (_, placed) = rig.place("sor_1", &order("sor_1", "A-1", 2)).await;
    let id = placed["id"].as_str().expect("an id");
    for _ in 0..2 {
        let (status, cancelled) = rig.cancel(id).await;
        assert_eq!((status, &cancelled["status"]), (200, &json!("cancelled")));
    }
    let (_, other) = rig.place("sor_2", &order("sor_2", "A-1", 1)).await;
    until_rest(&rig).await;
    let (status, error) = rig.cancel(other["id"].as_str().expect("an id")).await;
    assert_eq!((status, &error["error"]["code"]), (409, &json!("TOO_LATE")));
    assert_eq!(sink.statuses(), ["cancelled", "processing", "shipped", "delivered"]);
    assert_eq!(rig.supplier("/stock").await.1["items"][0]["quantity"], 999);
    assert_eq!(rig.admin("/effective?reference=sor_1").await["effective"], 0);
    rig.stop().await;
}

async fn transport_faults_hit_before_or_after_the_order_is_taken() {
    let rig = Rig::start(slow()).await;
    for (fault, status, taken) in [
        ("timeoutBefore", None, false),
        ("timeoutAfter", None, true),
        ("error429", Some(429), false),
        ("error500", Some(500), false),
        ("error500After", Some(500), true),
    ] {
        rig.make_supplier(json!({"faults": {fault: 1.0}})).await;
        let reference = format!("sor_{fault}");
        let answer = rig.try_place(&reference, &order(&reference, "A-1", 1)).await;
        assert_eq!(answer.as_ref().ok().map(|it| it.status().as_u16()), status, "{fault}");
        if let Ok(limited) = answer
            && limited.status() == 429
        {
            assert_eq!(limited.headers()["retry-after"], "1");
        }
        rig.make_supplier(json!({})).await;
        let expected = if taken { 200 } else { 404 };
        assert_eq!(rig.supplier(&format!("/orders/by-reference/{reference}")).await.0, expected, "{fault}");
        let repeat = if taken { 200 } else { 201 };
        assert_eq!(rig.place(&reference, &order(&reference, "A-1", 1)).await.0, repeat, "{fault}");
        assert_eq!(rig.admin(&format!("/effective?reference={reference}")).await["effective"], 1);
    }
    rig.stop().await;
}

async fn webhooks_come_doubled_late_and_after_refusals() {
    let (sink, url) = Sink::start().await;
    let rig = Rig::start(quick(&url)).await;
    let faults = json!({"duplicateWebhook": 1.0, "reorderWebhook": 0.5, "lostParcel": 1.0});
    rig.make_supplier(json!({"acceptMode": "delayed", "faults": faults})).await;
    sink.refuse_next(3);
    let (status, placed) = rig.place("sor_1", &order("sor_1", "A-1", 4)).await;
    assert_eq!((status, &placed["status"]), (201, &json!("pending")));
    until_rest(&rig).await;
    let mut times = BTreeMap::new();
    for arrival in sink.arrivals() {
        *times.entry(arrival.webhook_id).or_insert(0) += 1;
    }
    assert!(times.values().all(|&count| count == 2), "each webhook twice: {times:?}");
    let tracked: BTreeSet<String> = sink.tracked().into_iter().collect();
    assert!(tracked.contains("EXCEPTION") && !tracked.contains("DELIVERED"), "{tracked:?}");
    let statuses: BTreeSet<String> = sink.statuses().into_iter().collect();
    assert_eq!(statuses, ["accepted", "processing", "shipped"].map(str::to_owned).into());
    assert_eq!(rig.admin("/summary").await["acme"]["webhooks"]["failedAttempts"], 3);
    rig.stop().await;
}

async fn one_seed_fails_in_the_same_places_in_any_order_of_arrival() {
    let mut runs = Vec::new();
    for backwards in [false, true] {
        let rig = Rig::start(SimulatorConfig { seed: 42, ..slow() }).await;
        rig.make_supplier(json!({"faults": {"reject": 0.3, "part": 0.3, "error500": 0.3}})).await;
        let mut numbers: Vec<u32> = (0..40).collect();
        if backwards {
            numbers.reverse();
        }
        let mut answers = BTreeMap::new();
        for number in numbers {
            let reference = format!("sor_{number}");
            let (status, answer) = rig.place(&reference, &order(&reference, "A-1", 4)).await;
            answers.insert(reference, (status, answer["status"].clone(), answer["rejection"].clone()));
        }
        rig.stop().await;
        runs.push(answers);
    }
    assert_eq!(runs[0], runs[1]);
    let statuses: BTreeSet<String> = runs[0].values().map(|(_, status, _)| status.to_string()).collect();
    assert_eq!(statuses.len(), 4, "accepted, part, rejected and failed all occur: {statuses:?}");
}

async fn stock_is_paged_and_tagged() {
    let rig = Rig::start(slow()).await;
    rig.make_supplier(json!({})).await;
    let items: Vec<Value> = (0..12_000).map(|n| json!({"sku": format!("S-{n:05}"), "quantity": n})).collect();
    rig.put("/admin/suppliers/acme/stock", &json!({"full": true, "items": items})).await;
    let (mut seen, mut cursor, mut times) = (0, String::new(), BTreeSet::new());
    loop {
        let (_, page) = rig.supplier(&format!("/stock?cursor={cursor}")).await;
        seen += page["items"].as_array().expect("items").len();
        times.insert(page["asOf"].to_string());
        match page["nextCursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    assert_eq!((seen, times.len()), (12_000, 1), "every article once, under one time");
    let get = || rig.client.get(format!("{}/suppliers/acme/stock", rig.base)).bearer_auth(TOKEN);
    let tag = get().send().await.expect("an answer").headers()["etag"].clone();
    assert_eq!(get().header("if-none-match", &tag).send().await.expect("an answer").status(), 304);
    rig.place("r1", &order("r1", "S-00009", 1)).await;
    assert_eq!(get().header("if-none-match", &tag).send().await.expect("an answer").status(), 200);
    rig.stop().await;
}

async fn a_restarted_simulator_goes_on_and_redelivers() {
    let dir = tempfile::tempdir().expect("a folder");
    // A port where the store is down for now.
    let reserved = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = reserved.local_addr().expect("an address");
    drop(reserved);
    let config = SimulatorConfig { state_dir: Some(dir.path().to_owned()), ..quick(&format!("http://{address}")) };
    let rig = Rig::start(SimulatorConfig { time_scale: 200_000.0, ..config.clone() }).await;
    rig.make_supplier(json!({"leadTimes": {"jitter": 0}})).await;
    let (_, placed) = rig.place("sor_1", &order("sor_1", "A-1", 2)).await;
    let is_processed = || async { rig.supplier("/orders/by-reference/sor_1").await.1["status"] != "accepted" };
    until("the order is processed", is_processed).await;
    rig.stop().await;

    let sink = Sink::default();
    sink.serve(tokio::net::TcpListener::bind(address).await.expect("the same port"));
    let rig = Rig::start(config).await;
    let (status, again) = rig.place("sor_1", &order("sor_1", "A-1", 2)).await;
    assert_eq!((status, &again["id"]), (200, &placed["id"]));
    until_rest(&rig).await;
    assert_eq!(sink.statuses(), ["processing", "shipped", "delivered"]);
    let summary = rig.admin("/summary").await;
    assert_eq!((&summary["acme"]["orders"], &summary["acme"]["stockItems"]), (&json!(1), &json!(3)));
    let (_, stock) = read(
        rig.client
            .get(format!("{}/suppliers/acme/stock", rig.base))
            .bearer_auth(TOKEN)
            .send()
            .await
            .expect("an answer"),
    )
    .await;
    assert_eq!(stock["items"][0]["quantity"], 998);
    rig.stop().await;
}
