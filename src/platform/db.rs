//! The database: SQLite by default, PostgreSQL past one machine.
//!
//! SQLite has one writing connection with immediate transactions (a fair queue, and no read that
//! fails when it turns into a write) and a few reading ones. PostgreSQL has one pool for both.

use std::fs::{File, TryLockError};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use anyhow::Context as _;

use migrations::Migrator;
use migrations::sea_orm_migration::MigratorTrait;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    SqlErr, SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};

use crate::kernel::ids::TypedId;
use crate::kernel::problem::Fault;

/// How long a statement waits for SQLite's lock, or a request for a connection, before it gives up.
const WAIT: Duration = Duration::from_secs(8);

/// PostgreSQL ends what goes on for longer by itself, whatever became of the process that asked: waiting
/// for a lock, one statement, a transaction in which nothing happens. The last also frees the rows of a
/// process that stands still.
const SESSION: [(&str, &str); 3] =
    [("lock_timeout", "8s"), ("statement_timeout", "30s"), ("idle_in_transaction_session_timeout", "20s")];

/// A connection that was idle for longer is tried before it is used: after a restart of the database
/// the old ones are dead.
const TRUSTED_FOR: Duration = Duration::from_secs(2);

/// Connections of a process that only looks.
const LOOKERS: u32 = 2;

/// PostgreSQL's advisory lock held while migrating, so that replicas started together take turns.
const MIGRATION_LOCK: i64 = 0x0063_6f6e_7369_676e;

/// Which engine runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// SQLite, in this process.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

/// The database of this process.
#[derive(Debug, Clone)]
pub struct Db {
    write: DatabaseConnection,
    read: DatabaseConnection,
    engine: Engine,
}

impl Db {
    /// Connects to `url` (`sqlite://path`, `postgres://…`), with at most `pool` connections on
    /// PostgreSQL. The folder of an SQLite file is made if it is missing.
    pub async fn connect(url: &str, pool: u32) -> Result<Self, DbErr> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let connection = Database::connect(postgres_options(url, pool)).await?;
            return Ok(Self { write: connection.clone(), read: connection, engine: Engine::Postgres });
        }
        if let Some(folder) = sqlite_file(url).as_deref().and_then(std::path::Path::parent) {
            std::fs::create_dir_all(folder).map_err(|error| DbErr::Custom(format!("{}: {error}", folder.display())))?;
        }
        let write = Database::connect(sqlite_options(url, 1, false)).await?;
        let read = Database::connect(sqlite_options(url, 4, true)).await?;
        Ok(Self { write, read, engine: Engine::Sqlite })
    }

    /// Brings the tables up to date; replicas started together take turns. What a newer version has made
    /// of them is left as it is: every migration leaves room for the version before it.
    pub async fn migrate(&self) -> Result<(), DbErr> {
        if self.engine == Engine::Sqlite {
            return match is_migrated(&self.write).await? {
                true => Ok(()),
                false => Migrator::up(&self.write, None).await,
            };
        }
        // The lock belongs to the transaction, so it is gone with it, whatever happens.
        let lock = self.write.begin().await?;
        for (limit, _) in SESSION {
            lock.execute_unprepared(&format!("SET LOCAL {limit} = 0")).await?;
        }
        lock.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")).await?;
        if !is_migrated(&lock).await? {
            Migrator::up(&lock, None).await?;
        }
        lock.commit().await
    }

    /// Whether the database answers and holds all the tables of this version, or of a newer one.
    pub async fn is_current(&self) -> Result<bool, DbErr> {
        let sql = "SELECT COUNT(*) AS steps FROM seaql_migrations";
        let statement = Statement::from_string(self.read.get_database_backend(), sql);
        let row = self.read.query_one_raw(statement).await?;
        let steps: i64 = row.map_or(Ok(0), |row| row.try_get("", "steps"))?;
        Ok(usize::try_from(steps).is_ok_and(|steps| steps >= Migrator::migrations().len()))
    }

    /// Connects to `url` to look only: makes nothing, changes nothing, and needs no lock.
    pub async fn look(url: &str) -> Result<Self, DbErr> {
        let mut options = ConnectOptions::new(url);
        options.max_connections(LOOKERS).acquire_timeout(WAIT).connect_timeout(WAIT).sqlx_logging(false);
        let engine = if sqlite_file(url).is_some() { Engine::Sqlite } else { Engine::Postgres };
        options.map_sqlx_sqlite_opts(|it| it.read_only(true).busy_timeout(WAIT));
        options.map_sqlx_postgres_opts(|it| it.options([("default_transaction_read_only", "on")]));
        let connection = Database::connect(options).await?;
        Ok(Self { write: connection.clone(), read: connection, engine })
    }

    /// The engine.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// The connection for reads outside a transaction.
    pub fn read(&self) -> &DatabaseConnection {
        &self.read
    }

    /// The connection for single statements that write and need no transaction.
    pub fn write(&self) -> &DatabaseConnection {
        &self.write
    }

    /// The pools by name, each with how many of its connections are used and how many idle.
    pub fn connections(&self) -> Vec<(&'static str, u32, u32)> {
        let count = |pool, size: u32, idle: usize| {
            let idle = u32::try_from(idle).unwrap_or(u32::MAX);
            (pool, size.saturating_sub(idle), idle)
        };
        if self.engine == Engine::Postgres {
            let pool = self.write.get_postgres_connection_pool();
            return vec![count("all", pool.size(), pool.num_idle())];
        }
        let pools = [("write", &self.write), ("read", &self.read)];
        let of = |(name, connection): (&'static str, &DatabaseConnection)| {
            let pool = connection.get_sqlite_connection_pool();
            count(name, pool.size(), pool.num_idle())
        };
        pools.into_iter().map(of).collect()
    }

    /// Begins a write transaction. Use [`crate::platform::tx::Tx`] rather than this.
    pub async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        self.write.begin_with_options(options).await
    }

    /// Closes the pools.
    pub async fn close(self) {
        // Nothing is left to do about a pool that fails to close while the process ends.
        let _ = self.read.close().await;
        let _ = self.write.close().await;
    }
}

