//! The owner's word on suppliers.

use chrono::NaiveTime;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, QuerySelect, Set};
use serde_json::{Value, json};

use super::adapter::{StockAccess, adapter_for};
use super::entity::supplier::{self, StalePolicy, SupplierStatus};
use super::error::SupplierErrorCode::{self, CurrencyMismatch, Invalid, NotFound};
use super::live;
use super::settings::{self, Stored};
use crate::app::App;
use crate::identity::{Action, Actor, audit};
use crate::kernel::country::CountryCode;
use crate::kernel::event::{Audience, EventType};
use crate::kernel::ids::SupplierId;
use crate::kernel::money::{Currency, Money};
use crate::kernel::problem::{Fault, Problem, VerbError};
use crate::platform::news;
use crate::platform::outbox::{self, NewEvent};
use crate::platform::tx::Tx;

/// How much of a report is believed when the owner says nothing: all of it.
const WHOLE: i64 = 1_000_000;
/// A preference makes a supplier at most ten times cheaper or dearer.
const PREFERENCES: std::ops::RangeInclusive<i64> = WHOLE / 10..=WHOLE * 10;
/// The longest name.
const MAX_NAME: usize = 200;
/// The most days a supplier may take to prepare an order.
const MAX_PROCESSING_DAYS: i32 = 90;
/// The longest time a report may serve, in minutes: a year.
const MAX_AGE_MINUTES: i64 = 366 * 24 * 60;

/// A supplier to be added.
#[derive(Debug, Clone)]
pub struct NewSupplier {
    /// The name.
    pub name: String,
    /// The adapter's name: `http`, `portal`, `cj`.
    pub adapter: String,
    /// The adapter's settings, with their secrets.
    pub settings: Option<Value>,
    /// What it charges in.
    pub currency: Currency,
    /// Whether its orders are sent without asking the owner.
    pub auto_forward: bool,
    /// Where it sends from.
    pub ships_from: CountryCode,
    /// Business days it takes to prepare an order (1).
    pub processing_days: Option<i32>,
    /// Local time `HH:MM` after which an order counts for the next business day.
    pub cutoff: Option<String>,
    /// The IANA time zone of the cut-off.
    pub time_zone: Option<String>,
    /// How far its stock reports are believed.
    pub stock: StockTerms,
    /// How routing reckons with it.
    pub routing: RoutingTerms,
}

/// How routing reckons with a supplier. `None` leaves what is there, or takes the default.
#[derive(Debug, Clone, Default)]
pub struct RoutingTerms {
    /// What it asks for a parcel besides the shipping, in its currency (nothing).
    pub handling_fee: Option<Money>,
    /// The owner's preference: what it asks is reckoned as this share of it, in millionths (all).
    pub preference: Option<i64>,
}

/// How far a supplier's stock reports are believed. `None` leaves what is there, or takes the default.
#[derive(Debug, Clone, Default)]
pub struct StockTerms {
    /// How much of a reported quantity is believed, in millionths (all).
    pub confidence: Option<i64>,
    /// How old a report may be, in minutes (0: any age, the default).
    pub max_age_minutes: Option<i64>,
    /// What happens to stock whose report is older (it is still sold).
    pub when_stale: Option<StalePolicy>,
    /// How much of an older report still counts under the policy *buffer*, in millionths (a half).
    pub stale_confidence: Option<i64>,
    /// How much of what is in stock a full report may empty at once, in millionths (a quarter).
    pub max_shrink: Option<i64>,
    /// How old a figure may be at a checkout before it is asked for anew, in minutes (0: any age, the
    /// default).
    pub live_check_minutes: Option<i64>,
}

/// What is to change of a supplier. `None` leaves what is there.
#[derive(Debug, Clone, Default)]
pub struct SupplierChange {
    /// The name.
    pub name: Option<String>,
    /// Settings, each of which replaces the one of its name.
    pub settings: Option<Value>,
    /// Whether its orders are sent without asking the owner.
    pub auto_forward: Option<bool>,
    /// Whether it gets no new orders.
    pub paused: Option<bool>,
    /// How far its stock reports are believed.
    pub stock: StockTerms,
    /// How routing reckons with it.
    pub routing: RoutingTerms,
}

type Refusal = VerbError<SupplierErrorCode>;
type Problems = Vec<Problem<SupplierErrorCode>>;

