//! Races over HTTP against real processes: many clients want, at the same moment, what only one or a few
//! of them can have. Each race is judged at once by what its clients were told, and all of them together
//! by the audit.

mod cancel;
mod carts;
mod coupon;
mod key;
mod late;
mod paused;
mod refund;
mod stock;

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

use super::audit;
use super::client::Client;
use super::data::{Good, Offer, SUPPLIERS};
use super::drive::Acknowledged;
use super::facts;
use super::shop;
use super::world::{self, Setup, World};

/// Longest wait for the last delivery.
const PATIENCE: Duration = Duration::from_secs(600);
/// The good that never runs out.
const PLENTY: &str = "PLENTY";
/// Clients of a race for one thing.
const CROWD: usize = 100;

/// The mails one server may be sending at once: a quarter of its worker's places.
const MAILS_AT_ONCE: u64 = 4;

/// What the races need, and what they leave behind.
pub struct Lab {
    world: World,
    client: Client,
    owner: Client,
    variants: std::collections::BTreeMap<String, String>,
    rounds: usize,
    buyers: usize,
    pause: Duration,
    placed: Vec<Acknowledged>,
}

impl Lab {
    fn variant(&self, code: &str) -> anyhow::Result<&str> {
        Ok(self.variants.get(code).context("the import lost a variant")?)
    }
}

/// Runs every race `rounds` times and audits; an error if anything is not as it must be. `pause` is how
/// long one of two or more servers is stopped in the middle of its work.
pub async fn run(setup: Setup, rounds: usize, buyers: usize, pause: Duration) -> anyhow::Result<()> {
    let began = Instant::now();
    let replicas = setup.replicas;
    let owner_token = world::make_owner(&setup).await?;
    let world = World::start(setup).await?;
    let client = Client::new(world.servers.clone())?;
    let owner = client.with_token(&owner_token);
    let goods: Vec<Good> = (0..rounds * 2).map(stock::good).chain([plenty()]).collect();
    let variants = shop::open(&world, &owner, &goods).await?;
    let mut lab = Lab { world, client, owner, variants, rounds, buyers, pause, placed: Vec::new() };
    println!("| race | rounds | clients | outcome |\n|---|---:|---:|---|");
    stock::run(&mut lab).await?;
    coupon::run(&mut lab).await?;
    key::run(&mut lab).await?;
    carts::run(&mut lab).await?;
    refund::run(&mut lab).await?;
    late::run(&mut lab).await?;
    cancel::run(&mut lab).await?;
    if replicas > 1 {
        paused::run(&mut lab).await?;
    }
    audit::wait_until_quiet(&lab.world, &lab.owner, PATIENCE).await?;
    // What a stopped server was telling the mail server is told once more by another one.
    let interrupted = if replicas > 1 { MAILS_AT_ONCE } else { 0 };
    let facts = facts::collect(&lab.world, &lab.owner, interrupted).await?;
    let violations = audit::check(&facts, &lab.placed);
    println!("{} orders in {:.0?}; violations: {}", lab.placed.len(), began.elapsed(), violations.len());
    ensure!(violations.is_empty(), "{}", violations.join("\n"));
    Ok(())
}

fn plenty() -> Good {
    let offers = (0..SUPPLIERS).map(|supplier| Offer { supplier, cost: 500, stock: 1_000_000 }).collect();
    Good { code: PLENTY.to_owned(), title: "There is always more of it".to_owned(), price: 1000, offers }
}

/// A line of the table of races.
fn tell(race: &str, rounds: usize, clients: usize, outcome: &str) {
    println!("| {race} | {rounds} | {clients} | {outcome} |");
}
