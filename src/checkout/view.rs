//! What a cart shows: computed when it is read, with a constant number of statements however many
//! lines there are. The checkout computes the same again under its locks.

use std::collections::HashMap;

use sea_orm::{ConnectionTrait, EntityTrait};
use sha2::{Digest, Sha256};

use super::entity::cart::{self, Status};
use super::entity::hold::{self, Contents};
use super::error::CheckoutErrorCode as Code;
use super::lines;
use crate::app::App;
use crate::catalog::{self, VariantSnapshot};
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{CartId, CartLineId, ParcelId, ShippingServiceId, SupplierId, TypedId, VariantId};
use crate::kernel::money::Money;
use crate::kernel::problem::Fault;
use crate::platform::tx::Tx;
use crate::pricing::discounts::{self, Applied};
use crate::pricing::{LineInput, Quote, QuoteInput, Tax, quote};
use crate::routing::{self, Demand, Facts, Plan, Reason, ServiceOption};
use crate::store::{self, Settings};

/// A cart with everything that is computed for it.
#[derive(Debug, Clone)]
pub struct View {
    /// The cart.
    pub cart: cart::Model,
    /// Its lines.
    pub lines: Vec<LineView>,
    /// What it costs; its lines are in the order of `lines`, its parcels in that of `parcels`.
    pub quote: Quote,
    /// What is sent together.
    pub parcels: Vec<ParcelView>,
    /// What keeps it from being bought.
    pub problems: Vec<CartProblem>,
    /// Who sends what; without a destination, nobody.
    pub(super) plan: Plan,
    /// The discounts that apply.
    pub(super) applied: Applied,
}

/// A line with its price.
#[derive(Debug, Clone)]
pub struct LineView {
    /// The line.
    pub id: CartLineId,
    /// What.
    pub variant_id: VariantId,
    /// How many.
    pub quantity: i64,
    /// The price of one.
    pub unit_price: Money,
    /// The variant, if it is for sale.
    pub(super) snapshot: Option<VariantSnapshot>,
}

/// What one supplier will send, without its name.
#[derive(Debug, Clone)]
pub struct ParcelView {
    /// Stays while the cart and the supplier stay.
    pub id: ParcelId,
    /// Who; never shown.
    pub(super) supplier_id: SupplierId,
    /// How many of which lines.
    pub lines: Vec<(CartLineId, i64)>,
    /// How it could be sent, cheapest first.
    pub services: Vec<ServiceOption>,
    /// How it will be sent.
    pub chosen_service: ShippingServiceId,
}

/// Something that keeps a cart, or a line of it, from being bought as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CartProblem {
    /// What, for programs.
    pub code: Code,
    /// What, for people.
    pub message: String,
    /// Which line; the whole cart without.
    pub line_id: Option<CartLineId>,
}

/// What `cart` shows now. While it is being paid for, and after, that is what was bought.
pub async fn view(app: &App, cart: cart::Model) -> Result<View, Fault> {
    let conn = app.db.read();
    let held = match cart.attempt_id.filter(|_| cart.status != Status::Open) {
        Some(attempt_id) => hold::Entity::find_by_id(attempt_id).one(conn).await?,
        None => None,
    };
    match held {
        Some(hold) => Ok(bought(app, cart, hold.contents)),
        None => compute(app, conn, &*store::cached(app).await?, cart, app.clock.now()).await,
    }
}

/// What `cart` shows inside a transaction.
pub(super) async fn assemble(tx: &Tx, cart: cart::Model) -> Result<View, Fault> {
    compute(tx.app(), tx, &store::settings(tx).await?, cart, tx.now()).await
}

async fn compute(
    app: &App,
    conn: &impl ConnectionTrait,
    settings: &Settings,
    cart: cart::Model,
    now: Timestamp,
) -> Result<View, Fault> {
    let rows = lines::of_cart(conn, cart.id).await?;
    let ids: Vec<VariantId> = rows.iter().map(|row| row.variant_id).collect();
    let mut snapshots: HashMap<VariantId, VariantSnapshot> =
        catalog::snapshots(conn, &ids).await?.into_iter().filter(|it| it.active).map(|it| (it.id, it)).collect();
    let applied = discounts::applicable(conn, &cart.discount_codes.0, settings.currency, now).await?;
    let facts = routing::load(conn, &ids, cart.customer_id, settings.currency, now).await?;
    let mut problems = Vec::new();
    let mut line_views = Vec::with_capacity(rows.len());
    for row in rows {
        let snapshot = snapshots.remove(&row.variant_id);
        let unit_price = snapshot.as_ref().map_or(row.seen_price(), |it| it.price);
        if unit_price != row.seen_price() {
            let message = format!("the price changed from {} to {unit_price}", row.seen_price());
            problems.push(CartProblem { code: Code::PriceChanged, message, line_id: Some(row.id) });
        }
        let (id, variant_id, quantity) = (row.id, row.variant_id, row.quantity);
        line_views.push(LineView { id, variant_id, quantity, unit_price, snapshot });
    }
    let plan = planned(&cart, settings, &line_views, facts, &mut problems);
    for place in &applied.refused {
        let code = cart.discount_codes.0.get(*place).map_or("", String::as_str);
        let message = format!("the code {code} does not apply any more");
        problems.push(CartProblem { code: Code::DiscountInvalid, message, line_id: None });
    }
    let quote = quote(&QuoteInput {
        currency: settings.currency,
        tax: tax(&cart, settings),
        lines: line_views.iter().map(|it| LineInput { unit_price: it.unit_price, quantity: it.quantity }).collect(),
        discounts: applied.terms.clone(),
        shipping: plan.parcels.iter().filter_map(|parcel| parcel.service()).map(|service| service.price).collect(),
    })?;
    let parcels = parcels(app, cart.id, &plan);
    Ok(View { cart, lines: line_views, quote, parcels, problems, plan, applied })
}

