//! What happens when a supplier does not answer, or not ship, in time.

use std::time::Duration;

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use super::{rivals, standing, units_out};
use crate::support::app::TestApp;
use crate::support::gql::Client;
use crate::support::{stock, trade};

crate::engine_tests![
    an_unanswered_order_goes_to_others,
    what_nobody_else_can_send_stays_and_is_told_once,
    a_platform_is_asked_to_give_it_back_first,
    one_that_cannot_be_asked_keeps_it,
    what_waits_for_approval_is_the_owners,
    a_parcel_that_does_not_leave_is_told_once,
];

const DAY: Duration = Duration::from_secs(24 * 3600);

/// How often each deadline of the order was told to have passed.
async fn breaches(owner: &Client, order: &str) -> usize {
    let query = "query($id: ID!) { order(id: $id) { events(first: 100) { nodes { type } } } }";
    let answer = owner.run(query, json!({ "id": order })).await;
    let events = answer.at("order.events.nodes").as_array().expect("events").clone();
    events.iter().filter(|it| it["type"] == "SUPPLIER_ORDER_OVERDUE").count()
}

async fn past_the_deadline(app: &TestApp) {
    consign::worker::schedule(&app.app).await.expect("the repeating jobs are there");
    app.advance(DAY + Duration::from_secs(60)).await;
    app.advance(Duration::from_secs(60)).await;
}

async fn an_unanswered_order_goes_to_others(app: TestApp) {
    let owner = trade::open(&app).await;
    let (variant, [first, second]) = rivals(&app, &owner, true).await;
    let bought = trade::buy(&app, &[(&variant, 2)]).await;
    app.run_jobs().await;
    past_the_deadline(&app).await;
    let stands = standing(&owner, &bought.id).await;
    let expected = [("CANCELLED", first), ("SUBMITTED", second)].map(|(status, id)| (status.to_owned(), id.to_string()));
    assert_eq!(stands, expected);
    assert_eq!(units_out(&app, &bought.id).await, 2, "no unit is doubled, and none lost");
    assert_eq!(breaches(&owner, &bought.id).await, 1);
    assert!(stock::open_items(&owner, "ACCEPTANCE_OVERDUE").await.is_empty());
    // The first comes too late, and the second has it.
    let parts = trade::parts(&owner, &bought.id).await;
    let late = trade::work(&app.as_supplier(first).await, "supplierOrderAccept", &parts[0]["id"], json!({})).await;
    assert_eq!(late.user_codes("supplierOrderAccept"), ["WRONG_STATE"]);
    let supplier = app.as_supplier(second).await;
    trade::work(&supplier, "supplierOrderAccept", &parts[1]["id"], json!({})).await.done("supplierOrderAccept");
    app.run_jobs().await;
    let statuses = trade::statuses(&owner, &bought.id).await;
    assert_eq!(statuses, ("PAID".to_owned(), "IN_PROGRESS".to_owned()));
}

async fn what_nobody_else_can_send_stays_and_is_told_once(app: TestApp) {
    let owner = trade::open(&app).await;
    let variant = stock::variants(&owner, 1).await.remove(0);
    let only = trade::portal(&owner, "Only", true).await;
    trade::offers(&app, &owner, only, &variant, "O-1", 9, "3.00").await;
    let bought = trade::buy(&app, &[(&variant, 1)]).await;
    app.run_jobs().await;
    past_the_deadline(&app).await;
    assert_eq!(standing(&owner, &bought.id).await[0].0, "SUBMITTED");
    assert_eq!(breaches(&owner, &bought.id).await, 1);
    let item = stock::open_items(&owner, "ACCEPTANCE_OVERDUE").await.remove(0);
    // A person gives it more time; then it is told once more.
    stock::resolve(&owner, &item, "MARK_HANDLED").await;
    app.run_jobs().await;
    assert!(stock::open_items(&owner, "ACCEPTANCE_OVERDUE").await.is_empty());
    past_the_deadline(&app).await;
    assert_eq!(breaches(&owner, &bought.id).await, 2);
    assert_eq!(stock::open_items(&owner, "ACCEPTANCE_OVERDUE").await.len(), 1);
}

/// A supplier by program that thinks long, and one at the portal that is dearer; the order is with the first.
async fn slow(app: &TestApp) -> (Client, trade::Bought, Value) {
    let owner = trade::open(app).await;
    let variant = stock::variants(&owner, 1).await.remove(0);
    let changes = json!({ "acceptMode": "delayed", "leadTimes": { "acceptSeconds": 100_000.0, "processSeconds": 0.1,
        "transitSeconds": 0.3, "jitter": 0.0 } });
    let first = trade::simulated(app, &owner, "slow", changes).await;
    trade::shelve(app, "slow", "A-1", 9).await;
    trade::offers(app, &owner, first, &variant, "A-1", 9, "4.00").await;
    let second = trade::portal(&owner, "Second", true).await;
    trade::offers(app, &owner, second, &variant, "S-1", 9, "5.00").await;
    let bought = trade::buy(app, &[(&variant, 1)]).await;
    app.run_jobs().await;
    let part = trade::parts(&owner, &bought.id).await.remove(0);
    assert_eq!(part["status"], "SUBMITTED", "{part}");
    (owner, bought, part)
}

