//! Customers who look at the page of their order: each a WebSocket with one subscription.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, ensure};
use futures_util::{SinkExt as _, StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::documents::operation;
use super::usage::Process;

/// How many connect at once.
const TOGETHER: usize = 32;
/// Subscribers count as idle when nobody was told anything for so long.
const QUIET: Duration = Duration::from_secs(2);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

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

/// Opens `count` subscriptions to the orders behind `tokens`, waits until they are quiet, and watches
/// the server for `time`.
pub async fn measure(
    process: Process,
    url: &str,
    tokens: &[String],
    count: usize,
    time: Duration,
) -> anyhow::Result<Cost> {
    ensure!(!tokens.is_empty(), "there is no order to follow");
    let before = process.resident()?;
    let told = Arc::new(AtomicUsize::new(0));
    let address = format!("{}/graphql", url.replacen("http", "ws", 1));
    let sockets: Vec<Socket> = futures_util::stream::iter((0..count).map(|place| &tokens[place % tokens.len()]))
        .map(|token| subscribe(&address, token))
        .buffer_unordered(TOGETHER)
        .try_collect()
        .await?;
    let mut readers = JoinSet::new();
    for socket in sockets {
        readers.spawn(read(socket, Arc::clone(&told)));
    }
    let mut last = 0;
    loop {
        tokio::time::sleep(QUIET).await;
        match told.load(Ordering::Relaxed) {
            now if now == last => break,
            now => last = now,
        }
    }
    let (used, with) = (process.cpu()?, process.resident()?);
    tokio::time::sleep(time).await;
    let used = process.cpu()? - used;
    ensure!(readers.try_join_next().is_none(), "a subscription ended");
    Ok(Cost { count, before, with, cpu: used.div_f64(time.as_secs_f64()) })
}

async fn subscribe(address: &str, token: &str) -> anyhow::Result<Socket> {
    let mut request = address.into_client_request()?;
    request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse()?);
    let (mut socket, _) = connect_async(request).await?;
    say(&mut socket, &json!({ "type": "connection_init" })).await?;
    let greeting = socket.next().await.context("no greeting")??;
    ensure!(greeting.to_text()?.contains("connection_ack"), "{greeting}");
    let payload = json!({ "query": operation("OrderTracking"), "variables": { "token": token } });
    say(&mut socket, &json!({ "type": "subscribe", "id": "1", "payload": payload })).await?;
    let first = socket.next().await.context("no event")??;
    ensure!(first.to_text()?.contains("\"next\""), "{first}");
    Ok(socket)
}

async fn say(socket: &mut Socket, message: &Value) -> anyhow::Result<()> {
    Ok(socket.send(Message::text(message.to_string())).await?)
}

/// Reads until the server ends it; answers pings on the way.
async fn read(mut socket: Socket, told: Arc<AtomicUsize>) {
    while let Some(Ok(message)) = socket.next().await {
        if message.is_text() {
            told.fetch_add(1, Ordering::Relaxed);
        }
    }
}
