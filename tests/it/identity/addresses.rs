//! What customers say of themselves, and their address books.

use serde_json::{Value, json};

use super::customer;
use crate::support::app::TestApp;
use crate::support::gql::{Answer, Client};
use crate::support::shop::address;

crate::engine_tests![
    a_customer_keeps_addresses,
    an_address_of_somebody_else_is_not_found,
    bad_addresses_say_which_field_and_fifty_are_enough,
    a_customer_changes_their_name,
];

const BOOK: &str = "{ me { defaultAddress { id } addresses { id default address { name city postalCode } } } }";

async fn create(client: &Client, address: Value) -> Answer {
    let text = "mutation($address: AddressInput!) { customerAddressCreate(address: $address) {
        addressId customer { addresses { id } } userErrors { code field message } } }";
    client.run(text, json!({ "address": address })).await
}

async fn with_id(client: &Client, field: &str, id: &str) -> Answer {
    let text = format!(
        "mutation($id: ID!) {{ {field}(id: $id) {{
            customer {{ addresses {{ id default }} }} userErrors {{ code field message }} }} }}"
    );
    client.run(&text, json!({ "id": id })).await
}

async fn update(client: &Client, id: &str, address: Value) -> Answer {
    let text = "mutation($id: ID!, $address: AddressInput!) { customerAddressUpdate(id: $id, address: $address) {
        customer { addresses { id address { city } } } userErrors { code field message } } }";
    client.run(text, json!({ "id": id, "address": address })).await
}

async fn a_customer_keeps_addresses(app: TestApp) {
    let (access, _) = customer(&app, "ada@example.com").await;
    let ada = app.as_guest().with_token(access);
    assert_eq!(ada.run(BOOK, json!({})).await.at("me"), &json!({ "defaultAddress": null, "addresses": [] }));
    let home = create(&ada, address()).await.text("customerAddressCreate.addressId");
    app.app.clock.advance(chrono::TimeDelta::seconds(1));
    let mut there = address();
    there["city"] = json!(" Potsdam ");
    there["postalCode"] = json!("14467");
    let office = create(&ada, there).await.text("customerAddressCreate.addressId");
    let book = ada.run(BOOK, json!({})).await;
    assert_eq!(book.at("me.defaultAddress.id"), &json!(home), "the first one");
    assert_eq!(book.at("me.addresses.1.address.city"), "Potsdam");
    with_id(&ada, "customerDefaultAddressSet", &office).await.done("customerDefaultAddressSet");
    assert_eq!(ada.run(BOOK, json!({})).await.at("me.defaultAddress.id"), &json!(office));
    let mut moved = address();
    moved["city"] = json!("Hamburg");
    let changed = update(&ada, &home, moved).await;
    assert_eq!(changed.at("customerAddressUpdate.customer.addresses.0.address.city"), "Hamburg");
    let left = with_id(&ada, "customerAddressDelete", &office).await;
    assert_eq!(left.at("customerAddressDelete.customer.addresses"), &json!([{ "id": home, "default": false }]));
    assert_eq!(ada.run(BOOK, json!({})).await.at("me.defaultAddress"), &Value::Null);
    let again = with_id(&ada, "customerAddressDelete", &office).await;
    assert_eq!(again.user_codes("customerAddressDelete"), ["NOT_FOUND"]);
}

async fn an_address_of_somebody_else_is_not_found(app: TestApp) {
    let (ada, _) = customer(&app, "ada@example.com").await;
    let (grace, _) = customer(&app, "grace@example.com").await;
    let (ada, grace) = (app.as_guest().with_token(ada), app.as_guest().with_token(grace));
    let id = create(&ada, address()).await.text("customerAddressCreate.addressId");
    let nothing = "cad_018f0000000070008000000000000000";
    for field in ["customerAddressDelete", "customerDefaultAddressSet"] {
        let theirs = with_id(&grace, field, &id).await;
        assert_eq!(theirs.user_codes(field), ["NOT_FOUND"]);
        assert_eq!(theirs.at(field), with_id(&grace, field, nothing).await.at(field), "as if there were none");
    }
    assert_eq!(update(&grace, &id, address()).await.user_codes("customerAddressUpdate"), ["NOT_FOUND"]);
    assert_eq!(with_id(&grace, "customerAddressDelete", "cus_1").await.codes(), ["BAD_USER_INPUT"]);
    assert_eq!(with_id(&app.as_guest(), "customerAddressDelete", &id).await.codes(), ["UNAUTHENTICATED"]);
    assert_eq!(with_id(&app.as_owner().await, "customerAddressDelete", &id).await.codes(), ["FORBIDDEN"]);
    assert_eq!(ada.run(BOOK, json!({})).await.at("me.addresses.0.id"), &json!(id));
}

async fn bad_addresses_say_which_field_and_fifty_are_enough(app: TestApp) {
    let (access, _) = customer(&app, "ada@example.com").await;
    let ada = app.as_guest().with_token(access);
    let mut bad = address();
    bad["postalCode"] = json!("1");
    bad["name"] = json!(" ");
    let refused = create(&ada, bad).await;
    assert_eq!(refused.user_codes("customerAddressCreate"), ["ADDRESS_INVALID", "ADDRESS_INVALID"]);
    assert_eq!(refused.at("customerAddressCreate.userErrors.0.field"), &json!(["address", "name"]));
    for _ in 0..50 {
        create(&ada, address()).await.done("customerAddressCreate");
    }
    assert_eq!(create(&ada, address()).await.user_codes("customerAddressCreate"), ["TOO_MANY"]);
}

async fn a_customer_changes_their_name(app: TestApp) {
    let (access, _) = customer(&app, "ada@example.com").await;
    let ada = app.as_guest().with_token(access);
    let text = "mutation($input: CustomerUpdateInput!) { customerUpdate(input: $input) {
        customer { firstName lastName acceptsMarketing } userErrors { code field message } } }";
    let answer = ada.run(text, json!({ "input": { "lastName": " Lovelace ", "acceptsMarketing": true } })).await;
    let wanted = json!({ "firstName": "Ada", "lastName": "Lovelace", "acceptsMarketing": true });
    assert_eq!(answer.done("customerUpdate")["customer"], wanted);
    let answer = ada.run(text, json!({ "input": { "firstName": "" } })).await;
    assert_eq!(answer.at("customerUpdate.customer.firstName"), &Value::Null);
    let bad = ada.run(text, json!({ "input": { "firstName": "a\nb" } })).await;
    assert_eq!(bad.user_codes("customerUpdate"), ["INVALID"]);
    assert_eq!(bad.at("customerUpdate.userErrors.0.field"), &json!(["input", "firstName"]));
}
