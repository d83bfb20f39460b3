//! The catalogue: made by the owner, browsed by everybody.

use consign::identity::Permission;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::gql::{Answer, Client};

crate::engine_tests![
    a_page_follows_a_page_in_both_directions,
    products_are_sorted_and_filtered,
    a_search_finds_beginnings_of_words_and_survives_anything,
    only_the_store_sees_drafts,
    a_product_shows_all_it_has,
    skus_and_slugs_are_unique,
    inputs_are_bounded,
    variants_are_set_as_a_whole,
    only_the_store_changes_the_catalogue,
    collections_hold_products,
    a_count_follows_every_change,
];

const CREATE: &str = "mutation($input: ProductCreateInput!) {
    productCreate(input: $input) {
        product { id slug variants(first: 10) { nodes { id sku } } } userErrors { code field message } } }";
const LIST: &str = "query($first: Int, $after: String, $last: Int, $before: String, $query: String,
    $filter: ProductFilter, $sort: ProductSort) {
    products(first: $first, after: $after, last: $last, before: $before, query: $query, filter: $filter, sort: $sort) {
        totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        nodes { id slug title featuredImage { url altText }
            priceRange { min { amount currencyCode } max { amount currencyCode } }
            variants(first: 10) { nodes { id sku title price { amount currencyCode }
                availability { available quantity asOf } } } } } }";

fn euros(amount: &str) -> Value {
    json!({ "amount": amount, "currencyCode": "EUR" })
}

fn product(title: &str, sku: &str, price: &str) -> Value {
    json!({ "title": title, "publish": true, "variants": [{ "sku": sku, "price": euros(price) }] })
}

async fn create(client: &Client, input: Value) -> Value {
    let answer = client.run(CREATE, json!({ "input": input })).await;
    answer.done("productCreate")["product"].clone()
}

async fn list(client: &Client, variables: Value) -> Answer {
    client.run(LIST, variables).await
}

fn titles(answer: &Answer) -> Vec<String> {
    let nodes = answer.at("products.nodes").as_array().expect("nodes");
    nodes.iter().map(|node| node["title"].as_str().expect("a title").to_owned()).collect()
}

/// Seven products, three of one price, a second apart.
async fn seven(app: &TestApp, owner: &Client) {
    for (title, price) in
        [("Éclair", "3"), ("apple", "5"), ("Banana", "3"), ("cherry", "8"), ("Date", "3"), ("elder", "1"), ("Fig", "9")]
    {
        app.app.clock.advance(chrono::TimeDelta::seconds(1));
        create(owner, product(title, title, price)).await;
    }
}

async fn a_page_follows_a_page_in_both_directions(app: TestApp) {
    let owner = app.as_owner().await;
    seven(&app, &owner).await;
    let guest = app.as_guest();
    for sort in ["NEWEST", "PRICE_ASC", "PRICE_DESC", "NAME"] {
        let whole = titles(&list(&guest, json!({ "first": 100, "sort": sort })).await);
        assert_eq!(whole.len(), 7, "{sort}");
        let (mut forward, mut after) = (Vec::new(), Value::Null);
        loop {
            let page = list(&guest, json!({ "first": 2, "after": after, "sort": sort })).await;
            forward.extend(titles(&page));
            assert_eq!(page.at("products.totalCount"), 7);
            after = page.at("products.pageInfo.endCursor").clone();
            if page.at("products.pageInfo.hasNextPage") == false {
                break;
            }
        }
        assert_eq!(forward, whole, "{sort}");
        let (mut backward, mut before) = (Vec::new(), Value::Null);
        loop {
            let page = list(&guest, json!({ "last": 3, "before": before, "sort": sort })).await;
            backward.splice(0..0, titles(&page));
            before = page.at("products.pageInfo.startCursor").clone();
            if page.at("products.pageInfo.hasPreviousPage") == false {
                break;
            }
        }
        assert_eq!(backward, whole, "{sort}");
    }
    let cursor = list(&guest, json!({ "first": 1, "sort": "NAME" })).await.text("products.pageInfo.endCursor");
    for bad in [json!({ "first": 1, "after": cursor }), json!({ "first": 1, "after": "x" }), json!({ "first": 0 }),
        json!({ "first": 101 }), json!({ "first": 1, "last": 1 })]
    {
        assert_eq!(list(&guest, bad.clone()).await.codes(), ["BAD_USER_INPUT"], "{bad}");
    }
}

