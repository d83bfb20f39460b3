//! Files as suppliers really send them: Google's XML, other letters than ours, and what means harm.

use std::io::Write as _;

use consign::kernel::ids::SupplierId;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::feed::{Shelf, last_fetch, poll, supplier};
use crate::support::app::TestApp;
use crate::support::gql::Client;
use crate::support::{stock, trade};

crate::engine_tests![
    a_feed_of_googles_is_sold_from,
    a_mapping_gives_googles_elements_other_places,
    bad_items_are_left_out_and_told,
    files_in_other_letters_are_read,
    a_file_that_is_hostile_or_half_publishes_nothing,
    a_file_that_empties_the_catalogue_is_held_back,
];

const HEAD: &str = "<?xml version=\"1.0\"?>\n<rss xmlns:g=\"http://base.google.com/ns/1.0\" version=\"2.0\"><channel>\n";
const END: &str = "</channel></rss>\n";

/// A feed of items, one a line from line 3 on.
fn feed(items: &[&str]) -> String {
    format!("{HEAD}{}{END}", items.iter().map(|item| format!("<item>{item}</item>\n")).collect::<String>())
}

fn google() -> Value {
    json!({ "format": "GOOGLE_MERCHANT" })
}

/// What a fetch left out: line, SKU, reason.
async fn left_out(owner: &Client, id: SupplierId) -> Vec<(i64, Option<String>, String)> {
    let told = last_fetch(owner, id).await;
    let rows = told["lastFetch"]["leftOut"]["nodes"].as_array().unwrap_or_else(|| panic!("no rows: {told}"));
    let text = |value: &Value| value.as_str().map(str::to_owned);
    rows.iter()
        .map(|it| (it["line"].as_i64().expect("a line"), text(&it["sku"]), text(&it["reason"]).expect("a reason")))
        .collect()
}

/// What the store knows of an offer: the cost, and when there is some again.
async fn offer(owner: &Client, variant: &str) -> Value {
    let query = "query($sku: String!) { variant(sku: $sku) { inventory { offers { cost { amount } restockAt } } } }";
    owner.run(query, json!({ "sku": variant })).await.at("variant.inventory.offers.0").clone()
}

async fn a_feed_of_googles_is_sold_from(app: TestApp) {
    let owner = trade::open(&app).await;
    let shelf = Shelf::default();
    shelf.put(feed(&[
        "<g:id>S-0</g:id><title>Tom &amp; Jerry</title><g:availability>in_stock</g:availability>\
         <g:price>15.00 EUR</g:price><g:cost_of_goods_sold>3.25 EUR</g:cost_of_goods_sold>",
        "<g:id>S-1</g:id><g:availability>out_of_stock</g:availability><g:quantity>9</g:quantity>",
        "<g:id>S-2</g:id><g:availability>preorder</g:availability>\
         <g:availability_date>2031-12-24T13:00-0800</g:availability_date>",
        "<g:id>S-3</g:id><g:availability><![CDATA[in stock]]></g:availability><g:quantity>4</g:quantity>",
    ]));
    let id = supplier(&app, &owner, &shelf, 4, google()).await;
    let guest = app.as_guest();
    assert_eq!(stock::availability(&guest, "V-0").await, (true, 100), "{}", last_fetch(&owner, id).await);
    assert!(!stock::availability(&guest, "V-1").await.0);
    assert!(!stock::availability(&guest, "V-2").await.0);
    assert_eq!(stock::availability(&guest, "V-3").await, (true, 4));
    assert_eq!(offer(&owner, "V-0").await, json!({ "cost": { "amount": "3.25" }, "restockAt": null }));
    assert!(offer(&owner, "V-2").await["restockAt"].as_str().expect("a time").starts_with("2031-12-24T21:00:00"));

    let atom = "<feed xmlns=\"http://www.w3.org/2005/Atom\" xmlns:g=\"http://base.google.com/ns/1.0\"><entry>\
        <id>http://shop.example/0</id><g:id>S-0</g:id><g:availability>in_stock</g:availability></entry></feed>";
    shelf.put(atom);
    poll(&app).await;
    assert_eq!(stock::availability(&guest, "V-0").await, (true, 100));
    assert!(!stock::availability(&guest, "V-3").await.0, "what the file does not name is gone");
}

