//! A GraphQL client that acts as one actor, through the real router.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use futures_util::StreamExt;
use serde_json::{Value, json};
use tower::ServiceExt;

/// One actor's client.
#[derive(Clone)]
pub struct Client {
    router: Router,
    token: Option<String>,
}

/// An answer, as HTTP has it.
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, if it is JSON; else its text as a JSON string.
    pub body: Value,
}

impl Client {
    /// A client with this bearer token.
    pub fn new(router: Router, token: Option<String>) -> Self {
        Self { router, token }
    }

    /// The same client with another token.
    pub fn with_token(&self, token: impl Into<String>) -> Self {
        Self { router: self.router.clone(), token: Some(token.into()) }
    }

    /// The bearer token.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Runs one operation.
    pub async fn run(&self, query: &str, variables: Value) -> Answer {
        self.post(&json!({ "query": query, "variables": variables })).await
    }

    /// Posts a GraphQL request.
    pub async fn post(&self, request: &Value) -> Answer {
        let mut builder = Request::post("/graphql")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/graphql-response+json");
        if let Some(token) = &self.token {
            builder = builder.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        self.send(builder.body(Body::from(request.to_string())).expect("a request")).await
    }

    /// The first `enough` answers of a subscription; fewer if it ends, or is quiet for `patience`.
    pub async fn stream(&self, query: &str, enough: usize, patience: Duration) -> Vec<Value> {
        let mut builder = Request::post("/graphql")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "text/event-stream");
        if let Some(token) = &self.token {
            builder = builder.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = builder.body(Body::from(json!({ "query": query }).to_string())).expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("the router never fails");
        let mut chunks = response.into_body().into_data_stream();
        let mut text = String::new();
        while text.matches("event: next").count() < enough {
            match tokio::time::timeout(patience, chunks.next()).await {
                Ok(Some(chunk)) => text += &String::from_utf8_lossy(&chunk.expect("a chunk")),
                Ok(None) | Err(_) => break,
            }
        }
        let data = text.lines().filter_map(|line| line.strip_prefix("data: ").filter(|it| !it.is_empty()));
        // Refused before it began: an answer like any other.
        let data: Vec<&str> = if text.starts_with('{') { vec![text.as_str()] } else { data.collect() };
        data.into_iter().map(|it| serde_json::from_str(it).expect("JSON")).collect()
    }

    /// Sends any HTTP request.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.expect("the router never fails");
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 64 * 1024 * 1024).await.expect("a body");
        let text = || Value::String(String::from_utf8_lossy(&bytes).into_owned());
        let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| text());
        Answer { status: parts.status, headers: parts.headers, body }
    }
}

impl Answer {
    /// What is at `path` (`cartCreate.cart.id`, `orders.nodes.0`) of the data; fails on any error.
    #[track_caller]
    pub fn at(&self, path: &str) -> &Value {
        assert!(self.body.get("errors").is_none(), "{}", self.body);
        let pointer = format!("/data/{}", path.replace('.', "/"));
        self.body.pointer(&pointer).unwrap_or_else(|| panic!("nothing at {path} in {}", self.body))
    }

    /// The text at `path`.
    #[track_caller]
    pub fn text(&self, path: &str) -> String {
        let value = self.at(path);
        value.as_str().unwrap_or_else(|| panic!("no text at {path} in {}", self.body)).to_owned()
    }

    /// The payload of the mutation `field`; fails on any error of any kind.
    #[track_caller]
    pub fn done(&self, field: &str) -> &Value {
        let payload = self.at(field);
        assert_eq!(payload["userErrors"], json!([]), "{}", self.body);
        payload
    }

    /// The codes of the user errors of the mutation `field`.
    #[track_caller]
    pub fn user_codes(&self, field: &str) -> Vec<String> {
        let errors = self.at(field)["userErrors"].as_array().expect("user errors").clone();
        errors.iter().map(|error| error["code"].as_str().expect("a code").to_owned()).collect()
    }

    /// The codes of the top-level errors; every one must have one.
    #[track_caller]
    pub fn codes(&self) -> Vec<String> {
        let errors = self.body["errors"].as_array().cloned().unwrap_or_default();
        let code = |error: &Value| error["extensions"]["code"].as_str().map(str::to_owned);
        errors.iter().map(|error| code(error).unwrap_or_else(|| panic!("no code: {error}"))).collect()
    }
}
