//! The journeys, lived: a store is opened, filled and sold from; goods come from one supplier that
//! is a machine (the simulator) and one that works in the portal.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use consign::kernel::ids::SupplierId;
use serde_json::{Value, json};

use super::LATER;
use super::documents::{DOCUMENTS, operation, operations};
use crate::support::app::TestApp;
use crate::support::gql::Client;
use crate::support::live::Socket;

crate::engine_tests![every_operation_runs_in_order];

/// How long both suppliers may take, in real time.
const PATIENCE: Duration = Duration::from_secs(60);

/// What has been run, to see in the end that nothing was left out.
#[derive(Default)]
struct Journey {
    ran: Mutex<BTreeSet<String>>,
}

impl Journey {
    /// Runs the operation `name` unmodified; its one field. There are no errors of any kind.
    async fn run(&self, client: &Client, name: &str, variables: Value) -> Value {
        self.ran.lock().expect("nobody panics").insert(name.to_owned());
        let answer = client.run(&operation(name), variables.clone()).await;
        assert!(answer.body.get("errors").is_none(), "{name} {variables}: {}", answer.body);
        let data = answer.body["data"].as_object().expect("data");
        let field = data.values().next().expect("a field").clone();
        let errors = field.get("userErrors").and_then(Value::as_array).cloned().unwrap_or_default();
        assert!(errors.is_empty(), "{name} {variables}: {}", answer.body);
        field
    }

    fn note(&self, name: &str) -> String {
        self.ran.lock().expect("nobody panics").insert(name.to_owned());
        operation(name)
    }
}

async fn every_operation_runs_in_order(app: TestApp) {
    let it = Journey::default();
    let shop = open(&it, &app).await;
    let customer = register(&it, &app).await;
    browse(&it, &app).await;
    let first = buy(&it, &customer, &shop, "ada@example.com").await;
    let guest = app.as_guest();
    let second = buy(&it, &guest, &shop, "guest@example.com").await;
    work_portal(&it, &app, &shop, &first).await;
    follow(&it, &app, &customer, &first, &second).await;
    run_store(&it, &app, &shop, &first, &second).await;
    let all = DOCUMENTS.iter().flat_map(|(_, text)| operations(text)).map(|operation| operation.name);
    let ran = it.ran.lock().expect("nobody panics").clone();
    let left: Vec<String> = all.filter(|name| !ran.contains(name) && !LATER.contains(&name.as_str())).collect();
    assert!(left.is_empty(), "never run: {left:?}");
}

/// The opened store.
struct Shop {
    owner: Client,
    portal: Client,
    portal_id: String,
    machine_variant: String,
    portal_variant: String,
    offer: Value,
}

/// An order as whoever placed it knows it.
struct Bought {
    id: Value,
    token: Value,
}

async fn open(it: &Journey, app: &TestApp) -> Shop {
    let owner = app.as_owner().await;
    let tax = |country: &str, rate: &str| json!({ "countryCode": country, "rate": rate, "inclusive": true });
    let taxes = [tax("DE", "0.19"), tax("GB", "0.20"), tax("FR", "0.20"), tax("US", "0")];
    let input = json!({ "name": "Journey", "currencyCode": "EUR", "countries": ["DE", "GB", "FR", "US"],
        "taxes": taxes, "capture": "ON_ACCEPTANCE", "sender": "Journey <shop@example.com>" });
    it.run(&owner, "StoreSettingsUpdate", json!({ "input": input })).await;
    let machine = supplier(it, &owner, "Machine", "http", machine_settings(app)).await;
    let portal_id = supplier(it, &owner, "Portal", "portal", Value::Null).await;
    make_machine(app, &machine).await;
    for id in [&machine, &portal_id] {
        let input = json!({ "supplierId": id, "code": "STANDARD", "name": "Standard",
            "countries": ["DE", "GB", "FR", "US"], "price": euros("4.90"), "pricePerItem": euros("0.50"),
            "transitDays": { "min": 2, "max": 4 } });
        it.run(&owner, "SupplierShippingServiceSet", json!({ "input": input })).await;
    }
    it.run(&owner, "SupplierUpdate", json!({ "id": portal_id, "input": { "autoForward": true, "paused": false } })).await;
    let input = json!({ "code": "WELCOME", "percent": "10", "usageLimit": 100 });
    it.run(&owner, "DiscountCreate", json!({ "input": input })).await;
    let machine_variant = product(&owner, "Lamp", "LAMP").await;
    let portal_variant = product(&owner, "Bowl", "BOWL").await;
    let mut offer = Value::Null;
    for (supplier, variant, sku) in [(&machine, &machine_variant, "A-1"), (&portal_id, &portal_variant, "P-1")] {
        let input = json!({ "supplierId": supplier, "variantId": variant, "supplierSku": sku,
            "cost": euros("4.10"), "leadTimeDays": 1, "priority": 1, "safetyBuffer": 1, "active": true });
        offer = it.run(&owner, "SupplierOfferSet", json!({ "input": input })).await["offer"].clone();
    }
    let portal = app.as_supplier(portal_id.parse::<SupplierId>().expect("an id")).await;
    stock(it, app, &portal, "P-1").await;
    // The machine's stock is asked for by a job; a report of the owner's does for the journey.
    let own = app.as_supplier(machine.parse::<SupplierId>().expect("an id")).await;
    stock(it, app, &own, "A-1").await;
    app.run_jobs().await;
    Shop { owner, portal, portal_id, machine_variant, portal_variant, offer }
}

