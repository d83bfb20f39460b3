//! Drafts, and what becomes of them.
//!
//! Assumptions of ours: an `external_id` has to be given, has up to 32 letters, digits, dashes and
//! underscores, and may be used again, which makes a second order, while `@external_id` finds the
//! oldest; a recipient needs a name, an address, a city and a country, and a state in the United
//! States, Canada and Australia; items have a `quantity` and may have an `external_id` and a
//! `retail_price`; only a draft or a failed order is confirmed, and a second confirmation is an error;
//! a charge that fails answers 200 with the status `failed`. Amounts are decimal strings.

use axum::http::StatusCode;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::refusal::{Answer, Refusal};
use super::{Books, Printful, PrintfulItem, PrintfulOrder};
use crate::standins::{Call, Object, country, given, objects, only, optional_text, quantity, text, whole};

const RECIPIENT: [&str; 9] =
    ["name", "address1", "city", "state_code", "country_code", "zip", "phone", "email", "tax_number"];
const REQUIRED: [&str; 4] = ["name", "address1", "city", "country_code"];
/// What items of every source may have.
const OF_ANY_SOURCE: &[&str] = &["source", "quantity", "external_id", "retail_price"];
/// Where an address is nothing without its state.
const WITH_STATES: [&str; 3] = ["US", "CA", "AU"];
/// The longest `external_id`, in characters; our own assumption.
const MAX_EXTERNAL_ID: usize = 32;

/// An order with what only the platform knows.
pub(super) struct Order {
    pub(super) book: PrintfulOrder,
    recipient: Value,
    /// Ids and names of the items, in their order.
    pub(super) items: Vec<(i64, Value)>,
    subtotal: Decimal,
    postage: Decimal,
}

impl Printful {
    /// Refuses every order with this HTTP status and these words.
    pub fn refuse_orders(&self, status: u16, message: &str) {
        self.locked().refusal = Some((status, message.to_owned()));
    }

    /// Lets every charge fail.
    pub fn decline_charges(&self) {
        self.locked().is_broke = true;
    }

    /// Gives an order another status, also one that the page does not know; of doubles the oldest.
    pub fn advance(&self, external_id: &str, status: &str) {
        let books = &mut self.locked();
        let place = books.place(&format!("@{external_id}")).expect("an order that the store placed");
        status.clone_into(&mut books.orders[place].book.status);
    }
}

impl Books {
    /// The place of the order of this id, or of `@` and the store's.
    pub(super) fn place(&self, id: &str) -> Option<usize> {
        match id.strip_prefix('@') {
            Some(external) => self.orders.iter().position(|it| it.book.external_id == external),
            None => {
                let id: i64 = id.parse().ok()?;
                self.orders.iter().position(|it| it.book.id == id)
            }
        }
    }

    /// The same for the store's calls.
    pub(super) fn order(&self, id: &str) -> Result<usize, Refusal> {
        self.place(id).ok_or_else(|| Refusal::not_found("the order is"))
    }
}

impl Order {
    pub(super) fn json(&self, store_id: i64) -> Value {
        let book = &self.book;
        let items = book.items.iter().zip(&self.items).map(|(item, (id, name))| {
            let variant = if item.source == "sync" { "sync_variant_id" } else { "catalog_variant_id" };
            let mut json = json!({
                "id": id, "external_id": name, "source": item.source, "quantity": item.quantity,
            });
            json[variant] = json!(item.variant);
            json
        });
        json!({
            "id": book.id, "external_id": book.external_id, "store_id": store_id, "status": book.status,
            "shipping": book.shipping, "recipient": self.recipient, "order_items": items.collect::<Value>(),
            "costs": {
                "currency": "USD", "subtotal": self.subtotal.to_string(), "shipping": self.postage.to_string(),
                "total": (self.subtotal + self.postage).to_string(),
            },
        })
    }
}

/// `POST v2/orders`, which makes a draft.
pub(super) fn create(books: &mut Books, call: &Call) -> Answer {
    let body = call.json()?;
    only(&body, &["external_id", "shipping", "recipient", "order_items", "retail_costs"])?;
    let external_id = external_id(&body)?;
    recipient(&body, &REQUIRED)?;
    if given(&body, "retail_costs").is_some_and(|it| !it.is_object()) {
        return Err("`retail_costs` has to be an object".to_owned().into());
    }
    let (shipping, postage) = shipping(books, &body)?;
    let given_items = objects(&body, "order_items")?;
    let priced = given_items.iter().map(|given| ordered(books, given)).collect::<Result<Vec<_>, _>>()?;
    if let Some((status, message)) = &books.refusal {
        let status = StatusCode::from_u16(*status).expect("an HTTP status");
        return Err(Refusal::of(status, message.as_str()));
    }
    let names = given_items.iter().map(|it| it.get("external_id").cloned().unwrap_or_default());
    let items: Vec<_> = names.map(|name| (books.next_id(), name)).collect();
    let subtotal: Decimal = priced.iter().map(|(item, price)| *price * Decimal::from(item.quantity)).sum();
    let order = PrintfulOrder {
        id: books.next_id(),
        external_id,
        status: "draft".to_owned(),
        items: priced.into_iter().map(|(item, _)| item).collect(),
        shipping,
        charges: 0,
    };
    let recipient = body.get("recipient").cloned().unwrap_or_default();
    let order = Order { book: order, recipient, items, subtotal, postage };
    let answer = order.json(books.store_id);
    books.orders.push(order);
    Ok(answer)
}

