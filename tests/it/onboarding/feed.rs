//! A supplier with a file, from the first look to goods that are sold.

use std::time::Duration;

use consign::identity::Permission;
use serde_json::{Value, json};

use super::{HEAD, ask, fetch, filer, ignore, import, item, items, last_fetch, map, offers, skus};
use crate::support::app::TestApp;
use crate::support::shelf::Shelf;
use crate::support::{stock, trade};

crate::engine_tests![
    goods_are_looked_through_before_anything_is_sold,
    what_cannot_be_goods_is_left_out_and_told,
    what_is_fetched_again_keeps_what_was_decided,
    a_confirmed_item_is_sold_from,
    mappings_are_judged_one_by_one,
    an_offer_that_is_there_is_a_mapping,
    drafts_are_made_once_and_with_their_siblings,
    what_cannot_be_a_draft_is_told,
    goods_are_for_those_who_may,
    suppliers_that_show_nothing_say_so,
    thousands_of_goods_take_seconds,
];

const LAMPS: &str = "L-RED,LAMP,Desk lamp,Acme,4006381333931,DL-100,4.50,7,https://cdn.example/lamp.jpg,Color,Red\n\
    L-BLUE,LAMP,Desk lamp,Acme,,DL-101,4.60,0,,Color,Blue\n";

async fn goods_are_looked_through_before_anything_is_sold(app: TestApp) {
    let owner = trade::open(&app).await;
    let shelf = Shelf::default();
    shelf.put(format!("{HEAD}{LAMPS}CHAIR,,Oak chair,,,,20.00,in stock,http://cdn.example/chair.jpg|x,,\n"));
    let id = filer(&owner, &shelf).await;
    assert_eq!(last_fetch(&owner, id).await, Value::Null);
    let told = fetch(&app, &owner, id).await;
    assert_eq!((&told["items"], &told["leftOutCount"], &told["failure"]), (&json!(3), &json!(0), &Value::Null));
    assert!(told["beganAt"].is_string() && told["endedAt"].is_string(), "{told}");

    let all = items(&owner, id, Value::Null).await;
    let red = &all[2];
    assert_eq!(red["title"], "Desk lamp");
    assert_eq!((&red["brand"], &red["mpn"], &red["stock"]), (&json!("Acme"), &json!("DL-100"), &json!("7")));
    assert_eq!((&red["gtin"], &red["gtinAsTold"]), (&json!("04006381333931"), &json!("4006381333931")));
    assert_eq!(red["cost"], json!({ "amount": "4.50", "currencyCode": "EUR" }));
    assert_eq!(red["options"], json!([{ "name": "Color", "value": "Red" }]));
    assert_eq!((&red["state"], &red["variant"], &red["suggestions"]), (&json!("UNMAPPED"), &Value::Null, &json!([])));
    assert_eq!((&all[0]["stock"], &all[0]["imageUrl"]), (&json!("in stock"), &json!("http://cdn.example/chair.jpg")));
    assert!(offers(&owner).await.is_empty(), "nothing is sold of them");

    // Words begin as what is looked for does, in any of the texts.
    for (query, found) in [
        ("lam", vec!["L-BLUE", "L-RED"]),
        ("desk acme dl", vec!["L-BLUE", "L-RED"]),
        ("4006381333931", vec!["L-RED"]),
        ("OAK", vec!["CHAIR"]),
        ("l-red", vec!["L-RED"]),
        ("oak lamp", vec![]),
        ("'; --", vec!["CHAIR", "L-BLUE", "L-RED"]),
    ] {
        assert_eq!(skus(&owner, id, json!({ "query": query })).await, found, "{query}");
    }
    assert_eq!(skus(&owner, id, json!({ "state": "MAPPED" })).await, Vec::<String>::new());

    // They are read page by page, each once.
    let query = "query($id: ID!, $after: String) { supplier(id: $id) { items(first: 2, after: $after) {
        nodes { supplierSku } pageInfo { hasNextPage endCursor } } } }";
    let first = owner.run(query, json!({ "id": id })).await;
    assert_eq!(first.at("supplier.items.pageInfo.hasNextPage"), true);
    let after = first.at("supplier.items.pageInfo.endCursor").clone();
    let second = owner.run(query, json!({ "id": id, "after": after })).await;
    assert_eq!(second.at("supplier.items.nodes").as_array().unwrap().len(), 1);
    assert_eq!(second.at("supplier.items.pageInfo.hasNextPage"), false);
}

