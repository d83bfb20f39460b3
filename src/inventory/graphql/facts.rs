//! The raw facts: who holds what, who took what, and every change of every figure.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, Enum, Object};
use rust_decimal::Decimal;

use super::types::{OfferLoader, SupplierOffer};
use crate::app::App;
use crate::graph::scalars::DateTime;
use crate::graph::{ContextExt, GlobalId, Nullable, RequestLoader, SharedFault, nullable};
use crate::identity::Actor;
use crate::identity::graphql::visible_to_store;
use crate::inventory::entity::{acceptance, commitment};
use crate::inventory::ledger::{self, LedgerKind};
use crate::inventory::lists;
use crate::inventory::reservation::{self, ReservationState};
use crate::kernel::ids::{
    AcceptanceId, CommitmentId, LedgerEntryId, OfferId, OrderId, PaymentAttemptId, ReservationId,
};

async fn offer(ctx: &Context<'_>, id: OfferId) -> Nullable<SupplierOffer> {
    nullable(ctx.loaders().load::<OfferLoader, _>(id).await.map(|it| it.map(SupplierOffer)))
}

/// Why an offer's figures changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "LedgerKind", visible = "visible_to_store")]
pub enum LedgerEntryKind {
    /// The supplier reported; acceptances its figure now shows leave *committed*.
    Reported,
    /// A checkout took hold of units.
    Reserved,
    /// A checkout let go of them.
    Released,
    /// A checkout's units became an order's.
    Committed,
    /// An order took units without a checkout, because another offer fell out.
    CommittedDirectly,
    /// An order let go of units.
    CommitmentReleased,
    /// A supplier accepted units its figure showed already.
    Absorbed,
    /// The buffer or the confidence changed.
    Adjusted,
}

/// One change of an offer's figures, never changed itself.
pub struct LedgerEntry(pub ledger::Model);

/// One change of an offer's figures, never changed itself.
#[Object(visible = "visible_to_store")]
impl LedgerEntry {
    /// The id.
    async fn id(&self) -> GlobalId<LedgerEntryId> {
        GlobalId(self.0.id)
    }

    /// Whose figures; null only if the offer is gone.
    async fn offer(&self, ctx: &Context<'_>) -> Nullable<SupplierOffer> {
        offer(ctx, self.0.offer_id).await
    }

    /// Its number within the offer, from 1, without gaps.
    async fn sequence(&self) -> i64 {
        self.0.seq
    }

    /// Why.
    async fn kind(&self) -> LedgerEntryKind {
        self.0.kind.into()
    }

    /// What was added to *reported*.
    async fn reported_delta(&self) -> i64 {
        self.0.reported_delta
    }

    /// What was added to *reserved*.
    async fn reserved_delta(&self) -> i64 {
        self.0.reserved_delta
    }

    /// What was added to *committed*.
    async fn committed_delta(&self) -> i64 {
        self.0.committed_delta
    }

    /// *Reported* after it.
    async fn reported(&self) -> i64 {
        self.0.reported
    }

    /// *Reserved* after it.
    async fn reserved(&self) -> i64 {
        self.0.reserved
    }

    /// *Committed* after it.
    async fn committed(&self) -> i64 {
        self.0.committed
    }

    /// The buffer after it.
    async fn safety_buffer(&self) -> i64 {
        self.0.safety_buffer
    }

    /// The confidence after it, between 0 and 1.
    async fn confidence(&self) -> Decimal {
        Decimal::new(self.0.confidence, 6).normalize()
    }

    /// The moment the report behind *reported* is true of; null before the first.
    async fn as_of(&self) -> Option<DateTime> {
        self.0.as_of
    }

    /// The payment whose checkout it is about; null if it is about none.
    async fn payment_id(&self) -> Option<GlobalId<PaymentAttemptId>> {
        self.0.holder.map(GlobalId)
    }

    /// The order it is about; null if it is about none.
    async fn order_id(&self) -> Option<GlobalId<OrderId>> {
        self.0.order_id.map(GlobalId)
    }

    /// What caused it: an id, or a report's name.
    async fn document(&self) -> &str {
        &self.0.document
    }

    /// When.
    async fn occurred_at(&self) -> DateTime {
        self.0.occurred_at
    }
}

/// What became of a reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "ReservationState", visible = "visible_to_store")]
pub enum ReservationStatus {
    /// The checkout holds the units.
    Held,
    /// The checkout let go of them.
    Released,
    /// They became an order's.
    Committed,
}

