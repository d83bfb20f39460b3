//! The report.

use std::collections::BTreeMap;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Outcome;
use super::client::Retries;
use super::facts::Facts;
use super::world::Setup;

/// What a report tells.
pub struct Report<'a> {
    /// How the run was set up.
    pub setup: &'a Setup,
    /// How the checkouts ended.
    pub outcome: &'a Outcome,
    /// How long the checkouts took.
    pub checkout_time: Duration,
    /// How long it took until all was quiet.
    pub whole_time: Duration,
    /// Resident memory of the first server at the end.
    pub resident_kib: Option<u64>,
    /// Calls that had to be sent again.
    pub retries: &'a Retries,
    /// Operation, count, p50, p99.
    pub latencies: Vec<(String, usize, Duration, Duration)>,
    /// What was found afterwards.
    pub facts: &'a Facts,
    /// What must not be.
    pub violations: &'a [String],
}

impl Report<'_> {
    fn failed_twice(&self) -> Vec<String> {
        self.retries.failed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Prints the report as Markdown.
pub fn print(report: &Report) {
    let setup = report.setup;
    let engine = if setup.database_url.starts_with("sqlite") { "SQLite" } else { "PostgreSQL" };
    let redis = if setup.redis_url.is_some() { " + Redis" } else { "" };
    println!("\n## Replay on {engine}{redis}, {} server(s), seed {}\n", setup.replicas, setup.seed);
    totals(report);
    println!("\n| operation | count | p50 | p99 |\n|---|---:|---:|---:|");
    for (operation, count, p50, p99) in report.latencies.iter().filter(|(name, ..)| !name.starts_with('(')) {
        println!("| {operation} | {count} | {} | {} |", millis(*p50), millis(*p99));
    }
    list("orders by fulfillment", &count(report.facts.orders.iter().map(|order| order.fulfillment_status.clone())));
    list(
        "exceptions by reason",
        &count(report.facts.work_items.iter().map(|item| format!("{} ({})", item.kind, item.status))),
    );
    list("baskets without an order", &count(report.outcome.refused.iter().map(|(_, reason)| reason.clone())));
    list("calls that failed twice", &count(report.failed_twice().into_iter()));
    println!("\n**Violations: {}**", report.violations.len());
    for violation in report.violations.iter().take(50) {
        println!("- {violation}");
    }
}

fn totals(report: &Report) {
    let placed = &report.outcome.placed;
    let rate = placed.len() as f64 / report.checkout_time.as_secs_f64();
    let short: usize = placed.iter().map(|order| order.short_lines).sum();
    println!("| what | figure |\n|---|---:|");
    println!("| orders placed | {} |", placed.len());
    println!("| lines | {} |", report.facts.orders.iter().map(|order| order.lines).sum::<usize>());
    println!("| lines that ran short | {short} |");
    println!(
        "| supplier orders | {} |",
        report.facts.orders.iter().map(|order| order.supplier_orders.len()).sum::<usize>()
    );
    println!("| checkouts per second | {rate:.1} |");
    println!("| time for all checkouts | {:.1} s |", report.checkout_time.as_secs_f64());
    println!("| time until all was quiet | {:.1} s |", report.whole_time.as_secs_f64());
    let mut forwarded: Vec<Duration> = report.facts.orders.iter().filter_map(|order| order.forwarded_after).collect();
    forwarded.sort_unstable();
    for percent in [50, 99] {
        let figure = forwarded.get((forwarded.len().max(1) - 1) * percent / 100).copied().unwrap_or_default();
        println!("| paid to forwarded, p{percent} | {} |", millis(figure));
    }
    println!("| calls that succeeded when sent once more | {} |", report.retries.once.load(Ordering::Relaxed));
    println!("| calls that failed even then | {} |", report.failed_twice().len());
    println!("| servers killed | {} |", report.facts.killed);
    println!("| mails | {} |", report.facts.mails.len());
    if let Some(kib) = report.resident_kib {
        println!("| memory of the first server at the end | {} MiB |", kib / 1024);
    }
}

fn count(names: impl Iterator<Item = String>) -> BTreeMap<String, usize> {
    names.fold(BTreeMap::new(), |mut counts, name| {
        *counts.entry(name).or_default() += 1;
        counts
    })
}

fn list(title: &str, counts: &BTreeMap<String, usize>) {
    if counts.is_empty() {
        return;
    }
    println!("\n| {title} | |\n|---|---:|");
    for (name, number) in counts {
        println!("| {} | {number} |", name.replace('|', "/"));
    }
}

fn millis(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1000.0)
}
