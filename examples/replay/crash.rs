//! The crash sweep: a story from basket to doorstep, over and over, and in each a server is killed at
//! another one of its system calls – in every third it is killed once more while it comes back. Then the
//! books are audited: nothing may be lost or doubled, and nothing may have to be mended by a person.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use tokio::process::Child;
use tokio::task::JoinHandle;

use super::audit;
use super::client::Client;
use super::data::{Good, Invoice, Offer, SUPPLIERS};
use super::drive::{self, Acknowledged, Ending, Shop};
use super::facts::{self, Facts};
use super::random::Draw;
use super::shop;
use super::story;
use super::tracer::{self, On, Seen};
use super::world::{self, Setup, World};

/// Goods on the shelf.
const GOODS: usize = 12;
/// Stories that are told to the end to count the calls.
const MEASURED: usize = 3;
/// Rounds between two audits.
const BLOCK: u64 = 100;
/// Calls of a start among which the second kill falls.
const START_CALLS: i64 = 150;
/// How long a server may go on before it is killed where it is, because it has nothing left to do.
const LINGER: Duration = Duration::from_secs(12);
/// Longest wait for the last delivery of a block.
const PATIENCE: Duration = Duration::from_secs(300);

/// Where a server was killed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Point {
    /// The call, and what it was made on, in words.
    call: String,
    /// Its number since the story began, or since the server's start.
    number: u64,
    /// Whether the server was coming back from an earlier kill.
    coming_back: bool,
}

/// What a sweep did.
#[derive(Default)]
struct Sweep {
    points: BTreeSet<Point>,
    lingered: u64,
    killed: u64,
    placed: Vec<Acknowledged>,
    refused: Vec<String>,
    violations: Vec<String>,
}

/// Kills a server at `points` moments and audits; an error if anything is not as it must be.
pub async fn run(setup: Setup, points: u64) -> anyhow::Result<()> {
    let began = Instant::now();
    let seed = setup.seed;
    let owner_token = world::make_owner(&setup).await?;
    let mut world = World::start(setup).await?;
    let anonymous = Client::new(world.servers.clone())?;
    let owner = anonymous.with_token(&owner_token);
    let goods: Vec<Good> = (0..GOODS).map(good).collect();
    let variants = shop::open(&world, &owner, &goods).await?;
    let shop = Arc::new(Shop { client: anonymous, variants, run: format!("crash{seed}") });
    let mut sweep = Sweep::default();
    let calls = measure(&mut world, &shop, &owner, &mut sweep).await?;
    println!("  a story is {calls} system calls with an effect; {points} of them will be the last");
    for (round, target) in targets(seed, points, calls).into_iter().enumerate() {
        round_of(&mut world, &shop, &owner, &mut sweep, round as u64, target).await?;
        let done = round as u64 + 1;
        if done.is_multiple_of(20) {
            println!("  {done} of {points}, {} kills, {:.0?}", sweep.killed, began.elapsed());
        }
        if done.is_multiple_of(BLOCK) || done == points {
            audit(&world, &owner, &mut sweep).await?;
            ensure!(sweep.violations.is_empty(), "violations:\n{}", sweep.violations.join("\n"));
        }
    }
    report(&world, &sweep, calls, began.elapsed());
    Ok(())
}

fn good(number: usize) -> Good {
    let offer = |supplier: usize| Offer { supplier: supplier % SUPPLIERS, cost: 500, stock: 100_000 };
    let offers = vec![offer(number), offer(number + 1)];
    Good { code: format!("CRASH{number:02}"), title: format!("Crash good {number}"), price: 1000, offers }
}

/// The basket of a round: two to four goods, of two suppliers at least.
fn basket(seed: u64, round: &str) -> Invoice {
    let mut draw = Draw::new(seed, round);
    let mut next = || usize::try_from(draw.between(0, GOODS as i64 - 1)).unwrap_or_default();
    let first = next();
    let codes = BTreeSet::from([first, (first + 2) % GOODS, next(), next()]);
    let lines = codes.into_iter().map(|code| (good(code).code, 1 + code as i64 % 3)).collect();
    Invoice { number: round.to_owned(), country: "GB", lines }
}

