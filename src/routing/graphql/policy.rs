//! The owner's word on routing.

use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};
use rust_decimal::prelude::ToPrimitive as _;

use crate::catalog::graphql::{Collection, CollectionLoader};
use crate::graph::scalars::{Decimal, MoneyInput};
use crate::graph::{ContextExt, GlobalId, Nullable, required};
use crate::identity::Action;
use crate::identity::graphql::visible_to_store;
use crate::kernel::country::CountryCode;
use crate::kernel::ids::{CollectionId, SupplierId};
use crate::kernel::money::{Currency, Money};
use crate::kernel::problem::Problem;
use crate::routing::{self, RoutingErrorCode, RoutingRule, RuleEffect};
use crate::suppliers::graphql::{Supplier, SupplierLoader};
use crate::user_error;

/// Shares are millionths.
const WHOLE: i64 = 1_000_000;

/// Why a change of the policy was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "RoutingErrorCode", name = "RoutingErrorCode", visible = "visible_to_store")]
pub enum RoutingErrorCodeOut {
    /// A value is not allowed.
    Invalid,
    /// There is no such supplier or collection.
    NotFound,
    /// Somebody else changed the policy meanwhile.
    Conflict,
}

user_error!(RoutingUserError, RoutingErrorCodeOut, "visible_to_store");

/// What a rule does to its suppliers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(visible = "visible_to_store")]
pub enum RoutingRuleEffect {
    /// Only they are asked; the suppliers of several such rules that hold are taken together.
    Require,
    /// What they ask is reckoned as `weight` times it.
    Prefer,
    /// They are not asked.
    Avoid,
}

/// What the owner says of routing. It scores every way to send an order; the lowest score wins.
pub struct RoutingPolicy {
    pub(super) policy: routing::RoutingPolicy,
    pub(super) version: i64,
    pub(super) currency: Currency,
}

/// What the owner says of routing. It scores every way to send an order; the lowest score wins.
#[Object(visible = "visible_to_store")]
impl RoutingPolicy {
    /// What every parcel beyond the first is held to cost.
    async fn split_penalty(&self) -> Money {
        Money::from_minor(self.policy.split_penalty, self.currency)
    }

    /// What a parcel that is sent late is held to cost.
    async fn late_cost(&self) -> Money {
        Money::from_minor(self.policy.late_cost, self.currency)
    }

    /// What an order that its supplier refuses is held to cost.
    async fn refusal_cost(&self) -> Money {
        Money::from_minor(self.policy.refusal_cost, self.currency)
    }

    /// What changing money costs, as a share of goods that are paid in another currency.
    async fn conversion_fee(&self) -> Decimal {
        share(self.policy.conversion_fee)
    }

    /// What must be left of the price of goods without its tax, as a share of it; null: goods are sent whatever
    /// they cost.
    async fn minimum_margin(&self) -> Option<Decimal> {
        self.policy.minimum_margin.map(share)
    }

    /// The rules.
    #[graphql(complexity = "5 * child_complexity + 1")]
    async fn rules(&self) -> Vec<RoutingRuleOut> {
        self.policy.rules.iter().cloned().map(RoutingRuleOut).collect()
    }

    /// How often the policy was changed.
    async fn version(&self) -> i64 {
        self.version
    }
}

/// One rule. A condition that is empty holds always; all conditions together must hold.
pub struct RoutingRuleOut(RoutingRule);

/// One rule. A condition that is empty holds always; all conditions together must hold.
#[Object(name = "RoutingRule", visible = "visible_to_store")]
impl RoutingRuleOut {
    /// What the owner calls it: decisions are explained by it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What it does.
    async fn effect(&self) -> RoutingRuleEffect {
        match self.0.effect {
            RuleEffect::Require => RoutingRuleEffect::Require,
            RuleEffect::Prefer(_) => RoutingRuleEffect::Prefer,
            RuleEffect::Avoid => RoutingRuleEffect::Avoid,
        }
    }

