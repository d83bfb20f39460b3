//! Suppliers, variants and offers for tests, made through the API.

use chrono::{DateTime, Utc};
use consign::kernel::ids::{OfferId, SupplierId};
use serde_json::{Value, json};

use super::gql::{Answer, Client};

/// A supplier of the portal.
pub async fn portal_supplier(owner: &Client, name: &str) -> SupplierId {
    supplier(owner, name, "portal", Value::Null).await
}

/// A supplier of any adapter.
pub async fn supplier(owner: &Client, name: &str, adapter: &str, settings: Value) -> SupplierId {
    let answer = create_supplier(owner, json!({ "name": name, "adapter": adapter, "settings": settings })).await;
    answer.done("supplierCreate");
    answer.text("supplierCreate.supplier.id").parse().expect("a supplier's id")
}

/// Asks for a supplier with `changes` over plain settings.
pub async fn create_supplier(owner: &Client, changes: Value) -> Answer {
    let mut input =
        json!({ "name": "Acme", "adapter": "portal", "currency": "EUR", "autoForward": true, "shipsFrom": "DE" });
    for (field, value) in changes.as_object().expect("an object") {
        input[field] = value.clone();
    }
    let create = "mutation($input: SupplierCreateInput!) { supplierCreate(input: $input) {
        supplier { id name status adapter autoForward settings } userErrors { code field message } } }";
    owner.run(create, json!({ "input": input })).await
}

/// A published product with `count` variants, `V-0` and on; their ids.
pub async fn variants(owner: &Client, count: usize) -> Vec<String> {
    let variant = |index: usize| {
        json!({ "sku": format!("V-{index}"), "title": format!("No. {index}"),
            "options": [{ "name": "No.", "value": index.to_string() }],
            "price": { "amount": "10.00", "currencyCode": "EUR" } })
    };
    let variants: Vec<Value> = (0..count).map(variant).collect();
    let input = json!({ "title": "Things", "publish": true, "variants": variants });
    let create = "mutation($input: ProductCreateInput!) { productCreate(input: $input) {
        product { variants(first: 100) { nodes { id } } } userErrors { code field message } } }";
    let answer = owner.run(create, json!({ "input": input })).await;
    let made = answer.done("productCreate")["product"]["variants"]["nodes"].as_array().expect("variants").clone();
    made.iter().map(|it| it["id"].as_str().expect("an id").to_owned()).collect()
}

/// An offer with `changes` over plain settings.
pub async fn offer(owner: &Client, supplier: SupplierId, variant: &str, sku: &str, changes: Value) -> OfferId {
    let answer = set_offer(owner, supplier, variant, sku, changes).await;
    answer.done("supplierOfferSet");
    answer.text("supplierOfferSet.offer.id").parse().expect("an offer's id")
}

/// Asks for an offer.
pub async fn set_offer(owner: &Client, supplier: SupplierId, variant: &str, sku: &str, changes: Value) -> Answer {
    let mut input = json!({ "supplierId": supplier, "variantId": variant, "supplierSku": sku,
        "cost": { "amount": "4.00", "currencyCode": "EUR" } });
    for (field, value) in changes.as_object().into_iter().flatten() {
        input[field] = value.clone();
    }
    let set = "mutation($input: SupplierOfferSetInput!) { supplierOfferSet(input: $input) {
        offer { id supplierSku sellable } userErrors { code field message } } }";
    owner.run(set, json!({ "input": input })).await
}

/// Reports stock as a supplier.
pub async fn report(supplier: &Client, as_of: DateTime<Utc>, full: bool, part: Value, items: &[(&str, i64)]) -> Answer {
    let items: Vec<Value> =
        items.iter().map(|(sku, quantity)| json!({ "supplierSku": sku, "quantity": quantity })).collect();
    report_items(supplier, json!({ "asOf": as_of, "full": full, "report": part, "items": items })).await
}

/// Reports stock, said in full.
pub async fn report_items(supplier: &Client, input: Value) -> Answer {
    let report = "mutation($input: SupplierStockReportInput!) { supplierStockReport(input: $input) {
        accepted unknownSkus held userErrors { code field message } } }";
    supplier.run(report, json!({ "input": input })).await
}

/// An offer's figures: reported, reserved, committed, sellable.
pub async fn figures(owner: &Client, offer: OfferId) -> [i64; 4] {
    let query = "query($id: ID!) { node(id: $id) { ... on SupplierOffer { reported reserved committed sellable } } }";
    let answer = owner.run(query, json!({ "id": offer })).await;
    let node = answer.at("node");
    ["reported", "reserved", "committed", "sellable"].map(|name| node[name].as_i64().expect("a figure"))
}

/// What customers are told of a variant: whether it can be had, and how many.
pub async fn availability(client: &Client, variant_sku: &str) -> (bool, i64) {
    let query = "query($sku: String!) { variant(sku: $sku) { availability { available quantity asOf } } }";
    let answer = client.run(query, json!({ "sku": variant_sku })).await;
    let found = answer.at("variant.availability");
    (found["available"].as_bool().expect("a flag"), found["quantity"].as_i64().expect("a number"))
}

/// The open work items of a type: their ids.
pub async fn open_items(owner: &Client, kind: &str) -> Vec<String> {
    let query = "query($filter: WorkItemFilter) { workItems(first: 50, filter: $filter) { nodes { id } } }";
    let answer = owner.run(query, json!({ "filter": { "type": [kind], "status": ["OPEN"] } })).await;
    let nodes = answer.at("workItems.nodes").as_array().expect("items").clone();
    nodes.iter().map(|node| node["id"].as_str().expect("an id").to_owned()).collect()
}

/// Decides a work item.
pub async fn resolve(owner: &Client, item: &str, action: &str) {
    let resolve = "mutation($id: ID!, $input: WorkItemResolveInput!) { workItemResolve(id: $id, input: $input) {
        workItem { id status } userErrors { code field message } } }";
    owner.run(resolve, json!({ "id": item, "input": { "action": action } })).await.done("workItemResolve");
}
