//! What happens in a story of the crash sweep: a basket becomes an order; now and then it is cancelled
//! at once, or an earlier order is refunded meanwhile.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use serde_json::{Value, json};

use super::client::{Client, user_errors};
use super::data::Invoice;
use super::drive::{self, Ending, Shop};

/// How long a client keeps trying.
const PATIENCE: Duration = Duration::from_secs(90);

/// What else happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nothing.
    Buy,
    /// The order is cancelled as soon as it is placed.
    Cancel,
    /// Some of an earlier order's money goes back.
    Refund,
}

impl Kind {
    /// The kind of a round: half of them nothing but a purchase.
    pub fn of(round: u64) -> Self {
        match round % 4 {
            1 => Self::Cancel,
            3 => Self::Refund,
            _ => Self::Buy,
        }
    }
}

/// Tells one story as a patient client: what is not answered is asked again, under the same key.
pub async fn tell(
    shop: Arc<Shop>,
    owner: Client,
    basket: Invoice,
    kind: Kind,
    earlier: Option<String>,
) -> anyhow::Result<Ending> {
    let key = format!("{}-{}", shop.run, basket.number);
    let refund = async {
        match earlier.filter(|_| kind == Kind::Refund) {
            Some(order) => refund(&owner, &order, &key).await,
            None => Ok(()),
        }
    };
    let (ending, refunded) = tokio::join!(drive::checkout(shop, basket), refund);
    refunded?;
    let ending = ending?;
    if let (Kind::Cancel, Ending::Placed(order)) = (kind, &ending) {
        cancel(&owner, &order.id).await?;
    }
    Ok(ending)
}

/// Asks for one unit of money back; an order that took none yet, or was cancelled, has none to give.
async fn refund(owner: &Client, order: &str, key: &str) -> anyhow::Result<()> {
    let query = "mutation R($id: ID!, $input: RefundCreateInput!) { refundCreate(orderId: $id, input: $input) \
                 { refund { id } userErrors { code field message } } }";
    let input = json!({ "amount": { "amount": "1.00", "currencyCode": "GBP" }, "idempotencyKey": key });
    settle(owner, "refundCreate", query, json!({ "id": order, "input": input })).await?;
    Ok(())
}

async fn cancel(owner: &Client, order: &str) -> anyhow::Result<()> {
    let query = "mutation C($id: ID!) { orderCancel(id: $id, input: { reason: \"crash\" }) \
                 { order { id } userErrors { code field message } } }";
    settle(owner, "orderCancel", query, json!({ "id": order })).await?;
    Ok(())
}

/// Sends a mutation until it is answered for good.
async fn settle(owner: &Client, name: &str, query: &str, variables: Value) -> anyhow::Result<Value> {
    let give_up = Instant::now() + PATIENCE;
    loop {
        let data = owner.persist(name, query, &variables, PATIENCE).await?;
        if !user_errors(&data, name).iter().any(|error| error.contains("IN_PROGRESS")) {
            return Ok(data[name].clone());
        }
        ensure!(Instant::now() < give_up, "{name} is still in progress after {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Waits until an order is delivered.
pub async fn delivered(owner: &Client, order: &str, patience: Duration) -> anyhow::Result<()> {
    let give_up = Instant::now() + patience;
    while Instant::now() < give_up {
        let query = "query O($id: ID!) { order(id: $id) { fulfillmentStatus } }";
        let data = owner.persist("(setup)", query, &json!({ "id": order }), PATIENCE).await?;
        if data["order"]["fulfillmentStatus"] == "DELIVERED" {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    bail!("{order} was not delivered in {patience:?}")
}
