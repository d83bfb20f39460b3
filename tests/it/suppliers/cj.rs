//! CJdropshipping, against a stand-in that was written from its contract alone.

use std::time::Duration;

use chrono::TimeDelta;
use consign::platform::jobs;
use consign::suppliers::RegisterWebhooks;
use serde_json::{Value, json};

use super::platform::{Place, try_order};
use crate::standins::Fault;
use crate::standins::cj::Cj;
use crate::support::app::TestApp;
use crate::support::{stock, trade};

crate::engine_tests![
    an_order_lives_its_whole_life_at_cj,
    what_cj_refuses_is_nobodys_order_there,
    what_cj_intercepts_is_told,
    webhooks_are_registered_at_an_https_address,
    an_order_is_cancelled_until_it_is_paid,
    a_cancellation_whose_answer_was_lost_is_one,
    another_account_gets_tokens_of_its_own,
    an_answer_that_was_lost_is_found_by_our_number,
    a_message_is_taken_once_and_a_forged_one_never,
    tokens_are_renewed_and_shared,
    a_wrong_key_is_told,
    stock_is_what_cj_holds_where_it_ships_from,
    calls_keep_to_the_tier,
    what_cj_cannot_do_just_now_waits,
    a_trial_order_is_placed_found_and_taken_back,
];

/// A way to send parcels that the stand-in knows.
const SERVICE: &str = "CJPacket Ordinary";

async fn open(app: &TestApp, changes: Value) -> (Cj, Place) {
    let cj = Cj::start().await;
    cj.item("vid-1", "CJLAMP", "Lamp", "4.00", 9);
    cj.balance("1000");
    let mut settings =
        json!({ "apiKey": cj.api_key(), "payment": "BALANCE", "baseUrl": cj.url, "callsPerSecond": 6 });
    for (name, value) in changes.as_object().into_iter().flatten() {
        settings[name] = value.clone();
    }
    let place = Place::open(app, "cj", settings, "CN", SERVICE, "vid-1").await;
    (cj, place)
}

async fn an_order_lives_its_whole_life_at_cj(app: TestApp) {
    let (cj, place) = open(&app, Value::Null).await;
    let bought = place.buy(&app, 2).await;
    let reference = place.reference(&bought).await;
    let books = cj.orders();
    assert_eq!(books.len(), 1, "{books:?}");
    assert_eq!((books[0].order_number.as_str(), books[0].status.as_str()), (reference.as_str(), "UNSHIPPED"));
    assert_eq!((books[0].lines[0].vid.as_str(), books[0].lines[0].quantity), ("vid-1", 2));
    trade::until_paid(&app, &place.owner, &bought.id).await;
    let paid = rust_decimal::Decimal::from(1000) - cj.balance_left();
    assert_eq!(paid.to_string(), "13.50", "two of 4.00 and the postage, once");

    cj.track(&reference, "YT2233445566778899", 1);
    cj.advance(&reference, "SHIPPED");
    assert_eq!(place.send(&app, cj.order_webhook(&reference)).await, 200);
    trade::until(&app, &place.owner, &bought.id, "PAID", "SHIPPED").await;
    cj.track(&reference, "YT2233445566778899", 12);
    assert_eq!(place.send(&app, cj.logistic_webhook(&reference)).await, 200);
    trade::until(&app, &place.owner, &bought.id, "PAID", "DELIVERED").await;
    let order = trade::order(&place.owner, &bought.id).await;
    assert_eq!(order["shipments"][0]["trackingNumber"], "YT2233445566778899");
    assert_eq!(cj.complaints(), Vec::<String>::new());
}

async fn what_cj_refuses_is_nobodys_order_there(app: TestApp) {
    let (cj, place) = open(&app, Value::Null).await;
    cj.refuse_orders(1_603_102, "the address is not served");
    let bought = place.buy(&app, 1).await;
    assert!(cj.orders().is_empty(), "{:?}", cj.orders());
    assert_eq!(place.part(&bought).await["status"], "REJECTED");
    assert_eq!(stock::open_items(&place.owner, "NO_SUPPLIER").await.len(), 1, "a person decides");
}

