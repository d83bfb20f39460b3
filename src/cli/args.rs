//! The arguments, as clap reads them.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::backup::{BackupArgs, RestoreArgs};
use super::demo::DemoArgs;
use super::doctor::DoctorArgs;
use super::import::ImportArgs;
use super::owner::OwnerCommand;
use super::recover::RecoverArgs;
use super::secrets::SecretsCommand;
use super::token::TokenCommand;
use crate::platform::config::Config;
use crate::simulator::SimulateArgs;

/// A self-hosted GraphQL backend for headless dropshipping stores.
///
/// Settings come from consign.toml, from CONSIGN_* in the environment (which win over it) and from
/// flags (which win over both); `consign config` prints the result.
#[derive(Debug, Parser)]
#[command(name = "consign", version, max_term_width = 100)]
pub struct Arguments {
    #[command(flatten)]
    pub settings: Settings,
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a store with two simulated suppliers, place an order and follow it to the doorstep.
    Demo(DemoArgs),
    /// Serve the API: HTTP, WebSockets, webhooks. Work is done by `work`.
    Serve,
    /// Do the background work: forward orders, settle payments, send mails.
    Work,
    /// Serve and work in one process.
    All,
    /// Bring the database's tables up to date, and end. `serve`, `work` and `all` do so by themselves.
    Migrate,
    /// Copy the SQLite database to a new file, beside a running server. PostgreSQL has tools of its own.
    Backup(BackupArgs),
    /// Put a backup in the place of the SQLite database, which is kept. `recover` is the next step.
    Restore(RestoreArgs),
    /// After a restore: ask payment providers and suppliers what happened since the backup.
    Recover(RecoverArgs),
    /// Check a deployment, and say what to do about what is not right. Changes nothing.
    Doctor(DoctorArgs),
    /// The owner's account.
    #[command(subcommand)]
    Owner(OwnerCommand),
    /// API tokens: long-lived, for consoles, apps and suppliers.
    #[command(subcommand)]
    Token(TokenCommand),
    /// What is done after a secret was replaced.
    #[command(subcommand)]
    Secrets(SecretsCommand),
    /// Import a supplier's catalog from a file.
    Import(ImportArgs),
    /// Simulate suppliers, their carriers and the test payment gateway.
    Simulate(Simulate),
    /// Print the configuration that the settings add up to, with secrets masked.
    Config,
    /// Print the GraphQL schema.
    Schema,
}

/// `consign simulate`.
#[derive(Debug, Args)]
pub struct Simulate {
    #[command(flatten)]
    pub args: SimulateArgs,
    /// End when standard input ends, and so with the process that holds its other end
    #[arg(long, hide = true)]
    pub until_stdin_closes: bool,
}

/// The flags that are settings. Secrets have none: other users of the machine see flags.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Settings")]
pub struct Settings {
    /// The configuration file [default: consign.toml, if it is there]
    #[arg(long, global = true, value_name = "FILE", env = "CONSIGN_CONFIG")]
    pub config: Option<PathBuf>,
    /// Any setting by its key, such as limits.depth=15; may be repeated
    #[arg(long, global = true, value_name = "KEY=VALUE", value_parser = setting)]
    pub set: Vec<(String, String)>,
    /// sqlite://FILE for one process, postgres://… for any number
    #[arg(long, global = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// Where files are kept
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<String>,
    /// The cache and bus of several replicas
    #[arg(long, global = true, value_name = "URL")]
    pub redis_url: Option<String>,
    /// How the world reaches this server
    #[arg(long, global = true, value_name = "URL")]
    pub public_url: Option<String>,
    /// Where metrics are told, never to the public
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub admin_listen: Option<String>,
}

impl Settings {
    /// The configuration they add up to, with the file and the environment.
    pub fn load(self) -> anyhow::Result<Config> {
        let named = [
            ("database_url", self.database_url),
            ("data_dir", self.data_dir),
            ("redis_url", self.redis_url),
            ("public_url", self.public_url),
            ("admin_listen", self.admin_listen),
        ];
        let named = named.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
        let environment = std::env::vars_os().filter_map(|(name, value)| {
            let name = name.into_string().ok()?;
            Some((name, value.to_string_lossy().into_owned()))
        });
        Config::load(self.config.as_deref(), environment, self.set.into_iter().chain(named)).map_err(anyhow::Error::msg)
    }
}

fn setting(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("a setting is KEY=VALUE")?;
    Ok((key.trim().to_ascii_lowercase(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::Arguments;

    #[test]
    fn the_arguments_do_not_contradict_each_other() {
        Arguments::command().debug_assert();
    }
}
