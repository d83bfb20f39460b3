//! `consign simulate`: suppliers, their carriers and the test payment gateway as a process
//! of its own, so that a whole store runs and is tested without anyone outside.
//!
//! The actors are the *store* (a client here, and the target of webhooks), the simulated
//! *suppliers* and the *gateway* (servers here), and the *inspector* (a test or a replay)
//! who reads under `/admin` what really happened. Nothing is shared with the store but
//! the wire: no code, no database, no clock. Faults and jitter are drawn from a seed by
//! the name of what they hit (`draw.rs`), so a run can be repeated; the journal
//! (`journal.rs`) lets a restarted simulator go on where it was.

mod admin;
mod answer;
mod args;
mod clock;
mod config;
mod delivery;
mod draw;
mod gateway;
mod journal;
mod mailbox;
mod outbox;
mod signing;
mod suppliers;
mod timer;
mod wire;
mod world;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

pub use args::SimulateArgs;
pub use config::{
    AcceptMode, GatewayFaults, GatewaySettings, LeadTimes, OnShortage, ShippingService, SimulatorConfig,
    SupplierFaults, SupplierSettings, SupplierWebhook,
};
pub use mailbox::{Mail, mailbox};

use world::World;

/// How long open requests (some of them hanging on purpose) may outlive the shutdown.
const FAREWELL: Duration = Duration::from_secs(1);

/// A simulator whose listeners are bound and whose journal is read, ready to run.
pub struct Simulator {
    world: Arc<World>,
    listener: TcpListener,
    gateway_listener: Option<TcpListener>,
}

/// Binds, prints where, and serves until `shutdown`.
///
/// # Errors
/// When the configuration is wrong, an address is taken, or the journal cannot be read
/// or written.
pub async fn serve(config: SimulatorConfig, shutdown: impl Future<Output = ()> + Send) -> anyhow::Result<()> {
    let simulator = Simulator::bind(config).await?;
    println!("simulator: suppliers, gateway and inspection on http://{}", simulator.address()?);
    if let Some(address) = simulator.gateway_address()? {
        println!("simulator: gateway on http://{address}");
    }
    simulator.run(shutdown).await
}

impl Simulator {
    /// Reads the journal and binds the listeners.
    ///
    /// # Errors
    /// As [`serve`].
    pub async fn bind(config: SimulatorConfig) -> anyhow::Result<Self> {
        config.check()?;
        let listener = listen(config.listen).await?;
        let gateway_listener = match config.gateway_listen {
            Some(address) => Some(listen(address).await?),
            None => None,
        };
        let world = Arc::new(World::open(&config)?);
        Ok(Self { world, listener, gateway_listener })
    }

    /// Where suppliers (`/suppliers/{key}`), gateway (`/gateway`) and inspection (`/admin`)
    /// are served.
    pub fn address(&self) -> anyhow::Result<SocketAddr> {
        self.listener.local_addr().context("the simulator's address")
    }

    /// Where the gateway is served alone, if it is.
    pub fn gateway_address(&self) -> anyhow::Result<Option<SocketAddr>> {
        self.gateway_listener.as_ref().map(TcpListener::local_addr).transpose().context("the gateway's address")
    }

    /// Serves, steps the world on and sends webhooks until `shutdown`.
    ///
    /// # Errors
    /// When a listener fails or the journal cannot be written.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send) -> anyhow::Result<()> {
        let Self { world, listener, gateway_listener } = self;
        let (stop, stopped) = watch::channel(false);
        let mut servers = JoinSet::new();
        servers.spawn(serve_router(listener, router(&world), stopped.clone()));
        if let Some(listener) = gateway_listener {
            servers.spawn(serve_router(listener, gateway_router(&world), stopped));
        }
        // Dropped, and so ended, with this function.
        let mut workers = JoinSet::new();
        let client = delivery::client()?;
        for _ in 0..delivery::WORKERS {
            workers.spawn(delivery::work(Arc::clone(&world), client.clone()));
        }
        workers.spawn(step_on(Arc::clone(&world)));
        let ended = tokio::select! {
            () = shutdown => Ok(()),
            () = world.journal.broken() => Err(anyhow::anyhow!("the journal cannot be written")),
            Some(server) = servers.join_next() => server.context("a server ended")?,
        };
        stop.send_replace(true);
        let farewell = async { while servers.join_next().await.is_some() {} };
        // Handlers that still hang are dropped with their servers.
        let _ = tokio::time::timeout(FAREWELL, farewell).await;
        ended
    }
}

/// Performs what comes due, for ever.
async fn step_on(world: Arc<World>) {
    loop {
        let task = world.timer.next().await;
        world.perform(task);
    }
}

fn router(world: &Arc<World>) -> Router {
    Router::new()
        .nest("/suppliers", suppliers::http::routes())
        .nest("/gateway", gateway::http::routes())
        .nest("/admin", admin::routes(Arc::clone(world)))
        .with_state(Arc::clone(world))
}

/// The gateway alone, at the root and, like on the shared address, under `/gateway`.
fn gateway_router(world: &Arc<World>) -> Router {
    gateway::http::routes().nest("/gateway", gateway::http::routes()).with_state(Arc::clone(world))
}

async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("listening on {address}"))
}

async fn serve_router(listener: TcpListener, router: Router, mut stopped: watch::Receiver<bool>) -> anyhow::Result<()> {
    let stop = async move {
        // An error means that the sender is gone, which is the end as well.
        let _ = stopped.wait_for(|stopped| *stopped).await;
    };
    axum::serve(listener, router).with_graceful_shutdown(stop).await.context("serving")
}

/// Locks, also after a panic: a half-done simulated order is worth more than none.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn written<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
