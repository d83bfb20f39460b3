//! Setting and reading exchange rates.

use std::collections::HashMap;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};

use super::Rates;
use super::entity::{Column, Entity, Model};
use crate::app::App;
use crate::identity::{Action, Actor, audit};
use crate::kernel::clock::Timestamp;
use crate::kernel::money::Currency;
use crate::kernel::problem::{Fault, VerbError};
use crate::platform::tx::Tx;
use crate::platform::{jobs, news};
use crate::pricing::rules::RepriceAll;
use crate::store;

/// The most rates that are listed; a rate a day for years.
const MAX_LISTED: u64 = 1000;

/// Why a rate was not set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExchangeRateErrorCode {
    /// A value is out of bounds.
    Invalid,
}

/// The rates into `currency` that hold at `now`.
pub async fn current(conn: &impl ConnectionTrait, currency: Currency, now: Timestamp) -> Result<Rates, Fault> {
    let rows = in_force(conn, currency, now).await?;
    let rates: HashMap<Currency, Decimal> = rows.into_iter().map(|(from, row)| (from, row.rate())).collect();
    Ok(Rates::new(currency, rates))
}

/// The same with their dates, by the currency that is bought in.
pub async fn in_force(
    conn: &impl ConnectionTrait,
    currency: Currency,
    now: Timestamp,
) -> Result<HashMap<Currency, Model>, Fault> {
    let rows = Entity::find()
        .filter(Column::ToCurrency.eq(currency))
        .filter(Column::ValidFrom.lte(now))
        .order_by_asc(Column::ValidFrom)
        .all(conn)
        .await?;
    // Later rows replace earlier ones.
    Ok(rows.into_iter().map(|row| (row.from_currency, row)).collect())
}

/// Says that one unit of `from` is `rate` of the store's currency, from `valid_from` (now without) on.
/// The same moment set again replaces the rate.
pub async fn set(
    app: &App,
    actor: &Actor,
    from: Currency,
    rate: Decimal,
    valid_from: Option<Timestamp>,
) -> Result<Model, VerbError<ExchangeRateErrorCode>> {
    actor.may(Action::ManageStore)?;
    let invalid = |field: &str, message: &str| VerbError::refused(ExchangeRateErrorCode::Invalid, field, message);
    let billionths = rate
        .checked_mul(Decimal::from(1_000_000_000))
        .map(|scaled| scaled.round())
        .and_then(|scaled| scaled.to_i64())
        .filter(|&billionths| billionths > 0)
        .ok_or_else(|| invalid("input.rate", "the rate must be more than 0 and fit"))?;
    let tx = Tx::begin(app).await?;
    let to = store::settings(&tx).await?.currency;
    if from == to {
        return Err(invalid("input.currencyCode", "this is the store's own currency"));
    }
    let row = Model {
        id: tx.new_id(),
        from_currency: from,
        to_currency: to,
        valid_from: crate::kernel::clock::to_microseconds(valid_from.unwrap_or(tx.now())),
        rate_billionths: billionths,
        created_at: tx.now(),
    };
    let key = [Column::ToCurrency, Column::FromCurrency, Column::ValidFrom];
    let replace = OnConflict::columns(key).update_columns([Column::RateBillionths, Column::CreatedAt]).to_owned();
    let row = Entity::insert(row.into_active_model().reset_all()).on_conflict(replace).exec_with_returning(&tx).await?;
    audit::record_row::<Entity>(&tx, actor, "exchangeRate.set", "", (None, Some(&row))).await?;
    // Of no use before it holds: then the hourly look finds it.
    if row.valid_from <= tx.now() {
        jobs::enqueue(&tx, &RepriceAll {}).await?;
    }
    tx.tell(news::SHOP);
    tx.commit().await?;
    Ok(row)
}

/// The rates, newest first.
pub async fn list(app: &App, actor: &Actor) -> Result<Vec<Model>, Fault> {
    actor.may(Action::ReadStore)?;
    let query = Entity::find().order_by_desc(Column::ValidFrom).order_by_asc(Column::FromCurrency).limit(MAX_LISTED);
    Ok(query.all(app.db.read()).await?)
}
