//! A real file of transactions (Online Retail II, `docs/suppliers.md` says where it is from) as what suppliers
//! send: imported as it is, dirt included, and as a supplier's own file, fetched again and again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use serde::Deserialize;
use serde_json::{Value, json};

use super::wire::Wire;
use super::world::World;

/// How long the store may take to fetch a file it was told of.
const PATIENCE: Duration = Duration::from_secs(120);
/// How the file calls our fields.
const CATALOG: &str = r#"{"sku": "StockCode", "title": "Description", "price": "UnitPrice", "cost": "UnitPrice",
    "quantity": "Quantity", "defaults": {"currency": "GBP"}}"#;

/// What can be said to `load feed`.
#[derive(Debug, clap::Args)]
pub struct Feed {
    /// The transactions, as gzip of CSV.
    #[arg(long)]
    file: PathBuf,
    /// A PostgreSQL database, which must be empty. Without it, a fresh SQLite file.
    #[arg(long)]
    database_url: Option<String>,
    /// Redis.
    #[arg(long)]
    redis_url: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Transaction {
    #[serde(rename = "StockCode")]
    code: String,
    #[serde(rename = "Description")]
    title: String,
    #[serde(rename = "Quantity")]
    quantity: i64,
    #[serde(rename = "UnitPrice")]
    price: String,
}

/// What the store fetches, in the run's hands.
type Shelf = Arc<Mutex<Vec<u8>>>;

/// Imports and fetches, and tells what came of it.
pub async fn run(arguments: Feed) -> anyhow::Result<()> {
    let folder = tempfile::Builder::new().prefix("consign-feed-").tempdir()?.keep();
    println!("logs and data: {}", folder.display());
    let sqlite = || format!("sqlite://{}", folder.join("consign.db").display());
    let database_url = arguments.database_url.clone().unwrap_or_else(sqlite);
    let raw = read(&arguments.file)?;
    let mut world = World::new(folder, database_url, arguments.redis_url).await?;
    world.restart("all").await?;
    let mut owner = Wire::connect(&world.url, Some(&world.owner_token)).await?;
    let input = json!({ "currencyCode": "GBP", "countries": ["GB"] });
    let text = "mutation S($input: StoreSettingsUpdateInput!) { storeSettingsUpdate(input: $input) \
                { userErrors { code field message } } }";
    owner.run(text, &json!({ "input": input })).await?;
    let shelf = Shelf::default();
    let supplier = supplier(&mut owner, &shelve(Arc::clone(&shelf)).await?).await?;
    println!(
        "\n| import | rows | created | updated | unchanged | left out | for | took |\n|---|---:|---:|---:|---:|---:|---|---:|"
    );
    import(&mut owner, &supplier, "the transactions as they are", &raw).await?;
    let list = price_list(&raw, |_| true)?;
    import(&mut owner, &supplier, "one row for each code", &list).await?;
    import(&mut owner, &supplier, "the same again", &list).await?;
    count(&mut owner).await?;
    println!("\n| fetched | rows told | left out | for | held | took |\n|---|---:|---:|---|---|---:|");
    fetch(&mut owner, &supplier, &shelf, "one row for each code", list).await?;
    let before = figures(&mut owner).await?;
    let list = price_list(&raw, |number| number % 10 >= 3)?;
    fetch(&mut owner, &supplier, &shelf, "three of ten rows removed", list).await?;
    let after = figures(&mut owner).await?;
    let emptied = before.iter().filter(|(sku, units)| **units > 0 && after.get(*sku) == Some(&0)).count();
    let changed = before.iter().filter(|(sku, units)| after.get(*sku) != Some(*units)).count();
    println!("\n{changed} figures changed by what the file said before it was held, {emptied} of them to nothing");
    ensure!(after.len() == before.len() && emptied * 4 <= before.len(), "what was held back was published");
    let text =
        "query W { workItems(first: 5, filter: { status: [OPEN] }) { nodes { type message suggestedActions } } }";
    println!("\nin the queue: {}", owner.run(text, &json!({})).await?["nodes"]);
    Ok(())
}

fn read(path: &Path) -> anyhow::Result<String> {
    let file = std::fs::File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    Ok(std::io::read_to_string(flate2::read::MultiGzDecoder::new(file))?)
}

/// One row for each code as it is written: its last description, its last price, and what was sold less what
/// came back. Nothing is mended.
fn price_list(raw: &str, keeps: impl Fn(usize) -> bool) -> anyhow::Result<String> {
    let mut codes: BTreeMap<String, (String, String, i64)> = BTreeMap::new();
    for row in csv::Reader::from_reader(raw.as_bytes()).deserialize() {
        let row: Transaction = row?;
        let (title, price, quantity) = codes.entry(row.code).or_default();
        if !row.title.trim().is_empty() {
            *title = row.title;
        }
        *price = row.price;
        *quantity += row.quantity;
    }
    let mut file = csv::Writer::from_writer(Vec::new());
    file.write_record(["StockCode", "Description", "UnitPrice", "Quantity"])?;
    for (number, (code, (title, price, quantity))) in codes.into_iter().enumerate() {
        if keeps(number) {
            file.write_record([code, title, price, quantity.to_string()])?;
        }
    }
    Ok(String::from_utf8(file.into_inner()?)?)
}

/// Serves whatever is on the shelf; answers where.
async fn shelve(shelf: Shelf) -> anyhow::Result<String> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/stock.csv", listener.local_addr()?);
    let serve =
        |State(shelf): State<Shelf>| async move { shelf.lock().unwrap_or_else(PoisonError::into_inner).clone() };
    let router = Router::new().route("/stock.csv", get(serve)).with_state(shelf);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(url)
}

