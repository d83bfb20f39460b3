//! Rules made, shown and applied by hand.

use std::time::Duration;

use consign::identity::Permission;
use serde_json::{Value, json};

use super::{PREVIEW, Stage, apply, create, euros};
use crate::support::app::TestApp;
use crate::support::shop::{self, Shop};
use crate::support::stock;

crate::engine_tests![
    a_rule_is_made_changed_and_deleted,
    what_makes_no_sense_is_refused,
    the_preview_is_what_applying_does,
    the_most_specific_rule_counts,
    a_price_goes_one_step_a_day,
    the_cheapest_offer_that_can_be_sold_counts,
    no_price_is_below_what_the_supplier_allows,
    what_people_and_imports_set_is_history_too,
    an_order_keeps_its_price_and_a_cart_is_asked_again,
    nobody_but_the_store_sees_any_of_it,
];

const DAY: Duration = Duration::from_secs(24 * 3600);

async fn a_rule_is_made_changed_and_deleted(app: TestApp) {
    let stage = Stage::open(&app, 1).await;
    // Entries of the log are in the order of their moments.
    app.advance(Duration::from_secs(1)).await;
    let terms = json!({ "priority": 3, "marginPercent": "30", "fixedFee": euros("0.30"), "feePercent": "2.9",
        "rounding": { "step": euros("1.00"), "ending": euros("0.99") }, "minimumMarginPercent": "12.5",
        "minimumPrice": euros("5.00"), "maximumPrice": euros("50.00"), "maxChangePercent": "10", "automatic": true });
    let made = create(&stage.owner, json!({ "supplierId": stage.supplier, "terms": terms })).await;
    let rule = made.done("priceRuleCreate")["rule"].clone();
    let amount = |text: &str| json!({ "amount": text });
    let expected = json!({ "id": rule["id"], "scope": "SUPPLIER", "supplierId": stage.supplier, "collectionId": null,
        "productId": null, "priority": 3, "markupPercent": null, "marginPercent": "30", "fixedFee": amount("0.30"),
        "feePercent": "2.9", "rounding": { "step": amount("1.00"), "ending": amount("0.99") },
        "minimumMarginPercent": "12.5", "minimumPrice": amount("5.00"), "maximumPrice": amount("50.00"),
        "maxChangePercent": "10", "automatic": true, "active": true });
    assert_eq!(rule, expected);
    app.advance(Duration::from_secs(1)).await;
    let update = "mutation($id: ID!, $input: PriceRuleUpdateInput!) { priceRuleUpdate(id: $id, input: $input) {
        rule { markupPercent marginPercent scope rounding { step { amount } } automatic } userErrors { code field message } } }";
    let input = json!({ "terms": { "markupPercent": "80" } });
    let changed = stage.owner.run(update, json!({ "id": rule["id"], "input": input })).await;
    let expected = json!({ "markupPercent": "80", "marginPercent": null, "scope": "SUPPLIER", "rounding": null, "automatic": false });
    assert_eq!(changed.done("priceRuleUpdate")["rule"], expected);
    let list = "{ priceRules(first: 10) { totalCount nodes { id } } }";
    let listed = stage.owner.run(list, json!({})).await;
    assert_eq!(*listed.at("priceRules"), json!({ "totalCount": 1, "nodes": [{ "id": rule["id"] }] }));
    app.advance(Duration::from_secs(1)).await;
    let delete = "mutation($id: ID!) { priceRuleDelete(id: $id) { deleted userErrors { code field message } } }";
    let gone = stage.owner.run(delete, json!({ "id": rule["id"] })).await;
    assert_eq!(gone.done("priceRuleDelete")["deleted"], true);
    let repeated = stage.owner.run(delete, json!({ "id": rule["id"] })).await;
    assert_eq!(repeated.done("priceRuleDelete")["deleted"], true, "a repeat changes nothing");
    assert_eq!(*stage.owner.run(list, json!({})).await.at("priceRules"), json!({ "totalCount": 0, "nodes": [] }));
    let again = stage.owner.run(update, json!({ "id": rule["id"], "input": input })).await;
    assert_eq!(again.user_codes("priceRuleUpdate"), ["NOT_FOUND"]);
    let log = stage.owner.run("{ auditLog(first: 3) { nodes { action subjectId } } }", json!({})).await;
    let entry = |action: &str| json!({ "action": action, "subjectId": rule["id"] });
    let entries = json!([entry("priceRule.delete"), entry("priceRule.update"), entry("priceRule.create")]);
    assert_eq!(*log.at("auditLog.nodes"), entries);
}

