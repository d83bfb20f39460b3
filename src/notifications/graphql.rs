//! Which mails went out, as the store sees it.

use async_graphql::{Context, Enum, Object};

use super::entity::Model;
use super::{entity, queries};
use crate::graph::scalars::DateTime;
use crate::graph::{Connection, ContextExt, GlobalId, Nullable, PageArgs, required};
use crate::identity::graphql::visible_to_store;
use crate::kernel::ids::NotificationId;
use crate::kernel::problem::Fault;

/// What a mail is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::NotificationKind", visible = "visible_to_store")]
pub enum NotificationKind {
    /// An order was placed.
    OrderConfirmation,
    /// A parcel left.
    OrderShipped,
    /// A parcel arrived.
    OrderDelivered,
    /// An order was cancelled, or a part of it.
    OrderCancelled,
    /// What has not left of an order goes to another address.
    OrderAddressChanged,
    /// The store gave money back.
    OrderRefunded,
    /// An address is to be verified.
    EmailVerification,
    /// Somebody registered an address that has an account.
    AlreadyRegistered,
    /// Somebody forgot a password.
    PasswordReset,
    /// A password was changed.
    PasswordChanged,
    /// The address an account is to move to is to be verified.
    EmailChange,
    /// An account was to move to an address that has one.
    EmailTaken,
    /// An account is to move to another address: told at the old one.
    EmailChangeNotice,
    /// Somebody is invited to work for the store.
    StaffInvitation,
}

/// Where a mail stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::NotificationStatus", visible = "visible_to_store")]
pub enum NotificationStatus {
    /// To be sent, now or when the mail server can be reached.
    Waiting,
    /// Handed to the mail server.
    Sent,
    /// Given up.
    Failed,
}

/// A mail about something that happened.
pub struct Notification(pub Model);

/// A mail about something that happened.
#[Object(visible = "visible_to_store")]
impl Notification {
    /// The id.
    pub async fn id(&self) -> GlobalId<NotificationId> {
        GlobalId(self.0.id)
    }

    /// What it is about.
    async fn kind(&self) -> NotificationKind {
        self.0.kind.into()
    }

    /// To whom.
    async fn recipient(&self) -> &str {
        &self.0.recipient
    }

    /// Where it stands.
    async fn status(&self) -> NotificationStatus {
        self.0.status.into()
    }

    /// Why it is not sent; null if nothing is wrong.
    async fn last_error(&self) -> Option<&str> {
        self.0.last_error.as_deref()
    }

    /// When it was to be sent.
    async fn created_at(&self) -> DateTime {
        self.0.created_at
    }

    /// When it was; null until then.
    async fn sent_at(&self) -> Option<DateTime> {
        self.0.sent_at
    }
}

/// The mail, for those who may see mails.
pub async fn find(ctx: &Context<'_>, id: NotificationId) -> Result<Option<Notification>, Fault> {
    Ok(queries::lookup(ctx.app(), ctx.actor(), id).await?.map(Notification))
}

/// The queries about mails.
#[derive(Default)]
pub struct NotificationQuery;

#[Object]
impl NotificationQuery {
    /// The mails about what happened, newest first: for answering «I got no mail». For the owner, and
    /// staff who may see customers.
    #[graphql(visible = "visible_to_store")]
    async fn notifications(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start.")] first: Option<i32>,
        #[graphql(desc = "The cursor to start behind.")] after: Option<String>,
        #[graphql(desc = "How many from the end.")] last: Option<i32>,
        #[graphql(desc = "The cursor to end before.")] before: Option<String>,
    ) -> Nullable<Connection<Notification>> {
        required(list(ctx, PageArgs::new(first, after, last, before)).await)
    }
}

async fn list(ctx: &Context<'_>, args: PageArgs) -> Result<Connection<Notification>, Fault> {
    let page = queries::list(ctx.app(), ctx.actor(), &args.request()?).await?.map(Notification);
    Connection::counted(ctx, page, queries::count(ctx.app(), ctx.actor())).await
}
