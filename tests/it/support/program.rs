//! The program itself, as operators run it: a process of its own at a test's store.

use std::process::Output;

use consign::platform::config::Config;
use serde_json::Value;
use tokio::process::Command;

/// How a run ended.
pub struct Ran {
    /// Whether it ended well.
    pub well: bool,
    /// What it printed.
    pub out: String,
    /// What it complained of.
    pub err: String,
}

impl Ran {
    /// Fails unless it ended well.
    #[track_caller]
    pub fn done(self) -> String {
        assert!(self.well, "{}\n{}", self.out, self.err);
        self.out
    }

    /// Fails unless it ended badly; what it complained of.
    #[track_caller]
    pub fn refused(self) -> String {
        assert!(!self.well, "{}", self.out);
        self.err
    }

    /// What it printed, read as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}\n{}", self.out, self.err))
    }
}

/// The program with these arguments, configured as `config` is.
pub fn command(config: &Config, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_consign"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CONSIGN_")) {
        command.env_remove(name);
    }
    command.args(args).current_dir(&config.data_dir).kill_on_drop(true);
    command.env("CONSIGN_DATABASE_URL", &config.database_url).env("CONSIGN_DATA_DIR", &config.data_dir);
    command.env("CONSIGN_REDIS_URL", config.redis_url.as_deref().unwrap_or_default());
    command.env("CONSIGN_REDIS_PREFIX", &config.redis_prefix);
    command.env("CONSIGN_LISTEN", "127.0.0.1:0").env("CONSIGN_ADMIN_LISTEN", "127.0.0.1:0");
    command.env("CONSIGN_PUBLIC_URL", config.public_url.as_deref().unwrap_or_default());
    command.env("CONSIGN_JWT_SECRET", config.jwt_secret.expose());
    command.env("CONSIGN_SECRET_KEY", config.secret_key.expose());
    command.env("CONSIGN_EGRESS_ALLOW", config.egress_allow.join(","));
    if let Some(url) = &config.smtp_url {
        command.env("CONSIGN_SMTP_URL", url.expose());
    }
    if let Some(test) = &config.gateways.test {
        command.env("CONSIGN_GATEWAYS__TEST__URL", &test.url);
        command.env("CONSIGN_GATEWAYS__TEST__SECRET", test.secret.expose());
        command.env("CONSIGN_GATEWAYS__TEST__WEBHOOK_SECRET", test.webhook_secret.expose());
    }
    command
}

/// Runs it to its end.
pub async fn run(config: &Config, args: &[&str]) -> Ran {
    let Output { status, stdout, stderr } = command(config, args).output().await.expect("consign runs");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ran { well: status.success(), out: text(stdout), err: text(stderr) }
}
