//! `consign doctor`: whether a deployment is well, and what to do if not.
//!
//! It only looks, beside whatever runs, and each check has a few seconds. The checks read the tables
//! themselves: one that asked the rooms would believe what they believe.

mod clocks;
mod configuration;
mod database;
mod disk;
mod finding;
mod integrity;
mod partners;
mod redis;
mod stuck;

use std::time::Duration;

use anyhow::bail;
use clap::Args;

use self::finding::{Finding, Verdict, table};
use crate::app::{App, Parts};
use crate::kernel::clock::{Clock, Timestamp};
use crate::kernel::ids::IdSource;
use crate::platform::config::Config;
use crate::platform::db::Db;
use crate::platform::telemetry;

#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Print a JSON array of {check, verdict, message}
    #[arg(long)]
    json: bool,
    /// How long one check may take; large databases want more for their integrity
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    patience: u64,
}

/// What the checks look at.
struct Scene {
    app: App,
    now: Timestamp,
    patience: Duration,
}

/// Looks at everything, prints the table, and fails if anything does.
pub async fn run(config: Config, args: DoctorArgs) -> anyhow::Result<()> {
    telemetry::init_warnings(config.log_format);
    let patience = Duration::from_secs(args.patience.max(1));
    let mut findings = configuration::check(&config);
    findings.push(disk::check(&config));
    findings.extend(redis::check(&config, patience).await);
    findings.extend(beyond(config, patience).await);
    if args.json {
        println!("{}", serde_json::to_string_pretty(&findings)?);
    } else {
        print!("{}", table(&findings));
    }
    let failed = findings.iter().filter(|it| it.verdict == Verdict::Fail).count();
    if failed > 0 {
        bail!("{failed} of {} checks failed", findings.len());
    }
    Ok(())
}

/// What needs the database.
async fn beyond(config: Config, patience: Duration) -> Vec<Finding> {
    let (db, mut findings) = match database::reach(&config, patience).await {
        Ok((db, finding)) => (db, vec![finding]),
        Err(finding) => return vec![finding],
    };
    let scene = match scene(config, db, patience).await {
        Ok(scene) => scene,
        Err(error) => {
            findings.push(Finding::fail("partners", format!("not checked: {error:#}")));
            return findings;
        }
    };
    findings.extend(database::check(&scene).await);
    findings.extend(clocks::check(&scene).await);
    findings.extend(partners::check(&scene).await);
    findings.extend(stuck::check(&scene).await);
    findings.extend(integrity::check(&scene).await);
    findings
}

async fn scene(config: Config, db: Db, patience: Duration) -> anyhow::Result<Scene> {
    // Redis has its own check; whatever is asked here needs no cache.
    let config = Config { redis_url: None, ..config };
    let parts = Parts::around(db, config, Clock::System, IdSource::System).await?;
    Ok(Scene { now: parts.clock.now(), app: App::new(parts), patience })
}

impl Scene {
    /// The finding of one check, in time.
    async fn bounded(&self, check: &str, work: impl Future<Output = anyhow::Result<Finding>>) -> Finding {
        match tokio::time::timeout(self.patience, work).await {
            Ok(Ok(finding)) => finding,
            Ok(Err(error)) => Finding::fail(check, format!("cannot be told: {error:#}")),
            Err(_) => Finding::warn(
                check,
                format!("was not done within {:?}; give it more with --patience SECONDS", self.patience),
            ),
        }
    }
}
