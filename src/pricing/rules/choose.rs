//! Which rule makes a price, and whose cost it makes it of.

use std::collections::HashMap;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use super::entity::{Model, Scope};
use crate::inventory::OfferCost;
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{CollectionId, ProductId, SupplierId};
use crate::kernel::money::{Currency, Money};
use crate::pricing::rates::ExchangeRate;

/// An offer's cost in the store's currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Landed {
    /// The offer.
    pub(super) offer: OfferCost,
    /// What one costs, in minor units of the store's currency, not rounded.
    pub(super) minor: Decimal,
    /// The rate and since when it holds; none if the supplier charges in the store's currency.
    pub(super) rate: Option<(Decimal, Timestamp)>,
    /// The minimum advertised price in minor units of the store's currency, rounded up.
    pub(super) minimum_advertised: Option<i64>,
}

/// Whose cost counts.
pub(super) enum Source {
    /// This offer's.
    Found(Landed),
    /// Nobody offers it.
    NoOffer,
    /// Those who do charge in this currency, which has no rate.
    NoRate(Currency),
}

/// The offer whose cost counts: the cheapest that can be sold from, or else the cheapest. `offers` come in
/// the order of their ids.
pub(super) fn source(offers: Vec<OfferCost>, store: Currency, rates: &HashMap<Currency, ExchangeRate>) -> Source {
    let mut unrated = None;
    let mut landed = Vec::with_capacity(offers.len());
    for offer in offers {
        let currency = offer.cost.currency();
        match land(offer, store, rates) {
            Some(it) => landed.push(it),
            None => unrated = unrated.or(Some(currency)),
        }
    }
    let found = landed.into_iter().min_by(|one, other| {
        let key = |it: &Landed| (!it.offer.sellable, it.minor);
        key(one).cmp(&key(other))
    });
    match (found, unrated) {
        (Some(landed), _) => Source::Found(landed),
        (None, Some(currency)) => Source::NoRate(currency),
        (None, None) => Source::NoOffer,
    }
}

fn land(offer: OfferCost, store: Currency, rates: &HashMap<Currency, ExchangeRate>) -> Option<Landed> {
    let currency = offer.cost.currency();
    let rate = match rates.get(&currency) {
        _ if currency == store => None,
        Some(row) => Some((row.rate(), row.valid_from)),
        None => return None,
    };
    let factor = rate.map_or(Decimal::ONE, |(rate, _)| rate);
    let minor = |money: Money| {
        let units = Decimal::from(10_i64.pow(store.decimals()));
        money.amount().checked_mul(factor)?.checked_mul(units)
    };
    let minimum_advertised = match offer.minimum_advertised {
        Some(money) => Some(minor(money)?.ceil().to_i64()?),
        None => None,
    };
    Some(Landed { minor: minor(offer.cost)?, rate, minimum_advertised, offer })
}

/// The rule of `rules` for a product that is in `collections` and bought from `supplier`.
pub(super) fn rule<'a>(
    rules: &'a [Model],
    product: ProductId,
    collections: &[CollectionId],
    supplier: SupplierId,
) -> Option<&'a Model> {
    let rank = |rule: &&Model| match rule.scope() {
        Scope::Product(id) if id == product => Some(0),
        Scope::Collection(id) if collections.contains(&id) => Some(1),
        Scope::Supplier(id) if id == supplier => Some(2),
        Scope::Store => Some(3),
        Scope::Product(_) | Scope::Collection(_) | Scope::Supplier(_) => None,
    };
    let ranked = rules.iter().filter_map(|rule| rank(&rule).map(|rank| (rank, rule.priority, rule.id, rule)));
    ranked.min_by_key(|(rank, priority, id, _)| (*rank, *priority, *id)).map(|(.., rule)| rule)
}
