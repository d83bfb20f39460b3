//! Printful, against a stand-in that was written from its contract alone.

use std::time::Duration;

use serde_json::json;

use super::platform::Place;
use crate::standins::Fault;
use crate::standins::printful::Printful;
use crate::support::app::TestApp;
use crate::support::{stock, trade};

crate::engine_tests![
    an_order_lives_its_whole_life_at_printful,
    what_printful_refuses_is_nobodys_order_there,
    a_confirmed_order_cannot_be_cancelled,
    a_draft_that_was_left_is_confirmed_and_not_made_twice,
    a_message_of_printful_is_taken_once_and_a_forged_one_never,
    only_what_can_be_made_is_for_sale,
    a_charge_that_fails_is_a_refusal,
    an_account_names_its_store_and_calls_too_many_wait,
];

/// Our name for an order, as Printful knows it.
fn short(reference: &str) -> &str {
    reference.strip_prefix("sor_").expect("a supplier order's id")
}

async fn open(app: &TestApp) -> (Printful, Place) {
    let printful = Printful::start().await;
    printful.variant(4012, "4.00");
    printful.sync_variant(4711, "4.00");
    let settings = json!({ "token": printful.token(), "baseUrl": printful.url, "sellingRegion": "north_america" });
    let place = Place::open(app, "printful", settings, "US", "STANDARD", "4711@4012").await;
    (printful, place)
}

async fn an_order_lives_its_whole_life_at_printful(app: TestApp) {
    let (printful, place) = open(&app).await;
    let bought = place.buy(&app, 2).await;
    let name = place.reference(&bought).await;
    let books = printful.orders();
    assert_eq!(books.len(), 1, "{books:?}");
    assert_eq!((books[0].external_id.as_str(), books[0].charges), (short(&name), 1));
    trade::until_paid(&app, &place.owner, &bought.id).await;

    // Two parcels, of which the second is only heard of by asking.
    printful.advance(short(&name), "partial");
    printful.ship(short(&name), "9400100000000000000001", &[(0, 1)]);
    assert_eq!(place.send(&app, printful.shipment_webhook("shipment_sent", "9400100000000000000001")).await, 200);
    trade::until(&app, &place.owner, &bought.id, "PAID", "PARTIALLY_SHIPPED").await;
    printful.ship(short(&name), "9400100000000000000002", &[(0, 1)]);
    printful.advance(short(&name), "fulfilled");
    for number in ["9400100000000000000001", "9400100000000000000002"] {
        printful.move_shipment(number, "shipped", "delivered");
    }
    app.advance(Duration::from_secs(1200)).await;
    trade::until(&app, &place.owner, &bought.id, "PAID", "DELIVERED").await;
    assert_eq!(printful.complaints(), Vec::<String>::new());
}

async fn what_printful_refuses_is_nobodys_order_there(app: TestApp) {
    let (printful, place) = open(&app).await;
    printful.refuse_orders(400, "the address is not served");
    let bought = place.buy(&app, 1).await;
    assert!(printful.orders().is_empty(), "{:?}", printful.orders());
    assert_eq!(place.part(&bought).await["status"], "REJECTED");
    assert_eq!(stock::open_items(&place.owner, "NO_SUPPLIER").await.len(), 1, "a person decides");
}

async fn a_confirmed_order_cannot_be_cancelled(app: TestApp) {
    let (printful, place) = open(&app).await;
    let bought = place.buy(&app, 1).await;
    trade::cancel(&app.as_guest(), &bought).await;
    app.run_jobs().await;
    assert_ne!(trade::statuses(&place.owner, &bought.id).await.1, "CANCELLED");
    assert_eq!(stock::open_items(&place.owner, "CANCELLATION_REFUSED").await.len(), 1);
    assert_eq!(printful.orders()[0].charges, 1);
}

