//! Access tokens: short-lived JWTs that name a session.
//!
//! The algorithm is pinned, and the header must be exactly one that this server writes: a token that
//! names another key, a key's address or another algorithm is not looked at further.

use std::collections::HashSet;

use chrono::TimeDelta;
use jsonwebtoken::{Algorithm, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::SessionId;
use crate::kernel::problem::Fault;

/// How long a token is good for.
pub(super) const LIFE: TimeDelta = TimeDelta::minutes(15);
/// How far another replica's clock may be ahead.
const SKEW: TimeDelta = TimeDelta::seconds(10);
/// Who makes the tokens.
const ISSUER: &str = "consign";
/// For whom.
const AUDIENCE: &str = "consign-api";
/// Longer texts are not looked at.
const MAX_LENGTH: usize = 2048;

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    /// The customer's or staff member's id.
    sub: String,
    /// The session.
    sid: SessionId,
    iat: i64,
    nbf: i64,
    exp: i64,
}

/// A token that was made by this server and is in its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AccessToken {
    /// The customer's or staff member's id.
    pub subject: String,
    /// The session.
    pub session_id: SessionId,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// A new token, and when it ends.
pub(super) fn issue(app: &App, subject: &str, session_id: SessionId) -> Result<(String, Timestamp), Fault> {
    let now = app.clock.now();
    let expires_at = now + LIFE;
    let claims = Claims {
        iss: ISSUER.to_owned(),
        aud: AUDIENCE.to_owned(),
        sub: subject.to_owned(),
        sid: session_id,
        iat: now.timestamp(),
        nbf: now.timestamp(),
        exp: expires_at.timestamp(),
    };
    let (header, key) = app.session_keys.signing();
    let token = encode(header, &claims, key);
    let token = token.map_err(|error| Fault::internal(format!("an access token could not be signed: {error}")))?;
    Ok((token, expires_at))
}

/// What `token` says, if it is good.
pub(super) fn read(app: &App, token: &str) -> Option<AccessToken> {
    if token.len() > MAX_LENGTH {
        return None;
    }
    let header = decode_header(token).ok()?;
    let validation = validation(header.alg);
    let mut keys = app.session_keys.proving(&header);
    let claims: Claims = keys.find_map(|key| decode(token, key, &validation).ok())?.claims;
    let time = |seconds| Timestamp::from_timestamp(seconds, 0);
    let (issued_at, not_before, expires_at) = (time(claims.iat)?, time(claims.nbf)?, time(claims.exp)?);
    let now = app.clock.now();
    let begun = issued_at <= now + SKEW && not_before <= now + SKEW;
    let in_time = begun && now < expires_at && expires_at - issued_at <= LIFE;
    in_time.then_some(AccessToken { subject: claims.sub, session_id: claims.sid, expires_at })
}

/// The times are compared with our own clock, afterwards. The algorithm is that of a key of ours: no
/// other header has one.
fn validation(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims = HashSet::from(["exp", "nbf", "aud", "iss", "sub"].map(str::to_owned));
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation
}
