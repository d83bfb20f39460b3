//! Whether the time of an answer tells which addresses have an account.
//!
//! Starts a store with its limits on tries out of the way, and asks it over TCP, in a random order, the
//! same of addresses that have an account and of addresses that have none: to sign in with a wrong
//! password, to register, to choose a new password. Prints how long each took, and how well somebody who
//! only sees the time could tell them apart: the *AUC*, the chance that a known address takes longer than
//! an unknown one (½ is a coin's), from the Mann–Whitney U statistic, with its p-value. Fails if any can be
//! told apart.
//!
//! ```sh
//! cargo run --release --example timing
//! cargo run --release --example timing -- --tries 2000 --database-url postgres://…   # an empty database
//! ```

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use clap::Parser;
use consign::app::App;
use consign::kernel::clock::Clock;
use consign::kernel::ids::IdSource;
use consign::platform::config::Config;
use rand::seq::SliceRandom;
use rand::{SeedableRng, rngs::StdRng};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

#[derive(Parser)]
struct Arguments {
    /// Tries of each kind, with known and with unknown addresses each.
    #[arg(long, default_value_t = 500)]
    tries: usize,
    /// An empty database; without it, a SQLite file of its own.
    #[arg(long)]
    database_url: Option<String>,
    /// The seed of the order.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// What is asked: its name, the operation, and its input for an address.
type Kind = (&'static str, &'static str, fn(&str) -> Value);

const KINDS: [Kind; 3] = [
    ("sign-in, wrong password", SIGN_IN, |email| json!({ "email": email, "password": "not the password at all" })),
    ("registration", REGISTER, |email| json!({ "email": email, "password": "correct horse battery staple" })),
    ("forgotten password", FORGOTTEN, |email| json!({ "email": email })),
];

const SIGN_IN: &str = "mutation($input: SessionCreateInput!) {
    sessionCreate(input: $input) { session { expiresAt } userErrors { code } } }";
const REGISTER: &str = "mutation($input: CustomerRegisterInput!) {
    customerRegister(input: $input) { accepted userErrors { code } } }";
const FORGOTTEN: &str = "mutation($input: PasswordResetRequestInput!) {
    passwordResetRequest(input: $input) { accepted userErrors { code } } }";

/// Requests before any is measured: caches and connections warm up.
const WARM_UP: usize = 40;
/// An AUC this far from ½ tells somebody something …
const TELLING: f64 = 0.05;
/// … if the medians are so far apart too: less than that is lost on any network.
const APART: f64 = 0.02;

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    // The store's threads are not those that measure.
    let store = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let folder = tempfile::tempdir()?;
    let database_url = match &arguments.database_url {
        Some(url) => url.clone(),
        None => format!("sqlite://{}", folder.path().join("consign.db").display()),
    };
    let (app, url) = store.block_on(start(&database_url, folder.path()))?;
    let client = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let result = client.block_on(measure(&app, &url, &arguments));
    store.block_on(app.db.clone().close());
    result
}

async fn start(database_url: &str, folder: &std::path::Path) -> anyhow::Result<(App, String)> {
    let mut config = Config {
        database_url: database_url.to_owned(),
        data_dir: folder.to_owned(),
        jwt_secret: "timing-jwt-0a1b2c3d4e5f60718293a4b5c6d7e8f9".into(),
        secret_key: "timing-key-9f8e7d6c5b4a39281706f5e4d3c2b1a0".into(),
        ..Config::default()
    };
    let limits = &mut config.limits;
    (limits.password_checks_per_account, limits.password_checks_per_address) = (u32::MAX, u32::MAX);
    limits.refusals_burst = u32::MAX / 2;
    (limits.actor_cost_burst, limits.address_cost_burst) = (u32::MAX, u32::MAX);
    let app = App::with(config, Clock::System, IdSource::System).await?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/graphql", listener.local_addr()?);
    let service = consign::server::router(&app).into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    Ok((app, url))
}

/// One try: how long it took, and whether the address was known.
type Try = (Duration, bool);

