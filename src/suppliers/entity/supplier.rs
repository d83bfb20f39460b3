//! The table of suppliers.

use sea_orm::entity::prelude::*;
use serde_json::Value;

use crate::kernel::clock::Timestamp;
use crate::kernel::country::{CountryCode, UnknownCountry};
use crate::kernel::ids::SupplierId;
use crate::kernel::money::{Currency, Money, MoneyError};
use crate::suppliers::Reliability;

/// Whether a supplier is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SupplierStatus {
    /// Orders go to it.
    Active,
    /// No new orders go to it; what it has is finished.
    Paused,
}

/// What is sold of a supplier's goods when its last report is older than allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StalePolicy {
    /// The last figure still counts.
    Allow,
    /// A part of it counts.
    Buffer,
    /// Nothing.
    Stop,
}

/// One supplier.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "supplier")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SupplierId,
    /// The name, which customers never see.
    pub name: String,
    /// Whether it is used.
    pub status: SupplierStatus,
    /// Which adapter speaks to it: `http`, `portal`.
    pub adapter: String,
    /// The adapter's settings without their secrets.
    #[sea_orm(column_type = "JsonBinary")]
    pub settings: Value,
    /// The adapter's secrets, sealed.
    pub sealed_secrets: Option<String>,
    /// What it charges in.
    pub currency: String,
    /// Whether its orders are sent without asking the owner.
    pub auto_forward: bool,
    /// Where it sends from.
    pub ships_from: String,
    /// Business days it takes to prepare an order.
    pub processing_days: i32,
    /// Local time (`HH:MM`) after which an order counts for the next business day.
    pub cutoff: Option<String>,
    /// The IANA time zone of the cut-off.
    pub time_zone: Option<String>,
    /// How much of a reported quantity is believed, in millionths.
    pub stock_confidence: i64,
    /// How old a stock report may be, in seconds; without, it never grows old.
    pub stock_ttl_seconds: Option<i64>,
    /// What happens to stock whose report is too old.
    pub stale_policy: StalePolicy,
    /// How much of a report that is too old counts under the policy *buffer*, in millionths.
    pub stale_confidence: i64,
    /// How much of what is in stock a full report may empty at once, in millionths; more is held back.
    pub stock_max_shrink: i64,
    /// How old a figure may be at a checkout before it is asked for anew, in seconds; without, none is.
    pub stock_live_seconds: Option<i64>,
    /// What it asks for a parcel besides the shipping, in minor units.
    pub handling_fee_minor: i64,
    /// The owner's preference: what it asks is reckoned as this share of it, in millionths.
    pub preference: i64,
    /// Orders of late that were to be sent by now, as last measured.
    pub due_orders: i64,
    /// Those of them that were sent late, or not at all.
    pub late_orders: i64,
    /// Orders of late that it answered.
    pub answered_orders: i64,
    /// Those of them that it refused, wholly or in part.
    pub refused_orders: i64,
    /// When these were measured; without, never.
    pub measured_at: Option<Timestamp>,
    /// The tag of the stock answer read last, so that an unchanged one need not be sent again.
    pub stock_etag: Option<String>,
    /// When it last answered well.
    pub last_success_at: Option<Timestamp>,
    /// When it last failed to.
    pub last_error_at: Option<Timestamp>,
    /// How it failed, in our words.
    pub last_error: Option<String>,
    /// When it was added.
    pub created_at: Timestamp,
    /// When its record last changed.
    pub updated_at: Timestamp,
}

impl Model {
    /// The currency it charges in.
    pub fn currency(&self) -> Result<Currency, MoneyError> {
        self.currency.parse()
    }

    /// What it asks for a parcel besides the shipping.
    pub fn handling_fee(&self) -> Result<Money, MoneyError> {
        Ok(Money::from_minor(self.handling_fee_minor, self.currency()?))
    }

    /// How well it keeps its word.
    pub fn reliability(&self) -> Reliability {
        Reliability {
            due: self.due_orders,
            late: self.late_orders,
            answered: self.answered_orders,
            refused: self.refused_orders,
        }
    }

    /// The country it sends from.
    pub fn ships_from(&self) -> Result<CountryCode, UnknownCountry> {
        self.ships_from.parse()
    }

    /// Whether new orders may go to it.
    pub fn is_active(&self) -> bool {
        self.status == SupplierStatus::Active
    }
}

/// Suppliers have no relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
