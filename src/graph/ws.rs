//! GraphQL over WebSocket: the protocol `graphql-transport-ws`, up to the greeting. What follows is
//! [`super::ws_session`]'s.
//!
//! Close codes are the protocol's: 4400 a message that is none, 4401 an operation before the
//! greeting, 4403 a credential that is not good or no longer, 4406 another protocol, 4408 no
//! greeting, 4409 an id in use, 4429 a second greeting; 1001 a client that does not read or answer, and
//! a server that ends.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::Value;
use axum::extract::WebSocketUpgrade;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;

use super::execute::{Caller, Edge};
use super::ws_message::{ClientMessage, ServerMessage};
use super::{http, ws_session};
use crate::identity::{self, Actor};
use crate::platform::config::Config;

const PROTOCOL: &str = "graphql-transport-ws";
/// How much is read from a socket at once. Each keeps a buffer of this size; larger messages take more
/// reads.
const READ: usize = 1024;
/// How long the greeting may take.
const GREETING: Duration = Duration::from_secs(5);
/// How long the client may take to read one message, before it counts as gone.
pub const SLOW: Duration = Duration::from_secs(10);
/// How long the client may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(1);

/// Why a socket ends: a close code and its reason (a frame holds at most 123 bytes of it).
pub type Close = (u16, &'static str);

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

/// Takes the socket over, unless its address has too many.
pub fn accept(edge: &Arc<Edge>, upgrade: WebSocketUpgrade, address: IpAddr, request_id: String) -> Response {
    let Some(place) = edge.sockets.take(address) else {
        return (StatusCode::TOO_MANY_REQUESTS, "this address has too many sockets").into_response();
    };
    let frame = edge.app.config.limits.frame_bytes;
    let edge = Arc::clone(edge);
    upgrade
        .protocols([PROTOCOL])
        .max_message_size(frame)
        .max_frame_size(frame)
        .read_buffer_size(READ)
        .write_buffer_size(0)
        .on_upgrade(move |socket| async move {
            serve(edge, socket, address, request_id).await;
            drop(place);
        })
}

async fn serve(edge: Arc<Edge>, mut socket: WebSocket, address: IpAddr, request_id: String) {
    let spoken = socket.protocol().is_some_and(|it| it == PROTOCOL);
    if !spoken {
        return close(socket, (4406, "Subprotocol not acceptable")).await;
    }
    // Boxed: a socket lives long, its greeting does not, and the memory of both would be kept.
    let actor = match Box::pin(greet(&edge, &mut socket)).await {
        Ok(Some(actor)) => actor,
        Ok(None) => return,
        Err(reason) => {
            // Whether there is anything left does not matter: the socket ends.
            let _ = edge.charge_refusal(address).await;
            return close(socket, reason).await;
        }
    };
    let caller = Caller { actor, address, request_id };
    let reason = ws_session::serve(Arc::clone(&edge), &mut socket, caller).await;
    if let Some(reason) = reason {
        // What was no message, and not whoever left or whom this process leaves.
        if reason != GONE {
            let _ = edge.charge_refusal(address).await;
        }
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
                    ClientMessage::Ping => send(socket, ServerMessage::Pong.write().into()).await.map_err(|()| GONE)?,
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
    send(socket, ServerMessage::ConnectionAck.write().into()).await.map_err(|()| GONE)?;
    Ok(Some(actor))
}

/// What came is no message.
pub const INVALID: Close = (4400, "Invalid message received");
/// The credential is not good, or no longer.
pub const FORBIDDEN: Close = (4403, "Forbidden");
/// The client does not read any more; the code will hardly reach it.
pub const GONE: Close = (1001, "Gone");

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

/// Sends a text; fails if the client does not read.
pub async fn send(socket: &mut WebSocket, text: Utf8Bytes) -> Result<(), ()> {
    timeout(SLOW, socket.send(Message::Text(text))).await.map_err(|_| ())?.map_err(|_| ())
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