async fn products_are_sorted_and_filtered(app: TestApp) {
    let owner = app.as_owner().await;
    seven(&app, &owner).await;
    let guest = app.as_guest();
    let names = titles(&list(&guest, json!({ "sort": "NAME" })).await);
    assert_eq!(names, ["apple", "Banana", "cherry", "Date", "Éclair", "elder", "Fig"]);
    let newest = titles(&list(&guest, json!({})).await);
    assert_eq!(newest.first().map(String::as_str), Some("Fig"));
    let dear = list(&guest, json!({ "sort": "PRICE_DESC", "filter": { "minPrice": "4.999", "maxPrice": "8.001" } })).await;
    assert_eq!(titles(&dear), ["cherry", "apple"]);
    assert_eq!(dear.at("products.totalCount"), 2);
    assert_eq!(dear.at("products.nodes.0.priceRange.min"), &euros("8.00"));
    let none = list(&guest, json!({ "filter": { "inStock": true } })).await;
    assert_eq!(none.at("products.totalCount"), 0);
    let all = list(&guest, json!({ "filter": { "inStock": false } })).await;
    assert_eq!(all.at("products.totalCount"), 7);
    assert_eq!(all.at("products.nodes.0.variants.nodes.0.availability.available"), false);
    let ids: Vec<Value> = all.at("products.nodes").as_array().expect("nodes").iter().take(2).map(|it| it["id"].clone()).collect();
    assert_eq!(list(&guest, json!({ "filter": { "ids": ids } })).await.at("products.totalCount"), 2);
    assert_eq!(list(&guest, json!({ "filter": { "ids": [] } })).await.at("products.totalCount"), 0);
    assert_eq!(list(&guest, json!({ "filter": { "ids": ["ord_1"] } })).await.codes(), ["BAD_USER_INPUT"]);
    assert_eq!(list(&guest, json!({ "filter": { "collection": "none" } })).await.at("products.totalCount"), 0);
    assert_eq!(list(&guest, json!({ "filter": { "collection": "a\u{1}'--" } })).await.at("products.totalCount"), 0);
}

async fn a_search_finds_beginnings_of_words_and_survives_anything(app: TestApp) {
    let owner = app.as_owner().await;
    let mut mug = product("Café mug", "MUG-1", "4");
    mug["description"] = json!("Red, holds 300 ml. Größe: klein");
    create(&owner, mug).await;
    create(&owner, product("Red scarf", "SCARF-9", "7")).await;
    create(&owner, product("红色杯子", "CN-1", "7")).await;
    let guest = app.as_guest();
    for (query, found) in [
        ("cafe", vec!["Café mug"]),
        ("CAFÉ mu", vec!["Café mug"]),
        ("red", vec!["Red scarf", "Café mug"]),
        ("red grosse", vec!["Café mug"]),
        ("scarf-9", vec!["Red scarf"]),
        ("杯", vec!["红色杯子"]),
        ("red blue", vec![]),
    ] {
        let answer = list(&guest, json!({ "query": query })).await;
        assert_eq!(titles(&answer), found, "{query}");
        assert_eq!(answer.at("products.totalCount"), found.len(), "{query}");
    }
    let long = "red ".repeat(2_500);
    for odd in ["", "   ", "\"", "'", "a' OR 1=1 --", "red & | ! <-> :*", "NEAR(red scarf)", "red*", "-red", "title:red", "🎁", "\u{1}",
        "%", "_", "\\", "( (", &long, "e\u{301}"]
    {
        let answer = list(&guest, json!({ "query": odd, "first": 3 })).await;
        assert!(answer.at("products.nodes").is_array(), "{odd}");
    }
    assert_eq!(list(&guest, json!({ "query": "🎁" })).await.at("products.totalCount"), 0);
    assert_eq!(list(&guest, json!({ "query": "  " })).await.at("products.totalCount"), 3);
    let first = list(&guest, json!({ "query": "red", "first": 1 })).await;
    let after = first.at("products.pageInfo.endCursor");
    assert_eq!(titles(&list(&guest, json!({ "query": "red", "first": 1, "after": after })).await), ["Café mug"]);
    let by_name = list(&guest, json!({ "query": "red", "sort": "NAME" })).await;
    assert_eq!(titles(&by_name), ["Café mug", "Red scarf"]);
}

