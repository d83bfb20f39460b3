//! `consign recover`: after the database was restored, what happened since the backup is asked of those who
//! know it.
//!
//! Nothing is guessed and nothing is sent: what the store has a job for is done by that job, and the rest
//! is put before a person. All of it may be repeated.

use anyhow::{Context as _, ensure};
use chrono::{DateTime, TimeDelta};
use clap::Args;

use crate::app::App;
use crate::kernel::clock::Timestamp;
use crate::kernel::problem::Fault;
use crate::payments::{self, Told};
use crate::platform::restoration::{self, Model};
use crate::platform::tx::Tx;
use crate::workitems::{self, NewWorkItem, Severity};
use crate::{checkout, inventory, orders, shipments, suppliers};

/// Clocks differ, and what was being written when the copy was taken is not in it.
const OVERLAP: TimeDelta = TimeDelta::minutes(5);

#[derive(Debug, Args)]
pub struct RecoverArgs {
    /// When the backup was taken, such as 2026-11-28T04:00:00Z [default: what `consign restore` left]
    #[arg(long, value_name = "TIME", value_parser = time)]
    since: Option<Timestamp>,
    /// So many order numbers are passed over, which may have been given since
    #[arg(long, value_name = "COUNT", default_value_t = 1000)]
    skip_numbers: u32,
}

/// Asks, and says what was found.
pub async fn run(app: App, args: RecoverArgs) -> anyhow::Result<()> {
    let now = app.clock.now();
    let taken_at = args.since.or(app.restored.as_ref().map(|it| it.taken_at));
    let taken_at = taken_at.context(
        "this database does not say that it was restored: say when the backup was taken, such as --since \
         2026-11-28T04:00:00Z",
    )?;
    ensure!(taken_at < now, "{} is yet to come", taken_at.to_rfc3339());
    begin(&app, taken_at, args.skip_numbers).await?;
    println!("since {}:", taken_at.to_rfc3339());
    let told = payments::recover(&app, taken_at - OVERLAP).await.map_err(anyhow::Error::from);
    let told = told.context("a payment provider cannot be asked; nothing is lost, run this again")?;
    for (provider, told) in &told {
        println!("  payment provider {provider}: {}", sentence(told));
    }
    println!("  {} checkouts were under way: their payments are asked after", checkout::ask_again(&app).await?);
    println!("  {} supplier orders are asked after", shipments::follow_all(&app).await?);
    let untold = inventory::poll_all(&app).await?;
    println!("  stock is fetched anew, but of {}", list(&untold));
    by_hand(&app, taken_at, &told, &untold).await?;
    restoration::note_recovered(&app, now).await?;
    println!("the exceptions queue has what a person has to look at; start the server, which does the rest");
    Ok(())
}

/// Notes that the database was restored, if nothing did yet, and passes over numbers once.
async fn begin(app: &App, taken_at: Timestamp, skip: u32) -> anyhow::Result<()> {
    let known = restoration::lookup(app.db.read()).await?;
    if known.as_ref().is_some_and(|it| it.recovered_at.is_some() && it.taken_at == taken_at) {
        return Ok(());
    }
    let tx = Tx::begin(app).await?;
    let restored_at = known.and_then(|it| it.restored_at).unwrap_or(tx.now());
    restoration::save(&tx, Model { restored_at: Some(restored_at), ..Model::copy(taken_at) }).await?;
    let first = orders::skip_numbers(&tx, skip).await?;
    tx.commit().await?;
    println!("the next order is number {first}");
    Ok(())
}

/// Tells a person what nobody can be asked.
async fn by_hand(
    app: &App,
    taken_at: Timestamp,
    told: &[(&'static str, Told)],
    untold: &[String],
) -> Result<(), Fault> {
    let silent: Vec<&str> = told.iter().filter(|it| it.1 == Told::CannotList).map(|it| it.0).collect();
    let all: Vec<String> = suppliers::active(app.db.read()).await?.into_iter().map(|it| it.name).collect();
    let mut message = format!(
        "The database was restored from a backup taken at {}. Compare by hand what nobody can be asked: orders that \
         suppliers ({}) received since under references the store does not know;",
        taken_at.to_rfc3339(),
        list(&all)
    );
    if !silent.is_empty() {
        message.push_str(&format!(" payments made since at {};", silent.join(", ")));
    }
    if !untold.is_empty() {
        message.push_str(&format!(" the stock of {}, who have to report it anew;", untold.join(", ")));
    }
    message.push_str(" and what people of the store changed since: products, prices, settings, refunds.");
    let tx = Tx::begin(app).await?;
    let item = NewWorkItem {
        kind: "RESTORED",
        severity: Severity::High,
        subject: "restoration".to_owned(),
        order_id: None,
        supplier_order_id: None,
        message,
        actions: vec!["MARK_HANDLED".to_owned()],
        due_in: None,
        dedupe_key: format!("restored:{}", taken_at.to_rfc3339()),
    };
    workitems::open(&tx, item).await?;
    tx.commit().await
}

fn sentence(told: &Told) -> String {
    match told {
        Told::Changes { lost, differing } => {
            format!("{lost} payments are not known here, {differing} have other sums: each is in the exceptions queue")
        }
        Told::CannotList => "cannot list what changed: compare by hand".to_owned(),
    }
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "nobody".to_owned() } else { names.join(", ") }
}

fn time(text: &str) -> Result<Timestamp, String> {
    let time =
        DateTime::parse_from_rfc3339(text).map_err(|error| format!("{error}; a time is 2026-11-28T04:00:00Z"))?;
    Ok(time.to_utc())
}
