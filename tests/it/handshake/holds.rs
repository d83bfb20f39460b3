//! Holding back, and going on.

use std::time::Duration;

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use super::{plain, rivals, seen};
use crate::support::app::TestApp;
use crate::support::gql::Client;
use crate::support::{stock, trade};

crate::engine_tests![
    what_the_store_holds_is_not_sent_until_it_goes_on,
    a_hold_and_a_sending_exclude_each_other,
    a_supplier_says_that_it_does_not_go_on,
    a_hold_needs_a_reason,
];

const HOLD: &str = "status acceptBy shipBy hold { reason since } allowedActions";

fn time(value: &Value) -> chrono::DateTime<chrono::Utc> {
    value.as_str().expect("a time").parse().expect("a time")
}

async fn what_the_store_holds_is_not_sent_until_it_goes_on(app: TestApp) {
    let owner = trade::open(&app).await;
    let (variant, _) = rivals(&app, &owner, false).await;
    let bought = trade::buy(&app, &[(&variant, 1)]).await;
    app.run_jobs().await;
    let id = trade::parts(&owner, &bought.id).await[0]["id"].clone();
    let before = seen(&owner, &id, HOLD).await;
    for _ in 0..2 {
        let held = trade::work(&owner, "supplierOrderHold", &id, json!({ "reason": "Asking the buyer" })).await;
        assert_eq!(held.done("supplierOrderHold")["supplierOrder"]["status"], "ON_HOLD");
    }
    let held = seen(&owner, &id, HOLD).await;
    assert_eq!(held["hold"]["reason"], "Asking the buyer");
    assert!(held["allowedActions"].as_array().expect("actions").contains(&json!("RELEASE")), "{held}");
    let items = stock::open_items(&owner, "SUPPLIER_ORDER_ON_HOLD").await;
    assert_eq!(items.len(), 1);
    consign::worker::schedule(&app.app).await.expect("the repeating jobs are there");
    let two_days = Duration::from_secs(2 * 24 * 3600);
    app.advance(two_days).await;
    assert!(stock::open_items(&owner, "ACCEPTANCE_OVERDUE").await.is_empty(), "its deadline stands still");
    plain(&owner, "supplierOrderRelease", &id).await.done("supplierOrderRelease");
    let after = seen(&owner, &id, HOLD).await;
    assert_eq!((&after["status"], &after["hold"]), (&json!("ROUTED"), &Value::Null));
    for deadline in ["acceptBy", "shipBy"] {
        let moved = time(&after[deadline]) - time(&before[deadline]);
        assert_eq!(moved, chrono::TimeDelta::from_std(two_days).expect("days"), "{deadline}");
    }
    assert!(stock::open_items(&owner, "SUPPLIER_ORDER_ON_HOLD").await.is_empty());
}

/// A supplier order in the queue, and the name its supplier would know it by.
async fn queued(app: &TestApp) -> (Client, Value, String) {
    let owner = trade::open(app).await;
    let variant = stock::variants(&owner, 1).await.remove(0);
    let supplier = trade::simulated(app, &owner, "north", json!({})).await;
    trade::shelve(app, "north", "A-1", 9).await;
    trade::offers(app, &owner, supplier, &variant, "A-1", 9, "4.00").await;
    app.app.db.write().execute_unprepared("UPDATE supplier SET auto_forward = FALSE").await.expect("by hand");
    let bought = trade::buy(app, &[(&variant, 1)]).await;
    app.run_jobs().await;
    let part = trade::parts(&owner, &bought.id).await.remove(0);
    plain(&owner, "supplierOrderSubmit", &part["id"]).await.done("supplierOrderSubmit");
    (owner, part["id"].clone(), part["reference"].as_str().expect("a name").to_owned())
}

