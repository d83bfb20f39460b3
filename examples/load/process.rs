//! The processes of a run: this same program, started again under the name of `consign`.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tokio::process::{Child, Command};

/// The first argument that makes this program behave as `consign`.
pub const AS_CONSIGN: &str = "as-consign";
/// The secret that servers and gateway share.
const GATEWAY_SECRET: &str = "run-gateway-secret-0123456789abcdef";
/// The key of the gateway's webhooks.
const GATEWAY_WEBHOOK_SECRET: &str = "whsec_ZXhhbXBsZS1nYXRld2F5LXdlYmhvb2stc2VjcmV0LTE=";
/// How long a process may take to answer.
const START: Duration = Duration::from_secs(60);
/// How often it is asked meanwhile.
const LOOK: Duration = Duration::from_millis(5);

/// Where the servers of a run keep things, and how fast business goes there.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Where files and logs go.
    pub folder: &'a Path,
    /// The database.
    pub database_url: &'a str,
    /// Redis, if any.
    pub redis_url: Option<&'a str>,
    /// Divides business waits.
    pub time_scale: u32,
}

impl Place<'_> {
    /// The settings of a server at `server`, an `http://` address.
    pub fn environment(&self, server: &str, gateway_url: &str) -> Vec<(&'static str, String)> {
        let mut environment = vec![
            ("CONSIGN_DATABASE_URL", self.database_url.to_owned()),
            ("CONSIGN_DATA_DIR", self.folder.join("data").display().to_string()),
            ("CONSIGN_LISTEN", server.trim_start_matches("http://").to_owned()),
            ("CONSIGN_ADMIN_LISTEN", "127.0.0.1:0".to_owned()),
            ("CONSIGN_PUBLIC_URL", server.to_owned()),
            ("CONSIGN_JWT_SECRET", "run-jwt-0a1b2c3d4e5f60718293a4b5c6d7e8f9".to_owned()),
            ("CONSIGN_SECRET_KEY", "run-key-9f8e7d6c5b4a39281706f5e4d3c2b1a0".to_owned()),
            ("CONSIGN_EGRESS_ALLOW", "127.0.0.1/32".to_owned()),
            ("CONSIGN_TIME_SCALE", self.time_scale.to_string()),
            ("CONSIGN_GATEWAYS__TEST__URL", format!("{gateway_url}/gateway")),
            ("CONSIGN_GATEWAYS__TEST__SECRET", GATEWAY_SECRET.to_owned()),
            ("CONSIGN_GATEWAYS__TEST__WEBHOOK_SECRET", GATEWAY_WEBHOOK_SECRET.to_owned()),
            ("RUST_LOG", "warn".to_owned()),
        ];
        if let Some(url) = self.redis_url {
            environment.push(("CONSIGN_REDIS_URL", url.to_owned()));
            environment.push(("CONSIGN_REDIS_PREFIX", format!("consign-example-{}:", std::process::id())));
        }
        environment
    }

    /// Makes the tables, the owner, and a token for the owner's operations.
    pub async fn make_owner(&self) -> anyhow::Result<String> {
        self.run(&["migrate"], "").await?;
        let owner = ["owner", "create", "--email", "owner@example.com", "--password-stdin"];
        self.run(&owner, "a long enough passphrase\n").await?;
        let printed = self.run(&["token", "create", "--name", "example", "--owner"], "").await?;
        let token = printed.split_whitespace().find(|word| word.starts_with("cst_"));
        Ok(token.context("no token was printed")?.to_owned())
    }

    /// Runs a `consign` command to its end.
    async fn run(&self, arguments: &[&str], input: &str) -> anyhow::Result<String> {
        use tokio::io::AsyncWriteExt as _;
        let mut command = consign(self.folder, "command")?;
        command.envs(self.environment("http://127.0.0.1:1", "http://127.0.0.1:1"));
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(input.as_bytes()).await?;
        }
        let output = child.wait_with_output().await?;
        if !output.status.success() {
            bail!("`consign {}` failed; see {}/command.log", arguments.join(" "), self.folder.display());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Starts a simulator (suppliers and a gateway) that calls the webhooks of the store at `store_url`;
    /// answers its address.
    pub async fn simulator(&self, name: &str, store_url: &str, seed: u64) -> anyhow::Result<(Child, String)> {
        let port = free_port()?;
        let state = self.folder.join(name);
        std::fs::create_dir_all(&state)?;
        let mut command = consign(self.folder, name)?;
        command.args(["simulate", "--listen", &format!("127.0.0.1:{port}"), "--store-url", store_url]);
        command.args(["--seed", &seed.to_string(), "--time-scale", &self.time_scale.to_string()]);
        command.args(["--gateway-secret", GATEWAY_SECRET, "--gateway-webhook-secret", GATEWAY_WEBHOOK_SECRET]);
        command.arg("--state-dir").arg(state);
        let child = command.spawn().context("the simulator does not start")?;
        let url = format!("http://127.0.0.1:{port}");
        answers(&format!("{url}/admin/summary")).await?;
        Ok((child, url))
    }
}

/// This program as `consign`, writing what it says to `NAME.log`.
pub fn consign(folder: &Path, name: &str) -> anyhow::Result<Command> {
    let log = std::fs::OpenOptions::new().create(true).append(true).open(folder.join(format!("{name}.log")))?;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(AS_CONSIGN).kill_on_drop(true).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    Ok(command)
}

/// Waits until `url` answers with success.
pub async fn answers(url: &str) -> anyhow::Result<()> {
    let give_up = Instant::now() + START;
    // Tried often, over one client: a moment waited here would count as the process's own.
    let client = reqwest::Client::new();
    loop {
        if client.get(url).send().await.is_ok_and(|answer| answer.status().is_success()) {
            return Ok(());
        }
        if Instant::now() > give_up {
            bail!("{url} does not answer");
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// A port nobody listens on.
pub fn free_port() -> anyhow::Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