async fn what_makes_no_sense_is_refused(app: TestApp) {
    let stage = Stage::open(&app, 1).await;
    let dollars = json!({ "amount": "1.00", "currencyCode": "USD" });
    for (terms, code, field) in [
        (json!({}), "INVALID", None),
        (json!({ "markupPercent": "1", "marginPercent": "1" }), "INVALID", None),
        (json!({ "markupPercent": "-1" }), "INVALID", Some("markupPercent")),
        (json!({ "markupPercent": "0.00001" }), "INVALID", Some("markupPercent")),
        (json!({ "marginPercent": "100" }), "INVALID", Some("marginPercent")),
        (json!({ "marginPercent": "60", "feePercent": "40" }), "INVALID", Some("marginPercent")),
        (json!({ "markupPercent": "1", "feePercent": "40", "minimumMarginPercent": "60" }), "INVALID", Some("minimumMarginPercent")),
        (json!({ "markupPercent": "1", "fixedFee": dollars }), "CURRENCY_MISMATCH", Some("fixedFee")),
        (json!({ "markupPercent": "1", "fixedFee": euros("-1.00") }), "INVALID", Some("fixedFee")),
        (json!({ "markupPercent": "1", "fixedFee": euros("0.001") }), "INVALID", Some("fixedFee")),
        (json!({ "markupPercent": "1", "minimumPrice": euros("2.00"), "maximumPrice": euros("1.00") }), "INVALID", Some("maximumPrice")),
        (json!({ "markupPercent": "1", "rounding": { "step": euros("0.00") } }), "INVALID", Some("rounding")),
        (json!({ "markupPercent": "1", "rounding": { "step": euros("1.00"), "ending": euros("1.00") } }), "INVALID", Some("rounding")),
        (json!({ "markupPercent": "1", "maxChangePercent": "0" }), "INVALID", Some("maxChangePercent")),
        (json!({ "markupPercent": "1", "priority": 2_000_000 }), "INVALID", Some("priority")),
    ] {
        let answer = create(&stage.owner, json!({ "terms": terms })).await;
        assert_eq!(answer.user_codes("priceRuleCreate"), [code], "{terms}: {}", answer.body);
        let path = answer.at("priceRuleCreate")["userErrors"][0]["field"].clone();
        assert_eq!(path[2].as_str(), field, "{terms}: {path}");
    }
    let unknown = |prefix: &str| format!("{prefix}_018f0000000070008000000000000000");
    let plain = json!({ "markupPercent": "1" });
    for (field, id) in [("supplierId", unknown("sup")), ("collectionId", unknown("col")), ("productId", unknown("prd"))] {
        let answer = create(&stage.owner, json!({ field: id, "terms": plain })).await;
        assert_eq!(answer.user_codes("priceRuleCreate"), ["NOT_FOUND"]);
        assert_eq!(answer.at("priceRuleCreate")["userErrors"][0]["field"], json!(["input", field]));
        assert_eq!(apply(&stage.owner, json!({ field: id })).await.user_codes("pricesApply"), ["NOT_FOUND"]);
        let nothing = stage.owner.run(PREVIEW, json!({ "selection": { field: id } })).await;
        assert_eq!(*nothing.at("pricePreview.nodes"), json!([]));
    }
    let two = json!({ "supplierId": stage.supplier, "productId": unknown("prd") });
    assert_eq!(apply(&stage.owner, two.clone()).await.user_codes("pricesApply"), ["INVALID"]);
    assert_eq!(stage.owner.run(PREVIEW, json!({ "selection": two })).await.codes(), ["BAD_USER_INPUT"]);
}

