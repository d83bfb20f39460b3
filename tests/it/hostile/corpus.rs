//! The corpus: requests that are meant to hurt, each of at most 16 kB, and what each is answered.
//!
//! It belongs to the tests, which check the answers, and to `examples/hostile`, which measures them.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

#[path = "corpus/documents.rs"]
mod documents;
#[path = "corpus/requests.rs"]
mod requests;

/// The most that any of them has, in bytes of text.
pub const SIZE: usize = 16 * 1024;

/// One hostile request.
pub struct Hostile {
    /// What it tries.
    pub name: &'static str,
    /// How it travels.
    pub sent: Sent,
    /// The code of its first error; none for one that is simply answered.
    pub code: Option<&'static str>,
}

/// How a request travels.
pub enum Sent {
    /// As the JSON body of a POST.
    Body(Vec<u8>),
    /// As the query of a GET.
    Query(String),
}

impl Hostile {
    /// A document.
    pub fn document(name: &'static str, text: impl Into<String>, code: impl Into<Option<&'static str>>) -> Self {
        Self::with(name, text, json!({}), code)
    }

    /// A document with variables.
    pub fn with(
        name: &'static str,
        text: impl Into<String>,
        variables: Value,
        code: impl Into<Option<&'static str>>,
    ) -> Self {
        let text: String = text.into();
        Self::body(name, json!({ "query": text, "variables": variables }).to_string(), code)
    }

    /// A body.
    pub fn body(name: &'static str, body: impl Into<Vec<u8>>, code: impl Into<Option<&'static str>>) -> Self {
        Self { name, sent: Sent::Body(body.into()), code: code.into() }
    }

    /// The request.
    pub fn request(&self) -> Request<Body> {
        let request = match &self.sent {
            Sent::Body(body) => {
                Request::post("/graphql").header("content-type", "application/json").body(body.clone().into())
            }
            Sent::Query(query) => {
                let query: String = query.chars().map(escaped).collect();
                Request::get(format!("/graphql?{query}")).body(Body::empty())
            }
        };
        request.expect("a request")
    }

    /// How many bytes its text has: that of the document with its variables, before JSON or an address
    /// escapes them, or else the body.
    pub fn text_bytes(&self) -> usize {
        match &self.sent {
            Sent::Body(body) => match serde_json::from_slice::<Value>(body) {
                Ok(value) if value["query"].is_string() && value["variables"].is_object() => {
                    length(&value["query"]) + length(&value["variables"])
                }
                _ => body.len(),
            },
            Sent::Query(query) => query.len(),
        }
    }
}

/// As addresses have it.
fn escaped(character: char) -> String {
    match character {
        '{' | '}' | '[' | ']' | '"' | ' ' => format!("%{:02X}", u32::from(character)),
        other => other.to_string(),
    }
}

fn length(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(|item| length(item) + 2).sum(),
        Value::Object(fields) => fields.iter().map(|(name, value)| name.len() + length(value) + 4).sum(),
        other => other.to_string().len(),
    }
}

/// All of them.
pub fn all() -> Vec<Hostile> {
    let groups = [
        documents::fragments(),
        documents::floods(),
        documents::nesting(),
        documents::lexical(),
        documents::conflicts(),
        documents::variables(),
        documents::introspection(),
        requests::inputs(),
        requests::bodies(),
    ];
    groups.into_iter().flatten().collect()
}

/// `text` until it is as long as a document may be, between `before` and `after`.
pub fn fill(before: &str, text: &str, after: &str) -> String {
    let room = SIZE - before.len() - after.len();
    format!("{before}{}{after}", text.repeat(room / text.len()))
}

/// `count` pieces, each made of its number.
pub fn each(count: usize, piece: impl Fn(usize) -> String) -> String {
    (0..count).map(piece).collect()
}
