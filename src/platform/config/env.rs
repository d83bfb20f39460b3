//! Settings given as texts: the environment and flags.
//!
//! The texts are read by what their key wants. Guessing by what a text looks like would turn a secret
//! of digits into a number.

use figment::value::{Dict, Value};

use super::Config;

const PREFIX: &str = "CONSIGN_";
/// Keys whose texts are numbers, beside all of `limits`.
const NUMBERS: [&str; 3] = ["database_pool", "time_scale", "worker_places"];
/// Keys whose texts are lists, separated by commas.
const LISTS: [&str; 3] = ["allowed_origins", "trusted_proxies", "egress_allow"];
/// The keys of `identity_provider`, which is not there by default.
const IDENTITY_PROVIDER: [&str; 7] =
    ["issuer", "audience", "jwks_url", "email_claim", "email_verified_claim", "first_name_claim", "last_name_claim"];
/// Variables with our prefix that are not settings: the file's place, what tests run against, and the
/// simulator's own.
const OTHERS: [&str; 4] = ["CONSIGN_CONFIG", "CONSIGN_TEST_", "CONSIGN_BENCH_", "CONSIGN_SIMULATOR_"];

/// The settings among a process' variables, and the names that look like settings and are none.
pub fn read(variables: impl IntoIterator<Item = (String, String)>) -> (Dict, Vec<String>) {
    let known = known_keys();
    let mut settings = Vec::new();
    let mut unknown = Vec::new();
    for (name, value) in variables {
        let Some(rest) = name.strip_prefix(PREFIX) else { continue };
        if OTHERS.iter().any(|other| name.starts_with(other)) || set_by_an_orchestrator(rest, &value) {
            continue;
        }
        match known.iter().find(|key| spells(rest, key)) {
            // A variable left empty (`CONSIGN_REDIS_URL=` in a compose file) is one not set.
            Some(_) if value.is_empty() => {}
            Some(key) => settings.push((key.clone(), value)),
            None => unknown.push(name),
        }
    }
    (dict(settings), unknown)
}

/// Kubernetes tells every container about a service called `consign` this way.
fn set_by_an_orchestrator(rest: &str, value: &str) -> bool {
    rest.starts_with("SERVICE_") || rest.starts_with("PORT_") || (rest == "PORT" && value.contains("://"))
}

/// `GATEWAYS__TEST__URL` or `GATEWAYS_TEST_URL` for `gateways.test.url`.
fn spells(name: &str, key: &str) -> bool {
    let upper = key.to_ascii_uppercase();
    name == upper.replace('.', "__") || name == upper.replace('.', "_")
}

/// Texts by dotted key, as figment wants them.
pub fn dict(settings: impl IntoIterator<Item = (String, String)>) -> Dict {
    let mut dict = Dict::new();
    for (key, text) in settings {
        insert(&mut dict, &key, value(&key, text));
    }
    dict
}

fn insert(dict: &mut Dict, key: &str, value: Value) {
    match key.split_once('.') {
        None => {
            dict.insert(key.to_owned(), value);
        }
        Some((first, rest)) => {
            let inner = dict.entry(first.to_owned()).or_insert_with(|| Value::from(Dict::new()));
            if let Value::Dict(_, inner) = inner {
                insert(inner, rest, value);
            }
        }
    }
}

fn value(key: &str, text: String) -> Value {
    if LISTS.contains(&key) {
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        return Value::from(items.map(str::to_owned).collect::<Vec<_>>());
    }
    if NUMBERS.contains(&key) || key.starts_with("limits.") {
        // What is no number stays a text, and is refused with its key.
        return text.parse::<u64>().map_or_else(|_| Value::from(text), Value::from);
    }
    Value::from(text)
}

/// Every key there is, dotted.
fn known_keys() -> Vec<String> {
    let mut keys = vec!["gateways.test.url".to_owned(), "gateways.test.secret".to_owned()];
    keys.push("gateways.test.webhook_secret".to_owned());
    keys.extend(IDENTITY_PROVIDER.map(|key| format!("identity_provider.{key}")));
    let Ok(serde_json::Value::Object(defaults)) = serde_json::to_value(Config::default()) else { return keys };
    for (key, value) in defaults {
        match value {
            serde_json::Value::Object(inner) if key == "limits" => {
                keys.extend(inner.keys().map(|name| format!("limits.{name}")));
            }
            serde_json::Value::Object(_) => {}
            _ => keys.push(key),
        }
    }
    keys
}
