//! The exceptions queue: whatever an entry suggests is really done; entries have somebody who works them,
//! a time to come back, and a time they are due.

use std::collections::BTreeSet;
use std::time::Duration;

use consign::fulfillment::{self, RequestStatus as R, SupplierOrderStatus as S, Work, line, supplier_order, trouble};
use consign::kernel::ids::SupplierOrderId;
use consign::kernel::problem::Fault;
use consign::platform::tx::Tx;
use consign::workitems::{self, NewWorkItem, Severity};
use serde_json::{Value, json};

use super::actions::{Place, place, put, stands};
use super::rivals;
use crate::support::app::TestApp;
use crate::support::gql::Client;
use crate::support::{stock, trade};

crate::engine_tests![
    whatever_is_suggested_is_done,
    an_entry_is_given_to_somebody,
    an_entry_is_put_off_until_a_time,
    an_entry_is_due_by_its_severity,
];

/// Trouble that is opened where a supplier order stands.
type Trouble = (&'static str, Place);

/// Every kind of trouble with a supplier order, in each of the places it comes up in.
fn troubles() -> Vec<Trouble> {
    let none = [0, 0, 0, 0, 0];
    let waiting = |status| Place { sendings: 0, ..place(status, R::Unsubmitted, none) };
    let accepted = |status, units| Place { acknowledged: true, ..place(status, R::Accepted, units) };
    let refused = place(S::Rejected, R::Rejected, [0, 3, 0, 0, 0]);
    vec![
        ("APPROVAL_REQUIRED", waiting(S::Routed)),
        ("RESTORED", waiting(S::Routed)),
        ("SUPPLIER_ORDER_FAILED", waiting(S::Queued)),
        ("SUPPLIER_ORDER_FAILED", waiting(S::Failed)),
        ("NOT_REROUTED", waiting(S::Routed)),
        ("NOT_REROUTED", waiting(S::Queued)),
        ("NOT_REROUTED", place(S::Unknown, R::Unsubmitted, none)),
        ("NOT_REROUTED", accepted(S::Acknowledged, [2, 1, 0, 0, 0])),
        ("NOT_REROUTED", accepted(S::InProduction, [3, 0, 0, 0, 0])),
        ("SUPPLIER_ORDER_INTERCEPTED", place(S::Submitted, R::Submitted, none)),
        ("SUPPLIER_ORDER_UNKNOWN", place(S::Unknown, R::Unsubmitted, none)),
        ("SUPPLIER_ORDER_REJECTED", refused),
        ("NO_SUPPLIER", refused),
        ("ADDRESS_REFUSED", refused),
        ("NO_SUPPLIER", accepted(S::Acknowledged, [2, 1, 0, 0, 0])),
        ("CANCELLATION_REFUSED", accepted(S::Acknowledged, [3, 0, 0, 0, 0])),
        ("CANCELLATION_REFUSED", accepted(S::Shipped, [3, 0, 0, 3, 0])),
        ("SUPPLIER_ORDER_ON_HOLD", Place { held: true, ..waiting(S::OnHold) }),
        ("SUPPLIER_HOLDS_ORDER", Place { held: true, ..accepted(S::Acknowledged, [3, 0, 0, 0, 0]) }),
        ("ACCEPTANCE_OVERDUE", waiting(S::Routed)),
        ("ACCEPTANCE_OVERDUE", place(S::Unknown, R::Unsubmitted, none)),
        ("ACCEPTANCE_OVERDUE", place(S::Submitted, R::Submitted, none)),
        ("SHIPMENT_OVERDUE", accepted(S::InProduction, [3, 0, 0, 0, 0])),
        ("CANCELLATION_UNANSWERED", accepted(S::CancelRequested, [3, 0, 0, 0, 0])),
        ("SUPPLIER_ORDER_TAKEN_LATE", place(S::Cancelled, R::Unsubmitted, [0, 3, 0, 0, 0])),
    ]
}

/// What a person only notes: there is nothing in the store to do about it.
const NOTED: [(&str, &str); 2] =
    [("CANCELLATION_REFUSED", "MARK_HANDLED"), ("SUPPLIER_ORDER_TAKEN_LATE", "MARK_HANDLED")];

async fn raise(app: &TestApp, id: SupplierOrderId, kind: &str) -> Result<(), Fault> {
    let tx = Tx::begin(&app.app).await?;
    let mut work: Work = fulfillment::open(&tx, id).await?.ok_or(Fault::NotFound)?;
    match kind {
        "APPROVAL_REQUIRED" => trouble::approval_required(&tx, &work).await?,
        "RESTORED" => trouble::perhaps_sent(&tx, &work).await?,
        "SUPPLIER_ORDER_FAILED" => trouble::cannot_send(&tx, &work, "why").await?,
        "NOT_REROUTED" => trouble::cannot_reroute(&tx, &work, "why").await?,
        "SUPPLIER_ORDER_INTERCEPTED" => trouble::intercepted(&tx, &work, "why").await?,
        "CANCELLATION_UNANSWERED" => {
            work.own.cancel_requested_at = Some(tx.now() - chrono::TimeDelta::days(2));
            work.save(&tx).await?;
        }
        "SUPPLIER_ORDER_TAKEN_LATE" => trouble::taken_late(&tx, &work).await?,
        "SUPPLIER_ORDER_UNKNOWN" => trouble::still_unknown(&tx, &work, "why").await?,
        "SUPPLIER_ORDER_REJECTED" => trouble::refused(&tx, &work, trouble::REJECTED, 3, "why").await?,
        "NO_SUPPLIER" => trouble::refused(&tx, &work, trouble::NO_SUPPLIER, 3, "why").await?,
        "ADDRESS_REFUSED" => trouble::refused(&tx, &work, trouble::ADDRESS_REFUSED, 3, "why").await?,
        "CANCELLATION_REFUSED" => trouble::cancellation_refused(&tx, &work).await?,
        "SUPPLIER_ORDER_ON_HOLD" => trouble::on_hold(&tx, &work).await?,
        "SUPPLIER_HOLDS_ORDER" => trouble::supplier_holds(&tx, &work, "why").await?,
        "ACCEPTANCE_OVERDUE" | "SHIPMENT_OVERDUE" => {
            let past = tx.now() - chrono::TimeDelta::minutes(1);
            (work.own.accept_by, work.own.ship_by) = (past, past);
            work.save(&tx).await?;
        }
        other => panic!("nothing opens {other}"),
    }
    tx.commit().await?;
    if kind.ends_with("_OVERDUE") || kind == "CANCELLATION_UNANSWERED" {
        app.advance(Duration::from_secs(31)).await;
    }
    Ok(())
}

async fn open_now(owner: &Client) -> Vec<Value> {
    let query = "{ workItems(first: 100, filter: { status: [OPEN, SNOOZED] }) { nodes { id type status suggestedActions } } }";
    owner.run(query, json!({})).await.at("workItems.nodes").as_array().expect("items").clone()
}

/// What an action may change: the supplier order, its lines, its order's others, and other entries.
type Standing = (supplier_order::Model, Vec<line::Model>, usize, BTreeSet<String>);

async fn look(app: &TestApp, owner: &Client, order: &str, id: SupplierOrderId, item: &Value) -> Standing {
    let (own, lines) = stands(app, id).await;
    let own = supplier_order::Model { updated_at: own.created_at, ..own };
    let parts = trade::parts(owner, order).await.len();
    let text = |it: &Value, name: &str| it[name].as_str().expect("a text").to_owned();
    let others = open_now(owner).await.into_iter().filter(|it| it["id"] != *item);
    // Money goes its own ways.
    let others = others.filter(|it| !["JOB_DEAD", "PAYMENT_FAILED"].contains(&text(it, "type").as_str()));
    (own, lines, parts, others.map(|it| text(&it, "id")).collect())
}

async fn whatever_is_suggested_is_done(app: TestApp) {
    let owner = trade::open(&app).await;
    let (variant, _) = rivals(&app, &owner, true).await;
    let bought = trade::buy(&app, &[(&variant, 3)]).await;
    app.run_jobs().await;
    consign::worker::schedule(&app.app).await.expect("the repeating jobs are there");
    let part = trade::parts(&owner, &bought.id).await.remove(0);
    let id: SupplierOrderId = part["id"].as_str().expect("an id").parse().expect("a supplier order's");
    for (kind, place) in troubles() {
        let (mut index, mut count) = (0, 1);
        while index < count {
            clear(&app, &owner).await;
            put(&app, id, place).await;
            raise(&app, id, kind).await.expect("trouble");
            let items = open_now(&owner).await;
            let named = match kind {
                "RESTORED" => "APPROVAL_REQUIRED",
                "NOT_REROUTED" => "SUPPLIER_ORDER_FAILED",
                other => other,
            };
            let mine = items.iter().find(|it| it["type"] == named);
            let item = mine.unwrap_or_else(|| panic!("{kind} is not in the queue: {items:?}")).clone();
            let actions = item["suggestedActions"].as_array().expect("actions").clone();
            let action = actions[index].as_str().expect("a code").to_owned();
            let before = look(&app, &owner, &bought.id, id, &item["id"]).await;
            stock::resolve(&owner, item["id"].as_str().expect("an id"), &action).await;
            app.run_jobs().await;
            let changed = before != look(&app, &owner, &bought.id, id, &item["id"]).await;
            let put_off = open_now(&owner).await.iter().any(|it| it["id"] == item["id"] && it["status"] == "SNOOZED");
            let done = if action == "WAIT" { put_off } else { changed };
            assert!(done || NOTED.contains(&(kind, &action)), "{action} of {kind} at {:?} does nothing", place.status);
            (index, count) = (index + 1, actions.len());
        }
    }
}

/// Empties the queue, and lets all work end.
async fn clear(app: &TestApp, owner: &Client) {
    app.run_jobs().await;
    for item in open_now(owner).await {
        let key = item["id"].as_str().expect("an id").parse().expect("an entry's");
        let tx = Tx::begin(&app.app).await.expect("a transaction");
        let row = workitems::lookup(&tx, key).await.expect("read").expect("there");
        let dedupe = row.dedupe_key.expect("a key");
        workitems::close_by_key(&tx, &dedupe, "the test goes on").await.expect("closed");
        tx.commit().await.expect("a commit");
    }
    app.run_jobs().await;
}

async fn entry(app: &TestApp, severity: Severity, key: &str) -> String {
    let tx = Tx::begin(&app.app).await.expect("a transaction");
    let new = NewWorkItem {
        kind: "NO_SUPPLIER",
        severity,
        subject: "ord_00000000000000000000000000000000".to_owned(),
        order_id: None,
        supplier_order_id: None,
        message: "trouble".to_owned(),
        actions: vec!["MARK_HANDLED".to_owned()],
        due_in: None,
        dedupe_key: key.to_owned(),
    };
    let id = workitems::open(&tx, new).await.expect("an entry").expect("a new one");
    tx.commit().await.expect("a commit");
    id.to_string()
}

async fn listed(owner: &Client, filter: Value) -> Vec<Value> {
    let query = "query($filter: WorkItemFilter) { workItems(first: 50, filter: $filter) {
        totalCount nodes { id status assigneeId overdue dueAt createdAt } } }";
    let answer = owner.run(query, json!({ "filter": filter })).await;
    let nodes = answer.at("workItems.nodes").as_array().expect("items").clone();
    assert_eq!(answer.at("workItems.totalCount"), nodes.len());
    nodes
}