async fn the_preview_is_what_applying_does(app: TestApp) {
    let stage = Stage::open(&app, 3).await;
    assert!(stage.preview().await.iter().all(|it| it["outcome"] == "NO_RULE"));
    let rounding = json!({ "step": euros("1.00"), "ending": euros("0.99") });
    stage.rule(json!({ "marginPercent": "40", "fixedFee": euros("0.50"), "feePercent": "3", "rounding": rounding })).await;
    let shown = stage.preview().await;
    // (4.00 + 0.50) ÷ (1 − 0.03 − 0.4) = 7.894…, the nearest ending in 0.99 is 7.99.
    for it in &shown {
        assert_eq!((it["outcome"].as_str(), it["newPrice"]["amount"].as_str()), (Some("CHANGE"), Some("7.99")));
        assert_eq!((it["oldPrice"]["amount"].as_str(), it["computedPrice"]["amount"].as_str()), (Some("10.00"), Some("7.89")));
        // 7.99 × 0.97 − 4.50 = 3.2503, of 7.99.
        assert_eq!((it["marginPercent"].as_str(), it["floor"]["amount"].as_str()), (Some("40.68"), Some("4.64")));
    }
    assert_eq!(stage.prices().await, ["10.00"; 3], "nothing was changed");
    let counts = stage.apply(&app).await;
    assert_eq!(counts, json!({ "changed": 3, "unchanged": 0, "waiting": 0, "leftOut": 0 }));
    let promised: Vec<&str> = shown.iter().map(|it| it["newPrice"]["amount"].as_str().expect("a price")).collect();
    assert_eq!(stage.prices().await, promised);
    let again = stage.apply(&app).await;
    assert_eq!(again, json!({ "changed": 0, "unchanged": 3, "waiting": 0, "leftOut": 0 }));
    assert!(stage.preview().await.iter().all(|it| it["outcome"] == "UNCHANGED"));
    let history = stage.history().await;
    assert_eq!(history.len(), 1);
    assert_eq!((&history[0]["from"]["amount"], &history[0]["to"]["amount"]), (&json!("10.00"), &json!("7.99")));
    assert_eq!((&history[0]["cause"], &history[0]["reason"]), (&json!("RULE"), &shown[0]["reason"]));
    let reason = history[0]["reason"].as_str().expect("a reason");
    assert!(reason.contains("cost 4.00 EUR + 0.50 EUR, margin 40%, fees 3% → 7.894737 EUR; 7.99 EUR"), "{reason}");
    let range = "query($id: ID!) { variant(id: $id) { product { priceRange { min { amount } max { amount } } } } }";
    let product = stage.owner.run(range, json!({ "id": stage.variants[0] })).await;
    assert_eq!(product.text("variant.product.priceRange.max.amount"), "7.99", "the product's row follows");
}

