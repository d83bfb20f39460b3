//! Parcels as customers, suppliers and the store's people see them, and the following of an order.

mod mutation;
mod tracking;
mod types;

pub use self::mutation::{
    ShipmentCreateInput, ShipmentErrorCode, ShipmentEventInput, ShipmentMutation, ShipmentPayload, ShipmentUserError,
};
pub use self::tracking::ShipmentSubscription;
pub use self::types::{Shipment, ShipmentEvent, ShipmentStatusOut, ShipmentsLoader};
use crate::graph::ContextExt;
use crate::kernel::ids::ShipmentId;
use crate::kernel::problem::Fault;

/// The shipment, for whoever may see it.
pub async fn find(ctx: &async_graphql::Context<'_>, id: ShipmentId) -> Result<Option<Shipment>, Fault> {
    Ok(super::find(ctx.app(), ctx.actor(), id).await?.map(Shipment))
}
