//! What was decided, or would be, and why.

use async_graphql::{Context, Enum, Object, SimpleObject};

use crate::catalog::graphql::ProductVariant;
use crate::graph::scalars::{DateTime, Decimal, DeliveryWindow};
use crate::graph::{ContextExt, GlobalId, Nullable, nullable};
use crate::identity::Action;
use crate::identity::graphql::visible_to_store;
use crate::inventory::graphql::{OfferLoader, SupplierOffer};
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{OfferId, SupplierId, SupplierOrderId};
use crate::kernel::money::Money;
use crate::routing::{self, Candidate, Pick, Plan, PlannedParcel, Reckoned, Unrouted};
use crate::suppliers::graphql::{Supplier, SupplierLoader};

/// Why an offer was taken, or was not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "routing::Reason", visible = "visible_to_store")]
pub enum RoutingReason {
    /// It is part of the plan.
    Chosen,
    /// Another choice is reckoned cheaper.
    Dearer,
    /// Nobody offers the variant.
    NoOffer,
    /// The offer is switched off.
    OfferInactive,
    /// The supplier is paused.
    SupplierInactive,
    /// The supplier was tried already, or was to be left out this time.
    SupplierAvoided,
    /// The offer, or every service of the supplier, leaves the destination out.
    NotShippable,
    /// Nothing, or not enough, can be sold.
    OutOfStock,
    /// Fewer are wanted than the supplier's minimum.
    BelowMinimum,
    /// There is no exchange rate to the store's currency.
    NoExchangeRate,
    /// A rule says that the supplier is to be left alone.
    RuleAvoids,
    /// A rule requires other suppliers.
    RuleRequiresOthers,
    /// It costs so much that less than the least margin would be left.
    BelowMargin,
    /// It would arrive too late.
    TooLate,
}

/// Who sends what, and why: every offer that was looked at is named.
pub struct RoutingDecision {
    pub(super) plan: Plan,
    pub(super) decided_at: Option<Timestamp>,
    pub(super) replaces: Option<SupplierOrderId>,
}

impl RoutingDecision {
    /// What was decided at some moment; for units of another supplier order, if there was one.
    pub fn of(plan: Plan, decided_at: Timestamp, replaces: Option<SupplierOrderId>) -> Self {
        Self { plan, decided_at: Some(decided_at), replaces }
    }
}

/// Who sends what, and why: every offer that was looked at is named.
#[Object(visible = "visible_to_store")]
impl RoutingDecision {
    /// When it was decided; null if it is only thought of.
    async fn decided_at(&self) -> Option<DateTime> {
        self.decided_at
    }

    /// The supplier order whose units were to go elsewhere; null for the first decision about an order.
    async fn replaces_supplier_order_id(&self) -> Option<GlobalId<SupplierOrderId>> {
        self.replaces.map(GlobalId)
    }

    /// What each supplier is to send.
    #[graphql(complexity = "3 * child_complexity + 1")]
    async fn parcels(&self) -> Vec<RoutingParcel> {
        self.plan.parcels.iter().cloned().map(RoutingParcel).collect()
    }

    /// What nobody can send.
    #[graphql(complexity = "3 * child_complexity + 1")]
    async fn unrouted(&self) -> Vec<RoutingShortfall> {
        self.plan.unrouted.iter().cloned().map(RoutingShortfall).collect()
    }

    /// Every offer that was looked at, and why it was taken or not.
    #[graphql(complexity = "10 * child_complexity + 1")]
    async fn candidates(&self) -> Vec<RoutingCandidate> {
        self.plan.candidates.iter().cloned().map(RoutingCandidate).collect()
    }

    /// What the choice was made by: the parcels' scores and the split penalty; null for decisions of old, and
    /// for those who may not see costs.
    async fn score(&self, ctx: &Context<'_>) -> Option<Money> {
        self.plan.score.filter(|_| sees_cost(ctx))
    }
}

/// What one supplier is to send.
pub struct RoutingParcel(PlannedParcel);

/// What one supplier is to send.
#[Object(visible = "visible_to_store")]
impl RoutingParcel {
    /// Who sends it; null only for callers who may not see suppliers.
    async fn supplier(&self, ctx: &Context<'_>) -> Nullable<Supplier> {
        supplier(ctx, self.0.supplier_id).await
    }

    /// What is in it.
    #[graphql(complexity = "3 * child_complexity + 1")]
    async fn units(&self) -> Vec<RoutingUnits> {
        self.0.picks.iter().cloned().map(RoutingUnits).collect()
    }

    /// The name of the service it is sent by.
    async fn service_name(&self) -> &str {
        self.0.service().map_or("", |it| &it.name)
    }

    /// When it arrives.
    async fn estimate(&self) -> Option<DeliveryWindow> {
        self.0.service().map(|it| (it.estimate.earliest, it.estimate.latest).into())
    }

    /// What it is reckoned to cost; null for decisions of old, and for those who may not see costs.
    async fn cost(&self, ctx: &Context<'_>) -> Option<RoutingCost> {
        self.0.reckoned.as_ref().filter(|_| sees_cost(ctx)).map(RoutingCost::of)
    }
}

