//! One invoice as a guest's checkout, over HTTP, with a client's patience: every step is sent again
//! when its answer is lost.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::client::{Client, user_errors};
use super::data::{Invoice, place_in};

/// Lines one call may carry.
const LINES_PER_CALL: usize = 250;
/// How long a client keeps trying: longer than a restart takes.
const PATIENCE: Duration = Duration::from_secs(90);
/// Longer than the store waits for a payment that never reached its provider.
const DECIDED: Duration = Duration::from_secs(150);
/// How often a cart is mended before the client gives up.
const MENDINGS: usize = 6;

const CART: &str = "fragment C on Cart { id lines { id quantity variant { sku } } \
    cost { total { amount currencyCode } } problems { code message lineId } }";

/// How a checkout ended.
#[derive(Debug, Clone)]
pub enum Ending {
    /// The server said that the order is placed.
    Placed(Acknowledged),
    /// No order, for this reason.
    Refused(String),
}

/// An order the server vouched for.
#[derive(Debug, Clone)]
pub struct Acknowledged {
    /// The order's id.
    pub id: String,
    /// Its total when it was acknowledged.
    pub total: String,
    /// Lines that were dropped or cut because the goods ran short.
    pub short_lines: usize,
    /// When it was acknowledged.
    pub at: Instant,
}

/// What every checkout needs.
#[derive(Clone)]
pub struct Shop {
    /// The client.
    pub client: Client,
    /// Variant ids by stock code.
    pub variants: BTreeMap<String, String>,
    /// Tells this run's carts from an earlier one's.
    pub run: String,
}

/// Takes one invoice from an empty cart to an order, or to the reason why there is none.
pub async fn checkout(shop: Arc<Shop>, invoice: Invoice) -> anyhow::Result<Ending> {
    let mut cart = fill(&shop, &invoice).await?;
    let mut short_lines = 0;
    for attempt in 0..MENDINGS {
        if cart["lines"].as_array().is_none_or(Vec::is_empty) {
            return Ok(Ending::Refused("nothing of it was in stock".to_owned()));
        }
        let problems = cart["problems"].as_array().cloned().unwrap_or_default();
        if !problems.is_empty() {
            short_lines += problems.len();
            cart = mend(&shop, &cart, &problems).await?;
            continue;
        }
        let id = cart["id"].as_str().context("a cart without id")?.to_owned();
        match complete(&shop, &invoice, &cart, attempt).await? {
            Completion::Placed(order) => return Ok(Ending::Placed(Acknowledged { short_lines, ..order })),
            Completion::TryAgain => cart = reload(&shop, &id).await?,
            Completion::Refused(reason) => return Ok(Ending::Refused(reason)),
        }
    }
    Ok(Ending::Refused(format!("not mended after {MENDINGS} tries")))
}

/// Makes the cart: lines, contact, address.
async fn fill(shop: &Shop, invoice: &Invoice) -> anyhow::Result<Value> {
    let lines: Vec<Value> = invoice
        .lines
        .iter()
        .filter_map(|(code, quantity)| Some(json!({ "variantId": shop.variants.get(code)?, "quantity": quantity })))
        .collect();
    let first: Vec<&Value> = lines.iter().take(LINES_PER_CALL).collect();
    let contact = json!({ "email": format!("buyer-{}@example.com", invoice.number) });
    let input = json!({ "lines": first, "contact": contact, "country": invoice.country });
    let query = "mutation CartCreate($input: CartCreateInput!) { cartCreate(input: $input) \
                 { cart { ...C } userErrors { code field message } } }";
    let mut cart = step(shop, "cartCreate", query, json!({ "input": input })).await?;
    for more in lines.get(LINES_PER_CALL..).unwrap_or_default().chunks(LINES_PER_CALL) {
        let query = "mutation CartLinesAdd($cartId: ID!, $lines: [CartLineInput!]!) \
                     { cartLinesAdd(cartId: $cartId, lines: $lines) { cart { ...C } userErrors { code field message } } }";
        cart = step(shop, "cartLinesAdd", query, json!({ "cartId": cart["id"], "lines": more })).await?;
    }
    let (city, region, postal_code) = place_in(invoice.country);
    let address = json!({
        "name": format!("Buyer {}", invoice.number), "address1": "1 Main Street", "city": city,
        "region": region, "postalCode": postal_code, "countryCode": invoice.country,
    });
    let query = "mutation CartShippingAddressSet($cartId: ID!, $address: AddressInput!) \
                 { cartShippingAddressSet(cartId: $cartId, address: $address) \
                 { cart { ...C } userErrors { code field message } } }";
    step(shop, "cartShippingAddressSet", query, json!({ "cartId": cart["id"], "address": address })).await
}

