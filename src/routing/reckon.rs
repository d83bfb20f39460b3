//! What a plan is reckoned to cost. Besides goods and shipping, which are paid, there is what delay,
//! refusals and a second parcel are held to cost, and the owner's preference.
//!
//! `score = (goods + conversion + duty) × goods share + (handling + shipping + late cost × P(late) +
//! refusal cost × P(refusal)) × parcel share`, summed over the parcels, and the split penalty for each
//! beyond the first. Everything is reckoned in whole points, so that the same request always has the
//! same answer; amounts that are shown are rounded half up.

use serde::{Deserialize, Serialize};

use super::policy::WHOLE;
use crate::kernel::money::{Currency, Money};

/// Millionths of a minor unit of the store's currency.
pub(super) type Points = i128;

/// What a service charges, in minor units of the store's currency, and the share of the goods' cost that
/// customs take on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tariff {
    pub base: i64,
    pub per_item: i64,
    pub duty: i64,
}

impl Tariff {
    /// The price of a parcel of `items` items, in minor units.
    pub fn price(self, items: i64) -> i128 {
        i128::from(self.base) + i128::from(self.per_item) * i128::from(items)
    }

    /// Whether `other` is never cheaper.
    pub fn beats(self, other: Self) -> bool {
        self.base <= other.base && self.per_item <= other.per_item && self.duty <= other.duty
    }
}

/// What goods of one offer are reckoned by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct GoodsTerms {
    /// What one costs, in minor units of the store's currency.
    pub unit_cost: i64,
    /// What changing the money costs, as a share.
    pub conversion: i64,
    /// The owner's preference, as a share.
    pub share: i64,
}

impl GoodsTerms {
    /// What one costs with what its money costs to change, without preference.
    pub fn paid(self) -> Points {
        i128::from(self.unit_cost) * i128::from(WHOLE + self.conversion)
    }

    /// What customs take of one.
    pub fn duty(self, tariff: Tariff) -> Points {
        i128::from(self.unit_cost) * i128::from(tariff.duty)
    }
}

/// What parcels of one supplier are reckoned by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ParcelTerms {
    /// What the supplier asks for a parcel besides its shipping, in minor units of the store's currency.
    pub handling: i64,
    /// What its delay is held to cost: the cost of one times how likely it is.
    pub late: Points,
    /// What its refusal is held to cost.
    pub refusal: Points,
    /// The owner's preference, as a share.
    pub share: i64,
}

/// What one unit adds to the score of a parcel.
pub(super) fn unit_points(goods: GoodsTerms, parcel: ParcelTerms, tariff: Tariff) -> Points {
    let per_item = i128::from(tariff.per_item) * i128::from(WHOLE);
    shared(goods.paid() + goods.duty(tariff), goods.share) + shared(per_item, parcel.share)
}

/// What a parcel adds to the score before anything is in it.
pub(super) fn parcel_points(parcel: ParcelTerms, tariff: Tariff) -> Points {
    let paid = i128::from(parcel.handling) + i128::from(tariff.base);
    shared(paid * i128::from(WHOLE) + parcel.late + parcel.refusal, parcel.share)
}

fn shared(points: Points, share: i64) -> Points {
    if share == WHOLE { points } else { points.saturating_mul(i128::from(share)) / i128::from(WHOLE) }
}

/// Points as money, rounded half up; `None` if it does not fit.
pub(super) fn money(points: Points, currency: Currency) -> Option<Money> {
    let half = i128::from(WHOLE / 2);
    let minor = (points + half).div_euclid(i128::from(WHOLE));
    Some(Money::from_minor(i64::try_from(minor).ok()?, currency))
}

/// What a parcel is reckoned to cost, part by part, in the store's currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reckoned {
    /// The goods.
    pub goods: Money,
    /// Changing the money they are paid in.
    pub conversion: Money,
    /// Customs.
    pub duty: Money,
    /// What the supplier asks for the parcel besides its shipping.
    pub handling: Money,
    /// The shipping, by the chosen service.
    pub shipping: Money,
    /// What its delay is held to cost: the cost of one times how likely it is.
    pub late_risk: Money,
    /// What its refusal is held to cost.
    pub refusal_risk: Money,
    /// How likely it is to be sent late, in millionths.
    pub late_share: i64,
    /// What the choice was made by: all of these after the owner's preferences.
    pub score: Money,
}

impl Reckoned {
    /// What is really paid for the parcel: goods, conversion, customs, handling and shipping.
    pub fn landed(&self) -> Option<Money> {
        let parts = [self.conversion, self.duty, self.handling, self.shipping];
        parts.into_iter().try_fold(self.goods, |sum, part| sum.add(part).ok())
    }
}