const ASSIGN: &str = "mutation($id: ID!, $staff: ID) { workItemAssign(id: $id, staffId: $staff) {
    workItem { id assigneeId } userErrors { code field message } } }";

async fn an_entry_is_given_to_somebody(app: TestApp) {
    let owner = app.as_owner().await;
    let (mine, _other) = (entry(&app, Severity::High, "a").await, entry(&app, Severity::High, "b").await);
    let member = consign::identity::admin::create_owner(&app.app, "one@example.com", "correct horse battery").await;
    let member = member.unwrap_or_else(|problem| panic!("a member: {problem:?}")).to_string();
    for _ in 0..2 {
        let given = owner.run(ASSIGN, json!({ "id": mine, "staff": member })).await;
        assert_eq!(given.done("workItemAssign")["workItem"]["assigneeId"], member);
    }
    let ids = |items: Vec<Value>| items.iter().map(|it| it["id"].as_str().expect("an id").to_owned()).collect::<Vec<_>>();
    assert_eq!(ids(listed(&owner, json!({ "assigneeId": member })).await), std::slice::from_ref(&mine));
    assert_eq!(ids(listed(&owner, json!({ "unassigned": false })).await), std::slice::from_ref(&mine));
    assert_eq!(listed(&owner, json!({ "unassigned": true })).await.len(), 1);
    let nobody = "stf_018f0000000070008000000000000000";
    let wrong = owner.run(ASSIGN, json!({ "id": mine, "staff": nobody })).await;
    assert_eq!(wrong.user_codes("workItemAssign"), ["NOT_FOUND"]);
    assert_eq!(wrong.at("workItemAssign.userErrors.0.field"), &json!(["staffId"]));
    let taken = owner.run(ASSIGN, json!({ "id": mine })).await;
    assert!(taken.done("workItemAssign")["workItem"]["assigneeId"].is_null());
    stock::resolve(&owner, &mine, "MARK_HANDLED").await;
    let late = owner.run(ASSIGN, json!({ "id": mine, "staff": member })).await;
    assert_eq!(late.user_codes("workItemAssign"), ["ALREADY_RESOLVED"]);
}