async fn only_the_store_sees_drafts(app: TestApp) {
    let owner = app.as_owner().await;
    let draft = create(&owner, json!({ "title": "Secret", "variants": [{ "sku": "S-1", "price": euros("1") }] })).await;
    let (id, slug) = (&draft["id"], &draft["slug"]);
    let variant = &draft["variants"]["nodes"][0]["id"];
    let look = "query($id: ID!, $slug: String!, $variant: ID!) {
        product(id: $id) { id } bySlug: product(slug: $slug) { id } node(id: $id) { id }
        variant(id: $variant) { id } bySku: variant(sku: \"s-1\") { id } products(query: \"secret\") { totalCount } }";
    let variables = json!({ "id": id, "slug": slug, "variant": variant });
    let guest = app.as_guest();
    let seen = guest.run(look, variables.clone()).await;
    for field in ["product", "bySlug", "node", "variant", "bySku"] {
        assert_eq!(seen.at(field), &Value::Null, "{field}");
    }
    assert_eq!(seen.at("products.totalCount"), 0);
    let seen = owner.run(look, variables.clone()).await;
    for field in ["product", "bySlug", "node"] {
        assert_eq!(&seen.at(field)["id"], id, "{field}");
    }
    let publish = "mutation($id: ID!) { productPublish(id: $id) { product { status } userErrors { code field message } } }";
    owner.run(publish, json!({ "id": id })).await.done("productPublish");
    assert_eq!(&guest.run(look, variables.clone()).await.at("bySku")["id"], variant);
    let archive = "mutation($id: ID!) { productArchive(id: $id) { product { status } userErrors { code field message } } }";
    owner.run(archive, json!({ "id": id })).await.done("productArchive");
    assert_eq!(guest.run(look, variables).await.at("variant"), &Value::Null);
    let both = guest.run("{ product(id: \"prd_0\", slug: \"x\") { id } }", json!({})).await;
    assert_eq!(both.codes(), ["BAD_USER_INPUT"]);
}

async fn a_product_shows_all_it_has(app: TestApp) {
    let owner = app.as_owner().await;
    let options = |size: &str, color: &str| json!([{ "name": "Size", "value": size }, { "name": "Color", "value": color }]);
    let input = json!({
        "title": "T-shirt", "description": "Soft.\n<b>Not bold</b>", "publish": true,
        "media": [{ "url": "https://cdn.example/1.jpg", "altText": "Front" }, { "url": "https://cdn.example/2.jpg" }],
        "variants": [
            { "sku": "T-S-R", "price": euros("10"), "compareAtPrice": euros("12.50"), "options": options("S", "Red") },
            { "sku": "T-M-R", "price": euros("11"), "options": options("M", "Red") },
        ],
    });
    create(&owner, input).await;
    let detail = "query($slug: String!) { product(slug: $slug) {
        title description media { url altText } options { name values } featuredImage { url altText }
        collections(first: 5) { nodes { slug title } } rating { average count }
        priceRange { min { amount } max { amount } }
        variants(first: 1) { pageInfo { hasNextPage endCursor } nodes { id sku title selectedOptions { name value }
            compareAtPrice { amount currencyCode } product { slug } } } } }";
    let guest = app.as_guest();
    let answer = guest.run(detail, json!({ "slug": "t-shirt" })).await;
    let it = answer.at("product");
    assert_eq!(it["description"], "Soft.\n<b>Not bold</b>");
    assert_eq!(it["media"].as_array().map(Vec::len), Some(2));
    assert_eq!(it["featuredImage"], json!({ "url": "https://cdn.example/1.jpg", "altText": "Front" }));
    assert_eq!(it["options"], json!([{ "name": "Size", "values": ["S", "M"] }, { "name": "Color", "values": ["Red"] }]));
    assert_eq!(it["priceRange"], json!({ "min": { "amount": "10.00" }, "max": { "amount": "11.00" } }));
    assert_eq!((&it["rating"], &it["collections"]["nodes"]), (&Value::Null, &json!([])));
    let variant = &it["variants"]["nodes"][0];
    assert_eq!((&variant["title"], &variant["compareAtPrice"]), (&json!("S / Red"), &euros("12.50")));
    assert_eq!(variant["selectedOptions"][1], json!({ "name": "Color", "value": "Red" }));
    assert_eq!(variant["product"]["slug"], "t-shirt");
    assert_eq!(it["variants"]["pageInfo"]["hasNextPage"], true);
    let rest = "query($after: String) { product(slug: \"t-shirt\") { variants(first: 5, after: $after) { nodes { sku } } } }";
    let rest = guest.run(rest, json!({ "after": it["variants"]["pageInfo"]["endCursor"] })).await;
    assert_eq!(rest.at("product.variants.nodes"), &json!([{ "sku": "T-M-R" }]));
}

