//! A guest's purchase, over the API alone: from the shelf to the doorstep.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use futures_util::StreamExt as _;
use serde_json::{Value, json};

use super::client::Client;
use crate::kernel::ids::IdSource;

/// The fields of a cart the guest needs.
macro_rules! cart {
    ($operation:literal) => {
        concat!(
            $operation,
            " fragment CartFields on Cart {
  id
  lines { id quantity variant { sku } total { amount currencyCode } }
  cost { subtotal { amount } shipping { amount } tax { amount } total { amount currencyCode } }
  parcels { id lines { id } shippingOptions { id name price { amount } estimate { earliest latest } } selectedShippingOption { id } }
  problems { code message }
}"
        )
    };
}

const VARIANT: &str = "query Variant($sku: String!) {
  variant(sku: $sku) { id title price { amount currencyCode } availability { available } product { title } }
}";
const CART_CREATE: &str = cart!(
    "mutation CartCreate($input: CartCreateInput!) {
  cartCreate(input: $input) { cart { ...CartFields } userErrors { code field message } }
}"
);
const CART_SHIPPING_ADDRESS_SET: &str = cart!("mutation CartShippingAddressSet($cartId: ID!, $address: AddressInput!) {
  cartShippingAddressSet(cartId: $cartId, address: $address) { cart { ...CartFields } userErrors { code field message } }
}");
const CART_SHIPPING_OPTION_SELECT: &str = cart!(
    "mutation CartShippingOptionSelect($cartId: ID!, $parcelId: ID!, $shippingOptionId: ID!) {
  cartShippingOptionSelect(cartId: $cartId, parcelId: $parcelId, shippingOptionId: $shippingOptionId) {
    cart { ...CartFields } userErrors { code field message }
  }
}"
);
const CHECKOUT_COMPLETE: &str = "mutation CheckoutComplete($cartId: ID!, $input: CheckoutCompleteInput!) {
  checkoutComplete(cartId: $cartId, input: $input) {
    order { id number trackingToken total { amount currencyCode } }
    payment { id status }
    userErrors { code field message }
  }
}";
const CART: &str = "query Cart($id: ID!) {
  cart(id: $id) {
    completion { status order { id number trackingToken } userErrors { code field message } }
  }
}";
const ORDER_TRACKING: &str = "subscription OrderTracking($token: String, $after: String) {
  orderTracking(token: $token, after: $after) {
    cursor occurredAt type message
    order { id fulfillmentStatus paymentStatus }
    shipment { id status carrier trackingNumber }
  }
}";

/// The order a guest placed.
pub struct Placed {
    /// Its number.
    pub number: String,
    /// What gives the guest the right to follow it.
    pub token: String,
    /// When the guest clicked.
    pub clicked: Instant,
}

/// How long the outcome of a payment may be open.
const PATIENCE: Duration = Duration::from_secs(20);
/// From click to doorstep with the simulator's times, and more than enough air for a busy machine.
const JOURNEY: Duration = Duration::from_secs(120);

/// What the guest buys: a lamp only Nordlicht has, plates only Costa Verde has, and a towel of either.
const BASKET: [(&str, u32); 3] = [("LT-04", 1), ("TB-01-2", 2), ("KT-06-1", 1)];

/// Buys goods of both suppliers and pays by the test gateway.
pub async fn place(guest: &Client) -> anyhow::Result<Placed> {
    let mut lines = Vec::new();
    for (sku, quantity) in BASKET {
        let variant = guest.run(VARIANT, json!({ "sku": sku })).await?;
        let available = variant["availability"]["available"] == true;
        anyhow::ensure!(available, "{sku} is not in stock any more; remove the folder for a new demo");
        println!(
            "           cart     {quantity} × {}, {}",
            string(&variant["product"]["title"]),
            money(&variant["price"])
        );
        lines.push(json!({ "variantId": variant["id"], "quantity": quantity }));
    }
    let contact = json!({ "email": "ada.guest@example.com", "phone": "+49 30 5550123" });
    let input = json!({ "lines": lines, "contact": contact, "country": "DE" });
    let cart = guest.run(CART_CREATE, json!({ "input": input })).await?;
    let cart = pack(guest, &cart["cart"]).await?;
    pay(guest, &cart).await
}

