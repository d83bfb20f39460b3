//! The shop as clients see it: its name and countries for everybody, the rest for the store.

use std::sync::Arc;

use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};

use super::{CountryTax, NewCountryTax, Settings, SettingsChange, StoreErrorCode};
use crate::graph::scalars::Decimal;
use crate::graph::{ContextExt, Nullable, payload, required};
use crate::identity::graphql::visible_to_store;
use crate::identity::{Action, Actor};
use crate::kernel::country::CountryCode;
use crate::kernel::money::Currency;
use crate::user_error;

/// When the customer's money is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "super::CaptureMoment")]
pub enum CaptureMoment {
    /// Once the suppliers accepted, so that nobody pays for what cannot be had.
    OnAcceptance,
    /// With the order.
    OnPlacement,
}

/// A country.
#[derive(Debug, Clone, Copy, SimpleObject)]
pub struct Country {
    /// The ISO 3166-1 alpha-2 code.
    code: CountryCode,
    /// The English short name.
    name: &'static str,
}

/// The tax of one country.
#[derive(Debug, Clone, Copy, SimpleObject)]
#[graphql(name = "CountryTax")]
pub struct CountryTaxObject {
    /// The country.
    country: Country,
    /// The rate: `0.19` is 19%.
    rate: Decimal,
    /// Whether prices hold the tax already.
    inclusive: bool,
}

fn country(code: CountryCode) -> Country {
    Country { code, name: code.name() }
}

fn tax(it: &CountryTax) -> CountryTaxObject {
    CountryTaxObject { country: country(it.country), rate: it.rate, inclusive: it.inclusive }
}

/// The shop.
pub struct Shop(pub Arc<Settings>);

/// Whether whoever asks sees more of the shop than customers do.
fn sees_settings(ctx: &Context<'_>) -> bool {
    ctx.data_opt::<Actor>().is_some_and(|actor| actor.may(Action::ReadStore).is_ok())
}

/// The shop.
#[Object]
impl Shop {
    /// The name customers see.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The currency of every price.
    async fn currency_code(&self) -> Currency {
        self.0.currency
    }

    /// Where the shop sells.
    async fn countries(&self) -> Vec<Country> {
        self.0.countries.iter().map(|it| country(it.country)).collect()
    }

    /// What tax the shop takes where. For the owner and staff.
    #[graphql(visible = "sees_settings")]
    async fn taxes(&self, ctx: &Context<'_>) -> Nullable<Vec<CountryTaxObject>> {
        let allowed = ctx.actor().may(Action::ReadStore);
        required(allowed.map(|()| self.0.countries.iter().map(tax).collect()))
    }

    /// When the customer's money is taken. For the owner and staff.
    #[graphql(visible = "sees_settings")]
    async fn capture(&self, ctx: &Context<'_>) -> Nullable<CaptureMoment> {
        required(ctx.actor().may(Action::ReadStore).map(|()| self.0.capture.into()))
    }

    /// The address mails come from; null if it is the operator's. For the owner and staff.
    #[graphql(visible = "sees_settings")]
    async fn sender(&self, ctx: &Context<'_>) -> Nullable<&str> {
        crate::graph::nullable(ctx.actor().may(Action::ReadStore).map(|()| self.0.sender.as_deref()))
    }

    /// From how few units on a variant is scarce, which is told by `LOW_STOCK` in `storeActivity`; at 0 never. For the
    /// owner and staff.
    #[graphql(visible = "sees_settings")]
    async fn low_stock_at(&self, ctx: &Context<'_>) -> Nullable<i32> {
        required(ctx.actor().may(Action::ReadStore).map(|()| self.0.low_stock_at))
    }
}

/// The queries about the shop.
#[derive(Default)]
pub struct StoreQuery;

#[Object]
impl StoreQuery {
    /// The shop.
    async fn shop(&self, ctx: &Context<'_>) -> Nullable<Shop> {
        required(super::cached(ctx.app()).await.map(Shop))
    }
}

/// What is to change of the settings; what is left out stays.
#[derive(Debug, InputObject)]
pub struct StoreSettingsUpdateInput {
    /// The name customers see: 1 to 100 characters.
    name: Option<String>,
    /// The currency of every price. It cannot change once a price or an order exists.
    currency_code: Option<Currency>,
    /// Where the shop sells: all countries, not only new ones.
    #[graphql(validator(max_items = 250))]
    countries: Option<Vec<CountryCode>>,
    /// The taxes of some of the countries; the others keep theirs. A country without one has none.
    #[graphql(validator(max_items = 250))]
    taxes: Option<Vec<CountryTaxInput>>,
    /// When the customer's money is taken.
    capture: Option<CaptureMoment>,
    /// The address mails come from; an empty one makes it the operator's.
    sender: Option<String>,
    /// From how few units on a variant is scarce: 0 (never) to 10,000.
    low_stock_at: Option<i32>,
}

/// The tax of one country.
#[derive(Debug, InputObject)]
pub struct CountryTaxInput {
    /// The country; the shop sells there.
    country_code: CountryCode,
    /// The rate between 0 and 1, with at most six decimals: `0.19` is 19%.
    rate: Decimal,
    /// Whether prices hold the tax already.
    inclusive: bool,
}

impl From<StoreSettingsUpdateInput> for SettingsChange {
    fn from(input: StoreSettingsUpdateInput) -> Self {
        let tax =
            |it: CountryTaxInput| NewCountryTax { country: it.country_code, rate: it.rate, inclusive: it.inclusive };
        Self {
            name: input.name,
            currency: input.currency_code,
            countries: input.countries,
            taxes: input.taxes.map(|taxes| taxes.into_iter().map(tax).collect()),
            capture: input.capture.map(Into::into),
            sender: input.sender,
            low_stock_at: input.low_stock_at,
        }
    }
}

/// Why a change of the settings was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "StoreErrorCode")]
pub enum StoreSettingsErrorCode {
    /// A value is not acceptable.
    Invalid,
    /// The currency cannot change any more: prices or orders exist.
    CurrencyInUse,
}

user_error!(StoreSettingsUserError, StoreSettingsErrorCode, "visible_to_store");

/// The answer to a change of the settings.
#[derive(SimpleObject)]
pub struct StoreSettingsUpdatePayload {
    /// The shop as it is now; null if the change was refused.
    shop: Option<Shop>,
    /// Why the change was refused; empty if it was not.
    user_errors: Vec<StoreSettingsUserError>,
}

/// The mutations of the settings.
#[derive(Default)]
pub struct StoreMutation;

#[Object]
impl StoreMutation {
    /// Changes the shop's settings. For the owner and staff.
    #[graphql(visible = "visible_to_store")]
    async fn store_settings_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is to change.")] input: StoreSettingsUpdateInput,
    ) -> Nullable<StoreSettingsUpdatePayload> {
        let result = super::update(ctx.app(), ctx.actor(), input.into()).await;
        required(payload(result).map(|(settings, user_errors)| StoreSettingsUpdatePayload {
            shop: settings.map(|it| Shop(Arc::new(it))),
            user_errors,
        }))
    }
}
