//! What arrived, as the store's people see it.

use async_graphql::{Context, Enum, Object, SimpleObject};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::DeliveryFilter;
use super::entity;
use crate::graph::scalars::DateTime;
use crate::graph::{Connection, ContextExt, GlobalId, Nullable, PageArgs, payload, required};
use crate::identity::Action;
use crate::identity::graphql::visible_to_store;
use crate::kernel::ids::WebhookId;
use crate::kernel::problem::Fault;
use crate::user_error;

/// The longest name of a sender.
const MAX_SENDER: usize = 100;
/// How much of a message's own kind is shown.
const MAX_KIND: usize = 100;

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::DeliveryStatus", visible = "visible_to_store")]
pub enum WebhookDeliveryStatus {
    /// It waits for the worker, or for what it is about.
    Pending,
    /// It was taken in.
    Processed,
    /// It is of a kind we do not know, and means nothing to us.
    Ignored,
    /// It cannot be read, or cannot be true, or what it is about never came.
    Quarantined,
}

/// A message from a supplier or a payment provider, proved to come from it.
pub struct WebhookDelivery(pub entity::Model);

/// A message from a supplier or a payment provider, proved to come from it.
#[Object(visible = "visible_to_store")]
impl WebhookDelivery {
    /// The id.
    pub async fn id(&self) -> GlobalId<WebhookId> {
        GlobalId(self.0.id)
    }

    /// Who sent it: `suppliers/` and a supplier's id, or `payments/` and a provider's name.
    async fn sender(&self) -> &str {
        &self.0.sender
    }

    /// The sender's name for it; a repeat has the same and is absorbed.
    async fn message_id(&self) -> &str {
        &self.0.message_id
    }

    /// What it is about, in the sender's word for it, such as `order.updated`; null if it cannot be read.
    async fn kind(&self) -> Option<String> {
        kind(&self.0.body)
    }

    /// What became of it.
    async fn status(&self) -> WebhookDeliveryStatus {
        self.0.status.into()
    }

    /// How often it was tried.
    async fn attempts(&self) -> i32 {
        self.0.attempts
    }

    /// What kept it from being taken in; null if nothing did.
    async fn error(&self) -> Option<&str> {
        self.0.last_error.as_deref()
    }

    /// How long it is, in bytes.
    async fn size(&self) -> i64 {
        i64::try_from(self.0.body.len()).unwrap_or(i64::MAX)
    }

    /// The SHA-256 of what it says, in hexadecimal: messages with the same say the same.
    async fn digest(&self) -> String {
        hex::encode(Sha256::digest(&self.0.body))
    }

    /// What it says, as it came: it may name a buyer. Null without the permission `ORDERS`.
    async fn body(&self, ctx: &Context<'_>) -> Option<String> {
        ctx.actor().may(Action::ReadOrders).ok()?;
        Some(String::from_utf8_lossy(&self.0.body).into_owned())
    }

    /// When it came.
    async fn received_at(&self) -> DateTime {
        self.0.received_at
    }

    /// When it was decided; null while it waits.
    async fn processed_at(&self) -> Option<DateTime> {
        self.0.processed_at
    }
}

/// What a message calls itself.
fn kind(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        r#type: String,
    }
    let named: Named = serde_json::from_slice(body).ok()?;
    Some(named.r#type.chars().take(MAX_KIND).collect())
}

/// The message, for whoever may see them.
pub async fn find(ctx: &Context<'_>, id: WebhookId) -> Result<Option<WebhookDelivery>, Fault> {
    Ok(super::find(ctx.app(), ctx.actor(), id).await?.map(WebhookDelivery))
}

/// The queries about messages.
#[derive(Default)]
pub struct WebhookQuery;

#[Object]
impl WebhookQuery {
    /// What suppliers and payment providers sent, newest first. For the owner and staff.
    #[graphql(visible = "visible_to_store")]
    #[expect(clippy::too_many_arguments, reason = "they are the arguments of the GraphQL field")]
    async fn webhook_deliveries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start.")] first: Option<i32>,
        #[graphql(desc = "The cursor to start behind.")] after: Option<String>,
        #[graphql(desc = "How many from the end.")] last: Option<i32>,
        #[graphql(desc = "The cursor to end before.")] before: Option<String>,
        #[graphql(desc = "Only those of this status.")] status: Option<WebhookDeliveryStatus>,
        #[graphql(desc = "Only those of this sender, in the words of `WebhookDelivery.sender`.")] sender: Option<
            String,
        >,
    ) -> Nullable<Connection<WebhookDelivery>> {
        let filter = DeliveryFilter { status: status.map(Into::into), sender };
        required(page(ctx, &filter, PageArgs::new(first, after, last, before)).await)
    }
}

async fn page(
    ctx: &Context<'_>,
    filter: &DeliveryFilter,
    args: PageArgs,
) -> Result<Connection<WebhookDelivery>, Fault> {
    if filter.sender.as_ref().is_some_and(|sender| sender.len() > MAX_SENDER) {
        return Err(Fault::BadInput(format!("a sender has at most {MAX_SENDER} characters")));
    }
    let page = super::list(ctx.app(), ctx.actor(), filter, &args.request()?).await?;
    Connection::counted(ctx, page.map(WebhookDelivery), super::count(ctx.app(), ctx.actor(), filter)).await
}

/// Why a message cannot be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "super::WebhookProblem", visible = "visible_to_store")]
pub enum WebhookReplayErrorCode {
    /// There is no such message.
    NotFound,
}

user_error!(WebhookReplayUserError, WebhookReplayErrorCode, "visible_to_store");

/// What became of the wish to try a message again.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct WebhookReplayPayload {
    /// The message; null if there is none.
    delivery: Option<WebhookDelivery>,
    /// Why it is not tried again.
    user_errors: Vec<WebhookReplayUserError>,
}

/// The mutations of messages.
#[derive(Default)]
pub struct WebhookMutation;

#[Object]
impl WebhookMutation {
    /// Works a message again, such as one in quarantine; what it changed already it does not change
    /// twice. For the owner and staff.
    #[graphql(visible = "visible_to_store")]
    async fn webhook_replay(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The message's id.")] id: GlobalId<WebhookId>,
    ) -> Nullable<WebhookReplayPayload> {
        let result = payload(super::replay(ctx.app(), ctx.actor(), id.0).await);
        let build =
            |(it, user_errors): (Option<_>, _)| WebhookReplayPayload { delivery: it.map(WebhookDelivery), user_errors };
        required(result.map(build))
    }
}
