//! The accept loop: takes connections, ends them gracefully.
//!
//! axum's own loop has no timeout for a client that never finishes its request head, and drops what
//! waits in the listener's queue when it stops.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::extract::ConnectInfo;
use axum::{Extension, Router};
use futures_util::FutureExt as _;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower::Layer as _;

use super::patient::Patient;
use crate::platform::cidr::Cidr;
use crate::platform::config::Config;
use crate::platform::limits::Limits;
use crate::platform::places::{Place, Places};

/// What an HTTP/2 connection begins with.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// How often a connection is looked at whose first bytes do not tell yet which HTTP it speaks.
const GLANCE: Duration = Duration::from_millis(50);
/// A head longer than this is an attack or a mistake.
const HEAD_BYTES: usize = 64 * 1024;
/// How often a quiet HTTP/2 connection is asked whether it still lives.
const PING: Duration = Duration::from_secs(20);
/// How much the kernel keeps for a client that is slow to read; by itself it would keep megabytes.
const SEND_BUFFER: usize = 128 * 1024;
/// How long what was sent may go unheard, as it does when the other machine is gone without a word.
const UNHEARD: Duration = Duration::from_secs(30);
/// The pause after a failed accept: out of file descriptors, mostly.
const PAUSE: Duration = Duration::from_millis(100);
/// How long new connections are still taken after the stop: a proxy learns of it with a delay.
const LINGER: Duration = Duration::from_millis(250);

/// Listens on `address`; the error names the setting and says what is wrong.
pub async fn bind(setting: &str, address: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            anyhow::anyhow!("{setting}: {address} is in use by another process")
        }
        _ => anyhow::anyhow!("{setting}: cannot listen on {address}: {error}"),
    })
}

/// Serves until `stop`, then lets open requests end for at most `drain`.
pub async fn serve(listener: TcpListener, router: Router, config: &Config, stop: CancellationToken, drain: Duration) {
    let limits = &config.limits;
    let (builder, doors) = (builder(limits), Doors::new(config));
    let patience = Patience {
        first_byte: Duration::from_secs(limits.first_byte_seconds),
        slow_reader: Duration::from_secs(limits.slow_reader_seconds),
    };
    let mut connections = JoinSet::new();
    let linger = async {
        stop.cancelled().await;
        tokio::time::sleep(LINGER).await;
    };
    tokio::pin!(linger);
    loop {
        tokio::select! {
            biased;
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => if let Some(door) = doors.open(peer.ip()) {
                    let served = serve_one(builder.clone(), (stream, peer), patience, router.clone(), stop.clone());
                    connections.spawn(async move {
                        served.await;
                        drop(door);
                    });
                },
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(PAUSE).await;
                }
            },
            () = &mut linger => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
        while connections.join_next().now_or_never().flatten().is_some() {}
    }
    drop(listener);
    let rest = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(drain, rest).await.is_err() {
        tracing::warn!("some requests did not end in time and were cut off");
    }
}

/// How many connections there may be.
struct Doors {
    proxies: Vec<Cidr>,
    places: Arc<Places>,
}

impl Doors {
    fn new(config: &Config) -> Self {
        Self { proxies: config.proxy_networks(), places: Places::new(config.limits.connections_per_address) }
    }

    /// A place for one more connection from `address`; none if it has too many. A trusted proxy has as
    /// many as it wants, since they are other people's.
    fn open(&self, address: IpAddr) -> Option<Option<Place>> {
        if self.proxies.iter().any(|network| network.contains(address)) {
            return Some(None);
        }
        let place = self.places.take(address);
        if place.is_none() {
            metrics::counter!("consign_connections_refused_total").increment(1);
        }
        place.map(Some)
    }
}

/// How long others are waited for.
#[derive(Debug, Clone, Copy)]
struct Patience {
    first_byte: Duration,
    slow_reader: Duration,
}

fn builder(limits: &Limits) -> auto::Builder<TokioExecutor> {
    let head = Duration::from_secs(limits.head_seconds);
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(head).max_buf_size(HEAD_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING)
        .max_concurrent_streams(200)
        .max_header_list_size(HEAD_BYTES as u32);
    builder
}

async fn serve_one(
    builder: auto::Builder<TokioExecutor>,
    (stream, peer): (TcpStream, SocketAddr),
    patience: Patience,
    router: Router,
    stop: CancellationToken,
) {
    if let Err(error) = settle(&stream) {
        return tracing::debug!(%error, "a connection ended before it began");
    }
    let first = tokio::select! {
        first = tokio::time::timeout(patience.first_byte, speaks(&stream)) => first,
        () = stop.cancelled() => tokio::time::timeout(LINGER, speaks(&stream)).await,
    };
    if !matches!(first, Ok(Ok(true))) {
        return;
    }
    let service = TowerToHyperService::new(Extension(ConnectInfo(peer)).layer(router));
    let stream = TokioIo::new(Patient::new(stream, patience.slow_reader));
    let connection = builder.serve_connection_with_upgrades(stream, service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        // The other side went away, or never spoke HTTP.
        tracing::debug!(error, "a connection ended badly");
    }
}

/// Bounds what the kernel keeps and waits for on behalf of a connection.
fn settle(stream: &TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.set_tcp_user_timeout(Some(UNHEARD))
}

/// Waits until the other side has said enough to tell which HTTP it speaks; false if it went away.
/// hyper waits for that without end.
async fn speaks(stream: &TcpStream) -> std::io::Result<bool> {
    let mut begin = [0; PREFACE.len()];
    loop {
        let count = stream.peek(&mut begin).await?;
        if count == 0 || count == PREFACE.len() || !PREFACE.starts_with(&begin[..count]) {
            return Ok(count > 0);
        }
        tokio::time::sleep(GLANCE).await;
    }
}

/// Where a bound listener listens.
pub fn address(listener: &TcpListener) -> anyhow::Result<SocketAddr> {
    listener.local_addr().context("the listener has no address")
}
