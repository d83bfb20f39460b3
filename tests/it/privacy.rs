//! A customer gets all that is kept about them, and is forgotten.

use std::time::Duration;

use consign::identity::Permission;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::gql::{Answer, Client};
use crate::support::trade::Bought;
use crate::support::{shop, stock, trade};

crate::engine_tests![
    an_export_holds_everything_and_no_secret,
    an_export_is_for_the_customer_and_the_store,
    nothing_is_left_of_a_forgotten_customer,
    an_order_on_its_way_still_arrives,
    being_forgotten_needs_the_password_or_the_store,
    an_address_can_be_registered_again,
    being_forgotten_races_a_checkout,
    a_forgotten_customers_own_words_go_too,
];

const PASSWORD: &str = "correct horse battery staple";

/// What must be nowhere: the person in every spelling that was typed.
const PERSON: [&str; 6] = ["ada@example.com", "byron", "am ring 1", "lovelace", "+49 30 123456", "secret-tracking"];

const EXPORT: &str = "query($id: ID!, $after: String) {
  customerDataExport(id: $id, after: $after) { data endCursor } }";

/// A store, its supplier, and a customer with a name, an address and a number.
struct World {
    owner: Client,
    supplier: Client,
    variants: Vec<String>,
    ada: Client,
    id: String,
}

impl World {
    async fn open(app: &TestApp) -> Self {
        let owner = trade::open(app).await;
        let variants = stock::variants(&owner, 1).await;
        let supplier = trade::portal(&owner, "Acme", true).await;
        trade::offers(app, &owner, supplier, &variants[0], "A-1", 90, "3.00").await;
        let ada = app.as_customer("ada@example.com").await;
        let name = "mutation { customerUpdate(input: { firstName: \"Ada\", lastName: \"Lovelace\" }) {
            customer { id } userErrors { code } } }";
        let id = ada.run(name, json!({})).await.text("customerUpdate.customer.id");
        let keep = "mutation($address: AddressInput!) { customerAddressCreate(address: $address) {
            addressId userErrors { code field message } } }";
        let mut home = shop::address();
        home["name"] = json!("Ada Byron");
        home["phone"] = json!("+49 30 123456");
        ada.run(keep, json!({ "address": home })).await.done("customerAddressCreate");
        Self { owner, supplier: app.as_supplier(supplier).await, variants, ada, id }
    }

    async fn buy(&self) -> Bought {
        trade::buy_as(&self.ada, &[(&self.variants[0], 2)]).await
    }

    /// The supplier accepts, ships and delivers everything of an order.
    async fn deliver(&self, app: &TestApp, order: &str) {
        app.run_jobs().await;
        for part in trade::parts(&self.owner, order).await {
            trade::work(&self.supplier, "supplierOrderAccept", &part["id"], json!({})).await;
            let create = "mutation($id: ID!, $input: ShipmentCreateInput!) {
                shipmentCreate(supplierOrderId: $id, input: $input) { shipment { id } userErrors { code message } } }";
            let input = json!({ "carrier": "DHL", "trackingNumber": "secret-tracking" });
            let made = self.supplier.run(create, json!({ "id": part["id"], "input": input })).await;
            let parcel = made.done("shipmentCreate")["shipment"]["id"].clone();
            let tell = "mutation($id: ID!, $input: ShipmentEventInput!) {
                shipmentEventAdd(shipmentId: $id, input: $input) { userErrors { code message } } }";
            let input = json!({ "id": "1", "status": "DELIVERED", "occurredAt": app.app.clock.now(),
                "description": "signed by Byron", "location": "Am Ring 1" });
            self.supplier.run(tell, json!({ "id": parcel, "input": input })).await.done("shipmentEventAdd");
        }
        app.run_jobs().await;
    }
}

async fn erase(client: &Client, id: &str, password: Option<&str>) -> Answer {
    let text = "mutation($id: ID!, $input: CustomerEraseInput!) { customerErase(id: $id, input: $input) {
        erased ordersUnderWay userErrors { code field message } } }";
    client.run(text, json!({ "id": id, "input": { "password": password } })).await
}

