//! A socket after its greeting: one task for the socket and one for each operation, so that what one
//! operation does (fail, panic, flood) stays its own.

use std::collections::HashMap;
use std::net::IpAddr;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::parser::types::OperationType;
use async_graphql::{Response, ServerError, Value};
use axum::extract::ws::{Message, Utf8Bytes, WebSocket};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout};

use super::errors::{self, Code};
use super::execute::{Caller, Edge, Incoming};
use super::session;
use super::ws::{Close, FORBIDDEN, GONE, INVALID, SLOW, send};
use super::ws_message::{ClientMessage, ServerMessage};
use crate::platform::places::Place;
use crate::platform::stopping::Stopping;

/// How often the client is asked whether it lives; it has until the next time to answer.
const PING: Duration = Duration::from_secs(20);
/// How many answers wait for a slow client before its operations wait too.
const QUEUE: usize = 8;

/// An answer of the operation that was started as number `serial`. Boxed on its way: a queue has room
/// for 32 of whatever it holds, and most queues are empty for ever.
struct Answer {
    id: String,
    serial: u64,
    is_last: bool,
    text: Utf8Bytes,
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
    caller: Arc<Caller>,
    sender: mpsc::Sender<Box<Answer>>,
    running: HashMap<String, Running>,
    count: u64,
}

/// Serves `caller` until the client leaves (`None`) or has to.
pub async fn serve(edge: Arc<Edge>, socket: &mut WebSocket, caller: Caller) -> Option<Close> {
    let (sender, answers) = mpsc::channel(QUEUE);
    let mut it = Session { edge, caller: Arc::new(caller), sender, running: HashMap::new(), count: 0 };
    it.run(socket, answers).await
}

impl Session {
    async fn run(&mut self, socket: &mut WebSocket, mut answers: mpsc::Receiver<Box<Answer>>) -> Option<Close> {
        let (app, caller) = (self.edge.app.clone(), Arc::clone(&self.caller));
        let ended = session::ended(&app, &caller.actor);
        tokio::pin!(ended);
        let stopping = app.local::<Stopping>();
        let mut ping = tokio::time::interval_at(Instant::now() + PING, PING);
        let mut alive = true;
        loop {
            let step = tokio::select! {
                message = socket.recv() => {
                    alive = true;
                    match message {
                        // Boxed: a socket waits most of the time, and the memory of a request is large.
                        Some(Ok(message)) => Box::pin(self.receive(socket, message)).await,
                        Some(Err(_)) => ControlFlow::Break(Some((1009, "Message too big or broken"))),
                        None => ControlFlow::Break(None),
                    }
                }
                Some(answer) = answers.recv() => self.forward(socket, *answer).await,
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
            Some(ClientMessage::Ping) => reply(socket, ServerMessage::Pong.write().into()).await,
            Some(ClientMessage::Pong) => ControlFlow::Continue(()),
            Some(ClientMessage::Complete { id }) => {
                self.running.remove(&id);
                ControlFlow::Continue(())
            }
            Some(ClientMessage::Subscribe { id, payload }) => {
                if self.running.contains_key(&id) {
                    return ControlFlow::Break(Some((4409, "Subscriber for this id already exists")));
                }
                match self.start(&id, payload).await {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(error) => reply(socket, ServerMessage::Error { id, payload: vec![error] }.write().into()).await,
                }
            }
        }
    }

    async fn start(&mut self, id: &str, incoming: Incoming) -> Result<(), ServerError> {
        if self.running.len() >= self.edge.app.config.limits.subscriptions_per_socket {
            return Err(errors::error(Code::RateLimited, "this socket has too many operations"));
        }
        self.count += 1;
        let request_id = format!("{}-{}", self.caller.request_id, self.count);
        let caller = Caller { request_id, ..Caller::clone(&self.caller) };
        let operation = self.edge.prepare(incoming, &caller).await?;
        let place = match operation.kind {
            OperationType::Subscription => {
                let none = || errors::error(Code::RateLimited, "this address has too many subscriptions");
                Some(self.edge.subscriptions.take(caller.address).ok_or_else(none)?)
            }
            OperationType::Query | OperationType::Mutation => None,
        };
        let answers = self.edge.stream(operation, &caller);
        let (serial, sender, edge) = (self.count, self.sender.clone(), Arc::clone(&self.edge));
        let work = Work { id: id.to_owned(), serial, sender, place, edge, address: caller.address };
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
        if answer.is_last {
            self.running.remove(&answer.id);
        }
        reply(socket, answer.text).await
    }
}

/// The task of one operation. Its memory counts: most operations are subscriptions that wait.
struct Work {
    id: String,
    serial: u64,
    sender: mpsc::Sender<Box<Answer>>,
    place: Option<Place>,
    edge: Arc<Edge>,
    address: IpAddr,
}

impl Work {
    async fn run(self, mut answers: BoxStream<'static, Response>) {
        while let Some(response) = answers.next().await {
            let refused = errors::is_refusal(&response);
            let answer = self.answer(response);
            if refused {
                Box::pin(self.edge.tarpit.wait(self.address)).await;
            }
            let last = answer.is_last;
            // If nobody listens any more, nobody needs to know.
            if self.sender.send(answer).await.is_err() || last {
                return;
            }
        }
        drop((answers, self.place, self.edge));
        let message = ServerMessage::Complete { id: self.id.clone() };
        let complete = Answer { id: self.id, serial: self.serial, is_last: true, text: message.write().into() };
        let _ = self.sender.send(Box::new(complete)).await;
    }

    fn answer(&self, response: Response) -> Box<Answer> {
        let id = self.id.clone();
        let early = response.data == Value::Null && response.errors.iter().all(|error| error.path.is_empty());
        let message = if early && !response.errors.is_empty() {
            ServerMessage::Error { id, payload: response.errors }
        } else {
            ServerMessage::Next { id, payload: response }
        };
        let (is_last, text) = (message.is_last(), message.write().into());
        Box::new(Answer { id: self.id.clone(), serial: self.serial, is_last, text })
    }
}

async fn reply(socket: &mut WebSocket, text: Utf8Bytes) -> ControlFlow<Option<Close>> {
    match send(socket, text).await {
        Ok(()) => ControlFlow::Continue(()),
        Err(()) => ControlFlow::Break(Some(GONE)),
    }
}
