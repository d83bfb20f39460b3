//! CJdropshipping's goods, against a stand-in that was written from its contract alone.

use consign::kernel::ids::SupplierId;
use serde_json::{Value, json};

use super::{ask, fetch, import, items, last_fetch, map, offers, skus};
use crate::standins::Fault;
use crate::standins::cj::Cj;
use crate::support::app::TestApp;
use crate::support::gql::Client;
use crate::support::{stock, trade};

crate::engine_tests![
    products_of_cj_come_with_their_variants,
    goods_of_cj_are_searched,
    what_was_read_stays_when_cj_breaks_off,
];

async fn open(app: &TestApp, cj: &Cj, changes: Value) -> (Client, SupplierId) {
    let owner = trade::open(app).await;
    let mut settings = json!({ "apiKey": cj.api_key(), "payment": "BALANCE", "baseUrl": cj.url, "callsPerSecond": 6 });
    for (name, value) in changes.as_object().into_iter().flatten() {
        settings[name] = value.clone();
    }
    let input = json!({ "name": "CJ", "adapter": "cj", "settings": settings, "shipsFrom": "CN", "currency": "USD" });
    let answer = stock::create_supplier(&owner, input).await;
    answer.done("supplierCreate");
    let id = answer.text("supplierCreate.supplier.id").parse().expect("a supplier's id");
    (owner, id)
}

async fn products_of_cj_come_with_their_variants(app: TestApp) {
    let cj = Cj::start().await;
    cj.item("1001", "CJLAMP-R", "Desk lamp", "4.50", 9);
    cj.item("1002", "CJLAMP-B", "Desk lamp", "5.00", 0);
    cj.grouped("1001", "P-LAMP", "Red");
    cj.grouped("1002", "P-LAMP", "Blue");
    cj.item("2001", "CJCHAIR", "Oak chair", "20.00", 2);
    let (owner, id) = open(&app, &cj, Value::Null).await;
    let told = fetch(&app, &owner, id).await;
    assert_eq!((&told["items"], &told["leftOutCount"], &told["failure"]), (&json!(3), &json!(0), &Value::Null));
    let all = items(&owner, id, Value::Null).await;
    assert_eq!((&all[0]["supplierSku"], &all[0]["title"]), (&json!("1001"), &json!("Desk lamp")));
    assert_eq!(all[0]["cost"], json!({ "amount": "4.50", "currencyCode": "USD" }));
    assert_eq!(all[0]["options"], json!([{ "name": "Variant", "value": "Red" }]));
    assert_eq!((&all[0]["imageUrl"], &all[2]["options"]), (&json!("https://cf.example/product.jpg"), &json!([])));

    // One becomes a variant's offer, the others drafts.
    let variants = stock::variants(&owner, 1).await;
    map(&owner, json!([{ "itemId": all[2]["id"], "variantId": variants[0] }])).await.done("supplierItemsMap");
    let rate = "mutation { exchangeRateSet(input: { currencyCode: \"USD\", rate: \"0.9\" }) { userErrors { code } } }";
    owner.run(rate, json!({})).await.done("exchangeRateSet");
    let made = import(&owner, &[all[0]["id"].clone(), all[1]["id"].clone()], json!({ "markupPercent": "100" })).await;
    let made = &made.done("supplierItemsImport")["items"];
    assert_eq!(made[0]["variant"]["product"], made[1]["variant"]["product"]);
    assert_eq!((&made[0]["variant"]["price"]["amount"], &made[0]["variant"]["sku"]), (&json!("8.10"), &json!("1001")));
    app.run_jobs().await;
    let sellable: Vec<_> = offers(&owner).await.iter().map(|it| (it["supplierSku"].clone(), it["sellable"].clone())).collect();
    assert!(sellable.contains(&(json!("1001"), json!(9))) && sellable.contains(&(json!("2001"), json!(2))), "{sellable:?}");
    assert_eq!(cj.complaints(), Vec::<String>::new());
}

async fn goods_of_cj_are_searched(app: TestApp) {
    let cj = Cj::start().await;
    for it in 0..23 {
        cj.item(&format!("{}", 1000 + it), &format!("CJ-{it}"), &format!("Lamp No. {it}"), "1.00", 1);
    }
    cj.item("9000", "CJ-CHAIR", "Oak chair", "2.00", 1);
    let (owner, id) = open(&app, &cj, json!({ "items": "SKU" })).await;
    ask(&owner, id, json!({ "query": " chair " })).await.done("supplierCatalogFetch");
    app.run_jobs().await;
    assert_eq!(skus(&owner, id, Value::Null).await, ["CJ-CHAIR"]);
    assert_eq!(last_fetch(&owner, id).await["query"], "chair");
    // All of them are more than one page.
    let told = fetch(&app, &owner, id).await;
    assert_eq!((&told["items"], &told["query"]), (&json!(24), &Value::Null));
    let long = ask(&owner, id, json!({ "query": "x".repeat(101) })).await;
    assert_eq!(long.user_codes("supplierCatalogFetch"), ["INVALID"]);
    assert_eq!(cj.complaints(), Vec::<String>::new());
}

async fn what_was_read_stays_when_cj_breaks_off(app: TestApp) {
    let cj = Cj::start().await;
    for it in 0..21 {
        cj.item(&format!("{}", 1000 + it), &format!("CJ-{it}"), &format!("Lamp No. {it}"), "1.00", 1);
    }
    let (owner, id) = open(&app, &cj, Value::Null).await;
    // The second page is never listed.
    cj.fail_after("product/listV2", 1, Fault::PointsGone);
    let told = fetch(&app, &owner, id).await;
    assert_eq!(told["items"], 20);
    assert!(told["failure"].as_str().expect("a sentence").contains("points"), "{told}");
    assert!(told["endedAt"].is_string());
    assert_eq!(skus(&owner, id, Value::Null).await.len(), 20);
    // A currency that is not CJ's makes nothing of its goods.
    let settings = json!({ "apiKey": cj.api_key(), "payment": "BY_HAND", "baseUrl": cj.url, "callsPerSecond": 6 });
    let other = stock::supplier(&owner, "Euro", "cj", settings).await;
    cj.lift_token_limits();
    let told = fetch(&app, &owner, other).await;
    assert_eq!((&told["items"], &told["leftOutCount"]), (&json!(0), &json!(21)));
    assert_eq!(told["leftOut"]["nodes"][0]["reason"], "CURRENCY_MISMATCH");
}
