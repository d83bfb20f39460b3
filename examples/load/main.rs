//! How fast one server is and what it costs, beside a floor measured in the same run.
//!
//! ```text
//! cargo run --release --example load                                                   # SQLite
//! cargo run --release --example load -- --database-url postgres://… [--redis-url redis://…]
//! ```
//!
//! The server, the simulator (suppliers and gateway) and the floor are processes of their own, on the
//! same machine as the load and the database: requests a second are shared with them, the processor
//! time of a request is the server's alone. The operations are those of `tests/it/journeys`.
//!
//! ```text
//! cargo run --release --example load -- idle --subscriptions 10000 [--per-socket 50] [--database-url …]
//! ```
//!
//! opens subscriptions that wait, and sees what they cost and how long an event takes to all of them.
//!
//! ```text
//! cargo run --release --example load -- hostile [--database-url …]
//! ```
//!
//! sees how long shoppers wait while two hundred others attack, and
//!
//! ```text
//! cargo run --release --example load -- stock [--products 67000] [--database-url …]
//! ```
//!
//! how long while a supplier reports the stock of 100,500 offers, and how long that takes.
//!
//! ```text
//! cargo run --release --example load -- feed --file TRANSACTIONS.csv.gz [--database-url …]
//! ```
//!
//! imports a real file, dirt included, and has it fetched as a supplier's own.

#[path = "../../tests/it/journeys/documents.rs"]
mod documents;

mod attack;
mod drive;
mod feed;
mod floor;
mod flow;
mod goods;
mod hostile;
mod idle;
mod parcel;
mod process;
mod seed;
mod socket;
mod sql;
mod stock;
mod subscriptions;
mod table;
mod usage;
mod wire;
mod world;

use std::time::Duration;

use anyhow::{Context, ensure};
use clap::{Parser, Subcommand};
use serde_json::{Value, json};

use self::documents::operation;
use self::drive::Effort;
use self::flow::Checkouts;
use self::process::AS_CONSIGN;
use self::table::{Line, Report};
use self::wire::{Request, Wire};
use self::world::World;

/// As the released program has it: it decides both speed and memory.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measure one server.
#[derive(Debug, Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    other: Option<Other>,
    #[command(flatten)]
    speed: Speed,
}

/// What can be measured but speed.
#[derive(Debug, Subcommand)]
enum Other {
    /// Subscriptions that wait: what they cost, and how long an event takes to all of them.
    Idle(idle::Idle),
    /// Shoppers among hostile clients: how long they wait.
    Hostile(hostile::Hostile),
    /// Shoppers while a supplier reports the stock of a hundred thousand offers.
    Stock(stock::Stock),
    /// A real file of transactions as what a supplier sends.
    Feed(feed::Feed),
}

/// Measure speed and memory.
#[derive(Debug, clap::Args)]
struct Speed {
    /// A PostgreSQL database, which must be empty. Without it, a fresh SQLite file.
    #[arg(long)]
    database_url: Option<String>,
    /// Redis.
    #[arg(long)]
    redis_url: Option<String>,
    /// How long each figure is taken.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Connections at once.
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// How many products, of three variants each.
    #[arg(long, default_value_t = 1000)]
    products: usize,
    /// How many idle subscriptions.
    #[arg(long, default_value_t = 2000)]
    subscriptions: usize,
}

/// How often a server is started to see how long that takes.
const STARTS: usize = 5;
/// So many questions are not asked twice within the second for which their answers are kept.
const DISTINCT: usize = 20_000;
/// How long a server is left alone before its memory counts as that at rest.
const REST: Duration = Duration::from_secs(10);

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args_os().skip(1);
    match arguments.next() {
        Some(first) if first == AS_CONSIGN => consign::cli::main(std::iter::once("consign".into()).chain(arguments)),
        Some(first) if first == floor::AS_FLOOR => floor::main(arguments),
        Some(first) if first == attack::AS_ATTACKERS => attack::main(arguments),
        // One thread makes the load: the other core is the server's.
        _ => tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(measure(Arguments::parse())),
    }
}

