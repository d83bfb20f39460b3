//! Cancellations against forwarding, acceptance and shipment.

use std::time::Duration;

use serde_json::json;
use tokio::task::JoinSet;

use super::super::random::Draw;
use super::carts::{confirm_all, orders, prepare};
use super::{Lab, PLENTY, tell};

/// Orders of a round.
const ORDERS: usize = 25;
/// The latest moment at which an order is cancelled, in milliseconds.
const LATEST: i64 = 3000;

/// Whoever wins, money and goods agree: that is for the audit.
pub async fn run(lab: &mut Lab) -> anyhow::Result<()> {
    let rounds = lab.rounds.div_ceil(10);
    for round in 0..rounds {
        let mut carts = Vec::new();
        for buyer in 0..ORDERS {
            carts.push((format!("cancel-{round}-{buyer}"), prepare(&lab.client, lab.variant(PLENTY)?, 2, None).await?));
        }
        let placed = orders(confirm_all(&lab.client, carts, "tok_ok").await?, &[])?;
        let mut draw = Draw::new(lab.world.setup().seed, &format!("cancel{round}"));
        let mut tasks = JoinSet::new();
        for order in &placed {
            let moment = Duration::from_millis(draw.between(0, LATEST).unsigned_abs());
            // Twice at once, because people press twice.
            for _ in 0..2 {
                let (owner, id) = (lab.owner.clone(), order.id.clone());
                tasks.spawn(async move {
                    tokio::time::sleep(moment).await;
                    let query = "mutation C($id: ID!) { orderCancel(id: $id, input: { reason: \"race\" }) \
                                 { order { id } userErrors { code message field } } }";
                    owner.once("orderCancel", query, &json!({ "id": id })).await
                });
            }
        }
        tasks.join_all().await.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
        lab.placed.extend(placed);
    }
    tell("cancelling against shipping", rounds, ORDERS * 2, "left to the audit");
    Ok(())
}
