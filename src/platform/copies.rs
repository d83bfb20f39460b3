//! Copies of an SQLite database: taking one beside a running server, and putting one in its place.
//!
//! A copy is one file in rollback mode, complete without companions. It comes into being under a
//! temporary name, is checked and brought to the disk, and only then gets its own.

use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, Statement};
use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteJournalMode;
use tempfile::NamedTempFile;

use super::db::{Db, Steps};
use super::restoration;
use crate::kernel::clock::Timestamp;

/// How long a copy waits for a writer.
const WAIT: Duration = Duration::from_secs(30);
/// So many defects are told of one file.
const DEFECTS: usize = 5;

/// A copy that was taken; also what is written beside the database for `consign doctor`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Taken {
    /// Where it is.
    pub file: PathBuf,
    /// How large it is.
    pub bytes: u64,
    /// What happened up to then is in it.
    pub taken_at: Timestamp,
}

/// Copies the database in the file `database`, which others may be using, to the new file `to`.
///
/// # Errors
/// One sentence; then there is no file `to`, unless there was one before.
pub async fn take(database: &Path, to: &Path, now: Timestamp) -> anyhow::Result<Taken> {
    ensure!(database.exists(), "there is no database at {}", database.display());
    ensure!(!to.exists(), "{} exists; a backup never takes the place of another file", to.display());
    let folder = folder_of(to);
    std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let draft = NamedTempFile::new_in(folder).with_context(|| format!("{} cannot be written", folder.display()))?;
    copy(database, draft.path()).await.context("the database cannot be copied")?;
    seal(draft.path(), now).await.context("the copy is not sound, and was thrown away")?;
    draft.as_file().sync_all().context("the copy cannot be brought to the disk")?;
    let bytes = draft.as_file().metadata()?.len();
    match draft.persist_noclobber(to) {
        Ok(_) => {}
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => {
            bail!("{} exists; a backup never takes the place of another file", to.display())
        }
        Err(error) => return Err(error.error).with_context(|| format!("{} cannot be written", to.display())),
    }
    sync_folder(folder)?;
    let taken = Taken { file: std::path::absolute(to)?, bytes, taken_at: now };
    note(database, &taken)?;
    Ok(taken)
}

/// The copy of `database` that was taken last, as far as is known beside it.
pub fn last(database: &Path) -> Option<Taken> {
    serde_json::from_slice(&std::fs::read(beside(database, ".last-backup")).ok()?).ok()
}

/// What became of a restoration.
#[derive(Debug)]
pub struct Restored {
    /// When the copy was taken.
    pub taken_at: Timestamp,
    /// Where the database is kept that was there before, if there was one.
    pub kept: Option<PathBuf>,
}

/// Puts a copy in the place of `database`, which nobody may be using: the caller holds its lock.
///
/// # Errors
/// One sentence; then the database is as it was.
pub async fn restore(copy: &Path, database: &Path, now: Timestamp) -> anyhow::Result<Restored> {
    ensure!(copy.is_file(), "there is no file {}", copy.display());
    let folder = folder_of(database);
    let draft = NamedTempFile::new_in(folder).with_context(|| format!("{} cannot be written", folder.display()))?;
    std::fs::copy(copy, draft.path()).with_context(|| format!("{} cannot be read", copy.display()))?;
    if let Ok(old) = std::fs::metadata(database) {
        std::fs::set_permissions(draft.path(), old.permissions())?;
    }
    let taken_at = prepare(draft.path(), now).await.with_context(|| format!("{} is not used", copy.display()))?;
    File::open(draft.path())?.sync_all().context("the copy cannot be brought to the disk")?;
    let kept = if database.exists() { Some(keep(database, now).await?) } else { None };
    // A log that is left over would be read as the new database's own.
    for end in ["-wal", "-shm"] {
        remove(&beside(database, end))?;
    }
    draft.persist(database).map_err(|error| error.error).context("the database cannot be replaced")?;
    sync_folder(folder)?;
    Ok(Restored { taken_at, kept })
}

/// What is wrong with a database: pages, indexes, references.
pub async fn defects(conn: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
    let ask = |sql: String| Statement::from_string(DbBackend::Sqlite, sql);
    let mut found = Vec::new();
    for row in conn.query_all_raw(ask(format!("PRAGMA integrity_check({DEFECTS})"))).await? {
        let text: String = row.try_get_by_index(0)?;
        found.extend((text != "ok").then_some(text));
    }
    for row in conn.query_all_raw(ask("PRAGMA foreign_key_check".to_owned())).await?.iter().take(DEFECTS) {
        let (table, parent): (String, String) = (row.try_get_by_index(0)?, row.try_get_by_index(2)?);
        found.push(format!("a row of {table} refers to one of {parent} that is not there"));
    }
    Ok(found)
}

