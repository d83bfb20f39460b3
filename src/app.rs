//! The program, put together: what every verb may use.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, PoisonError, RwLock};

use crate::kernel::clock::Clock;
use crate::kernel::ids::IdSource;
use crate::platform::bus::Bus;
use crate::platform::cache::Cache;
use crate::platform::config::Config;
use crate::platform::db::Db;
use crate::platform::outbox::Routes;

/// A handle on the program; cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    parts: Parts,
    /// One value per type: what slices remember in this process.
    local: RwLock<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
}

/// What the program is made of.
pub struct Parts {
    /// The configuration.
    pub config: Config,
    /// The database.
    pub db: Db,
    /// The cache.
    pub cache: Cache,
    /// The bus.
    pub bus: Bus,
    /// The time.
    pub clock: Clock,
    /// Ids and secrets.
    pub ids: IdSource,
    /// Which jobs an event starts.
    pub routes: Routes,
}

impl App {
    /// Puts the program together.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Inner { parts, local: RwLock::default() }))
    }

    /// What a slice remembers in this process, such as rows it read a moment ago; made empty when it
    /// is first asked for. Losing it costs time and nothing else.
    pub fn local<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        let kind = TypeId::of::<T>();
        let known = self.0.local.read().unwrap_or_else(PoisonError::into_inner).get(&kind).map(Arc::clone);
        let any = known.unwrap_or_else(|| {
            let mut all = self.0.local.write().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(kind).or_insert_with(|| Arc::<T>::default()))
        });
        any.downcast().expect("a value is kept under its own type")
    }
}

impl Deref for App {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0.parts
    }
}