async fn a_platform_is_asked_to_give_it_back_first(app: TestApp) {
    let (owner, bought, part) = slow(&app).await;
    past_the_deadline(&app).await;
    for _ in 0..40 {
        if trade::parts(&owner, &bought.id).await.len() == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        app.advance(Duration::from_secs(31)).await;
    }
    let stands = standing(&owner, &bought.id).await;
    assert_eq!(stands.iter().map(|it| it.0.as_str()).collect::<Vec<_>>(), ["CANCELLED", "SUBMITTED"]);
    assert_eq!(trade::effective(&app, part["reference"].as_str().expect("a name")).await, 0, "it gave it back");
    assert_eq!(units_out(&app, &bought.id).await, 1);
    // The customer is told nothing: the order goes on.
    let query = "query($id: ID!) { order(id: $id) { canCancel timeline(first: 50) { nodes { type } } } }";
    let timeline = owner.run(query, json!({ "id": bought.id })).await.at("order.timeline.nodes").to_string();
    assert!(!timeline.contains("CANCEL"), "{timeline}");
}

async fn one_that_cannot_be_asked_keeps_it(app: TestApp) {
    let (owner, bought, part) = slow(&app).await;
    // What it calls the order is not known, so it cannot be cancelled there.
    let forget = "UPDATE supplier_order SET remote_id = NULL, sendings = 1";
    app.app.db.write().execute_unprepared(forget).await.expect("forgotten");
    let stop = "DELETE FROM job WHERE kind LIKE 'shipments.%'";
    app.app.db.write().execute_unprepared(stop).await.expect("it is not looked at either");
    past_the_deadline(&app).await;
    let parts = trade::parts(&owner, &bought.id).await;
    assert_eq!(parts.len(), 1, "nobody else has it: {parts:?}");
    assert_eq!(trade::effective(&app, part["reference"].as_str().expect("a name")).await, 1);
    assert_eq!(stock::open_items(&owner, "ACCEPTANCE_OVERDUE").await.len(), 1);
}

async fn what_waits_for_approval_is_the_owners(app: TestApp) {
    let owner = trade::open(&app).await;
    let (variant, [first, _]) = rivals(&app, &owner, false).await;
    let bought = trade::buy(&app, &[(&variant, 1)]).await;
    app.run_jobs().await;
    past_the_deadline(&app).await;
    assert_eq!(standing(&owner, &bought.id).await, [("ROUTED".to_owned(), first.to_string())]);
    assert_eq!(stock::open_items(&owner, "ACCEPTANCE_OVERDUE").await.len(), 1);
}

async fn a_parcel_that_does_not_leave_is_told_once(app: TestApp) {
    let owner = trade::open(&app).await;
    let (variant, [first, _]) = rivals(&app, &owner, true).await;
    let bought = trade::buy(&app, &[(&variant, 1)]).await;
    app.run_jobs().await;
    let part = trade::parts(&owner, &bought.id).await.remove(0);
    let supplier = app.as_supplier(first).await;
    trade::work(&supplier, "supplierOrderAccept", &part["id"], json!({})).await.done("supplierOrderAccept");
    consign::worker::schedule(&app.app).await.expect("the repeating jobs are there");
    for _ in 0..2 {
        app.advance(8 * DAY).await;
    }
    assert_eq!(breaches(&owner, &bought.id).await, 1);
    let item = stock::open_items(&owner, "SHIPMENT_OVERDUE").await.remove(0);
    // It is asked to give it back, and does: the second sends it.
    stock::resolve(&owner, &item, "REROUTE").await;
    app.run_jobs().await;
    assert_eq!(standing(&owner, &bought.id).await[0].0, "CANCEL_REQUESTED");
    let yes = json!({ "accept": true });
    trade::work(&supplier, "supplierOrderCancelAnswer", &part["id"], yes).await.done("supplierOrderCancelAnswer");
    app.run_jobs().await;
    let stands = standing(&owner, &bought.id).await;
    assert_eq!(stands.iter().map(|it| it.0.as_str()).collect::<Vec<_>>(), ["CANCELLED", "SUBMITTED"]);
    assert_eq!(units_out(&app, &bought.id).await, 1);
}
