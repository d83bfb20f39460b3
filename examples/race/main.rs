//! Fifty buyers race for five units, round after round, over HTTP against real processes.
//!
//! ```text
//! cargo run --release --example race
//! cargo run --release --example race -- --replicas 2 \
//!     --database-url postgres://postgres@127.0.0.1/consign_race --redis-url redis://127.0.0.1
//! ```

#[path = "../replay/client.rs"]
mod client;
#[path = "../replay/data.rs"]
mod data;
#[path = "../replay/random.rs"]
mod random;
#[path = "../replay/shop.rs"]
mod shop;
#[path = "../replay/world.rs"]
mod world;

use std::path::PathBuf;

use anyhow::{Context, ensure};
use clap::Parser;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use self::client::{Client, user_errors};
use self::data::{Good, Offer};
use self::world::{AS_CONSIGN, Setup, World};

/// Units there are in each round.
const UNITS: i64 = 5;

/// Let buyers race for the last units.
#[derive(Debug, Parser)]
struct Arguments {
    /// How many rounds.
    #[arg(long, default_value_t = 20)]
    rounds: usize,
    /// How many buyers a round.
    #[arg(long, default_value_t = 50)]
    buyers: usize,
    /// How many servers; more than one needs PostgreSQL and Redis.
    #[arg(long, default_value_t = 1)]
    replicas: usize,
    /// A PostgreSQL database, which must be empty. Without it, a fresh SQLite file.
    #[arg(long)]
    database_url: Option<String>,
    /// Redis.
    #[arg(long)]
    redis_url: Option<String>,
}

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args_os();
    if arguments.nth(1).is_some_and(|first| first == AS_CONSIGN) {
        return consign::cli::main(std::iter::once("consign".into()).chain(arguments));
    }
    let arguments = Arguments::parse();
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(race(arguments))
}

async fn race(arguments: Arguments) -> anyhow::Result<()> {
    let folder: PathBuf = tempfile::Builder::new().prefix("consign-race-").tempdir()?.keep();
    println!("logs and data: {}", folder.display());
    let sqlite = format!("sqlite://{}", folder.join("consign.db").display());
    let setup = Setup {
        database_url: arguments.database_url.clone().unwrap_or(sqlite),
        redis_url: arguments.redis_url.clone(),
        replicas: arguments.replicas,
        time_scale: 600,
        seed: 1,
        faults: json!({}),
        folder,
    };
    let owner_token = world::make_owner(&setup).await?;
    let world = World::start(setup).await?;
    let anonymous = Client::new(world.servers.clone())?;
    let goods: Vec<Good> = (0..arguments.rounds * 2).map(good).collect();
    let variants = shop::open(&world, &anonymous.with_token(&owner_token), &goods).await?;
    for round in 0..arguments.rounds * 2 {
        // In the second half every other buyer asks for two units, in two lines of the same variant.
        let two_lines = round >= arguments.rounds;
        let variant = variants.get(&goods[round].code).context("the import lost a variant")?;
        let sold = run_round(&anonymous, variant, arguments.buyers, two_lines).await?;
        let kind = if two_lines { "with two lines" } else { "one line each" };
        println!("round {:>2} ({kind}): {sold} sold", round + 1);
        ensure!(sold == UNITS, "{sold} sold where there were {UNITS}");
    }
    println!("{} rounds: exactly {UNITS} sold every time", arguments.rounds * 2);
    Ok(())
}

fn good(number: usize) -> Good {
    let offer = Offer { supplier: 0, cost: 500, stock: UNITS };
    Good { code: format!("RACE{number:03}"), title: format!("Race good {number}"), price: 1000, offers: vec![offer] }
}

/// All buyers prepare a cart, then confirm at once; answers how many units were sold.
async fn run_round(client: &Client, variant: &str, buyers: usize, two_lines: bool) -> anyhow::Result<i64> {
    let mut carts = Vec::new();
    for buyer in 0..buyers {
        let lines = if two_lines && buyer.is_multiple_of(2) { 2 } else { 1 };
        carts.push((buyer, i64::from(lines), prepare(client, variant, lines).await?));
    }
    let mut tasks = JoinSet::new();
    for (buyer, units, cart) in carts {
        let client = client.clone();
        tasks.spawn(async move { anyhow::Ok(if confirm(&client, buyer, &cart).await? { units } else { 0 }) });
    }
    let mut sold = 0;
    while let Some(units) = tasks.join_next().await {
        sold += units??;
    }
    Ok(sold)
}

async fn prepare(client: &Client, variant: &str, lines: u8) -> anyhow::Result<Value> {
    let line = json!({ "variantId": variant, "quantity": 1 });
    let input = json!({
        "lines": (0..lines).map(|_| &line).collect::<Vec<_>>(), "contact": { "email": "buyer@example.com" }, "country": "GB",
    });
    let query = "mutation C($input: CartCreateInput!) { cartCreate(input: $input) { cart { id } userErrors { code message field } } }";
    let data = client.once("cartCreate", query, &json!({ "input": input })).await?;
    let id = data["cartCreate"]["cart"]["id"].clone();
    ensure!(id.is_string(), "no cart: {:?}", user_errors(&data, "cartCreate"));
    let address = json!({ "name": "A Buyer", "address1": "1 Main Street", "city": "London", "postalCode": "EC1A 1BB", "countryCode": "GB" });
    let query = "mutation A($id: ID!, $address: AddressInput!) { cartShippingAddressSet(cartId: $id, address: $address) \
                 { cart { id cost { total { amount currencyCode } } } userErrors { code message field } } }";
    let data = client.once("cartShippingAddressSet", query, &json!({ "id": id, "address": address })).await?;
    Ok(data["cartShippingAddressSet"]["cart"].clone())
}

async fn confirm(client: &Client, buyer: usize, cart: &Value) -> anyhow::Result<bool> {
    let query = "mutation C($id: ID!, $input: CheckoutCompleteInput!) { checkoutComplete(cartId: $id, input: $input) \
                 { order { id } payment { status } userErrors { code message field } } }";
    let input = json!({
        "idempotencyKey": format!("race-{buyer}"), "expectedTotal": cart["cost"]["total"],
        "payment": { "gateway": "test", "token": "tok_ok" },
    });
    for _ in 0..100 {
        let data = client.once("checkoutComplete", query, &json!({ "id": cart["id"], "input": input })).await?;
        if data["checkoutComplete"]["order"]["id"].is_string() {
            return Ok(true);
        }
        let errors = user_errors(&data, "checkoutComplete").join("; ");
        if errors.contains("OUT_OF_STOCK") || errors.contains("TOTAL_MISMATCH") {
            return Ok(false);
        }
        ensure!(errors.is_empty() || errors.contains("IN_PROGRESS"), "an unclean refusal: {errors}");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    anyhow::bail!("a checkout never ended")
}
