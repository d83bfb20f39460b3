//! Changing the settings.

use std::collections::HashSet;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use sea_orm::{ActiveModelTrait, EntityTrait, QueryOrder, QuerySelect, Set};
use serde_json::json;

use super::entity::{CaptureMoment, country, store};
use super::settings::{self, Settings};
use crate::app::App;
use crate::identity::audit::Changes;
use crate::identity::{Action, Actor, audit};
use crate::kernel::country::CountryCode;
use crate::kernel::email;
use crate::kernel::money::Currency;
use crate::kernel::problem::{Fault, Problem, VerbError};
use crate::platform::news::{News, SHOP};
use crate::platform::tx::Tx;

/// The most characters of the store's name.
const MAX_NAME: usize = 100;
/// The most units of which a variant may be scarce.
const MAX_LOW_STOCK_AT: i32 = 10_000;
/// The most decimals of a tax rate.
const RATE_DECIMALS: u32 = 6;

/// Why a change of the settings was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreErrorCode {
    /// A value is not acceptable.
    Invalid,
    /// The currency cannot change any more: prices or orders exist.
    CurrencyInUse,
}

/// The tax of one country.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCountryTax {
    /// The country.
    pub country: CountryCode,
    /// The rate (0.19 is 19%).
    pub rate: Decimal,
    /// Whether prices hold the tax already.
    pub inclusive: bool,
}

/// What is to change; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SettingsChange {
    /// The name customers see.
    pub name: Option<String>,
    /// The currency of every price.
    pub currency: Option<Currency>,
    /// Where the store sells. A country that is new here has no tax until `taxes` gives it one.
    pub countries: Option<Vec<CountryCode>>,
    /// The taxes of some of its countries; the others keep theirs.
    pub taxes: Option<Vec<NewCountryTax>>,
    /// When money is taken.
    pub capture: Option<CaptureMoment>,
    /// The address mails come from, alone or as `Name <address>`; an empty one takes it away.
    pub sender: Option<String>,
    /// From how few units on a variant is scarce; 0: never.
    pub low_stock_at: Option<i32>,
}

/// Changes the settings, for the owner and staff.
pub async fn update(app: &App, actor: &Actor, change: SettingsChange) -> Result<Settings, VerbError<StoreErrorCode>> {
    actor.may(Action::ManageStore)?;
    let tx = Tx::begin(app).await?;
    let row = store::Entity::find_by_id(1).lock_exclusive().one(&tx).await?.ok_or_else(settings::missing)?;
    let sold_to = country::Entity::find().order_by_asc(country::Column::Position).all(&tx).await?;
    let countries = wanted_countries(sold_to.clone(), &change);
    let problems = check(&row, &change, &countries);
    if !problems.is_empty() {
        return Err(VerbError::Refused(problems));
    }
    let mut update = store::ActiveModel { id: Set(1), ..Default::default() };
    if let Some(name) = change.name {
        update.name = Set(name.trim().to_owned());
    }
    if let Some(currency) = change.currency {
        update.currency = Set(currency);
    }
    if let Some(capture) = change.capture {
        update.capture = Set(capture);
    }
    if let Some(sender) = change.sender {
        update.sender = Set(Some(sender.trim().to_owned()).filter(|it| !it.is_empty()));
    }
    if let Some(low_stock_at) = change.low_stock_at {
        update.low_stock_at = Set(low_stock_at);
    }
    if update.is_changed() {
        update.update_without_returning(&tx).await?;
    }
    if change.countries.is_some() || change.taxes.is_some() {
        write_countries(&tx, countries.clone()).await?;
    }
    let after = store::Entity::find_by_id(1).one(&tx).await?;
    let changes = Changes::between::<store::Entity>(Some(&row), after.as_ref());
    let changes = if sold_to == countries { changes } else { changes.and("taxes", taxes(&sold_to), taxes(&countries)) };
    if !changes.is_empty() {
        audit::record(&tx, actor, "storeSettings.update", "", changes).await?;
    }
    let settings = settings::settings(&tx).await?;
    tx.commit().await?;
    // Told before, for who is just reading it, and after, for who read what was not forgotten yet.
    let news = app.local::<News>();
    news.tell(SHOP);
    app.local::<settings::Memory>().forget();
    news.tell(SHOP);
    Ok(settings)
}

