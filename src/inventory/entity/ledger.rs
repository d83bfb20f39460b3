//! The table of the stock ledger: one line per change of an offer's figures, never changed.

use sea_orm::entity::prelude::*;

use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{LedgerEntryId, OfferId, OrderId, PaymentAttemptId};

/// Why the figures changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LedgerKind {
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
    /// The owner, or the supplier's record, changed the buffer or the confidence.
    Adjusted,
}

/// One line. `reported`, `reserved` and `committed` are the figures after it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "stock_ledger")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LedgerEntryId,
    /// Whose figures.
    pub offer_id: OfferId,
    /// Its number within the offer, from 1, without gaps.
    pub seq: i64,
    /// Why.
    pub kind: LedgerKind,
    /// What was added to *reported*.
    pub reported_delta: i64,
    /// What was added to *reserved*.
    pub reserved_delta: i64,
    /// What was added to *committed*.
    pub committed_delta: i64,
    /// *Reported* after it.
    pub reported: i64,
    /// *Reserved* after it.
    pub reserved: i64,
    /// *Committed* after it.
    pub committed: i64,
    /// The buffer after it.
    pub safety_buffer: i64,
    /// The confidence after it, in millionths.
    pub confidence: i64,
    /// The moment the report is true of.
    pub as_of: Option<Timestamp>,
    /// The checkout it is about.
    pub holder: Option<PaymentAttemptId>,
    /// The order it is about.
    pub order_id: Option<OrderId>,
    /// What caused it: an id, or a report's name.
    pub document: String,
    /// When.
    pub occurred_at: Timestamp,
}

/// The ledger has no relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
