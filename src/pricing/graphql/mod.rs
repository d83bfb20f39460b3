//! Discounts, exchange rates and price rules, as the store sees them.

mod proposals;
mod rules;
mod terms;

use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};

pub use self::proposals::{PriceProposal, PriceProposalQuery, PricesMutation};
pub use self::rules::{PriceRule, PriceRuleMutation, PriceRuleQuery, PriceRuleUserError, find_rule};
use super::DiscountValue;
use super::discounts::{self, DiscountErrorCode as DiscountCode, NewDiscount};
use super::rates::{self, ExchangeRateErrorCode as RateCode};
use crate::graph::scalars::{DateTime, Decimal, MoneyInput};
use crate::graph::{Connection, ContextExt, GlobalId, Nullable, PageArgs, payload, required};
use crate::identity::graphql::visible_to_store;
use crate::kernel::clock::Moment;
use crate::kernel::ids::DiscountId;
use crate::kernel::money::{Currency, Money};
use crate::kernel::problem::{Fault, VerbError};
use crate::user_error;

/// What can be wrong with a discount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "DiscountCode", visible = "visible_to_store")]
pub enum DiscountErrorCode {
    /// A value is missing, malformed or out of bounds.
    Invalid,
    /// There is a discount with this code.
    CodeTaken,
    /// There is no such discount.
    NotFound,
}

user_error!(DiscountUserError, DiscountErrorCode, "visible_to_store");

/// What can be wrong with an exchange rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "RateCode", visible = "visible_to_store")]
pub enum ExchangeRateErrorCode {
    /// A value is out of bounds.
    Invalid,
}

user_error!(ExchangeRateUserError, ExchangeRateErrorCode, "visible_to_store");

/// A code that takes a share or an amount off a cart.
pub struct Discount(pub discounts::Discount);

/// A code that takes a share or an amount off a cart.
#[Object(visible = "visible_to_store")]
impl Discount {
    /// The id.
    pub async fn id(&self) -> GlobalId<DiscountId> {
        GlobalId(self.0.id)
    }

    /// What the buyer types; capitals or not.
    async fn code(&self) -> &str {
        &self.0.code
    }

    /// The percentage it takes off; null if it takes an amount.
    async fn percent(&self) -> Option<Decimal> {
        match self.0.value() {
            Some(DiscountValue::Percent(share)) => Some((share * Decimal::ONE_HUNDRED).normalize()),
            _ => None,
        }
    }

    /// The amount it takes off; null if it takes a percentage.
    async fn amount(&self) -> Option<Money> {
        match self.0.value() {
            Some(DiscountValue::Amount(amount)) => Some(amount),
            _ => None,
        }
    }

    /// How often it may be used in all; null: as often as anybody likes.
    async fn usage_limit(&self) -> Option<i64> {
        self.0.usage_limit
    }

    /// How often it is used, or held by a running checkout.
    async fn used(&self) -> i64 {
        self.0.used
    }

    /// From when on it applies; null: from its making.
    async fn starts_at(&self) -> Option<DateTime> {
        self.0.starts_at
    }

    /// Until when it applies; null: for ever.
    async fn ends_at(&self) -> Option<DateTime> {
        self.0.ends_at
    }

    /// Whether it was not ended.
    async fn active(&self) -> bool {
        self.0.active
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        self.0.created_at
    }
}

/// A discount to be made.
#[derive(Debug, InputObject)]
#[graphql(visible = "visible_to_store")]
pub struct DiscountCreateInput {
    /// What the buyer types: 1 to 40 letters, digits, dots, dashes or underscores.
    pub code: String,
    /// The percentage it takes off: more than 0, at most 100. Either this or `amount`.
    pub percent: Option<Decimal>,
    /// The amount it takes off, in the store's currency.
    pub amount: Option<MoneyInput>,
    /// How often it may be used in all; as often as anybody likes without.
    pub usage_limit: Option<i32>,
    /// From when on it applies.
    pub starts_at: Option<Moment>,
    /// Until when it applies.
    pub ends_at: Option<Moment>,
}

/// The answer to a new discount.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct DiscountCreatePayload {
    /// The discount; null if it was refused.
    discount: Option<Discount>,
    /// Why it was refused; empty if it was not.
    user_errors: Vec<DiscountUserError>,
}

/// The answer to the end of a discount.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct DiscountDeactivatePayload {
    /// The discount; null if it was refused.
    discount: Option<Discount>,
    /// Why it was refused; empty if it was not.
    user_errors: Vec<DiscountUserError>,
}

/// What one unit of a currency is in the store's, from a moment on.
pub struct ExchangeRate(rates::ExchangeRate);

/// What one unit of a currency is in the store's, from a moment on.
#[Object(visible = "visible_to_store")]
impl ExchangeRate {
    /// The currency.
    async fn currency_code(&self) -> Currency {
        self.0.from_currency
    }

    /// The currency it is expressed in: the store's.
    async fn store_currency_code(&self) -> Currency {
        self.0.to_currency
    }

    /// What one unit is.
    async fn rate(&self) -> Decimal {
        self.0.rate().normalize()
    }

