//! One operation, whichever transport brought it: counted, limited, run, and its errors put in one
//! voice.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition, OperationType};
use async_graphql::{Request, Response, ServerError, Value, Variables};
use axum::body::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt, StreamExt};
use serde::Deserialize;
use tracing::{Instrument as _, Span};

use super::context::RequestContext;
use super::documents::Documents;
use super::errors::{self, Code};
use super::introspection;
use super::kept::{self, Begun, Kept, Key, Shown};
use super::limits::shape::Shape;
use super::limits::{cost, structure, values};
use super::metrics::{self, Names, Series, Subscribed};
use super::rate::Rates;
use super::schema::{self, Schema};
use super::tarpit::Tarpit;
use crate::app::App;
use crate::identity::Actor;
use crate::kernel::problem::Fault;
use crate::platform::backroom;
use crate::platform::cidr::Cidr;
use crate::platform::places::Places;

/// What all requests of this process share.
pub struct Edge {
    /// The program.
    pub app: App,
    /// Networks whose `X-Forwarded-For` is believed.
    pub proxies: Vec<Cidr>,
    schema: Schema,
    shape: Shape,
    documents: Documents,
    names: Names,
    kept: Kept,
    rates: Rates,
    /// Where those wait who are refused too often.
    pub tarpit: Tarpit,
    /// The sockets of each address.
    pub sockets: Arc<Places>,
    /// The running subscriptions of each address.
    pub subscriptions: Arc<Places>,
}

/// A request as it came in.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Incoming {
    /// The text.
    pub query: Option<String>,
    /// Which of its operations to run.
    pub operation_name: Option<String>,
    /// Their variables.
    #[serde(default)]
    pub variables: Option<Variables>,
    /// The id of a document that is known here, instead of a text.
    #[serde(default)]
    pub document_id: Option<String>,
    /// What else the client says.
    #[serde(default)]
    pub extensions: Option<HashMap<String, Value>>,
}

/// Who sent it.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The actor.
    pub actor: Actor,
    /// From where.
    pub address: IpAddr,
    /// What the log calls this request.
    pub request_id: String,
}

/// An operation that may be run.
pub struct Operation {
    /// Query, mutation or subscription.
    pub kind: OperationType,
    name: Option<String>,
    variables: Variables,
    document: Arc<ExecutableDocument>,
    cost: usize,
    /// What it is counted as.
    series: Arc<Series>,
    /// Whether it asks for the schema alone, and for much of it.
    describes: bool,
    /// If its answer may be kept.
    question: Option<Key>,
}

/// What came of an operation.
pub enum Answer {
    /// Data without an error, written as JSON.
    Written(Bytes),
    /// Anything.
    Response(Response),
}

impl Edge {
    /// The edge of `app`.
    pub fn new(app: App) -> Self {
        let schema = schema::build();
        let shape = Shape::of_sdl(&schema.sdl());
        Self {
            names: Names::new(&shape),
            shape,
            schema,
            documents: Documents::default(),
            kept: Kept::default(),
            rates: Rates::new(&app.config),
            tarpit: Tarpit::new(&app.config.limits),
            sockets: Places::new(app.config.limits.sockets_per_address),
            subscriptions: Places::new(app.config.limits.subscriptions_per_address),
            proxies: app.config.proxy_networks(),
            app,
        }
    }

    /// Counts and limits a request; the error is ready for the client. One that is refused for what it
    /// is costs something too, or refusals could be had without end.
    pub async fn prepare(&self, incoming: Incoming, caller: &Caller) -> Result<Operation, ServerError> {
        let counted = self.count(incoming, caller).await;
        let taken = match &counted {
            Ok(operation) => self.rates.take(&caller.actor, caller.address, operation.cost).await,
            Err(_) => self.rates.take_refused(caller.address).await,
        };
        if let Ok(operation) = &counted {
            Span::current().record("operation", &*operation.series.name);
        }
        let prepared = match taken {
            Ok(()) => counted,
            Err(fault) => Err(errors::of_fault(fault, &caller.request_id)),
        };
        match &prepared {
            Ok(operation) if operation.kind == OperationType::Subscription => metrics::began(&operation.series),
            Ok(_) => {}
            Err(error) => {
                metrics::refused(error);
                self.tarpit.wait(caller.address).await;
            }
        }
        prepared
    }

    /// Takes what a new socket costs; the error is that there is nothing left. Nobody waits for it: when a
    /// server ends, all its clients come back at once.
    pub async fn charge_socket(&self, address: IpAddr) -> Result<(), Fault> {
        self.rates.take_refused(address).await
    }

