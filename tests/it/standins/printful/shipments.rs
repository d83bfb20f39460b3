//! Parcels.
//!
//! Assumptions of ours: all fields but `shipment_status`, `delivery_status`, `is_reshipment` and
//! `estimated_delivery`; that a list of shipments comes whole; that the order's own status stays when
//! one is made.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

use super::refusal::Answer;
use super::{Books, Printful};

/// A parcel.
pub(super) struct Shipment {
    id: i64,
    order: i64,
    number: String,
    /// Items of the order, by id, and how many.
    items: Vec<(i64, i64)>,
    status: String,
    delivery_status: String,
    is_reshipment: bool,
    at: DateTime<Utc>,
}

impl Printful {
    /// Sends a part of an order: items by their place in the order, and how many of each.
    pub fn ship(&self, external_id: &str, number: &str, items: &[(usize, i64)]) {
        let shipment = self.parcel(external_id, number, items);
        self.locked().shipments.push(shipment);
    }

    /// What becomes of a parcel: its own status and its delivery's, also words that the page does not know.
    pub fn move_shipment(&self, number: &str, status: &str, delivery_status: &str) {
        let books = &mut self.locked();
        let shipment = books.shipments.iter_mut().find(|it| it.number == number).expect("a parcel that was sent");
        status.clone_into(&mut shipment.status);
        delivery_status.clone_into(&mut shipment.delivery_status);
    }

    fn parcel(&self, external_id: &str, number: &str, items: &[(usize, i64)]) -> Shipment {
        let books = &mut self.locked();
        let place = books.place(&format!("@{external_id}")).expect("an order that the store placed");
        let (id, at) = (books.next_id(), books.time.tick());
        let order = &books.orders[place];
        Shipment {
            id,
            order: order.book.id,
            number: number.to_owned(),
            items: items.iter().map(|(place, quantity)| (order.items[*place].0, *quantity)).collect(),
            status: "shipped".to_owned(),
            delivery_status: "pre_transit".to_owned(),
            is_reshipment: false,
            at,
        }
    }
}

impl Shipment {
    pub(super) fn is(&self, number: &str) -> bool {
        self.number == number
    }

    pub(super) fn order(&self) -> i64 {
        self.order
    }

    pub(super) fn json(&self) -> Value {
        let items = self.items.iter().map(|(id, quantity)| json!({ "order_item_id": id, "quantity": quantity }));
        let day = |days: i64| (self.at + TimeDelta::days(days)).format("%Y-%m-%d").to_string();
        json!({
            "id": self.id, "order_id": self.order, "carrier": "USPS", "service": "USPS First-Class",
            "tracking_number": self.number, "tracking_url": format!("https://track.printful.example/{}", self.number),
            "shipped_at": self.at.to_rfc3339_opts(SecondsFormat::Secs, true), "shipment_status": self.status,
            "delivery_status": self.delivery_status, "is_reshipment": self.is_reshipment,
            "estimated_delivery": { "from_date": day(3), "to_date": day(7) },
            "shipment_items": items.collect::<Value>(),
        })
    }
}

/// `GET v2/orders/{id}/shipments`.
pub(super) fn list(books: &Books, id: &str) -> Answer {
    let order = books.orders[books.order(id)?].book.id;
    Ok(books.shipments.iter().filter(|it| it.order == order).map(Shipment::json).collect())
}
