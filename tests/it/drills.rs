//! Drills: a supplier that rejects everything, and figures that lie. Whatever a supplier does, every unit
//! that was paid for is with a supplier that said yes, was cancelled, or waits for a person who was told.

use std::collections::BTreeMap;
use std::time::Duration;

use consign::kernel::ids::SupplierId;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::gql::Client;
use crate::support::{stock, trade};

crate::engine_tests![
    a_supplier_that_rejects_everything_loses_no_order,
    a_supplier_that_has_less_than_it_says_is_found_out,
    a_figure_that_grew_old_sells_nothing,
    a_figure_is_believed_as_far_as_the_owner_does,
    figures_that_cannot_be_sell_nothing,
];

/// What became of the units of all orders.
#[derive(Debug, Default, PartialEq, Eq)]
struct Fate {
    /// With a supplier that said yes.
    accepted: i64,
    /// Not to be sent, and not paid for.
    cancelled: i64,
    /// Waiting for a person, in the exceptions queue.
    waiting: i64,
    /// Nobody's: a broken promise.
    silent: i64,
}

/// Looks at every order of `ids`, and at what each supplier took of each of its items.
async fn fate(owner: &Client, ids: &[String]) -> (Fate, BTreeMap<(String, String), i64>) {
    let (mut fate, mut taken) = (Fate::default(), BTreeMap::new());
    let queued = queued(owner).await;
    for id in ids {
        let order = trade::order(owner, id).await;
        let sum = |list: &Value, field: &str| -> i64 {
            list.as_array().expect("a list").iter().map(|it| it[field].as_i64().expect("a number")).sum()
        };
        let (ordered, cancelled) = (sum(&order["lines"], "quantity"), sum(&order["lines"], "cancelledQuantity"));
        let mut accepted = 0;
        for part in order["supplierOrders"].as_array().expect("parts") {
            accepted += sum(&part["lines"], "acceptedQuantity");
            for line in part["lines"].as_array().expect("lines") {
                let key = (part["supplier"]["id"].to_string(), line["supplierSku"].to_string());
                *taken.entry(key).or_insert(0) += line["acceptedQuantity"].as_i64().expect("a number");
            }
        }
        let rest = ordered - cancelled - accepted;
        assert!(rest >= 0, "more was accepted than ordered: {order}");
        fate.accepted += accepted;
        fate.cancelled += cancelled;
        *(if queued.contains(id) { &mut fate.waiting } else { &mut fate.silent }) += rest;
    }
    (fate, taken)
}

/// How many units a supplier took.
fn taken_by(taken: &BTreeMap<(String, String), i64>, supplier: SupplierId) -> i64 {
    let supplier = json!(supplier).to_string();
    taken.iter().filter(|((who, _), _)| *who == supplier).map(|(_, count)| *count).sum()
}

/// The orders that open work items are about.
async fn queued(owner: &Client) -> Vec<String> {
    let query = "query { workItems(first: 100, filter: { status: [OPEN] }) { nodes { orderId } } }";
    let answer = owner.run(query, json!({})).await;
    let nodes = answer.at("workItems.nodes").as_array().expect("items").clone();
    nodes.iter().filter_map(|it| it["orderId"].as_str().map(str::to_owned)).collect()
}

/// Runs jobs, while suppliers do their part, until nothing is silent.
async fn settled(app: &TestApp, owner: &Client, ids: &[String]) -> (Fate, BTreeMap<(String, String), i64>) {
    for _ in 0..200 {
        app.run_jobs().await;
        let (fate, taken) = fate(owner, ids).await;
        if fate.silent == 0 {
            return (fate, taken);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let (fate, taken) = fate(owner, ids).await;
    assert_eq!(fate.silent, 0, "{fate:?} {taken:?}");
    (fate, taken)
}

/// A supplier over the wire that says it has `said` of the variant and has `has`; of two, the one that is
/// preferred is asked first.
async fn wired(
    app: &TestApp,
    owner: &Client,
    (key, preference): (&str, &str),
    variant: &str,
    (said, has): (i64, i64),
    habits: Value,
) -> SupplierId {
    let supplier = trade::simulated(app, owner, key, habits).await;
    trade::shelve(app, key, "A-1", has).await;
    trade::offers(app, owner, supplier, variant, "A-1", said, "4.00").await;
    change(owner, supplier, json!({ "routing": { "preference": preference } })).await;
    supplier
}

async fn change(owner: &Client, supplier: SupplierId, input: Value) {
    let update = "mutation($id: ID!, $input: SupplierUpdateInput!) { supplierUpdate(id: $id, input: $input) {
        userErrors { code field message } } }";
    owner.run(update, json!({ "id": supplier, "input": input })).await.done("supplierUpdate");
}

/// Six orders of two units each.
async fn six_orders(app: &TestApp, variant: &str) -> Vec<String> {
    let mut ids = Vec::new();
    for _ in 0..6 {
        ids.push(trade::buy(app, &[(variant, 2)]).await.id);
    }
    ids
}

