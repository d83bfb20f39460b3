//! A database that refuses for a while, on every engine.

use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, Database, TransactionTrait};
use serde_json::{Value, json};

use consign::platform::db::Engine;

use crate::support::app::TestApp;
use crate::support::gql::Answer;
use crate::support::shop::{self, Shop};
use crate::support::stock;

crate::engine_tests![
    a_full_disk_says_that_it_passes,
    a_settlement_that_is_undone_is_made_again_and_takes_the_money_once,
    a_lock_that_nobody_gives_back_is_not_waited_for_without_end,
];

const CREATE: &str = "mutation($input: CartCreateInput!) { cartCreate(input: $input) { cart { id }
    userErrors { code field message } } }";

async fn create(shop: &Shop) -> Answer {
    let line = json!({ "variantId": shop.variants[0], "quantity": 1 });
    shop.guest.run(CREATE, json!({ "input": { "lines": [line] } })).await
}

async fn run(app: &TestApp, sql: &str) {
    app.app.db.write().execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// From now on `when` fails; on PostgreSQL with this code.
async fn fails(app: &TestApp, when: &str, table: &str, code: &str) {
    match app.app.db.engine() {
        Engine::Sqlite => {
            let body = "BEGIN SELECT RAISE(ABORT, 'trouble'); END";
            run(app, &format!("CREATE TRIGGER trouble BEFORE {when} ON {table} {body}")).await;
        }
        Engine::Postgres => {
            let body = format!("BEGIN RAISE EXCEPTION 'trouble' USING ERRCODE = '{code}'; END");
            run(app, &format!("CREATE FUNCTION trouble() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")).await;
            run(app, &format!("CREATE TRIGGER trouble BEFORE {when} ON {table} EXECUTE FUNCTION trouble()")).await;
        }
    }
}

async fn is_well_again(app: &TestApp, table: &str) {
    match app.app.db.engine() {
        Engine::Sqlite => run(app, "DROP TRIGGER trouble").await,
        Engine::Postgres => {
            run(app, &format!("DROP TRIGGER trouble ON {table}")).await;
            run(app, "DROP FUNCTION trouble()").await;
        }
    }
}

async fn a_full_disk_says_that_it_passes(app: TestApp) {
    let shop = Shop::open(&app, 1, 10, 0).await;
    // SQLite is told that its file may not grow any more, which is what it makes of a full disk.
    match app.app.db.engine() {
        Engine::Sqlite => run(&app, "PRAGMA max_page_count = 1").await,
        Engine::Postgres => fails(&app, "INSERT", "cart", "53100").await,
    }
    let mut answers = Vec::new();
    while answers.last().is_none_or(|codes: &Vec<String>| codes.is_empty()) {
        // What is left of the last pages is used up first.
        assert!(answers.len() < 200, "it never was full");
        answers.push(create(&shop).await.codes());
    }
    assert_eq!(answers.pop(), Some(vec!["UNAVAILABLE".to_owned()]));
    assert!(shop.guest.run("{ shop { name } }", json!({})).await.codes().is_empty(), "who reads is not concerned");
    match app.app.db.engine() {
        Engine::Sqlite => run(&app, "PRAGMA max_page_count = 1073741823").await,
        Engine::Postgres => is_well_again(&app, "cart").await,
    }
    let cart = shop.ready_cart(&[(0, 1)]).await;
    shop::buy(&shop.guest, &cart, "k", "tok_ok").await.done("checkoutComplete");
}

/// What the gateway did for this store.
async fn authorizations(app: &TestApp) -> Vec<Value> {
    let url = format!("{}/admin/gateway/authorizations?limit=500", app.simulator);
    let body: Value = reqwest::get(url).await.expect("an answer").json().await.expect("JSON");
    body["items"].as_array().expect("a list").clone()
}

async fn a_settlement_that_is_undone_is_made_again_and_takes_the_money_once(app: TestApp) {
    let shop = Shop::open(&app, 1, 10, 0).await;
    let cart = shop.ready_cart(&[(0, 1)]).await;
    let total = shop::total(&shop.guest, &cart).await;
    // A deadlock's victim, for example.
    fails(&app, "INSERT", "orders", "40P01").await;
    let answer = shop::complete(&shop.guest, &cart, "k", total.clone(), "tok_ok").await;
    assert!(answer.at("checkoutComplete.order").is_null(), "nobody says yes to it yet: {}", answer.body);
    assert_eq!(authorizations(&app).await.len(), 1, "the gateway was asked");
    is_well_again(&app, "orders").await;
    let mut placed = Value::Null;
    for _ in 0..20 {
        let answer = shop::complete(&shop.guest, &cart, "k", total.clone(), "tok_ok").await;
        placed = answer.at("checkoutComplete.order")["id"].clone();
        if placed.is_string() {
            break;
        }
        app.advance(Duration::from_secs(15)).await;
    }
    assert!(placed.is_string(), "the order was never placed");
    assert_eq!(authorizations(&app).await.len(), 1, "and not asked again");
    assert_eq!(stock::figures(&shop.owner, shop.offers[0]).await, [10, 0, 1, 9]);
}

async fn a_lock_that_nobody_gives_back_is_not_waited_for_without_end(app: TestApp) {
    let shop = Shop::open(&app, 1, 10, 0).await;
    let other = Database::connect(app.app.config.database_url.as_str()).await.expect("another program");
    let holding = match app.app.db.engine() {
        Engine::Sqlite => {
            other.execute_unprepared("BEGIN IMMEDIATE").await.expect("begun");
            None
        }
        Engine::Postgres => {
            let holding = other.begin().await.expect("begun");
            holding.execute_unprepared("LOCK TABLE cart IN ACCESS EXCLUSIVE MODE").await.expect("locked");
            Some(holding)
        }
    };
    let began = Instant::now();
    let codes = create(&shop).await.codes();
    assert!(codes == ["UNAVAILABLE"] || codes == ["TIMEOUT"], "{codes:?}");
    assert!(began.elapsed() < Duration::from_secs(12), "{:?}", began.elapsed());
    match holding {
        Some(holding) => holding.rollback().await.expect("given back"),
        None => drop(other.execute_unprepared("ROLLBACK").await.expect("given back")),
    }
    // A mutation that gave up may still be waiting in the queue for the one connection.
    let mut codes = create(&shop).await.codes();
    for _ in 0..20 {
        if codes.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        codes = create(&shop).await.codes();
    }
    assert_eq!(codes, Vec::<String>::new(), "and then it goes on");
}
