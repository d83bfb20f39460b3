//! Following an order and the store: from any cursor, nothing lost, nothing of suppliers.

use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::gql::Client;
use crate::support::live::Socket;
use crate::support::{stock, trade};

crate::engine_tests![
    every_cursor_goes_on_where_it_stood,
    one_way_in_and_no_other,
    all_followers_see_all_events_in_order,
    an_event_that_nobody_told_of_is_found,
    a_subscription_shows_things_as_they_are,
];

const FOLLOW: &str = "subscription($orderId: ID, $token: String, $after: String) {
    orderTracking(orderId: $orderId, token: $token, after: $after) {
      cursor type message order { id fulfillmentStatus } shipment { id status trackingNumber } } }";

async fn events(app: &TestApp, variables: Value, count: usize) -> Vec<Value> {
    let mut socket = Socket::greet(&app.url, None).await;
    socket.subscribe("1", FOLLOW, variables).await;
    let mut all = Vec::new();
    while all.len() < count {
        let message = socket.next().await.expect("a message");
        assert_eq!(message["type"], "next", "{message}");
        let event = message["payload"]["data"]["orderTracking"].clone();
        assert!(event.is_object(), "{message}");
        all.push(event);
    }
    all
}

async fn every_cursor_goes_on_where_it_stood(app: TestApp) {
    let owner = trade::open(&app).await;
    let variants = stock::variants(&owner, 1).await;
    let id = trade::portal(&owner, "Secret Supplies", true).await;
    trade::offers(&app, &owner, id, &variants[0], "A-1", 9, "3.00").await;
    let bought = trade::buy(&app, &[(&variants[0], 1)]).await;
    app.run_jobs().await;
    let part = trade::parts(&owner, &bought.id).await[0]["id"].clone();
    let supplier = app.as_supplier(id).await;
    trade::work(&supplier, "supplierOrderAccept", &part, json!({})).await.done("supplierOrderAccept");
    let ship = "mutation($id: ID!) { shipmentCreate(supplierOrderId: $id,
        input: { carrier: \"DHL\", trackingNumber: \"1\" }) { userErrors { code field message } } }";
    supplier.run(ship, json!({ "id": part })).await.done("shipmentCreate");
    app.run_jobs().await;
    let query = "query($token: String!) { orderByToken(token: $token) {
        timeline(first: 50) { nodes { cursor type message } } } }";
    let page = app.as_guest().run(query, json!({ "token": bought.token })).await;
    let known = page.at("orderByToken.timeline.nodes").as_array().expect("events").clone();
    let all = events(&app, json!({ "token": bought.token }), known.len()).await;
    let types: Vec<&str> = all.iter().filter_map(|event| event["type"].as_str()).collect();
    for expected in ["ORDER_PLACED", "PROCESSING_STARTED", "SHIPMENT_CREATED"] {
        assert!(types.contains(&expected), "{types:?}");
    }
    for (index, event) in all.iter().enumerate() {
        assert_eq!(event["cursor"], known[index]["cursor"], "page and stream share their cursors");
        assert!(!event.to_string().contains("Secret"), "{event}");
        let rest = &all[index + 1..];
        let again = events(&app, json!({ "token": bought.token, "after": event["cursor"] }), rest.len()).await;
        assert_eq!(again, rest);
    }
}

async fn one_way_in_and_no_other(app: TestApp) {
    let owner = trade::open(&app).await;
    let variants = stock::variants(&owner, 1).await;
    let id = trade::portal(&owner, "Acme", true).await;
    trade::offers(&app, &owner, id, &variants[0], "A-1", 9, "3.00").await;
    let bought = trade::buy(&app, &[(&variants[0], 1)]).await;
    let cases = [
        (json!({}), "BAD_USER_INPUT"),
        (json!({ "orderId": bought.id, "token": bought.token }), "BAD_USER_INPUT"),
        (json!({ "token": bought.token, "after": "nonsense" }), "BAD_USER_INPUT"),
        (json!({ "orderId": bought.id }), "NOT_FOUND"),
        (json!({ "token": "ott_0" }), "NOT_FOUND"),
    ];
    for (variables, code) in cases {
        let mut socket = Socket::greet(&app.url, None).await;
        socket.subscribe("1", FOLLOW, variables.clone()).await;
        let message = socket.next().await.expect("a message");
        assert!(message.to_string().contains(code), "{variables}: {message}");
    }
}

