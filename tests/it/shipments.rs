//! Parcels: what a supplier at the portal tells of them, doubled and in any order.

use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::gql::{Answer, Client};
use crate::support::trade::Bought;
use crate::support::{stock, trade};

crate::engine_tests![
    a_parcel_holds_what_was_accepted_and_no_more,
    any_order_of_events_ends_alike,
    trouble_with_a_parcel_is_a_work_item,
    what_is_in_a_lost_parcel_is_paid_back_once,
    units_of_a_lost_parcel_count_as_refunded,
];

const CREATE: &str = "mutation($id: ID!, $input: ShipmentCreateInput!) {
    shipmentCreate(supplierOrderId: $id, input: $input) {
      shipment { id status carrier trackingNumber } userErrors { code field message } } }";
const TELL: &str = "mutation($id: ID!, $input: ShipmentEventInput!) {
    shipmentEventAdd(shipmentId: $id, input: $input) { shipment { id status } userErrors { code field message } } }";

/// An accepted order of three units, with its supplier and its supplier order.
async fn accepted(app: &TestApp) -> (Client, Client, Bought, Value) {
    let owner = trade::open(app).await;
    let variants = stock::variants(&owner, 1).await;
    let id = trade::portal(&owner, "Acme", true).await;
    trade::offers(app, &owner, id, &variants[0], "A-1", 9, "3.00").await;
    let bought = trade::buy(app, &[(&variants[0], 3)]).await;
    app.run_jobs().await;
    let supplier = app.as_supplier(id).await;
    let part = trade::parts(&owner, &bought.id).await[0].clone();
    trade::work(&supplier, "supplierOrderAccept", &part["id"], json!({})).await.done("supplierOrderAccept");
    (owner, supplier, bought, part)
}

async fn ship(supplier: &Client, part: &Value, number: &str, units: i64) -> Answer {
    let lines = json!([{ "id": part["lines"][0]["id"], "quantity": units }]);
    let input = json!({ "carrier": "DHL", "trackingNumber": number, "lines": lines });
    supplier.run(CREATE, json!({ "id": part["id"], "input": input })).await
}

async fn a_parcel_holds_what_was_accepted_and_no_more(app: TestApp) {
    let (owner, supplier, bought, part) = accepted(&app).await;
    assert_eq!(ship(&supplier, &part, "1", 4).await.user_codes("shipmentCreate"), ["NOT_ACCEPTED"]);
    assert_eq!(ship(&supplier, &part, "1", 0).await.user_codes("shipmentCreate"), ["INVALID"]);
    let first = ship(&supplier, &part, "1", 2).await.done("shipmentCreate")["shipment"]["id"].clone();
    let again = ship(&supplier, &part, "1", 2).await.done("shipmentCreate")["shipment"]["id"].clone();
    assert_eq!(first, again, "the same number is the same parcel");
    assert_eq!(trade::statuses(&owner, &bought.id).await.1, "PARTIALLY_SHIPPED");
    ship(&supplier, &part, "2", 1).await.done("shipmentCreate");
    assert_eq!(trade::statuses(&owner, &bought.id).await.1, "SHIPPED");
    assert_eq!(ship(&supplier, &part, "3", 1).await.user_codes("shipmentCreate"), ["WRONG_STATE"]);
    let late = trade::cancel(&app.as_guest(), &bought).await;
    assert_eq!(late.user_codes("orderCancel"), ["TOO_LATE"]);
}

async fn any_order_of_events_ends_alike(app: TestApp) {
    let (owner, supplier, bought, part) = accepted(&app).await;
    let told = [("a", "IN_TRANSIT", 1), ("b", "OUT_FOR_DELIVERY", 2), ("c", "DELIVERED", 3)];
    let now = app.app.clock.now();
    for (parcel, order) in [[0, 1, 2], [2, 1, 0], [1, 2, 0]].iter().enumerate() {
        let id = ship(&supplier, &part, &parcel.to_string(), 1).await.done("shipmentCreate")["shipment"]["id"].clone();
        for &index in order.iter().chain(order) {
            let (name, status, minute) = told[index];
            let at = now + chrono::TimeDelta::minutes(minute);
            let input = json!({ "id": name, "status": status, "occurredAt": at });
            supplier.run(TELL, json!({ "id": id, "input": input })).await.done("shipmentEventAdd");
        }
    }
    let order = trade::order(&owner, &bought.id).await;
    assert_eq!(order["fulfillmentStatus"], "DELIVERED");
    assert_eq!(order["lines"][0]["deliveredQuantity"], 3);
    for parcel in order["shipments"].as_array().expect("parcels") {
        assert_eq!(parcel["status"], "DELIVERED");
        assert_eq!(parcel["events"].as_array().map(Vec::len), Some(3), "{parcel}");
    }
}

