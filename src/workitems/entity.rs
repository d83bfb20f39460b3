//! The table of work items.

use sea_orm::FromJsonQueryResult;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{OrderId, StaffId, SupplierOrderId, WorkItemId};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Severity {
    /// Good to know.
    Low,
    /// To be looked at.
    Normal,
    /// A customer waits.
    High,
    /// Money or trust is being lost.
    Critical,
}

/// Where an item stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum WorkItemStatus {
    /// Waiting for somebody.
    Open,
    /// Put off until a later time.
    Snoozed,
    /// Done, or gone by itself.
    Resolved,
}

/// What can be done, as codes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct Actions(pub Vec<String>);

/// One item.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "work_item")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: WorkItemId,
    /// What kind of trouble, such as `NO_SUPPLIER`.
    pub kind: String,
    /// How bad it is.
    pub severity: Severity,
    /// Where it stands.
    pub status: WorkItemStatus,
    /// The global id of what it is about.
    pub subject: String,
    /// The order it is about.
    pub order_id: Option<OrderId>,
    /// The supplier order it is about.
    pub supplier_order_id: Option<SupplierOrderId>,
    /// What is wrong, for people.
    pub message: String,
    /// What can be done.
    #[sea_orm(column_type = "JsonBinary")]
    pub actions: Actions,
    /// When it should be done.
    pub due_at: Option<Timestamp>,
    /// Who of the store works it.
    pub assignee_id: Option<StaffId>,
    /// Kept unique until the item is resolved.
    pub dedupe_key: Option<String>,
    /// Until when it is put off.
    pub snoozed_until: Option<Timestamp>,
    /// What was done.
    pub resolution: Option<String>,
    /// What was said about it.
    pub note: Option<String>,
    /// Who did it.
    pub resolved_by: Option<String>,
    /// When it was done.
    pub resolved_at: Option<Timestamp>,
    /// When it came up.
    pub created_at: Timestamp,
}

/// Items have no relations inside this room.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