async fn supplier(owner: &mut Wire, url: &str) -> anyhow::Result<String> {
    let mapping = json!({ "supplier_sku": "StockCode", "quantity": "Quantity", "cost": "UnitPrice" });
    let settings = json!({ "url": url, "format": "CSV", "mapping": mapping });
    let input = json!({ "name": "Gifts", "adapter": "feed", "settings": settings, "currency": "GBP",
        "autoForward": true, "shipsFrom": "GB" });
    let text = "mutation S($input: SupplierCreateInput!) { supplierCreate(input: $input) \
                { supplier { id } userErrors { code field message } } }";
    let made = owner.run(text, &json!({ "input": input })).await?;
    let id = made["supplier"]["id"].as_str().context("the supplier has no id")?.to_owned();
    pause(owner, &id, true).await?;
    Ok(id)
}

/// A supplier that is not paused any more is asked for its stock at once.
async fn pause(owner: &mut Wire, supplier: &str, paused: bool) -> anyhow::Result<()> {
    let text = "mutation U($id: ID!, $input: SupplierUpdateInput!) { supplierUpdate(id: $id, input: $input) \
                { userErrors { code field message } } }";
    owner.run(text, &json!({ "id": supplier, "input": { "paused": paused } })).await?;
    Ok(())
}

async fn import(owner: &mut Wire, supplier: &str, name: &str, file: &str) -> anyhow::Result<()> {
    let began = Instant::now();
    let upload = owner.upload("transactions.csv", file).await?;
    let mapping: Value = serde_json::from_str(CATALOG)?;
    let source = json!({ "uploadId": upload });
    let input = json!({ "supplierId": supplier, "source": source, "format": "CSV", "mapping": mapping });
    let text = "mutation C($input: CatalogImportInput!) { catalogImport(input: $input) \
                { job { id } userErrors { code field message } } }";
    let begun = owner.run(text, &json!({ "input": input })).await?;
    let text = "query J($id: ID!) { job(id: $id) { status result error } }";
    let result = loop {
        let job = owner.run(text, &json!({ "id": begun["job"]["id"] })).await?;
        match job["status"].as_str() {
            Some("SUCCEEDED") => break job["result"].clone(),
            Some("FAILED") => bail!("the import: {job}"),
            _ => tokio::time::sleep(Duration::from_millis(200)).await,
        }
    };
    let [rows, created, updated, unchanged, skipped] =
        ["rows", "created", "updated", "unchanged", "skipped"].map(|field| result[field].to_string());
    let (reasons, took) = (reasons(&result["skippedByReason"]), began.elapsed().as_secs_f64());
    println!("| {name} | {rows} | {created} | {updated} | {unchanged} | {skipped} | {reasons} | {took:.1} s |");
    Ok(())
}

