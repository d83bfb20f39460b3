//! Values as clients read and write them.

use std::borrow::Cow;
use std::str::FromStr;

use async_graphql::parser::types::Field;
use async_graphql::registry::Registry;
use async_graphql::{
    ContextSelectionSet, ID, InputObject, InputType, InputValueError, InputValueResult, Object, OutputType, Positioned,
    Scalar, ScalarType, ServerResult, SimpleObject, Value,
};

use super::errors::Code;
use crate::kernel::address::Address as PostalAddress;
use crate::kernel::clock::{Moment, Timestamp};
use crate::kernel::country::CountryCode;
use crate::kernel::ids::TypedId;
use crate::kernel::money::{Currency, Money, MoneyError};

/// A moment; the scalar `DateTime`.
pub type DateTime = Timestamp;

/// An exact number; the scalar `Decimal`.
pub type Decimal = rust_decimal::Decimal;

/// Any JSON; the scalar `JSON`.
pub type Json = serde_json::Value;

/// The longest URL that is read.
const MAX_URL: usize = 2048;

/// A country, as its ISO 3166-1 alpha-2 code in capitals, such as `DE`.
#[Scalar(name = "CountryCode")]
impl ScalarType for CountryCode {
    fn parse(value: Value) -> InputValueResult<Self> {
        parse_text(value)
    }

    fn to_value(&self) -> Value {
        Value::String(self.code())
    }
}

/// A currency, as its ISO 4217 code in capitals, such as `EUR`.
#[Scalar(name = "CurrencyCode")]
impl ScalarType for Currency {
    fn parse(value: Value) -> InputValueResult<Self> {
        parse_text(value)
    }

    fn to_value(&self) -> Value {
        Value::String(self.code().to_owned())
    }
}

/// An absolute http or https URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url(pub url::Url);

impl Url {
    /// The text as a URL; `None` if it is not an absolute http or https one.
    pub fn read(text: &str) -> Option<Self> {
        let url = url::Url::parse(text).ok().filter(|_| text.len() <= MAX_URL)?;
        (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(Self(url))
    }
}

/// An absolute http or https URL of at most 2,048 characters.
#[Scalar(name = "URL")]
impl ScalarType for Url {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => Self::read(text).ok_or_else(|| bad_input("not an http or https URL")),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

fn parse_text<T: InputType + FromStr<Err: std::fmt::Display>>(value: Value) -> InputValueResult<T> {
    match &value {
        Value::String(text) => text.parse().map_err(|error: T::Err| bad_input(error)),
        _ => Err(InputValueError::expected_type(value)),
    }
}

fn bad_input<T: InputType>(message: impl std::fmt::Display) -> InputValueError<T> {
    InputValueError::custom(message).with_extension("code", Code::BadUserInput.as_str())
}

/// An opaque id of one kind; the scalar `ID`. An id of another kind is refused before the resolver
/// runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GlobalId<T>(pub T);

impl<T: TypedId + std::fmt::Display> From<GlobalId<T>> for ID {
    fn from(id: GlobalId<T>) -> Self {
        Self(id.0.to_string())
    }
}

impl<T> From<T> for GlobalId<T> {
    fn from(id: T) -> Self {
        Self(id)
    }
}

impl<T: TypedId + std::fmt::Display + FromStr> InputType for GlobalId<T> {
    type RawValueType = Self;

    fn type_name() -> Cow<'static, str> {
        <ID as InputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <ID as InputType>::create_type_info(registry)
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        match value.unwrap_or_default() {
            Value::String(text) => {
                text.parse().map(Self).map_err(|_| bad_input(format!("not the id of a {}", T::TYPE_NAME)))
            }
            _ => Err(bad_input(format!("not the id of a {}", T::TYPE_NAME))),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}

impl<T: TypedId + std::fmt::Display> OutputType for GlobalId<T> {
    fn type_name() -> Cow<'static, str> {
        <ID as OutputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <ID as OutputType>::create_type_info(registry)
    }

    async fn resolve(&self, _: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        Ok(Value::String(self.0.to_string()))
    }
}

/// What clients may say for a `DateTime`: the scalar of [`Timestamp`], within a [`Moment`]'s years.
impl InputType for Moment {
    type RawValueType = Self;

    fn type_name() -> Cow<'static, str> {
        <Timestamp as InputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <Timestamp as InputType>::create_type_info(registry)
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        let time = match value.unwrap_or_default() {
            Value::String(text) => text.parse::<Timestamp>().map_err(|_| bad_input("not a moment in RFC 3339"))?,
            value => return Err(InputValueError::expected_type(value)),
        };
        Self::try_from(time).map_err(bad_input)
    }

    fn to_value(&self) -> Value {
        InputType::to_value(&self.0)
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}

/// How [`Money`] looks to clients; resolvers return [`Money`] itself.
struct MoneyObject(Money);

/// An amount of money.
#[Object(name = "Money")]
impl MoneyObject {
    /// The amount, with exactly the decimals of its currency.
    async fn amount(&self) -> Decimal {
        self.0.amount()
    }

    /// The currency.
    async fn currency_code(&self) -> Currency {
        self.0.currency()
    }
}

impl OutputType for Money {
    fn type_name() -> Cow<'static, str> {
        MoneyObject::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        MoneyObject::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        MoneyObject(*self).resolve(ctx, field).await
    }
}

/// An amount of money.
#[derive(Debug, Clone, Copy, InputObject)]
pub struct MoneyInput {
    /// The amount, with no more decimals than its currency has.
    pub amount: Decimal,
    /// The currency.
    pub currency_code: Currency,
}

impl MoneyInput {
    /// The amount, if the currency has that many decimals and it is not beyond reason.
    pub fn money(&self) -> Result<Money, MoneyError> {
        Money::from_decimal(self.amount, self.currency_code)
    }
}

/// When something is expected to arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, SimpleObject)]
pub struct DeliveryWindow {
    /// Not before this.
    pub earliest: DateTime,
    /// Not after this.
    pub latest: DateTime,
}

impl From<(Timestamp, Timestamp)> for DeliveryWindow {
    fn from((earliest, latest): (Timestamp, Timestamp)) -> Self {
        Self { earliest, latest }
    }
}

/// Where something is sent, or billed.
#[derive(Debug, Clone, SimpleObject)]
pub struct Address {
    /// The person.
    pub name: String,
    /// The company; null if there is none.
    pub company: Option<String>,
    /// Street and number.
    pub address1: String,
    /// Apartment, floor; null if there is none.
    pub address2: Option<String>,
    /// City or town.
    pub city: String,
    /// State or province; null where there are none.
    pub region: Option<String>,
    /// Postal code; null where there are none.
    pub postal_code: Option<String>,
    /// The country.
    pub country_code: CountryCode,
    /// A telephone number; null if none was given.
    pub phone: Option<String>,
}

impl From<PostalAddress> for Address {
    fn from(it: PostalAddress) -> Self {
        let PostalAddress { name, company, address1, address2, city, region, postal_code, country_code, phone } = it;
        Self { name, company, address1, address2, city, region, postal_code, country_code, phone }
    }
}