/// Units of one offer.
pub struct RoutingUnits(Pick);

/// Units of one offer.
#[Object(visible = "visible_to_store")]
impl RoutingUnits {
    /// What; null only if it is gone.
    async fn variant(&self, ctx: &Context<'_>) -> Nullable<ProductVariant> {
        nullable(ProductVariant::load(ctx, self.0.variant_id).await)
    }

    /// From where; null only for callers who may not see offers.
    async fn offer(&self, ctx: &Context<'_>) -> Nullable<SupplierOffer> {
        offer(ctx, self.0.offer_id).await
    }

    /// How many.
    async fn quantity(&self) -> i64 {
        self.0.quantity
    }

    /// What one costs, in the offer's currency; null for those who may not see costs.
    async fn unit_cost(&self, ctx: &Context<'_>) -> Option<Money> {
        sees_cost(ctx).then_some(self.0.unit_cost)
    }
}

/// What a parcel is reckoned to cost, part by part, in the store's currency.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct RoutingCost {
    /// The goods.
    goods: Money,
    /// Changing the money they are paid in.
    conversion: Money,
    /// Customs.
    duty: Money,
    /// What the supplier asks for the parcel besides its shipping.
    handling: Money,
    /// The shipping.
    shipping: Money,
    /// What its delay is held to cost: the policy's cost of one times how likely it is.
    late_risk: Money,
    /// What its refusal is held to cost.
    refusal_risk: Money,
    /// How likely it is to be sent late.
    late_rate: Decimal,
    /// What the choice was made by: all of these after the owner's preferences.
    score: Money,
}

impl RoutingCost {
    fn of(it: &Reckoned) -> Self {
        Self {
            goods: it.goods,
            conversion: it.conversion,
            duty: it.duty,
            handling: it.handling,
            shipping: it.shipping,
            late_risk: it.late_risk,
            refusal_risk: it.refusal_risk,
            late_rate: Decimal::new(it.late_share, 6).normalize(),
            score: it.score,
        }
    }
}

/// Units that nobody can send.
pub struct RoutingShortfall(Unrouted);

/// Units that nobody can send.
#[Object(visible = "visible_to_store")]
impl RoutingShortfall {
    /// What; null if it is gone, and for decisions of old.
    async fn variant(&self, ctx: &Context<'_>) -> Nullable<ProductVariant> {
        let id = self.0.variant_id?;
        nullable(ProductVariant::load(ctx, id).await)
    }

    /// How many.
    async fn quantity(&self) -> i64 {
        self.0.quantity
    }

    /// Why, in one word; each candidate has its own reasons.
    async fn reason(&self) -> RoutingReason {
        self.0.reason.into()
    }
}

/// One offer that was looked at.
pub struct RoutingCandidate(Candidate);

/// One offer that was looked at.
#[Object(visible = "visible_to_store")]
impl RoutingCandidate {
    /// Which offer; null only for callers who may not see offers.
    async fn offer(&self, ctx: &Context<'_>) -> Nullable<SupplierOffer> {
        offer(ctx, self.0.offer_id).await
    }

    /// Whose; null only for callers who may not see suppliers.
    async fn supplier(&self, ctx: &Context<'_>) -> Nullable<Supplier> {
        supplier(ctx, self.0.supplier_id).await
    }

    /// Of what; null only if it is gone.
    async fn variant(&self, ctx: &Context<'_>) -> Nullable<ProductVariant> {
        nullable(ProductVariant::load(ctx, self.0.variant_id).await)
    }

    /// Whether it could have been taken.
    async fn eligible(&self) -> bool {
        self.0.eligible
    }

    /// Why it was, or was not.
    async fn reasons(&self) -> Vec<RoutingReason> {
        self.0.reasons.iter().map(|it| (*it).into()).collect()
    }

    /// The owner's rules that spoke, by name.
    async fn rules(&self) -> &[String] {
        &self.0.rules
    }

    /// What the wanted quantity would cost if it sent all of it, alone in its parcel; null if that cannot be said,
    /// and for those who may not see costs.
    async fn landed_cost(&self, ctx: &Context<'_>) -> Option<Money> {
        self.0.landed_cost.filter(|_| sees_cost(ctx))
    }

    /// That with what delay and refusals are held to cost, after the owner's preferences; null as `landedCost`.
    async fn score(&self, ctx: &Context<'_>) -> Option<Money> {
        self.0.score.filter(|_| sees_cost(ctx))
    }
}

fn sees_cost(ctx: &Context<'_>) -> bool {
    ctx.actor().may(Action::ReadCost).is_ok()
}

async fn supplier(ctx: &Context<'_>, id: SupplierId) -> Nullable<Supplier> {
    ctx.actor().may(Action::ReadSuppliers).ok()?;
    nullable(ctx.loaders().load::<SupplierLoader, _>(id).await.map(|it| it.map(Supplier)))
}

async fn offer(ctx: &Context<'_>, id: OfferId) -> Nullable<SupplierOffer> {
    ctx.actor().may(Action::ReadInventory).ok()?;
    nullable(ctx.loaders().load::<OfferLoader, _>(id).await.map(|it| it.map(SupplierOffer)))
}