/// Cuts what runs short: a line is halved, and dropped when a half will not do either.
async fn mend(shop: &Shop, cart: &Value, problems: &[Value]) -> anyhow::Result<Value> {
    let lines = cart["lines"].as_array().context("a cart without lines")?;
    let changes: Vec<Value> = lines
        .iter()
        .filter(|line| problems.iter().any(|problem| problem["lineId"] == line["id"]))
        .map(|line| json!({ "lineId": line["id"], "quantity": line["quantity"].as_i64().unwrap_or_default() / 4 }))
        .take(LINES_PER_CALL)
        .collect();
    if changes.is_empty() {
        bail!("the cart has problems that belong to no line: {}", cart["problems"]);
    }
    let query = "mutation CartLinesUpdate($cartId: ID!, $lines: [CartLineUpdateInput!]!) \
                 { cartLinesUpdate(cartId: $cartId, lines: $lines) { cart { ...C } userErrors { code field message } } }";
    step(shop, "cartLinesUpdate", query, json!({ "cartId": cart["id"], "lines": changes })).await
}

/// Runs a cart mutation and answers the cart.
async fn step(shop: &Shop, name: &str, query: &str, variables: Value) -> anyhow::Result<Value> {
    let data = shop.client.persist(name, &format!("{query} {CART}"), &variables, PATIENCE).await?;
    let errors = user_errors(&data, name);
    if !errors.is_empty() {
        bail!("{name}: {}", errors.join("; "));
    }
    Ok(data[name]["cart"].clone())
}

async fn reload(shop: &Shop, id: &str) -> anyhow::Result<Value> {
    let query = format!("query Cart($id: ID!) {{ cart(id: $id) {{ ...C }} }} {CART}");
    Ok(shop.client.persist("cart", &query, &json!({ "id": id }), PATIENCE).await?["cart"].clone())
}

enum Completion {
    Placed(Acknowledged),
    TryAgain,
    Refused(String),
}

/// Confirms the cart, repeating with the same key until the outcome is known.
async fn complete(shop: &Shop, invoice: &Invoice, cart: &Value, attempt: usize) -> anyhow::Result<Completion> {
    let query = "mutation CheckoutComplete($cartId: ID!, $input: CheckoutCompleteInput!) \
                 { checkoutComplete(cartId: $cartId, input: $input) { order { id total { amount } } \
                 payment { id status } userErrors { code field message } } }";
    let key = format!("{}-{}-{attempt}", shop.run, invoice.number);
    let payment = json!({ "gateway": "test", "token": "tok_ok" });
    let input = json!({ "idempotencyKey": key, "expectedTotal": cart["cost"]["total"], "payment": payment });
    let variables = json!({ "cartId": cart["id"], "input": input });
    let give_up = Instant::now() + DECIDED;
    loop {
        let data = shop.client.persist("checkoutComplete", query, &variables, PATIENCE).await?;
        let payload = &data["checkoutComplete"];
        if let Some(id) = payload["order"]["id"].as_str() {
            let total = payload["order"]["total"]["amount"].to_string();
            return Ok(Completion::Placed(Acknowledged {
                id: id.to_owned(),
                total,
                short_lines: 0,
                at: Instant::now(),
            }));
        }
        let errors = user_errors(&data, "checkoutComplete");
        let has = |code: &str| errors.iter().any(|error| error.contains(code));
        if has("OUT_OF_STOCK") || has("TOTAL_MISMATCH") || has("PRICE_CHANGED") {
            return Ok(Completion::TryAgain);
        }
        if !errors.is_empty() && !has("IDEMPOTENCY_IN_PROGRESS") {
            return Ok(Completion::Refused(errors.join("; ")));
        }
        if Instant::now() > give_up {
            bail!("invoice {}: still processing after {DECIDED:?}", invoice.number);
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}
