//! Filling in a cart: who, where to, with which codes and services.

use sea_orm::{ActiveModelTrait, Set};

use super::CheckoutError;
use super::access::{self, CART_LIFE};
use super::entity::cart::{self, Codes, Selections, Status};
use super::error::CheckoutErrorCode as Code;
use super::lines::{self, NewLine};
use super::view;
use crate::app::App;
use crate::identity::{Actor, customers};
use crate::kernel::address::{Address, is_phone};
use crate::kernel::country::CountryCode;
use crate::kernel::email;
use crate::kernel::ids::{CartId, ParcelId, ShippingServiceId};
use crate::kernel::problem::{Problem, VerbError};
use crate::platform::tx::Tx;
use crate::pricing::discounts;
use crate::store;

/// The most discount codes of a cart.
pub(super) const MAX_CODES: usize = 10;

/// A cart to be made.
#[derive(Debug, Clone, Default)]
pub struct NewCart {
    /// What goes in.
    pub lines: Vec<NewLine>,
    /// Who buys.
    pub contact: Option<Contact>,
    /// Where it will probably go.
    pub country: Option<CountryCode>,
}

/// How to reach the buyer.
#[derive(Debug, Clone)]
pub struct Contact {
    /// By e-mail.
    pub email: String,
    /// By telephone.
    pub phone: Option<String>,
}

/// Makes a cart.
pub async fn create(app: &App, actor: &Actor, new: NewCart) -> Result<cart::Model, CheckoutError> {
    let contact = new.contact.map(|contact| checked(contact, "input.contact")).transpose()?;
    let tx = Tx::begin(app).await?;
    customers::stay(&tx, actor).await?;
    let (email, phone) = contact.map_or((None, None), |contact| (Some(contact.email), contact.phone));
    let row = cart::ActiveModel {
        id: Set(app.ids.secret_id()),
        customer_id: Set(actor.customer_id()),
        status: Set(Status::Open),
        email: Set(email),
        phone: Set(phone),
        country: Set(new.country),
        shipping_address: Set(None),
        billing_address: Set(None),
        discount_codes: Set(Codes::default()),
        selections: Set(Selections::default()),
        attempt_id: Set(None),
        order_id: Set(None),
        failure: Set(None),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        expires_at: Set(tx.now() + CART_LIFE),
    };
    let cart = row.insert(&tx).await?;
    lines::put(&tx, &cart, &new.lines, "input.lines").await?;
    tx.commit().await?;
    Ok(cart)
}

/// Says how to reach the buyer.
pub async fn set_contact(app: &App, actor: &Actor, id: CartId, contact: Contact) -> Result<cart::Model, CheckoutError> {
    let contact = checked(contact, "input")?;
    let tx = Tx::begin(app).await?;
    let cart = access::open(&tx, actor, id).await?;
    let cart = access::change(&tx, cart, |row| {
        row.email = Set(Some(contact.email));
        row.phone = Set(contact.phone);
    });
    let cart = cart.await?;
    tx.commit().await?;
    Ok(cart)
}

fn checked(contact: Contact, path: &str) -> Result<Contact, CheckoutError> {
    let invalid = |field: &str, message: &str| VerbError::refused(Code::Invalid, &format!("{path}.{field}"), message);
    let email = email::parse(&contact.email).map_err(|error| invalid("email", &error.to_string()))?;
    let phone = contact.phone.map(|phone| phone.trim().to_owned()).filter(|phone| !phone.is_empty());
    if phone.as_deref().is_some_and(|phone| !is_phone(phone)) {
        return Err(invalid("phone", "this is not a telephone number"));
    }
    Ok(Contact { email, phone })
}

/// Says where it goes.
pub async fn set_shipping_address(
    app: &App,
    actor: &Actor,
    id: CartId,
    address: Address,
) -> Result<cart::Model, CheckoutError> {
    let address = address.deliverable(Code::AddressInvalid)?;
    let tx = Tx::begin(app).await?;
    let cart = access::open(&tx, actor, id).await?;
    if store::settings(&tx).await?.country(address.country_code).is_none() {
        let message = format!("we do not sell to {}", address.country_code.name());
        return Err(VerbError::refused(Code::NotShippable, "address.countryCode", message));
    }
    let cart = access::change(&tx, cart, |row| row.shipping_address = Set(Some(address))).await?;
    tx.commit().await?;
    Ok(cart)
}

/// Says who pays.
pub async fn set_billing_address(
    app: &App,
    actor: &Actor,
    id: CartId,
    address: Address,
) -> Result<cart::Model, CheckoutError> {
    let address = address.deliverable(Code::AddressInvalid)?;
    let tx = Tx::begin(app).await?;
    let cart = access::open(&tx, actor, id).await?;
    let cart = access::change(&tx, cart, |row| row.billing_address = Set(Some(address))).await?;
    tx.commit().await?;
    Ok(cart)
}

/// Picks how a parcel is sent. The pick is kept for the parcel's supplier, also while the cart has no
/// parcel of it.
pub async fn select_shipping_option(
    app: &App,
    actor: &Actor,
    id: CartId,
    parcel_id: ParcelId,
    service_id: ShippingServiceId,
) -> Result<cart::Model, CheckoutError> {
    let tx = Tx::begin(app).await?;
    let cart = access::open(&tx, actor, id).await?;
    let view = view::assemble(&tx, cart.clone()).await?;
    let missing = |field: &str, message: &str| VerbError::refused(Code::NotFound, field, message);
    let parcel = view.parcels.iter().find(|parcel| parcel.id == parcel_id);
    let parcel = parcel.ok_or_else(|| missing("parcelId", "this cart has no such parcel"))?;
    if !parcel.services.iter().any(|service| service.service_id == service_id) {
        return Err(missing("shippingOptionId", "this parcel cannot be sent that way"));
    }
    let mut selections = cart.selections.clone();
    selections.0.insert(parcel.supplier_id, service_id);
    let cart = access::change(&tx, cart, |row| row.selections = Set(selections)).await?;
    tx.commit().await?;
    Ok(cart)
}

/// Replaces the cart's discount codes.
pub async fn set_discount_codes(
    app: &App,
    actor: &Actor,
    id: CartId,
    codes: Vec<String>,
) -> Result<cart::Model, CheckoutError> {
    if codes.len() > MAX_CODES {
        return Err(VerbError::refused(Code::Invalid, "codes", format!("at most {MAX_CODES} codes")));
    }
    let tx = Tx::begin(app).await?;
    let cart = access::open(&tx, actor, id).await?;
    let currency = store::settings(&tx).await?.currency;
    let applied = discounts::applicable(&tx, &codes, currency, tx.now()).await?;
    if !applied.refused.is_empty() {
        let problem = |place: &usize| {
            Problem::at(Code::DiscountInvalid, &format!("codes.{place}"), "this code does not apply, or not any more")
        };
        return Err(VerbError::Refused(applied.refused.iter().map(problem).collect()));
    }
    let codes = Codes(applied.terms.into_iter().map(|terms| terms.code).collect());
    let cart = access::change(&tx, cart, |row| row.discount_codes = Set(codes)).await?;
    tx.commit().await?;
    Ok(cart)
}