fn machine_settings(app: &TestApp) -> Value {
    json!({ "baseUrl": format!("{}/suppliers/machine", app.simulator), "token": "machine-token",
        "webhookSecret": crate::support::app::WEBHOOK_SECRET })
}

async fn make_machine(app: &TestApp, id: &str) {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let settings = json!({ "token": "machine-token", "currency": "EUR",
        "webhook": { "supplierId": id, "secret": crate::support::app::WEBHOOK_SECRET },
        "shippingServices": [{ "code": "STANDARD", "cost": { "amount": "3.00", "currency": "EUR" } }],
        "leadTimes": { "acceptSeconds": 0.05, "processSeconds": 0.1, "transitSeconds": 0.2, "jitter": 0.0 },
        "splitShipment": 0.0 });
    let items = json!([{ "sku": "A-1", "quantity": 100, "cost": { "amount": "4.10", "currency": "EUR" } }]);
    for (path, body) in
        [("machine", settings), ("machine/stock", json!({ "full": true, "items": items }))]
    {
        let url = format!("{}/admin/suppliers/{path}", app.simulator);
        let response = client.put(url).json(&body).send().await.expect("the simulator answers");
        assert!(response.status().is_success(), "{path}: {}", response.text().await.unwrap_or_default());
    }
}

async fn supplier(it: &Journey, owner: &Client, name: &str, adapter: &str, settings: Value) -> String {
    let input = json!({ "name": name, "adapter": adapter, "settings": settings, "currency": "EUR",
        "autoForward": true, "shipsFrom": "DE", "processingDays": 1 });
    let made = it.run(owner, "SupplierCreate", json!({ "input": input })).await;
    text(&made["supplier"]["id"])
}

async fn product(owner: &Client, title: &str, sku: &str) -> String {
    let create = "mutation($input: ProductCreateInput!) { productCreate(input: $input) {
        product { id variants(first: 1) { nodes { id } } } userErrors { code field message } } }";
    let input = json!({ "title": title, "publish": true, "variants": [{ "sku": sku, "price": euros("10.00") }] });
    let answer = owner.run(create, json!({ "input": input })).await;
    text(&answer.done("productCreate")["product"]["variants"]["nodes"][0]["id"])
}

async fn stock(it: &Journey, app: &TestApp, supplier: &Client, sku: &str) {
    let items = json!([{ "supplierSku": sku, "quantity": 50 }]);
    let input = json!({ "asOf": app.app.clock.now(), "full": false, "items": items });
    let report = it.run(supplier, "SupplierStockReport", json!({ "input": input })).await;
    assert_eq!(report["unknownSkus"], json!([]));
}

