//! The floor for reading: the statements behind an answer, as the server writes them when it remembers
//! nothing, run by a plain client that decodes the rows and does no more.

use std::str::FromStr as _;
use std::time::{Duration, Instant};

use anyhow::Context;
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::postgres::PgRow;
use sqlx::sqlite::{SqliteConnectOptions, SqliteRow};
use sqlx::{AssertSqlSafe, FromRow, PgPool, SqlitePool};
use uuid::Uuid;

use super::drive::Figures;
use super::usage::Process;

/// What a row of either engine can be read as.
trait Row: for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, SqliteRow> + Send + Unpin {}
impl<T: for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, SqliteRow> + Send + Unpin> Row for T {}

type Time = DateTime<Utc>;
type Text = Option<String>;
type Product = (Uuid, String, String, String, Text, Text, String, i64, i64, Time, Time);
type Variant = (Uuid, Uuid, String, String, String, i64, Option<i64>, bool, i32);
type Details = (Uuid, String, Value, Value);
type Collection = (Uuid, String, String);
type Offer = (Uuid, Uuid, i64, i64, i64, i64, i64, bool, i64, Option<i32>, Option<Value>, Option<Time>);
type Supplier = (Uuid, String, i32, Text, Text);
type Service = (Uuid, Uuid, String, i64, i32, i32, Value);

const PRODUCT: &str = "SELECT p.id, p.slug, p.title, p.status, p.featured_url, p.featured_alt, p.currency, \
    p.min_price, p.max_price, p.created_at, p.updated_at FROM product p";
const VERSION: &str = "SELECT version FROM catalog_state WHERE id = 1";
const VARIANTS: &str = "SELECT v.id, v.product_id, v.sku, v.title, v.currency, v.price, v.compare_at, v.active, \
    v.position FROM variant v WHERE v.product_id {ids} AND v.active ORDER BY v.product_id, v.position, v.id";
const DETAILS: &str = "SELECT id, description, options, media FROM product WHERE id {ids}";
const OPTIONS: &str = "SELECT id, selected_options FROM variant WHERE id {ids}";
const COLLECTIONS: &str = "SELECT c.id, c.slug, c.title FROM collection_product cp \
    JOIN collection c ON c.id = cp.collection_id WHERE cp.product_id {ids} ORDER BY c.sort_title, c.id LIMIT 6";
const OFFERS: &str = "SELECT variant_id, supplier_id, reported, confidence, reserved, committed, safety_buffer, \
    active, minimum_quantity, lead_time_days, ships_to, stale_at FROM supplier_offer WHERE variant_id {ids} ORDER BY id";
const SUPPLIERS: &str = "SELECT id, status, processing_days, cutoff, time_zone FROM supplier WHERE id {ids}";
const SERVICES: &str = "SELECT id, supplier_id, name, price_minor, min_days, max_days, countries \
    FROM shipping_service WHERE supplier_id {ids}";

/// A client of its own.
pub enum Client {
    /// PostgreSQL.
    Postgres(PgPool),
    /// SQLite.
    Sqlite(SqlitePool),
}

impl Client {
    /// Connects beside the server.
    pub async fn connect(database_url: &str) -> anyhow::Result<Self> {
        if database_url.starts_with("postgres") {
            return Ok(Self::Postgres(PgPool::connect(database_url).await?));
        }
        let options = SqliteConnectOptions::from_str(database_url)?.read_only(true);
        Ok(Self::Sqlite(SqlitePool::connect_with(options).await?))
    }

    /// Reads what a list of twenty products shows, its stock aside, which the server remembers; answers
    /// the slugs.
    pub async fn list(&self) -> anyhow::Result<Vec<String>> {
        let page = format!("{PRODUCT} WHERE p.status = 'ACTIVE' ORDER BY p.created_at DESC, p.id DESC LIMIT 21");
        let mut products: Vec<Product> = self.plain(&page).await?;
        let _: Vec<(i64,)> = self.plain(VERSION).await?;
        products.truncate(20);
        let ids: Vec<Uuid> = products.iter().map(|row| row.0).collect();
        let _: Vec<Variant> = self.among(VARIANTS, &ids).await?;
        Ok(products.into_iter().map(|row| row.1).collect())
    }

    /// Reads what a product's own page shows; answers the SKUs of its variants.
    pub async fn product(&self, slug: &str) -> anyhow::Result<Vec<String>> {
        let product: Vec<Product> = self.named(&format!("{PRODUCT} WHERE p.slug = $1"), slug).await?;
        let id = [product.first().context("no such product")?.0];
        let _: Vec<Details> = self.among(DETAILS, &id).await?;
        let _: Vec<Collection> = self.among(COLLECTIONS, &id).await?;
        let variants: Vec<Variant> = self.among(VARIANTS, &id).await?;
        let ids: Vec<Uuid> = variants.iter().map(|row| row.0).collect();
        let _: Vec<(Uuid, Value)> = self.among(OPTIONS, &ids).await?;
        let offers: Vec<Offer> = self.among(OFFERS, &ids).await?;
        let mut suppliers: Vec<Uuid> = offers.iter().map(|row| row.1).collect();
        suppliers.sort_unstable();
        suppliers.dedup();
        let _: Vec<Supplier> = self.among(SUPPLIERS, &suppliers).await?;
        let _: Vec<Service> = self.among(SERVICES, &suppliers).await?;
        Ok(variants.into_iter().map(|row| row.2).collect())
    }

    async fn plain<T: Row>(&self, sql: &str) -> sqlx::Result<Vec<T>> {
        match self {
            Self::Postgres(pool) => sqlx::query_as(AssertSqlSafe(sql)).fetch_all(pool).await,
            Self::Sqlite(pool) => sqlx::query_as(AssertSqlSafe(sql)).fetch_all(pool).await,
        }
    }

    async fn named<T: Row>(&self, sql: &str, name: &str) -> sqlx::Result<Vec<T>> {
        match self {
            Self::Postgres(pool) => sqlx::query_as(AssertSqlSafe(sql)).bind(name).fetch_all(pool).await,
            Self::Sqlite(pool) => sqlx::query_as(AssertSqlSafe(sql)).bind(name).fetch_all(pool).await,
        }
    }

    /// `{ids}` in `sql` says that a column is one of `ids`.
    async fn among<T: Row>(&self, sql: &str, ids: &[Uuid]) -> sqlx::Result<Vec<T>> {
        match self {
            Self::Postgres(pool) => {
                let sql = sql.replace("{ids}", "= ANY($1)");
                sqlx::query_as(AssertSqlSafe(sql)).bind(ids).fetch_all(pool).await
            }
            Self::Sqlite(pool) => {
                let places: Vec<String> = (1..=ids.len()).map(|place| format!("${place}")).collect();
                let sql = sql.replace("{ids}", &format!("IN ({})", places.join(", ")));
                let query = sqlx::query_as(AssertSqlSafe(sql));
                ids.iter().fold(query, |query, id| query.bind(id)).fetch_all(pool).await
            }
        }
    }
}

/// Reads over and over for `time`, one read after another.
pub async fn measure<T>(time: Duration, read: impl AsyncFn() -> anyhow::Result<T>) -> anyhow::Result<Figures> {
    // Statements are prepared at their first use on each connection.
    for _ in 0..50 {
        read().await?;
    }
    let (process, begin) = (Process::own(), Instant::now());
    let before = process.cpu()?;
    let mut times = Vec::new();
    while begin.elapsed() < time {
        let began = Instant::now();
        read().await?;
        times.push(began.elapsed());
    }
    let used = process.cpu()? - before;
    Figures::of(times, begin.elapsed(), used)
}
