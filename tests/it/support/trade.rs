//! A store that trades: suppliers with goods and services, and buyers who pay with play money.

use std::time::Duration;

use consign::kernel::ids::SupplierId;
use serde_json::{Value, json};

use super::app::{TestApp, WEBHOOK_SECRET};
use super::gql::{Answer, Client};
use super::stock;

/// How simulated suppliers know the store.
pub const TOKEN: &str = "supplier-token-of-the-tests";

/// How long partners outside are left alone.
const PAUSE: Duration = Duration::from_millis(50);

/// A placed order, as its buyer knows it.
pub struct Bought {
    /// The id.
    pub id: String,
    /// The tracking token.
    pub token: String,
}

/// Opens the store: it sells to Germany, prices hold 19% tax, money is taken on acceptance.
pub async fn open(app: &TestApp) -> Client {
    let owner = app.as_owner().await;
    let update = "mutation($input: StoreSettingsUpdateInput!) { storeSettingsUpdate(input: $input) {
        userErrors { code field message } } }";
    let taxes = json!([{ "countryCode": "DE", "rate": "0.19", "inclusive": true }]);
    let input = json!({ "countries": ["DE"], "taxes": taxes, "capture": "ON_ACCEPTANCE" });
    owner.run(update, json!({ "input": input })).await.done("storeSettingsUpdate");
    owner
}

/// A supplier at the portal with a service to Germany.
pub async fn portal(owner: &Client, name: &str, auto_forward: bool) -> SupplierId {
    let answer = stock::create_supplier(owner, json!({ "name": name, "autoForward": auto_forward })).await;
    answer.done("supplierCreate");
    let id = answer.text("supplierCreate.supplier.id").parse().expect("a supplier's id");
    service(owner, id).await;
    id
}

/// A simulated supplier called `key` that answers, packs and sends at once, with `changes` to its
/// habits.
pub async fn simulated(app: &TestApp, owner: &Client, key: &str, changes: Value) -> SupplierId {
    let base = format!("{}/suppliers/{key}", app.simulator);
    let settings = json!({ "baseUrl": base, "token": TOKEN, "webhookSecret": WEBHOOK_SECRET });
    let id = stock::supplier(owner, key, "http", settings).await;
    service(owner, id).await;
    let mut habits = json!({
        "token": TOKEN, "webhook": { "supplierId": id, "secret": WEBHOOK_SECRET }, "currency": "EUR",
        "splitShipment": 0.0,
        "leadTimes": { "acceptSeconds": 0.05, "processSeconds": 0.1, "transitSeconds": 0.3, "jitter": 0.0 },
    });
    for (field, value) in changes.as_object().into_iter().flatten() {
        habits[field] = value.clone();
    }
    put(app, &format!("suppliers/{key}"), &habits).await;
    id
}

/// Puts `quantity` of `sku` on a simulated supplier's shelf.
pub async fn shelve(app: &TestApp, key: &str, sku: &str, quantity: i64) {
    let item = json!({ "sku": sku, "quantity": quantity, "cost": { "amount": "4.00", "currency": "EUR" } });
    put(app, &format!("suppliers/{key}/stock"), &json!({ "full": false, "items": [item] })).await;
}

/// How many orders of `reference` are in effect, over all simulated suppliers.
pub async fn effective(app: &TestApp, reference: &str) -> i64 {
    let url = format!("{}/admin/effective?reference={reference}", app.simulator);
    let body: Value = http().get(url).send().await.expect("an answer").json().await.expect("JSON");
    body["effective"].as_i64().expect("a count")
}

async fn put(app: &TestApp, path: &str, body: &Value) {
    let answer = http().put(format!("{}/admin/{path}", app.simulator)).json(body).send().await.expect("an answer");
    assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap_or_default());
}

fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().expect("a client")
}

async fn service(owner: &Client, supplier: SupplierId) {
    let set = "mutation($input: SupplierShippingServiceSetInput!) { supplierShippingServiceSet(input: $input) {
        shippingService { id } userErrors { code field message } } }";
    let input = json!({ "supplierId": supplier, "code": "STANDARD", "name": "Standard", "countries": ["DE"],
        "price": { "amount": "3.00", "currencyCode": "EUR" }, "transitDays": { "min": 1, "max": 3 } });
    owner.run(set, json!({ "input": input })).await.done("supplierShippingServiceSet");
}

/// `supplier` offers `quantity` of `variant` as `sku`, at `cost` euros.
pub async fn offers(
    app: &TestApp,
    owner: &Client,
    supplier: SupplierId,
    variant: &str,
    sku: &str,
    quantity: i64,
    cost: &str,
) {
    let cost = json!({ "cost": { "amount": cost, "currencyCode": "EUR" } });
    stock::offer(owner, supplier, variant, sku, cost).await;
    let teller = app.as_supplier(supplier).await;
    let now = app.app.clock.now();
    stock::report(&teller, now, false, Value::Null, &[(sku, quantity)]).await.done("supplierStockReport");
}

/// Buys these variants as a guest with `token_of_gateway` and runs nothing further.
pub async fn buy(app: &TestApp, lines: &[(&str, i64)]) -> Bought {
    buy_as(&app.as_guest(), lines).await
}

