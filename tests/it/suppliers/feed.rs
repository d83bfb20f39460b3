//! Suppliers with a file: what it says is sold, what makes no sense is left out and told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use consign::kernel::ids::SupplierId;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::app::TestApp;
use crate::support::gql::Client;
use crate::support::{stock, trade};

crate::engine_tests![
    a_file_is_sold_from_and_followed,
    bad_rows_are_left_out_and_told,
    a_file_that_loses_too_much_is_held_back,
    a_file_that_cannot_be_had_changes_nothing,
    the_same_file_after_an_outage_is_sold_from_again,
    an_order_of_a_supplier_with_a_file_is_answered_at_the_portal,
];

/// A server with one file, in a test's hands.
#[derive(Clone, Default)]
pub(super) struct Shelf(Arc<Mutex<Served>>);

#[derive(Clone, Default)]
pub(super) struct Served {
    file: Vec<u8>,
    tag: Option<String>,
    status: Option<StatusCode>,
    /// How the file is packed.
    pub(super) packed: Option<&'static str>,
    /// How often the whole file was sent.
    sent: usize,
}

impl Shelf {
    pub(super) async fn start(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/stock?key=1", listener.local_addr().expect("an address"));
        let router = Router::new().route("/stock", get(serve)).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut Served)) {
        change(&mut self.0.lock().expect("a lock"));
    }

    pub(super) fn put(&self, file: impl Into<Vec<u8>>) {
        self.change(|it| it.file = file.into());
    }

    fn sent(&self) -> usize {
        self.0.lock().expect("a lock").sent
    }
}

async fn serve(State(shelf): State<Shelf>, headers: HeaderMap) -> Response {
    let mut served = shelf.0.lock().expect("a lock");
    if let Some(status) = served.status {
        return status.into_response();
    }
    let asked = headers.get(header::IF_NONE_MATCH).and_then(|it| it.to_str().ok());
    match served.tag.clone() {
        Some(tag) if asked == Some(tag.as_str()) => StatusCode::NOT_MODIFIED.into_response(),
        tag => {
            served.sent += 1;
            let mut response = served.file.clone().into_response();
            let mut tell = |name, value: &str| response.headers_mut().insert(name, value.parse().expect("a header"));
            tag.map(|tag| tell(header::ETAG, &tag));
            served.packed.map(|packed| tell(header::CONTENT_ENCODING, packed));
            response
        }
    }
}

/// A supplier whose file is on `shelf`, with an offer for each of `variants` called `S-0` and on.
pub(super) async fn supplier(app: &TestApp, owner: &Client, shelf: &Shelf, variants: usize, changes: Value) -> SupplierId {
    let mut settings = json!({ "url": shelf.start().await, "format": "CSV" });
    for (name, value) in changes.as_object().into_iter().flatten() {
        settings[name] = value.clone();
    }
    let id = stock::supplier(owner, "Filer", "feed", settings).await;
    for (index, variant) in stock::variants(owner, variants).await.iter().enumerate() {
        stock::offer(owner, id, variant, &format!("S-{index}"), Value::Null).await;
    }
    poll(app).await;
    id
}

pub(super) async fn poll(app: &TestApp) {
    app.advance(Duration::from_secs(15 * 60)).await;
}

pub(super) async fn last_fetch(owner: &Client, id: SupplierId) -> Value {
    let query = "query($id: ID!) { supplier(id: $id) { health { status lastError }
        lastFetch { items leftOutCount failure endedAt leftOut(first: 50) { nodes { line sku reason message } } } } }";
    owner.run(query, json!({ "id": id })).await.at("supplier").clone()
}

async fn a_file_is_sold_from_and_followed(app: TestApp) {
    let owner = trade::open(&app).await;
    let shelf = Shelf::default();
    shelf.put("supplier_sku,quantity,cost,currency\nS-0,7,3.50,EUR\nS-1,0,2.00,EUR\n");
    let id = supplier(&app, &owner, &shelf, 2, Value::Null).await;
    let guest = app.as_guest();
    assert_eq!(stock::availability(&guest, "V-0").await, (true, 7));
    assert!(!stock::availability(&guest, "V-1").await.0);
    let told = last_fetch(&owner, id).await;
    assert_eq!((&told["lastFetch"]["items"], &told["lastFetch"]["failure"]), (&json!(2), &Value::Null));

    // The same content is not read again, whether or not its server has a tag for it.
    let before = owner.run("{ suppliers(first: 1) { nodes { lastFetch { beganAt } } } }", json!({})).await.body;
    poll(&app).await;
    assert_eq!(owner.run("{ suppliers(first: 1) { nodes { lastFetch { beganAt } } } }", json!({})).await.body, before);
    shelf.change(|it| it.tag = Some("\"v1\"".to_owned()));
    shelf.put("supplier_sku,quantity\nS-0,3\nS-1,4\n");
    poll(&app).await;
    let sent = shelf.sent();
    poll(&app).await;
    assert_eq!(shelf.sent(), sent, "the tag is shown");
    assert_eq!(stock::availability(&guest, "V-0").await, (true, 3));
    assert_eq!(stock::availability(&guest, "V-1").await, (true, 4));
}

