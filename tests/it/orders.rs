//! Orders: their numbers, who may see them, how they are found.

use consign::payments;
use serde_json::json;

use crate::support::app::TestApp;
use crate::support::{stock, trade};

crate::engine_tests![
    numbers_have_no_gaps_and_a_token_opens_one_order,
    an_order_is_found_by_what_people_know_of_it,
    a_customer_sees_only_their_own,
    the_store_reads_an_orders_whole_history_without_gaps,
    money_that_cannot_be_taken_shows,
];

async fn store(app: &TestApp) -> (crate::support::gql::Client, Vec<String>) {
    let owner = trade::open(app).await;
    let variants = stock::variants(&owner, 1).await;
    let supplier = trade::portal(&owner, "Acme", true).await;
    trade::offers(app, &owner, supplier, &variants[0], "A-1", 20, "4.00").await;
    (owner, variants)
}

async fn numbers_have_no_gaps_and_a_token_opens_one_order(app: TestApp) {
    let (owner, variants) = store(&app).await;
    let first = trade::buy(&app, &[(&variants[0], 1)]).await;
    let second = trade::buy(&app, &[(&variants[0], 2)]).await;
    let one = trade::order(&owner, &first.id).await["number"].as_i64().expect("a number");
    let two = trade::order(&owner, &second.id).await["number"].as_i64().expect("a number");
    assert_eq!(one + 1, two);
    let query = "query($token: String!) { orderByToken(token: $token) { id returnStatus timeline(first: 5) { nodes { type } } } }";
    let guest = app.as_guest();
    let seen = guest.run(query, json!({ "token": first.token })).await;
    assert_eq!(seen.text("orderByToken.id"), first.id);
    assert_eq!(seen.text("orderByToken.timeline.nodes.0.type"), "ORDER_PLACED");
    let wrong = guest.run(query, json!({ "token": "ott_0" })).await;
    assert!(wrong.at("orderByToken").is_null());
    let by_id = guest.run("query($id: ID!) { order(id: $id) { id } }", json!({ "id": first.id })).await;
    assert!(by_id.at("order").is_null(), "an id alone gives a guest nothing");
}

async fn an_order_is_found_by_what_people_know_of_it(app: TestApp) {
    let (owner, variants) = store(&app).await;
    let bought = trade::buy(&app, &[(&variants[0], 1)]).await;
    let query = "query($filter: OrderFilter) { orders(first: 5, filter: $filter) { totalCount nodes { id } } }";
    for word in ["ADA@example", "byron", "v-0", "1001"] {
        let found = owner.run(query, json!({ "filter": { "query": word } })).await;
        assert_eq!(found.text("orders.nodes.0.id"), bought.id, "{word}");
    }
    for word in ["%", "_", "nobody"] {
        let found = owner.run(query, json!({ "filter": { "query": word } })).await;
        assert_eq!(found.at("orders.totalCount"), 0, "{word}");
    }
    let found = owner.run(query, json!({ "filter": { "paymentStatus": ["AUTHORIZED"] } })).await;
    assert_eq!(found.at("orders.totalCount"), 1);
}

async fn a_customer_sees_only_their_own(app: TestApp) {
    let (_, variants) = store(&app).await;
    let ada = app.as_customer("ada@example.com").await;
    let eve = app.as_customer("eve@example.com").await;
    let bought = trade::buy_as(&ada, &[(&variants[0], 1)]).await;
    let query = "query($id: ID!) { order(id: $id) { id } me { orders(first: 5) { nodes { id } } } }";
    let own = ada.run(query, json!({ "id": bought.id })).await;
    assert_eq!(own.text("order.id"), bought.id);
    assert_eq!(own.text("me.orders.nodes.0.id"), bought.id);
    let other = eve.run(query, json!({ "id": bought.id })).await;
    assert!(other.at("order").is_null());
    assert_eq!(other.at("me.orders.nodes"), &json!([]));
    let cancel = "mutation($id: ID!) { orderCancel(id: $id, input: {}) { userErrors { code } } }";
    assert_eq!(eve.run(cancel, json!({ "id": bought.id })).await.user_codes("orderCancel"), ["NOT_FOUND"]);
}

