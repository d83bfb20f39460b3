//! What is told of a running server: every metric that is promised, dashboards and alerts ask for is
//! there, and says what it means.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use consign::platform::jobs::{self, Done, Job, JobError, JobRun};
use consign::platform::measures::{Kind, MEASURES, Measure};
use consign::{server, worker};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::support::Test;
use crate::support::app::TestApp;
use crate::support::live::Socket;
use crate::support::served::Served;
use crate::support::{stock, trade};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

pub fn tests() -> Vec<Test> {
    let mut all = engine::tests();
    all.extend(plain::tests());
    all
}

mod engine {
    use super::what_is_promised_is_told;
    crate::engine_tests![what_is_promised_is_told];
}

mod plain {
    use super::{dashboards_and_alerts_ask_for_what_there_is, the_page_lists_all_metrics};
    crate::plain_tests![dashboards_and_alerts_ask_for_what_there_is, the_page_lists_all_metrics];
}

/// A job that becomes a dead letter.
#[derive(Serialize, Deserialize)]
struct Hopeless {}

impl Job for Hopeless {
    const KIND: &'static str = "test.hopeless";

    async fn run(self, _run: &JobRun) -> Result<Done, JobError> {
        Err(JobError::Fail("it was never any use".to_owned()))
    }
}

async fn what_is_promised_is_told(app: TestApp) {
    traffic(&app).await;
    crowd(&app).await;
    let socket = subscribed(&app).await;
    let text = scrape(&app).await;
    drop(socket);
    let told = types(&text);
    let promised: BTreeMap<&str, &str> = MEASURES.iter().map(|it| (it.name, kind(it.kind))).collect();
    assert_eq!(told, promised, "what is told, and what `measures.rs` promises");
    for Measure { name, help, .. } in MEASURES {
        assert!(text.contains(&format!("# HELP {name} {help}\n")), "{name} says nothing, or something else");
    }
    for line in [
        "consign_jobs{state=\"dead\"} ",
        "consign_work_items_open{type=\"JOB_DEAD\"} ",
        "consign_lane_closed{lane=\"gateway:test\"} ",
        "consign_payment_calls_total{gateway=\"test\",call=\"authorize\",outcome=\"ok\"} ",
        "consign_graphql_requests_total{operation=\"checkoutComplete\",code=\"OK\"} ",
        "consign_paid_to_forwarded_seconds_bucket{le=\"3600\"} ",
        "consign_egress_calls_total{to=\"supplier\",outcome=\"2xx\"} ",
        "consign_webhooks_total{from=\"suppliers\",outcome=\"stored\"} ",
        "consign_connections_refused_total ",
    ] {
        assert!(text.contains(line), "{line:?} is missing in\n{text}");
    }
    for secret in ["MadeUp", "ada@example.com", "crt_"] {
        assert!(!text.contains(secret), "{secret} is told");
    }
}

/// An order from click to doorstep, and a job that is of no use.
async fn traffic(app: &TestApp) {
    let owner = trade::open(app).await;
    let variants = stock::variants(&owner, 1).await;
    let supplier = trade::simulated(app, &owner, "acme", json!({})).await;
    trade::shelve(app, "acme", "A-1", 9).await;
    trade::offers(app, &owner, supplier, &variants[0], "A-1", 9, "4.00").await;
    let bought = trade::buy(app, &[(&variants[0], 1)]).await;
    trade::until(app, &owner, &bought.id, "PAID", "DELIVERED").await;
    let guest = app.as_guest();
    for _ in 0..2 {
        guest.run("query MadeUp { shop { name } products(first: 1) { nodes { variants(first: 1) { nodes {
            availability { available } } } } } }", json!({})).await.at("shop");
    }
    jobs::ensure(&app.app, &Hopeless {}).await.expect("added");
    jobs::run_due(&app.app, &worker::handlers().with::<Hopeless>()).await.expect("jobs run");
}

/// A subscription that runs, until this is dropped.
async fn subscribed(app: &TestApp) -> Socket {
    let owner = app.as_owner().await;
    let mut socket = Socket::greet(&app.url, owner.token()).await;
    socket.subscribe("1", "subscription { storeActivity { cursor } }", json!({})).await;
    socket
}

/// A connection too many.
async fn crowd(app: &TestApp) {
    let served = Served::with(app, |config| config.limits.connections_per_address = 1).await;
    let mut first = TcpStream::connect(served.address).await.expect("a connection");
    first.write_all(b"GET /livez HTTP/1.1\r\nhost: store\r\n\r\n").await.expect("sent");
    let mut byte = [0; 1];
    assert_eq!(first.read(&mut byte).await.expect("an answer"), 1);
    let mut second = TcpStream::connect(served.address).await.expect("the queue takes it");
    assert_eq!(second.read(&mut byte).await.expect("closed"), 0);
}

/// What a server of the store tells whoever asks it over the network.
async fn scrape(app: &TestApp) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/metrics", listener.local_addr().expect("an address"));
    let stop = CancellationToken::new();
    let (router, config) = (server::admin_router(&app.app), app.app.config.clone());
    let guard = stop.clone().drop_guard();
    tokio::spawn(async move { server::serve(listener, router, &config, stop, Duration::ZERO).await });
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let text = http.get(url).send().await.expect("an answer").text().await.expect("a text");
    drop(guard);
    text
}

