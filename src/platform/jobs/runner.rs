//! The worker's loop: claims jobs as places become free and runs them side by side.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::queue::{self, JOBS_TOPIC};
use super::{Done, Job, JobError, JobRun, entity};
use crate::app::App;

/// How often the table is looked at without being told.
const IDLE: Duration = Duration::from_millis(500);
/// How often a running job's claim is renewed; a third of the lease.
const HEARTBEAT: Duration = Duration::from_secs(5);

type Handler = Box<dyn Fn(JobRun, Value) -> BoxFuture<'static, Result<Done, JobError>> + Send + Sync>;

/// Which kind of job is done by what.
#[derive(Default)]
pub struct Handlers(HashMap<&'static str, Handler>);

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
        let before = self.0.insert(J::KIND, handler);
        debug_assert!(before.is_none(), "two jobs are called {}", J::KIND);
        self
    }

    pub(super) fn get(&self, kind: &str) -> Option<&Handler> {
        self.0.get(kind)
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
            && let Err(error) = queue::requeue_expired(&app).await
        {
            tracing::warn!(%error, "lost claims could not be swept; trying again");
        }
        while running.try_join_next().is_some() {}
        let claimed = match queue::claim(&app, free.available_permits() as u64).await {
            Ok(jobs) => jobs,
            Err(error) => {
                tracing::warn!(%error, "jobs could not be claimed; trying again");
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

/// Runs a job while renewing its claim. A job whose claim was lost is dropped at its next await.
async fn run_alive(app: App, handlers: Arc<Handlers>, job: entity::Model) {
    let work = std::panic::AssertUnwindSafe(queue::run_claimed(&app, &handlers, job.clone())).catch_unwind();
    tokio::pin!(work);
    let mut beat = tokio::time::interval(HEARTBEAT);
    beat.tick().await;
    loop {
        tokio::select! {
            ended = &mut work => {
                match ended {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => tracing::warn!(job.id = %job.id, %error, "the job's end could not be recorded"),
                    // The claim runs out by itself and the attempt is counted.
                    Err(_) => tracing::error!(job.id = %job.id, job.kind, "the job panicked"),
                }
                return;
            }
            _ = beat.tick() => match queue::heartbeat(&app, &job).await {
                Ok(true) => {}
                Ok(false) => return tracing::warn!(job.id = %job.id, "the claim was lost while running"),
                Err(error) => tracing::warn!(job.id = %job.id, %error, "the claim could not be renewed"),
            },
        }
    }
}
