//! Suppliers as the store's people see them. Customers see none of it.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::supplier::{self, StalePolicy, SupplierStatus};
use super::{Health, NewSupplier, ServiceChange, StockTerms, SupplierChange, SupplierErrorCode, service};
use crate::app::App;
use crate::graph::scalars::{DateTime, Json, MoneyInput, Url};
use crate::graph::{
    Connection, ContextExt, GlobalId, Nullable, PageArgs, RequestLoader, SharedFault, nullable, payload, required,
};
use crate::identity::Actor;
use crate::identity::graphql::visible_to_store;
use crate::kernel::country::CountryCode;
use crate::kernel::ids::{ShippingServiceId, SupplierId};
use crate::kernel::money::{Currency, Money};
use crate::kernel::problem::{Fault, Problem, VerbError};
use crate::user_error;

/// How many millionths a whole has.
const WHOLE: i64 = 1_000_000;

/// Whether a supplier is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "SupplierStatus", name = "SupplierStatus", visible = "visible_to_store")]
pub enum SupplierStatusOut {
    /// Orders go to it.
    Active,
    /// No new orders go to it; what it has is finished.
    Paused,
}

/// How the exchanges with a supplier go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Health", visible = "visible_to_store")]
pub enum SupplierHealthStatus {
    /// There was none yet.
    Unknown,
    /// The last one went well.
    Ok,
    /// The last one failed.
    Failing,
}

/// What is sold of a supplier's goods when its last report is older than allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "StalePolicy", visible = "visible_to_store")]
pub enum StaleStockPolicy {
    /// The last figure still counts.
    Allow,
    /// Nothing.
    Stop,
}

/// How the exchanges with a supplier go.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct SupplierHealth {
    /// How the last one went.
    status: SupplierHealthStatus,
    /// When one last went well; null if none did.
    last_success_at: Option<DateTime>,
    /// When one last failed; null if none did.
    last_error_at: Option<DateTime>,
    /// How it failed; null if none did. Without secrets and without what the supplier sent.
    last_error: Option<String>,
}

/// How far a supplier's stock reports are believed.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct SupplierStockTerms {
    /// How much of a reported quantity is believed, between 0 and 1.
    confidence: Decimal,
    /// How old a report may be, in minutes; null: any age.
    max_age_minutes: Option<i64>,
    /// What happens to stock whose report is older.
    when_stale: StaleStockPolicy,
}

/// A number of days between two.
#[derive(Debug, Clone, Copy, SimpleObject)]
pub struct DayRange {
    /// The fewest.
    min: i32,
    /// The most.
    max: i32,
}

/// Who holds goods and sends them.
pub struct Supplier(pub supplier::Model);

/// Who holds goods and sends them.
#[Object(visible = "visible_to_store")]
impl Supplier {
    /// The id.
    pub async fn id(&self) -> GlobalId<SupplierId> {
        GlobalId(self.0.id)
    }

    /// The name, which customers never see.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Whether it is used.
    async fn status(&self) -> SupplierStatusOut {
        self.0.status.into()
    }

    /// How the store talks to it: `http` or `portal`.
    async fn adapter(&self) -> &str {
        &self.0.adapter
    }

    /// The adapter's settings, without their secrets.
    async fn settings(&self) -> &Json {
        &self.0.settings
    }

    /// What it charges in.
    async fn currency_code(&self) -> async_graphql::Result<Currency> {
        Ok(self.0.currency().map_err(Fault::from)?)
    }

    /// Whether its orders are sent without asking the owner.
    async fn auto_forward(&self) -> bool {
        self.0.auto_forward
    }

    /// Where it sends from.
    async fn ships_from(&self) -> async_graphql::Result<CountryCode> {
        Ok(self.0.ships_from().map_err(|error| Fault::internal(error.to_string()))?)
    }

    /// Business days it takes to prepare an order.
    async fn processing_days(&self) -> i32 {
        self.0.processing_days
    }

    /// Local time after which an order counts for the next business day; null: there is none.
    async fn cutoff(&self) -> Option<&str> {
        self.0.cutoff.as_deref()
    }

    /// The time zone of the cut-off; null: UTC.
    async fn time_zone(&self) -> Option<&str> {
        self.0.time_zone.as_deref()
    }

    /// How the exchanges with it go.
    async fn health(&self) -> SupplierHealth {
        SupplierHealth {
            status: self.0.health().into(),
            last_success_at: self.0.last_success_at,
            last_error_at: self.0.last_error_at,
            last_error: self.0.last_error.clone(),
        }
    }

    /// How far its stock reports are believed.
    async fn stock(&self) -> SupplierStockTerms {
        SupplierStockTerms {
            confidence: Decimal::new(self.0.stock_confidence, 6).normalize(),
            max_age_minutes: self.0.stock_ttl_seconds.map(|seconds| seconds / 60),
            when_stale: self.0.stale_policy.into(),
        }
    }

