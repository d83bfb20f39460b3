//! The program, put together: what every verb may use.

use std::ops::Deref;
use std::sync::Arc;

use crate::kernel::clock::Clock;
use crate::kernel::ids::IdSource;
use crate::platform::bus::Bus;
use crate::platform::cache::Cache;
use crate::platform::config::Config;
use crate::platform::db::Db;
use crate::platform::outbox::Routes;

/// A handle on the program; cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

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
        Self(Arc::new(parts))
    }
}

impl Deref for App {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}
