//! Correcting where an order goes, while nothing is on its way there.
//!
//! A supplier that may have its part may have printed the label: it has to give the part back first. What left
//! already is where it went. The country stays, because shipping, taxes and the choice of suppliers hang on it.

use super::error::OrderAddressProblem;
use super::forward::is_doubtful;
use super::jobs::{ForwardSupplierOrder, ReplanRefused};
use super::state::SupplierOrderStatus as S;
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

type Refused = VerbError<OrderAddressProblem>;

/// Sends what was not sent yet of an order to another address of the same country, and tries again what could
/// not be sent. The address it has already is answered without a second effect.
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
    if order.shipping_address == address {
        return Ok(order);
    }
    if order.shipping_address.country_code != address.country_code {
        let message =
            format!("it goes to {}; cancel it for another country", order.shipping_address.country_code.name());
        return Err(VerbError::refused(OrderAddressProblem::AddressInvalid, "address.countryCode", message));
    }
    let parts = open_all(&tx, &order).await?;
    check(&tx, &order, &parts).await?;
    let order = orders::change_shipping_address(&tx, order, address).await?;
    for mut part in parts {
        part.order = order.clone();
        send_again(&tx, &mut part).await?;
    }
    audit::record(&tx, actor, "order.shippingAddressUpdate", id, Changes::none()).await?;
    tx.commit().await?;
    Ok(order)
}

async fn check(tx: &Tx, order: &order::Model, parts: &[Work]) -> Result<(), Refused> {
    // One that may have been sent before the database was restored is not known not to be with its supplier.
    let may_have = |part: &Work| match part.own.status {
        S::Shipped => false,
        status => (status.is_out() && !status.is_final()) || (!status.is_out() && is_doubtful(tx, &part.own)),
    };
    if let Some(part) = parts.iter().find(|part| may_have(part)) {
        let message = format!("a supplier may send {} to the old address; call it back first", part.own.id);
        return Err(VerbError::refused(OrderAddressProblem::WithSupplier, "id", message));
    }
    let lines = orders::lines_of(tx, &[order.id]).await?;
    if order.erased_at.is_some() || lines.iter().all(|it| it.live() <= it.shipped) {
        return Err(VerbError::refused(OrderAddressProblem::TooLate, "id", "nothing is left to be sent"));
    }
    Ok(())
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
    if work.lines.iter().any(|row| row.open() > 0) {
        jobs::enqueue(tx, &ReplanRefused { id, despite_limit: true }).await?;
    }
    Ok(())
}
