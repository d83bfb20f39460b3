//! Fills the store through its API, as the owner would. What is there already is left as it is, so
//! that a start that was cut off in the middle is finished by the next one.

use std::collections::HashMap;

use anyhow::Context as _;
use serde_json::{Value, json};

use super::client::Client;
use super::goods::{Goods, Product, Shelf, Side, Variant};
use super::simulator::Simulator;
use super::state::State;

const STORE_SETTINGS_UPDATE: &str = "mutation StoreSettingsUpdate($input: StoreSettingsUpdateInput!) {
  storeSettingsUpdate(input: $input) { shop { name } userErrors { code field message } }
}";
const SUPPLIERS: &str = "query Suppliers { suppliers(first: 50) { nodes { id name } } }";
const SUPPLIER_CREATE: &str = "mutation SupplierCreate($input: SupplierCreateInput!) {
  supplierCreate(input: $input) { supplier { id } userErrors { code field message } }
}";
const SUPPLIER_UPDATE: &str = "mutation SupplierUpdate($id: ID!, $input: SupplierUpdateInput!) {
  supplierUpdate(id: $id, input: $input) { supplier { id } userErrors { code field message } }
}";
const SUPPLIER_SHIPPING_SERVICE_SET: &str =
    "mutation SupplierShippingServiceSet($input: SupplierShippingServiceSetInput!) {
  supplierShippingServiceSet(input: $input) { shippingService { id } userErrors { code field message } }
}";
const COLLECTION: &str = "query Collection($slug: String!) { collection(slug: $slug) { id } }";
const COLLECTION_CREATE: &str = "mutation CollectionCreate($input: CollectionCreateInput!) {
  collectionCreate(input: $input) { collection { id } userErrors { code field message } }
}";
const COLLECTION_PRODUCTS_SET: &str = "mutation CollectionProductsSet($id: ID!, $input: CollectionProductsInput!) {
  collectionProductsSet(id: $id, input: $input) { collection { id } userErrors { code field message } }
}";
const VARIANT: &str = "query Variant($sku: String!) {
  variant(sku: $sku) { id product { id } inventory { offers { supplierSku } } }
}";
const PRODUCT_CREATE: &str = "mutation ProductCreate($input: ProductCreateInput!) {
  productCreate(input: $input) { product { id variants(first: 50) { nodes { id sku } } } userErrors { code field message } }
}";
const SUPPLIER_OFFER_SET: &str = "mutation SupplierOfferSet($input: SupplierOfferSetInput!) {
  supplierOfferSet(input: $input) { offer { id } userErrors { code field message } }
}";
const API_TOKEN_CREATE: &str = "mutation ApiTokenCreate($input: ApiTokenCreateInput!) {
  apiTokenCreate(input: $input) { apiToken { id } token userErrors { code field message } }
}";
const API_TOKEN_REVOKE: &str = "mutation ApiTokenRevoke($id: ID!) {
  apiTokenRevoke(id: $id) { apiToken { id } userErrors { code field message } }
}";
const SUPPLIER_STOCK_REPORT: &str = "mutation SupplierStockReport($input: SupplierStockReportInput!) {
  supplierStockReport(input: $input) { accepted unknownSkus userErrors { code field message } }
}";

/// Where the store sells, with the standard rate and whether prices hold it already.
const COUNTRIES: [(&str, &str, bool); 9] = [
    ("AT", "0.20", true),
    ("BE", "0.21", true),
    ("CH", "0.081", false),
    ("DE", "0.19", true),
    ("ES", "0.21", true),
    ("FR", "0.20", true),
    ("IT", "0.22", true),
    ("NL", "0.21", true),
    ("PT", "0.23", true),
];