async fn bad_rows_are_left_out_and_told(app: TestApp) {
    let owner = trade::open(&app).await;
    let shelf = Shelf::default();
    let mapping = json!({ "supplier_sku": "Artikel", "quantity": "Bestand", "cost": "EK", "delimiter": ";",
        "decimal": ",", "encoding": "iso-8859-1" });
    let rows = [
        "Artikel;Bestand;EK;Bezeichnung",
        "S-0;5;1.234,50;Stra\u{df}e",
        "s-0;9;1,00;twice",
        ";1;1,00;none",
        "1,2E+11;1;1,00;spoiled",
        "S-1;-4;1,00;negative",
        "S-1;NaN;1,00;no number",
        "S-1;3;minus;no amount",
        "S-1;;1,00;no quantity",
        "S-1;3;1,00;fine;too many",
        "S-1;3;1,00;fine",
    ];
    let latin: Vec<u8> = rows.join("\r\n").chars().map(|letter| letter as u32 as u8).collect();
    shelf.put(latin);
    let id = supplier(&app, &owner, &shelf, 2, json!({ "mapping": mapping })).await;
    let told = last_fetch(&owner, id).await;
    assert_eq!((&told["lastFetch"]["items"], &told["lastFetch"]["leftOutCount"]), (&json!(2), &json!(8)), "{told}");
    let nodes = told["lastFetch"]["leftOut"]["nodes"].as_array().expect("rows").clone();
    let by_line: BTreeMap<i64, &str> =
        nodes.iter().map(|it| (it["line"].as_i64().expect("a line"), it["reason"].as_str().expect("a reason"))).collect();
    let wanted = [
        (3, "DUPLICATE_SKU"),
        (4, "SKU_MISSING"),
        (5, "SKU_INVALID"),
        (6, "QUANTITY_INVALID"),
        (7, "QUANTITY_INVALID"),
        (8, "COST_INVALID"),
        (9, "QUANTITY_MISSING"),
        (10, "MALFORMED"),
    ];
    assert_eq!(by_line, BTreeMap::from(wanted));
    // 1,234.50 was read well; but it is three hundred times what was known.
    assert_eq!(stock::availability(&app.as_guest(), "V-0").await, (false, 0));
    let held = stock::open_items(&owner, "COST_CHANGE_HELD").await;
    stock::resolve(&owner, &held[0], "ACCEPT_COSTS").await;
    app.run_jobs().await;
    assert_eq!(stock::availability(&app.as_guest(), "V-0").await, (true, 5));
    assert_eq!(stock::availability(&app.as_guest(), "V-1").await, (true, 3));
}

async fn a_file_that_loses_too_much_is_held_back(app: TestApp) {
    let owner = trade::open(&app).await;
    let shelf = Shelf::default();
    let file = |count: usize| {
        let rows: Vec<String> = (0..count).map(|index| format!("S-{index},5")).collect();
        format!("supplier_sku,quantity\n{}\n", rows.join("\n"))
    };
    shelf.put(file(30));
    let id = supplier(&app, &owner, &shelf, 30, Value::Null).await;
    let update = "mutation($id: ID!, $input: SupplierUpdateInput!) { supplierUpdate(id: $id, input: $input) {
        supplier { stock { maxShrink } } userErrors { code field message } } }";
    let limit = owner.run(update, json!({ "id": id, "input": { "stock": { "maxShrink": "0.2" } } })).await;
    assert_eq!(limit.done("supplierUpdate")["supplier"]["stock"]["maxShrink"], "0.2");

    // A supplier whose record changes is asked at once, and not at its usual time.
    app.run_jobs().await;
    shelf.put(file(21));
    let fresh = json!({ "stock": { "maxShrink": "0.21" } });
    owner.run(update, json!({ "id": id, "input": fresh })).await.done("supplierUpdate");
    app.run_jobs().await;
    let held = stock::open_items(&owner, "STOCK_REPORT_HELD").await;
    assert_eq!(held.len(), 1, "three in ten are gone");
    assert_eq!(stock::availability(&app.as_guest(), "V-29").await, (true, 5));
    stock::resolve(&owner, &held[0], "APPROVE").await;
    app.run_jobs().await;
    assert!(!stock::availability(&app.as_guest(), "V-29").await.0);
    assert_eq!(stock::availability(&app.as_guest(), "V-20").await, (true, 5));
    shelf.put(file(18));
    poll(&app).await;
    assert!(stock::open_items(&owner, "STOCK_REPORT_HELD").await.is_empty(), "one in seven may go");
    assert!(!stock::availability(&app.as_guest(), "V-20").await.0);
}

