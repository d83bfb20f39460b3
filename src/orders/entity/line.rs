//! The table of order lines: what was bought, as it was then, and what became of it.

use sea_orm::entity::prelude::*;

use crate::kernel::ids::{OrderId, OrderLineId, ProductId, VariantId};

/// One line of an order.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "order_line")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OrderLineId,
    /// The order.
    pub order_id: OrderId,
    /// Its place among the lines, from 0.
    pub place: i32,
    /// What was bought.
    pub variant_id: VariantId,
    /// The product it is a variant of.
    pub product_id: ProductId,
    /// The product's title then.
    pub title: String,
    /// The variant's title then.
    pub variant_title: String,
    /// The SKU then.
    pub sku: String,
    /// The price of one then.
    pub unit_price: i64,
    /// Price times quantity.
    pub subtotal: i64,
    /// The line's share of the discounts.
    pub discount: i64,
    /// The line's share of the tax.
    pub tax: i64,
    /// What the customer pays for the line.
    pub total: i64,
    /// What the goods were planned to cost the store, in the order's currency.
    pub planned_cost: i64,
    /// Units ordered.
    pub quantity: i64,
    /// Units that will not be sent.
    pub cancelled: i64,
    /// Units now with suppliers that were sent the order.
    pub forwarded: i64,
    /// Units suppliers accepted.
    pub accepted: i64,
    /// Units handed to carriers.
    pub shipped: i64,
    /// Units delivered.
    pub delivered: i64,
    /// Units that came back.
    pub returned: i64,
}

impl Model {
    /// What is left of the price of one after discounts and without tax; nothing of a line without units.
    pub fn net_unit_price(&self) -> Option<i64> {
        (self.total - self.tax).checked_div(self.quantity)
    }

    /// Units that are still to be sent, or were.
    pub fn live(&self) -> i64 {
        self.quantity - self.cancelled
    }
}

/// Relations inside the room.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