/// Whether all migrations of this program were run. An older program, started again beside a newer one,
/// finds all of its own and does not mind the others.
async fn is_migrated(connection: &impl ConnectionTrait) -> Result<bool, DbErr> {
    Migrator::install(connection).await?;
    Ok(Steps::of(connection).await?.pending.is_empty())
}

/// The steps of the tables that this version and a database do not have in common, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Steps {
    /// Those the database has yet to take.
    pub pending: Vec<String>,
    /// Those it took that this version does not know: a newer one was here.
    pub unknown: Vec<String>,
}

impl Steps {
    /// Compares this version with the database; an error if that is no database of Consign.
    pub async fn of(connection: &impl ConnectionTrait) -> Result<Self, DbErr> {
        let sql = "SELECT version FROM seaql_migrations ORDER BY version";
        let rows = connection.query_all_raw(Statement::from_string(connection.get_database_backend(), sql)).await?;
        let taken = rows.iter().map(|row| row.try_get("", "version")).collect::<Result<Vec<String>, _>>()?;
        let known: Vec<String> = Migrator::migrations().iter().map(|step| step.name().to_owned()).collect();
        let without = |all: &[String], some: &[String]| all.iter().filter(|it| !some.contains(it)).cloned().collect();
        Ok(Self { pending: without(&known, &taken), unknown: without(&taken, &known) })
    }
}

/// Why PostgreSQL cannot be reached. A pool tries until its time is up and then says only that.
pub async fn diagnose(url: &str) -> Option<String> {
    engine_of(url).filter(|engine| *engine == Engine::Postgres)?;
    match tokio::time::timeout(WAIT, sqlx::PgConnection::connect(url)).await {
        Ok(Ok(_)) => None,
        Ok(Err(error)) => Some(error.to_string()),
        Err(_) => Some("it does not answer".to_owned()),
    }
}

/// Holds an SQLite file for this process alone: a second one would run the same jobs and miss the
/// first one's hints. The lock is the operating system's, so it ends with the process, however that ends.
#[derive(Debug)]
pub struct FileLock {
    _file: File,
}

impl FileLock {
    /// Takes the lock beside the file of `url`; `None` for a database that is not a file.
    pub fn take(url: &str) -> anyhow::Result<Option<Self>> {
        let Some(database) = sqlite_file(url) else { return Ok(None) };
        let mut path = database.clone().into_os_string();
        path.push(".lock");
        let path = PathBuf::from(path);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        }
        let file = File::create(&path).with_context(|| format!("{} cannot be written", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => anyhow::bail!(
                "another process is using {}; with SQLite there is one process, with PostgreSQL any number",
                database.display()
            ),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("{} cannot be locked", path.display()))
            }
        }
    }
}

