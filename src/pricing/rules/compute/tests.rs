//! Prices by example, and what is true of all of them.

use proptest::prelude::*;

use super::*;

fn decimal(text: &str) -> Decimal {
    text.parse().expect("a decimal")
}

/// A markup of 50%, and nothing else.
fn plain() -> Terms {
    Terms {
        profit: Profit::Markup(decimal("0.5")),
        fixed_fee: 0,
        fees: Decimal::ZERO,
        rounding: None,
        min_margin: Decimal::ZERO,
        min_price: None,
        max_price: None,
        max_change: None,
    }
}

fn basis(landed: &str) -> Basis {
    Basis { landed: decimal(landed), minimum_advertised: None, current: 0 }
}

fn price(terms: &Terms, basis: &Basis) -> i64 {
    compute(terms, basis).expect("fits").price
}

#[test]
fn a_markup_is_of_the_cost_and_a_margin_of_the_price() {
    assert_eq!(price(&plain(), &basis("1000")), 1500);
    let margin = Terms { profit: Profit::Margin(decimal("0.5")), ..plain() };
    assert_eq!(price(&margin, &basis("1000")), 2000);
    let fees = Terms { fixed_fee: 30, fees: decimal("0.03"), ..margin };
    // (1000 + 30) ÷ (1 − 0.03 − 0.5) = 2191.489…
    let computed = compute(&fees, &basis("1000")).expect("fits");
    assert_eq!((computed.price, computed.margin), (2191, Some(decimal("0.4999"))));
}

#[test]
fn halves_go_up() {
    assert_eq!(price(&plain(), &basis("1")), 2);
    assert_eq!(price(&plain(), &basis("0.9")), 1);
}

#[test]
fn the_floor_wins_over_the_ceiling_and_says_which_bound_it_was() {
    let bound = |terms: Terms, map: Option<i64>| {
        let it = compute(&terms, &Basis { minimum_advertised: map, ..basis("1000") }).expect("fits");
        (it.price, it.bound)
    };
    let capped = Terms { max_price: Some(1200), ..plain() };
    assert_eq!(bound(capped, None), (1200, Some(Bound::MaximumPrice)));
    assert_eq!(bound(capped, Some(1300)), (1300, Some(Bound::MinimumAdvertised)));
    assert_eq!(bound(Terms { min_margin: decimal("0.5"), ..capped }, None), (2000, Some(Bound::MinimumMargin)));
    assert_eq!(bound(Terms { min_price: Some(1600), ..plain() }, None), (1600, Some(Bound::MinimumPrice)));
    assert_eq!(bound(plain(), Some(1500)), (1500, None));
}

#[test]
fn charm_takes_the_nearest_that_keeps_the_floor() {
    let charm = Terms { rounding: Some(Rounding { step: 100, ending: 99 }), ..plain() };
    assert_eq!(price(&charm, &basis("1000")), 1499);
    assert_eq!(price(&charm, &basis("1040")), 1599, "15.60 is nearer to 15.99");
    assert_eq!(price(&Terms { min_price: Some(1500), ..charm }, &basis("1000")), 1599);
    let narrow = Terms { min_price: Some(1500), max_price: Some(1550), ..charm };
    assert_eq!(price(&narrow, &basis("1000")), 1500, "no such price fits");
    let steps = Terms { rounding: Some(Rounding { step: 50, ending: 0 }), ..plain() };
    assert_eq!(price(&steps, &basis("1017")), 1550, "15.255 is nearer to 15.50");
    assert_eq!(price(&steps, &basis("1016")), 1500);
}

#[test]
fn a_step_goes_no_further_than_it_may_but_for_the_bounds() {
    let limited = Terms { max_change: Some(decimal("0.1")), ..plain() };
    let from = |current: i64, terms: &Terms| {
        let it = compute(terms, &Basis { current, ..basis("1000") }).expect("fits");
        (it.price, it.limited)
    };
    assert_eq!(from(1000, &limited), (1100, true));
    assert_eq!(from(2000, &limited), (1800, true));
    assert_eq!(from(1450, &limited), (1500, false));
    assert_eq!(from(500, &limited), (1000, true), "never below cost, however far that is");
    assert_eq!(from(9000, &Terms { max_price: Some(1600), ..limited }), (1600, true));
    assert_eq!(from(0, &limited), (1500, false), "there is no share of nothing");
}

#[test]
fn what_does_not_fit_is_told() {
    assert_eq!(compute(&plain(), &basis("900000000000000")), None);
    assert_eq!(compute(&plain(), &basis("79228162514264337593543950335")), None);
}

fn share(most: i64) -> impl Strategy<Value = Decimal> {
    (0..most).prop_map(|millionths| Decimal::new(millionths, 6))
}

