//! A guest's whole checkout, with the operations of the journeys as they are.

use std::cell::RefCell;

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use super::documents::operation;
use super::wire::Wire;

/// The operations of a checkout, in their order.
pub const STEPS: [&str; 6] = [
    "CartCreate",
    "CartLinesAdd",
    "CartContactSet",
    "CartShippingAddressSet",
    "CartShippingOptionSelect",
    "CheckoutComplete",
];

/// What every checkout needs.
pub struct Checkouts {
    texts: [String; 6],
    variants: Vec<String>,
    /// The tracking tokens of the orders.
    pub tokens: RefCell<Vec<String>>,
}

impl Checkouts {
    /// Checkouts of two lines each, out of `variants`.
    pub fn of(variants: Vec<String>) -> Self {
        Self { texts: STEPS.map(operation), variants, tokens: RefCell::default() }
    }

    /// A whole checkout; the token of its order is kept.
    pub async fn run(&self, wire: &mut Wire, turn: usize) -> anyhow::Result<()> {
        let order = self.buy(wire, turn).await?;
        let token = order["trackingToken"].as_str().context("an order without a token")?;
        self.tokens.borrow_mut().push(token.to_owned());
        Ok(())
    }

    /// From an empty cart to an order: two lines, contact, address, shipping option, yes.
    pub async fn buy(&self, wire: &mut Wire, turn: usize) -> anyhow::Result<Value> {
        let [create, add, contact, address, select, complete] = &self.texts;
        let line = |place: usize| {
            let variant = &self.variants[place % self.variants.len()];
            json!([{ "variantId": variant, "quantity": 1 + turn % 3 }])
        };
        let made = wire.run(create, &json!({ "input": { "lines": line(turn * 2), "country": "DE" } })).await?;
        let id = made["cart"]["id"].clone();
        wire.run(add, &json!({ "cartId": id, "lines": line(turn * 2 + 1) })).await?;
        let input = json!({ "email": format!("buyer-{turn}@example.com"), "phone": "+49 30 1234567" });
        wire.run(contact, &json!({ "cartId": id, "input": input })).await?;
        let whereto = json!({
            "name": "Erika Muster", "address1": "Hauptstrasse 1", "city": "Berlin", "postalCode": "10115",
            "countryCode": "DE",
        });
        let cart = wire.run(address, &json!({ "cartId": id, "address": whereto })).await?["cart"].clone();
        let parcel = &cart["parcels"][0];
        let option = parcel["shippingOptions"].as_array().and_then(|all| all.last()).context("no shipping option")?;
        let variables = json!({ "cartId": id, "parcelId": parcel["id"], "shippingOptionId": option["id"] });
        let cart = wire.run(select, &variables).await?["cart"].clone();
        let input = json!({
            "idempotencyKey": format!("load-{turn}"), "expectedTotal": cart["cost"]["total"],
            "payment": { "gateway": "test", "token": "tok_ok" },
        });
        let done = wire.run(complete, &json!({ "cartId": id, "input": input })).await?;
        ensure!(done["order"].is_object(), "a checkout without an order: {done}");
        Ok(done["order"].clone())
    }
}