async fn what_cannot_be_goods_is_left_out_and_told(app: TestApp) {
    let owner = trade::open(&app).await;
    let shelf = Shelf::default();
    shelf.put(format!(
        "{HEAD}GOOD,,Good,,4006381333932,,1.00,1,,,\n,,No SKU,,,,1.00,1,,,\n1.2E+11,,Spoiled,,,,1.00,1,,,\n\
         good,,Again,,,,1.00,1,,,\nFREE,,Costs nonsense,,,,minus one,1,,,\n"
    ));
    let id = filer(&owner, &shelf).await;
    let told = fetch(&app, &owner, id).await;
    assert_eq!((&told["items"], &told["leftOutCount"]), (&json!(1), &json!(4)));
    let reasons: Vec<_> = told["leftOut"]["nodes"].as_array().unwrap().iter().map(|it| (it["line"].clone(), it["reason"].clone())).collect();
    let reason = |line: i64, word: &str| (json!(line), json!(word));
    assert_eq!(reasons, [reason(3, "SKU_MISSING"), reason(4, "SKU_INVALID"), reason(5, "DUPLICATE_SKU"), reason(6, "CURRENCY_UNKNOWN")]);
    // A GTIN with a wrong check digit is shown, and matched by nothing.
    let good = items(&owner, id, Value::Null).await.remove(0);
    assert_eq!((&good["gtin"], &good["gtinAsTold"]), (&Value::Null, &json!("4006381333932")));

    // What cannot be fetched takes nothing away.
    shelf.clear();
    let told = fetch(&app, &owner, id).await;
    assert!(told["failure"].as_str().expect("a sentence").contains("cannot be fetched"), "{told}");
    assert_eq!(skus(&owner, id, Value::Null).await, ["GOOD"]);
}

async fn what_is_fetched_again_keeps_what_was_decided(app: TestApp) {
    let owner = trade::open(&app).await;
    let shelf = Shelf::default();
    shelf.put(format!("{HEAD}{LAMPS}V-1,,Something,,,,1.00,1,,,\n"));
    let id = filer(&owner, &shelf).await;
    let variants = stock::variants(&owner, 2).await;
    fetch(&app, &owner, id).await;
    let red = item(&owner, id, "L-RED").await;
    let blue = item(&owner, id, "L-BLUE").await;
    map(&owner, json!([{ "itemId": red, "variantId": variants[0] }])).await.done("supplierItemsMap");
    let ignored = ignore(&owner, &[blue.clone(), json!("sit_018f0000000070008000000000000000"), red.clone()]).await;
    assert_eq!(ignored.user_codes("supplierItemsIgnore"), ["NOT_FOUND", "ALREADY_MAPPED"]);
    assert_eq!(ignored.at("supplierItemsIgnore.items"), &json!([{ "supplierSku": "L-BLUE", "state": "IGNORED" }]));
    assert_eq!(ignored.at("supplierItemsIgnore.userErrors.0.field"), &json!(["ids", "1"]));

    // While one wish waits, another changes nothing.
    shelf.put(format!("{HEAD}{}NEW,,Brass bell,,,,2.00,1,,,\n", LAMPS.replace("4.50", "4.75").replace("Desk lamp,Acme,,", "V 0,Acme,,")));
    ask(&owner, id, Value::Null).await.done("supplierCatalogFetch");
    let told = fetch(&app, &owner, id).await;
    assert_eq!(told["items"], 3);
    let all = items(&owner, id, Value::Null).await;
    let states: Vec<_> = all.iter().map(|it| (it["supplierSku"].as_str().unwrap(), it["state"].as_str().unwrap())).collect();
    assert_eq!(states, [("L-BLUE", "IGNORED"), ("L-RED", "MAPPED"), ("NEW", "UNMAPPED"), ("V-1", "SUGGESTED")]);
    assert_eq!((&all[1]["id"], &all[1]["variant"]["id"]), (&red, &json!(variants[0])));
    assert_eq!(all[1]["cost"]["amount"], "4.75");
    assert_eq!((&all[0]["id"], &all[0]["suggestions"]), (&blue, &json!([])), "nothing is suggested for it any more");
    assert_eq!(skus(&owner, id, json!({ "query": "bell" })).await, ["NEW"]);
    // What was put aside can be taken up by a word.
    map(&owner, json!([{ "itemId": blue, "variantId": variants[1] }])).await.done("supplierItemsMap");
    assert_eq!(skus(&owner, id, json!({ "state": "IGNORED" })).await, Vec::<String>::new());
}

