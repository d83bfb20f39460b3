//! Which suppliers an order went to, so that orders can be found by supplier.

use sea_orm::entity::prelude::*;

use crate::kernel::ids::{OrderId, SupplierId};

/// One supplier of one order.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "order_supplier")]
pub struct Model {
    /// The order.
    #[sea_orm(primary_key, auto_increment = false)]
    pub order_id: OrderId,
    /// The supplier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub supplier_id: SupplierId,
}

/// Relations inside the room.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