/// The file called as `database` is, and `end`.
fn beside(database: &Path, end: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// One read transaction, however much is written meanwhile. `to` is empty.
async fn copy(database: &Path, to: &Path) -> anyhow::Result<()> {
    let conn = open(database, |it| it.read_only(true)).await?;
    let to = to.to_str().context("the file's name is not text")?;
    let result = conn.execute_raw(Statement::from_sql_and_values(DbBackend::Sqlite, "VACUUM INTO $1", [to.into()]));
    let result = result.await;
    conn.close().await?;
    result?;
    Ok(())
}

/// Checks a copy, and has it say when it was taken.
async fn seal(copy: &Path, now: Timestamp) -> anyhow::Result<()> {
    let conn = alone(copy).await?;
    check(&conn).await?;
    let steps = Steps::of(&conn).await?;
    if steps.pending.is_empty() {
        restoration::save(&conn, restoration::Model::copy(now)).await?;
    }
    conn.close().await?;
    Ok(())
}

/// Makes a copy ready to be the database; when it was taken.
async fn prepare(copy: &Path, now: Timestamp) -> anyhow::Result<Timestamp> {
    let conn = alone(copy).await.context("it is damaged, or not an SQLite database")?;
    check(&conn).await?;
    let steps = Steps::of(&conn).await.context("it is no database of Consign")?;
    conn.close().await?;
    if let Some(unknown) = steps.unknown.first() {
        bail!("it comes from a newer version of Consign, whose step {unknown} this one does not know");
    }
    let url = format!("sqlite://{}", copy.to_str().context("its name is not text")?);
    let db = Db::connect(&url, 1).await?;
    let result = mark(&db, now).await;
    db.close().await;
    let log = beside(copy, "-wal");
    ensure!(log.metadata().map_or(true, |it| it.len() == 0), "{} is left over", log.display());
    result
}

async fn mark(db: &Db, now: Timestamp) -> anyhow::Result<Timestamp> {
    db.migrate().await.context("its tables cannot be brought up to date")?;
    let taken_at = match restoration::of_copy(db.read()).await? {
        Some(row) => row.taken_at,
        // Copied by other means.
        None => restoration::newest_event(db.read()).await?.unwrap_or(now),
    };
    let row = restoration::Model { restored_at: Some(now), ..restoration::Model::copy(taken_at) };
    restoration::save(db.write(), row).await?;
    Ok(taken_at)
}

async fn check(conn: &DatabaseConnection) -> anyhow::Result<()> {
    let found = defects(conn).await.context("it is damaged, and cannot even be checked")?;
    ensure!(found.is_empty(), "it is damaged: {}", found.join("; "));
    Ok(())
}

/// Gives the database another name as well, under which it stays whole.
async fn keep(database: &Path, now: Timestamp) -> anyhow::Result<PathBuf> {
    let kept = beside(database, &format!(".before-restore-{}", now.format("%Y%m%dT%H%M%SZ")));
    ensure!(!kept.exists(), "{} exists", kept.display());
    // Folds the log into the file. Of one that is damaged, the log is kept beside it.
    if let Ok(conn) = open(database, |it| it).await {
        let fold = Statement::from_string(DbBackend::Sqlite, "PRAGMA wal_checkpoint(TRUNCATE)");
        let _ = conn.query_one_raw(fold).await;
        let _ = conn.close().await;
    }
    let cannot = || format!("{} cannot be kept", database.display());
    let log = beside(database, "-wal");
    if log.metadata().is_ok_and(|it| it.len() > 0) {
        std::fs::copy(&log, beside(&kept, "-wal")).with_context(cannot)?;
    }
    if std::fs::hard_link(database, &kept).is_err() {
        std::fs::copy(database, &kept).with_context(cannot)?;
    }
    File::open(&kept)?.sync_all().with_context(cannot)?;
    Ok(kept)
}

fn remove(file: &Path) -> anyhow::Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("{} cannot be removed", file.display()))
        }
        _ => Ok(()),
    }
}

/// Without it a rename may be lost with the power.
fn sync_folder(folder: &Path) -> anyhow::Result<()> {
    File::open(folder).and_then(|it| it.sync_all()).with_context(|| format!("{} cannot be synced", folder.display()))
}

fn note(database: &Path, taken: &Taken) -> anyhow::Result<()> {
    let mut draft = NamedTempFile::new_in(folder_of(database))?;
    draft.write_all(&serde_json::to_vec(taken)?)?;
    draft.persist(beside(database, ".last-backup")).map_err(|error| error.error)?;
    Ok(())
}

/// A connection to a file that nobody else uses, which leaves no companions.
async fn alone(file: &Path) -> Result<DatabaseConnection, DbErr> {
    open(file, |it| it.journal_mode(SqliteJournalMode::Delete)).await
}

async fn open(
    file: &Path,
    change: impl Fn(sqlx::sqlite::SqliteConnectOptions) -> sqlx::sqlite::SqliteConnectOptions + Send + Sync + 'static,
) -> Result<DatabaseConnection, DbErr> {
    let file = file.to_owned();
    let mut options = ConnectOptions::new("sqlite://");
    options.max_connections(1).sqlx_logging(false);
    options.map_sqlx_sqlite_opts(move |it| change(it.filename(&file).create_if_missing(false).busy_timeout(WAIT)));
    Database::connect(options).await
}
