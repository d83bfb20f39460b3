//! Imports: a supplier's file becomes products, variants and offers.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use consign::identity::Permission;
use consign::feeds;
use consign::importing::{self, ImportFailure, ImportFile};
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::gql::{Answer, Client};

crate::engine_tests![
    a_file_becomes_a_catalogue_and_a_second_run_changes_nothing,
    bad_rows_are_told_with_line_and_reason,
    a_trial_keeps_nothing,
    a_wrong_mapping_fails_with_one_sentence,
    rows_of_one_product_share_a_key,
    json_comes_as_an_array_or_as_lines,
    a_feed_of_googles_becomes_a_catalogue,
    what_cannot_be_imported_is_refused,
    uploads_are_for_the_store,
    a_price_that_jumps_is_left_out,
    thousands_of_rows_take_seconds,
];

const IMPORT: &str = "mutation($input: CatalogImportInput!) {
    catalogImport(input: $input) { job { id status } userErrors { code field message } } }";
const JOB: &str = "query($id: ID!) { job(id: $id) { id status progress { done total } result error } }";

async fn supplier(owner: &Client) -> Value {
    let create = "mutation($input: SupplierCreateInput!) {
        supplierCreate(input: $input) { supplier { id } userErrors { code field message } } }";
    let input = json!({ "name": "Giftware Ltd", "adapter": "portal", "currency": "EUR", "autoForward": true, "shipsFrom": "DE" });
    owner.run(create, json!({ "input": input })).await.done("supplierCreate")["supplier"]["id"].clone()
}

async fn send(app: &TestApp, client: &Client, body: impl Into<Body>) -> Answer {
    let router = importing::uploads_router(app.app.clone());
    let mut request = Request::post("/uploads");
    if let Some(token) = client.token() {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    Client::new(router, None).send(request.body(body.into()).expect("a request")).await
}

async fn upload(app: &TestApp, owner: &Client, text: &str) -> Value {
    let answer = send(app, owner, text.to_owned()).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    answer.body["id"].clone()
}

/// Imports `text` and answers the job as it ended.
async fn import(app: &TestApp, owner: &Client, supplier: &Value, text: &str, extra: Value) -> Value {
    let mut input = json!({ "supplierId": supplier, "source": { "uploadId": upload(app, owner, text).await }, "format": "CSV" });
    for (key, value) in extra.as_object().expect("an object") {
        input[key] = value.clone();
    }
    let answer = owner.run(IMPORT, json!({ "input": input })).await;
    let id = answer.done("catalogImport")["job"]["id"].clone();
    app.run_jobs().await;
    owner.run(JOB, json!({ "id": id })).await.at("job").clone()
}

fn counts(job: &Value) -> [i64; 5] {
    assert_eq!(job["status"], "SUCCEEDED", "{job}");
    ["rows", "created", "updated", "unchanged", "skipped"].map(|name| job["result"][name].as_i64().expect("a count"))
}

const MAPPING: &str = r#"{"sku": "StockCode", "title": "Description", "price": "UnitPrice", "cost": "Cost",
    "quantity": "Stock", "collection": "Range", "image_url": "Picture"}"#;

fn mapping() -> Value {
    serde_json::from_str(MAPPING).expect("JSON")
}

const FILE: &str = "\u{feff}StockCode,Description,UnitPrice,Cost,Stock,Range,Picture\r\n\
    85123A,\"WHITE HANGING HEART, LARGE\",2.55,1.10,12,Hearts|Home,https://cdn.example/heart.jpg\r\n\
    71053,WHITE METAL LANTERN,3.39,1.60,0,Home,\r\n";