async fn trouble_with_a_parcel_is_a_work_item(app: TestApp) {
    let (owner, supplier, _, part) = accepted(&app).await;
    let id = ship(&supplier, &part, "1", 3).await.done("shipmentCreate")["shipment"]["id"].clone();
    let now = app.app.clock.now();
    for (name, status, open) in [("x", "EXCEPTION", 1), ("y", "IN_TRANSIT", 0)] {
        let at = now + chrono::TimeDelta::minutes(1 - open);
        let at = if open == 0 { at + chrono::TimeDelta::minutes(1) } else { at };
        let input = json!({ "id": name, "status": status, "occurredAt": at });
        supplier.run(TELL, json!({ "id": id, "input": input })).await.done("shipmentEventAdd");
        assert_eq!(stock::open_items(&owner, "SHIPMENT_EXCEPTION").await.len() as i64, open);
    }
}

async fn what_is_in_a_lost_parcel_is_paid_back_once(app: TestApp) {
    let (owner, supplier, bought, part) = accepted(&app).await;
    app.run_jobs().await;
    ship(&supplier, &part, "1", 2).await.done("shipmentCreate");
    let lost = ship(&supplier, &part, "2", 1).await.done("shipmentCreate")["shipment"]["id"].clone();
    let query = "query($id: ID!) { order(id: $id) { paymentStatus lines { unitPrice { amount } }
        payment { refunded { amount } } } }";
    for (name, status) in [("x", "EXCEPTION"), ("y", "IN_TRANSIT"), ("z", "EXCEPTION")] {
        app.app.clock.advance(chrono::TimeDelta::minutes(1));
        let input = json!({ "id": name, "status": status, "occurredAt": app.app.clock.now() });
        supplier.run(TELL, json!({ "id": lost, "input": input })).await.done("shipmentEventAdd");
        if status == "EXCEPTION" {
            let item = stock::open_items(&owner, "SHIPMENT_EXCEPTION").await.remove(0);
            stock::resolve(&owner, &item, "REFUND_PARCEL").await;
        }
        app.run_jobs().await;
        let order = owner.run(query, json!({ "id": bought.id })).await.at("order").clone();
        assert_eq!(order["paymentStatus"], "PARTIALLY_REFUNDED");
        assert_eq!(order["payment"]["refunded"], order["lines"][0]["unitPrice"], "one of three, once");
    }
}

async fn units_of_a_lost_parcel_count_as_refunded(app: TestApp) {
    let (owner, supplier, bought, part) = accepted(&app).await;
    app.run_jobs().await;
    let lost = ship(&supplier, &part, "1", 2).await.done("shipmentCreate")["shipment"]["id"].clone();
    let query = "query($id: ID!) { order(id: $id) { lines { id unitPrice { amount } } payment { refunded { amount } } } }";
    let order = owner.run(query, json!({ "id": bought.id })).await.at("order").clone();
    let ask = "mutation($id: ID!, $input: RefundCreateInput!) { refundCreate(orderId: $id, input: $input) {
        refund { id } userErrors { code field message } } }";
    let refund = async |key: &str, quantity: i64| {
        let lines = json!([{ "orderLineId": order["lines"][0]["id"], "quantity": quantity }]);
        let input = json!({ "idempotencyKey": key, "lines": lines });
        owner.run(ask, json!({ "id": bought.id, "input": input })).await
    };
    // Two of three go back by line, so of the parcel's two only one is left.
    refund("a", 2).await.done("refundCreate");
    // Refunds of one moment are in no order.
    app.advance(std::time::Duration::from_secs(1)).await;
    let input = json!({ "id": "x", "status": "EXCEPTION", "occurredAt": app.app.clock.now() });
    supplier.run(TELL, json!({ "id": lost, "input": input })).await.done("shipmentEventAdd");
    let item = stock::open_items(&owner, "SHIPMENT_EXCEPTION").await.remove(0);
    stock::resolve(&owner, &item, "REFUND_PARCEL").await;
    app.run_jobs().await;
    assert_eq!(refund("b", 1).await.user_codes("refundCreate"), ["TOO_MUCH"]);
    let order_id = bought.id.parse().expect("an order's");
    let refunds = consign::payments::refunds(app.app.db.read(), &[order_id]).await.expect("read");
    assert_eq!(refunds.len(), 2, "{refunds:?}");
    assert_eq!(refunds[0].amount, 2 * refunds[1].amount);
    assert_eq!(refunds[1].reason, "a parcel did not arrive; 1 units were refunded before");
}