async fn a_confirmed_item_is_sold_from(app: TestApp) {
    let owner = trade::open(&app).await;
    let shelf = Shelf::default();
    shelf.put(format!("{HEAD}{LAMPS}"));
    let id = filer(&owner, &shelf).await;
    app.run_jobs().await;
    let variants = stock::variants(&owner, 2).await;
    fetch(&app, &owner, id).await;
    let (red, blue) = (item(&owner, id, "L-RED").await, item(&owner, id, "L-BLUE").await);
    let wanted = json!([{ "itemId": red, "variantId": variants[0] },
        { "itemId": blue, "variantId": variants[1], "active": false }]);
    let mapped = map(&owner, wanted.clone()).await;
    let states: Vec<_> = mapped.done("supplierItemsMap")["items"].as_array().unwrap().iter().map(|it| it["state"].clone()).collect();
    assert_eq!(states, ["MAPPED", "MAPPED"]);
    // Its stock is read at once, though the file did not change since it was read.
    app.run_jobs().await;
    assert_eq!(stock::availability(&app.as_guest(), "V-0").await, (true, 7));
    let all = offers(&owner).await;
    assert_eq!(all[1], json!({ "supplierSku": "L-RED", "cost": { "amount": "4.50" }, "active": true, "sellable": 7, "variant": { "sku": "V-0" } }));
    assert_eq!((&all[0]["supplierSku"], &all[0]["active"], &all[0]["sellable"]), (&json!("L-BLUE"), &json!(false), &json!(0)));
    // A repeat is answered alike, and does nothing.
    let again = map(&owner, wanted).await;
    again.done("supplierItemsMap");
    assert_eq!(again.body, mapped.body);
    assert_eq!(offers(&owner).await, all);
    let log = owner.run("{ auditLog(first: 50) { nodes { action changes { field to } } } }", json!({})).await;
    let entries = log.at("auditLog.nodes").as_array().expect("entries");
    let entry = entries.iter().find(|it| it["action"] == "supplier.items_map").expect("the act is in the log");
    assert!(entry["changes"].as_array().unwrap().contains(&json!({ "field": "L-RED", "to": variants[0] })), "{entry}");
}

