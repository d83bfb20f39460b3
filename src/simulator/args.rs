//! The command line of `consign simulate`.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::config::SimulatorConfig;

/// Run simulated suppliers, their carriers and the test payment gateway as a process of
/// its own, speaking their protocols over HTTP.
#[derive(Debug, Default, clap::Args)]
pub struct SimulateArgs {
    /// TOML file with the simulator's settings; the flags below win over it.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Address of the suppliers, the gateway and the inspection endpoints; port 0 picks a
    /// free one, which is printed. [default: 127.0.0.1:9400]
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,

    /// A second address that serves the gateway alone.
    #[arg(long, value_name = "ADDRESS")]
    pub gateway_listen: Option<SocketAddr>,

    /// Seed of every fault and jitter; the same seed fails in the same places. [default: 1]
    #[arg(long)]
    pub seed: Option<u64>,

    /// Divides all lead times: 86400 turns a day into a second. [default: 1]
    #[arg(long, env = "CONSIGN_TIME_SCALE", value_name = "FACTOR")]
    pub time_scale: Option<f64>,

    /// Folder of the journal from which a restarted simulator goes on; without it, it
    /// forgets everything when it ends.
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,

    /// Base URL of the store: webhooks go to URL/webhooks/suppliers/{supplierId} and
    /// URL/webhooks/payments/test. Without it no webhook is sent.
    #[arg(long, value_name = "URL")]
    pub store_url: Option<String>,

    /// Bearer secret the test gateway asks of the store.
    #[arg(long, env = "CONSIGN_SIMULATOR_GATEWAY_SECRET", hide_env_values = true, value_name = "SECRET")]
    pub gateway_secret: Option<String>,

    /// The `whsec_…` key with which the test gateway signs its webhooks.
    #[arg(long, env = "CONSIGN_SIMULATOR_GATEWAY_WEBHOOK_SECRET", hide_env_values = true, value_name = "SECRET")]
    pub gateway_webhook_secret: Option<String>,

    /// Bearer token asked of callers of /admin; without it they are open.
    #[arg(long, env = "CONSIGN_SIMULATOR_ADMIN_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    pub admin_token: Option<String>,
}

impl SimulateArgs {
    /// The file's settings (or the defaults) with the given flags over them, checked.
    pub fn into_config(self) -> anyhow::Result<SimulatorConfig> {
        let mut config = match &self.config {
            Some(path) => SimulatorConfig::load(path)?,
            None => SimulatorConfig::default(),
        };
        config.listen = self.listen.unwrap_or(config.listen);
        config.gateway_listen = self.gateway_listen.or(config.gateway_listen);
        config.seed = self.seed.unwrap_or(config.seed);
        config.time_scale = self.time_scale.unwrap_or(config.time_scale);
        config.state_dir = self.state_dir.or(config.state_dir);
        config.store_url = self.store_url.or(config.store_url);
        config.admin_token = self.admin_token.or(config.admin_token);
        config.gateway.secret = self.gateway_secret.or(config.gateway.secret);
        config.gateway.webhook_secret = self.gateway_webhook_secret.or(config.gateway.webhook_secret);
        config.check()?;
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args, Command, FromArgMatches};

    use super::SimulateArgs;

    #[test]
    fn flags_win_over_the_defaults() {
        let command = SimulateArgs::augment_args(Command::new("simulate"));
        let given = ["simulate", "--seed", "9", "--time-scale", "60", "--listen", "127.0.0.1:0"];
        let matches = command.try_get_matches_from(given).expect("known flags");
        let config = SimulateArgs::from_arg_matches(&matches).expect("all set").into_config().expect("valid");
        assert_eq!((config.seed, config.time_scale, config.listen.port()), (9, 60.0, 0));
    }
}
