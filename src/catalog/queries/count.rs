//! How many products a list has.

use std::sync::Arc;

use sea_orm::{ConnectionTrait, FromQueryResult, Statement};

use super::list::{ListProducts, ProductFilter, Query};
use super::rows::Sight;
use crate::app::App;
use crate::catalog::state;
use crate::kernel::problem::Fault;

/// How many lists a process remembers the length of.
const REMEMBERED: u64 = 2_000;

#[derive(FromQueryResult)]
struct Count {
    count: i64,
}

type Key = (i64, Option<String>, ProductFilter, Sight);

/// The lengths counted last, each under the version of the catalogue it is true of.
struct Counts(moka::sync::Cache<Key, i64>);

impl Default for Counts {
    fn default() -> Self {
        Self(moka::sync::Cache::new(REMEMBERED))
    }
}

/// How many products the whole list has. Counting takes as long as the list, so the number is
/// remembered for as long as the catalogue stays as it is.
pub async fn count_products(app: &App, list: &ListProducts) -> Result<i64, Fault> {
    let conn = app.db.read();
    // Stock changes without a new version.
    if list.filter.in_stock.is_some() {
        return count(conn, list).await;
    }
    let counts: Arc<Counts> = app.local();
    let key = (state::version(conn).await?, list.query.clone(), list.filter.clone(), list.sight);
    if let Some(known) = counts.0.get(&key) {
        return Ok(known);
    }
    let fresh = count(conn, list).await?;
    counts.0.insert(key, fresh);
    Ok(fresh)
}

async fn count(conn: &impl ConnectionTrait, list: &ListProducts) -> Result<i64, Fault> {
    let Some(query) = Query::of(conn, list) else { return Ok(0) };
    let sql = format!("{}SELECT count(*) AS count FROM {}{}", query.with, query.from, query.conditions());
    let statement = Statement::from_sql_and_values(conn.get_database_backend(), sql, query.values);
    Ok(Count::find_by_statement(statement).one(conn).await?.map_or(0, |row| row.count))
}