    /// Where the supplier sends its webhooks: give it this address and a `whsec_…` secret.
    async fn webhook_url(&self, ctx: &Context<'_>) -> String {
        let base = ctx.app().config.base_url();
        format!("{}/webhooks/suppliers/{}", base.trim_end_matches('/'), self.0.id)
    }

    /// How it sends parcels, by code.
    #[graphql(complexity = "5 * child_complexity + 1")]
    async fn shipping_services(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<ShippingService>> {
        let found = ctx.loaders().load::<ServiceLoader, _>(self.0.id).await?;
        Ok(found.unwrap_or_default().into_iter().map(ShippingService).collect())
    }

    /// When it was added.
    async fn created_at(&self) -> DateTime {
        self.0.created_at
    }
}

/// One way a supplier sends parcels.
pub struct ShippingService(pub service::Model);

/// One way a supplier sends parcels.
#[Object(visible = "visible_to_store")]
impl ShippingService {
    /// The id.
    async fn id(&self) -> GlobalId<ShippingServiceId> {
        GlobalId(self.0.id)
    }

    /// The supplier's name for it.
    async fn code(&self) -> &str {
        &self.0.code
    }

    /// The name customers see.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Where it goes.
    async fn countries(&self) -> &[CountryCode] {
        &self.0.countries.0
    }

    /// The price of a parcel.
    async fn price(&self) -> async_graphql::Result<Money> {
        Ok(self.0.price().map_err(Fault::from)?)
    }

    /// What each item adds to it.
    async fn price_per_item(&self) -> async_graphql::Result<Money> {
        Ok(self.0.price_per_item().map_err(Fault::from)?)
    }

    /// Days on the way.
    async fn transit_days(&self) -> DayRange {
        DayRange { min: self.0.min_days, max: self.0.max_days }
    }
}

/// Suppliers by id.
pub struct SupplierLoader(App);

impl RequestLoader for SupplierLoader {
    fn new(app: &App, _actor: &Actor) -> Self {
        Self(app.clone())
    }
}

impl Loader<SupplierId> for SupplierLoader {
    type Value = supplier::Model;
    type Error = SharedFault;

    async fn load(&self, keys: &[SupplierId]) -> Result<HashMap<SupplierId, supplier::Model>, SharedFault> {
        let rows = super::load_many(self.0.db.read(), keys).await?;
        Ok(rows.into_iter().map(|row| (row.id, row)).collect())
    }
}

/// Shipping services by supplier.
pub struct ServiceLoader(App);

impl RequestLoader for ServiceLoader {
    fn new(app: &App, _actor: &Actor) -> Self {
        Self(app.clone())
    }
}

impl Loader<SupplierId> for ServiceLoader {
    type Value = Vec<service::Model>;
    type Error = SharedFault;

    async fn load(&self, keys: &[SupplierId]) -> Result<HashMap<SupplierId, Vec<service::Model>>, SharedFault> {
        let mut found: HashMap<SupplierId, Vec<service::Model>> = HashMap::new();
        for row in super::services_of(self.0.db.read(), keys).await? {
            found.entry(row.supplier_id).or_default().push(row);
        }
        Ok(found)
    }
}

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
}

user_error!(SupplierUserError, SupplierErrorCodeOut);

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
}

impl SupplierStockTermsInput {
    fn terms(self) -> StockTerms {
        // What does not fit is out of range as well, which the verb says.
        let millionths = |it: Decimal| it.checked_mul(WHOLE.into()).and_then(|it| it.to_i64()).unwrap_or(-1);
        StockTerms {
            confidence: self.confidence.map(millionths),
            max_age_minutes: self.max_age_minutes,
            when_stale: self.when_stale.map(StalePolicy::from),
        }
    }
}

/// A supplier to be added.
#[derive(Debug, InputObject)]
#[graphql(visible = "visible_to_store")]
pub struct SupplierCreateInput {
    /// The name.
    name: String,
    /// How the store talks to it: `http` (the store's own supplier protocol) or `portal` (it works
    /// through its part of this schema).
    adapter: String,
    /// The adapter's settings. `http`: `{"baseUrl", "token", "webhookSecret"}`; `portal`: none. Secrets
    /// are sealed and never shown again.
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
}

