//! What routing saves: 1,000 orders over 8 suppliers, planned as the store plans them, and as two simple
//! policies would. The table in `docs/routing.md` is what this prints:
//!
//! `cargo run --release --example routing [ORDERS [SEED]]`
//!
//! Everything is drawn from the seed, and each figure is reckoned from the plans alone, so a run can be
//! repeated anywhere.

#![allow(clippy::print_stdout, reason = "it prints a table")]

use std::collections::HashMap;
use std::time::{Duration, Instant};

use consign::inventory::OfferSnapshot;
use consign::kernel::ids::{OfferId, ShippingServiceId, TypedId};
use consign::kernel::money::{Currency, Money};
use consign::pricing::rates::Rates;
use consign::routing::{Demand, Plan, PlanRequest, Reckoned, RoutingPolicy, ServiceSnapshot, SupplierFacts, plan};

/// How many variants the shop has.
const VARIANTS: u64 = 400;
/// Where orders go, and how often, in percent.
const COUNTRIES: [(&str, u64); 4] = [("DE", 50), ("FR", 20), ("AT", 15), ("US", 15)];

/// One supplier: how dear its goods are, what it charges, how well it keeps its word.
struct Profile {
    name: &'static str,
    /// Its goods cost this many percent of the usual.
    level: i64,
    /// It has this many percent of the goods.
    breadth: u64,
    handling: i64,
    shipping: i64,
    per_item: i64,
    /// What customs take in the countries abroad, in percent.
    duty: i64,
    /// How often it is late and how often it refuses, in percent.
    late: i64,
    refusal: i64,
    /// Business days until it sends, and the most days on the way.
    days: (i64, i64),
    countries: &'static [&'static str],
}

const EUROPE: &[&str] = &["DE", "FR", "AT"];
const WORLD: &[&str] = &["DE", "FR", "AT", "US"];
const SUPPLIERS: [Profile; 8] = [
    profile("far, cheap", 70, 90, (0, 390, 90, 4), (25, 4), (3, 21), WORLD),
    profile("far, cheaper, careless", 62, 70, (0, 290, 90, 4), (45, 12), (5, 30), WORLD),
    profile("near, broad", 100, 80, (50, 490, 20, 0), (4, 1), (1, 3), EUROPE),
    profile("near, quick, dear", 118, 60, (0, 390, 0, 0), (1, 1), (0, 2), EUROPE),
    profile("near, narrow", 92, 30, (0, 350, 20, 0), (6, 2), (1, 4), &["DE", "AT"]),
    profile("print on demand", 105, 25, (0, 450, 60, 0), (8, 1), (3, 5), WORLD),
    profile("wholesaler", 84, 50, (290, 590, 0, 0), (10, 6), (2, 5), EUROPE),
    profile("overseas", 96, 40, (0, 590, 40, 3), (12, 3), (1, 7), &["US", "DE"]),
];

const fn profile(
    name: &'static str,
    level: i64,
    breadth: u64,
    (handling, shipping, per_item, duty): (i64, i64, i64, i64),
    (late, refusal): (i64, i64),
    days: (i64, i64),
    countries: &'static [&'static str],
) -> Profile {
    Profile { name, level, breadth, handling, shipping, per_item, duty, late, refusal, days, countries }
}