/// Makes the suppliers known to the store and the simulator to them; their ids. At every start, since
/// the simulator's address is another one.
pub async fn suppliers(
    owner: &Client,
    simulator: &Simulator,
    state: &State,
    goods: &Goods,
) -> anyhow::Result<HashMap<&'static str, String>> {
    let known = owner.run(SUPPLIERS, json!({})).await?;
    let known = known["nodes"].as_array().cloned().unwrap_or_default();
    let mut ids = HashMap::new();
    for side in Side::ALL {
        let secrets = state.supplier(side)?;
        let settings = json!({
            "baseUrl": format!("{}/suppliers/{}", simulator.url, side.key()),
            "token": secrets.token,
            "webhookSecret": secrets.webhook_secret,
        });
        let id = match known.iter().find(|it| it["name"] == side.name()) {
            Some(supplier) => {
                let id = text(&supplier["id"])?;
                owner.run(SUPPLIER_UPDATE, json!({ "id": id, "input": { "settings": settings } })).await?;
                id
            }
            None => {
                let input = json!({
                    "name": side.name(), "adapter": "http", "settings": settings, "currency": "EUR", "autoForward": true,
                    "shipsFrom": side.country(), "processingDays": 1, "cutoff": "14:00", "timeZone": side.time_zone(),
                });
                let made = owner.run(SUPPLIER_CREATE, json!({ "input": input })).await?;
                text(&made["supplier"]["id"])?
            }
        };
        simulator.set_up(state, goods, side, &id).await?;
        ids.insert(side.key(), id);
    }
    Ok(ids)
}

/// Fills the store; says what it has done.
pub async fn store(owner: &Client, goods: &Goods, suppliers: &HashMap<&'static str, String>) -> anyhow::Result<()> {
    settings(owner).await?;
    for side in Side::ALL {
        services(owner, &suppliers[side.key()], side).await?;
    }
    let mut count = 0;
    for shelf in &goods.collections {
        count += self::shelf(owner, shelf, suppliers).await?;
        println!("           filled   {:<20} {:>3} products", shelf.title, shelf.products.len());
    }
    for side in Side::ALL {
        report_stock(owner, goods, &suppliers[side.key()], side).await?;
    }
    println!("           stocked  {count} offers of {} and {}", Side::North.name(), Side::South.name());
    Ok(())
}

async fn settings(owner: &Client) -> anyhow::Result<()> {
    let codes: Vec<&str> = COUNTRIES.iter().map(|(code, ..)| *code).collect();
    let tax = |(code, rate, inclusive): &(&str, &str, bool)| json!({ "countryCode": code, "rate": rate, "inclusive": inclusive });
    let taxes: Vec<Value> = COUNTRIES.iter().map(tax).collect();
    let input = json!({
        "name": "Hearth & Harbor", "currencyCode": "EUR", "countries": codes, "taxes": taxes,
        "capture": "ON_ACCEPTANCE", "sender": "hello@hearth-harbor.example",
    });
    owner.run(STORE_SETTINGS_UPDATE, json!({ "input": input })).await?;
    Ok(())
}

async fn services(owner: &Client, supplier_id: &str, side: Side) -> anyhow::Result<()> {
    let codes: Vec<&str> = COUNTRIES.iter().map(|(code, ..)| *code).collect();
    let (standard, express) = match side {
        Side::North => ((2, 4), (1, 2)),
        Side::South => ((3, 6), (2, 3)),
    };
    let services =
        [("STANDARD", "Standard", "4.90", "0.50", standard), ("EXPRESS", "Express", "11.90", "0.90", express)];
    for (code, name, price, per_item, (min, max)) in services {
        let input = json!({
            "supplierId": supplier_id, "code": code, "name": name, "countries": codes,
            "price": euros(price), "pricePerItem": euros(per_item), "transitDays": { "min": min, "max": max },
        });
        owner.run(SUPPLIER_SHIPPING_SERVICE_SET, json!({ "input": input })).await?;
    }
    Ok(())
}

/// One collection with its products and their offers; how many offers.
async fn shelf(owner: &Client, shelf: &Shelf, suppliers: &HashMap<&'static str, String>) -> anyhow::Result<usize> {
    let known = owner.run(COLLECTION, json!({ "slug": shelf.slug })).await?;
    let id = match known["id"].as_str() {
        Some(id) => id.to_owned(),
        None => {
            let input = json!({ "slug": shelf.slug, "title": shelf.title, "description": shelf.text });
            text(&owner.run(COLLECTION_CREATE, json!({ "input": input })).await?["collection"]["id"])?
        }
    };
    let mut product_ids = Vec::new();
    let mut offers = 0;
    for product in &shelf.products {
        let (product_id, count) = self::product(owner, product, suppliers).await?;
        product_ids.push(product_id);
        offers += count;
    }
    let variables = json!({ "id": id, "input": { "productIds": product_ids } });
    owner.run(COLLECTION_PRODUCTS_SET, variables).await?;
    Ok(offers)
}

