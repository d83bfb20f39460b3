//! What a client wants to read.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT;

/// A form of answer this server has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `application/graphql-response+json`: the status tells whether the request was good.
    GraphqlResponse,
    /// `application/json`: 200 whenever the request could be read.
    Json,
    /// `text/event-stream`.
    EventStream,
    /// `text/html`: a person with a browser.
    Html,
}

impl Form {
    /// The content type of an answer.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
            Self::EventStream => "text/event-stream; charset=utf-8",
            Self::Html => "text/html; charset=utf-8",
        }
    }
}

/// The form the client likes best, by the weights and then the order of its `Accept` headers; JSON
/// without one, and `None` if it takes nothing that this server has.
pub fn negotiate(headers: &HeaderMap) -> Option<Form> {
    let mut best: Option<(Form, f32)> = None;
    let mut any = false;
    for value in headers.get_all(ACCEPT) {
        any = true;
        for range in value.to_str().unwrap_or_default().split(',') {
            let (form, weight) = read(range);
            let Some(form) = form else { continue };
            if weight > 0.0 && best.is_none_or(|(_, known)| weight > known) {
                best = Some((form, weight));
            }
        }
    }
    if any { best.map(|(form, _)| form) } else { Some(Form::Json) }
}

fn read(range: &str) -> (Option<Form>, f32) {
    let mut parts = range.split(';').map(str::trim);
    let form = match parts.next().unwrap_or_default().to_ascii_lowercase().as_str() {
        "application/graphql-response+json" => Some(Form::GraphqlResponse),
        "application/json" | "application/*" | "*/*" => Some(Form::Json),
        "text/event-stream" => Some(Form::EventStream),
        "text/html" => Some(Form::Html),
        _ => None,
    };
    let weight = parts.find_map(|part| part.strip_prefix("q=")).and_then(|weight| weight.trim().parse().ok());
    (form, weight.unwrap_or(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_liked_form_wins() {
        let form = |accept: &str| negotiate(&HeaderMap::from_iter([(ACCEPT, accept.parse().unwrap())]));
        assert_eq!(negotiate(&HeaderMap::new()), Some(Form::Json));
        for (accept, expected) in [
            ("*/*", Some(Form::Json)),
            ("application/graphql-response+json", Some(Form::GraphqlResponse)),
            ("application/graphql-response+json, application/json;q=0.9", Some(Form::GraphqlResponse)),
            ("application/json;q=0.4, application/graphql-response+json;q=0.5", Some(Form::GraphqlResponse)),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Some(Form::Html)),
            ("text/event-stream", Some(Form::EventStream)),
            ("image/png", None),
            ("application/json;q=0", None),
        ] {
            assert_eq!(form(accept), expected, "{accept}");
        }
    }
}