async fn mappings_are_judged_one_by_one(app: TestApp) {
    let owner = trade::open(&app).await;
    let shelf = Shelf::default();
    shelf.put(format!("{HEAD}{LAMPS}NOCOST,,Free,,,,,1,,,\nOTHER,,Other,,,,1.00,1,,,\nLATE,,Late,,,,1.00,1,,,\n"));
    let id = filer(&owner, &shelf).await;
    let variants = stock::variants(&owner, 4).await;
    fetch(&app, &owner, id).await;
    // Meanwhile somebody set an offer by hand.
    stock::offer(&owner, id, &variants[3], "LATE", Value::Null).await;
    let mut ids = Vec::new();
    for sku in ["L-RED", "L-BLUE", "NOCOST", "OTHER", "LATE"] {
        ids.push(item(&owner, id, sku).await);
    }
    let wanted = json!([
        { "itemId": ids[0], "variantId": variants[0] },
        { "itemId": ids[1], "variantId": variants[0] },
        { "itemId": ids[2], "variantId": variants[1] },
        { "itemId": "sit_018f0000000070008000000000000000", "variantId": variants[1] },
        { "itemId": ids[3], "variantId": "var_018f0000000070008000000000000000" },
        { "itemId": ids[3], "variantId": variants[2] },
        { "itemId": ids[3], "variantId": variants[1] },
        { "itemId": ids[4], "variantId": variants[1] },
        { "itemId": ids[4], "variantId": variants[3] },
    ]);
    let answer = map(&owner, wanted).await;
    let errors = answer.at("supplierItemsMap.userErrors").as_array().unwrap();
    let errors: Vec<_> = errors.iter().map(|it| (it["field"][1].as_str().unwrap(), it["field"][2].as_str().unwrap(), it["code"].as_str().unwrap())).collect();
    assert_eq!(errors, [
        ("1", "variantId", "TAKEN"), ("2", "itemId", "COST_MISSING"), ("3", "itemId", "NOT_FOUND"),
        ("4", "variantId", "NOT_FOUND"), ("6", "itemId", "ALREADY_MAPPED"), ("7", "itemId", "ALREADY_MAPPED"),
    ]);
    let done: Vec<_> = answer.at("supplierItemsMap.items").as_array().unwrap().iter().map(|it| it["supplierSku"].clone()).collect();
    assert_eq!(done, ["L-RED", "OTHER", "LATE"]);
    assert_eq!(offers(&owner).await.len(), 3);
    // Another item of the supplier's does not take the variant's offer over.
    let taken = map(&owner, json!([{ "itemId": ids[1], "variantId": variants[0] }])).await;
    assert_eq!(taken.user_codes("supplierItemsMap"), ["TAKEN"]);
}

async fn an_offer_that_is_there_is_a_mapping(app: TestApp) {
    let owner = trade::open(&app).await;
    let shelf = Shelf::default();
    shelf.put(format!("{HEAD}{LAMPS}"));
    let id = filer(&owner, &shelf).await;
    let variants = stock::variants(&owner, 2).await;
    stock::offer(&owner, id, &variants[0], "L-RED", Value::Null).await;
    fetch(&app, &owner, id).await;
    let all = items(&owner, id, json!({ "state": "MAPPED" })).await;
    assert_eq!(all.len(), 1);
    assert_eq!((&all[0]["supplierSku"], &all[0]["variant"]["id"]), (&json!("L-RED"), &json!(variants[0])));
    // One that came after the fetch stays as it is, too.
    let blue = item(&owner, id, "L-BLUE").await;
    stock::offer(&owner, id, &variants[1], "L-BLUE", json!({ "active": false })).await;
    let mapped = map(&owner, json!([{ "itemId": blue, "variantId": variants[1] }])).await;
    assert_eq!(mapped.done("supplierItemsMap")["items"][0]["supplierSku"], "L-BLUE");
    let own = offers(&owner).await.into_iter().find(|it| it["supplierSku"] == "L-BLUE").expect("the offer");
    assert_eq!(own["active"], false);
    let imported = import(&owner, &[all[0]["id"].clone()], Value::Null).await;
    assert_eq!(imported.done("supplierItemsImport")["items"][0]["variant"]["id"], json!(variants[0]));
}

