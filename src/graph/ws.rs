//! GraphQL over WebSocket: the protocol `graphql-transport-ws`, one task for the socket and one for
//! each operation, so that what one operation does (fail, panic, flood) stays its own.
//!
//! Close codes are the protocol's: 4400 a message that is none, 4401 an operation before the
//! greeting, 4403 a credential that is not good or no longer, 4406 another protocol, 4408 no
//! greeting, 4409 an id in use, 4429 a second greeting.

use std::collections::HashMap;
use std::net::IpAddr;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::parser::types::OperationType;
use async_graphql::{ServerError, Value};
use axum::extract::WebSocketUpgrade;
use axum::extract::ws::{CloseFrame, Message, WebSocket};
use axum::http::HeaderMap;
use axum::http::header::{HOST, ORIGIN};
use axum::response::Response;
use futures_util::StreamExt;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout};

use super::errors::{self, Code};
use super::execute::{Caller, Edge, Incoming, Place};
use super::ws_message::{ClientMessage, ServerMessage};
use super::{http, session};
use crate::identity::{self, Actor};
use crate::platform::config::Config;
use crate::platform::stopping::Stopping;

const PROTOCOL: &str = "graphql-transport-ws";
/// How long the greeting may take.
const GREETING: Duration = Duration::from_secs(5);
/// How often the client is asked whether it lives; it has until the next time to answer.
const PING: Duration = Duration::from_secs(20);
/// How long the client may take to read one message, before it counts as gone.
const SLOW: Duration = Duration::from_secs(10);
/// How long the client may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(1);
/// How many answers wait for a slow client before its operations wait too.
const QUEUE: usize = 8;

/// Why a socket ends: a close code and its reason (a frame holds at most 123 bytes of it).
type Close = (u16, &'static str);

/// Whether a browser page of this origin may connect: browsers ask nobody before they open a socket,
/// so another site's page could. Programs send no origin.
pub fn origin_allowed(config: &Config, headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    if config.allowed_origins.iter().any(|allowed| allowed == origin) {
        return true;
    }
    let same = |base: &str| url::Url::parse(base).is_ok_and(|url| url.origin().ascii_serialization() == origin);
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    same(&config.base_url()) || same(&format!("http://{host}")) || same(&format!("https://{host}"))
}

/// Takes the socket over.
pub fn accept(edge: &Arc<Edge>, upgrade: WebSocketUpgrade, address: IpAddr, request_id: String) -> Response {
    let frame = edge.app.config.limits.frame_bytes;
    let edge = Arc::clone(edge);
    upgrade
        .protocols([PROTOCOL])
        .max_message_size(frame)
        .max_frame_size(frame)
        // An idle socket costs 12 KiB so, and 140 with the defaults.
        .read_buffer_size(4096)
        .write_buffer_size(0)
        .on_upgrade(move |socket| async move { serve(edge, socket, address, request_id).await })
}

async fn serve(edge: Arc<Edge>, mut socket: WebSocket, address: IpAddr, request_id: String) {
    let spoken = socket.protocol().is_some_and(|it| it == PROTOCOL);
    if !spoken {
        return close(socket, (4406, "Subprotocol not acceptable")).await;
    }
    let actor = match greet(&edge, &mut socket).await {
        Ok(Some(actor)) => actor,
        Ok(None) => return,
        Err(reason) => return close(socket, reason).await,
    };
    let (sender, answers) = mpsc::channel(QUEUE);
    let running = HashMap::new();
    let mut it = Session { edge, caller: Caller { actor, address, request_id }, sender, running, count: 0 };
    if let Some(reason) = it.run(&mut socket, answers).await {
        close(socket, reason).await;
    }
}

/// Waits for `connection_init`; `None` if the client left.
async fn greet(edge: &Edge, socket: &mut WebSocket) -> Result<Option<Actor>, Close> {
    let greeting = async {
        loop {
            match socket.recv().await {
                Some(Ok(Message::Text(text))) => match ClientMessage::read(&text).ok_or(INVALID)? {
                    ClientMessage::ConnectionInit { payload } => return Ok(Some(payload)),
                    ClientMessage::Ping => send(socket, &ServerMessage::Pong).await.map_err(|()| GONE)?,
                    ClientMessage::Pong => {}
                    ClientMessage::Subscribe { .. } | ClientMessage::Complete { .. } => {
                        return Err((4401, "Unauthorized"));
                    }
                },
                Some(Ok(Message::Binary(_))) => return Err(INVALID),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Ok(None),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            }
        }
    };
    let payload = match timeout(GREETING, greeting).await {
        Ok(greeted) => greeted?,
        Err(_) => return Err((4408, "Connection initialisation timeout")),
    };
    let Some(payload) = payload else { return Ok(None) };
    let bearer = read_credential(payload.as_ref())?;
    let actor = identity::authenticate(&edge.app, bearer.as_deref()).await.map_err(|_| FORBIDDEN)?;
    send(socket, &ServerMessage::ConnectionAck).await.map_err(|()| GONE)?;
    Ok(Some(actor))
}

const INVALID: Close = (4400, "Invalid message received");
const FORBIDDEN: Close = (4403, "Forbidden");
/// The client does not read any more; the code will hardly reach it.
const GONE: Close = (1001, "Gone");

/// The token of `{"authorization": "Bearer …"}`; nothing at all is an anonymous client.
fn read_credential(payload: Option<&Value>) -> Result<Option<String>, Close> {
    let Some(Value::Object(fields)) = payload else { return Ok(None) };
    let field = fields.iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    match field.map(|(_, value)| value) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => http::bearer_of(text).map(|token| Some(token.to_owned())).ok_or(FORBIDDEN),
        Some(_) => Err(FORBIDDEN),
    }
}

