//! Orders that are only a trial.
//!
//! Assumptions of ours: all three are POSTs that take the platform's `orderId`; paying brings an order
//! to 300, and every status has to follow the one before it.

use serde_json::json;

use super::Books;
use super::envelope::{Answer, Refusal};
use super::orders::Order;
use crate::standins::{Call, Object, only, text, whole};

/// The statuses of a trial in their order, with what the order's queries say meanwhile.
const STEPS: [(i64, &str); 5] =
    [(300, "UNSHIPPED"), (400, "UNSHIPPED"), (500, "UNSHIPPED"), (600, "SHIPPED"), (700, "DELIVERED")];

/// `POST shopping/sandbox/simulatePay {orderId}`.
pub(super) fn pay(books: &mut Books, call: &Call) -> Answer {
    let body = call.json()?;
    only(&body, &["orderId"])?;
    let order = trial(books, &body)?;
    if !order.is("UNPAID") {
        return Err(Refusal::other("the order is not to be paid"));
    }
    step(order, STEPS[0]);
    Ok(json!(true))
}

/// `POST shopping/sandbox/updateStatus {orderId, status}`.
pub(super) fn update_status(books: &mut Books, call: &Call) -> Answer {
    let body = call.json()?;
    only(&body, &["orderId", "status"])?;
    let wanted = whole(&body, "status")?;
    let order = trial(books, &body)?;
    let next = STEPS.windows(2).find(|pair| pair[0].0 == order.sandbox_step).map(|pair| pair[1]);
    match next {
        Some(next) if next.0 == wanted => step(order, next),
        _ => return Err(Refusal::other(format!("{wanted} does not follow {}", order.sandbox_step))),
    }
    Ok(json!(true))
}

/// `POST shopping/sandbox/updateTrackNumber {orderId, trackNumber}`.
pub(super) fn update_track_number(books: &mut Books, call: &Call) -> Answer {
    let body = call.json()?;
    only(&body, &["orderId", "trackNumber"])?;
    let number = text(&body, "trackNumber")?.to_owned();
    trial(books, &body)?.track_number = Some(number);
    Ok(json!(true))
}

fn trial<'a>(books: &'a mut Books, body: &Object) -> Result<&'a mut Order, Refusal> {
    let order = books.order_with_id(text(body, "orderId")?)?;
    if order.book.is_sandbox { Ok(order) } else { Err(Refusal::other("the order is no trial")) }
}

fn step(order: &mut Order, (step, status): (i64, &str)) {
    order.sandbox_step = step;
    order.set_status(status);
}
