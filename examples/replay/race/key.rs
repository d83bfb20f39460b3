//! One request, sent many times at once.

use anyhow::ensure;

use super::carts::{Ending, confirm_all, orders, prepare};
use super::{CROWD, Lab, PLENTY, tell};

/// Everybody is told of the same order.
pub async fn run(lab: &mut Lab) -> anyhow::Result<()> {
    for round in 0..lab.rounds {
        let cart = prepare(&lab.client, lab.variant(PLENTY)?, 1, None).await?;
        let carts = (0..CROWD).map(|_| (format!("key-{round}"), cart.clone()));
        let endings = confirm_all(&lab.client, carts, "tok_ok").await?;
        let told = endings.iter().filter(|(_, ending)| matches!(ending, Ending::Placed(_))).count();
        ensure!(told == CROWD, "only {told} of {CROWD} were told of their order");
        let orders = orders(endings, &[])?;
        ensure!(orders.len() == 1, "one key made {} orders", orders.len());
        lab.placed.extend(orders);
    }
    tell("one cart, one key", lab.rounds, CROWD, "one order, told to all");
    Ok(())
}
