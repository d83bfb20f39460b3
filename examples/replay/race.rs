//! Fifty buyers race for five units, round after round, over HTTP against real processes.

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::client::{Client, user_errors};
use super::data::{Good, Offer};
use super::shop;
use super::world::{self, Setup, World};

/// Units there are in each round.
const UNITS: i64 = 5;

/// Runs `rounds` of each kind with `buyers`; an error unless exactly the units there are were sold.
pub async fn run(setup: Setup, rounds: usize, buyers: usize) -> anyhow::Result<()> {
    let owner_token = world::make_owner(&setup).await?;
    let world = World::start(setup).await?;
    let anonymous = Client::new(world.servers.clone())?;
    let goods: Vec<Good> = (0..rounds * 2).map(good).collect();
    let variants = shop::open(&world, &anonymous.with_token(&owner_token), &goods).await?;
    for (round, good) in goods.iter().enumerate() {
        // In the second half every other buyer asks for two units, in two lines of the same variant.
        let two_lines = round >= rounds;
        let variant = variants.get(&good.code).context("the import lost a variant")?;
        let sold = run_round(&anonymous, variant, buyers, two_lines).await?;
        let kind = if two_lines { "two lines of one variant in every other cart" } else { "one line each" };
        println!("round {:>2} ({kind}): {sold} sold", round + 1);
        ensure!(sold == UNITS, "{sold} sold where there were {UNITS}");
    }
    println!("{} rounds of {buyers} buyers: exactly {UNITS} sold every time", rounds * 2);
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
