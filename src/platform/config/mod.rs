//! The configuration: defaults, then `consign.toml`, then `CONSIGN_*`, then flags.
//!
//! Loading refuses what cannot be read (an unknown key, a word for a number); [`Config::check`] says
//! what a server could not run with, one sentence per defect.

mod check;
mod defect;
mod env;
mod secret;

use std::fmt;
use std::path::{Path, PathBuf};

use figment::providers::{Format as _, Serialized, Toml};
use figment::value::{Dict, Map};
use figment::{Figment, Metadata, Profile, Provider};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

pub use self::secret::Secret;
use super::cidr::Cidr;
use super::limits::Limits;

/// The file that is read when it is there and no other was named.
const FILE: &str = "consign.toml";

/// The whole configuration. HARDENING names each key; as `CONSIGN_…` they are in capitals.
#[derive(Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where the database is: `sqlite://path` or `postgres://…`.
    pub database_url: String,
    /// Connections to PostgreSQL.
    pub database_pool: u32,
    /// Where files are kept.
    pub data_dir: PathBuf,
    /// The cache's and the bus' server; without one both are in this process.
    pub redis_url: Option<String>,
    /// On every key and channel.
    pub redis_prefix: String,
    /// Where the public server listens.
    pub listen: String,
    /// Where metrics and health are told, never to the public.
    pub admin_listen: String,
    /// How the world reaches this server; for links in mails and webhook addresses.
    pub public_url: Option<String>,
    /// Signs sessions; at least 32 bytes. Not needed with `jwt_key_file`.
    pub jwt_secret: Secret,
    /// Proves sessions too that it signed, while `jwt_secret` is being replaced.
    pub jwt_secret_previous: Option<Secret>,
    /// A PEM file of private keys (ECDSA P-256 or Ed25519) for sessions: the first signs, all prove.
    pub jwt_key_file: Option<PathBuf>,
    /// Seals secrets at rest; at least 32 bytes.
    pub secret_key: Secret,
    /// Opens secrets too that it sealed, while `secret_key` is being replaced.
    pub secret_key_previous: Option<Secret>,
    /// The merchant's own provider of customers' identities.
    pub identity_provider: Option<IdentityProviderConfig>,
    /// Web origins that may call from a browser.
    pub allowed_origins: Vec<String>,
    /// Networks whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<String>,
    /// A file or a folder of documents: those bound by them may run no others.
    pub trusted_documents: Option<PathBuf>,
    /// Whom they bind.
    pub trusted_documents_for: TrustedFor,
    /// Who may ask for the schema.
    pub introspection: Introspection,
    /// The mail server: `smtp://` or `smtps://`.
    pub smtp_url: Option<Secret>,
    /// The sender of mails.
    pub mail_from: Option<String>,
    /// Hosts and networks beyond the public internet that adapters and webhooks may reach.
    pub egress_allow: Vec<String>,
    /// Divides business waits: job schedules, backoff, delay detectors. Never leases, network
    /// timeouts or token life.
    pub time_scale: u32,
    /// How many jobs one process works at once.
    pub worker_places: usize,
    /// How logs are written.
    pub log_format: LogFormat,
    /// Where traces go: a collector's address for OTLP over HTTP, such as `http://collector:4318/v1/traces`.
    pub otlp_endpoint: Option<String>,
    /// Payment providers.
    pub gateways: GatewayConfigs,
    /// What one request, socket or caller may cost.
    pub limits: Limits,
}

/// The merchant's own provider of identities: its tokens prove customers here.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityProviderConfig {
    /// What its tokens say in `iss`.
    pub issuer: String,
    /// What they must have in `aud`.
    pub audience: String,
    /// Where its public keys are.
    pub jwks_url: String,
    /// The claim with the person's address.
    #[serde(default = "claim_email")]
    pub email_claim: String,
    /// The claim that says whether the address is verified.
    #[serde(default = "claim_email_verified")]
    pub email_verified_claim: String,
    /// The claim with the given name.
    #[serde(default = "claim_first_name")]
    pub first_name_claim: String,
    /// The claim with the family name.
    #[serde(default = "claim_last_name")]
    pub last_name_claim: String,
}

// The standard claims of OpenID Connect.
fn claim_email() -> String {
    "email".to_owned()
}

fn claim_email_verified() -> String {
    "email_verified".to_owned()
}

fn claim_first_name() -> String {
    "given_name".to_owned()
}

fn claim_last_name() -> String {
    "family_name".to_owned()
}

/// Whom trusted documents bind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TrustedFor {
    /// Everybody without a credential, and customers: whoever uses the store's own pages and apps.
    #[default]
    Public,
    /// The owner, staff and suppliers too.
    All,
}

