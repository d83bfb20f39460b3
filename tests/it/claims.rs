//! What guests did becomes theirs when they have an account: carts, and orders.

use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::gql::{Answer, Client};
use crate::support::shop::{self, Shop};

crate::engine_tests![
    a_guests_cart_comes_along,
    two_carts_become_one_within_bounds,
    a_cart_of_somebody_else_stays_theirs,
    an_order_is_claimed_by_its_token_once,
    two_customers_claim_one_order,
    orders_with_a_verified_address_become_the_customers,
];

async fn claim_cart(client: &Client, id: &str) -> Answer {
    shop::mutate(client, "cartClaim", "$id: ID!", "cartId: $id", json!({ "id": id })).await
}

async fn claim_order(client: &Client, token: &str) -> Answer {
    let text = "mutation($token: String!) { orderClaim(token: $token) {
        order { id customer { email } } userErrors { code field message } } }";
    client.run(text, json!({ "token": token })).await
}

async fn orders(client: &Client) -> Value {
    client.run("{ me { orders(first: 10) { totalCount nodes { id } } } }", json!({})).await.at("me.orders").clone()
}

/// Buys as a guest who writes `email`: the order's id and token.
async fn guest_order(shop: &Shop, email: &str, key: &str) -> (String, String) {
    let cart = shop.ready_cart(&[(0, 1)]).await;
    let contact = json!({ "id": cart, "input": { "email": email } });
    shop::mutate(&shop.guest, "cartContactSet", "$id: ID!, $input: CartContactInput!", "cartId: $id, input: $input", contact)
        .await
        .done("cartContactSet");
    let bought = shop::buy(&shop.guest, &cart, key, "tok_ok").await;
    bought.done("checkoutComplete");
    (bought.text("checkoutComplete.order.id"), bought.text("checkoutComplete.order.trackingToken"))
}

async fn a_guests_cart_comes_along(app: TestApp) {
    let shop = Shop::open(&app, 1, 10, 0).await;
    let ada = app.as_customer("ada@example.com").await;
    let cart = shop.ready_cart(&[(0, 2)]).await;
    let claimed = claim_cart(&ada, &cart).await;
    assert_eq!(claimed.done("cartClaim")["cart"]["id"], json!(cart));
    assert_eq!(claimed.at("cartClaim.cart.lines.0.quantity"), 2);
    assert!(shop::cart(&shop.guest, &cart).await.is_null(), "its id opens it to nobody else");
    assert_eq!(claim_cart(&ada, &cart).await.done("cartClaim")["cart"]["id"], json!(cart), "a repeat changes nothing");
    shop::buy(&ada, &cart, "k", "tok_ok").await.done("checkoutComplete");
    assert_eq!(claim_cart(&ada, &cart).await.user_codes("cartClaim"), ["CART_COMPLETED"]);
}

async fn two_carts_become_one_within_bounds(app: TestApp) {
    let shop = Shop::open(&app, 3, 10, 0).await;
    let ada = app.as_customer("ada@example.com").await;
    let lines = |all: &[(usize, i64)]| -> Vec<Value> {
        all.iter().map(|&(at, n)| json!({ "variantId": shop.variants[at], "quantity": n })).collect()
    };
    let create = async |client: &Client, all: &[(usize, i64)]| {
        let input = json!({ "input": { "lines": lines(all) } });
        shop::mutate(client, "cartCreate", "$input: CartCreateInput!", "input: $input", input)
            .await
            .text("cartCreate.cart.id")
    };
    let own = create(&ada, &[(0, 1), (1, 9_999)]).await;
    let guests = shop.ready_cart(&[(0, 2), (1, 5), (2, 4)]).await;
    let claimed = claim_cart(&ada, &guests).await;
    assert_eq!(claimed.done("cartClaim")["cart"]["id"], json!(own));
    let got: Vec<(Value, Value)> = claimed.at("cartClaim.cart.lines").as_array().expect("lines").iter()
        .map(|line| (line["variant"]["id"].clone(), line["quantity"].clone()))
        .collect();
    let wanted = [(0, 3), (1, 10_000), (2, 4)].map(|(at, n): (usize, i64)| (json!(shop.variants[at]), json!(n)));
    assert_eq!(got, wanted, "added, and a line holds 10,000 at most");
    let address = "query($id: ID!) { cart(id: $id) { contact { email } shippingAddress { city } } }";
    let seen = ada.run(address, json!({ "id": own })).await;
    assert_eq!(seen.at("cart.shippingAddress.city"), "Berlin", "what was missing comes along");
    for client in [&ada, &shop.guest] {
        assert!(shop::cart(client, &guests).await.is_null());
    }
    assert_eq!(claim_cart(&ada, &guests).await.user_codes("cartClaim"), ["NOT_FOUND"]);
}

