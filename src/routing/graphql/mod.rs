//! Routing as the store's people see it: the policy, what was decided and why, and what would be.

mod decision;
mod policy;

use async_graphql::{Context, InputObject, Object};

pub use self::decision::RoutingDecision;
use self::policy::{PolicyChange, millionths};
pub use self::policy::{RoutingPolicy, RoutingPolicyInput, RoutingPolicyUpdatePayload, RoutingUserError};
use super::policy as words;
use super::preview::{Preview, WhatIf};
use super::{Plan, RoutingErrorCode};
use crate::graph::scalars::{Decimal, MoneyInput};
use crate::graph::{ContextExt, GlobalId, Nullable, payload, required};
use crate::identity::Action;
use crate::identity::graphql::visible_to_store;
use crate::kernel::clock::Moment;
use crate::kernel::country::CountryCode;
use crate::kernel::ids::{CustomerId, OfferId, SupplierId, VariantId};
use crate::kernel::money::Money;
use crate::kernel::problem::{Fault, Problem, VerbError};
use crate::store;

/// Some units of a variant.
#[derive(Debug, InputObject)]
#[graphql(visible = "visible_to_store")]
pub struct RoutingLineInput {
    /// What.
    variant_id: GlobalId<VariantId>,
    /// How many: at least 1.
    quantity: i64,
}

/// An offer as it is thought of.
#[derive(Debug, InputObject)]
#[graphql(visible = "visible_to_store")]
pub struct RoutingOfferInput {
    /// Which.
    offer_id: GlobalId<OfferId>,
    /// What one would cost, in the offer's currency.
    cost: Option<MoneyInput>,
    /// How many could be sold.
    sellable: Option<i64>,
}

/// A supplier as it is thought of.
#[derive(Debug, InputObject)]
#[graphql(visible = "visible_to_store")]
pub struct RoutingSupplierInput {
    /// Which.
    supplier_id: GlobalId<SupplierId>,
    /// Whether it would take orders.
    active: Option<bool>,
    /// Your preference: between 0.1 and 10.
    preference: Option<Decimal>,
}

/// What is asked of routing. Without what is thought of otherwise, the answer is what a checkout would get now.
#[derive(Debug, InputObject)]
#[graphql(visible = "visible_to_store")]
pub struct RoutingPreviewInput {
    /// What is to be sent: 1 to 100 lines.
    #[graphql(validator(max_items = 100))]
    lines: Vec<RoutingLineInput>,
    /// To where.
    country_code: CountryCode,
    /// For whom; rules for customers with tags hold for nobody, without.
    customer_id: Option<GlobalId<CustomerId>>,
    /// What cannot arrive by then is not taken.
    deliver_by: Option<Moment>,
    /// Suppliers that shall not be asked.
    #[graphql(validator(max_items = 100))]
    avoid_supplier_ids: Option<Vec<GlobalId<SupplierId>>>,
    /// What if: a policy that differs from yours in what is given.
    policy: Option<RoutingPolicyInput>,
    /// What if: offers at another cost, or with other stock.
    #[graphql(validator(max_items = 100))]
    offers: Option<Vec<RoutingOfferInput>>,
    /// What if: suppliers that are used or not, or preferred otherwise.
    #[graphql(validator(max_items = 100))]
    suppliers: Option<Vec<RoutingSupplierInput>>,
}

/// The queries about routing.
#[derive(Default)]
pub struct RoutingQuery;

#[Object]
impl RoutingQuery {
    /// What the owner says of routing. For the owner and staff.
    #[graphql(visible = "visible_to_store")]
    async fn routing_policy(&self, ctx: &Context<'_>) -> Nullable<RoutingPolicy> {
        required(read(ctx).await)
    }