/// Who may ask for the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Introspection {
    /// Everybody, each for what is theirs; there is an explorer.
    #[default]
    All,
    /// The owner, staff and suppliers.
    Store,
    /// Nobody.
    Off,
}

/// How logs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For programs: one JSON object a line.
    Json,
}

/// Payment providers.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GatewayConfigs {
    /// The simulator's provider; its orders are marked as tests.
    pub test: Option<TestGatewayConfig>,
}

/// How the simulator's provider is reached.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestGatewayConfig {
    /// Its address.
    pub url: String,
    /// What we show it.
    pub secret: Secret,
    /// Its webhooks' key, `whsec_…`.
    #[serde(default)]
    pub webhook_secret: Secret,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            database_url: "sqlite://data/consign.db".to_owned(),
            database_pool: 10,
            data_dir: PathBuf::from("data"),
            redis_url: None,
            redis_prefix: "consign:".to_owned(),
            listen: "127.0.0.1:8080".to_owned(),
            admin_listen: "127.0.0.1:9090".to_owned(),
            public_url: None,
            jwt_secret: Secret::default(),
            jwt_secret_previous: None,
            jwt_key_file: None,
            secret_key: Secret::default(),
            secret_key_previous: None,
            identity_provider: None,
            allowed_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            trusted_documents: None,
            trusted_documents_for: TrustedFor::Public,
            introspection: Introspection::All,
            smtp_url: None,
            mail_from: None,
            egress_allow: Vec::new(),
            time_scale: 1,
            worker_places: 16,
            log_format: LogFormat::Text,
            otlp_endpoint: None,
            gateways: GatewayConfigs::default(),
            limits: Limits::default(),
        }
    }
}

impl Config {
    /// Reads the configuration. `file` must exist if it is named; `environment` are all variables of
    /// the process; `flags` are texts by key. The error is one sentence.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
        flags: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, String> {
        let mut figment = Figment::from(Serialized::defaults(Defaults {}));
        match file {
            Some(file) if !file.is_file() => {
                return Err(format!("the configuration file {} does not exist", file.display()));
            }
            Some(file) => figment = figment.merge(Toml::file_exact(file)),
            None if Path::new(FILE).is_file() => figment = figment.merge(Toml::file_exact(FILE)),
            None => {}
        }
        let (environment, unknown) = env::read(environment);
        if let Some(name) = unknown.first() {
            return Err(format!("the environment variable {name} is not a setting; `consign config` lists them"));
        }
        let flags: Dict = env::dict(flags);
        figment
            .merge(Given("the environment", environment))
            .merge(Given("a flag", flags))
            .extract()
            .map_err(|error| defect::sentence(&error))
    }

    /// What a server could not run with, one sentence per defect.
    pub fn check(&self) -> Vec<String> {
        check::check(self)
    }

    /// How the world reaches this server, without a slash at the end.
    pub fn base_url(&self) -> String {
        let url = self.public_url.clone().unwrap_or_else(|| format!("http://{}", self.listen));
        url.trim_end_matches('/').to_owned()
    }

    /// The networks of `trusted_proxies`; those that cannot be read are left out (see [`Config::check`]).
    pub fn proxy_networks(&self) -> Vec<Cidr> {
        self.trusted_proxies.iter().filter_map(|text| text.parse().ok()).collect()
    }

