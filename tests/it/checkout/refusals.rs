//! Every way a checkout is refused before anybody is charged.

use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::shop::{self, Shop};
use crate::support::stock;

crate::engine_tests![
    what_is_missing_is_named,
    the_total_must_be_the_one_that_was_seen,
    goods_that_are_gone_are_named,
    a_key_means_one_thing,
    a_completed_cart_only_tells_its_outcome,
];

async fn what_is_missing_is_named(app: TestApp) {
    let shop = Shop::open(&app, 1, 10, 0).await;
    let input = json!({ "lines": [{ "variantId": shop.variants[0], "quantity": 1 }], "country": "DE" });
    let (declared, given) = ("$input: CartCreateInput!", "input: $input");
    let cart = shop::mutate(&shop.guest, "cartCreate", declared, given, json!({ "input": input })).await;
    let cart = cart.text("cartCreate.cart.id");
    let answer = shop::buy(&shop.guest, &cart, "k", "tok_ok").await;
    assert_eq!(answer.user_codes("checkoutComplete"), ["CONTACT_REQUIRED", "ADDRESS_INVALID"]);
    let ghost = "crt_00000000000000000000000000000000";
    let euro = json!({ "amount": "1.00", "currencyCode": "EUR" });
    let answer = shop::complete(&shop.guest, ghost, "k", euro.clone(), "tok_ok").await;
    assert_eq!(answer.user_codes("checkoutComplete"), ["NOT_FOUND"]);
    let answer = shop::complete(&shop.guest, &cart, "", euro, "tok_ok").await;
    assert_eq!(answer.user_codes("checkoutComplete"), ["INVALID"]);
    let empty = shop.ready_cart(&[]).await;
    assert_eq!(shop::buy(&shop.guest, &empty, "k", "tok_ok").await.user_codes("checkoutComplete"), ["INVALID"]);
}

async fn the_total_must_be_the_one_that_was_seen(app: TestApp) {
    let shop = Shop::open(&app, 1, 10, 0).await;
    let cart = shop.ready_cart(&[(0, 1)]).await;
    for (amount, currency, code) in [("17.99", "EUR", "TOTAL_MISMATCH"), ("18.00", "USD", "CURRENCY_MISMATCH"), ("18.001", "EUR", "INVALID")] {
        let total = json!({ "amount": amount, "currencyCode": currency });
        let answer = shop::complete(&shop.guest, &cart, "k", total, "tok_ok").await;
        assert_eq!(answer.user_codes("checkoutComplete"), [code]);
        assert_eq!(answer.at("checkoutComplete.payment"), &Value::Null);
    }
    assert_eq!(stock::figures(&shop.owner, shop.offers[0]).await, [10, 0, 0, 10]);
    // A refusal uses nothing up, the key neither.
    shop::buy(&shop.guest, &cart, "k", "tok_ok").await.done("checkoutComplete");
}

async fn goods_that_are_gone_are_named(app: TestApp) {
    let shop = Shop::open(&app, 1, 1, 0).await;
    let (mine, theirs) = (shop.ready_cart(&[(0, 1)]).await, shop.ready_cart(&[(0, 1)]).await);
    shop::buy(&shop.guest, &theirs, "k", "tok_ok").await.done("checkoutComplete");
    let total = json!({ "amount": "18.00", "currencyCode": "EUR" });
    let answer = shop::complete(&shop.guest, &mine, "k", total, "tok_ok").await;
    assert_eq!(answer.user_codes("checkoutComplete"), ["OUT_OF_STOCK"]);
    let line = shop::cart(&shop.guest, &mine).await["lines"][0]["id"].clone();
    assert_eq!(answer.at("checkoutComplete.userErrors.0.field"), &json!(["lines", line]));
}

async fn a_key_means_one_thing(app: TestApp) {
    let shop = Shop::open(&app, 1, 10, 0).await;
    let cart = shop.ready_cart(&[(0, 1)]).await;
    let total = shop::total(&shop.guest, &cart).await;
    let first = shop::complete(&shop.guest, &cart, "k", total.clone(), "tok_ok").await;
    let again = shop::complete(&shop.guest, &cart, "k", total.clone(), "tok_ok").await;
    assert_eq!(first.done("checkoutComplete"), again.done("checkoutComplete"));
    let other = shop::complete(&shop.guest, &cart, "k", total.clone(), "tok_slow").await;
    assert_eq!(other.user_codes("checkoutComplete"), ["IDEMPOTENCY_KEY_REUSED"]);
    let other = shop::complete(&shop.guest, &cart, "k2", total, "tok_ok").await;
    assert_eq!(other.user_codes("checkoutComplete"), ["CART_COMPLETED"]);
}

async fn a_completed_cart_only_tells_its_outcome(app: TestApp) {
    let shop = Shop::open(&app, 1, 10, 0).await;
    let cart = shop.ready_cart(&[(0, 1)]).await;
    shop::buy(&shop.guest, &cart, "k", "tok_ok").await.done("checkoutComplete");
    let answer = shop::set_address(&shop.guest, &cart, shop::address()).await;
    assert_eq!(answer.user_codes("cartShippingAddressSet"), ["CART_COMPLETED"]);
    let query = "query($id: ID!) { cart(id: $id) { contact { email } shippingAddress { name } } }";
    let answer = shop.guest.run(query, json!({ "id": cart })).await;
    assert_eq!(answer.at("cart"), &json!({ "contact": null, "shippingAddress": null }));
}