/// Adds a supplier.
pub async fn create(app: &App, actor: &Actor, new: NewSupplier) -> Result<supplier::Model, Refusal> {
    actor.may(Action::ManageSuppliers)?;
    let mut problems = Vec::new();
    check_name(&new.name, &mut problems);
    check_terms(&new.stock, &mut problems);
    check_calendar(&new, &mut problems);
    check_routing(&new.routing, new.currency.code(), &mut problems);
    let tx = Tx::begin(app).await?;
    let id: SupplierId = tx.new_id();
    let stored = settings::store(app, id, &new.adapter, new.settings.clone(), None)?;
    let stored = accepted(stored, problems)?;
    let mut row = supplier::Model {
        id,
        name: new.name.trim().to_owned(),
        status: SupplierStatus::Active,
        adapter: new.adapter,
        settings: stored.open,
        sealed_secrets: stored.sealed,
        currency: new.currency.code().to_owned(),
        auto_forward: new.auto_forward,
        ships_from: new.ships_from.code(),
        processing_days: new.processing_days.unwrap_or(1),
        cutoff: new.cutoff,
        time_zone: new.time_zone,
        stock_confidence: WHOLE,
        stock_ttl_seconds: None,
        stale_policy: StalePolicy::Allow,
        stale_confidence: WHOLE / 2,
        stock_max_shrink: WHOLE / 4,
        stock_live_seconds: None,
        handling_fee_minor: new.routing.handling_fee.map_or(0, Money::minor),
        preference: new.routing.preference.unwrap_or(WHOLE),
        due_orders: 0,
        late_orders: 0,
        answered_orders: 0,
        refused_orders: 0,
        measured_at: None,
        stock_etag: None,
        last_success_at: None,
        last_error_at: None,
        last_error: None,
        created_at: tx.now(),
        updated_at: tx.now(),
    };
    take_terms(&mut row, &new.stock);
    check_live(app, &row)?;
    supplier::Entity::insert(row.clone().into_active_model().reset_all()).exec_without_returning(&tx).await?;
    tell(&tx, &row, format!("Supplier {} was added.", row.name)).await?;
    audit::record_row::<supplier::Entity>(&tx, actor, "supplier.create", id, (None, Some(&row))).await?;
    tx.commit().await?;
    app.local::<live::Memory>().forget();
    Ok(row)
}

/// Changes a supplier.
pub async fn update(
    app: &App,
    actor: &Actor,
    id: SupplierId,
    change: SupplierChange,
) -> Result<supplier::Model, Refusal> {
    actor.may(Action::ManageSuppliers)?;
    let mut problems = Vec::new();
    if let Some(name) = &change.name {
        check_name(name, &mut problems);
    }
    check_terms(&change.stock, &mut problems);
    let tx = Tx::begin(app).await?;
    let found = supplier::Entity::find_by_id(id).lock_exclusive().one(&tx).await?;
    let known = found.ok_or_else(|| Problem::at(NotFound, "id", "There is no such supplier."))?;
    let mut row = known.clone();
    check_routing(&change.routing, &known.currency, &mut problems);
    if change.settings.is_some() {
        let stored = settings::store(app, id, &known.adapter, change.settings, Some(&known))?;
        let Stored { open, sealed } = accepted(stored, problems)?;
        row.settings = open;
        row.sealed_secrets = sealed;
        // Another address may give another answer under the same tag.
        row.stock_etag = None;
    } else if !problems.is_empty() {
        return Err(VerbError::Refused(problems));
    }
    if let Some(name) = change.name {
        row.name = name.trim().to_owned();
    }
    row.auto_forward = change.auto_forward.unwrap_or(row.auto_forward);
    if let Some(paused) = change.paused {
        row.status = if paused { SupplierStatus::Paused } else { SupplierStatus::Active };
    }
    take_terms(&mut row, &change.stock);
    row.handling_fee_minor = change.routing.handling_fee.map_or(row.handling_fee_minor, Money::minor);
    row.preference = change.routing.preference.unwrap_or(row.preference);
    check_live(app, &row)?;
    if row == known {
        return Ok(known);
    }
    row.updated_at = tx.now();
    let row = changed(&known, row).update(&tx).await?;
    tell(&tx, &row, format!("Supplier {} was changed.", row.name)).await?;
    audit::record_row::<supplier::Entity>(&tx, actor, "supplier.update", id, (Some(&known), Some(&row))).await?;
    tx.commit().await?;
    app.local::<live::Memory>().forget();
    Ok(row)
}

/// Only what the owner changed: the rest of the row is kept by others meanwhile.
fn changed(known: &supplier::Model, row: supplier::Model) -> supplier::ActiveModel {
    let mut change = known.clone().into_active_model();
    change.name = Set(row.name);
    change.status = Set(row.status);
    change.settings = Set(row.settings);
    change.sealed_secrets = Set(row.sealed_secrets);
    change.stock_etag = Set(row.stock_etag);
    change.auto_forward = Set(row.auto_forward);
    change.stock_confidence = Set(row.stock_confidence);
    change.stock_ttl_seconds = Set(row.stock_ttl_seconds);
    change.stale_policy = Set(row.stale_policy);
    change.stale_confidence = Set(row.stale_confidence);
    change.stock_max_shrink = Set(row.stock_max_shrink);
    change.stock_live_seconds = Set(row.stock_live_seconds);
    change.handling_fee_minor = Set(row.handling_fee_minor);
    change.preference = Set(row.preference);
    change.updated_at = Set(row.updated_at);
    change
}

