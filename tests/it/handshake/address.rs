//! Where an order goes, corrected before anything is on its way there.

use serde_json::{Value, json};

use super::{plain, rivals, seen, standing};
use crate::support::app::TestApp;
use crate::support::gql::{Answer, Client};
use crate::support::{stock, trade};

crate::engine_tests![
    what_was_not_sent_goes_to_the_corrected_address,
    what_nobody_could_send_is_tried_again,
    a_correction_and_a_sending_exclude_each_other,
    an_address_that_cannot_be_changes_nothing,
];

fn corrected() -> Value {
    json!({ "name": "Ada King", "address1": "Am Ring 12", "city": "Potsdam", "postalCode": "14467", "countryCode": "DE" })
}

async fn correct(owner: &Client, order: &str, address: Value) -> Answer {
    let update = "mutation($id: ID!, $address: AddressInput!) { orderShippingAddressUpdate(id: $id, address: $address) {
        order { shippingAddress { name city postalCode } } userErrors { code field message } } }";
    owner.run(update, json!({ "id": order, "address": address })).await
}

async fn city(owner: &Client, order: &str) -> String {
    let query = "query($id: ID!) { order(id: $id) { shippingAddress { city } } }";
    owner.run(query, json!({ "id": order })).await.text("order.shippingAddress.city")
}

/// What the order's customer is told of its address.
async fn told(owner: &Client, order: &str) -> usize {
    let query = "query($id: ID!) { order(id: $id) { events(first: 50) { nodes { type } } } }";
    let answer = owner.run(query, json!({ "id": order })).await;
    let events = answer.at("order.events.nodes").as_array().expect("events").clone();
    events.iter().filter(|it| it["type"] == "ORDER_ADDRESS_CHANGED").count()
}

async fn what_was_not_sent_goes_to_the_corrected_address(app: TestApp) {
    let owner = trade::open(&app).await;
    let (variant, [first, _]) = rivals(&app, &owner, false).await;
    let bought = trade::buy(&app, &[(&variant, 2)]).await;
    app.run_jobs().await;
    let part = trade::parts(&owner, &bought.id).await.remove(0);
    for _ in 0..2 {
        let answer = correct(&owner, &bought.id, corrected()).await;
        let order = answer.done("orderShippingAddressUpdate")["order"].clone();
        assert_eq!(order["shippingAddress"], json!({ "name": "Ada King", "city": "Potsdam", "postalCode": "14467" }));
    }
    assert_eq!(told(&owner, &bought.id).await, 1, "a repeat is no news");
    let found = owner.run("{ orders(first: 5, filter: { query: \"ada king\" }) { nodes { id } } }", json!({})).await;
    assert_eq!(found.text("orders.nodes.0.id"), bought.id);

    plain(&owner, "supplierOrderSubmit", &part["id"]).await.done("supplierOrderSubmit");
    let supplier = app.as_supplier(first).await;
    assert_eq!(seen(&supplier, &part["id"], "destination { city }").await["destination"]["city"], "Potsdam");
    let late = correct(&owner, &bought.id, json!({ "name": "Ada", "address1": "1", "city": "Bonn", "postalCode": "53111",
        "countryCode": "DE" }))
    .await;
    assert_eq!(late.user_codes("orderShippingAddressUpdate"), ["WITH_SUPPLIER"]);
    trade::work(&supplier, "supplierOrderReject", &part["id"], json!({ "reason": "OTHER" })).await.done("supplierOrderReject");
    assert_eq!(city(&owner, &bought.id).await, "Potsdam");
}

async fn what_nobody_could_send_is_tried_again(app: TestApp) {
    let owner = trade::open(&app).await;
    let (variant, suppliers) = rivals(&app, &owner, true).await;
    let bought = trade::buy(&app, &[(&variant, 1)]).await;
    for supplier in suppliers {
        app.advance(std::time::Duration::from_millis(1)).await;
        let part = trade::parts(&owner, &bought.id).await.pop().expect("a supplier order");
        let client = app.as_supplier(supplier).await;
        let no = json!({ "reason": "OTHER", "message": "There is no such street." });
        trade::work(&client, "supplierOrderReject", &part["id"], no).await.done("supplierOrderReject");
    }
    app.run_jobs().await;
    assert_eq!(stock::open_items(&owner, "NO_SUPPLIER").await.len(), 1);
    let third = trade::portal(&owner, "Third", true).await;
    trade::offers(&app, &owner, third, &variant, "T-1", 9, "4.00").await;
    app.advance(std::time::Duration::from_millis(1)).await;
    correct(&owner, &bought.id, corrected()).await.done("orderShippingAddressUpdate");
    app.run_jobs().await;
    let last = standing(&owner, &bought.id).await.pop().expect("a supplier order");
    assert_eq!(last, ("SUBMITTED".to_owned(), third.to_string()));
    assert!(stock::open_items(&owner, "NO_SUPPLIER").await.is_empty());
}

async fn a_correction_and_a_sending_exclude_each_other(app: TestApp) {
    let owner = trade::open(&app).await;
    let (variant, [first, _]) = rivals(&app, &owner, false).await;
    let bought = trade::buy(&app, &[(&variant, 1)]).await;
    app.run_jobs().await;
    let part = trade::parts(&owner, &bought.id).await.remove(0);
    let (corrector, sender) = (owner.clone(), owner.clone());
    let (order, id) = (bought.id.clone(), part["id"].clone());
    let correcting = tokio::spawn(async move { correct(&corrector, &order, corrected()).await });
    let sending = tokio::spawn(async move { plain(&sender, "supplierOrderSubmit", &id).await });
    let codes = correcting.await.expect("an answer").user_codes("orderShippingAddressUpdate");
    sending.await.expect("an answer").done("supplierOrderSubmit");
    let wanted = if codes.is_empty() { "Potsdam" } else { "Berlin" };
    assert!(codes.is_empty() || codes == ["WITH_SUPPLIER"], "{codes:?}");
    let supplier = app.as_supplier(first).await;
    assert_eq!(seen(&supplier, &part["id"], "destination { city }").await["destination"]["city"], wanted);
    assert_eq!(city(&owner, &bought.id).await, wanted);
}

async fn an_address_that_cannot_be_changes_nothing(app: TestApp) {
    let owner = trade::open(&app).await;
    let (variant, _) = rivals(&app, &owner, false).await;
    let bought = trade::buy(&app, &[(&variant, 1)]).await;
    app.run_jobs().await;
    for (field, value) in [("postalCode", "ABC"), ("countryCode", "FR"), ("name", " ")] {
        let mut address = corrected();
        address[field] = json!(value);
        if field == "countryCode" {
            address["postalCode"] = json!("75001");
        }
        let answer = correct(&owner, &bought.id, address).await;
        let wrong = answer.at("orderShippingAddressUpdate.userErrors.0").clone();
        assert_eq!((&wrong["code"], &wrong["field"]), (&json!("ADDRESS_INVALID"), &json!(["address", field])), "{wrong}");
    }
    let unknown = correct(&owner, "ord_01a225fd3d11785a95eb050352795d0b", corrected()).await;
    assert_eq!(unknown.user_codes("orderShippingAddressUpdate"), ["NOT_FOUND"]);
    assert_eq!((city(&owner, &bought.id).await.as_str(), told(&owner, &bought.id).await), ("Berlin", 0));
    trade::cancel(&app.as_guest(), &bought).await.done("orderCancel");
    app.run_jobs().await;
    assert_eq!(correct(&owner, &bought.id, corrected()).await.user_codes("orderShippingAddressUpdate"), ["TOO_LATE"]);
}
