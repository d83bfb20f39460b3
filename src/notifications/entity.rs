//! The table of mails.

use sea_orm::entity::prelude::*;

use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{EventId, NotificationId, OrderId};

/// What a mail is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum NotificationStatus {
    /// To be sent, now or when the mail server can be reached.
    Waiting,
    /// Handed to the mail server.
    Sent,
    /// Given up.
    Failed,
}

/// One mail.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "notification")]
pub struct Model {
    /// The id, which is also the mail's own.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: NotificationId,
    /// The event it tells of.
    pub event_id: EventId,
    /// What it is about.
    pub kind: NotificationKind,
    /// To whom.
    pub recipient: String,
    /// About which order.
    pub order_id: Option<OrderId>,
    /// Where it stands.
    pub status: NotificationStatus,
    /// Why it is not sent.
    pub last_error: Option<String>,
    /// When it was to be sent.
    pub created_at: Timestamp,
    /// When it was.
    pub sent_at: Option<Timestamp>,
}

/// Mails have no relations inside this room.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
