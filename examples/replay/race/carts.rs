//! Carts for races; and the race in which all clients complete the same cart, each under a key of its own.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::super::client::{Client, user_errors};
use super::super::drive::Acknowledged;
use super::{CROWD, Lab, PLENTY, tell};

/// How long a checkout may be in progress.
const PATIENCE: Duration = Duration::from_secs(60);

/// How a checkout ended.
pub enum Ending {
    /// With this order.
    Placed(Acknowledged),
    /// Without one, for these user errors.
    Refused(String),
}

/// A cart that only needs to be completed: `lines` lines of one unit each, and perhaps a discount code.
pub async fn prepare(client: &Client, variant: &str, lines: usize, code: Option<&str>) -> anyhow::Result<Value> {
    let line = json!({ "variantId": variant, "quantity": 1 });
    let input = json!({ "lines": vec![line; lines], "contact": { "email": "buyer@example.com" }, "country": "GB" });
    let query = "mutation C($input: CartCreateInput!) { cartCreate(input: $input) \
                 { cart { id } userErrors { code message field } } }";
    let id = change(client, "cartCreate", query, json!({ "input": input })).await?["id"].clone();
    if let Some(code) = code {
        let query = "mutation D($id: ID!, $codes: [String!]!) { cartDiscountCodesSet(cartId: $id, codes: $codes) \
                     { cart { id } userErrors { code message field } } }";
        change(client, "cartDiscountCodesSet", query, json!({ "id": id, "codes": [code] })).await?;
    }
    let address = json!({
        "name": "A Buyer", "address1": "1 Main Street", "city": "London", "postalCode": "EC1A 1BB", "countryCode": "GB",
    });
    let query = "mutation A($id: ID!, $address: AddressInput!) { cartShippingAddressSet(cartId: $id, address: $address) \
                 { cart { id cost { total { amount currencyCode } } } userErrors { code message field } } }";
    change(client, "cartShippingAddressSet", query, json!({ "id": id, "address": address })).await
}

async fn change(client: &Client, name: &str, query: &str, variables: Value) -> anyhow::Result<Value> {
    let data = client.once(name, query, &variables).await?;
    let errors = user_errors(&data, name);
    ensure!(errors.is_empty(), "{name}: {}", errors.join("; "));
    Ok(data[name]["cart"].clone())
}

/// Completes a cart, asking again under the same key until the outcome is known.
pub async fn confirm(client: &Client, key: &str, cart: &Value, token: &str) -> anyhow::Result<Ending> {
    let query = "mutation C($id: ID!, $input: CheckoutCompleteInput!) { checkoutComplete(cartId: $id, input: $input) \
                 { order { id total { amount } } payment { status } userErrors { code message field } } }";
    let payment = json!({ "gateway": "test", "token": token });
    let input = json!({ "idempotencyKey": key, "expectedTotal": cart["cost"]["total"], "payment": payment });
    let give_up = Instant::now() + PATIENCE;
    while Instant::now() < give_up {
        let data = client.once("checkoutComplete", query, &json!({ "id": cart["id"], "input": input })).await?;
        let order = &data["checkoutComplete"]["order"];
        if let Some(id) = order["id"].as_str() {
            let total = order["total"]["amount"].to_string();
            return Ok(Ending::Placed(Acknowledged { id: id.to_owned(), total, short_lines: 0, at: Instant::now() }));
        }
        let errors = user_errors(&data, "checkoutComplete").join("; ");
        if !errors.is_empty() && !errors.contains("IN_PROGRESS") {
            return Ok(Ending::Refused(errors));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    bail!("a checkout is still processing after {PATIENCE:?}")
}

/// Completes all carts at once, each under its key; answers how each ended.
pub async fn confirm_all(
    client: &Client,
    carts: impl IntoIterator<Item = (String, Value)>,
    token: &'static str,
) -> anyhow::Result<Vec<(String, Ending)>> {
    let mut tasks = JoinSet::new();
    for (key, cart) in carts {
        let client = client.clone();
        tasks.spawn(async move { anyhow::Ok((key.clone(), confirm(&client, &key, &cart, token).await?)) });
    }
    tasks.join_all().await.into_iter().collect()
}

/// The orders among `endings`, each once; an error for a refusal with another code than those allowed.
pub fn orders(endings: Vec<(String, Ending)>, allowed: &[&str]) -> anyhow::Result<Vec<Acknowledged>> {
    let mut known = BTreeSet::new();
    let mut orders = Vec::new();
    for (key, ending) in endings {
        match ending {
            Ending::Placed(order) if known.insert(order.id.clone()) => orders.push(order),
            Ending::Placed(_) => {}
            Ending::Refused(errors) if allowed.iter().any(|code| errors.contains(code)) => {}
            Ending::Refused(errors) => bail!("{key}: refused with {errors}"),
        }
    }
    Ok(orders)
}

/// One cart, completed by everybody under a key of their own: one order.
pub async fn run(lab: &mut Lab) -> anyhow::Result<()> {
    for round in 0..lab.rounds {
        let cart = prepare(&lab.client, lab.variant(PLENTY)?, 1, None).await?;
        let carts = (0..CROWD).map(|client| (format!("cart-{round}-{client}"), cart.clone()));
        let endings = confirm_all(&lab.client, carts, "tok_ok").await?;
        let orders = orders(endings, &["CART_COMPLETED"])?;
        ensure!(orders.len() == 1, "one cart became {} orders", orders.len());
        lab.placed.extend(orders);
    }
    tell("one cart, a key each", lab.rounds, CROWD, "one order");
    Ok(())
}
