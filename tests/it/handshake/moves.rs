//! Units that go to a supplier by name, and units that are called back.

use std::time::Duration;

use serde_json::{Value, json};

use super::{rivals, standing, units_out};
use crate::support::app::TestApp;
use crate::support::gql::Client;
use crate::support::{stock, trade};

crate::engine_tests![
    some_units_go_to_a_supplier_by_name,
    what_the_portal_has_not_answered_goes_at_once,
    what_is_worked_on_is_called_back_for_a_supplier_by_name,
    a_recall_that_is_declined_changes_nothing,
    a_customer_who_cancels_what_is_called_back_gets_it_cancelled,
    a_move_that_cannot_be_changes_nothing,
];

/// Three units, waiting for the owner's word.
async fn three(app: &TestApp, forwards: bool) -> (Client, trade::Bought, Value, [consign::kernel::ids::SupplierId; 2]) {
    let owner = trade::open(app).await;
    let (variant, suppliers) = rivals(app, &owner, forwards).await;
    let bought = trade::buy(app, &[(&variant, 3)]).await;
    app.run_jobs().await;
    let part = trade::parts(&owner, &bought.id).await.remove(0);
    // What the units go on in is later, and comes after it.
    app.advance(Duration::from_millis(1)).await;
    (owner, bought, part, suppliers)
}

fn stands(expected: &[(&str, consign::kernel::ids::SupplierId)]) -> Vec<(String, String)> {
    expected.iter().map(|(status, id)| ((*status).to_owned(), id.to_string())).collect()
}

async fn some_units_go_to_a_supplier_by_name(app: TestApp) {
    let (owner, bought, part, [first, second]) = three(&app, false).await;
    let lines = json!([{ "id": part["lines"][0]["id"], "quantity": 2 }]);
    let input = json!({ "supplierId": second, "lines": lines, "reason": "Too much for one" });
    trade::work(&owner, "supplierOrderMove", &part["id"], input).await.done("supplierOrderMove");
    assert_eq!(standing(&owner, &bought.id).await, stands(&[("ROUTED", first), ("SUBMITTED", second)]));
    let parts = trade::parts(&owner, &bought.id).await;
    assert_eq!((&parts[0]["lines"][0]["refusedQuantity"], &parts[1]["lines"][0]["quantity"]), (&json!(2), &json!(2)));
    assert_eq!(units_out(&app, &bought.id).await, 3);
    // Both send theirs.
    super::plain(&owner, "supplierOrderSubmit", &part["id"]).await.done("supplierOrderSubmit");
    for (supplier, part) in [(first, &parts[0]), (second, &parts[1])] {
        let client = app.as_supplier(supplier).await;
        trade::work(&client, "supplierOrderAccept", &part["id"], json!({})).await.done("supplierOrderAccept");
    }
    app.run_jobs().await;
    assert_eq!(trade::statuses(&owner, &bought.id).await, ("PAID".to_owned(), "IN_PROGRESS".to_owned()));
}

async fn what_the_portal_has_not_answered_goes_at_once(app: TestApp) {
    let (owner, bought, part, [first, second]) = three(&app, true).await;
    let input = json!({ "supplierId": second });
    // Its supplier's answer and the move take the same lock.
    let (mover, answerer) = (owner.clone(), app.as_supplier(first).await);
    let (id, other) = (part["id"].clone(), part["id"].clone());
    let moving = tokio::spawn(async move { trade::work(&mover, "supplierOrderMove", &id, input).await.user_codes("supplierOrderMove") });
    let answering = tokio::spawn(async move {
        trade::work(&answerer, "supplierOrderAccept", &other, json!({})).await.user_codes("supplierOrderAccept")
    });
    let (moved, answered) = (moving.await.expect("an answer"), answering.await.expect("an answer"));
    let expected = match moved.is_empty() {
        true => stands(&[("CANCELLED", first), ("SUBMITTED", second)]),
        false => stands(&[("ACKNOWLEDGED", first)]),
    };
    assert_eq!(moved.is_empty(), !answered.is_empty(), "one of them wins: {moved:?} {answered:?}");
    assert_eq!(standing(&owner, &bought.id).await, expected);
    assert_eq!(units_out(&app, &bought.id).await, 3);
}

