//! Replays real baskets against a fresh server and checks afterwards, from raw facts, that nothing
//! was lost, doubled, oversold or silent.
//!
//! ```text
//! cargo run --release --example replay -- FILE --orders 2000
//! cargo run --release --example replay -- FILE --orders 2000 --replicas 2 \
//!     --database-url postgres://postgres@127.0.0.1/consign_replay --redis-url redis://127.0.0.1
//! cargo run --release --example replay -- FILE --orders 500 --kills 20
//! cargo run --release --example replay -- --race 20
//! ```
//!
//! FILE has the columns of *Online Retail II* (Chen, 2019, doi 10.24432/C5CG6D), as CSV or gzip.

mod audit;
mod client;
mod data;
mod drive;
mod facts;
mod history;
mod race;
mod random;
mod resume;
mod shop;
mod table;
mod world;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use clap::Parser;
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use self::client::Client;
use self::drive::{Acknowledged, Ending, Shop};
use self::random::Draw;
use self::world::{AS_CONSIGN, Setup, World};

/// Replay real baskets through the API and audit the books.
#[derive(Debug, Parser)]
struct Arguments {
    /// The transactions, CSV or CSV.gz.
    #[arg(required_unless_present = "race")]
    file: Option<PathBuf>,
    /// Instead of a replay: let buyers race for the last five units, so many rounds of each kind.
    #[arg(long, value_name = "ROUNDS")]
    race: Option<usize>,
    /// How many buyers race.
    #[arg(long, default_value_t = 50)]
    buyers: usize,
    /// How many invoices.
    #[arg(long, default_value_t = 2000)]
    orders: usize,
    /// Checkouts under way at once.
    #[arg(long, default_value_t = 16)]
    clients: usize,
    /// How many servers; more than one needs PostgreSQL and Redis.
    #[arg(long, default_value_t = 1)]
    replicas: usize,
    /// A PostgreSQL database, which must be empty. Without it, a fresh SQLite file.
    #[arg(long)]
    database_url: Option<String>,
    /// Redis.
    #[arg(long)]
    redis_url: Option<String>,
    /// Kill a server (`kill -9`) so many times, at random moments, and start it again.
    #[arg(long, default_value_t = 0)]
    kills: u64,
    /// How likely each fault of the simulated suppliers is.
    #[arg(long, default_value_t = 0.01)]
    faults: f64,
    /// Divides business waits.
    #[arg(long, default_value_t = 600)]
    time_scale: u32,
    /// Seeds costs, stock, faults and the moments of the kills.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Longest wait for the last delivery, in seconds.
    #[arg(long, default_value_t = 600)]
    patience: u64,
}

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args_os();
    if arguments.nth(1).is_some_and(|first| first == AS_CONSIGN) {
        return consign::cli::main(std::iter::once("consign".into()).chain(arguments));
    }
    let arguments = Arguments::parse();
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(replay(arguments))
}

async fn replay(arguments: Arguments) -> anyhow::Result<()> {
    let folder = tempfile::Builder::new().prefix("consign-replay-").tempdir()?.keep();
    println!("logs and data: {}", folder.display());
    let setup = setup_of(&arguments, folder);
    if let Some(rounds) = arguments.race {
        return race::run(setup, rounds, arguments.buyers).await;
    }
    let file = arguments.file.as_deref().unwrap_or(Path::new(""));
    let data = data::read(file, arguments.orders, arguments.seed)?;
    println!("{} goods, {} invoices; left out: {:?}", data.goods.len(), data.invoices.len(), data.skipped);
    let owner_token = world::make_owner(&setup).await?;
    let mut world = World::start(setup).await?;
    let anonymous = Client::new(world.servers.clone())?;
    let owner = anonymous.with_token(&owner_token);
    let variants = shop::open(&world, &owner, &data.goods).await?;
    println!("  {} variants; the baskets begin", variants.len());

    let run = format!("run{}", arguments.seed);
    let shop = Arc::new(Shop { client: anonymous.clone(), variants, run });
    let began = Instant::now();
    let driving = tokio::spawn(drive_all(Arc::clone(&shop), data.invoices, arguments.clients));
    let killed = kill_at_random(&mut world, &arguments, &driving).await?;
    let outcome = driving.await??;
    let checkout_time = began.elapsed();
    println!("  {} placed, {} refused in {checkout_time:.1?}", outcome.placed.len(), outcome.refused.len());

    let patience = Duration::from_secs(arguments.patience);
    let settled = audit::wait_until_quiet(&world, &owner, patience).await;
    let facts = facts::collect(&world, &owner, killed).await?;
    let violations = audit::check(&facts, &outcome.placed);
    table::print(&table::Report {
        setup: world.setup(),
        outcome: &outcome,
        checkout_time,
        whole_time: began.elapsed(),
        resident_kib: world.resident_kib(),
        latencies: anonymous.latencies.table(),
        facts: &facts,
        violations: &violations,
    });
    settled?;
    anyhow::ensure!(violations.is_empty(), "{} violations", violations.len());
    Ok(())
}

