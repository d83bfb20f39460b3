//! One life of the store's process, on one thread and one file. Everything it does at once is a flight,
//! and only one flight moves at a time: until it ends, or calls a partner.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use consign::app::{App, Parts};
use consign::kernel::clock::Clock;
use consign::kernel::ids::IdSource;
use consign::platform::config::Config;
use consign::platform::jobs::{self, Handlers};
use consign::platform::mail::Mailer;
use consign::worker;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use super::adapter::Wire;
use super::clock::Watch;
use super::net::Net;
use super::{doom, post, provider};

/// Longer than any flight needs between two calls: what takes longer hangs.
const HANGS: Duration = Duration::from_secs(30);

/// The process.
pub struct Process<T> {
    /// The program.
    pub app: App,
    /// What does its jobs.
    pub handlers: Arc<Handlers>,
    net: Net,
    flights: Vec<(u64, JoinHandle<T>)>,
    begun: u64,
    // Last: what lives on it goes first.
    runtime: Runtime,
}

/// How far a flight came.
pub enum Came<T> {
    /// It ended.
    Ended(T),
    /// It waits for a partner: the call's place.
    Calls(usize),
    /// It panicked.
    Panicked(String),
    /// It does neither.
    Hangs,
}

/// Where the process lives.
pub struct Place<'a> {
    /// The database.
    pub database_url: &'a str,
    /// The time.
    pub watch: &'a Watch,
    /// The way to the partners.
    pub net: &'a Net,
    /// What its ids are drawn from.
    pub seed: u64,
}

impl<T: Send + 'static> Process<T> {
    /// Starts as the program does: what the last life left is taken up.
    pub fn start(place: &Place<'_>) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
        let app = runtime.block_on(put_together(place));
        let handlers = Arc::new(worker::handlers());
        Self { app, handlers, net: place.net.clone(), flights: Vec::new(), begun: 0, runtime }
    }

    /// Waits for what needs no partner.
    pub fn wait<R>(&self, future: impl Future<Output = R>) -> R {
        self.runtime.block_on(future)
    }

    /// Begins a flight.
    pub fn begin(&mut self, work: impl Future<Output = T> + Send + 'static) -> u64 {
        self.begun += 1;
        self.flights.push((self.begun, self.runtime.spawn(work)));
        self.begun
    }

    /// Lets a flight go on; `None` if it has ended before.
    pub fn go_on(&mut self, flight: u64) -> Option<Came<T>> {
        let place = self.flights.iter().position(|(id, _)| *id == flight)?;
        self.net.outside().flight = flight;
        let (net, handle) = (self.net.clone(), &mut self.flights[place].1);
        let came = self.runtime.block_on(async {
            loop {
                tokio::select! {
                    biased;
                    ended = &mut *handle => return match ended {
                        Ok(end) => Came::Ended(end),
                        Err(error) => Came::Panicked(error.to_string()),
                    },
                    () = net.stopped() => {
                        let call = net.outside().calls.iter().rposition(|call| call.flight == flight);
                        if let Some(call) = call {
                            return Came::Calls(call);
                        }
                    }
                    () = tokio::time::sleep(HANGS) => return Came::Hangs,
                }
            }
        });
        if !matches!(came, Came::Calls(_)) {
            drop(self.flights.remove(place));
        }
        Some(came)
    }

    /// The process dies, as by `kill -9`: nothing it was at goes on.
    pub fn die(self) {
        doom::lift();
        self.net.outside().cut_off();
    }
}

async fn put_together(place: &Place<'_>) -> App {
    let config = Config {
        database_url: place.database_url.to_owned(),
        public_url: Some("http://shop.example".to_owned()),
        jwt_secret: "0123456789abcdef0123456789abcdef".into(),
        secret_key: "fedcba9876543210fedcba9876543210".into(),
        ..Config::default()
    };
    let (net, watch) = (place.net.clone(), place.watch.clone());
    let clock = Clock::manual(watch.now());
    let mut parts = Parts::connect(config, clock, IdSource::seeded(place.seed)).await.expect("the store starts");
    parts.gateways.add(Arc::new(provider::Line { net: net.clone(), watch: watch.clone() }));
    parts.mailer = Mailer::by(Arc::new(post::Slot { net: net.clone(), watch: watch.clone() }));
    parts.adapters.replace("http", move |_, supplier| {
        Ok(Arc::new(Wire { supplier: supplier.id, net: net.clone(), watch: watch.clone() }))
    });
    parts.routes = doom::routes;
    let app = App::new(parts);
    jobs::disown_all(&app).await.expect("what was left is taken up");
    worker::schedule(&app).await.expect("the work that repeats is added");
    app
}