/// The countries as they will be: those wanted, each with its new tax, or its old, or none.
fn wanted_countries(now: Vec<country::Model>, change: &SettingsChange) -> Vec<country::Model> {
    let wanted = change.countries.clone().unwrap_or_else(|| now.iter().map(|it| it.country).collect());
    let taxes = change.taxes.as_deref().unwrap_or_default();
    let row = |(code, position): (CountryCode, i32)| {
        let tax = taxes.iter().find(|it| it.country == code);
        let old = now.iter().find(|it| it.country == code);
        let rate_millionths = tax.map(|it| millionths(it.rate).unwrap_or_default());
        country::Model {
            position,
            country: code,
            rate_millionths: rate_millionths.or(old.map(|it| it.rate_millionths)).unwrap_or_default(),
            inclusive: tax.map(|it| it.inclusive).or(old.map(|it| it.inclusive)).unwrap_or_default(),
        }
    };
    wanted.into_iter().zip(0..).map(row).collect()
}

/// The countries with their taxes, as the audit log shows them.
fn taxes(countries: &[country::Model]) -> serde_json::Value {
    let tax = |it: &country::Model| json!({ "country": it.country.code(), "rateMillionths": it.rate_millionths, "inclusive": it.inclusive });
    countries.iter().map(tax).collect()
}

fn check(row: &store::Model, change: &SettingsChange, countries: &[country::Model]) -> Vec<Problem<StoreErrorCode>> {
    use StoreErrorCode::{CurrencyInUse, Invalid};
    let mut problems = Vec::new();
    let mut refuse = |code, at: &str, message: &str| problems.push(Problem::at(code, at, message));
    if let Some(name) = &change.name {
        let length = name.trim().chars().count();
        if !(1..=MAX_NAME).contains(&length) || name.chars().any(char::is_control) {
            refuse(Invalid, "name", "a name has 1 to 100 characters, on one line");
        }
    }
    if change.currency.is_some_and(|it| it != row.currency) && row.currency_in_use {
        refuse(CurrencyInUse, "currencyCode", "the currency cannot change any more: prices or orders exist");
    }
    if let Some(sender) = change.sender.as_ref().filter(|it| !it.trim().is_empty())
        && !is_mailbox(sender)
    {
        refuse(Invalid, "sender", "not an e-mail address");
    }
    if change.low_stock_at.is_some_and(|it| !(0..=MAX_LOW_STOCK_AT).contains(&it)) {
        refuse(Invalid, "lowStockAt", "this lies between 0 and 10,000 units");
    }
    let mut seen = HashSet::new();
    for (index, code) in change.countries.iter().flatten().enumerate() {
        if !seen.insert(*code) {
            refuse(Invalid, &format!("countries.{index}"), "a country is named once");
        }
    }
    let mut seen = HashSet::new();
    for (index, tax) in change.taxes.iter().flatten().enumerate() {
        if !countries.iter().any(|it| it.country == tax.country) {
            refuse(Invalid, &format!("taxes.{index}.countryCode"), "the store does not sell to this country");
        }
        if !seen.insert(tax.country) {
            refuse(Invalid, &format!("taxes.{index}.countryCode"), "a country has one tax");
        }
        if millionths(tax.rate).is_none() {
            refuse(Invalid, &format!("taxes.{index}.rate"), "a rate lies between 0 and 1, with at most 6 decimals");
        }
    }
    problems
}

/// A rate in millionths, if it lies between 0 and 1 and has no more than six decimals.
fn millionths(rate: Decimal) -> Option<i64> {
    let rate = rate.normalize();
    let fits = (Decimal::ZERO..=Decimal::ONE).contains(&rate) && rate.scale() <= RATE_DECIMALS;
    if fits { (rate * Decimal::from(1_000_000)).to_i64() } else { None }
}

async fn write_countries(tx: &Tx, countries: Vec<country::Model>) -> Result<(), Fault> {
    country::Entity::delete_many().exec(tx).await?;
    if countries.is_empty() {
        return Ok(());
    }
    let rows = countries.into_iter().map(|it| country::ActiveModel {
        position: Set(it.position),
        country: Set(it.country),
        rate_millionths: Set(it.rate_millionths),
        inclusive: Set(it.inclusive),
    });
    country::Entity::insert_many(rows).exec_without_returning(tx).await?;
    Ok(())
}

/// Whether mails can come from `sender`: an address, or a name with the address in angle brackets.
fn is_mailbox(sender: &str) -> bool {
    match sender.trim().strip_suffix('>').and_then(|rest| rest.split_once('<')) {
        Some((name, address)) => {
            email::parse(address).is_ok() && !name.chars().any(char::is_control) && name.len() <= 120
        }
        None => email::parse(sender).is_ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_have_bounds() {
        let rate = |text: &str| millionths(text.parse().expect("a decimal"));
        assert_eq!(rate("0.19"), Some(190_000));
        assert_eq!(rate("0"), Some(0));
        assert_eq!(rate("1.0000000"), Some(1_000_000));
        assert_eq!(rate("0.000001"), Some(1));
        assert_eq!(rate("0.0000001"), None);
        assert_eq!(rate("1.1"), None);
        assert_eq!(rate("-0.1"), None);
    }
}