    /// The configuration as `consign.toml` would say it, with secrets masked.
    pub fn masked(&self) -> String {
        let Ok(Value::Object(mut keys)) = serde_json::to_value(self) else { return String::new() };
        for key in ["database_url", "redis_url"] {
            if let Some(Value::String(url)) = keys.get_mut(key) {
                *url = mask_password(url);
            }
        }
        let mut text = String::new();
        write_table(&mut text, "", &Value::Object(keys));
        text
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

/// The defaults are the fields' own; figment only wants to see a table.
#[derive(Serialize)]
struct Defaults {}

/// The URL with `***` for its password.
pub fn mask_password(text: &str) -> String {
    match text.parse::<Url>() {
        Ok(mut url) if url.password().is_some() => {
            let _ = url.set_password(Some("***"));
            url.to_string()
        }
        _ => text.to_owned(),
    }
}

/// JSON's texts, numbers and lists are written as TOML's are.
fn write_table(text: &mut String, path: &str, table: &Value) {
    let Value::Object(keys) = table else { return };
    for (key, value) in keys.iter().filter(|(_, value)| !value.is_object() && !value.is_null()) {
        text.push_str(&format!("{key} = {value}\n"));
    }
    for (key, value) in keys.iter().filter(|(_, value)| value.is_object()) {
        let inner = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        let mut body = String::new();
        write_table(&mut body, &inner, value);
        // A table of tables has no lines of its own, and needs no heading.
        let heading = if body.is_empty() || body.starts_with("\n[") { String::new() } else { format!("\n[{inner}]\n") };
        text.push_str(&heading);
        text.push_str(&body);
    }
}

/// Settings that were given as texts, and where.
struct Given(&'static str, Dict);

impl Provider for Given {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.0)
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Map::from([(Profile::Default, self.1.clone())]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn flags_win_over_the_environment_and_that_over_the_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("consign.toml");
        std::fs::write(
            &file,
            "listen = \"1.1.1.1:1\"\ntime_scale = 5\nredis_prefix = \"file:\"\n[limits]\ndepth = 7\n",
        )
        .unwrap();
        let environment = [
            ("CONSIGN_LISTEN", "2.2.2.2:2"),
            ("CONSIGN_REDIS_PREFIX", "env:"),
            ("CONSIGN_JWT_SECRET", "01234567890123456789012345678901"),
            ("CONSIGN_EGRESS_ALLOW", "10.0.0.0/8, intern"),
            ("CONSIGN_LIMITS__COST", "9"),
            ("CONSIGN_GATEWAYS__TEST__URL", "http://127.0.0.1:1"),
            ("CONSIGN_GATEWAYS__TEST__SECRET", "1234"),
            ("CONSIGN_SMTP_URL", ""),
            ("CONSIGN_TRUSTED_DOCUMENTS", "documents"),
            ("CONSIGN_TRUSTED_DOCUMENTS_FOR", "all"),
            ("CONSIGN_INTROSPECTION", "store"),
            ("CONSIGN_TEST_DATABASE_URL", "of a test"),
            ("PATH", "/bin"),
        ];
        let config = Config::load(Some(&file), pairs(&environment), pairs(&[("listen", "3.3.3.3:3")])).expect("loads");
        assert_eq!((config.listen.as_str(), config.redis_prefix.as_str(), config.time_scale), ("3.3.3.3:3", "env:", 5));
        assert_eq!(config.jwt_secret.expose(), "01234567890123456789012345678901", "digits stay a text");
        assert_eq!(config.egress_allow, ["10.0.0.0/8", "intern"]);
        assert_eq!((config.limits.depth, config.limits.cost, config.limits.query_tokens), (7, 9, 2_000));
        assert_eq!(config.gateways.test.as_ref().expect("configured").secret.expose(), "1234");
        assert!(config.smtp_url.is_none());
        assert_eq!(config.trusted_documents.as_deref(), Some(Path::new("documents")));
        assert_eq!((config.trusted_documents_for, config.introspection), (TrustedFor::All, Introspection::Store));
        assert!(config.masked().contains("introspection = \"store\"\n"), "{}", config.masked());
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let error = |environment: &[(&str, &str)]| Config::load(None, pairs(environment), []).expect_err("refused");
        assert!(error(&[("CONSIGN_LISTNE", "x")]).contains("CONSIGN_LISTNE"));
        let text = error(&[("CONSIGN_TIME_SCALE", "fast")]);
        assert_eq!(text, "CONSIGN_TIME_SCALE in the environment: found \"fast\" where a whole number belongs");
        let text = error(&[("CONSIGN_INTROSPECTION", "some")]);
        assert!(
            text.starts_with("CONSIGN_INTROSPECTION in the environment: found \"some\", where one of all"),
            "{text}"
        );
        let flag = Config::load(None, [], pairs(&[("lisen", "x")])).expect_err("refused");
        assert_eq!(flag, "lisen in a flag is not a setting; `consign config` lists them");
        assert!(error(&[("CONSIGN_LIMITS__DEPHT", "1")]).contains("CONSIGN_LIMITS__DEPHT"));
        assert!(
            Config::load(Some(Path::new("/nowhere.toml")), [], []).expect_err("refused").contains("does not exist")
        );
    }

    #[test]
    fn secrets_are_never_shown() {
        let config = Config {
            database_url: "postgres://consign:hush@db/consign".to_owned(),
            jwt_secret: "hush".into(),
            smtp_url: Some("smtp://u:hush@mail".into()),
            gateways: GatewayConfigs {
                test: Some(TestGatewayConfig {
                    url: "http://x".to_owned(),
                    secret: "hush".into(),
                    webhook_secret: "hush".into(),
                }),
            },
            ..Config::default()
        };
        for text in [config.masked(), format!("{config:?}"), format!("{:?}", config.jwt_secret)] {
            assert!(!text.contains("hush"), "{text}");
        }
        assert!(figment::Provider::data(&Toml::string(&config.masked())).is_ok(), "the text is TOML");
    }
}
