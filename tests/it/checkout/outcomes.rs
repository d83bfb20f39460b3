//! What becomes of a yes: declined, slow, lost, late, and said by many at once.

use std::time::Duration;

use consign::checkout::jobs::ReconcileAttempt;
use consign::platform::jobs;
use consign::platform::tx::Tx;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::shop::{self, Shop};
use crate::support::stock;

crate::engine_tests![
    a_declined_payment_gives_everything_back_and_may_be_tried_again,
    twenty_repeats_at_once_place_one_order,
    an_answer_that_was_lost_is_found,
    a_payment_that_never_arrived_is_given_up,
    a_late_word_of_the_provider_completes_the_cart,
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
