//! What the rules say of one offer.

use super::{RoutingPolicy, RoutingRule, RuleEffect, WHOLE};
use crate::kernel::country::CountryCode;
use crate::kernel::ids::{CollectionId, SupplierId};

/// What somebody asks for.
#[derive(Debug, Clone, Copy)]
pub(in crate::routing) struct Asked<'a> {
    /// Where it goes.
    pub destination: CountryCode,
    /// The customer's tags.
    pub tags: &'a [String],
    /// The collections of the goods.
    pub collections: &'a [CollectionId],
}

/// What the rules say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::routing) struct Verdict {
    /// Others are required.
    pub is_passed_over: bool,
    /// The supplier is to be left alone.
    pub is_avoided: bool,
    /// What goods of this supplier are reckoned as, in millionths of what they cost.
    pub goods_share: i64,
    /// The same of its parcels: by the rules that are not about some goods only.
    pub parcel_share: i64,
    /// The rules that spoke, by name.
    pub rules: Vec<String>,
}

/// What `policy` says of goods from `supplier`.
pub(in crate::routing) fn judge(policy: &RoutingPolicy, supplier: SupplierId, asked: Asked<'_>) -> Verdict {
    let mut verdict = Verdict {
        is_passed_over: false,
        is_avoided: false,
        goods_share: WHOLE,
        parcel_share: WHOLE,
        rules: Vec::new(),
    };
    let (mut required, mut is_required) = (Vec::new(), false);
    for rule in policy.rules.iter().filter(|rule| rule.holds(asked)) {
        let is_named = rule.suppliers.contains(&supplier);
        match rule.effect {
            RuleEffect::Require => {
                is_required |= is_named;
                required.push(rule.name.clone());
            }
            RuleEffect::Avoid if is_named => {
                verdict.is_avoided = true;
                verdict.rules.push(rule.name.clone());
            }
            RuleEffect::Prefer(weight) if is_named => {
                verdict.goods_share = share_of(verdict.goods_share, weight);
                if rule.collections.is_empty() {
                    verdict.parcel_share = share_of(verdict.parcel_share, weight);
                }
                verdict.rules.push(rule.name.clone());
            }
            RuleEffect::Avoid | RuleEffect::Prefer(_) => {}
        }
    }
    verdict.is_passed_over = !required.is_empty() && !is_required;
    verdict.rules.extend(required);
    verdict
}

impl RoutingRule {
    fn holds(&self, asked: Asked<'_>) -> bool {
        let meets = |mine: &[CollectionId]| mine.is_empty() || mine.iter().any(|it| asked.collections.contains(it));
        (self.countries.is_empty() || self.countries.contains(&asked.destination))
            && meets(&self.collections)
            && (self.customer_tags.is_empty() || self.customer_tags.iter().any(|tag| asked.tags.contains(tag)))
    }
}

/// `weight` millionths of `share`, and never nothing: what costs nothing would beat everything.
pub(in crate::routing) fn share_of(share: i64, weight: i64) -> i64 {
    let product = i128::from(share) * i128::from(weight) / i128::from(WHOLE);
    i64::try_from(product).unwrap_or(i64::MAX).max(1)
}