async fn a_file_becomes_a_catalogue_and_a_second_run_changes_nothing(app: TestApp) {
    let owner = app.as_owner().await;
    let supplier = supplier(&owner).await;
    let job = import(&app, &owner, &supplier, FILE, json!({ "mapping": mapping() })).await;
    assert_eq!(counts(&job), [2, 2, 0, 0, 0]);
    assert_eq!(job["progress"], json!({ "done": 2, "total": 2 }));
    app.run_jobs().await;
    let guest = app.as_guest();
    let seen = "{ variant(sku: \"85123a\") { price { amount } product { title featuredImage { url }
        collections(first: 5) { nodes { title } } } availability { available quantity } }
        lantern: variant(sku: \"71053\") { availability { available } }
        products(filter: { inStock: true }) { totalCount nodes { title } } }";
    let answer = guest.run(seen, json!({})).await;
    assert_eq!(answer.at("variant.product.title"), "WHITE HANGING HEART, LARGE");
    assert_eq!(answer.at("variant.product.featuredImage.url"), "https://cdn.example/heart.jpg");
    assert_eq!(answer.at("variant.product.collections.nodes"), &json!([{ "title": "Hearts" }, { "title": "Home" }]));
    assert_eq!(answer.at("variant.availability"), &json!({ "available": true, "quantity": 12 }));
    assert_eq!(answer.at("lantern.availability.available"), false);
    assert_eq!(answer.at("products.totalCount"), 1);

    let again = import(&app, &owner, &supplier, FILE, json!({ "mapping": mapping() })).await;
    assert_eq!(counts(&again), [2, 0, 0, 2, 0]);
    let changed = FILE.replace("2.55", "2.95").replace("1.60", "1.70");
    let third = import(&app, &owner, &supplier, &changed, json!({ "mapping": mapping() })).await;
    assert_eq!(counts(&third), [2, 0, 2, 0, 0]);
    assert_eq!(guest.run(seen, json!({})).await.at("variant.price.amount"), "2.95");
}

async fn bad_rows_are_told_with_line_and_reason(app: TestApp) {
    let owner = app.as_owner().await;
    let supplier = supplier(&owner).await;
    let file = "StockCode,Description,UnitPrice,Cost,Stock,Range,Picture\n\
        A1,Good,1.00,0.50,1,,\n\
        ,No code,1.00,0.50,1,,\n\
        A2,,1.00,0.50,1,,\n\
        A3,Free,0,0.50,1,,\n\
        A4,Not a number,NaN,0.50,1,,\n\
        a1,Again,2.00,0.50,1,,\n\
        A5,Negative stock,1.00,0.50,-1,,\n\
        A6,Odd picture,1.00,0.50,1,,http://cdn.example/x.jpg\n\
        A7,Too,many,cells,in,this,row,here\n\
        \"A8\nB\",Line break,1,1,1,,\n\
        A9,Also good,1.00,0.50,,,\n";
    let job = import(&app, &owner, &supplier, file, json!({ "mapping": mapping() })).await;
    assert_eq!(counts(&job), [11, 2, 0, 0, 9]);
    let skipped = &job["result"]["skippedByReason"];
    assert_eq!(skipped["DUPLICATE_SKU"], 1);
    assert_eq!(skipped["MALFORMED"], 1);
    let errors = "query($id: ID!, $after: String) { importErrors(jobId: $id, first: 5, after: $after) {
        nodes { line sku reason message } pageInfo { hasNextPage endCursor } } }";
    let first = owner.run(errors, json!({ "id": job["id"] })).await;
    let lines: Vec<(i64, String)> = first.at("importErrors.nodes").as_array().expect("nodes").iter()
        .map(|it| (it["line"].as_i64().expect("a line"), it["reason"].as_str().expect("a reason").to_owned())).collect();
    let expected = [(3, "SKU_MISSING"), (4, "TITLE_MISSING"), (5, "PRICE_NOT_POSITIVE"), (6, "PRICE_INVALID"), (7, "DUPLICATE_SKU")];
    assert_eq!(lines, expected.map(|(line, reason)| (line, reason.to_owned())));
    let rest = owner.run(errors, json!({ "id": job["id"], "after": first.at("importErrors.pageInfo.endCursor") })).await;
    assert_eq!(rest.at("importErrors.nodes.0.line"), 8);
    assert_eq!(rest.at("importErrors.pageInfo.hasNextPage"), false);
    let staff = app.as_staff(&[Permission::Orders]).await;
    assert_eq!(staff.run(errors, json!({ "id": job["id"] })).await.codes(), ["FORBIDDEN"]);
}

