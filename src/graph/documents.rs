//! Documents that were parsed before, and those a client names by hash alone (automatic persisted
//! queries).

use std::sync::Arc;
use std::time::Duration;

use async_graphql::parser::parse_query;
use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{Pos, ServerError, Value};
use moka::sync::Cache;
use sha2::{Digest, Sha256};

use super::errors::{self, Code, error};
use super::execute::Incoming;
use super::limits::{merge, structure, text};
use super::trusted::Trusted;
use crate::app::App;
use crate::identity::Actor;
use crate::platform::backroom;
use crate::platform::limits::Limits;

/// Where clients name a document by its hash.
const PERSISTED_QUERY: &str = "persistedQuery";

/// How many bytes of text the documents have that are kept parsed, which takes some twenty times as
/// much memory.
const PARSED: u64 = 2 * 1024 * 1024;
/// How many bytes of text are kept by their hash.
const PERSISTED: u64 = 8 * 1024 * 1024;
/// What an entry takes beside its text, about.
const OVERHEAD: usize = 128;

/// What is remembered of documents, in this process.
pub struct Documents {
    parsed: Cache<[u8; 32], Parsed>,
    persisted: Cache<[u8; 32], Arc<str>>,
}

#[derive(Clone)]
struct Parsed {
    document: Arc<ExecutableDocument>,
    length: usize,
}

impl Default for Documents {
    fn default() -> Self {
        let weight = |length: usize| u32::try_from(length + OVERHEAD).unwrap_or(u32::MAX);
        let parsed = Cache::builder().max_capacity(PARSED).weigher(move |_, it: &Parsed| weight(it.length));
        let persisted = Cache::builder().max_capacity(PERSISTED).weigher(move |_, text: &Arc<str>| weight(text.len()));
        Self { parsed: parsed.build(), persisted: persisted.build() }
    }
}

impl Documents {
    /// The text a request of `actor` means: its own, or the one known by the id it gives instead.
    pub fn text(
        &self,
        incoming: &mut Incoming,
        trusted: Option<&Trusted>,
        actor: &Actor,
    ) -> Result<Arc<str>, ServerError> {
        let query = incoming.query.take().filter(|query| !query.is_empty());
        let id = Id::read(incoming)?;
        if let Some(trusted) = trusted {
            if let (None, Some(text)) = (&query, id.as_ref().and_then(|id| trusted.find(&id.0))) {
                return Ok(text);
            }
            if trusted.binds(actor) {
                return of_trusted(trusted, query, id.is_some());
            }
        }
        match (query, id) {
            (None, None) => Err(error(Code::BadUserInput, "there is no query")),
            (Some(query), None) => Ok(query.into()),
            (None, Some(id)) => {
                let known = id.hash().and_then(|hash| self.persisted.get(&hash));
                known.ok_or_else(not_found)
            }
            (Some(query), Some(id)) if id.hash() == Some(digest(&query)) => Ok(query.into()),
            (Some(_), Some(_)) => Err(error(Code::BadUserInput, "the hash is not that of the query")),
        }
    }

    /// Keeps a text that came with its hash, once it has proved to be a document.
    pub fn persist(&self, text: &Arc<str>, incoming: &Incoming) {
        if incoming.extensions.as_ref().is_some_and(|it| it.contains_key(PERSISTED_QUERY)) {
            let hash = digest(text);
            if !self.persisted.contains_key(&hash) {
                self.persisted.insert(hash, Arc::clone(text));
            }
        }
    }

    /// The document of `text`, if it was read before.
    pub fn known(&self, text: &str) -> Option<Arc<ExecutableDocument>> {
        self.parsed.get(&digest(text)).map(|known| known.document)
    }

    /// Counts and parses `text`. That takes longer than most answers, and anybody may send something
    /// new: it is done in the backroom.
    pub async fn read(
        &self,
        app: &App,
        text: &Arc<str>,
        request_id: &str,
    ) -> Result<Arc<ExecutableDocument>, ServerError> {
        let (limits, length) = (app.config.limits.clone(), text.len());
        let patience = Duration::from_secs(limits.request_seconds);
        let query = Arc::clone(text);
        let read = tokio::time::timeout(patience, backroom::run(move || parse(&query, &limits))).await;
        let read = read.map_err(|_| error(Code::Timeout, "the document could not be read in time"))?;
        let document = Arc::new(read.map_err(|fault| errors::of_fault(fault, request_id))??);
        self.parsed.insert(digest(text), Parsed { document: Arc::clone(&document), length });
        Ok(document)
    }
}

fn parse(query: &str, limits: &Limits) -> Result<ExecutableDocument, ServerError> {
    text::check(query, limits)?;
    let document = parse_query(query).map_err(|failure| syntax_error(&failure))?;
    structure::check(&document, limits)?;
    merge::check(&document)?;
    Ok(document)
}

/// The parser's own message repeats the line of the query, with whatever stands in it.
fn syntax_error(failure: &async_graphql::parser::Error) -> ServerError {
    let mut it = error(Code::GraphqlParseFailed, "the query is not a GraphQL document");
    it.locations = failure.positions().collect::<Vec<Pos>>();
    it
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

fn not_found() -> ServerError {
    error(Code::PersistedQueryNotFound, "PersistedQueryNotFound")
}

/// What somebody may run whom the trusted documents bind.
fn of_trusted(trusted: &Trusted, query: Option<String>, named: bool) -> Result<Arc<str>, ServerError> {
    match query {
        Some(query) if trusted.holds(&query) => Ok(query.into()),
        Some(_) => Err(error(Code::Forbidden, "this store runs the documents it trusts, and no others")),
        None if named => Err(not_found()),
        None => Err(error(Code::BadUserInput, "there is no query")),
    }
}

/// By what a request names a document.
struct Id(String);

impl Id {
    /// `documentId`, or the hash of `extensions.persistedQuery`.
    fn read(incoming: &mut Incoming) -> Result<Option<Self>, ServerError> {
        let bad = || error(Code::BadUserInput, "persistedQuery needs version 1 and a sha256Hash");
        if let Some(id) = incoming.document_id.take() {
            return Ok(Some(Self(id.strip_prefix("sha256:").unwrap_or(&id).to_owned())));
        }
        let Some(persisted) = incoming.extensions.as_ref().and_then(|it| it.get(PERSISTED_QUERY)) else {
            return Ok(None);
        };
        let Value::Object(fields) = persisted else { return Err(bad()) };
        let version = fields.get("version").is_some_and(|it| *it == Value::from(1));
        let Some(Value::String(hash)) = fields.get("sha256Hash").filter(|_| version) else { return Err(bad()) };
        let id = Self(hash.clone());
        if id.hash().is_none() { Err(bad()) } else { Ok(Some(id)) }
    }

    fn hash(&self) -> Option<[u8; 32]> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(&self.0, &mut bytes).ok().map(|()| bytes)
    }
}
