//! Lanes: jobs that wait for one partner – a supplier, a payment provider, the mail server – share a
//! lane, so that a partner who is slow or gone holds up nobody else.
//!
//! A lane has a part of the process' places and no more (a bulkhead). It closes when call after call
//! fails (a circuit breaker), for longer each time; when it opens again, one job alone tries. A job that
//! finds no place in its lane is put back where it was in the queue and remembers the lane, and no job of
//! a lane without a place is claimed. So whatever waited goes on in the order of its age.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::TimeDelta;

use super::JobError;
use crate::app::App;
use crate::kernel::clock::Timestamp;

/// Which part of a process' places a lane may have.
const PART: usize = 4;
/// So many failures in a row close a lane.
const FAILURES: u32 = 5;
/// For how long, the first time; it doubles with each failure after that. Network time, never scaled.
const PAUSE: TimeDelta = TimeDelta::seconds(2);
/// The longest that a lane stays closed.
const LONGEST: TimeDelta = TimeDelta::seconds(60);

/// The lanes of this process.
#[derive(Default)]
pub struct Lanes(Mutex<HashMap<String, Lane>>);

#[derive(Debug, Default)]
struct Lane {
    running: usize,
    failures: u32,
    closed_until: Option<Timestamp>,
}

/// A place in a lane; given back when dropped.
pub struct Pass {
    lanes: Arc<Lanes>,
    name: String,
}

/// Takes a place in the lane `name`, or ends the job's run: it begins anew once there is one.
pub fn enter(app: &App, name: String) -> Result<Pass, JobError> {
    let lanes = app.local::<Lanes>();
    let places = places(app);
    let mut all = lanes.lock();
    let lane = all.entry(name.clone()).or_default();
    if lane.is_closed(places, app.clock.now()) {
        return Err(JobError::Held { lane: name });
    }
    lane.running += 1;
    drop(all);
    Ok(Pass { lanes, name })
}

/// Notes that a call in the lane `name` went well: it is open.
pub fn note_success(app: &App, name: &str) {
    if let Some(lane) = app.local::<Lanes>().lock().get_mut(name) {
        (lane.failures, lane.closed_until) = (0, None);
    }
}

/// Notes that a call in the lane `name` failed, or that nobody knows what came of it.
pub fn note_failure(app: &App, name: &str) {
    let lanes = app.local::<Lanes>();
    let mut all = lanes.lock();
    let lane = all.entry(name.to_owned()).or_default();
    lane.failures = lane.failures.saturating_add(1);
    if let Some(beyond) = lane.failures.checked_sub(FAILURES) {
        let pause = PAUSE * 2_i32.pow(beyond.min(10));
        lane.closed_until = Some(app.clock.now() + pause.min(LONGEST));
    }
}

/// How a lane of this process stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneView {
    /// Whom its jobs wait for.
    pub name: String,
    /// Whether it lets jobs in.
    pub state: LaneState,
    /// How many jobs it may have at once.
    pub places: usize,
    /// How many it has.
    pub taken: usize,
    /// How many calls failed in a row.
    pub failures: u32,
    /// Until when it lets nobody in.
    pub closed_until: Option<Timestamp>,
}

/// Whether a lane lets jobs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LaneState {
    /// It does.
    Open,
    /// All its places are taken.
    Full,
    /// Call after call failed: it lets nobody in for a while.
    Closed,
    /// The while is over: it lets one in, or has, to see whether calls go well again.
    Trying,
}

/// The lanes of this process, by name. Only those that were ever used, and the jobs of one process: each
/// has lanes of its own.
pub fn views(app: &App) -> Vec<LaneView> {
    let (places, now) = (places(app), app.clock.now());
    let lanes = app.local::<Lanes>();
    let mut all: Vec<_> = lanes.lock().iter().map(|(name, lane)| lane.view(name, places, now)).collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

/// How a lane stands that was never used here.
pub fn unused(app: &App, name: &str) -> LaneView {
    Lane::default().view(name, places(app), app.clock.now())
}

/// The lanes that have no place now.
pub(super) fn closed(app: &App) -> Vec<String> {
    let (places, now) = (places(app), app.clock.now());
    let lanes = app.local::<Lanes>();
    let all = lanes.lock();
    all.iter().filter(|(_, lane)| lane.is_closed(places, now)).map(|(name, _)| name.clone()).collect()
}

fn places(app: &App) -> usize {
    (app.config.worker_places / PART).max(1)
}

impl Lane {
    fn view(&self, name: &str, places: usize, now: Timestamp) -> LaneView {
        let state = match self.closed_until {
            Some(until) if until > now => LaneState::Closed,
            Some(_) => LaneState::Trying,
            None if self.running >= places => LaneState::Full,
            None => LaneState::Open,
        };
        LaneView {
            name: name.to_owned(),
            state,
            places,
            taken: self.running,
            failures: self.failures,
            closed_until: self.closed_until.filter(|until| *until > now),
        }
    }

    fn is_closed(&self, places: usize, now: Timestamp) -> bool {
        let failing = self.closed_until.is_some_and(|until| until > now || self.running > 0);
        failing || self.running >= places
    }
}

impl Lanes {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Lane>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if let Some(lane) = self.lanes.lock().get_mut(&self.name) {
            lane.running -= 1;
        }
    }
}
