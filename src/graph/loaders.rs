//! Loaders: many small reads of one request become one query.
//!
//! A slice writes its `Loader` in its own `graphql` file and says how it is made
//! ([`RequestLoader`]); `ctx.loaders().get::<OrderLoader>()` makes it at first use. A set of loaders
//! lives as long as its request: one that outlived it would merge the keys of different actors. Those of
//! a subscription remember nothing.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_graphql::dataloader::{DataLoader, HashMapCache, Loader};
use async_graphql::runtime::{TokioSpawner, TokioTimer};

use super::errors::SharedFault;
use crate::app::App;
use crate::identity::Actor;

/// A loader with a memory for one request.
pub type Batched<L> = DataLoader<L, HashMapCache>;

/// A loader that can be made for a request.
pub trait RequestLoader: Send + Sync + Sized + 'static {
    /// Makes it for one request of `actor`.
    fn new(app: &App, actor: &Actor) -> Self;
}

/// The loaders of one request.
pub struct Loaders {
    app: App,
    actor: Actor,
    remembers: bool,
    made: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
}

impl Loaders {
    /// No loader yet.
    pub fn new(app: App, actor: Actor) -> Self {
        Self { app, actor, remembers: true, made: Mutex::default() }
    }

    /// No loader yet, and none that remembers: a subscription shows things as they are each time.
    pub fn forgetful(app: App, actor: Actor) -> Self {
        Self { remembers: false, ..Self::new(app, actor) }
    }

    /// The loader of this kind.
    pub fn get<L: RequestLoader>(&self) -> Arc<Batched<L>> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = made.entry(TypeId::of::<L>()).or_insert_with(|| {
            let loader = L::new(&self.app, &self.actor);
            let timer = TokioTimer::default();
            // Sibling fields ask within one poll; there is nothing to wait for beyond that.
            let batched = DataLoader::with_cache(loader, TokioSpawner::current(), timer, HashMapCache::default());
            batched.enable_all_cache(self.remembers);
            Arc::new(batched.delay(Duration::ZERO))
        });
        entry.clone().downcast().expect("the map holds each loader under its own type")
    }

    /// The value of `key`, batched with its siblings.
    pub async fn load<L, K>(&self, key: K) -> Result<Option<L::Value>, SharedFault>
    where
        L: RequestLoader + Loader<K, Error = SharedFault>,
        K: Send + Sync + Hash + Eq + Clone + 'static,
    {
        self.get::<L>().load_one(key).await
    }
}
