//! A store behind its own accept loop, as the program runs it.

use std::net::SocketAddr;
use std::time::Duration;

use consign::platform::config::Config;
use consign::server;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::app::TestApp;

/// The store, until this is dropped.
pub struct Served {
    /// Another process of the store it was made from, whose clock it has.
    pub app: TestApp,
    /// Where it listens.
    pub address: SocketAddr,
    _stop: DropGuard,
}

impl Served {
    /// Serves `app` with another configuration.
    pub async fn with(app: &TestApp, change: impl FnOnce(&mut Config)) -> Self {
        let mut app = app.reconfigured(change).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        app.url = format!("http://{address}");
        let stop = CancellationToken::new();
        let guard = stop.clone().drop_guard();
        let (router, config) = (server::router(&app.app), app.app.config.clone());
        tokio::spawn(async move { server::serve(listener, router, &config, stop, Duration::ZERO).await });
        Self { app, address, _stop: guard }
    }
}
