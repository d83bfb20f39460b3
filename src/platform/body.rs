//! Reading a request's body, and why one did not arrive whole.

use std::error::Error;

use axum::body::Body;
use futures_util::StreamExt as _;
use tower_http::timeout::TimeoutError;

/// Why there is no body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoBody {
    /// It has more bytes than it may.
    TooLarge,
    /// Its sender paused too long.
    TooSlow,
    /// Its sender went away.
    BrokenOff,
}

/// Reads a body of at most `most` bytes.
pub async fn read(body: Body, most: usize) -> Result<Vec<u8>, NoBody> {
    let mut bytes = Vec::new();
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| if was_too_slow(&error) { NoBody::TooSlow } else { NoBody::BrokenOff })?;
        if bytes.len() + chunk.len() > most {
            return Err(NoBody::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Whether reading failed because the sender paused too long, rather than sent too much or went away.
pub fn was_too_slow(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<TimeoutError>() {
            return true;
        }
        cause = error.source();
    }
    false
}