/// Every row of every table as text, in small letters.
async fn everything(app: &TestApp) -> Vec<(String, String)> {
    let conn = app.app.db.read();
    let backend = conn.get_database_backend();
    let list = match backend {
        DbBackend::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%search%'",
        _ => "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'",
    };
    let tables = conn.query_all_raw(Statement::from_string(backend, list)).await.expect("tables");
    let mut rows = Vec::new();
    for table in tables.iter().map(|row| row.try_get::<String>("", "name").expect("a name")) {
        let text = match backend {
            DbBackend::Sqlite => {
                let sql = format!("SELECT name FROM pragma_table_info('{table}')");
                let columns = conn.query_all_raw(Statement::from_string(backend, sql)).await.expect("columns");
                let column = |row: &sea_orm::QueryResult| {
                    format!("COALESCE(CAST({} AS TEXT), '')", quoted(&row.try_get::<String>("", "name").expect("a name")))
                };
                let row = columns.iter().map(column).collect::<Vec<_>>().join(" || '|' || ");
                format!("CAST({row} AS BLOB)")
            }
            _ => "convert_to(row_to_json(t)::text, 'UTF8')".to_owned(),
        };
        let sql = format!("SELECT {text} AS bytes FROM {} AS t", quoted(&table));
        for row in conn.query_all_raw(Statement::from_string(backend, sql)).await.expect("rows") {
            let bytes = row.try_get::<Vec<u8>>("", "bytes").expect("bytes");
            rows.push((table.clone(), String::from_utf8_lossy(&bytes).to_lowercase()));
        }
    }
    rows
}

fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

/// Where something of the person is left.
async fn traces(app: &TestApp) -> Vec<(String, String)> {
    let all = everything(app).await;
    all.into_iter().filter(|(_, text)| PERSON.iter().any(|word| text.contains(word))).collect()
}

async fn an_export_holds_everything_and_no_secret(app: TestApp) {
    let world = World::open(&app).await;
    let bought = world.buy().await;
    world.deliver(&app, &bought.id).await;
    let cart = "mutation($input: CartCreateInput!) { cartCreate(input: $input) { cart { id } userErrors { code } } }";
    let input = json!({ "lines": [{ "variantId": world.variants[0], "quantity": 3 }] });
    world.ada.run(cart, json!({ "input": input })).await.done("cartCreate");
    let answer = world.ada.run(EXPORT, json!({ "id": world.id })).await;
    let data = answer.at("customerDataExport.data");
    assert_eq!(answer.at("customerDataExport.endCursor"), &Value::Null);
    assert_eq!((&data["customer"]["email"], &data["customer"]["lastName"]), (&json!("ada@example.com"), &json!("Lovelace")));
    assert_eq!(data["addresses"][0]["address"]["phone"], "+49 30 123456");
    assert!(data["sessions"][0]["createdAt"].is_string());
    assert_eq!(data["carts"].as_array().map(Vec::len), Some(2));
    let order = &data["orders"][0];
    assert_eq!(order["shippingAddress"]["name"], "Ada Byron");
    assert_eq!((&order["lines"][0]["quantity"], &order["lines"][0]["delivered"]), (&json!(2), &json!(2)));
    assert_eq!(order["payments"][0]["gateway"], "test");
    assert_eq!(order["parcels"][0]["trackingNumber"], "secret-tracking");
    assert_eq!(order["parcels"][0]["events"][0]["location"], "Am Ring 1");
    assert_eq!(order["events"][0]["message"], "We received your order.");
    assert!(!order["mails"].as_array().expect("mails").is_empty() && !data["mails"].as_array().expect("mails").is_empty());
    let text = data.to_string();
    for secret in ["argon2", bought.token.as_str(), "tok_ok", "Acme", "A-1", "providerId", "token"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

async fn an_export_is_for_the_customer_and_the_store(app: TestApp) {
    let world = World::open(&app).await;
    let mut ids = Vec::new();
    let claim = "mutation($token: String!) { orderClaim(token: $token) { order { id } userErrors { code } } }";
    for _ in 0..21 {
        let bought = trade::buy(&app, &[(&world.variants[0], 1)]).await;
        world.ada.run(claim, json!({ "token": bought.token })).await.done("orderClaim");
        ids.push(bought.id);
        app.app.clock.advance(chrono::TimeDelta::seconds(10));
    }
    let grace = app.as_customer("grace@example.com").await;
    for client in [&grace, &app.as_guest(), &world.supplier] {
        assert!(client.run(EXPORT, json!({ "id": world.id })).await.at("customerDataExport").is_null());
    }
    let without = app.as_staff(&[Permission::Orders]).await;
    assert_eq!(without.run(EXPORT, json!({ "id": world.id })).await.codes(), ["FORBIDDEN"]);
    let with = app.as_staff(&[Permission::Customers]).await;
    let first = with.run(EXPORT, json!({ "id": world.id })).await;
    let cursor = first.text("customerDataExport.endCursor");
    let last = with.run(EXPORT, json!({ "id": world.id, "after": cursor })).await;
    assert_eq!(last.at("customerDataExport.endCursor"), &Value::Null);
    assert!(last.at("customerDataExport.data").get("customer").is_none(), "told once");
    let pages = [&first, &last].map(|it| it.at("customerDataExport.data.orders").as_array().expect("orders").clone());
    let mut got: Vec<String> = pages.concat().iter().map(|it| it["id"].as_str().expect("an id").to_owned()).collect();
    got.reverse();
    assert_eq!(got, ids);
    assert_eq!(with.run(EXPORT, json!({ "id": world.id, "after": "x" })).await.codes(), ["BAD_USER_INPUT"]);
}

async fn nothing_is_left_of_a_forgotten_customer(app: TestApp) {
    let world = World::open(&app).await;
    let delivered = world.buy().await;
    world.deliver(&app, &delivered.id).await;
    let as_guest = trade::buy(&app, &[(&world.variants[0], 1)]).await;
    trade::cancel(&app.as_guest(), &as_guest).await.done("orderCancel");
    app.run_jobs().await;
    let figures = "query($id: ID!) { order(id: $id) { number total { amount } lines { title quantity } paymentStatus
        customer { id email } email phone shippingAddress { name city countryCode } } }";
    let before = world.owner.run(figures, json!({ "id": delivered.id })).await.at("order").clone();
    let ask = "mutation { passwordResetRequest(input: { email: \"ada@example.com\" }) { userErrors { code } } }";
    app.as_guest().run(ask, json!({})).await.done("passwordResetRequest");
    let done = erase(&world.ada, &world.id, Some(PASSWORD)).await;
    assert_eq!(done.done("customerErase")["erased"], true);
    assert_eq!(done.at("customerErase.ordersUnderWay"), 0);
    assert_eq!(world.ada.run("{ me { id } }", json!({})).await.codes(), ["UNAUTHENTICATED"], "at once");
    app.run_jobs().await;
    app.advance(Duration::from_secs(61)).await;
    let left = traces(&app).await;
    assert!(left.is_empty(), "{left:#?}");
    let after = world.owner.run(figures, json!({ "id": delivered.id })).await.at("order").clone();
    for same in ["number", "total", "lines", "paymentStatus"] {
        assert_eq!(after[same], before[same], "{same}");
    }
    assert_eq!(after["email"], "erased");
    assert_eq!(after["shippingAddress"], json!({ "name": "erased", "city": "erased", "countryCode": "DE" }));
    assert_eq!(after["customer"]["email"], format!("erased:{}", world.id));
    let by_token = "query($token: String!) { orderByToken(token: $token) { id } }";
    let gone = app.as_guest().run(by_token, json!({ "token": delivered.token })).await;
    assert!(gone.at("orderByToken").is_null(), "the person's link is gone with them");
    let again = erase(&world.owner, &world.id, None).await;
    assert_eq!(again.done("customerErase")["erased"], true, "again is no other");
}

