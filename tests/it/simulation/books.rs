//! The store's tables beside the partners' books.

use std::collections::{BTreeMap, HashMap, HashSet};

use consign::fulfillment::{self, SupplierOrderStatus, line, supplier_order};
use consign::kernel::ids::{OrderId, OrderLineId, PaymentAttemptId};
use consign::notifications::entity as notification;
use consign::orders::{FulfillmentStatus, line as order_line, order};
use consign::payments::entity::{attempt, refund, transaction};
use consign::payments::{TransactionKind, TransactionStatus};
use consign::suppliers::ShipmentStatus;
use sea_orm::{EntityTrait, QueryOrder};

use super::story::Story;

/// The rows of a table.
fn all<E: EntityTrait>(story: &Story) -> Vec<E::Model> {
    story.process().wait(E::find().all(story.process().app.db.read())).expect("rows are read")
}

/// The orders, by number.
pub fn orders(story: &Story) -> Vec<order::Model> {
    let query = order::Entity::find().order_by_asc(order::Column::Number).all(story.process().app.db.read());
    story.process().wait(query).expect("orders are read")
}

/// Invariants 1 and 11: what buyers were told is there, for the price they said yes to, once.
pub fn promises(story: &Story) -> Vec<String> {
    let mut found = Vec::new();
    let orders = orders(story);
    for yes in &story.yeses {
        let of_cart: Vec<_> = orders.iter().filter(|order| order.cart_id == yes.cart).collect();
        let Some(order) = of_cart.first() else {
            if let Some(id) = yes.order {
                found.push(format!("1: {id} was acknowledged and is gone"));
            }
            continue;
        };
        if of_cart.len() > 1 {
            found.push(format!("11: a cart became {} orders", of_cart.len()));
        }
        if yes.order.is_some_and(|id| id != order.id) {
            found.push(format!("1: {:?} was acknowledged, and the cart became {}", yes.order, order.id));
        }
        let said = yes.attempt.is_none_or(|attempt| attempt == order.attempt_id);
        if said && yes.order.is_some() && order.total != yes.input.expected_total.minor() {
            found.push(format!("1: {} was {} and is {}", order.id, yes.input.expected_total, order.total));
        }
    }
    let wished = story.wishes.iter().filter_map(|it| it.refund).collect::<HashSet<_>>().len();
    if wished < story.wishes.iter().filter(|it| it.refund.is_some()).count() {
        found.push("11: two wishes became one refund".to_owned());
    }
    found
}

/// Invariant 10: no letter is taken twice but for a lost receipt, and none that is not in the table.
pub fn letters(story: &Story) -> Vec<String> {
    let outside = story.net.outside();
    let twice = outside.letters.0.iter().filter(|(_, letter)| letter.taken > 1 + letter.excused);
    twice.map(|(id, letter)| format!("10: {id} ({}) was sent {} times", letter.subject, letter.taken)).collect()
}

/// Invariant 3: what is recorded as moved was moved, and what was moved is recorded or about to be.
pub fn money(story: &Story) -> Vec<String> {
    let mut found = Vec::new();
    let attempts: HashMap<String, attempt::Model> =
        all::<attempt::Entity>(story).into_iter().map(|it| (it.id.to_string(), it)).collect();
    let mut told: BTreeMap<(PaymentAttemptId, &str), i64> = BTreeMap::new();
    let movements = all::<transaction::Entity>(story);
    for it in movements.iter().filter(|it| it.status == TransactionStatus::Pending && it.submitted_at.is_some()) {
        let kind = match it.kind {
            TransactionKind::Capture => "captured",
            TransactionKind::Void => "voided",
            TransactionKind::Refund => "refunded",
        };
        *told.entry((it.attempt_id, kind)).or_default() += it.amount;
    }
    let outside = story.net.outside();
    for payment in outside.provider.payments() {
        let Some(own) = attempts.get(&payment.reference) else {
            found.push(format!("3: the provider has a payment {} and we have not", payment.reference));
            continue;
        };
        let sums = [
            ("captured", own.captured, payment.captured),
            ("voided", own.voided, payment.voided),
            ("refunded", own.refunded, payment.refunded),
        ];
        for (what, ours, theirs) in sums {
            let moving = told.get(&(own.id, what)).copied();
            // A release takes whatever is left.
            let most = if what == "voided" && moving.is_some() { own.authorized } else { ours + moving.unwrap_or(0) };
            if !(ours..=most).contains(&theirs) {
                found.push(format!("3: {}: {what} is {ours} here and {theirs} there", own.id));
            }
        }
        if own.authorized > payment.authorized {
            found.push(format!("3: {}: {} is held here and {} there", own.id, own.authorized, payment.authorized));
        }
    }
    for (key, times) in outside.provider.effects.iter().filter(|(_, times)| **times > 1) {
        found.push(format!("3: {key} had {times} effects"));
    }
    found
}

