//! What price rules would do, and having it done.

use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};
use rust_decimal::prelude::ToPrimitive as _;

use super::rules::{PriceRule, PriceRuleUserError, percent, refuse, scope};
use crate::catalog::graphql::ProductVariant;
use crate::graph::scalars::{DateTime, Decimal};
use crate::graph::{Connection, ContextExt, GlobalId, Nullable, PageArgs, nullable, payload, required};
use crate::identity::graphql::visible_to_store;
use crate::kernel::ids::{CollectionId, ProductId, SupplierId};
use crate::kernel::money::Money;
use crate::kernel::problem::{Fault, VerbError};
use crate::operations::graphql::Job;
use crate::pricing::rules::{self, Bound, Outcome, Proposal, Scope};

/// What is to become of a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Outcome", visible = "visible_to_store")]
pub enum PriceOutcome {
    /// It changes.
    Change,
    /// It is what it should be.
    Unchanged,
    /// A rule changed it within the last day; it changes again after it.
    Waits,
    /// No rule is for it.
    NoRule,
    /// No supplier offers it.
    NoOffer,
    /// There is no exchange rate for what it costs.
    NoRate,
    /// What the rule says is beyond what a price may be.
    TooHigh,
}

/// What a price was kept from falling below, or rising above.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Bound", visible = "visible_to_store")]
pub enum PriceBound {
    /// The smallest margin of the rule.
    MinimumMargin,
    /// The minimum advertised price of the offer.
    MinimumAdvertised,
    /// The lowest price of the rule.
    MinimumPrice,
    /// The highest price of the rule.
    MaximumPrice,
}

/// What the price rules say of a variant.
pub struct PriceProposal(Proposal);

impl PriceProposal {
    fn money(&self, minor: i64) -> Money {
        Money::from_minor(minor, self.0.variant.currency)
    }

    /// An amount to the currency's smallest unit, halves up.
    fn rounded(&self, minor: Decimal) -> Option<Money> {
        let strategy = rust_decimal::RoundingStrategy::MidpointAwayFromZero;
        minor.round_dp_with_strategy(0, strategy).to_i64().map(|minor| self.money(minor))
    }
}

/// What the price rules say of a variant.
#[Object(visible = "visible_to_store")]
impl PriceProposal {
    /// The variant; null only if it is gone.
    async fn variant(&self, ctx: &Context<'_>) -> Nullable<ProductVariant> {
        nullable(ProductVariant::load(ctx, self.0.variant.id).await)
    }

    /// What is to become of its price.
    async fn outcome(&self) -> PriceOutcome {
        self.0.outcome.into()
    }

    /// Its price now.
    async fn old_price(&self) -> Money {
        self.0.variant.price()
    }

    /// What its price is to be; null if no rule makes one.
    async fn new_price(&self) -> Option<Money> {
        self.0.computed.map(|it| self.money(it.price))
    }

    /// The percentage of the new price that is earned, after its fees; null without one, or if it is 0.
    async fn margin_percent(&self) -> Option<Decimal> {
        self.0.computed.and_then(|it| it.margin).map(percent)
    }

    /// The rule that makes it; null if there is none.
    async fn rule(&self) -> Option<PriceRule> {
        self.0.rule.clone().map(PriceRule)
    }

    /// What one costs, in its supplier's currency: of the cheapest offer that can be sold from now, or, if
    /// there is none, of the cheapest that is used. Null if there is none, or none with an exchange rate.
    async fn cost(&self) -> Option<Money> {
        self.0.source.as_ref().map(|it| it.cost)
    }

    /// The same in the store's currency; the rule goes on with what it is before rounding.
    async fn landed_cost(&self) -> Option<Money> {
        self.0.source.as_ref().and_then(|it| self.rounded(it.landed))
    }

    /// What one unit of the cost's currency is in the store's; null if they are the same.
    async fn exchange_rate(&self) -> Option<Decimal> {
        self.0.source.as_ref().and_then(|it| it.rate).map(|(rate, _)| rate.normalize())
    }

    /// Since when that rate holds; null if the currencies are the same.
    async fn exchange_rate_valid_from(&self) -> Option<DateTime> {
        self.0.source.as_ref().and_then(|it| it.rate).map(|(_, since)| since)
    }