async fn measure(app: &App, url: &str, arguments: &Arguments) -> anyhow::Result<()> {
    let asker = Asker { http: reqwest::Client::builder().no_proxy().build()?, url: url.to_owned() };
    let known: Vec<String> = (0..arguments.tries).map(|index| format!("known-{index:06}@example.com")).collect();
    println!("making {} accounts …", known.len());
    for email in &known {
        asker.ask(KINDS[1], email).await?;
    }
    // The mail's token would do the same, if there were a mailbox.
    let verified = "INSERT INTO customer (id, email, password_hash, accepts_marketing, created_at)
        SELECT id, email, password_hash, accepts_marketing, created_at FROM registration";
    app.db.write().execute_unprepared(verified).await?;
    for index in 0..WARM_UP {
        asker.ask(KINDS[index % KINDS.len()], &format!("warm-{index}@example.com")).await?;
    }
    let mut random = StdRng::seed_from_u64(arguments.seed);
    println!(
        "\n| | known: median | p95 | unknown: median | p95 | apart | AUC | p |\n|---|--:|--:|--:|--:|--:|--:|--:|"
    );
    let mut told_apart = Vec::new();
    for kind in KINDS {
        let unknown = (0..known.len()).map(|index| (format!("other-{index:06}@example.com"), false));
        let mut emails: Vec<(String, bool)> = known.iter().map(|it| (it.clone(), true)).chain(unknown).collect();
        emails.shuffle(&mut random);
        let mut tries: Vec<Try> = Vec::with_capacity(emails.len());
        for (email, known) in emails {
            tries.push((asker.ask(kind, &email).await?, known));
        }
        let figures = Figures::of(tries);
        figures.print(kind.0);
        if figures.tell() {
            told_apart.push(kind.0);
        }
    }
    ensure!(told_apart.is_empty(), "known and unknown addresses can be told apart: {}", told_apart.join(", "));
    println!("\nKnown and unknown addresses cannot be told apart.");
    Ok(())
}

struct Asker {
    http: reqwest::Client,
    url: String,
}

impl Asker {
    /// How long the answer took to the last byte.
    async fn ask(&self, (name, text, input): Kind, email: &str) -> anyhow::Result<Duration> {
        let body = json!({ "query": text, "variables": { "input": input(email) } });
        let began = Instant::now();
        let answer = self.http.post(&self.url).json(&body).send().await?.bytes().await?;
        let took = began.elapsed();
        let answer: Value = serde_json::from_slice(&answer)?;
        let payload = answer["data"].as_object().and_then(|it| it.values().next());
        let payload = payload.with_context(|| format!("{name}: {answer}"))?;
        let refused = payload["userErrors"][0]["code"].as_str();
        ensure!(refused.is_none_or(|code| code == "CREDENTIALS_INVALID"), "{name}: {answer}");
        Ok(took)
    }
}

struct Figures {
    known: Vec<Duration>,
    unknown: Vec<Duration>,
    auc: f64,
    p: f64,
}

impl Figures {
    fn of(mut tries: Vec<Try>) -> Self {
        tries.sort_unstable();
        let of = |wanted| tries.iter().filter(|(_, known)| *known == wanted).map(|(took, _)| *took).collect();
        let (known, unknown): (Vec<Duration>, Vec<Duration>) = (of(true), of(false));
        let (n, m) = (known.len() as f64, unknown.len() as f64);
        // Nanoseconds hardly ever tie: the sum of the ranks needs no correction.
        let ranks: f64 =
            tries.iter().zip(1_u32..).filter(|((_, known), _)| *known).map(|(_, rank)| f64::from(rank)).sum();
        let u = ranks - n * (n + 1.0) / 2.0;
        let z = (u - n * m / 2.0) / (n * m * (n + m + 1.0) / 12.0).sqrt();
        Self { known, unknown, auc: u / (n * m), p: two_sided(z) }
    }

    /// By how much of it the median of known addresses is longer.
    fn apart(&self) -> f64 {
        at(&self.known, 0.5).as_secs_f64() / at(&self.unknown, 0.5).as_secs_f64() - 1.0
    }

    fn tell(&self) -> bool {
        (self.auc - 0.5).abs() > TELLING && self.apart().abs() > APART
    }

    fn print(&self, name: &str) {
        let times =
            |sorted: &[Duration]| [0.5, 0.95].map(|share| format!("{:.3} ms", at(sorted, share).as_secs_f64() * 1e3));
        let ([known, known_95], [unknown, unknown_95]) = (times(&self.known), times(&self.unknown));
        let (apart, auc, p) = (self.apart() * 100.0, self.auc, self.p);
        println!("| {name} | {known} | {known_95} | {unknown} | {unknown_95} | {apart:+.2}% | {auc:.3} | {p:.3} |");
    }
}

fn at(sorted: &[Duration], share: f64) -> Duration {
    let last = sorted.len().saturating_sub(1);
    sorted.get((last as f64 * share).round() as usize).copied().unwrap_or_default()
}

/// The chance of a normal variable to be at least as far from 0 as `z`: Abramowitz and Stegun, 7.1.26.
fn two_sided(z: f64) -> f64 {
    let x = z.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let factors = [1.061_405_429, -1.453_152_027, 1.421_413_741, -0.284_496_736, 0.254_829_592];
    factors.iter().fold(0.0, |sum, factor| (sum + factor) * t) * (-x * x).exp()
}
