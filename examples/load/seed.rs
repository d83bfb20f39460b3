//! Fills the fresh store through the owner's own operations.

use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::goods;
use super::wire::Wire;

/// Where the store sells.
pub const COUNTRIES: [&str; 3] = ["DE", "FR", "NL"];
const SUPPLIERS: usize = 2;
const SUPPLIER_WEBHOOK_SECRET: &str = "whsec_bG9hZC1zdXBwbGllci13ZWJob29rLXNlY3JldC0wMTIz";

/// Settings, suppliers with their services and their twins in the simulator, and the catalogue.
pub async fn fill(owner: &mut Wire, simulator: &str, products: usize) -> anyhow::Result<()> {
    settings(owner).await?;
    for index in 0..SUPPLIERS {
        let id = supplier(owner, simulator, index).await?;
        stock(simulator, index, products).await?;
        import(owner, &id, index, products).await?;
    }
    Ok(())
}

/// The same with one supplier, who works at the portal: nobody fetches its stock. Answers its id.
pub async fn fill_one(owner: &mut Wire, products: usize) -> anyhow::Result<String> {
    settings(owner).await?;
    let input =
        json!({ "name": "Portal", "adapter": "portal", "currency": "EUR", "autoForward": true, "shipsFrom": "DE" });
    let id = create(owner, &input).await?;
    import(owner, &id, 0, products).await?;
    Ok(id)
}

async fn create(owner: &mut Wire, input: &Value) -> anyhow::Result<String> {
    let text = "mutation S($input: SupplierCreateInput!) { supplierCreate(input: $input) \
                { supplier { id } userErrors { code field message } } }";
    let made = owner.run(text, &json!({ "input": input })).await?;
    Ok(made["supplier"]["id"].as_str().context("the supplier has no id")?.to_owned())
}

async fn settings(owner: &mut Wire) -> anyhow::Result<()> {
    let taxes = COUNTRIES.map(|country| json!({ "countryCode": country, "rate": "0.19", "inclusive": true }));
    let input = json!({
        "name": "Load", "currencyCode": "EUR", "countries": COUNTRIES, "taxes": taxes, "capture": "ON_ACCEPTANCE",
    });
    let text = "mutation S($input: StoreSettingsUpdateInput!) { storeSettingsUpdate(input: $input) \
                { userErrors { code field message } } }";
    owner.run(text, &json!({ "input": input })).await?;
    Ok(())
}

async fn supplier(owner: &mut Wire, simulator: &str, index: usize) -> anyhow::Result<String> {
    let token = format!("load-supplier-token-{index}");
    let input = json!({
        "name": format!("Supplier {index}"), "adapter": "http", "currency": "EUR", "autoForward": true,
        "shipsFrom": "DE", "processingDays": 1,
        "settings": {
            "baseUrl": format!("{simulator}/suppliers/s{index}"), "token": token,
            "webhookSecret": SUPPLIER_WEBHOOK_SECRET,
        },
    });
    let id = create(owner, &input).await?;
    for (code, name, price) in [("STANDARD", "Standard", "4.90"), ("EXPRESS", "Express", "12.90")] {
        let input = json!({
            "supplierId": id, "code": code, "name": name, "countries": COUNTRIES,
            "transitDays": { "min": 2, "max": 5 }, "price": { "amount": price, "currencyCode": "EUR" },
        });
        let text = "mutation S($input: SupplierShippingServiceSetInput!) { supplierShippingServiceSet(input: $input) \
                    { shippingService { id } userErrors { code field message } } }";
        owner.run(text, &json!({ "input": input })).await?;
    }
    // Days become moments here and not by the time scale, which would also hurry the store's own timers.
    let twin = json!({
        "token": token, "webhook": { "supplierId": id, "secret": SUPPLIER_WEBHOOK_SECRET }, "currency": "EUR",
        "leadTimes": { "acceptSeconds": 0, "processSeconds": 1, "transitSeconds": 1, "jitter": 0.3 },
        "acceptMode": "immediate", "splitShipment": 0,
    });
    put(&format!("{simulator}/admin/suppliers/s{index}"), &twin).await?;
    Ok(id)
}

async fn stock(simulator: &str, index: usize, products: usize) -> anyhow::Result<()> {
    let offered = (0..products).filter(|&product| goods::offers(index, product));
    let items: Vec<Value> = offered
        .flat_map(|product| goods::skus(product).into_iter().enumerate().map(move |(size, sku)| (product, size, sku)))
        .map(|(product, size, sku)| {
            let cost = goods::cost(product, size);
            let cost = json!({ "amount": format!("{}.{:02}", cost / 100, cost % 100), "currency": "EUR" });
            json!({ "sku": sku, "quantity": goods::stock(), "cost": cost })
        })
        .collect();
    put(&format!("{simulator}/admin/suppliers/s{index}/stock"), &json!({ "full": true, "items": items })).await
}

async fn put(url: &str, body: &Value) -> anyhow::Result<()> {
    reqwest::Client::new().put(url).json(body).send().await?.error_for_status()?;
    Ok(())
}

async fn import(owner: &mut Wire, supplier: &str, index: usize, products: usize) -> anyhow::Result<()> {
    let upload = owner.upload(&format!("supplier-{index}.csv"), &goods::catalog(index, products)).await?;
    let input = json!({ "supplierId": supplier, "source": { "uploadId": upload }, "format": "CSV" });
    let text = "mutation C($input: CatalogImportInput!) { catalogImport(input: $input) \
                { job { id } userErrors { code field message } } }";
    let begun = owner.run(text, &json!({ "input": input })).await?;
    let text = "query J($id: ID!) { job(id: $id) { status result error } }";
    loop {
        let job = owner.run(text, &json!({ "id": begun["job"]["id"] })).await?;
        match job["status"].as_str() {
            Some("SUCCEEDED") if job["result"]["skipped"] == 0 => return Ok(()),
            Some("SUCCEEDED" | "FAILED") => bail!("the import: {job}"),
            _ => tokio::time::sleep(Duration::from_millis(200)).await,
        }
    }
}
