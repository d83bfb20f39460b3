//! The table of the steps supplier orders took.

use sea_orm::entity::prelude::*;

use crate::fulfillment::state::SupplierOrderStatus;
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::SupplierOrderId;

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "supplier_order_transition")]
pub struct Model {
    /// Whose step.
    #[sea_orm(primary_key, auto_increment = false)]
    pub supplier_order_id: SupplierOrderId,
    /// The how-many-th, from 1, without gaps.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i32,
    /// From where.
    pub from_status: SupplierOrderStatus,
    /// To where.
    pub to_status: SupplierOrderStatus,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// Relations inside the room.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
