//! The payment provider's webhook against the client who asks how it went.

use anyhow::ensure;

use super::carts::{confirm_all, orders, prepare};
use super::{Lab, PLENTY, tell};

/// Clients of a round; each asks twenty times a second.
const CLIENTS: usize = 20;

/// Whoever comes first places the order, and the others find it.
pub async fn run(lab: &mut Lab) -> anyhow::Result<()> {
    let rounds = lab.rounds.div_ceil(10);
    for round in 0..rounds {
        let mut carts = Vec::new();
        for client in 0..CLIENTS {
            let cart = prepare(&lab.client, lab.variant(PLENTY)?, 1, None).await?;
            // Two clients for each cart, such as two tabs.
            let key = format!("late-{round}-{client}");
            carts.extend([(key.clone(), cart.clone()), (key, cart)]);
        }
        let endings = confirm_all(&lab.client, carts, "tok_late_webhook").await?;
        let orders = orders(endings, &[])?;
        ensure!(orders.len() == CLIENTS, "{CLIENTS} carts became {} orders", orders.len());
        lab.placed.extend(orders);
    }
    tell("webhook against client", rounds, CLIENTS * 2, "one order a cart");
    Ok(())
}
