//! What hostile requests cost: processor time and memory of each, with a budget.
//!
//! ```text
//! cargo run --release --example hostile
//! ```
//!
//! prints a row for each request of `tests/it/hostile` and fails if one has another answer than it
//! should, or goes beyond the budget. Each is sent three times to a store of 200 products on SQLite,
//! which knows no document yet; the worst time counts. Rate limits are raised, or the later ones would
//! be refused for the earlier. Processor time is that of all threads of the process, by the kernel's
//! own account (Linux); memory is the most that was allocated at once beyond what was before.

#[path = "../../tests/it/hostile/corpus.rs"]
mod corpus;

use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use consign::app::App;
use consign::identity::Actor;
use consign::identity::api_tokens::{self, NewApiToken, TokenScope};
use consign::kernel::clock::Clock;
use consign::kernel::ids::IdSource;
use consign::platform::config::Config;
use peak_alloc::PeakAlloc;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use self::corpus::Hostile;

/// The system's allocator, counted.
#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// How much processor time a request may take, in milliseconds.
const MILLISECONDS: f64 = 100.0;
/// How much memory it may take.
const MEBIBYTES: f64 = 16.0;
/// How often each is sent.
const ROUNDS: usize = 3;
/// What the store sells.
const PRODUCTS: usize = 200;

/// What one request cost.
struct Cost {
    milliseconds: f64,
    mebibytes: f64,
    code: Option<String>,
}

fn main() -> anyhow::Result<ExitCode> {
    // One thread for all that is ours, so that nothing else runs while something is measured.
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run())
}

async fn run() -> anyhow::Result<ExitCode> {
    let folder = tempfile::tempdir()?;
    let app = store(folder.path()).await?;
    println!("| request | bytes | answer | CPU ms | MiB |\n|---|--:|---|--:|--:|");
    let mut failures = Vec::new();
    let (mut time, mut memory) = (0.0_f64, 0.0_f64);
    for hostile in corpus::all() {
        let cost = measure(&app, &hostile).await?;
        let answer = cost.code.as_deref().unwrap_or("answered");
        let (name, bytes) = (hostile.name, hostile.text_bytes());
        println!("| {name} | {bytes} | {answer} | {:.1} | {:.1} |", cost.milliseconds, cost.mebibytes);
        if cost.code.as_deref() != hostile.code {
            failures.push(format!("{name}: {answer}, and not {}", hostile.code.unwrap_or("answered")));
        }
        if cost.milliseconds > MILLISECONDS || cost.mebibytes > MEBIBYTES {
            failures.push(format!("{name}: beyond the budget"));
        }
        (time, memory) = (time.max(cost.milliseconds), memory.max(cost.mebibytes));
    }
    println!("\nmost: {time:.1} ms of {MILLISECONDS}, {memory:.1} MiB of {MEBIBYTES}");
    for failure in &failures {
        println!("FAILED {failure}");
    }
    Ok(if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn measure(app: &App, hostile: &Hostile) -> anyhow::Result<Cost> {
    let mut worst = Cost { milliseconds: 0.0, mebibytes: 0.0, code: None };
    for _ in 0..ROUNDS {
        // A new edge knows no document.
        let router = consign::server::router(app);
        let request = hostile.request();
        let (memory, time) = (ALLOCATOR.current_usage(), processor_time()?);
        ALLOCATOR.reset_peak_usage();
        let answer = send(router, request).await?;
        let time = processor_time()? - time;
        let memory = ALLOCATOR.peak_usage().saturating_sub(memory);
        worst.milliseconds = worst.milliseconds.max(time as f64 / 1e6);
        worst.mebibytes = worst.mebibytes.max(memory as f64 / 1024.0 / 1024.0);
        worst.code = answer["errors"][0]["extensions"]["code"].as_str().map(str::to_owned);
    }
    Ok(worst)
}

async fn send(router: Router, request: Request<Body>) -> anyhow::Result<Value> {
    let response = router.oneshot(request).await?;
    let bytes = to_bytes(response.into_body(), usize::MAX).await?;
    serde_json::from_slice(&bytes).context("the answer is not JSON")
}

/// Nanoseconds that all threads of this process have run.
fn processor_time() -> anyhow::Result<u64> {
    let mut sum = 0;
    for thread in std::fs::read_dir("/proc/self/task")? {
        // A thread may have ended meanwhile.
        let Ok(text) = std::fs::read_to_string(thread?.path().join("schedstat")) else { continue };
        sum += text.split(' ').next().context("a number")?.parse::<u64>()?;
    }
    Ok(sum)
}

/// A store that sells something.
async fn store(folder: &std::path::Path) -> anyhow::Result<App> {
    let mut config = Config {
        database_url: format!("sqlite://{}", folder.join("consign.db").display()),
        data_dir: folder.to_owned(),
        jwt_secret: "4f1c9a0be7d24f52a6c3de81b05f7719".into(),
        secret_key: "b05f77194f1c9a0be7d24f52a6c3de81".into(),
        ..Config::default()
    };
    config.limits.address_cost_burst = u32::MAX / 2;
    config.limits.refusals_burst = 10_000;
    config.limits.actor_cost_burst = u32::MAX / 2;
    let app = App::with(config, Clock::System, IdSource::System).await?;
    let new = NewApiToken { name: "measuring".to_owned(), scope: TokenScope::Owner, days: None };
    let token = api_tokens::create(&app, &Actor::system("measuring"), new).await;
    let token = token.map_err(|error| anyhow::anyhow!("no token: {error:?}"))?.plaintext;
    let router = consign::server::router(&app);
    for number in 0..PRODUCTS {
        let request = Request::post("/graphql")
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {token}"))
            .body(Body::from(product(number).to_string()))?;
        let answer = send(router.clone(), request).await?;
        ensure!(answer["data"]["productCreate"]["userErrors"] == json!([]), "a product was not made: {answer}");
    }
    Ok(app)
}

fn product(number: usize) -> Value {
    let variants: Vec<Value> = (0..4)
        .map(|variant| {
            json!({ "sku": format!("{number}-{variant}"), "title": format!("No. {variant}"),
                "options": [{ "name": "No.", "value": variant.to_string() }],
                "price": { "amount": "10.00", "currencyCode": "EUR" } })
        })
        .collect();
    let description = "A thing with a handle, a lid and w1 good words about it. ".repeat(20);
    let input = json!({ "title": format!("Thing {number} a"), "description": description, "publish": true, "variants": variants });
    let query =
        "mutation($input: ProductCreateInput!) { productCreate(input: $input) { userErrors { code message } } }";
    json!({ "query": query, "variables": { "input": input } })
}
