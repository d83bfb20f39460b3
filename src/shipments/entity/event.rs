//! The table of tracking events.

use sea_orm::entity::prelude::*;

use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{ShipmentEventId, ShipmentId};
use crate::suppliers::ShipmentStatus;

/// What a carrier said once.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "shipment_event")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ShipmentEventId,
    /// The parcel.
    pub shipment_id: ShipmentId,
    /// The sender's id of the event; a repeat is the same event.
    pub external_id: String,
    /// Where the parcel was; `None` for a word nobody here knows, which changes nothing.
    pub status: Option<ShipmentStatus>,
    /// The sender's word for it.
    pub raw_status: String,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// What happened, in the carrier's words.
    pub description: Option<String>,
    /// Where it happened.
    pub location: Option<String>,
    /// When we learned of it.
    pub received_at: Timestamp,
}

/// Relations inside the room.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
