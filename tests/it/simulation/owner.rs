//! What the store's people do: cancel, refund, work the exceptions queue.

use consign::fulfillment;
use consign::kernel::ids::{RefundId, WorkItemId};
use consign::kernel::money::Money;
use consign::kernel::problem::VerbError;
use consign::orders::order;
use consign::payments::{self, RefundOf, RefundRequest};
use consign::workitems::{self, WorkItemStatus, entity as work_item};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::buyers::refusal;
use super::plan::Fate;
use super::story::{Ended, REMEMBERED, Story, Wish};

/// What nobody decides here: trouble that passes only by itself.
const LEFT_ALONE: [&str; 1] = ["STOCK_SHORTFALL"];

/// The order at a place that is counted round.
pub fn pick(story: &Story, which: u8) -> Option<order::Model> {
    let process = story.process();
    let found = order::Entity::find().order_by_asc(order::Column::Number).all(process.app.db.read());
    let mut orders = process.wait(found).expect("orders are read");
    if orders.is_empty() {
        return None;
    }
    let place = usize::from(which) % orders.len();
    Some(orders.swap_remove(place))
}

/// Cancels an order.
pub fn cancel(story: &mut Story, which: u8) {
    let Some(order) = pick(story, which) else { return };
    let app = story.process().app.clone();
    let work = async move {
        match fulfillment::order_cancel(&app, &Story::owner(), order.id, None, None).await {
            Ok(_) | Err(VerbError::Refused(_)) => Ended::Well,
            Err(VerbError::Fault(fault)) => Ended::Wrong(format!("0: a cancellation met a {fault:?}")),
        }
    };
    story.start(work, Fate::Good);
}

/// Gives back a part of an order's total, or says so once more.
pub fn refund(story: &mut Story, which: u8, quarters: u8, again: bool) {
    let remembered = |wish: &Wish| story.watch.now() - wish.asked_at < REMEMBERED;
    let known: Vec<usize> = (0..story.wishes.len()).filter(|&it| remembered(&story.wishes[it])).collect();
    // What was granted first: to say it again must find it.
    let granted = || known.iter().filter(|&&it| story.wishes[it].refund.is_some());
    let repeated = granted().chain(&known).nth(usize::from(which) % granted().count().max(1)).copied();
    if let Some(place) = repeated.filter(|_| again) {
        return wished(story, place);
    }
    let Some(order) = pick(story, which) else { return };
    let amount = Money::from_minor(order.total * i64::from(quarters) / 4, order.currency);
    let key = format!("wish-{}", story.wishes.len());
    story.wishes.push(Wish { order: order.id, amount, key, refund: None, asked_at: story.watch.now() });
    wished(story, story.wishes.len() - 1);
}

fn wished(story: &mut Story, place: usize) {
    let app = story.process().app.clone();
    let wish = &story.wishes[place];
    let (order, request) = (wish.order, request(wish));
    let work = async move {
        let told = payments::create_refund(&app, &Story::owner(), order, &request).await;
        Ended::Refunded(place, refusal(told.map(|refund| refund.id)))
    };
    story.start(work, Fate::Good);
}

fn request(wish: &Wish) -> RefundRequest {
    RefundRequest {
        idempotency_key: wish.key.clone(),
        of: RefundOf::Amount(wish.amount),
        reason: None,
        notify_customer: true,
    }
}

/// Takes in what the owner was told.
pub fn hear(story: &mut Story, place: usize, told: Result<RefundId, String>) {
    let wish = &mut story.wishes[place];
    match (wish.refund, told) {
        (None, Ok(refund)) => wish.refund = Some(refund),
        (Some(known), Ok(refund)) if known == refund => {}
        (None, Err(codes)) if !codes.starts_with("fault") => {}
        (known, told) => {
            let what = format!("11: {} was {known:?} and is {told:?}", wish.key);
            story.wrong.push(what);
        }
    }
}

/// Works an entry of the exceptions queue.
pub fn decide(story: &mut Story, which: u8, action: u8) {
    let app = story.process().app.clone();
    let query = work_item::Entity::find()
        .filter(work_item::Column::Status.eq(WorkItemStatus::Open))
        .filter(work_item::Column::Kind.is_not_in(LEFT_ALONE))
        .order_by_asc(work_item::Column::Id);
    let items = story.process().wait(query.all(app.db.read())).expect("work items are read");
    if items.is_empty() {
        return;
    }
    let item = &items[usize::from(which) % items.len()];
    let action = item.actions.0[usize::from(action) % item.actions.0.len()].clone();
    // A person who says so has asked the supplier.
    if action == "MARK_HANDLED" && item.kind == "SUPPLIER_ORDER_UNKNOWN" && !has_it(story, item) {
        return;
    }
    let by_hand = ["MARK_HANDLED", "DISMISS", "REFUND_PARCEL"].contains(&action.as_str());
    if let Some(order) = item.order_id.filter(|_| by_hand) {
        story.known.handled.insert(order);
    }
    let id = item.id;
    story.start(async move { resolve(app, id, action).await }, Fate::Good);
}

async fn resolve(app: consign::app::App, id: WorkItemId, action: String) -> Ended {
    match workitems::resolve(&app, &Story::owner(), id, &action, None).await {
        Ok(_) | Err(VerbError::Refused(_)) => Ended::Well,
        Err(VerbError::Fault(fault)) => Ended::Wrong(format!("0: a work item met a {fault:?}")),
    }
}

fn has_it(story: &Story, item: &work_item::Model) -> bool {
    let outside = story.net.outside();
    outside.suppliers.orders.iter().any(|it| it.reference == item.subject && it.is_effective())
}