/// Buys these variants as `client`.
pub async fn buy_as(client: &Client, lines: &[(&str, i64)]) -> Bought {
    let lines: Vec<Value> =
        lines.iter().map(|(id, quantity)| json!({ "variantId": id, "quantity": quantity })).collect();
    let create = "mutation($input: CartCreateInput!) { cartCreate(input: $input) {
        cart { id } userErrors { code field message } } }";
    let input = json!({ "lines": lines, "contact": { "email": "ada@example.com" }, "country": "DE" });
    let answer = client.run(create, json!({ "input": input })).await;
    answer.done("cartCreate");
    let cart = answer.text("cartCreate.cart.id");
    let address = json!({ "name": "Ada Byron", "address1": "Am Ring 1", "city": "Berlin", "postalCode": "10115", "countryCode": "DE" });
    let ship = "mutation($cartId: ID!, $address: AddressInput!) {
        cartShippingAddressSet(cartId: $cartId, address: $address) {
          cart { cost { total { amount currencyCode } } problems { code message }
                 parcels { id shippingOptions { id } selectedShippingOption { id } } }
          userErrors { code field message } } }";
    let answer = client.run(ship, json!({ "cartId": cart, "address": address })).await;
    let mut seen = answer.done("cartShippingAddressSet")["cart"].clone();
    for parcel in seen["parcels"].as_array().cloned().unwrap_or_default() {
        if parcel["selectedShippingOption"].is_null() {
            seen = select(client, &cart, &parcel).await;
        }
    }
    let complete = "mutation($cartId: ID!, $input: CheckoutCompleteInput!) {
        checkoutComplete(cartId: $cartId, input: $input) {
          order { id trackingToken } userErrors { code field message } } }";
    let input = json!({ "idempotencyKey": "the-only-one", "expectedTotal": seen["cost"]["total"],
        "payment": { "gateway": "test", "token": "tok_ok" } });
    let answer = client.run(complete, json!({ "cartId": cart, "input": input })).await;
    answer.done("checkoutComplete");
    Bought { id: answer.text("checkoutComplete.order.id"), token: answer.text("checkoutComplete.order.trackingToken") }
}

async fn select(client: &Client, cart: &str, parcel: &Value) -> Value {
    let select = "mutation($cartId: ID!, $parcelId: ID!, $shippingOptionId: ID!) {
        cartShippingOptionSelect(cartId: $cartId, parcelId: $parcelId, shippingOptionId: $shippingOptionId) {
          cart { cost { total { amount currencyCode } } } userErrors { code field message } } }";
    let variables = json!({ "cartId": cart, "parcelId": parcel["id"],
        "shippingOptionId": parcel["shippingOptions"][0]["id"] });
    client.run(select, variables).await.done("cartShippingOptionSelect")["cart"].clone()
}

/// The order as the store sees it.
pub async fn order(owner: &Client, id: &str) -> Value {
    let query = "query($id: ID!) { order(id: $id) {
        number paymentStatus fulfillmentStatus canCancel total { amount }
        lines { id quantity cancelledQuantity shippedQuantity deliveredQuantity }
        shipments { id status trackingNumber events { status } }
        margin { revenue { amount } cost { amount } profit { amount } }
        supplierOrders { id reference status requestStatus supplier { id }
          lines { id supplierSku quantity acceptedQuantity refusedQuantity }
          history(first: 50) { nodes { from to } } } } }";
    owner.run(query, json!({ "id": id })).await.at("order").clone()
}

/// The order's payment and fulfillment statuses.
pub async fn statuses(owner: &Client, id: &str) -> (String, String) {
    let order = order(owner, id).await;
    let text = |name: &str| order[name].as_str().expect("a status").to_owned();
    (text("paymentStatus"), text("fulfillmentStatus"))
}

/// Runs jobs, while partners outside do their part, until the order's statuses are these.
pub async fn until(app: &TestApp, owner: &Client, id: &str, payment: &str, fulfillment: &str) {
    let wanted = (payment.to_owned(), fulfillment.to_owned());
    for _ in 0..400 {
        app.run_jobs().await;
        if statuses(owner, id).await == wanted {
            return;
        }
        tokio::time::sleep(PAUSE).await;
    }
    assert_eq!(statuses(owner, id).await, wanted, "{}", order(owner, id).await);
}

/// Runs jobs, while partners outside do their part, until the order is paid.
pub async fn until_paid(app: &TestApp, owner: &Client, id: &str) {
    for _ in 0..400 {
        app.run_jobs().await;
        if statuses(owner, id).await.0 == "PAID" {
            return;
        }
        tokio::time::sleep(PAUSE).await;
    }
    panic!("never paid: {}", order(owner, id).await);
}

/// The order's supplier orders.
pub async fn parts(owner: &Client, id: &str) -> Vec<Value> {
    order(owner, id).await["supplierOrders"].as_array().expect("supplier orders").clone()
}

/// Does a supplier order's verb `field` with `input`.
pub async fn work(client: &Client, field: &str, id: &Value, input: Value) -> Answer {
    let capital = field[..1].to_uppercase() + &field[1..];
    let verb = format!(
        "mutation($id: ID!, $input: {capital}Input!) {{ {field}(id: $id, input: $input) {{
            supplierOrder {{ id status requestStatus }} userErrors {{ code field message }} }} }}"
    );
    client.run(&verb, json!({ "id": id, "input": input })).await
}

/// Cancels an order by its token.
pub async fn cancel(client: &Client, bought: &Bought) -> Answer {
    let verb = "mutation($id: ID!, $input: OrderCancelInput!) { orderCancel(id: $id, input: $input) {
        order { id paymentStatus fulfillmentStatus } userErrors { code field message } } }";
    client.run(verb, json!({ "id": bought.id, "input": { "token": bought.token } })).await
}