async fn register(it: &Journey, app: &TestApp) -> Client {
    let guest = app.as_guest();
    let (email, password) = ("ada@example.com", "correct horse battery staple");
    let input = json!({ "email": email, "password": password, "firstName": "Ada", "lastName": "L" });
    let answer = it.run(&guest, "CustomerRegister", json!({ "input": input })).await;
    assert_eq!(answer["accepted"], true);
    app.run_jobs().await;
    let mail = app.mails.to(email).pop().expect("a mail");
    it.run(&guest, "EmailVerify", json!({ "token": mail.word_after("token=") })).await;
    let input = json!({ "email": email, "password": password });
    let created = it.run(&guest, "SessionCreate", json!({ "input": input.clone() })).await;
    let refresh = json!({ "refreshToken": created["session"]["refreshToken"] });
    let refreshed = it.run(&guest, "SessionRefresh", refresh).await;
    let other = it.run(&guest, "SessionCreate", json!({ "input": input })).await;
    let end = json!({ "input": { "refreshToken": other["session"]["refreshToken"] } });
    it.run(&guest.with_token(text(&other["session"]["accessToken"])), "SessionEnd", end).await;
    guest.with_token(text(&refreshed["session"]["accessToken"]))
}

async fn browse(it: &Journey, app: &TestApp) {
    let guest = app.as_guest();
    let shop = it.run(&guest, "Shop", json!({})).await;
    assert_eq!(shop["currencyCode"], "EUR");
    let variables = json!({ "first": 100, "filter": { "inStock": true }, "sort": "PRICE_ASC" });
    let products = it.run(&guest, "ProductList", variables).await;
    assert_eq!(products["nodes"].as_array().map(Vec::len), Some(2), "{products}");
    let slug = products["nodes"][0]["slug"].clone();
    let detail = it.run(&guest, "ProductDetail", json!({ "slug": slug, "country": "DE" })).await;
    assert_eq!(detail["rating"], Value::Null);
    it.run(&guest, "Collections", json!({ "first": 100 })).await;
}

async fn buy(it: &Journey, client: &Client, shop: &Shop, email: &str) -> Bought {
    let contact = json!({ "email": email, "phone": "+49 30 5550123" });
    let lines = json!([{ "variantId": shop.machine_variant, "quantity": 1 }]);
    let input = json!({ "lines": lines, "contact": contact, "country": "DE" });
    let cart = it.run(client, "CartCreate", json!({ "input": input })).await["cart"].clone();
    let id = cart["id"].clone();
    let lines = json!([{ "variantId": shop.portal_variant, "quantity": 3 }]);
    let cart = it.run(client, "CartLinesAdd", json!({ "cartId": id, "lines": lines })).await["cart"].clone();
    let bowl = cart["lines"].as_array().expect("lines").iter().find(|line| line["quantity"] == 3).expect("the bowls");
    let lines = json!([{ "lineId": bowl["id"], "quantity": 2 }]);
    it.run(client, "CartLinesUpdate", json!({ "cartId": id, "lines": lines })).await;
    it.run(client, "CartContactSet", json!({ "cartId": id, "input": contact })).await;
    let address = json!({ "name": "Ada L", "address1": "Lindenstrasse 12", "postalCode": "10969",
        "city": "Berlin", "countryCode": "DE" });
    it.run(client, "CartBillingAddressSet", json!({ "cartId": id, "address": address })).await;
    let set = json!({ "cartId": id, "address": address });
    let mut cart = it.run(client, "CartShippingAddressSet", set).await["cart"].clone();
    for parcel in cart["parcels"].as_array().cloned().expect("parcels") {
        let option = parcel["shippingOptions"][0]["id"].clone();
        let select = json!({ "cartId": id, "parcelId": parcel["id"], "shippingOptionId": option });
        it.run(client, "CartShippingOptionSelect", select).await;
    }
    let codes = json!({ "cartId": id, "codes": ["WELCOME"] });
    cart = it.run(client, "CartDiscountCodesSet", codes).await["cart"].clone();
    assert_eq!(cart["problems"], json!([]), "{cart}");
    let input = json!({ "idempotencyKey": format!("key-{email}"), "expectedTotal": cart["cost"]["total"],
        "payment": { "gateway": "test", "token": "tok_ok" } });
    let done = it.run(client, "CheckoutComplete", json!({ "cartId": id, "input": input })).await;
    assert!(done["order"]["id"].is_string(), "{done}");
    let cart = it.run(client, "Cart", json!({ "id": id })).await;
    assert_eq!(cart["completion"]["status"], "COMPLETED", "{cart}");
    assert_eq!(cart["completion"]["order"]["id"], done["order"]["id"]);
    Bought { id: done["order"]["id"].clone(), token: done["order"]["trackingToken"].clone() }
}

