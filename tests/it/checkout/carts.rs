//! What a cart shows.

use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::shop::{self, Shop};
use crate::support::stock;

crate::engine_tests![
    a_guest_buys,
    a_cart_shows_its_parcels_and_costs,
    lines_are_merged_changed_and_removed,
    a_line_is_split_when_no_supplier_has_enough,
    what_cannot_be_bought_is_a_problem,
    an_option_that_was_picked_stays_picked,
    a_customers_cart_is_theirs_alone,
    bounds_are_kept_and_nothing_is_half_done,
];

async fn a_guest_buys(app: TestApp) {
    let shop = Shop::open(&app, 2, 10, 0).await;
    let cart = shop.ready_cart(&[(0, 1), (1, 2)]).await;
    let answer = shop::buy(&shop.guest, &cart, "k1", "tok_ok").await;
    let payload = answer.done("checkoutComplete");
    assert_eq!(payload["order"]["total"]["amount"], "42.00");
    assert_eq!(payload["payment"]["status"], "AUTHORIZED");
    let token = answer.text("checkoutComplete.order.trackingToken");
    let by_token = shop.guest.run("query($t: String!) { orderByToken(token: $t) { id } }", json!({ "t": token })).await;
    assert_eq!(by_token.text("orderByToken.id"), answer.text("checkoutComplete.order.id"));
    let shown = shop::cart(&shop.guest, &cart).await;
    assert_eq!(shown["completion"]["status"], "COMPLETED");
    assert_eq!(shown["completion"]["order"]["id"], payload["order"]["id"]);
    assert_eq!(shown["cost"]["total"]["amount"], "42.00");
    let [reported, reserved, committed, sellable] = stock::figures(&shop.owner, shop.offers[1]).await;
    assert_eq!([reported, reserved, committed, sellable], [10, 0, 2, 8]);
}

async fn a_cart_shows_its_parcels_and_costs(app: TestApp) {
    let shop = Shop::open(&app, 2, 10, 10).await;
    let cart = shop::cart(&shop.guest, &shop.ready_cart(&[(0, 2), (1, 1)]).await).await;
    // The first variant is cheaper far away, but not by as much as a second parcel costs.
    assert_eq!(cart["parcels"].as_array().map(Vec::len), Some(1), "{cart}");
    let options = cart["parcels"][0]["shippingOptions"].as_array().unwrap();
    assert_eq!(options.iter().map(|it| it["price"]["amount"].clone()).collect::<Vec<_>>(), ["5.00", "10.00"]);
    let cost = |part: &str| cart["cost"][part]["amount"].clone();
    assert_eq!(
        ["subtotal", "discount", "shipping", "tax", "total"].map(cost),
        ["30.00", "0.00", "5.00", "7.00", "42.00"].map(Value::from)
    );
    assert_eq!(cart["problems"], json!([]));
    assert!(!cart.to_string().contains("Near"), "the supplier's name shows: {cart}");
}

async fn lines_are_merged_changed_and_removed(app: TestApp) {
    let shop = Shop::open(&app, 2, 10, 0).await;
    let cart = shop.ready_cart(&[(0, 1), (0, 2)]).await;
    let shown = shop::cart(&shop.guest, &cart).await;
    assert_eq!(shown["lines"].as_array().map(Vec::len), Some(1));
    assert_eq!(shown["lines"][0]["quantity"], 3);
    let lines = json!([{ "variantId": shop.variants[0], "quantity": 1 }, { "variantId": shop.variants[1], "quantity": 1 }]);
    let (declared, given) = ("$id: ID!, $lines: [CartLineInput!]!", "cartId: $id, lines: $lines");
    let answer = shop::mutate(&shop.guest, "cartLinesAdd", declared, given, json!({ "id": cart, "lines": lines })).await;
    let added = answer.done("cartLinesAdd")["cart"]["lines"].clone();
    assert_eq!((added[0]["quantity"].clone(), added[1]["quantity"].clone()), (json!(4), json!(1)));
    let lines = json!([{ "lineId": added[0]["id"], "quantity": 0 }, { "lineId": added[1]["id"], "quantity": 7 }]);
    let (declared, given) = ("$id: ID!, $lines: [CartLineUpdateInput!]!", "cartId: $id, lines: $lines");
    let values = json!({ "id": cart, "lines": lines });
    let answer = shop::mutate(&shop.guest, "cartLinesUpdate", declared, given, values).await;
    let left = answer.done("cartLinesUpdate")["cart"]["lines"].clone();
    assert_eq!(left.as_array().map(Vec::len), Some(1));
    assert_eq!(left[0]["quantity"], 7);
}

async fn a_line_is_split_when_no_supplier_has_enough(app: TestApp) {
    let shop = Shop::open(&app, 1, 3, 2).await;
    let cart = shop.ready_cart(&[(0, 5)]).await;
    let shown = shop::cart(&shop.guest, &cart).await;
    assert_eq!(shown["parcels"].as_array().map(Vec::len), Some(2), "{shown}");
    shop::buy(&shop.guest, &cart, "k", "tok_ok").await.done("checkoutComplete");
    assert_eq!(stock::figures(&shop.owner, shop.offers[0]).await, [3, 0, 3, 0]);
    assert_eq!(stock::figures(&shop.owner, shop.far_offer).await, [2, 0, 2, 0]);
}

fn codes(cart: &Value) -> Vec<Value> {
    cart["problems"].as_array().unwrap().iter().map(|it| it["code"].clone()).collect()
}

