//! The metrics there are: their names, kinds, labels and what they say. `docs/observability.md` is this
//! table for people, and a test asks a running server for each of them.
//!
//! No label is a text that a client may choose: each would be kept for ever.

use self::Kind::{Counter, Gauge, Histogram};

/// What kind of metric it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It only grows.
    Counter,
    /// It is what it is now.
    Gauge,
    /// How often which values came.
    Histogram,
}

/// One metric.
#[derive(Debug, Clone, Copy)]
pub struct Measure {
    /// Its name.
    pub name: &'static str,
    /// Its kind.
    pub kind: Kind,
    /// Its labels, separated by commas.
    pub labels: &'static str,
    /// What it says.
    pub help: &'static str,
}

const fn measure(name: &'static str, kind: Kind, labels: &'static str, help: &'static str) -> Measure {
    Measure { name, kind, labels, help }
}

/// All metrics.
pub const MEASURES: &[Measure] = &[
    measure("consign_info", Gauge, "version", "Always 1; which version runs."),
    // Requests.
    measure(
        "consign_http_requests_total",
        Counter,
        "route, method, status",
        "HTTP requests to the public listener, by the pattern of their path.",
    ),
    measure("consign_http_request_seconds", Histogram, "route, method", "How long HTTP requests took."),
    measure(
        "consign_connections_refused_total",
        Counter,
        "",
        "Connections that were closed at once, because their address had too many.",
    ),
    measure(
        "consign_graphql_operations_total",
        Counter,
        "kind, code",
        "GraphQL operations, by their kind (none: it was refused before that was known) and their first error's code, or OK. RATE_LIMITED and QUERY_TOO_COMPLEX are refusals.",
    ),
    measure("consign_graphql_operation_seconds", Histogram, "kind", "How long GraphQL queries and mutations took."),
    measure(
        "consign_graphql_requests_total",
        Counter,
        "operation, code",
        "The same by the name of a trusted document's operation, or by the first field of any other; other: the schema has no such field.",
    ),
    measure(
        "consign_graphql_request_seconds",
        Histogram,
        "operation",
        "How long GraphQL queries and mutations took, by the same name.",
    ),
    measure("consign_graphql_subscriptions", Gauge, "", "Subscriptions that run in this process."),
    measure(
        "consign_graphql_kept_answers_total",
        Counter,
        "outcome",
        "Questions of anonymous callers whose answers are kept for a moment: hit or miss.",
    ),
    measure(
        "consign_webhooks_total",
        Counter,
        "from, outcome",
        "Webhooks from suppliers and payments: stored, repeated, or forged.",
    ),
    // Background work.
    measure(
        "consign_jobs_total",
        Counter,
        "kind, outcome",
        "Runs of jobs: done, again (it repeats), retry (it failed and is tried again), held (its lane had no place), failed (given up).",
    ),
    measure("consign_job_wait_seconds", Histogram, "kind", "From the time a job could have been begun until it was."),
    measure("consign_job_run_seconds", Histogram, "kind", "How long runs of jobs took."),
    measure(
        "consign_jobs",
        Gauge,
        "state",
        "Jobs of all processes: waiting (for a place), scheduled (for later), running, dead (dead letters).",
    ),
    measure("consign_queue_oldest_seconds", Gauge, "", "For how long the oldest waiting job could have been begun."),
    measure(
        "consign_lane_places",
        Gauge,
        "lane",
        "How many jobs of this process may call a partner (a supplier's id, gateway:name, mail) at once.",
    ),
    measure("consign_lane_taken", Gauge, "lane", "How many do."),
    measure(
        "consign_lane_closed",
        Gauge,
        "lane",
        "1 while call after call fails and the partner is left alone, or tried by one job; else 0.",
    ),
    measure("consign_lane_waiting", Gauge, "lane", "How many jobs of all processes wait for a place in the lane."),
    measure(
        "consign_outbox_lag_seconds",
        Gauge,
        "",
        "How old the oldest event is that has no position in the store's stream yet.",
    ),
    measure("consign_work_items_open", Gauge, "type", "Open entries of the exceptions queue."),
    measure(
        "consign_work_items_oldest_seconds",
        Gauge,
        "",
        "How old the oldest open entry of the exceptions queue is.",
    ),
    measure(
        "consign_work_items_overdue",
        Gauge,
        "",
        "Open entries of the exceptions queue past the time they are due.",
    ),
    // Orders and money.
    measure(
        "consign_payment_calls_total",
        Counter,
        "gateway, call, outcome",
        "Calls to payment providers: ok, pending, declined, refused, retry (surely not done), unknown (may be done).",
    ),
    measure("consign_payment_call_seconds", Histogram, "gateway, call", "How long calls to payment providers took."),
    measure("consign_payments_undecided", Gauge, "", "Checkouts that wait for a payment provider's decision."),
    measure("consign_payments_undecided_oldest_seconds", Gauge, "", "For how long the oldest of them has waited."),
    measure(
        "consign_paid_to_forwarded_seconds",
        Histogram,
        "",
        "From an order's placing until a supplier had its part of it for sure. Parts that are planned again count from the order's placing.",
    ),
    measure(
        "consign_unforwarded",
        Gauge,
        "",
        "Supplier orders that are to be sent and that no supplier is known to have: queued, being sent, unknown, or failed. Not those that wait for the owner's approval.",
    ),
    measure("consign_unforwarded_oldest_seconds", Gauge, "", "How old the oldest of them is."),
    // What it stands on.
    measure("consign_cache_reads_total", Counter, "outcome", "Reads of the cache, by key: hit or miss."),
    measure(
        "consign_db_connections",
        Gauge,
        "pool, state",
        "Connections to the database: used or idle. SQLite has one to write and some to read; PostgreSQL has one pool.",
    ),
    measure(
        "consign_egress_calls_total",
        Counter,
        "to, outcome",
        "HTTP calls to suppliers, payment providers, sources of imports and identity providers: the class of the answer's status, refused (the host may not be called), or failed.",
    ),
    measure("consign_egress_call_seconds", Histogram, "to", "How long it took until such a call was answered."),
];

/// Tells the recorder what they say.
pub(super) fn describe() {
    for it in MEASURES {
        match it.kind {
            Counter => metrics::describe_counter!(it.name, it.help),
            Gauge => metrics::describe_gauge!(it.name, it.help),
            Histogram => metrics::describe_histogram!(it.name, it.help),
        }
    }
}