fn setup_of(arguments: &Arguments, folder: PathBuf) -> Setup {
    let fault = arguments.faults;
    let faults = json!({
        "reject": fault, "part": fault, "timeoutBefore": fault / 10.0, "timeoutAfter": fault / 10.0, "error429": fault,
        "error500": fault, "error500After": fault, "duplicateWebhook": fault * 5.0, "reorderWebhook": fault * 5.0,
        "lateWebhook": fault, "lostParcel": fault / 10.0,
    });
    let sqlite = || format!("sqlite://{}", folder.join("consign.db").display());
    Setup {
        database_url: arguments.database_url.clone().unwrap_or_else(sqlite),
        redis_url: arguments.redis_url.clone(),
        replicas: arguments.replicas,
        time_scale: arguments.time_scale,
        seed: arguments.seed,
        faults,
        folder,
    }
}

/// How all checkouts ended.
pub struct Outcome {
    /// The orders the server vouched for.
    pub placed: Vec<Acknowledged>,
    /// Baskets without an order: invoice and reason.
    pub refused: Vec<(String, String)>,
}

async fn drive_all(shop: Arc<Shop>, invoices: Vec<data::Invoice>, clients: usize) -> anyhow::Result<Outcome> {
    let places = Arc::new(Semaphore::new(clients));
    let done = Arc::new(AtomicUsize::new(0));
    let total = invoices.len();
    let mut tasks = JoinSet::new();
    for invoice in invoices {
        let place = Arc::clone(&places).acquire_owned().await?;
        let (shop, done) = (Arc::clone(&shop), Arc::clone(&done));
        tasks.spawn(async move {
            let number = invoice.number.clone();
            let ending = drive::checkout(shop, invoice).await;
            let count = done.fetch_add(1, Ordering::Relaxed) + 1;
            if count.is_multiple_of(100) || count == total {
                println!("  {count} of {total} baskets");
            }
            drop(place);
            (number, ending)
        });
    }
    let mut outcome = Outcome { placed: Vec::new(), refused: Vec::new() };
    while let Some(task) = tasks.join_next().await {
        match task? {
            (_, Ok(Ending::Placed(order))) => outcome.placed.push(order),
            (number, Ok(Ending::Refused(reason))) => outcome.refused.push((number, reason)),
            (number, Err(error)) => outcome.refused.push((number, format!("error: {error:#}"))),
        }
    }
    Ok(outcome)
}

/// Kills servers while the checkouts run and, for the kills that are left, while parcels travel.
async fn kill_at_random<T>(
    world: &mut World,
    arguments: &Arguments,
    driving: &tokio::task::JoinHandle<T>,
) -> anyhow::Result<u64> {
    let mut draw = Draw::new(arguments.seed, "kills");
    let killed = AtomicU64::new(0);
    while killed.load(Ordering::Relaxed) < arguments.kills {
        tokio::time::sleep(Duration::from_millis(u64::try_from(draw.between(200, 2500)).unwrap_or(1000))).await;
        let victim = usize::try_from(draw.between(0, arguments.replicas as i64 - 1)).unwrap_or_default();
        world.kill_and_restart(victim).await?;
        let count = killed.fetch_add(1, Ordering::Relaxed) + 1;
        let phase = if driving.is_finished() { "delivering" } else { "selling" };
        println!("  kill -9 number {count}, while {phase}");
    }
    Ok(killed.into_inner())
}
