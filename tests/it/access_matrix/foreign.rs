//! What is somebody else's: by its id, inside inputs, in filters, searches and counts, and in streams.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use super::askers::{self, Asker, Kind, Outcome};
use super::model::Model;
use super::rows::{Root, fill, nothing, rows};
use super::rules::NODES;
use super::snapshot::Snapshots;
use super::world::{MARKERS, World};
use crate::support::gql::Client;

pub async fn a_node_shows_to_whom_it_should(world: &World) {
    let model = Model::load();
    let ruled: BTreeSet<&str> = NODES.iter().map(|(object, ..)| *object).collect();
    let there: BTreeSet<&str> = model.possible("Node").iter().map(String::as_str).collect();
    assert_eq!(ruled, there, "the objects with an id of their own, and the rules for them");
    let mut wrong = Vec::new();
    for asker in askers::everybody(world).await {
        for (object, word, gates) in NODES {
            let query = "query($id: ID!) { node(id: $id) { __typename id } }";
            let real = asker.client.run(query, json!({ "id": world.word(word) })).await;
            let open = gates.iter().any(|gate| asker.at(*gate) == Outcome::Allowed);
            let right = match (open, asker.at(gates[0])) {
                (true, _) => real.codes().is_empty() && real.body["data"]["node"]["__typename"] == *object,
                (false, Outcome::Refused(code)) => real.codes() == [code],
                (false, _) => real.codes().is_empty() && real.body["data"]["node"].is_null(),
            };
            // Who does not get it must not be told that it is there.
            let none = match open {
                true => None,
                false => Some(asker.client.run(query, json!({ "id": nothing(word) })).await),
            };
            let alike = none.is_none_or(|none| real.body["errors"] == none.body["errors"]);
            if !right || !alike {
                wrong.push(format!("{object} ({word}) as {}: {}, alike {alike}", asker.name, real.body));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// How long a stream may take for its next event.
const PATIENCE: Duration = Duration::from_secs(5);

/// Who, what, and the user error's code and place.
type Mix = (&'static str, &'static str, &'static str, &'static str);

/// Operations on one's own things that name what is not one's own.
const MIXED: &[Mix] = &[
    ("customer", "cartCreate(input: { lines: [{ variantId: $var3, quantity: 1 }] })", "NOT_FOUND", "input.lines.0.variantId"),
    ("customer", "cartLinesAdd(cartId: $crt, lines: [{ variantId: $var3, quantity: 1 }])", "NOT_FOUND", "lines.0.variantId"),
    ("customer", "cartLinesUpdate(cartId: $crt, lines: [{ lineId: $clngrace, quantity: 9 }])", "NOT_FOUND", "lines.0.lineId"),
    ("customer", "cartLinesUpdate(cartId: $crtgrace, lines: [{ lineId: $cln, quantity: 9 }])", "NOT_FOUND", "cartId"),
    ("other customer", "cartLinesUpdate(cartId: $crtguest, lines: [{ lineId: $cln, quantity: 9 }])", "NOT_FOUND", "lines.0.lineId"),
    (
        "customer",
        "cartShippingOptionSelect(cartId: $crt, parcelId: $pargrace, shippingOptionId: $ssv)",
        "NOT_FOUND",
        "parcelId",
    ),
    (
        "customer",
        "cartShippingOptionSelect(cartId: $crt, parcelId: $par, shippingOptionId: $ssvfar)",
        "NOT_FOUND",
        "shippingOptionId",
    ),
    (
        "guest",
        "checkoutComplete(cartId: $crt, input: { idempotencyKey: \"mine\", payment: { gateway: \"test\", token: \"tok_ok\" },
            expectedTotal: { amount: \"13.00\", currencyCode: \"EUR\" } })",
        "NOT_FOUND",
        "cartId",
    ),
    ("customer", "orderCancel(id: $ord5, input: {})", "NOT_FOUND", "id"),
    ("customer", "orderCancel(id: $ord6, input: { token: $TOKEN })", "NOT_FOUND", "id"),
    ("guest", "orderCancel(id: $ord7, input: { token: $TOKEN })", "NOT_FOUND", "id"),
    ("other supplier", "orderCancel(id: $ord7, input: {})", "NOT_FOUND", "id"),
    (
        "supplier",
        "supplierOrderAccept(id: $sor3, input: { lines: [{ id: $solfar, quantity: 1 }] })",
        "NOT_FOUND",
        "input.lines.0.id",
    ),
    (
        "supplier",
        "supplierOrderAccept(id: $sor3, input: { lines: [{ id: $sol4, quantity: 1 }] })",
        "NOT_FOUND",
        "input.lines.0.id",
    ),
    ("supplier", "supplierOrderAccept(id: $sorfar, input: {})", "NOT_FOUND", "id"),
    ("link", "supplierOrderAccept(id: $sor3, input: {})", "NOT_FOUND", "id"),
    ("link", "supplierOrderReject(id: $sor4, input: { reason: OTHER })", "NOT_FOUND", "id"),
    ("supplier", "supplierOrderAccept(id: $sor8, input: {})", "NOT_FOUND", "id"),
    (
        "supplier",
        "shipmentCreate(supplierOrderId: $sor2, input: {
            carrier: \"DHL\", trackingNumber: \"8\", lines: [{ id: $solfar, quantity: 1 }] })",
        "NOT_FOUND",
        "input.lines.0.id",
    ),
    (
        "supplier",
        "shipmentEventAdd(shipmentId: $shpfar, input: {
            id: \"8\", status: RETURNED, occurredAt: \"2026-11-22T12:00:00Z\" })",
        "NOT_FOUND",
        "shipmentId",
    ),
    (
        "supplier",
        "supplierStockReport(input: { asOf: \"2026-11-22T12:00:00Z\", full: true, supplierId: $sup2,
            items: [{ supplierSku: \"F-0\", quantity: 0 }] })",
        "NOT_FOUND",
        "supplierId",
    ),
    (
        "owner",
        "refundCreate(orderId: $ord, input: { idempotencyKey: \"other\", lines: [{ orderLineId: $oln2, quantity: 1 }] })",
        "NOT_FOUND",
        "input.lines.0.orderLineId",
    ),
    ("owner", "apiTokenCreate(input: { name: \"a\", scope: SUPPLIER, supplierId: $sup9 })", "NOT_FOUND", "input.supplierId"),
    ("staff with Settings", "apiTokenCreate(input: { name: \"a\", scope: OWNER })", "SCOPE_TOO_WIDE", "input.scope"),
    (
        "staff with Settings",
        "apiTokenCreate(input: { name: \"a\", scope: STAFF, permissions: [SETTINGS, CATALOG] })",
        "SCOPE_TOO_WIDE",
        "input.scope",
    ),
    (
        "staff with Settings",
        "apiTokenCreate(input: { name: \"a\", scope: SUPPLIER, supplierId: $sup })",
        "SCOPE_TOO_WIDE",
        "input.scope",
    ),
];

pub async fn what_is_foreign_inside_an_input_is_not_found(world: &World) {
    let model = Model::load();
    let all = askers::everybody(world).await;
    let snapshots = Snapshots::of(&world.app.app).await;
    let mut wrong = Vec::new();
    for (name, call, code, place) in MIXED {
        let before = snapshots.take().await;
        let call = fill(call, |word| world.word(word));
        let field = call.split('(').next().unwrap_or_default().to_owned();
        let selection = model.select(model.answer(Root::Mutation, &field));
        let query = format!("mutation {{ {call} {{ {selection} }} }}");
        let answer = by_name(&all, name).client.run(&query, json!({})).await;
        let payload = &answer.body["data"][&field];
        let error = &payload["userErrors"][0];
        let path: Vec<&str> = error["field"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let nothing_else = payload.as_object().is_some_and(|it| {
            it.iter().all(|(name, value)| name == "userErrors" || value.is_null() || value == &json!([]) || value == &json!(false))
        });
        if error["code"] != *code || path.join(".") != *place || !nothing_else {
            wrong.push(format!("{call} as {name}: {}", answer.body));
        }
        // The payment provider sends its news when it likes.
        let own = |tables: BTreeMap<String, String>| -> BTreeMap<String, String> {
            tables.into_iter().filter(|(table, _)| !matches!(table.as_str(), "job" | "webhook_delivery")).collect()
        };
        if own(before) != own(snapshots.take().await) {
            wrong.push(format!("{call} as {name} changed something"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn by_name<'a>(all: &'a [Asker], name: &str) -> &'a Asker {
    all.iter().find(|it| it.name == name).unwrap_or_else(|| panic!("nobody is called {name}"))
}

/// Reports on another's item: not an error, and not an effect.
pub async fn anothers_sku_is_unknown(world: &World) {
    let snapshots = Snapshots::of(&world.app.app).await;
    let offers = || async { snapshots.take().await["supplier_offer"].clone() };
    let before = offers().await;
    let report = format!(
        "mutation {{ supplierStockReport(input: {{ asOf: \"{}\", full: false,
            items: [{{ supplierSku: \"F-0\", quantity: 0 }}] }}) {{ unknownSkus userErrors {{ code }} }} }}",
        world.app.app.clock.now().to_rfc3339()
    );
    let answer = world.near.run(&report, json!({})).await;
    assert_eq!(answer.done("supplierStockReport")["unknownSkus"], json!(["F-0"]));
    assert_eq!(before, offers().await);
}

/// How many `field` lists for `client`, and their ids.
async fn listed(client: &Client, call: &str) -> (Value, BTreeSet<String>) {
    let query = format!("{{ list: {call} {{ totalCount nodes {{ id }} }} }}");
    let answer = client.run(&query, json!({})).await;
    let nodes = answer.at("list.nodes").as_array().expect("nodes").clone();
    let ids = nodes.iter().map(|it| it["id"].as_str().expect("an id").to_owned()).collect();
    (answer.at("list.totalCount").clone(), ids)
}

pub async fn no_list_filter_search_or_count_tells_of_what_is_hidden(world: &World) {
    let (draft, published) = (world.word("prd3"), [world.word("prd"), world.word("prd2")]);
    let outsiders = askers::everybody(world).await.into_iter().filter(|it| it.kind != Kind::Store);
    for asker in outsiders {
        let (name, client) = (asker.name.as_str(), &asker.client);
        let everything = listed(&world.owner, "products(first: 50)").await.1.len();
        for sort in ["NAME", "NEWEST", "PRICE_ASC", "PRICE_DESC"] {
            let (count, ids) = listed(client, &format!("products(first: 50, sort: {sort})")).await;
            assert!(published.iter().all(|it| ids.contains(it)) && !ids.contains(&draft), "{name}: {sort}: {ids:?}");
            assert!(count == ids.len() && ids.len() < everything, "{name}: {count} of {everything}");
        }
        for search in [
            format!("query: \"{}\"", MARKERS[2]),
            "query: \"D-0\"".to_owned(),
            format!("filter: {{ ids: [\"{draft}\"] }}"),
        ] {
            assert_eq!(listed(client, &format!("products(first: 50, {search})")).await.0, 0, "{name}: {search}");
        }
        let drafts = "{ products(first: 50, filter: { status: DRAFT }) { totalCount nodes { id } } }";
        let drafts = client.run(drafts, json!({})).await;
        assert!(!drafts.body.to_string().contains(&draft), "{name}: {}", drafts.body);
        assert!(drafts.body["data"]["products"]["totalCount"].as_i64().is_none_or(|count| count == 0), "{}", drafts.body);
        let collection = "query($slug: String!, $id: ID!) { collection(slug: $slug) { products(first: 50) { totalCount nodes { id } } }
            bySku: variant(sku: \"D-0\") { id } byId: variant(id: $id) { id } bySlug: product(slug: \"unpublished-secret\") { id } }";
        let variables = json!({ "slug": world.word("SLUG"), "id": world.word("var3") });
        let answer = client.run(collection, variables).await;
        assert_eq!(answer.at("collection.products.totalCount"), 2, "{name}");
        for hidden in ["bySku", "byId", "bySlug"] {
            assert_eq!(answer.at(hidden), &Value::Null, "{name}: {hidden}");
        }
    }
    customers_count_their_own(world).await;
    suppliers_count_their_own(world).await;
    staff_filter_by_what_they_see(world).await;
}

async fn customers_count_their_own(world: &World) {
    let own = "{ me { orders(first: 50) { totalCount nodes { id } } } }";
    for (client, orders, stranger) in [(&world.ada, 5, "ord5"), (&world.grace, 2, "ord")] {
        let answer = client.run(own, json!({})).await;
        assert_eq!(answer.at("me.orders.totalCount"), orders);
        assert!(!answer.body.to_string().contains(&world.word(stranger)));
        for filter in ["customerId: $cus", "supplierId: $sup", "query: \"ada\""] {
            let filter = fill(filter, |word| world.word(word));
            let all = format!("{{ orders(first: 50, filter: {{ {filter} }}) {{ totalCount }} }}");
            assert_eq!(client.run(&all, json!({})).await.codes(), ["FORBIDDEN"]);
        }
    }
}

async fn suppliers_count_their_own(world: &World) {
    let (count, ids) = listed(&world.far, "supplierOrders(first: 50)").await;
    assert_eq!((count, ids), (json!(1), BTreeSet::from([world.word("sorfar")])));
    let (count, ids) = listed(&world.near, "supplierOrders(first: 50)").await;
    assert!(count == 7 && ids.len() == 7 && !ids.contains(&world.word("sorfar")), "{ids:?}");
    let (count, ids) = listed(&world.link, "supplierOrders(first: 50)").await;
    assert_eq!((count, ids), (json!(1), BTreeSet::from([world.word("sor")])));
    for status in ["DRAFT", "ROUTED", "ON_HOLD", "QUEUED"] {
        let hidden = format!("supplierOrders(first: 50, filter: {{ status: [{status}] }})");
        assert_eq!(listed(&world.near, &hidden).await.0, 0);
    }
    for call in ["supplierOffers(supplierId: $sup)", "inventoryLedger(offerId: $ofr)", "importErrors(jobId: $job)"] {
        let query = format!("{{ {} {{ nodes {{ __typename }} }} }}", fill(call, |word| world.word(word)));
        assert_eq!(world.near.run(&query, json!({})).await.codes(), ["FORBIDDEN"], "{call}");
    }
}

/// A filter by supplier tells who supplies an order; nobody finds a supplier by searching orders.
async fn staff_filter_by_what_they_see(world: &World) {
    use consign::identity::Permission::{Fulfillment, Orders};
    let by_supplier = format!("orders(first: 50, filter: {{ supplierId: \"{}\" }})", world.word("sup"));
    let without = world.app.as_staff(&[Orders]).await;
    let query = format!("{{ {by_supplier} {{ totalCount }} }}");
    assert_eq!(without.run(&query, json!({})).await.codes(), ["FORBIDDEN"]);
    let with = world.app.as_staff(&[Orders, Fulfillment]).await;
    assert_eq!(listed(&with, &by_supplier).await.0, 7);
    let by_name = format!("orders(first: 50, filter: {{ query: \"{}\" }})", MARKERS[0]);
    assert_eq!(listed(&with, &by_name).await.0, 0);
}

pub async fn a_stream_begins_for_whom_it_should(world: &World) {
    let all = askers::everybody(world).await;
    let mut wrong = Vec::new();
    for row in rows().iter().filter(|row| row.root == Root::Subscription) {
        for asker in &all {
            let query = format!("subscription {{ {} {{ cursor }} }}", asker.real(row, world));
            let answers = asker.client.stream(&query, 2, PATIENCE).await;
            let first = answers.first().unwrap_or(&Value::Null);
            let code = first["errors"][0]["extensions"]["code"].as_str();
            let right = match asker.outcome(row) {
                Outcome::Allowed => code.is_none() && answers.len() > 1,
                Outcome::Missing => code == Some("NOT_FOUND") && answers.len() == 1,
                Outcome::Refused(refused) => code == Some(refused) && answers.len() == 1,
            };
            if !right {
                wrong.push(format!("{} as {}: {answers:?}", row.field(), asker.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