async fn what_is_worked_on_is_called_back_for_a_supplier_by_name(app: TestApp) {
    let (owner, bought, part, [first, second]) = three(&app, true).await;
    // The cheapest of the others would be a third.
    let variant = owner.run("query($id: ID!) { order(id: $id) { lines { variant { id } } } }", json!({ "id": bought.id })).await;
    let third = trade::portal(&owner, "Third", true).await;
    trade::offers(&app, &owner, third, &variant.text("order.lines.0.variant.id"), "T-1", 9, "4.00").await;
    let supplier = app.as_supplier(first).await;
    trade::work(&supplier, "supplierOrderAccept", &part["id"], json!({})).await.done("supplierOrderAccept");
    let refused = trade::work(&owner, "supplierOrderMove", &part["id"], json!({ "supplierId": second })).await;
    assert_eq!(refused.user_codes("supplierOrderMove"), ["WRONG_STATE"]);
    let recall = json!({ "supplierId": second, "reason": "Sooner there" });
    for _ in 0..2 {
        let asked = trade::work(&owner, "supplierOrderRecall", &part["id"], recall.clone()).await;
        assert_eq!(asked.done("supplierOrderRecall")["supplierOrder"]["status"], "CANCEL_REQUESTED");
    }
    app.run_jobs().await;
    assert_eq!(standing(&owner, &bought.id).await, stands(&[("CANCEL_REQUESTED", first)]), "it still has them");
    let yes = json!({ "accept": true });
    trade::work(&supplier, "supplierOrderCancelAnswer", &part["id"], yes).await.done("supplierOrderCancelAnswer");
    app.app.clock.advance(chrono::TimeDelta::seconds(1));
    app.run_jobs().await;
    assert_eq!(standing(&owner, &bought.id).await, stands(&[("CANCELLED", first), ("SUBMITTED", second)]));
    assert_eq!(units_out(&app, &bought.id).await, 3);
    assert_eq!(trade::statuses(&owner, &bought.id).await.1, "IN_PROGRESS");
}

async fn a_recall_that_is_declined_changes_nothing(app: TestApp) {
    let (owner, bought, part, [first, _]) = three(&app, true).await;
    let supplier = app.as_supplier(first).await;
    trade::work(&supplier, "supplierOrderAccept", &part["id"], json!({})).await.done("supplierOrderAccept");
    trade::work(&owner, "supplierOrderRecall", &part["id"], json!({})).await.done("supplierOrderRecall");
    let no = json!({ "accept": false });
    trade::work(&supplier, "supplierOrderCancelAnswer", &part["id"], no).await.done("supplierOrderCancelAnswer");
    app.run_jobs().await;
    assert_eq!(standing(&owner, &bought.id).await, stands(&[("ACKNOWLEDGED", first)]));
    assert!(stock::open_items(&owner, "CANCELLATION_REFUSED").await.is_empty(), "nobody wanted to cancel");
    let order = trade::order(&owner, &bought.id).await;
    assert_eq!(order["canCancel"], true, "the customer still may");
}

async fn a_customer_who_cancels_what_is_called_back_gets_it_cancelled(app: TestApp) {
    let (owner, bought, part, [first, _]) = three(&app, true).await;
    let supplier = app.as_supplier(first).await;
    trade::work(&supplier, "supplierOrderAccept", &part["id"], json!({})).await.done("supplierOrderAccept");
    trade::work(&owner, "supplierOrderRecall", &part["id"], json!({})).await.done("supplierOrderRecall");
    trade::cancel(&app.as_guest(), &bought).await.done("orderCancel");
    let yes = json!({ "accept": true });
    trade::work(&supplier, "supplierOrderCancelAnswer", &part["id"], yes).await.done("supplierOrderCancelAnswer");
    app.run_jobs().await;
    assert_eq!(standing(&owner, &bought.id).await, stands(&[("CANCELLED", first)]));
    assert_eq!(trade::statuses(&owner, &bought.id).await.1, "CANCELLED");
}

async fn a_move_that_cannot_be_changes_nothing(app: TestApp) {
    let (owner, bought, part, [first, second]) = three(&app, false).await;
    let idle = trade::portal(&owner, "Idle", true).await;
    let line = &part["lines"][0]["id"];
    let units = |quantity: i64| json!([{ "id": line, "quantity": quantity }]);
    let unknown = "sup_018f0000000070008000000000000000";
    for (input, code, field) in [
        (json!({ "supplierId": idle }), "NO_SUPPLIER", json!(["input", "supplierId"])),
        (json!({ "supplierId": first }), "INVALID", json!(["input", "supplierId"])),
        (json!({ "supplierId": unknown }), "NOT_FOUND", json!(["input", "supplierId"])),
        (json!({ "supplierId": second, "lines": [] }), "INVALID", json!(["input", "lines"])),
        (json!({ "supplierId": second, "lines": units(4) }), "INVALID", json!(["input", "lines", "0", "quantity"])),
        (json!({ "supplierId": second, "lines": units(0) }), "INVALID", json!(["input", "lines", "0", "quantity"])),
    ] {
        let answer = trade::work(&owner, "supplierOrderMove", &part["id"], input.clone()).await;
        assert_eq!(answer.user_codes("supplierOrderMove"), [code], "{input}");
        assert_eq!(answer.at("supplierOrderMove.userErrors.0.field"), &field, "{input}");
    }
    assert_eq!(standing(&owner, &bought.id).await, stands(&[("ROUTED", first)]));
    assert_eq!(units_out(&app, &bought.id).await, 3);
}
