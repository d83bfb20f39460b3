//! Traces, as a collector gets them from the program itself: one of them leads from the buyer's yes to the
//! supplier, and none holds a word about a person.

use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::Response;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::Child;

use crate::support::app::TestApp;
use crate::support::gql::Client;
use crate::support::{program, stock, trade};

crate::engine_tests![a_trace_leads_from_the_buyers_yes_to_the_supplier];

async fn a_trace_leads_from_the_buyers_yes_to_the_supplier(app: TestApp) {
    let owner = trade::open(&app).await;
    let variants = stock::variants(&owner, 1).await;
    let supplier = trade::simulated(&app, &owner, "acme", json!({})).await;
    trade::shelve(&app, "acme", "A-1", 9).await;
    trade::offers(&app, &owner, supplier, &variants[0], "A-1", 9, "4.00").await;
    let collector = Collector::start().await;
    let (_program, address) = start(&app, &collector.url).await;
    let bought = trade::buy_as(&Client::new(through(address), None), &[(&variants[0], 1)]).await;
    let trace = collector
        .trace_with(&bought.id, &["checkoutComplete", "fulfillment.create", "fulfillment.forward", "supplier"])
        .await;
    let jobs = trace.iter().filter(|span| span.name == "job");
    assert!(jobs.clone().all(|job| !job.parent_span_id.is_empty()), "{trace:#?}");
    assert!(jobs.clone().any(|job| field(job, "order.id") == Some(bought.id.as_str())), "{trace:#?}");
    let told = format!("{:?}", collector.spans());
    for secret in ["ada@example.com", "Am Ring", "Byron", &bought.token, trade::TOKEN, "crt_"] {
        assert!(!told.contains(secret), "{secret} is in a span");
    }
}

/// The program at the store of `app`, sending spans to `collector`; and where it listens.
async fn start(app: &TestApp, collector: &str) -> (Child, String) {
    let mut command = program::command(&app.app.config, &["all"]);
    command.env("CONSIGN_OTLP_ENDPOINT", collector).env("OTEL_BSP_SCHEDULE_DELAY", "100").env("NO_COLOR", "1");
    let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().expect("consign starts");
    let mut lines = BufReader::new(child.stderr.take().expect("its log")).lines();
    let address = loop {
        let line = lines.next_line().await.expect("a line").expect("it serves before it ends");
        if let Some((_, url)) = line.split_once("serving ") {
            break url.trim_end_matches("/graphql").to_owned();
        }
    };
    // Read on, or it would wait for somebody who does.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    (child, address)
}

/// Hands requests on to the program at `address`.
fn through(address: String) -> Router {
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    Router::new().fallback(move |request: Request| async move {
        let (parts, body) = request.into_parts();
        let body = axum::body::to_bytes(body, 1024 * 1024).await.expect("a body");
        let call = http.request(parts.method, format!("{address}{}", parts.uri)).headers(parts.headers).body(body);
        let answer = call.send().await.expect("an answer");
        let mut response = Response::builder().status(answer.status());
        if let Some(kind) = answer.headers().get("content-type") {
            response = response.header("content-type", kind);
        }
        response.body(Body::from(answer.bytes().await.expect("a body"))).expect("a response")
    })
}

/// Takes spans as OTLP over HTTP.
struct Collector {
    url: String,
    spans: Arc<Mutex<Vec<Span>>>,
}

impl Collector {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/v1/traces", listener.local_addr().expect("an address"));
        let spans = Arc::<Mutex<Vec<Span>>>::default();
        let taken = Arc::clone(&spans);
        let take = move |body: Bytes| async move {
            let request = ExportTraceServiceRequest::decode(body).expect("OTLP");
            let scopes = request.resource_spans.into_iter().flat_map(|it| it.scope_spans);
            taken.lock().expect("not poisoned").extend(scopes.flat_map(|it| it.spans));
        };
        let router = Router::new().route("/v1/traces", post(take));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, spans }
    }

    fn spans(&self) -> Vec<Span> {
        self.spans.lock().expect("not poisoned").clone()
    }

    /// The trace that names the order, once it holds all of these words.
    async fn trace_with(&self, order: &str, words: &[&str]) -> Vec<Span> {
        for _ in 0..200 {
            let spans = self.spans();
            let names = |span: &&Span| field(span, "order.id").is_some_and(|it| it == order);
            for named in spans.iter().filter(names) {
                let trace = spans.iter().filter(|span| span.trace_id == named.trace_id);
                let trace: Vec<Span> = trace.cloned().collect();
                let says = |word: &&str| {
                    let fields = ["operation", "job.kind", "to"];
                    trace.iter().any(|span| fields.iter().any(|name| field(span, name) == Some(*word)))
                };
                if words.iter().all(says) {
                    return trace;
                }
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("no trace of {order} holds all of {words:?}: {:#?}", self.spans());
    }
}

/// A field of a span, if it is a text.
fn field<'a>(span: &'a Span, name: &str) -> Option<&'a str> {
    let found = span.attributes.iter().find(|it| it.key == name)?;
    match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text),
        _ => None,
    }
}
