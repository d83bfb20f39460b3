//! The database itself: reached, of which version, with which tables, restored or copied when.

use std::time::Duration;

use anyhow::Context as _;
use chrono::TimeDelta;
use sea_orm::{ConnectionTrait, Statement};

use super::Scene;
use super::finding::Finding;
use crate::platform::config::{Config, mask_password};
use crate::platform::db::{self, Db, Engine, Steps, engine_of, sqlite_file};
use crate::platform::{copies, restoration};

/// A store that takes orders wants a copy of each day.
const OLD: TimeDelta = TimeDelta::hours(26);

/// Connects, or says why not.
pub async fn reach(config: &Config, patience: Duration) -> Result<(Db, Finding), Finding> {
    let (check, url) = ("database", &config.database_url);
    let shown = mask_password(url);
    if engine_of(url).is_none() {
        return Err(Finding::fail(check, "CONSIGN_DATABASE_URL must begin with sqlite:// or postgres://"));
    }
    if let Some(file) = sqlite_file(url).filter(|it| !it.exists()) {
        let message =
            format!("there is none at {}: start the server once, or correct CONSIGN_DATABASE_URL", file.display());
        return Err(Finding::fail(check, message));
    }
    let looked = async {
        let db = Db::look(url).await?;
        let version = version(&db).await?;
        Ok::<_, anyhow::Error>((db, version))
    };
    match tokio::time::timeout(patience, looked).await {
        Ok(Ok((db, version))) => Ok((db, Finding::ok(check, format!("{shown}, {version}")))),
        Ok(Err(error)) => {
            let cause = db::diagnose(url).await.unwrap_or_else(|| format!("{error:#}"));
            Err(Finding::fail(check, format!("{shown} cannot be reached: {cause}")))
        }
        Err(_) => Err(Finding::fail(check, format!("{shown} does not answer within {patience:?}"))),
    }
}

async fn version(db: &Db) -> anyhow::Result<String> {
    let (name, sql) = match db.engine() {
        Engine::Sqlite => ("SQLite", "SELECT sqlite_version() AS version"),
        Engine::Postgres => ("PostgreSQL", "SELECT current_setting('server_version') AS version"),
    };
    let row = db.read().query_one_raw(Statement::from_string(db.read().get_database_backend(), sql)).await?;
    let version: String = row.context("it tells no version")?.try_get("", "version")?;
    Ok(format!("{name} {version}"))
}

pub async fn check(scene: &Scene) -> Vec<Finding> {
    vec![
        scene.bounded("migrations", migrations(scene)).await,
        scene.bounded("restoration", restored(scene)).await,
        backup(scene),
    ]
}

async fn migrations(scene: &Scene) -> anyhow::Result<Finding> {
    let check = "migrations";
    let steps = Steps::of(scene.app.db.read()).await.context("it is no database of Consign")?;
    Ok(if let Some(unknown) = steps.unknown.first() {
        let what = "is of a newer version than this one, which goes on beside it until the deployment ends";
        Finding::warn(check, format!("{unknown} {what}: run the newer one, or restore a backup to go back"))
    } else if steps.pending.is_empty() {
        Finding::ok(check, "all taken")
    } else {
        Finding::warn(
            check,
            format!("{} to take: the server does so at its start, or `consign migrate`", steps.pending.len()),
        )
    })
}

async fn restored(scene: &Scene) -> anyhow::Result<Finding> {
    let check = "restoration";
    let conn = scene.app.db.read();
    if Steps::of(conn).await?.pending.iter().any(|it| it.ends_with("restoration")) {
        return Ok(Finding::ok(check, "not restored"));
    }
    Ok(match restoration::lookup(conn).await? {
        Some(it) if it.recovered_at.is_none() => Finding::fail(
            check,
            format!(
                "restored from a backup taken at {}: stop the server and run `consign recover`",
                it.taken_at.to_rfc3339()
            ),
        ),
        Some(it) => {
            Finding::ok(check, format!("restored from a backup taken at {}, and recovered", it.taken_at.to_rfc3339()))
        }
        None => Finding::ok(check, "not restored"),
    })
}

fn backup(scene: &Scene) -> Finding {
    let check = "backup";
    let Some(file) = sqlite_file(&scene.app.config.database_url) else {
        return Finding::ok(check, "PostgreSQL's own: see docs/operations.md for pg_dump and point-in-time recovery");
    };
    match copies::last(&file) {
        None => Finding::warn(check, "there is none: run `consign backup` every day, and keep copies elsewhere"),
        Some(last) => {
            let seen = format!("taken at {}: {}", last.taken_at.to_rfc3339(), last.file.display());
            if scene.now - last.taken_at > OLD {
                Finding::warn(check, format!("the last was {seen}; run `consign backup` every day"))
            } else {
                Finding::ok(check, seen)
            }
        }
    }
}