async fn measure(arguments: Arguments) -> anyhow::Result<()> {
    match arguments.other {
        None => run(arguments.speed).await,
        Some(Other::Idle(arguments)) => idle::run(arguments).await,
        Some(Other::Hostile(arguments)) => hostile::run(arguments).await,
        Some(Other::Stock(arguments)) => stock::run(arguments).await,
        Some(Other::Feed(arguments)) => feed::run(arguments).await,
    }
}

async fn run(arguments: Speed) -> anyhow::Result<()> {
    let folder = tempfile::Builder::new().prefix("consign-load-").tempdir()?.keep();
    println!("logs and data: {}", folder.display());
    let sqlite = || format!("sqlite://{}", folder.join("consign.db").display());
    let database_url = arguments.database_url.clone().unwrap_or_else(sqlite);
    let effort = Effort { connections: arguments.connections, time: Duration::from_secs(arguments.seconds) };
    let mut world = World::new(folder, database_url.clone(), arguments.redis_url.clone()).await?;
    world.restart("all").await?;
    let mut owner = Wire::connect(&world.url, Some(&world.owner_token)).await?;
    seed::fill(&mut owner, &world.simulator, arguments.products).await?;
    println!("{} products are in", arguments.products);

    let mut report = Report::new(&database_url, &arguments.redis_url, effort, arguments.products);
    rest(&mut world, &mut report).await?;
    world.restart("serve").await?;
    let client = sql::Client::connect(&database_url).await?;
    reads(&world, &client, effort, &mut report).await?;
    let tokens = sales(&world, effort, &mut report).await?;
    report.loaded = world.server()?.resident()?;
    report.peak = world.server()?.peak()?;
    background(&mut world, tokens.len(), &mut report).await?;
    let (server, count) = (world.server()?, arguments.subscriptions);
    let cost = subscriptions::measure(server, &world.url, &tokens, count, effort.time.max(REST)).await?;
    report.subscriptions = Some(cost);
    table::print(&report);
    Ok(())
}

/// How long a start takes on a database that is there, and what the server uses when nobody asks.
async fn rest(world: &mut World, report: &mut Report) -> anyhow::Result<()> {
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        starts.push(world.restart("all").await?);
    }
    starts.sort_unstable();
    report.ready = starts[STARTS / 2];
    tokio::time::sleep(REST).await;
    let server = world.server()?;
    report.rest = server.resident()?;
    let before = server.cpu()?;
    tokio::time::sleep(REST).await;
    report.idle = (server.cpu()? - before).div_f64(REST.as_secs_f64());
    Ok(())
}

/// What shoppers look at.
async fn reads(world: &World, client: &sql::Client, effort: Effort, report: &mut Report) -> anyhow::Result<()> {
    let mut wire = Wire::connect(&world.url, None).await?;
    let list = wire::operation(&operation("ProductList"), &json!({ "first": 20 }), None);
    let slugs = texts(&wire.run(&operation("ProductList"), &json!({ "first": 20 })).await?, "slug");
    ensure!(client.list().await? == slugs, "the floor reads other products than the server");
    let floor = sql::measure(effort.time, || client.list()).await?;
    read(world, effort, report, "product list, 20 with variants, repeated", &[list], Some(floor.cpu)).await?;
    let lists = anew("ProductList", |_| json!({ "first": 20 }));
    read(world, effort, report, "product list, made anew", &lists, Some(floor.cpu)).await?;

    let by_slug: Vec<Request> = slugs
        .iter()
        .map(|slug| wire::operation(&operation("ProductDetail"), &json!({ "slug": slug, "country": "DE" }), None))
        .collect();
    let product = wire.run(&operation("ProductDetail"), &json!({ "slug": slugs[0] })).await?;
    ensure!(client.product(&slugs[0]).await? == texts(&product["variants"], "sku"), "the floor reads another product");
    let floor = sql::measure(effort.time, || client.product(&slugs[0])).await?;
    read(world, effort, report, "product by slug, repeated", &by_slug, Some(floor.cpu)).await?;
    let products = anew("ProductDetail", |turn| json!({ "slug": slugs[turn % slugs.len()], "country": "DE" }));
    read(world, effort, report, "product by slug, made anew", &products, Some(floor.cpu)).await?;

    let search: Vec<Request> = goods::words()
        .map(|word| wire::operation(&operation("ProductList"), &json!({ "first": 20, "query": word }), None))
        .collect();
    read(world, effort, report, "search, 20 with variants, repeated", &search, None).await?;
    let words: Vec<String> = goods::words().collect();
    let searches = anew("ProductList", |turn| json!({ "first": 20, "query": words[turn % words.len()] }));
    read(world, effort, report, "search, made anew", &searches, None).await
}