/// What the portal's supplier does about an order of the first, and then of the second customer.
async fn work_portal(it: &Journey, app: &TestApp, shop: &Shop, first: &Bought) {
    app.run_jobs().await;
    let list = it.run(&shop.portal, "SupplierOrders", json!({ "first": 100 })).await;
    let orders = list["nodes"].as_array().expect("orders").clone();
    assert_eq!(orders.len(), 2, "one for each order: {list}");
    let query = "query($id: ID!) { order(id: $id) { supplierOrders { id } } }";
    let of_first = app.as_owner().await.run(query, json!({ "id": first.id })).await.body.to_string();
    let is_first = |it: &&Value| it["id"].as_str().is_some_and(|id| of_first.contains(id));
    let accepted = orders.iter().find(is_first).expect("one of the first order");
    let rejected = orders.iter().find(|it| !is_first(it)).expect("one of the second order");
    let accept = json!({ "id": accepted["id"], "input": { "supplierReference": "R-1" } });
    it.run(&shop.portal, "SupplierOrderAccept", accept).await;
    let lines = json!([{ "id": accepted["lines"][0]["id"], "quantity": accepted["lines"][0]["quantity"] }]);
    let input = json!({ "carrier": "dhl", "trackingNumber": "00340434161094042557",
        "trackingUrl": "https://example.com/track", "lines": lines });
    let made =
        it.run(&shop.portal, "ShipmentCreate", json!({ "supplierOrderId": accepted["id"], "input": input })).await;
    let shipment = made["shipment"]["id"].clone();
    for status in ["IN_TRANSIT", "DELIVERED"] {
        let input = json!({ "id": format!("e-{status}"), "status": status, "occurredAt": app.app.clock.now() });
        it.run(&shop.portal, "ShipmentEventAdd", json!({ "shipmentId": shipment, "input": input })).await;
    }
    let reject = json!({ "id": rejected["id"], "input": { "reason": "OUT_OF_STOCK", "message": "gone" } });
    it.run(&shop.portal, "SupplierOrderReject", reject).await;
    app.run_jobs().await;
}