async fn a_mapping_gives_googles_elements_other_places(app: TestApp) {
    let owner = trade::open(&app).await;
    let shelf = Shelf::default();
    shelf.put(feed(&[
        "<g:id>4711</g:id><g:mpn>S-0</g:mpn><g:availability>in_stock</g:availability><g:price>2,50 EUR</g:price>",
    ]));
    let mapping = json!({ "supplier_sku": "g:mpn", "cost": "price", "decimal": ",", "in_stock": 5 });
    let id = supplier(&app, &owner, &shelf, 1, json!({ "format": "GOOGLE_MERCHANT", "mapping": mapping })).await;
    let told = last_fetch(&owner, id).await;
    assert_eq!(stock::availability(&app.as_guest(), "V-0").await, (true, 5), "{told}");
    assert_eq!(offer(&owner, "V-0").await["cost"]["amount"], "2.50");
}

async fn bad_items_are_left_out_and_told(app: TestApp) {
    let owner = trade::open(&app).await;
    let shelf = Shelf::default();
    let said = |sku: &str, rest: &str| format!("<g:id>{sku}</g:id>{rest}");
    let there = "<g:availability>in_stock</g:availability>";
    let items = [
        said("S-0", "<g:quantity>5</g:quantity>"),
        said("s-0", there),
        there.to_owned(),
        said("1.23E+11", there),
        said("S-1", "<g:quantity>-4</g:quantity>"),
        said("S-1", "<g:quantity>NaN</g:quantity>"),
        said("S-1", &format!("{there}<g:cost_of_goods_sold>1.00 USD</g:cost_of_goods_sold>")),
        said("S-1", &format!("{there}<g:cost_of_goods_sold>1,5</g:cost_of_goods_sold>")),
        said("S-1", &format!("{there}<g:cost_of_goods_sold>-1</g:cost_of_goods_sold>")),
        said("S-1", "<g:availability>perhaps</g:availability>"),
        said("S-1&nbsp;", there),
        said(&"x".repeat(101), there),
        said("S-1", &format!("<title>{}</title>{there}", "x".repeat(70_000))),
        said("S-1", there),
    ];
    shelf.put(feed(&items.iter().map(String::as_str).collect::<Vec<_>>()));
    let id = supplier(&app, &owner, &shelf, 2, google()).await;
    let found = left_out(&owner, id).await;
    let reasons: Vec<(i64, &str)> = found.iter().map(|(line, _, reason)| (*line, reason.as_str())).collect();
    let wanted = [
        (4, "DUPLICATE_SKU"),
        (5, "SKU_MISSING"),
        (6, "SKU_INVALID"),
        (7, "QUANTITY_INVALID"),
        (8, "QUANTITY_INVALID"),
        (9, "CURRENCY_MISMATCH"),
        (10, "COST_INVALID"),
        (11, "COST_INVALID"),
        (12, "QUANTITY_MISSING"),
        (13, "MALFORMED"),
        (14, "SKU_INVALID"),
        (15, "MALFORMED"),
    ];
    assert_eq!(reasons, wanted);
    assert_eq!(found[0].1.as_deref(), Some("s-0"));
    assert_eq!(stock::availability(&app.as_guest(), "V-0").await, (true, 5));
    assert_eq!(stock::availability(&app.as_guest(), "V-1").await, (true, 100));
}