/// Requests of which each asks something new: a variable that no field uses tells them apart.
fn anew(name: &str, variables: impl Fn(usize) -> Value) -> Vec<Request> {
    let operation = operation(name);
    let request = |turn| {
        let mut variables = variables(turn);
        variables["turn"] = json!(turn);
        wire::operation(&operation, &variables, None)
    };
    (0..DISTINCT).map(request).collect()
}

/// Measures `requests`, and the floor for the answer to the first of them.
async fn read(
    world: &World,
    effort: Effort,
    report: &mut Report,
    name: &'static str,
    requests: &[Request],
    sql: Option<Duration>,
) -> anyhow::Result<()> {
    println!("{name} …");
    let figures = drive::requests(world.server()?, &world.url, effort, requests).await?;
    let bytes = floor::measure(&world.url, effort, &requests[0]).await?;
    report.lines.push(Line { name, figures, bytes: Some(bytes), sql });
    Ok(())
}

/// What buyers do; answers the tracking tokens of their orders.
async fn sales(world: &World, effort: Effort, report: &mut Report) -> anyhow::Result<Vec<String>> {
    let name = "full checkout, 6 operations";
    println!("{name} …");
    let mut wire = Wire::connect(&world.url, None).await?;
    let page = wire.run(&operation("ProductList"), &json!({ "first": 100, "sort": "NAME" })).await?;
    let nodes = page["nodes"].as_array().context("no products")?;
    let checkouts = Checkouts::of(nodes.iter().flat_map(|product| texts(&product["variants"], "id")).collect());
    let buy = async |wire: &mut Wire, turn: usize| checkouts.run(wire, turn).await;
    let figures = drive::work(world.server()?, &world.url, effort, buy).await?;
    report.lines.push(Line { name, figures, bytes: None, sql: None });

    let tokens = checkouts.tokens.into_inner();
    let request = |token: &String| wire::operation(&operation("OrderByToken"), &json!({ "token": token }), None);
    let requests: Vec<Request> = tokens.iter().take(1000).map(request).collect();
    read(world, effort, report, "order by token", &requests, None).await?;
    Ok(tokens)
}

/// Lets the background work of `orders` orders run to their doorsteps, which so far nobody did.
async fn background(world: &mut World, orders: usize, report: &mut Report) -> anyhow::Result<()> {
    println!("the background work of {orders} orders …");
    world.restart("all").await?;
    let server = world.server()?;
    let (before, began) = (server.cpu()?, std::time::Instant::now());
    let mut owner = Wire::connect(&world.url, Some(&world.owner_token)).await?;
    let text = "query O { orders(first: 1, filter: { fulfillmentStatus: [DELIVERED] }) { totalCount } }";
    while owner.run(text, &json!({})).await?["totalCount"] != orders {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let idle = report.idle.mul_f64(began.elapsed().as_secs_f64());
    report.background = (server.cpu()? - before).saturating_sub(idle).div_f64(orders as f64);
    report.orders = orders;
    Ok(())
}

fn texts(connection: &Value, field: &str) -> Vec<String> {
    let nodes = connection["nodes"].as_array().into_iter().flatten();
    nodes.filter_map(|node| Some(node[field].as_str()?.to_owned())).collect()
}
