//! Supplier orders: forwarding, answers, re-planning, cancelling, and the money that follows.

use serde_json::json;

use crate::support::app::TestApp;
use crate::support::gql::Client;
use crate::support::{shop, stock, trade};

crate::engine_tests![
    two_simulated_suppliers_deliver_an_order,
    a_lost_answer_makes_no_second_order,
    a_refusal_goes_to_another_supplier,
    a_part_is_accepted_and_the_rest_goes_elsewhere,
    what_nobody_sends_is_decided_by_the_owner,
    what_leaves_is_paid_while_the_rest_is_undecided,
    an_order_of_many_parts_is_cancelled_with_one_word,
    units_that_were_cancelled_are_not_refunded_by_line,
    a_unit_that_was_refunded_is_not_paid_back_again_when_it_is_cancelled,
    the_owner_decides_what_is_not_forwarded_by_itself,
    before_it_is_sent_an_order_is_cancelled_at_once,
    after_it_is_sent_the_supplier_is_asked,
    shipping_everything_is_a_no_that_is_told,
    a_supplier_sees_and_answers_only_its_own,
    silence_becomes_a_work_item,
];

async fn is(owner: &Client, id: &str, payment: &str, fulfillment: &str) {
    assert_eq!(trade::statuses(owner, id).await, (payment.to_owned(), fulfillment.to_owned()));
}

async fn two_simulated_suppliers_deliver_an_order(app: TestApp) {
    let owner = trade::open(&app).await;
    let variants = stock::variants(&owner, 2).await;
    for (index, key) in ["north", "south"].into_iter().enumerate() {
        let supplier = trade::simulated(&app, &owner, key, json!({})).await;
        trade::shelve(&app, key, "A-1", 9).await;
        trade::offers(&app, &owner, supplier, &variants[index], "A-1", 9, "4.00").await;
    }
    let bought = trade::buy(&app, &[(&variants[0], 2), (&variants[1], 1)]).await;
    trade::until(&app, &owner, &bought.id, "PAID", "DELIVERED").await;
    app.run_jobs().await;
    is(&owner, &bought.id, "PAID", "DELIVERED").await;
    let parts = trade::parts(&owner, &bought.id).await;
    assert_eq!(parts.len(), 2);
    for part in parts {
        assert_eq!(part["status"], "DELIVERED");
        assert_eq!(trade::effective(&app, part["reference"].as_str().expect("a reference")).await, 1);
    }
}

async fn a_lost_answer_makes_no_second_order(app: TestApp) {
    let owner = trade::open(&app).await;
    let variants = stock::variants(&owner, 1).await;
    let supplier = trade::simulated(&app, &owner, "mute", json!({ "faults": { "error500After": 1.0 } })).await;
    trade::shelve(&app, "mute", "A-1", 9).await;
    trade::offers(&app, &owner, supplier, &variants[0], "A-1", 9, "4.00").await;
    let bought = trade::buy(&app, &[(&variants[0], 1)]).await;
    app.run_jobs().await;
    app.advance(std::time::Duration::from_secs(3)).await;
    trade::until_paid(&app, &owner, &bought.id).await;
    let parts = trade::parts(&owner, &bought.id).await;
    assert_eq!(trade::effective(&app, parts[0]["reference"].as_str().expect("a reference")).await, 1);
    let steps = parts[0]["history"]["nodes"].as_array().expect("steps").clone();
    assert!(steps.iter().any(|step| step["to"] == "UNKNOWN"), "{steps:?}");
}

/// Two suppliers at the portal offer the one variant; the first is cheaper.
async fn rivals(app: &TestApp, owner: &Client) -> (Vec<String>, Client, Client) {
    let variants = stock::variants(owner, 1).await;
    let first = trade::portal(owner, "First", true).await;
    let second = trade::portal(owner, "Second", true).await;
    trade::offers(app, owner, first, &variants[0], "F-1", 9, "3.00").await;
    trade::offers(app, owner, second, &variants[0], "S-1", 9, "5.00").await;
    (variants, app.as_supplier(first).await, app.as_supplier(second).await)
}

