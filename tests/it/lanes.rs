//! A partner who is slow or gone holds up nobody else.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use consign::app::App;
use consign::platform::jobs::{self, Done, Handlers, Job, JobError, JobRun, lanes};
use consign::platform::tx::Tx;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::support::app::TestApp;

crate::engine_tests![
    a_partner_who_hangs_has_a_part_of_the_places,
    a_partner_who_fails_is_left_alone_and_then_tried_by_one_job,
];

/// The partners of a test, as they are to the jobs of its store.
struct Partners {
    /// How many calls may end.
    answers: Semaphore,
    calls: AtomicUsize,
    most: AtomicUsize,
    done: Mutex<Vec<String>>,
    fail: AtomicUsize,
}

impl Default for Partners {
    fn default() -> Self {
        let zero = AtomicUsize::default;
        Self { answers: Semaphore::new(0), calls: zero(), most: zero(), done: Mutex::default(), fail: zero() }
    }
}

impl Partners {
    fn done(&self) -> Vec<String> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, name: String) {
        self.done.lock().unwrap_or_else(PoisonError::into_inner).push(name);
    }
}

#[derive(Serialize, Deserialize)]
struct Call {
    partner: String,
    number: usize,
}

impl Job for Call {
    const KIND: &'static str = "test.call";

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        let _place = lanes::enter(&run.app, self.partner.clone())?;
        let partners = run.app.local::<Partners>();
        let calls = partners.calls.fetch_add(1, Ordering::SeqCst) + 1;
        if self.partner == "slow" {
            partners.most.fetch_max(calls, Ordering::SeqCst);
            let answer = partners.answers.acquire().await.expect("it stays open");
            answer.forget();
        }
        partners.calls.fetch_sub(1, Ordering::SeqCst);
        if partners.fail.load(Ordering::SeqCst) > 0 {
            lanes::note_failure(&run.app, &self.partner);
            partners.note("failed".to_owned());
            return Err(JobError::Retry { reason: "no answer".to_owned(), after: Some(Duration::ZERO) });
        }
        lanes::note_success(&run.app, &self.partner);
        partners.note(format!("{} {}", self.partner, self.number));
        Ok(Done::OK)
    }
}

async fn add(app: &App, partner: &str, count: usize) {
    for number in 0..count {
        let tx = Tx::begin(app).await.expect("begun");
        jobs::enqueue(&tx, &Call { partner: partner.to_owned(), number }).await.expect("added");
        tx.commit().await.expect("committed");
        // The age of each is its own.
        app.clock.advance(chrono::TimeDelta::milliseconds(1));
    }
}

fn handlers() -> Handlers {
    Handlers::default().with::<Call>()
}

async fn until(holds: impl Fn() -> bool) {
    for _ in 0..500 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it did not come to that");
}

async fn a_partner_who_hangs_has_a_part_of_the_places(app: TestApp) {
    let app = app.app;
    let partners = app.local::<Partners>();
    add(&app, "slow", 30).await;
    add(&app, "quick", 10).await;
    let stop = CancellationToken::new();
    let worker = tokio::spawn(jobs::run(app.clone(), Arc::new(handlers()), 16, stop.clone()));
    until(|| partners.done().len() == 10).await;
    assert!(partners.done().iter().all(|it| it.starts_with("quick")));
    assert_eq!(partners.most.load(Ordering::SeqCst), 4, "of 16 places");
    partners.answers.add_permits(100);
    until(|| partners.done().len() == 40).await;
    stop.cancel();
    worker.await.expect("it ended");
}

/// Runs what is due; how many calls failed so far.
async fn failures(app: &TestApp) -> usize {
    jobs::run_due(&app.app, &handlers()).await.expect("jobs run");
    app.app.local::<Partners>().done().len()
}

async fn a_partner_who_fails_is_left_alone_and_then_tried_by_one_job(app: TestApp) {
    let partners = app.app.local::<Partners>();
    partners.fail.store(1, Ordering::SeqCst);
    add(&app.app, "gone", 20).await;
    assert_eq!(failures(&app).await, 5, "in a row");
    assert_eq!(failures(&app).await, 5, "nobody asks");
    app.app.clock.advance(chrono::TimeDelta::seconds(2));
    assert_eq!(failures(&app).await, 6, "one asks");
    app.app.clock.advance(chrono::TimeDelta::seconds(2));
    assert_eq!(failures(&app).await, 6, "it is left alone for longer");
    app.app.clock.advance(chrono::TimeDelta::seconds(2));
    partners.fail.store(0, Ordering::SeqCst);
    jobs::run_due(&app.app, &handlers()).await.expect("jobs run");
    let well: Vec<String> = partners.done().split_off(6);
    assert_eq!(well.len(), 20, "all are done, and none used up its attempts");
    // Those that were never tried go on in the order of their age.
    let untried: Vec<&String> = well.iter().filter(|it| !["0", "1", "2", "3", "4", "5"].contains(&&it[5..])).collect();
    let ages: Vec<usize> = untried.iter().map(|it| it[5..].parse().expect("a number")).collect();
    assert!(ages.is_sorted(), "{ages:?}");
}