    /// What the formula says, before bounds, step and form; null without a rule.
    async fn computed_price(&self) -> Option<Money> {
        self.0.computed.and_then(|it| self.rounded(it.exact))
    }

    /// The least the price may be: no other bound, step or form goes below it; null without a rule.
    async fn floor(&self) -> Option<Money> {
        self.0.computed.map(|it| self.money(it.floor))
    }

    /// The bound that acted; null if none did.
    async fn bound(&self) -> Option<PriceBound> {
        self.0.computed.and_then(|it| it.bound).map(Into::into)
    }

    /// Whether the largest change at once keeps it from going all the way.
    async fn limited_by_step(&self) -> bool {
        self.0.computed.is_some_and(|it| it.limited)
    }

    /// When it may change again; null unless it waits.
    async fn waits_until(&self) -> Option<DateTime> {
        self.0.waits_until
    }

    /// How it came about, in a sentence: the price's history will say the same.
    async fn reason(&self) -> &str {
        &self.0.reason
    }
}

/// Whose prices: all of the store's, unless a supplier, a collection or a product is given.
#[derive(Debug, Default, InputObject)]
#[graphql(visible = "visible_to_store")]
pub struct PriceSelectionInput {
    /// What this supplier offers.
    supplier_id: Option<GlobalId<SupplierId>>,
    /// The products of this collection.
    collection_id: Option<GlobalId<CollectionId>>,
    /// This product.
    product_id: Option<GlobalId<ProductId>>,
}

impl PriceSelectionInput {
    fn read(self) -> Result<Scope, VerbError<rules::PriceRuleErrorCode>> {
        scope(self.supplier_id, self.collection_id, self.product_id)
    }
}

/// The answer to the wish to apply price rules.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct PricesApplyPayload {
    /// The work, as a job: its result tells how many prices `changed`, were `unchanged`, are `waiting` for
    /// their day, or were `leftOut`; null if it was not started.
    job: Option<Job>,
    /// Why it was not started; empty if it was.
    user_errors: Vec<PriceRuleUserError>,
}

async fn preview(
    ctx: &Context<'_>,
    selection: PriceSelectionInput,
    page: PageArgs,
) -> Result<Connection<PriceProposal>, Fault> {
    let scope = match selection.read() {
        Ok(scope) => scope,
        Err(VerbError::Fault(fault)) => return Err(fault),
        Err(VerbError::Refused(_)) => {
            return Err(Fault::BadInput("give at most one of supplier, collection and product".to_owned()));
        }
    };
    let page = rules::preview(ctx.app(), ctx.actor(), scope, &page.request()?).await?;
    Ok(Connection::new(page.map(PriceProposal)))
}

/// The queries about what price rules would do.
#[derive(Default)]
pub struct PriceProposalQuery;

#[Object]
impl PriceProposalQuery {
    /// What the price rules would make of prices now, variant by variant; nothing is changed. For the owner,
    /// and staff who see costs.
    #[graphql(visible = "visible_to_store", complexity = "first.unwrap_or(20).max(1) as usize * child_complexity + 1")]
    async fn price_preview(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose prices; all of the store's without.")] selection: Option<PriceSelectionInput>,
        #[graphql(desc = "How many, at most 100.")] first: Option<i32>,
        #[graphql(desc = "The cursor to start behind.")] after: Option<String>,
    ) -> Nullable<Connection<PriceProposal>> {
        required(preview(ctx, selection.unwrap_or_default(), PageArgs::forward(first, after)).await)
    }
}

/// The mutations that apply price rules.
#[derive(Default)]
pub struct PricesMutation;

#[Object]
impl PricesMutation {
    /// Gives variants the prices that the rules make, in the background: what `pricePreview` shows as
    /// `CHANGE`, whether or not their rules are automatic. For the owner, and staff who see costs.
    #[graphql(visible = "visible_to_store")]
    async fn prices_apply(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose prices.")] input: PriceSelectionInput,
    ) -> Nullable<PricesApplyPayload> {
        let result = match input.read() {
            Ok(scope) => rules::apply(ctx.app(), ctx.actor(), scope).await,
            Err(error) => refuse(ctx, error),
        };
        required(payload(result).map(|(job, user_errors)| PricesApplyPayload { job: job.map(Job), user_errors }))
    }
}
