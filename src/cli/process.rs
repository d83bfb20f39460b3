//! A server's or worker's process, from its start to its end.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::platform::config::Config;
use crate::platform::stopping::Stopping;
use crate::platform::{jobs, outbox, telemetry};
use crate::{server, worker};

/// How long open requests and running jobs may go on after the signal. Orchestrators kill after 30 s.
const DRAIN: Duration = Duration::from_secs(25);
/// The admin listener has nothing to drain but a probe.
const ADMIN_DRAIN: Duration = Duration::from_secs(1);

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It serves.
    Serve,
    /// It works.
    Work,
    /// Both.
    All,
}

/// Runs until the process is asked to end, and then ends in order.
pub async fn run(config: Config, role: Role) -> anyhow::Result<()> {
    let traces = telemetry::init_server(&config)?;
    let app = App::start(config).await?;
    if let Some(it) = app.restored.as_ref().filter(|it| it.recovered_at.is_none()) {
        let taken_at = it.taken_at.to_rfc3339();
        tracing::warn!("the database was restored from a backup taken at {taken_at}: stop and run `consign recover`");
    }
    let parts = Running::start(app.clone(), role).await?;
    asked_to_end().await;
    tracing::info!("ending: no new connections; open requests and running jobs have {DRAIN:?}");
    tokio::select! {
        () = parts.end() => tracing::info!("ended"),
        () = asked_to_end() => tracing::warn!("asked twice: ended at once"),
    }
    // Sends what it still has, which takes a moment.
    tokio::task::spawn_blocking(move || drop(traces)).await?;
    Ok(())
}

/// What runs in this process.
pub struct Running {
    stop: CancellationToken,
    parts: JoinSet<()>,
}

impl Running {
    /// Binds the listeners of `role` and starts its work.
    pub async fn start(app: App, role: Role) -> anyhow::Result<Self> {
        let public = match role {
            Role::Work => None,
            Role::Serve | Role::All => Some(server::bind("CONSIGN_LISTEN", &app.config.listen).await?),
        };
        let admin = server::bind("CONSIGN_ADMIN_LISTEN", &app.config.admin_listen).await?;
        let mut it = Self { stop: app.local::<Stopping>().token().clone(), parts: JoinSet::new() };
        if let Some(listener) = public {
            let router = server::router(&app);
            tracing::info!("serving http://{}/graphql", server::address(&listener)?);
            it.serve(&app, listener, router, DRAIN);
        }
        tracing::info!("metrics on http://{}/metrics", server::address(&admin)?);
        it.serve(&app, admin, server::admin_router(&app), ADMIN_DRAIN);
        it.parts.spawn(telemetry::upkeep(app.metrics.clone(), it.stop.clone()));
        if role != Role::Serve {
            worker::schedule(&app).await?;
            it.work(app);
        }
        Ok(it)
    }

    fn serve(&mut self, app: &App, listener: TcpListener, router: axum::Router, drain: Duration) {
        let (app, stop) = (app.clone(), self.stop.clone());
        self.parts.spawn(async move { server::serve(listener, router, &app.config, stop, drain).await });
    }

    fn work(&mut self, app: App) {
        let places = app.config.worker_places;
        self.parts.spawn(outbox::run_sequencer(app.clone(), self.stop.clone()));
        self.parts.spawn(jobs::run(app, Arc::new(worker::handlers()), places, self.stop.clone()));
    }

    /// Ends everything: waits for open requests and running jobs, but not for ever. A job that is
    /// cut off is run again after its lease.
    pub async fn end(mut self) {
        self.stop.cancel();
        let all = async { while self.parts.join_next().await.is_some() {} };
        if tokio::time::timeout(DRAIN, all).await.is_err() {
            tracing::warn!("some work did not end in time; it is taken up again after its lease");
        }
    }
}

/// Waits for ctrl-c or SIGTERM.
pub async fn asked_to_end() {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        // Without a handler the signal itself ends the process.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        // An error means that there is no ctrl-c to wait for.
        Ok(()) = tokio::signal::ctrl_c() => {}
    }
}