    /// From when on it holds.
    async fn valid_from(&self) -> DateTime {
        self.0.valid_from
    }
}

/// An exchange rate to be set.
#[derive(Debug, InputObject)]
#[graphql(visible = "visible_to_store")]
pub struct ExchangeRateSetInput {
    /// The currency: one a supplier charges in.
    pub currency_code: Currency,
    /// What one unit of it is in the store's currency: more than 0, with at most 9 decimals.
    pub rate: Decimal,
    /// From when on it holds; now, without.
    pub valid_from: Option<Moment>,
}

/// The answer to an exchange rate.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct ExchangeRateSetPayload {
    /// The rate; null if it was refused.
    exchange_rate: Option<ExchangeRate>,
    /// Why it was refused; empty if it was not.
    user_errors: Vec<ExchangeRateUserError>,
}

/// The queries about prices.
#[derive(Default)]
pub struct PricingQuery;

#[Object]
impl PricingQuery {
    /// The discounts, newest first. For the owner and staff.
    #[graphql(
        visible = "visible_to_store",
        complexity = "first.or(last).unwrap_or(20).max(1) as usize * child_complexity + 1"
    )]
    async fn discounts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, at most 100.")] first: Option<i32>,
        #[graphql(desc = "The cursor to start behind.")] after: Option<String>,
        #[graphql(desc = "How many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "The cursor to end before.")] before: Option<String>,
    ) -> Nullable<Connection<Discount>> {
        required(list(ctx, PageArgs::new(first, after, last, before)).await)
    }

    /// The exchange rates, newest first, at most 1,000. For the owner and staff.
    #[graphql(visible = "visible_to_store", complexity = "10 * child_complexity + 1")]
    async fn exchange_rates(&self, ctx: &Context<'_>) -> Nullable<Vec<ExchangeRate>> {
        let found = rates::list(ctx.app(), ctx.actor()).await;
        required(found.map(|rows| rows.into_iter().map(ExchangeRate).collect()))
    }
}

async fn list(ctx: &Context<'_>, page: PageArgs) -> Result<Connection<Discount>, Fault> {
    let (app, actor) = (ctx.app(), ctx.actor());
    let page = discounts::list(app, actor, &page.request()?).await?;
    Connection::counted(ctx, page.map(Discount), discounts::count(app, actor)).await
}

/// The discount with this id, for the owner and staff.
pub async fn find_discount(ctx: &Context<'_>, id: DiscountId) -> Result<Option<Discount>, Fault> {
    Ok(discounts::lookup(ctx.app(), ctx.actor(), id).await?.map(Discount))
}

/// The mutations of prices.
#[derive(Default)]
pub struct PricingMutation;

#[Object]
impl PricingMutation {
    /// Makes a discount. For the owner and staff.
    #[graphql(visible = "visible_to_store")]
    async fn discount_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The discount.")] input: DiscountCreateInput,
    ) -> Nullable<DiscountCreatePayload> {
        let result = match new_discount(input) {
            Ok(new) => discounts::create(ctx.app(), ctx.actor(), new).await,
            Err(error) => Err(error),
        };
        required(
            payload(result)
                .map(|(discount, user_errors)| DiscountCreatePayload { discount: discount.map(Discount), user_errors }),
        )
    }

    /// Ends a discount; checkouts that are running keep it. For the owner and staff.
    #[graphql(visible = "visible_to_store")]
    async fn discount_deactivate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The discount.")] id: GlobalId<DiscountId>,
    ) -> Nullable<DiscountDeactivatePayload> {
        let result = discounts::deactivate(ctx.app(), ctx.actor(), id.0).await;
        required(
            payload(result).map(|(discount, user_errors)| DiscountDeactivatePayload {
                discount: discount.map(Discount),
                user_errors,
            }),
        )
    }

    /// Says what one unit of a currency is in the store's, from a moment on; the same moment set again
    /// replaces the rate. Offers in a currency without a rate are not bought. For the owner and staff.
    #[graphql(visible = "visible_to_store")]
    async fn exchange_rate_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The rate.")] input: ExchangeRateSetInput,
    ) -> Nullable<ExchangeRateSetPayload> {
        let ExchangeRateSetInput { currency_code, rate, valid_from } = input;
        let result = rates::set(ctx.app(), ctx.actor(), currency_code, rate, valid_from.map(|it| it.0)).await;
        required(
            payload(result).map(|(rate, user_errors)| ExchangeRateSetPayload {
                exchange_rate: rate.map(ExchangeRate),
                user_errors,
            }),
        )
    }
}

fn new_discount(input: DiscountCreateInput) -> Result<NewDiscount, VerbError<DiscountCode>> {
    let amount = input.amount.map(|amount| amount.money()).transpose();
    let amount =
        amount.map_err(|error| VerbError::refused(DiscountCode::Invalid, "input.amount", error.to_string()))?;
    Ok(NewDiscount {
        code: input.code,
        percent: input.percent,
        amount,
        usage_limit: input.usage_limit.map(i64::from),
        starts_at: input.starts_at.map(|it| it.0),
        ends_at: input.ends_at.map(|it| it.0),
    })
}
