//! Reading a request: from the query of a GET, from the JSON body of a POST.

use std::collections::HashMap;
use std::time::Duration;

use async_graphql::{Value, Variables};
use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use serde_json::error::Category;

use super::errors::Code;
use super::execute::{Edge, Incoming};
use super::http::Refusal;
use crate::platform::body::{self, NoBody};

/// The request of `?query=…&variables=…`.
pub fn from_query(query: &str) -> Result<Incoming, Refusal> {
    let mut fields = HashMap::<String, String>::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()).into_owned() {
        // Whoever reads the other of the two reads another request.
        if fields.insert(name, value).is_some() {
            return Err(Refusal::bad("a parameter comes twice"));
        }
    }
    let mut json = |name: &str| {
        let text = fields.remove(name).filter(|text| !text.is_empty());
        text.map(|text| serde_json::from_str::<Value>(&text))
            .transpose()
            .map_err(|_| Refusal::bad("a parameter is not JSON"))
    };
    let (variables, extensions) = (json("variables")?, json("extensions")?);
    Ok(Incoming {
        query: fields.remove("query"),
        operation_name: fields.remove("operationName"),
        variables: variables.map(read_variables).transpose()?,
        document_id: fields.remove("documentId"),
        extensions: extensions.map(read_extensions).transpose()?,
    })
}

/// The request in a JSON body.
pub async fn from_body(edge: &Edge, parts: &Parts, body: Body) -> Result<Incoming, Refusal> {
    let content_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut pieces = content_type.split(';').map(|piece| piece.trim().to_ascii_lowercase());
    let is_json = pieces.next().is_some_and(|essence| essence == "application/json");
    let is_utf8 =
        pieces.all(|piece| piece.strip_prefix("charset=").is_none_or(|charset| charset.trim_matches('"') == "utf-8"));
    if !is_json || !is_utf8 {
        let message = "the body must be application/json in UTF-8";
        return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, Code::BadUserInput, message));
    }
    let limits = &edge.app.config.limits;
    let read = body::read(body, limits.body_bytes);
    let bytes = tokio::time::timeout(Duration::from_secs(limits.request_seconds), read).await;
    read_json(&bytes.unwrap_or(Err(NoBody::TooSlow)).map_err(no_body)?)
}

fn no_body(reason: NoBody) -> Refusal {
    match reason {
        NoBody::TooLarge => Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, Code::BadUserInput, "the body is too large"),
        NoBody::TooSlow => Refusal::new(StatusCode::REQUEST_TIMEOUT, Code::Timeout, "the body took too long to arrive"),
        NoBody::BrokenOff => Refusal::bad("the body broke off"),
    }
}

/// Reads the JSON object of a request; a field that comes twice is refused, since two readers of such
/// an object may not agree on what it says.
fn read_json(bytes: &[u8]) -> Result<Incoming, Refusal> {
    let text = std::str::from_utf8(bytes).map_err(|_| Refusal::bad("the body is not UTF-8"))?;
    match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'[') => return Err(Refusal::bad("batches are not taken: send one request at a time")),
        Some(b'{') => {}
        _ => return Err(Refusal::bad("the body is not a JSON object")),
    }
    serde_json::from_str(text).map_err(|error| match error.classify() {
        Category::Data => Refusal::bad("the body is not a GraphQL request"),
        Category::Io | Category::Syntax | Category::Eof => Refusal::bad("the body is not JSON"),
    })
}

fn read_variables(value: Value) -> Result<Variables, Refusal> {
    match value {
        Value::Object(_) => Ok(Variables::from_value(value)),
        Value::Null => Ok(Variables::default()),
        _ => Err(Refusal::bad("variables must be an object")),
    }
}

fn read_extensions(value: Value) -> Result<HashMap<String, Value>, Refusal> {
    match value {
        Value::Object(fields) => Ok(fields.into_iter().map(|(name, value)| (name.to_string(), value)).collect()),
        Value::Null => Ok(HashMap::new()),
        _ => Err(Refusal::bad("extensions must be an object")),
    }
}
