//! The owner's records of suppliers.

use consign::identity::Permission;
use consign::kernel::ids::SupplierId;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::stock;

crate::engine_tests![
    secrets_are_sealed_and_never_shown,
    settings_that_cannot_work_are_refused,
    a_shipping_service_is_replaced_by_its_code,
    only_those_who_may_see_suppliers_do,
    a_supplier_is_paused_and_comes_back,
    suppliers_come_in_pages,
];

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const UPDATE: &str = "mutation($id: ID!, $input: SupplierUpdateInput!) { supplierUpdate(id: $id, input: $input) {
    supplier { id name status autoForward settings } userErrors { code field message } } }";

fn settings() -> Value {
    json!({ "baseUrl": "http://127.0.0.1:9/acme", "token": "hush-hush-token", "webhookSecret": SECRET })
}

async fn secrets_are_sealed_and_never_shown(app: TestApp) {
    let owner = app.as_owner().await;
    let answer = stock::create_supplier(&owner, json!({ "adapter": "http", "settings": settings() })).await;
    let supplier = answer.done("supplierCreate")["supplier"].clone();
    assert_eq!(supplier["settings"], json!({ "baseUrl": "http://127.0.0.1:9/acme/" }));
    let query = "query($id: ID!) { supplier(id: $id) { settings webhookUrl health { status lastError } } }";
    let shown = owner.run(query, json!({ "id": supplier["id"] })).await;
    let url = shown.text("supplier.webhookUrl");
    assert_eq!(url, format!("{}/webhooks/suppliers/{}", app.url, supplier["id"].as_str().unwrap()));
    assert_eq!(shown.text("supplier.health.status"), "UNKNOWN");
    let read = app.app.db.read();
    let statement = Statement::from_string(read.get_database_backend(), "SELECT sealed_secrets AS it FROM supplier");
    let sealed: String = read.query_one_raw(statement).await.unwrap().unwrap().try_get("", "it").unwrap();
    for text in [answer.body.to_string(), shown.body.to_string(), sealed] {
        assert!(!text.contains("hush") && !text.contains("MfKQ9"), "{text}");
    }
    let input = json!({ "settings": { "baseUrl": "http://127.0.0.1:9/other" } });
    let moved = owner.run(UPDATE, json!({ "id": supplier["id"], "input": input })).await;
    assert_eq!(moved.done("supplierUpdate")["supplier"]["settings"], json!({ "baseUrl": "http://127.0.0.1:9/other/" }));
    // Another server is not told what this one was given to know.
    let mut settings = json!({ "baseUrl": "http://127.0.0.1:10/acme/" });
    let refused = owner.run(UPDATE, json!({ "id": supplier["id"], "input": { "settings": settings } })).await;
    assert_eq!(refused.user_codes("supplierUpdate"), ["INVALID"]);
    assert_eq!(refused.at("supplierUpdate.userErrors.0.field"), &json!(["settings", "token"]));
    settings["token"] = json!("for-the-other");
    owner.run(UPDATE, json!({ "id": supplier["id"], "input": { "settings": settings } })).await.done("supplierUpdate");
}

async fn settings_that_cannot_work_are_refused(app: TestApp) {
    let owner = app.as_owner().await;
    let with = |field: &str, value: Value| {
        let mut settings = settings();
        settings[field] = value;
        json!({ "adapter": "http", "settings": settings })
    };
    let bad = [
        (json!({ "adapter": "carrier-pigeon" }), "adapter"),
        (json!({ "adapter": "http" }), "settings"),
        (json!({ "settings": { "token": "x" } }), "settings"),
        (json!({ "name": "  " }), "name"),
        (json!({ "cutoff": "25:00" }), "cutoff"),
        (json!({ "timeZone": "Mars/Olympus" }), "timeZone"),
        (json!({ "processingDays": -1 }), "processingDays"),
        (json!({ "stock": { "confidence": "1.5" } }), "stock"),
        (with("baseUrl", json!("http://169.254.169.254/latest")), "settings"),
        (with("baseUrl", json!("http://[::ffff:10.0.0.1]/")), "settings"),
        (with("baseUrl", json!("file:///etc/passwd")), "settings"),
        (with("baseUrl", json!("http://user:pass@127.0.0.1/")), "settings"),
        (with("token", json!("two words")), "settings"),
        (with("webhookSecret", json!("short")), "settings"),
        (with("extra", json!(1)), "settings"),
    ];
    for (changes, field) in bad {
        let answer = stock::create_supplier(&owner, changes.clone()).await;
        let errors = answer.at("supplierCreate.userErrors").as_array().unwrap().clone();
        assert!(!errors.is_empty(), "{changes}");
        assert!(errors.iter().all(|it| it["code"] == "INVALID" && it["field"][0] == field), "{changes}: {errors:?}");
        assert_eq!(answer.at("supplierCreate.supplier"), &Value::Null);
    }
    assert_eq!(owner.run("{ suppliers(first: 5) { totalCount } }", json!({})).await.at("suppliers.totalCount"), 0);
}

