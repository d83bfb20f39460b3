//! What becomes of an order: queries, confirmation, payment, the way of the parcel.
//!
//! Assumptions of ours: `confirmOrder` and `deleteOrder` take the platform's id only, the latter as a
//! query parameter; a second confirmation or payment is refused; a deleted order is not found any
//! more; the list takes `pageNum` and `pageSize`; `trackInfo` takes `trackNumber`; a detail shows the
//! fields of the page, the two numbers and nothing else, and null for what there is not yet; times are
//! UTC and do not say so.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::envelope::{Answer, Refusal};
use super::orders::Order;
use super::{Books, Cj};
use crate::standins::{Call, number, only, text};

const STATUSES: [&str; 8] = ["CREATED", "IN_CART", "UNPAID", "UNSHIPPED", "SHIPPED", "DELIVERED", "CANCELLED", "OTHER"];
/// What a list shows that does not say what it wants.
const STATUS_OF_LISTS: &str = "CANCELLED";
/// An order that only the books still know.
const DELETED: &str = "DELETED";
const PAGE_SIZE: usize = 100;

impl Cj {
    /// Gives an order another status, also one that the page does not know; of doubles the oldest.
    pub fn advance(&self, order_number: &str, status: &str) {
        self.locked().order_numbered(order_number).set_status(status);
    }

    /// What the carrier reports of an order's parcel: 0 to 14, as the page lists them. The order's own
    /// status stays.
    pub fn track(&self, order_number: &str, number: &str, tracking_status: i64) {
        let books = &mut self.locked();
        let time = books.time.tick().format("%Y-%m-%d %H:%M:%S").to_string();
        let order = books.order_numbered(order_number);
        order.track_number = Some(number.to_owned());
        if tracking_status >= 1 {
            order.out_warehouse_time.get_or_insert_with(|| time.clone());
        }
        order.events.push((tracking_status, time));
    }
}

impl Books {
    /// The order that a test names by the store's number.
    pub(super) fn order_numbered(&mut self, number: &str) -> &mut Order {
        let order = self.orders.iter_mut().find(|it| it.book.order_number == number && !it.is(DELETED));
        order.expect("an order that the store placed")
    }

    /// The order with the platform's id.
    pub(super) fn order_with_id(&mut self, id: &str) -> Result<&mut Order, Refusal> {
        let order = self.orders.iter_mut().find(|it| it.book.order_id == id && !it.is(DELETED));
        order.ok_or_else(|| Refusal::not_found("order"))
    }
}

impl Order {
    fn detail(&self) -> Value {
        let book = &self.book;
        json!({
            "orderId": book.order_id, "orderNumber": book.order_number, "orderStatus": book.status,
            "trackNumber": self.track_number, "trackingUrl": self.tracking_url(),
            "logisticName": book.logistic_name, "outWarehouseTime": self.out_warehouse_time, "disputeId": null,
        })
    }

    pub(super) fn tracking_url(&self) -> Option<String> {
        self.track_number.as_ref().map(|it| format!("https://track.cj.example/{it}"))
    }

    /// What the carrier reported last; 0 is none.
    pub(super) fn tracking_status(&self) -> i64 {
        self.events.last().map_or(0, |(status, _)| *status)
    }
}

/// `GET shopping/order/getOrderDetail?orderId=`, by the platform's id or by the store's number.
pub(super) fn detail(books: &mut Books, call: &Call) -> Answer {
    call.expects(&["orderId"])?;
    let id = call.parameter("orderId")?;
    let is_it = |it: &&Order| !it.is(DELETED) && (it.book.order_id == id || it.book.order_number == id);
    books.orders.iter().find(is_it).map(Order::detail).ok_or_else(|| Refusal::not_found("order"))
}

/// `GET shopping/order/list?status=&pageNum=&pageSize=`.
pub(super) fn list(books: &mut Books, call: &Call) -> Answer {
    call.expects(&["status", "pageNum", "pageSize"])?;
    let (page, size) = (call.number("pageNum", 1, usize::MAX)?, call.number("pageSize", 20, PAGE_SIZE)?);
    let status = call.query.get("status").map_or(STATUS_OF_LISTS, String::as_str);
    if !STATUSES.contains(&status) {
        return Err(format!("unknown status `{status}`").into());
    }
    let found: Vec<_> = books.orders.iter().filter(|it| it.is(status)).collect();
    let shown = found.iter().skip((page - 1).saturating_mul(size)).take(size).map(|it| it.detail());
    Ok(json!({ "pageNum": page, "pageSize": size, "total": found.len(), "list": shown.collect::<Value>() }))
}

/// `PATCH shopping/order/confirmOrder {orderId}`.
pub(super) fn confirm(books: &mut Books, call: &Call) -> Answer {
    let body = call.json()?;
    only(&body, &["orderId"])?;
    let order = books.order_with_id(text(&body, "orderId")?)?;
    if !(order.is_clear() && order.is_open()) {
        return Err(Refusal::other("the order cannot be confirmed"));
    }
    order.set_status("UNPAID");
    Ok(json!(order.book.order_id))
}

/// `DELETE shopping/order/deleteOrder?orderId=`, only before it is confirmed.
pub(super) fn delete(books: &mut Books, call: &Call) -> Answer {
    call.expects(&["orderId"])?;
    let order = books.order_with_id(call.parameter("orderId")?)?;
    if !order.is_open() {
        return Err(Refusal::other("the order is confirmed and cannot be deleted"));
    }
    order.set_status(DELETED);
    Ok(json!(order.book.order_id))
}

/// `GET shopping/pay/getBalance`; all fields are our own assumption.
pub(super) fn balance(books: &mut Books, call: &Call) -> Answer {
    call.expects(&[])?;
    let none = number(Decimal::ZERO);
    Ok(json!({ "amount": number(books.balance), "noWithdrawalAmount": none, "freezeAmount": none }))
}

/// `POST shopping/pay/payBalanceV2 {shipmentOrderId, payId}`. The page does not say who makes a
/// `payId`, so any is taken.
pub(super) fn pay(books: &mut Books, call: &Call) -> Answer {
    let body = call.json()?;
    only(&body, &["shipmentOrderId", "payId"])?;
    text(&body, "payId")?;
    let id = text(&body, "shipmentOrderId")?;
    let found = books.orders.iter().position(|it| it.shipment_id == id && !it.is(DELETED));
    let place = found.ok_or_else(|| Refusal::not_found("shipment order"))?;
    if !books.orders[place].is("UNPAID") || books.orders[place].book.is_sandbox {
        return Err(Refusal::other("there is nothing to be paid from the balance"));
    }
    let amount = books.orders[place].amount();
    if !books.charge(amount) {
        return Err(Refusal::other("the balance is too low"));
    }
    books.orders[place].set_status("UNSHIPPED");
    Ok(Value::Null)
}

/// `GET logistic/trackInfo?trackNumber=`; an unknown number has an empty list.
pub(super) fn track_info(books: &mut Books, call: &Call) -> Answer {
    call.expects(&["trackNumber"])?;
    let wanted = call.parameter("trackNumber")?;
    let parcels = books.orders.iter().filter(|it| it.track_number.as_deref() == Some(wanted));
    let info = |it: &Order| {
        json!({
            "trackNumber": it.track_number, "logisticName": it.book.logistic_name,
            "trackingStatus": it.tracking_status(), "trackingUrl": it.tracking_url(),
        })
    };
    Ok(parcels.map(info).collect())
}
