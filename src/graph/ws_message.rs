//! The messages of `graphql-transport-ws`.

use async_graphql::{Response, ServerError, Value};
use serde::{Deserialize, Serialize};

use super::execute::Incoming;

/// The longest id of an operation.
const MAX_ID: usize = 128;

/// What a client says.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientMessage {
    /// The greeting, with the credential.
    ConnectionInit {
        /// `{"authorization": "Bearer …"}`.
        #[serde(default)]
        payload: Option<Value>,
    },
    /// Is anyone there?
    Ping,
    /// I am here.
    Pong,
    /// Begins an operation.
    Subscribe {
        /// The client's name for it.
        id: String,
        /// The request.
        payload: Incoming,
    },
    /// Ends one.
    Complete {
        /// The client's name for it.
        id: String,
    },
}

impl ClientMessage {
    /// Reads a message; `None` if it is none.
    pub fn read(text: &str) -> Option<Self> {
        let message: Self = serde_json::from_str(text).ok()?;
        let fits = match &message {
            Self::Subscribe { id, .. } | Self::Complete { id } => (1..=MAX_ID).contains(&id.len()),
            Self::ConnectionInit { .. } | Self::Ping | Self::Pong => true,
        };
        fits.then_some(message)
    }
}

/// What the server says.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerMessage {
    /// Welcome.
    ConnectionAck,
    /// I am here.
    Pong,
    /// An answer.
    Next {
        /// The client's name for the operation.
        id: String,
        /// The answer.
        payload: Response,
    },
    /// The operation could not begin.
    Error {
        /// The client's name for the operation.
        id: String,
        /// Why.
        payload: Vec<ServerError>,
    },
    /// The operation ended.
    Complete {
        /// The client's name for the operation.
        id: String,
    },
}

impl ServerMessage {
    /// Whether nothing follows it for its operation.
    pub fn is_last(&self) -> bool {
        matches!(self, Self::Error { .. } | Self::Complete { .. })
    }

    /// The message as text.
    pub fn write(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|error| {
            tracing::error!(%error, "a message could not be written");
            r#"{"type":"pong"}"#.to_owned()
        })
    }
}
