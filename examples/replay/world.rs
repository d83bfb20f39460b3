//! The processes of a run: simulator, gateway and one or more servers, each this same program
//! started again under the name of `consign`.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use consign::simulator::{Mail, mailbox};
use serde_json::Value;
use tokio::process::{Child, Command};
use url::Url;

use super::neighbors::{Fault, Neighbor, Proxy};

/// The first argument that makes this program behave as `consign`.
pub const AS_CONSIGN: &str = "as-consign";
/// How long a process may take to answer.
const START: Duration = Duration::from_secs(60);

/// How long an orchestrator waits for a server to end before it kills it.
const DRAIN: Duration = Duration::from_secs(30);

/// How the servers of a run are set up.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Where files and logs go.
    pub folder: PathBuf,
    /// The database.
    pub database_url: String,
    /// Redis, if any.
    pub redis_url: Option<String>,
    /// How many servers.
    pub replicas: usize,
    /// Divides business waits.
    pub time_scale: u32,
    /// Faults the simulator plays, as probabilities per supplier.
    pub faults: Value,
    /// The seed.
    pub seed: u64,
    /// Another build of `consign`, which every other server runs.
    pub other: Option<PathBuf>,
    /// Whether the servers reach their neighbors through proxies that can spoil what they answer.
    pub proxied: bool,
}

/// The proxies before the neighbors.
struct Proxies {
    /// Before the suppliers; only the first one is reached through it.
    supplier: Proxy,
    gateway: Proxy,
    mail: Proxy,
    redis: Option<Proxy>,
    database: Option<Proxy>,
}

/// The processes of a run.
pub struct World {
    setup: Setup,
    /// Base URL of the simulated suppliers.
    pub suppliers_url: String,
    /// Base URL of the simulated gateway.
    pub gateway_url: String,
    /// Base URLs of the servers.
    pub servers: Vec<String>,
    mail_url: String,
    mails: Arc<Mutex<Vec<Mail>>>,
    children: Vec<Option<Child>>,
    _helpers: Vec<Child>,
    proxies: Option<Proxies>,
}

/// The secret the servers and the gateway share in a run.
pub const GATEWAY_SECRET: &str = "replay-gateway-secret-0123456789abcdef";
/// The key of the gateway's webhooks.
pub const GATEWAY_WEBHOOK_SECRET: &str = "whsec_cmVwbGF5LWdhdGV3YXktd2ViaG9vay1zZWNyZXQtMDE=";

