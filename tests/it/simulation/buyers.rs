//! What buyers do: fill carts, say yes, and say it again.

use consign::app::App;
use consign::checkout::entity::hold;
use consign::checkout::{self, CheckoutError, CompleteInput, Completion, CompletionStatus, Contact, NewCart, NewLine};
use consign::identity::Actor;
use consign::kernel::address::Address;
use consign::kernel::ids::CartId;
use consign::kernel::money::Money;
use consign::kernel::problem::VerbError;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};

use super::plan::Fate;
use super::shop::{CODE, Shop};
use super::story::{Ended, REMEMBERED, Story, Yes};

/// Who buys: everybody is a guest.
fn guest() -> Actor {
    Actor::anonymous()
}

/// A guest fills a cart and says yes.
pub fn buy(story: &mut Story, lines: &[(u8, u8)], code: bool, fate: Fate) {
    let (app, shop) = (story.process().app.clone(), story.shop);
    let lines = lines.to_vec();
    let number = story.yeses.len();
    story.known.cart = None;
    story.start(async move { Ended::Cart(fill(&app, shop, &lines, code, number).await.ok()) }, Fate::Good);
    if let Some((cart, total)) = story.known.cart.take() {
        say_yes(story, cart, total, fate);
    }
}

fn say_yes(story: &mut Story, cart: CartId, total: Money, fate: Fate) {
    let input = CompleteInput {
        idempotency_key: format!("yes-{}", story.yeses.len()),
        expected_total: total,
        gateway: "test".to_owned(),
        token: Some("tok".to_owned()),
    };
    story.yeses.push(Yes { cart, input, attempt: None, order: None, failed: false, said_at: story.watch.now() });
    said(story, story.yeses.len() - 1, fate);
}

/// Says the yes at `place`, for the first time or again.
fn said(story: &mut Story, place: usize, fate: Fate) {
    let app = story.process().app.clone();
    let (cart, input) = (story.yeses[place].cart, story.yeses[place].input.clone());
    story.start(async move { Ended::Told(place, refusal(complete(&app, cart, input).await)) }, fate);
}

async fn complete(app: &App, cart: CartId, input: CompleteInput) -> Result<Completion, CheckoutError> {
    checkout::complete(app, &guest(), cart, input).await
}

/// Says a yes again, whether or not its buyer was told how it ended; but not while an answer of the
/// provider is awaited: that wait takes five real seconds, and is left to the tests of races.
pub fn repeat(story: &mut Story, which: u8, other: bool) {
    if story.yeses.is_empty() {
        return;
    }
    let place = usize::from(which) % story.yeses.len();
    let yes = &story.yeses[place];
    let forgotten = story.watch.now() - yes.said_at >= REMEMBERED;
    if forgotten || is_held(story, yes.cart) || (other && yes.attempt.is_none()) {
        return;
    }
    if !other {
        return said(story, place, Fate::Good);
    }
    let app = story.process().app.clone();
    let (cart, input) = (story.yeses[place].cart, story.yeses[place].input.clone());
    let input = CompleteInput { token: Some("another".to_owned()), ..input };
    let work = async move {
        match refusal(complete(&app, cart, input).await) {
            Err(codes) if codes == "IdempotencyKeyReused" => Ended::Well,
            told => Ended::Wrong(format!("11: another yes under a known key was told {told:?}")),
        }
    };
    story.start(work, Fate::Good);
}

/// Says yes anew to a cart whose payment failed.
pub fn retry(story: &mut Story, which: u8, fate: Fate) {
    let failed: Vec<usize> = (0..story.yeses.len()).filter(|&it| story.yeses[it].failed).collect();
    let Some(&place) = failed.get(usize::from(which) % failed.len().max(1)) else { return };
    let cart = story.yeses[place].cart;
    let app = story.process().app.clone();
    let total = story.process().wait(async move {
        let found = checkout::lookup(&app, &guest(), cart).await.ok()??;
        Some(checkout::view(&app, found).await.ok()?.quote.total)
    });
    if let Some(total) = total {
        say_yes(story, cart, total, fate);
    }
}

/// Takes in what a buyer was told: an answer that is final stays what it is.
pub fn hear(story: &mut Story, place: usize, told: Result<Completion, String>) {
    let yes = &mut story.yeses[place];
    let told = match told {
        Ok(told) => told,
        // Nothing was begun.
        Err(codes) if yes.attempt.is_none() => return fault(story, &codes),
        Err(codes) => return story.wrong.push(format!("11: {} repeated was told {codes}", yes.input.idempotency_key)),
    };
    let known = (yes.attempt, yes.order, yes.failed);
    let failed = told.status == CompletionStatus::Failed;
    if yes.attempt.is_some_and(|attempt| Some(attempt) != told.attempt_id)
        || yes.order.is_some_and(|order| Some(order) != told.order_id)
        || (yes.failed && !failed)
    {
        story.wrong.push(format!("11: {} was {known:?} and is {told:?}", yes.input.idempotency_key));
        return;
    }
    (yes.attempt, yes.order, yes.failed) = (told.attempt_id, told.order_id.or(yes.order), failed);
}

fn fault(story: &mut Story, codes: &str) {
    if codes.starts_with("fault") {
        story.wrong.push(format!("0: a buyer met a {codes}"));
    }
}

/// Whether a checkout of this cart is running.
fn is_held(story: &Story, cart: CartId) -> bool {
    let query = hold::Entity::find()
        .filter(hold::Column::CartId.eq(cart))
        .filter(hold::Column::Status.eq(hold::HoldStatus::Held))
        .count(story.process().app.db.read());
    story.process().wait(query).expect("holds are counted") > 0
}

/// A refusal by its codes.
pub fn refusal<T, C: std::fmt::Debug>(told: Result<T, VerbError<C>>) -> Result<T, String> {
    told.map_err(|error| match error {
        VerbError::Refused(problems) => {
            problems.iter().map(|it| format!("{:?}", it.code)).collect::<Vec<_>>().join(", ")
        }
        VerbError::Fault(fault) => format!("fault: {fault:?}"),
    })
}

async fn fill(
    app: &App,
    shop: &Shop,
    lines: &[(u8, u8)],
    code: bool,
    number: usize,
) -> Result<(CartId, Money), CheckoutError> {
    let line = |&(variant, quantity): &(u8, u8)| NewLine {
        variant_id: shop.variants[usize::from(variant)],
        quantity: i64::from(quantity),
    };
    let contact = Contact { email: format!("buyer{number}@example.com"), phone: None };
    let new = NewCart { lines: lines.iter().map(line).collect(), contact: Some(contact), country: None };
    let cart = checkout::create(app, &guest(), new).await?;
    let cart = checkout::set_shipping_address(app, &guest(), cart.id, address()).await?;
    if code {
        // Used up perhaps: then it is bought without.
        let _ = checkout::set_discount_codes(app, &guest(), cart.id, vec![CODE.to_owned()]).await;
    }
    let id = cart.id;
    let cart = checkout::lookup(app, &guest(), id).await?.expect("the cart was just made");
    Ok((id, checkout::view(app, cart).await?.quote.total))
}

fn address() -> Address {
    Address {
        name: "Ada Byron".to_owned(),
        company: None,
        address1: "Am Ring 1".to_owned(),
        address2: None,
        city: "Berlin".to_owned(),
        region: None,
        postal_code: Some("10115".to_owned()),
        country_code: "DE".parse().expect("a country"),
        phone: None,
    }
}
