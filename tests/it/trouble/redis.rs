//! Redis is a convenience: whatever becomes of it, the shop sells what there is and nothing else.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use redis::AsyncCommands as _;
use serde_json::json;

use crate::support::app::TestApp;
use crate::support::own_redis::Redis;
use crate::support::shop::{self, Shop};
use crate::support::stock;

crate::server_tests![
    down_at_boot_it_is_used_once_it_is_there,
    killed_it_holds_nobody_up,
    hung_it_holds_nobody_up,
    read_only_it_holds_nobody_up,
    flushed_it_is_filled_again,
    a_poisoned_cache_sells_nothing_that_is_not_there,
];

/// What a shopper waits at most, whatever Redis does.
const PATIENCE: Duration = Duration::from_secs(3);

/// A process of the store with `redis`.
async fn with(app: &TestApp, redis: &Redis) -> TestApp {
    app.reconfigured(|config| config.redis_url = Some(redis.url.clone())).await
}

/// Looks and buys one of the first variant, each within the time a shopper has.
async fn buys(shop: &Shop, why: &str) {
    let began = Instant::now();
    look(shop).await;
    assert!(began.elapsed() < PATIENCE, "{why}: looking took {:?}", began.elapsed());
    let cart = shop.ready_cart(&[(0, 1)]).await;
    let began = Instant::now();
    let answer = shop::buy(&shop.guest, &cart, "k", "tok_ok").await;
    answer.done("checkoutComplete");
    assert!(answer.at("checkoutComplete.order.id").is_string(), "{why}: {}", answer.body);
    assert!(began.elapsed() < PATIENCE, "{why}: buying took {:?}", began.elapsed());
}

async fn down_at_boot_it_is_used_once_it_is_there(app: TestApp) {
    let mut redis = Redis::start().await;
    redis.signal("-KILL");
    let process = with(&app, &redis).await;
    let shop = Shop::open(&process, 1, 10, 0).await;
    buys(&shop, "down at boot").await;
    redis.restart().await;
    assert!(is_filled(&shop, &redis).await, "nothing was kept in Redis once it was there");
    buys(&shop, "there again").await;
}

/// Whether looking fills Redis, which may take a while: what is forgotten meanwhile leaves it empty.
async fn is_filled(shop: &Shop, redis: &Redis) -> bool {
    let mut connection = redis.connect().await;
    for _ in 0..100 {
        look(shop).await;
        let size: usize = redis::cmd("DBSIZE").query_async(&mut connection).await.expect("a size");
        if size > 0 {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    false
}

/// Reads what is kept in the cache: what is on the shelves.
async fn look(shop: &Shop) {
    for variant in &shop.variants {
        let query = "query($id: ID!) { node(id: $id) { ... on ProductVariant { id availability { available } } } }";
        let seen = shop.guest.run(query, json!({ "id": variant })).await;
        assert_eq!(seen.at("node.id"), variant, "{}", seen.body);
    }
}

/// Buys while Redis is well, and goes on while it is not.
async fn goes_on(app: TestApp, trouble: &str, spoil: impl AsyncFnOnce(&Redis)) {
    let redis = Redis::start().await;
    let process = with(&app, &redis).await;
    let shop = Shop::open(&process, 1, 10, 0).await;
    buys(&shop, "well").await;
    spoil(&redis).await;
    buys(&shop, trouble).await;
    buys(&shop, trouble).await;
    assert_eq!(stock::figures(&shop.owner, shop.offers[0]).await, [10, 0, 3, 7], "{trouble}");
}

async fn killed_it_holds_nobody_up(app: TestApp) {
    goes_on(app, "killed", async |redis| redis.signal("-KILL")).await;
}

async fn hung_it_holds_nobody_up(app: TestApp) {
    goes_on(app, "hung", async |redis| redis.signal("-STOP")).await;
}

async fn read_only_it_holds_nobody_up(app: TestApp) {
    // The replica of a server that is not there takes no writes.
    let spoil = async |redis: &Redis| {
        let command = redis::cmd("REPLICAOF").arg("127.0.0.1").arg(1).to_owned();
        let _: () = command.query_async(&mut redis.connect().await).await.expect("it becomes a replica");
    };
    goes_on(app, "read-only", spoil).await;
}

async fn flushed_it_is_filled_again(app: TestApp) {
    let redis = Redis::start().await;
    let process = with(&app, &redis).await;
    let shop = Shop::open(&process, 1, 10, 0).await;
    buys(&shop, "full").await;
    let mut connection = redis.connect().await;
    let _: () = redis::cmd("FLUSHALL").query_async(&mut connection).await.expect("flushed");
    buys(&shop, "flushed").await;
    assert_eq!(stock::figures(&shop.owner, shop.offers[0]).await, [10, 0, 2, 8]);
    assert!(is_filled(&shop, &redis).await, "it is not filled again");
}

async fn a_poisoned_cache_sells_nothing_that_is_not_there(app: TestApp) {
    let redis = Redis::start().await;
    let process = with(&app, &redis).await;
    let shop = Shop::open(&process, 2, 2, 0).await;
    look(&shop).await;
    let mut connection = redis.connect().await;
    let old = contents(&mut connection).await;
    assert!(!old.is_empty(), "something is kept");
    for _ in 0..2 {
        buys(&shop, "well").await;
    }
    // Now it says that there are two left again; then it says nothing that anybody understands.
    for value in [None, Some(b"\x00\xffgarbage".to_vec())] {
        for (key, kept) in &old {
            let _: () = connection.set(key, value.as_ref().unwrap_or(kept)).await.expect("spoilt");
        }
        let cart = shop.ready_cart(&[(0, 1)]).await;
        let total = json!({ "amount": "17.00", "currencyCode": "EUR" });
        let answer = shop::complete(&shop.guest, &cart, "k", total, "tok_ok").await;
        assert_eq!(answer.user_codes("checkoutComplete"), ["OUT_OF_STOCK"], "{}", answer.body);
        let cart = shop.ready_cart(&[(1, 1)]).await;
        assert!(shop::cart(&shop.guest, &cart).await["problems"].as_array().is_some_and(Vec::is_empty));
    }
    assert_eq!(stock::figures(&shop.owner, shop.offers[0]).await, [2, 0, 2, 0]);
}

/// Everything Redis has that is plain text or bytes.
async fn contents(connection: &mut redis::aio::MultiplexedConnection) -> BTreeMap<String, Vec<u8>> {
    let keys: Vec<String> = connection.keys("*").await.expect("keys");
    let mut contents = BTreeMap::new();
    for key in keys {
        if let Ok(value) = connection.get::<_, Vec<u8>>(&key).await {
            contents.insert(key, value);
        }
    }
    contents
}
