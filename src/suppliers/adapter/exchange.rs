//! One exchange, and what its failure means.

use std::time::Duration;

use reqwest::{Method, RequestBuilder, StatusCode, header};
use serde::Serialize;
use url::Url;

use super::AdapterError;
use crate::platform::egress::{self, Egress, EgressError, Partner, read_bounded};

/// How long an exchange may take, by the protocol. Network time, never scaled.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The largest answer: a page of stock with some ten thousand items.
const MAX_BODY: usize = 8 * 1024 * 1024;
/// The longest a supplier may make us wait.
const MAX_RETRY_AFTER: u64 = 24 * 3600;
/// The longest tag that is remembered.
const MAX_ETAG: usize = 256;

/// A request about to be sent.
pub(super) struct Call(Result<RequestBuilder, EgressError>);

/// An answer, read to its end.
pub(super) struct Answer {
    pub status: StatusCode,
    pub etag: Option<String>,
    pub body: Vec<u8>,
    retry_after: Option<Duration>,
}

/// No answer.
pub(super) struct Failure(EgressError);

impl Call {
    pub(super) fn new(egress: &Egress, method: Method, url: Url) -> Self {
        let request = egress.request(method, url);
        Self(request.map(|it| it.header(header::ACCEPT, "application/json").timeout(TIMEOUT)))
    }

    pub(super) fn bearer(self, token: &str) -> Self {
        self.map(|it| it.bearer_auth(token))
    }

    fn map(self, change: impl FnOnce(RequestBuilder) -> RequestBuilder) -> Self {
        Self(self.0.map(change))
    }

    pub(super) fn header(self, name: &str, value: &str) -> Self {
        self.map(|it| it.header(name, value))
    }

    pub(super) fn query(self, name: &str, value: &str) -> Self {
        self.map(|it| it.query(&[(name, value)]))
    }

    pub(super) fn json(self, body: &impl Serialize) -> Self {
        self.map(|it| it.json(body))
    }

    pub(super) async fn send(self) -> Result<Answer, Failure> {
        let response = egress::send(Partner::Supplier, self.0).await.map_err(Failure)?;
        let status = response.status();
        let text = |name: header::HeaderName| {
            response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
        };
        let etag = text(header::ETAG).filter(|tag| tag.len() <= MAX_ETAG);
        // A date is allowed by HTTP as well; few send one, and our own backoff does for them.
        let seconds = text(header::RETRY_AFTER).and_then(|value| value.trim().parse::<u64>().ok());
        let retry_after = seconds.map(|seconds| Duration::from_secs(seconds.min(MAX_RETRY_AFTER)));
        let body = read_bounded(response, MAX_BODY).await.map_err(Failure)?;
        Ok(Answer { status, etag, body, retry_after })
    }
}

impl Failure {
    /// A failed read did nothing, whatever happened to it.
    pub(super) fn of_reading(self) -> AdapterError {
        AdapterError::Retry { reason: self.0.to_string(), after: None }
    }

    /// A failed write did nothing only if it never left.
    pub(super) fn of_writing(self) -> AdapterError {
        let reason = self.0.to_string();
        if self.0.surely_not_sent() {
            AdapterError::Retry { reason, after: None }
        } else {
            AdapterError::Unknown { reason }
        }
    }
}

impl Answer {
    /// A read that was not answered: later, perhaps.
    pub(super) fn not_now(&self) -> AdapterError {
        AdapterError::Retry { reason: self.in_our_words(), after: self.retry_after }
    }

    /// The status alone: a body may hold anything, a secret of ours included.
    pub(super) fn in_our_words(&self) -> String {
        match self.status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                format!("the supplier does not accept our token ({})", self.status.as_u16())
            }
            status => format!("the supplier answered {}", status.as_u16()),
        }
    }
}
