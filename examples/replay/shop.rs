//! Fills the fresh server: settings, suppliers with their services, catalogue, stock.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::client::{Client, user_errors};
use super::data::{COUNTRIES, Good, SUPPLIERS};
use super::world::World;

const PATIENCE: Duration = Duration::from_secs(30);

/// Sets the store up through the owner's own operations; answers variant ids by stock code.
pub async fn open(world: &World, owner: &Client, goods: &[Good]) -> anyhow::Result<BTreeMap<String, String>> {
    settings(owner).await?;
    for index in 0..SUPPLIERS {
        let supplier = supplier(world, owner, index).await?;
        stock(world, index, goods).await?;
        import(owner, &supplier, index, goods).await?;
        println!("  supplier {} of {SUPPLIERS}: catalogue and stock are in", index + 1);
    }
    variants(owner).await
}

async fn call(owner: &Client, name: &str, query: &str, variables: Value) -> anyhow::Result<Value> {
    let data = owner.persist("(setup)", query, &variables, PATIENCE).await?;
    let errors = user_errors(&data, name);
    if !errors.is_empty() {
        bail!("{name}: {}", errors.join("; "));
    }
    Ok(data[name].clone())
}

async fn settings(owner: &Client) -> anyhow::Result<()> {
    let taxes: Vec<Value> = COUNTRIES
        .iter()
        .map(|country| {
            let rate = if *country == "GB" { "0.2" } else { "0" };
            json!({ "countryCode": country, "rate": rate, "inclusive": true })
        })
        .collect();
    let input = json!({ "name": "Replay", "currencyCode": "GBP", "countries": COUNTRIES, "taxes": taxes, "capture": "ON_ACCEPTANCE" });
    let query = "mutation StoreSettingsUpdate($input: StoreSettingsUpdateInput!) { storeSettingsUpdate(input: $input) \
                 { shop { name currencyCode } userErrors { code field message } } }";
    call(owner, "storeSettingsUpdate", query, json!({ "input": input })).await?;
    Ok(())
}

/// Makes a supplier, its two shipping services, and its twin in the simulator.
async fn supplier(world: &World, owner: &Client, index: usize) -> anyhow::Result<String> {
    let (token, secret) =
        (format!("replay-supplier-token-{index}"), "whsec_cmVwbGF5LXN1cHBsaWVyLXdlYmhvb2stc2VjcmV0LTAx");
    let base = world.supplier_url(index);
    let input = json!({
        "name": format!("Supplier {index}"), "adapter": "http", "currency": "GBP", "autoForward": true, "shipsFrom": "GB",
        "settings": { "baseUrl": base, "token": token, "webhookSecret": secret }, "processingDays": 1,
    });
    let query = "mutation SupplierCreate($input: SupplierCreateInput!) { supplierCreate(input: $input) \
                 { supplier { id } userErrors { code field message } } }";
    let created = call(owner, "supplierCreate", query, json!({ "input": input })).await?;
    let id = created["supplier"]["id"].as_str().context("the supplier has no id")?.to_owned();
    for (code, name, price) in [("STANDARD", "Standard", 300 + index * 50), ("EXPRESS", "Express", 900 + index * 50)] {
        let input = json!({
            "supplierId": id, "code": code, "name": name, "countries": COUNTRIES, "transitDays": { "min": 2, "max": 6 },
            "price": { "amount": format!("{}.{:02}", price / 100, price % 100), "currencyCode": "GBP" },
        });
        let query = "mutation S($input: SupplierShippingServiceSetInput!) { supplierShippingServiceSet(input: $input) \
                     { shippingService { id } userErrors { code field message } } }";
        call(owner, "supplierShippingServiceSet", query, json!({ "input": input })).await?;
    }
    let twin = json!({
        "token": token, "webhook": { "supplierId": id, "secret": secret }, "currency": "GBP",
        "leadTimes": { "acceptSeconds": 60, "processSeconds": 600, "transitSeconds": 1200, "jitter": 0.3 },
        "faults": world.setup().faults, "acceptMode": "immediate",
    });
    put(&format!("{}/admin/suppliers/s{index}", world.suppliers_url), &twin).await?;
    Ok(id)
}

async fn stock(world: &World, index: usize, goods: &[Good]) -> anyhow::Result<()> {
    let items: Vec<Value> = offered(goods, index)
        .map(|(good, cost, stock)| {
            let cost = format!("{}.{:02}", cost / 100, cost % 100);
            json!({ "sku": good.code, "quantity": stock, "cost": { "amount": cost, "currency": "GBP" } })
        })
        .collect();
    put(&format!("{}/admin/suppliers/s{index}/stock", world.suppliers_url), &json!({ "full": true, "items": items }))
        .await
}

async fn put(url: &str, body: &Value) -> anyhow::Result<()> {
    reqwest::Client::new().put(url).json(body).send().await?.error_for_status()?;
    Ok(())
}

fn offered(goods: &[Good], supplier: usize) -> impl Iterator<Item = (&Good, i64, i64)> {
    goods.iter().filter_map(move |good| {
        let offer = good.offers.iter().find(|offer| offer.supplier == supplier)?;
        Some((good, offer.cost, offer.stock))
    })
}

/// Uploads a supplier's catalogue and waits for its import.
async fn import(owner: &Client, supplier: &str, index: usize, goods: &[Good]) -> anyhow::Result<()> {
    let mut file = String::from("code,name,price,cost,stock\n");
    for (good, cost, stock) in offered(goods, index) {
        let title = good.title.replace('"', "\"\"");
        let money = |minor: i64| format!("{}.{:02}", minor / 100, minor % 100);
        writeln!(file, "{},\"{title}\",{},{},{stock}", good.code, money(good.price), money(cost))?;
    }
    let upload = owner.upload(&format!("supplier-{index}.csv"), file).await?;
    let mapping = json!({ "sku": "code", "title": "name", "price": "price", "cost": "cost", "quantity": "stock" });
    let input =
        json!({ "supplierId": supplier, "source": { "uploadId": upload }, "format": "CSV", "mapping": mapping });
    let query = "mutation CatalogImport($input: CatalogImportInput!) { catalogImport(input: $input) \
                 { job { id status } userErrors { code field message } } }";
    let started = call(owner, "catalogImport", query, json!({ "input": input })).await?;
    let query = "query Job($id: ID!) { job(id: $id) { status progress { done total } result error } }";
    loop {
        let data = owner.persist("(setup)", query, &json!({ "id": started["job"]["id"] }), PATIENCE).await?;
        match data["job"]["status"].as_str() {
            Some("SUCCEEDED") => return Ok(()),
            Some("FAILED") => bail!("the import failed: {}", data["job"]["error"]),
            _ => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

async fn variants(owner: &Client) -> anyhow::Result<BTreeMap<String, String>> {
    let query = "query V($after: String) { products(first: 100, after: $after, sort: NEWEST) \
                 { nodes { variants(first: 10) { nodes { id sku } } } pageInfo { hasNextPage endCursor } } }";
    let products = owner.all(query, "products").await?;
    let nodes = products.iter().filter_map(|product| product["variants"]["nodes"].as_array()).flatten();
    Ok(nodes.filter_map(|it| Some((it["sku"].as_str()?.to_owned(), it["id"].as_str()?.to_owned()))).collect())
}
