//! What the rules say of variants.

use std::collections::HashMap;
use std::time::Duration;

use rust_decimal::Decimal;
use sea_orm::sea_query::Expr;
use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use super::choose::{self, Landed, Source};
use super::compute::{Basis, Computed, compute};
use super::entity::{Column, Entity, Model};
use super::explain::explain;
use crate::app::App;
use crate::catalog::{self, VariantRow};
use crate::inventory::{self, OfferCost};
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{CollectionId, OfferId, ProductId, VariantId};
use crate::kernel::money::{Currency, Money};
use crate::kernel::problem::Fault;
use crate::platform::jobs::scaled;
use crate::pricing::rates::{self, ExchangeRate};
use crate::store;

/// How long a rule leaves a price alone that it changed. A business wait.
const STEP: Duration = Duration::from_secs(24 * 3600);

/// What is to become of a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It changes.
    Change,
    /// It is what it should be.
    Unchanged,
    /// It changed within the last day, and changes again after it: unless it is below the least it may be.
    Waits,
    /// No rule is for it.
    NoRule,
    /// Nobody offers it.
    NoOffer,
    /// There is no exchange rate for what it costs.
    NoRate,
    /// What the rule says is beyond what a price may be.
    TooHigh,
}

/// The cost a price is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostSource {
    /// The offer.
    pub offer_id: OfferId,
    /// What one costs, in the supplier's currency.
    pub cost: Money,
    /// What that is in minor units of the store's currency, not rounded.
    pub landed: Decimal,
    /// The rate and since when it holds; none if the supplier charges in the store's currency.
    pub rate: Option<(Decimal, Timestamp)>,
}

/// What the rules say of one variant.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// The variant as it is.
    pub variant: VariantRow,
    /// What is to become of its price.
    pub outcome: Outcome,
    /// The cost that counts.
    pub source: Option<CostSource>,
    /// The rule that counts.
    pub rule: Option<Model>,
    /// What the rule makes of the cost.
    pub computed: Option<Computed>,
    /// When the price may change again.
    pub waits_until: Option<Timestamp>,
    /// Why all this, for people of the store.
    pub reason: String,
}

/// What proposals are made of.
struct Facts {
    currency: Currency,
    rules: Vec<Model>,
    rates: HashMap<Currency, ExchangeRate>,
    offers: HashMap<VariantId, Vec<OfferCost>>,
    collections: HashMap<ProductId, Vec<CollectionId>>,
    repriced: HashMap<VariantId, Timestamp>,
    now: Timestamp,
}

/// What the rules say of these variants, in their order; those that do not exist are left out.
pub(super) async fn propose(app: &App, conn: &impl ConnectionTrait, ids: &[VariantId]) -> Result<Vec<Proposal>, Fault> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = catalog::variants_by_ids(conn, ids).await?;
    let mut by_id: HashMap<VariantId, VariantRow> = rows.into_iter().map(|row| (row.id, row)).collect();
    let products: Vec<ProductId> = by_id.values().map(|row| row.product_id).collect();
    let mut facts = gather(app, conn, ids, &products).await?;
    let rows = ids.iter().filter_map(|id| by_id.remove(id));
    Ok(rows.map(|row| one(app, &mut facts, row)).collect())
}

async fn gather(
    app: &App,
    conn: &impl ConnectionTrait,
    ids: &[VariantId],
    products: &[ProductId],
) -> Result<Facts, Fault> {
    let now = app.clock.now();
    let currency = store::settings(conn).await?.currency;
    let mut offers: HashMap<VariantId, Vec<OfferCost>> = HashMap::new();
    for offer in inventory::offer_costs(conn, now, ids).await? {
        offers.entry(offer.variant_id).or_default().push(offer);
    }
    let mut collections: HashMap<ProductId, Vec<CollectionId>> = HashMap::new();
    for (product, collection) in catalog::memberships(conn, products).await? {
        collections.entry(product).or_default().push(collection);
    }
    Ok(Facts {
        currency,
        rules: active(conn).await?,
        rates: rates::in_force(conn, currency, now).await?,
        offers,
        collections,
        repriced: catalog::last_repriced(conn, ids).await?,
        now,
    })
}

/// The rules that are used.
pub(super) async fn active(conn: &impl ConnectionTrait) -> Result<Vec<Model>, Fault> {
    // Literal, so that a cached plan may still use the partial index.
    Ok(Entity::find().filter(Expr::cust("active")).order_by_asc(Column::Id).all(conn).await?)
}

fn one(app: &App, facts: &mut Facts, variant: VariantRow) -> Proposal {
    let bare = |outcome, reason: &str| Proposal {
        variant: variant.clone(),
        outcome,
        source: None,
        rule: None,
        computed: None,
        waits_until: None,
        reason: reason.to_owned(),
    };
    let offers = facts.offers.remove(&variant.id).unwrap_or_default();
    let landed = match choose::source(offers, facts.currency, &facts.rates) {
        Source::Found(landed) => landed,
        Source::NoOffer => return bare(Outcome::NoOffer, "no supplier offers it"),
        Source::NoRate(currency) => {
            return bare(Outcome::NoRate, &format!("there is no exchange rate for {currency}"));
        }
    };
    let source = Some(source_of(&landed));
    let collections = facts.collections.get(&variant.product_id).map(Vec::as_slice).unwrap_or_default();
    let found = choose::rule(&facts.rules, variant.product_id, collections, landed.offer.supplier_id);
    let Some(rule) = found else {
        return Proposal { source, ..bare(Outcome::NoRule, "no rule is for it") };
    };
    let basis = Basis { landed: landed.minor, minimum_advertised: landed.minimum_advertised, current: variant.price };
    let rule = rule.clone();
    let Some(computed) = compute(&rule.terms(), &basis) else {
        let told = bare(Outcome::TooHigh, "the price would be beyond reason");
        return Proposal { source, rule: Some(rule), ..told };
    };
    let free_at = facts.repriced.get(&variant.id).map(|last| *last + scaled(app, STEP)).filter(|it| *it > facts.now);
    let (outcome, waits_until) = match free_at {
        _ if computed.price == variant.price => (Outcome::Unchanged, None),
        // What is sold for less than it may be does not wait.
        Some(free_at) if variant.price >= computed.floor => (Outcome::Waits, Some(free_at)),
        _ => (Outcome::Change, None),
    };
    let reason = explain(&rule, &landed, &computed);
    Proposal { variant, outcome, source, rule: Some(rule), computed: Some(computed), waits_until, reason }
}

fn source_of(landed: &Landed) -> CostSource {
    CostSource { offer_id: landed.offer.id, cost: landed.offer.cost, landed: landed.minor, rate: landed.rate }
}
