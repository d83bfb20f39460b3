//! What CJ's answers mean.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::Value;

use super::wire::Envelope;
use crate::suppliers::SupplierRejection;
use crate::suppliers::adapter::AdapterError;
use crate::suppliers::adapter::exchange::{self, Answer, Call};
use crate::suppliers::adapter::text::cut;

/// How much of a platform's own words is kept.
const MAX_WORDS: usize = 300;
/// So much later there may be points again. They come back by the day; CJ does not say when.
const POINTS: Duration = Duration::from_secs(60 * 60);
/// So much later a call that came too soon after another may be made.
const TOO_FAST: Duration = Duration::from_secs(2);

/// The code for too many calls in a second.
const CODE_TOO_FAST: i64 = 1_600_200;
/// The codes for what is not there: of orders by public clients, of orders and of variants by CJ's own list.
/// The first is also said of parameters that make no sense.
const CODES_NOT_FOUND: [i64; 3] = [1_600_300, 1_603_100, 1_602_000];
/// The codes for a service that is off and for points that are used up.
const CODES_NOT_NOW: [i64; 2] = [1_600_100, 1_600_201];
/// The codes for a payment that failed, after which the order may be there.
const CODES_UNPAID: [i64; 3] = [1_603_000, 1_603_101, 1_604_000];
/// The codes for keys and tokens that are not taken.
const CODES_DENIED: std::ops::RangeInclusive<i64> = 1_600_001..=1_600_003;
/// The codes below are CJ's own trouble: it does not say what became of the call.
const CODES_OF_THEIRS: std::ops::RangeInclusive<i64> = 1_600_000..=1_600_099;

/// How an exchange failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// The key or token is not taken.
    Denied,
    /// There is no such thing, or it makes no sense.
    Missing(String),
    /// Not done, and worth trying again.
    NotNow(String, Option<Duration>),
    /// It was asked for too often.
    TooFast,
    /// No answer, or one that does not tell what was done.
    Lost(String),
    /// A no.
    Refused(String),
}

impl Failure {
    /// What it means of a call that changes nothing.
    pub(super) fn of_reading(self) -> AdapterError {
        match self {
            Self::Lost(reason) | Self::Refused(reason) | Self::Missing(reason) => {
                AdapterError::Retry { reason, after: None }
            }
            other => other.of_writing(),
        }
    }

    /// What it means of a call that may have been done.
    pub(super) fn of_writing(self) -> AdapterError {
        let retry = |reason: &str, after| AdapterError::Retry { reason: reason.to_owned(), after };
        match self {
            Self::Denied => retry("CJ does not take the API key or its tokens", None),
            Self::NotNow(reason, after) => AdapterError::Retry { reason, after },
            Self::TooFast => retry("CJ was asked too often in a second", Some(TOO_FAST)),
            Self::Lost(reason) => AdapterError::Unknown { reason },
            Self::Refused(reason) | Self::Missing(reason) => {
                AdapterError::Refused { code: SupplierRejection::Other, reason }
            }
        }
    }
}

/// Makes a call; what its answer holds.
pub(super) async fn send(call: Call) -> Result<Value, Failure> {
    let Answer { status, body, .. } = call.send().await.map_err(failed)?;
    let envelope = serde_json::from_slice::<Envelope>(&body).ok();
    match status {
        _ if envelope.as_ref().is_some_and(|it| it.code == CODE_TOO_FAST) => return Err(Failure::TooFast),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => return Err(Failure::Denied),
        StatusCode::TOO_MANY_REQUESTS => {
            return Err(Failure::NotNow("the day's points at CJ are used up".to_owned(), Some(POINTS)));
        }
        StatusCode::SERVICE_UNAVAILABLE => return Err(Failure::NotNow("CJ answered 503".to_owned(), None)),
        status if status.is_server_error() => return Err(Failure::Lost(format!("CJ answered {}", status.as_u16()))),
        _ => {}
    }
    let envelope = envelope.ok_or_else(|| Failure::Lost("CJ's answer cannot be read".to_owned()))?;
    if envelope.is_success() {
        return Ok(envelope.data.unwrap_or(Value::Null));
    }
    let told = format!("CJ answered {}: {}", envelope.code, cut(&envelope.message.unwrap_or_default(), MAX_WORDS));
    Err(match envelope.code {
        code if CODES_NOT_FOUND.contains(&code) => Failure::Missing(told),
        code if CODES_NOT_NOW.contains(&code) => Failure::NotNow(told, Some(POINTS)),
        code if CODES_UNPAID.contains(&code) => Failure::Lost(told),
        code if CODES_DENIED.contains(&code) => Failure::Denied,
        code if CODES_OF_THEIRS.contains(&code) => Failure::Lost(told),
        _ => Failure::Refused(told),
    })
}

fn failed(failure: exchange::Failure) -> Failure {
    match failure.of_writing() {
        AdapterError::Retry { reason, after } => Failure::NotNow(reason, after),
        AdapterError::Unknown { reason } | AdapterError::Refused { reason, .. } => Failure::Lost(reason),
    }
}
