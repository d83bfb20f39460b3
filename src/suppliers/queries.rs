//! Reading suppliers and their services.

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use super::entity::supplier::SupplierStatus;
use super::{service, supplier};
use crate::kernel::ids::SupplierId;
use crate::kernel::problem::Fault;

/// The supplier with this id.
pub async fn lookup(conn: &impl ConnectionTrait, id: SupplierId) -> Result<Option<supplier::Model>, Fault> {
    Ok(supplier::Entity::find_by_id(id).one(conn).await?)
}

/// The suppliers with these ids, in no order.
pub async fn load_many(conn: &impl ConnectionTrait, ids: &[SupplierId]) -> Result<Vec<supplier::Model>, Fault> {
    let query = supplier::Entity::find().filter(supplier::Column::Id.is_in(ids.iter().copied()));
    Ok(query.all(conn).await?)
}

/// Every supplier that new orders may go to.
pub async fn active(conn: &impl ConnectionTrait) -> Result<Vec<supplier::Model>, Fault> {
    let query = supplier::Entity::find().filter(supplier::Column::Status.eq(SupplierStatus::Active));
    Ok(query.order_by_asc(supplier::Column::Id).all(conn).await?)
}

/// The shipping services of these suppliers, by supplier and code.
pub async fn services_of(conn: &impl ConnectionTrait, suppliers: &[SupplierId]) -> Result<Vec<service::Model>, Fault> {
    let query = service::Entity::find().filter(service::Column::SupplierId.is_in(suppliers.iter().copied()));
    let query = query.order_by_asc(service::Column::SupplierId).order_by_asc(service::Column::Code);
    Ok(query.all(conn).await?)
}
