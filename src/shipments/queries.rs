//! Reading shipments.

use sea_orm::{ConnectionTrait, EntityTrait};

use super::entity::shipment;
use crate::kernel::ids::ShipmentId;
use crate::kernel::problem::Fault;

/// The shipment, whoever asks.
pub async fn lookup(conn: &impl ConnectionTrait, id: ShipmentId) -> Result<Option<shipment::Model>, Fault> {
    Ok(shipment::Entity::find_by_id(id).one(conn).await?)
}