async fn a_cart_of_somebody_else_stays_theirs(app: TestApp) {
    let shop = Shop::open(&app, 1, 10, 0).await;
    let (ada, grace) = (app.as_customer("ada@example.com").await, app.as_customer("grace@example.com").await);
    let cart = shop.ready_cart_of(&ada, &[(0, 1)]).await;
    let before = shop::cart(&ada, &cart).await;
    assert_eq!(claim_cart(&grace, &cart).await.user_codes("cartClaim"), ["NOT_FOUND"]);
    assert_eq!(shop::cart(&ada, &cart).await, before);
    let guests = shop.ready_cart(&[(0, 1)]).await;
    assert_eq!(claim_cart(&shop.guest, &guests).await.codes(), ["UNAUTHENTICATED"]);
    assert_eq!(claim_cart(&shop.owner, &guests).await.codes(), ["FORBIDDEN"]);
    let (one, two) = tokio::join!(claim_cart(&ada, &guests), claim_cart(&grace, &guests));
    let refused: Vec<String> = [one.user_codes("cartClaim"), two.user_codes("cartClaim")].concat();
    assert_eq!(refused, ["NOT_FOUND"], "one of them was faster");
}

async fn an_order_is_claimed_by_its_token_once(app: TestApp) {
    let shop = Shop::open(&app, 1, 10, 0).await;
    let (ada, grace) = (app.as_customer("ada@example.com").await, app.as_customer("grace@example.com").await);
    let (id, token) = guest_order(&shop, "somebody@example.com", "k").await;
    assert_eq!(claim_order(&shop.guest, &token).await.codes(), ["UNAUTHENTICATED"]);
    assert_eq!(claim_order(&shop.owner, &token).await.codes(), ["FORBIDDEN"]);
    let claimed = claim_order(&ada, &token).await;
    assert_eq!(claimed.done("orderClaim")["order"]["customer"]["email"], "ada@example.com");
    assert_eq!(claim_order(&ada, &token).await.done("orderClaim")["order"]["id"], json!(id), "again");
    assert_eq!(orders(&ada).await["nodes"], json!([{ "id": id }]));
    for bad in [token.as_str(), "nothing", ""] {
        let refused = claim_order(&grace, bad).await;
        assert_eq!(refused.user_codes("orderClaim"), ["NOT_FOUND"], "as if there were none");
    }
    assert_eq!(orders(&grace).await["totalCount"], 0);
    let query = "query($token: String!) { orderByToken(token: $token) { id } }";
    let read = shop.guest.run(query, json!({ "token": token })).await;
    assert_eq!(read.at("orderByToken.id"), &json!(id), "the token goes on reading");
}

async fn two_customers_claim_one_order(app: TestApp) {
    let shop = Shop::open(&app, 1, 10, 0).await;
    let (ada, grace) = (app.as_customer("ada@example.com").await, app.as_customer("grace@example.com").await);
    let (_, token) = guest_order(&shop, "somebody@example.com", "k").await;
    let (one, two) = tokio::join!(claim_order(&ada, &token), claim_order(&grace, &token));
    let refused: Vec<String> = [one.user_codes("orderClaim"), two.user_codes("orderClaim")].concat();
    assert_eq!(refused, ["NOT_FOUND"]);
    let counts = [orders(&ada).await["totalCount"].clone(), orders(&grace).await["totalCount"].clone()];
    assert!(counts == [json!(1), json!(0)] || counts == [json!(0), json!(1)], "{counts:?}");
}

async fn orders_with_a_verified_address_become_the_customers(app: TestApp) {
    let shop = Shop::open(&app, 1, 10, 0).await;
    let (first, _) = guest_order(&shop, "Ada@Example.com", "k1").await;
    let (others, token) = guest_order(&shop, "grace@example.com", "k2").await;
    let ada = app.as_customer("ada@example.com").await;
    assert_eq!(orders(&ada).await["totalCount"], 0, "the job has not run yet");
    app.run_jobs().await;
    assert_eq!(orders(&ada).await["nodes"], json!([{ "id": first }]), "however it was spelled");
    // Whoever registers without reading the mailbox gets nothing.
    let register = "mutation { customerRegister(input: { email: \"grace@example.com\", password: \"correct horse battery\" }) {
        accepted userErrors { code } } }";
    app.as_guest().run(register, json!({})).await.done("customerRegister");
    app.run_jobs().await;
    let query = "query($id: ID!) { order(id: $id) { customer { email } } }";
    assert!(shop.owner.run(query, json!({ "id": others })).await.at("order.customer").is_null());
    // What was claimed by token stays with whoever claimed it.
    claim_order(&ada, &token).await.done("orderClaim");
    let grace = app.as_customer("grace@example.com").await;
    app.run_jobs().await;
    assert_eq!(orders(&grace).await["totalCount"], 0);
    assert_eq!(orders(&ada).await["totalCount"], 2);
}
