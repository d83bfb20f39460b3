//! The program, put together: what every verb may use.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::Context as _;
use metrics_exporter_prometheus::PrometheusHandle;

use crate::graph::trusted::Trusted;
use crate::identity::SessionKeys;
use crate::kernel::clock::Clock;
use crate::kernel::ids::IdSource;
use crate::payments::Gateways;
use crate::platform::bus::Bus;
use crate::platform::cache::Cache;
use crate::platform::config::{Config, mask_password};
use crate::platform::db::{self, Db, Engine, FileLock};
use crate::platform::egress::Egress;
use crate::platform::keys::Sealer;
use crate::platform::mail::Mailer;
use crate::platform::outbox::Routes;
use crate::platform::{jobs, restoration, telemetry};
use crate::suppliers::adapter::Adapters;
use crate::worker;

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
    /// Seals secrets at rest.
    pub sealer: Sealer,
    /// Sign and prove access tokens.
    pub session_keys: SessionKeys,
    /// Sends mail.
    pub mailer: Mailer,
    /// The HTTP client for suppliers: the public internet and what `egress_allow` names.
    pub egress: Egress,
    /// The payment providers that are configured.
    pub gateways: Gateways,
    /// The ways suppliers are spoken to.
    pub adapters: Adapters,
    /// The documents that those they bind may run alone, if there are such.
    pub trusted: Option<Trusted>,
    /// The metrics of this process.
    pub metrics: PrometheusHandle,
    /// What the database knew, when this process began, of having been restored.
    pub restored: Option<restoration::Model>,
    /// Keeps a second process off an SQLite file.
    pub lock: Option<FileLock>,
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

    /// Starts the program: checks the configuration, takes the SQLite file for this process alone,
    /// connects and migrates. Each error is one sentence.
    pub async fn start(config: Config) -> anyhow::Result<Self> {
        let defects = config.check();
        if !defects.is_empty() {
            anyhow::bail!("{}", defects.join("\n"));
        }
        let lock = FileLock::take(&config.database_url)?;
        let parts = Parts::connect(config, Clock::System, IdSource::System).await?;
        let app = Self::new(Parts { lock, ..parts });
        if app.db.engine() == Engine::Sqlite {
            let count = jobs::disown_all(&app).await?;
            if count > 0 {
                tracing::info!(count, "the last process left jobs, which are taken up");
            }
        }
        Ok(app)
    }

    /// The program with another clock and another source of ids, for tests: connects and migrates.
    pub async fn with(config: Config, clock: Clock, ids: IdSource) -> anyhow::Result<Self> {
        Ok(Self::new(Parts::connect(config, clock, ids).await?))
    }
}

impl Parts {
    /// The parts that the configuration asks for, connected and migrated. A test may change some
    /// before it puts them together.
    pub async fn connect(config: Config, clock: Clock, ids: IdSource) -> anyhow::Result<Self> {
        let db = connect(&config).await?;
        db.migrate().await.context("the database's tables cannot be brought up to date")?;
        let restored = restoration::lookup(db.read()).await?;
        let parts = Self::around(db, config, clock, ids).await?;
        Ok(Self { restored, ..parts })
    }

    /// The parts that the configuration asks for around a database that is connected already, whatever its
    /// tables are like.
    pub async fn around(db: Db, config: Config, clock: Clock, ids: IdSource) -> anyhow::Result<Self> {
        let trusted = Trusted::load(&config)?;
        let (cache, bus) = match &config.redis_url {
            Some(url) => (
                Cache::redis(url, &config.redis_prefix).await.context("CONSIGN_REDIS_URL cannot be used")?,
                Bus::redis(url, &config.redis_prefix).await.context("CONSIGN_REDIS_URL cannot be used")?,
            ),
            None => (Cache::in_process(), Bus::in_process()),
        };
        Ok(Self {
            sealer: sealer(&config),
            session_keys: SessionKeys::from_config(&config)?,
            mailer: Mailer::new(&config).context("CONSIGN_SMTP_URL cannot be used")?,
            egress: Egress::new(&config.egress_allow)?,
            gateways: Gateways::from_config(&config)?,
            adapters: Adapters::default(),
            trusted,
            metrics: telemetry::metrics(),
            routes: worker::routes,
            config,
            db,
            cache,
            bus,
            clock,
            ids,
            restored: None,
            lock: None,
        })
    }
}

fn sealer(config: &Config) -> Sealer {
    let sealer = Sealer::new(config.secret_key.expose());
    match &config.secret_key_previous {
        Some(previous) => sealer.after(previous.expose()),
        None => sealer,
    }
}

/// Connects to the database; the error names it without its password, and says what is wrong.
pub async fn connect(config: &Config) -> anyhow::Result<Db> {
    let url = &config.database_url;
    match Db::connect(url, config.database_pool).await {
        Ok(db) => Ok(db),
        Err(error) => {
            let cause = db::diagnose(url).await.unwrap_or_else(|| error.to_string());
            anyhow::bail!("the database {} cannot be reached: {cause}", mask_password(url))
        }
    }
}

impl Deref for App {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0.parts
    }
}
