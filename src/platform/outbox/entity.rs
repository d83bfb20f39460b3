//! The table of events.

use sea_orm::entity::prelude::*;
use serde_json::Value;

use crate::kernel::clock::Timestamp;
use crate::kernel::event::{Audience, EventType};
use crate::kernel::ids::{EventId, OrderId, ShipmentId, SupplierOrderId, WorkItemId};

/// One event.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "event")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: EventId,
    /// The stream it belongs to, such as an order's id.
    pub stream: String,
    /// Its number in the stream, from 1, without gaps.
    pub seq: i64,
    /// Its number in the store, given after the commit.
    pub position: Option<i64>,
    /// What happened.
    #[sea_orm(column_name = "type")]
    pub kind: EventType,
    /// Who may see it.
    pub audience: Audience,
    /// A sentence for people.
    pub message: String,
    /// Facts for programs.
    #[sea_orm(column_type = "JsonBinary")]
    pub data: Value,
    /// The order it is about.
    pub order_id: Option<OrderId>,
    /// The supplier order it is about.
    pub supplier_order_id: Option<SupplierOrderId>,
    /// The shipment it is about.
    pub shipment_id: Option<ShipmentId>,
    /// The work item it is about.
    pub work_item_id: Option<WorkItemId>,
    /// When it happened.
    pub occurred_at: Timestamp,
}

/// Events have no relations inside this room.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
