//! What a fault of one neighbor does to everything else, as a table.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::super::client::Client;
use super::super::facts::{list, time};
use super::{Case, Fault, Outcome};

/// The first supplier's name in the shop.
const FIRST: &str = "Supplier 0";
const PATIENCE: Duration = Duration::from_secs(60);

/// A supplier order: when its order was paid, and when it was forwarded.
struct Forwarded {
    first: bool,
    paid: DateTime<Utc>,
    at: DateTime<Utc>,
}

/// The head of the table.
pub fn head() {
    println!(
        "\n| neighbor | fault | orders | refused | `checkoutComplete` p50 / p99 | others: paid to forwarded p50 / p99 \
         | first supplier: p50 / p99 | last forwarded after the fault | overtaken by at most |"
    );
    println!("|---|---|---:|---:|---:|---:|---:|---:|---:|");
}

/// One line of the table.
pub async fn tell(owner: &Client, (neighbor, fault): Case, client: &Client, outcome: &Outcome) -> anyhow::Result<()> {
    let mut all = Vec::new();
    for order in &outcome.placed {
        all.extend(supplier_orders(owner, &order.id).await?);
    }
    let checkout = client.latencies.table().into_iter().find(|(name, ..)| name == "checkoutComplete");
    let (_, _, p50, p99) = checkout.unwrap_or_default();
    let waits = |first: bool| -> Vec<Duration> {
        let of = all.iter().filter(|it| it.first == first);
        of.filter_map(|it| (it.at - it.paid).to_std().ok()).collect()
    };
    let last = all.iter().map(|it| it.at).max().and_then(|at| (at - outcome.lifted).to_std().ok()).unwrap_or_default();
    println!(
        "| {} | {} | {} | {} | {} / {} | {} | {} | {} | {} |",
        format!("{neighbor:?}").to_lowercase(),
        in_words(fault),
        outcome.placed.len(),
        outcome.refused.len(),
        seconds(p50),
        seconds(p99),
        percentiles(waits(false)),
        percentiles(waits(true)),
        seconds(last),
        seconds(overtaken(&mut all)),
    );
    for reason in outcome.refused.iter().take(3) {
        println!("<!-- {reason} -->");
    }
    Ok(())
}

async fn supplier_orders(owner: &Client, order: &str) -> anyhow::Result<Vec<Forwarded>> {
    let query = "query O($id: ID!) { order(id: $id) { placedAt supplierOrders { supplier { name } \
                 history(first: 50) { nodes { to at } } } } }";
    let data = owner.persist("(audit)", query, &json!({ "id": order }), PATIENCE).await?;
    let placed = time(&data["order"]["placedAt"]);
    let forwarded = |it: &Value| {
        let steps = list(&it["history"]["nodes"]).iter();
        let at = steps.filter(|step| step["to"] == "SUBMITTED" || step["to"] == "ACKNOWLEDGED");
        let at = at.filter_map(|step| time(&step["at"])).min()?;
        Some(Forwarded { first: it["supplier"]["name"] == FIRST, paid: placed?, at })
    };
    Ok(list(&data["order"]["supplierOrders"]).iter().filter_map(forwarded).collect())
}

/// How much earlier than an older order of the same supplier a younger one was forwarded, at most.
fn overtaken(all: &mut [Forwarded]) -> Duration {
    all.sort_by_key(|it| it.paid);
    let (mut latest, mut worst) = (None, Duration::ZERO);
    for it in all.iter().filter(|it| it.first) {
        let before: DateTime<Utc> = *latest.get_or_insert(it.at);
        worst = worst.max((before - it.at).to_std().unwrap_or_default());
        latest = Some(before.max(it.at));
    }
    worst
}

fn percentiles(mut waits: Vec<Duration>) -> String {
    waits.sort_unstable();
    let at = |percent: usize| waits.get((waits.len().max(1) - 1) * percent / 100).copied().unwrap_or_default();
    format!("{} / {}", seconds(at(50)), seconds(at(99)))
}

fn seconds(duration: Duration) -> String {
    format!("{:.2} s", duration.as_secs_f64())
}

fn in_words(fault: Fault) -> String {
    match fault {
        Fault::None => "none".to_owned(),
        Fault::Delay(delay) => format!("answers {} s late", delay.as_secs()),
        Fault::Trickle => "a byte a second".to_owned(),
        Fault::Reset(bytes) => format!("reset after {bytes} bytes"),
        Fault::Blackhole => "says nothing".to_owned(),
        Fault::Garbage => "garbage".to_owned(),
        Fault::Down => "down".to_owned(),
    }
}
