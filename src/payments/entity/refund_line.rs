//! The table of units that were paid back.

use sea_orm::entity::prelude::*;

use crate::kernel::ids::{OrderLineId, RefundId};

/// Units of one line in one refund.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "refund_line")]
pub struct Model {
    /// The refund.
    #[sea_orm(primary_key, auto_increment = false)]
    pub refund_id: RefundId,
    /// The order's line.
    #[sea_orm(primary_key, auto_increment = false)]
    pub order_line_id: OrderLineId,
    /// How many units.
    pub quantity: i64,
}

/// They have no relations that queries follow.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
