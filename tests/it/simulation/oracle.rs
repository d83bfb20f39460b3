//! The oracle: after every step the tables are asked what must not be ([`rules`]), and compared with
//! what the partners have in their books ([`books`]).

use std::collections::{BTreeSet, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::OnceLock;

use consign::fulfillment::SupplierOrderStatus;
use consign::kernel::ids::{CartId, OrderId};
use consign::kernel::money::Money;
use consign::platform::jobs::entity as job;
use consign::platform::outbox::entity as event;
use consign::worker;
use sea_orm::{
    ActiveEnum, ConnectionTrait, DatabaseConnection, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, Statement,
};

use super::books;
use super::partners;
use super::rules::{ALWAYS, IN_THE_END};
use super::story::{Story, Told};

/// What the oracle saw before.
#[derive(Default)]
pub struct Known {
    /// How many rows were written when it last looked: without more there is nothing new.
    written: Option<(u64, i64)>,
    /// The newest event whose jobs were looked for, by its row.
    event: i64,
    /// Orders of which a person said that they were taken care of.
    pub handled: BTreeSet<OrderId>,
    /// The cart that was just filled.
    pub cart: Option<(CartId, Money)>,
}

/// Everything that must not be and is.
pub fn look(story: &mut Story) -> Vec<String> {
    let mut found = std::mem::take(&mut story.wrong);
    found.extend(books::letters(story));
    let written = Some((story.lives(), written(story)));
    if written != story.known.written || !found.is_empty() {
        story.known.written = written;
        found.extend(texts(story, always()));
        found.extend(books::promises(story));
        found.extend(books::money(story));
        found.extend(books::goods(story));
        found.extend(steps(story));
        found.extend(jobs_of_events(story));
    }
    found
}

/// The same once everything has come to rest, and what can only be asked then.
pub fn look_back(story: &mut Story) -> Vec<String> {
    story.known.written = None;
    let mut found = look(story);
    let handled: HashSet<i64> = books::orders(story)
        .into_iter()
        .filter(|order| story.known.handled.contains(&order.id))
        .map(|order| order.number)
        .collect();
    let is_handled = |text: &String| handled.iter().any(|number| text.starts_with(&format!("5: order {number} ")));
    found.extend(texts(story, in_the_end()).into_iter().filter(|text| !is_handled(text)));
    found.extend(books::money_in_the_end(story));
    found.extend(books::goods_in_the_end(story));
    for order in books::orders(story) {
        let read = story.readers.get(&order.id).copied().unwrap_or_default();
        for after in [0, read] {
            found.extend(partners::follow(story, order.id, after).err());
        }
    }
    for pragma in ["PRAGMA integrity_check", "PRAGMA foreign_key_check"] {
        let told = texts(story, pragma);
        found.extend(told.into_iter().filter(|text| text != "ok").map(|text| format!("12: {text}")));
    }
    found
}

fn always() -> &'static str {
    static SQL: OnceLock<String> = OnceLock::new();
    SQL.get_or_init(|| ALWAYS.join(" UNION ALL "))
}

fn in_the_end() -> &'static str {
    static SQL: OnceLock<String> = OnceLock::new();
    SQL.get_or_init(|| IN_THE_END.join(" UNION ALL "))
}

/// The texts of the first column.
fn texts(story: &Story, sql: &str) -> Vec<String> {
    let conn = story.process().app.db.read();
    let rows = story.process().wait(conn.query_all_raw(Statement::from_string(conn.get_database_backend(), sql)));
    let rows = rows.unwrap_or_else(|error| panic!("{sql}: {error}"));
    rows.iter().map(|row| row.try_get_by_index::<String>(0).expect("a text")).collect()
}

/// How many rows this life of the process wrote, by the one connection that writes.
fn written(story: &Story) -> i64 {
    number(story, story.process().app.db.write(), "SELECT total_changes()")
}

/// The number in the first column of the first row.
fn number(story: &Story, conn: &DatabaseConnection, sql: &str) -> i64 {
    let row = story.process().wait(conn.query_one_raw(Statement::from_string(conn.get_database_backend(), sql)));
    row.expect("a row is read").map_or(0, |row| row.try_get_by_index(0).expect("a number"))
}

#[derive(FromQueryResult)]
struct StepRow {
    from_status: String,
    to_status: String,
}

/// Invariant 7: every step is an edge of the published table.
fn steps(story: &Story) -> Vec<String> {
    let sql = "SELECT DISTINCT from_status, to_status FROM supplier_order_transition";
    let conn = story.process().app.db.read();
    let query = StepRow::find_by_statement(Statement::from_string(conn.get_database_backend(), sql)).all(conn);
    let rows = story.process().wait(query).expect("steps are read");
    let status = |text: &String| SupplierOrderStatus::try_from_value(text).expect("a status");
    let wrong = rows.iter().filter(|row| !status(&row.from_status).may_become(status(&row.to_status)));
    wrong.map(|row| format!("7: there is no edge from {} to {}", row.from_status, row.to_status)).collect()
}

/// Invariant 9: no event without the jobs it starts.
fn jobs_of_events(story: &mut Story) -> Vec<String> {
    let conn = story.process().app.db.read();
    let newest = number(story, conn, "SELECT COALESCE(MAX(rowid), 0) FROM event");
    if newest == story.known.event {
        return Vec::new();
    }
    let seen = std::mem::replace(&mut story.known.event, newest);
    let conn = story.process().app.db.read();
    let query = event::Entity::find().filter(sea_orm::sea_query::Expr::cust(format!("rowid > {seen}")));
    let events = story.process().wait(query.all(conn)).expect("events are read");
    let jobs = story.process().wait(job::Entity::find().all(conn)).expect("jobs are read");
    let mut found = Vec::new();
    for event in events {
        for wanted in worker::routes(&event).expect("the table of jobs answers") {
            if !jobs.iter().any(|job| job.kind == wanted.kind && job.payload == wanted.payload) {
                found.push(format!("9: {:?} of {} started no {}", event.kind, event.stream, wanted.kind));
            }
        }
    }
    found
}

/// What a story came to.
pub fn sum_up(story: &Story, steps: usize) -> Told {
    let conn = story.process().app.db.read();
    let events = event::Entity::find().order_by_asc(event::Column::Stream).order_by_asc(event::Column::Seq).all(conn);
    let jobs = job::Entity::find().order_by_asc(job::Column::Id).all(conn);
    let (events, jobs) = story.process().wait(async { (events.await, jobs.await) });
    let mut hasher = DefaultHasher::new();
    for event in events.expect("events are read") {
        (event.id, event.stream, event.seq, event.message, event.occurred_at).hash(&mut hasher);
    }
    for job in jobs.expect("jobs are read") {
        (job.id, job.kind, job.payload.to_string(), job.run_at, job.attempts).hash(&mut hasher);
    }
    Told { steps, orders: books::orders(story).len(), digest: hasher.finish() }
}