    /// Who would send some goods, and why: now, or under other terms. Nothing is reserved and nothing is kept. For
    /// the owner and staff.
    #[graphql(visible = "visible_to_store", complexity = "child_complexity + 10")]
    async fn routing_preview(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked.")] input: RoutingPreviewInput,
    ) -> Nullable<RoutingDecision> {
        let build = |plan| RoutingDecision { plan, decided_at: None, replaces: None };
        required(preview(ctx, input).await.map(build).map_err(as_fault))
    }
}

async fn read(ctx: &Context<'_>) -> Result<RoutingPolicy, Fault> {
    ctx.actor().may(Action::ManageFulfillment)?;
    let (policy, version) = words::read(ctx.app().db.read()).await?;
    Ok(RoutingPolicy { policy, version, currency: store::cached(ctx.app()).await?.currency })
}

async fn preview(ctx: &Context<'_>, input: RoutingPreviewInput) -> Result<Plan, VerbError<RoutingErrorCode>> {
    ctx.actor().may(Action::ManageFulfillment)?;
    let currency = store::cached(ctx.app()).await?.currency;
    let policy = input.policy.unwrap_or_default().change(currency, "input.policy.")?;
    let offers = input.offers.unwrap_or_default().into_iter().enumerate().map(|(index, it)| {
        let at = format!("input.offers.{index}.cost");
        Ok((it.offer_id.0, it.cost.map(|cost| money(&cost, &at)).transpose()?, it.sellable))
    });
    let suppliers = input.suppliers.unwrap_or_default().into_iter();
    let asked = Preview {
        lines: input.lines.into_iter().map(|it| (it.variant_id.0, it.quantity)).collect(),
        destination: input.country_code,
        customer_id: input.customer_id.map(|it| it.0),
        deliver_by: input.deliver_by.map(|it| it.0),
        avoid: input.avoid_supplier_ids.unwrap_or_default().into_iter().map(|it| it.0).collect(),
        what_if: WhatIf {
            offers: offers.collect::<Result<_, Problem<RoutingErrorCode>>>()?,
            suppliers: suppliers.map(|it| (it.supplier_id.0, it.active, it.preference.map(millionths))).collect(),
        },
    };
    super::preview(ctx.app(), ctx.actor(), asked, |it| policy.apply(it)).await
}

/// A question that makes no sense is no user error: nothing was to be changed.
fn as_fault(error: VerbError<RoutingErrorCode>) -> Fault {
    match error {
        VerbError::Fault(fault) => fault,
        VerbError::Refused(problems) => {
            let said = problems.iter().map(|it| format!("{}: {}", it.field.join("."), it.message));
            Fault::BadInput(said.collect::<Vec<_>>().join(" "))
        }
    }
}

fn money(input: &MoneyInput, at: &str) -> Result<Money, Problem<RoutingErrorCode>> {
    input.money().map_err(|error| Problem::at(RoutingErrorCode::Invalid, at, error.to_string()))
}

/// The mutations of routing.
#[derive(Default)]
pub struct RoutingMutation;

#[Object]
impl RoutingMutation {
    /// Changes what the owner says of routing; carts and orders to come follow it. For the owner and staff.
    #[graphql(visible = "visible_to_store")]
    async fn routing_policy_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is to change.")] input: RoutingPolicyInput,
    ) -> Nullable<RoutingPolicyUpdatePayload> {
        required(
            payload(update(ctx, input).await)
                .map(|(policy, user_errors)| RoutingPolicyUpdatePayload { policy, user_errors }),
        )
    }
}

async fn update(ctx: &Context<'_>, input: RoutingPolicyInput) -> Result<RoutingPolicy, VerbError<RoutingErrorCode>> {
    ctx.actor().may(Action::ManageFulfillment)?;
    let currency = store::cached(ctx.app()).await?.currency;
    let change: PolicyChange = input.change(currency, "")?;
    let seen = change.version;
    let (policy, version) = words::set(ctx.app(), ctx.actor(), seen, |it| change.apply(it)).await?;
    Ok(RoutingPolicy { policy, version, currency })
}
