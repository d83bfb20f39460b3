//! One order's money, asked back by everybody.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::super::client::user_errors;
use super::carts::{confirm_all, orders, prepare};
use super::{CROWD, Lab, PLENTY, tell};

/// How long the money may take to come in.
const PATIENCE: Duration = Duration::from_secs(60);

/// The whole amount goes back once, whether everybody has a key of their own or all have the same.
pub async fn run(lab: &mut Lab) -> anyhow::Result<()> {
    for same_key in [false, true] {
        for round in 0..lab.rounds {
            let order = captured(lab, &format!("refund-{same_key}-{round}")).await?;
            let keys =
                (0..CROWD).map(|client| format!("refund-{same_key}-{round}-{}", if same_key { 0 } else { client }));
            let refunds = refund_all(lab, &order, keys).await?;
            let distinct: BTreeSet<&String> = refunds.iter().collect();
            ensure!(distinct.len() == 1, "{} refunds of one order's whole amount", distinct.len());
            ensure!(!same_key || refunds.len() == CROWD, "only {} of {CROWD} were told", refunds.len());
        }
        let (race, outcome) = match same_key {
            false => ("whole refund, a key each", "one refund"),
            true => ("whole refund, one key", "one refund, told to all"),
        };
        tell(race, lab.rounds, CROWD, outcome);
    }
    Ok(())
}

/// An order whose money is in: its id and its total.
async fn captured(lab: &mut Lab, key: &str) -> anyhow::Result<(String, Value)> {
    let cart = prepare(&lab.client, lab.variant(PLENTY)?, 1, None).await?;
    let total = cart["cost"]["total"].clone();
    let placed = orders(confirm_all(&lab.client, [(key.to_owned(), cart)], "tok_ok").await?, &[])?;
    let id = placed[0].id.clone();
    lab.placed.extend(placed);
    let query = "query O($id: ID!) { order(id: $id) { payment { captured { amount } } } }";
    let give_up = Instant::now() + PATIENCE;
    while Instant::now() < give_up {
        let data = lab.owner.once("(race)", query, &json!({ "id": id })).await?;
        if data["order"]["payment"]["captured"]["amount"] == total["amount"] {
            return Ok((id, total));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    bail!("the money of {id} did not come in")
}

/// The ids of the refunds that were granted.
async fn refund_all(
    lab: &Lab,
    (order, total): &(String, Value),
    keys: impl Iterator<Item = String>,
) -> anyhow::Result<Vec<String>> {
    let query = "mutation R($id: ID!, $input: RefundCreateInput!) { refundCreate(orderId: $id, input: $input) \
                 { refund { id } userErrors { code message field } } }";
    let mut tasks = JoinSet::new();
    for key in keys {
        let input = json!({ "amount": total, "idempotencyKey": key });
        let (owner, variables) = (lab.owner.clone(), json!({ "id": order, "input": input }));
        tasks.spawn(async move {
            loop {
                let data = owner.once("refundCreate", query, &variables).await?;
                if let Some(id) = data["refundCreate"]["refund"]["id"].as_str() {
                    return anyhow::Ok(Some(id.to_owned()));
                }
                if !user_errors(&data, "refundCreate").join("; ").contains("IN_PROGRESS") {
                    return Ok(None);
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
    }
    let refunds: Vec<Option<String>> = tasks.join_all().await.into_iter().collect::<anyhow::Result<_>>()?;
    Ok(refunds.into_iter().flatten().collect())
}