    /// Takes what a refusal costs, for what is refused before it is an operation; the error is that
    /// there is nothing left. Either is told when it is time.
    pub async fn charge_refusal(&self, address: IpAddr) -> Result<(), Fault> {
        let taken = self.rates.take_refused(address).await;
        self.tarpit.wait(address).await;
        taken
    }

    async fn count(&self, mut incoming: Incoming, caller: &Caller) -> Result<Operation, ServerError> {
        let limits = &self.app.config.limits;
        let text = self.documents.text(&mut incoming, self.app.trusted.as_ref(), &caller.actor)?;
        let document = match self.documents.known(&text) {
            Some(document) => document,
            None => self.read(&text, caller).await?,
        };
        self.documents.persist(&text, &incoming);
        let variables = incoming.variables.unwrap_or_default();
        let operation = choose(&document, incoming.operation_name.as_deref())?;
        introspection::check(&document, operation, &self.app.config, &caller.actor)?;
        values::check(&variables, limits)?;
        let cost = cost::check(&self.shape, &document, operation, &variables, limits)?;
        // A small one is quicker answered than handed over.
        let describes = cost > 0 && structure::is_introspection(&document, operation, limits);
        let (kind, name) = (operation.ty, incoming.operation_name);
        let question = kept::question(&caller.actor, &text, name.as_deref(), operation, &variables);
        let series = self.names.of(operation, name.as_deref(), self.app.trusted.as_ref(), &text);
        Ok(Operation { kind, name, variables, document, cost, series, describes, question })
    }

    /// Reads a document that is new here, if its address has not brought too many of them.
    async fn read(&self, text: &Arc<str>, caller: &Caller) -> Result<Arc<ExecutableDocument>, ServerError> {
        let taken = self.rates.take_reading(caller.address, text.len()).await;
        taken.map_err(|fault| errors::of_fault(fault, &caller.request_id))?;
        self.documents.read(&self.app, text, &caller.request_id).await
    }

    /// Answers a query or a mutation: with what was answered to the same question a moment ago, if
    /// that is still true, else by [`Edge::run`].
    pub async fn answer(self: &Arc<Self>, operation: Operation, caller: &Caller) -> Answer {
        if operation.describes {
            return self.describe(operation, caller).await;
        }
        let Some(question) = operation.question else { return Answer::Response(self.run(operation, caller).await) };
        let began = Instant::now();
        if let Some(body) = self.kept.find(&self.app, &question) {
            metrics::repeated(&operation.series, began.elapsed());
            return Answer::Written(body);
        }
        metrics::not_kept();
        let (begun, shown) = (Begun::now(&self.app), Arc::<Shown>::default());
        let context = RequestContext { shown: Some(Arc::clone(&shown)), ..self.context(caller) };
        let response = self.run_with(operation, context, caller).await;
        let written = if response.is_ok() { serde_json::to_vec(&response).ok() } else { None };
        let Some(body) = written.map(|it| Bytes::from(it.into_boxed_slice())) else {
            return Answer::Response(response);
        };
        self.kept.keep(question, begun, &shown, body.clone());
        Answer::Written(body)
    }

    /// Answers what asks for the schema alone, which is nothing but computing, and a lot of it.
    async fn describe(self: &Arc<Self>, operation: Operation, caller: &Caller) -> Answer {
        let (began, deadline) = (Instant::now(), Duration::from_secs(self.app.config.limits.request_seconds));
        let (cost, series, context) = (operation.cost, Arc::clone(&operation.series), self.context(caller));
        let work = self.clone().run_to_its_end(context.attach(operation.request()), cost, caller.request_id.clone());
        let runtime = tokio::runtime::Handle::current();
        let described = backroom::run(move || {
            let response = runtime.block_on(work);
            let written = if response.is_ok() { serde_json::to_vec(&response).ok() } else { None };
            (response, written)
        });
        let (response, written) = match tokio::time::timeout(deadline, described).await {
            Ok(Ok(described)) => described,
            Ok(Err(_)) => (failure(Code::Internal, "internal error"), None),
            Err(_) => (failure(Code::Timeout, "the request took too long"), None),
        };
        metrics::ended(OperationType::Query, &series, &response, began.elapsed());
        written.map_or(Answer::Response(response), |body| Answer::Written(body.into()))
    }

    /// Runs a query or a mutation within the deadline. A query that takes longer is dropped; a
    /// mutation goes on, since it may have committed already, also when the client goes away.
    pub async fn run(self: &Arc<Self>, operation: Operation, caller: &Caller) -> Response {
        self.run_with(operation, self.context(caller), caller).await
    }