/// Lets the clock go on: ids sort by time, and what comes next is to sort after what there is.
fn later(app: &TestApp) {
    app.app.clock.advance(chrono::TimeDelta::seconds(1));
}

async fn a_refusal_goes_to_another_supplier(app: TestApp) {
    let owner = trade::open(&app).await;
    let (variants, first, second) = rivals(&app, &owner).await;
    let bought = trade::buy(&app, &[(&variants[0], 2)]).await;
    app.run_jobs().await;
    is(&owner, &bought.id, "AUTHORIZED", "IN_PROGRESS").await;
    let part = trade::parts(&owner, &bought.id).await[0]["id"].clone();
    let no = json!({ "reason": "OUT_OF_STOCK" });
    trade::work(&first, "supplierOrderReject", &part, no.clone()).await.done("supplierOrderReject");
    // A repeat answers alike.
    trade::work(&first, "supplierOrderReject", &part, no).await.done("supplierOrderReject");
    later(&app);
    app.run_jobs().await;
    let parts = trade::parts(&owner, &bought.id).await;
    assert_eq!(parts.len(), 2, "{parts:?}");
    assert_eq!((&parts[0]["status"], &parts[1]["status"]), (&json!("REJECTED"), &json!("SUBMITTED")));
    is(&owner, &bought.id, "AUTHORIZED", "IN_PROGRESS").await;
    trade::work(&second, "supplierOrderAccept", &parts[1]["id"], json!({})).await.done("supplierOrderAccept");
    app.run_jobs().await;
    is(&owner, &bought.id, "PAID", "IN_PROGRESS").await;
}

async fn a_part_is_accepted_and_the_rest_goes_elsewhere(app: TestApp) {
    let owner = trade::open(&app).await;
    let (variants, first, second) = rivals(&app, &owner).await;
    let bought = trade::buy(&app, &[(&variants[0], 3)]).await;
    app.run_jobs().await;
    let part = trade::parts(&owner, &bought.id).await[0].clone();
    let line = &part["lines"][0]["id"];
    let too_many = json!({ "lines": [{ "id": line, "quantity": 4 }] });
    let refused = trade::work(&first, "supplierOrderAccept", &part["id"], too_many).await;
    assert_eq!(refused.user_codes("supplierOrderAccept"), ["INVALID"]);
    let one = json!({ "lines": [{ "id": line, "quantity": 1 }] });
    let answer = trade::work(&first, "supplierOrderAccept", &part["id"], one).await;
    assert_eq!(answer.done("supplierOrderAccept")["supplierOrder"]["requestStatus"], "PARTIALLY_ACCEPTED");
    later(&app);
    app.run_jobs().await;
    is(&owner, &bought.id, "AUTHORIZED", "IN_PROGRESS").await;
    let parts = trade::parts(&owner, &bought.id).await;
    assert_eq!(parts[1]["lines"][0]["quantity"], 2, "{parts:?}");
    trade::work(&second, "supplierOrderAccept", &parts[1]["id"], json!({})).await.done("supplierOrderAccept");
    app.run_jobs().await;
    is(&owner, &bought.id, "PAID", "IN_PROGRESS").await;
}

async fn what_nobody_sends_is_decided_by_the_owner(app: TestApp) {
    let owner = trade::open(&app).await;
    let variants = stock::variants(&owner, 1).await;
    let only = trade::portal(&owner, "Only", true).await;
    trade::offers(&app, &owner, only, &variants[0], "O-1", 9, "3.00").await;
    let bought = trade::buy(&app, &[(&variants[0], 1)]).await;
    app.run_jobs().await;
    let part = trade::parts(&owner, &bought.id).await[0]["id"].clone();
    let supplier = app.as_supplier(only).await;
    let no = json!({ "reason": "DISCONTINUED" });
    trade::work(&supplier, "supplierOrderReject", &part, no).await.done("supplierOrderReject");
    app.run_jobs().await;
    let items = stock::open_items(&owner, "NO_SUPPLIER").await;
    assert_eq!(items.len(), 1);
    stock::resolve(&owner, &items[0], "CANCEL_AND_REFUND").await;
    app.run_jobs().await;
    is(&owner, &bought.id, "VOIDED", "CANCELLED").await;
}