async fn a_draft_that_was_left_is_confirmed_and_not_made_twice(app: TestApp) {
    let (printful, place) = open(&app).await;
    for (index, (call, fault)) in [
        ("v2/orders", Fault::StatusAfter(502)),
        ("v2/orders/{id}/confirmation", Fault::Status(502)),
        ("v2/orders/{id}/confirmation", Fault::StatusAfter(502)),
    ]
    .into_iter()
    .enumerate()
    {
        printful.fail_next(call, fault);
        let bought = place.buy(&app, 1).await;
        assert_eq!(place.part(&bought).await["status"], "UNKNOWN", "{call} {fault:?}");
        for _ in 0..20 {
            app.advance(Duration::from_secs(5)).await;
        }
        trade::until_paid(&app, &place.owner, &bought.id).await;
        let books = printful.orders();
        assert_eq!(books.len(), index + 1, "{call} {fault:?}: {books:?}");
        assert_eq!(books[index].charges, 1, "{call} {fault:?}");
    }
}

async fn a_message_of_printful_is_taken_once_and_a_forged_one_never(app: TestApp) {
    let (printful, place) = open(&app).await;
    let bought = place.buy(&app, 1).await;
    let name = place.reference(&bought).await;
    printful.ship(short(&name), "9400100000000000000001", &[(0, 1)]);
    printful.advance(short(&name), "fulfilled");
    let forged = printful.forged_webhook("shipment_sent", json!({ "order": { "external_id": short(&name) } }));
    assert_eq!(place.send(&app, forged).await, 401);
    let sent = printful.shipment_webhook("shipment_sent", "9400100000000000000001");
    for message in [sent.clone(), printful.again(&sent), sent] {
        assert_eq!(place.send(&app, message).await, 200);
    }
    trade::until(&app, &place.owner, &bought.id, "PAID", "SHIPPED").await;
    let deliveries = "query($sender: String) { webhookDeliveries(first: 10, sender: $sender) { nodes { id status } } }";
    let sender = json!({ "sender": format!("suppliers/{}", place.supplier) });
    let seen = place.owner.run(deliveries, sender).await;
    let ids = seen.at("webhookDeliveries.nodes").as_array().expect("nodes").len();
    assert_eq!(ids, 1, "{}", seen.body);
}

async fn only_what_can_be_made_is_for_sale(app: TestApp) {
    let (printful, place) = open(&app).await;
    let guest = app.as_guest();
    assert_eq!(stock::availability(&guest, "V-0").await, (true, 100));
    for word in ["out of stock", "not fulfillable", "unknown", "on the moon"] {
        printful.available(4012, "dtg", "north_america", word);
        app.advance(Duration::from_secs(15 * 60)).await;
        assert!(!stock::availability(&guest, "V-0").await.0, "{word}");
        printful.available(4012, "dtg", "north_america", "in stock");
        app.advance(Duration::from_secs(15 * 60)).await;
    }
    assert_eq!(place.check().await["trouble"], json!(null));
    printful.revoke_token();
    assert!(place.check().await["trouble"].is_string());
}

async fn a_charge_that_fails_is_a_refusal(app: TestApp) {
    let (printful, place) = open(&app).await;
    printful.decline_charges();
    let bought = place.buy(&app, 1).await;
    assert_eq!(place.part(&bought).await["status"], "REJECTED");
    assert_eq!(printful.orders()[0].charges, 0);
    assert_eq!(stock::open_items(&place.owner, "NO_SUPPLIER").await.len(), 1, "a person decides");
}

async fn an_account_names_its_store_and_calls_too_many_wait(app: TestApp) {
    let (printful, place) = open(&app).await;
    let url = json!(format!("{}/webhooks/suppliers/{}", app.url, place.supplier));
    assert_eq!(printful.webhook_settings()["default_url"], url);
    printful.for_account();
    assert!(place.check().await["trouble"].is_string(), "which store?");
    let update = "mutation($id: ID!, $input: SupplierUpdateInput!) { supplierUpdate(id: $id, input: $input) {
        userErrors { code field message } } }";
    let settings = json!({ "settings": { "storeId": printful.store_id() } });
    place.owner.run(update, json!({ "id": place.supplier, "input": settings })).await.done("supplierUpdate");
    app.run_jobs().await;
    assert_eq!(place.check().await["trouble"], json!(null));
    printful.calls_left(0);
    let trouble = place.check().await["trouble"].clone();
    assert!(trouble.as_str().is_some_and(|it| it.contains("429")), "{trouble}");
}
