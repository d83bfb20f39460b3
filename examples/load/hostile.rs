//! Shoppers who look at the catalogue while two hundred others mean harm, each from an address of its own.
//!
//! No limit is raised. The attackers are a process of its own that gets the processor when nobody else
//! wants it: on machines of their own they would take nothing of the server's.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::Context;
use futures_util::future::try_join_all;
use serde_json::json;
use tokio::process::{Child, Command};
use tokio::sync::watch::Receiver;

use super::attack;
use super::documents::operation;
use super::seed;
use super::usage::Process;
use super::wire::{self, Wire};
use super::world::World;

/// How many shoppers.
pub const SHOPPERS: u8 = 50;
/// How long each looks at what it got before it asks again.
const LOOK: Duration = Duration::from_millis(250);
/// How long the attack goes on before its effect is measured.
const WARM_UP: Duration = Duration::from_secs(3);

/// What can be said to `load hostile`.
#[derive(Debug, clap::Args)]
pub struct Hostile {
    /// A PostgreSQL database, which must be empty. Without it, a fresh SQLite file.
    #[arg(long)]
    database_url: Option<String>,
    /// Redis.
    #[arg(long)]
    redis_url: Option<String>,
    /// How many hostile clients.
    #[arg(long, default_value_t = 200)]
    clients: usize,
    /// Only those of this kind.
    #[arg(long)]
    only: Option<String>,
    /// How long each figure is taken.
    #[arg(long, default_value_t = 15)]
    seconds: u64,
}

/// What shoppers see, and what the server needs for it in a second.
pub struct Seen {
    pub p50: Duration,
    pub p99: Duration,
    pub worst: Duration,
    pub cpu: f64,
    pub memory: f64,
}

/// Measures: alone, attacked, and alone again.
pub async fn run(arguments: Hostile) -> anyhow::Result<()> {
    let folder = tempfile::Builder::new().prefix("consign-hostile-").tempdir()?.keep();
    println!("logs and data: {}", folder.display());
    let sqlite = || format!("sqlite://{}", folder.join("consign.db").display());
    let database_url = arguments.database_url.clone().unwrap_or_else(sqlite);
    let engine = if database_url.starts_with("sqlite") { "SQLite" } else { "PostgreSQL" };
    let mut world = World::new(folder, database_url, arguments.redis_url).await?;
    world.restart("all").await?;
    let mut owner = Wire::connect(&world.url, Some(&world.owner_token)).await?;
    seed::fill(&mut owner, &world.simulator, 200).await?;
    world.restart_as_it_is("serve").await?;
    let (server, time) = (world.server()?, Duration::from_secs(arguments.seconds));
    watch(&world.url, server, WARM_UP).await?;
    let mut seen = vec![("alone", watch(&world.url, server, time).await?)];
    let attackers = begin(&world.url, arguments.clients, arguments.only.as_deref())?;
    tokio::time::sleep(WARM_UP).await;
    seen.push(("attacked", watch(&world.url, server, time).await?));
    drop(attackers);
    tokio::time::sleep(WARM_UP).await;
    seen.push(("alone again", watch(&world.url, server, time).await?));
    let floor = seen[0].1.p99.min(seen[2].1.p99);
    println!("\n### {engine}: {SHOPPERS} shoppers, {} hostile clients\n", arguments.clients);
    println!(
        "| | p50 | p99 | worst | p99 to alone | server CPU a second | memory |\n|---|---:|---:|---:|---:|---:|---:|"
    );
    for (name, Seen { p50, p99, worst, cpu, memory }) in &seen {
        let ratio = p99.as_secs_f64() / floor.as_secs_f64();
        let millis = |time: &Duration| format!("{:.1} ms", time.as_secs_f64() * 1000.0);
        let (p50, p99, worst) = (millis(p50), millis(p99), millis(worst));
        println!("| {name} | {p50} | {p99} | {worst} | {ratio:.1}× | {cpu:.2} s | {memory:.0} MiB |");
    }
    Ok(())
}

fn begin(url: &str, clients: usize, only: Option<&str>) -> anyhow::Result<Child> {
    let mut command = Command::new("chrt");
    command.args(["--idle", "0"]).arg(std::env::current_exe()?).arg(attack::AS_ATTACKERS).arg(url);
    command.arg(clients.to_string()).args(only).kill_on_drop(true).stdin(Stdio::null());
    command.spawn().context("the attack does not start")
}

/// The shoppers ask for `time`.
pub async fn watch(url: &str, server: Process, time: Duration) -> anyhow::Result<Seen> {
    let (done, told) = tokio::sync::watch::channel(false);
    let clock = async {
        tokio::time::sleep(time).await;
        done.send_replace(true);
        Ok(())
    };
    Ok(tokio::try_join!(clock, watch_until(url, server, told))?.1)
}

/// The shoppers ask until they are told to go.
pub async fn watch_until(url: &str, server: Process, told: Receiver<bool>) -> anyhow::Result<Seen> {
    let (began, before) = (Instant::now(), server.cpu()?);
    let all = try_join_all((0..SHOPPERS).map(|shopper| shop(url, shopper, told.clone()))).await?;
    let cpu = (server.cpu()? - before).as_secs_f64() / began.elapsed().as_secs_f64();
    let mut times: Vec<Duration> = all.into_iter().flatten().collect();
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    Ok(Seen { p50: at(50), p99: at(99), worst: at(100), cpu, memory: server.resident()? })
}

/// One shopper, with an address of its own, to whom the answers are half new and half known.
async fn shop(url: &str, shopper: u8, told: Receiver<bool>) -> anyhow::Result<Vec<Duration>> {
    let from = SocketAddr::from((Ipv4Addr::new(127, 1, 1, shopper + 1), 0));
    let list = operation("ProductList");
    let mut wire = Wire::connect_from(url, from).await?;
    let mut times = Vec::new();
    tokio::time::sleep(LOOK.mul_f64(f64::from(shopper) / f64::from(SHOPPERS))).await;
    for turn in 0.. {
        let new = if turn % 2 == 0 { format!("{shopper}-{turn}") } else { String::new() };
        let request = wire::operation(&list, &json!({ "first": 20, "new": new }), None);
        let began = Instant::now();
        wire.send(&request).await?;
        times.push(began.elapsed());
        if *told.borrow() {
            break;
        }
        tokio::time::sleep(LOOK.saturating_sub(began.elapsed())).await;
    }
    Ok(times)
}

/// The address of the attacker with this number.
pub fn address(number: usize) -> SocketAddr {
    let [high, low] = u16::try_from(number).unwrap_or_default().to_be_bytes();
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 2, high, low.max(1))), 0)
}
