//! The exceptions queue, as the owner works it.

use std::time::Duration;

use consign::identity::Permission;
use consign::kernel::ids::WorkItemId;
use consign::platform::tx::Tx;
use consign::workitems::{self, NewWorkItem, Severity};
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::gql::{Answer, Client};

crate::engine_tests![
    the_same_trouble_is_reported_once,
    the_queue_is_filtered_counted_and_paged,
    an_item_is_resolved_by_a_suggested_action_once,
    an_item_that_waits_comes_back,
    trouble_that_passes_closes_its_item,
    bad_resolutions_say_why,
    the_queue_is_no_way_around_a_permission,
];

const LIST: &str = "query WorkItems($first: Int!, $after: String, $filter: WorkItemFilter) {
  workItems(first: $first, after: $after, filter: $filter) {
    totalCount pageInfo { hasNextPage endCursor }
    nodes { id type severity dueAt status subject { __typename } message suggestedActions resolution note } } }";

const RESOLVE: &str = "mutation WorkItemResolve($id: ID!, $input: WorkItemResolveInput!) {
  workItemResolve(id: $id, input: $input) { workItem { id status } userErrors { code field message } } }";

async fn open(app: &TestApp, kind: &'static str, key: &str) -> Option<WorkItemId> {
    let tx = Tx::begin(&app.app).await.expect("a transaction");
    let new = NewWorkItem {
        kind,
        severity: if kind == "JOB_DEAD" { Severity::Critical } else { Severity::Normal },
        subject: "ord_00000000000000000000000000000000".to_owned(),
        order_id: None,
        supplier_order_id: None,
        message: format!("trouble {key}"),
        actions: ["MARK_HANDLED", "WAIT", "REFUND_PARCEL"].map(str::to_owned).to_vec(),
        due_in: Some(Duration::from_secs(3600)),
        dedupe_key: key.to_owned(),
    };
    let opened = workitems::open(&tx, new).await.expect("an item");
    tx.commit().await.expect("a commit");
    opened
}

async fn list(client: &Client, filter: Value) -> Answer {
    client.run(LIST, json!({ "first": 10, "filter": filter })).await
}

async fn resolve(client: &Client, id: WorkItemId, action: &str) -> Answer {
    client.run(RESOLVE, json!({ "id": id.to_string(), "input": { "action": action, "note": "seen" } })).await
}

async fn the_same_trouble_is_reported_once(app: TestApp) {
    assert!(open(&app, "NO_SUPPLIER", "a").await.is_some());
    assert!(open(&app, "NO_SUPPLIER", "a").await.is_none());
    assert!(open(&app, "NO_SUPPLIER", "b").await.is_some());
    let owner = app.as_owner().await;
    let answer = list(&owner, json!({})).await;
    assert_eq!(answer.at("workItems.totalCount"), 2);
    let first = answer.at("workItems.nodes.1");
    assert_eq!(first["type"], "NO_SUPPLIER");
    assert_eq!(first["suggestedActions"], json!(["MARK_HANDLED", "WAIT", "REFUND_PARCEL"]));
    assert_eq!(first["subject"], json!(null), "the order is gone");
    assert!(first["dueAt"].is_string());
}

async fn the_queue_is_filtered_counted_and_paged(app: TestApp) {
    for number in 0..5 {
        let kind = if number % 2 == 0 { "JOB_DEAD" } else { "NO_SUPPLIER" };
        open(&app, kind, &number.to_string()).await.expect("an item");
        app.app.clock.advance(chrono::TimeDelta::seconds(1));
    }
    let owner = app.as_owner().await;
    for (filter, count) in [
        (json!({}), 5),
        (json!({ "type": ["JOB_DEAD"] }), 3),
        (json!({ "severity": ["NORMAL"] }), 2),
        (json!({ "severity": ["NORMAL"], "type": ["JOB_DEAD"] }), 0),
        (json!({ "status": ["RESOLVED", "SNOOZED"] }), 0),
        (json!({ "status": ["OPEN"] }), 5),
        (json!({ "type": [] }), 0),
    ] {
        let answer = list(&owner, filter.clone()).await;
        assert_eq!(answer.at("workItems.totalCount"), count, "{filter}");
        assert_eq!(answer.at("workItems.nodes").as_array().map(Vec::len), Some(count), "{filter}");
    }
    let (mut seen, mut after) = (vec![], Value::Null);
    loop {
        let page = owner.run(LIST, json!({ "first": 2, "after": after })).await;
        seen.extend(page.at("workItems.nodes").as_array().expect("nodes").iter().map(|it| it["message"].clone()));
        if page.at("workItems.pageInfo.hasNextPage") == false {
            break;
        }
        after = page.at("workItems.pageInfo.endCursor").clone();
    }
    assert_eq!(json!(seen), json!(["trouble 4", "trouble 3", "trouble 2", "trouble 1", "trouble 0"]));
    for bad in [json!({ "first": 0 }), json!({ "first": 101 }), json!({ "first": 1, "after": "zzz" })] {
        assert_eq!(owner.run(LIST, bad).await.codes(), ["BAD_USER_INPUT"]);
    }
}

