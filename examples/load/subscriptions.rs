//! Customers who look at the page of their order and wait: WebSockets with subscriptions.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use futures_util::{StreamExt as _, TryStreamExt as _};
use serde_json::json;
use tokio::task::JoinSet;

use super::documents::operation;
use super::socket::Socket;
use super::usage::Process;

/// How many connect at once.
const TOGETHER: usize = 32;
/// Subscribers count as idle when nobody was told anything for so long.
const QUIET: Duration = Duration::from_secs(2);
/// How long all of them may take to be told of one event.
const PATIENCE: Duration = Duration::from_secs(60);

/// What idle subscriptions cost.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// How many there were.
    pub count: usize,
    /// The server's memory before, in MiB.
    pub before: f64,
    /// Its memory with them.
    pub with: f64,
    /// The processor time it used in a second for all of them, and for whatever else it does at rest.
    pub cpu: Duration,
}

/// Subscriptions that wait.
pub struct Idle {
    count: usize,
    readers: JoinSet<anyhow::Result<()>>,
    told: Arc<Told>,
}

/// What they were told.
#[derive(Default)]
struct Told {
    count: AtomicUsize,
    /// When each heard of what happened last.
    moments: Mutex<Vec<Instant>>,
}

impl Idle {
    /// Opens `count` subscriptions to the orders behind `tokens`, so many on each socket, and waits
    /// until they are quiet.
    pub async fn open(url: &str, tokens: &[String], count: usize, on_each: usize) -> anyhow::Result<Self> {
        ensure!(!tokens.is_empty(), "there is no order to follow");
        let text = operation("OrderTracking");
        let places: Vec<usize> = (0..count).collect();
        let told = Arc::<Told>::default();
        let mut readers = JoinSet::new();
        let mut sockets = futures_util::stream::iter(places.chunks(on_each))
            .map(|places| subscribe(url, &text, tokens, places))
            .buffer_unordered(TOGETHER);
        while let Some(socket) = sockets.try_next().await? {
            readers.spawn(read(socket, Arc::clone(&told)));
        }
        let mut it = Self { count, readers, told };
        let mut last = 0;
        loop {
            tokio::time::sleep(QUIET).await;
            match it.told.count.load(Ordering::Relaxed) {
                now if now == last => break,
                now => last = now,
            }
        }
        it.all_there()?;
        Ok(it)
    }

    /// The processor time `process` uses in a second, measured for `time`.
    pub async fn watch(&mut self, process: Process, time: Duration) -> anyhow::Result<Duration> {
        let before = process.cpu()?;
        tokio::time::sleep(time).await;
        let used = process.cpu()? - before;
        self.all_there()?;
        Ok(used.div_f64(time.as_secs_f64()))
    }

    /// Lets something happen; how long after that began each subscription was told, the quickest first.
    pub async fn hear(&mut self, happen: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<Vec<Duration>> {
        self.told.take();
        let began = Instant::now();
        happen.await?;
        let all = async {
            while self.told.len() < self.count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, all).await.context("some subscriptions were not told")?;
        self.all_there()?;
        let moments = self.told.take();
        ensure!(moments.len() == self.count, "some subscriptions were told twice");
        Ok(moments.into_iter().map(|moment| moment - began).collect())
    }

    fn all_there(&mut self) -> anyhow::Result<()> {
        match self.readers.try_join_next() {
            Some(ended) => ended?.context("a subscription ended"),
            None => Ok(()),
        }
    }
}

impl Told {
    fn note(&self) {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.moments.lock().unwrap_or_else(PoisonError::into_inner).push(Instant::now());
    }

    fn len(&self) -> usize {
        self.moments.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn take(&self) -> Vec<Instant> {
        std::mem::take(&mut *self.moments.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Opens `count` subscriptions and watches the server for `time`.
pub async fn measure(
    process: Process,
    url: &str,
    tokens: &[String],
    count: usize,
    time: Duration,
) -> anyhow::Result<Cost> {
    let before = process.resident()?;
    let mut idle = Idle::open(url, tokens, count, 1).await?;
    let with = process.resident()?;
    let cpu = idle.watch(process, time).await?;
    Ok(Cost { count, before, with, cpu })
}

async fn subscribe(url: &str, text: &str, tokens: &[String], places: &[usize]) -> anyhow::Result<Socket> {
    let mut socket = Socket::greet(url, None).await?;
    for place in places {
        socket.subscribe(*place, text, &json!({ "token": tokens[place % tokens.len()] })).await?;
    }
    let first = socket.next().await?;
    ensure!(first.contains("\"next\""), "{first}");
    Ok(socket)
}

/// Reads until the server ends it.
async fn read(mut socket: Socket, told: Arc<Told>) -> anyhow::Result<()> {
    loop {
        let message = socket.next().await?;
        ensure!(message.contains("\"next\""), "{message}");
        told.note();
    }
}
