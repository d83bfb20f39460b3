//! Thousands of customers who look at the page of one order: what they cost the server while nothing
//! happens, and how long it takes until all of them know that something did.

use std::time::Duration;

use super::parcel::Parcel;
use super::subscriptions::Idle as Subscriptions;
use super::world::{RAISED, World};

/// How long the server is left alone before its memory counts.
const REST: Duration = Duration::from_secs(5);

/// What can be said to `load idle`.
#[derive(Debug, clap::Args)]
pub struct Idle {
    /// A PostgreSQL database, which must be empty. Without it, a fresh SQLite file.
    #[arg(long)]
    database_url: Option<String>,
    /// Redis.
    #[arg(long)]
    redis_url: Option<String>,
    /// How many subscriptions, all to one order.
    #[arg(long, default_value_t = 10_000)]
    subscriptions: usize,
    /// How many of them on each socket.
    #[arg(long, default_value_t = 1)]
    per_socket: usize,
    /// How many events happen, one after the other.
    #[arg(long, default_value_t = 10)]
    events: usize,
    /// How long the server is watched while nothing happens.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
}

/// Measures.
pub async fn run(arguments: Idle) -> anyhow::Result<()> {
    let Idle { subscriptions: count, per_socket, .. } = arguments;
    let folder = tempfile::Builder::new().prefix("consign-idle-").tempdir()?.keep();
    println!("logs and data: {}", folder.display());
    let sqlite = || format!("sqlite://{}", folder.join("consign.db").display());
    let database_url = arguments.database_url.clone().unwrap_or_else(sqlite);
    let engine = if database_url.starts_with("sqlite") { "SQLite" } else { "PostgreSQL" };
    let redis = if arguments.redis_url.is_some() { " + Redis" } else { "" };
    let mut world = World::new(folder, database_url, arguments.redis_url).await?;
    world.restart("all").await?;
    let mut parcel = Parcel::send(&world.url, &world.owner_token).await?;
    world.restart("all").await?;
    let tokens = [parcel.token.clone()];
    // Statements are prepared, documents parsed.
    drop(Subscriptions::open(&world.url, &tokens, per_socket, per_socket).await?);
    tokio::time::sleep(REST).await;

    let server = world.server()?;
    let time = Duration::from_secs(arguments.seconds);
    let before = server.resident()?;
    let opening = std::time::Instant::now();
    let mut idle = Subscriptions::open(&world.url, &tokens, count, per_socket).await?;
    let opened = opening.elapsed();
    tokio::time::sleep(REST).await;
    let with = server.resident()?;
    let cpu = idle.watch(server, time).await?;
    let mut last = Vec::new();
    let mut half = Vec::new();
    for _ in 0..arguments.events {
        let times = idle.hear(parcel.moves()).await?;
        half.push(times[times.len() / 2]);
        last.push(times[times.len() - 1]);
    }
    let after = server.resident()?;

    let raised: Vec<String> = RAISED.iter().map(|(name, value)| format!("`{name}={value}`")).collect();
    println!("\n### {engine}{redis}, {count} subscriptions to one order, {per_socket} on each socket\n");
    println!("Limits raised: {}.\n\n| | |\n|---|---:|", raised.join(", "));
    println!("| all open after | {:.1} s |", opened.as_secs_f64());
    println!("| memory before, and with them | {before:.1} MiB, {with:.1} MiB |");
    println!("| each | {:.1} KiB |", (with - before) * 1024.0 / count as f64);
    println!("| processor time while nothing happens | {:.1} ms a second |", millis(cpu));
    println!("| an event until half of them know (median of {}, worst) | {} |", half.len(), two(&mut half));
    println!("| an event until all of them know (median of {}, worst) | {} |", last.len(), two(&mut last));
    println!("| memory after the events | {after:.1} MiB |");
    Ok(())
}

/// The median and the worst.
fn two(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let at = |place: usize| times.get(place).map_or(0.0, |time| millis(*time));
    format!("{:.0} ms, {:.0} ms", at(times.len() / 2), at(times.len().saturating_sub(1)))
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