async fn a_hold_and_a_sending_exclude_each_other(app: TestApp) {
    let (owner, id, name) = queued(&app).await;
    let (holder, runner) = (owner.clone(), app.clone());
    let which = id.clone();
    let holding = tokio::spawn(async move {
        let answer = trade::work(&holder, "supplierOrderHold", &which, json!({ "reason": "Wait" })).await;
        answer.user_codes("supplierOrderHold")
    });
    let sending = tokio::spawn(async move { runner.run_jobs().await });
    let refused = holding.await.expect("held or not");
    sending.await.expect("sent or not");
    let status = seen(&owner, &id, "status").await["status"].clone();
    if refused.is_empty() {
        assert_eq!((status, trade::effective(&app, &name).await), (json!("ON_HOLD"), 0));
        // To where it was: it is sent.
        plain(&owner, "supplierOrderRelease", &id).await.done("supplierOrderRelease");
        app.run_jobs().await;
    } else {
        assert_eq!(refused, ["WRONG_STATE"]);
    }
    assert_eq!(trade::effective(&app, &name).await, 1);
    let log = "requests(first: 5) { nodes { call outcome httpStatus reference } }";
    let log = seen(&owner, &id, log).await["requests"]["nodes"].clone();
    assert_eq!(log[0]["call"], "SUBMIT", "{log}");
    assert_eq!((&log[0]["outcome"], &log[0]["reference"]), (&json!("DONE"), &json!(name)));
    assert!(log[0]["httpStatus"].as_i64().is_some_and(|it| (200..300).contains(&it)), "{log}");
    // A month later nobody needs it.
    consign::worker::schedule(&app.app).await.expect("the repeating jobs are there");
    app.advance(Duration::from_secs(31 * 24 * 3600)).await;
    let old = seen(&owner, &id, "createdAt requests(first: 50) { nodes { at } }").await;
    let made = time(&old["createdAt"]) + chrono::TimeDelta::days(1);
    assert!(old["requests"]["nodes"].as_array().expect("lines").iter().all(|it| time(&it["at"]) > made), "{old}");
}

async fn a_supplier_says_that_it_does_not_go_on(app: TestApp) {
    let owner = trade::open(&app).await;
    let (variant, [first, _]) = rivals(&app, &owner, true).await;
    let supplier = app.as_supplier(first).await;
    let bought = trade::buy(&app, &[(&variant, 1)]).await;
    app.run_jobs().await;
    let id = trade::parts(&owner, &bought.id).await[0]["id"].clone();
    // The store cannot hold what is out, and does not end what its supplier says.
    let refused = trade::work(&owner, "supplierOrderHold", &id, json!({ "reason": "Wait" })).await;
    assert_eq!(refused.user_codes("supplierOrderHold"), ["WRONG_STATE"]);
    trade::work(&supplier, "supplierOrderHold", &id, json!({ "reason": "No paper" })).await.done("supplierOrderHold");
    assert_eq!(plain(&owner, "supplierOrderRelease", &id).await.user_codes("supplierOrderRelease"), ["WRONG_STATE"]);
    let held = seen(&owner, &id, HOLD).await;
    assert_eq!((&held["status"], &held["hold"]["reason"]), (&json!("SUBMITTED"), &json!("No paper")));
    assert_eq!(stock::open_items(&owner, "SUPPLIER_HOLDS_ORDER").await.len(), 1);
    // To accept it is to go on.
    trade::work(&supplier, "supplierOrderAccept", &id, json!({})).await.done("supplierOrderAccept");
    assert_eq!(seen(&owner, &id, HOLD).await["hold"], Value::Null);
    assert!(stock::open_items(&owner, "SUPPLIER_HOLDS_ORDER").await.is_empty());
    trade::work(&supplier, "supplierOrderHold", &id, json!({ "reason": "Power cut" })).await.done("supplierOrderHold");
    for _ in 0..2 {
        plain(&supplier, "supplierOrderRelease", &id).await.done("supplierOrderRelease");
    }
    assert_eq!(seen(&supplier, &id, HOLD).await["hold"], Value::Null);
}

async fn a_hold_needs_a_reason(app: TestApp) {
    let owner = trade::open(&app).await;
    let (variant, _) = rivals(&app, &owner, false).await;
    let bought = trade::buy(&app, &[(&variant, 1)]).await;
    app.run_jobs().await;
    let id = trade::parts(&owner, &bought.id).await[0]["id"].clone();
    for reason in [" ".to_owned(), "x".repeat(501)] {
        let answer = trade::work(&owner, "supplierOrderHold", &id, json!({ "reason": reason })).await;
        assert_eq!(answer.user_codes("supplierOrderHold"), ["INVALID"]);
        assert_eq!(answer.at("supplierOrderHold.userErrors.0.field"), &json!(["input", "reason"]));
    }
}