/// An order whose parcel is on its way; the supplier, and the parcel's id.
async fn sent(app: &TestApp) -> (trade::Bought, Client, Value) {
    let owner = trade::open(app).await;
    let variants = stock::variants(&owner, 1).await;
    let id = trade::portal(&owner, "Acme", true).await;
    trade::offers(app, &owner, id, &variants[0], "A-1", 9, "3.00").await;
    let bought = trade::buy(app, &[(&variants[0], 1)]).await;
    app.run_jobs().await;
    let part = trade::parts(&owner, &bought.id).await[0]["id"].clone();
    let supplier = app.as_supplier(id).await;
    trade::work(&supplier, "supplierOrderAccept", &part, json!({})).await.done("supplierOrderAccept");
    let ship = "mutation($id: ID!) { shipmentCreate(supplierOrderId: $id,
        input: { carrier: \"DHL\", trackingNumber: \"1\" }) { shipment { id } userErrors { code field message } } }";
    let made = supplier.run(ship, json!({ "id": part })).await;
    let parcel = made.done("shipmentCreate")["shipment"]["id"].clone();
    (bought, supplier, parcel)
}

/// Moves a parcel for the `turn`th time: an event of its order.
async fn moves(app: &TestApp, supplier: &Client, parcel: &Value, turn: usize) {
    let add = "mutation($id: ID!, $input: ShipmentEventInput!) { shipmentEventAdd(shipmentId: $id, input: $input) {
        userErrors { code field message } } }";
    let status = ["IN_TRANSIT", "CUSTOMS"][turn % 2];
    let input = json!({ "id": turn.to_string(), "status": status, "occurredAt": app.app.clock.now() });
    app.app.clock.advance(chrono::TimeDelta::milliseconds(1));
    supplier.run(add, json!({ "id": parcel, "input": input })).await.done("shipmentEventAdd");
}

async fn all_followers_see_all_events_in_order(app: TestApp) {
    let (bought, supplier, parcel) = sent(&app).await;
    let follow = "subscription($token: String) { orderTracking(token: $token) { cursor order { id } } }";
    let mut sockets = Vec::new();
    for _ in 0..6 {
        let mut socket = Socket::greet(&app.url, None).await;
        socket.subscribe("1", follow, json!({ "token": bought.token })).await;
        sockets.push(socket);
    }
    // More than are kept for those who follow: whoever is slow reads the table.
    for turn in 0..40 {
        moves(&app, &supplier, &parcel, turn).await;
    }
    let query = "query($token: String!, $after: String) { orderByToken(token: $token) {
        timeline(first: 100, after: $after) { nodes { cursor } } } }";
    let page = app.as_guest().run(query, json!({ "token": bought.token })).await;
    let known = page.at("orderByToken.timeline.nodes").as_array().expect("events").clone();
    assert!(known.len() > 40, "{}", known.len());
    for socket in &mut sockets {
        for event in &known {
            let message = socket.next().await.expect("a message");
            let told = &message["payload"]["data"]["orderTracking"];
            assert_eq!((&told["cursor"], &told["order"]["id"]), (&event["cursor"], &json!(bought.id)), "{message}");
        }
    }
}

async fn an_event_that_nobody_told_of_is_found(app: TestApp) {
    let (bought, supplier, parcel) = sent(&app).await;
    let mut socket = Socket::greet(&app.url, None).await;
    let follow = "subscription($token: String) { orderTracking(token: $token) { type } }";
    socket.subscribe("1", follow, json!({ "token": bought.token })).await;
    while socket.next().await.expect("a message")["payload"]["data"]["orderTracking"]["type"] != "SHIPMENT_CREATED" {}
    // Another process whose hints do not come here.
    let deaf = app.reconfigured(|config| config.redis_url = None).await;
    let elsewhere = deaf.as_guest().with_token(supplier.token().expect("a token"));
    moves(&app, &elsewhere, &parcel, 0).await;
    let message = socket.next().await.expect("a message");
    assert_eq!(message["payload"]["data"]["orderTracking"]["type"], "SHIPMENT_UPDATED", "{message}");
}

async fn a_subscription_shows_things_as_they_are(app: TestApp) {
    let (bought, supplier, parcel) = sent(&app).await;
    let mut socket = Socket::greet(&app.url, None).await;
    let follow = "subscription($token: String) { orderTracking(token: $token) {
        type order { shipments { status } } shipment { status } } }";
    socket.subscribe("1", follow, json!({ "token": bought.token })).await;
    while socket.next().await.expect("a message")["payload"]["data"]["orderTracking"]["type"] != "SHIPMENT_CREATED" {}
    for (turn, status) in ["IN_TRANSIT", "CUSTOMS", "IN_TRANSIT"].into_iter().enumerate() {
        moves(&app, &supplier, &parcel, turn).await;
        let message = socket.next().await.expect("a message");
        let event = &message["payload"]["data"]["orderTracking"];
        assert_eq!((&event["shipment"]["status"], &event["order"]["shipments"][0]["status"]), (&json!(status), &json!(status)), "{message}");
    }
}
