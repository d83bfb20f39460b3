//! How a price came about, in one sentence.

use rust_decimal::Decimal;

use super::choose::Landed;
use super::compute::{Bound, Computed, Profit};
use super::entity::{Model, Scope};
use crate::kernel::money::Money;

/// Why `computed` is what it is.
pub(super) fn explain(rule: &Model, landed: &Landed, computed: &Computed) -> String {
    let terms = rule.terms();
    let mut text = format!("rule {} ({}): cost {}", rule.id, scope(rule), landed.offer.cost);
    if let Some((rate, since)) = landed.rate {
        let exact = amount(landed.minor, rule);
        text += &format!(" × {} (rate of {}) = {exact}", rate.normalize(), since.format("%Y-%m-%d"));
    }
    if terms.fixed_fee > 0 {
        text += &format!(" + {}", rule.money(terms.fixed_fee));
    }
    text += &match terms.profit {
        Profit::Markup(share) => format!(", markup {}", percent(share)),
        Profit::Margin(share) => format!(", margin {}", percent(share)),
    };
    if !terms.fees.is_zero() {
        text += &format!(", fees {}", percent(terms.fees));
    }
    text += &format!(" → {}", amount(computed.exact, rule));
    if let Some(bound) = computed.bound {
        text += "; ";
        text += &match bound {
            Bound::MinimumMargin => format!("raised to earn {}", percent(terms.min_margin)),
            Bound::MinimumAdvertised => "raised to the minimum advertised price".to_owned(),
            Bound::MinimumPrice => "raised to the lowest price".to_owned(),
            Bound::MaximumPrice => "lowered to the highest price".to_owned(),
        };
    }
    if computed.limited {
        let share = terms.max_change.map(percent).unwrap_or_default();
        text += &format!("; no more than {share} at once");
    }
    text + &format!("; {}", Money::from_minor(computed.price, rule.currency))
}

fn scope(rule: &Model) -> &'static str {
    match rule.scope() {
        Scope::Store => "store",
        Scope::Supplier(_) => "supplier",
        Scope::Collection(_) => "collection",
        Scope::Product(_) => "product",
    }
}

fn percent(share: Decimal) -> String {
    format!("{}%", (share * Decimal::ONE_HUNDRED).normalize())
}

/// An amount that is not rounded, with four decimals more than the currency has.
fn amount(minor: Decimal, rule: &Model) -> String {
    let exact = minor.round_dp(4) / Decimal::from(10_i64.pow(rule.currency.decimals()));
    format!("{} {}", exact.normalize(), rule.currency)
}