/// Gives the address and picks each parcel's first shipping option; the cart as it then is.
async fn pack(guest: &Client, cart: &Value) -> anyhow::Result<Value> {
    let cart_id = cart["id"].clone();
    let address = json!({
        "name": "Ada Guest", "address1": "Lindenstrasse 12", "postalCode": "10969", "city": "Berlin", "countryCode": "DE",
    });
    let answer = guest.run(CART_SHIPPING_ADDRESS_SET, json!({ "cartId": cart_id, "address": address })).await?;
    let mut cart = answer["cart"].clone();
    for parcel in cart["parcels"].as_array().cloned().unwrap_or_default() {
        let option = &parcel["shippingOptions"][0];
        let variables = json!({ "cartId": cart_id, "parcelId": parcel["id"], "shippingOptionId": option["id"] });
        let answer = guest.run(CART_SHIPPING_OPTION_SELECT, variables).await?;
        println!("           parcel   {} at {}", string(&option["name"]), string(&option["price"]["amount"]));
        cart = answer["cart"].clone();
    }
    if let Some(problem) = cart["problems"].as_array().and_then(|problems| problems.first()) {
        anyhow::bail!("the cart cannot be bought: {}", string(&problem["message"]));
    }
    Ok(cart)
}

async fn pay(guest: &Client, cart: &Value) -> anyhow::Result<Placed> {
    let total = &cart["cost"]["total"];
    let key = hex::encode(IdSource::System.bytes::<16>());
    let input = json!({
        "idempotencyKey": key, "expectedTotal": total, "payment": { "gateway": "test", "token": "tok_ok" },
    });
    let clicked = Instant::now();
    println!("\n  +0.0 s   click    {} for everything", money(total));
    let answer = guest.run(CHECKOUT_COMPLETE, json!({ "cartId": cart["id"], "input": input })).await?;
    let mut order = answer["order"].clone();
    while order.is_null() {
        anyhow::ensure!(clicked.elapsed() < PATIENCE, "the payment's outcome is still not known");
        tokio::time::sleep(Duration::from_millis(300)).await;
        order = completion(guest, &cart["id"]).await?;
    }
    let number = string(&order["number"]);
    let token = order["trackingToken"].as_str().context("the order has no tracking token")?.to_owned();
    Ok(Placed { number, token, clicked })
}

/// The order of a cart whose payment took its time, if it is there by now.
async fn completion(guest: &Client, cart_id: &Value) -> anyhow::Result<Value> {
    let cart = guest.run(CART, json!({ "id": cart_id })).await?;
    let completion = &cart["completion"];
    let refusal = completion["userErrors"].as_array().and_then(|errors| errors.first());
    anyhow::ensure!(refusal.is_none(), "the checkout failed: {}", string(&refusal.unwrap_or(&Value::Null)["message"]));
    Ok(completion["order"].clone())
}

/// Prints the order's life as it arrives, until everything is delivered.
pub async fn follow(guest: &Client, placed: &Placed) -> anyhow::Result<Duration> {
    tokio::time::timeout(JOURNEY, follow_to_the_end(guest, placed)).await.with_context(|| {
        format!("order {} is still on its way after {} s; something is stuck", placed.number, JOURNEY.as_secs())
    })?
}

async fn follow_to_the_end(guest: &Client, placed: &Placed) -> anyhow::Result<Duration> {
    let mut after = Value::Null;
    loop {
        let events = guest.follow(ORDER_TRACKING, json!({ "token": placed.token, "after": after })).await?;
        tokio::pin!(events);
        while let Some(event) = events.next().await {
            let event = event?;
            let elapsed = placed.clicked.elapsed();
            print(elapsed, &event);
            after = event["cursor"].clone();
            match event["order"]["fulfillmentStatus"].as_str() {
                Some("DELIVERED") => return Ok(elapsed),
                Some("CANCELLED") => anyhow::bail!("order {} was cancelled", placed.number),
                _ => {}
            }
        }
        // The stream may end at any time; whoever follows goes on from the last cursor.
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

fn print(elapsed: Duration, event: &Value) {
    let shipment = &event["shipment"];
    let parcel = match (shipment["carrier"].as_str(), shipment["trackingNumber"].as_str()) {
        (Some(carrier), Some(number)) => format!("  [{carrier} {number}]"),
        _ => String::new(),
    };
    println!("{:>+6.1} s   {}{parcel}", elapsed.as_secs_f32(), string(&event["message"]));
}

fn money(value: &Value) -> String {
    format!("{} {}", string(&value["amount"]), string(&value["currencyCode"]))
}

/// A text or a number, as people read it.
fn string(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