fn terms() -> impl Strategy<Value = Terms> {
    let profit = prop_oneof![share(5_000_000).prop_map(Profit::Markup), share(600_000).prop_map(Profit::Margin)];
    let rounding = (1_i64..2_000).prop_flat_map(|step| (Just(step), 0..step));
    let rounding = rounding.prop_map(|(step, ending)| Rounding { step, ending });
    let price = || prop::option::of(0_i64..200_000);
    let bounds =
        (share(600_000), price(), price(), prop::option::of((1_i64..2_000_000).prop_map(|it| Decimal::new(it, 6))));
    (profit, 0_i64..1_000, share(300_000), prop::option::of(rounding), bounds).prop_map(
        |(profit, fixed_fee, fees, rounding, (min_margin, min_price, max_price, max_change))| Terms {
            profit,
            fixed_fee,
            fees,
            rounding,
            min_margin,
            min_price,
            max_price,
            max_change,
        },
    )
}

fn bases() -> impl Strategy<Value = Basis> {
    let landed = (0_i64..10_000_000_000).prop_map(|it| Decimal::new(it, 5));
    (landed, prop::option::of(0_i64..200_000), 0_i64..300_000).prop_map(|(landed, minimum_advertised, current)| Basis {
        landed,
        minimum_advertised,
        current,
    })
}

proptest! {
    #[test]
    fn no_price_is_below_the_floor_or_above_the_ceiling(terms in terms(), basis in bases()) {
        let it = compute(&terms, &basis).expect("fits");
        prop_assert!(it.price >= basis.minimum_advertised.unwrap_or_default());
        prop_assert!(it.price >= terms.min_price.unwrap_or_default());
        let kept = Decimal::from(it.price) * (Decimal::ONE - terms.fees - terms.min_margin);
        prop_assert!(kept >= basis.landed + Decimal::from(terms.fixed_fee), "the smallest margin is earned");
        if let Some(most) = terms.max_price {
            prop_assert!(it.price <= most.max(it.floor));
        }
    }

    #[test]
    fn more_cost_is_never_a_lower_price(terms in terms(), basis in bases(), more in 0_i64..10_000_000) {
        let dearer = Basis { landed: basis.landed + Decimal::new(more, 4), ..basis };
        let (one, other) = (compute(&terms, &basis).expect("fits"), compute(&terms, &dearer).expect("fits"));
        prop_assert!(one.price <= other.price, "{one:?} {other:?}");
    }

    #[test]
    fn what_was_promised_is_earned_where_nothing_else_acts(profit in share(600_000), fees in share(300_000), basis in bases()) {
        let terms = Terms { profit: Profit::Margin(profit), fees, ..plain() };
        let basis = Basis { minimum_advertised: None, ..basis };
        let it = compute(&terms, &basis).expect("fits");
        // What is asked and what is earned differ by the rounding of half a cent.
        let off = Decimal::from(it.price) - it.exact;
        prop_assert!(off.abs() <= decimal("0.5") || it.price == it.floor);
        let earned = it.exact * (Decimal::ONE - fees) - basis.landed;
        prop_assert!((earned - it.exact * profit).abs() < decimal("0.000001"));
    }

    #[test]
    fn a_step_keeps_to_its_size_within_the_bounds(terms in terms(), basis in bases()) {
        let it = compute(&terms, &basis).expect("fits");
        let Some(share) = terms.max_change.filter(|_| basis.current > 0) else { return Ok(()) };
        let far = (Decimal::from(it.price) - Decimal::from(basis.current)).abs();
        let at_a_bound = it.price == it.floor || Some(it.price) == terms.max_price;
        prop_assert!(at_a_bound || far <= Decimal::from(basis.current) * share);
    }

    #[test]
    fn without_a_largest_change_a_second_look_changes_nothing(terms in terms(), basis in bases()) {
        let terms = Terms { max_change: None, ..terms };
        let first = compute(&terms, &basis).expect("fits");
        let again = compute(&terms, &Basis { current: first.price, ..basis }).expect("fits");
        prop_assert_eq!(first, again);
    }

    #[test]
    fn a_form_is_kept_wherever_one_fits(terms in terms(), basis in bases()) {
        let it = compute(&terms, &basis).expect("fits");
        let Some(Rounding { step, ending }) = terms.rounding.filter(|_| terms.max_change.is_none()) else { return Ok(()) };
        let most = terms.max_price.unwrap_or(MAX_PRICE).max(it.floor);
        let fits = (it.floor - ending).rem_euclid(step) == 0 || it.floor + step - (it.floor - ending).rem_euclid(step) <= most;
        prop_assert_eq!(fits, (it.price - ending).rem_euclid(step) == 0);
    }
}
