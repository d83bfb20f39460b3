//! The objects.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, Enum, Object};

use crate::app::App;
use crate::graph::scalars::DateTime;
use crate::graph::{Connection, ContextExt, GlobalId, Nullable, PageArgs, RequestLoader, SharedFault, required};
use crate::identity::graphql::visible_to_store;
use crate::identity::{Action, Actor};
use crate::kernel::ids::{OrderId, PaymentAttemptId, PaymentTransactionId, RefundId};
use crate::kernel::money::Money;
use crate::kernel::problem::Fault;
use crate::payments::{self, Attempt, AttemptStatus, Transaction, TransactionKind, TransactionStatus};

/// Where a payment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "AttemptStatus")]
pub enum PaymentAttemptStatus {
    /// The provider was not asked yet.
    Open,
    /// The provider has not decided, or its answer is being looked for.
    Processing,
    /// The money is held.
    Authorized,
    /// The provider said no.
    Declined,
    /// It was given up; nothing will be charged.
    Abandoned,
    /// What was held was released; nothing was charged.
    Voided,
}

/// Which way money moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "TransactionKind", visible = "visible_to_store")]
pub enum PaymentTransactionKind {
    /// Held money is taken.
    Capture,
    /// Held money is released.
    Void,
    /// Taken money is given back.
    Refund,
}

/// Where a movement of money stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "TransactionStatus", visible = "visible_to_store")]
pub enum PaymentTransactionStatus {
    /// Decided; the provider has not confirmed it yet.
    Pending,
    /// The provider did it.
    Succeeded,
    /// The provider refused.
    Failed,
}

/// One attempt to pay for a cart. Whoever shows it has decided that the caller may see it.
pub struct Payment(pub Attempt);

/// One attempt to pay for a cart.
#[Object]
impl Payment {
    /// The id.
    pub async fn id(&self) -> GlobalId<PaymentAttemptId> {
        GlobalId(self.0.id)
    }

    /// Where it stands.
    async fn status(&self) -> PaymentAttemptStatus {
        self.0.status.into()
    }

    /// How much it is about.
    async fn amount(&self) -> Money {
        self.0.money(self.0.amount)
    }

    /// The payment provider, as `PaymentInput.gateway` names it.
    async fn gateway(&self) -> &str {
        &self.0.gateway
    }

    /// Whether no real money moves.
    async fn test(&self) -> bool {
        self.0.test
    }

    /// What the buyer's client needs to confirm the payment with the provider; null if there is
    /// nothing left to confirm.
    async fn client_secret(&self) -> Option<&str> {
        // The test provider decides by the token alone.
        None
    }

    /// Why the provider said no, in its own words; null if it did not.
    async fn decline_code(&self) -> Option<&str> {
        self.0.decline_code.as_deref()
    }

    /// The provider's name for it; null until the money is held.
    #[graphql(visible = "visible_to_store")]
    async fn provider_id(&self, ctx: &Context<'_>) -> Nullable<String> {
        self.for_store(ctx, self.0.provider_id.clone()).transpose()
    }

    /// What is or was held; null for those who may not see payments.
    #[graphql(visible = "visible_to_store")]
    async fn authorized(&self, ctx: &Context<'_>) -> Nullable<Money> {
        self.for_store(ctx, Some(self.0.money(self.0.authorized))).transpose()
    }

    /// What was taken of it; null for those who may not see payments.
    #[graphql(visible = "visible_to_store")]
    async fn captured(&self, ctx: &Context<'_>) -> Nullable<Money> {
        self.for_store(ctx, Some(self.0.money(self.0.captured))).transpose()
    }

    /// What was released of it; null for those who may not see payments.
    #[graphql(visible = "visible_to_store")]
    async fn voided(&self, ctx: &Context<'_>) -> Nullable<Money> {
        self.for_store(ctx, Some(self.0.money(self.0.voided))).transpose()
    }

    /// What was given back of the taken; null for those who may not see payments.
    #[graphql(visible = "visible_to_store")]
    async fn refunded(&self, ctx: &Context<'_>) -> Nullable<Money> {
        self.for_store(ctx, Some(self.0.money(self.0.refunded))).transpose()
    }

    /// The movements of its money, oldest first; null for those who may not see payments.
    #[graphql(
        visible = "visible_to_store",
        complexity = "first.or(last).unwrap_or(20).max(1) as usize * child_complexity + 1"
    )]
    async fn transactions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start.")] first: Option<i32>,
        #[graphql(desc = "The cursor to start behind.")] after: Option<String>,
        #[graphql(desc = "How many from the end.")] last: Option<i32>,
        #[graphql(desc = "The cursor to end before.")] before: Option<String>,
    ) -> Nullable<Connection<PaymentTransaction>> {
        required(page(ctx, self.0.id, PageArgs::new(first, after, last, before)).await)
    }
}

impl Payment {
    fn for_store<T>(&self, ctx: &Context<'_>, value: Option<T>) -> async_graphql::Result<Option<T>> {
        ctx.actor().may(Action::ReadPayments)?;
        Ok(value)
    }
}

async fn page(
    ctx: &Context<'_>,
    id: PaymentAttemptId,
    args: PageArgs,
) -> Result<Connection<PaymentTransaction>, Fault> {
    let page = payments::transaction_page(ctx.app(), ctx.actor(), id, &args.request()?).await?;
    let count = payments::transaction_count(ctx.app(), ctx.actor(), id);
    Connection::counted(ctx, page.map(PaymentTransaction), count).await
}