async fn the_most_specific_rule_counts(app: TestApp) {
    let stage = Stage::open(&app, 1).await;
    let query = "query($id: ID!) { variant(id: $id) { product { id } } }";
    let product = stage.owner.run(query, json!({ "id": stage.variants[0] })).await.text("variant.product.id");
    let collect = "mutation($input: CollectionCreateInput!) { collectionCreate(input: $input) { collection { id } userErrors { code } } }";
    let collection = stage.owner.run(collect, json!({ "input": { "title": "All" } })).await.text("collectionCreate.collection.id");
    let fill = "mutation($id: ID!, $input: CollectionProductsInput!) { collectionProductsSet(id: $id, input: $input) { userErrors { code } } }";
    stage.owner.run(fill, json!({ "id": collection, "input": { "productIds": [product] } })).await.done("collectionProductsSet");
    let price = async || stage.preview().await[0]["newPrice"]["amount"].as_str().expect("a price").to_owned();
    stage.rule(json!({ "markupPercent": "100" })).await;
    assert_eq!(price().await, "8.00");
    for (field, id, markup, expected) in [
        ("supplierId", json!(stage.supplier), "50", "6.00"),
        ("collectionId", json!(collection), "25", "5.00"),
        ("productId", json!(product), "10", "4.40"),
    ] {
        create(&stage.owner, json!({ field: id, "terms": { "markupPercent": markup } })).await.done("priceRuleCreate");
        assert_eq!(price().await, expected, "{field}");
        let narrow = stage.owner.run(PREVIEW, json!({ "selection": { field: id } })).await;
        assert_eq!(narrow.at("pricePreview.nodes").as_array().map(Vec::len), Some(1), "{field}");
    }
    let terms = json!({ "markupPercent": "20", "priority": -1 });
    create(&stage.owner, json!({ "productId": product, "terms": terms })).await.done("priceRuleCreate");
    assert_eq!(price().await, "4.80", "a smaller priority goes first");
    let terms = json!({ "markupPercent": "90", "priority": -2, "active": false });
    create(&stage.owner, json!({ "productId": product, "terms": terms })).await.done("priceRuleCreate");
    assert_eq!(price().await, "4.80", "what is not active does not count");
}

async fn a_price_goes_one_step_a_day(app: TestApp) {
    let stage = Stage::open(&app, 1).await;
    stage.rule(json!({ "markupPercent": "400", "maxChangePercent": "10" })).await;
    assert_eq!(stage.preview().await[0]["limitedByStep"], true);
    assert_eq!(stage.apply(&app).await["changed"], 1);
    assert_eq!(stage.prices().await, ["11.00"]);
    let waiting = stage.preview().await.remove(0);
    assert_eq!((&waiting["outcome"], &waiting["newPrice"]["amount"]), (&json!("WAITS"), &json!("12.10")));
    assert!(waiting["waitsUntil"].is_string());
    assert_eq!(stage.apply(&app).await, json!({ "changed": 0, "unchanged": 0, "waiting": 1, "leftOut": 0 }));
    app.advance(DAY - Duration::from_secs(60)).await;
    assert_eq!(stage.apply(&app).await["waiting"], 1, "a day is a day");
    app.advance(Duration::from_secs(61)).await;
    assert_eq!(stage.apply(&app).await["changed"], 1);
    assert_eq!(stage.prices().await, ["12.10"]);
    assert_eq!(stage.history().await.len(), 2);
    // What is sold below its cost does not wait.
    stock::offer(&stage.owner, stage.supplier, &stage.variants[0], "S-0", json!({ "cost": euros("20.00") })).await;
    assert_eq!(stage.apply(&app).await["changed"], 1);
    assert_eq!(stage.prices().await, ["20.00"]);
}

async fn the_cheapest_offer_that_can_be_sold_counts(app: TestApp) {
    let stage = Stage::open(&app, 1).await;
    let other = stock::portal_supplier(&stage.owner, "Other").await;
    let cheap = json!({ "cost": euros("3.00") });
    stock::offer(&stage.owner, other, &stage.variants[0], "O-0", cheap).await;
    stage.rule(json!({ "markupPercent": "100" })).await;
    let price = async || stage.preview().await[0]["newPrice"]["amount"].clone();
    assert_eq!(price().await, "8.00", "the cheaper one has none");
    let now = app.app.clock.now();
    stock::report(&app.as_supplier(other).await, now, false, Value::Null, &[("O-0", 1)]).await.done("supplierStockReport");
    assert_eq!(price().await, "6.00");
    for (supplier, sku) in [(stage.supplier, "S-0"), (other, "O-0")] {
        let empty = stock::report(&app.as_supplier(supplier).await, app.app.clock.now(), false, Value::Null, &[(sku, 0)]).await;
        empty.done("supplierStockReport");
    }
    assert_eq!(price().await, "6.00", "none can be sold, so the cheapest that is used");
    for (supplier, sku) in [(stage.supplier, "S-0"), (other, "O-0")] {
        let off = json!({ "active": false });
        stock::offer(&stage.owner, supplier, &stage.variants[0], sku, off).await;
    }
    let none = stage.preview().await.remove(0);
    assert_eq!((&none["outcome"], &none["newPrice"]), (&json!("NO_OFFER"), &Value::Null));
}

