//! The table of offers: what a supplier has of a variant, and what of it is spoken for.

use sea_orm::FromJsonQueryResult;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::kernel::clock::Timestamp;
use crate::kernel::country::CountryCode;
use crate::kernel::ids::{OfferId, SupplierId, VariantId};
use crate::kernel::money::{Money, MoneyError};
use crate::platform::planted::{self, Bug};

/// All of it, in millionths.
const WHOLE: i64 = 1_000_000;

/// A list of countries in a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct Countries(pub Vec<CountryCode>);

/// One offer.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "supplier_offer")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OfferId,
    /// Whose it is.
    pub supplier_id: SupplierId,
    /// What it offers.
    pub variant_id: VariantId,
    /// The supplier's name for it; one of a kind for a supplier.
    pub supplier_sku: String,
    /// What one costs us, in minor units of the supplier's currency.
    pub cost_minor: i64,
    /// The supplier's currency.
    pub cost_currency: String,
    /// The least the supplier lets be asked for it, in minor units of its currency.
    pub map_minor: Option<i64>,
    /// A reported cost that is too far from the known one: nothing is sold until the owner decides.
    pub held_cost_minor: Option<i64>,
    /// Such a cost that the owner refused: it is not asked about again.
    pub refused_cost_minor: Option<i64>,
    /// The fewest that can be ordered at once.
    pub minimum_quantity: i64,
    /// Days the supplier needs to have it ready, if they differ from its usual ones.
    pub lead_time_days: Option<i32>,
    /// Where the supplier sends it; `None`: wherever its services go.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub ships_to: Option<Countries>,
    /// Smaller is preferred among offers that cost the same.
    pub priority: i32,
    /// Whether the owner wants it used.
    pub active: bool,
    /// Whether its supplier is paused: kept here, so that a single read tells what can be sold.
    pub suspended: bool,
    /// Whether the supplier said it will never come again.
    pub discontinued: bool,
    /// When there will be more, as the supplier says.
    pub restock_at: Option<Timestamp>,
    /// What the supplier has, by its last report.
    pub reported: i64,
    /// Held by running checkouts.
    pub reserved: i64,
    /// Ordered, and not yet in the supplier's own figure.
    pub committed: i64,
    /// Never sold.
    pub safety_buffer: i64,
    /// How much of the report is believed, in millionths.
    pub confidence: i64,
    /// The moment the last report is true of; none before the first.
    pub as_of: Option<Timestamp>,
    /// From when on the report is too old; none if it never is.
    pub stale_at: Option<Timestamp>,
    /// Whether nothing is sold by a report that is too old.
    pub stale_stops: bool,
    /// How much of a report that is too old still counts, in millionths.
    pub stale_confidence: i64,
    /// Whether the catalog was told that the report is too old.
    pub stale_noted: bool,
    /// The number of its newest ledger entry.
    pub ledger_seq: i64,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Model {
    /// What one costs us.
    pub fn cost(&self) -> Result<Money, MoneyError> {
        Ok(Money::from_minor(self.cost_minor, self.cost_currency.parse()?))
    }

    /// The least the supplier lets be asked for it.
    pub fn minimum_advertised(&self) -> Result<Option<Money>, MoneyError> {
        self.map_minor.map(|minor| Ok(Money::from_minor(minor, self.cost_currency.parse()?))).transpose()
    }

    /// The cost that waits for the owner's decision.
    pub fn held_cost(&self) -> Result<Option<Money>, MoneyError> {
        self.held_cost_minor.map(|minor| Ok(Money::from_minor(minor, self.cost_currency.parse()?))).transpose()
    }

    /// What of the report is believed: `floor(reported × confidence)`.
    pub fn believed(&self) -> i64 {
        self.reported * self.confidence / WHOLE
    }

    /// Whether more is spoken for than there is: units were promised that nobody has.
    pub fn is_short(&self) -> bool {
        self.believed() < self.reserved + self.committed
    }

    /// Whether the report is too old.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        self.stale_at.is_some_and(|stale_at| stale_at <= now)
    }

    /// What can be sold: `max(0, floor(reported × confidence) − buffer − reserved − committed)`. When stale,
    /// nothing under the policy *stop*, and with the stale confidence as another factor under *buffer*. Whether
    /// the offer is used at all is another question ([`Self::is_live`]).
    pub fn sellable(&self, now: Timestamp) -> i64 {
        let mut believed = self.believed();
        if self.is_stale(now) {
            if self.stale_stops {
                return 0;
            }
            believed = believed * self.stale_confidence / WHOLE;
        }
        if planted::is(Bug::Oversell) {
            return believed - self.safety_buffer;
        }
        (believed - self.safety_buffer - self.reserved - self.committed).max(0)
    }

    /// From when on less can be sold because the report is too old; none if that changes nothing.
    pub fn ages_at(&self) -> Option<Timestamp> {
        self.stale_at.filter(|_| self.stale_stops || self.stale_confidence < WHOLE)
    }

    /// Whether it may be sold from at all.
    pub fn is_live(&self) -> bool {
        self.active && !self.suspended && !self.discontinued && self.held_cost_minor.is_none()
    }
}

/// Offers have no relations outside this room.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
