//! The table of supplier orders' lines.

use sea_orm::entity::prelude::*;

use crate::kernel::ids::{OfferId, OrderLineId, SupplierOrderId, SupplierOrderLineId, VariantId};

/// One line of a supplier order.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "supplier_order_line")]
pub struct Model {
    /// The id; its text is the `lineId` the supplier knows it by.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SupplierOrderLineId,
    /// The supplier order.
    pub supplier_order_id: SupplierOrderId,
    /// The order line these units are for.
    pub order_line_id: OrderLineId,
    /// The offer they come from.
    pub offer_id: OfferId,
    /// What they are.
    pub variant_id: VariantId,
    /// The supplier's name for it.
    pub supplier_sku: String,
    /// The store's name for it.
    pub title: String,
    /// Units asked for.
    pub quantity: i64,
    /// Units the supplier will send.
    pub accepted: i64,
    /// Units the supplier will not send.
    pub refused: i64,
    /// Of the refused units, those that another supplier order took over or that were cancelled.
    pub settled: i64,
    /// Units taken back before they left.
    pub cancelled: i64,
    /// Units handed to a carrier.
    pub shipped: i64,
    /// Units delivered.
    pub delivered: i64,
    /// What one costs, in the supplier's currency.
    pub unit_cost: i64,
    /// The same in the order's currency.
    pub store_unit_cost: i64,
    /// Why units were refused, for programs.
    pub reason_code: Option<String>,
    /// Why units were refused, for people.
    pub reason_message: Option<String>,
}

/// What changes after a line was made.
pub const CHANGING: [Column; 10] = [
    Column::Accepted,
    Column::Refused,
    Column::Settled,
    Column::Cancelled,
    Column::Shipped,
    Column::Delivered,
    Column::UnitCost,
    Column::StoreUnitCost,
    Column::ReasonCode,
    Column::ReasonMessage,
];

impl Model {
    /// Units that are still expected, or were sent.
    pub fn live(&self) -> i64 {
        self.quantity - self.refused - self.cancelled
    }

    /// Refused units nobody has taken over yet.
    pub fn open(&self) -> i64 {
        self.refused - self.settled
    }
}

/// Relations inside the room.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