fn wide(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

async fn files_in_other_letters_are_read(app: TestApp) {
    let owner = trade::open(&app).await;
    let shelf = Shelf::default();
    let csv = |quantity: u32| format!("supplier_sku\tStückzahl €\r\nS-0\t{quantity}\r\n");
    // `€` is a letter of Windows-1252 that ISO 8859-1 does not have.
    let windows = |text: &str| -> Vec<u8> {
        text.chars().map(|letter| if letter == '€' { 0x80 } else { letter as u32 as u8 }).collect()
    };
    let mapping = |encoding: Value| {
        let columns = json!({ "supplier_sku": "supplier_sku", "quantity": "Stückzahl €", "delimiter": "tab" });
        let mut mapping = columns;
        if !encoding.is_null() {
            mapping["encoding"] = encoding;
        }
        json!({ "mapping": mapping })
    };
    shelf.put(format!("\u{feff}{}", csv(1)));
    let id = supplier(&app, &owner, &shelf, 1, mapping(Value::Null)).await;
    let sells = async |file: Vec<u8>, settings: Value, quantity: i64| {
        let update = "mutation($id: ID!, $input: SupplierUpdateInput!) { supplierUpdate(id: $id, input: $input) {
            supplier { id } userErrors { code field message } } }";
        owner.run(update, json!({ "id": id, "input": { "settings": settings } })).await.done("supplierUpdate");
        shelf.put(file);
        poll(&app).await;
        let told = last_fetch(&owner, id).await;
        assert_eq!(stock::availability(&app.as_guest(), "V-0").await, (true, quantity), "{told}");
    };
    assert_eq!(stock::availability(&app.as_guest(), "V-0").await, (true, 1), "UTF-8 with a mark");
    sells(wide(&format!("\u{feff}{}", csv(2)), u16::to_le_bytes), mapping(Value::Null), 2).await;
    sells(wide(&format!("\u{feff}{}", csv(3)), u16::to_be_bytes), mapping(Value::Null), 3).await;
    sells(wide(&csv(4), u16::to_le_bytes), mapping(json!("utf-16")), 4).await;
    sells(windows(&csv(5)), mapping(json!("windows-1252")), 5).await;
    sells(windows(&csv(6)), mapping(json!("iso-8859-1")), 6).await;
    let xml = |encoding: &str, quantity: u32| {
        format!(
            "<?xml version=\"1.0\" encoding=\"{encoding}\"?><rss><channel><item><id>S-0</id><title>5 € für Öl</title>\
             <quantity>{quantity}</quantity></item></channel></rss>"
        )
    };
    let google = json!({ "format": "GOOGLE_MERCHANT", "mapping": null });
    sells(windows(&xml("Windows-1252", 7)), google.clone(), 7).await;
    sells(wide(&format!("\u{feff}{}", xml("UTF-16", 8)), u16::to_le_bytes), google.clone(), 8).await;
    sells(xml("utf-8", 9).into_bytes(), google, 9).await;
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(bytes).expect("packed");
    packed.finish().expect("packed")
}

/// Files that are refused as a whole, by their format, and a part of what is said of each.
fn refused() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let items: Vec<String> = (0..1_200).map(|index| format!("<item><id>S-{index}</id><quantity>1</quantity></item>\n")).collect();
    let items = items.concat();
    let objects: String = (0..1_200).map(|index| format!("{{\"supplier_sku\":\"S-{index}\",\"quantity\":1}},\n")).collect();
    let laughs: String = (1..10).map(|level| format!("<!ENTITY l{level} \"{}\">", format!("&l{};", level - 1).repeat(10))).collect();
    let item = "<item><id>S-0</id><quantity>1</quantity></item>";
    let rss = |rest: &str| format!("<rss><channel>{item}{rest}</channel></rss>").into_bytes();
    let doctype = |inside: &str| {
        format!("<?xml version=\"1.0\"?><!DOCTYPE rss {inside}><rss><channel><item><id>&l9;</id></item></channel></rss>").into_bytes()
    };
    vec![
        ("GOOGLE_MERCHANT", format!("{HEAD}{items}<item><id>S-0</id>").into_bytes(), "broke off"),
        ("GOOGLE_MERCHANT", format!("{HEAD}{items}<item><id>S-").into_bytes(), "broke off"),
        ("GOOGLE_MERCHANT", format!("{HEAD}{items}<ite").into_bytes(), "not well-formed"),
        ("GOOGLE_MERCHANT", doctype(&format!("[<!ENTITY l0 \"lol\">{laughs}]")), "document type"),
        ("GOOGLE_MERCHANT", doctype("[<!ENTITY l9 SYSTEM \"file:///etc/passwd\">]"), "document type"),
        ("GOOGLE_MERCHANT", doctype("SYSTEM \"http://169.254.169.254/\""), "document type"),
        ("GOOGLE_MERCHANT", rss(&"<a>".repeat(10_000)), "deep in each other"),
        ("GOOGLE_MERCHANT", rss(&format!("<item><title>{}</title></item>", "x".repeat(2 * 1024 * 1024))), "longer than 1 MiB"),
        ("GOOGLE_MERCHANT", rss(&format!("<item {}=\"\"/>", "x".repeat(2 * 1024 * 1024))), "longer than 1 MiB"),
        ("GOOGLE_MERCHANT", rss("<item><title>\u{0}</title></itm>"), "not well-formed"),
        ("GOOGLE_MERCHANT", [rss(""), b"<html/>".to_vec()].concat(), "not well-formed"),
        ("GOOGLE_MERCHANT", b"<html><body>Please log in</body></html>".to_vec(), "neither RSS nor Atom"),
        ("GOOGLE_MERCHANT", b"<rss><channel/></rss>".to_vec(), "no row of the file makes sense"),
        ("GOOGLE_MERCHANT", b"<rss><channel><item><id>S-\xff</id></item></channel></rss>".to_vec(), "not UTF-8"),
        ("GOOGLE_MERCHANT", b"supplier_sku,quantity\nS-0,1\n".to_vec(), "not well-formed"),
        ("JSON", format!("[{objects}").into_bytes(), "not a JSON array"),
        ("JSON", b"[{\"quantity\": 1}]".to_vec(), "no column for sku"),
        ("CSV", b"article,quantity\nS-0,1\n".to_vec(), "no column for sku"),
        ("CSV", b"supplier_sku\nS-0\n".to_vec(), "no row of the file makes sense"),
        ("CSV", b"supplier_sku,quantity\n".to_vec(), "no row of the file makes sense"),
        ("CSV", wide("\u{feff}supplier_sku,quantity\nS-0,1\n", u16::to_le_bytes)[..57].to_vec(), "UTF-16"),
    ]
}

