//! The shop's settings.

use consign::identity::Permission;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::gql::{Answer, Client};

crate::engine_tests![
    everybody_sees_the_shop_and_the_store_sees_more,
    settings_are_checked,
    a_country_keeps_its_tax_when_others_come_and_go,
    the_currency_stands_once_a_price_exists,
    only_the_store_changes_settings,
];

const UPDATE: &str = "mutation($input: StoreSettingsUpdateInput!) {
    storeSettingsUpdate(input: $input) {
        shop { name currencyCode countries { code name } taxes { country { code } rate inclusive }
            capture sender lowStockAt }
        userErrors { code field message } } }";

async fn update(client: &Client, input: Value) -> Answer {
    client.run(UPDATE, json!({ "input": input })).await
}

async fn everybody_sees_the_shop_and_the_store_sees_more(app: TestApp) {
    let owner = app.as_owner().await;
    let input = json!({
        "name": "Tulip & Co", "countries": ["DE", "NL"], "capture": "ON_PLACEMENT", "sender": "hello@tulip.example",
        "lowStockAt": 12,
        "taxes": [{ "countryCode": "DE", "rate": "0.19", "inclusive": true }],
    });
    let shop = update(&owner, input).await.done("storeSettingsUpdate")["shop"].clone();
    assert_eq!(shop["countries"], json!([{ "code": "DE", "name": "Germany" }, { "code": "NL", "name": "Netherlands" }]));
    assert_eq!(shop["taxes"][0], json!({ "country": { "code": "DE" }, "rate": "0.19", "inclusive": true }));
    assert_eq!(shop["taxes"][1]["rate"], "0");
    assert_eq!((&shop["capture"], &shop["sender"]), (&json!("ON_PLACEMENT"), &json!("hello@tulip.example")));
    assert_eq!(shop["lowStockAt"], 12);

    let guest = app.as_guest();
    let seen = guest.run("{ shop { name currencyCode countries { code name } } }", json!({})).await;
    assert_eq!(seen.at("shop.name"), "Tulip & Co");
    assert_eq!(seen.at("shop.countries.1.code"), "NL");
    let hidden = guest.run("{ shop { name sender } }", json!({})).await;
    assert!(!hidden.codes().is_empty(), "a guest sees no sender: {}", hidden.body);
}

async fn settings_are_checked(app: TestApp) {
    let owner = app.as_owner().await;
    for (input, field) in [
        (json!({ "name": "" }), vec!["name"]),
        (json!({ "name": "x".repeat(101) }), vec!["name"]),
        (json!({ "name": "a\nb" }), vec!["name"]),
        (json!({ "sender": "nobody" }), vec!["sender"]),
        (json!({ "sender": "a@b.example\r\nBcc: c@d.example" }), vec!["sender"]),
        (json!({ "lowStockAt": -1 }), vec!["lowStockAt"]),
        (json!({ "lowStockAt": 10_001 }), vec!["lowStockAt"]),
        (json!({ "countries": ["DE", "DE"] }), vec!["countries", "1"]),
        (tax("FR", "0.2"), vec!["taxes", "0", "countryCode"]),
        (tax("DE", "1.01"), vec!["taxes", "0", "rate"]),
        (tax("DE", "-0.01"), vec!["taxes", "0", "rate"]),
        (tax("DE", "0.1234567"), vec!["taxes", "0", "rate"]),
    ] {
        let answer = update(&owner, input.clone()).await;
        assert_eq!(answer.user_codes("storeSettingsUpdate"), ["INVALID"], "{input}");
        assert_eq!(answer.at("storeSettingsUpdate.userErrors.0.field"), &json!(field), "{input}");
        assert_eq!(answer.at("storeSettingsUpdate.shop"), &Value::Null);
    }
    let unknown = update(&owner, json!({ "countries": ["XX"] })).await;
    assert_eq!(unknown.codes(), ["BAD_USER_INPUT"]);
}

fn tax(country: &str, rate: &str) -> Value {
    json!({ "countries": ["DE"], "taxes": [{ "countryCode": country, "rate": rate, "inclusive": false }] })
}

async fn a_country_keeps_its_tax_when_others_come_and_go(app: TestApp) {
    let owner = app.as_owner().await;
    update(&owner, tax("DE", "0.19")).await.done("storeSettingsUpdate");
    let shop = update(&owner, json!({ "countries": ["AT", "DE"] })).await.done("storeSettingsUpdate")["shop"].clone();
    assert_eq!(shop["taxes"][0]["rate"], "0");
    assert_eq!(shop["taxes"][1], json!({ "country": { "code": "DE" }, "rate": "0.19", "inclusive": false }));
}

async fn the_currency_stands_once_a_price_exists(app: TestApp) {
    let owner = app.as_owner().await;
    let shop = update(&owner, json!({ "currencyCode": "JPY" })).await.done("storeSettingsUpdate")["shop"].clone();
    assert_eq!(shop["currencyCode"], "JPY");
    let create = "mutation($input: ProductCreateInput!) { productCreate(input: $input) { userErrors { code field message } } }";
    let product = |amount: &str, currency: &str| {
        json!({ "input": { "title": "Cup", "variants": [
            { "sku": "CUP", "price": { "amount": amount, "currencyCode": currency } }] } })
    };
    let decimals = owner.run(create, product("1.5", "JPY")).await;
    assert_eq!(decimals.user_codes("productCreate"), ["INVALID"]);
    let other = owner.run(create, product("1.50", "EUR")).await;
    assert_eq!(other.user_codes("productCreate"), ["CURRENCY_MISMATCH"]);
    update(&owner, json!({ "currencyCode": "EUR" })).await.done("storeSettingsUpdate");
    owner.run(create, product("1.50", "EUR")).await.done("productCreate");
    let answer = update(&owner, json!({ "currencyCode": "USD" })).await;
    assert_eq!(answer.user_codes("storeSettingsUpdate"), ["CURRENCY_IN_USE"]);
    update(&owner, json!({ "currencyCode": "EUR", "name": "Same" })).await.done("storeSettingsUpdate");
}

async fn only_the_store_changes_settings(app: TestApp) {
    let input = json!({ "name": "Mine now" });
    assert_eq!(update(&app.as_guest(), input.clone()).await.codes(), ["UNAUTHENTICATED"]);
    let staff = app.as_staff(&[Permission::Catalog]).await;
    assert_eq!(update(&staff, input.clone()).await.codes(), ["FORBIDDEN"]);
    let staff = app.as_staff(&[Permission::Settings]).await;
    update(&staff, input).await.done("storeSettingsUpdate");
}
