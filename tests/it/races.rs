//! Many buyers, few goods.

use serde_json::json;

use crate::support::app::TestApp;
use crate::support::shop::{self, Shop};
use crate::support::stock;

crate::engine_tests![fifty_buyers_share_five_units, ten_buyers_share_three_uses_of_a_code];

/// Buys all `carts` at once: how many orders were placed, and what the others were told.
async fn rush(shop: &Shop, carts: Vec<String>, total: &str) -> (usize, Vec<String>) {
    let calls = carts.into_iter().enumerate().map(|(index, cart)| {
        let (guest, total) = (shop.guest.clone(), json!({ "amount": total, "currencyCode": "EUR" }));
        tokio::spawn(async move { shop::complete(&guest, &cart, &format!("k{index}"), total, "tok_ok").await })
    });
    let (mut placed, mut refused) = (0, Vec::new());
    for call in calls.collect::<Vec<_>>() {
        let answer = call.await.unwrap();
        if answer.at("checkoutComplete.order").is_null() {
            refused.extend(answer.user_codes("checkoutComplete"));
        } else {
            placed += 1;
        }
    }
    (placed, refused)
}

async fn fifty_buyers_share_five_units(app: TestApp) {
    let shop = Shop::open(&app, 1, 5, 0).await;
    let mut carts = Vec::new();
    for index in 0..50 {
        // Half of them ask twice for one: two lines of one item count together.
        let lines: &[(usize, i64)] = if index % 2 == 0 { &[(0, 1), (0, 1)] } else { &[(0, 2)] };
        carts.push(shop.ready_cart(lines).await);
    }
    let (placed, refused) = rush(&shop, carts, "30.00").await;
    assert_eq!(placed, 2);
    assert_eq!(refused, vec!["OUT_OF_STOCK"; 48]);
    assert_eq!(stock::figures(&shop.owner, shop.offers[0]).await, [5, 0, 4, 1]);
}

async fn ten_buyers_share_three_uses_of_a_code(app: TestApp) {
    let shop = Shop::open(&app, 1, 100, 0).await;
    let create = "mutation($input: DiscountCreateInput!) { discountCreate(input: $input) {
        discount { id code used } userErrors { code field message } } }";
    let amount = json!({ "amount": "5.00", "currencyCode": "EUR" });
    let input = json!({ "code": "FIRST3", "amount": amount, "usageLimit": 3 });
    let id = shop.owner.run(create, json!({ "input": input })).await;
    let id = id.text("discountCreate.discount.id");
    let mut carts = Vec::new();
    for _ in 0..10 {
        let cart = shop.ready_cart(&[(0, 1)]).await;
        let (declared, given) = ("$id: ID!, $codes: [String!]!", "cartId: $id, codes: $codes");
        let values = json!({ "id": cart, "codes": ["first3"] });
        shop::mutate(&shop.guest, "cartDiscountCodesSet", declared, given, values).await.done("cartDiscountCodesSet");
        carts.push(cart);
    }
    let (placed, refused) = rush(&shop, carts, "12.00").await;
    assert_eq!(placed, 3, "{refused:?}");
    assert!(refused.iter().all(|code| code == "DISCOUNT_INVALID" || code == "TOTAL_MISMATCH"), "{refused:?}");
    let used = shop.owner.run("query($id: ID!) { node(id: $id) { ... on Discount { used } } }", json!({ "id": id })).await;
    assert_eq!(used.at("node.used"), 3);
}