async fn the_store_reads_an_orders_whole_history_without_gaps(app: TestApp) {
    let (owner, variants) = store(&app).await;
    let ada = app.as_customer("ada@example.com").await;
    let bought = trade::buy_as(&ada, &[(&variants[0], 1)]).await;
    app.run_jobs().await;
    trade::cancel(&app.as_guest(), &bought).await;
    app.run_jobs().await;
    let query = "query($id: ID!, $after: String) { order(id: $id) { events(first: 2, after: $after) {
        nodes { sequence type at message visibleToCustomer } pageInfo { hasNextPage endCursor } } } }";
    let (mut seen, mut after) = (vec![], json!(null));
    loop {
        let page = owner.run(query, json!({ "id": bought.id, "after": after })).await.at("order.events").clone();
        seen.extend(page["nodes"].as_array().expect("nodes").clone());
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    let sequences: Vec<i64> = seen.iter().filter_map(|event| event["sequence"].as_i64()).collect();
    assert_eq!(sequences, (1..=sequences.len() as i64).collect::<Vec<_>>());
    assert_eq!((&seen[0]["type"], &seen[0]["visibleToCustomer"]), (&json!("ORDER_PLACED"), &json!(true)));
    let hidden = seen.iter().find(|event| event["type"] == "SUPPLIER_ORDER_CREATED").expect("the store is told");
    assert_eq!(hidden["visibleToCustomer"], false);
    let own = ada.run(query, json!({ "id": bought.id })).await;
    assert!(own.at("order.events").is_null(), "not for customers");
}

async fn money_that_cannot_be_taken_shows(app: TestApp) {
    let (owner, variants) = store(&app).await;
    let bought = trade::buy(&app, &[(&variants[0], 1)]).await;
    app.run_jobs().await;
    // The buyer's bank takes the authorization back, past the store.
    let id = bought.id.parse().expect("an id");
    let attempt = payments::of_orders(app.app.db.read(), &[id]).await.expect("read").pop().expect("a payment");
    let gateway = app.app.gateways.get("test").expect("configured");
    gateway.void(&attempt.provider_id.expect("authorized"), "past the store").await.expect("released");
    let part = trade::parts(&owner, &bought.id).await[0].clone();
    let supplier = app.as_supplier(part["supplier"]["id"].as_str().expect("an id").parse().expect("an id")).await;
    trade::work(&supplier, "supplierOrderAccept", &part["id"], json!({})).await.done("supplierOrderAccept");
    app.run_jobs().await;
    assert_eq!(trade::statuses(&owner, &bought.id).await.0, "FAILED");
    assert_eq!(stock::open_items(&owner, "PAYMENT_FAILED").await.len(), 1);
    let query = "{ orders(first: 1, filter: { paymentStatus: [FAILED] }) { nodes { id } } }";
    assert_eq!(owner.run(query, json!({})).await.text("orders.nodes.0.id"), bought.id);
    // What becomes of the goods changes nothing about the money.
    let lines = json!([{ "id": part["lines"][0]["id"], "quantity": 1 }]);
    let ship = "mutation($id: ID!, $input: ShipmentCreateInput!) {
        shipmentCreate(supplierOrderId: $id, input: $input) { userErrors { code field message } } }";
    let input = json!({ "carrier": "DHL", "trackingNumber": "1", "lines": lines });
    supplier.run(ship, json!({ "id": part["id"], "input": input })).await.done("shipmentCreate");
    assert_eq!(trade::statuses(&owner, &bought.id).await, ("FAILED".to_owned(), "SHIPPED".to_owned()));
}
