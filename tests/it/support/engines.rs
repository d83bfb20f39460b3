//! A database of its own for every test: a copy of one that was migrated once.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use consign::platform::db::Db;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection};
use tempfile::TempDir;
use tokio::sync::OnceCell;
use url::Url;

/// Where tests run.
#[derive(Debug, Clone)]
pub enum Engine {
    /// SQLite and memory.
    Sqlite,
    /// PostgreSQL and Redis.
    Postgres {
        /// Of the server; the database in it is only connected to.
        database_url: Url,
        /// Redis; without it, memory.
        redis_url: Option<String>,
    },
}

impl Engine {
    /// The engines there are.
    pub fn available() -> Vec<Self> {
        let mut engines = vec![Self::Sqlite];
        if let Ok(url) = std::env::var("CONSIGN_TEST_DATABASE_URL") {
            let database_url = url.parse().expect("CONSIGN_TEST_DATABASE_URL is a URL");
            let redis_url = std::env::var("CONSIGN_TEST_REDIS_URL").ok();
            engines.push(Self::Postgres { database_url, redis_url });
        }
        engines
    }

    /// Whether database and cache are servers.
    pub fn is_server(&self) -> bool {
        matches!(self, Self::Postgres { redis_url: Some(_), .. })
    }

    /// How runs name it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres { redis_url: Some(_), .. } => "postgres+redis",
            Self::Postgres { redis_url: None, .. } => "postgres",
        }
    }
}

/// A test's own place: database, folder, prefix.
pub struct Site {
    engine: Engine,
    name: String,
    folder: TempDir,
}

static COUNT: AtomicU32 = AtomicU32::new(0);
static SQLITE_TEMPLATE: OnceCell<TempDir> = OnceCell::const_new();
static POSTGRES_TEMPLATE: OnceCell<()> = OnceCell::const_new();

impl Site {
    /// Makes the place.
    pub async fn make(engine: &Engine) -> Self {
        let name = format!("{}_{}", prefix(), COUNT.fetch_add(1, Ordering::Relaxed));
        let site = Self { engine: engine.clone(), name, folder: tempfile::tempdir().expect("a folder") };
        match engine {
            Engine::Sqlite => {
                let template = SQLITE_TEMPLATE.get_or_init(sqlite_template).await;
                std::fs::copy(template.path().join("template.db"), site.file()).expect("the template is copied");
            }
            Engine::Postgres { database_url, .. } => {
                POSTGRES_TEMPLATE.get_or_init(|| postgres_template(database_url)).await;
                let sql = format!("CREATE DATABASE {} TEMPLATE {}", site.name, template_name());
                administer(database_url, &sql).await;
            }
        }
        site
    }

    /// The URL of the database.
    pub fn database_url(&self) -> String {
        match &self.engine {
            Engine::Sqlite => format!("sqlite://{}", self.file().display()),
            Engine::Postgres { database_url, .. } => with_database(database_url, &self.name),
        }
    }

    /// The URL of Redis.
    pub fn redis_url(&self) -> Option<String> {
        match &self.engine {
            Engine::Sqlite => None,
            Engine::Postgres { redis_url, .. } => redis_url.clone(),
        }
    }

    /// The prefix of every key and channel.
    pub fn redis_prefix(&self) -> String {
        format!("{}:", self.name)
    }

    /// A folder for files.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("consign.db")
    }

    /// Removes the database; the folder goes by itself.
    pub async fn remove(self) {
        if let Engine::Postgres { database_url, redis_url } = &self.engine {
            administer(database_url, &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name)).await;
            if let Some(url) = redis_url {
                forget_keys(url, &self.redis_prefix()).await;
            }
        }
    }
}

/// Removes what all tests shared.
pub async fn clean_up() {
    for engine in Engine::available() {
        if let (Engine::Postgres { database_url, .. }, Some(())) = (&engine, POSTGRES_TEMPLATE.get()) {
            administer(database_url, &format!("DROP DATABASE IF EXISTS {}", template_name())).await;
        }
    }
}

/// Of this process, so that two runs at once do not meet.
fn prefix() -> String {
    format!("consign_it_{}", std::process::id())
}

fn template_name() -> String {
    format!("{}_template", prefix())
}

async fn sqlite_template() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}", folder.path().join("template.db").display());
    let db = Db::connect(&url, 1).await.expect("SQLite opens");
    db.migrate().await.expect("the migrations run on SQLite");
    // Folds the write-ahead log into the file.
    db.write().execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await.expect("a checkpoint");
    db.close().await;
    folder
}

async fn postgres_template(database_url: &Url) {
    administer(database_url, &format!("CREATE DATABASE {}", template_name())).await;
    let db = Db::connect(&with_database(database_url, &template_name()), 2).await.expect("PostgreSQL answers");
    db.migrate().await.expect("the migrations run on PostgreSQL");
    db.close().await;
}

fn with_database(url: &Url, name: &str) -> String {
    let mut url = url.clone();
    url.set_path(name);
    url.to_string()
}

async fn administer(url: &Url, sql: &str) {
    let connection: DatabaseConnection = Database::connect(url.as_str()).await.expect("PostgreSQL answers");
    connection.execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    connection.close().await.expect("the connection closes");
}

async fn forget_keys(url: &str, prefix: &str) {
    let client = redis::Client::open(url).expect("a Redis URL");
    let mut connection = client.get_multiplexed_async_connection().await.expect("Redis answers");
    let pattern = format!("{prefix}*");
    let keys: Vec<String> = redis::cmd("KEYS").arg(pattern).query_async(&mut connection).await.expect("KEYS");
    if !keys.is_empty() {
        let _: () = redis::cmd("DEL").arg(keys).query_async(&mut connection).await.expect("DEL");
    }
}
