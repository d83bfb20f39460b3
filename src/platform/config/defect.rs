//! A setting that cannot be read, in one sentence: its key, where it was said, and what is wrong.

use figment::Source;
use figment::error::{Actual, Error, Kind};

/// Parts of keys whose values are never shown.
const SECRET: [&str; 3] = ["secret", "smtp_url", "_url"];

/// The sentence for the operator.
pub(super) fn sentence(error: &Error) -> String {
    let place = error.metadata.as_ref().map(|it| match &it.source {
        Some(Source::File(path)) => path.display().to_string(),
        _ => it.name.to_string(),
    });
    let place = place.unwrap_or_else(|| "the configuration".to_owned());
    let mut path = error.path.clone();
    if let Kind::UnknownField(name, _) = &error.kind
        && path.last() != Some(name)
    {
        path.push(name.clone());
    }
    let key = path.join(".");
    let name = if place == "the environment" {
        format!("CONSIGN_{}", path.join("__").to_ascii_uppercase())
    } else {
        key.clone()
    };
    match &error.kind {
        Kind::UnknownField(..) => format!("{name} in {place} is not a setting; `consign config` lists them"),
        Kind::InvalidType(actual, expected) | Kind::InvalidValue(actual, expected) => {
            let found = if is_secret(&key) { "something else".to_owned() } else { shown(actual) };
            format!("{name} in {place}: found {found} where {} belongs", wanted(expected))
        }
        Kind::UnknownVariant(found, known) => {
            format!("{name} in {place}: found \"{found}\", where one of {} belongs", known.join(", "))
        }
        Kind::MissingField(field) => format!("{field} is missing beside {name} in {place}"),
        // Of a file that is not TOML, only the first line of the sentence: the others repeat the file.
        other => format!("{place}: {}", other.to_string().lines().next().unwrap_or_default()),
    }
}

fn is_secret(key: &str) -> bool {
    SECRET.iter().any(|part| key.contains(part))
}

fn shown(actual: &Actual) -> String {
    match actual {
        Actual::Str(text) => format!("\"{text}\""),
        other => other.to_string(),
    }
}

fn wanted(expected: &str) -> &str {
    match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number",
        other => other,
    }
}
