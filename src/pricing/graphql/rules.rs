//! Price rules, as the store sees them.

use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};

use super::terms::PriceRuleTermsInput;
use crate::graph::scalars::{DateTime, Decimal};
use crate::graph::{Connection, ContextExt, GlobalId, Nullable, PageArgs, payload, required};
use crate::identity::Action;
use crate::identity::graphql::visible_to_store;
use crate::kernel::ids::{CollectionId, PriceRuleId, ProductId, SupplierId};
use crate::kernel::money::Money;
use crate::kernel::problem::{Fault, VerbError};
use crate::pricing::rules::{self, NewTerms, PriceRuleErrorCode as RuleCode, Profit, Scope};
use crate::user_error;

/// What can be wrong with a price rule, or with applying some.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "RuleCode", visible = "visible_to_store")]
pub enum PriceRuleErrorCode {
    /// A value is missing, malformed or out of bounds.
    Invalid,
    /// An amount is not in the store's currency.
    CurrencyMismatch,
    /// There is no such thing.
    NotFound,
    /// There are as many rules as there may be.
    TooMany,
}

user_error!(PriceRuleUserError, PriceRuleErrorCode, "visible_to_store");

/// What a price rule is for. The most specific rule makes a price: product before collection before
/// supplier before store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(visible = "visible_to_store")]
pub enum PriceRuleScope {
    /// Everything.
    Store,
    /// What is bought from a supplier.
    Supplier,
    /// The products of a collection.
    Collection,
    /// A product.
    Product,
}

/// The form of prices: `ending`, or any number of `step`s more.
#[derive(Debug, Clone, Copy, SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct PriceRounding {
    /// How far such prices lie apart.
    step: Money,
    /// What they are more than a multiple of that: 0.99 with a step of 1.00 makes prices such as 14.99.
    ending: Money,
}

/// A rule that makes prices from costs: `(cost + fixedFee) × (1 + markup) ÷ (1 − fees)`, or with a margin
/// `(cost + fixedFee) ÷ (1 − fees − margin)`; then kept within bounds, then rounded.
pub struct PriceRule(pub rules::PriceRule);

/// A rule that makes prices from costs: `(cost + fixedFee) × (1 + markup) ÷ (1 − fees)`, or with a margin
/// `(cost + fixedFee) ÷ (1 − fees − margin)`; then kept within bounds, then rounded.
#[Object(visible = "visible_to_store")]
impl PriceRule {
    /// The id.
    pub async fn id(&self) -> GlobalId<PriceRuleId> {
        GlobalId(self.0.id)
    }

    /// What it is for.
    async fn scope(&self) -> PriceRuleScope {
        match self.0.scope() {
            Scope::Store => PriceRuleScope::Store,
            Scope::Supplier(_) => PriceRuleScope::Supplier,
            Scope::Collection(_) => PriceRuleScope::Collection,
            Scope::Product(_) => PriceRuleScope::Product,
        }
    }

    /// The supplier it is for; null if it is for something else.
    async fn supplier_id(&self) -> Option<GlobalId<SupplierId>> {
        self.0.supplier_id.map(GlobalId)
    }

    /// The collection it is for; null if it is for something else.
    async fn collection_id(&self) -> Option<GlobalId<CollectionId>> {
        self.0.collection_id.map(GlobalId)
    }

    /// The product it is for; null if it is for something else.
    async fn product_id(&self) -> Option<GlobalId<ProductId>> {
        self.0.product_id.map(GlobalId)
    }

    /// Smaller is preferred among rules that are as specific; of equal ones the older.
    async fn priority(&self) -> i32 {
        self.0.priority
    }

    /// What is earned, as a percentage of the cost; null if it is one of the price.
    async fn markup_percent(&self) -> Option<Decimal> {
        match self.0.terms().profit {
            Profit::Markup(share) => Some(percent(share)),
            Profit::Margin(_) => None,
        }
    }

    /// What is earned, as a percentage of the price; null if it is one of the cost.
    async fn margin_percent(&self) -> Option<Decimal> {
        match self.0.terms().profit {
            Profit::Margin(share) => Some(percent(share)),
            Profit::Markup(_) => None,
        }
    }

