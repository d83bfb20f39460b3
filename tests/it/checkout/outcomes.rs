//! What becomes of a yes: declined, slow, lost, late, and said by many at once.

use std::time::Duration;

use chrono::TimeDelta;
use consign::app::{App, Parts};
use consign::checkout::jobs::ReconcileAttempt;
use consign::kernel::clock::Clock;
use consign::kernel::ids::IdSource;
use consign::payments::Gateways;
use consign::platform::jobs;
use consign::platform::tx::Tx;
use consign::worker;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::shop::{self, Shop};
use crate::support::stock;

crate::engine_tests![
    a_declined_payment_gives_everything_back_and_may_be_tried_again,
    twenty_repeats_at_once_place_one_order,
    an_answer_that_was_lost_is_found,
    a_payment_that_never_arrived_is_given_up,
    a_payment_that_met_a_closed_door_is_sent_again,
    a_late_word_of_the_provider_completes_the_cart,
    a_provider_silent_for_long_is_told_of_once_and_settles_late,
    a_payment_nobody_knows_of_is_given_up_by_a_person,
    a_late_yes_to_what_a_person_gave_up_is_released,
    a_slow_provider_is_waited_for,
    nothing_can_be_paid_twice_while_it_is_processing,
    a_free_order_needs_no_provider,
];

async fn completion(shop: &Shop, cart: &str) -> Value {
    shop::cart(&shop.guest, cart).await["completion"].clone()
}

/// Lets the time of the reconciliation come until the cart has left `PROCESSING`.
async fn settled(app: &TestApp, shop: &Shop, cart: &str) -> Value {
    for _ in 0..20 {
        app.advance(Duration::from_secs(15)).await;
        let completion = completion(shop, cart).await;
        if completion["status"] != "PROCESSING" {
            return completion;
        }
    }
    panic!("the cart is stuck");
}

async fn a_declined_payment_gives_everything_back_and_may_be_tried_again(app: TestApp) {
    let shop = Shop::open(&app, 1, 10, 0).await;
    let cart = shop.ready_cart(&[(0, 2)]).await;
    let answer = shop::buy(&shop.guest, &cart, "k1", "tok_declined").await;
    assert_eq!(answer.user_codes("checkoutComplete"), ["PAYMENT_DECLINED"]);
    assert_eq!(answer.text("checkoutComplete.payment.status"), "DECLINED");
    assert_eq!(stock::figures(&shop.owner, shop.offers[0]).await, [10, 0, 0, 10]);
    let told = completion(&shop, &cart).await;
    assert_eq!((told["status"].clone(), told["userErrors"][0]["code"].clone()), (json!("FAILED"), json!("PAYMENT_DECLINED")));
    let again = shop::buy(&shop.guest, &cart, "k1", "tok_declined").await;
    assert_eq!(again.at("checkoutComplete"), answer.at("checkoutComplete"));
    shop::buy(&shop.guest, &cart, "k2", "tok_ok").await.done("checkoutComplete");
    let again = shop::complete(&shop.guest, &cart, "k1", json!({ "amount": "30.00", "currencyCode": "EUR" }), "tok_declined").await;
    assert_eq!(again.at("checkoutComplete"), answer.at("checkoutComplete"), "a final answer stays");
}

async fn twenty_repeats_at_once_place_one_order(app: TestApp) {
    let shop = Shop::open(&app, 1, 10, 0).await;
    let cart = shop.ready_cart(&[(0, 1)]).await;
    let total = shop::total(&shop.guest, &cart).await;
    let calls = (0..20).map(|_| {
        let (guest, cart, total) = (shop.guest.clone(), cart.clone(), total.clone());
        tokio::spawn(async move { shop::complete(&guest, &cart, "k", total, "tok_ok").await })
    });
    let mut orders = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        let answer = call.await.unwrap();
        answer.done("checkoutComplete");
        orders.push(answer.text("checkoutComplete.order.id"));
    }
    orders.dedup();
    assert_eq!(orders.len(), 1);
    assert_eq!(stock::figures(&shop.owner, shop.offers[0]).await, [10, 0, 1, 9]);
}

async fn an_answer_that_was_lost_is_found(app: TestApp) {
    let shop = Shop::open(&app, 1, 10, 0).await;
    for token in ["tok_500_after", "tok_timeout_after"] {
        let cart = shop.ready_cart(&[(0, 1)]).await;
        let answer = shop::buy(&shop.guest, &cart, token, token).await;
        let told = if answer.at("checkoutComplete.order").is_null() {
            assert_eq!(answer.done("checkoutComplete")["order"], Value::Null);
            settled(&app, &shop, &cart).await
        } else {
            completion(&shop, &cart).await
        };
        assert_eq!(told["status"], "COMPLETED", "{token}");
        let again = shop::complete(&shop.guest, &cart, token, json!({ "amount": "18.00", "currencyCode": "EUR" }), token).await;
        assert_eq!(again.done("checkoutComplete")["order"]["id"], told["order"]["id"]);
    }
    assert_eq!(stock::figures(&shop.owner, shop.offers[0]).await, [10, 0, 2, 8]);
}