async fn a_file_that_cannot_be_had_changes_nothing(app: TestApp) {
    let owner = trade::open(&app).await;
    let shelf = Shelf::default();
    shelf.put("supplier_sku,quantity\nS-0,7\n");
    let id = supplier(&app, &owner, &shelf, 1, Value::Null).await;
    for (file, status) in [
        ("", None),
        ("secret column,other\n1,2\n", None),
        ("supplier_sku,quantity\n\"S-0,9\n", None),
        ("whatever", Some(StatusCode::FORBIDDEN)),
        ("whatever", Some(StatusCode::INTERNAL_SERVER_ERROR)),
        ("whatever", Some(StatusCode::FOUND)),
    ] {
        shelf.change(|it| it.status = status);
        shelf.put(file);
        poll(&app).await;
        let told = last_fetch(&owner, id).await;
        assert_eq!(told["health"]["status"], "FAILING", "{file:?} {status:?}: {told}");
        assert!(!told.to_string().contains("secret column"), "{told}");
        assert_eq!(stock::availability(&app.as_guest(), "V-0").await, (true, 7), "{file:?} {status:?}");
    }
    shelf.change(|it| it.status = None);
    shelf.put("supplier_sku,quantity\nS-0,6\n");
    poll(&app).await;
    assert_eq!(last_fetch(&owner, id).await["health"]["status"], "OK");
    assert_eq!(stock::availability(&app.as_guest(), "V-0").await, (true, 6));
}

async fn the_same_file_after_an_outage_is_sold_from_again(app: TestApp) {
    let owner = trade::open(&app).await;
    let shelf = Shelf::default();
    shelf.put("supplier_sku,quantity\nS-0,7\n");
    shelf.change(|it| it.tag = Some("\"v1\"".to_owned()));
    let id = supplier(&app, &owner, &shelf, 1, Value::Null).await;
    let update = "mutation($id: ID!, $input: SupplierUpdateInput!) { supplierUpdate(id: $id, input: $input) {
        supplier { id } userErrors { code field message } } }";
    let stop = json!({ "stock": { "maxAgeMinutes": 60, "whenStale": "STOP" } });
    owner.run(update, json!({ "id": id, "input": stop })).await.done("supplierUpdate");
    poll(&app).await;
    assert_eq!(stock::availability(&app.as_guest(), "V-0").await, (true, 7));

    shelf.change(|it| it.status = Some(StatusCode::BAD_GATEWAY));
    consign::worker::schedule(&app.app).await.expect("the repeating jobs are there");
    for _ in 0..5 {
        poll(&app).await;
    }
    assert_eq!(stock::availability(&app.as_guest(), "V-0").await, (false, 0), "nobody knows what it has");

    // It is back with what it said before, and says only that nothing has changed.
    let sent = shelf.sent();
    shelf.change(|it| it.status = None);
    app.advance(Duration::from_secs(3600)).await;
    assert_eq!(shelf.sent(), sent);
    assert_eq!(last_fetch(&owner, id).await["health"]["status"], "OK");
    assert_eq!(stock::availability(&app.as_guest(), "V-0").await, (true, 7));
}

async fn an_order_of_a_supplier_with_a_file_is_answered_at_the_portal(app: TestApp) {
    let owner = trade::open(&app).await;
    let shelf = Shelf::default();
    shelf.put("supplier_sku,quantity\nS-0,7\n");
    let id = supplier(&app, &owner, &shelf, 1, Value::Null).await;
    crate::support::shop::service(&owner, id, "STANDARD", "3.00").await;
    let variant = owner.run("{ variant(sku: \"V-0\") { id } }", json!({})).await.text("variant.id");
    let bought = trade::buy(&app, &[(&variant, 2)]).await;
    app.run_jobs().await;
    let filer = app.as_supplier(id).await;
    let part = trade::parts(&owner, &bought.id).await.remove(0);
    trade::work(&filer, "supplierOrderAccept", &part["id"], json!({})).await.done("supplierOrderAccept");
    trade::until_paid(&app, &owner, &bought.id).await;
}