async fn a_supplier_that_rejects_everything_loses_no_order(app: TestApp) {
    let owner = trade::open(&app).await;
    let variant = stock::variants(&owner, 1).await.remove(0);
    let rejects = json!({ "faults": { "reject": 1.0 } });
    wired(&app, &owner, ("sulky", "0.5"), &variant, (50, 50), rejects).await;
    let small = wired(&app, &owner, ("small", "1"), &variant, (5, 5), json!({})).await;
    let ids = six_orders(&app, &variant).await;
    let (fate, taken) = settled(&app, &owner, &ids).await;
    // Five units are there at the other supplier; seven wait for a person.
    assert_eq!(fate, Fate { accepted: 5, cancelled: 0, waiting: 7, silent: 0 });
    assert_eq!(taken_by(&taken, small), 5, "{taken:?}");
    assert_eq!(taken.values().sum::<i64>(), 5, "the sulky one took nothing: {taken:?}");
    // The person decides: the customers get their money back for what nobody sends.
    for item in stock::open_items(&owner, "NO_SUPPLIER").await {
        stock::resolve(&owner, &item, "CANCEL_AND_REFUND").await;
    }
    let (fate, _) = settled(&app, &owner, &ids).await;
    assert_eq!(fate, Fate { accepted: 5, cancelled: 7, waiting: 0, silent: 0 });
}

async fn a_supplier_that_has_less_than_it_says_is_found_out(app: TestApp) {
    let owner = trade::open(&app).await;
    let variant = stock::variants(&owner, 1).await.remove(0);
    // Says ten, has three; the other says four and has them.
    let liar = wired(&app, &owner, ("liar", "0.5"), &variant, (10, 3), json!({})).await;
    let honest = wired(&app, &owner, ("honest", "1"), &variant, (4, 4), json!({})).await;
    let ids = six_orders(&app, &variant).await;
    let (fate, taken) = settled(&app, &owner, &ids).await;
    assert_eq!((taken_by(&taken, liar), taken_by(&taken, honest)), (3, 4), "{taken:?}");
    assert_eq!(fate, Fate { accepted: 7, cancelled: 0, waiting: 5, silent: 0 });
}

/// Whether the shop sells the one variant, and whether a checkout of it goes through.
async fn sells(app: &TestApp, owner: &Client, variant: &str, quantity: i64) -> bool {
    let input = json!({ "lines": [{ "variantId": variant, "quantity": quantity }], "countryCode": "DE" });
    let query = "query($input: RoutingPreviewInput!) { routingPreview(input: $input) { unrouted { quantity } } }";
    let planned = owner.run(query, json!({ "input": input })).await;
    let can = planned.at("routingPreview.unrouted").as_array().is_some_and(Vec::is_empty);
    let (_, told) = stock::availability(&app.as_guest(), "V-0").await;
    assert_eq!(can, told >= quantity, "the shop tells {told} and plans {}", planned.body);
    can
}

async fn a_figure_that_grew_old_sells_nothing(app: TestApp) {
    let owner = trade::open(&app).await;
    let variant = stock::variants(&owner, 1).await.remove(0);
    let supplier = trade::portal(&owner, "Portal", true).await;
    change(&owner, supplier, json!({ "stock": { "maxAgeMinutes": 60, "whenStale": "STOP" } })).await;
    trade::offers(&app, &owner, supplier, &variant, "A-1", 5, "4.00").await;
    app.run_jobs().await;
    assert!(sells(&app, &owner, &variant, 5).await);
    consign::worker::schedule(&app.app).await.expect("repeating jobs");
    app.advance(Duration::from_secs(61 * 60)).await;
    assert!(!sells(&app, &owner, &variant, 1).await);
}

async fn a_figure_is_believed_as_far_as_the_owner_does(app: TestApp) {
    let owner = trade::open(&app).await;
    let variant = stock::variants(&owner, 1).await.remove(0);
    let supplier = trade::portal(&owner, "Portal", true).await;
    change(&owner, supplier, json!({ "stock": { "confidence": "0.5" } })).await;
    trade::offers(&app, &owner, supplier, &variant, "A-1", 11, "4.00").await;
    stock::offer(&owner, supplier, &variant, "A-1", json!({ "safetyBuffer": 2 })).await;
    app.run_jobs().await;
    // Half of eleven, and two are kept back.
    assert!(sells(&app, &owner, &variant, 3).await);
    assert!(!sells(&app, &owner, &variant, 4).await);
}

async fn figures_that_cannot_be_sell_nothing(app: TestApp) {
    let owner = trade::open(&app).await;
    let variant = stock::variants(&owner, 1).await.remove(0);
    let supplier = trade::portal(&owner, "Portal", true).await;
    trade::offers(&app, &owner, supplier, &variant, "A-1", 5, "4.00").await;
    app.run_jobs().await;
    let teller = app.as_supplier(supplier).await;
    let now = app.app.clock.now();
    let poisoned = [json!(-1), json!(i64::MAX), json!(1e300), json!("NaN")];
    for quantity in poisoned {
        let input = json!({ "asOf": now, "full": true, "items": [{ "supplierSku": "A-1", "quantity": quantity }] });
        let answer = stock::report_items(&teller, input).await;
        let refused = answer.body["errors"].is_array() || !answer.user_codes("supplierStockReport").is_empty();
        assert!(refused, "{quantity}: {}", answer.body);
    }
    // What is older than what is known takes no figure's place, and one of tomorrow is one of now: it does not
    // stand in the way of those that follow.
    let day = Duration::from_secs(86_400);
    stock::report(&teller, now - day, false, Value::Null, &[("A-1", 900)]).await.done("supplierStockReport");
    stock::report(&teller, now + day, false, Value::Null, &[("A-1", 7)]).await.done("supplierStockReport");
    app.advance(Duration::from_secs(1)).await;
    let now = app.app.clock.now();
    stock::report(&teller, now, false, Value::Null, &[("A-1", 5)]).await.done("supplierStockReport");
    app.run_jobs().await;
    assert!(sells(&app, &owner, &variant, 5).await);
    assert!(!sells(&app, &owner, &variant, 6).await);
}
