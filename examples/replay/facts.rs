//! The raw facts, collected from the owner's schema, the suppliers and the gateway.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, Utc};
use consign::simulator::Mail;
use serde_json::{Value, json};

use super::client::Client;
use super::history;
use super::resume;
use super::world::World;

/// An order as the owner sees it.
#[derive(Debug)]
pub struct Order {
    pub id: String,
    pub number: i64,
    pub total: String,
    pub total_minor: i64,
    pub fulfillment_status: String,
    pub lines: usize,
    pub payments: Vec<Payment>,
    pub supplier_orders: Vec<SupplierOrder>,
    /// From placed to the first supplier order submitted.
    pub forwarded_after: Option<Duration>,
}

/// A payment as the store recorded it, in minor units.
#[derive(Debug)]
pub struct Payment {
    pub reference: String,
    pub captured: i64,
    pub refunded: i64,
    pub voided: i64,
}

/// A supplier order with its history of (from, to).
#[derive(Debug)]
pub struct SupplierOrder {
    pub id: String,
    pub reference: String,
    pub status: String,
    pub history: Vec<(String, String)>,
}

/// An order as a supplier counts it.
#[derive(Debug)]
pub struct RemoteOrder {
    pub reference: String,
    pub effective: bool,
}

/// What the gateway's books say of one authorization, in minor units.
#[derive(Debug)]
pub struct Books {
    pub authorized: i64,
    pub captured: i64,
    pub refunded: i64,
    pub voided: i64,
}

/// One line of an offer's ledger; figures are reported, reserved, committed.
#[derive(Debug)]
pub struct LedgerEntry {
    pub id: String,
    pub deltas: [i64; 3],
    pub after: [i64; 3],
    /// Whether it took units that were sellable.
    pub takes: bool,
}

/// A reservation.
#[derive(Debug)]
pub struct Reservation {
    pub id: String,
    pub state: String,
    pub order: Option<String>,
}

/// An entry of the exceptions queue.
#[derive(Debug)]
pub struct WorkItem {
    pub kind: String,
    pub status: String,
    pub order: Option<String>,
}

/// Everything the audit looks at.
pub struct Facts {
    pub orders: Vec<Order>,
    pub remote_orders: Vec<RemoteOrder>,
    pub ordered_twice: Vec<String>,
    pub gateway: HashMap<String, Books>,
    pub ledger: HashMap<String, Vec<LedgerEntry>>,
    pub offers: BTreeMap<String, [i64; 3]>,
    pub reservations: Vec<Reservation>,
    /// The numbers of each order's events, in their order.
    pub histories: HashMap<String, Vec<i64>>,
    pub work_items: Vec<WorkItem>,
    /// The published edges of a supplier order's states.
    pub edges: HashSet<(String, String)>,
    /// What went wrong when subscriptions were resumed.
    pub resumption: Vec<String>,
    /// The mails that went out.
    pub mails: Vec<Mail>,
    /// How often a server was killed.
    pub killed: u64,
}

/// Reads everything.
pub async fn collect(world: &World, owner: &Client, killed: u64) -> anyhow::Result<Facts> {
    println!("  reading the books");
    let orders: Vec<Order> = owner.all(ORDERS, "orders").await?.iter().map(order).collect();
    let (remote_orders, ordered_twice) = at_the_suppliers(world).await?;
    let resumption = resume::check(owner, &world.servers[0], &orders).await?;
    Ok(Facts {
        remote_orders,
        ordered_twice,
        gateway: at_the_gateway(world).await?,
        ledger: ledger(owner).await?,
        offers: owner.all(OFFERS, "supplierOffers").await?.iter().map(|it| (text(&it["id"]), figures(it))).collect(),
        reservations: owner.all(RESERVATIONS, "reservations").await?.iter().map(reservation).collect(),
        work_items: owner.all(WORK_ITEMS, "workItems").await?.iter().map(work_item).collect(),
        edges: edges(owner).await?,
        histories: history::read(owner).await?,
        resumption,
        mails: world.mails(),
        killed,
        orders,
    })
}

const ORDERS: &str = "query O($after: String) { orders(first: 25, after: $after, sort: OLDEST) { nodes { \
    id number placedAt total { amount } fulfillmentStatus lines { id } \
    payment { id captured { amount } refunded { amount } voided { amount } } \
    supplierOrders { id reference status history(first: 50) { nodes { from to at } } } } \
    pageInfo { hasNextPage endCursor } } }";
const OFFERS: &str = "query F($after: String) { supplierOffers(first: 100, after: $after) \
    { nodes { id reported reserved committed } pageInfo { hasNextPage endCursor } } }";
const LEDGER: &str = "query L($after: String) { inventoryLedger(first: 100, after: $after) { nodes { \
    id sequence kind offer { id } reportedDelta reservedDelta committedDelta reported reserved committed } \
    pageInfo { hasNextPage endCursor } } }";
const RESERVATIONS: &str = "query R($after: String) { reservations(first: 100, after: $after) \
    { nodes { id status orderId } pageInfo { hasNextPage endCursor } } }";
const WORK_ITEMS: &str = "query W($after: String) { workItems(first: 100, after: $after) \
    { nodes { id type status orderId } pageInfo { hasNextPage endCursor } } }";

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_default()
}

/// An amount with two decimals, in minor units.
fn minor(money: &Value) -> i64 {
    text(&money["amount"]).replace('.', "").parse().unwrap_or_default()
}

/// A moment.
pub fn time(value: &Value) -> Option<DateTime<Utc>> {
    value.as_str()?.parse().ok()
}

