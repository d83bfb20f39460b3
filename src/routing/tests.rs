//! What every plan keeps.

mod brute_force;

use std::collections::HashMap;

use uuid::Uuid;

use super::*;
use crate::inventory::OfferSnapshot;
use crate::kernel::ids::{CollectionId, OfferId, ShippingServiceId, SupplierId, VariantId};
use crate::kernel::money::{Currency, Money};
use crate::pricing::rates::Rates;

fn currency(code: &str) -> Currency {
    code.parse().expect("a currency")
}

fn euro(minor: i64) -> Money {
    Money::from_minor(minor, currency("EUR"))
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn offer(number: u128, supplier: u128, variant: u128, cost: i64, sellable: i64) -> OfferSnapshot {
    OfferSnapshot {
        id: OfferId(id(number)),
        supplier_id: SupplierId(id(supplier)),
        variant_id: VariantId(id(variant)),
        supplier_sku: format!("SKU-{number}"),
        cost: euro(cost),
        minimum_quantity: 1,
        lead_time_days: None,
        ships_to: None,
        priority: 0,
        sellable,
        active: true,
    }
}

fn service(number: u128, supplier: u128, price: i64, per_item: i64) -> ServiceSnapshot {
    ServiceSnapshot {
        id: ShippingServiceId(id(number)),
        supplier_id: SupplierId(id(supplier)),
        code: format!("S{number}"),
        name: "Standard".to_owned(),
        countries: vec!["DE".parse().expect("a country")],
        price: euro(price),
        price_per_item: euro(per_item),
        transit_min_days: 1,
        transit_max_days: 3,
        duty: 0,
    }
}

fn supplier(number: u128) -> SupplierFacts {
    SupplierFacts {
        id: SupplierId(id(number)),
        active: true,
        processing_days: 1,
        cutoff: None,
        time_zone: chrono_tz::UTC,
        handling_fee: euro(0),
        preference: 1_000_000,
        late_share: 0,
        refusal_share: 0,
    }
}

fn request(demands: &[(u128, i64)], offers: Vec<OfferSnapshot>, services: Vec<ServiceSnapshot>) -> PlanRequest {
    let line = |(index, &(variant, quantity)): (usize, &(u128, i64))| Demand {
        line: format!("line-{index}"),
        variant_id: VariantId(id(variant)),
        quantity,
        unit_price: None,
    };
    let mut suppliers: Vec<u128> = offers.iter().map(|offer| offer.supplier_id.0.as_u128()).collect();
    suppliers.sort_unstable();
    suppliers.dedup();
    PlanRequest {
        demands: demands.iter().enumerate().map(line).collect(),
        offers,
        services,
        suppliers: suppliers.into_iter().map(supplier).collect(),
        destination: "DE".parse().expect("a country"),
        avoid: vec![],
        policy: RoutingPolicy::default(),
        collections: HashMap::new(),
        customer_tags: vec![],
        deliver_by: None,
        rates: Rates::new(currency("EUR"), HashMap::new()),
        now: "2026-11-24T12:00:00Z".parse().expect("a moment"),
        selections: HashMap::new(),
    }
}

fn suppliers_of(plan: &Plan) -> Vec<u128> {
    plan.parcels.iter().map(|parcel| parcel.supplier_id.0.as_u128()).collect()
}

fn reasons(plan: &Plan, offer: u128) -> Vec<Reason> {
    let found = plan.candidates.iter().find(|candidate| candidate.offer_id.0.as_u128() == offer);
    found.map(|candidate| candidate.reasons.clone()).unwrap_or_default()
}

#[test]
fn one_parcel_beats_two_when_shipping_outweighs_the_goods() {
    let offers = vec![offer(1, 1, 1, 1000, 9), offer(2, 2, 2, 1000, 9), offer(3, 2, 1, 1300, 9)];
    let services = vec![service(1, 1, 500, 0), service(2, 2, 500, 0)];
    let plan = plan(&request(&[(1, 1), (2, 1)], offers, services));
    assert_eq!(suppliers_of(&plan), [2]);
    assert_eq!(reasons(&plan, 1), [Reason::Dearer]);
    assert_eq!(reasons(&plan, 3), [Reason::Chosen]);
}

#[test]
fn two_lines_of_one_item_never_take_more_than_there_is() {
    let plan = plan(&request(&[(1, 3), (1, 3)], vec![offer(1, 1, 1, 100, 5)], vec![service(1, 1, 0, 0)]));
    let taken: i64 = plan.picks().map(|(_, pick)| pick.quantity).sum();
    assert_eq!(taken, 5);
    let (line, variant_id) = ("line-1".to_owned(), Some(VariantId(id(1))));
    assert_eq!(plan.unrouted, [Unrouted { line, variant_id, quantity: 1, reason: Reason::OutOfStock }]);
}

#[test]
fn a_line_is_split_when_no_offer_has_enough() {
    let offers = vec![offer(1, 1, 1, 100, 2), offer(2, 2, 1, 200, 9)];
    let plan = plan(&request(&[(1, 4)], offers, vec![service(1, 1, 0, 0), service(2, 2, 0, 0)]));
    assert_eq!(plan.by_offer(), [(OfferId(id(1)), 2), (OfferId(id(2)), 2)]);
    assert!(plan.is_complete());
}

#[test]
fn every_hard_filter_names_itself() {
    let mut offers: Vec<OfferSnapshot> = (1..=8).map(|number| offer(number, number, 1, 100, 9)).collect();
    offers[0].active = false;
    offers[1].sellable = 0;
    offers[2].minimum_quantity = 5;
    offers[3].ships_to = Some(vec!["FR".parse().expect("a country")]);
    offers[4].cost = Money::from_minor(100, currency("USD"));
    let services = (1..=7).map(|number| service(number, number, 0, 0)).collect();
    let mut request = request(&[(1, 2)], offers, services);
    request.suppliers[5].active = false;
    request.avoid = vec![SupplierId(id(7))];
    let plan = plan(&request);
    let wanted = [
        (1, Reason::OfferInactive),
        (2, Reason::OutOfStock),
        (3, Reason::BelowMinimum),
        (4, Reason::NotShippable),
        (5, Reason::NoExchangeRate),
        (6, Reason::SupplierInactive),
        (7, Reason::SupplierAvoided),
        (8, Reason::NotShippable),
    ];
    for (number, reason) in wanted {
        assert_eq!(reasons(&plan, number), [reason], "offer {number}");
    }
    assert_eq!(plan.unrouted[0].reason, Reason::OutOfStock);
}

#[test]
fn ties_go_to_the_preferred_and_then_to_the_older() {
    let mut offers = vec![offer(1, 1, 1, 100, 9), offer(2, 2, 1, 100, 9)];
    let services = vec![service(1, 1, 50, 0), service(2, 2, 50, 0)];
    assert_eq!(suppliers_of(&plan(&request(&[(1, 1)], offers.clone(), services.clone()))), [1]);
    offers[0].priority = 2;
    assert_eq!(suppliers_of(&plan(&request(&[(1, 1)], offers, services))), [2]);
}

#[test]
fn the_buyers_pick_of_a_service_is_kept_and_the_cheapest_is_first() {
    let services = vec![service(1, 1, 900, 0), service(2, 1, 100, 100)];
    let mut request = request(&[(1, 2)], vec![offer(1, 1, 1, 100, 9)], services);
    assert_eq!(plan(&request).parcels[0].chosen_service, ShippingServiceId(id(2)));
    request.selections.insert(SupplierId(id(1)), ShippingServiceId(id(1)));
    let parcel = &plan(&request).parcels[0];
    assert_eq!(parcel.service().map(|it| it.price), Some(euro(900)));
    assert_eq!(parcel.services[0].price, euro(300));
}

#[test]
fn an_order_of_a_thousand_lines_is_planned_quickly() {
    let offers: Vec<OfferSnapshot> = (0..1000_u128)
        .flat_map(|variant| {
            (0..3_u128).map(move |nth| {
                offer(variant * 3 + nth, 1 + (variant + nth * 7) % 20, variant, 100 + (nth as i64) * 7, 5)
            })
        })
        .collect();
    let services = (1..=20).map(|number| service(number, number, 490, 10)).collect();
    let demands: Vec<(u128, i64)> = (0..1000).map(|variant| (variant, 7)).collect();
    let begun = std::time::Instant::now();
    let plan = plan(&request(&demands, offers, services));
    assert!(plan.is_complete());
    assert!(begun.elapsed().as_secs() < 5, "took {:?}", begun.elapsed());
}

/// A rule about supplier 1 that always holds.
fn rule(name: &str, effect: RuleEffect) -> RoutingRule {
    RoutingRule {
        name: name.to_owned(),
        effect,
        suppliers: vec![SupplierId(id(1))],
        countries: vec![],
        collections: vec![],
        customer_tags: vec![],
    }
}

/// One variant that supplier 1 sends for 10.00 and supplier 2 for 10.50.
fn two_suppliers() -> PlanRequest {
    let offers = vec![offer(1, 1, 1, 500, 9), offer(2, 2, 1, 550, 9)];
    request(&[(1, 1)], offers, vec![service(1, 1, 500, 0), service(2, 2, 500, 0)])
}

#[test]
fn rules_avoid_require_and_prefer_and_are_named() {
    let mut request = two_suppliers();
    assert_eq!(suppliers_of(&plan(&request)), [1]);
    request.policy.rules = vec![rule("not them", RuleEffect::Avoid)];
    let avoiding = plan(&request);
    assert_eq!(suppliers_of(&avoiding), [2]);
    assert_eq!(reasons(&avoiding, 1), [Reason::RuleAvoids]);
    assert_eq!(avoiding.candidates[0].rules, ["not them"]);
    let second = RoutingRule { suppliers: vec![SupplierId(id(2))], ..rule("only them", RuleEffect::Require) };
    request.policy.rules = vec![second];
    let required = plan(&request);
    assert_eq!((suppliers_of(&required), reasons(&required, 1)), (vec![2], vec![Reason::RuleRequiresOthers]));
    request.policy.rules = vec![rule("rather not", RuleEffect::Prefer(1_100_000))];
    assert_eq!(suppliers_of(&plan(&request)), [2]);
}

#[test]
fn a_rule_holds_where_all_its_conditions_do() {
    let mut request = two_suppliers();
    let conditional = RoutingRule {
        countries: vec!["DE".parse().expect("a country")],
        collections: vec![CollectionId(id(7))],
        customer_tags: vec!["vip".to_owned()],
        ..rule("vip", RuleEffect::Avoid)
    };
    request.policy.rules = vec![conditional];
    assert_eq!(suppliers_of(&plan(&request)), [1]);
    request.customer_tags = vec!["vip".to_owned()];
    assert_eq!(suppliers_of(&plan(&request)), [1]);
    request.collections.insert(VariantId(id(1)), vec![CollectionId(id(7))]);
    assert_eq!(suppliers_of(&plan(&request)), [2]);
    request.destination = "FR".parse().expect("a country");
    request.services.iter_mut().for_each(|it| it.countries = vec![request.destination]);
    assert_eq!(suppliers_of(&plan(&request)), [1]);
}

#[test]
fn delay_refusals_customs_and_fees_are_reckoned_with() {
    let chosen = |change: &dyn Fn(&mut PlanRequest)| {
        let mut request = two_suppliers();
        change(&mut request);
        suppliers_of(&plan(&request))
    };
    assert_eq!(chosen(&|it| it.suppliers[0].handling_fee = euro(51)), [2]);
    assert_eq!(chosen(&|it| it.services[0].duty = 110_000), [2]);
    assert_eq!(chosen(&|it| it.suppliers[0].preference = 1_060_000), [2]);
    let unreliable =
        |it: &mut PlanRequest| (it.suppliers[0].late_share, it.suppliers[0].refusal_share) = (100_000, 50_000);
    assert_eq!(chosen(&unreliable), [1]);
    assert_eq!(
        chosen(&|it| {
            unreliable(it);
            it.policy.late_cost = 501;
        }),
        [2]
    );
    assert_eq!(
        chosen(&|it| {
            unreliable(it);
            it.policy.refusal_cost = 1001;
        }),
        [2]
    );
}

#[test]
fn money_changed_costs_its_fee() {
    let mut request = two_suppliers();
    request.offers[0].cost = Money::from_minor(500, currency("USD"));
    request.rates = Rates::new(currency("EUR"), HashMap::from([(currency("USD"), rust_decimal::Decimal::ONE)]));
    assert_eq!(suppliers_of(&plan(&request)), [1]);
    request.policy.conversion_fee = 110_000;
    let plan = plan(&request);
    assert_eq!(suppliers_of(&plan), [2]);
    let landed: Vec<Option<Money>> = plan.candidates.iter().map(|it| it.landed_cost).collect();
    assert_eq!(landed, [Some(euro(1055)), Some(euro(1050))]);
}

#[test]
fn a_second_parcel_is_worth_its_penalty_or_not_sent() {
    let offers = vec![offer(1, 1, 1, 100, 9), offer(2, 2, 2, 100, 9), offer(3, 2, 1, 300, 9)];
    let mut request = request(&[(1, 1), (2, 1)], offers, vec![service(1, 1, 0, 0), service(2, 2, 0, 0)]);
    let split = plan(&request);
    assert_eq!((suppliers_of(&split), split.score), (vec![1, 2], Some(euro(200))));
    request.policy.split_penalty = 199;
    assert_eq!(plan(&request).score, Some(euro(399)));
    request.policy.split_penalty = 201;
    assert_eq!(suppliers_of(&plan(&request)), [2]);
}

#[test]
fn nothing_is_sent_below_the_margin() {
    let mut request = two_suppliers();
    request.demands[0].unit_price = Some(euro(540));
    request.policy.minimum_margin = Some(0);
    let fits = plan(&request);
    assert_eq!((suppliers_of(&fits), reasons(&fits, 2)), (vec![1], vec![Reason::BelowMargin]));
    request.policy.minimum_margin = Some(100_000);
    assert_eq!(plan(&request).unrouted[0].reason, Reason::BelowMargin);
    // A loss may be allowed.
    request.policy.minimum_margin = Some(-100_000);
    assert_eq!(reasons(&plan(&request), 2), [Reason::Dearer]);
}

#[test]
fn what_comes_too_late_is_left() {
    let mut request = two_suppliers();
    request.services[0].transit_max_days = 9;
    request.deliver_by = Some("2026-11-30T00:00:00Z".parse().expect("a moment"));
    let in_time = plan(&request);
    assert_eq!((suppliers_of(&in_time), reasons(&in_time, 1)), (vec![2], vec![Reason::TooLate]));
    // A slow way that is cheaper is not the one that is reckoned with.
    request.services.push(ServiceSnapshot { transit_max_days: 9, ..service(3, 2, 0, 0) });
    assert_eq!(plan(&request).parcels[0].chosen_service, ShippingServiceId(id(2)));
}
