//! Redis, as something one can do without: every call has little time, and after one that failed
//! Redis is left alone for a moment, so that an outage does not cost that time again and again.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::io::tcp::TcpSettings;
use redis::{Client, IntoConnectionInfo, RedisResult};

/// How long connecting may take; it happens behind the calls.
const CONNECT: Duration = Duration::from_millis(1000);
/// How long Redis is left alone after a failure.
const PAUSE: Duration = Duration::from_millis(1000);

/// A connection to Redis, for one purpose.
pub struct Remote {
    manager: ConnectionManager,
    prefix: String,
    /// What it is for, in the log.
    purpose: &'static str,
    patience: Duration,
    started: Instant,
    /// Milliseconds after `started` until which Redis is left alone.
    silent_until: AtomicU64,
    down: AtomicBool,
}

/// A client whose small messages do not wait for each other: many share a connection, and by default one that
/// follows another is kept back until that is acknowledged, which takes 40 ms.
pub fn client(url: &str) -> RedisResult<Client> {
    Client::open(url.into_connection_info()?.set_tcp_settings(TcpSettings::default().set_nodelay(true)))
}

impl Remote {
    /// A connection for `purpose`, whose calls may take as long as `patience`. Connects at its first use
    /// and by itself again after an outage, so it does not fail when Redis is down. Must be called inside
    /// a runtime.
    pub fn new(url: &str, prefix: &str, purpose: &'static str, patience: Duration) -> anyhow::Result<Self> {
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(Some(patience))
            .set_number_of_retries(1)
            .set_max_delay(Duration::from_millis(100));
        Ok(Self {
            manager: ConnectionManager::new_lazy_with_config(client(url)?, config)?,
            prefix: prefix.to_owned(),
            purpose,
            patience,
            started: Instant::now(),
            silent_until: AtomicU64::new(0),
            down: AtomicBool::new(false),
        })
    }

    /// `key` as Redis has it.
    pub fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    /// Does `work`; `None` if that fails, takes too long, or has just failed.
    pub async fn call<T>(&self, work: impl AsyncFnOnce(ConnectionManager) -> RedisResult<T>) -> Option<T> {
        let now = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        if now < self.silent_until.load(Ordering::Relaxed) {
            return None;
        }
        let purpose = self.purpose;
        let error = match tokio::time::timeout(self.patience, work(self.manager.clone())).await {
            Ok(Ok(value)) => {
                if self.down.swap(false, Ordering::Relaxed) {
                    tracing::info!("Redis is back for {purpose}");
                }
                return Some(value);
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => "it did not answer in time".to_owned(),
        };
        let pause = u64::try_from(PAUSE.as_millis()).unwrap_or(u64::MAX);
        self.silent_until.store(now.saturating_add(pause), Ordering::Relaxed);
        if !self.down.swap(true, Ordering::Relaxed) {
            tracing::warn!(error, "Redis cannot be used for {purpose}; going on without it");
        }
        None
    }
}
