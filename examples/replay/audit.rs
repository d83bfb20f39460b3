//! The oracle: the invariants, checked from raw facts of the store, the suppliers and the gateway.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::{Duration, Instant};

use anyhow::bail;
use serde_json::json;

use super::client::Client;
use super::drive::Acknowledged;
use super::facts::{Facts, Order, get};
use super::world::World;

/// How long nothing may change before a run that is not done counts as stuck.
const STILL: Duration = Duration::from_secs(60);

/// Waits until suppliers and gateway rest and every order is delivered, cancelled or in the
/// exceptions queue.
pub async fn wait_until_quiet(world: &World, owner: &Client, patience: Duration) -> anyhow::Result<()> {
    let began = Instant::now();
    let mut last = (0, Instant::now());
    loop {
        let open = open_orders(owner).await?;
        let pending =
            get(&format!("{}/admin/pending", world.suppliers_url)).await?["total"].as_i64().unwrap_or_default();
        println!("  {open} orders on their way, {pending} things pending at the suppliers");
        if open == 0 && pending == 0 {
            return Ok(());
        }
        let state = open + pending;
        if state != last.0 {
            last = (state, Instant::now());
        }
        if pending == 0 && last.1.elapsed() > STILL {
            println!("  nothing moves any more: the rest must be explained by the exceptions queue");
            return Ok(());
        }
        if began.elapsed() > patience {
            bail!("after {patience:?}, {open} orders are still on their way");
        }
        tokio::time::sleep(Duration::from_secs(3)).await;
    }
}

/// Orders on their way, and movements of money: after a kill these wait until the dead worker's lease ends.
async fn open_orders(owner: &Client) -> anyhow::Result<i64> {
    let query = "query O { orders(first: 1, filter: { fulfillmentStatus: \
                 [UNFULFILLED, IN_PROGRESS, PARTIALLY_SHIPPED, SHIPPED, PARTIALLY_DELIVERED] }) { totalCount } \
                 due: jobs(first: 1, filter: { kind: \"fulfillment.settle_money\" }) { totalCount } \
                 moving: jobs(first: 1, filter: { kind: \"SettleTransaction\" }) { totalCount } }";
    let data = owner.persist("(audit)", query, &json!({}), Duration::from_secs(60)).await?;
    let count = |name: &str| data[name]["totalCount"].as_i64().unwrap_or_default();
    Ok(count("orders") + count("due") + count("moving"))
}

/// Everything that must not be.
pub fn check(facts: &Facts, placed: &[Acknowledged]) -> Vec<String> {
    let mut found = Vec::new();
    orders_exist(facts, placed, &mut found);
    one_order_at_the_supplier(facts, &mut found);
    money_agrees(facts, &mut found);
    ledger_reproduces(facts, &mut found);
    nothing_stuck(facts, &mut found);
    reservations_have_owners(facts, &mut found);
    histories_are_paths(facts, &mut found);
    histories_have_no_gaps(facts, &mut found);
    mails_go_out_once(facts, &mut found);
    found.extend(facts.resumption.iter().map(|it| format!("8: {it}")));
    found
}

/// Invariant 1: every acknowledged order exists, its total unchanged; numbers have no gap and no double.
fn orders_exist(facts: &Facts, placed: &[Acknowledged], found: &mut Vec<String>) {
    let by_id: HashMap<&str, &Order> = facts.orders.iter().map(|order| (order.id.as_str(), order)).collect();
    for order in placed {
        match by_id.get(order.id.as_str()) {
            None => found.push(format!("1: {} was acknowledged and is gone", order.id)),
            Some(known) if known.total != order.total => {
                found.push(format!("1: {} was {} and is {}", order.id, order.total, known.total));
            }
            Some(_) => {}
        }
    }
    let acknowledged: HashSet<&str> = placed.iter().map(|order| order.id.as_str()).collect();
    for order in facts.orders.iter().filter(|order| !acknowledged.contains(order.id.as_str())) {
        found.push(format!("1: {} exists and no client knows of it", order.id));
    }
    let mut numbers: Vec<i64> = facts.orders.iter().map(|order| order.number).collect();
    numbers.sort_unstable();
    for pair in numbers.windows(2).filter(|pair| pair[1] != pair[0] + 1) {
        found.push(format!("1: order numbers {} and {} are not neighbors", pair[0], pair[1]));
    }
}

