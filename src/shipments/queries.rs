//! Reading shipments.

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use super::entity::{event, line, shipment};
use crate::app::App;
use crate::fulfillment;
use crate::identity::{Action, Actor};
use crate::kernel::ids::{OrderId, ShipmentId, SupplierOrderId};
use crate::kernel::problem::Fault;
use crate::orders;

/// The shipment, whoever asks.
pub async fn lookup(conn: &impl ConnectionTrait, id: ShipmentId) -> Result<Option<shipment::Model>, Fault> {
    Ok(shipment::Entity::find_by_id(id).one(conn).await?)
}

/// The shipment, if its order or its supplier order is `actor`'s to see.
pub async fn find(app: &App, actor: &Actor, id: ShipmentId) -> Result<Option<shipment::Model>, Fault> {
    let Some(shipment) = lookup(app.db.read(), id).await? else {
        // Who may see no shipment is not told which there are.
        if actor.may(Action::ReadOrder).is_err() {
            actor.may(Action::ReadSupplierOrder)?;
        }
        return Ok(None);
    };
    if actor.is_supplier() {
        let own = fulfillment::find(app, actor, shipment.supplier_order_id).await?;
        return Ok(own.map(|_| shipment));
    }
    match orders::find(app, actor, shipment.order_id).await {
        Ok(order) => Ok(order.map(|_| shipment)),
        Err(Fault::Forbidden) => {
            actor.may(Action::ReadSupplierOrder)?;
            Ok(Some(shipment))
        }
        Err(fault) => Err(fault),
    }
}

/// The shipments with these ids, in no order.
pub async fn load_many(conn: &impl ConnectionTrait, ids: &[ShipmentId]) -> Result<Vec<shipment::Model>, Fault> {
    let query = shipment::Entity::find().filter(shipment::Column::Id.is_in(ids.iter().copied()));
    Ok(query.all(conn).await?)
}

/// The shipments of orders, oldest first.
pub async fn of_orders(conn: &impl ConnectionTrait, ids: &[OrderId]) -> Result<Vec<shipment::Model>, Fault> {
    let query = shipment::Entity::find().filter(shipment::Column::OrderId.is_in(ids.iter().copied()));
    Ok(query.order_by_asc(shipment::Column::Id).all(conn).await?)
}

/// The shipments of supplier orders, oldest first.
pub async fn of_supplier_orders(
    conn: &impl ConnectionTrait,
    ids: &[SupplierOrderId],
) -> Result<Vec<shipment::Model>, Fault> {
    let query = shipment::Entity::find().filter(shipment::Column::SupplierOrderId.is_in(ids.iter().copied()));
    Ok(query.order_by_asc(shipment::Column::Id).all(conn).await?)
}

/// The events of shipments, the latest last.
pub async fn events_of(conn: &impl ConnectionTrait, ids: &[ShipmentId]) -> Result<Vec<event::Model>, Fault> {
    let query = event::Entity::find().filter(event::Column::ShipmentId.is_in(ids.iter().copied()));
    Ok(query.order_by_asc(event::Column::OccurredAt).order_by_asc(event::Column::Id).all(conn).await?)
}

/// What is in shipments.
pub async fn lines_of(conn: &impl ConnectionTrait, ids: &[ShipmentId]) -> Result<Vec<line::Model>, Fault> {
    let query = line::Entity::find().filter(line::Column::ShipmentId.is_in(ids.iter().copied()));
    Ok(query.order_by_asc(line::Column::Id).all(conn).await?)
}