/// Two suppliers at the portal, each with a variant of its own.
async fn neighbors(app: &TestApp, owner: &Client, auto_forward: bool) -> (Vec<String>, Client, Client) {
    let variants = stock::variants(owner, 2).await;
    let mut clients = Vec::new();
    for (variant, name) in variants.iter().zip(["First", "Second"]) {
        let supplier = trade::portal(owner, name, auto_forward).await;
        trade::offers(app, owner, supplier, variant, "N-1", 9, "3.00").await;
        clients.push(app.as_supplier(supplier).await);
    }
    let second = clients.pop().expect("two");
    (variants, clients.pop().expect("one"), second)
}

async fn what_leaves_is_paid_while_the_rest_is_undecided(app: TestApp) {
    let owner = trade::open(&app).await;
    let (variants, first, second) = neighbors(&app, &owner, true).await;
    let bought = trade::buy(&app, &[(&variants[0], 1), (&variants[1], 1)]).await;
    app.run_jobs().await;
    let query = "query { supplierOrders(first: 5) { nodes { id lines { id } } } }";
    let own = first.run(query, json!({})).await.at("supplierOrders.nodes.0").clone();
    let other = second.run(query, json!({})).await.at("supplierOrders.nodes.0.id").clone();
    trade::work(&first, "supplierOrderAccept", &own["id"], json!({})).await.done("supplierOrderAccept");
    let no = json!({ "reason": "DISCONTINUED" });
    trade::work(&second, "supplierOrderReject", &other, no).await.done("supplierOrderReject");
    app.run_jobs().await;
    let item = stock::open_items(&owner, "NO_SUPPLIER").await.remove(0);
    stock::resolve(&owner, &item, "WAIT").await;
    app.run_jobs().await;
    is(&owner, &bought.id, "AUTHORIZED", "IN_PROGRESS").await;
    let ship = "mutation($id: ID!, $input: ShipmentCreateInput!) {
        shipmentCreate(supplierOrderId: $id, input: $input) { userErrors { code field message } } }";
    let lines = json!([{ "id": own["lines"][0]["id"], "quantity": 1 }]);
    let input = json!({ "carrier": "dhl", "trackingNumber": "T-1", "lines": lines });
    first.run(ship, json!({ "id": own["id"], "input": input })).await.done("shipmentCreate");
    app.run_jobs().await;
    assert_eq!(trade::statuses(&owner, &bought.id).await.0, "PAID");
}

async fn an_order_of_many_parts_is_cancelled_with_one_word(app: TestApp) {
    let owner = trade::open(&app).await;
    let (variants, ..) = neighbors(&app, &owner, false).await;
    let bought = trade::buy(&app, &[(&variants[0], 1), (&variants[1], 1)]).await;
    app.run_jobs().await;
    assert_eq!(trade::parts(&owner, &bought.id).await.len(), 2);
    trade::cancel(&app.as_guest(), &bought).await.done("orderCancel");
    app.run_jobs().await;
    is(&owner, &bought.id, "VOIDED", "CANCELLED").await;
    let query = "query($id: ID!) { order(id: $id) { timeline(first: 50) { nodes { type message } } } }";
    let answer = owner.run(query, json!({ "id": bought.id })).await;
    let nodes = answer.at("order.timeline.nodes").as_array().expect("a list").clone();
    let told: Vec<_> = nodes.iter().filter(|it| it["type"] == "ORDER_CANCELLED").collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["message"], "Your order was cancelled.");
}