/// Invariant 2: per supplier order at most one effective order at the supplier, and none the store does not know.
fn one_order_at_the_supplier(facts: &Facts, found: &mut Vec<String>) {
    let known: HashSet<&str> =
        facts.orders.iter().flat_map(|order| &order.supplier_orders).map(|it| it.reference.as_str()).collect();
    let mut effective: BTreeMap<&str, usize> = BTreeMap::new();
    for order in facts.remote_orders.iter().filter(|order| order.effective) {
        *effective.entry(&order.reference).or_default() += 1;
        if !known.contains(order.reference.as_str()) {
            found.push(format!("2: a supplier has {}, which the store does not know", order.reference));
        }
    }
    for (reference, count) in effective.iter().filter(|(_, count)| **count > 1) {
        found.push(format!("2: {reference} is {count} orders at its supplier"));
    }
    found.extend(facts.ordered_twice.iter().map(|reference| format!("2: {reference} was ordered twice")));
    for it in facts.orders.iter().flat_map(|order| &order.supplier_orders) {
        let must_exist = matches!(it.status.as_str(), "SHIPPED" | "DELIVERED" | "PARTIALLY_SHIPPED");
        if must_exist && !effective.contains_key(it.reference.as_str()) {
            found.push(format!("2: {} is {} and its supplier does not have it", it.reference, it.status));
        }
    }
}

/// Invariant 3: captures recorded are captures at the provider and at most the total; refunds at most captures;
/// no money is held or taken without an order.
fn money_agrees(facts: &Facts, found: &mut Vec<String>) {
    let mut with_order = HashSet::new();
    for order in &facts.orders {
        for payment in &order.payments {
            with_order.insert(payment.reference.as_str());
            let Some(books) = facts.gateway.get(&payment.reference) else {
                found.push(format!("3: {} is not in the provider's books", payment.reference));
                continue;
            };
            if (books.captured, books.refunded, books.voided) != (payment.captured, payment.refunded, payment.voided) {
                found.push(format!(
                    "3: {} of {}: we say {payment:?}, the provider {books:?}",
                    payment.reference, order.id
                ));
            }
            if books.captured > order.total_minor || books.refunded > books.captured {
                found.push(format!("3: {}: {books:?} for a total of {}", order.id, order.total_minor));
            }
        }
        if order.fulfillment_status == "DELIVERED" && order.payments.iter().all(|payment| payment.captured == 0) {
            found.push(format!("3: {} is delivered and nothing was captured", order.id));
        }
    }
    for (reference, books) in &facts.gateway {
        let held = books.authorized - books.captured - books.voided;
        if !with_order.contains(reference.as_str()) && (books.captured > 0 || held > 0) {
            found.push(format!("3: {reference}: {books:?} and there is no order"));
        }
    }
}

/// Invariant 4: the ledger reproduces the offers' figures; none is negative; never more was taken than was
/// sellable at that moment.
fn ledger_reproduces(facts: &Facts, found: &mut Vec<String>) {
    for (offer, figures) in &facts.offers {
        let mut sum = [0_i64; 3];
        for entry in facts.ledger.get(offer).into_iter().flatten() {
            for (place, delta) in sum.iter_mut().zip(entry.deltas) {
                *place += delta;
            }
            if sum != entry.after {
                found.push(format!("4: {offer}: entry {} says {:?}, the sum is {sum:?}", entry.id, entry.after));
            }
            if sum.iter().any(|figure| *figure < 0) {
                found.push(format!("4: {offer}: a figure is negative after {}: {sum:?}", entry.id));
            }
            let [reported, reserved, committed] = sum;
            if entry.takes && reported - reserved - committed < 0 {
                found.push(format!("4: {offer}: {} took more than was sellable: {sum:?}", entry.id));
            }
        }
        if sum != *figures {
            found.push(format!("4: {offer}: the ledger says {sum:?}, the offer {figures:?}"));
        }
    }
}

