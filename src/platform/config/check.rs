//! What a server could not run with.

use std::net::SocketAddr;

use url::Url;

use super::super::cidr::Cidr;
use super::super::db::engine_of;
use super::{Config, Secret};

/// A secret shorter than this can be guessed.
const SECRET_BYTES: usize = 32;
/// A secret with fewer different bytes than this is one that nobody drew at random.
const DIFFERENT_BYTES: usize = 8;
/// Words of secrets that were copied from somewhere.
const SAMPLES: [&str; 8] =
    ["changeme", "replaceme", "example", "sample", "placeholder", "yoursecret", "defaultsecret", "insecure"];

pub(super) fn check(config: &Config) -> Vec<String> {
    let mut defects = Vec::new();
    if engine_of(&config.database_url).is_none() {
        defects.push("CONSIGN_DATABASE_URL must begin with sqlite:// or postgres://".to_owned());
    }
    // With a key file nothing is signed with a secret.
    if config.jwt_key_file.is_none() || !config.jwt_secret.is_empty() {
        secret(&mut defects, "CONSIGN_JWT_SECRET", &config.jwt_secret);
    }
    secret(&mut defects, "CONSIGN_SECRET_KEY", &config.secret_key);
    for (name, previous) in [
        ("CONSIGN_JWT_SECRET_PREVIOUS", &config.jwt_secret_previous),
        ("CONSIGN_SECRET_KEY_PREVIOUS", &config.secret_key_previous),
    ] {
        if let Some(previous) = previous {
            secret(&mut defects, name, previous);
        }
    }
    if !config.jwt_secret.is_empty() && config.jwt_secret == config.secret_key {
        let sentence = "CONSIGN_JWT_SECRET is the same as CONSIGN_SECRET_KEY: change the former, which only signs \
                        everybody out (openssl rand -hex 32)";
        defects.push(sentence.to_owned());
    }
    if config.redis_url.as_ref().is_some_and(|url| redis::Client::open(url.as_str()).is_err()) {
        defects.push("CONSIGN_REDIS_URL is not a Redis address such as redis://127.0.0.1:6379".to_owned());
    }
    for (name, address) in [("CONSIGN_LISTEN", &config.listen), ("CONSIGN_ADMIN_LISTEN", &config.admin_listen)] {
        if !is_address(address) {
            defects.push(format!("{name} is not an address with a port such as 127.0.0.1:8080: {address}"));
        }
    }
    urls(&mut defects, config);
    networks(&mut defects, config);
    if let Some(path) = config.trusted_documents.as_ref().filter(|path| !path.exists()) {
        defects.push(format!("CONSIGN_TRUSTED_DOCUMENTS names {}, which does not exist", path.display()));
    }
    if config.database_pool < 2 {
        defects.push("CONSIGN_DATABASE_POOL must be at least 2".to_owned());
    }
    for (name, value) in [
        ("CONSIGN_TIME_SCALE", u64::from(config.time_scale)),
        ("CONSIGN_WORKER_PLACES", config.worker_places as u64),
        ("limits.request_seconds", config.limits.request_seconds),
        ("limits.first_byte_seconds", config.limits.first_byte_seconds),
        ("limits.head_seconds", config.limits.head_seconds),
        ("limits.body_pause_seconds", config.limits.body_pause_seconds),
    ] {
        if value == 0 {
            defects.push(format!("{name} must be at least 1"));
        }
    }
    if let Some(from) = &config.mail_from
        && from.parse::<lettre::message::Mailbox>().is_err()
    {
        defects.push("CONSIGN_MAIL_FROM is not a mail address such as Shop <shop@example.com>".to_owned());
    }
    defects
}

fn secret(defects: &mut Vec<String>, name: &str, secret: &Secret) {
    let text = secret.expose();
    let letters: String = text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    if text.is_empty() {
        defects
            .push(format!("{name} is missing: set it to at least {SECRET_BYTES} random bytes (openssl rand -hex 32)"));
    } else if text.len() < SECRET_BYTES {
        defects.push(format!("{name} is too short: it needs at least {SECRET_BYTES} bytes (openssl rand -hex 32)"));
    } else if letters.starts_with("secret") || SAMPLES.iter().any(|sample| letters.contains(sample)) {
        defects.push(format!("{name} is a sample, not a secret: set it to random bytes (openssl rand -hex 32)"));
    } else if is_monotonous(text.as_bytes()) {
        defects
            .push(format!("{name} repeats itself and can be guessed: set it to random bytes (openssl rand -hex 32)"));
    }
}

/// Whether a text has few different bytes, or is a shorter one said again and again.
fn is_monotonous(text: &[u8]) -> bool {
    let different = text.iter().collect::<std::collections::BTreeSet<_>>().len();
    let repeats = |length: usize| text.iter().zip(&text[length..]).all(|(one, later)| one == later);
    different < DIFFERENT_BYTES || (1..=text.len() / 2).any(repeats)
}

