//! Trusted documents: the operations that a store's own pages and apps were built with, and for
//! those it is told to bind, no others.
//!
//! They are read when the program starts: from a file or a folder of `.graphql` files (each a whole
//! document, known by the SHA-256 of its text), or of JSON manifests as Apollo's and Relay's tools
//! write them (each entry a document, known by the id the manifest gives it). What does not fit the
//! schema keeps the program from starting: it would fail for every customer.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use async_graphql::Request;
use async_graphql::parser::parse_query;
use futures_util::FutureExt as _;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::limits::{merge, structure, text};
use super::schema::{self, Schema};
use crate::identity::{Actor, Who};
use crate::platform::config::{Config, TrustedFor};
use crate::platform::limits::Limits;

/// A name that no operation has, so that the library checks a document and runs nothing of it.
const NO_OPERATION: &str = "consign checks documents";

/// The documents that may be run.
pub struct Trusted {
    bound: TrustedFor,
    by_id: HashMap<String, Arc<str>>,
    texts: HashSet<[u8; 32]>,
}

/// What Apollo's tool for manifests writes.
#[derive(Deserialize)]
struct Manifest {
    operations: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    id: String,
    body: String,
}

impl Trusted {
    /// The documents that `config` names, if it names any. The error is one sentence, and says which
    /// file and which of its documents cannot be used.
    pub fn load(config: &Config) -> anyhow::Result<Option<Self>> {
        let Some(path) = &config.trusted_documents else { return Ok(None) };
        let mut trusted = Self { bound: config.trusted_documents_for, by_id: HashMap::new(), texts: HashSet::new() };
        let schema = schema::build();
        let files =
            files(path).with_context(|| format!("CONSIGN_TRUSTED_DOCUMENTS: {} cannot be read", path.display()))?;
        for file in files {
            trusted
                .read(&file, &schema, &config.limits)
                .with_context(|| format!("CONSIGN_TRUSTED_DOCUMENTS: {} cannot be used", file.display()))?;
        }
        if trusted.by_id.is_empty() {
            bail!("CONSIGN_TRUSTED_DOCUMENTS: {} holds no document, so nobody could ask anything", path.display());
        }
        tracing::info!(count = trusted.by_id.len(), "trusted documents are in force");
        Ok(Some(trusted))
    }

    /// Whether `actor` may run these documents only.
    pub fn binds(&self, actor: &Actor) -> bool {
        match (self.bound, &actor.who) {
            (TrustedFor::All, _)
            | (TrustedFor::Public, Who::Anonymous | Who::Customer(_) | Who::Guest(_) | Who::OrderLink(_)) => true,
            (TrustedFor::Public, Who::Staff(_) | Who::Supplier(_) | Who::System(_)) => false,
        }
    }

    /// The document of this id.
    pub fn find(&self, id: &str) -> Option<Arc<str>> {
        self.by_id.get(id).map(Arc::clone)
    }

    /// Whether this is, letter for letter, one of the documents.
    pub fn holds(&self, text: &str) -> bool {
        self.texts.contains(&digest(text))
    }

    fn read(&mut self, file: &Path, schema: &Schema, limits: &Limits) -> anyhow::Result<()> {
        let content = std::fs::read_to_string(file)?;
        if file.extension().is_some_and(|it| it == "json") {
            for (id, body) in entries(&content)? {
                check(&body, schema, limits).with_context(|| format!("the document {id}"))?;
                self.add(id, &body);
            }
            return Ok(());
        }
        check(&content, schema, limits)?;
        // Editors end a file with a line break that a program may not send.
        for body in [content.as_str(), content.trim_end()] {
            self.add(hex::encode(digest(body)), body);
        }
        Ok(())
    }

    fn add(&mut self, id: String, body: &str) {
        self.texts.insert(digest(body));
        self.by_id.insert(id, body.into());
    }
}

/// The file, or what a folder holds, in a fixed order.
fn files(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        // Also says that there is none.
        std::fs::metadata(path)?;
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path)? {
        let file = entry?.path();
        if file.extension().is_some_and(|it| it == "graphql" || it == "gql" || it == "json") {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

/// Ids and texts of a manifest: Apollo's, or the flat object of Relay.
fn entries(content: &str) -> anyhow::Result<Vec<(String, String)>> {
    if let Ok(manifest) = serde_json::from_str::<Manifest>(content) {
        return Ok(manifest.operations.into_iter().map(|entry| (entry.id, entry.body)).collect());
    }
    let flat: HashMap<String, String> = serde_json::from_str(content)
        .map_err(|_| anyhow::anyhow!("it is no manifest, neither Apollo's nor an object of ids and texts"))?;
    let mut entries: Vec<_> = flat.into_iter().collect();
    entries.sort();
    Ok(entries)
}

/// Checks a document as a request's is, without running it.
fn check(body: &str, schema: &Schema, limits: &Limits) -> anyhow::Result<()> {
    let refused = |error: async_graphql::ServerError| anyhow::anyhow!("{}", error.message);
    text::check(body, limits).map_err(refused)?;
    let document = parse_query(body)?;
    structure::check(&document, limits).map_err(refused)?;
    merge::check(&document).map_err(refused)?;
    let request = Request::new(body).operation_name(NO_OPERATION);
    let checked = schema.execute(request).now_or_never().context("the document could not be checked")?;
    let unfit = checked.errors.iter().find(|error| !error.message.contains(NO_OPERATION));
    match unfit {
        None => Ok(()),
        Some(error) => {
            let names: Vec<String> =
                document.operations.iter().filter_map(|(name, _)| name.map(ToString::to_string)).collect();
            let place = error.locations.first().map(|at| format!(" at {}:{}", at.line, at.column)).unwrap_or_default();
            bail!("{} does not fit the schema{place}: {}", names.join(", "), error.message)
        }
    }
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}
