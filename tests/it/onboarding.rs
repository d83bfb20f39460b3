//! Taking on a supplier: its goods are looked through, matched, mapped, or imported as drafts.

mod cj;
mod feed;
mod matching;

use consign::kernel::ids::SupplierId;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::gql::{Answer, Client};
use crate::support::shelf::Shelf;
use crate::support::stock;

/// The tests of all parts.
pub fn tests() -> Vec<crate::support::Test> {
    [feed::tests(), matching::tests(), cj::tests()].into_iter().flatten().collect()
}

/// The columns of the files of these tests.
const HEAD: &str = "supplier_sku,product,title,brand,ean,mpn,cost,quantity,image_url,option1_name,option1_value\n";

/// A supplier whose file is on `shelf`.
async fn filer(owner: &Client, shelf: &Shelf) -> SupplierId {
    let settings = json!({ "url": shelf.start().await, "format": "CSV" });
    stock::supplier(owner, "Filer", "feed", settings).await
}

/// Asks for the goods.
async fn ask(owner: &Client, id: SupplierId, input: Value) -> Answer {
    let fetch = "mutation($id: ID!, $input: SupplierCatalogFetchInput) { supplierCatalogFetch(id: $id, input: $input) {
        supplier { id } userErrors { code field message } } }";
    owner.run(fetch, json!({ "id": id, "input": input })).await
}

/// Has the goods fetched; how that went.
async fn fetch(app: &TestApp, owner: &Client, id: SupplierId) -> Value {
    ask(owner, id, Value::Null).await.done("supplierCatalogFetch");
    app.run_jobs().await;
    last_fetch(owner, id).await
}

async fn last_fetch(owner: &Client, id: SupplierId) -> Value {
    let query = "query($id: ID!) { supplier(id: $id) { catalogFetch { query beganAt endedAt items leftOutCount failure
        leftOut(first: 50) { nodes { line sku reason } } } } }";
    owner.run(query, json!({ "id": id })).await.at("supplier.catalogFetch").clone()
}

/// The goods that a filter finds, by SKU.
async fn items(owner: &Client, id: SupplierId, filter: Value) -> Vec<Value> {
    let query = "query($id: ID!, $filter: SupplierItemFilter) { supplier(id: $id) { items(first: 100, filter: $filter) {
        nodes { id supplierSku title brand gtin gtinAsTold mpn cost { amount currencyCode } stock imageUrl
            options { name value } state variant { id sku product { id title status } }
            suggestions { score reasons variant { sku } } } } } }";
    let answer = owner.run(query, json!({ "id": id, "filter": filter })).await;
    let mut nodes = answer.at("supplier.items.nodes").as_array().expect("items").clone();
    nodes.sort_by_key(|it| it["supplierSku"].as_str().map(str::to_owned));
    nodes
}

/// The SKUs of the goods that a filter finds.
async fn skus(owner: &Client, id: SupplierId, filter: Value) -> Vec<String> {
    items(owner, id, filter).await.iter().map(|it| it["supplierSku"].as_str().expect("a SKU").to_owned()).collect()
}

/// The id of an item.
async fn item(owner: &Client, id: SupplierId, sku: &str) -> Value {
    let all = items(owner, id, Value::Null).await;
    all.into_iter().find(|it| it["supplierSku"] == sku).expect("an item of this SKU")["id"].clone()
}

async fn map(owner: &Client, input: Value) -> Answer {
    let map = "mutation($input: [SupplierItemMapInput!]!) { supplierItemsMap(input: $input) {
        items { id supplierSku state variant { id } } userErrors { code field message } } }";
    owner.run(map, json!({ "input": input })).await
}

async fn import(owner: &Client, ids: &[Value], input: Value) -> Answer {
    let import = "mutation($ids: [ID!]!, $input: SupplierItemsImportInput) {
        supplierItemsImport(ids: $ids, input: $input) {
            items { supplierSku state variant { id sku price { amount } product { id title status } } }
            userErrors { code field message } } }";
    owner.run(import, json!({ "ids": ids, "input": input })).await
}

async fn ignore(owner: &Client, ids: &[Value]) -> Answer {
    let ignore = "mutation($ids: [ID!]!) { supplierItemsIgnore(ids: $ids) {
        items { supplierSku state } userErrors { code field message } } }";
    owner.run(ignore, json!({ "ids": ids })).await
}

/// All offers, by SKU.
async fn offers(owner: &Client) -> Vec<Value> {
    let query = "{ supplierOffers(first: 100) { nodes { supplierSku cost { amount } active sellable variant { sku } } } }";
    let mut all = owner.run(query, json!({})).await.at("supplierOffers.nodes").as_array().expect("offers").clone();
    all.sort_by_key(|it| it["supplierSku"].to_string());
    all
}