/// Numbers from a seed (SplitMix64, Steele et al. 2014): the same everywhere.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut it = self.0;
        it = (it ^ (it >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        it = (it ^ (it >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        it ^ (it >> 31)
    }

    /// One of 0 to `bound` - 1.
    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

fn euro() -> Currency {
    "EUR".parse().expect("a currency")
}

fn money(minor: i64) -> Money {
    Money::from_minor(minor, euro())
}

fn id<I: TypedId>(number: u64) -> I {
    I::from_uuid(uuid::Uuid::from_u128(u128::from(number) + 1))
}

/// The shop: who offers what.
struct Shop {
    offers: Vec<OfferSnapshot>,
    services: Vec<ServiceSnapshot>,
    suppliers: Vec<SupplierFacts>,
}

fn shop(dice: &mut Dice) -> Shop {
    let mut shop = Shop { offers: Vec::new(), services: Vec::new(), suppliers: Vec::new() };
    for (number, profile) in (0_u64..).zip(&SUPPLIERS) {
        shop.suppliers.push(facts(number, profile));
        shop.services.push(service(number, profile));
    }
    for variant in 0..VARIANTS {
        let usual = 300 + i64::try_from(dice.below(4000)).expect("small");
        for (number, profile) in (0_u64..).zip(&SUPPLIERS) {
            let spread = 90 + i64::try_from(dice.below(21)).expect("small");
            // Somebody always has it: the broad supplier nearby.
            if dice.below(100) < profile.breadth || number == 2 {
                let cost = usual * profile.level * spread / 10_000;
                shop.offers.push(offer(variant, number, cost, 1 + i64::try_from(dice.below(40)).expect("small")));
            }
        }
    }
    shop
}

fn facts(number: u64, profile: &Profile) -> SupplierFacts {
    SupplierFacts {
        id: id(number),
        active: true,
        processing_days: profile.days.0,
        cutoff: None,
        time_zone: chrono_tz::UTC,
        handling_fee: money(profile.handling),
        preference: 1_000_000,
        late_share: profile.late * 10_000,
        refusal_share: profile.refusal * 10_000,
    }
}

fn service(number: u64, profile: &Profile) -> ServiceSnapshot {
    ServiceSnapshot {
        id: id::<ShippingServiceId>(number),
        supplier_id: id(number),
        code: "standard".to_owned(),
        name: "Standard".to_owned(),
        countries: profile.countries.iter().map(|code| code.parse().expect("a country")).collect(),
        price: money(profile.shipping),
        price_per_item: money(profile.per_item),
        transit_min_days: 1,
        transit_max_days: profile.days.1,
        duty: profile.duty * 10_000,
    }
}

fn offer(variant: u64, supplier: u64, cost: i64, sellable: i64) -> OfferSnapshot {
    OfferSnapshot {
        id: id::<OfferId>(variant * 100 + supplier),
        supplier_id: id(supplier),
        variant_id: id(variant),
        supplier_sku: format!("{supplier}-{variant}"),
        cost: money(cost),
        minimum_quantity: 1,
        lead_time_days: None,
        ships_to: None,
        priority: 0,
        sellable,
        active: true,
    }
}

/// One order: 1 to 5 different things, mostly one of each.
fn order(shop: &Shop, dice: &mut Dice, policy: &RoutingPolicy) -> PlanRequest {
    let mut drawn = dice.below(100);
    let country = COUNTRIES.iter().find(|(_, share)| {
        let is_it = drawn < *share;
        drawn = drawn.saturating_sub(*share);
        is_it
    });
    let mut wanted: Vec<u64> = (0..=dice.below(5)).map(|_| dice.below(VARIANTS)).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let demands = wanted.iter().map(|variant| Demand {
        line: variant.to_string(),
        variant_id: id(*variant),
        quantity: [1, 1, 1, 2, 3][usize::try_from(dice.below(5)).expect("small")],
        unit_price: None,
    });
    let demands: Vec<Demand> = demands.collect();
    let is_wanted = |offer: &&OfferSnapshot| demands.iter().any(|demand| demand.variant_id == offer.variant_id);
    PlanRequest {
        offers: shop.offers.iter().filter(is_wanted).cloned().collect(),
        demands,
        services: shop.services.clone(),
        suppliers: shop.suppliers.clone(),
        destination: country.map_or("DE", |(code, _)| code).parse().expect("a country"),
        avoid: vec![],
        policy: policy.clone(),
        collections: HashMap::new(),
        customer_tags: vec![],
        deliver_by: None,
        rates: Rates::new(euro(), HashMap::new()),
        now: "2026-11-27T10:00:00Z".parse().expect("a moment"),
        selections: HashMap::new(),
    }
}

/// Each thing from whoever asks the least for it, whatever the parcels cost.
fn cheapest_item(request: &PlanRequest) -> Plan {
    let mut narrowed = request.clone();
    // What alone is cheapest by its goods: shipping, fees and word left out.
    narrowed.offers.retain(|offer| {
        let ships = request
            .services
            .iter()
            .any(|it| it.supplier_id == offer.supplier_id && it.countries.contains(&request.destination));
        let wanted = request.demands.iter().find(|it| it.variant_id == offer.variant_id).map_or(0, |it| it.quantity);
        ships && offer.sellable >= wanted
    });
    let all = narrowed.offers.clone();
    narrowed.offers.retain(|offer| {
        let rivals = all.iter().filter(|it| it.variant_id == offer.variant_id);
        rivals.min_by_key(|it| (it.cost.minor(), it.id)).is_some_and(|it| it.id == offer.id)
    });
    plan(&narrowed)
}

/// Everything from one supplier, the cheapest that has it all; as planned, if nobody has.
fn single_supplier(request: &PlanRequest) -> (Plan, bool) {
    let alone = request.suppliers.iter().map(|supplier| {
        let mut narrowed = request.clone();
        narrowed.offers.retain(|offer| offer.supplier_id == supplier.id);
        plan(&narrowed)
    });
    let landed = |plan: &Plan| costs(plan).map(|it| it.landed().map_or(0, Money::minor)).sum::<i64>();
    match alone.filter(Plan::is_complete).min_by_key(landed) {
        Some(plan) => (plan, true),
        None => (plan(request), false),
    }
}

fn costs(plan: &Plan) -> impl Iterator<Item = &Reckoned> {
    plan.parcels.iter().filter_map(|parcel| parcel.reckoned.as_ref())
}

/// What a policy came to over all orders.
#[derive(Default)]
struct Sums {
    landed: i64,
    score: i64,
    parcels: usize,
    /// Millionths of parcels.
    late: i64,
    incomplete: usize,
    took: Duration,
}

impl Sums {
    fn add(&mut self, plan: &Plan, policy: &RoutingPolicy, took: Duration) {
        self.landed += costs(plan).map(|it| it.landed().map_or(0, Money::minor)).sum::<i64>();
        self.score += plan.score.map_or(0, Money::minor);
        self.parcels += plan.parcels.len();
        self.late += costs(plan).map(|it| it.late_share).sum::<i64>();
        self.incomplete += usize::from(!plan.is_complete());
        self.took += took;
        assert!(plan.score.is_some() || plan.parcels.is_empty(), "every plan says its score under {policy:?}");
    }

    fn row(&self, name: &str, orders: u32) {
        let cents = |minor: i64| format!("{}.{:02}", minor / 100, minor % 100);
        println!(
            "| {name} | {} | {} | {} | {:.1} | {} | {:.0} µs |",
            cents(self.landed),
            cents(self.score),
            self.parcels,
            Duration::from_micros(u64::try_from(self.late).unwrap_or_default()).as_secs_f64(),
            self.incomplete,
            self.took.as_secs_f64() * 1e6 / f64::from(orders),
        );
    }
}

/// Every offer that was looked at says why it was taken or not.
fn is_explained(request: &PlanRequest, plan: &Plan) -> bool {
    let named = |offer: &OfferSnapshot| plan.candidates.iter().find(|it| it.offer_id == offer.id);
    request.offers.iter().all(|offer| named(offer).is_some_and(|it| !it.reasons.is_empty()))
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let orders: u32 = arguments.next().map_or(1000, |text| text.parse().expect("a number of orders"));
    let seed: u64 = arguments.next().map_or(1, |text| text.parse().expect("a seed"));
    let mut dice = Dice(seed);
    let shop = shop(&mut dice);
    let policy = RoutingPolicy { split_penalty: 150, late_cost: 800, refusal_cost: 500, ..RoutingPolicy::default() };
    let (mut ours, mut cheapest, mut single) = (Sums::default(), Sums::default(), Sums::default());
    let (mut explained, mut alone, mut worse) = (0, 0, 0);
    for _ in 0..orders {
        let request = order(&shop, &mut dice, &policy);
        let begun = Instant::now();
        let chosen = plan(&request);
        ours.add(&chosen, &policy, begun.elapsed());
        explained += u32::from(is_explained(&request, &chosen));
        let begun = Instant::now();
        let rival = cheapest_item(&request);
        cheapest.add(&rival, &policy, begun.elapsed());
        let begun = Instant::now();
        let (other, is_alone) = single_supplier(&request);
        single.add(&other, &policy, begun.elapsed());
        alone += u32::from(is_alone);
        let score = |it: &Plan| it.score.map(Money::minor);
        let is_better = |it: &Plan| it.is_complete() && score(it) < score(&chosen);
        worse += u32::from(is_better(&rival) || is_better(&other));
    }
    let names: Vec<&str> = SUPPLIERS.iter().map(|it| it.name).collect();
    println!("{orders} orders, seed {seed}; suppliers: {}", names.join("; "));
    println!("| policy | landed, EUR | score, EUR | parcels | late parcels expected | incomplete | time an order |");
    println!("|---|---|---|---|---|---|---|");
    ours.row("ours", orders);
    cheapest.row("cheapest item", orders);
    single.row("single supplier", orders);
    println!("single supplier: {alone} orders had one who has it all, the others are planned as ours");
    println!("explained: {explained} of {orders}; a rival scored better: {worse}");
    assert_eq!((explained, worse), (orders, 0));
}