/// Plans the lines that are for sale, and tells what cannot be had.
fn planned(
    cart: &cart::Model,
    settings: &Settings,
    lines: &[LineView],
    facts: Facts,
    problems: &mut Vec<CartProblem>,
) -> Plan {
    let mut problem = |code: Code, message: &str, line_id: Option<CartLineId>| {
        problems.push(CartProblem { code, message: message.to_owned(), line_id });
    };
    for line in lines.iter().filter(|line| line.snapshot.is_none()) {
        problem(Code::OutOfStock, "this is not for sale any more", Some(line.id));
    }
    let tax = tax(cart, settings);
    let demands = lines.iter().filter(|line| line.snapshot.is_some()).map(|line| Demand {
        line: line.id.to_string(),
        variant_id: line.variant_id,
        quantity: line.quantity,
        unit_price: tax.without(line.unit_price).ok(),
    });
    let Some(destination) = cart.destination() else {
        for line in lines.iter().filter(|line| line.snapshot.is_some()) {
            let offers = facts.offers.iter().filter(|offer| offer.active && offer.variant_id == line.variant_id);
            if offers.map(|offer| offer.sellable).sum::<i64>() < line.quantity {
                problem(Code::OutOfStock, "fewer can be had", Some(line.id));
            }
        }
        return Plan::default();
    };
    if settings.country(destination).is_none() {
        problem(Code::NotShippable, &format!("we do not sell to {}", destination.name()), None);
        return Plan::default();
    }
    let selections = cart.selections.0.iter().map(|(supplier, service)| (*supplier, *service)).collect();
    let plan = routing::plan(&facts.request(demands.collect(), destination, vec![]).selecting(selections));
    for left in &plan.unrouted {
        let line_id = left.line.parse().ok();
        match left.reason {
            Reason::NotShippable => problem(Code::NotShippable, "this cannot be sent there", line_id),
            Reason::BelowMinimum => problem(Code::OutOfStock, "this cannot be had in so small a number", line_id),
            _ => problem(Code::OutOfStock, &format!("{} too many: fewer can be had", left.quantity), line_id),
        }
    }
    plan
}

fn tax(cart: &cart::Model, settings: &Settings) -> Tax {
    let country = cart.destination().and_then(|code| settings.country(code));
    country.map_or(Tax { rate: 0.into(), inclusive: true }, |it| Tax { rate: it.rate, inclusive: it.inclusive })
}

fn parcels(app: &App, cart_id: CartId, plan: &Plan) -> Vec<ParcelView> {
    let view = |parcel: &routing::PlannedParcel| ParcelView {
        id: parcel_id(app, cart_id, parcel.supplier_id),
        supplier_id: parcel.supplier_id,
        lines: parcel.picks.iter().fold(Vec::new(), |mut lines: Vec<(CartLineId, i64)>, pick| {
            if let Ok(line_id) = pick.line.parse() {
                match lines.iter_mut().find(|(known, _)| *known == line_id) {
                    Some((_, quantity)) => *quantity += pick.quantity,
                    None => lines.push((line_id, pick.quantity)),
                }
            }
            lines
        }),
        services: parcel.services.clone(),
        chosen_service: parcel.chosen_service,
    };
    plan.parcels.iter().map(view).collect()
}

/// A name for the supplier's part of the cart that tells nothing about the supplier: the same
/// supplier has another one in every cart.
fn parcel_id(app: &App, cart_id: CartId, supplier_id: SupplierId) -> ParcelId {
    let key = crate::platform::keys::derive(app.config.secret_key.expose(), b"consign parcel ids v1");
    let hash = Sha256::new().chain_update(key).chain_update(cart_id.0).chain_update(supplier_id.0).finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    ParcelId::from_uuid(uuid::Uuid::from_bytes(bytes))
}

/// What was bought, as it was then.
fn bought(app: &App, cart: cart::Model, contents: Contents) -> View {
    let lines = contents.lines.iter().map(|line| LineView {
        id: line.line_id,
        variant_id: line.snapshot.id,
        quantity: line.quantity,
        unit_price: line.snapshot.price,
        snapshot: None,
    });
    View {
        lines: lines.collect(),
        quote: contents.quote,
        parcels: parcels(app, cart.id, &contents.plan),
        problems: Vec::new(),
        plan: contents.plan,
        applied: Applied::default(),
        cart,
    }
}