/// `GET v2/orders/{id}`.
pub(super) fn get(books: &Books, id: &str) -> Answer {
    Ok(books.orders[books.order(id)?].json(books.store_id))
}

/// `POST v2/orders/{id}/confirmation`, which charges and starts.
pub(super) fn confirm(books: &mut Books, id: &str) -> Answer {
    let place = books.order(id)?;
    let store_id = books.store_id;
    let is_broke = books.is_broke;
    let order = &mut books.orders[place];
    if !["draft", "failed"].contains(&order.book.status.as_str()) {
        return Err(Refusal::impossible(format!("the order is {} and cannot be confirmed", order.book.status)));
    }
    if is_broke {
        order.book.status = "failed".to_owned();
    } else {
        order.book.status = "pending".to_owned();
        order.book.charges += 1;
    }
    Ok(order.json(store_id))
}

/// `GET v2/orders/{id}/invoices`; how an invoice looks is our own assumption.
pub(super) fn invoices(books: &Books, id: &str) -> Answer {
    let order = &books.orders[books.order(id)?];
    let total = (order.subtotal + order.postage).to_string();
    let invoices = (0..order.book.charges).map(|_| json!({ "order_id": order.book.id, "total": total }));
    Ok(invoices.collect())
}

fn external_id(body: &Object) -> Result<String, String> {
    let id = text(body, "external_id")?;
    let is_good = |it: char| it.is_ascii_alphanumeric() || it == '-' || it == '_';
    if id.len() > MAX_EXTERNAL_ID || !id.chars().all(is_good) {
        return Err(format!("`external_id` has to be up to {MAX_EXTERNAL_ID} letters, digits, - and _, not `{id}`"));
    }
    Ok(id.to_owned())
}

/// The way to send, and its price.
fn shipping(books: &Books, body: &Object) -> Result<(String, Decimal), Refusal> {
    let id = if given(body, "shipping").is_some() { text(body, "shipping")? } else { "STANDARD" };
    let rate = books.rates.iter().find(|it| it.id == id);
    let rate = rate.ok_or_else(|| Refusal::impossible(format!("there is no shipping `{id}`")))?;
    Ok((rate.id.clone(), rate.price))
}

/// Whether the recipient has what is required, and nothing that the page does not know.
pub(super) fn recipient(body: &Object, required: &[&str]) -> Result<(), String> {
    let recipient = given(body, "recipient").and_then(Value::as_object);
    let recipient = recipient.ok_or_else(|| "`recipient` has to be an object".to_owned())?;
    only(recipient, &RECIPIENT)?;
    for key in RECIPIENT {
        optional_text(recipient, key, usize::MAX)?;
    }
    for key in required {
        text(recipient, key)?;
    }
    if WITH_STATES.contains(&country(recipient, "country_code")?) {
        text(recipient, "state_code")?;
    }
    Ok(())
}

/// An item with its price, as an order needs it: one of the catalog has to say what is printed where.
fn ordered(books: &Books, given: &Object) -> Result<(PrintfulItem, Decimal), Refusal> {
    let priced = item(books, given)?;
    if priced.0.source == "catalog" {
        objects(given, "placements")?;
    }
    Ok(priced)
}

/// An item with its price.
pub(super) fn item(books: &Books, given: &Object) -> Result<(PrintfulItem, Decimal), Refusal> {
    let source = text(given, "source")?.to_owned();
    let own: &[&str] = match source.as_str() {
        "catalog" => &["catalog_variant_id", "placements"],
        "sync" => &["sync_variant_id"],
        _ => return Err(format!("`source` has to be catalog or sync, not `{source}`").into()),
    };
    only(given, &[own, OF_ANY_SOURCE].concat())?;
    optional_text(given, "external_id", MAX_EXTERNAL_ID)?;
    optional_text(given, "retail_price", usize::MAX)?;
    let variant = whole(given, own[0])?;
    let price = match source.as_str() {
        "catalog" => books.catalog.get(&variant).map(|it| it.price),
        _ => books.sync.get(&variant).copied(),
    };
    let price = price.ok_or_else(|| Refusal::impossible(format!("the variant {variant} is not known")))?;
    Ok((PrintfulItem { source, variant, quantity: quantity(given)? }, price))
}
