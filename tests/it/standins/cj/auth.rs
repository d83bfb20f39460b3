//! Keys and tokens.
//!
//! Assumptions of ours: every new pair of tokens ends the one before, so that two processes of a store
//! must not ask each for itself; `openId` is a number, and different for every account; the answers do
//! not say when tokens expire, since the page gives 15 and 180 days and no field; asking too often has
//! the number of too many calls a second.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::envelope::{Answer, Refusal};
use super::{Books, Cj, TokenRequests};
use crate::standins::{Call, only, optional_text, text};

/// How long the API key has to wait for its next token.
const BETWEEN_GRANTS: Duration = Duration::from_secs(5 * 60);
/// How many refreshes a minute has.
const REFRESHES: usize = 5;
const MINUTE: Duration = Duration::from_secs(60);

/// The account's key and its present tokens.
pub(super) struct Tokens {
    pub(super) open_id: u64,
    api_key: String,
    access: Option<String>,
    refresh: Option<String>,
    issued: u64,
    granted: Option<Instant>,
    refreshed: Vec<Instant>,
    is_unlimited: bool,
    requests: TokenRequests,
}

impl Cj {
    /// The account's API key.
    pub fn api_key(&self) -> String {
        self.locked().tokens.api_key.clone()
    }

    /// Ends both tokens: only the API key gets new ones.
    pub fn revoke_tokens(&self) {
        let tokens = &mut self.locked().tokens;
        tokens.access = None;
        tokens.refresh = None;
    }

    /// Ends the access token, as after its 15 days; the refresh token lives on.
    pub fn expire_access_token(&self) {
        self.locked().tokens.access = None;
    }

    /// From now on tokens may be asked for as often as one likes.
    pub fn lift_token_limits(&self) {
        self.locked().tokens.is_unlimited = true;
    }

    /// How often tokens were asked for.
    pub fn token_requests(&self) -> TokenRequests {
        self.locked().tokens.requests
    }
}

impl Tokens {
    pub(super) fn new(port: u16) -> Self {
        Self {
            open_id: 7_744_110_000_000 + u64::from(port),
            api_key: format!("CJ{port}@api@5f1d0c6e9a3b4872"),
            access: None,
            refresh: None,
            issued: 0,
            granted: None,
            refreshed: Vec::new(),
            is_unlimited: false,
            requests: TokenRequests::default(),
        }
    }

    /// Refuses a call that does not carry the present access token.
    pub(super) fn check(&self, call: &Call) -> Result<(), Refusal> {
        let given = call.header("cj-access-token").ok_or_else(Refusal::token_missing)?;
        if self.access.as_deref() == Some(given) { Ok(()) } else { Err(Refusal::token()) }
    }

    fn issue(&mut self) -> Value {
        self.issued += 1;
        let (access, refresh) = (format!("access-token-{}", self.issued), format!("refresh-token-{}", self.issued));
        self.access = Some(access.clone());
        self.refresh = Some(refresh.clone());
        json!({ "openId": self.open_id, "accessToken": access, "refreshToken": refresh })
    }

    /// Whether the key has to wait for its next token; in the stand-in's own, real time.
    fn has_to_wait(&self) -> bool {
        !self.is_unlimited && self.granted.is_some_and(|at| at.elapsed() < BETWEEN_GRANTS)
    }
}

/// `POST authentication/getAccessToken {apiKey}`, in its older form with `email`.
pub(super) fn get_access_token(books: &mut Books, call: &Call) -> Answer {
    let tokens = &mut books.tokens;
    tokens.requests.get_access_token += 1;
    let body = call.json()?;
    only(&body, &["apiKey", "email"])?;
    optional_text(&body, "email", usize::MAX)?;
    if text(&body, "apiKey")? != tokens.api_key {
        return Err(Refusal::token());
    }
    if tokens.has_to_wait() {
        return Err(Refusal::too_fast());
    }
    tokens.granted = Some(Instant::now());
    Ok(tokens.issue())
}

/// `POST authentication/refreshAccessToken {refreshToken}`.
pub(super) fn refresh_access_token(books: &mut Books, call: &Call) -> Answer {
    let tokens = &mut books.tokens;
    tokens.requests.refresh_access_token += 1;
    let body = call.json()?;
    only(&body, &["refreshToken"])?;
    let given = text(&body, "refreshToken")?;
    let now = Instant::now();
    tokens.refreshed.retain(|at| now.duration_since(*at) < MINUTE);
    if !tokens.is_unlimited && tokens.refreshed.len() >= REFRESHES {
        return Err(Refusal::too_fast());
    }
    tokens.refreshed.push(now);
    if tokens.refresh.as_deref() != Some(given) {
        return Err(Refusal::token());
    }
    Ok(tokens.issue())
}