    async fn run_with(self: &Arc<Self>, operation: Operation, context: RequestContext, caller: &Caller) -> Response {
        let (kind, series, began) = (operation.kind, Arc::clone(&operation.series), Instant::now());
        let response = self.run_in_time(operation, context, caller).await;
        metrics::ended(kind, &series, &response, began.elapsed());
        // A document that turns out to be none of the schema's is a refusal, too.
        if errors::is_refusal(&response) {
            self.tarpit.wait(caller.address).await;
        }
        response
    }

    fn context(&self, caller: &Caller) -> RequestContext {
        RequestContext::new(&self.app, &caller.actor, caller.address)
    }

    async fn run_in_time(self: &Arc<Self>, operation: Operation, context: RequestContext, caller: &Caller) -> Response {
        let deadline = Duration::from_secs(self.app.config.limits.request_seconds);
        let (kind, cost) = (operation.kind, operation.cost);
        let request = context.attach(operation.request());
        let work = self.clone().run_to_its_end(request, cost, caller.request_id.clone());
        if kind == OperationType::Mutation {
            let task = tokio::spawn(work.in_current_span());
            return match tokio::time::timeout(deadline, task).await {
                Ok(Ok(response)) => response,
                Ok(Err(_)) => failure(Code::Internal, "internal error"),
                Err(_) => failure(Code::Timeout, "still processing: ask later what came of it"),
            };
        }
        match tokio::time::timeout(deadline, work).await {
            Ok(response) => response,
            Err(_) => failure(Code::Timeout, "the request took too long"),
        }
    }

    async fn run_to_its_end(self: Arc<Self>, request: Request, cost: usize, request_id: String) -> Response {
        let run = AssertUnwindSafe(self.schema.execute(request));
        let mut response = run.catch_unwind().await.unwrap_or_else(|_| panicked(&request_id));
        errors::finish(&mut response, &request_id);
        self.with_cost(response, cost)
    }

    /// Runs a subscription, or anything else as a stream of one answer.
    pub fn stream(self: &Arc<Self>, operation: Operation, caller: &Caller) -> BoxStream<'static, Response> {
        if operation.kind != OperationType::Subscription {
            let (edge, caller) = (Arc::clone(self), caller.clone());
            return futures_util::stream::once(async move { edge.run(operation, &caller).await }).boxed();
        }
        let (edge, request_id, cost) = (Arc::clone(self), caller.request_id.clone(), operation.cost);
        let subscribed = Subscribed::begin();
        let context = RequestContext::of_stream(&self.app, &caller.actor, caller.address);
        let answers = self.schema.execute_stream(context.attach(operation.request()));
        // A panic ends the stream with an error of its own, and nothing else.
        let answers = AssertUnwindSafe(answers).catch_unwind();
        let answers = answers.map(move |answer| {
            // Counted for as long as the stream is there.
            let _ = &subscribed;
            let mut response = answer.unwrap_or_else(|_| panicked(&request_id));
            errors::finish(&mut response, &request_id);
            edge.with_cost(response, cost)
        });
        answers.boxed()
    }

    fn with_cost(&self, response: Response, cost: usize) -> Response {
        let limit = self.app.config.limits.cost;
        response.extension("cost", cost::reported(cost, limit))
    }
}

impl Operation {
    fn request(self) -> Request {
        // The document says it all; a subscription would keep the text as long as it runs.
        let mut request = Request::new(String::new()).variables(self.variables);
        request.operation_name = self.name;
        request.set_parsed_query(Arc::unwrap_or_clone(self.document));
        request
    }
}

impl Caller {
    /// The address of a caller that came over no network.
    pub const NOWHERE: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
}

fn choose<'a>(document: &'a ExecutableDocument, name: Option<&str>) -> Result<&'a OperationDefinition, ServerError> {
    let name = name.filter(|name| !name.is_empty());
    let chosen = match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Some(operation),
        (DocumentOperations::Single(_), Some(_)) => None,
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name),
        (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => operations.values().next(),
        (DocumentOperations::Multiple(_), None) => None,
    };
    let missing = || errors::error(Code::GraphqlValidationFailed, "operationName does not name one of the operations");
    chosen.map(|operation| &operation.node).ok_or_else(missing)
}

fn failure(code: Code, message: &str) -> Response {
    Response::from_errors(vec![errors::error(code, message)])
}

fn panicked(request_id: &str) -> Response {
    tracing::error!(request.id = request_id, "an operation panicked");
    let mut error = errors::error(Code::Internal, "internal error");
    if let Some(extensions) = error.extensions.as_mut() {
        extensions.set("requestId", request_id);
    }
    Response::from_errors(vec![error])
}