fn urls(defects: &mut Vec<String>, config: &Config) {
    if config.public_url.as_ref().is_some_and(|url| !is_http(url)) {
        defects.push("CONSIGN_PUBLIC_URL is not an http:// or https:// address".to_owned());
    }
    if config.otlp_endpoint.as_ref().is_some_and(|url| !is_http(url)) {
        defects.push("CONSIGN_OTLP_ENDPOINT is not an http:// or https:// address".to_owned());
    }
    for origin in &config.allowed_origins {
        let same = origin.parse::<Url>().is_ok_and(|url| url.origin().ascii_serialization() == *origin);
        if !same || !is_http(origin) {
            defects.push(format!(
                "CONSIGN_ALLOWED_ORIGINS holds {origin}, which is not an origin such as https://shop.example.com"
            ));
        }
    }
    if let Some(url) = &config.smtp_url
        && !url.expose().parse::<Url>().is_ok_and(|url| matches!(url.scheme(), "smtp" | "smtps") && url.has_host())
    {
        defects.push("CONSIGN_SMTP_URL is not an smtp:// or smtps:// address".to_owned());
    }
    if let Some(provider) = &config.identity_provider {
        if !is_http(&provider.jwks_url) {
            defects.push("CONSIGN_IDENTITY_PROVIDER__JWKS_URL is not an http:// or https:// address".to_owned());
        }
        if provider.issuer.is_empty() || provider.audience.is_empty() {
            defects.push("CONSIGN_IDENTITY_PROVIDER needs an issuer and an audience".to_owned());
        }
    }
    if let Some(test) = &config.gateways.test {
        if !is_http(&test.url) {
            defects.push("CONSIGN_GATEWAYS__TEST__URL is not an http:// or https:// address".to_owned());
        }
        if test.secret.is_empty() {
            defects.push("CONSIGN_GATEWAYS__TEST__SECRET is missing".to_owned());
        }
    }
}

fn networks(defects: &mut Vec<String>, config: &Config) {
    for network in config.trusted_proxies.iter().filter(|network| network.parse::<Cidr>().is_err()) {
        defects.push(format!(
            "CONSIGN_TRUSTED_PROXIES holds {network}, which is not an address or a network such as 10.0.0.0/8"
        ));
    }
    for entry in &config.egress_allow {
        if entry.trim_matches(['[', ']']).parse::<Cidr>().is_err() && url::Host::parse(entry).is_err() {
            defects.push(format!(
                "CONSIGN_EGRESS_ALLOW holds {entry}, which is neither a host nor a network such as 10.0.0.0/8"
            ));
        }
    }
}

fn is_http(text: &str) -> bool {
    text.parse::<Url>().is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// An address or a host name, with a port.
fn is_address(text: &str) -> bool {
    let named = || {
        text.rsplit_once(':').is_some_and(|(host, port)| url::Host::parse(host).is_ok() && port.parse::<u16>().is_ok())
    };
    text.parse::<SocketAddr>().is_ok() || named()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound() -> Config {
        Config {
            jwt_secret: "4f1c9a0be7d24f52a6c3de81b05f7719".into(),
            secret_key: "b05f77194f1c9a0be7d24f52a6c3de81".into(),
            ..Config::default()
        }
    }

    #[test]
    fn each_defect_is_one_sentence_that_names_its_key() {
        assert_eq!(check(&sound()), Vec::<String>::new());
        let broken: [(&str, Config); 15] = [
            ("CONSIGN_JWT_SECRET is missing", Config { jwt_secret: "".into(), ..sound() }),
            ("CONSIGN_SECRET_KEY is too short", Config { secret_key: "short".into(), ..sound() }),
            (
                "CONSIGN_JWT_SECRET is a sample",
                Config { jwt_secret: "change-me-change-me-change-me-change-me".into(), ..sound() },
            ),
            (
                "CONSIGN_SECRET_KEY is a sample",
                Config { secret_key: "secret_key_of_my_wonderful_store_2026".into(), ..sound() },
            ),
            ("CONSIGN_JWT_SECRET repeats itself", Config { jwt_secret: "a".repeat(64).into(), ..sound() }),
            (
                "CONSIGN_JWT_SECRET repeats itself",
                Config { jwt_secret: "0123456789abcdef".repeat(2).into(), ..sound() },
            ),
            ("CONSIGN_JWT_SECRET is the same", Config { secret_key: sound().jwt_secret, ..sound() }),
            ("CONSIGN_DATABASE_URL", Config { database_url: "mysql://x".to_owned(), ..sound() }),
            ("CONSIGN_LISTEN", Config { listen: "8080".to_owned(), ..sound() }),
            ("CONSIGN_REDIS_URL", Config { redis_url: Some("http://x".to_owned()), ..sound() }),
            ("CONSIGN_PUBLIC_URL", Config { public_url: Some("shop".to_owned()), ..sound() }),
            ("CONSIGN_TRUSTED_PROXIES", Config { trusted_proxies: vec!["lb".to_owned()], ..sound() }),
            (
                "CONSIGN_ALLOWED_ORIGINS",
                Config { allowed_origins: vec!["https://a.example/path".to_owned()], ..sound() },
            ),
            ("CONSIGN_TRUSTED_DOCUMENTS", Config { trusted_documents: Some("/nowhere".into()), ..sound() }),
            ("CONSIGN_TIME_SCALE", Config { time_scale: 0, ..sound() }),
        ];
        for (start, config) in broken {
            let defects = check(&config);
            assert!(defects.len() == 1 && defects[0].starts_with(start), "{start}: {defects:?}");
        }
    }
}