/// How many calls a story is: the median of a few that are told to the end.
async fn measure(world: &mut World, shop: &Arc<Shop>, owner: &Client, sweep: &mut Sweep) -> anyhow::Result<u64> {
    let mut calls = Vec::new();
    for number in 0..MEASURED {
        let mut tracers = Vec::new();
        for index in 0..world.servers.len() {
            tracers.push(tracer::follow(world.pid(index)?, u64::MAX)?);
        }
        let Ending::Placed(order) = drive::checkout(Arc::clone(shop), basket(0, &format!("measure{number}"))).await?
        else {
            bail!("a basket in stock was refused")
        };
        story::delivered(owner, &order.id, PATIENCE).await?;
        sweep.placed.push(order);
        let mut sum = 0;
        for (index, tracer) in tracers.into_iter().enumerate() {
            world.kill_and_restart(index).await?;
            sweep.killed += 1;
            sum += tracer::seen(tracer).await?.calls;
        }
        calls.push(sum / world.servers.len() as u64);
    }
    calls.sort_unstable();
    Ok(calls[calls.len() / 2])
}

/// `points` calls, one in each of as many equal parts of a story, in a random order.
fn targets(seed: u64, points: u64, calls: u64) -> Vec<u64> {
    let mut draw = Draw::new(seed, "crash");
    let part = |point: u64| point * calls / points;
    let one = |point: u64, draw: &mut Draw| {
        let (low, high) = (part(point), part(point + 1).max(part(point) + 1) - 1);
        1 + low + u64::try_from(draw.between(0, (high - low).cast_signed())).unwrap_or_default()
    };
    let mut order: Vec<(i64, u64)> =
        (0..points).map(|point| (draw.between(0, i64::MAX / 2), one(point, &mut draw))).collect();
    order.sort_unstable();
    order.into_iter().map(|(_, target)| target).collect()
}

/// One story and one kill, or two.
async fn round_of(
    world: &mut World,
    shop: &Arc<Shop>,
    owner: &Client,
    sweep: &mut Sweep,
    round: u64,
    target: u64,
) -> anyhow::Result<()> {
    let victim = (round % world.servers.len() as u64) as usize;
    let tracer = tracer::follow(world.pid(victim)?, target)?;
    let telling = tokio::spawn(story::tell(
        Arc::clone(shop),
        owner.clone(),
        basket(world.setup().seed, &format!("round{round}")),
        story::Kind::of(round),
        sweep.placed.last().map(|order| order.id.clone()),
    ));
    let (seen, on_time) = last_breath(world, victim, tracer, &telling).await?;
    note(world, sweep, seen, on_time, false);
    world.launch(victim)?;
    if round.is_multiple_of(3) {
        let number = Draw::new(world.setup().seed, &format!("again{round}")).between(1, START_CALLS);
        let tracer = tracer::follow(world.pid(victim)?, number.unsigned_abs())?;
        let (seen, on_time) = last_breath(world, victim, tracer, &telling).await?;
        note(world, sweep, seen, on_time, true);
        world.launch(victim)?;
    }
    world.ready(victim).await?;
    match telling.await?? {
        Ending::Placed(order) => sweep.placed.push(order),
        Ending::Refused(reason) => sweep.refused.push(reason),
    }
    Ok(())
}