    /// What the suppliers' goods and parcels are reckoned as, as a share of what they cost; null unless it prefers.
    async fn weight(&self) -> Option<Decimal> {
        match self.0.effect {
            RuleEffect::Prefer(weight) => Some(share(weight)),
            RuleEffect::Require | RuleEffect::Avoid => None,
        }
    }

    /// To which suppliers; null only for callers who may not see suppliers.
    #[graphql(complexity = "3 * child_complexity + 1")]
    async fn suppliers(&self, ctx: &Context<'_>) -> Nullable<Vec<Supplier>> {
        ctx.actor().may(Action::ReadSuppliers).ok()?;
        let wanted = &self.0.suppliers;
        let found = ctx.loaders().get::<SupplierLoader>().load_many(wanted.iter().copied()).await;
        required(found.map(|mut all| wanted.iter().filter_map(|id| all.remove(id)).map(Supplier).collect()))
    }

    /// For orders to one of these countries.
    async fn country_codes(&self) -> &[CountryCode] {
        &self.0.countries
    }

    /// For goods of one of these collections.
    #[graphql(complexity = "3 * child_complexity + 1")]
    async fn collections(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Collection>> {
        let wanted = self.0.collections.iter().copied();
        let mut found = ctx.loaders().get::<CollectionLoader>().load_many(wanted).await?;
        Ok(self.0.collections.iter().filter_map(|id| found.remove(id)).map(Collection).collect())
    }

    /// For customers with one of these tags.
    async fn customer_tags(&self) -> &[String] {
        &self.0.customer_tags
    }
}

fn share(millionths: i64) -> Decimal {
    Decimal::new(millionths, 6).normalize()
}

/// A rule.
#[derive(Debug, InputObject)]
#[graphql(visible = "visible_to_store")]
pub struct RoutingRuleInput {
    /// What you call it, in 1 to 100 characters; decisions are explained by it.
    name: String,
    /// What it does.
    effect: RoutingRuleEffect,
    /// What the suppliers' goods and parcels are reckoned as, between 0.1 and 10: `0.9` makes up for a tenth. For
    /// `PREFER`, and only for it.
    weight: Option<Decimal>,
    /// To which suppliers: 1 to 50.
    #[graphql(validator(max_items = 50))]
    supplier_ids: Vec<GlobalId<SupplierId>>,
    /// For orders to one of these countries; for all, without.
    #[graphql(validator(max_items = 250))]
    country_codes: Option<Vec<CountryCode>>,
    /// For goods of one of these collections; for all, without.
    #[graphql(validator(max_items = 50))]
    collection_ids: Option<Vec<GlobalId<CollectionId>>>,
    /// For customers with one of these tags; for all, without.
    #[graphql(validator(max_items = 50))]
    customer_tags: Option<Vec<String>>,
}

/// What is to change of the policy. What is not given stays.
#[derive(Debug, Default, InputObject)]
#[graphql(visible = "visible_to_store")]
pub struct RoutingPolicyInput {
    /// What every parcel beyond the first is held to cost, in the store's currency.
    split_penalty: Option<MoneyInput>,
    /// What a parcel that is sent late is held to cost.
    late_cost: Option<MoneyInput>,
    /// What an order that its supplier refuses is held to cost.
    refusal_cost: Option<MoneyInput>,
    /// What changing money costs, as a share of goods that are paid in another currency.
    conversion_fee: Option<Decimal>,
    /// What must be left of the price of goods without its tax, as a share of it; may be negative. Null: goods
    /// are sent whatever they cost.
    minimum_margin: async_graphql::MaybeUndefined<Decimal>,
    /// The rules: all of them, not only new ones; at most 100.
    #[graphql(validator(max_items = 100))]
    rules: Option<Vec<RoutingRuleInput>>,
    /// The version you saw; the change is refused if it is another one now.
    version: Option<i64>,
}

/// A change of the policy that is understood.
pub(super) struct PolicyChange {
    pub version: Option<i64>,
    split_penalty: Option<i64>,
    late_cost: Option<i64>,
    refusal_cost: Option<i64>,
    conversion_fee: Option<i64>,
    minimum_margin: Option<Option<i64>>,
    rules: Option<Vec<RoutingRule>>,
}

impl RoutingPolicyInput {
    pub(super) fn change(self, currency: Currency, at: &str) -> Result<PolicyChange, Problem<RoutingErrorCode>> {
        let amount = |input: Option<MoneyInput>, field: &str| -> Result<Option<i64>, Problem<RoutingErrorCode>> {
            let Some(input) = input else { return Ok(None) };
            let refuse = |message: String| Problem::at(RoutingErrorCode::Invalid, &format!("{at}{field}"), message);
            let money = input.money().map_err(|error| refuse(error.to_string()))?;
            if money.currency() != currency {
                return Err(refuse(format!("The store's currency is {currency}.")));
            }
            Ok(Some(money.minor()))
        };
        let rules = self.rules.map(|rules| rules.into_iter().enumerate().map(|(index, rule)| rule.rule(at, index)));
        Ok(PolicyChange {
            version: self.version,
            split_penalty: amount(self.split_penalty, "splitPenalty")?,
            late_cost: amount(self.late_cost, "lateCost")?,
            refusal_cost: amount(self.refusal_cost, "refusalCost")?,
            conversion_fee: self.conversion_fee.map(millionths),
            minimum_margin: match self.minimum_margin {
                async_graphql::MaybeUndefined::Undefined => None,
                async_graphql::MaybeUndefined::Null => Some(None),
                async_graphql::MaybeUndefined::Value(it) => Some(Some(millionths(it))),
            },
            rules: rules.map(Iterator::collect).transpose()?,
        })
    }
}

impl PolicyChange {
    pub(super) fn apply(self, policy: &mut routing::RoutingPolicy) {
        policy.split_penalty = self.split_penalty.unwrap_or(policy.split_penalty);
        policy.late_cost = self.late_cost.unwrap_or(policy.late_cost);
        policy.refusal_cost = self.refusal_cost.unwrap_or(policy.refusal_cost);
        policy.conversion_fee = self.conversion_fee.unwrap_or(policy.conversion_fee);
        policy.minimum_margin = self.minimum_margin.unwrap_or(policy.minimum_margin);
        if let Some(rules) = self.rules {
            policy.rules = rules;
        }
    }
}

impl RoutingRuleInput {
    fn rule(self, at: &str, index: usize) -> Result<RoutingRule, Problem<RoutingErrorCode>> {
        let effect = match (self.effect, self.weight) {
            (RoutingRuleEffect::Require, None) => RuleEffect::Require,
            (RoutingRuleEffect::Avoid, None) => RuleEffect::Avoid,
            (RoutingRuleEffect::Prefer, Some(weight)) => RuleEffect::Prefer(millionths(weight)),
            _ => {
                let message = "A weight belongs to PREFER, and only to it.";
                return Err(Problem::at(RoutingErrorCode::Invalid, &format!("{at}rules.{index}.weight"), message));
            }
        };
        Ok(RoutingRule {
            name: self.name.trim().to_owned(),
            effect,
            suppliers: self.supplier_ids.into_iter().map(|it| it.0).collect(),
            countries: self.country_codes.unwrap_or_default(),
            collections: self.collection_ids.unwrap_or_default().into_iter().map(|it| it.0).collect(),
            customer_tags: self.customer_tags.unwrap_or_default(),
        })
    }
}

/// A share in millionths; what does not fit is out of range as well, which the verb says.
pub(super) fn millionths(share: Decimal) -> i64 {
    share.checked_mul(WHOLE.into()).and_then(|it| it.to_i64()).unwrap_or(i64::MIN)
}

/// What became of a change of the policy.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct RoutingPolicyUpdatePayload {
    /// The policy as it is now; null if the change was refused.
    pub(super) policy: Option<RoutingPolicy>,
    /// Why it was refused.
    pub(super) user_errors: Vec<RoutingUserError>,
}