/// The elements of a list.
pub fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn order(node: &Value) -> Order {
    let placed = time(&node["placedAt"]);
    let steps = list(&node["supplierOrders"]).iter().flat_map(|it| list(&it["history"]["nodes"]));
    let submitted = steps
        .filter(|step| step["to"] == "SUBMITTED" || step["to"] == "ACKNOWLEDGED")
        .filter_map(|step| time(&step["at"]));
    let payments = list(&node["payment"]).iter().chain(node["payment"].is_object().then_some(&node["payment"]));
    Order {
        id: text(&node["id"]),
        number: number(&node["number"]),
        total: node["total"]["amount"].to_string(),
        total_minor: minor(&node["total"]),
        fulfillment_status: text(&node["fulfillmentStatus"]),
        lines: list(&node["lines"]).len(),
        payments: payments.map(payment).collect(),
        supplier_orders: list(&node["supplierOrders"]).iter().map(supplier_order).collect(),
        forwarded_after: submitted.min().zip(placed).and_then(|(sent, placed)| (sent - placed).to_std().ok()),
    }
}

fn payment(node: &Value) -> Payment {
    Payment {
        reference: text(&node["id"]),
        captured: minor(&node["captured"]),
        refunded: minor(&node["refunded"]),
        voided: minor(&node["voided"]),
    }
}

fn supplier_order(node: &Value) -> SupplierOrder {
    SupplierOrder {
        id: text(&node["id"]),
        reference: text(&node["reference"]),
        status: text(&node["status"]),
        history: list(&node["history"]["nodes"]).iter().map(|step| (text(&step["from"]), text(&step["to"]))).collect(),
    }
}

fn figures(node: &Value) -> [i64; 3] {
    [number(&node["reported"]), number(&node["reserved"]), number(&node["committed"])]
}

fn reservation(node: &Value) -> Reservation {
    Reservation {
        id: text(&node["id"]),
        state: text(&node["status"]),
        order: node["orderId"].as_str().map(str::to_owned),
    }
}

fn work_item(node: &Value) -> WorkItem {
    WorkItem {
        kind: text(&node["type"]),
        status: text(&node["status"]),
        order: node["orderId"].as_str().map(str::to_owned),
    }
}

/// The ledger by offer, each in the order of its entries.
async fn ledger(owner: &Client) -> anyhow::Result<HashMap<String, Vec<LedgerEntry>>> {
    let mut nodes = owner.all(LEDGER, "inventoryLedger").await?;
    nodes.sort_by_key(|node| number(&node["sequence"]));
    let mut ledger: HashMap<String, Vec<LedgerEntry>> = HashMap::new();
    for node in &nodes {
        let deltas = [number(&node["reportedDelta"]), number(&node["reservedDelta"]), number(&node["committedDelta"])];
        let takes = matches!(node["kind"].as_str(), Some("RESERVED" | "COMMITTED_DIRECTLY"));
        let entry = LedgerEntry { id: text(&node["id"]), deltas, after: figures(node), takes };
        ledger.entry(text(&node["offer"]["id"])).or_default().push(entry);
    }
    Ok(ledger)
}

/// The edges the schema publishes.
async fn edges(owner: &Client) -> anyhow::Result<HashSet<(String, String)>> {
    let query = "query E { supplierOrderTransitions { from to } }";
    let data = owner.persist("(audit)", query, &json!({}), Duration::from_secs(30)).await?;
    Ok(list(&data["supplierOrderTransitions"]).iter().map(|edge| (text(&edge["from"]), text(&edge["to"]))).collect())
}

/// Reads a page of inspection.
pub async fn get(url: &str) -> anyhow::Result<Value> {
    Ok(reqwest::get(url).await?.error_for_status()?.json().await?)
}

async fn at_the_suppliers(world: &World) -> anyhow::Result<(Vec<RemoteOrder>, Vec<String>)> {
    let base = &world.suppliers_url;
    let summary = get(&format!("{base}/admin/summary")).await?;
    let mut orders = Vec::new();
    let mut twice = Vec::new();
    for (key, supplier) in summary.as_object().context("the simulator has no suppliers")? {
        twice.extend(list(&supplier["orderedTwice"]).iter().map(text));
        for node in every_page(&format!("{base}/admin/suppliers/{key}/orders"), "items").await? {
            let status = text(&node["status"]);
            orders.push(RemoteOrder {
                reference: text(&node["reference"]),
                effective: !matches!(status.as_str(), "rejected" | "cancelled"),
            });
        }
    }
    Ok((orders, twice))
}

async fn at_the_gateway(world: &World) -> anyhow::Result<HashMap<String, Books>> {
    let url = format!("{}/admin/gateway/authorizations", world.gateway_url);
    let nodes = every_page(&url, "items").await?;
    Ok(nodes
        .iter()
        .map(|node| {
            let books = Books {
                authorized: number(&node["authorized"]),
                captured: number(&node["captured"]),
                refunded: number(&node["refunded"]),
                voided: number(&node["voided"]),
            };
            (text(&node["reference"]), books)
        })
        .collect())
}

async fn every_page(url: &str, path: &str) -> anyhow::Result<Vec<Value>> {
    let mut nodes = Vec::new();
    let mut cursor = "0".to_owned();
    loop {
        let page = get(&format!("{url}?limit=500&cursor={cursor}")).await?;
        nodes.extend(list(&page[path]).iter().cloned());
        match page["nextCursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => return Ok(nodes),
        }
    }
}
