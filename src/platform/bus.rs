//! The bus: tells that something changed, never what. In-process, or Redis pub/sub; a hint that is
//! lost or doubled costs nothing, since every listener also looks by itself now and then.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use tokio::sync::{mpsc, watch};
use tokio::task::AbortHandle;

use super::remote;
use crate::kernel::ids::IdSource;

/// How long a call to Redis, or connecting to it, may take.
const CALL: Duration = Duration::from_millis(1000);
/// How often a quiet connection is asked whether it still lives.
const PING: Duration = Duration::from_secs(10);
/// The longest pause between two attempts to connect.
const MAX_PAUSE: Duration = Duration::from_secs(5);
/// How many hints may wait for Redis; more are dropped, as if Redis had lost them.
const QUEUE: usize = 4096;
/// How many waiting hints are sent at once.
const BATCH: usize = 256;

/// The bus of this process.
#[derive(Clone)]
pub struct Bus {
    topics: Arc<Topics>,
    remote: Option<Arc<Remote>>,
}

/// Listens to one topic.
pub struct Hints {
    topics: Arc<Topics>,
    topic: String,
    receiver: watch::Receiver<()>,
}

impl Bus {
    /// A bus in this process.
    pub fn in_process() -> Self {
        Self { topics: Arc::default(), remote: None }
    }

    /// A bus over Redis, on one channel under `prefix`. Connects in the background and again after
    /// every outage; never fails when Redis is down. Must be called inside a runtime.
    pub async fn redis(url: &str, prefix: &str) -> anyhow::Result<Self> {
        let client = remote::client(url)?;
        let channel = format!("{prefix}bus");
        let origin = hex::encode(IdSource::System.bytes::<8>());
        let topics: Arc<Topics> = Arc::default();
        let (sender, receiver) = mpsc::channel(QUEUE);
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(CALL))
            .set_response_timeout(Some(CALL))
            .set_number_of_retries(1);
        let manager = ConnectionManager::new_lazy_with_config(client.clone(), config)?;
        let tasks = vec![
            tokio::spawn(send(manager, channel.clone(), origin.clone(), receiver)).abort_handle(),
            tokio::spawn(receive(client, channel, origin, Arc::clone(&topics))).abort_handle(),
        ];
        Ok(Self { topics, remote: Some(Arc::new(Remote { sender, tasks })) })
    }

    /// Tells `topic`'s listeners, in all processes. Does not wait for the other processes.
    pub async fn publish(&self, topic: &str) {
        self.topics.wake(topic);
        if let Some(remote) = &self.remote {
            // A full queue means that Redis is down: the hint is lost, which is allowed.
            let _ = remote.sender.try_send(topic.to_owned());
        }
    }

    /// Wakes `topic`'s listeners in this process alone, which missed a hint.
    pub fn remind(&self, topic: &str) {
        self.topics.wake(topic);
    }

    /// Listens to `topic` from now on.
    pub fn subscribe(&self, topic: &str) -> Hints {
        let receiver = self.topics.lock().entry(topic.to_owned()).or_default().subscribe();
        Hints { topics: Arc::clone(&self.topics), topic: topic.to_owned(), receiver }
    }
}

impl Hints {
    /// Waits for the next hint; hints that came since the last wait count as one.
    pub async fn wait(&mut self) {
        if self.receiver.changed().await.is_err() {
            // The sender lives in the map as long as a listener does.
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Hints {
    fn drop(&mut self) {
        let mut topics = self.topics.lock();
        if topics.get(&self.topic).is_some_and(|sender| sender.receiver_count() <= 1) {
            topics.remove(&self.topic);
        }
    }
}

/// Who listens in this process: a topic wakes its own listeners only.
#[derive(Default)]
struct Topics(Mutex<HashMap<String, watch::Sender<()>>>);

impl Topics {
    fn wake(&self, topic: &str) {
        if let Some(sender) = self.lock().get(topic) {
            sender.send_replace(());
        }
    }

    fn wake_all(&self) {
        for sender in self.lock().values() {
            sender.send_replace(());
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, watch::Sender<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Remote {
    sender: mpsc::Sender<String>,
    tasks: Vec<AbortHandle>,
}

impl Drop for Remote {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

/// Passes hints on to the other processes. A message is `origin topic`, so that the process it came
/// from, whose listeners know already, leaves it alone.
async fn send(mut manager: ConnectionManager, channel: String, origin: String, mut hints: mpsc::Receiver<String>) {
    let mut batch = Vec::new();
    while hints.recv_many(&mut batch, BATCH).await > 0 {
        batch.sort_unstable();
        batch.dedup();
        let mut pipe = redis::pipe();
        for topic in batch.drain(..) {
            pipe.publish(&channel, format!("{origin} {topic}")).ignore();
        }
        let sent = tokio::time::timeout(CALL, pipe.query_async::<()>(&mut manager)).await;
        if !matches!(sent, Ok(Ok(()))) {
            // The receiving side logs outages; here hints are lost, and not in a busy loop.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Hears the other processes for ever. Whenever the connection is made anew, hints may have been
/// missed, so every listener is woken.
async fn receive(client: redis::Client, channel: String, origin: String, topics: Arc<Topics>) {
    let mut pause = Duration::from_millis(50);
    let mut down = false;
    loop {
        let error = match connect(&client, &channel).await {
            Ok(pubsub) => {
                if down {
                    tracing::info!("the bus is back");
                }
                down = false;
                pause = Duration::from_millis(50);
                topics.wake_all();
                listen(pubsub, &origin, &topics).await
            }
            Err(error) => error,
        };
        if !down {
            tracing::warn!(%error, "the bus cannot be heard; trying again");
        }
        down = true;
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(MAX_PAUSE);
    }
}

async fn connect(client: &redis::Client, channel: &str) -> anyhow::Result<redis::aio::PubSub> {
    let mut pubsub = tokio::time::timeout(CALL, client.get_async_pubsub()).await??;
    tokio::time::timeout(CALL, pubsub.subscribe(channel)).await??;
    Ok(pubsub)
}

/// Hears until the connection ends, and says why it did.
async fn listen(pubsub: redis::aio::PubSub, origin: &str, topics: &Topics) -> anyhow::Error {
    let (mut sink, mut stream) = pubsub.split();
    let mut ping = tokio::time::interval(PING);
    loop {
        tokio::select! {
            message = stream.next() => {
                let Some(message) = message else { return anyhow::anyhow!("the connection ended") };
                let text = message.get_payload::<String>().unwrap_or_default();
                match text.split_once(' ') {
                    Some((from, topic)) if from != origin => topics.wake(topic),
                    _ => {}
                }
            }
            // A connection that died without a word would otherwise be listened to for ever.
            _ = ping.tick() => match tokio::time::timeout(CALL, sink.ping::<redis::Value>()).await {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => return error.into(),
                Err(error) => return error.into(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn a_hint_wakes_its_topic_only_and_bursts_count_once() {
        let bus = Bus::in_process();
        let (mut a, mut b) = (bus.subscribe("a"), bus.subscribe("b"));
        bus.publish("a").await;
        bus.publish("a").await;
        assert!(a.wait().now_or_never().is_some());
        assert!(a.wait().now_or_never().is_none());
        assert!(b.wait().now_or_never().is_none());
        drop((a, b));
        assert!(bus.topics.lock().is_empty());
    }
}
