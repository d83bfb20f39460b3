//! The report.

use std::time::Duration;

use super::drive::{Effort, Figures};
use super::subscriptions::Cost;
use super::world::RAISED;

/// What a run found.
pub struct Report {
    title: String,
    effort: Effort,
    /// Each kind of work.
    pub lines: Vec<Line>,
    /// From the start to ready, on a database that is there.
    pub ready: Duration,
    /// Memory when nobody asks, in MiB.
    pub rest: f64,
    /// Processor time of a second in which nobody asks.
    pub idle: Duration,
    /// Memory after all the load, in MiB.
    pub loaded: f64,
    /// The most memory there was, in MiB.
    pub peak: f64,
    /// Orders whose background work was measured.
    pub orders: usize,
    /// The processor time of the background work of one order.
    pub background: Duration,
    /// Idle subscriptions.
    pub subscriptions: Option<Cost>,
}

/// One kind of work.
pub struct Line {
    /// What it is.
    pub name: &'static str,
    /// How the server does it.
    pub figures: Figures,
    /// How a bare handler answers with the same bytes.
    pub bytes: Option<Figures>,
    /// The processor time of a plain client that reads the same rows.
    pub sql: Option<Duration>,
}

impl Report {
    /// An empty report.
    pub fn new(database_url: &str, redis_url: &Option<String>, effort: Effort, products: usize) -> Self {
        let engine = if database_url.starts_with("sqlite") { "SQLite" } else { "PostgreSQL" };
        let redis = if redis_url.is_some() { " + Redis" } else { "" };
        Self {
            title: format!("{engine}{redis}, {products} products × 3, {} connections", effort.connections),
            effort,
            lines: Vec::new(),
            ready: Duration::ZERO,
            rest: 0.0,
            idle: Duration::ZERO,
            loaded: 0.0,
            peak: 0.0,
            orders: 0,
            background: Duration::ZERO,
            subscriptions: None,
        }
    }
}

/// Prints the report as Markdown.
pub fn print(report: &Report) {
    let raised: Vec<String> = RAISED.iter().map(|(name, value)| format!("`{name}={value}`")).collect();
    println!("\n### {}\n", report.title);
    println!("{} s for each figure; limits raised: {}.\n", report.effort.time.as_secs(), raised.join(", "));
    println!("| | requests/s | p50 | p99 | server CPU | floor: same bytes | floor: same SQL | ratio |");
    println!("|---|---:|---:|---:|---:|---:|---:|---:|");
    for line in &report.lines {
        let Figures { per_second, p50, p99, cpu } = line.figures;
        let bytes = line.bytes.map(|it| it.cpu);
        let floor = bytes.unwrap_or_default() + line.sql.unwrap_or_default();
        let ratio = (!floor.is_zero()).then(|| format!("{:.1}×", cpu.as_secs_f64() / floor.as_secs_f64()));
        println!(
            "| {} | {per_second:.0} | {} | {} | {} | {} | {} | {} |",
            line.name,
            millis(p50),
            millis(p99),
            millis(cpu),
            bytes.map_or_else(none, millis),
            line.sql.map_or_else(none, millis),
            ratio.unwrap_or_else(none),
        );
    }
    println!("\n| | |\n|---|---:|");
    println!(
        "| background work of a checkout, to the doorstep ({} orders) | {} CPU |",
        report.orders,
        millis(report.background)
    );
    println!("| ready, on an existing database | {:.0} ms |", report.ready.as_secs_f64() * 1000.0);
    println!("| memory at rest | {:.0} MiB |", report.rest);
    println!("| memory after the load (and its peak) | {:.0} MiB ({:.0}) |", report.loaded, report.peak);
    println!("| CPU at rest | {} a second |", millis(report.idle));
    if let Some(Cost { count, before, with, cpu }) = report.subscriptions {
        let each = (with - before) * 1024.0 / count as f64;
        println!("| memory with {count} idle subscriptions | {with:.0} MiB ({each:.1} KiB each) |");
        println!("| CPU with {count} idle subscriptions | {} a second |", millis(cpu));
    }
}

fn none() -> String {
    "–".to_owned()
}

fn millis(duration: Duration) -> String {
    format!("{:.3} ms", duration.as_secs_f64() * 1000.0)
}