async fn no_price_is_below_what_the_supplier_allows(app: TestApp) {
    let stage = Stage::open(&app, 1).await;
    let terms = json!({ "minimumAdvertisedPrice": euros("12.00") });
    let offer = stock::offer(&stage.owner, stage.supplier, &stage.variants[0], "S-0", terms).await;
    stage.rule(json!({ "markupPercent": "50", "maximumPrice": euros("11.00") })).await;
    let shown = stage.preview().await.remove(0);
    assert_eq!((&shown["newPrice"]["amount"], &shown["bound"]), (&json!("12.00"), &json!("MINIMUM_ADVERTISED")));
    assert_eq!(shown["computedPrice"]["amount"], "6.00");
    stock::offer(&stage.owner, stage.supplier, &stage.variants[0], "S-0", json!({})).await;
    let query = "query($id: ID!) { node(id: $id) { ... on SupplierOffer { minimumAdvertisedPrice { amount } } } }";
    let kept = stage.owner.run(query, json!({ "id": offer })).await;
    assert_eq!(kept.text("node.minimumAdvertisedPrice.amount"), "12.00", "what is not given stays");
    stock::offer(&stage.owner, stage.supplier, &stage.variants[0], "S-0", json!({ "minimumAdvertisedPrice": null })).await;
    assert_eq!(stage.preview().await[0]["newPrice"]["amount"], "6.00");
    let wrong = json!({ "minimumAdvertisedPrice": { "amount": "1.00", "currencyCode": "USD" } });
    let refused = stock::set_offer(&stage.owner, stage.supplier, &stage.variants[0], "S-0", wrong).await;
    assert_eq!(refused.user_codes("supplierOfferSet"), ["CURRENCY_MISMATCH"]);
}

async fn what_people_and_imports_set_is_history_too(app: TestApp) {
    let stage = Stage::open(&app, 1).await;
    assert!(stage.history().await.is_empty());
    let update = "mutation($id: ID!, $input: VariantUpdateInput!) { variantUpdate(id: $id, input: $input) { userErrors { code } } }";
    let staff = app.as_staff(&[Permission::Catalog]).await;
    app.advance(Duration::from_secs(1)).await;
    for input in [json!({ "price": euros("9.50") }), json!({ "price": euros("9.50") }), json!({ "title": "Else" })] {
        staff.run(update, json!({ "id": stage.variants[0], "input": input })).await.done("variantUpdate");
    }
    let history = stage.history().await;
    assert_eq!(history.len(), 1, "the same price is no change");
    assert_eq!((&history[0]["from"]["amount"], &history[0]["to"]["amount"]), (&json!("10.00"), &json!("9.50")));
    assert_eq!((&history[0]["cause"], &history[0]["reason"]), (&json!("BY_HAND"), &json!("set by hand")));
    let log = stage.owner.run("{ auditLog(first: 1) { nodes { action actor } } }", json!({})).await;
    assert_eq!(log.at("auditLog.nodes.0.actor"), &history[0]["by"]);
    app.advance(Duration::from_secs(1)).await;
    let query = "query($id: ID!) { variant(id: $id) { product { id } } }";
    let product = stage.owner.run(query, json!({ "id": stage.variants[0] })).await.text("variant.product.id");
    let set = "mutation($id: ID!, $input: ProductVariantsSetInput!) { productVariantsSet(id: $id, input: $input) { userErrors { code message } } }";
    let variants = json!([{ "id": stage.variants[0], "sku": "V-0", "price": euros("9.00"),
        "options": [{ "name": "No.", "value": "0" }] }]);
    stage.owner.run(set, json!({ "id": product, "input": { "variants": variants } })).await.done("productVariantsSet");
    assert_eq!(stage.history().await[0]["to"]["amount"], "9.00");
    stage.rule(json!({ "markupPercent": "100" })).await;
    assert_eq!(stage.apply(&app).await["changed"], 1, "what people set makes no rule wait");
}

