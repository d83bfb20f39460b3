//! Customers' address books: nobody's but their own.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, Set,
};

use super::customers::{self, CustomerProblem};
use super::entity::customer;
use super::entity::customer_address::{ActiveModel, Column, Entity, Model};
use super::{Action, Actor};
use crate::app::App;
use crate::kernel::address::Address;
use crate::kernel::ids::{CustomerAddressId, CustomerId};
use crate::kernel::problem::{Fault, VerbError};
use crate::platform::tx::Tx;

/// The most addresses of one customer.
pub const MAX_ADDRESSES: u64 = 50;

/// How a verb about addresses says no.
type Refused = VerbError<CustomerProblem>;

/// Notes an address; the first one is the default. The customer, and the address' id.
pub async fn create(
    app: &App,
    actor: &Actor,
    address: Address,
) -> Result<(customer::Model, CustomerAddressId), Refused> {
    let customer_id = customers::acting(actor)?;
    let address = address.deliverable(CustomerProblem::AddressInvalid)?;
    let tx = Tx::begin(app).await?;
    let owner = customers::lock(&tx, customer_id).await?;
    if Entity::find().filter(Column::CustomerId.eq(customer_id)).count(&tx).await? >= MAX_ADDRESSES {
        let message = format!("there are {MAX_ADDRESSES} addresses already");
        return Err(VerbError::refused(CustomerProblem::TooMany, "address", message));
    }
    let id: CustomerAddressId = tx.new_id();
    let row = ActiveModel {
        id: Set(id),
        customer_id: Set(customer_id),
        address: Set(address),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
    };
    Entity::insert(row).exec_without_returning(&tx).await?;
    let owner = if owner.default_address_id.is_none() { set_default(&tx, owner, Some(id)).await? } else { owner };
    tx.commit().await?;
    Ok((owner, id))
}

/// Replaces an address.
pub async fn update(
    app: &App,
    actor: &Actor,
    id: CustomerAddressId,
    address: Address,
) -> Result<customer::Model, Refused> {
    let customer_id = customers::acting(actor)?;
    let address = address.deliverable(CustomerProblem::AddressInvalid)?;
    let tx = Tx::begin(app).await?;
    let owner = customers::lock(&tx, customer_id).await?;
    let mut row = own(&tx, actor, id).await?.into_active_model();
    row.address = Set(address);
    row.updated_at = Set(tx.now());
    row.update(&tx).await?;
    tx.commit().await?;
    Ok(owner)
}

/// Forgets an address. Carts and orders that it was copied to keep it. Without the default, there is
/// none until another one is chosen.
pub async fn delete(app: &App, actor: &Actor, id: CustomerAddressId) -> Result<customer::Model, Refused> {
    let customer_id = customers::acting(actor)?;
    let tx = Tx::begin(app).await?;
    let owner = customers::lock(&tx, customer_id).await?;
    let row = own(&tx, actor, id).await?;
    let was_default = owner.default_address_id == Some(row.id);
    let owner = if was_default { set_default(&tx, owner, None).await? } else { owner };
    Entity::delete_by_id(row.id).exec(&tx).await?;
    tx.commit().await?;
    Ok(owner)
}

/// Makes an address the one that parcels go to unless they say otherwise.
pub async fn choose_default(app: &App, actor: &Actor, id: CustomerAddressId) -> Result<customer::Model, Refused> {
    let customer_id = customers::acting(actor)?;
    let tx = Tx::begin(app).await?;
    let owner = customers::lock(&tx, customer_id).await?;
    let row = own(&tx, actor, id).await?;
    let owner = set_default(&tx, owner, Some(row.id)).await?;
    tx.commit().await?;
    Ok(owner)
}

async fn set_default(tx: &Tx, owner: customer::Model, id: Option<CustomerAddressId>) -> Result<customer::Model, Fault> {
    let mut row = owner.into_active_model();
    row.default_address_id = Set(id);
    Ok(row.update(tx).await?)
}

/// Somebody else's address is not found.
async fn own(tx: &Tx, actor: &Actor, id: CustomerAddressId) -> Result<Model, Refused> {
    let found = Entity::find_by_id(id).one(tx).await?;
    let found = found.filter(|row| actor.may_on(Action::ActAsCustomer, row).is_ok());
    found.ok_or_else(|| VerbError::refused(CustomerProblem::NotFound, "id", "there is no such address"))
}

/// The addresses of customers, oldest first; the caller has checked whose they are.
pub async fn of_customers(conn: &impl ConnectionTrait, ids: &[CustomerId]) -> Result<Vec<Model>, Fault> {
    let query = Entity::find().filter(Column::CustomerId.is_in(ids.iter().copied()));
    Ok(query.order_by_asc(Column::Id).limit(MAX_ADDRESSES * ids.len() as u64).all(conn).await?)
}
