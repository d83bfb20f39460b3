//! Variants, whether they are to be had, and what sending costs.
//!
//! Assumptions of ours: the fields around `availability`, which the page does not give; that shipping
//! rates need a country and items, but no placements; the fields of a rate.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::orders::{item, recipient};
use super::refusal::{Answer, Refusal};
use super::{Books, Printful};
use crate::standins::{Call, amount, objects, only};

/// A variant of the platform's catalog.
pub(super) struct Variant {
    pub(super) price: Decimal,
    /// By technique and selling region.
    availability: BTreeMap<(String, String), String>,
}

/// A way to send parcels.
pub(super) struct Rate {
    pub(super) id: String,
    pub(super) price: Decimal,
    days: (i64, i64),
}

impl Printful {
    /// Adds a variant of the catalog or changes its price; it is in stock for `dtg` in North America
    /// until [`Printful::available`] says otherwise.
    pub fn variant(&self, id: i64, price: &str) {
        let price = amount(price);
        let books = &mut self.locked();
        let new = || Variant { price, availability: BTreeMap::new() };
        let variant = books.catalog.entry(id).or_insert_with(new);
        variant.price = price;
        let place = ("dtg".to_owned(), "north_america".to_owned());
        variant.availability.entry(place).or_insert_with(|| "in stock".to_owned());
    }

    /// Adds a variant of the store's own or changes its price.
    pub fn sync_variant(&self, id: i64, price: &str) {
        self.locked().sync.insert(id, amount(price));
    }

    /// Whether a variant is to be had: `in stock`, `out of stock`, `not fulfillable`, `unknown`, or a
    /// word that the page does not know.
    pub fn available(&self, id: i64, technique: &str, region: &str, word: &str) {
        let books = &mut self.locked();
        let variant = books.catalog.get_mut(&id).expect("a variant that was added");
        variant.availability.insert((technique.to_owned(), region.to_owned()), word.to_owned());
    }
}

impl Variant {
    /// Technique by technique, and within it region by region.
    pub(super) fn techniques(&self) -> Value {
        let mut techniques: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
        for ((technique, region), word) in &self.availability {
            techniques.entry(technique).or_default().push(json!({ "name": region, "availability": word }));
        }
        let technique =
            |(technique, regions): (&str, Vec<Value>)| json!({ "technique": technique, "selling_regions": regions });
        techniques.into_iter().map(technique).collect()
    }
}

impl Rate {
    /// What there is until a test says otherwise.
    pub(super) fn usual() -> Vec<Self> {
        vec![Self { id: "STANDARD".to_owned(), price: amount("4.75"), days: (3, 7) }]
    }

    fn json(&self) -> Value {
        json!({
            "shipping": self.id, "shipping_method_name": self.id, "rate": self.price.to_string(), "currency": "USD",
            "min_delivery_days": self.days.0, "max_delivery_days": self.days.1,
        })
    }
}

/// `GET v2/catalog-variants/{id}/availability`.
pub(super) fn availability(books: &Books, id: &str) -> Answer {
    let variant = id.parse::<i64>().ok().and_then(|id| books.catalog.get(&id).map(|variant| (id, variant)));
    let (id, variant) = variant.ok_or_else(|| Refusal::not_found("the variant is"))?;
    Ok(json!({ "catalog_variant_id": id, "techniques": variant.techniques() }))
}

/// `POST v2/shipping-rates {recipient, order_items}`.
pub(super) fn shipping_rates(books: &Books, call: &Call) -> Answer {
    let body = call.json()?;
    only(&body, &["recipient", "order_items"])?;
    recipient(&body, &["country_code"])?;
    for given in objects(&body, "order_items")? {
        item(books, given)?;
    }
    Ok(books.rates.iter().map(Rate::json).collect())
}
