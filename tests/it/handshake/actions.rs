//! `allowedActions` and the verbs go by one table: here each is asked, of each state, as both sides.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use consign::fulfillment::{RequestStatus as R, SupplierOrderStatus as S, line, supplier_order};
use consign::kernel::ids::SupplierOrderId;
use consign::orders;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use serde_json::{Value, json};

use super::{rivals, seen};
use crate::support::app::TestApp;
use crate::support::gql::{Answer, Client};
use crate::support::trade;

crate::engine_tests![an_action_is_allowed_exactly_if_its_verb_does_something];

/// Where a supplier order of three units may stand.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub status: S,
    pub request: R,
    /// Accepted, refused, taken over by others, shipped, delivered.
    pub units: [i64; 5],
    pub sendings: i32,
    pub acknowledged: bool,
    pub held: bool,
    pub cancelling: bool,
    pub recalled: bool,
}

/// Nothing but that.
pub(super) const fn place(status: S, request: R, units: [i64; 5]) -> Place {
    Place {
        status,
        request,
        units,
        sendings: 1,
        acknowledged: false,
        held: false,
        cancelling: false,
        recalled: false,
    }
}

fn places() -> Vec<Place> {
    let none = [0, 0, 0, 0, 0];
    let all = [3, 0, 0, 0, 0];
    let waiting = |status| Place { sendings: 0, ..place(status, R::Unsubmitted, none) };
    let accepted = |status, units| Place { acknowledged: true, ..place(status, R::Accepted, units) };
    let cancelling = Place { acknowledged: true, cancelling: true, ..place(S::CancelRequested, R::CancelRequested, all) };
    vec![
        waiting(S::Routed),
        waiting(S::Queued),
        Place { held: true, ..waiting(S::OnHold) },
        waiting(S::Failed),
        place(S::Submitting, R::Unsubmitted, none),
        place(S::Unknown, R::Unsubmitted, none),
        place(S::Submitted, R::Submitted, none),
        Place { sendings: 0, ..place(S::Submitted, R::Submitted, none) },
        Place { sendings: 0, held: true, ..place(S::Submitted, R::Submitted, none) },
        accepted(S::Acknowledged, all),
        Place { request: R::PartiallyAccepted, ..accepted(S::Acknowledged, [2, 1, 0, 0, 0]) },
        accepted(S::InProduction, all),
        Place { held: true, ..accepted(S::InProduction, all) },
        accepted(S::PartiallyShipped, [3, 0, 0, 1, 0]),
        accepted(S::Shipped, [3, 0, 0, 3, 0]),
        accepted(S::Delivered, [3, 0, 0, 3, 3]),
        place(S::Rejected, R::Rejected, [0, 3, 0, 0, 0]),
        place(S::Rejected, R::Rejected, [0, 3, 3, 0, 0]),
        cancelling,
        Place { recalled: true, ..cancelling },
        place(S::Cancelled, R::CancelAccepted, [0, 3, 3, 0, 0]),
    ]
}