    /// What each unit costs besides.
    async fn fixed_fee(&self) -> Money {
        self.0.money(self.0.fixed_fee)
    }

    /// The percentage of the price that others take, such as a payment provider.
    async fn fee_percent(&self) -> Decimal {
        percent(self.0.terms().fees)
    }

    /// The form of the prices; null: as they come out, to the currency's smallest unit.
    async fn rounding(&self) -> Option<PriceRounding> {
        let form = self.0.terms().rounding?;
        Some(PriceRounding { step: self.0.money(form.step), ending: self.0.money(form.ending) })
    }

    /// The least percentage of the price that must be earned: no price is lower, whatever else is said.
    async fn minimum_margin_percent(&self) -> Decimal {
        percent(self.0.terms().min_margin)
    }

    /// The lowest price; null if there is none.
    async fn minimum_price(&self) -> Option<Money> {
        self.0.min_price.map(|minor| self.0.money(minor))
    }

    /// The highest price, unless the lowest allowed is above it; null if there is none.
    async fn maximum_price(&self) -> Option<Money> {
        self.0.max_price.map(|minor| self.0.money(minor))
    }

    /// How far a price moves at once, as a percentage of the present one; null: all the way.
    async fn max_change_percent(&self) -> Option<Decimal> {
        self.0.terms().max_change.map(percent)
    }

    /// Whether prices follow costs and rates by themselves.
    async fn automatic(&self) -> bool {
        self.0.automatic
    }

    /// Whether it is used.
    async fn active(&self) -> bool {
        self.0.active
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        self.0.created_at
    }

    /// When it last changed.
    async fn updated_at(&self) -> DateTime {
        self.0.updated_at
    }
}

/// A share as people write it: 0.3 is 30.
pub(super) fn percent(share: Decimal) -> Decimal {
    (share * Decimal::ONE_HUNDRED).normalize()
}

/// A price rule to be made; for the whole store, unless it names a supplier, a collection or a product.
#[derive(Debug, InputObject)]
#[graphql(visible = "visible_to_store")]
pub struct PriceRuleCreateInput {
    /// For what is bought from this supplier.
    supplier_id: Option<GlobalId<SupplierId>>,
    /// For the products of this collection.
    collection_id: Option<GlobalId<CollectionId>>,
    /// For this product.
    product_id: Option<GlobalId<ProductId>>,
    /// What it says.
    terms: PriceRuleTermsInput,
}

/// What a price rule is to say from now on.
#[derive(Debug, InputObject)]
#[graphql(visible = "visible_to_store")]
pub struct PriceRuleUpdateInput {
    /// All of it: what is not given is as in a new rule.
    terms: PriceRuleTermsInput,
}

/// The answer to a new price rule.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct PriceRuleCreatePayload {
    /// The rule; null if it was refused.
    rule: Option<PriceRule>,
    /// Why it was refused; empty if it was not.
    user_errors: Vec<PriceRuleUserError>,
}

/// The answer to the change of a price rule.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct PriceRuleUpdatePayload {
    /// The rule; null if the change was refused.
    rule: Option<PriceRule>,
    /// Why it was refused; empty if it was not.
    user_errors: Vec<PriceRuleUserError>,
}

/// The answer to the end of a price rule.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct PriceRuleDeletePayload {
    /// Whether it was deleted.
    deleted: bool,
    /// Why not.
    user_errors: Vec<PriceRuleUserError>,
}

type Refusal = VerbError<RuleCode>;

/// Whichever of the three is given.
pub(super) fn scope(
    supplier: Option<GlobalId<SupplierId>>,
    collection: Option<GlobalId<CollectionId>>,
    product: Option<GlobalId<ProductId>>,
) -> Result<Scope, Refusal> {
    match (supplier, collection, product) {
        (None, None, None) => Ok(Scope::Store),
        (Some(id), None, None) => Ok(Scope::Supplier(id.0)),
        (None, Some(id), None) => Ok(Scope::Collection(id.0)),
        (None, None, Some(id)) => Ok(Scope::Product(id.0)),
        _ => {
            Err(VerbError::refused(RuleCode::Invalid, "input", "give at most one of supplier, collection and product"))
        }
    }
}