async fn a_payment_that_never_arrived_is_given_up(app: TestApp) {
    let shop = Shop::open(&app, 1, 10, 0).await;
    let cart = shop.ready_cart(&[(0, 1)]).await;
    let answer = shop::buy(&shop.guest, &cart, "k", "tok_timeout_before").await;
    assert_eq!(answer.done("checkoutComplete")["order"], Value::Null);
    assert_eq!(stock::figures(&shop.owner, shop.offers[0]).await, [10, 1, 0, 9]);
    let told = settled(&app, &shop, &cart).await;
    assert_eq!((told["status"].clone(), told["userErrors"][0]["code"].clone()), (json!("FAILED"), json!("PAYMENT_DECLINED")));
    assert_eq!(stock::figures(&shop.owner, shop.offers[0]).await, [10, 0, 0, 10]);
    shop::buy(&shop.guest, &cart, "k2", "tok_ok").await.done("checkoutComplete");
}

async fn a_payment_that_met_a_closed_door_is_sent_again(app: TestApp) {
    let shop = Shop::open(&app, 1, 10, 0).await;
    let cart = shop.ready_cart(&[(0, 1)]).await;
    let nobody = "http://127.0.0.1:9".to_owned();
    let away = app.reconfigured(|config| config.gateways.test.as_mut().unwrap().url = nobody).await;
    let answer = shop::buy(&away.as_guest(), &cart, "k", "tok_ok").await;
    assert_eq!(answer.done("checkoutComplete")["order"], Value::Null);
    let payment = completion(&shop, &cart).await["payment"]["id"].as_str().unwrap().to_owned();
    let provider = app.app.gateways.get("test").unwrap();
    assert_eq!(provider.find(&payment).await.unwrap(), []);
    app.advance(Duration::from_secs(21)).await;
    assert_eq!(completion(&shop, &cart).await["status"], "COMPLETED");
    assert_eq!(provider.find(&payment).await.unwrap().len(), 1);
    assert_eq!(stock::figures(&shop.owner, shop.offers[0]).await, [10, 0, 1, 9]);
}

async fn a_late_word_of_the_provider_completes_the_cart(app: TestApp) {
    let shop = Shop::open(&app, 1, 10, 0).await;
    let cart = shop.ready_cart(&[(0, 1)]).await;
    let answer = shop::buy(&shop.guest, &cart, "k", "tok_late_webhook").await;
    assert_eq!(answer.done("checkoutComplete")["payment"]["status"], "PROCESSING");
    // Whether the webhook or the reconciliation is first, the outcome is one.
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(settled(&app, &shop, &cart).await["status"], "COMPLETED");
    assert_eq!(stock::figures(&shop.owner, shop.offers[0]).await, [10, 0, 1, 9]);
}

/// The same store in a process whose provider is out of reach.
async fn blind(app: &TestApp) -> App {
    let parts = Parts::connect(app.app.config.clone(), Clock::manual(app.app.clock.now()), IdSource::System).await;
    App::new(Parts { gateways: Gateways::default(), ..parts.expect("starts") })
}

/// Runs the jobs of a store whose provider is out of reach, for `hours`; how often they ran.
async fn in_silence(blind: &App, hours: i64) -> usize {
    let mut runs = 0;
    for _ in 0..hours * 240 {
        runs += jobs::run_due(blind, &worker::handlers()).await.expect("jobs run");
        blind.clock.advance(TimeDelta::seconds(15));
    }
    runs
}

async fn unknown_payments(shop: &Shop) -> Vec<Value> {
    let query = "{ workItems(first: 10, filter: { type: [\"PAYMENT_UNKNOWN\"] }) { nodes {
        id status suggestedActions subject { id } } } }";
    shop.owner.run(query, json!({})).await.at("workItems.nodes").as_array().unwrap().clone()
}

async fn a_provider_silent_for_long_is_told_of_once_and_settles_late(app: TestApp) {
    let shop = Shop::open(&app, 1, 10, 0).await;
    let cart = shop.ready_cart(&[(0, 1)]).await;
    shop::buy(&shop.guest, &cart, "k", "tok_500_after").await.done("checkoutComplete");
    assert_eq!(completion(&shop, &cart).await["status"], "PROCESSING");
    let blind = blind(&app).await;
    in_silence(&blind, 1).await;
    let told = unknown_payments(&shop).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["subject"]["id"], completion(&shop, &cart).await["payment"]["id"]);
    let runs = in_silence(&blind, 2).await;
    assert!(runs < 40, "asked {runs} times in two hours");
    assert_eq!(unknown_payments(&shop).await.len(), 1);
    assert_eq!(stock::figures(&shop.owner, shop.offers[0]).await, [10, 1, 0, 9], "the goods are held");
    // The provider is back, and a person has it asked at once.
    app.app.clock.advance(TimeDelta::minutes(181));
    stock::resolve(&shop.owner, told[0]["id"].as_str().unwrap(), "RETRY").await;
    app.run_jobs().await;
    assert_eq!(completion(&shop, &cart).await["status"], "COMPLETED");
    assert!(unknown_payments(&shop).await.iter().all(|item| item["status"] == "RESOLVED"));
}

