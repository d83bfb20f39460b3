//! After a restoration: what partners did since the backup comes back or is put before a person, and
//! nothing is done twice.

use std::time::Duration;

use consign::platform::db::sqlite_file;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::support::app::{GATEWAY_SECRET, TestApp};
use crate::support::gql::Client;
use crate::support::{program, shop, stock, trade};

crate::engine_tests![
    an_order_lost_with_the_restoration_is_a_work_item,
    a_payment_nobody_knows_is_a_work_item_and_numbers_are_not_given_twice,
    what_may_have_been_sent_under_a_lost_name_waits_for_a_word,
    what_was_captured_after_the_backup_is_not_captured_again,
];

/// The kinds and messages of what waits for somebody.
async fn trouble(owner: &Client) -> Vec<(String, String)> {
    let query = "{ workItems(first: 50) { nodes { type message } } }";
    let answer = owner.run(query, json!({})).await;
    let text = |it: &Value, name: &str| it[name].as_str().expect("a text").to_owned();
    let nodes = answer.at("workItems.nodes").as_array().expect("items").iter();
    nodes.map(|it| (text(it, "type"), text(it, "message"))).collect()
}

fn an_hour_ago(app: &TestApp) -> String {
    (app.app.clock.now() - chrono::TimeDelta::hours(1)).to_rfc3339()
}

/// Has everything older than now count as restored, and starts the store anew, later.
async fn recovered(app: &TestApp) -> TestApp {
    program::run(&app.app.config, &["recover", "--since", &an_hour_ago(app)]).await.done();
    let again = app.reconfigured(|_| {}).await;
    again.advance(Duration::from_secs(300)).await;
    again
}

async fn post(url: String, token: &str, key: &str, body: Value) -> Value {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let request = client.post(&url).bearer_auth(token).header("idempotency-key", key).json(&body);
    let answer = request.send().await.expect("an answer");
    assert!(answer.status().is_success(), "{url}: {}", answer.text().await.unwrap_or_default());
    answer.json().await.expect("JSON")
}

/// The gateway's only payment.
async fn payment(app: &TestApp) -> Value {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let url = format!("{}/gateway/authorizations?changedSince=2020-01-01T00:00:00Z", app.simulator);
    let answer = client.get(url).bearer_auth(GATEWAY_SECRET).send().await.expect("an answer");
    let all: Value = answer.json().await.expect("JSON");
    assert_eq!(all["authorizations"].as_array().expect("a list").len(), 1, "{all}");
    all["authorizations"][0].clone()
}

async fn an_order_lost_with_the_restoration_is_a_work_item(app: TestApp) {
    if sqlite_file(&app.app.config.database_url).is_none() {
        return;
    }
    let shop = shop::Shop::open(&app, 1, 50, 0).await;
    let kept = shop.ready_cart(&[(0, 1)]).await;
    shop::buy(&shop.guest, &kept, "kept", "tok_ok").await.done("checkoutComplete");
    app.run_jobs().await;
    let copy = app.app.config.data_dir.join("copy.db");
    let copy = copy.to_str().expect("a name");
    program::run(&app.app.config, &["backup", "--to", copy]).await.done();
    let lost = shop.ready_cart(&[(0, 2)]).await;
    shop::buy(&shop.guest, &lost, "lost", "tok_ok").await.done("checkoutComplete");

    let folder = tempfile::tempdir().expect("a folder");
    let mut config = app.app.config.clone();
    config.database_url = format!("sqlite://{}", folder.path().join("consign.db").display());
    program::run(&config, &["restore", copy]).await.done();
    let red = program::run(&config, &["doctor", "--json"]).await;
    assert!(!red.well && red.out.contains("consign recover"), "{}", red.out);
    let told = program::run(&config, &["recover"]).await.done();
    assert!(told.contains("1 payments are not known here"), "{told}");
    program::run(&config, &["doctor", "--json"]).await.done();

    let restored = app.reconfigured(|it| it.database_url = config.database_url.clone()).await;
    let items = trouble(&restored.as_owner().await).await;
    let item = items.iter().find(|it| it.0 == "PAYMENT_LOST").unwrap_or_else(|| panic!("{items:?}"));
    assert!(item.1.contains("30.00") && item.1.contains("provider test") && item.1.contains("pay_"), "{item:?}");
    assert_eq!(items.iter().filter(|it| it.0 == "PAYMENT_LOST").count(), 1, "{items:?}");
    program::run(&config, &["recover"]).await.done();
    assert_eq!(trouble(&restored.as_owner().await).await.len(), items.len(), "the same trouble is told once");
}

