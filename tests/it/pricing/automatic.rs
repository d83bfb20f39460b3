//! Prices that follow costs and rates by themselves.

use std::time::Duration;

use chrono::TimeDelta;
use consign::platform::jobs;
use consign::pricing::WatchPrices;
use serde_json::{Value, json};

use super::{Stage, euros};
use crate::support::app::TestApp;
use crate::support::gql::Client;
use crate::support::stock;

crate::engine_tests![
    a_cost_that_changes_changes_the_price,
    only_automatic_rules_follow_by_themselves,
    the_next_step_comes_by_itself,
    a_price_is_made_with_the_rate_of_the_day,
];

/// Longer than the day that a rule leaves a price alone.
const DAY: Duration = Duration::from_secs(25 * 3600);

async fn a_cost_that_changes_changes_the_price(app: TestApp) {
    let stage = Stage::open(&app, 2).await;
    stage.rule(json!({ "markupPercent": "100", "automatic": true })).await;
    app.run_jobs().await;
    assert_eq!(stage.prices().await, ["8.00", "8.00"], "a new rule is followed at once");
    app.advance(DAY).await;
    stage.report(&app, "4.50").await;
    assert_eq!(stage.prices().await, ["8.00", "8.00"], "not before its job");
    app.run_jobs().await;
    assert_eq!(stage.prices().await, ["9.00", "9.00"]);
    stage.report(&app, "5.00").await;
    app.run_jobs().await;
    assert_eq!(stage.prices().await, ["9.00", "9.00"], "once a day");
    let history = stage.history().await;
    let change = |it: &Value| [it["from"]["amount"].clone(), it["to"]["amount"].clone(), it["by"].clone()];
    let shown: Vec<[Value; 3]> = history.iter().map(change).collect();
    let expected = |from: &str, to: &str| [json!(from), json!(to), json!("system:prices")];
    assert_eq!(shown, [expected("8.00", "9.00"), expected("10.00", "8.00")]);
    assert!(history[0]["reason"].as_str().is_some_and(|it| it.contains("cost 4.50 EUR")), "{history:?}");
    app.advance(DAY).await;
    stock::offer(&stage.owner, stage.supplier, &stage.variants[0], "S-0", json!({ "cost": euros("6.00") })).await;
    app.run_jobs().await;
    assert_eq!(stage.prices().await, ["12.00", "9.00"], "what the owner says of a cost counts as well");
}

async fn only_automatic_rules_follow_by_themselves(app: TestApp) {
    let stage = Stage::open(&app, 1).await;
    stage.rule(json!({ "markupPercent": "100" })).await;
    stage.report(&app, "4.50").await;
    app.run_jobs().await;
    assert_eq!(stage.prices().await, ["10.00"]);
    // An automatic rule for everything is no reason to follow the one for the supplier.
    let terms = json!({ "markupPercent": "200" });
    super::create(&stage.owner, json!({ "supplierId": stage.supplier, "terms": terms })).await.done("priceRuleCreate");
    stage.rule(json!({ "markupPercent": "50", "automatic": true })).await;
    stage.report(&app, "5.00").await;
    app.run_jobs().await;
    assert_eq!(stage.prices().await, ["10.00"]);
    assert_eq!(stage.preview().await[0]["newPrice"]["amount"], "15.00");
}

async fn the_next_step_comes_by_itself(app: TestApp) {
    let stage = Stage::open(&app, 1).await;
    jobs::ensure(&app.app, &WatchPrices {}).await.expect("it is added");
    stage.rule(json!({ "markupPercent": "400", "maxChangePercent": "50", "automatic": true })).await;
    app.run_jobs().await;
    assert_eq!(stage.prices().await, ["15.00"]);
    app.advance(Duration::from_secs(3 * 3600)).await;
    assert_eq!(stage.prices().await, ["15.00"]);
    app.advance(DAY).await;
    assert_eq!(stage.prices().await, ["20.00"]);
}

async fn set_rate(owner: &Client, rate: &str, from: Option<chrono::DateTime<chrono::Utc>>) {
    let set = "mutation($input: ExchangeRateSetInput!) { exchangeRateSet(input: $input) { userErrors { code message } } }";
    let input = json!({ "currencyCode": "USD", "rate": rate, "validFrom": from });
    owner.run(set, json!({ "input": input })).await.done("exchangeRateSet");
}

async fn a_price_is_made_with_the_rate_of_the_day(app: TestApp) {
    let stage = Stage::open(&app, 1).await;
    let abroad = stock::create_supplier(&stage.owner, json!({ "name": "Abroad", "currency": "USD" })).await;
    let abroad = abroad.text("supplierCreate.supplier.id").parse().expect("an id");
    let create = "mutation($input: ProductCreateInput!) { productCreate(input: $input) {
        product { id variants(first: 1) { nodes { id } } } userErrors { code } } }";
    let input = json!({ "title": "Import", "variants": [{ "sku": "X-0", "price": euros("10.00") }] });
    let made = stage.owner.run(create, json!({ "input": input })).await;
    let variant = made.text("productCreate.product.variants.nodes.0.id");
    let cost = json!({ "cost": { "amount": "10.00", "currencyCode": "USD" } });
    stock::offer(&stage.owner, abroad, &variant, "A-0", cost).await;
    stage.rule(json!({ "markupPercent": "100", "automatic": true })).await;
    app.run_jobs().await;
    let selection = json!({ "productId": made.text("productCreate.product.id") });
    let shown = async || {
        let answer = stage.owner.run(super::PREVIEW, json!({ "selection": selection })).await;
        answer.at("pricePreview.nodes.0").clone()
    };
    let unrated = shown().await;
    assert_eq!((&unrated["outcome"], &unrated["newPrice"]), (&json!("NO_RATE"), &Value::Null));
    assert_eq!(unrated["reason"], "there is no exchange rate for USD");
    assert_eq!(stage.apply(&app).await["leftOut"], 1);
    set_rate(&stage.owner, "0.9", None).await;
    app.run_jobs().await;
    let rated = shown().await;
    assert_eq!((&rated["oldPrice"]["amount"], &rated["outcome"]), (&json!("18.00"), &json!("UNCHANGED")), "{rated}");
    assert_eq!((&rated["exchangeRate"], &rated["landedCost"]["amount"]), (&json!("0.9"), &json!("9.00")));
    assert!(rated["exchangeRateValidFrom"].is_string());
    let reason = rated["reason"].as_str().expect("a reason");
    assert!(reason.contains("cost 10.00 USD × 0.9 (rate of ") && reason.contains(") = 9 EUR"), "{reason}");
    jobs::ensure(&app.app, &WatchPrices {}).await.expect("it is added");
    let tomorrow = app.app.clock.now() + TimeDelta::hours(26);
    set_rate(&stage.owner, "1.1", Some(tomorrow)).await;
    app.advance(DAY).await;
    assert_eq!(shown().await["oldPrice"]["amount"], "18.00", "it does not hold yet");
    app.advance(Duration::from_secs(2 * 3600)).await;
    assert_eq!(shown().await["oldPrice"]["amount"], "22.00");
}
