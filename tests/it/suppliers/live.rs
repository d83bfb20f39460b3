//! Figures that are too old to be sold by are asked for anew while the buyer waits.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::platform::Place;
use crate::standins::Fault;
use crate::standins::cj::Cj;
use crate::support::app::TestApp;
use crate::support::gql::{Answer, Client};
use crate::support::{shop, stock, trade};

crate::engine_tests![
    an_old_figure_is_asked_for_before_it_is_sold,
    a_supplier_that_does_not_answer_holds_nobody_up,
    a_supplier_that_cannot_be_asked_is_refused_the_setting,
];

/// A supplier at CJ with nine of one thing, whose figures are good for five minutes.
async fn open(app: &TestApp) -> (Cj, Place) {
    let cj = Cj::start().await;
    cj.item("vid-1", "CJLAMP", "Lamp", "4.00", 9);
    cj.balance("1000");
    let settings = json!({ "apiKey": cj.api_key(), "payment": "BALANCE", "baseUrl": cj.url, "callsPerSecond": 6 });
    let place = Place::open(app, "cj", settings, "CN", "CJPacket Ordinary", "vid-1").await;
    let answer = terms(&place.owner, json!(place.supplier), 5).await;
    assert_eq!(answer.done("supplierUpdate")["supplier"]["stock"]["liveCheckMinutes"], 5);
    (cj, place)
}

async fn terms(owner: &Client, supplier: Value, minutes: i64) -> Answer {
    let update = "mutation($id: ID!, $input: SupplierUpdateInput!) { supplierUpdate(id: $id, input: $input) {
        supplier { stock { liveCheckMinutes } } userErrors { code field message } } }";
    owner.run(update, json!({ "id": supplier, "input": { "stock": { "liveCheckMinutes": minutes } } })).await
}

/// Buys two as a guest; what the checkout answers.
async fn buy(place: &Place, app: &TestApp) -> Answer {
    let guest = app.as_guest();
    let cart = shop::mutate(
        &guest,
        "cartCreate",
        "$input: CartCreateInput!",
        "input: $input",
        json!({ "input": { "lines": [{ "variantId": place.variant, "quantity": 2 }], "contact": { "email": "a@example.org" } } }),
    )
    .await
    .text("cartCreate.cart.id");
    shop::set_address(&guest, &cart, shop::address()).await.done("cartShippingAddressSet");
    shop::buy(&guest, &cart, "k", "tok_ok").await
}

async fn an_old_figure_is_asked_for_before_it_is_sold(app: TestApp) {
    let (cj, place) = open(&app).await;
    cj.item("vid-1", "CJLAMP", "Lamp", "4.00", 1);
    // The figure is young: nine are there as far as anybody knows.
    buy(&place, &app).await.done("checkoutComplete");
    app.app.clock.advance(chrono::TimeDelta::minutes(6));
    let answer = buy(&place, &app).await;
    assert_eq!(answer.user_codes("checkoutComplete"), ["OUT_OF_STOCK"], "{}", answer.body);
    cj.item("vid-1", "CJLAMP", "Lamp", "4.00", 9);
    app.app.clock.advance(chrono::TimeDelta::minutes(6));
    // The buyer was shown a cart that could not be sent; what is known now can be, for its postage.
    assert_eq!(buy(&place, &app).await.user_codes("checkoutComplete"), ["TOTAL_MISMATCH"]);
    buy(&place, &app).await.done("checkoutComplete");
}

async fn a_supplier_that_does_not_answer_holds_nobody_up(app: TestApp) {
    let (cj, place) = open(&app).await;
    app.app.clock.advance(chrono::TimeDelta::minutes(6));
    cj.fail_next("product/stock/queryByVid", Fault::HangBefore);
    let began = Instant::now();
    buy(&place, &app).await.done("checkoutComplete");
    assert!(began.elapsed() < Duration::from_secs(6), "took {:?}", began.elapsed());
}

async fn a_supplier_that_cannot_be_asked_is_refused_the_setting(app: TestApp) {
    let owner = trade::open(&app).await;
    let supplier = stock::portal_supplier(&owner, "Portal").await;
    let answer = terms(&owner, json!(supplier), 5).await;
    assert_eq!(answer.user_codes("supplierUpdate"), ["INVALID"], "{}", answer.body);
}