async fn what_cj_intercepts_is_told(app: TestApp) {
    let (cj, place) = open(&app, Value::Null).await;
    cj.intercept_orders(&[(4711, "the parcel is too heavy")]);
    let bought = place.buy(&app, 1).await;
    assert_eq!(place.part(&bought).await["status"], "SUBMITTED");
    assert_eq!(stock::open_items(&place.owner, "SUPPLIER_ORDER_INTERCEPTED").await.len(), 1);
    // Somebody mended it at CJ.
    cj.advance(&place.reference(&bought).await, "UNSHIPPED");
    app.advance(Duration::from_secs(1200)).await;
    trade::until_paid(&app, &place.owner, &bought.id).await;
    assert!(stock::open_items(&place.owner, "SUPPLIER_ORDER_INTERCEPTED").await.is_empty());
}

async fn webhooks_are_registered_at_an_https_address(app: TestApp) {
    let (cj, place) = open(&app, Value::Null).await;
    assert_eq!(cj.webhook_settings(), json!({}), "this store has none");
    assert_eq!(stock::open_items(&place.owner, "JOB_DEAD").await.len(), 1, "which is told");
    let public = app.reconfigured(|config| config.public_url = Some("https://shop.example".to_owned())).await;
    jobs::ensure(&public.app, &RegisterWebhooks { supplier_id: place.supplier }).await.expect("added");
    public.run_jobs().await;
    let url = format!("https://shop.example/webhooks/suppliers/{}", place.supplier);
    for topic in ["order", "logistics"] {
        assert_eq!(cj.webhook_settings()[topic], json!({ "type": "ENABLE", "callbackUrls": [url] }));
    }
}

async fn an_order_is_cancelled_until_it_is_paid(app: TestApp) {
    let (cj, place) = open(&app, json!({ "payment": "BY_HAND" })).await;
    let first = place.buy(&app, 1).await;
    trade::cancel(&app.as_guest(), &first).await.done("orderCancel");
    trade::until(&app, &place.owner, &first.id, "VOIDED", "CANCELLED").await;
    assert_eq!(cj.orders()[0].status, "DELETED");

    let second = place.buy(&app, 1).await;
    let reference = place.reference(&second).await;
    cj.advance(&reference, "UNSHIPPED");
    trade::cancel(&app.as_guest(), &second).await;
    app.run_jobs().await;
    let order = trade::order(&place.owner, &second.id).await;
    assert_ne!(order["fulfillmentStatus"], "CANCELLED");
    assert_eq!(cj.orders()[1].status, "UNSHIPPED");
}

async fn a_cancellation_whose_answer_was_lost_is_one(app: TestApp) {
    let (cj, place) = open(&app, json!({ "payment": "BY_HAND" })).await;
    let bought = place.buy(&app, 1).await;
    cj.fail_next("shopping/order/deleteOrder", Fault::StatusAfter(502));
    trade::cancel(&app.as_guest(), &bought).await.done("orderCancel");
    for _ in 0..5 {
        app.advance(Duration::from_secs(60)).await;
    }
    assert_eq!(trade::statuses(&place.owner, &bought.id).await, ("VOIDED".to_owned(), "CANCELLED".to_owned()));
    assert_eq!(cj.orders()[0].status, "DELETED");
}

async fn another_account_gets_tokens_of_its_own(app: TestApp) {
    let (_, place) = open(&app, Value::Null).await;
    assert_eq!(place.check().await["trouble"], Value::Null);
    let other = Cj::start().await;
    let update = "mutation($id: ID!, $input: SupplierUpdateInput!) { supplierUpdate(id: $id, input: $input) {
        userErrors { code field message } } }";
    let settings = json!({ "settings": { "apiKey": other.api_key(), "baseUrl": other.url } });
    place.owner.run(update, json!({ "id": place.supplier, "input": settings })).await.done("supplierUpdate");
    assert_eq!(place.check().await["trouble"], Value::Null);
    assert_eq!(other.token_requests().get_access_token, 1);
    assert_eq!(other.complaints(), Vec::<String>::new());
}

