//! Documents that were parsed before, and those a client names by hash alone (automatic persisted
//! queries).

use std::sync::Arc;

use async_graphql::parser::parse_query;
use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{Pos, ServerError, Value};
use moka::sync::Cache;
use sha2::{Digest, Sha256};

use super::errors::{Code, error};
use super::limits::{structure, text};
use crate::platform::limits::Limits;

/// How many parsed documents are kept: one of 16 kB is a few hundred kB once parsed.
const PARSED: u64 = 500;
/// How many texts are kept by their hash.
const PERSISTED: u64 = 2_000;

/// What is remembered of documents, in this process.
pub struct Documents {
    parsed: Cache<[u8; 32], Arc<ExecutableDocument>>,
    persisted: Cache<[u8; 32], Arc<str>>,
}

impl Default for Documents {
    fn default() -> Self {
        Self { parsed: Cache::new(PARSED), persisted: Cache::new(PERSISTED) }
    }
}

impl Documents {
    /// The text a request means: its own, or the one kept under the hash of its `extensions`. A text
    /// that comes with its hash is kept.
    pub fn text(
        &self,
        query: Option<String>,
        persisted: Option<&Value>,
        limits: &Limits,
    ) -> Result<String, ServerError> {
        let Some(persisted) = persisted else {
            return query.filter(|it| !it.is_empty()).ok_or_else(|| error(Code::BadUserInput, "there is no query"));
        };
        let hash = hash_of(persisted)?;
        let Some(query) = query.filter(|it| !it.is_empty()) else {
            let known = self.persisted.get(&hash);
            return known
                .map(|text| text.to_string())
                .ok_or_else(|| error(Code::PersistedQueryNotFound, "PersistedQueryNotFound"));
        };
        if digest(&query) != hash {
            return Err(error(Code::BadUserInput, "the hash is not that of the query"));
        }
        if query.len() <= limits.query_bytes {
            self.persisted.insert(hash, query.as_str().into());
        }
        Ok(query)
    }

    /// The document of `query`, counted and parsed; what was once is not counted again.
    pub fn parse(&self, query: &str, limits: &Limits) -> Result<Arc<ExecutableDocument>, ServerError> {
        let hash = digest(query);
        if let Some(known) = self.parsed.get(&hash) {
            return Ok(known);
        }
        text::check(query, limits)?;
        let document = parse_query(query).map_err(|failure| syntax_error(&failure))?;
        structure::check(&document, limits)?;
        let document = Arc::new(document);
        self.parsed.insert(hash, Arc::clone(&document));
        Ok(document)
    }
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

fn hash_of(persisted: &Value) -> Result<[u8; 32], ServerError> {
    let bad = || error(Code::BadUserInput, "persistedQuery needs version 1 and a sha256Hash");
    let Value::Object(fields) = persisted else { return Err(bad()) };
    let version = fields.get("version").is_some_and(|it| *it == Value::from(1));
    let Some(Value::String(hash)) = fields.get("sha256Hash").filter(|_| version) else { return Err(bad()) };
    let mut bytes = [0; 32];
    hex::decode_to_slice(hash, &mut bytes).map_err(|_| bad())?;
    Ok(bytes)
}