fn reasons(counts: &Value) -> String {
    let all = counts.as_object().into_iter().flatten();
    all.map(|(reason, count)| format!("{reason} {count}")).collect::<Vec<_>>().join(", ")
}

async fn count(owner: &mut Wire) -> anyhow::Result<()> {
    let text = "query P { products(first: 1) { totalCount } }";
    let products = owner.run(text, &json!({})).await?["totalCount"].clone();
    println!("\nproducts: {products}; offers: {}", figures(owner).await?.len());
    Ok(())
}

/// What can be sold of every offer.
async fn figures(owner: &mut Wire) -> anyhow::Result<BTreeMap<String, i64>> {
    let text = "query O($after: String) { supplierOffers(first: 100, after: $after) \
                { nodes { supplierSku reported } pageInfo { hasNextPage endCursor } } }";
    let (mut all, mut after) = (BTreeMap::new(), Value::Null);
    loop {
        let page = owner.run(text, &json!({ "after": after })).await?;
        for offer in page["nodes"].as_array().context("no offers")? {
            let sku = offer["supplierSku"].as_str().unwrap_or_default().to_owned();
            all.insert(sku, offer["reported"].as_i64().context("no figure")?);
        }
        if page["pageInfo"]["hasNextPage"] != true {
            return Ok(all);
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

/// Puts a file on the shelf, has it fetched, and tells what the store says of that.
async fn fetch(owner: &mut Wire, supplier: &str, shelf: &Shelf, name: &str, file: String) -> anyhow::Result<()> {
    *shelf.lock().unwrap_or_else(PoisonError::into_inner) = file.into_bytes();
    let began = Instant::now();
    pause(owner, supplier, true).await?;
    let last = told(owner, supplier).await?["beganAt"].clone();
    pause(owner, supplier, false).await?;
    let fetched = loop {
        let told = told(owner, supplier).await?;
        if told["beganAt"] != last && !told["endedAt"].is_null() {
            break told;
        }
        ensure!(began.elapsed() < PATIENCE, "{name}: not fetched: {told}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    let counts = left_out(owner, supplier).await?;
    let (items, left_out) = (&fetched["items"], &fetched["leftOutCount"]);
    let held = fetched["failure"].as_str().unwrap_or("no");
    let (reasons, took) = (reasons(&json!(counts)), began.elapsed().as_secs_f64());
    println!("| {name} | {items} | {left_out} | {reasons} | {held} | {took:.1} s |");
    Ok(())
}

/// How many rows were left out for which reason, as far as the store keeps them.
async fn left_out(owner: &mut Wire, supplier: &str) -> anyhow::Result<BTreeMap<String, u64>> {
    let text = "query L($id: ID!, $after: String) { supplier(id: $id) { lastFetch { \
                leftOut(first: 100, after: $after) { nodes { reason } pageInfo { hasNextPage endCursor } } } } }";
    let (mut counts, mut after) = (BTreeMap::new(), Value::Null);
    loop {
        let supplier = owner.run(text, &json!({ "id": supplier, "after": after })).await?;
        let page = &supplier["lastFetch"]["leftOut"];
        for row in page["nodes"].as_array().context("no rows")? {
            *counts.entry(row["reason"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
        }
        if page["pageInfo"]["hasNextPage"] != true {
            return Ok(counts);
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

async fn told(owner: &mut Wire, supplier: &str) -> anyhow::Result<Value> {
    let text = "query F($id: ID!) { supplier(id: $id) { lastFetch { beganAt endedAt items leftOutCount failure } } }";
    Ok(owner.run(text, &json!({ "id": supplier })).await?["lastFetch"].clone())
}