async fn an_answer_that_was_lost_is_found_by_our_number(app: TestApp) {
    let (cj, place) = open(&app, Value::Null).await;
    cj.fail_next("shopping/order/createOrderV2", Fault::StatusAfter(502));
    let bought = place.buy(&app, 1).await;
    assert_eq!(place.part(&bought).await["status"], "UNKNOWN");
    app.advance(Duration::from_secs(5)).await;
    trade::until_paid(&app, &place.owner, &bought.id).await;
    assert_eq!(cj.orders().len(), 1, "it is there once");

    // What never arrived is sent again, once that is sure.
    cj.fail_next("shopping/order/createOrderV2", Fault::Status(502));
    let second = place.buy(&app, 1).await;
    for _ in 0..20 {
        app.advance(Duration::from_secs(5)).await;
    }
    trade::until_paid(&app, &place.owner, &second.id).await;
    assert_eq!(cj.orders().len(), 2);
}

async fn a_message_is_taken_once_and_a_forged_one_never(app: TestApp) {
    let (cj, place) = open(&app, Value::Null).await;
    let bought = place.buy(&app, 1).await;
    let reference = place.reference(&bought).await;
    cj.track(&reference, "YT2233445566778899", 1);
    cj.advance(&reference, "SHIPPED");
    let order = cj.order_webhook(&reference);
    assert_eq!(place.send(&app, order.clone()).await, 200);
    trade::until(&app, &place.owner, &bought.id, "PAID", "SHIPPED").await;

    cj.track(&reference, "YT2233445566778899", 12);
    let arrived = cj.logistic_webhook(&reference);
    let theirs = cj.forged_webhook("LOGISTIC", json!({ "orderId": "1", "trackNumber": "YT1", "trackingStatus": 12 }));
    assert_eq!(place.send(&app, theirs).await, 401);
    let mut forged = arrived.clone();
    forged.1.push(b' ');
    assert_eq!(place.send(&app, forged).await, 401);
    assert_eq!(place.send(&app, (vec![], arrived.1.clone())).await, 401);
    app.run_jobs().await;
    assert_eq!(trade::statuses(&place.owner, &bought.id).await.1, "SHIPPED");
    for _ in 0..2 {
        assert_eq!(place.send(&app, arrived.clone()).await, 200);
        app.run_jobs().await;
    }
    let order = trade::order(&place.owner, &bought.id).await;
    let events = order["shipments"][0]["events"].as_array().unwrap();
    assert_eq!(events.iter().filter(|event| event["status"] == "DELIVERED").count(), 1, "{events:?}");
}

async fn tokens_are_renewed_and_shared(app: TestApp) {
    let (cj, place) = open(&app, Value::Null).await;
    assert_eq!(place.check().await["trouble"], Value::Null);
    let asked = cj.token_requests();
    assert_eq!((asked.get_access_token, asked.refresh_access_token), (1, 0), "by the first call of all");
    // A token that ran out early is renewed by the refresh token.
    cj.expire_access_token();
    assert_eq!(place.check().await["trouble"], Value::Null);
    let asked = cj.token_requests();
    assert_eq!((asked.get_access_token, asked.refresh_access_token), (1, 1));
    // One that will run out is renewed in time.
    app.app.clock.advance(TimeDelta::days(15));
    assert_eq!(place.check().await["trouble"], Value::Null);
    assert_eq!(cj.token_requests().refresh_access_token, 2);
    // Where both are gone the key gets others.
    cj.lift_token_limits();
    cj.revoke_tokens();
    assert_eq!(place.check().await["trouble"], Value::Null);
    assert_eq!(cj.token_requests().get_access_token, 2);
}

async fn a_wrong_key_is_told(app: TestApp) {
    let (_, place) = open(&app, json!({ "apiKey": "CJ0000@api@wrong" })).await;
    let told = place.check().await;
    assert_eq!(told["supplier"]["health"]["status"], "FAILING");
    let trouble = told["trouble"].as_str().expect("a sentence");
    assert!(!trouble.contains("wrong"), "{trouble}");
}

