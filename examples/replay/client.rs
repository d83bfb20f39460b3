//! A GraphQL client that measures: one latency list per operation.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::{Value, json};

/// Latencies by operation.
#[derive(Default)]
pub struct Latencies(Mutex<BTreeMap<String, Vec<Duration>>>);

impl Latencies {
    fn note(&self, operation: &str, took: Duration) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(operation.to_owned()).or_default().push(took);
    }

    /// Operation, count, p50 and p99.
    pub fn table(&self) -> Vec<(String, usize, Duration, Duration)> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter_mut()
            .map(|(operation, list)| {
                list.sort_unstable();
                let at = |percent: usize| list[(list.len() - 1) * percent / 100];
                (operation.clone(), list.len(), at(50), at(99))
            })
            .collect()
    }
}

/// Speaks to the replicas in turn.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    bases: Arc<Vec<String>>,
    turn: Arc<AtomicUsize>,
    token: Option<String>,
    /// How long calls took.
    pub latencies: Arc<Latencies>,
    /// Calls that had to be sent again.
    pub retries: Arc<Retries>,
}

/// Calls that did not succeed at once.
#[derive(Default)]
pub struct Retries {
    /// How many succeeded when they were sent once more.
    pub once: AtomicUsize,
    /// Why the others failed even then.
    pub failed: Mutex<Vec<String>>,
}

impl Client {
    /// An anonymous client of the servers at `bases`.
    pub fn new(bases: Vec<String>) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().timeout(Duration::from_secs(30)).build()?;
        let bases = Arc::new(bases);
        Ok(Self { http, bases, turn: Arc::default(), token: None, latencies: Arc::default(), retries: Arc::default() })
    }

    /// The same client with a credential.
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    fn turn(&self) -> usize {
        self.turn.fetch_add(1, Ordering::Relaxed)
    }

    fn base(&self, turn: usize) -> &str {
        &self.bases[turn % self.bases.len()]
    }

    /// Runs `query` once. A transport error, or a top-level error, is an error.
    pub async fn once(&self, operation: &str, query: &str, variables: &Value) -> anyhow::Result<Value> {
        self.send(self.turn(), operation, query, variables).await
    }

    async fn send(&self, turn: usize, operation: &str, query: &str, variables: &Value) -> anyhow::Result<Value> {
        let began = Instant::now();
        let body = json!({ "query": query, "variables": variables });
        let mut request = self.http.post(format!("{}/graphql", self.base(turn))).json(&body);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let answer: Value = request.send().await?.json().await?;
        self.latencies.note(operation, began.elapsed());
        if let Some(errors) = answer.get("errors").filter(|errors| !errors.is_null()) {
            bail!("{operation}: {errors}");
        }
        Ok(answer["data"].clone())
    }

    /// Runs `query` until it gets through, for up to `patience`: what a client with retries does.
    /// Only for reads and for verbs that are idempotent.
    pub async fn persist(
        &self,
        operation: &str,
        query: &str,
        variables: &Value,
        patience: Duration,
    ) -> anyhow::Result<Value> {
        let give_up = Instant::now() + patience;
        let turn = self.turn();
        for attempt in 0.. {
            // The next try goes to the next server, as through a balancer.
            match self.send(turn + attempt, operation, query, variables).await {
                Ok(data) => {
                    if attempt == 1 {
                        self.retries.once.fetch_add(1, Ordering::Relaxed);
                    }
                    return Ok(data);
                }
                Err(error) if Instant::now() > give_up => return Err(error),
                Err(error) => {
                    if attempt == 1 {
                        let mut failed = self.retries.failed.lock().unwrap_or_else(PoisonError::into_inner);
                        failed.push(format!("{operation}: {error:#}"));
                    }
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
        }
        bail!("{operation}: given up")
    }

    /// Every node of the connection at `path`, page by page. `query` takes `$after`.
    pub async fn all(&self, query: &str, path: &str) -> anyhow::Result<Vec<Value>> {
        let mut nodes = Vec::new();
        let mut after = Value::Null;
        loop {
            let data = self.persist("(audit)", query, &json!({ "after": after }), Duration::from_secs(30)).await?;
            let page = &data[path];
            nodes.extend(page["nodes"].as_array().with_context(|| format!("no nodes at {path}"))?.iter().cloned());
            if page["pageInfo"]["hasNextPage"] != true {
                return Ok(nodes);
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
    }

    /// Opens a subscription over Server-Sent Events.
    pub async fn stream(&self, server: &str, body: &Value) -> anyhow::Result<reqwest::Response> {
        let mut request = self.http.post(format!("{server}/graphql")).header("accept", "text/event-stream").json(body);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        Ok(request.send().await?.error_for_status()?)
    }

    /// Sends a file to `POST /uploads`; answers its id.
    pub async fn upload(&self, name: &str, body: String) -> anyhow::Result<String> {
        let url = format!("{}/uploads?filename={name}", self.base(self.turn()));
        let mut request = self.http.post(url).header("content-type", "text/csv").body(body);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let answer: Value = request.send().await?.error_for_status()?.json().await?;
        Ok(answer["id"].as_str().context("the upload has no id")?.to_owned())
    }
}

/// The user errors of the payload at `path`, as `CODE field message`.
pub fn user_errors(data: &Value, path: &str) -> Vec<String> {
    let errors = data[path]["userErrors"].as_array().cloned().unwrap_or_default();
    errors.iter().map(|error| format!("{} {} {}", error["code"], error["field"], error["message"])).collect()
}
