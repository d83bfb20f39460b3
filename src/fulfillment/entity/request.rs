//! The table of what was asked of suppliers about supplier orders, over the wire.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{SupplierOrderId, SupplierRequestId};

/// What was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RequestCall {
    /// To take the order.
    Submit,
    /// Whether it has the order.
    Find,
    /// To drop the order.
    Cancel,
}

/// What came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RequestOutcome {
    /// It was done: the supplier has the order, or dropped it.
    Done,
    /// The supplier does not have the order.
    NotFound,
    /// The supplier has not decided yet.
    Pending,
    /// The supplier will not.
    Refused,
    /// Surely not done; it is tried again.
    Failed,
    /// Nobody knows whether it was done.
    Unknown,
}

/// One call. No text of the supplier's is kept, which might name a person.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "supplier_request")]
pub struct Model {
    /// The id; ids sort by time.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SupplierRequestId,
    /// The supplier order it was about.
    pub supplier_order_id: SupplierOrderId,
    /// What was asked.
    pub call: RequestCall,
    /// What came back.
    pub outcome: RequestOutcome,
    /// The key it was asked under: our reference, or the supplier's own id of the order.
    pub reference: String,
    /// The HTTP status of the last answer; none if there was no answer, or no HTTP.
    pub http_status: Option<i32>,
    /// How long it took, in milliseconds.
    pub took_ms: i64,
    /// When it was asked.
    pub at: Timestamp,
}

/// Relations inside the room.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