async fn what_cannot_be_bought_is_a_problem(app: TestApp) {
    let shop = Shop::open(&app, 2, 3, 0).await;
    let cart = shop.ready_cart(&[(0, 4), (1, 1)]).await;
    let shown = shop::cart(&shop.guest, &cart).await;
    assert_eq!(codes(&shown), ["OUT_OF_STOCK"]);
    assert_eq!(shown["problems"][0]["lineId"], shown["lines"][0]["id"]);
    let update = "mutation($id: ID!, $input: VariantUpdateInput!) { variantUpdate(id: $id, input: $input) {
        userErrors { code field message } } }";
    let price = json!({ "price": { "amount": "12.00", "currencyCode": "EUR" } });
    shop.owner.run(update, json!({ "id": shop.variants[1], "input": price })).await.done("variantUpdate");
    let shown = shop::cart(&shop.guest, &cart).await;
    assert!(codes(&shown).contains(&json!("PRICE_CHANGED")), "{shown}");
    let input = json!({ "lines": [{ "variantId": shop.variants[0], "quantity": 1 }], "country": "FR" });
    let (declared, given) = ("$input: CartCreateInput!", "input: $input");
    let answer = shop::mutate(&shop.guest, "cartCreate", declared, given, json!({ "input": input })).await;
    assert_eq!(codes(&answer.done("cartCreate")["cart"]), ["NOT_SHIPPABLE"]);
}

async fn an_option_that_was_picked_stays_picked(app: TestApp) {
    let shop = Shop::open(&app, 1, 10, 0).await;
    let cart = shop.ready_cart(&[(0, 1)]).await;
    let before = shop::cart(&shop.guest, &cart).await;
    let parcel = &before["parcels"][0];
    let fast = parcel["shippingOptions"][1]["id"].clone();
    let values = json!({ "id": cart, "parcel": parcel["id"], "option": fast });
    let declared = "$id: ID!, $parcel: ID!, $option: ID!";
    let given = "cartId: $id, parcelId: $parcel, shippingOptionId: $option";
    let answer = shop::mutate(&shop.guest, "cartShippingOptionSelect", declared, given, values).await;
    let after = &answer.done("cartShippingOptionSelect")["cart"];
    assert_eq!(after["parcels"][0]["id"], parcel["id"]);
    assert_eq!(after["parcels"][0]["selectedShippingOption"]["id"], fast);
    assert_eq!(after["cost"]["total"]["amount"], "24.00");
    let foreign = shop::cart(&shop.guest, &shop.ready_cart(&[(0, 1)]).await).await;
    assert_ne!(foreign["parcels"][0]["id"], parcel["id"], "a parcel's id tells the supplier");
    let values = json!({ "id": cart, "parcel": foreign["parcels"][0]["id"], "option": fast });
    let answer = shop::mutate(&shop.guest, "cartShippingOptionSelect", declared, given, values).await;
    assert_eq!(answer.user_codes("cartShippingOptionSelect"), ["NOT_FOUND"]);
}

async fn a_customers_cart_is_theirs_alone(app: TestApp) {
    let shop = Shop::open(&app, 1, 10, 0).await;
    let customer = app.as_customer("ann@example.org").await;
    let cart = shop.ready_cart(&[(0, 1)]).await;
    // The customer uses the guest's cart, and so takes it over.
    shop::set_address(&customer, &cart, shop::address()).await.done("cartShippingAddressSet");
    assert_eq!(shop::cart(&shop.guest, &cart).await, Value::Null);
    assert_eq!(shop::cart(&shop.owner, &cart).await, Value::Null);
    let total = shop::total(&customer, &cart).await;
    let answer = shop::complete(&shop.guest, &cart, "k", total, "tok_ok").await;
    assert_eq!(answer.user_codes("checkoutComplete"), ["NOT_FOUND"]);
    shop::buy(&customer, &cart, "k", "tok_ok").await.done("checkoutComplete");
    let orders = customer.run("{ me { orders(first: 5) { nodes { number } } } }", json!({})).await;
    assert_eq!(orders.at("me.orders.nodes").as_array().map(Vec::len), Some(1));
}

async fn bounds_are_kept_and_nothing_is_half_done(app: TestApp) {
    let shop = Shop::open(&app, 1, 10, 0).await;
    let cart = shop.ready_cart(&[(0, 1)]).await;
    let (declared, given) = ("$id: ID!, $lines: [CartLineInput!]!", "cartId: $id, lines: $lines");
    let ghost = "var_00000000000000000000000000000000";
    for (lines, code) in [
        (json!([{ "variantId": shop.variants[0], "quantity": 1 }, { "variantId": shop.variants[0], "quantity": 0 }]), "INVALID"),
        (json!([{ "variantId": shop.variants[0], "quantity": -1 }]), "INVALID"),
        (json!([{ "variantId": shop.variants[0], "quantity": 10_001 }]), "INVALID"),
        (json!([{ "variantId": shop.variants[0], "quantity": 10_000 }]), "INVALID"),
        (json!([{ "variantId": shop.variants[0], "quantity": 1 }, { "variantId": ghost, "quantity": 1 }]), "NOT_FOUND"),
    ] {
        let values = json!({ "id": cart, "lines": lines });
        let answer = shop::mutate(&shop.guest, "cartLinesAdd", declared, given, values).await;
        assert_eq!(answer.user_codes("cartLinesAdd"), [code], "{lines}");
    }
    let bad = json!({ "name": "", "address1": "x\ny", "city": "B", "postalCode": "1", "countryCode": "DE" });
    let answer = shop::set_address(&shop.guest, &cart, bad).await;
    assert_eq!(answer.user_codes("cartShippingAddressSet"), ["ADDRESS_INVALID"; 3]);
    let shown = shop::cart(&shop.guest, &cart).await;
    assert_eq!(shown["lines"][0]["quantity"], 1);
    assert_eq!(shown["cost"]["total"]["amount"], "18.00");
}
