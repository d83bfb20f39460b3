//! Replays real baskets against a fresh server and checks afterwards, from raw facts, that nothing
//! was lost, doubled, oversold or silent.
//!
//! ```text
//! cargo run --release --example replay -- FILE --orders 2000
//! cargo run --release --example replay -- FILE --orders 2000 --replicas 2 \
//!     --database-url postgres://postgres@127.0.0.1/consign_replay --redis-url redis://127.0.0.1
//! cargo run --release --example replay -- FILE --orders 500 --kills 20
//! cargo run --release --example replay -- --race 20
//! cargo run --release --example replay -- --crash 500
//! cargo run --release --example replay -- --neighbors
//! ```
//!
//! FILE has the columns of *Online Retail II* (Chen, 2019, doi 10.24432/C5CG6D), as CSV or gzip.

mod audit;
mod client;
#[cfg(target_os = "linux")]
mod crash;
mod data;
mod drive;
mod facts;
mod history;
mod neighbors;
mod race;
mod random;
mod resume;
mod shop;
#[cfg(target_os = "linux")]
mod story;
mod table;
#[cfg(target_os = "linux")]
mod tracer;
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

/// Baskets a second in the neighbor lab, if no other rate is given.
const NEIGHBORS_RATE: f64 = 8.0;

/// Replay real baskets through the API and audit the books.
#[derive(Debug, Parser)]
struct Arguments {
    /// The transactions, CSV or CSV.gz.
    #[arg(required_unless_present_any = ["race", "crash", "neighbors"])]
    file: Option<PathBuf>,
    /// Instead of a replay: races for stock, discount codes, keys, carts and refunds, so many rounds of each.
    #[arg(long, value_name = "ROUNDS")]
    race: Option<usize>,
    /// Instead of a replay: kill a server at so many of its system calls, between basket and doorstep.
    #[arg(long, value_name = "POINTS", conflicts_with = "race")]
    crash: Option<u64>,
    /// Instead of a replay: let one neighbor after the other misbehave in one way after the other.
    #[arg(long, conflicts_with_all = ["race", "crash"])]
    neighbors: bool,
    /// How many buyers race for the last five units.
    #[arg(long, default_value_t = 50)]
    buyers: usize,
    /// In a race of two or more servers: for how many seconds one of them stands still.
    #[arg(long, default_value_t = 60)]
    pause: u64,
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
    /// End a server in order (SIGTERM) and start it again, so many times, in turn: a rolling restart.
    #[arg(long, default_value_t = 0, conflicts_with = "kills")]
    restarts: u64,
    /// Every other server is this build of `consign`, such as the one before the newest migration.
    #[arg(long, value_name = "PROGRAM")]
    other: Option<PathBuf>,
    /// Baskets a second, whether earlier ones are through or not; as fast as they are taken if not given.
    #[arg(long)]
    rate: Option<f64>,
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
    #[cfg(target_os = "linux")]
    if std::env::args().nth(1).is_some_and(|first| first == tracer::AS_TRACER) {
        return tracer::main(std::env::args().skip(2));
    }
    let arguments = Arguments::parse();
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(replay(arguments))
}

async fn replay(arguments: Arguments) -> anyhow::Result<()> {
    let folder = tempfile::Builder::new().prefix("consign-replay-").tempdir()?.keep();
    println!("logs and data: {}", folder.display());
    let setup = setup_of(&arguments, folder);
    if let Some(rounds) = arguments.race {
        return race::run(setup, rounds, arguments.buyers, Duration::from_secs(arguments.pause)).await;
    }
    if arguments.neighbors {
        return neighbors::run(Setup { faults: json!({}), ..setup }, arguments.rate.unwrap_or(NEIGHBORS_RATE)).await;
    }
    if let Some(points) = arguments.crash {
        #[cfg(target_os = "linux")]
        return crash::run(Setup { faults: json!({}), ..setup }, points).await;
        #[cfg(not(target_os = "linux"))]
        anyhow::bail!("{points} crashes need ptrace, which only Linux has");
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
    let pace = Pace { clients: arguments.clients, rate: arguments.rate };
    let driving = tokio::spawn(drive_all(Arc::clone(&shop), data.invoices, pace));
    let killed = kill_at_random(&mut world, &arguments, &driving).await?;
    restart_in_turn(&mut world, arguments.restarts, &driving).await?;
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
        retries: &anonymous.retries,
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
        other: arguments.other.clone(),
        proxied: arguments.neighbors,
    }
}

/// How all checkouts ended.
pub struct Outcome {
    /// The orders the server vouched for.
    pub placed: Vec<Acknowledged>,
    /// Baskets without an order: invoice and reason.
    pub refused: Vec<(String, String)>,
}

/// How baskets are sent.
struct Pace {
    /// How many at once.
    clients: usize,
    /// How many a second; then `clients` does not hold them back.
    rate: Option<f64>,
}

async fn drive_all(shop: Arc<Shop>, invoices: Vec<data::Invoice>, pace: Pace) -> anyhow::Result<Outcome> {
    let places = Arc::new(Semaphore::new(if pace.rate.is_some() { Semaphore::MAX_PERMITS } else { pace.clients }));
    let mut beat = pace.rate.map(|rate| tokio::time::interval(Duration::from_secs_f64(1.0 / rate)));
    let done = Arc::new(AtomicUsize::new(0));
    let total = invoices.len();
    let mut tasks = JoinSet::new();
    for invoice in invoices {
        if let Some(beat) = &mut beat {
            beat.tick().await;
        }
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

/// Replaces one server after the other, as a deployment does, over and over.
async fn restart_in_turn<T>(
    world: &mut World,
    restarts: u64,
    driving: &tokio::task::JoinHandle<T>,
) -> anyhow::Result<()> {
    for count in 0..restarts {
        world.replace((count % world.servers.len() as u64) as usize).await?;
        let phase = if driving.is_finished() { "delivering" } else { "selling" };
        println!("  restart number {}, while {phase}", count + 1);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
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