async fn an_action_is_allowed_exactly_if_its_verb_does_something(app: TestApp) {
    let owner = trade::open(&app).await;
    let (variant, [first, second]) = rivals(&app, &owner, true).await;
    let bought = trade::buy(&app, &[(&variant, 3)]).await;
    app.run_jobs().await;
    let part = trade::parts(&owner, &bought.id).await.remove(0);
    let supplier = app.as_supplier(first).await;
    let id: SupplierOrderId = part["id"].as_str().expect("an id").parse().expect("a supplier order's");
    let mut seen_allowed = BTreeSet::new();
    for (index, place) in places().into_iter().enumerate() {
        for (side, client) in [("owner", &owner), ("supplier", &supplier)] {
            for action in ACTIONS {
                put(&app, id, place).await;
                let fields = seen(client, &part["id"], "allowedActions").await;
                let all: Vec<&str> = fields["allowedActions"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                let told = all.contains(&action);
                let before = stands(&app, id).await;
                let tag = format!("{index}-{side}-{action}");
                let answer = act(client, action, &part, &second.to_string(), &tag).await;
                let Some(done) = outcome(&answer, before != stands(&app, id).await) else { continue };
                let what = format!("{action} by the {side} of {:?} (place {index}): {}", place.status, answer.body);
                assert_eq!(told, done, "{what}");
                if told {
                    seen_allowed.insert(action);
                }
            }
        }
    }
    assert_eq!(seen_allowed.len(), ACTIONS.len(), "each was allowed somewhere: {seen_allowed:?}");
}

const ACTIONS: [&str; 10] =
    ["SUBMIT", "HOLD", "RELEASE", "REROUTE", "MOVE", "RECALL", "ACCEPT", "REJECT", "ANSWER_CANCEL", "SHIP"];

async fn act(client: &Client, action: &str, part: &Value, second: &str, tag: &str) -> Answer {
    let (id, reason) = (&part["id"], json!({ "reason": "so" }));
    match action {
        "SUBMIT" => super::plain(client, "supplierOrderSubmit", id).await,
        "HOLD" => trade::work(client, "supplierOrderHold", id, reason).await,
        "RELEASE" => super::plain(client, "supplierOrderRelease", id).await,
        "REROUTE" => trade::work(client, "supplierOrderReroute", id, json!({})).await,
        "MOVE" => trade::work(client, "supplierOrderMove", id, json!({ "supplierId": second })).await,
        "RECALL" => trade::work(client, "supplierOrderRecall", id, reason).await,
        "ACCEPT" => trade::work(client, "supplierOrderAccept", id, json!({})).await,
        "REJECT" => trade::work(client, "supplierOrderReject", id, json!({ "reason": "OTHER" })).await,
        "ANSWER_CANCEL" => trade::work(client, "supplierOrderCancelAnswer", id, json!({ "accept": false })).await,
        "SHIP" => {
            let ship = "mutation($id: ID!, $input: ShipmentCreateInput!) { shipmentCreate(supplierOrderId: $id, input: $input) {
                shipment { id } userErrors { code field message } } }";
            let input = json!({ "carrier": "dhl", "trackingNumber": tag });
            client.run(ship, json!({ "id": id, "input": input })).await
        }
        other => panic!("no verb for {other}"),
    }
}

/// Whether something was done; nothing if it is not this side's to do at all.
fn outcome(answer: &Answer, changed: bool) -> Option<bool> {
    if !answer.codes().is_empty() {
        assert_eq!(answer.codes(), ["FORBIDDEN"]);
        return None;
    }
    let payload = answer.body["data"].as_object().and_then(|it| it.values().next()).expect("a payload");
    let codes: Vec<&str> = payload["userErrors"].as_array().expect("errors").iter().filter_map(|it| it["code"].as_str()).collect();
    match codes.as_slice() {
        [] => Some(changed),
        ["WRONG_STATE" | "NOT_FOUND"] => Some(false),
        other => panic!("refused for another reason: {other:?}: {}", answer.body),
    }
}

/// What a verb would change.
pub(super) async fn stands(app: &TestApp, id: SupplierOrderId) -> (supplier_order::Model, Vec<line::Model>) {
    let conn = app.app.db.read();
    let own = supplier_order::Entity::find_by_id(id).one(conn).await.expect("read").expect("there");
    (own, consign::fulfillment::lines_of(conn, &[id]).await.expect("read"))
}

/// Has the supplier order stand there, whatever happened to it before.
pub(super) async fn put(app: &TestApp, id: SupplierOrderId, place: Place) {
    app.app.clock.advance(TimeDelta::milliseconds(1));
    let (now, conn) = (app.app.clock.now(), app.app.db.write());
    let (mut own, lines) = stands(app, id).await;
    let out = !matches!(place.status, S::Routed | S::Queued | S::OnHold | S::Failed);
    (own.status, own.request_status, own.sendings) = (place.status, place.request, place.sendings);
    own.submitted_at = out.then_some(now);
    own.acknowledged_at = place.acknowledged.then_some(now);
    own.held_at = place.held.then_some(now);
    own.cancel_requested_at = place.cancelling.then_some(now);
    own.recalled_at = place.recalled.then_some(now);
    (own.recall_to, own.attempt) = (None, 1);
    (own.accept_by, own.ship_by) = (now + TimeDelta::hours(1), now + TimeDelta::hours(1));
    (own.accept_missed_at, own.ship_missed_at, own.note) = (None, None, None);
    let order = own.order_id;
    own.into_active_model().reset_all().update(conn).await.expect("put");
    let [accepted, refused, settled, shipped, delivered] = place.units;
    for row in lines {
        let row = line::Model { accepted, refused, settled, shipped, delivered, cancelled: 0, ..row };
        row.into_active_model().reset_all().update(conn).await.expect("put");
    }
    for row in orders::lines_of(conn, &[order]).await.expect("read") {
        let forwarded = if out { 3 - refused } else { 0 };
        let row = orders::line::Model { forwarded, accepted, shipped, delivered, cancelled: 0, ..row };
        row.into_active_model().reset_all().update(conn).await.expect("put");
    }
}