impl World {
    /// Starts everything and waits until it answers.
    pub async fn start(setup: Setup) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&setup.folder)?;
        let servers: Vec<String> = (0..setup.replicas)
            .map(|_| free_port().map(|port| format!("http://127.0.0.1:{port}")))
            .collect::<Result<_, _>>()?;
        let mut helpers = Vec::new();
        let mut helper_urls = Vec::new();
        for name in ["suppliers", "gateway"] {
            let port = free_port()?;
            let state = setup.folder.join(name);
            std::fs::create_dir_all(&state)?;
            let mut command = consign(&setup.folder, name)?;
            command.args(["simulate", "--listen", &format!("127.0.0.1:{port}"), "--store-url", &servers[0]]);
            command.args(["--seed", &setup.seed.to_string(), "--time-scale", &setup.time_scale.to_string()]);
            command.args(["--gateway-secret", GATEWAY_SECRET, "--gateway-webhook-secret", GATEWAY_WEBHOOK_SECRET]);
            command.arg("--state-dir").arg(state);
            helpers.push(command.spawn().context("the simulator does not start")?);
            helper_urls.push(format!("http://127.0.0.1:{port}"));
        }
        for url in &helper_urls {
            answers(&format!("{url}/admin/summary")).await?;
        }
        let mails = Arc::new(Mutex::new(Vec::new()));
        let letterbox = Arc::clone(&mails);
        let mail_url = mailbox(move |mail| letterbox.lock().unwrap_or_else(PoisonError::into_inner).push(mail)).await?;
        let gateway_url = helper_urls.pop().unwrap_or_default();
        let suppliers_url = helper_urls.pop().unwrap_or_default();
        let (children, _helpers) = (Vec::new(), helpers);
        let mut world =
            Self { setup, suppliers_url, gateway_url, servers, mail_url, mails, children, _helpers, proxies: None };
        if world.setup.proxied {
            world.proxies = Some(world.proxies().await?);
        }
        for index in 0..world.servers.len() {
            let child = world.spawn_server(index)?;
            world.children.push(Some(child));
            answers(&format!("{}/readyz", world.servers[index])).await?;
        }
        Ok(world)
    }

    /// How the run is set up.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// Kills a server as `kill -9` does, and starts it again.
    pub async fn kill_and_restart(&mut self, index: usize) -> anyhow::Result<()> {
        self.kill(index).await?;
        self.launch(index)?;
        self.ready(index).await
    }

    /// Kills a server as `kill -9` does, if nobody else did, and waits for its end.
    pub async fn kill(&mut self, index: usize) -> anyhow::Result<()> {
        if let Some(mut child) = self.children[index].take() {
            // An error means that it has ended already.
            let _ = child.start_kill();
            child.wait().await?;
        }
        Ok(())
    }

    /// Starts a server that has ended, and does not wait for it.
    pub fn launch(&mut self, index: usize) -> anyhow::Result<()> {
        self.children[index] = Some(self.spawn_server(index)?);
        Ok(())
    }

    /// Waits until a server answers.
    pub async fn ready(&self, index: usize) -> anyhow::Result<()> {
        answers(&format!("{}/readyz", self.servers[index])).await
    }

    /// Sends a server a signal, by its name without `SIG`.
    pub async fn signal(&self, index: usize, signal: &str) -> anyhow::Result<()> {
        let line = format!("kill -s {signal} {}", self.pid(index)?);
        let status = Command::new("sh").args(["-c", &line]).status().await?;
        ensure!(status.success(), "{line}: {status}");
        Ok(())
    }

    /// Asks a server to end, as an orchestrator does, waits for its orderly end, and starts it again.
    pub async fn replace(&mut self, index: usize) -> anyhow::Result<()> {
        self.signal(index, "TERM").await?;
        if let Some(mut child) = self.children[index].take() {
            let status = tokio::time::timeout(DRAIN, child.wait()).await.context("a server did not end in time")??;
            ensure!(status.success(), "a server that was asked to end: {status}");
        }
        self.launch(index)?;
        self.ready(index).await
    }

    /// The process id of a server that runs.
    pub fn pid(&self, index: usize) -> anyhow::Result<u32> {
        self.children[index].as_ref().and_then(Child::id).context("the server does not run")
    }

    /// Who is at the other end of a server's connection.
    pub fn name_of(&self, local: u16, remote: u16) -> &'static str {
        let is = |url: &str, port: u16| {
            Url::parse(url).is_ok_and(|url| url.port().or_else(|| default_port(&url)) == Some(port))
        };
        let redis = self.setup.redis_url.as_deref().unwrap_or_default();
        match remote {
            _ if self.servers.iter().any(|server| is(server, local)) => "a client",
            _ if is(&self.suppliers_url, remote) => "a supplier",
            _ if is(&self.gateway_url, remote) => "the payment gateway",
            _ if is(&self.mail_url, remote) => "the mail server",
            _ if is(redis, remote) => "Redis",
            _ if is(&self.setup.database_url, remote) => "PostgreSQL",
            _ => "somebody else",
        }
    }

    /// The mails that went out so far.
    pub fn mails(&self) -> Vec<Mail> {
        self.mails.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The memory of the first server, in KiB: resident now.
    pub fn resident_kib(&self) -> Option<u64> {
        let pid = self.pid(0).ok()?;
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
        line.split_whitespace().nth(1)?.parse().ok()
    }

    fn spawn_server(&self, index: usize) -> anyhow::Result<Child> {
        let log = format!("server-{index}");
        // The first start makes the tables; they must be the newer build's.
        let other = self.setup.other.as_deref().filter(|_| !index.is_multiple_of(2));
        let mut command = match other {
            Some(program) => logged(Command::new(program), &self.setup.folder, &log)?,
            None => consign(&self.setup.folder, &log)?,
        };
        for (key, value) in self.environment(index) {
            command.env(key, value);
        }
        command.arg("all");
        command.spawn().context("the server does not start")
    }

    fn environment(&self, index: usize) -> Vec<(&'static str, String)> {
        let proxies = self.proxies.as_ref();
        let gateway_url = through(&self.gateway_url, proxies.map(|it| &it.gateway));
        let setup = Setup {
            database_url: through(&self.setup.database_url, proxies.and_then(|it| it.database.as_ref())),
            redis_url: (self.setup.redis_url.as_ref())
                .map(|url| through(url, proxies.and_then(|it| it.redis.as_ref()))),
            ..self.setup.clone()
        };
        let mut environment = environment(&setup, &self.servers[index], &gateway_url);
        environment.push(("CONSIGN_SMTP_URL", through(&self.mail_url, proxies.map(|it| &it.mail))));
        environment.push(("CONSIGN_MAIL_FROM", "shop@example.com".to_owned()));
        environment
    }

    async fn proxies(&self) -> anyhow::Result<Proxies> {
        let database = Some(&self.setup.database_url).filter(|url| !url.starts_with("sqlite"));
        Ok(Proxies {
            supplier: Proxy::before(target(&self.suppliers_url)?).await?,
            gateway: Proxy::before(target(&self.gateway_url)?).await?,
            mail: Proxy::before(target(&self.mail_url)?).await?,
            redis: match &self.setup.redis_url {
                Some(url) => Some(Proxy::before(target(url)?).await?),
                None => None,
            },
            database: match database {
                Some(url) => Some(Proxy::before(target(url)?).await?),
                None => None,
            },
        })
    }

    /// Where the servers reach a supplier.
    pub fn supplier_url(&self, index: usize) -> String {
        let proxy = self.proxies.as_ref().map(|it| &it.supplier).filter(|_| index == 0);
        format!("{}/suppliers/s{index}", through(&self.suppliers_url, proxy).trim_end_matches('/'))
    }

    fn proxy(&self, neighbor: Neighbor) -> Option<&Proxy> {
        let proxies = self.proxies.as_ref()?;
        match neighbor {
            Neighbor::Nobody => None,
            Neighbor::Supplier => Some(&proxies.supplier),
            Neighbor::Gateway => Some(&proxies.gateway),
            Neighbor::Mail => Some(&proxies.mail),
            Neighbor::Redis => proxies.redis.as_ref(),
            Neighbor::Database => proxies.database.as_ref(),
        }
    }

    /// Whether there is such a neighbor, behind a proxy.
    pub fn has(&self, neighbor: Neighbor) -> bool {
        self.proxy(neighbor).is_some()
    }

    /// From now on this is wrong with a neighbor.
    pub fn misbehave(&self, neighbor: Neighbor, fault: Fault) {
        if let Some(proxy) = self.proxy(neighbor) {
            proxy.set(fault);
        }
    }
}