/// Invariant 5: every paid order is delivered, cancelled, refunded or in the exceptions queue.
fn nothing_stuck(facts: &Facts, found: &mut Vec<String>) {
    let explained: HashSet<&str> = facts
        .work_items
        .iter()
        .filter(|item| item.status != "RESOLVED")
        .filter_map(|item| item.order.as_deref())
        .collect();
    for order in &facts.orders {
        let ended = matches!(order.fulfillment_status.as_str(), "DELIVERED" | "CANCELLED");
        if !ended && !explained.contains(order.id.as_str()) {
            found
                .push(format!("5: {} ({}) is {} and nobody is told", order.id, order.number, order.fulfillment_status));
        }
    }
}

/// Invariant 6: no reservation without a live cart or order; none missing for a live one.
fn reservations_have_owners(facts: &Facts, found: &mut Vec<String>) {
    let known: HashSet<&str> = facts.orders.iter().map(|order| order.id.as_str()).collect();
    for reservation in &facts.reservations {
        if reservation.state == "HELD" {
            found.push(format!("6: {} is still held, and all carts are at rest", reservation.id));
        }
        if let Some(order) = reservation.order.as_deref().filter(|order| !known.contains(order)) {
            found.push(format!("6: {} is committed to {order}, which is gone", reservation.id));
        }
    }
}

/// Invariant 7: every history is a path: each step begins where the last one ended, and the last is where it is.
fn histories_are_paths(facts: &Facts, found: &mut Vec<String>) {
    for it in facts.orders.iter().flat_map(|order| &order.supplier_orders) {
        for pair in it.history.windows(2).filter(|pair| pair[0].1 != pair[1].0) {
            found.push(format!("7: {}: from {} to {}, then from {}", it.id, pair[0].0, pair[0].1, pair[1].0));
        }
        for (from, to) in
            it.history.iter().filter(|(from, to)| !facts.edges.is_empty() && !facts.edges.contains(&edge(from, to)))
        {
            found.push(format!("7: {}: there is no edge from {from} to {to}", it.id));
        }
        if it.history.last().is_some_and(|(_, to)| *to != it.status) {
            found.push(format!("7: {} is {} and its history ends elsewhere", it.id, it.status));
        }
    }
}

/// Invariant 7: an order's events are numbered from 1 without gaps.
fn histories_have_no_gaps(facts: &Facts, found: &mut Vec<String>) {
    for order in &facts.orders {
        let sequences = facts.histories.get(&order.id).map(Vec::as_slice).unwrap_or_default();
        if sequences.is_empty() {
            found.push(format!("7: {} has no history", order.id));
        }
        if let Some((place, is)) = (1..).zip(sequences).find(|(place, is)| place != *is) {
            found.push(format!("7: {}: event {place} is numbered {is}", order.id));
        }
    }
}

/// Invariant 10: each order was confirmed by one mail. A server that was killed between the mail server's
/// yes and its own note of it may say so twice, under one id.
fn mails_go_out_once(facts: &Facts, found: &mut Vec<String>) {
    for order in &facts.orders {
        let subject = format!("Your order {} at ", order.number);
        let of_order = facts.mails.iter().filter(|mail| mail.subject.starts_with(&subject));
        let ids: HashSet<&str> = of_order.map(|mail| mail.message_id.as_str()).collect();
        if ids.len() != 1 {
            found.push(format!("10: {} was confirmed by {} mails", order.number, ids.len()));
        }
    }
    let ids: HashSet<&str> = facts.mails.iter().map(|mail| mail.message_id.as_str()).collect();
    let again = facts.mails.len() - ids.len();
    if again as u64 > facts.killed {
        found.push(format!("10: {again} mails went out again after {} kills", facts.killed));
    }
}

fn edge(from: &str, to: &str) -> (String, String) {
    (from.to_owned(), to.to_owned())
}
