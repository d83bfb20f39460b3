//! A GraphQL client, as a storefront or a console would have one.

use anyhow::Context as _;
use futures_util::{Stream, StreamExt as _};
use serde_json::{Value, json};

/// Talks to the store as one actor.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    token: Option<String>,
}

impl Client {
    /// A guest of the store at `base`.
    pub fn guest(base: &str) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().build().context("the HTTP client could not be made")?;
        Ok(Self { http, url: format!("{base}/graphql"), token: None })
    }

    /// The same, with a credential.
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// Runs an operation; the answer of its one root field. Errors and user errors are errors here.
    pub async fn run(&self, operation: &str, variables: Value) -> anyhow::Result<Value> {
        let name = name_of(operation);
        let request = self.request(operation, variables).header("accept", "application/json");
        let response = request.send().await.with_context(|| format!("{name}: the store does not answer"))?;
        let answer: Value = response.json().await.with_context(|| format!("{name}: the store answers no JSON"))?;
        root(name, answer)
    }

    /// Follows a subscription over Server-Sent Events: the answers of its one root field.
    pub async fn follow(
        &self,
        operation: &'static str,
        variables: Value,
    ) -> anyhow::Result<impl Stream<Item = anyhow::Result<Value>> + use<>> {
        let name = name_of(operation);
        let request = self.request(operation, variables).header("accept", "text/event-stream");
        let response = request.send().await.with_context(|| format!("{name}: the store does not answer"))?;
        anyhow::ensure!(response.status().is_success(), "{name}: the store answers {}", response.status());
        let mut body = response.bytes_stream();
        Ok(async_stream::try_stream! {
            let mut text = Vec::new();
            while let Some(chunk) = body.next().await {
                text.extend_from_slice(&chunk.with_context(|| format!("{name}: the stream broke off"))?);
                while let Some(end) = text.windows(2).position(|it| it == b"\n\n") {
                    let event: Vec<u8> = text.drain(..end + 2).collect();
                    if let Some(data) = data_of(&event) {
                        yield root(name, serde_json::from_slice(&data)?)?;
                    }
                }
            }
        })
    }

    fn request(&self, operation: &str, variables: Value) -> reqwest::RequestBuilder {
        let request = self.http.post(&self.url).json(&json!({ "query": operation, "variables": variables }));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }
}

/// The data of a `next` event.
fn data_of(event: &[u8]) -> Option<Vec<u8>> {
    let event = std::str::from_utf8(event).ok()?;
    let data: Vec<&str> = event.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim_start).collect();
    (event.lines().any(|line| line.trim_end() == "event: next") && !data.is_empty())
        .then(|| data.join("\n").into_bytes())
}

/// `query Name(…)` is called `Name`.
fn name_of(operation: &str) -> &str {
    let rest = operation.trim_start().split_once(' ').map_or(operation, |(_, rest)| rest);
    rest.split(|it: char| !it.is_alphanumeric()).next().unwrap_or(rest)
}

/// The answer's one root field, unless something is wrong with it.
fn root(name: &str, mut answer: Value) -> anyhow::Result<Value> {
    let messages = |errors: &Value| {
        let all: Vec<String> = errors.as_array().into_iter().flatten().map(message).collect();
        (!all.is_empty()).then(|| all.join("; "))
    };
    if let Some(errors) = messages(&answer["errors"]) {
        anyhow::bail!("{name}: {errors}");
    }
    let fields = answer["data"].as_object_mut().with_context(|| format!("{name}: the store answers no data"))?;
    let field = fields.keys().next().cloned().unwrap_or_default();
    let value = fields.remove(&field).unwrap_or_default();
    match messages(&value["userErrors"]) {
        Some(errors) => anyhow::bail!("{name}: {errors}"),
        None => Ok(value),
    }
}

fn message(error: &Value) -> String {
    let text = error["message"].as_str().unwrap_or("unknown error");
    let code = error["code"].as_str().or(error["extensions"]["code"].as_str());
    let field =
        error["field"].as_array().map(|path| path.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("."));
    match (code, field) {
        (Some(code), Some(field)) if !field.is_empty() => format!("{text} ({code} at {field})"),
        (Some(code), _) => format!("{text} ({code})"),
        (None, _) => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_errors_are_told_with_their_field() {
        let answer = json!({"data": {"cartCreate": {"cart": null, "userErrors": [
            {"code": "OUT_OF_STOCK", "field": ["lines", "0"], "message": "gone"}]}}});
        let error = root("CartCreate", answer).expect_err("an error");
        assert_eq!(error.to_string(), "CartCreate: gone (OUT_OF_STOCK at lines.0)");
        assert_eq!(name_of("mutation CartCreate($input: X!) {"), "CartCreate");
    }

    #[test]
    fn only_answers_are_taken_from_a_stream() {
        assert_eq!(data_of(b"event: next\ndata: {\"a\":1}\n\n"), Some(b"{\"a\":1}".to_vec()));
        assert_eq!(data_of(b":\n\n"), None);
        assert_eq!(data_of(b"event: complete\ndata: \n\n"), None);
    }
}