/// One movement of money at a provider.
pub struct PaymentTransaction(pub Transaction);

/// One movement of money at a provider.
#[Object(visible = "visible_to_store")]
impl PaymentTransaction {
    /// The id; also the idempotency key at the provider.
    pub async fn id(&self) -> GlobalId<PaymentTransactionId> {
        GlobalId(self.0.id)
    }

    /// Which way.
    async fn kind(&self) -> PaymentTransactionKind {
        self.0.kind.into()
    }

    /// Where it stands.
    async fn status(&self) -> PaymentTransactionStatus {
        self.0.status.into()
    }

    /// How much.
    async fn amount(&self) -> Money {
        self.0.money()
    }

    /// Why.
    async fn reason(&self) -> &str {
        &self.0.reason
    }

    /// Why the provider refused; null if it did not.
    async fn error(&self) -> Option<&str> {
        self.0.error.as_deref()
    }

    /// When it was decided.
    async fn created_at(&self) -> DateTime {
        self.0.created_at
    }

    /// When the provider confirmed or refused it; null until then.
    async fn settled_at(&self) -> Option<DateTime> {
        self.0.settled_at
    }
}

/// Money given back to the customer.
pub struct Refund(pub payments::Refund);

/// Money given back to the customer.
#[Object(visible = "visible_to_store")]
impl Refund {
    /// The id.
    pub async fn id(&self) -> GlobalId<RefundId> {
        GlobalId(self.0.id)
    }

    /// Where it stands.
    async fn status(&self, ctx: &Context<'_>) -> async_graphql::Result<PaymentTransactionStatus> {
        Ok(self.movement(ctx).await?.status.into())
    }

    /// How much.
    async fn amount(&self) -> Money {
        self.0.money()
    }

    /// Why.
    async fn reason(&self) -> &str {
        &self.0.reason
    }

    /// The movement that does it.
    async fn transaction(&self, ctx: &Context<'_>) -> async_graphql::Result<PaymentTransaction> {
        Ok(PaymentTransaction(self.movement(ctx).await?))
    }

    /// When it was asked for.
    async fn created_at(&self) -> DateTime {
        self.0.created_at
    }
}

impl Refund {
    async fn movement(&self, ctx: &Context<'_>) -> Result<Transaction, SharedFault> {
        let found = ctx.loaders().load::<TransactionLoader, _>(self.0.transaction_id).await?;
        found.ok_or_else(|| Fault::internal(format!("refund {} has no movement", self.0.id)).into())
    }
}

/// The payment, for those who may see payments.
pub async fn find(ctx: &Context<'_>, id: PaymentAttemptId) -> Result<Option<Payment>, Fault> {
    ctx.actor().may(Action::ReadPayments)?;
    Ok(payments::lookup(ctx.app().db.read(), id).await?.map(Payment))
}

/// The movement, for those who may see payments.
pub async fn find_transaction(
    ctx: &Context<'_>,
    id: PaymentTransactionId,
) -> Result<Option<PaymentTransaction>, Fault> {
    ctx.actor().may(Action::ReadPayments)?;
    Ok(payments::transaction(ctx.app().db.read(), id).await?.map(PaymentTransaction))
}

/// The refund, for those who may see payments.
pub async fn find_refund(ctx: &Context<'_>, id: RefundId) -> Result<Option<Refund>, Fault> {
    ctx.actor().may(Action::ReadPayments)?;
    Ok(payments::lookup_refund(ctx.app().db.read(), id).await?.map(Refund))
}

/// Loads payments by id, and by the order they became. Whoever uses it has decided that the actor may
/// see them.
pub struct PaymentLoader(App);

impl RequestLoader for PaymentLoader {
    fn new(app: &App, _: &Actor) -> Self {
        Self(app.clone())
    }
}

impl Loader<PaymentAttemptId> for PaymentLoader {
    type Value = Attempt;
    type Error = SharedFault;

    async fn load(&self, keys: &[PaymentAttemptId]) -> Result<HashMap<PaymentAttemptId, Attempt>, SharedFault> {
        let rows = payments::load_by_ids(self.0.db.read(), keys).await?;
        Ok(rows.into_iter().map(|row| (row.id, row)).collect())
    }
}

impl Loader<OrderId> for PaymentLoader {
    type Value = Attempt;
    type Error = SharedFault;

    async fn load(&self, keys: &[OrderId]) -> Result<HashMap<OrderId, Attempt>, SharedFault> {
        let rows = payments::of_orders(self.0.db.read(), keys).await?;
        Ok(rows.into_iter().filter_map(|row| Some((row.order_id?, row))).collect())
    }
}

/// Loads movements by id.
pub struct TransactionLoader(App);

impl RequestLoader for TransactionLoader {
    fn new(app: &App, _: &Actor) -> Self {
        Self(app.clone())
    }
}

impl Loader<PaymentTransactionId> for TransactionLoader {
    type Value = Transaction;
    type Error = SharedFault;

    async fn load(
        &self,
        keys: &[PaymentTransactionId],
    ) -> Result<HashMap<PaymentTransactionId, Transaction>, SharedFault> {
        let rows = payments::load_transactions(self.0.db.read(), keys).await?;
        Ok(rows.into_iter().map(|row| (row.id, row)).collect())
    }
}
