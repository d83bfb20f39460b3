//! A store that sells, and buyers who buy from it, all through the API.

use consign::kernel::ids::{OfferId, SupplierId};
use serde_json::{Value, json};

use super::app::TestApp;
use super::gql::{Answer, Client};
use super::stock;

/// What a client asks of a cart.
const CART: &str = "fragment C on Cart { id
    lines { id quantity variant { id sku } unitPrice { amount currencyCode } total { amount } }
    cost { subtotal { amount } discount { amount } shipping { amount } tax { amount } total { amount currencyCode } }
    parcels { id lines { id quantity } shippingOptions { id name price { amount } estimate { earliest latest } }
      selectedShippingOption { id } }
    problems { code message lineId }
    completion { status order { id number trackingToken } payment { id status } userErrors { code field message } } }";

/// A store with two suppliers: `near` sells everything and sends for 5.00 (10.00 in a hurry), `far` has
/// the first variant only, for less.
pub struct Shop {
    /// The owner.
    pub owner: Client,
    /// A guest.
    pub guest: Client,
    /// Sells everything.
    pub near: SupplierId,
    /// The variants' ids, each for 10.00.
    pub variants: Vec<String>,
    /// `near`'s offers of them.
    pub offers: Vec<OfferId>,
    /// `far`'s offer.
    pub far_offer: OfferId,
}

impl Shop {
    /// Opens with `variants` variants, `quantity` of each at `near` and `far_quantity` at `far`; 20% tax on
    /// top in Germany.
    pub async fn open(app: &TestApp, variants: usize, quantity: i64, far_quantity: i64) -> Self {
        let owner = app.as_owner().await;
        settings(
            &owner,
            json!({ "countries": ["DE"],
            "taxes": [{ "countryCode": "DE", "rate": "0.2", "inclusive": false }] }),
        )
        .await;
        let near = stock::portal_supplier(&owner, "Near").await;
        let far = stock::portal_supplier(&owner, "Far").await;
        service(&owner, near, "STD", "5.00").await;
        service(&owner, near, "FAST", "10.00").await;
        service(&owner, far, "STD", "5.00").await;
        let ids = stock::variants(&owner, variants).await;
        let mut offers = Vec::new();
        for (index, variant) in ids.iter().enumerate() {
            offers.push(stock::offer(&owner, near, variant, &format!("N-{index}"), json!({})).await);
        }
        let cheap = json!({ "cost": { "amount": "3.00", "currencyCode": "EUR" } });
        let far_offer = stock::offer(&owner, far, &ids[0], "F-0", cheap).await;
        let skus: Vec<String> = (0..variants).map(|index| format!("N-{index}")).collect();
        let items: Vec<(&str, i64)> = skus.iter().map(|sku| (sku.as_str(), quantity)).collect();
        let now = app.app.clock.now();
        let report = |supplier: Client, items: Vec<(&'static str, i64)>| async move {
            stock::report(&supplier, now, false, Value::Null, &items).await.done("supplierStockReport");
        };
        stock::report(&app.as_supplier(near).await, now, false, Value::Null, &items).await.done("supplierStockReport");
        report(app.as_supplier(far).await, vec![("F-0", far_quantity)]).await;
        app.run_jobs().await;
        Self { owner, guest: app.as_guest(), near, variants: ids, offers, far_offer }
    }

    /// A guest's cart that is ready to be bought: its id.
    pub async fn ready_cart(&self, lines: &[(usize, i64)]) -> String {
        self.ready_cart_of(&self.guest, lines).await
    }

    /// The same for any client.
    pub async fn ready_cart_of(&self, client: &Client, lines: &[(usize, i64)]) -> String {
        let lines: Vec<Value> = lines
            .iter()
            .map(|(variant, quantity)| json!({ "variantId": self.variants[*variant], "quantity": quantity }))
            .collect();
        let input = json!({ "lines": lines, "contact": { "email": "ann@example.org" } });
        let cart = mutate(client, "cartCreate", "$input: CartCreateInput!", "input: $input", json!({ "input": input }))
            .await
            .text("cartCreate.cart.id");
        set_address(client, &cart, address()).await.done("cartShippingAddressSet");
        cart
    }
}

/// A good address.
pub fn address() -> Value {
    json!({ "name": "Ann Other", "address1": "1 Main Street", "city": "Berlin", "postalCode": "10115", "countryCode": "DE" })
}

/// Changes the store's settings.
pub async fn settings(owner: &Client, input: Value) {
    let update = "mutation($input: StoreSettingsUpdateInput!) { storeSettingsUpdate(input: $input) {
        shop { name } userErrors { code field message } } }";
    owner.run(update, json!({ "input": input })).await.done("storeSettingsUpdate");
}

/// Adds a shipping service to Germany.
pub async fn service(owner: &Client, supplier: SupplierId, code: &str, price: &str) {
    let set = "mutation($input: SupplierShippingServiceSetInput!) { supplierShippingServiceSet(input: $input) {
        shippingService { id } userErrors { code field message } } }";
    let input = json!({ "supplierId": supplier, "code": code, "name": code, "countries": ["DE"],
        "price": { "amount": price, "currencyCode": "EUR" }, "transitDays": { "min": 1, "max": 3 } });
    owner.run(set, json!({ "input": input })).await.done("supplierShippingServiceSet");
}

/// Runs a mutation that answers a cart.
pub async fn mutate(client: &Client, field: &str, variables: &str, arguments: &str, values: Value) -> Answer {
    let text = format!(
        "{CART} mutation({variables}) {{ {field}({arguments}) {{ cart {{ ...C }} userErrors {{ code field message }} }} }}"
    );
    client.run(&text, values).await
}

/// Sets the shipping address.
pub async fn set_address(client: &Client, cart: &str, address: Value) -> Answer {
    let variables = json!({ "id": cart, "address": address });
    let (declared, given) = ("$id: ID!, $address: AddressInput!", "cartId: $id, address: $address");
    mutate(client, "cartShippingAddressSet", declared, given, variables).await
}

/// The cart as it is now; null if it is not found.
pub async fn cart(client: &Client, id: &str) -> Value {
    let answer =
        client.run(&format!("{CART} query($id: ID!) {{ cart(id: $id) {{ ...C }} }}"), json!({ "id": id })).await;
    answer.at("cart").clone()
}

/// What the cart costs.
pub async fn total(client: &Client, id: &str) -> Value {
    cart(client, id).await["cost"]["total"].clone()
}

/// Says yes to the cart's total, under `key`, with `token`.
pub async fn buy(client: &Client, id: &str, key: &str, token: &str) -> Answer {
    let total = total(client, id).await;
    complete(client, id, key, total, token).await
}

/// Says yes to `total`.
pub async fn complete(client: &Client, id: &str, key: &str, total: Value, token: &str) -> Answer {
    let text = "mutation($id: ID!, $input: CheckoutCompleteInput!) { checkoutComplete(cartId: $id, input: $input) {
        order { id number trackingToken paymentStatus fulfillmentStatus total { amount currencyCode } }
        payment { id status clientSecret } userErrors { code field message } } }";
    let input = json!({ "idempotencyKey": key, "expectedTotal": total,
        "payment": { "gateway": "test", "token": token } });
    client.run(text, json!({ "id": id, "input": input })).await
}