async fn a_shipping_service_is_replaced_by_its_code(app: TestApp) {
    let owner = app.as_owner().await;
    let supplier = stock::portal_supplier(&owner, "Acme").await;
    let set = async |name: &str, currency: &str, days: (i32, i32)| {
        let mutation = "mutation($input: SupplierShippingServiceSetInput!) { supplierShippingServiceSet(input: $input) {
            shippingService { id code name countries price { amount currencyCode } transitDays { min max } }
            userErrors { code field message } } }";
        let input = json!({ "supplierId": supplier, "code": "STANDARD", "name": name, "countries": ["DE", "AT", "DE"],
            "price": { "amount": "3.50", "currencyCode": currency }, "transitDays": { "min": days.0, "max": days.1 } });
        owner.run(mutation, json!({ "input": input })).await
    };
    let first = set("Slow", "EUR", (3, 5)).await;
    let made = first.done("supplierShippingServiceSet")["shippingService"].clone();
    assert_eq!(made["countries"], json!(["AT", "DE"]));
    let again = set("Quick", "EUR", (1, 2)).await;
    let same = again.done("supplierShippingServiceSet")["shippingService"].clone();
    assert_eq!((&same["id"], &same["name"]), (&made["id"], &json!("Quick")));
    assert_eq!(set("Quick", "USD", (1, 2)).await.user_codes("supplierShippingServiceSet"), ["CURRENCY_MISMATCH"]);
    assert_eq!(set("Quick", "EUR", (3, 2)).await.user_codes("supplierShippingServiceSet"), ["INVALID"]);
    let query = "query($id: ID!) { supplier(id: $id) { shippingServices { code name } } }";
    let shown = owner.run(query, json!({ "id": supplier })).await;
    assert_eq!(shown.at("supplier.shippingServices"), &json!([{ "code": "STANDARD", "name": "Quick" }]));
}

async fn only_those_who_may_see_suppliers_do(app: TestApp) {
    let owner = app.as_owner().await;
    let supplier = stock::portal_supplier(&owner, "Acme").await;
    let query = "query($id: ID!) { supplier(id: $id) { name } }";
    let ask = async |client: crate::support::gql::Client| client.run(query, json!({ "id": supplier })).await;
    assert_eq!(ask(app.as_staff(&[Permission::Suppliers]).await).await.text("supplier.name"), "Acme");
    assert_eq!(ask(app.as_staff(&[Permission::Catalog]).await).await.codes(), ["FORBIDDEN"]);
    for client in [app.as_guest(), app.as_supplier(supplier).await] {
        let answer = ask(client).await;
        assert!(answer.body["data"]["supplier"].is_null(), "{}", answer.body);
        assert!(!answer.codes().is_empty());
    }
}

async fn a_supplier_is_paused_and_comes_back(app: TestApp) {
    let owner = app.as_owner().await;
    let supplier = stock::portal_supplier(&owner, "Acme").await;
    let variant = stock::variants(&owner, 1).await.remove(0);
    stock::offer(&owner, supplier, &variant, "A-1", json!({})).await;
    let portal = app.as_supplier(supplier).await;
    stock::report(&portal, app.app.clock.now(), false, Value::Null, &[("A-1", 5)]).await.done("supplierStockReport");
    for (paused, available) in [(true, false), (false, true)] {
        let input = json!({ "paused": paused, "name": "Acme Ltd" });
        let answer = owner.run(UPDATE, json!({ "id": supplier, "input": input })).await;
        let status = if paused { "PAUSED" } else { "ACTIVE" };
        assert_eq!(answer.done("supplierUpdate")["supplier"]["status"], status);
        app.run_jobs().await;
        assert_eq!(stock::availability(&app.as_guest(), "V-0").await.0, available);
    }
    let unknown: SupplierId = app.app.ids.secret_id();
    let answer = owner.run(UPDATE, json!({ "id": unknown, "input": {} })).await;
    assert_eq!(answer.user_codes("supplierUpdate"), ["NOT_FOUND"]);
}

async fn suppliers_come_in_pages(app: TestApp) {
    let owner = app.as_owner().await;
    for index in 0..3 {
        app.app.clock.advance(chrono::TimeDelta::seconds(1));
        stock::portal_supplier(&owner, &format!("S{index}")).await;
    }
    let query = "query($first: Int, $after: String) { suppliers(first: $first, after: $after) {
        totalCount nodes { name } pageInfo { hasNextPage endCursor } } }";
    let first = owner.run(query, json!({ "first": 2 })).await;
    assert_eq!(first.at("suppliers.nodes"), &json!([{ "name": "S0" }, { "name": "S1" }]));
    assert_eq!(first.at("suppliers.totalCount"), 3);
    let after = first.text("suppliers.pageInfo.endCursor");
    let rest = owner.run(query, json!({ "first": 2, "after": after })).await;
    assert_eq!(rest.at("suppliers.nodes"), &json!([{ "name": "S2" }]));
    let bad = owner.run(query, json!({ "first": 2, "after": "nonsense" })).await;
    assert_eq!(bad.codes(), ["BAD_USER_INPUT"]);
}
