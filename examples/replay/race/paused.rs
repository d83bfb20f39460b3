//! A server that stands still in the middle of its work for longer than its leases, and wakes up.

use super::carts::{confirm_all, orders, prepare};
use super::{Lab, PLENTY, tell};
use crate::client::Client;

/// Orders whose work is under way when the server stops.
const ORDERS: usize = 50;

/// The others take its work up, and what it still does when it wakes has no second effect: that is for
/// the audit.
pub async fn run(lab: &mut Lab) -> anyhow::Result<()> {
    let last = lab.world.servers.len() - 1;
    let mut carts = Vec::new();
    for buyer in 0..ORDERS {
        carts.push((format!("paused-{buyer}"), prepare(&lab.client, lab.variant(PLENTY)?, 2, None).await?));
    }
    let awake = Client::new(lab.world.servers[..last].to_vec())?;
    let endings = confirm_all(&awake, carts, "tok_ok").await?;
    lab.world.signal(last, "STOP").await?;
    tokio::time::sleep(lab.pause).await;
    lab.world.signal(last, "CONT").await?;
    lab.placed.extend(orders(endings, &[])?);
    tell(&format!("a server stopped for {:?}", lab.pause), 1, ORDERS, "left to the audit");
    Ok(())
}