async fn skus_and_slugs_are_unique(app: TestApp) {
    let owner = app.as_owner().await;
    let first = create(&owner, product("Same name", "abc", "1")).await;
    let second = create(&owner, product("Same name", "abd", "1")).await;
    assert_eq!(first["slug"], "same-name");
    assert_ne!(first["slug"], second["slug"]);
    let taken = owner.run(CREATE, json!({ "input": product("Other", "ABC", "1") })).await;
    assert_eq!(taken.user_codes("productCreate"), ["TAKEN"]);
    assert_eq!(taken.at("productCreate.userErrors.0.field"), &json!(["variants", "0", "sku"]));
    let mut twice = product("Other", "x", "1");
    twice["variants"] = json!([{ "sku": "x", "price": euros("1") }, { "sku": "X ", "price": euros("1") }]);
    let twice = owner.run(CREATE, json!({ "input": twice })).await;
    assert_eq!(twice.at("productCreate.userErrors.0.field"), &json!(["variants", "1", "sku"]));
    let mut slug = product("Other", "y", "1");
    slug["slug"] = json!("same-name");
    let slug = owner.run(CREATE, json!({ "input": slug })).await;
    assert_eq!(slug.at("productCreate.userErrors.0.field"), &json!(["slug"]));
    let update = "mutation($id: ID!, $input: ProductUpdateInput!) {
        productUpdate(id: $id, input: $input) { product { slug title } userErrors { code field message } } }";
    let renamed = owner.run(update, json!({ "id": first["id"], "input": { "title": "New name" } })).await;
    assert_eq!(renamed.done("productUpdate")["product"], json!({ "slug": "same-name", "title": "New name" }));
    let clash = owner.run(update, json!({ "id": first["id"], "input": { "slug": second["slug"] } })).await;
    assert_eq!(clash.user_codes("productUpdate"), ["TAKEN"]);
    assert_eq!(titles(&list(&app.as_guest(), json!({ "query": "new" })).await), ["New name"]);
}

