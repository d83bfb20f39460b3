//! The neighbor lab: a steady stream of baskets while one neighbor after the other misbehaves in one
//! way after the other. What has nothing to do with that neighbor must go on as before, and what has
//! must go on afterwards, the oldest first.

mod measure;
mod proxy;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::ensure;
use chrono::{DateTime, Utc};
use consign::kernel::clock::Clock;
use tokio::task::JoinSet;

pub use self::proxy::{Fault, Proxy};
use super::audit;
use super::client::Client;
use super::data::{Good, Invoice, Offer, SUPPLIERS};
use super::drive::{self, Acknowledged, Ending, Shop};
use super::facts;
use super::shop;
use super::world::{self, Setup, World};

/// Goods of each supplier.
const GOODS: usize = 8;
/// How long a fault lasts.
const LASTS: Duration = Duration::from_secs(15);
/// Longest wait for the last delivery after a fault.
const PATIENCE: Duration = Duration::from_secs(300);

/// Mails that the mail server may have taken twice: it took them, and its word was lost on the way.
const MAILS_CUT_OFF: u64 = 24;

/// Who misbehaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Neighbor {
    /// Nobody: what the others are compared with.
    Nobody,
    /// The first supplier.
    Supplier,
    /// The payment gateway.
    Gateway,
    /// The mail server.
    Mail,
    /// Redis.
    Redis,
    /// PostgreSQL.
    Database,
}

/// Who, and what is wrong.
pub type Case = (Neighbor, Fault);

const FAULTS: [Fault; 6] = [
    Fault::Delay(Duration::from_secs(3)),
    Fault::Trickle,
    Fault::Reset(200),
    Fault::Blackhole,
    Fault::Garbage,
    Fault::Down,
];

/// Runs every fault of every neighbor there is, `rate` baskets a second, and audits at the end.
pub async fn run(setup: Setup, rate: f64) -> anyhow::Result<()> {
    let began = Instant::now();
    let owner_token = world::make_owner(&setup).await?;
    let world = World::start(setup).await?;
    let client = Client::new(world.servers.clone())?;
    let owner = client.with_token(&owner_token);
    let goods: Vec<Good> = (0..SUPPLIERS * GOODS).map(good).collect();
    let variants = shop::open(&world, &owner, &goods).await?;
    let shop = Shop { client, variants, run: "neighbors".to_owned() };
    let mut placed = Vec::new();
    measure::head();
    for (number, case) in cases(&world).into_iter().enumerate() {
        // Latencies of its own for each case.
        let shop = Arc::new(Shop { client: Client::new(world.servers.clone())?, ..shop.clone() });
        let outcome = sell(&world, case, &shop, number, rate).await?;
        audit::wait_until_quiet(&world, &owner, PATIENCE).await?;
        measure::tell(&owner, case, &shop.client, &outcome).await?;
        placed.extend(outcome.placed);
    }
    let facts = facts::collect(&world, &owner, MAILS_CUT_OFF).await?;
    let violations = audit::check(&facts, &placed);
    println!("\n{} orders in {:.0?}; violations: {}", placed.len(), began.elapsed(), violations.len());
    ensure!(violations.is_empty(), "{}", violations.join("\n"));
    Ok(())
}

fn cases(world: &World) -> Vec<Case> {
    let mut all = vec![(Neighbor::Nobody, Fault::None)];
    for neighbor in [Neighbor::Supplier, Neighbor::Gateway, Neighbor::Mail, Neighbor::Redis, Neighbor::Database] {
        if world.has(neighbor) {
            all.extend(FAULTS.map(|fault| (neighbor, fault)));
        }
    }
    all
}

fn good(number: usize) -> Good {
    let supplier = number / GOODS;
    let offers = vec![Offer { supplier, cost: 500, stock: 1_000_000 }];
    Good { code: format!("S{supplier}G{}", number % GOODS), title: format!("Good {number}"), price: 1000, offers }
}

/// A third of the baskets are the first supplier's, the others the others'.
fn basket(case: usize, number: usize) -> Invoice {
    let supplier = number % SUPPLIERS;
    let lines = [number % GOODS, (number + 3) % GOODS].map(|good| (format!("S{supplier}G{good}"), 1)).to_vec();
    Invoice { number: format!("{case}-{number}"), country: "GB", lines }
}

/// What became of the baskets that came while something was wrong.
pub struct Outcome {
    /// The orders.
    placed: Vec<Acknowledged>,
    /// Why the others have none.
    refused: Vec<String>,
    /// When the fault was gone.
    lifted: DateTime<Utc>,
}

/// Lets something be wrong for a while, and waits for every client.
async fn sell(
    world: &World,
    (neighbor, fault): Case,
    shop: &Arc<Shop>,
    case: usize,
    rate: f64,
) -> anyhow::Result<Outcome> {
    world.misbehave(neighbor, fault);
    let mut beat = tokio::time::interval(Duration::from_secs_f64(1.0 / rate));
    let end = Instant::now() + LASTS;
    let mut tasks = JoinSet::new();
    for number in 0.. {
        beat.tick().await;
        if Instant::now() > end {
            break;
        }
        tasks.spawn(drive::checkout(Arc::clone(shop), basket(case, number)));
    }
    world.misbehave(neighbor, Fault::None);
    let lifted = Clock::System.now();
    let mut outcome = Outcome { placed: Vec::new(), refused: Vec::new(), lifted };
    while let Some(task) = tasks.join_next().await {
        match task? {
            Ok(Ending::Placed(order)) => outcome.placed.push(order),
            Ok(Ending::Refused(reason)) => outcome.refused.push(reason),
            Err(error) => outcome.refused.push(format!("{error:#}")),
        }
    }
    Ok(outcome)
}
