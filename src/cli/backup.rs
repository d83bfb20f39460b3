//! `consign backup` and `consign restore`: copies of an SQLite database.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context as _, bail};
use clap::Args;

use crate::kernel::clock::Clock;
use crate::platform::config::Config;
use crate::platform::copies;
use crate::platform::db::{FileLock, sqlite_file};
use crate::platform::telemetry;

#[derive(Debug, Args)]
pub struct BackupArgs {
    /// The new file [default: backups/consign-TIME.db in the data folder]
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// What `consign backup` made
    file: PathBuf,
}

/// Copies the database. Needs no secret: those in it stay sealed.
pub async fn take(config: &Config, args: BackupArgs) -> anyhow::Result<()> {
    telemetry::init_warnings(config.log_format);
    let database = database(config)?;
    let (now, began) = (Clock::System.now(), Instant::now());
    let named = || config.data_dir.join("backups").join(format!("consign-{}.db", now.format("%Y%m%dT%H%M%SZ")));
    let taken = copies::take(&database, &args.to.unwrap_or_else(named), now).await?;
    println!("{}", taken.file.display());
    let seconds = began.elapsed().as_secs_f64();
    println!("{} bytes, taken at {} in {seconds:.1} s, checked", taken.bytes, now.to_rfc3339());
    println!("CONSIGN_SECRET_KEY is not in it: keep that apart, without it the sealed secrets stay sealed");
    Ok(())
}

/// Puts a copy in the database's place.
pub async fn restore(config: &Config, args: RestoreArgs) -> anyhow::Result<()> {
    telemetry::init_warnings(config.log_format);
    let database = database(config)?;
    let _lock = FileLock::take(&config.database_url)?;
    let restored = copies::restore(&args.file, &database, Clock::System.now()).await?;
    println!("{} is as it was at {}", database.display(), restored.taken_at.to_rfc3339());
    if let Some(kept) = restored.kept {
        println!("what was there before is kept: {}", kept.display());
    }
    println!("next: consign recover, which brings back what happened since; then start the server");
    Ok(())
}

/// The file of the database.
fn database(config: &Config) -> anyhow::Result<PathBuf> {
    if config.database_url.starts_with("postgres") {
        bail!(
            "this is for SQLite; PostgreSQL has pg_dump and point-in-time recovery: see docs/operations.md, which says \
             how they are used here and that `consign recover --since TIME` comes after"
        );
    }
    sqlite_file(&config.database_url).context("CONSIGN_DATABASE_URL names no file")
}