async fn a_trial_keeps_nothing(app: TestApp) {
    let owner = app.as_owner().await;
    let supplier = supplier(&owner).await;
    let job = import(&app, &owner, &supplier, FILE, json!({ "mapping": mapping(), "dryRun": true })).await;
    assert_eq!(counts(&job), [2, 2, 0, 0, 0]);
    assert_eq!(job["result"]["dryRun"], true);
    let seen = owner.run("{ products { totalCount } collections { nodes { id } } }", json!({})).await;
    assert_eq!((seen.at("products.totalCount"), seen.at("collections.nodes")), (&json!(0), &json!([])));
}

async fn a_wrong_mapping_fails_with_one_sentence(app: TestApp) {
    let owner = app.as_owner().await;
    let supplier = supplier(&owner).await;
    let wrong = json!({ "sku": "StockCode", "price": "Price" });
    let job = import(&app, &owner, &supplier, FILE, json!({ "mapping": wrong })).await;
    assert_eq!(job["status"], "FAILED");
    let error = job["error"].as_str().expect("a sentence");
    assert!(error.contains("no column \"Price\""), "{error}");
    assert_eq!(job["result"], Value::Null);

    let path = app.app.config.data_dir.join("feed.csv");
    std::fs::write(&path, FILE).expect("a file");
    let id = supplier.as_str().expect("an id").parse().expect("an id");
    let file = ImportFile {
        supplier_id: id,
        as_of: app.app.clock.now(),
        path,
        format: feeds::Format::Csv,
        mapping: Some(wrong),
        fetched: false,
        dry_run: false,
    };
    let failure = importing::run_file(&app.app, file.clone(), |_| {}).await.expect_err("no such column");
    assert!(matches!(failure, ImportFailure::Refused(sentence) if sentence.contains("no column")));
    let mut rows = 0;
    let good = ImportFile { mapping: Some(mapping()), ..file };
    let outcome = importing::run_file(&app.app, good, |done| rows = done).await.expect("an import");
    assert_eq!((outcome.created, rows), (2, 2));
}

async fn rows_of_one_product_share_a_key(app: TestApp) {
    let owner = app.as_owner().await;
    let supplier = supplier(&owner).await;
    let head = "sku;handle;title;price;cost;qty;option1_name;option1_value\n";
    let file = format!("{head}S-1;shirt;Shirt;10,50;4,00;3;Size;S\nC-1;cap;Cap;7,00;3,00;1;;\nS-2;shirt;;11,00;4,00;3;Size;M\n");
    let extra = json!({ "mapping": { "delimiter": ";", "decimal": "," } });
    assert_eq!(counts(&import(&app, &owner, &supplier, &file, extra.clone()).await), [3, 3, 0, 0, 0]);
    let more = format!("{head}S-2;shirt;;11,00;4,00;3;Size;M\nS-3;shirt;;12,00;4,00;3;Size;L\n");
    assert_eq!(counts(&import(&app, &owner, &supplier, &more, extra).await), [2, 1, 0, 1, 0]);
    let seen = "{ product(slug: \"shirt\") { options { name values } priceRange { max { amount } } variants { nodes { sku title } } } }";
    let answer = app.as_guest().run(seen, json!({})).await;
    assert_eq!(answer.at("product.options"), &json!([{ "name": "Size", "values": ["S", "M", "L"] }]));
    assert_eq!(answer.at("product.priceRange.max.amount"), "12.00");
    assert_eq!(answer.at("product.variants.nodes.2"), &json!({ "sku": "S-3", "title": "L" }));
}

