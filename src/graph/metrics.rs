//! Operations, counted by their kind and by what came of them. Never by a name that a client may make up,
//! since each would be kept for ever: the names of trusted documents are known, and so are the schema's
//! fields.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use async_graphql::parser::types::{OperationDefinition, OperationType, Selection};
use async_graphql::{Response, ServerError, Value};
use metrics::{Counter, Histogram, SharedString};

use super::limits::shape::Shape;
use super::trusted::Trusted;

/// The name of an operation that asks for nothing the schema has at its root by a plain field.
const OTHER: &str = "other";

/// What is counted of the operations of one name. Good ends are what there is most of: their counter is
/// looked up once.
pub struct Series {
    /// The name.
    pub name: SharedString,
    ok: OnceLock<Counter>,
    seconds: OnceLock<Histogram>,
}

impl Series {
    fn new(name: &str) -> Arc<Self> {
        let name = SharedString::from_shared(name.into());
        Arc::new(Self { name, ok: OnceLock::new(), seconds: OnceLock::new() })
    }

    fn count(&self, code: &str) {
        let counter = |code: String| metrics::counter!("consign_graphql_requests_total", "operation" => self.name.clone(), "code" => code);
        if code == OK {
            self.ok.get_or_init(|| counter(code.to_owned())).increment(1);
        } else {
            counter(code.to_owned()).increment(1);
        }
    }

    fn time(&self, took: f64) {
        let histogram = || metrics::histogram!("consign_graphql_request_seconds", "operation" => self.name.clone());
        self.seconds.get_or_init(histogram).record(took);
    }
}

/// The names of operations, and what is counted of each.
pub struct Names {
    fields: HashMap<String, Arc<Series>>,
    trusted: RwLock<HashMap<String, Arc<Series>>>,
    other: Arc<Series>,
}

impl Names {
    /// The fields at the root of `shape`; those of trusted documents are noted as they come.
    pub fn new(shape: &Shape) -> Self {
        let fields = ["Query", "Mutation", "Subscription"].into_iter().flat_map(|root| shape.names(root));
        let fields = fields.map(|name| (name.clone(), Series::new(name))).collect();
        Self { fields, trusted: RwLock::default(), other: Series::new(OTHER) }
    }

    /// What `operation`, called `name` in the document `text`, is counted as.
    pub fn of(
        &self,
        operation: &OperationDefinition,
        name: Option<&str>,
        trusted: Option<&Trusted>,
        text: &str,
    ) -> Arc<Series> {
        if let Some(name) = name.filter(|_| trusted.is_some_and(|it| it.holds(text))) {
            return self.of_trusted(name);
        }
        let first = operation.selection_set.node.items.iter().find_map(|item| match &item.node {
            Selection::Field(field) => Some(field.node.name.node.as_str()),
            Selection::FragmentSpread(_) | Selection::InlineFragment(_) => None,
        });
        Arc::clone(first.and_then(|name| self.fields.get(name)).unwrap_or(&self.other))
    }

    fn of_trusted(&self, name: &str) -> Arc<Series> {
        let known = self.trusted.read().unwrap_or_else(PoisonError::into_inner).get(name).map(Arc::clone);
        known.unwrap_or_else(|| {
            let mut all = self.trusted.write().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(name.to_owned()).or_insert_with(|| Series::new(name)))
        })
    }
}

/// The outcome of an operation without a top-level error. User errors are answers.
const OK: &str = "OK";

/// A query or a mutation was answered.
pub fn ended(kind: OperationType, series: &Series, response: &Response, took: Duration) {
    note(kind, series, response.errors.first().map_or(OK, code), took);
}

/// A query was answered as it was answered before.
pub fn repeated(series: &Series, took: Duration) {
    metrics::counter!("consign_graphql_kept_answers_total", "outcome" => "hit").increment(1);
    note(OperationType::Query, series, OK, took);
}

/// A query was not answered before, or too long ago.
pub fn not_kept() {
    metrics::counter!("consign_graphql_kept_answers_total", "outcome" => "miss").increment(1);
}

/// A subscription began. How long it lasts is its client's affair.
pub fn began(series: &Series) {
    count(name(OperationType::Subscription), OK);
    series.count(OK);
}

/// A subscription that runs, until this is dropped.
pub struct Subscribed(());

impl Subscribed {
    /// One more.
    pub fn begin() -> Self {
        metrics::gauge!("consign_graphql_subscriptions").increment(1.0);
        Self(())
    }
}

impl Drop for Subscribed {
    fn drop(&mut self) {
        metrics::gauge!("consign_graphql_subscriptions").decrement(1.0);
    }
}

/// A request was refused before it was known what it asks for, or because of it.
pub fn refused(error: &ServerError) {
    count("none", code(error));
}

fn note(kind: OperationType, series: &Series, code: &str, took: Duration) {
    let took = took.as_secs_f64();
    count(name(kind), code);
    metrics::histogram!("consign_graphql_operation_seconds", "kind" => name(kind)).record(took);
    series.count(code);
    series.time(took);
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