impl SupplierShippingServiceSetInput {
    fn change(self) -> Result<ServiceChange, VerbError<SupplierErrorCode>> {
        Ok(ServiceChange {
            supplier_id: self.supplier_id.0,
            code: self.code,
            name: self.name,
            countries: self.countries,
            price: money(&self.price, "price")?,
            price_per_item: self.price_per_item.map(|price| money(&price, "pricePerItem")).transpose()?,
            transit_days: (self.transit_days.min, self.transit_days.max),
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
    supplier: Option<Supplier>,
    /// Why it was refused.
    user_errors: Vec<SupplierUserError>,
}

/// What became of a change of a supplier.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct SupplierUpdatePayload {
    /// The supplier; null if the change was refused.
    supplier: Option<Supplier>,
    /// Why it was refused.
    user_errors: Vec<SupplierUserError>,
}

/// What became of a shipping service.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct SupplierShippingServiceSetPayload {
    /// The service; null if it was refused.
    shipping_service: Option<ShippingService>,
    /// Why it was refused.
    user_errors: Vec<SupplierUserError>,
}

/// The queries about suppliers.
#[derive(Default)]
pub struct SupplierQuery;

#[Object]
impl SupplierQuery {
    /// The suppliers, oldest first. For the owner and staff.
    #[graphql(visible = "visible_to_store", complexity = "first.or(last).unwrap_or(20).max(1) as usize * child_complexity + 1")]
    async fn suppliers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start.")] first: Option<i32>,
        #[graphql(desc = "The cursor to start behind.")] after: Option<String>,
        #[graphql(desc = "How many from the end.")] last: Option<i32>,
        #[graphql(desc = "The cursor to end before.")] before: Option<String>,
    ) -> Nullable<Connection<Supplier>> {
        required(page(ctx, PageArgs::new(first, after, last, before)).await)
    }

    /// One supplier; null if there is none with this id. For the owner and staff.
    #[graphql(visible = "visible_to_store")]
    async fn supplier(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The supplier's id.")] id: GlobalId<SupplierId>,
    ) -> Nullable<Supplier> {
        nullable(find(ctx, id.0).await)
    }
}

/// The supplier, for whoever may see suppliers.
pub async fn find(ctx: &Context<'_>, id: SupplierId) -> Result<Option<Supplier>, Fault> {
    Ok(super::find(ctx.app(), ctx.actor(), id).await?.map(Supplier))
}

async fn page(ctx: &Context<'_>, args: PageArgs) -> Result<Connection<Supplier>, Fault> {
    let page = super::list(ctx.app(), ctx.actor(), &args.request()?).await?;
    Connection::counted(ctx, page.map(Supplier), super::count(ctx.app(), ctx.actor())).await
}

/// The mutations of suppliers.
#[derive(Default)]
pub struct SupplierMutation;

#[Object]
impl SupplierMutation {
    /// Adds a supplier. For the owner and staff.
    #[graphql(visible = "visible_to_store")]
    async fn supplier_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The supplier.")] input: SupplierCreateInput,
    ) -> Nullable<SupplierCreatePayload> {
        let new = NewSupplier {
            name: input.name,
            adapter: input.adapter,
            settings: input.settings,
            currency: input.currency,
            auto_forward: input.auto_forward,
            ships_from: input.ships_from,
            processing_days: input.processing_days,
            cutoff: input.cutoff,
            time_zone: input.time_zone,
            stock: input.stock.unwrap_or_default().terms(),
        };
        let result = payload(super::create(ctx.app(), ctx.actor(), new).await);
        let build = |(it, user_errors): (Option<_>, _)| SupplierCreatePayload { supplier: it.map(Supplier), user_errors };
        required(result.map(build))
    }

    /// Changes a supplier, or pauses it. For the owner and staff.
    #[graphql(visible = "visible_to_store")]
    async fn supplier_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The supplier's id.")] id: GlobalId<SupplierId>,
        #[graphql(desc = "What is to change.")] input: SupplierUpdateInput,
    ) -> Nullable<SupplierUpdatePayload> {
        let change = SupplierChange {
            name: input.name,
            settings: input.settings,
            auto_forward: input.auto_forward,
            paused: input.paused,
            stock: input.stock.unwrap_or_default().terms(),
        };
        let result = payload(super::update(ctx.app(), ctx.actor(), id.0, change).await);
        let build = |(it, user_errors): (Option<_>, _)| SupplierUpdatePayload { supplier: it.map(Supplier), user_errors };
        required(result.map(build))
    }

    /// Adds one way a supplier sends parcels, or replaces the one with its code. For the owner and staff.
    #[graphql(visible = "visible_to_store")]
    async fn supplier_shipping_service_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The service.")] input: SupplierShippingServiceSetInput,
    ) -> Nullable<SupplierShippingServiceSetPayload> {
        let result = match input.change() {
            Ok(change) => super::set_service(ctx.app(), ctx.actor(), change).await,
            Err(refusal) => Err(refusal),
        };
        let build = |(it, user_errors): (Option<_>, _)| SupplierShippingServiceSetPayload {
            shipping_service: it.map(ShippingService),
            user_errors,
        };
        required(payload(result).map(build))
    }
}