async fn an_entry_is_put_off_until_a_time(app: TestApp) {
    let owner = app.as_owner().await;
    consign::worker::schedule(&app.app).await.expect("the repeating jobs are there");
    let id = entry(&app, Severity::High, "a").await;
    let now = app.app.clock.now();
    let snooze = "mutation($id: ID!, $until: DateTime!) { workItemSnooze(id: $id, until: $until) {
        workItem { id status snoozedUntil } userErrors { code field message } } }";
    for wrong in [now, now + chrono::TimeDelta::days(91)] {
        let answer = owner.run(snooze, json!({ "id": id, "until": wrong })).await;
        assert_eq!(answer.user_codes("workItemSnooze"), ["INVALID"]);
    }
    for _ in 0..2 {
        let until = now + chrono::TimeDelta::hours(10);
        let answer = owner.run(snooze, json!({ "id": id, "until": until })).await;
        assert_eq!(answer.done("workItemSnooze")["workItem"]["status"], "SNOOZED");
    }
    app.advance(Duration::from_secs(9 * 3600)).await;
    assert_eq!(listed(&owner, json!({ "status": ["SNOOZED"] })).await.len(), 1);
    assert!(listed(&owner, json!({ "overdue": true })).await.is_empty(), "what is put off is not overdue");
    app.advance(Duration::from_secs(3_900)).await;
    assert_eq!(listed(&owner, json!({ "status": ["OPEN"], "overdue": true })).await.len(), 1);
}