async fn units_that_were_cancelled_are_not_refunded_by_line(app: TestApp) {
    let owner = trade::open(&app).await;
    let variants = stock::variants(&owner, 1).await;
    let only = trade::portal(&owner, "Only", true).await;
    trade::offers(&app, &owner, only, &variants[0], "O-1", 9, "3.00").await;
    let bought = trade::buy(&app, &[(&variants[0], 2)]).await;
    app.run_jobs().await;
    let part = trade::parts(&owner, &bought.id).await[0].clone();
    let one = json!({ "lines": [{ "id": part["lines"][0]["id"], "quantity": 1 }] });
    trade::work(&app.as_supplier(only).await, "supplierOrderAccept", &part["id"], one).await.done("supplierOrderAccept");
    app.run_jobs().await;
    let item = stock::open_items(&owner, "NO_SUPPLIER").await.remove(0);
    stock::resolve(&owner, &item, "CANCEL_AND_REFUND").await;
    app.run_jobs().await;
    is(&owner, &bought.id, "PAID", "IN_PROGRESS").await;
    let query = "query($id: ID!) { order(id: $id) { lines { id } } }";
    let line = owner.run(query, json!({ "id": bought.id })).await.text("order.lines.0.id");
    let ask = "mutation($id: ID!, $input: RefundCreateInput!) { refundCreate(orderId: $id, input: $input) {
        refund { id } userErrors { code field message } } }";
    let refund = async |key: &str, quantity: i64| {
        let lines = json!([{ "orderLineId": line, "quantity": quantity }]);
        owner.run(ask, json!({ "id": bought.id, "input": { "idempotencyKey": key, "lines": lines } })).await
    };
    let both = refund("both", 2).await;
    assert_eq!(both.user_codes("refundCreate"), ["TOO_MUCH"], "one was cancelled");
    assert_eq!(both.at("refundCreate.userErrors.0.field"), &json!(["input", "lines", "0", "quantity"]));
    refund("one", 1).await.done("refundCreate");
    assert_eq!(refund("another", 1).await.user_codes("refundCreate"), ["TOO_MUCH"]);
}

async fn a_unit_that_was_refunded_is_not_paid_back_again_when_it_is_cancelled(app: TestApp) {
    let owner = trade::open(&app).await;
    shop::settings(&owner, json!({ "capture": "ON_PLACEMENT" })).await;
    let variants = stock::variants(&owner, 1).await;
    let only = trade::portal(&owner, "Only", true).await;
    trade::offers(&app, &owner, only, &variants[0], "O-1", 9, "3.00").await;
    let bought = trade::buy(&app, &[(&variants[0], 3)]).await;
    app.run_jobs().await;
    is(&owner, &bought.id, "PAID", "IN_PROGRESS").await;
    let query = "query($id: ID!) { order(id: $id) { lines { id } payment { refunded { amount } } } }";
    let line = owner.run(query, json!({ "id": bought.id })).await.text("order.lines.0.id");
    let ask = "mutation($id: ID!, $input: RefundCreateInput!) { refundCreate(orderId: $id, input: $input) {
        refund { id } userErrors { code field message } } }";
    let input = json!({ "idempotencyKey": "two", "lines": [{ "orderLineId": line, "quantity": 2 }] });
    owner.run(ask, json!({ "id": bought.id, "input": input })).await.done("refundCreate");
    app.run_jobs().await;
    // The supplier sends one; the other two are cancelled, one of them refunded already.
    let part = trade::parts(&owner, &bought.id).await[0].clone();
    let one = json!({ "lines": [{ "id": part["lines"][0]["id"], "quantity": 1 }] });
    trade::work(&app.as_supplier(only).await, "supplierOrderAccept", &part["id"], one).await.done("supplierOrderAccept");
    app.run_jobs().await;
    let item = stock::open_items(&owner, "NO_SUPPLIER").await.remove(0);
    stock::resolve(&owner, &item, "CANCEL_AND_REFUND").await;
    app.run_jobs().await;
    let order = owner.run(query, json!({ "id": bought.id })).await;
    assert_eq!(order.at("order.payment.refunded.amount"), "30.00", "three units at 10.00, and not four");
}

