//! What the store's people say of suppliers, and what they are answered.

use async_graphql::{Enum, InputObject, SimpleObject};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::types::{ShippingService, StaleStockPolicy, Supplier};
use crate::graph::GlobalId;
use crate::graph::scalars::{Json, MoneyInput};
use crate::identity::graphql::visible_to_store;
use crate::kernel::country::CountryCode;
use crate::kernel::ids::SupplierId;
use crate::kernel::money::{Currency, Money};
use crate::kernel::problem::{Problem, VerbError};
use crate::suppliers::supplier::StalePolicy;
use crate::suppliers::{
    Checked, NewSupplier, RoutingTerms, ServiceChange, StockTerms, SupplierChange, SupplierErrorCode,
};
use crate::user_error;

/// How many millionths a whole has.
const WHOLE: i64 = 1_000_000;

/// Why a change of a supplier is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "SupplierErrorCode", name = "SupplierErrorCode", visible = "visible_to_store")]
pub enum SupplierErrorCodeOut {
    /// A value is not allowed.
    Invalid,
    /// There is no such thing.
    NotFound,
    /// The supplier charges in another currency.
    CurrencyMismatch,
    /// More than is allowed of one.
    TooMany,
    /// The supplier's platform has no such thing.
    NotAvailable,
}

user_error!(SupplierUserError, SupplierErrorCodeOut, "visible_to_store");

/// How far a supplier's stock reports are believed. What is not given stays, or takes its default.
#[derive(Debug, Default, InputObject)]
#[graphql(visible = "visible_to_store")]
pub struct SupplierStockTermsInput {
    /// How much of a reported quantity is believed, between 0 and 1 (the default).
    confidence: Option<Decimal>,
    /// How old a report may be, in minutes; 0: any age (the default).
    max_age_minutes: Option<i64>,
    /// What happens to stock whose report is older (`ALLOW` by default).
    when_stale: Option<StaleStockPolicy>,
    /// How much of an older report still counts under `BUFFER`, between 0 and 1 (0.5 by default).
    stale_confidence: Option<Decimal>,
    /// How much of what is in stock a full report may empty at once, between 0 and 1 (0.25 by default); a report
    /// that empties more is held back until somebody decides about it. Not of suppliers with fewer than twenty
    /// items in stock.
    max_shrink: Option<Decimal>,
    /// How old a figure may be at a checkout before it is asked for anew, in minutes; 0: any age (the default). Of
    /// suppliers that can be asked for single items; the buyer waits two seconds at most.
    live_check_minutes: Option<i64>,
}

impl SupplierStockTermsInput {
    fn terms(self) -> StockTerms {
        StockTerms {
            confidence: self.confidence.map(millionths),
            max_age_minutes: self.max_age_minutes,
            when_stale: self.when_stale.map(StalePolicy::from),
            stale_confidence: self.stale_confidence.map(millionths),
            max_shrink: self.max_shrink.map(millionths),
            live_check_minutes: self.live_check_minutes,
        }
    }
}

/// A share in millionths. What does not fit is out of range as well, which the verb says.
fn millionths(share: Decimal) -> i64 {
    share.checked_mul(WHOLE.into()).and_then(|it| it.to_i64()).unwrap_or(-1)
}

/// How routing reckons with a supplier. What is not given stays, or takes its default.
#[derive(Debug, Default, InputObject)]
#[graphql(visible = "visible_to_store")]
pub struct SupplierRoutingTermsInput {
    /// What it asks for a parcel besides the shipping, in its currency (nothing by default).
    handling_fee: Option<MoneyInput>,
    /// The owner's preference: what the supplier asks is reckoned as this share of it, between 0.1 and 10; `0.9`
    /// makes up for a tenth (1 by default).
    preference: Option<Decimal>,
}

impl SupplierRoutingTermsInput {
    fn terms(self) -> Result<RoutingTerms, Problem<SupplierErrorCode>> {
        Ok(RoutingTerms {
            handling_fee: self.handling_fee.map(|fee| money(&fee, "routing.handlingFee")).transpose()?,
            preference: self.preference.map(millionths),
        })
    }
}

/// A supplier to be added.
#[derive(Debug, InputObject)]
#[graphql(visible = "visible_to_store")]
pub struct SupplierCreateInput {
    /// The name.
    name: String,
    /// How the store talks to it: one of `supplierAdapters`, such as `http` (the store's own supplier protocol),
    /// `portal` (it works through its part of this schema) or `cj` (CJdropshipping).
    adapter: String,
    /// The adapter's settings, an object; `supplierAdapters` tells which there are. Secrets are sealed and never
    /// shown again.
    settings: Option<Json>,
    /// What it charges in.
    currency: Currency,
    /// Whether its orders are sent without asking the owner.
    auto_forward: bool,
    /// Where it sends from.
    ships_from: CountryCode,
    /// Business days it takes to prepare an order (1 by default).
    processing_days: Option<i32>,
    /// Local time `HH:MM` after which an order counts for the next business day.
    cutoff: Option<String>,
    /// The IANA time zone of the cut-off, such as `Europe/Berlin` (UTC by default).
    time_zone: Option<String>,
    /// How far its stock reports are believed.
    stock: Option<SupplierStockTermsInput>,
    /// How routing reckons with it.
    routing: Option<SupplierRoutingTermsInput>,
}

