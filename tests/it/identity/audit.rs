//! Who changed what, as the owner reads it.

use consign::identity::Permission;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::gql::{Answer, Client};
use crate::support::{shop, stock};

crate::engine_tests![
    a_change_is_noted_with_who_from_what_and_to_what,
    what_changes_nothing_is_not_noted,
    secrets_show_only_that_they_changed,
    the_log_is_filtered_and_paged,
];

const LOG: &str = "query($filter: AuditFilter, $first: Int, $after: String) {
    auditLog(filter: $filter, first: $first, after: $after) {
        totalCount pageInfo { hasNextPage endCursor }
        nodes { id at actor actorKind credentialId action subjectId changes { field from to } } } }";

async fn log(owner: &Client, filter: Value) -> Answer {
    owner.run(LOG, json!({ "filter": filter })).await
}

/// What became of `field` in an entry.
fn change<'a>(entry: &'a Value, field: &str) -> &'a Value {
    let changes = entry["changes"].as_array().expect("changes");
    changes.iter().find(|it| it["field"] == field).unwrap_or(&Value::Null)
}

async fn a_change_is_noted_with_who_from_what_and_to_what(app: TestApp) {
    let owner = app.as_owner().await;
    let staff = app.as_staff(&[Permission::Settings]).await;
    shop::settings(&staff, json!({ "name": "Tulip & Co" })).await;
    let tax = json!([{ "countryCode": "DE", "rate": "0.19", "inclusive": true }]);
    shop::settings(&staff, json!({ "countries": ["DE"], "taxes": tax })).await;
    let answer = log(&owner, json!({ "action": "storeSettings.update" })).await;
    let entries = answer.at("auditLog.nodes").as_array().expect("entries").clone();
    assert_eq!(entries.len(), 2);
    let named = entries.iter().find(|it| !change(it, "name").is_null()).expect("the name's change");
    assert_eq!((&named["actorKind"], &named["subjectId"]), (&json!("STAFF"), &Value::Null));
    assert_eq!(change(named, "name")["to"], "Tulip & Co");
    assert!(change(named, "name")["from"].is_string());
    assert_eq!(named["credentialId"], named["actor"]);
    let taxed = entries.iter().find(|it| !change(it, "taxes").is_null()).expect("the taxes' change");
    assert_eq!(change(taxed, "taxes")["to"][0]["rateMillionths"], 190_000);

    let variant = stock::variants(&owner, 1).await.remove(0);
    let update = "mutation($id: ID!, $input: VariantUpdateInput!) {
        variantUpdate(id: $id, input: $input) { userErrors { code field message } } }";
    let price = json!({ "price": { "amount": "12.50", "currencyCode": "EUR" } });
    owner.run(update, json!({ "id": variant, "input": price })).await.done("variantUpdate");
    let entry = log(&owner, json!({ "subjectId": variant })).await.at("auditLog.nodes.0").clone();
    assert_eq!((&entry["action"], &entry["actorKind"]), (&json!("variant.update"), &json!("OWNER")));
    assert_eq!(change(&entry, "price"), &json!({ "field": "price", "from": 1000, "to": 1250 }));
}

async fn what_changes_nothing_is_not_noted(app: TestApp) {
    let owner = app.as_owner().await;
    shop::settings(&owner, json!({ "name": "Tulip & Co" })).await;
    shop::settings(&owner, json!({ "name": "Tulip & Co" })).await;
    let answer = log(&owner, json!({ "action": "storeSettings.update" })).await;
    assert_eq!(answer.at("auditLog.totalCount"), 1);
    let refused = "mutation { storeSettingsUpdate(input: { name: \"\" }) { userErrors { code } } }";
    owner.run(refused, json!({})).await;
    let answer = log(&owner, json!({ "action": "storeSettings.update" })).await;
    assert_eq!(answer.at("auditLog.totalCount"), 1);
}

async fn secrets_show_only_that_they_changed(app: TestApp) {
    let owner = app.as_owner().await;
    let settings = |token: &str| json!({ "baseUrl": format!("{}/suppliers/a", app.simulator), "token": token, "webhookSecret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" });
    let id = stock::supplier(&owner, "A", "http", settings("a-token-that-nobody-may-see")).await;
    let update = "mutation($id: ID!, $input: SupplierUpdateInput!) {
        supplierUpdate(id: $id, input: $input) { userErrors { code field message } } }";
    let input = json!({ "settings": settings("another-that-nobody-may-see") });
    owner.run(update, json!({ "id": id, "input": input })).await.done("supplierUpdate");
    let token = "mutation { apiTokenCreate(input: { name: \"a\", scope: OWNER }) { token userErrors { code } } }";
    let token = owner.run(token, json!({})).await.text("apiTokenCreate.token");
    let answer = log(&owner, json!({})).await;
    let text = answer.body.to_string();
    assert!(!text.contains("nobody-may-see") && !text.contains(&token), "{text}");
    let nodes = answer.at("auditLog.nodes").as_array().expect("entries").clone();
    let updated = nodes.iter().find(|it| it["action"] == "supplier.update").expect("the supplier's change");
    assert_eq!(change(updated, "sealed_secrets")["to"], "(hidden)");
}

async fn the_log_is_filtered_and_paged(app: TestApp) {
    let owner = app.as_owner().await;
    for name in ["A", "B", "C"] {
        shop::settings(&owner, json!({ "name": name })).await;
    }
    stock::variants(&owner, 1).await;
    let first = owner.run(LOG, json!({ "filter": { "action": "storeSettings." }, "first": 2 })).await;
    assert_eq!(first.at("auditLog.totalCount"), 3);
    assert_eq!(first.at("auditLog.pageInfo.hasNextPage"), true);
    let after = first.text("auditLog.pageInfo.endCursor");
    let rest = owner.run(LOG, json!({ "filter": { "action": "storeSettings." }, "first": 2, "after": after })).await;
    assert_eq!(rest.at("auditLog.nodes").as_array().map(Vec::len), Some(1));
    assert_eq!(owner.run(LOG, json!({ "after": "x" })).await.codes(), ["BAD_USER_INPUT"]);
    assert_eq!(log(&owner, json!({ "actor": "x".repeat(101) })).await.codes(), ["BAD_USER_INPUT"]);
    assert_eq!(log(&owner, json!({ "until": "2020-01-01T00:00:00Z" })).await.at("auditLog.totalCount"), 0);
    let staff = app.as_staff(&Permission::ALL).await;
    assert_eq!(log(&staff, json!({})).await.codes(), ["FORBIDDEN"]);
}
