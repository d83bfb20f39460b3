//! Answers that are kept: anonymous callers share them, and never see what is no longer true.

use chrono::TimeDelta;
use consign::graph::kept::{Begun, Kept, Shown};
use consign::platform::news::{News, SHOP};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::gql::Client;
use crate::support::{stock, trade};

crate::engine_tests![
    an_answer_is_kept_for_a_second_and_for_strangers_only,
    what_this_process_changes_shows_at_once,
    what_was_overtaken_while_it_was_read_is_not_used,
];

async fn titles(client: &Client, first: u32) -> Vec<String> {
    let query = "query($first: Int!) { products(first: $first) { nodes { title } } }";
    let answer = client.run(query, json!({ "first": first })).await;
    let nodes = answer.at("products.nodes").as_array().expect("products").clone();
    nodes.iter().map(|it| it["title"].as_str().expect("a title").to_owned()).collect()
}

async fn an_answer_is_kept_for_a_second_and_for_strangers_only(app: TestApp) {
    let owner = app.as_owner().await;
    stock::variants(&owner, 1).await;
    let (guest, customer) = (app.as_guest(), app.as_customer("ada@example.com").await);
    assert_eq!(titles(&guest, 5).await, ["Things"]);
    assert_eq!(titles(&customer, 6).await, ["Things"]);
    // Behind everybody's back, as another process would.
    app.app.db.write().execute_unprepared("UPDATE product SET title = 'Others'").await.expect("changed");
    assert_eq!(titles(&guest, 5).await, ["Things"], "kept");
    assert_eq!(titles(&guest, 6).await, ["Others"], "a customer's answer is nobody else's");
    for client in [&owner, &customer] {
        assert_eq!(titles(client, 5).await, ["Others"], "who shows a credential gets no kept answer");
    }
    app.app.clock.advance(TimeDelta::milliseconds(999));
    assert_eq!(titles(&guest, 5).await, ["Things"]);
    app.app.clock.advance(TimeDelta::milliseconds(1));
    assert_eq!(titles(&guest, 5).await, ["Others"], "a second is the longest");
}

async fn what_this_process_changes_shows_at_once(app: TestApp) {
    let owner = trade::open(&app).await;
    let variants = stock::variants(&owner, 2).await;
    let supplier = trade::portal(&owner, "First", true).await;
    let guest = app.as_guest();
    assert_eq!(stock::availability(&guest, "V-0").await, (false, 0));
    trade::offers(&app, &owner, supplier, &variants[0], "F-0", 9, "3.00").await;
    assert_eq!(stock::availability(&guest, "V-0").await, (true, 9), "reported");
    assert_eq!(stock::availability(&guest, "V-1").await, (false, 0));
    trade::buy(&app, &[(&variants[0], 2)]).await;
    assert_eq!(stock::availability(&guest, "V-0").await, (true, 7), "sold");

    assert_eq!(titles(&guest, 5).await, ["Things"]);
    let id = owner.run("{ products(first: 1) { nodes { id } } }", json!({})).await.text("products.nodes.0.id");
    let rename = "mutation($id: ID!) { productUpdate(id: $id, input: { title: \"New\" }) {
        product { id } userErrors { code } } }";
    owner.run(rename, json!({ "id": id })).await.done("productUpdate");
    assert_eq!(titles(&guest, 5).await, ["New"]);

    let name = || async { app.as_guest().run("{ shop { name } }", json!({})).await.at("shop.name").clone() };
    assert_ne!(name().await, json!("Elsewhere"));
    let settings = "mutation { storeSettingsUpdate(input: { name: \"Elsewhere\" }) { userErrors { code } } }";
    owner.run(settings, json!({})).await.done("storeSettingsUpdate");
    assert_eq!(name().await, json!("Elsewhere"));

    emptying_a_collection_shows(&owner, &guest, &id).await;
}

async fn emptying_a_collection_shows(owner: &Client, guest: &Client, product: &str) {
    let create = "mutation { collectionCreate(input: { title: \"Best\" }) { collection { id } userErrors { code } } }";
    let made = owner.run(create, json!({})).await;
    let collection = made.done("collectionCreate")["collection"]["id"].clone();
    let set = "mutation($id: ID!, $products: [ID!]!) {
        collectionProductsSet(id: $id, input: { productIds: $products }) { collection { id } userErrors { code } } }";
    let members = || async {
        let query = "{ collection(slug: \"best\") { products(first: 5) { nodes { id } } } }";
        guest.run(query, json!({})).await.at("collection.products.nodes").as_array().map(Vec::len)
    };
    for products in [vec![product], vec![]] {
        owner.run(set, json!({ "id": collection, "products": products })).await.done("collectionProductsSet");
        assert_eq!(members().await, Some(products.len()));
    }
}

async fn what_was_overtaken_while_it_was_read_is_not_used(app: TestApp) {
    let app = &app.app;
    let (kept, news) = (Kept::default(), app.local::<News>());
    let (stale, fresh, sold) = ([1; 32], [2; 32], [3; 32]);
    let body = || Value::Null.to_string().into_bytes().into();
    let begun = Begun::now(app);
    news.tell(SHOP);
    kept.keep(stale, begun, &Shown::default(), body());
    assert!(kept.find(app, &stale).is_none(), "the change came after the reading began");
    kept.keep(fresh, Begun::now(app), &Shown::default(), body());
    let shown = Shown::default();
    shown.note("stock:one");
    kept.keep(sold, Begun::now(app), &shown, body());
    assert!(kept.find(app, &fresh).is_some() && kept.find(app, &sold).is_some());
    news.tell("stock:one");
    assert!(kept.find(app, &sold).is_none(), "it shows what was sold");
    assert!(kept.find(app, &fresh).is_some(), "it does not");
}
