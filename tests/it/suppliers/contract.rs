//! What every adapter keeps to. The http adapter is held to it over real HTTP, against the simulator,
//! which shares no code with it.

use std::time::Duration;

use chrono::TimeDelta;
use consign::kernel::address::Address;
use consign::kernel::ids::SupplierId;
use consign::kernel::money::Money;
use consign::suppliers::adapter::{
    AdapterError, CancelAnswer, OrderRequest, PackingSlip, RemoteStatus, RequestLine, StockAnswer, SupplierAdapter,
};
use consign::suppliers::{self, SupplierRejection};
use serde_json::{Value, json};
use std::sync::Arc;

use crate::support::app::TestApp;
use crate::support::stock;

crate::engine_tests![
    the_http_adapter_keeps_the_contract,
    a_failure_says_whether_anything_was_done,
    polling_brings_stock_in_and_notes_health,
    the_portal_is_never_called,
];

const TOKEN: &str = "token-of-the-store";

/// Makes the simulated supplier `acme` with `changes`, and the store's record of it.
async fn acme(app: &TestApp, changes: Value) -> SupplierId {
    let owner = app.as_owner().await;
    let settings = json!({ "baseUrl": format!("{}/suppliers/acme", app.simulator), "token": TOKEN });
    let supplier = stock::supplier(&owner, "Acme", "http", settings).await;
    simulate(app, changes).await;
    let items = json!([
        { "sku": "A-1", "quantity": 1000, "cost": { "amount": "4.10", "currency": "EUR" } },
        { "sku": "B-2", "quantity": 3, "cost": { "amount": "9.99", "currency": "EUR" } },
    ]);
    put(app, "/admin/suppliers/acme/stock", &json!({ "full": true, "items": items })).await;
    supplier
}

async fn simulate(app: &TestApp, changes: Value) {
    let mut settings = json!({ "token": TOKEN, "currency": "EUR", "shippingServices": ["STANDARD"], "splitShipment": 0.0 });
    for (field, value) in changes.as_object().expect("an object") {
        settings[field] = value.clone();
    }
    put(app, "/admin/suppliers/acme", &settings).await;
}

async fn put(app: &TestApp, path: &str, body: &Value) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let response = client.put(format!("{}{path}", app.simulator)).json(body).send().await.unwrap();
    assert!(response.status().is_success(), "{}", response.text().await.unwrap());
}

async fn adapter(app: &TestApp, id: SupplierId) -> Arc<dyn SupplierAdapter> {
    let row = suppliers::lookup(app.app.db.read(), id).await.unwrap().unwrap();
    suppliers::adapter_for(&app.app, &row).unwrap()
}

fn order(app: &TestApp, reference: &str, sku: &str, quantity: i64) -> OrderRequest {
    let line = RequestLine {
        line_id: "line-1".to_owned(),
        sku: sku.to_owned(),
        title: "A thing".to_owned(),
        quantity,
        max_unit_cost: Some(Money::from_minor(1500, "EUR".parse().unwrap())),
    };
    OrderRequest {
        reference: reference.to_owned(),
        placed_at: app.app.clock.now(),
        currency: "EUR".parse().unwrap(),
        destination: Address {
            name: "Ada Lovelace".to_owned(),
            company: None,
            address1: "Musterstraße 1".to_owned(),
            address2: None,
            city: "Berlin".to_owned(),
            region: None,
            postal_code: Some("10115".to_owned()),
            country_code: "DE".parse().unwrap(),
            phone: None,
        },
        email: None,
        shipping_service: "STANDARD".to_owned(),
        accept_by: app.app.clock.now() + TimeDelta::days(1),
        ship_by: app.app.clock.now() + TimeDelta::days(3),
        lines: vec![line],
        packing_slip: PackingSlip { store_name: "Store".to_owned(), order_number: "1001".to_owned(), note: None },
    }
}

async fn the_http_adapter_keeps_the_contract(app: TestApp) {
    let id = acme(&app, json!({})).await;
    keeps_the_contract(&app, adapter(&app, id).await.as_ref()).await;
}

