//! Correcting where an order goes, while nothing is on its way there.
//!
//! What was never handed to a supplier goes to the new address. A supplier that may know its part with the old one
//! – as a draft, or under a reference that it takes once – may send it there, whatever became of the call, so that
//! nothing is corrected then; unless it refused: then the part is made anew. What has left or ended keeps the
//! address it had. The country stays, because shipping, taxes and the choice of suppliers hang on it.

use super::create;
use super::entity::line;
use super::error::OrderAddressProblem;
use super::jobs::{ForwardSupplierOrder, ReplanRefused};
use super::state::SupplierOrderStatus as S;
use super::trouble;
use super::work::{Work, open_all};
use crate::app::App;
use crate::identity::audit::Changes;
use crate::identity::{Action, Actor, audit};
use crate::kernel::address::Address;
use crate::kernel::ids::OrderId;
use crate::kernel::problem::{Fault, VerbError};
use crate::orders::{self, order};
use crate::platform::jobs;
use crate::platform::tx::Tx;
use crate::workitems;

type Refused = VerbError<OrderAddressProblem>;

/// Sends what has not left of an order to another address of the same country, and tries again what could not
/// be sent. The address it has already is answered without a second effect.
///
/// # Errors
/// If no parcel can arrive there, a supplier may send to the old address, or nothing is left to be sent.
pub async fn order_shipping_address_update(
    app: &App,
    actor: &Actor,
    id: OrderId,
    address: Address,
) -> Result<order::Model, Refused> {
    // Whoever changes it reads it.
    actor.may(Action::ReadOrders)?;
    actor.may(Action::ManageFulfillment)?;
    let address = address.deliverable(OrderAddressProblem::AddressInvalid)?;
    let tx = Tx::begin(app).await?;
    let missing = || VerbError::refused(OrderAddressProblem::NotFound, "id", "there is no such order");
    let order = orders::lock(&tx, id).await?.ok_or_else(missing)?;
    let old = order.shipping_address.clone();
    if old == address {
        return Ok(order);
    }
    if old.country_code != address.country_code {
        let message = format!("it goes to {}; cancel it for another country", old.country_code.name());
        return Err(VerbError::refused(OrderAddressProblem::AddressInvalid, "address.countryCode", message));
    }
    let parts = open_all(&tx, &order).await?;
    check(&tx, &order, &parts).await?;
    let order = orders::change_shipping_address(&tx, order, address).await?;
    for mut part in parts {
        redirect(&tx, &mut part, &old).await?;
    }
    let order = orders::lookup(&tx, id).await?.unwrap_or(order);
    audit::record(&tx, actor, "order.shippingAddressUpdate", id, Changes::none()).await?;
    tx.commit().await?;
    Ok(order)
}

async fn check(tx: &Tx, order: &order::Model, parts: &[Work]) -> Result<(), Refused> {
    let refuse = |message: &str| VerbError::refused(OrderAddressProblem::WithSupplier, "id", message);
    if let Some(part) = parts.iter().find(|part| may_be_sent(part)) {
        return Err(refuse(&format!("a supplier may send {} to the old address", part.own.id)));
    }
    let unsent = parts.is_empty() || parts.iter().any(|part| !part.is_out());
    if unsent && create::is_doubtful(tx, order) {
        return Err(refuse("a supplier may have been asked before the database was restored"));
    }
    let lines = orders::lines_of(tx, &[order.id]).await?;
    if order.erased_at.is_some() || lines.iter().all(|it| it.live() <= it.shipped) {
        return Err(VerbError::refused(OrderAddressProblem::TooLate, "id", "nothing is left to be sent"));
    }
    Ok(())
}

/// Whether its supplier may send it to the old address.
fn may_be_sent(part: &Work) -> bool {
    match part.own.status {
        S::Shipped => false,
        status if status.is_final() => false,
        status => status.is_out() || part.own.sent_at.is_some(),
    }
}

/// Has a part go to the order's new address, if anything of it is still to go.
async fn redirect(tx: &Tx, part: &mut Work, old: &Address) -> Result<(), Fault> {
    if !part.is_out() {
        return Ok(());
    }
    if part.own.destination.is_none() {
        part.own.destination = Some(old.clone());
    }
    if part.own.was_refused_for_address() {
        part.own.recall_to = Some(part.own.supplier_id);
        let key = trouble::key(trouble::ADDRESS_REFUSED, part.own.id);
        workitems::close_by_key(tx, &key, "the address was corrected").await?;
    }
    part.save(tx).await?;
    send_again(tx, part).await
}

/// Has what could not be sent, or was refused, tried again.
pub(super) async fn send_again(tx: &Tx, work: &mut Work) -> Result<(), Fault> {
    let id = work.own.id;
    if work.own.status == S::Failed {
        work.step(tx, S::Queued, "the store has it sent again").await?;
        work.own.sendings = 0;
        work.save(tx).await?;
        jobs::enqueue(tx, &ForwardSupplierOrder { id }).await?;
    }
    if work.lines.iter().map(line::Model::open).sum::<i64>() > 0 {
        jobs::enqueue(tx, &ReplanRefused { id, despite_limit: true }).await?;
    }
    Ok(())
}
