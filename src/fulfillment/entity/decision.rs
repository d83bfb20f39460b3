//! The table of why units went from one supplier to others. What was decided when an order was placed is
//! kept with the order.

use sea_orm::FromJsonQueryResult;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{OrderId, RoutingDecisionId, SupplierOrderId};
use crate::routing::Plan;

/// A plan in a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct DecidedPlan(pub Plan);

/// One decision.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "routing_decision")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RoutingDecisionId,
    /// The order.
    pub order_id: OrderId,
    /// Whose units were to go elsewhere.
    pub supplier_order_id: SupplierOrderId,
    /// Who was to send what instead, and why.
    #[sea_orm(column_type = "JsonBinary")]
    pub plan: DecidedPlan,
    /// When.
    pub decided_at: Timestamp,
}

/// Relations inside the room.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