async fn an_order_on_its_way_still_arrives(app: TestApp) {
    let world = World::open(&app).await;
    let bought = world.buy().await;
    app.run_jobs().await;
    let done = erase(&world.ada, &world.id, Some(PASSWORD)).await;
    assert_eq!(done.done("customerErase")["ordersUnderWay"], 1);
    app.run_jobs().await;
    app.advance(Duration::from_secs(61)).await;
    let part = trade::parts(&world.owner, &bought.id).await[0].clone();
    let query = "query($id: ID!) { supplierOrder(id: $id) { destination { name } } }";
    let seen = world.supplier.run(query, json!({ "id": part["id"] })).await;
    assert_eq!(seen.at("supplierOrder.destination.name"), "Ada Byron", "the supplier still knows where to");
    let before = app.mails.to("ada@example.com").len();
    world.deliver(&app, &bought.id).await;
    assert!(app.mails.to("ada@example.com").len() > before, "the buyer is told of the parcel");
    app.advance(Duration::from_secs(6 * 3600)).await;
    app.advance(Duration::from_secs(61)).await;
    let left = traces(&app).await;
    assert!(left.is_empty(), "{left:#?}");
    let seen = world.supplier.run(query, json!({ "id": part["id"] })).await;
    assert_eq!(seen.at("supplierOrder.destination.name"), "erased");
}