/// Waits until the tracer has killed its victim. A server that has nothing left to do is killed where it is.
async fn last_breath(
    world: &mut World,
    victim: usize,
    tracer: Child,
    telling: &JoinHandle<anyhow::Result<Ending>>,
) -> anyhow::Result<(Seen, bool)> {
    let seen = tracer::seen(tracer);
    tokio::pin!(seen);
    let mut since = Instant::now();
    loop {
        tokio::select! {
            seen = &mut seen => {
                world.kill(victim).await?;
                return Ok((seen?, true));
            }
            () = tokio::time::sleep(Duration::from_millis(100)) => {}
        }
        if !telling.is_finished() {
            since = Instant::now();
        }
        if since.elapsed() > LINGER {
            world.kill(victim).await?;
            return Ok((seen.await?, false));
        }
    }
}

fn note(world: &World, sweep: &mut Sweep, seen: Seen, on_time: bool, coming_back: bool) {
    sweep.killed += 1;
    match seen.killed_at.filter(|_| on_time) {
        Some(call) => {
            let on = match call.on {
                On::File(path) => path.file_name().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default(),
                On::Socket { local, remote } => world.name_of(local, remote).to_owned(),
                On::Other => "something else".to_owned(),
            };
            sweep.points.insert(Point { call: format!("{} to {on}", call.name), number: seen.calls, coming_back });
        }
        None => sweep.lingered += 1,
    }
}

async fn audit(world: &World, owner: &Client, sweep: &mut Sweep) -> anyhow::Result<()> {
    audit::wait_until_quiet(world, owner, PATIENCE).await?;
    let facts = facts::collect(world, owner, sweep.killed).await?;
    sweep.violations = audit::check(&facts, &sweep.placed);
    sweep.violations.extend(left_to_people(&facts));
    // A server that died before it asked for the money: the buyer is told that nothing was charged.
    let refused = sweep.refused.iter().filter(|reason| !reason.contains("nothing was charged"));
    sweep.violations.extend(refused.map(|reason| format!("a basket in stock was refused: {reason}")));
    Ok(())
}

/// The suppliers play no faults here: whatever is left for a person is a fault of ours. But a buyer whose yes to
/// a cancellation came when the goods had left is told so, and so is the store.
fn left_to_people(facts: &Facts) -> Vec<String> {
    let is_news = |kind: &str| kind == "CANCELLATION_REFUSED";
    let open = facts.work_items.iter().filter(|item| item.status != "RESOLVED" && !is_news(&item.kind));
    let mut found: Vec<String> =
        open.map(|item| format!("{} of {:?} is left to a person", item.kind, item.order)).collect();
    let ended = |status: &str| matches!(status, "DELIVERED" | "CANCELLED");
    let on_their_way = facts.orders.iter().filter(|order| !ended(&order.fulfillment_status));
    found.extend(on_their_way.map(|order| format!("{} is {} for good", order.id, order.fulfillment_status)));
    found
}

fn report(world: &World, sweep: &Sweep, calls: u64, took: Duration) {
    let setup = world.setup();
    let engine = if setup.database_url.starts_with("sqlite") { "SQLite" } else { "PostgreSQL" };
    let redis = if setup.redis_url.is_some() { " + Redis" } else { "" };
    println!("\n## Crash sweep on {engine}{redis}, {} server(s), seed {}\n", setup.replicas, setup.seed);
    println!("| what | figure |\n|---|---:|");
    println!("| system calls with an effect in a story | {calls} |");
    println!("| kills | {} |", sweep.killed);
    println!("| distinct kill points | {} |", sweep.points.len());
    println!(
        "| of these while coming back from a kill | {} |",
        sweep.points.iter().filter(|it| it.coming_back).count()
    );
    println!("| kills of a server with nothing left to do | {} |", sweep.lingered);
    println!("| orders | {} |", sweep.placed.len());
    println!("| time | {:.0} s |", took.as_secs_f64());
    println!("| **violations** | **{}** |", sweep.violations.len());
    let mut calls: BTreeMap<&str, usize> = BTreeMap::new();
    for point in &sweep.points {
        *calls.entry(&point.call).or_default() += 1;
    }
    println!("\n| killed before this call was made | points |\n|---|---:|");
    for (call, count) in calls {
        println!("| {call} | {count} |");
    }
}