/// The kinds of our metrics, by name.
fn types(text: &str) -> BTreeMap<&str, &str> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    lines.filter(|(name, _)| name.starts_with("consign_")).collect()
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram => "histogram",
    }
}

async fn dashboards_and_alerts_ask_for_what_there_is() {
    let dashboard: Value = serde_json::from_str(&read("docker/grafana/consign.json")).expect("JSON");
    let alerts: Value = serde_norway::from_str(&read("docker/prometheus/alerts.yml")).expect("YAML");
    let panels = dashboard["panels"].as_array().expect("panels");
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().into_iter().flatten());
    let mut asked: Vec<&str> = targets.map(|it| it["expr"].as_str().expect("an expression")).collect();
    let rules = alerts["groups"][0]["rules"].as_array().expect("rules");
    assert!(asked.len() > 30 && rules.len() > 8, "{} and {}", asked.len(), rules.len());
    for rule in rules {
        asked.push(rule["expr"].as_str().expect("an expression"));
        let severity = rule["labels"]["severity"].as_str().expect("how bad it is");
        assert!(rule["alert"].is_string() && rule["for"].is_string() && rule["annotations"]["summary"].is_string(), "{rule}");
        assert!(["warning", "critical"].contains(&severity), "{rule}");
    }
    let mut wrong = Vec::new();
    let mut used = BTreeSet::new();
    for expression in asked {
        wrong.extend(defects(expression, &mut used).into_iter().map(|defect| format!("{defect}: {expression}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let unseen: Vec<&str> = MEASURES.iter().map(|it| it.name).filter(|name| !used.contains(name)).collect();
    assert!(unseen.is_empty(), "nobody looks at {unseen:?}");
}

/// What is wrong with an expression: names of metrics and labels that there are not.
fn defects<'a>(expression: &'a str, used: &mut BTreeSet<&'a str>) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut known: BTreeSet<&str> = BTreeSet::from(["le"]);
    for (at, _) in expression.match_indices("consign_") {
        let rest = &expression[at..];
        let end = rest.find(|it: char| !it.is_ascii_alphanumeric() && it != '_').unwrap_or(rest.len());
        let (name, rest) = rest.split_at(end);
        let Some(measure) = measure(name) else {
            wrong.push(format!("no metric is called {name}"));
            continue;
        };
        used.insert(measure.name);
        let labels: BTreeSet<&str> = measure.labels.split(", ").collect();
        let selector = rest.strip_prefix('{').and_then(|it| it.split_once('}')).map_or("", |(inside, _)| inside);
        for label in selector.split(',').filter(|it| !it.is_empty()).map(|it| it.split(['=', '!']).next().unwrap_or_default()) {
            if !labels.contains(label.trim()) {
                wrong.push(format!("{name} has no label {label}"));
            }
        }
        known.extend(labels);
    }
    for group in expression.split(" by (").skip(1) {
        let (group, _) = group.split_once(')').expect("it is closed");
        for label in group.split(',').map(str::trim).filter(|it| !known.contains(it)) {
            wrong.push(format!("nothing has the label {label}"));
        }
    }
    let count = |it: char| expression.matches(it).count();
    if count('(') != count(')') || count('{') != count('}') || known.len() < 2 {
        wrong.push("it cannot be read".to_owned());
    }
    wrong
}

/// The metric that a time series belongs to.
fn measure(series: &str) -> Option<&'static Measure> {
    let of = |name: &str| MEASURES.iter().find(|it| it.name == name);
    let parts = ["_bucket", "_sum", "_count"].iter().find_map(|end| series.strip_suffix(end));
    of(series).or_else(|| parts.and_then(of).filter(|it| it.kind == Kind::Histogram))
}

async fn the_page_lists_all_metrics() {
    let (begin, end) = ("<!-- metrics: UPDATE_METRICS=1 writes this table -->\n", "<!-- end -->\n");
    let page = read("docs/observability.md");
    let (before, rest) = page.split_once(begin).expect("the table begins");
    let (_, after) = rest.split_once(end).expect("the table ends");
    let mut table = "| metric | kind | labels | what it says |\n|---|---|---|---|\n".to_owned();
    for it in MEASURES {
        table += &format!("| `{}` | {} | {} | {} |\n", it.name, kind(it.kind), it.labels, it.help);
    }
    let right = format!("{before}{begin}{table}{end}{after}");
    if std::env::var_os("UPDATE_METRICS").is_some() {
        std::fs::write(format!("{ROOT}/docs/observability.md"), &right).expect("the page is written");
    }
    assert!(page == right || std::env::var_os("UPDATE_METRICS").is_some(), "run UPDATE_METRICS=1 cargo test --test it observability");
}

fn read(path: &str) -> String {
    std::fs::read_to_string(format!("{ROOT}/{path}")).unwrap_or_else(|error| panic!("{path}: {error}"))
}