async fn a_file_that_is_hostile_or_half_publishes_nothing(app: TestApp) {
    let app = app.reconfigured(|config| config.limits.upload_bytes = 4 * 1024 * 1024).await;
    let owner = trade::open(&app).await;
    let shelf = Shelf::default();
    shelf.put("supplier_sku,quantity\nS-0,7\nS-1,7\n");
    let id = supplier(&app, &owner, &shelf, 2, Value::Null).await;
    let update = "mutation($id: ID!, $input: SupplierUpdateInput!) { supplierUpdate(id: $id, input: $input) {
        supplier { id } userErrors { code field message } } }";
    let fails = async |format: &str, file: Vec<u8>, part: &str| {
        let settings = json!({ "settings": { "format": format } });
        owner.run(update, json!({ "id": id, "input": settings })).await.done("supplierUpdate");
        shelf.put(file);
        poll(&app).await;
        let told = last_fetch(&owner, id).await;
        assert_eq!(told["health"]["status"], "FAILING", "{format} {part}: {told}");
        let error = told["health"]["lastError"].as_str().expect("an error");
        assert!(error.contains(part), "{format} {part}: {error}");
        assert!(!error.contains("passwd") && !error.contains("log in"), "{error}");
        for variant in ["V-0", "V-1"] {
            assert_eq!(stock::availability(&app.as_guest(), variant).await, (true, 7), "{format} {part}");
        }
    };
    for (format, file, part) in refused() {
        fails(format, file, part).await;
    }
    shelf.change(|it| it.packed = Some("gzip"));
    fails("CSV", gzip(&vec![b'0'; 64 * 1024 * 1024]), "larger than 4194304 bytes").await;
    let whole = gzip(b"supplier_sku,quantity\nS-0,1\n");
    fails("CSV", whole[..whole.len() - 10].to_vec(), "broke off").await;
    fails("CSV", b"no gzip at all".to_vec(), "broke off").await;
    shelf.put(whole);
    poll(&app).await;
    assert_eq!(stock::availability(&app.as_guest(), "V-0").await, (true, 1), "{}", last_fetch(&owner, id).await);
}

async fn a_file_that_empties_the_catalogue_is_held_back(app: TestApp) {
    let owner = trade::open(&app).await;
    let shelf = Shelf::default();
    let file = |word: &str| {
        let item = |index| format!("<g:id>S-{index}</g:id><g:availability>{word}</g:availability>");
        let items: Vec<String> = (0..25).map(item).collect();
        feed(&items.iter().map(String::as_str).collect::<Vec<_>>())
    };
    shelf.put(file("in_stock"));
    let id = supplier(&app, &owner, &shelf, 25, google()).await;
    assert_eq!(stock::availability(&app.as_guest(), "V-24").await, (true, 100));
    shelf.put(file("out_of_stock"));
    poll(&app).await;
    assert_eq!(stock::open_items(&owner, "STOCK_REPORT_HELD").await.len(), 1);
    assert_eq!(last_fetch(&owner, id).await["lastFetch"]["failure"], "held back: it would empty too much at once");
    for variant in ["V-0", "V-24"] {
        assert_eq!(stock::availability(&app.as_guest(), variant).await, (true, 100), "{variant}");
    }
    shelf.put(file("in_stock"));
    poll(&app).await;
    assert!(stock::open_items(&owner, "STOCK_REPORT_HELD").await.is_empty(), "the next file took its place");
}
