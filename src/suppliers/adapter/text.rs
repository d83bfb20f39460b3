//! Other people's texts, made harmless.

use serde_json::Value;
use url::Url;

/// The longest id; a longer one is nobody's, and cutting it would make it somebody else's.
const MAX_ID: usize = 255;
/// The longest address that is kept.
const MAX_URL: usize = 2048;

/// The first `max` characters of `text`, without control characters.
pub fn cut(text: &str, max: usize) -> String {
    text.chars().filter(|it| !it.is_control()).take(max).collect()
}

/// The text, if it is an address a browser may be sent to.
pub fn web_address(text: &str) -> Option<String> {
    let url = Url::parse(text).ok().filter(|_| text.len() <= MAX_URL)?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then(|| url.to_string())
}

/// An id that is a number in some answers and a text in others.
pub fn id(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.is_empty() && text.len() <= MAX_ID).then_some(text)
}