/// The contract: `A-1` is plentiful, `B-2` scarce, `WHAT` unknown.
async fn keeps_the_contract(app: &TestApp, adapter: &dyn SupplierAdapter) {
    assert!(adapter.capabilities().submits);
    assert_eq!(adapter.find("sor_none").await, Ok(None), "asking does nothing");
    let first = adapter.submit(&order(app, "sor_1", "A-1", 2)).await.expect("taken");
    assert_eq!((first.reference.as_str(), &first.status), ("sor_1", &RemoteStatus::Accepted));
    assert_eq!((first.lines[0].line_id.as_str(), first.lines[0].accepted_quantity), ("line-1", Some(2)));
    assert_eq!(first.lines[0].unit_cost, Some(Money::from_minor(410, "EUR".parse().unwrap())));
    let again = adapter.submit(&order(app, "sor_1", "A-1", 2)).await.expect("the same");
    assert_eq!(again.id, first.id, "a repeat has no second effect");
    let other = adapter.submit(&order(app, "sor_1", "A-1", 3)).await;
    assert!(matches!(other, Err(AdapterError::Unknown { .. })), "the reference stands for another order: {other:?}");
    assert_eq!(adapter.find("sor_1").await.expect("an answer").map(|it| it.id), Some(first.id.clone()));
    let cancelled = adapter.cancel(&first.id, "changed their mind").await.expect("an answer");
    assert!(matches!(cancelled, CancelAnswer::Cancelled(it) if it.status == RemoteStatus::Cancelled));
    let scarce = adapter.submit(&order(app, "sor_2", "B-2", 5)).await.expect("taken in part");
    assert_eq!((scarce.status, scarce.lines[0].accepted_quantity), (RemoteStatus::PartiallyAccepted, Some(3)));
    let unknown = adapter.submit(&order(app, "sor_3", "WHAT", 1)).await;
    let is_refused = match &unknown {
        Ok(order) => order.status == RemoteStatus::Rejected,
        Err(error) => matches!(error, AdapterError::Refused { code: SupplierRejection::InvalidSku, .. }),
    };
    assert!(is_refused, "{unknown:?}");
    let StockAnswer::Page { page, etag } = adapter.stock(None, None).await.expect("stock") else { panic!("a page") };
    assert!(page.full && page.items.iter().any(|it| it.sku == "A-1" && it.quantity > 900));
    assert_eq!(adapter.stock(None, etag.as_deref()).await, Ok(StockAnswer::Unchanged));
}

async fn a_failure_says_whether_anything_was_done(app: TestApp) {
    let id = acme(&app, json!({ "faults": { "error429": 1.0 } })).await;
    let adapter = adapter(&app, id).await;
    let busy = adapter.submit(&order(&app, "sor_1", "A-1", 1)).await;
    assert!(matches!(busy, Err(AdapterError::Retry { after: Some(_), .. })), "surely not done: {busy:?}");
    simulate(&app, json!({ "faults": { "error500After": 1.0 } })).await;
    let broken = adapter.submit(&order(&app, "sor_2", "A-1", 1)).await;
    assert!(matches!(broken, Err(AdapterError::Unknown { .. })), "it may be done: {broken:?}");
    simulate(&app, json!({})).await;
    assert!(adapter.find("sor_2").await.expect("an answer").is_some(), "and here it was");
    simulate(&app, json!({ "token": "another" })).await;
    let refused = adapter.submit(&order(&app, "sor_3", "A-1", 1)).await;
    assert!(matches!(&refused, Err(AdapterError::Retry { reason, .. }) if !reason.contains(TOKEN)), "{refused:?}");
}

async fn polling_brings_stock_in_and_notes_health(app: TestApp) {
    let owner = app.as_owner().await;
    let supplier = acme(&app, json!({})).await;
    let variant = stock::variants(&owner, 1).await.remove(0);
    let offer = stock::offer(&owner, supplier, &variant, "A-1", json!({})).await;
    app.advance(Duration::from_secs(16 * 60)).await;
    assert_eq!(stock::figures(&owner, offer).await[0], 1000);
    let health = async || {
        let query = "query($id: ID!) { supplier(id: $id) { health { status lastError lastSuccessAt lastErrorAt } } }";
        owner.run(query, json!({ "id": supplier })).await.at("supplier.health").clone()
    };
    assert_eq!(health().await["status"], "OK");
    simulate(&app, json!({ "token": "another" })).await;
    app.advance(Duration::from_secs(16 * 60)).await;
    let failing = health().await;
    assert_eq!(failing["status"], "FAILING");
    let error = failing["lastError"].as_str().unwrap();
    assert!(error.contains("token") && !error.contains(TOKEN), "{error}");
    simulate(&app, json!({})).await;
    app.app.clock.advance(TimeDelta::seconds(10));
    app.advance(Duration::from_secs(3 * 60)).await;
    assert_eq!(health().await["status"], "OK");
}

async fn the_portal_is_never_called(app: TestApp) {
    let owner = app.as_owner().await;
    let id = stock::portal_supplier(&owner, "Acme").await;
    let adapter = adapter(&app, id).await;
    assert!(!adapter.capabilities().submits);
    let answer = adapter.submit(&order(&app, "sor_1", "A-1", 1)).await;
    assert!(matches!(answer, Err(AdapterError::Retry { .. })), "surely not done");
}
