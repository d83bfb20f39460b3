//! The table of shipments.

use sea_orm::entity::prelude::*;

use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{OrderId, ShipmentId, SupplierId, SupplierOrderId};
use crate::suppliers::ShipmentStatus;

/// One parcel with a carrier.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "shipment")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ShipmentId,
    /// The order it belongs to.
    pub order_id: OrderId,
    /// The supplier order it belongs to.
    pub supplier_order_id: SupplierOrderId,
    /// Who sent it.
    pub supplier_id: SupplierId,
    /// What the sender calls it; unique within the supplier order.
    pub external_id: String,
    /// The carrier.
    pub carrier: String,
    /// The carrier's number for it.
    pub tracking_number: Option<String>,
    /// The carrier's page about it.
    pub tracking_url: Option<String>,
    /// Where it is, from its events.
    pub status: ShipmentStatus,
    /// When the event behind the status happened.
    pub status_at: Option<Timestamp>,
    /// When it left.
    pub shipped_at: Timestamp,
    /// When it arrived.
    pub delivered_at: Option<Timestamp>,
    /// Expected not before.
    pub estimated_earliest: Option<Timestamp>,
    /// Expected not after.
    pub estimated_latest: Option<Timestamp>,
    /// When we learned of it.
    pub created_at: Timestamp,
}

/// Relations inside the room.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
