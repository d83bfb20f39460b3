//! The end of a story: no more faults, everybody does what they were about to do, and time passes until
//! nothing is left to do. What then is not over, a person must have been told of.

use chrono::TimeDelta;
use sea_orm::{ConnectionTrait, Statement};

use super::partners;
use super::plan::{Act, Fate};
use super::story::Story;

/// How long it waits between one look and the next, in seconds: until every deadline has passed.
const WAITS: [i64; 14] = [1, 20, 31, 31, 61, 120, 600, 600, 3_600, 7_200, 90_000, 90_000, 180_000, 360_000];
/// More jobs than this in one go never end.
const MANY: usize = 400;

/// What is not at rest: each a number. Work that repeats never is. A person who was told of one part of an order
/// does not end the others: suppliers send what they said yes to, and are asked about it.
const RESTLESS: &str = "SELECT
    (SELECT COUNT(*) FROM checkout_hold WHERE status = 'HELD')
    + (SELECT COUNT(*) FROM payment_transaction WHERE status = 'PENDING')
    + (SELECT COUNT(*) FROM webhook_delivery WHERE status = 'PENDING')
    + (SELECT COUNT(*) FROM notification WHERE status = 'WAITING')
    + (SELECT COUNT(*) FROM orders o WHERE o.fulfillment_status NOT IN ('DELIVERED', 'CANCELLED')
       AND NOT EXISTS (SELECT 1 FROM work_item w WHERE w.order_id = o.id AND w.status <> 'RESOLVED'))
    + (SELECT COUNT(*) FROM supplier_order
       WHERE status IN ('SUBMITTED', 'ACKNOWLEDGED', 'IN_PRODUCTION', 'PARTIALLY_SHIPPED'))
    + (SELECT COUNT(*) FROM job WHERE status = 'RUNNING')
    + (SELECT COUNT(*) FROM job WHERE status = 'QUEUED' AND kind NOT IN ('SweepIdempotency', 'SweepUploads', 'SweepJobs',
       'SweepCredentials', 'ExpireCarts', 'ReopenSnoozed', 'fulfillment.sweep', 'fulfillment.sweep_requests', 'inventory.note_stale_stock',
       'inventory.watch_polls', 'inventory.watch_low_stock', 'inventory.poll_stock', 'webhooks.sweep', 'shipments.follow'))";

/// What has become of everything, in short.
const STATE: &str = "SELECT group_concat(x) FROM (
    SELECT hex(id) || payment_status || fulfillment_status || captured || voided || refunded AS x FROM orders
    UNION ALL SELECT hex(id) || status || captured || voided || refunded FROM payment_attempt
    UNION ALL SELECT hex(id) || status || steps FROM supplier_order
    UNION ALL SELECT hex(id) || reported || ' ' || reserved || ' ' || committed FROM supplier_offer
    UNION ALL SELECT hex(id) || status FROM notification
    UNION ALL SELECT hex(id) || status FROM work_item ORDER BY 1)";

/// Drives the story until it rests.
pub fn come_to_rest(story: &mut Story) {
    let delayed = std::mem::take(&mut story.delayed);
    story.net.outside().messages.extend(delayed);
    for wait in WAITS {
        finish(story);
        if is_at_rest(story) {
            break;
        }
        story.pass(TimeDelta::seconds(wait));
    }
    // Invariant 12: another start finds nothing to mend.
    let before = first(story, STATE);
    story.restart();
    finish(story);
    if first(story, STATE) != before {
        story.wrong.push("12: another start changed what had come to rest".to_owned());
    }
}

/// Everybody does what can be done now.
fn finish(story: &mut Story) {
    for _ in 0..MANY {
        let mut busy = story.answer(0, Fate::Good);
        busy |= decide_payments(story);
        if let Some(message) = first_message(story) {
            partners::hand_in(story, message);
            busy = true;
        }
        busy |= story.next_job(Fate::Good, false);
        if !busy && !act(story) {
            return partners::number(story);
        }
    }
    story.wrong.push(format!("5: after {MANY} jobs there is still something to do"));
}

fn first_message(story: &Story) -> Option<super::net::Message> {
    let mut outside = story.net.outside();
    (!outside.messages.is_empty()).then(|| outside.messages.remove(0))
}

fn decide_payments(story: &mut Story) -> bool {
    let any = !story.net.outside().provider.undecided().is_empty();
    partners::provider(story, 0, true);
    any
}

/// Suppliers and carriers finish what they have; false if there is nothing.
fn act(story: &mut Story) -> bool {
    let now = story.watch.now();
    let mut outside = story.net.outside();
    let mut any = false;
    for place in 0..outside.suppliers.orders.len() {
        for act in [Act::Accept, Act::Keep, Act::Ship, Act::Arrive] {
            any |= partners::act_on(&mut outside, place, act, now);
        }
    }
    drop(outside);
    any | act_at_portal(story)
}

fn act_at_portal(story: &mut Story) -> bool {
    let state = |story: &Story| -> Vec<_> {
        partners::portal_orders(story).iter().map(|it| (it.status, it.request_status, it.steps)).collect()
    };
    let before = state(story);
    for place in 0..u8::try_from(before.len()).expect("few orders") {
        for act in [Act::Accept, Act::Drop, Act::Ship, Act::Arrive] {
            partners::portal(story, place, act);
        }
    }
    state(story) != before
}

fn is_at_rest(story: &Story) -> bool {
    first(story, RESTLESS).as_deref() == Some("0")
}

/// The first column of the first row, as text.
fn first(story: &Story, sql: &str) -> Option<String> {
    let conn = story.process().app.db.read();
    let sql = format!("SELECT CAST(({sql}) AS TEXT)");
    let row = story.process().wait(conn.query_one_raw(Statement::from_string(conn.get_database_backend(), sql)));
    row.expect("a row is read")?.try_get_by_index(0).expect("a text")
}
