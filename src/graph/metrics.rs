//! Operations, counted by their kind and by what came of them. Never by name: clients make names up,
//! and each would be kept for ever.

use std::time::Duration;

use async_graphql::parser::types::OperationType;
use async_graphql::{Response, ServerError, Value};

/// The outcome of an operation without a top-level error. User errors are answers.
const OK: &str = "OK";

/// A query or a mutation was answered.
pub fn ended(kind: OperationType, response: &Response, took: Duration) {
    count(name(kind), response.errors.first().map_or(OK, code));
    metrics::histogram!("consign_graphql_operation_seconds", "kind" => name(kind)).record(took.as_secs_f64());
}

/// A query was answered as it was answered before.
pub fn repeated(took: Duration) {
    count(name(OperationType::Query), OK);
    metrics::histogram!("consign_graphql_operation_seconds", "kind" => "query").record(took.as_secs_f64());
}

/// A subscription began. How long it lasts is its client's affair.
pub fn began() {
    count(name(OperationType::Subscription), OK);
}

/// A request was refused before it was known what it asks for, or because of it.
pub fn refused(error: &ServerError) {
    count("none", code(error));
}

fn count(kind: &'static str, code: &str) {
    metrics::counter!("consign_graphql_operations_total", "kind" => kind, "code" => code.to_owned()).increment(1);
}

fn name(kind: OperationType) -> &'static str {
    match kind {
        OperationType::Query => "query",
        OperationType::Mutation => "mutation",
        OperationType::Subscription => "subscription",
    }
}

/// One of the closed list of codes: every error has one by now.
fn code(error: &ServerError) -> &str {
    match error.extensions.as_ref().and_then(|it| it.get("code")) {
        Some(Value::String(code)) => code,
        _ => "INTERNAL",
    }
}
