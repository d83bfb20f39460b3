//! Other people's texts, made harmless.

use url::Url;

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
