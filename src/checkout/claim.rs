//! A guest signs in, and their cart comes along.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};

use super::CheckoutError;
use super::access;
use super::carts::MAX_CODES;
use super::entity::cart::{self, Codes, Status};
use super::entity::cart_line;
use super::erase::forget;
use super::lines::{MAX_LINES, MAX_QUANTITY, of_cart};
use crate::app::App;
use crate::identity::{Actor, customers};
use crate::kernel::ids::CartId;
use crate::kernel::problem::Fault;
use crate::platform::tx::Tx;

/// What of a line changes when carts merge.
const MOVED: [cart_line::Column; 3] =
    [cart_line::Column::CartId, cart_line::Column::Position, cart_line::Column::Quantity];

/// Takes over a guest's cart for the customer who asks. If they have an open cart already, the guest's
/// lines are added to it, and the guest's cart is gone. Their own cart is answered as it is.
pub async fn claim(app: &App, actor: &Actor, id: CartId) -> Result<cart::Model, CheckoutError> {
    let customer_id = customers::acting(actor)?;
    let tx = Tx::begin(app).await?;
    // Two claims at once would make two carts.
    customers::lock(&tx, customer_id).await?;
    let was_guests = access::find(&tx, actor, id, tx.now()).await?.is_some_and(|cart| cart.customer_id.is_none());
    let cart = access::open(&tx, actor, id).await?;
    if !was_guests {
        return Ok(cart);
    }
    let own = cart::Entity::find()
        .filter(cart::Column::CustomerId.eq(customer_id))
        .filter(cart::Column::Status.eq(Status::Open))
        .filter(cart::Column::ExpiresAt.gt(tx.now()))
        .filter(cart::Column::Id.ne(id))
        .order_by_desc(cart::Column::UpdatedAt)
        .order_by_desc(cart::Column::Id)
        .limit(1)
        .lock_exclusive()
        .one(&tx)
        .await?;
    let cart = match own {
        Some(own) => merge(&tx, own, cart).await?,
        None => access::change(&tx, cart, |_| {}).await?,
    };
    tx.commit().await?;
    Ok(cart)
}

/// Adds what is in `guests` to `own`, which keeps its own word on everything else. What is beyond the
/// bounds of a cart is left out.
async fn merge(tx: &Tx, own: cart::Model, guests: cart::Model) -> Result<cart::Model, Fault> {
    let mut lines = of_cart(tx, own.id).await?;
    let mut changed = Vec::new();
    for line in of_cart(tx, guests.id).await? {
        if let Some(same) = lines.iter_mut().find(|it| it.variant_id == line.variant_id) {
            same.quantity = (same.quantity + line.quantity).min(MAX_QUANTITY);
            changed.push(same.clone());
        } else if lines.len() < MAX_LINES {
            let position = lines.last().map_or(0, |last| last.position + 1);
            let line = cart_line::Model { cart_id: own.id, position, ..line };
            changed.push(line.clone());
            lines.push(line);
        }
    }
    tx.save_all::<cart_line::Entity>(changed, &MOVED).await?;
    forget(tx, vec![guests.id]).await?;
    let mut codes = own.discount_codes.0.clone();
    codes.extend(guests.discount_codes.0.into_iter().filter(|code| !own.discount_codes.0.contains(code)));
    codes.truncate(MAX_CODES);
    let (email, phone) = match &own.email {
        Some(_) => (own.email.clone(), own.phone.clone()),
        None => (guests.email, guests.phone),
    };
    let country = own.country.or(guests.country);
    let shipping = own.shipping_address.clone().or(guests.shipping_address);
    let billing = own.billing_address.clone().or(guests.billing_address);
    access::change(tx, own, |row| {
        row.discount_codes = Set(Codes(codes));
        row.email = Set(email);
        row.phone = Set(phone);
        row.country = Set(country);
        row.shipping_address = Set(shipping);
        row.billing_address = Set(billing);
    })
    .await
}
