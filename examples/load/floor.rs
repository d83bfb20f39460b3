//! The floor: what the same answer costs without Consign. One handler returns the same bytes; another
//! runs the same SQL through a plain client and writes the rows as JSON.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::post;
use serde_json::{Value, json};
use sqlx::{Column as _, PgPool, Row as _};

struct Floor {
    bytes: HashMap<String, Vec<u8>>,
    statements: HashMap<String, Vec<String>>,
    pool: Option<PgPool>,
}

/// Serves the floor on `port`. `plan` names, per scenario, the file with the same bytes and the
/// SQL statements.
pub async fn serve(port: u16, plan: &std::path::Path, database_url: Option<&str>) -> anyhow::Result<()> {
    let plan: Value = serde_json::from_slice(&std::fs::read(plan)?)?;
    let mut floor = Floor { bytes: HashMap::new(), statements: HashMap::new(), pool: None };
    for (name, entry) in plan.as_object().into_iter().flatten() {
        floor.bytes.insert(name.clone(), entry["bytes"].as_str().unwrap_or_default().as_bytes().to_vec());
        let statements = entry["sql"].as_array().cloned().unwrap_or_default();
        floor.statements.insert(name.clone(), statements.iter().filter_map(|it| it.as_str().map(str::to_owned)).collect());
    }
    if let Some(url) = database_url {
        floor.pool = Some(PgPool::connect(url).await?);
    }
    let router = Router::new()
        .route("/bytes/{name}", post(same_bytes))
        .route("/sql/{name}", post(same_sql))
        .with_state(Arc::new(floor));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    Ok(axum::serve(listener, router).await?)
}

async fn same_bytes(State(floor): State<Arc<Floor>>, Path(name): Path<String>, _: axum::body::Bytes) -> impl IntoResponse {
    let bytes = floor.bytes.get(&name).cloned().unwrap_or_default();
    ([(header::CONTENT_TYPE, "application/json")], bytes)
}

async fn same_sql(State(floor): State<Arc<Floor>>, Path(name): Path<String>, _: axum::body::Bytes) -> impl IntoResponse {
    let mut answer = Vec::new();
    if let (Some(pool), Some(statements)) = (&floor.pool, floor.statements.get(&name)) {
        for statement in statements {
            let rows = sqlx::query(sqlx::AssertSqlSafe(statement.clone())).fetch_all(pool).await.unwrap_or_default();
            answer.push(rows.iter().map(row_to_json).collect::<Vec<_>>());
        }
    }
    ([(header::CONTENT_TYPE, "application/json")], json!(answer).to_string())
}

fn row_to_json(row: &sqlx::postgres::PgRow) -> Value {
    let mut object = serde_json::Map::new();
    for column in row.columns() {
        let index = column.ordinal();
        let value = row
            .try_get::<String, _>(index)
            .map(Value::from)
            .or_else(|_| row.try_get::<i64, _>(index).map(Value::from))
            .or_else(|_| row.try_get::<uuid::Uuid, _>(index).map(|id| Value::from(id.to_string())))
            .unwrap_or(Value::Null);
        object.insert(column.name().to_owned(), value);
    }
    Value::Object(object)
}