async fn a_payment_nobody_knows_is_a_work_item_and_numbers_are_not_given_twice(app: TestApp) {
    let shop = shop::Shop::open(&app, 1, 50, 0).await;
    let refused = program::run(&app.app.config, &["recover"]).await.refused();
    assert!(refused.contains("--since"), "{refused}");
    let number = |answer: crate::support::gql::Answer| answer.done("checkoutComplete")["order"]["number"].clone();
    let cart = shop.ready_cart(&[(0, 1)]).await;
    let before = number(shop::buy(&shop.guest, &cart, "before", "tok_ok").await);
    let request = |reference: &str| json!({ "reference": reference, "amount": 4200, "currency": "EUR", "token": "tok_ok" });
    let url = format!("{}/gateway/authorizations", app.simulator);
    post(url.clone(), GATEWAY_SECRET, "lost", request("pay_019aaaaaaaaa7000800000000000000f")).await;
    post(url, GATEWAY_SECRET, "other", request("a reference of somebody else")).await;
    let later = recovered(&app).await;
    let items = trouble(&shop.owner).await;
    let lost: Vec<_> = items.iter().filter(|it| it.0 == "PAYMENT_LOST").collect();
    assert!(lost.len() == 1 && lost[0].1.contains("42.00"), "{items:?}");
    assert!(items.iter().any(|it| it.0 == "RESTORED" && it.1.contains("Near")), "{items:?}");
    let cart = shop.ready_cart_of(&later.as_guest(), &[(0, 1)]).await;
    let after = number(shop::buy(&later.as_guest(), &cart, "after", "tok_ok").await);
    let value = |number: Value| number.as_str().map_or_else(|| number.as_i64(), |it| it.parse().ok()).expect("a number");
    assert!(value(after) > value(before) + 1_000);
}

/// A simulated supplier that is asked and does not tell, whose orders wait for the owner's word, and an order for it.
async fn routed(app: &TestApp) -> (Client, trade::Bought) {
    let owner = trade::open(app).await;
    let variants = stock::variants(&owner, 1).await;
    let supplier = trade::simulated(app, &owner, "north", json!({ "webhook": null })).await;
    trade::shelve(app, "north", "A-1", 9).await;
    trade::offers(app, &owner, supplier, &variants[0], "A-1", 9, "4.00").await;
    app.app.db.write().execute_unprepared("UPDATE supplier SET auto_forward = FALSE").await.expect("a word is needed");
    let bought = trade::buy(app, &[(&variants[0], 2)]).await;
    (owner, bought)
}

async fn approve(owner: &Client, part: &Value) {
    let submit = "mutation($id: ID!) { supplierOrderSubmit(id: $id) {
        supplierOrder { status } userErrors { code field message } } }";
    owner.run(submit, json!({ "id": part["id"] })).await.done("supplierOrderSubmit");
}

/// The only supplier order's reference.
async fn reference(owner: &Client, order: &str) -> String {
    trade::parts(owner, order).await[0]["reference"].as_str().expect("a reference").to_owned()
}

async fn what_may_have_been_sent_under_a_lost_name_waits_for_a_word(app: TestApp) {
    let (_, bought) = routed(&app).await;
    app.app.db.write().execute_unprepared("UPDATE supplier SET auto_forward = TRUE").await.expect("no word is needed");
    // The order is in the backup; that its supplier orders were made and sent is not.
    let later = recovered(&app).await;
    let owner = later.as_owner().await;
    let part = trade::parts(&owner, &bought.id).await[0].clone();
    assert_eq!(part["status"], "ROUTED", "{part}");
    let items = trouble(&owner).await;
    assert!(items.iter().any(|it| it.0 == "APPROVAL_REQUIRED" && it.1.contains("restored from a backup")), "{items:?}");
    let name = reference(&owner, &bought.id).await;
    assert_eq!(trade::effective(&app, &name).await, 0);
    approve(&owner, &part).await;
    trade::until_paid(&later, &owner, &bought.id).await;
    assert_eq!(trade::effective(&app, &name).await, 1);
}

async fn what_was_captured_after_the_backup_is_not_captured_again(app: TestApp) {
    let (owner, bought) = routed(&app).await;
    app.run_jobs().await;
    let part = trade::parts(&owner, &bought.id).await[0].clone();
    let held = payment(&app).await;
    let id = held["id"].as_str().expect("an id");
    let capture = format!("{}/gateway/authorizations/{id}/captures", app.simulator);
    post(capture, GATEWAY_SECRET, "a lost key", json!({ "amount": held["authorized"] })).await;
    let later = recovered(&app).await;
    let owner = later.as_owner().await;
    let items = trouble(&owner).await;
    assert!(items.iter().any(|it| it.0 == "PAYMENT_DIFFERS"), "{items:?}");
    approve(&owner, &part).await;
    later.run_jobs().await;
    later.advance(Duration::from_secs(3)).await;
    later.advance(Duration::from_secs(60)).await;
    trade::until_paid(&later, &owner, &bought.id).await;
    assert_eq!(payment(&app).await["captured"], held["authorized"]);
    // The sums agree now: they are compared by themselves.
    later.advance(Duration::from_secs(3_600)).await;
    assert!(stock::open_items(&owner, "PAYMENT_DIFFERS").await.is_empty());
    assert!(!trouble(&owner).await.iter().any(|it| it.0 == "PAYMENT_FAILED"));
}
