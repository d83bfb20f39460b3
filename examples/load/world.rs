//! The processes of a run: the simulator, the server that is measured, and the floor beside it.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::process::{Child, Command};

use super::process::{Place, answers, consign, free_port};
use super::usage::Process;

/// What a run raises: one machine stands for all customers, and these limits would be measured instead.
pub const RAISED: [(&str, &str); 5] = [
    ("CONSIGN_LIMITS__ADDRESS_COST_BURST", "1000000000"),
    ("CONSIGN_LIMITS__ADDRESS_COST_PER_SECOND", "1000000000"),
    ("CONSIGN_LIMITS__CONNECTIONS_PER_ADDRESS", "1000000"),
    ("CONSIGN_LIMITS__SOCKETS_PER_ADDRESS", "1000000"),
    ("CONSIGN_LIMITS__SUBSCRIPTIONS_PER_ADDRESS", "1000000"),
];
/// How long a server may take to end.
const END: Duration = Duration::from_secs(30);

/// The processes of a run.
pub struct World {
    folder: PathBuf,
    database_url: String,
    redis_url: Option<String>,
    /// The server's address, the same in all its lives.
    pub url: String,
    /// The simulator's address.
    pub simulator: String,
    /// A token for the owner's operations.
    pub owner_token: String,
    server: Option<Child>,
    _simulator: Child,
}

impl World {
    /// Makes the tables and the owner, and starts the simulator; no server yet.
    pub async fn new(folder: PathBuf, database_url: String, redis_url: Option<String>) -> anyhow::Result<Self> {
        let url = format!("http://127.0.0.1:{}", free_port()?);
        let place = place(&folder, &database_url, redis_url.as_deref());
        let owner_token = place.make_owner().await?;
        let (child, simulator) = place.simulator("simulator", &url, 1).await?;
        Ok(Self { url, simulator, owner_token, server: None, _simulator: child, folder, database_url, redis_url })
    }

    /// Ends the server, if one runs, and starts one anew: `serve` serves, `all` does the background work
    /// too. Answers how long it took until it was ready.
    pub async fn restart(&mut self, role: &str) -> anyhow::Result<Duration> {
        self.start(role, &RAISED).await
    }

    /// The same, with all limits as they are by default.
    pub async fn restart_as_it_is(&mut self, role: &str) -> anyhow::Result<Duration> {
        self.start(role, &[]).await
    }

    async fn start(&mut self, role: &str, raised: &[(&str, &str)]) -> anyhow::Result<Duration> {
        self.end().await?;
        let place = place(&self.folder, &self.database_url, self.redis_url.as_deref());
        let mut command = consign(&self.folder, "server")?;
        command.envs(place.environment(&self.url, &self.simulator)).envs(raised.iter().copied()).arg(role);
        let began = Instant::now();
        self.server = Some(command.spawn().context("the server does not start")?);
        answers(&format!("{}/readyz", self.url)).await?;
        Ok(began.elapsed())
    }

    /// The process of the server that runs.
    pub fn server(&self) -> anyhow::Result<Process> {
        let id = self.server.as_ref().and_then(Child::id);
        Ok(Process::of(id.context("the server is gone")?))
    }

    async fn end(&mut self) -> anyhow::Result<()> {
        let Some(mut server) = self.server.take() else { return Ok(()) };
        let id = server.id().context("the server is gone")?;
        Command::new("kill").arg(id.to_string()).status().await?;
        tokio::time::timeout(END, server.wait()).await.context("the server does not end")??;
        Ok(())
    }
}

fn place<'a>(folder: &'a Path, database_url: &'a str, redis_url: Option<&'a str>) -> Place<'a> {
    Place { folder, database_url, redis_url, time_scale: 1 }
}

/// Starts this program as the floor that answers with the files in `folder`; answers its address too.
pub async fn floor(folder: &Path) -> anyhow::Result<(Child, String)> {
    let address = format!("127.0.0.1:{}", free_port()?);
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(super::floor::AS_FLOOR).arg(folder).arg(&address).kill_on_drop(true).stdin(Stdio::null());
    let child = command.spawn().context("the floor does not start")?;
    let url = format!("http://{address}");
    answers(&url).await?;
    Ok((child, url))
}
