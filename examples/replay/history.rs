//! What happened to each order, by the numbers of its events.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::Context;
use serde_json::{Value, json};

use super::client::Client;

const PAGE: &str = "nodes { sequence } pageInfo { hasNextPage endCursor }";

/// The numbers of every order's events.
pub async fn read(owner: &Client) -> anyhow::Result<HashMap<String, Vec<i64>>> {
    let query = format!(
        "query H($after: String) {{ orders(first: 50, after: $after, sort: OLDEST) {{ \
         nodes {{ id events(first: 100) {{ {PAGE} }} }} pageInfo {{ hasNextPage endCursor }} }} }}"
    );
    let mut histories = HashMap::new();
    for node in owner.all(&query, "orders").await? {
        let id = node["id"].as_str().context("an order has no id")?.to_owned();
        let sequences = whole(owner, &id, &node["events"]).await?;
        histories.insert(id, sequences);
    }
    Ok(histories)
}

/// The numbers on the first page, and on those that follow it.
async fn whole(owner: &Client, id: &str, first: &Value) -> anyhow::Result<Vec<i64>> {
    let query = format!(
        "query E($id: ID!, $after: String) {{ order(id: $id) {{ events(first: 100, after: $after) {{ {PAGE} }} }} }}"
    );
    let mut sequences = numbers(first);
    let mut info = first["pageInfo"].clone();
    while info["hasNextPage"] == true {
        let variables = json!({ "id": id, "after": info["endCursor"] });
        let data = owner.persist("(audit)", &query, &variables, Duration::from_secs(30)).await?;
        sequences.extend(numbers(&data["order"]["events"]));
        info = data["order"]["events"]["pageInfo"].clone();
    }
    Ok(sequences)
}

fn numbers(page: &Value) -> Vec<i64> {
    page["nodes"].as_array().into_iter().flatten().filter_map(|node| node["sequence"].as_i64()).collect()
}