async fn the_owner_decides_what_is_not_forwarded_by_itself(app: TestApp) {
    let owner = trade::open(&app).await;
    let variants = stock::variants(&owner, 1).await;
    let supplier = trade::portal(&owner, "Manual", false).await;
    trade::offers(&app, &owner, supplier, &variants[0], "M-1", 9, "3.00").await;
    let bought = trade::buy(&app, &[(&variants[0], 1)]).await;
    app.run_jobs().await;
    let part = trade::parts(&owner, &bought.id).await[0].clone();
    assert_eq!(part["status"], "ROUTED");
    assert_eq!(stock::open_items(&owner, "APPROVAL_REQUIRED").await.len(), 1);
    let submit = "mutation($id: ID!) { supplierOrderSubmit(id: $id) {
        supplierOrder { id status } userErrors { code field message } } }";
    for _ in 0..2 {
        let answer = owner.run(submit, json!({ "id": part["id"] })).await;
        assert_eq!(answer.done("supplierOrderSubmit")["supplierOrder"]["status"], "SUBMITTED");
    }
    assert!(stock::open_items(&owner, "APPROVAL_REQUIRED").await.is_empty());
}

async fn before_it_is_sent_an_order_is_cancelled_at_once(app: TestApp) {
    let owner = trade::open(&app).await;
    let variants = stock::variants(&owner, 1).await;
    let supplier = trade::portal(&owner, "Manual", false).await;
    trade::offers(&app, &owner, supplier, &variants[0], "M-1", 9, "3.00").await;
    let early = trade::buy(&app, &[(&variants[0], 1)]).await;
    let guest = app.as_guest();
    // Before there is any supplier order, and after.
    trade::cancel(&guest, &early).await.done("orderCancel");
    app.run_jobs().await;
    assert!(trade::parts(&owner, &early.id).await.is_empty());
    let late = trade::buy(&app, &[(&variants[0], 1)]).await;
    app.run_jobs().await;
    for _ in 0..2 {
        let answer = trade::cancel(&guest, &late).await;
        assert_eq!(answer.done("orderCancel")["order"]["fulfillmentStatus"], "CANCELLED");
    }
    app.run_jobs().await;
    for bought in [&early, &late] {
        is(&owner, &bought.id, "VOIDED", "CANCELLED").await;
    }
}

async fn after_it_is_sent_the_supplier_is_asked(app: TestApp) {
    let owner = trade::open(&app).await;
    let variants = stock::variants(&owner, 1).await;
    let id = trade::portal(&owner, "Acme", true).await;
    trade::offers(&app, &owner, id, &variants[0], "A-1", 9, "3.00").await;
    let supplier = app.as_supplier(id).await;
    for (agrees, payment, fulfillment) in [(true, "REFUNDED", "CANCELLED"), (false, "PAID", "IN_PROGRESS")] {
        let bought = trade::buy(&app, &[(&variants[0], 1)]).await;
        app.run_jobs().await;
        let part = trade::parts(&owner, &bought.id).await[0]["id"].clone();
        trade::work(&supplier, "supplierOrderAccept", &part, json!({})).await.done("supplierOrderAccept");
        app.run_jobs().await;
        trade::cancel(&app.as_guest(), &bought).await.done("orderCancel");
        app.run_jobs().await;
        let asked = trade::parts(&owner, &bought.id).await;
        assert_eq!(asked[0]["requestStatus"], "CANCEL_REQUESTED");
        let input = json!({ "accept": agrees });
        let answer = trade::work(&supplier, "supplierOrderCancelAnswer", &part, input).await;
        answer.done("supplierOrderCancelAnswer");
        app.run_jobs().await;
        is(&owner, &bought.id, payment, fulfillment).await;
    }
}

