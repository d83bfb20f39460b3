//! The inputs.

use async_graphql::InputObject;

use crate::checkout::{CheckoutError, CheckoutErrorCode as Code, CompleteInput, Contact, LineChange, NewCart, NewLine};
use crate::graph::GlobalId;
use crate::graph::scalars::MoneyInput;
use crate::kernel::address::Address;
use crate::kernel::country::CountryCode;
use crate::kernel::ids::{CartLineId, VariantId};
use crate::kernel::problem::VerbError;

/// A cart to be made.
#[derive(InputObject)]
pub struct CartCreateInput {
    /// What goes in, at most 250 lines.
    pub lines: Option<Vec<CartLineInput>>,
    /// How to reach the buyer.
    pub contact: Option<CartContactInput>,
    /// Where it will probably go: shows shipping and tax before there is an address.
    pub country: Option<CountryCode>,
}

/// What is to be added to a cart.
#[derive(InputObject)]
pub struct CartLineInput {
    /// What.
    pub variant_id: GlobalId<VariantId>,
    /// How many: 1 to 10,000.
    pub quantity: i32,
}

/// How many there shall be of a line.
#[derive(InputObject)]
pub struct CartLineUpdateInput {
    /// Which line.
    pub line_id: GlobalId<CartLineId>,
    /// How many: up to 10,000; 0 removes the line.
    pub quantity: i32,
}

/// How to reach the buyer.
#[derive(InputObject)]
pub struct CartContactInput {
    /// By e-mail.
    pub email: String,
    /// By telephone.
    pub phone: Option<String>,
}

/// A postal address.
#[derive(InputObject)]
pub struct AddressInput {
    /// The person, at most 100 characters, like every line.
    pub name: String,
    /// The company.
    pub company: Option<String>,
    /// Street and number.
    pub address1: String,
    /// Apartment, floor.
    pub address2: Option<String>,
    /// City or town.
    pub city: String,
    /// State or province, where the country's addresses have one.
    pub region: Option<String>,
    /// Postal code, where the country has them.
    pub postal_code: Option<String>,
    /// The country.
    pub country_code: CountryCode,
    /// A telephone number for the carrier.
    pub phone: Option<String>,
}

/// What the buyer says yes to.
#[derive(InputObject)]
pub struct CheckoutCompleteInput {
    /// Names this yes, 1 to 255 characters: said again with the same input, it finds the same outcome and
    /// has no second effect. A new try after a failure needs a new key.
    pub idempotency_key: String,
    /// The total the buyer saw. If it changed since, nothing happens.
    pub expected_total: MoneyInput,
    /// How the buyer pays.
    pub payment: PaymentInput,
}

/// How the buyer pays.
#[derive(InputObject)]
pub struct PaymentInput {
    /// The payment provider's name.
    pub gateway: String,
    /// What the buyer's client got from the provider.
    pub token: Option<String>,
}

impl From<CartCreateInput> for NewCart {
    fn from(it: CartCreateInput) -> Self {
        Self {
            lines: it.lines.unwrap_or_default().into_iter().map(NewLine::from).collect(),
            contact: it.contact.map(Contact::from),
            country: it.country,
        }
    }
}

impl From<CartLineInput> for NewLine {
    fn from(it: CartLineInput) -> Self {
        Self { variant_id: it.variant_id.0, quantity: i64::from(it.quantity) }
    }
}

impl From<CartLineUpdateInput> for LineChange {
    fn from(it: CartLineUpdateInput) -> Self {
        Self { line_id: it.line_id.0, quantity: i64::from(it.quantity) }
    }
}

impl From<CartContactInput> for Contact {
    fn from(it: CartContactInput) -> Self {
        Self { email: it.email, phone: it.phone }
    }
}

impl From<AddressInput> for Address {
    fn from(it: AddressInput) -> Self {
        Self {
            name: it.name,
            company: it.company,
            address1: it.address1,
            address2: it.address2,
            city: it.city,
            region: it.region,
            postal_code: it.postal_code,
            country_code: it.country_code,
            phone: it.phone,
        }
    }
}

impl TryFrom<CheckoutCompleteInput> for CompleteInput {
    type Error = CheckoutError;
    fn try_from(it: CheckoutCompleteInput) -> Result<Self, CheckoutError> {
        let expected_total = it
            .expected_total
            .money()
            .map_err(|error| VerbError::refused(Code::Invalid, "input.expectedTotal.amount", error.to_string()))?;
        let (gateway, token) = (it.payment.gateway, it.payment.token);
        Ok(Self { idempotency_key: it.idempotency_key, expected_total, gateway, token })
    }
}