impl SupplierCreateInput {
    pub(super) fn new_supplier(self) -> Result<NewSupplier, Problem<SupplierErrorCode>> {
        Ok(NewSupplier {
            name: self.name,
            adapter: self.adapter,
            settings: self.settings,
            currency: self.currency,
            auto_forward: self.auto_forward,
            ships_from: self.ships_from,
            processing_days: self.processing_days,
            cutoff: self.cutoff,
            time_zone: self.time_zone,
            stock: self.stock.unwrap_or_default().terms(),
            routing: self.routing.unwrap_or_default().terms()?,
        })
    }
}

/// What is to change of a supplier. What is not given stays.
#[derive(Debug, InputObject)]
#[graphql(visible = "visible_to_store")]
pub struct SupplierUpdateInput {
    /// The name.
    name: Option<String>,
    /// Settings of the adapter, each of which replaces the one of its name.
    settings: Option<Json>,
    /// Whether its orders are sent without asking the owner.
    auto_forward: Option<bool>,
    /// Whether it gets no new orders.
    paused: Option<bool>,
    /// How far its stock reports are believed.
    stock: Option<SupplierStockTermsInput>,
    /// How routing reckons with it.
    routing: Option<SupplierRoutingTermsInput>,
}

impl SupplierUpdateInput {
    pub(super) fn change(self) -> Result<SupplierChange, Problem<SupplierErrorCode>> {
        Ok(SupplierChange {
            name: self.name,
            settings: self.settings,
            auto_forward: self.auto_forward,
            paused: self.paused,
            stock: self.stock.unwrap_or_default().terms(),
            routing: self.routing.unwrap_or_default().terms()?,
        })
    }
}

/// A number of days between two.
#[derive(Debug, InputObject)]
#[graphql(visible = "visible_to_store")]
pub struct DayRangeInput {
    /// The fewest.
    min: i32,
    /// The most.
    max: i32,
}

/// A shipping service.
#[derive(Debug, InputObject)]
#[graphql(visible = "visible_to_store")]
pub struct SupplierShippingServiceSetInput {
    /// Whose service.
    supplier_id: GlobalId<SupplierId>,
    /// The supplier's name for it; the service with this code is replaced.
    code: String,
    /// The name customers see.
    name: String,
    /// Where it goes.
    #[graphql(validator(max_items = 250))]
    countries: Vec<CountryCode>,
    /// The price of a parcel, in the supplier's currency.
    price: MoneyInput,
    /// What each item adds to it (nothing by default).
    price_per_item: Option<MoneyInput>,
    /// Days on the way.
    transit_days: DayRangeInput,
    /// The share of the goods' cost that customs take on this way and the store pays: `0.05` is 5% (nothing by
    /// default). Routing reckons with it.
    duty_rate: Option<Decimal>,
}

impl SupplierShippingServiceSetInput {
    pub(super) fn change(self) -> Result<ServiceChange, VerbError<SupplierErrorCode>> {
        Ok(ServiceChange {
            supplier_id: self.supplier_id.0,
            code: self.code,
            name: self.name,
            countries: self.countries,
            price: money(&self.price, "price")?,
            price_per_item: self.price_per_item.map(|price| money(&price, "pricePerItem")).transpose()?,
            transit_days: (self.transit_days.min, self.transit_days.max),
            duty: self.duty_rate.map_or(0, millionths),
        })
    }
}

fn money(input: &MoneyInput, field: &str) -> Result<Money, Problem<SupplierErrorCode>> {
    let refuse = |error| Problem::at(SupplierErrorCode::Invalid, &format!("{field}.amount"), format!("{error}"));
    input.money().map_err(refuse)
}

/// What became of a new supplier.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct SupplierCreatePayload {
    /// The supplier; null if it was refused.
    pub(super) supplier: Option<Supplier>,
    /// Why it was refused.
    pub(super) user_errors: Vec<SupplierUserError>,
}

/// What became of a change of a supplier.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct SupplierUpdatePayload {
    /// The supplier; null if the change was refused.
    pub(super) supplier: Option<Supplier>,
    /// Why it was refused.
    pub(super) user_errors: Vec<SupplierUserError>,
}

/// What came of asking a supplier.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct SupplierCheckPayload {
    /// The supplier, with its health as it is now; null if nobody could be asked.
    supplier: Option<Supplier>,
    /// What is wrong, for people; null if it lets the store in.
    trouble: Option<String>,
    /// Why nobody was asked.
    user_errors: Vec<SupplierUserError>,
}

impl SupplierCheckPayload {
    pub(super) fn of(checked: Option<Checked>, user_errors: Vec<SupplierUserError>) -> Self {
        let (supplier, trouble) = checked.map(|it| (Supplier(it.supplier), it.trouble)).unzip();
        Self { supplier, trouble: trouble.flatten(), user_errors }
    }
}

/// What became of a shipping service.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct SupplierShippingServiceSetPayload {
    /// The service; null if it was refused.
    pub(super) shipping_service: Option<ShippingService>,
    /// Why it was refused.
    pub(super) user_errors: Vec<SupplierUserError>,
}