/// Invariants 2 and 3 in the end: nobody's money is held or kept for nothing.
pub fn money_in_the_end(story: &Story) -> Vec<String> {
    let attempts: HashMap<String, attempt::Model> =
        all::<attempt::Entity>(story).into_iter().map(|it| (it.id.to_string(), it)).collect();
    let failed: HashSet<PaymentAttemptId> = all::<transaction::Entity>(story)
        .into_iter()
        .filter(|it| it.status == TransactionStatus::Failed)
        .map(|it| it.attempt_id)
        .collect();
    let mut found = kept(story, &failed);
    let outside = story.net.outside();
    for payment in outside.provider.payments() {
        let Some(own) = attempts.get(&payment.reference).filter(|own| !failed.contains(&own.id)) else { continue };
        let held = payment.authorized - payment.captured - payment.voided;
        if own.order_id.is_none() && (held != 0 || payment.captured != payment.refunded) {
            found.push(format!("3: {} has no order and the provider holds {held}", own.id));
        }
        let ours = (own.captured, own.voided, own.refunded);
        if ours != (payment.captured, payment.voided, payment.refunded) {
            found.push(format!("3: {}: {ours:?} was moved here and {payment:?} there", own.id));
        }
    }
    found
}

/// Invariant 5 in the end: of an order that is over, what the customer owes was kept; less, if the store's
/// people gave something back.
fn kept(story: &Story, failed: &HashSet<PaymentAttemptId>) -> Vec<String> {
    let attempts: HashMap<PaymentAttemptId, attempt::Model> =
        all::<attempt::Entity>(story).into_iter().map(|it| (it.id, it)).collect();
    let given: HashSet<OrderId> = all::<refund::Entity>(story)
        .into_iter()
        .filter(|it| !it.key.starts_with("cancelled:"))
        .map(|it| it.order_id)
        .collect();
    let lines = all::<order_line::Entity>(story);
    let mut found = Vec::new();
    for order in orders(story) {
        let over = matches!(order.fulfillment_status, FulfillmentStatus::Delivered | FulfillmentStatus::Cancelled);
        let Some(own) = attempts.get(&order.attempt_id).filter(|own| over && !failed.contains(&own.id)) else {
            continue;
        };
        let of_order: Vec<_> = lines.iter().filter(|it| it.order_id == order.id).cloned().collect();
        let due = fulfillment::amount_due(&order, &of_order).expect("sums of one currency").minor();
        let kept = own.captured - own.refunded;
        let fits = if given.contains(&order.id) { kept <= due } else { kept == due };
        if !fits || own.authorized != own.captured + own.voided {
            found.push(format!("5: order {} costs {due} and {kept} was kept: {own:?}", order.number));
        }
    }
    found
}

/// Invariant 2: one order in effect at most per supplier order, none that is over here, and no unit twice.
pub fn goods(story: &Story) -> Vec<String> {
    use SupplierOrderStatus as S;
    let mut found = Vec::new();
    let parts: HashMap<String, supplier_order::Model> =
        all::<supplier_order::Entity>(story).into_iter().map(|it| (it.id.to_string(), it)).collect();
    let lines: HashMap<String, line::Model> =
        all::<line::Entity>(story).into_iter().map(|it| (it.id.to_string(), it)).collect();
    let outside = story.net.outside();
    let mut effective: BTreeMap<&str, u32> = BTreeMap::new();
    let mut units: BTreeMap<OrderLineId, i64> = BTreeMap::new();
    for order in outside.suppliers.orders.iter().filter(|it| it.is_effective()) {
        *effective.entry(&order.reference).or_default() += 1;
        match parts.get(&order.reference) {
            None => found.push(format!("2: a supplier has {}, which is not here", order.reference)),
            Some(own) if matches!(own.status, S::Cancelled | S::Rejected) => {
                found.push(format!("2: {} is {:?} here and in effect there", own.id, own.status));
            }
            Some(_) => {}
        }
        for row in &order.lines {
            if let Some(own) = lines.get(&row.id) {
                *units.entry(own.order_line_id).or_default() += row.accepted.unwrap_or(row.quantity);
            }
        }
    }
    found.extend(effective.iter().filter(|(_, n)| **n > 1).map(|(id, n)| format!("2: {id} is {n} orders there")));
    for own in all::<order_line::Entity>(story) {
        let there = units.get(&own.id).copied().unwrap_or_default();
        if there > own.quantity {
            found.push(format!("2: {there} of {} units are with suppliers: {}", own.quantity, own.id));
        }
    }
    found
}

/// Invariants 5 and 9 in the end: what suppliers and carriers did is known here, and every mail went out.
pub fn goods_in_the_end(story: &Story) -> Vec<String> {
    let mut found = Vec::new();
    let parts: HashMap<String, supplier_order::Model> =
        all::<supplier_order::Entity>(story).into_iter().map(|it| (it.id.to_string(), it)).collect();
    let letters = all::<notification::Entity>(story);
    let outside = story.net.outside();
    for order in &outside.suppliers.orders {
        let Some(own) = parts.get(&order.reference) else { continue };
        let arrived = order.rest().is_empty()
            && !order.parcels.is_empty()
            && order.parcels.iter().all(|it| it.status == ShipmentStatus::Delivered);
        if arrived && own.status != SupplierOrderStatus::Delivered {
            found.push(format!("9: {} arrived, and is {:?} here", own.id, own.status));
        }
    }
    let known: HashSet<String> = letters.iter().map(|it| it.id.to_string()).collect();
    for id in outside.letters.0.keys().filter(|id| !known.contains(*id)) {
        found.push(format!("10: the letter {id} was sent and is not in the table"));
    }
    for letter in &letters {
        let taken = outside.letters.0.get(&letter.id.to_string()).map_or(0, |it| it.taken);
        if letter.status == notification::NotificationStatus::Sent && taken == 0 {
            found.push(format!("10: the letter {} was never sent", letter.id));
        }
    }
    found
}
