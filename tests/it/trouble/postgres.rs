//! PostgreSQL comes back from a restart, and has fewer connections than there are clients.

use sea_orm::{ConnectionTrait, Database};
use serde_json::json;

use crate::support::app::TestApp;
use crate::support::shop::{self, Shop};

crate::server_tests![
    connections_that_were_cut_are_made_anew,
    a_transaction_of_a_process_that_stands_still_is_ended,
    more_clients_than_connections_take_turns,
];

/// Ends every connection to this store's database, as a restart does.
async fn cut(app: &TestApp) {
    let other = Database::connect(app.app.config.database_url.as_str()).await.expect("another program");
    let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    other.execute_unprepared(sql).await.expect("cut");
    other.close().await.expect("closed");
}

async fn connections_that_were_cut_are_made_anew(app: TestApp) {
    let shop = Shop::open(&app, 1, 100, 0).await;
    // Fills the pool.
    let look = || shop.guest.run("{ orders(first: 1) { totalCount } products(first: 1) { nodes { id } } }", json!({}));
    futures_util::future::join_all((0..12).map(|_| look())).await;
    // They fail once each, with a code that says that it passes.
    cut(&app).await;
    let mut failed = 0;
    loop {
        let line = json!({ "variantId": shop.variants[0], "quantity": 1 });
        let create = "mutation($input: CartCreateInput!) { cartCreate(input: $input) { cart { id } } }";
        let answer = shop.guest.run(create, json!({ "input": { "lines": [line] } })).await;
        if answer.codes().is_empty() {
            break;
        }
        assert_eq!(answer.codes(), ["UNAVAILABLE"], "{}", answer.body);
        failed += 1;
        assert!(failed <= app.app.config.database_pool, "they are made anew");
    }
    let cart = shop.ready_cart(&[(0, 1)]).await;
    shop::buy(&shop.guest, &cart, "k", "tok_ok").await.done("checkoutComplete");
}

async fn a_transaction_of_a_process_that_stands_still_is_ended(app: TestApp) {
    // Of the store's own connections: every session ends what nobody goes on with.
    let row = app.app.db.write();
    let sql = "SELECT current_setting('idle_in_transaction_session_timeout') AS idle,
        current_setting('lock_timeout') AS lock, current_setting('statement_timeout') AS statement";
    let statement = sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, sql);
    let row = row.query_one_raw(statement).await.expect("an answer").expect("a row");
    let setting = |name: &str| row.try_get::<String>("", name).expect("a setting");
    assert_eq!([setting("idle"), setting("lock"), setting("statement")], ["20s", "8s", "30s"]);
}

async fn more_clients_than_connections_take_turns(app: TestApp) {
    let small = app.reconfigured(|config| config.database_pool = 2).await;
    let shop = Shop::open(&small, 1, 1_000, 0).await;
    let mut carts = Vec::new();
    for _ in 0..30 {
        carts.push(shop.ready_cart(&[(0, 1)]).await);
    }
    let total = shop::total(&shop.guest, &carts[0]).await;
    let calls = carts.iter().map(|cart| shop::complete(&shop.guest, cart, "k", total.clone(), "tok_ok"));
    for answer in futures_util::future::join_all(calls).await {
        answer.done("checkoutComplete");
    }
}
