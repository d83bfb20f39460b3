//! The table of what is in shipments.

use sea_orm::entity::prelude::*;

use crate::kernel::ids::{OrderLineId, ShipmentId, ShipmentLineId, SupplierOrderLineId};

/// Units of one line in a parcel.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "shipment_line")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ShipmentLineId,
    /// The parcel.
    pub shipment_id: ShipmentId,
    /// The line of the supplier order.
    pub supplier_order_line_id: SupplierOrderLineId,
    /// The line of the order.
    pub order_line_id: OrderLineId,
    /// Units.
    pub quantity: i64,
}

/// Relations inside the room.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