async fn an_entry_is_due_by_its_severity(app: TestApp) {
    let owner = app.as_owner().await;
    let all = [(Severity::Critical, 1), (Severity::High, 4), (Severity::Normal, 24), (Severity::Low, 72)];
    for (severity, hours) in all {
        let id = entry(&app, severity, &hours.to_string()).await;
        let item = listed(&owner, json!({})).await.into_iter().find(|it| it["id"] == id).expect("listed");
        let time = |name: &str| -> chrono::DateTime<chrono::Utc> { item[name].as_str().expect("a time").parse().expect("a time") };
        assert_eq!((time("dueAt") - time("createdAt")).num_hours(), hours);
    }
    app.advance(Duration::from_secs(5 * 3600)).await;
    let overdue = listed(&owner, json!({ "overdue": true })).await;
    assert_eq!(overdue.iter().map(|it| it["overdue"].clone()).collect::<Vec<_>>(), [true, true]);
    assert_eq!(listed(&owner, json!({ "overdue": false })).await.len(), 2);
    let (oldest, count) = workitems::backlog(app.app.db.read(), app.app.clock.now()).await.expect("counted");
    assert_eq!(count, 2);
    assert!(oldest.is_some_and(|at| at < app.app.clock.now() - chrono::TimeDelta::hours(4)));
}