/// An answer of the operation that was started as number `serial`.
struct Answer {
    id: String,
    serial: u64,
    message: ServerMessage,
}

struct Running {
    serial: u64,
    task: AbortHandle,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A socket after its greeting.
struct Session {
    edge: Arc<Edge>,
    caller: Caller,
    sender: mpsc::Sender<Answer>,
    running: HashMap<String, Running>,
    count: u64,
}

impl Session {
    /// Serves until the client leaves (`None`) or has to.
    async fn run(&mut self, socket: &mut WebSocket, mut answers: mpsc::Receiver<Answer>) -> Option<Close> {
        let app = self.edge.app.clone();
        let actor = self.caller.actor.clone();
        let ended = session::ended(&app, &actor);
        tokio::pin!(ended);
        let stopping = app.local::<Stopping>();
        let mut ping = tokio::time::interval_at(Instant::now() + PING, PING);
        let mut alive = true;
        loop {
            let step = tokio::select! {
                message = socket.recv() => {
                    alive = true;
                    match message {
                        Some(Ok(message)) => self.receive(socket, message).await,
                        Some(Err(_)) => ControlFlow::Break(Some((1009, "Message too big or broken"))),
                        None => ControlFlow::Break(None),
                    }
                }
                Some(answer) = answers.recv() => self.forward(socket, answer).await,
                () = &mut ended => ControlFlow::Break(Some(FORBIDDEN)),
                // The client comes back, to another process, and goes on from its last cursor.
                () = stopping.token().cancelled() => ControlFlow::Break(Some(GONE)),
                _ = ping.tick() => {
                    if !std::mem::replace(&mut alive, false) {
                        return Some(GONE);
                    }
                    match timeout(SLOW, socket.send(Message::Ping(vec![].into()))).await {
                        Ok(Ok(())) => ControlFlow::Continue(()),
                        _ => ControlFlow::Break(Some(GONE)),
                    }
                }
            };
            if let ControlFlow::Break(reason) = step {
                return reason;
            }
        }
    }

    async fn receive(&mut self, socket: &mut WebSocket, message: Message) -> ControlFlow<Option<Close>> {
        let text = match message {
            Message::Text(text) => text,
            Message::Binary(_) => return ControlFlow::Break(Some(INVALID)),
            Message::Close(_) => return ControlFlow::Break(None),
            Message::Ping(_) | Message::Pong(_) => return ControlFlow::Continue(()),
        };
        match ClientMessage::read(&text) {
            None => ControlFlow::Break(Some(INVALID)),
            Some(ClientMessage::ConnectionInit { .. }) => {
                ControlFlow::Break(Some((4429, "Too many initialisation requests")))
            }
            Some(ClientMessage::Ping) => reply(socket, &ServerMessage::Pong).await,
            Some(ClientMessage::Pong) => ControlFlow::Continue(()),
            Some(ClientMessage::Complete { id }) => {
                self.running.remove(&id);
                ControlFlow::Continue(())
            }
            Some(ClientMessage::Subscribe { id, payload }) => {
                if self.running.contains_key(&id) {
                    return ControlFlow::Break(Some((4409, "Subscriber for this id already exists")));
                }
                match self.start(&id, payload) {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(error) => reply(socket, &ServerMessage::Error { id, payload: vec![error] }).await,
                }
            }
        }
    }

