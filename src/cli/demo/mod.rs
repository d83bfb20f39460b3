//! `consign demo`: a whole store in one command, and one order from click to doorstep.
//!
//! The actors: this process is the *store* (server and worker) and, beside it, its *owner*, who fills
//! it over the API, a *guest*, who buys over the API, and a *mailbox*. The *suppliers*, their carriers
//! and the payment provider are the simulator, a process of its own. Everything is kept in the data
//! folder, so a second start goes on where the first one ended.

mod client;
mod fill;
mod goods;
mod guide;
mod order;
mod simulator;
mod state;

use std::net::{SocketAddr, TcpListener};

use anyhow::Context as _;
use clap::Args;

use self::client::Client;
use self::goods::Goods;
use self::simulator::{Process, Simulator};
use self::state::State;
use super::args::Settings;
use super::owner::sentence;
use super::process::{Role, Running, asked_to_end};
use crate::app::App;
use crate::identity::api_tokens::{self, NewApiToken, TokenScope};
use crate::identity::{Actor, admin};
use crate::kernel::ids::IdSource;
use crate::platform::config::{Config, TestGatewayConfig};
use crate::platform::telemetry;
use crate::simulator::mailbox;

/// Whom the demo makes the owner.
const OWNER: &str = "owner@hearth-harbor.example";
/// The store's own business waits are this much shorter: an hour is a minute.
const TIME_SCALE: u32 = 60;

/// What can be said to `consign demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// End when the order is delivered, rather than keep serving
    #[arg(long)]
    once: bool,
}

/// Runs the demo.
pub async fn run(settings: Settings, args: DemoArgs) -> anyhow::Result<()> {
    let mut config = settings.load()?;
    telemetry::init_warnings(config.log_format);
    let folder = config.data_dir.clone();
    let database = folder.join("consign.db");
    refuse_servers(&config)?;
    config.database_url = format!("sqlite://{}", database.display());
    let mut state = State::open(&folder, &database)?;
    config.listen = with_port(&config.listen)?;
    let base = format!("http://{}", reachable(&config.listen));
    println!("           store    {} in {}", if state.filled { "resumed" } else { "made" }, folder.display());
    let (simulator, mut process) = Simulator::start(&state, &folder, &base).await?;
    println!("           world    suppliers, carriers and a payment provider at {}", simulator.url);
    configure(&mut config, &state, &simulator, &base).await?;
    let admin_listen = config.admin_listen.clone();
    let app = App::start(config).await?;
    let running = Running::start(app.clone(), Role::All).await?;
    let story = tell(&app, &mut state, &simulator, &base, &admin_listen);
    let told = tokio::select! {
        told = story => told.map(|()| true),
        why = process.ended() => Err(anyhow::Error::msg(why)),
        () = asked_to_end() => Ok(false),
    };
    let result = match told {
        Ok(true) if !args.once => keep_serving(&mut process).await,
        told => told.map(|_| ()),
    };
    running.end().await;
    process.end().await;
    result
}

/// A demo makes its own store and may be thrown away with its folder; it never touches a database
/// that somebody named for another.
fn refuse_servers(config: &Config) -> anyhow::Result<()> {
    anyhow::ensure!(
        config.database_url == Config::default().database_url,
        "the demo keeps a database of its own in the data folder and uses no other: leave out --database-url \
         (or CONSIGN_DATABASE_URL, or database_url in consign.toml); --data-dir names its folder"
    );
    anyhow::ensure!(
        config.redis_url.is_none(),
        "the demo is one process and uses no Redis: leave out --redis-url (or CONSIGN_REDIS_URL, or redis_url in \
         consign.toml)"
    );
    Ok(())
}

/// The configuration of a demo: its own secrets, providers and mailbox; the rest is the user's.
async fn configure(config: &mut Config, state: &State, simulator: &Simulator, base: &str) -> anyhow::Result<()> {
    config.redis_url = None;
    config.jwt_secret = state.jwt_secret.as_str().into();
    config.secret_key = state.secret_key.as_str().into();
    config.public_url = Some(base.to_owned());
    config.smtp_url =
        Some(mailbox(|mail| println!("           mail     to {}: {}", mail.to, mail.subject)).await?.into());
    config.mail_from = Some("Hearth & Harbor <hello@hearth-harbor.example>".to_owned());
    // The simulator is on this machine, which adapters otherwise never reach.
    config.egress_allow.push("127.0.0.1".to_owned());
    config.time_scale = TIME_SCALE;
    config.gateways.test = Some(TestGatewayConfig {
        url: format!("{}/gateway", simulator.url),
        secret: state.gateway_secret.as_str().into(),
        webhook_secret: state.gateway_webhook_secret.as_str().into(),
    });
    Ok(())
}

/// Fills the store unless that was done, buys, and follows the order to the doorstep.
async fn tell(
    app: &App,
    state: &mut State,
    simulator: &Simulator,
    base: &str,
    admin_listen: &str,
) -> anyhow::Result<()> {
    let goods = Goods::read()?;
    let guest = Client::guest(base)?;
    let token = owner_token(app, state).await?;
    let owner = guest.with_token(&token);
    let suppliers = fill::suppliers(&owner, simulator, state, &goods).await?;
    if !state.filled {
        fill::store(&owner, &goods, &suppliers).await?;
        state.filled = true;
        state.save()?;
    }
    let placed = order::place(&guest).await?;
    let took = order::follow(&guest, &placed).await?;
    println!("\n  Order {} went from click to doorstep in {:.1} s.", placed.number, took.as_secs_f32());
    guide::print(base, admin_listen, &token, state.owner_password.as_deref().unwrap_or_default(), &placed);
    Ok(())
}

/// The owner's API token, and an account to sign in with; made as `consign owner` and `consign token` do.
async fn owner_token(app: &App, state: &mut State) -> anyhow::Result<String> {
    if let Some(token) = &state.owner_token {
        return Ok(token.clone());
    }
    let password = hex::encode(IdSource::System.bytes::<8>());
    admin::create_owner(app, OWNER, &password).await.map_err(sentence)?;
    let new = NewApiToken { name: "demo".to_owned(), scope: TokenScope::Owner, days: None };
    let created = api_tokens::create(app, &Actor::system("demo"), new).await.map_err(sentence)?;
    state.owner_password = Some(password);
    state.owner_token = Some(created.plaintext.clone());
    state.save()?;
    Ok(created.plaintext)
}

async fn keep_serving(process: &mut Process) -> anyhow::Result<()> {
    tokio::select! {
        why = process.ended() => anyhow::bail!(why),
        () = asked_to_end() => Ok(()),
    }
}

/// The address with a free port for port 0: suppliers must know it before the store listens.
fn with_port(address: &str) -> anyhow::Result<String> {
    if !address.ends_with(":0") {
        return Ok(address.to_owned());
    }
    let listener = TcpListener::bind(address).with_context(|| format!("cannot listen on {address}"))?;
    Ok(listener.local_addr().context("the listener has no address")?.to_string())
}

/// Where this machine reaches a listener: one on all addresses is not an address to call.
fn reachable(listen: &str) -> String {
    match listen.parse::<SocketAddr>() {
        Ok(address) if address.ip().is_unspecified() => format!("127.0.0.1:{}", address.port()),
        _ => listen.to_owned(),
    }
}