/// Units of an offer held by a checkout.
pub struct Reservation(pub reservation::Model);

/// Units of an offer held by a checkout.
#[Object(visible = "visible_to_store")]
impl Reservation {
    /// The id.
    async fn id(&self) -> GlobalId<ReservationId> {
        GlobalId(self.0.id)
    }

    /// Of what; null only if the offer is gone.
    async fn offer(&self, ctx: &Context<'_>) -> Nullable<SupplierOffer> {
        offer(ctx, self.0.offer_id).await
    }

    /// How many.
    async fn quantity(&self) -> i64 {
        self.0.quantity
    }

    /// What became of it.
    async fn status(&self) -> ReservationStatus {
        self.0.state.into()
    }

    /// The payment whose checkout holds it.
    async fn payment_id(&self) -> GlobalId<PaymentAttemptId> {
        GlobalId(self.0.holder)
    }

    /// The order it went to; null if it went to none.
    async fn order_id(&self) -> Option<GlobalId<OrderId>> {
        self.0.order_id.map(GlobalId)
    }

    /// When its checkout should have ended.
    async fn expires_at(&self) -> DateTime {
        self.0.expires_at
    }

    /// When it was taken.
    async fn created_at(&self) -> DateTime {
        self.0.created_at
    }

    /// When it last changed.
    async fn updated_at(&self) -> DateTime {
        self.0.updated_at
    }
}

/// What an order takes of an offer.
pub struct Commitment(pub commitment::Model);

/// What an order takes of an offer.
#[Object(visible = "visible_to_store", name = "StockCommitment")]
impl Commitment {
    /// The id.
    async fn id(&self) -> GlobalId<CommitmentId> {
        GlobalId(self.0.id)
    }

    /// The order.
    async fn order_id(&self) -> GlobalId<OrderId> {
        GlobalId(self.0.order_id)
    }

    /// Of what; null only if the offer is gone.
    async fn offer(&self, ctx: &Context<'_>) -> Nullable<SupplierOffer> {
        offer(ctx, self.0.offer_id).await
    }

    /// How many it took in all.
    async fn quantity(&self) -> i64 {
        self.0.quantity
    }

    /// How many of them it let go of.
    async fn released(&self) -> i64 {
        self.0.released
    }

    /// How many the supplier accepted.
    async fn accepted(&self) -> i64 {
        self.0.accepted
    }

    /// How many the supplier's own figure shows by now.
    async fn absorbed(&self) -> i64 {
        self.0.absorbed
    }

    /// How many still count against the offer: quantity − released − absorbed.
    async fn outstanding(&self) -> i64 {
        self.0.outstanding()
    }

    /// What the supplier accepted, and when.
    #[graphql(complexity = "3 * child_complexity + 1")]
    async fn acceptances(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Acceptance>> {
        let found = ctx.loaders().load::<AcceptanceLoader, _>(self.0.id).await?;
        Ok(found.unwrap_or_default().into_iter().map(Acceptance).collect())
    }
}

/// A supplier's acceptance of committed units.
pub struct Acceptance(acceptance::Model);

/// A supplier's acceptance of committed units.
#[Object(visible = "visible_to_store", name = "StockAcceptance")]
impl Acceptance {
    /// The id.
    async fn id(&self) -> GlobalId<AcceptanceId> {
        GlobalId(self.0.id)
    }

    /// How many.
    async fn quantity(&self) -> i64 {
        self.0.quantity
    }

    /// When the supplier accepted.
    async fn accepted_at(&self) -> DateTime {
        self.0.accepted_at
    }

    /// When a report about a later moment arrived; null while there is none.
    async fn absorbed_at(&self) -> Option<DateTime> {
        self.0.absorbed_at
    }
}

/// Acceptances by commitment.
pub struct AcceptanceLoader(App);

impl RequestLoader for AcceptanceLoader {
    fn new(app: &App, _actor: &Actor) -> Self {
        Self(app.clone())
    }
}

impl Loader<CommitmentId> for AcceptanceLoader {
    type Value = Vec<acceptance::Model>;
    type Error = SharedFault;

    async fn load(&self, keys: &[CommitmentId]) -> Result<HashMap<CommitmentId, Vec<acceptance::Model>>, SharedFault> {
        let mut found: HashMap<CommitmentId, Vec<acceptance::Model>> = HashMap::new();
        for row in lists::acceptances_of(&self.0, keys).await? {
            found.entry(row.commitment_id).or_default().push(row);
        }
        Ok(found)
    }
}