async fn drafts_are_made_once_and_with_their_siblings(app: TestApp) {
    let owner = trade::open(&app).await;
    let shelf = Shelf::default();
    shelf.put(format!("{HEAD}{LAMPS}L-GREEN,LAMP,Desk lamp,Acme,,DL-102,4.70,3,,Color,Green\nCHAIR,,Oak chair,,,,20.00,2,,,\n"));
    let id = filer(&owner, &shelf).await;
    fetch(&app, &owner, id).await;
    let mut ids = Vec::new();
    for sku in ["L-RED", "CHAIR", "L-BLUE"] {
        ids.push(item(&owner, id, sku).await);
    }
    let made = import(&owner, &ids, json!({ "markupPercent": "50" })).await;
    let made_items = made.done("supplierItemsImport")["items"].clone();
    let product = |index: usize| &made_items[index]["variant"]["product"];
    assert_eq!((&product(0)["title"], &product(0)["status"]), (&json!("Desk lamp"), &json!("DRAFT")));
    assert_eq!((product(0), &product(1)["title"]), (product(2), &json!("Oak chair")));
    let prices: Vec<_> = (0..3).map(|index| made_items[index]["variant"]["price"]["amount"].clone()).collect();
    assert_eq!(prices, ["6.75", "30.00", "6.90"]);
    // Nobody sees drafts.
    let guest = app.as_guest();
    assert_eq!(guest.run("{ products(first: 9) { nodes { title } } }", json!({})).await.at("products.nodes"), &json!([]));

    // Again, and with one more of the product: nothing is made twice, and the new one joins.
    ids.push(item(&owner, id, "L-GREEN").await);
    let again = import(&owner, &ids, Value::Null).await;
    let again_items = again.done("supplierItemsImport")["items"].clone();
    assert_eq!(again_items.as_array().unwrap()[..3], made_items.as_array().unwrap()[..]);
    assert_eq!(&again_items[3]["variant"]["product"], product(0));
    assert_eq!(offers(&owner).await.len(), 4);

    // What it is known by came along; published, it is sold.
    let publish = "mutation($id: ID!) { productPublish(id: $id) { userErrors { code message } } }";
    owner.run(publish, json!({ "id": product(0)["id"] })).await.done("productPublish");
    app.advance(Duration::from_secs(15 * 60)).await;
    let seen = "{ variant(sku: \"l-red\") { gtin mpn brand title selectedOptions { name value }
        product { title featuredImage { url } variants(first: 9) { nodes { sku } } } } }";
    let seen = guest.run(seen, json!({})).await;
    assert_eq!(seen.at("variant.gtin"), "04006381333931");
    assert_eq!((seen.at("variant.mpn"), seen.at("variant.brand")), (&json!("DL-100"), &json!("Acme")));
    assert_eq!(seen.at("variant.title"), "Red");
    assert_eq!(seen.at("variant.product.featuredImage.url"), "https://cdn.example/lamp.jpg");
    assert_eq!(seen.at("variant.product.variants.nodes").as_array().unwrap().len(), 3);
    assert_eq!(stock::availability(&guest, "L-RED").await, (true, 7));

    // A sibling would be on sale at once, at a price that nobody looked at.
    shelf.put(format!("{HEAD}{LAMPS}L-GOLD,LAMP,Desk lamp,Acme,,DL-103,4.80,3,,Color,Gold\n"));
    fetch(&app, &owner, id).await;
    let late = item(&owner, id, "L-GOLD").await;
    assert_eq!(import(&owner, &[late], Value::Null).await.user_codes("supplierItemsImport"), ["TAKEN"]);
}

async fn what_cannot_be_a_draft_is_told(app: TestApp) {
    let owner = trade::open(&app).await;
    let shelf = Shelf::default();
    shelf.put(format!("{HEAD}V-0,,Taken here,,,,1.00,1,,,\nNOTITLE,,,,,,1.00,1,,,\nNOCOST,,Free,,,,,1,,,\nFINE,,Fine,,,,1.00,1,,,\n"));
    let id = filer(&owner, &shelf).await;
    stock::variants(&owner, 1).await;
    fetch(&app, &owner, id).await;
    let mut ids = Vec::new();
    for sku in ["V-0", "NOTITLE", "NOCOST", "FINE", "FINE"] {
        ids.push(item(&owner, id, sku).await);
    }
    let answer = import(&owner, &ids, Value::Null).await;
    assert_eq!(answer.user_codes("supplierItemsImport"), ["TAKEN", "TITLE_MISSING", "COST_MISSING"]);
    assert_eq!(answer.at("supplierItemsImport.items").as_array().unwrap().len(), 1);
    let refused = import(&owner, &ids, json!({ "markupPercent": "-1" })).await;
    assert_eq!(refused.user_codes("supplierItemsImport"), ["INVALID"]);

    // Costs in a currency without a rate have no price.
    let settings = json!({ "url": shelf.start().await, "format": "CSV" });
    let other = stock::create_supplier(&owner, json!({ "adapter": "feed", "currency": "USD", "settings": settings })).await;
    other.done("supplierCreate");
    let other = other.text("supplierCreate.supplier.id").parse().expect("a supplier's id");
    shelf.put(format!("{HEAD}DOLLARS,,In dollars,,,,10.00,1,,,\n"));
    fetch(&app, &owner, other).await;
    let dollars = item(&owner, other, "DOLLARS").await;
    let answer = import(&owner, std::slice::from_ref(&dollars), Value::Null).await;
    assert_eq!(answer.user_codes("supplierItemsImport"), ["RATE_MISSING"]);
    let rate = "mutation { exchangeRateSet(input: { currencyCode: \"USD\", rate: \"0.905\" }) { userErrors { code } } }";
    owner.run(rate, json!({})).await.done("exchangeRateSet");
    let answer = import(&owner, &[dollars], json!({ "markupPercent": "10", "active": false })).await;
    assert_eq!(answer.done("supplierItemsImport")["items"][0]["variant"]["price"]["amount"], "9.96");
    let all = offers(&owner).await;
    let made = all.iter().find(|it| it["supplierSku"] == "DOLLARS").expect("the offer");
    assert_eq!(made["active"], false);
}