async fn product(
    owner: &Client,
    product: &Product,
    suppliers: &HashMap<&'static str, String>,
) -> anyhow::Result<(String, usize)> {
    let variants = product.variants();
    let first = variants.first().context("a product has a variant")?;
    let known = owner.run(VARIANT, json!({ "sku": first.sku })).await?;
    let (product_id, ids) = match known["product"]["id"].as_str() {
        Some(id) => (id.to_owned(), HashMap::new()),
        None => create(owner, product, &variants).await?,
    };
    let mut offers = 0;
    for variant in &variants {
        let variant_id = match ids.get(&variant.sku) {
            Some(id) => String::clone(id),
            None => text(&owner.run(VARIANT, json!({ "sku": variant.sku })).await?["id"])?,
        };
        for side in Side::ALL.into_iter().filter(|side| product.is_had_by(*side)) {
            let input = json!({
                "supplierId": suppliers[side.key()], "variantId": variant_id, "supplierSku": variant.supplier_sku(side),
                "cost": euros(&variant.cost(side).to_string()), "leadTimeDays": 1, "safetyBuffer": 2,
            });
            owner.run(SUPPLIER_OFFER_SET, json!({ "input": input })).await?;
            offers += 1;
        }
    }
    Ok((product_id, offers))
}

/// Makes the product; its id, and its variants' ids by SKU.
async fn create(
    owner: &Client,
    product: &Product,
    variants: &[Variant],
) -> anyhow::Result<(String, HashMap<String, String>)> {
    let variant = |it: &Variant| {
        let option = it.option.as_ref().map(|(name, value)| json!({ "name": name, "value": value }));
        let options: Vec<Value> = option.into_iter().collect();
        json!({ "sku": it.sku, "price": euros(&it.price.to_string()), "options": options })
    };
    let variants: Vec<Value> = variants.iter().map(variant).collect();
    let input = json!({ "title": product.1, "description": product.5, "publish": true, "variants": variants });
    let made = owner.run(PRODUCT_CREATE, json!({ "input": input })).await?;
    let nodes = made["product"]["variants"]["nodes"].as_array().cloned().unwrap_or_default();
    let ids = nodes.iter().map(|it| Ok((text(&it["sku"])?, text(&it["id"])?))).collect::<anyhow::Result<_>>()?;
    Ok((text(&made["product"]["id"])?, ids))
}

/// Reports a supplier's first stock as the supplier, rather than wait for the store to ask.
async fn report_stock(owner: &Client, goods: &Goods, supplier_id: &str, side: Side) -> anyhow::Result<()> {
    let input = json!({ "name": format!("{}, first stock", side.name()), "scope": "SUPPLIER", "supplierId": supplier_id, "days": 1 });
    let token = owner.run(API_TOKEN_CREATE, json!({ "input": input })).await?;
    let supplier = owner.with_token(&text(&token["token"])?);
    let had = goods.variants().filter(|(_, product)| product.is_had_by(side));
    let items: Vec<Value> =
        had.map(|(it, _)| json!({ "supplierSku": it.supplier_sku(side), "quantity": it.stock(side) })).collect();
    let as_of = crate::kernel::clock::Clock::System.now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    for part in items.chunks(200) {
        let input = json!({ "asOf": as_of, "full": false, "items": part });
        supplier.run(SUPPLIER_STOCK_REPORT, json!({ "input": input })).await?;
    }
    owner.run(API_TOKEN_REVOKE, json!({ "id": token["apiToken"]["id"] })).await?;
    Ok(())
}

fn euros(amount: &str) -> Value {
    json!({ "amount": amount, "currencyCode": "EUR" })
}

fn text(value: &Value) -> anyhow::Result<String> {
    value.as_str().map(str::to_owned).context("the store's answer lacks a field that was asked for")
}