fn accepted(stored: Result<Stored, Problems>, mut problems: Problems) -> Result<Stored, Refusal> {
    match stored {
        Ok(stored) if problems.is_empty() => Ok(stored),
        Ok(_) => Err(VerbError::Refused(problems)),
        Err(more) => {
            problems.extend(more);
            Err(VerbError::Refused(problems))
        }
    }
}

fn check_name(name: &str, problems: &mut Problems) {
    let length = name.trim().chars().count();
    if length == 0 || length > MAX_NAME || name.chars().any(char::is_control) {
        problems.push(Problem::at(Invalid, "name", "A name has 1 to 200 characters."));
    }
}

fn check_calendar(new: &NewSupplier, problems: &mut Problems) {
    if new.processing_days.is_some_and(|days| !(0..=MAX_PROCESSING_DAYS).contains(&days)) {
        problems.push(Problem::at(Invalid, "processingDays", "Between 0 and 90 days."));
    }
    let bad_cutoff = |text: &String| text.len() != 5 || NaiveTime::parse_from_str(text, "%H:%M").is_err();
    if new.cutoff.as_ref().is_some_and(bad_cutoff) {
        problems.push(Problem::at(Invalid, "cutoff", "A time of day such as 14:30."));
    }
    if new.time_zone.as_ref().is_some_and(|zone| zone.parse::<chrono_tz::Tz>().is_err()) {
        problems.push(Problem::at(Invalid, "timeZone", "A time zone such as Europe/Berlin."));
    }
}

fn check_terms(terms: &StockTerms, problems: &mut Problems) {
    if terms.confidence.is_some_and(|it| !(0..=WHOLE).contains(&it)) {
        problems.push(Problem::at(Invalid, "stock.confidence", "Between 0 and 1."));
    }
    if terms.stale_confidence.is_some_and(|it| !(0..=WHOLE).contains(&it)) {
        problems.push(Problem::at(Invalid, "stock.staleConfidence", "Between 0 and 1."));
    }
    if terms.max_shrink.is_some_and(|it| !(0..=WHOLE).contains(&it)) {
        problems.push(Problem::at(Invalid, "stock.maxShrink", "Between 0 and 1."));
    }
    if terms.live_check_minutes.is_some_and(|it| !(0..=MAX_AGE_MINUTES).contains(&it)) {
        problems.push(Problem::at(Invalid, "stock.liveCheckMinutes", "Between 0 and a year."));
    }
    if terms.max_age_minutes.is_some_and(|it| !(0..=MAX_AGE_MINUTES).contains(&it)) {
        problems.push(Problem::at(Invalid, "stock.maxAgeMinutes", "Between 0 and a year."));
    }
}

fn check_routing(terms: &RoutingTerms, currency: &str, problems: &mut Problems) {
    if terms.handling_fee.is_some_and(Money::is_negative) {
        problems.push(Problem::at(Invalid, "routing.handlingFee.amount", "A fee is not negative."));
    }
    if terms.handling_fee.is_some_and(|fee| fee.currency().code() != currency) {
        let message = format!("This supplier charges in {currency}.");
        problems.push(Problem::at(CurrencyMismatch, "routing.handlingFee.currencyCode", message));
    }
    if terms.preference.is_some_and(|it| !PREFERENCES.contains(&it)) {
        problems.push(Problem::at(Invalid, "routing.preference", "Between 0.1 and 10."));
    }
}

/// Only a supplier that can be asked for single items can be asked while a buyer waits.
fn check_live(app: &App, row: &supplier::Model) -> Result<(), Refusal> {
    if row.stock_live_seconds.is_none() {
        return Ok(());
    }
    if matches!(adapter_for(app, row)?.capabilities().stock, StockAccess::ByItem(_)) {
        return Ok(());
    }
    let message = "This supplier cannot be asked for single items.";
    Err(Refusal::refused(Invalid, "stock.liveCheckMinutes", message))
}

fn take_terms(row: &mut supplier::Model, terms: &StockTerms) {
    row.stock_confidence = terms.confidence.unwrap_or(row.stock_confidence);
    if let Some(minutes) = terms.max_age_minutes {
        row.stock_ttl_seconds = (minutes > 0).then_some(minutes * 60);
    }
    if let Some(minutes) = terms.live_check_minutes {
        row.stock_live_seconds = (minutes > 0).then_some(minutes * 60);
    }
    row.stale_policy = terms.when_stale.unwrap_or(row.stale_policy);
    row.stale_confidence = terms.stale_confidence.unwrap_or(row.stale_confidence);
    row.stock_max_shrink = terms.max_shrink.unwrap_or(row.stock_max_shrink);
}

async fn tell(tx: &Tx, row: &supplier::Model, message: String) -> Result<(), Fault> {
    tx.tell(news::SHOP);
    let event = NewEvent::of_stream(row.id.to_string(), EventType::SupplierChanged, Audience::Store, message);
    outbox::append(tx, event.data(json!({ "supplierId": row.id }))).await.map(drop)
}
