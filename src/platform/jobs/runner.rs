//! The worker's loop: claims jobs as places become free and runs them side by side.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;
use tracing::field::Empty;

use super::queue::{self, JOBS_TOPIC};
use super::{Done, Job, JobError, JobRun, Priority, Witness, end, entity};
use crate::app::App;
use crate::kernel::problem::Fault;
use crate::platform::traces;
use crate::platform::tx::Tx;

/// How often the table is looked at without being told.
const IDLE: Duration = Duration::from_millis(500);
/// How often a running job's claim is renewed; a third of the lease.
const HEARTBEAT: Duration = Duration::from_secs(5);

type Handler = Box<dyn Fn(JobRun, Value) -> BoxFuture<'static, Result<Done, JobError>> + Send + Sync>;

/// Which kind of job is done by what, and who is told when it is not.
#[derive(Default)]
pub struct Handlers {
    kinds: HashMap<&'static str, Kind>,
    witness: Option<Box<dyn Witness>>,
}

struct Kind {
    name: &'static str,
    handler: Handler,
    beat: Option<Duration>,
    priority: Priority,
    longest: Duration,
}

impl Handlers {
    /// Adds a kind of job.
    #[must_use]
    pub fn with<J: Job>(mut self) -> Self {
        let handler: Handler = Box::new(|run, payload| {
            async move {
                let job: J = serde_json::from_value(payload).map_err(|error| JobError::Fail(error.to_string()))?;
                job.run(&run).await
            }
            .boxed()
        });
        let kind = Kind { name: J::KIND, handler, beat: J::BEAT, priority: J::PRIORITY, longest: J::LONGEST };
        let before = self.kinds.insert(J::KIND, kind);
        debug_assert!(before.is_none(), "two jobs are called {}", J::KIND);
        self
    }

    /// Names who is told of trouble.
    #[must_use]
    pub fn watched_by(self, witness: impl Witness + 'static) -> Self {
        Self { witness: Some(Box::new(witness)), ..self }
    }

    pub(super) fn beat(&self, kind: &str) -> Option<Duration> {
        self.kinds.get(kind).and_then(|kind| kind.beat)
    }

    pub(super) fn priority(&self, kind: &str) -> Priority {
        self.kinds.get(kind).map_or(Priority::Usual, |kind| kind.priority)
    }

    pub(super) async fn given_up(
        &self,
        tx: &Tx,
        job: &entity::Model,
        reason: &str,
        goes_on: bool,
    ) -> Result<(), Fault> {
        match &self.witness {
            Some(witness) => witness.given_up(tx, job, reason, goes_on).await,
            None => Ok(()),
        }
    }

    pub(super) async fn recovered(&self, tx: &Tx, job: &entity::Model) -> Result<(), Fault> {
        match &self.witness {
            Some(witness) => witness.recovered(tx, job).await,
            None => Ok(()),
        }
    }
}

/// Works until `stop`, then lets running jobs end. At most `places` jobs run at once.
pub async fn run(app: App, handlers: Arc<Handlers>, places: usize, stop: CancellationToken) {
    let free = Arc::new(Semaphore::new(places));
    let mut running = JoinSet::new();
    let mut hints = app.bus.subscribe(JOBS_TOPIC);
    let mut sweep = tokio::time::interval(HEARTBEAT);
    while !stop.is_cancelled() {
        if sweep.tick().now_or_never().is_some()
            && let Err(error) = end::sweep_lost(&app, &handlers).await
        {
            tracing::warn!(?error, "lost claims could not be swept; trying again");
        }
        while running.try_join_next().is_some() {}
        let claimed = match queue::claim(&app, free.available_permits() as u64).await {
            Ok(jobs) => jobs,
            Err(error) => {
                tracing::warn!(?error, "jobs could not be claimed; trying again");
                Vec::new()
            }
        };
        let nothing = claimed.is_empty();
        for job in claimed {
            let Ok(place) = Arc::clone(&free).acquire_owned().await else { return };
            let (app, handlers) = (app.clone(), Arc::clone(&handlers));
            running.spawn(async move {
                run_alive(app, handlers, job).await;
                drop(place);
            });
        }
        if nothing || free.available_permits() == 0 {
            tokio::select! {
                () = stop.cancelled() => break,
                () = hints.wait(), if nothing => {}
                Some(_) = running.join_next(), if !running.is_empty() => {}
                () = tokio::time::sleep(IDLE) => {}
            }
        }
    }
    while running.join_next().await.is_some() {}
}