async fn stock_is_what_cj_holds_where_it_ships_from(app: TestApp) {
    let (cj, place) = open(&app, Value::Null).await;
    let guest = app.as_guest();
    assert_eq!(stock::availability(&guest, "V-0").await, (true, 9));
    cj.item("vid-1", "CJLAMP", "Lamp", "4.00", 4);
    cj.stocked_in("vid-1", "US", 50);
    cj.unverified("vid-1", 70);
    app.advance(Duration::from_secs(15 * 60)).await;
    assert_eq!(stock::availability(&guest, "V-0").await, (true, 4));
    // Messages of stock were not asked for.
    cj.item("vid-1", "CJLAMP", "Lamp", "4.00", 2);
    cj.factory("vid-1", 0);
    assert_eq!(place.send(&app, cj.stock_webhook(&["vid-1"])).await, 200);
    app.run_jobs().await;
    assert_eq!(stock::availability(&guest, "V-0").await, (true, 4));
}

async fn calls_keep_to_the_tier(app: TestApp) {
    let (cj, place) = open(&app, json!({ "callsPerSecond": 2 })).await;
    cj.qps(2);
    for _ in 0..4 {
        app.advance(Duration::from_secs(15 * 60)).await;
        assert_eq!(place.check().await["trouble"], Value::Null);
    }
    assert_eq!(cj.complaints(), Vec::<String>::new());
}

async fn what_cj_cannot_do_just_now_waits(app: TestApp) {
    let (cj, place) = open(&app, Value::Null).await;
    for fault in [Fault::Qps, Fault::TokenInvalid, Fault::PointsGone] {
        cj.fail_next("shopping/order/createOrderV2", fault);
        let before = cj.orders().len();
        let bought = place.buy(&app, 1).await;
        for _ in 0..130 {
            app.advance(Duration::from_secs(60)).await;
            if cj.orders().len() > before {
                break;
            }
        }
        trade::until_paid(&app, &place.owner, &bought.id).await;
        assert_eq!(cj.orders().len(), before + 1, "{fault:?}");
    }
}

async fn a_trial_order_is_placed_found_and_taken_back(app: TestApp) {
    let (cj, place) = open(&app, Value::Null).await;
    let step = |kind: &str| json!({ "kind": kind, "failure": null });
    let told = try_order(&place.owner, place.supplier, "vid-1", SERVICE).await;
    assert_eq!((&told["passed"], &told["userErrors"]), (&json!(true), &json!([])));
    assert_eq!(told["steps"], json!([step("PLACE"), step("FIND"), step("CANCEL")]));
    let books = cj.orders();
    assert_eq!((books.len(), books[0].is_sandbox, books[0].status.as_str()), (1, true, "DELETED"));
    assert_eq!(cj.balance_left().to_string(), "1000", "the account pays orders from its balance, and this is none");

    // What may have arrived is looked for, and taken back.
    cj.fail_next("shopping/order/createOrderV2", Fault::StatusAfter(502));
    let told = try_order(&place.owner, place.supplier, "vid-1", SERVICE).await;
    assert_eq!((&told["passed"], told["steps"].as_array().unwrap().len()), (&json!(false), 3));
    assert_eq!(told["steps"][2], step("CANCEL"));
    assert_eq!(cj.orders()[1].status, "DELETED");

    // What CJ refuses is told, and nothing follows.
    let told = try_order(&place.owner, place.supplier, "vid-unknown", SERVICE).await;
    assert_eq!((&told["passed"], told["steps"].as_array().unwrap().len()), (&json!(false), 1));
    let failure = told["steps"][0]["failure"].as_str().expect("a sentence");
    assert!(failure.contains("variant"), "{failure}");
    assert!(stock::open_items(&place.owner, "NO_SUPPLIER").await.is_empty());

    let portal = stock::portal_supplier(&place.owner, "Portal").await;
    let told = try_order(&place.owner, portal, "A", "STD").await;
    assert_eq!((&told["userErrors"][0]["code"], &told["passed"]), (&json!("NOT_AVAILABLE"), &Value::Null));
    assert_eq!(cj.complaints(), Vec::<String>::new());
}