    fn start(&mut self, id: &str, incoming: Incoming) -> Result<(), ServerError> {
        if self.running.len() >= self.edge.app.config.limits.subscriptions_per_socket {
            return Err(errors::error(Code::RateLimited, "this socket has too many operations"));
        }
        self.count += 1;
        let mut caller = self.caller.clone();
        caller.request_id = format!("{}-{}", caller.request_id, self.count);
        let operation = self.edge.prepare(incoming, &caller)?;
        let place = match operation.kind {
            OperationType::Subscription => {
                let none = || errors::error(Code::RateLimited, "this address has too many subscriptions");
                Some(self.edge.take_place(caller.address).ok_or_else(none)?)
            }
            OperationType::Query | OperationType::Mutation => None,
        };
        let answers = self.edge.stream(operation, &caller);
        let work = Work { id: id.to_owned(), serial: self.count, sender: self.sender.clone(), _place: place };
        let task = tokio::spawn(work.run(answers)).abort_handle();
        self.running.insert(id.to_owned(), Running { serial: self.count, task });
        Ok(())
    }

    /// Sends an answer on, unless its operation was ended meanwhile.
    async fn forward(&mut self, socket: &mut WebSocket, answer: Answer) -> ControlFlow<Option<Close>> {
        let current = self.running.get(&answer.id).is_some_and(|running| running.serial == answer.serial);
        if !current {
            return ControlFlow::Continue(());
        }
        if answer.message.is_last() {
            self.running.remove(&answer.id);
        }
        reply(socket, &answer.message).await
    }
}

/// The task of one operation.
struct Work {
    id: String,
    serial: u64,
    sender: mpsc::Sender<Answer>,
    _place: Option<Place>,
}

impl Work {
    async fn run(self, mut answers: futures_util::stream::BoxStream<'static, async_graphql::Response>) {
        while let Some(response) = answers.next().await {
            let early = response.data == Value::Null && response.errors.iter().all(|error| error.path.is_empty());
            let message = if early && !response.errors.is_empty() {
                ServerMessage::Error { id: self.id.clone(), payload: response.errors }
            } else {
                ServerMessage::Next { id: self.id.clone(), payload: response }
            };
            let last = message.is_last();
            if self.tell(message).await.is_err() || last {
                return;
            }
        }
        // If nobody listens any more, nobody needs to know.
        let _ = self.tell(ServerMessage::Complete { id: self.id.clone() }).await;
    }

    async fn tell(&self, message: ServerMessage) -> Result<(), ()> {
        self.sender.send(Answer { id: self.id.clone(), serial: self.serial, message }).await.map_err(|_| ())
    }
}

async fn reply(socket: &mut WebSocket, message: &ServerMessage) -> ControlFlow<Option<Close>> {
    match send(socket, message).await {
        Ok(()) => ControlFlow::Continue(()),
        Err(()) => ControlFlow::Break(Some(GONE)),
    }
}

async fn send(socket: &mut WebSocket, message: &ServerMessage) -> Result<(), ()> {
    let text = message.write();
    timeout(SLOW, socket.send(Message::Text(text.into()))).await.map_err(|_| ())?.map_err(|_| ())
}

/// Says why, and waits a moment for the client to have read it.
async fn close(mut socket: WebSocket, (code, reason): Close) {
    let frame = CloseFrame { code, reason: reason.into() };
    let farewell = async {
        if socket.send(Message::Close(Some(frame))).await.is_ok() {
            while let Some(Ok(_)) = socket.recv().await {}
        }
    };
    // Whoever does not answer is left.
    let _ = timeout(GOODBYE, farewell).await;
}