async fn being_forgotten_needs_the_password_or_the_store(app: TestApp) {
    let world = World::open(&app).await;
    let grace = app.as_customer("grace@example.com").await;
    for password in [None, Some("not this password")] {
        let refused = erase(&world.ada, &world.id, password).await;
        assert_eq!(refused.user_codes("customerErase"), ["CREDENTIALS_INVALID"]);
        assert_eq!(refused.at("customerErase.userErrors.0.field"), &json!(["input", "password"]));
    }
    for client in [&grace, &app.as_guest(), &world.supplier] {
        let refused = erase(client, &world.id, Some(PASSWORD)).await;
        assert_eq!(refused.user_codes("customerErase"), ["NOT_FOUND"]);
    }
    let without = app.as_staff(&[Permission::Orders]).await;
    assert_eq!(erase(&without, &world.id, None).await.codes(), ["FORBIDDEN"]);
    assert!(world.ada.run("{ me { id } }", json!({})).await.at("me.id").is_string(), "nothing happened");
    for _ in 0..10 {
        erase(&world.ada, &world.id, Some("not this password")).await;
    }
    assert_eq!(erase(&world.ada, &world.id, Some(PASSWORD)).await.user_codes("customerErase"), ["THROTTLED"]);
    let with = app.as_staff(&[Permission::Customers]).await;
    assert_eq!(erase(&with, &world.id, None).await.done("customerErase")["erased"], true);
    assert_eq!(world.ada.run("{ me { id } }", json!({})).await.codes(), ["UNAUTHENTICATED"]);
}

async fn an_address_can_be_registered_again(app: TestApp) {
    let world = World::open(&app).await;
    let bought = world.buy().await;
    erase(&world.ada, &world.id, Some(PASSWORD)).await.done("customerErase");
    let again = app.as_customer("ada@example.com").await;
    app.run_jobs().await;
    let me = again.run("{ me { id firstName addresses { id } orders(first: 5) { totalCount } } }", json!({})).await;
    assert_ne!(me.at("me.id"), &json!(world.id));
    assert_eq!((me.at("me.firstName"), me.at("me.addresses")), (&Value::Null, &json!([])));
    assert_eq!(me.at("me.orders.totalCount"), 0, "a stranger under the same address");
    let claim = "mutation($token: String!) { orderClaim(token: $token) { order { id } userErrors { code } } }";
    let claimed = again.run(claim, json!({ "token": bought.token })).await;
    assert_eq!(claimed.user_codes("orderClaim"), ["NOT_FOUND"]);
}

async fn being_forgotten_races_a_checkout(app: TestApp) {
    let world = World::open(&app).await;
    let (_, done) = tokio::join!(
        async {
            // It may come to an order, or be told that nobody is signed in.
            tokio::spawn({
                let (ada, variant) = (world.ada.clone(), world.variants[0].clone());
                async move { trade::buy_as(&ada, &[(&variant, 1)]).await.id }
            })
            .await
            .ok()
        },
        async {
            tokio::time::sleep(Duration::from_millis(30)).await;
            erase(&world.ada, &world.id, Some(PASSWORD)).await
        }
    );
    done.done("customerErase");
    app.run_jobs().await;
    let orders = world.owner.run("{ orders(first: 5) { nodes { id } } }", json!({})).await;
    for order in orders.at("orders.nodes").as_array().expect("orders").clone() {
        world.deliver(&app, order["id"].as_str().expect("an id")).await;
    }
    app.advance(Duration::from_secs(6 * 3600)).await;
    app.advance(Duration::from_secs(61)).await;
    let left = traces(&app).await;
    assert!(left.is_empty(), "{left:#?}");
}

async fn a_forgotten_customers_own_words_go_too(app: TestApp) {
    let world = World::open(&app).await;
    let bought = world.buy().await;
    app.run_jobs().await;
    let cancel = "mutation($id: ID!, $input: OrderCancelInput!) { orderCancel(id: $id, input: $input) {
        order { id } userErrors { code field message } } }";
    let input = json!({ "reason": "I am Ada Byron and moved" });
    world.ada.run(cancel, json!({ "id": bought.id, "input": input })).await.done("orderCancel");
    app.run_jobs().await;
    let part = trade::parts(&world.owner, &bought.id).await[0].clone();
    trade::work(&world.supplier, "supplierOrderCancelAnswer", &part["id"], json!({ "accept": true })).await;
    app.run_jobs().await;
    assert_eq!(trade::statuses(&world.owner, &bought.id).await.1, "CANCELLED");
    assert!(!traces(&app).await.is_empty());
    erase(&world.owner, &world.id, None).await.done("customerErase");
    app.run_jobs().await;
    app.advance(Duration::from_secs(61)).await;
    let left = traces(&app).await;
    assert!(left.is_empty(), "{left:#?}");
}