/// Makes the tables, the owner, and a token for the owner's operations.
pub async fn make_owner(setup: &Setup) -> anyhow::Result<String> {
    prepare(setup, &["migrate"], "").await?;
    let owner = ["owner", "create", "--email", "owner@example.com", "--password-stdin"];
    prepare(setup, &owner, "a long enough passphrase\n").await?;
    let printed = prepare(setup, &["token", "create", "--name", "replay", "--owner"], "").await?;
    let token = printed.split_whitespace().find(|word| word.starts_with("cst_")).context("no token was printed")?;
    Ok(token.to_owned())
}

/// Runs `consign` commands before the world stands, such as making the owner.
async fn prepare(setup: &Setup, arguments: &[&str], input: &str) -> anyhow::Result<String> {
    std::fs::create_dir_all(&setup.folder)?;
    run(&setup.folder, environment(setup, "http://127.0.0.1:1", "http://127.0.0.1:1"), arguments, input).await
}

fn environment(setup: &Setup, server: &str, gateway_url: &str) -> Vec<(&'static str, String)> {
    let listen = server.trim_start_matches("http://").to_owned();
    let mut environment = vec![
        ("CONSIGN_DATABASE_URL", setup.database_url.clone()),
        ("CONSIGN_DATA_DIR", setup.folder.join("data").display().to_string()),
        ("CONSIGN_LISTEN", listen),
        ("CONSIGN_ADMIN_LISTEN", "127.0.0.1:0".to_owned()),
        ("CONSIGN_PUBLIC_URL", server.to_owned()),
        ("CONSIGN_JWT_SECRET", "replay-jwt-0a1b2c3d4e5f60718293a4b5c6d7e8f9".to_owned()),
        ("CONSIGN_SECRET_KEY", "replay-key-9f8e7d6c5b4a39281706f5e4d3c2b1a0".to_owned()),
        ("CONSIGN_EGRESS_ALLOW", "127.0.0.1/32".to_owned()),
        ("CONSIGN_TIME_SCALE", setup.time_scale.to_string()),
        ("CONSIGN_GATEWAYS__TEST__URL", format!("{gateway_url}/gateway")),
        ("CONSIGN_GATEWAYS__TEST__SECRET", GATEWAY_SECRET.to_owned()),
        ("CONSIGN_GATEWAYS__TEST__WEBHOOK_SECRET", GATEWAY_WEBHOOK_SECRET.to_owned()),
        // One machine stands for all the customers, and the audit reads everything: these limits would
        // be measured instead.
        ("CONSIGN_LIMITS__ADDRESS_COST_BURST", "100000000".to_owned()),
        ("CONSIGN_LIMITS__ADDRESS_COST_PER_SECOND", "100000000".to_owned()),
        ("CONSIGN_LIMITS__ACTOR_COST_BURST", "100000000".to_owned()),
        ("CONSIGN_LIMITS__ACTOR_COST_PER_SECOND", "100000000".to_owned()),
        ("CONSIGN_LIMITS__COST", "100000".to_owned()),
        ("RUST_LOG", "warn".to_owned()),
    ];
    if let Some(url) = &setup.redis_url {
        environment.push(("CONSIGN_REDIS_URL", url.clone()));
        let run = setup.folder.file_name().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default();
        environment.push(("CONSIGN_REDIS_PREFIX", format!("{run}:")));
    }
    environment
}