async fn inputs_are_bounded(app: TestApp) {
    let owner = app.as_owner().await;
    let with = |field: &str, value: Value| {
        let mut input = product("Fine", "fine", "1");
        input[field] = value;
        input
    };
    for (input, field) in [
        (with("title", json!("")), vec!["title"]),
        (with("title", json!("x".repeat(256))), vec!["title"]),
        (with("title", json!("a\u{1}b")), vec!["title"]),
        (with("description", json!("x".repeat(20_001))), vec!["description"]),
        (with("slug", json!("Not a slug")), vec!["slug"]),
        (with("media", json!([{ "url": "http://a.example/x" }])), vec!["media", "0", "url"]),
        (with("media", json!([{ "url": "javascript:alert(1)" }])), vec!["media", "0", "url"]),
        (with("variants", json!([])), vec!["variants"]),
        (with("variants", json!([{ "sku": "", "price": euros("1") }])), vec!["variants", "0", "sku"]),
        (with("variants", json!([{ "sku": "n", "price": euros("-1") }])), vec!["variants", "0", "price"]),
        (with("variants", json!([{ "sku": "n", "price": euros("1.001") }])), vec!["variants", "0", "price"]),
        (with("variants", json!([{ "sku": "n", "price": euros("99999999999") }])), vec!["variants", "0", "price"]),
    ] {
        let answer = owner.run(CREATE, json!({ "input": input })).await;
        assert_eq!(answer.user_codes("productCreate"), ["INVALID"], "{input}");
        assert_eq!(answer.at("productCreate.userErrors.0.field"), &json!(field), "{input}");
    }
    assert_eq!(list(&app.as_guest(), json!({})).await.at("products.totalCount"), 0);
}

async fn variants_are_set_as_a_whole(app: TestApp) {
    let owner = app.as_owner().await;
    let made = create(&owner, json!({ "title": "Pen", "publish": true, "variants": [
        { "sku": "P-1", "price": euros("1"), "options": [{ "name": "Ink", "value": "Blue" }] },
        { "sku": "P-2", "price": euros("2"), "options": [{ "name": "Ink", "value": "Red" }] }] })).await;
    let set = "mutation($id: ID!, $input: ProductVariantsSetInput!) { productVariantsSet(id: $id, input: $input) {
        product { priceRange { min { amount } max { amount } } options { values } } userErrors { code field message } } }";
    let keep = &made["variants"]["nodes"][1]["id"];
    let input = json!({ "variants": [
        { "sku": "P-3", "price": euros("5"), "options": [{ "name": "Ink", "value": "Green" }] },
        { "id": keep, "sku": "p-2", "price": euros("3"), "options": [{ "name": "Ink", "value": "Red" }] }] });
    let answer = owner.run(set, json!({ "id": made["id"], "input": input })).await;
    let it = &answer.done("productVariantsSet")["product"];
    assert_eq!(it["priceRange"], json!({ "min": { "amount": "3.00" }, "max": { "amount": "5.00" } }));
    assert_eq!(it["options"], json!([{ "values": ["Green", "Red"] }]));
    let skus = "{ product(slug: \"pen\") { variants { nodes { sku } } } gone: variant(sku: \"P-1\") { id } }";
    let seen = app.as_guest().run(skus, json!({})).await;
    assert_eq!(seen.at("product.variants.nodes"), &json!([{ "sku": "P-3" }, { "sku": "P-2" }]));
    assert_eq!(seen.at("gone"), &Value::Null);
    let update = "mutation($id: ID!, $input: VariantUpdateInput!) { variantUpdate(id: $id, input: $input) {
        variant { price { amount } compareAtPrice { amount } } userErrors { code field message } } }";
    let change = json!({ "price": euros("2.50"), "compareAtPrice": euros("4") });
    let changed = owner.run(update, json!({ "id": keep, "input": change })).await;
    assert_eq!(changed.done("variantUpdate")["variant"], json!({ "price": { "amount": "2.50" }, "compareAtPrice": { "amount": "4.00" } }));
    let cleared = owner.run(update, json!({ "id": keep, "input": { "compareAtPrice": null } })).await;
    assert_eq!(cleared.done("variantUpdate")["variant"]["compareAtPrice"], Value::Null);
    let missing = owner.run(update, json!({ "id": "var_00000000000000000000000000000000", "input": {} })).await;
    assert_eq!(missing.user_codes("variantUpdate"), ["NOT_FOUND"]);
}

