//! What the database holds, to see that a refused operation changed nothing.

use std::collections::BTreeMap;

use consign::app::App;
use sea_orm::{ConnectionTrait, DatabaseBackend, DatabaseConnection, QueryResult, Statement};

/// Changes with every request that is counted or proved, refused or not.
const COUNTERS: &str = "sign_in_throttle";
const LAST_USED: &str = "last_used_at";

/// How to read everything at once.
pub struct Snapshots {
    conn: DatabaseConnection,
    query: String,
}

impl Snapshots {
    /// Of the store's database.
    pub async fn of(app: &App) -> Self {
        let conn = app.db.read().clone();
        let tables = match conn.get_database_backend() {
            DatabaseBackend::Sqlite => {
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND sql NOT LIKE '%VIRTUAL%'"
            }
            _ => "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'",
        };
        let mut parts = Vec::new();
        for row in rows(&conn, tables).await {
            let table = text(&row, "name");
            if table != COUNTERS {
                parts.push(digest(&conn, &table).await);
            }
        }
        let query = parts.join(" UNION ALL ");
        Self { conn, query }
    }

    /// What there is: of each table, its rows.
    pub async fn take(&self) -> BTreeMap<String, String> {
        let rows = rows(&self.conn, &self.query).await;
        rows.iter().map(|row| (text(row, "name"), text(row, "digest"))).collect()
    }
}

/// A query for all rows of `table` as one text.
async fn digest(conn: &DatabaseConnection, table: &str) -> String {
    if conn.get_database_backend() != DatabaseBackend::Sqlite {
        return format!(
            "SELECT '{table}' AS name, coalesce((SELECT string_agg(r, ' ' ORDER BY r) FROM
                (SELECT (to_jsonb(t) - '{LAST_USED}')::text AS r FROM \"{table}\" t) x), '') AS digest"
        );
    }
    let columns = rows(conn, &format!("SELECT name FROM pragma_table_info('{table}') WHERE name <> '{LAST_USED}'")).await;
    let columns: Vec<String> = columns.iter().map(|row| format!("quote(\"{}\")", text(row, "name"))).collect();
    format!(
        "SELECT '{table}' AS name, coalesce((SELECT group_concat(r) FROM
            (SELECT {} AS r FROM \"{table}\" ORDER BY 1)), '') AS digest",
        columns.join(" || ',' || ")
    )
}

async fn rows(conn: &DatabaseConnection, sql: &str) -> Vec<QueryResult> {
    let statement = Statement::from_string(conn.get_database_backend(), sql);
    conn.query_all_raw(statement).await.unwrap_or_else(|error| panic!("{sql}: {error}"))
}

fn text(row: &QueryResult, column: &str) -> String {
    row.try_get("", column).expect("a text")
}
