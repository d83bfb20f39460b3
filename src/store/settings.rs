//! Reading the settings.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rust_decimal::Decimal;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::entity::{CaptureMoment, country, store};
use crate::app::App;
use crate::kernel::country::CountryCode;
use crate::kernel::money::Currency;
use crate::kernel::problem::Fault;
use crate::platform::news::{News, Place, SHOP};
use crate::platform::tx::Tx;

/// How long a process may answer from what it read last: long enough to spare the storefront's
/// reads a query, short enough that nobody waits for a change made at another replica.
const MEMORY_LIFE: Duration = Duration::from_secs(1);

/// The settings of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The name customers see.
    pub name: String,
    /// The currency of every price.
    pub currency: Currency,
    /// Where the store sells, and what tax it takes there.
    pub countries: Vec<CountryTax>,
    /// When money is taken.
    pub capture: CaptureMoment,
    /// The address mails come from, if it is not the operator's.
    pub sender: Option<String>,
    /// From how few units on a variant is scarce; 0: never.
    pub low_stock_at: i32,
}

/// A country the store sells to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountryTax {
    /// The country.
    pub country: CountryCode,
    /// The tax rate (0.19 is 19%).
    pub rate: Decimal,
    /// Whether prices hold the tax already.
    pub inclusive: bool,
}

impl Settings {
    /// The tax of `code`, if the store sells there.
    pub fn country(&self, code: CountryCode) -> Option<&CountryTax> {
        self.countries.iter().find(|it| it.country == code)
    }
}

/// The settings as the database has them now.
pub async fn settings(conn: &impl ConnectionTrait) -> Result<Settings, Fault> {
    let row = store::Entity::find_by_id(1).one(conn).await?.ok_or_else(missing)?;
    let countries = country::Entity::find().order_by_asc(country::Column::Position).all(conn).await?;
    Ok(Settings {
        name: row.name,
        currency: row.currency,
        countries: countries.into_iter().map(CountryTax::from_row).collect(),
        capture: row.capture,
        sender: row.sender,
        low_stock_at: row.low_stock_at,
    })
}

/// The settings, read at most a second ago. For what is only shown; whatever sells or charges reads
/// [`settings`] in its own transaction.
pub async fn cached(app: &App) -> Result<Arc<Settings>, Fault> {
    let memory = app.local::<Memory>();
    if let Some(known) = memory.get() {
        return Ok(known);
    }
    let (news, shop) = (app.local::<News>(), Place::of(SHOP));
    let begun = news.now();
    let fresh = Arc::new(settings(app.db.read()).await?);
    memory.put(Arc::clone(&fresh));
    if !news.quiet_since(begun, &[shop]) {
        // A change may have been told while this was read: the next one reads again.
        memory.forget();
    }
    Ok(fresh)
}

/// The store's currency, which cannot change any more from this transaction on. Called before a
/// price or an order is written.
pub async fn use_currency(tx: &Tx) -> Result<Currency, Fault> {
    let row = store::Entity::find_by_id(1).one(tx).await?.ok_or_else(missing)?;
    if row.currency_in_use {
        return Ok(row.currency);
    }
    // Locks the row, so that a change of the currency that is under way ends first.
    store::Entity::update_many()
        .col_expr(store::Column::CurrencyInUse, Expr::value(true))
        .filter(store::Column::Id.eq(1))
        .exec(tx)
        .await?;
    let row = store::Entity::find_by_id(1).lock_exclusive().one(tx).await?.ok_or_else(missing)?;
    Ok(row.currency)
}

/// Locks the settings, so that changes of what there is one of in the store take turns.
pub async fn lock(tx: &Tx) -> Result<(), Fault> {
    store::Entity::find_by_id(1).lock_exclusive().one(tx).await?.map(drop).ok_or_else(missing)
}

pub(super) fn missing() -> Fault {
    Fault::internal("the store's settings are missing")
}

impl CountryTax {
    fn from_row(row: country::Model) -> Self {
        let rate = Decimal::new(row.rate_millionths, 6).normalize();
        Self { country: row.country, rate, inclusive: row.inclusive }
    }
}

/// What this process read last.
#[derive(Default)]
pub(super) struct Memory(Mutex<Option<(Instant, Arc<Settings>)>>);

impl Memory {
    fn get(&self) -> Option<Arc<Settings>> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.as_ref().filter(|(at, _)| at.elapsed() < MEMORY_LIFE).map(|(_, known)| Arc::clone(known))
    }

    fn put(&self, settings: Arc<Settings>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), settings));
    }

    pub(super) fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