/// Runs a job while renewing its claim, and records how it ended. A job whose claim was lost is dropped at
/// its next await.
///
/// Both are polled side by side: the job may hold the very connection that the renewal waits for. The end
/// is recorded without renewals: one that comes just after it would find no claim, and tell of a loss.
async fn run_alive(app: App, handlers: Arc<Handlers>, job: entity::Model) {
    let outcome = tokio::select! {
        outcome = attempt(&app, &handlers, &job) => outcome,
        () = renew_until_lost(&app, &job) => {
            tracing::warn!(job.id = %job.id, "the claim was lost while running");
            return;
        }
    };
    if let Err(error) = end::settle(&app, &handlers, &job, outcome).await {
        // The claim runs out by itself and the attempt is counted.
        tracing::warn!(job.id = %job.id, ?error, "the job's end could not be recorded");
    }
}

async fn renew_until_lost(app: &App, job: &entity::Model) {
    let mut beat = tokio::time::interval(HEARTBEAT);
    beat.tick().await;
    loop {
        beat.tick().await;
        match queue::heartbeat(app, job).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => tracing::warn!(job.id = %job.id, ?error, "the claim could not be renewed"),
        }
    }
}

/// Does the work of a claimed job once, for as long as its kind may take. How it ended is recorded by
/// [`end::settle`].
pub async fn attempt(app: &App, handlers: &Handlers, job: &entity::Model) -> Result<Done, JobError> {
    // A newer replica may know this kind; keep the job for it.
    let Some(kind) = handlers.kinds.get(job.kind.as_str()) else {
        return Err(JobError::retry(format!("no handler for jobs of kind {}", job.kind)));
    };
    let waited = (app.clock.now() - job.run_at).to_std().unwrap_or_default();
    metrics::histogram!("consign_job_wait_seconds", "kind" => kind.name).record(waited.as_secs_f64());
    let began = Instant::now();
    let run = JobRun { app: app.clone(), id: job.id, attempt: job.attempts, max_attempts: job.max_attempts };
    let span = tracing::info_span!("job", job.kind = kind.name, %job.id, order.id = Empty);
    traces::go_on(&span, job.trace.as_deref());
    let work = AssertUnwindSafe((kind.handler)(run, job.payload.clone())).catch_unwind().instrument(span);
    let outcome = tokio::time::timeout(kind.longest, work).await;
    metrics::histogram!("consign_job_run_seconds", "kind" => kind.name).record(began.elapsed().as_secs_f64());
    match outcome {
        Ok(outcome) => outcome.unwrap_or_else(|panic| Err(end::panicked(panic.as_ref()))),
        Err(_) => Err(JobError::retry(format!("it ran longer than {:?}", kind.longest))),
    }
}

/// Claims and runs jobs, one after another, until none is due; returns how many ran. For tests,
/// which move the clock themselves.
pub async fn run_due(app: &App, handlers: &Handlers) -> Result<usize, Fault> {
    let mut count = 0;
    end::sweep_lost(app, handlers).await?;
    loop {
        let jobs = queue::claim(app, 1).await?;
        let Some(job) = jobs.into_iter().next() else { return Ok(count) };
        let outcome = attempt(app, handlers, &job).await;
        end::settle(app, handlers, &job, outcome).await?;
        count += 1;
    }
}
