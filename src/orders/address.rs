//! Where an order goes, corrected.

use sea_orm::{ActiveModelTrait, IntoActiveModel, Set};

use super::entity::order;
use super::place::search_text;
use super::queries::lines_of;
use crate::kernel::address::Address;
use crate::kernel::event::{Audience, EventType};
use crate::kernel::problem::Fault;
use crate::platform::outbox::{self, NewEvent};
use crate::platform::tx::Tx;

/// Writes another shipping address into a locked order, and tells its customer. That nobody sends anything to
/// the old one any more is the caller's to know.
pub async fn change_shipping_address(tx: &Tx, order: order::Model, address: Address) -> Result<order::Model, Fault> {
    let lines = lines_of(tx, &[order.id]).await?;
    let goods = lines.iter().map(|it| (&it.title, &it.sku));
    let search_text = search_text(order.number, &[&order.email, &address.name], goods);
    let mut row = order.into_active_model();
    row.shipping_address = Set(address);
    row.search_text = Set(search_text);
    row.updated_at = Set(tx.now());
    let order = row.update(tx).await?;
    let message = "What was not sent yet goes to another address now.";
    outbox::append(tx, NewEvent::of_order(order.id, EventType::OrderAddressChanged, Audience::Customer, message))
        .await?;
    Ok(order)
}