async fn shipping_everything_is_a_no_that_is_told(app: TestApp) {
    let owner = trade::open(&app).await;
    let variants = stock::variants(&owner, 1).await;
    let id = trade::portal(&owner, "Acme", true).await;
    trade::offers(&app, &owner, id, &variants[0], "A-1", 9, "3.00").await;
    let supplier = app.as_supplier(id).await;
    let bought = trade::buy(&app, &[(&variants[0], 1)]).await;
    app.run_jobs().await;
    let part = trade::parts(&owner, &bought.id).await[0].clone();
    trade::work(&supplier, "supplierOrderAccept", &part["id"], json!({})).await.done("supplierOrderAccept");
    trade::cancel(&app.as_guest(), &bought).await.done("orderCancel");
    let ship = "mutation($id: ID!, $input: ShipmentCreateInput!) {
        shipmentCreate(supplierOrderId: $id, input: $input) { userErrors { code field message } } }";
    let lines = json!([{ "id": part["lines"][0]["id"], "quantity": 1 }]);
    let input = json!({ "carrier": "dhl", "trackingNumber": "T-1", "lines": lines });
    supplier.run(ship, json!({ "id": part["id"], "input": input })).await.done("shipmentCreate");
    app.run_jobs().await;
    assert_eq!(stock::open_items(&owner, "CANCELLATION_REFUSED").await.len(), 1);
    let query = "query($id: ID!) { order(id: $id) { timeline(first: 50) { nodes { type } } } }";
    let answer = owner.run(query, json!({ "id": bought.id })).await;
    let timeline = answer.at("order.timeline.nodes").to_string();
    assert!(timeline.contains("CANCELLATION_REFUSED"), "{timeline}");
}

async fn a_supplier_sees_and_answers_only_its_own(app: TestApp) {
    let owner = trade::open(&app).await;
    let (variants, first, second) = rivals(&app, &owner).await;
    trade::buy(&app, &[(&variants[0], 1)]).await;
    app.run_jobs().await;
    let query = "query { supplierOrders(first: 5, filter: { status: [SUBMITTED] }) {
        totalCount nodes { id destination { name city } lines { id supplierSku quantity unitCost { amount } } } } }";
    let own = first.run(query, json!({})).await;
    assert_eq!(own.at("supplierOrders.totalCount"), 1);
    assert_eq!(own.text("supplierOrders.nodes.0.lines.0.unitCost.amount"), "3.00");
    let other = second.run(query, json!({})).await;
    assert_eq!(other.at("supplierOrders.totalCount"), 0);
    let id = own.at("supplierOrders.nodes.0.id").clone();
    let stolen = trade::work(&second, "supplierOrderAccept", &id, json!({})).await;
    assert_eq!(stolen.user_codes("supplierOrderAccept"), ["NOT_FOUND"]);
}

async fn silence_becomes_a_work_item(app: TestApp) {
    let owner = trade::open(&app).await;
    let variants = stock::variants(&owner, 1).await;
    let only = trade::portal(&owner, "Only", true).await;
    trade::offers(&app, &owner, only, &variants[0], "O-1", 9, "3.00").await;
    let first = app.as_supplier(only).await;
    let bought = trade::buy(&app, &[(&variants[0], 1)]).await;
    consign::worker::schedule(&app.app).await.expect("the repeating jobs are there");
    app.run_jobs().await;
    app.advance(std::time::Duration::from_secs(25 * 3600)).await;
    assert_eq!(stock::open_items(&owner, "ACCEPTANCE_OVERDUE").await.len(), 1);
    let part = trade::parts(&owner, &bought.id).await[0]["id"].clone();
    trade::work(&first, "supplierOrderAccept", &part, json!({})).await.done("supplierOrderAccept");
    assert!(stock::open_items(&owner, "ACCEPTANCE_OVERDUE").await.is_empty());
    app.advance(std::time::Duration::from_secs(8 * 24 * 3600)).await;
    assert_eq!(stock::open_items(&owner, "SHIPMENT_OVERDUE").await.len(), 1);
}
