//! One text for both engines.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

/// Runs `statements` (separated by `;`), with `{uuid}`, `{time}`, `{json}` and `{bytes}` standing for
/// the engine's own types. On SQLite the names tell sea-orm how a column is read.
pub async fn run(manager: &SchemaManager<'_>, statements: &str) -> Result<(), DbErr> {
    let types = match manager.get_database_backend() {
        DbBackend::Postgres => {
            [("{uuid}", "uuid"), ("{time}", "timestamptz"), ("{json}", "jsonb"), ("{bytes}", "bytea")]
        }
        _ => [
            ("{uuid}", "uuid_text"),
            ("{time}", "timestamp_with_timezone_text"),
            ("{json}", "jsonb_text"),
            ("{bytes}", "blob"),
        ],
    };
    let sql = types.iter().fold(statements.to_owned(), |sql, (name, own)| sql.replace(name, own));
    for statement in sql.split(';').map(str::trim).filter(|statement| !statement.is_empty()) {
        manager.get_connection().execute_unprepared(statement).await?;
    }
    Ok(())
}