async fn follow(it: &Journey, app: &TestApp, customer: &Client, first: &Bought, second: &Bought) {
    let me = it.run(customer, "Me", json!({})).await;
    assert_eq!(me["orders"]["nodes"].as_array().map(Vec::len), Some(1), "{me}");
    let guest = app.as_guest();
    // The machine ships by itself, by webhooks over real HTTP.
    let begun = Instant::now();
    let mut seconds = 0;
    loop {
        // News that overtook what it is about is tried again a little later, by a clock that is ours;
        // altogether less than the five minutes a webhook may be old.
        if begun.elapsed().as_secs() > seconds {
            seconds += 1;
            app.advance(Duration::from_secs(4)).await;
        }
        app.run_jobs().await;
        let order = it.run(customer, "OrderById", json!({ "id": first.id })).await;
        if order["fulfillmentStatus"] == "DELIVERED" {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "the first order never arrives: {order}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let order = it.run(&guest, "OrderByToken", json!({ "token": second.token })).await;
    assert_eq!(order["id"], second.id);
    let mut socket = Socket::greet(&app.url, None).await;
    socket.subscribe("1", &it.note("OrderTracking"), json!({ "token": first.token })).await;
    let event = socket.next().await.expect("an event");
    assert_eq!(event["payload"]["data"]["orderTracking"]["order"]["id"], first.id, "{event}");
}

async fn run_store(it: &Journey, app: &TestApp, shop: &Shop, first: &Bought, second: &Bought) {
    let owner = &shop.owner;
    let orders = it.run(owner, "Orders", json!({ "first": 100, "sort": "NEWEST" })).await;
    assert_eq!(orders["totalCount"], 2);
    it.run(owner, "VariantInventory", json!({ "sku": "BOWL" })).await;
    let mut socket = Socket::greet(&app.url, owner.token()).await;
    socket.subscribe("1", &it.note("StoreActivity"), json!({ "after": null })).await;
    let items = it.run(owner, "WorkItems", json!({ "first": 100, "filter": { "status": ["OPEN"] } })).await;
    let item = &items["nodes"][0];
    assert!(item["id"].is_string(), "the rejected bowls wait for somebody: {items}");
    let action = item["suggestedActions"][0].clone();
    let resolve = json!({ "id": item["id"], "input": { "action": action, "note": "seen" } });
    it.run(owner, "WorkItemResolve", resolve).await;
    app.run_jobs().await;
    let event = socket.next().await.expect("an event");
    assert_eq!(event["type"], "next", "{event}");
    let refund = json!({ "orderId": first.id, "input": { "idempotencyKey": "refund-1", "lines": [],
        "amount": euros("1.00"), "reason": "scratched" } });
    it.run(owner, "RefundCreate", refund).await;
    import(it, app, shop).await;
    cancel_and_reroute(it, app, shop).await;
    let _ = (second, &shop.portal_id, &shop.offer);
}

async fn import(it: &Journey, app: &TestApp, shop: &Shop) {
    let input = json!({ "supplierId": shop.portal_id, "source": { "url": format!("{}/livez", app.url) },
        "format": "CSV", "dryRun": true });
    let made = it.run(&shop.owner, "CatalogImport", json!({ "input": input })).await;
    app.run_jobs().await;
    it.run(&shop.owner, "Job", json!({ "id": made["job"]["id"] })).await;
}

/// A third order, whose portal part the owner sends by hand, the customer cancels and the supplier lets go.
async fn cancel_and_reroute(it: &Journey, app: &TestApp, shop: &Shop) {
    let update = json!({ "id": shop.portal_id, "input": { "autoForward": false } });
    it.run(&shop.owner, "SupplierUpdate", update).await;
    let guest = app.as_guest();
    let third = buy(it, &guest, shop, "third@example.com").await;
    app.run_jobs().await;
    let id = routed(it, shop, &third).await;
    it.run(&shop.owner, "SupplierOrderSubmit", json!({ "id": id })).await;
    app.run_jobs().await;
    let cancel = json!({ "id": third.id, "input": { "reason": "changed my mind", "token": third.token } });
    it.run(&guest, "OrderCancel", cancel).await;
    app.run_jobs().await;
    let answer = json!({ "id": id, "input": { "accept": true } });
    it.run(&shop.portal, "SupplierOrderCancelAnswer", answer).await;
    let fourth = buy(it, &guest, shop, "fourth@example.com").await;
    app.run_jobs().await;
    let id = routed(it, shop, &fourth).await;
    let reroute = json!({ "id": id, "input": { "reason": "elsewhere" } });
    // Nobody else sells the portal's goods, and the operation says so.
    let answer = shop.owner.run(&it.note("SupplierOrderReroute"), reroute).await;
    let errors = &answer.body["data"]["supplierOrderReroute"]["userErrors"];
    assert_eq!(errors[0]["code"], "NO_SUPPLIER", "{}", answer.body);
    app.advance(Duration::from_secs(1)).await;
}

/// The portal's part of an order, as the owner sees it.
async fn routed(it: &Journey, shop: &Shop, order: &Bought) -> Value {
    let orders = it.run(&shop.owner, "Orders", json!({ "first": 100 })).await;
    let orders = orders["nodes"].as_array().expect("orders").clone();
    let order = orders.iter().find(|it| it["id"] == order.id).expect("the order").clone();
    let parts = order["supplierOrders"].as_array().expect("supplier orders").clone();
    let part = parts.iter().find(|part| part["supplier"]["name"] == "Portal");
    part.unwrap_or_else(|| panic!("the portal has no part in {order}"))["id"].clone()
}

fn euros(amount: &str) -> Value {
    json!({ "amount": amount, "currencyCode": "EUR" })
}

#[track_caller]
fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}