async fn an_item_is_resolved_by_a_suggested_action_once(app: TestApp) {
    let id = open(&app, "JOB_DEAD", "a").await.expect("an item");
    let owner = app.as_owner().await;
    let first = resolve(&owner, id, "MARK_HANDLED").await;
    assert_eq!(first.done("workItemResolve")["workItem"]["status"], "RESOLVED");
    let again = resolve(&owner, id, "MARK_HANDLED").await;
    assert_eq!(again.body["data"], first.body["data"]);
    let other = resolve(&owner, id, "WAIT").await;
    assert_eq!(other.user_codes("workItemResolve"), ["ALREADY_RESOLVED"]);
    app.run_jobs().await;
    let resolved = list(&owner, json!({ "status": ["RESOLVED"] })).await;
    assert_eq!(resolved.at("workItems.nodes.0.resolution"), "MARK_HANDLED");
    assert_eq!(resolved.at("workItems.nodes.0.note"), "seen");
    assert!(open(&app, "JOB_DEAD", "a").await.is_some(), "the trouble may come back");
}

async fn an_item_that_waits_comes_back(app: TestApp) {
    let id = open(&app, "JOB_DEAD", "a").await.expect("an item");
    consign::worker::schedule(&app.app).await.expect("the schedule");
    let owner = app.as_owner().await;
    let waiting = resolve(&owner, id, "WAIT").await;
    assert_eq!(waiting.done("workItemResolve")["workItem"]["status"], "SNOOZED");
    assert!(open(&app, "JOB_DEAD", "a").await.is_none(), "it is still known");
    app.advance(Duration::from_secs(23 * 3600)).await;
    assert_eq!(list(&owner, json!({ "status": ["SNOOZED"] })).await.at("workItems.totalCount"), 1);
    app.advance(Duration::from_secs(3600)).await;
    assert_eq!(list(&owner, json!({ "status": ["OPEN"] })).await.at("workItems.totalCount"), 1);
}

async fn trouble_that_passes_closes_its_item(app: TestApp) {
    open(&app, "NO_SUPPLIER", "a").await.expect("an item");
    for _ in 0..2 {
        let tx = Tx::begin(&app.app).await.expect("a transaction");
        workitems::close_by_key(&tx, "a", "a supplier was found").await.expect("closed");
        tx.commit().await.expect("a commit");
    }
    app.run_jobs().await;
    let owner = app.as_owner().await;
    let closed = list(&owner, json!({ "status": ["RESOLVED"] })).await;
    assert_eq!(closed.at("workItems.nodes.0.resolution"), "CLOSED");
    assert_eq!(closed.at("workItems.nodes.0.note"), "a supplier was found");
}

async fn bad_resolutions_say_why(app: TestApp) {
    let id = open(&app, "JOB_DEAD", "a").await.expect("an item");
    let owner = app.as_owner().await;
    let unknown = "wrk_00000000000000000000000000000000".parse().expect("an id");
    let cases = [
        (resolve(&owner, unknown, "WAIT").await, "NOT_FOUND", json!(["id"])),
        (resolve(&owner, id, "REROUTE").await, "ACTION_NOT_SUGGESTED", json!(["input", "action"])),
        (resolve(&owner, id, "").await, "ACTION_NOT_SUGGESTED", json!(["input", "action"])),
        (
            owner
                .run(
                    RESOLVE,
                    json!({ "id": id.to_string(), "input": { "action": "WAIT", "note": "x".repeat(2_001) } }),
                )
                .await,
            "INVALID",
            json!(["input", "note"]),
        ),
    ];
    for (answer, code, field) in cases {
        assert_eq!(answer.user_codes("workItemResolve"), [code]);
        assert_eq!(answer.at("workItemResolve.userErrors.0.field"), &field);
        assert_eq!(answer.at("workItemResolve.workItem"), &json!(null));
    }
    assert_eq!(list(&owner, json!({ "status": ["OPEN"] })).await.at("workItems.totalCount"), 1);
}

async fn the_queue_is_no_way_around_a_permission(app: TestApp) {
    let id = open(&app, "SHIPMENT_EXCEPTION", "lost").await.expect("an item");
    let packer = app.as_staff(&[Permission::Fulfillment]).await;
    assert_eq!(resolve(&packer, id, "REFUND_PARCEL").await.codes(), ["FORBIDDEN"]);
    let cashier = app.as_staff(&[Permission::Fulfillment, Permission::Payments]).await;
    resolve(&cashier, id, "REFUND_PARCEL").await.done("workItemResolve");
    let other = open(&app, "SHIPMENT_EXCEPTION", "late").await.expect("an item");
    resolve(&packer, other, "MARK_HANDLED").await.done("workItemResolve");
}
