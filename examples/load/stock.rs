//! Shoppers who look at the catalogue while a supplier reports the stock of a hundred thousand offers, all
//! of it changed: one full report, told part by part through the API.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::goods;
use super::hostile::{self, Seen};
use super::seed;
use super::usage::Process;
use super::wire::Wire;
use super::world::World;

/// How many items one call may tell.
const PART: usize = 250;
/// How long shoppers are watched when nothing else happens.
const ALONE: Duration = Duration::from_secs(15);

/// What can be said to `load stock`.
#[derive(Debug, clap::Args)]
pub struct Stock {
    /// A PostgreSQL database, which must be empty. Without it, a fresh SQLite file.
    #[arg(long)]
    database_url: Option<String>,
    /// Redis.
    #[arg(long)]
    redis_url: Option<String>,
    /// How many products, of three variants each; the supplier offers half of them.
    #[arg(long, default_value_t = 67_000)]
    products: usize,
    /// How often everything is reported anew.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
}

/// Measures: shoppers alone, and beside each report.
pub async fn run(arguments: Stock) -> anyhow::Result<()> {
    let folder = tempfile::Builder::new().prefix("consign-stock-").tempdir()?.keep();
    println!("logs and data: {}", folder.display());
    let sqlite = || format!("sqlite://{}", folder.join("consign.db").display());
    let database_url = arguments.database_url.clone().unwrap_or_else(sqlite);
    let engine = if database_url.starts_with("sqlite") { "SQLite" } else { "PostgreSQL" };
    let mut world = World::new(folder, database_url, arguments.redis_url).await?;
    world.restart("all").await?;
    let mut owner = Wire::connect(&world.url, Some(&world.owner_token)).await?;
    let supplier = seed::fill_one(&mut owner, arguments.products).await?;
    world.restart("all").await?;
    let (url, server) = (world.url.clone(), world.server()?);
    hostile::watch(&url, server, ALONE / 5).await?;
    let offered = (0..arguments.products).filter(|product| goods::offers(0, *product));
    let skus: Vec<String> = offered.flat_map(goods::skus).collect();
    println!("\n### {engine}: {} offers reported, {} shoppers\n", skus.len(), hostile::SHOPPERS);
    println!("| | report | offers a second | p50 | p99 | p99 to alone | server CPU a second | memory |");
    println!("|---|---:|---:|---:|---:|---:|---:|---:|");
    for round in 1..=arguments.rounds {
        // Anew each time, since machines are not always equally fast.
        let alone = hostile::watch(&url, server, ALONE).await?;
        row("alone", None, &alone, &alone);
        let mut wire = Wire::connect(&url, Some(&world.owner_token)).await?;
        let report = tell(&mut wire, &supplier, &skus, round);
        let (took, seen) = beside(&url, server, report).await?;
        row(&format!("report {round}"), Some((took, skus.len())), &seen, &alone);
    }
    println!("\nthe server held at most {:.0} MiB", server.peak()?);
    Ok(())
}

/// Watches the shoppers until `report` is told.
async fn beside(
    url: &str,
    server: Process,
    report: impl Future<Output = anyhow::Result<Duration>>,
) -> anyhow::Result<(Duration, Seen)> {
    let (done, told) = tokio::sync::watch::channel(false);
    let report = async {
        let took = report.await;
        // The shoppers go home whatever came of it.
        done.send_replace(true);
        took
    };
    tokio::try_join!(report, hostile::watch_until(url, server, told))
}

/// Tells one full report of new figures; answers how long that took.
async fn tell(wire: &mut Wire, supplier: &str, skus: &[String], round: usize) -> anyhow::Result<Duration> {
    let text = "mutation R($input: SupplierStockReportInput!) { supplierStockReport(input: $input) \
                { accepted held userErrors { code field message } } }";
    let (began, as_of) = (Instant::now(), consign::kernel::clock::Clock::System.now());
    let parts = skus.chunks(PART).count();
    for (number, part) in skus.chunks(PART).enumerate() {
        let item = |sku: &String| json!({ "supplierSku": sku, "quantity": 1_000_000 + round });
        let items: Vec<Value> = part.iter().map(item).collect();
        let report = json!({ "id": format!("round-{round}"), "last": number + 1 == parts });
        let input = json!({ "supplierId": supplier, "asOf": as_of, "full": true, "report": report, "items": items });
        let answer = wire.run(text, &json!({ "input": input })).await?;
        anyhow::ensure!(answer["accepted"] == part.len() && answer["held"] == false, "part {number}: {answer}");
    }
    Ok(began.elapsed())
}

fn row(name: &str, report: Option<(Duration, usize)>, seen: &Seen, alone: &Seen) {
    let millis = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1000.0);
    let (took, speed) = report.map_or((String::new(), String::new()), |(took, offers)| {
        let seconds = took.as_secs_f64();
        (format!("{seconds:.1} s"), format!("{:.0}", f64::from(u32::try_from(offers).unwrap_or(u32::MAX)) / seconds))
    });
    let ratio = seen.p99.as_secs_f64() / alone.p99.as_secs_f64();
    let (p50, p99) = (millis(seen.p50), millis(seen.p99));
    let Seen { cpu, memory, .. } = seen;
    println!("| {name} | {took} | {speed} | {p50} | {p99} | {ratio:.1}× | {cpu:.2} s | {memory:.0} MiB |");
}
