//! Answers that are kept: what anonymous callers read of the shop, byte for byte.
//!
//! The same question has the same answer for everybody who shows no credential, as long as nothing
//! it was made from changes. An answer is used until this process changes something it shows – the
//! stock of other variants does not matter to it – and for [`LIFE`] at most: what another process
//! changed, and what time alone changes, shows by then (settings, which are remembered for a second
//! themselves, within two). Nothing is sold by it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_graphql::Variables;
use async_graphql::parser::types::{OperationDefinition, OperationType, Selection};
use axum::body::Bytes;
use chrono::TimeDelta;
use moka::sync::Cache;
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::identity::{Actor, Who};
use crate::kernel::clock::Timestamp;
use crate::platform::news::{Moment, News, Place, SHOP};

/// How long an answer is used.
const LIFE: TimeDelta = TimeDelta::seconds(1);
/// When an answer that nobody asks for any more gives its memory back.
const MEMORY: Duration = Duration::from_secs(60);
/// How many bytes of answers are kept.
const CAPACITY: u64 = 16 * 1024 * 1024;
/// What an answer takes beside its own bytes, about.
const OVERHEAD: usize = 256;
/// The root fields that are the same for everybody without a credential.
const PUBLIC: [&str; 7] = ["__typename", "shop", "products", "product", "variant", "collections", "collection"];

/// The answers kept by this process.
pub struct Kept(Cache<Key, Arc<Answer>>);

/// A question: document, operation and variables.
pub type Key = [u8; 32];

struct Answer {
    body: Bytes,
    begun: Begun,
    shown: Box<[Place]>,
}

/// When the reading for an answer began: before it looked at anything.
#[derive(Clone, Copy)]
pub struct Begun {
    at: Timestamp,
    moment: Moment,
}

/// What an operation shows that changes often, noted while it runs.
#[derive(Default)]
pub struct Shown(Mutex<Vec<Place>>);

impl Shown {
    /// Notes that the answer shows what `tag` names.
    pub fn note(&self, tag: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Place::of(tag));
    }

    fn places(&self) -> Box<[Place]> {
        let mut places = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        places.push(Place::of(SHOP));
        places.sort_unstable();
        places.dedup();
        places.into_boxed_slice()
    }
}

impl Default for Kept {
    fn default() -> Self {
        let size = |_: &Key, answer: &Arc<Answer>| {
            let places = size_of_val(&*answer.shown);
            u32::try_from(answer.body.len() + places + OVERHEAD).unwrap_or(u32::MAX)
        };
        Self(Cache::builder().max_capacity(CAPACITY).weigher(size).time_to_live(MEMORY).build())
    }
}

impl Kept {
    /// The answer to `key`, if one is kept and still true.
    pub fn find(&self, app: &App, key: &Key) -> Option<Bytes> {
        let answer = self.0.get(key)?;
        let age = app.clock.now() - answer.begun.at;
        let young = (TimeDelta::zero()..LIFE).contains(&age);
        let true_still = young && app.local::<News>().quiet_since(answer.begun.moment, &answer.shown);
        true_still.then(|| answer.body.clone())
    }

    /// Keeps the answer to `key` whose reading began at `begun`.
    pub fn keep(&self, key: Key, begun: Begun, shown: &Shown, body: Bytes) {
        self.0.insert(key, Arc::new(Answer { body, begun, shown: shown.places() }));
    }
}

impl Begun {
    /// Now.
    pub fn now(app: &App) -> Self {
        Self { at: app.clock.now(), moment: app.local::<News>().now() }
    }
}

/// The question of an operation, if its answer may be kept.
pub fn question(
    actor: &Actor,
    text: &str,
    name: Option<&str>,
    operation: &OperationDefinition,
    variables: &Variables,
) -> Option<Key> {
    let anonymous = actor.who == Who::Anonymous && actor.credential.is_none();
    if !anonymous || operation.ty != OperationType::Query || !is_public(operation) {
        return None;
    }
    let mut hasher = Sha256::new();
    for part in [text.as_bytes(), name.unwrap_or_default().as_bytes()] {
        hasher.update(part.len().to_be_bytes());
        hasher.update(part);
    }
    hasher.update(serde_json::to_vec(variables).ok()?);
    Some(hasher.finalize().into())
}

/// Whether it reads nothing but what is everybody's; a fragment at the root is not looked into.
fn is_public(operation: &OperationDefinition) -> bool {
    operation.selection_set.node.items.iter().all(|item| match &item.node {
        Selection::Field(field) => PUBLIC.contains(&field.node.name.node.as_str()),
        Selection::FragmentSpread(_) | Selection::InlineFragment(_) => false,
    })
}