async fn json_comes_as_an_array_or_as_lines(app: TestApp) {
    let owner = app.as_owner().await;
    let supplier = supplier(&owner).await;
    let extra = json!({ "format": "JSON", "mapping": { "sku": "code", "title": "name", "price": "rrp", "cost": "cost", "quantity": "stock" } });
    let array = r#"[ {"code": "J1", "name": "One", "rrp": 1.10, "cost": "0.5", "stock": 3, "more": {"deep": [1]}},
        {"code": "J2", "name": null, "rrp": 1}, 7, {"code": "J3", "name": "Three", "rrp": "3"} ]"#;
    assert_eq!(counts(&import(&app, &owner, &supplier, array, extra.clone()).await), [4, 2, 0, 0, 2]);
    let lines = "{\"code\": \"J1\", \"name\": \"One\", \"rrp\": 1.1, \"cost\": 0.50}\n\nnot json\n{\"code\": \"J4\", \"name\": \"Four\", \"rrp\": 4}\n";
    let job = import(&app, &owner, &supplier, lines, extra.clone()).await;
    assert_eq!(counts(&job), [3, 1, 0, 1, 1]);
    assert_eq!(job["result"]["errors"][0]["line"], 3);
    let broken = import(&app, &owner, &supplier, "[{\"code\": \"J5\", \"name\": \"x\", \"rrp\": 1}, {\"code\"", extra.clone()).await;
    assert_eq!(broken["status"], "FAILED");
    let endless = format!("[{{\"code\": \"{}", "x".repeat(3 * 1024 * 1024));
    assert_eq!(import(&app, &owner, &supplier, &endless, extra.clone()).await["status"], "FAILED");
    let deep = format!("[{}", "[".repeat(100_000));
    assert_eq!(import(&app, &owner, &supplier, &deep, extra).await["status"], "FAILED");
}

async fn a_feed_of_googles_becomes_a_catalogue(app: TestApp) {
    let owner = app.as_owner().await;
    let supplier = supplier(&owner).await;
    let file = "<?xml version=\"1.0\"?><rss xmlns:g=\"http://base.google.com/ns/1.0\"><channel><title>Shop</title>
        <item><g:id>G-1</g:id><title>Lamp &amp; shade</title><description>Bright</description>
            <g:image_link>https://cdn.example/lamp.jpg</g:image_link><g:price>25.00 EUR</g:price>
            <g:sale_price>20.00 EUR</g:sale_price><g:cost_of_goods_sold>9.50 EUR</g:cost_of_goods_sold>
            <g:availability>in_stock</g:availability><g:item_group_id>lamps</g:item_group_id>
            <g:shipping><g:price>3.00 EUR</g:price></g:shipping><g:max_handling_time>4</g:max_handling_time></item>
        <item><g:id>G-2</g:id><title>Lamp, red</title><g:price>26.00 EUR</g:price><g:item_group_id>lamps</g:item_group_id></item>
        <item><g:id>G-3</g:id><title>Chair</title><g:price>30.00 USD</g:price></item></channel></rss>";
    let extra = json!({ "format": "GOOGLE_MERCHANT" });
    let job = import(&app, &owner, &supplier, file, extra.clone()).await;
    assert_eq!(counts(&job), [3, 2, 0, 0, 1]);
    assert_eq!(job["result"]["errors"][0]["reason"], "CURRENCY_MISMATCH");
    app.run_jobs().await;
    let seen = "{ variant(sku: \"G-1\") { price { amount } compareAtPrice { amount } availability { quantity }
        product { title description featuredImage { url } variants(first: 5) { nodes { sku } } } } }";
    let answer = app.as_guest().run(seen, json!({})).await;
    let wanted = json!({ "price": { "amount": "20.00" }, "compareAtPrice": { "amount": "25.00" },
        "availability": { "quantity": 100 }, "product": { "title": "Lamp & shade", "description": "Bright",
        "featuredImage": { "url": "https://cdn.example/lamp.jpg" }, "variants": { "nodes": [{ "sku": "G-1" }, { "sku": "G-2" }] } } });
    assert_eq!(answer.at("variant"), &wanted);
    assert_eq!(counts(&import(&app, &owner, &supplier, file, extra.clone()).await), [3, 0, 0, 2, 1]);
    let broken = import(&app, &owner, &supplier, &file.replace("G-", "H-")[..file.len() - 40], extra).await;
    assert_eq!(broken["status"], "FAILED");
    assert_eq!(app.as_guest().run("{ variant(sku: \"H-1\") { id } }", json!({})).await.at("variant"), &Value::Null);
}

