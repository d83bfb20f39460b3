//! What a no of the protocol means.

use reqwest::StatusCode;

use super::wire;
use crate::suppliers::SupplierRejection;
use crate::suppliers::adapter::AdapterError;
use crate::suppliers::adapter::exchange::Answer;
use crate::suppliers::adapter::text::cut;

/// How much of a supplier's own words is kept.
const MAX_WORDS: usize = 300;

/// What a status other than *taken* means for an order that was sent.
pub(super) fn of_order(answer: &Answer) -> AdapterError {
    match answer.status {
        // Something is there under our reference, and it is not what we sent: look at it.
        StatusCode::CONFLICT => {
            AdapterError::Unknown { reason: "the supplier has another order under this reference".to_owned() }
        }
        StatusCode::UNPROCESSABLE_ENTITY | StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE => {
            let (code, reason) = in_their_words(answer);
            AdapterError::Refused { code, reason }
        }
        status if status.is_server_error() && status != StatusCode::SERVICE_UNAVAILABLE => {
            AdapterError::Unknown { reason: answer.in_our_words() }
        }
        // A success that is not one of the protocol's.
        status if status.is_success() => AdapterError::Unknown { reason: answer.in_our_words() },
        // 429 and 503 by the protocol; a refused token, a moved or missing endpoint: not done, and
        // the owner or the supplier may mend it.
        _ => answer.not_now(),
    }
}

/// What a status other than *cancelled* or *too late* means for a cancellation.
pub(super) fn of_cancellation(answer: &Answer) -> AdapterError {
    match answer.status {
        StatusCode::NOT_FOUND | StatusCode::UNPROCESSABLE_ENTITY | StatusCode::BAD_REQUEST => {
            let (code, reason) = in_their_words(answer);
            AdapterError::Refused { code, reason }
        }
        status if status.is_server_error() && status != StatusCode::SERVICE_UNAVAILABLE => {
            AdapterError::Unknown { reason: answer.in_our_words() }
        }
        _ => answer.not_now(),
    }
}

/// The error of the protocol's form, or our words for the lack of one.
fn in_their_words(answer: &Answer) -> (SupplierRejection, String) {
    match serde_json::from_slice::<wire::ErrorBody>(&answer.body) {
        Ok(body) => (wire::rejection(&body.error.code), cut(&body.error.message, MAX_WORDS)),
        Err(_) => (SupplierRejection::Other, answer.in_our_words()),
    }
}
