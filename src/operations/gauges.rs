//! What is counted when somebody asks for the metrics, rather than all the time: all of it in this one
//! place, by indexes, and not more often than every 15 seconds however often it is asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use tokio::sync::Mutex;

use crate::app::App;
use crate::kernel::clock::Timestamp;
use crate::kernel::problem::Fault;
use crate::platform::jobs::lanes::{self, LaneState};
use crate::platform::jobs::{self, Census};
use crate::platform::outbox;
use crate::{checkout, fulfillment, workitems};

/// For how long what was counted is told.
const FRESH: Duration = Duration::from_secs(15);
/// So many lanes are told of: one for each supplier, and a store may have thousands.
const MAX_LANES: usize = 200;

/// What was told, in this process.
#[derive(Default)]
struct Gauges(Mutex<Told>);

#[derive(Default)]
struct Told {
    at: Option<Instant>,
    /// Those that must be told to be none when they are gone.
    lanes: BTreeSet<String>,
    types: BTreeSet<String>,
}

/// Brings the gauges up to date.
pub async fn measure(app: &App) -> Result<(), Fault> {
    connections(app);
    let gauges = app.local::<Gauges>();
    // Somebody else is at it.
    let Ok(mut told) = gauges.0.try_lock() else { return Ok(()) };
    if told.at.is_some_and(|at| at.elapsed() < FRESH) {
        return Ok(());
    }
    told.at = Some(Instant::now());
    let census = jobs::census(app).await?;
    queue(app, &census);
    lanes(app, &census, &mut told.lanes);
    work_items(app, &mut told.types).await?;
    let conn = app.db.read();
    metrics::gauge!("consign_outbox_lag_seconds").set(age(app, outbox::oldest_unnumbered(conn).await?));
    let (count, oldest) = checkout::undecided(conn).await?;
    metrics::gauge!("consign_payments_undecided").set(count as f64);
    metrics::gauge!("consign_payments_undecided_oldest_seconds").set(age(app, oldest));
    let (count, oldest) = fulfillment::unforwarded(conn).await?;
    metrics::gauge!("consign_unforwarded").set(count as f64);
    metrics::gauge!("consign_unforwarded_oldest_seconds").set(age(app, oldest));
    Ok(())
}

/// How long ago it was, in seconds; 0 if there is nothing.
fn age(app: &App, since: Option<Timestamp>) -> f64 {
    let age = since.map_or(TimeDelta::zero(), |since| app.clock.now() - since);
    age.to_std().unwrap_or_default().as_secs_f64()
}

fn connections(app: &App) {
    for (pool, used, idle) in app.db.connections() {
        metrics::gauge!("consign_db_connections", "pool" => pool, "state" => "used").set(f64::from(used));
        metrics::gauge!("consign_db_connections", "pool" => pool, "state" => "idle").set(f64::from(idle));
    }
}

fn queue(app: &App, census: &Census) {
    let states = [
        ("waiting", census.waiting()),
        ("scheduled", census.scheduled),
        ("running", census.running),
        ("dead", census.dead),
    ];
    for (state, count) in states {
        metrics::gauge!("consign_jobs", "state" => state).set(count as f64);
    }
    metrics::gauge!("consign_queue_oldest_seconds").set(age(app, census.oldest_due_at()));
}

fn lanes(app: &App, census: &Census, told: &mut BTreeSet<String>) {
    for view in lanes::views(app).into_iter().take(MAX_LANES) {
        let closed = matches!(view.state, LaneState::Closed | LaneState::Trying);
        let gauge = |name: &'static str, value: f64| metrics::gauge!(name, "lane" => view.name.clone()).set(value);
        gauge("consign_lane_places", view.places as f64);
        gauge("consign_lane_taken", view.taken as f64);
        gauge("consign_lane_closed", f64::from(u8::from(closed)));
        told.insert(view.name.clone());
    }
    let waiting: BTreeMap<&str, i64> =
        census.due.iter().filter_map(|it| Some((it.lane.as_deref()?, it.count))).collect();
    told.extend(waiting.keys().take(MAX_LANES).map(|name| (*name).to_owned()));
    for name in told.iter() {
        let count = waiting.get(name.as_str()).copied().unwrap_or_default();
        metrics::gauge!("consign_lane_waiting", "lane" => name.clone()).set(count as f64);
    }
}

async fn work_items(app: &App, told: &mut BTreeSet<String>) -> Result<(), Fault> {
    let counts: BTreeMap<String, i64> = workitems::census(app.db.read()).await?.into_iter().collect();
    told.extend(counts.keys().cloned());
    for kind in told.iter() {
        let count = counts.get(kind).copied().unwrap_or_default();
        metrics::gauge!("consign_work_items_open", "type" => kind.clone()).set(count as f64);
    }
    let (oldest, overdue) = workitems::backlog(app.db.read(), app.clock.now()).await?;
    metrics::gauge!("consign_work_items_oldest_seconds").set(age(app, oldest));
    metrics::gauge!("consign_work_items_overdue").set(overdue as f64);
    Ok(())
}