async fn what_cannot_be_imported_is_refused(app: TestApp) {
    let owner = app.as_owner().await;
    let supplier = supplier(&owner).await;
    let nobody = json!("upl_00000000000000000000000000000000");
    let input = |source: Value, format: &str| json!({ "input": { "supplierId": supplier, "source": source, "format": format } });
    for (source, format, code) in [
        (json!({ "uploadId": nobody }), "CSV", "NOT_FOUND"),
        (json!({ "uploadId": nobody }), "GOOGLE_MERCHANT", "NOT_FOUND"),
        (json!({ "url": "http://10.0.0.1/feed.csv" }), "CSV", "INVALID"),
        (json!({ "url": "http://[::ffff:10.0.0.1]/feed.csv" }), "CSV", "INVALID"),
    ] {
        let answer = owner.run(IMPORT, input(source.clone(), format)).await;
        assert_eq!(answer.user_codes("catalogImport"), [code], "{source} {format}");
        assert_eq!(answer.at("catalogImport.job"), &Value::Null);
    }
    let both = owner.run(IMPORT, input(json!({ "uploadId": nobody, "url": "https://a.example/" }), "CSV")).await;
    assert!(!both.codes().is_empty(), "{}", both.body);
    let staff = app.as_staff(&[Permission::Orders]).await;
    assert_eq!(staff.run(IMPORT, input(json!({ "uploadId": nobody }), "CSV")).await.codes(), ["FORBIDDEN"]);
}

async fn uploads_are_for_the_store(app: TestApp) {
    assert_eq!(send(&app, &app.as_guest(), "x").await.status, StatusCode::UNAUTHORIZED);
    let forged = app.as_guest().with_token("cst_nonsense");
    assert_eq!(send(&app, &forged, "x").await.status, StatusCode::UNAUTHORIZED);
    let customer = app.as_customer("carl@example.com").await;
    assert_eq!(send(&app, &customer, "x").await.status, StatusCode::FORBIDDEN);
    let supplier = app.as_supplier(app.app.ids.secret_id()).await;
    assert_eq!(send(&app, &supplier, "x").await.status, StatusCode::FORBIDDEN);
    let others = app.as_staff(&[Permission::Orders]).await;
    assert_eq!(send(&app, &others, "x").await.status, StatusCode::FORBIDDEN);
    let staff = app.as_staff(&[Permission::Catalog]).await;
    assert_eq!(send(&app, &staff, "x").await.status, StatusCode::CREATED);
    let owner = app.as_owner().await;
    assert_eq!(send(&app, &owner, "").await.status, StatusCode::BAD_REQUEST);
    let taken = send(&app, &owner, vec![0; 3_000_000]).await;
    assert_eq!(taken.status, StatusCode::CREATED);
    assert!(taken.body["id"].as_str().expect("an id").starts_with("upl_"));
}

async fn a_price_that_jumps_is_left_out(app: TestApp) {
    let owner = app.as_owner().await;
    let supplier = supplier(&owner).await;
    import(&app, &owner, &supplier, FILE, json!({ "mapping": mapping() })).await;
    let spoiled = FILE.replace("2.55", "0.02");
    let job = import(&app, &owner, &supplier, &spoiled, json!({ "mapping": mapping() })).await;
    assert_eq!(counts(&job), [2, 0, 0, 1, 1]);
    assert_eq!(job["result"]["errors"][0]["reason"], "PRICE_ANOMALY");
}

async fn thousands_of_rows_take_seconds(app: TestApp) {
    let owner = app.as_owner().await;
    let supplier = supplier(&owner).await;
    let mut file = String::from("sku,title,price,cost,qty\n");
    for number in 0..4_600 {
        file.push_str(&format!("K{number:05},Thing number {number} of many,{}.50,1.00,{}\n", number % 90 + 1, number % 7));
    }
    let begun = std::time::Instant::now();
    let job = import(&app, &owner, &supplier, &file, json!({})).await;
    assert_eq!(counts(&job), [4_600, 4_600, 0, 0, 0]);
    println!("4,600 rows took {:?}", begun.elapsed());
    let page = "{ products(first: 5, query: \"thing 45\", sort: PRICE_ASC) { totalCount nodes { title } } }";
    let seen = app.as_guest().run(page, json!({})).await;
    assert!(seen.at("products.totalCount").as_i64() >= Some(110), "{}", seen.body);
}