async fn only_the_store_changes_the_catalogue(app: TestApp) {
    let input = json!({ "input": product("Mine", "mine", "1") });
    let bad = json!({ "input": { "title": "Mine", "variants": [{ "sku": "m", "price": euros("1.001") }] } });
    for input in [&input, &bad] {
        assert_eq!(app.as_guest().run(CREATE, input.clone()).await.codes(), ["UNAUTHENTICATED"]);
        let staff = app.as_staff(&[Permission::Orders]).await;
        assert_eq!(staff.run(CREATE, input.clone()).await.codes(), ["FORBIDDEN"]);
    }
    let customer = app.as_customer("carla@example.com").await;
    assert_eq!(customer.run(CREATE, input.clone()).await.codes(), ["FORBIDDEN"]);
    let staff = app.as_staff(&[Permission::Catalog]).await;
    staff.run(CREATE, input).await.done("productCreate");
}

async fn collections_hold_products(app: TestApp) {
    let owner = app.as_owner().await;
    seven(&app, &owner).await;
    let make = "mutation($input: CollectionCreateInput!) { collectionCreate(input: $input) {
        collection { id slug title } userErrors { code field message } } }";
    let sweets = owner.run(make, json!({ "input": { "title": "Sweet things" } })).await;
    let sweets = sweets.done("collectionCreate")["collection"].clone();
    owner.run(make, json!({ "input": { "title": "All" } })).await.done("collectionCreate");
    let all = list(&owner, json!({ "sort": "NAME" })).await;
    let ids: Vec<Value> = all.at("products.nodes").as_array().expect("nodes").iter().map(|it| it["id"].clone()).collect();
    let set = "mutation($id: ID!, $input: CollectionProductsInput!) { collectionProductsSet(id: $id, input: $input) {
        collection { products(first: 10, sort: NAME) { totalCount nodes { title } } } userErrors { code field message } } }";
    let put = |ids: &[Value]| json!({ "id": sweets["id"], "input": { "productIds": ids } });
    owner.run(set, put(&ids[..3])).await.done("collectionProductsSet");
    let answer = owner.run(set, put(&ids[2..4])).await;
    let products = &answer.done("collectionProductsSet")["collection"]["products"];
    assert_eq!(products["nodes"], json!([{ "title": "cherry" }, { "title": "Date" }]));
    let add = set.replace("collectionProductsSet(", "collectionProductsAdd(");
    owner.run(&add, put(&ids[..1])).await.done("collectionProductsAdd");
    let guest = app.as_guest();
    let filtered = list(&guest, json!({ "filter": { "collection": sweets["slug"] }, "sort": "NAME" })).await;
    assert_eq!(titles(&filtered), ["apple", "cherry", "Date"]);
    let browse = "{ collections(first: 1) { nodes { slug title } pageInfo { hasNextPage endCursor } }
        collection(slug: \"sweet-things\") { title } none: collection(slug: \"x y\") { title }
        products(first: 1, sort: NAME) { nodes { collections(first: 5) { nodes { slug } } } } }";
    let seen = guest.run(browse, json!({})).await;
    assert_eq!(seen.at("collections.nodes"), &json!([{ "slug": "all", "title": "All" }]));
    assert_eq!(seen.at("collections.pageInfo.hasNextPage"), true);
    assert_eq!((seen.at("collection.title"), seen.at("none")), (&json!("Sweet things"), &Value::Null));
    assert_eq!(seen.at("products.nodes.0.collections.nodes"), &json!([{ "slug": "sweet-things" }]));
    let unknown = owner.run(set, put(&[json!("prd_00000000000000000000000000000000")])).await;
    assert_eq!(unknown.user_codes("collectionProductsSet"), ["NOT_FOUND"]);
}

async fn a_count_follows_every_change(app: TestApp) {
    let owner = app.as_owner().await;
    let guest = app.as_guest();
    let count = async || list(&guest, json!({})).await.at("products.totalCount").as_i64();
    assert_eq!(count().await, Some(0));
    let made = create(&owner, product("One", "one", "1")).await;
    assert_eq!(count().await, Some(1));
    let hide = "mutation($id: ID!) { productUnpublish(id: $id) { userErrors { code field message } } }";
    owner.run(hide, json!({ "id": made["id"] })).await.done("productUnpublish");
    assert_eq!(count().await, Some(0));
}
