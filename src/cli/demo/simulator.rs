//! The simulator as a child process: other people's servers are not part of ours.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::goods::{Goods, Side};
use super::state::State;

/// How long the child may take to begin or to end.
const PATIENCE: Duration = Duration::from_secs(10);
/// A day of the simulated suppliers takes so many times less: three seconds.
const TIME_SCALE: &str = "28800";

/// The child.
pub struct Process {
    child: Child,
    /// Open for as long as the child shall live, however this process ends.
    leash: Option<ChildStdin>,
}

/// The running simulator, as the demo reaches it.
pub struct Simulator {
    http: reqwest::Client,
    admin_token: String,
    /// Where it listens, without a slash at the end.
    pub url: String,
}

impl Simulator {
    /// Starts it with its journal in `folder`, so that it goes on where it was.
    pub async fn start(state: &State, folder: &Path, store_url: &str) -> anyhow::Result<(Self, Process)> {
        let program = std::env::current_exe().context("this program does not find itself")?;
        let mut command = Command::new(program);
        command.args(["simulate", "--until-stdin-closes", "--listen", "127.0.0.1:0", "--time-scale", TIME_SCALE]);
        command.arg("--state-dir").arg(folder.join("simulator")).arg("--store-url").arg(store_url);
        // Secrets go by the environment: other users of the machine see arguments.
        command
            .env("CONSIGN_SIMULATOR_GATEWAY_SECRET", &state.gateway_secret)
            .env("CONSIGN_SIMULATOR_GATEWAY_WEBHOOK_SECRET", &state.gateway_webhook_secret)
            .env("CONSIGN_SIMULATOR_ADMIN_TOKEN", &state.admin_token)
            .env("RUST_LOG", "warn");
        // In a process group of its own, ctrl-c does not end it before the store has drained.
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().context("the simulator could not be started")?;
        let leash = child.stdin.take();
        let lines = child.stdout.take().map(|stdout| BufReader::new(stdout).lines());
        let lines = lines.context("the simulator has no standard output")?;
        let url = tokio::time::timeout(PATIENCE, announced(lines)).await.context("the simulator does not begin")??;
        let http = reqwest::Client::builder().build().context("the HTTP client could not be made")?;
        Ok((Self { http, admin_token: state.admin_token.clone(), url }, Process { child, leash }))
    }

    /// Makes the supplier called `side`, who calls the store's supplier `id`, with its stock.
    pub async fn set_up(&self, state: &State, goods: &Goods, side: Side, id: &str) -> anyhow::Result<()> {
        let secrets = state.supplier(side)?;
        let cost = |amount: &str| json!({ "amount": amount, "currency": "EUR" });
        let settings = json!({
            "token": secrets.token,
            "webhook": { "supplierId": id, "secret": secrets.webhook_secret },
            "currency": "EUR",
            "country": side.country(),
            "shippingServices": [
                { "code": "STANDARD", "cost": cost("3.90") },
                { "code": "EXPRESS", "cost": cost("9.40") },
            ],
            // Four hours to answer, a day to pack, two and a half on the road.
            "acceptMode": "delayed",
            "leadTimes": { "acceptSeconds": 14_400, "processSeconds": 86_400, "transitSeconds": 216_000, "jitter": 0.2 },
            "splitShipment": 0.0,
        });
        self.put(&format!("suppliers/{}", side.key()), settings).await?;
        let had = goods.variants().filter(|(_, product)| product.is_had_by(side));
        let item = |it: &super::goods::Variant| {
            let cost = json!({ "amount": it.cost(side).to_string(), "currency": "EUR" });
            json!({ "sku": it.supplier_sku(side), "quantity": it.stock(side), "cost": cost })
        };
        let items: Vec<Value> = had.map(|(variant, _)| item(&variant)).collect();
        self.put(&format!("suppliers/{}/stock", side.key()), json!({ "full": true, "items": items })).await
    }

    async fn put(&self, path: &str, body: Value) -> anyhow::Result<()> {
        let request = self.http.put(format!("{}/admin/{path}", self.url)).bearer_auth(&self.admin_token).json(&body);
        let response = request.send().await.context("the simulator does not answer")?;
        let status = response.status();
        let text = response.text().await.unwrap_or_default();
        anyhow::ensure!(status.is_success(), "the simulator refuses {path}: {status} {text}");
        Ok(())
    }
}

impl Process {
    /// Waits until the child ends by itself, which it should not.
    pub async fn ended(&mut self) -> String {
        match self.child.wait().await {
            Ok(status) => format!("the simulator ended ({status})"),
            Err(error) => format!("the simulator ended ({error})"),
        }
    }

    /// Ends it in order.
    pub async fn end(mut self) {
        drop(self.leash.take());
        if tokio::time::timeout(PATIENCE, self.child.wait()).await.is_err() {
            // It does not listen any more; dropping the handle kills it.
            tracing::warn!("the simulator did not end by itself");
        }
    }
}

/// The address the child prints; what it prints later is read and dropped, so that it never blocks.
async fn announced(mut lines: Lines<BufReader<ChildStdout>>) -> anyhow::Result<String> {
    while let Some(line) = lines.next_line().await.context("the simulator cannot be read")? {
        if let Some((_, address)) = line.split_once("http://") {
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return Ok(format!("http://{}", address.trim()));
        }
    }
    anyhow::bail!("the simulator ended before it began; its own words are above")
}