async fn goods_are_for_those_who_may(app: TestApp) {
    let owner = trade::open(&app).await;
    let shelf = Shelf::default();
    shelf.put(format!("{HEAD}{LAMPS}"));
    let id = filer(&owner, &shelf).await;
    let variants = stock::variants(&owner, 1).await;
    fetch(&app, &owner, id).await;
    let red = item(&owner, id, "L-RED").await;
    // The supplier itself has no way to them, nor to another's.
    for client in [app.as_supplier(id).await, app.as_customer("ada@example.com").await] {
        assert_eq!(ask(&client, id, Value::Null).await.codes(), ["FORBIDDEN"]);
        let wanted = json!([{ "itemId": red, "variantId": variants[0] }]);
        assert_eq!(map(&client, wanted).await.codes(), ["FORBIDDEN"]);
        assert_eq!(import(&client, std::slice::from_ref(&red), Value::Null).await.codes(), ["FORBIDDEN"]);
    }
    // Who sees suppliers sees no costs without the right to them.
    let staff = app.as_staff(&[Permission::Suppliers]).await;
    let seen = items(&staff, id, Value::Null).await;
    assert_eq!((seen.len(), &seen[1]["cost"]), (2, &Value::Null));
    assert_eq!(import(&staff, &[red], Value::Null).await.codes(), ["FORBIDDEN"]);
}

async fn suppliers_that_show_nothing_say_so(app: TestApp) {
    let owner = trade::open(&app).await;
    let portal = stock::portal_supplier(&owner, "Portal").await;
    let answer = ask(&owner, portal, Value::Null).await;
    assert_eq!(answer.user_codes("supplierCatalogFetch"), ["NOT_AVAILABLE"]);
    assert_eq!(answer.at("supplierCatalogFetch.userErrors.0.field"), &json!(["id"]));
    let shelf = Shelf::default();
    shelf.put(format!("{HEAD}{LAMPS}"));
    let id = filer(&owner, &shelf).await;
    let answer = ask(&owner, id, json!({ "query": "lamp" })).await;
    assert_eq!(answer.user_codes("supplierCatalogFetch"), ["NOT_AVAILABLE"]);
    let missing = "sup_018f0000000070008000000000000000".parse().expect("an id");
    assert_eq!(ask(&owner, missing, Value::Null).await.user_codes("supplierCatalogFetch"), ["NOT_FOUND"]);
}

async fn thousands_of_goods_take_seconds(app: TestApp) {
    let owner = trade::open(&app).await;
    stock::variants(&owner, 100).await;
    let shelf = Shelf::default();
    let rows: String = (0..3000).map(|it| format!("S-{it},,Good thing number {it},,,,1.00,5,,,\n")).collect();
    shelf.put(format!("{HEAD}{rows}"));
    let id = filer(&owner, &shelf).await;
    let began = std::time::Instant::now();
    let told = fetch(&app, &owner, id).await;
    assert_eq!((&told["items"], &told["failure"]), (&json!(3000), &Value::Null));
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    assert_eq!(skus(&owner, id, json!({ "query": "number 2999" })).await, ["S-2999"]);
}
