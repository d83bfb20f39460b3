//! What a supplier looks like.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, Enum, Object, SimpleObject};
use rust_decimal::Decimal;

use super::fetches::{FetchLoader, SupplierFetch};
use crate::app::App;
use crate::graph::scalars::{DateTime, Json};
use crate::graph::{Connection, ContextExt, GlobalId, Nullable, PageArgs, RequestLoader, SharedFault};
use crate::identity::Actor;
use crate::identity::graphql::visible_to_store;
use crate::kernel::country::CountryCode;
use crate::kernel::ids::{ShippingServiceId, SupplierId};
use crate::kernel::money::{Currency, Money};
use crate::kernel::problem::Fault;
use crate::onboarding::graphql::{CatalogFetchLoader, SupplierCatalogFetch, SupplierItem, SupplierItemFilter, items};
use crate::suppliers::supplier::{self, StalePolicy, SupplierStatus};
use crate::suppliers::{Health, load_many, service, services_of, webhook_url};

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
    /// A part of the last figure still counts: `staleConfidence` of it.
    Buffer,
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
    /// How much of an older report still counts under `BUFFER`, between 0 and 1.
    stale_confidence: Decimal,
    /// How much of what is in stock a full report may empty at once, between 0 and 1.
    max_shrink: Decimal,
    /// How old a figure may be at a checkout before it is asked for anew, in minutes; null: any age.
    live_check_minutes: Option<i64>,
}

/// How routing reckons with a supplier.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct SupplierRoutingTerms {
    /// What it asks for a parcel besides the shipping.
    handling_fee: Money,
    /// The owner's preference: what it asks is reckoned as this share of it.
    preference: Decimal,
}

/// How well a supplier keeps its word.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct SupplierReliability {
    /// How many orders were to be sent by now.
    due_orders: i64,
    /// How many of them were sent late, or not at all.
    late_orders: i64,
    /// How likely a parcel is held to be late. Few orders say little: it begins at 0.05.
    late_rate: Decimal,
    /// How many orders it answered.
    answered_orders: i64,
    /// How many of them it refused, wholly or in part.
    refused_orders: i64,
    /// How likely an order is held to be refused. Few orders say little: it begins at 0.025.
    refusal_rate: Decimal,
    /// When this was counted; null if it never was.
    measured_at: Option<DateTime>,
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

    /// How the store talks to it: the name of one of `supplierAdapters`.
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
            stale_confidence: Decimal::new(self.0.stale_confidence, 6).normalize(),
            max_shrink: Decimal::new(self.0.stock_max_shrink, 6).normalize(),
            live_check_minutes: self.0.stock_live_seconds.map(|seconds| seconds / 60),
        }
    }

    /// How routing reckons with it.
    async fn routing(&self) -> async_graphql::Result<SupplierRoutingTerms> {
        Ok(SupplierRoutingTerms {
            handling_fee: self.0.handling_fee().map_err(Fault::from)?,
            preference: Decimal::new(self.0.preference, 6).normalize(),
        })
    }

    /// How well it keeps its word, counted every hour from its orders of the last 90 days.
    async fn reliability(&self) -> SupplierReliability {
        let counted = self.0.reliability();
        SupplierReliability {
            due_orders: counted.due,
            late_orders: counted.late,
            late_rate: Decimal::new(counted.late_share(), 6).normalize(),
            answered_orders: counted.answered,
            refused_orders: counted.refused,
            refusal_rate: Decimal::new(counted.refusal_share(), 6).normalize(),
            measured_at: self.0.measured_at,
        }
    }

    /// How its stock was fetched last; null if it never was.
    #[graphql(complexity = "child_complexity + 1")]
    async fn last_fetch(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<SupplierFetch>> {
        Ok(ctx.loaders().load::<FetchLoader, _>(self.0.id).await?.map(SupplierFetch))
    }

    /// Its goods as it shows them, those that were seen first first; `supplierCatalogFetch` brings them here.
    #[graphql(complexity = "first.unwrap_or(20).max(1) as usize * child_complexity + 10")]
    async fn items(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 100 (20 unless told).")] first: Option<i32>,
        #[graphql(desc = "The cursor to start behind.")] after: Option<String>,
        #[graphql(desc = "Only these.")] filter: Option<SupplierItemFilter>,
    ) -> Nullable<Connection<SupplierItem>> {
        items(ctx, self.0.id, filter, PageArgs::forward(first, after)).await
    }

    /// How its goods were fetched last; null if they never were.
    #[graphql(complexity = "child_complexity + 1")]
    async fn catalog_fetch(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<SupplierCatalogFetch>> {
        Ok(ctx.loaders().load::<CatalogFetchLoader, _>(self.0.id).await?.map(SupplierCatalogFetch))
    }

    /// Where the supplier sends its webhooks. Suppliers of the adapter `http` are given this address and a
    /// `whsec_…` secret by you; platforms are told by the store.
    async fn webhook_url(&self, ctx: &Context<'_>) -> String {
        webhook_url(ctx.app(), self.0.id)
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

    /// The share of the goods' cost that customs take on this way and the store pays.
    async fn duty_rate(&self) -> Decimal {
        Decimal::new(self.0.duty, 6).normalize()
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
        let rows = load_many(self.0.db.read(), keys).await?;
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
        for row in services_of(self.0.db.read(), keys).await? {
            found.entry(row.supplier_id).or_default().push(row);
        }
        Ok(found)
    }
}