async fn an_order_keeps_its_price_and_a_cart_is_asked_again(app: TestApp) {
    let shop = Shop::open(&app, 1, 50, 0).await;
    let bought = shop.ready_cart(&[(0, 1)]).await;
    let order = shop::buy(&shop.guest, &bought, "one", "tok_ok").await;
    order.done("checkoutComplete");
    let waiting = shop.ready_cart(&[(0, 1)]).await;
    let agreed = shop::total(&shop.guest, &waiting).await;
    create(&shop.owner, json!({ "terms": { "markupPercent": "200" } })).await.done("priceRuleCreate");
    apply(&shop.owner, json!({})).await.done("pricesApply");
    app.run_jobs().await;
    // 4.00 × 3, for the cheaper supplier has none.
    let cart = shop::cart(&shop.guest, &waiting).await;
    assert_eq!(cart["lines"][0]["unitPrice"]["amount"], "12.00");
    let refused = shop::complete(&shop.guest, &waiting, "two", agreed, "tok_ok").await;
    assert_eq!(refused.user_codes("checkoutComplete"), ["TOTAL_MISMATCH", "PRICE_CHANGED"]);
    shop::buy(&shop.guest, &waiting, "three", "tok_ok").await.done("checkoutComplete");
    let query = "query($id: ID!) { order(id: $id) { lines { unitPrice { amount } } total { amount } } }";
    let kept = shop.owner.run(query, json!({ "id": order.text("checkoutComplete.order.id") })).await;
    assert_eq!(kept.text("order.lines.0.unitPrice.amount"), "10.00");
    assert_eq!(kept.at("order.total.amount"), order.at("checkoutComplete.order.total.amount"));
}

async fn nobody_but_the_store_sees_any_of_it(app: TestApp) {
    let stage = Stage::open(&app, 1).await;
    let rule = stage.rule(json!({ "markupPercent": "100" })).await;
    stage.apply(&app).await;
    let others = [
        app.as_guest(),
        app.as_customer("ann@example.org").await,
        app.as_supplier(stage.supplier).await,
        app.as_staff(&[Permission::Catalog, Permission::Inventory, Permission::Suppliers]).await,
    ];
    for client in others {
        for query in ["{ priceRules { nodes { id } } }", "{ pricePreview { nodes { reason } } }"] {
            let answer = client.run(query, json!({})).await;
            assert!(matches!(answer.codes()[0].as_str(), "FORBIDDEN" | "UNAUTHENTICATED"), "{query}: {}", answer.body);
        }
        let history = "query($id: ID!) { variant(id: $id) { priceHistory { nodes { reason } } } }";
        let answer = client.run(history, json!({ "id": stage.variants[0] })).await;
        assert!(!answer.body.to_string().contains("cost 4.00"), "{}", answer.body);
        assert_eq!(answer.body["data"]["variant"]["priceHistory"], Value::Null);
        let node = "query($id: ID!) { node(id: $id) { id } }";
        assert_eq!(client.run(node, json!({ "id": rule })).await.body["data"]["node"], Value::Null);
        let refused = create(&client, json!({ "terms": { "markupPercent": "-1" } })).await;
        assert!(matches!(refused.codes()[0].as_str(), "FORBIDDEN" | "UNAUTHENTICATED"), "{}", refused.body);
        let refused = apply(&client, json!({})).await;
        assert!(matches!(refused.codes()[0].as_str(), "FORBIDDEN" | "UNAUTHENTICATED"), "{}", refused.body);
    }
    let seer = app.as_staff(&[Permission::Costs]).await;
    let seen = seer.run("{ pricePreview { nodes { outcome } } }", json!({})).await;
    assert_eq!(seen.text("pricePreview.nodes.0.outcome"), "UNCHANGED");
}