async fn run(
    folder: &Path,
    environment: Vec<(&str, String)>,
    arguments: &[&str],
    input: &str,
) -> anyhow::Result<String> {
    use tokio::io::AsyncWriteExt as _;
    let mut command = consign(folder, "command")?;
    command.envs(environment).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes()).await?;
    }
    let output = child.wait_with_output().await?;
    if !output.status.success() {
        bail!("`consign {}` failed; see {}/command.log", arguments.join(" "), folder.display());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// This program as `consign`, writing what it says to `NAME.log`.
fn consign(folder: &Path, name: &str) -> anyhow::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(AS_CONSIGN);
    logged(command, folder, name)
}

fn logged(mut command: Command, folder: &Path, name: &str) -> anyhow::Result<Command> {
    let log = std::fs::OpenOptions::new().create(true).append(true).open(folder.join(format!("{name}.log")))?;
    command.kill_on_drop(true).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    Ok(command)
}

/// Waits until `url` answers with success.
async fn answers(url: &str) -> anyhow::Result<()> {
    let give_up = Instant::now() + START;
    loop {
        if reqwest::get(url).await.is_ok_and(|answer| answer.status().is_success()) {
            return Ok(());
        }
        if Instant::now() > give_up {
            bail!("{url} does not answer");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Where a URL leads, as `host:port`.
fn target(url: &str) -> anyhow::Result<String> {
    let url = Url::parse(url)?;
    let port = url.port_or_known_default().or_else(|| default_port(&url)).context("a URL without a port")?;
    Ok(format!("{}:{port}", url.host_str().context("a URL without a host")?))
}

/// A URL by way of a proxy, if there is one.
fn through(url: &str, proxy: Option<&Proxy>) -> String {
    let (Some(proxy), Ok(mut parsed)) = (proxy, Url::parse(url)) else { return url.to_owned() };
    // Neither fails for a URL with a host.
    let _ = parsed.set_host(Some("127.0.0.1"));
    let _ = parsed.set_port(Some(proxy.port()));
    parsed.to_string().trim_end_matches('/').to_owned()
}

/// The ports of what is named without one.
fn default_port(url: &Url) -> Option<u16> {
    match url.scheme() {
        "postgres" | "postgresql" => Some(5432),
        "redis" => Some(6379),
        _ => None,
    }
}

fn free_port() -> anyhow::Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
