//! What may be the same is suggested, with a score and its reasons, and never taken.

use serde_json::{Value, json};

use super::{HEAD, fetch, filer, items, offers};
use crate::support::app::TestApp;
use crate::support::gql::Client;
use crate::support::shelf::Shelf;
use crate::support::trade;

crate::engine_tests![what_may_be_the_same_is_suggested, variants_are_known_by_numbers_that_are_right];

const CREATE: &str = "mutation($input: ProductCreateInput!) { productCreate(input: $input) {
    product { id variants(first: 9) { nodes { id gtin mpn brand } } } userErrors { code field message } } }";

async fn product(owner: &Client, title: &str, variant: Value) -> Value {
    let mut own = json!({ "price": { "amount": "10.00", "currencyCode": "EUR" } });
    for (field, value) in variant.as_object().expect("an object") {
        own[field] = value.clone();
    }
    let input = json!({ "title": title, "publish": true, "variants": [own] });
    owner.run(CREATE, json!({ "input": input })).await.done("productCreate")["product"].clone()
}

async fn what_may_be_the_same_is_suggested(app: TestApp) {
    let owner = trade::open(&app).await;
    product(&owner, "Wall clock", json!({ "sku": "CLOCK", "gtin": "036000291452" })).await;
    product(&owner, "Kettle", json!({ "sku": "KETTLE", "mpn": "KT-2000/B", "brand": "Acme" })).await;
    product(&owner, "Toaster", json!({ "sku": "TO 77" })).await;
    product(&owner, "Blue garden chair", json!({ "sku": "GARDEN" })).await;
    let gone = product(&owner, "Old bell", json!({ "sku": "BELL", "gtin": "4006381333931" })).await;
    let archive = "mutation($id: ID!) { productArchive(id: $id) { userErrors { code message } } }";
    owner.run(archive, json!({ "id": gone["id"] })).await.done("productArchive");

    let shelf = Shelf::default();
    shelf.put(format!(
        "{HEAD}A-GTIN,,Uhr,,0036000291452,,5.00,1,,,\nB-MPN,,Wasserkocher,ACME,,kt 2000 b,9.00,1,,,\n\
         C-MPN,,Anderer,Other,,KT2000B,9.00,1,,,\nto77,,Etwas,,,,3.00,1,,,\nD-TITLE,,\"Garden chair, blue\",,,,8.00,1,,,\n\
         E-NONE,,Nichts davon,,,,1.00,1,,,\nF-GONE,,Glocke,,4006381333931,,1.00,1,,,\n\
         GARDEN,,Garden chair blue,,,,8.00,1,,,\n"
    ));
    let id = filer(&owner, &shelf).await;
    fetch(&app, &owner, id).await;
    let seen: Vec<Value> = items(&owner, id, json!({ "state": "SUGGESTED" })).await;
    let seen: Vec<Value> = seen.iter().map(|it| {
        let best = &it["suggestions"][0];
        json!([it["supplierSku"], best["variant"]["sku"], best["score"], best["reasons"]])
    }).collect();
    assert_eq!(json!(seen), json!([
        ["A-GTIN", "CLOCK", 95, ["GTIN"]],
        ["B-MPN", "KETTLE", 85, ["MPN_AND_BRAND"]],
        ["D-TITLE", "GARDEN", 40, ["TITLE"]],
        ["GARDEN", "GARDEN", 73, ["SKU", "TITLE"]],
        ["to77", "TO 77", 55, ["SKU"]],
    ]));
    let nothing: Vec<Value> = items(&owner, id, json!({ "state": "UNMAPPED" })).await;
    let nothing: Vec<_> = nothing.iter().map(|it| it["supplierSku"].clone()).collect();
    assert_eq!(nothing, ["C-MPN", "E-NONE", "F-GONE"], "another maker's number, nothing, what is sold no more");
    assert!(offers(&owner).await.is_empty(), "nothing is taken silently");
}

async fn variants_are_known_by_numbers_that_are_right(app: TestApp) {
    let owner = trade::open(&app).await;
    let made = product(&owner, "Clock", json!({ "sku": "C", "gtin": "9638 5074", "mpn": " M-1 ", "brand": "Acme" })).await;
    let variant = &made["variants"]["nodes"][0];
    assert_eq!((&variant["gtin"], &variant["mpn"], &variant["brand"]), (&json!("00000096385074"), &json!("M-1"), &json!("Acme")));
    let update = "mutation($id: ID!, $input: VariantUpdateInput!) { variantUpdate(id: $id, input: $input) {
        variant { gtin mpn brand } userErrors { code field message } } }";
    let change = async |input: Value| owner.run(update, json!({ "id": variant["id"], "input": input })).await;
    let wrong = change(json!({ "gtin": "96385075" })).await;
    assert_eq!(wrong.user_codes("variantUpdate"), ["INVALID"]);
    assert_eq!(wrong.at("variantUpdate.userErrors.0.field"), &json!(["gtin"]));
    assert_eq!(change(json!({ "mpn": "x".repeat(101) })).await.user_codes("variantUpdate"), ["INVALID"]);
    // What is not named stays, null takes away.
    let changed = change(json!({ "title": "New", "mpn": null })).await;
    assert_eq!(changed.done("variantUpdate")["variant"], json!({ "gtin": "00000096385074", "mpn": null, "brand": "Acme" }));
    let set = "mutation($id: ID!, $input: ProductVariantsSetInput!) { productVariantsSet(id: $id, input: $input) {
        product { variants(first: 9) { nodes { gtin brand } } } userErrors { code field message } } }";
    let price = json!({ "amount": "1.00", "currencyCode": "EUR" });
    let input = json!({ "variants": [{ "id": variant["id"], "sku": "C", "price": price }] });
    let kept = owner.run(set, json!({ "id": made["id"], "input": input })).await;
    let kept = &kept.done("productVariantsSet")["product"]["variants"]["nodes"][0];
    assert_eq!(kept, &json!({ "gtin": "00000096385074", "brand": "Acme" }));
}
