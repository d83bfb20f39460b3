//! A store with one order whose parcel is on its way, and moves when the run says so.

use std::time::Duration;

use anyhow::Context;
use consign::kernel::clock::Clock;
use serde_json::{Value, json};

use super::documents::operation;
use super::wire::Wire;

/// How often the parcel is looked for at its supplier.
const LOOK: Duration = Duration::from_millis(100);

/// The parcel.
pub struct Parcel {
    /// The tracking token of its order.
    pub token: String,
    shipment: Value,
    url: String,
    supplier_token: String,
    moves: usize,
}

impl Parcel {
    /// Opens the store at `url`, sells one lamp, and hands it to a carrier.
    pub async fn send(url: &str, owner_token: &str) -> anyhow::Result<Self> {
        let mut owner = Wire::connect(url, Some(owner_token)).await?;
        let (supplier_id, supplier_token) = supplier(&mut owner).await?;
        let mut supplier = Wire::connect(url, Some(&supplier_token)).await?;
        let variant = lamp(&mut owner, &mut supplier, &supplier_id).await?;
        let order = buy(url, &variant).await?;
        let id = loop {
            let text = "query O($id: ID!) { order(id: $id) { supplierOrders { id status } } }";
            let found = owner.run(text, &json!({ "id": order["id"] })).await?["supplierOrders"][0].clone();
            if found["status"] == "SUBMITTED" {
                break found["id"].clone();
            }
            tokio::time::sleep(LOOK).await;
        };
        supplier.run(&operation("SupplierOrderAccept"), &json!({ "id": id, "input": {} })).await?;
        let input = json!({ "carrier": "DHL", "trackingNumber": "1" });
        let sent =
            supplier.run(&operation("ShipmentCreate"), &json!({ "supplierOrderId": id, "input": input })).await?;
        let token = order["trackingToken"].as_str().context("no tracking token")?.to_owned();
        Ok(Self { token, shipment: sent["shipment"]["id"].clone(), url: url.to_owned(), supplier_token, moves: 0 })
    }

    /// The parcel is seen somewhere else than before: an event of its order.
    pub async fn moves(&mut self) -> anyhow::Result<()> {
        self.moves += 1;
        let status = ["CUSTOMS", "IN_TRANSIT"][self.moves % 2];
        let input = json!({ "id": self.moves.to_string(), "status": status, "occurredAt": Clock::System.now() });
        let variables = json!({ "shipmentId": self.shipment, "input": input });
        let mut supplier = Wire::connect(&self.url, Some(&self.supplier_token)).await?;
        supplier.run(&operation("ShipmentEventAdd"), &variables).await?;
        Ok(())
    }
}

async fn supplier(owner: &mut Wire) -> anyhow::Result<(String, String)> {
    let taxes = json!([{ "countryCode": "DE", "rate": "0.19", "inclusive": true }]);
    let input = json!({ "countries": ["DE"], "taxes": taxes, "capture": "ON_ACCEPTANCE" });
    owner.run(&operation("StoreSettingsUpdate"), &json!({ "input": input })).await?;
    let input = json!({
        "name": "Portal", "adapter": "portal", "currency": "EUR", "autoForward": true, "shipsFrom": "DE",
        "processingDays": 1,
    });
    let made = owner.run(&operation("SupplierCreate"), &json!({ "input": input })).await?;
    let id = made["supplier"]["id"].as_str().context("no supplier")?.to_owned();
    let input = json!({
        "supplierId": id, "code": "STANDARD", "name": "Standard", "countries": ["DE"], "price": euros("4.90"),
        "transitDays": { "min": 2, "max": 4 },
    });
    owner.run(&operation("SupplierShippingServiceSet"), &json!({ "input": input })).await?;
    let text = "mutation T($input: ApiTokenCreateInput!) { apiTokenCreate(input: $input) \
                { token userErrors { code field message } } }";
    let input = json!({ "name": "portal", "scope": "SUPPLIER", "supplierId": id });
    let made = owner.run(text, &json!({ "input": input })).await?;
    Ok((id, made["token"].as_str().context("no token")?.to_owned()))
}

async fn lamp(owner: &mut Wire, supplier: &mut Wire, supplier_id: &str) -> anyhow::Result<String> {
    let text = "mutation P($input: ProductCreateInput!) { productCreate(input: $input) \
                { product { variants(first: 1) { nodes { id } } } userErrors { code field message } } }";
    let input = json!({ "title": "Lamp", "publish": true, "variants": [{ "sku": "LAMP", "price": euros("10.00") }] });
    let made = owner.run(text, &json!({ "input": input })).await?;
    let id = made["product"]["variants"]["nodes"][0]["id"].as_str().context("no variant")?.to_owned();
    let input = json!({ "supplierId": supplier_id, "variantId": id, "supplierSku": "L", "cost": euros("4.00") });
    owner.run(&operation("SupplierOfferSet"), &json!({ "input": input })).await?;
    let items = json!([{ "supplierSku": "L", "quantity": 9 }]);
    let input = json!({ "asOf": Clock::System.now(), "full": false, "items": items });
    supplier.run(&operation("SupplierStockReport"), &json!({ "input": input })).await?;
    Ok(id)
}

async fn buy(url: &str, variant: &str) -> anyhow::Result<Value> {
    let checkouts = super::flow::Checkouts::of(vec![variant.to_owned()]);
    let mut guest = Wire::connect(url, None).await?;
    checkouts.buy(&mut guest, 0).await
}

fn euros(amount: &str) -> Value {
    json!({ "amount": amount, "currencyCode": "EUR" })
}