/// A checkout that a person gave up after an hour without a word of its provider; the payment.
async fn given_up(app: &TestApp, shop: &Shop, token: &str) -> String {
    let cart = shop.ready_cart(&[(0, 1)]).await;
    shop::buy(&shop.guest, &cart, "k", token).await.done("checkoutComplete");
    let blind = blind(app).await;
    in_silence(&blind, 1).await;
    let told = unknown_payments(shop).await.remove(0);
    stock::resolve(&shop.owner, told["id"].as_str().unwrap(), "GIVE_UP").await;
    in_silence(&blind, 1).await;
    assert_eq!(completion(shop, &cart).await["status"], "FAILED");
    told["subject"]["id"].as_str().unwrap().to_owned()
}

async fn a_payment_nobody_knows_of_is_given_up_by_a_person(app: TestApp) {
    let shop = Shop::open(&app, 1, 10, 0).await;
    given_up(&app, &shop, "tok_500_after").await;
    assert_eq!(stock::figures(&shop.owner, shop.offers[0]).await, [10, 0, 0, 10]);
    let told = unknown_payments(&shop).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["status"], "RESOLVED");
}

async fn a_late_yes_to_what_a_person_gave_up_is_released(app: TestApp) {
    let shop = Shop::open(&app, 1, 10, 0).await;
    let payment = given_up(&app, &shop, "tok_late_webhook").await;
    // The provider says yes, and its message is lost.
    tokio::time::sleep(Duration::from_millis(2500)).await;
    app.app.clock.advance(TimeDelta::minutes(121));
    for _ in 0..10 {
        app.advance(Duration::from_secs(60)).await;
    }
    let held = app.app.gateways.get("test").unwrap().find(&payment).await.unwrap();
    assert_eq!(held.len(), 1, "{held:?}");
    assert!(held[0].authorized > 0, "{held:?}");
    assert_eq!((held[0].voided, held[0].captured), (held[0].authorized, 0), "{held:?}");
}

async fn a_slow_provider_is_waited_for(app: TestApp) {
    let shop = Shop::open(&app, 1, 10, 0).await;
    let cart = shop.ready_cart(&[(0, 1)]).await;
    let answer = shop::buy(&shop.guest, &cart, "k", "tok_slow").await;
    assert!(answer.done("checkoutComplete")["order"]["id"].is_string());
}

async fn nothing_can_be_paid_twice_while_it_is_processing(app: TestApp) {
    let shop = Shop::open(&app, 1, 10, 0).await;
    let cart = shop.ready_cart(&[(0, 1)]).await;
    let total = shop::total(&shop.guest, &cart).await;
    shop::buy(&shop.guest, &cart, "k", "tok_late_webhook").await.done("checkoutComplete");
    let other = shop::complete(&shop.guest, &cart, "k2", total, "tok_ok").await;
    assert_eq!(other.user_codes("checkoutComplete"), ["IDEMPOTENCY_IN_PROGRESS"]);
    let change = shop::set_address(&shop.guest, &cart, shop::address()).await;
    assert_eq!(change.user_codes("cartShippingAddressSet"), ["IDEMPOTENCY_IN_PROGRESS"]);
    // A crash between hold and settle leaves only the job behind: it finds the outcome.
    let attempt = completion(&shop, &cart).await["payment"]["id"].as_str().unwrap().parse().unwrap();
    let tx = Tx::begin(&app.app).await.unwrap();
    assert_eq!(jobs::enqueue(&tx, &ReconcileAttempt { attempt_id: attempt }).await.unwrap(), None, "it waits already");
    drop(tx);
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(settled(&app, &shop, &cart).await["status"], "COMPLETED");
}

async fn a_free_order_needs_no_provider(app: TestApp) {
    let shop = Shop::open(&app, 1, 10, 0).await;
    shop::service(&shop.owner, shop.near, "FREE", "0.00").await;
    let create = "mutation($input: DiscountCreateInput!) { discountCreate(input: $input) {
        discount { id code } userErrors { code field message } } }";
    let input = json!({ "code": "gift", "percent": "100" });
    shop.owner.run(create, json!({ "input": input })).await.done("discountCreate");
    let cart = shop.ready_cart(&[(0, 1)]).await;
    let (declared, given) = ("$id: ID!, $codes: [String!]!", "cartId: $id, codes: $codes");
    let values = json!({ "id": cart, "codes": ["Gift"] });
    shop::mutate(&shop.guest, "cartDiscountCodesSet", declared, given, values).await.done("cartDiscountCodesSet");
    assert_eq!(shop::total(&shop.guest, &cart).await["amount"], "0.00");
    shop::buy(&shop.guest, &cart, "k", "tok_ok").await.done("checkoutComplete");
    app.run_jobs().await;
}
