//! Where an order goes, corrected before anything is on its way there.

use std::time::Duration;

use serde_json::{Value, json};

use super::{plain, rivals, seen, standing, units_out};
use crate::support::app::TestApp;
use crate::support::gql::{Answer, Client};
use crate::support::{stock, trade};

crate::engine_tests![
    what_was_not_sent_goes_to_the_corrected_address,
    what_was_refused_for_the_address_is_tried_again,
    others_get_what_was_refused_for_the_address_if_the_store_says_so,
    a_correction_and_a_sending_exclude_each_other,
    an_address_that_cannot_be_changes_nothing,
];

fn corrected() -> Value {
    json!({ "name": "Ada King", "address1": "Am Ring 12", "city": "Potsdam", "postalCode": "14467", "countryCode": "DE" })
}

fn elsewhere() -> Value {
    json!({ "name": "Ada King", "address1": "1", "city": "Bonn", "postalCode": "53111", "countryCode": "DE" })
}

/// Where whoever may see a supplier order reads that it goes.
async fn goes_to(client: &Client, part: &Value) -> String {
    seen(client, part, "destination { city }").await["destination"]["city"].as_str().expect("a city").to_owned()
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
    assert_eq!(goes_to(&supplier, &part["id"]).await, "Potsdam");
    let late = correct(&owner, &bought.id, elsewhere()).await;
    assert_eq!(late.user_codes("orderShippingAddressUpdate"), ["WITH_SUPPLIER"]);
    assert_eq!(city(&owner, &bought.id).await, "Potsdam");
}

/// An order whose first supplier says that its address is wrong.
struct Refused {
    owner: Client,
    bought: trade::Bought,
    part: Value,
    suppliers: [consign::kernel::ids::SupplierId; 2],
    client: Client,
}

async fn refused(app: &TestApp) -> Refused {
    let owner = trade::open(app).await;
    let (variant, suppliers) = rivals(app, &owner, true).await;
    let bought = trade::buy(app, &[(&variant, 1)]).await;
    app.run_jobs().await;
    let part = trade::parts(&owner, &bought.id).await.remove(0);
    let client = app.as_supplier(suppliers[0]).await;
    let no = json!({ "reason": "INCORRECT_ADDRESS" });
    trade::work(&client, "supplierOrderReject", &part["id"], no).await.done("supplierOrderReject");
    app.advance(Duration::from_millis(1)).await;
    Refused { owner, bought, part, suppliers, client }
}

async fn what_was_refused_for_the_address_is_tried_again(app: TestApp) {
    let Refused { owner, bought, part, suppliers, client } = refused(&app).await;
    assert_eq!(standing(&owner, &bought.id).await.len(), 1, "nobody else is sent there");
    assert_eq!(stock::open_items(&owner, "ADDRESS_REFUSED").await.len(), 1);
    correct(&owner, &bought.id, corrected()).await.done("orderShippingAddressUpdate");
    app.run_jobs().await;
    let last = trade::parts(&owner, &bought.id).await.pop().expect("a supplier order");
    assert_eq!((&last["status"], &last["supplier"]["id"]), (&json!("SUBMITTED"), &json!(suppliers[0].to_string())));
    assert_eq!(goes_to(&client, &last["id"]).await, "Potsdam");
    assert_eq!(goes_to(&client, &part["id"]).await, "Berlin", "what has ended keeps its address");
    assert!(stock::open_items(&owner, "ADDRESS_REFUSED").await.is_empty());
    assert_eq!(units_out(&app, &bought.id).await, 1);
}

async fn others_get_what_was_refused_for_the_address_if_the_store_says_so(app: TestApp) {
    let Refused { owner, bought, part, suppliers, client } = refused(&app).await;
    let item = stock::open_items(&owner, "ADDRESS_REFUSED").await.remove(0);
    stock::resolve(&owner, &item, "RETRY").await;
    app.run_jobs().await;
    let last = standing(&owner, &bought.id).await.pop().expect("a supplier order");
    assert_eq!(last, ("SUBMITTED".to_owned(), suppliers[1].to_string()));
    let late = correct(&owner, &bought.id, corrected()).await;
    assert_eq!(late.user_codes("orderShippingAddressUpdate"), ["WITH_SUPPLIER"]);
    assert_eq!(goes_to(&client, &part["id"]).await, "Berlin");
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
    assert!(codes.is_empty() || codes == ["WITH_SUPPLIER"], "{codes:?}");
    // In the order in which they happened, or the supplier saw the old address before.
    let query = "query($id: ID!) { order(id: $id) { events(first: 50) { nodes { type } } } }";
    let events = owner.run(query, json!({ "id": bought.id })).await.at("order.events.nodes").clone();
    let at = |kind: &str| events.as_array().expect("events").iter().position(|it| it["type"] == kind);
    let (changed, sent) = (at("ORDER_ADDRESS_CHANGED"), at("SUPPLIER_ORDER_SUBMITTED").expect("it was sent"));
    assert_eq!(changed.is_some(), codes.is_empty());
    assert!(changed.is_none_or(|changed| changed < sent), "{events}");
    let wanted = if codes.is_empty() { "Potsdam" } else { "Berlin" };
    assert_eq!(goes_to(&app.as_supplier(first).await, &part["id"]).await, wanted);
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
