//! GraphQL over Server-Sent Events, one connection per operation: `next` for every answer, then
//! `complete`.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::ServerError;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;

use super::errors::{self, Code};
use super::execute::{Caller, Edge, Operation};
use super::session;
use crate::platform::stopping::Stopping;

/// How often a quiet stream says that it lives, so that proxies do not close it.
const KEEP_ALIVE: Duration = Duration::from_secs(12);

/// Answers `operation` as a stream; refused if the address has too many of them.
pub fn respond(edge: &Arc<Edge>, operation: Operation, caller: Caller) -> Result<Response, ServerError> {
    let place = edge
        .subscriptions
        .take(caller.address)
        .ok_or_else(|| errors::error(Code::RateLimited, "this address has too many streams"))?;
    let mut answers = edge.stream(operation, &caller);
    let edge = Arc::clone(edge);
    let events = async_stream::stream! {
        // Held for as long as the stream runs.
        let _place = place;
        let ended = session::ended(&edge.app, &caller.actor);
        tokio::pin!(ended);
        let stopping = edge.app.local::<Stopping>();
        loop {
            tokio::select! {
                answer = answers.next() => match answer {
                    Some(answer) => {
                        if errors::is_refusal(&answer) {
                            edge.tarpit.wait(caller.address).await;
                        }
                        yield event("next", serde_json::to_string(&answer).unwrap_or_default());
                    }
                    None => break,
                },
                // Not complete, only cut off: the client comes back and goes on from its last cursor.
                () = stopping.token().cancelled() => return,
                () = &mut ended => {
                    let error = errors::error(Code::Unauthenticated, "the credential is no longer valid");
                    yield event("next", serde_json::json!({ "errors": [error] }).to_string());
                    break;
                }
            }
        }
        yield event("complete", String::new());
    };
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE);
    Ok(([("cache-control", "no-store")], Sse::new(events).keep_alive(keep_alive)).into_response())
}

fn event(name: &str, data: String) -> Result<Event, Infallible> {
    Ok(Event::default().event(name).data(data))
}
