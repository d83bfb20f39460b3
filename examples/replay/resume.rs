//! Invariant 8: whoever resumes a subscription from a cursor sees every later event, in order, none
//! invented. Tried on a sample of orders, over Server-Sent Events.

use std::time::Duration;

use futures_util::StreamExt as _;
use serde_json::{Value, json};

use super::client::Client;
use super::facts::Order;

/// How many orders are tried.
const SAMPLE: usize = 25;
/// A stream that is silent for so long has told what it knows.
const SILENCE: Duration = Duration::from_millis(1500);

/// What went wrong.
pub async fn check(owner: &Client, server: &str, orders: &[Order]) -> anyhow::Result<Vec<String>> {
    let step = (orders.len() / SAMPLE).max(1);
    let mut found = Vec::new();
    for order in orders.iter().step_by(step) {
        let query = "query T($id: ID!) { order(id: $id) { timeline(first: 100) { nodes { cursor type } } } }";
        let data = owner.persist("(audit)", query, &json!({ "id": order.id }), Duration::from_secs(30)).await?;
        let nodes = data["order"]["timeline"]["nodes"].as_array().cloned().unwrap_or_default();
        let cursors: Vec<String> = nodes.iter().filter_map(|node| node["cursor"].as_str().map(str::to_owned)).collect();
        if cursors.is_empty() {
            found.push(format!("{} has no timeline", order.id));
            continue;
        }
        let middle = cursors.len() / 2;
        let heard = listen(owner, server, &order.id, Some(&cursors[middle])).await?;
        if heard != cursors[middle + 1..] {
            found.push(format!("{}: resumed at event {middle} of {}, heard {}", order.id, cursors.len(), heard.len()));
        }
    }
    Ok(found)
}

/// The cursors a subscription tells until it falls silent.
async fn listen(owner: &Client, server: &str, order: &str, after: Option<&str>) -> anyhow::Result<Vec<String>> {
    let query = "subscription S($id: ID, $after: String) { orderTracking(orderId: $id, after: $after) { cursor } }";
    let body = json!({ "query": query, "variables": { "id": order, "after": after } });
    let answer = owner.stream(server, &body).await?;
    let mut stream = answer.bytes_stream();
    let mut text = String::new();
    while let Ok(Some(chunk)) = tokio::time::timeout(SILENCE, stream.next()).await {
        text.push_str(&String::from_utf8_lossy(&chunk?));
    }
    let events = text.lines().filter_map(|line| line.strip_prefix("data:"));
    let values = events.filter_map(|data| serde_json::from_str::<Value>(data.trim()).ok());
    Ok(values.filter_map(|event| event["data"]["orderTracking"]["cursor"].as_str().map(str::to_owned)).collect())
}