/// The file of an SQLite URL; `None` for other engines and for a database in memory.
pub fn sqlite_file(url: &str) -> Option<PathBuf> {
    let rest = url.strip_prefix("sqlite:")?;
    let path = rest.strip_prefix("//").unwrap_or(rest);
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    (!path.is_empty() && path != ":memory:").then(|| PathBuf::from(path))
}

fn postgres_options(url: &str, pool: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(pool)
        .acquire_timeout(WAIT)
        .connect_timeout(WAIT)
        .sqlx_logging(false)
        .test_before_acquire_if_idle_for(TRUSTED_FOR)
        .map_sqlx_postgres_opts(|opts| opts.options(SESSION));
    options
}

fn sqlite_options(url: &str, connections: u32, read_only: bool) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options.max_connections(connections).min_connections(1).acquire_timeout(WAIT).sqlx_logging(false);
    options.test_before_acquire(false);
    options.map_sqlx_sqlite_opts(move |opts| {
        let opts = opts
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // FULL survives power loss; NORMAL may lose the last commits.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(WAIT)
            .pragma("cache_size", "-16000")
            .pragma("mmap_size", "268435456")
            .statement_cache_capacity(512);
        if read_only { opts.pragma("query_only", "1") } else { opts }
    });
    options
}

/// Turns the violation of the constraint or unique index called `name` into `Ok(None)`; other
/// errors stay. `name` is the index's name on PostgreSQL and its `table.column` on SQLite.
pub fn unless_duplicate<T>(result: Result<T, DbErr>) -> Result<Option<T>, Fault> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) => match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(_)) => Ok(None),
            _ => Err(error.into()),
        },
    }
}

/// Whether `url` names an engine this program has.
pub fn engine_of(url: &str) -> Option<Engine> {
    let scheme = url::Url::from_str(url).ok()?;
    match scheme.scheme() {
        "sqlite" => Some(Engine::Sqlite),
        "postgres" | "postgresql" => Some(Engine::Postgres),
        _ => None,
    }
}

/// The backend of a connection, for the few statements that differ.
pub fn is_postgres(connection: &impl ConnectionTrait) -> bool {
    connection.get_database_backend() == DbBackend::Postgres
}

/// `column` is one of `ids`: one array parameter on PostgreSQL, so that every length is the same
/// statement, and a list on SQLite. The array is read by a query of its own, once: without it, a plan
/// that walks the whole of a small table reads it for every row. And a list of many is so dear to a planner
/// without statistics that it rather reads all of a supplier's offers.
pub fn among<I: TypedId>(connection: &impl ConnectionTrait, column: impl ColumnTrait, ids: &[I]) -> Expr {
    if !is_postgres(connection) {
        return column.is_in(ids.iter().map(|id| id.uuid()));
    }
    let list: Vec<String> = ids.iter().map(|id| id.uuid().to_string()).collect();
    let list = Expr::val(format!("{{{}}}", list.join(",")));
    Expr::cust_with_exprs("$1 = ANY((SELECT CAST($2 AS uuid[]))::uuid[])", [Expr::col(column.as_column_ref()), list])
}

/// `column` is one of `texts`; as [`among`].
pub fn among_texts(connection: &impl ConnectionTrait, column: impl ColumnTrait, texts: &[impl AsRef<str>]) -> Expr {
    if !is_postgres(connection) {
        return column.is_in(texts.iter().map(AsRef::as_ref));
    }
    let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    let list: Vec<String> = texts.iter().map(|text| quoted(text.as_ref())).collect();
    let list = Expr::val(format!("{{{}}}", list.join(",")));
    Expr::cust_with_exprs("$1 = ANY((SELECT CAST($2 AS text[]))::text[])", [Expr::col(column.as_column_ref()), list])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_process_is_refused_on_one_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}/new/consign.db?mode=rwc", folder.path().display());
        let first = FileLock::take(&url).expect("the first").expect("a file");
        // Another handle of this process stands for another process.
        let second = FileLock::take(&url).expect_err("the second");
        assert!(second.to_string().contains("another process is using"), "{second}");
        drop(first);
        assert!(FileLock::take(&url).is_ok());
        assert!(FileLock::take("postgres://localhost/x").expect("not a file").is_none());
    }
}