impl PriceRuleCreateInput {
    fn read(self) -> Result<(Scope, NewTerms), Refusal> {
        Ok((scope(self.supplier_id, self.collection_id, self.product_id)?, self.terms.read()?))
    }
}

/// What is wrong with an input is told only to who may send it.
pub(super) fn refuse<T>(ctx: &Context<'_>, error: Refusal) -> Result<T, Refusal> {
    ctx.actor().may(Action::ManagePriceRules)?;
    Err(error)
}

/// The rule with this id, for the owner and staff.
pub async fn find_rule(ctx: &Context<'_>, id: PriceRuleId) -> Result<Option<PriceRule>, Fault> {
    Ok(rules::lookup(ctx.app(), ctx.actor(), id).await?.map(PriceRule))
}

async fn list(ctx: &Context<'_>, page: PageArgs) -> Result<Connection<PriceRule>, Fault> {
    let (app, actor) = (ctx.app(), ctx.actor());
    let page = rules::list(app, actor, &page.request()?).await?;
    Connection::counted(ctx, page.map(PriceRule), rules::count(app, actor)).await
}

/// The queries about price rules.
#[derive(Default)]
pub struct PriceRuleQuery;

#[Object]
impl PriceRuleQuery {
    /// The price rules, newest first. For the owner, and staff who see costs.
    #[graphql(
        visible = "visible_to_store",
        complexity = "first.or(last).unwrap_or(20).max(1) as usize * child_complexity + 1"
    )]
    async fn price_rules(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, at most 100.")] first: Option<i32>,
        #[graphql(desc = "The cursor to start behind.")] after: Option<String>,
        #[graphql(desc = "How many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "The cursor to end before.")] before: Option<String>,
    ) -> Nullable<Connection<PriceRule>> {
        required(list(ctx, PageArgs::new(first, after, last, before)).await)
    }
}

/// The mutations of price rules.
#[derive(Default)]
pub struct PriceRuleMutation;

#[Object]
impl PriceRuleMutation {
    /// Makes a price rule. For the owner, and staff who see costs.
    #[graphql(visible = "visible_to_store")]
    async fn price_rule_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The rule.")] input: PriceRuleCreateInput,
    ) -> Nullable<PriceRuleCreatePayload> {
        let result = match input.read() {
            Ok((scope, terms)) => rules::create(ctx.app(), ctx.actor(), scope, terms).await,
            Err(error) => refuse(ctx, error),
        };
        let answer = payload(result);
        required(answer.map(|(rule, user_errors)| PriceRuleCreatePayload { rule: rule.map(PriceRule), user_errors }))
    }

    /// Changes what a price rule says; what it is for stays. For the owner, and staff who see costs.
    #[graphql(visible = "visible_to_store")]
    async fn price_rule_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The rule's id.")] id: GlobalId<PriceRuleId>,
        #[graphql(desc = "What it is to say.")] input: PriceRuleUpdateInput,
    ) -> Nullable<PriceRuleUpdatePayload> {
        let result = match input.terms.read() {
            Ok(terms) => rules::update(ctx.app(), ctx.actor(), id.0, terms).await,
            Err(error) => refuse(ctx, error),
        };
        let answer = payload(result);
        required(answer.map(|(rule, user_errors)| PriceRuleUpdatePayload { rule: rule.map(PriceRule), user_errors }))
    }

    /// Deletes a price rule; prices stay as they are. For the owner, and staff who see costs.
    #[graphql(visible = "visible_to_store")]
    async fn price_rule_delete(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The rule's id.")] id: GlobalId<PriceRuleId>,
    ) -> Nullable<PriceRuleDeletePayload> {
        let answer = payload(rules::delete(ctx.app(), ctx.actor(), id.0).await);
        required(answer.map(|(done, user_errors)| PriceRuleDeletePayload { deleted: done.is_some(), user_errors }))
    }
}
