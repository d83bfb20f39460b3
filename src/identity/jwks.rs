//! The public keys of the merchant's identity provider, fetched from its JWKS address (RFC 7517).
//!
//! They are used for a while without asking again. A token with a key that is not known makes them
//! asked for anew, but not more often than every half minute, whoever sends whatever; a provider that
//! cannot be reached leaves the known keys in use.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use chrono::TimeDelta;
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use tokio::sync::Mutex;
use url::Url;

use crate::app::App;
use crate::kernel::clock::Timestamp;
use crate::platform::egress::Partner;

/// How long keys are used without asking again.
const FRESH: TimeDelta = TimeDelta::minutes(10);
/// How long the provider is left alone after it was asked.
const PAUSE: TimeDelta = TimeDelta::seconds(30);
/// No provider's keys are larger.
const MAX_BYTES: usize = 256 * 1024;

/// A key, and the algorithm it is for if its owner says so.
#[derive(Clone)]
pub(super) struct Key {
    /// What proves signatures.
    pub key: Arc<DecodingKey>,
    /// The only algorithm it is for.
    pub algorithm: Option<Algorithm>,
}

/// What is known of the provider, in this process.
#[derive(Default)]
pub(super) struct Known {
    keys: RwLock<Keys>,
    /// Held while the provider is asked: one asks for all.
    asking: Mutex<()>,
}

#[derive(Default, Clone)]
struct Keys {
    by_id: Arc<HashMap<String, Key>>,
    fetched_at: Option<Timestamp>,
    asked_at: Option<Timestamp>,
}

impl Known {
    fn keys(&self) -> Keys {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, keys: Keys) {
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
    }
}

/// The provider's key of this id.
pub(super) async fn find(app: &App, url: &str, id: &str) -> Option<Key> {
    let known = app.local::<Known>();
    let keys = known.keys();
    let now = app.clock.now();
    let fresh = keys.fetched_at.is_some_and(|at| now - at < FRESH);
    match keys.by_id.get(id) {
        Some(key) if fresh => Some(key.clone()),
        // Nobody waits for the provider with a key that is known.
        Some(key) => {
            if known.asking.try_lock().is_ok() {
                let (app, known, url) = (app.clone(), Arc::clone(&known), url.to_owned());
                tokio::spawn(async move { renew(&app, &known, &url).await });
            }
            Some(key.clone())
        }
        None => renew(app, &known, url).await.by_id.get(id).cloned(),
    }
}

async fn renew(app: &App, known: &Known, url: &str) -> Keys {
    let _asking = known.asking.lock().await;
    let mut keys = known.keys();
    let now = app.clock.now();
    // Somebody asked a moment ago, perhaps while we waited.
    if keys.asked_at.is_some_and(|at| now - at < PAUSE) {
        return keys;
    }
    keys.asked_at = Some(now);
    match fetch(app, url).await {
        Ok(by_id) => {
            keys.by_id = Arc::new(by_id);
            keys.fetched_at = Some(now);
        }
        Err(error) => tracing::warn!(error, "the identity provider's keys could not be fetched"),
    }
    known.set(keys.clone());
    keys
}

async fn fetch(app: &App, url: &str) -> Result<HashMap<String, Key>, String> {
    let url: Url = url.parse().map_err(|_| "its address is not a URL".to_owned())?;
    let body = app.egress.read(Partner::Identity, url, MAX_BYTES).await.map_err(|error| error.to_string())?;
    // Keys of a kind that is not known here are left out, and do not spoil the others.
    let set: serde_json::Value = serde_json::from_slice(&body).map_err(|_| "the answer is not JSON".to_owned())?;
    let keys = set.get("keys").and_then(|keys| keys.as_array()).ok_or("the answer has no keys")?;
    let keys = keys.iter().filter_map(|key| serde_json::from_value::<Jwk>(key.clone()).ok()).collect();
    Ok(usable(&JwkSet { keys }))
}

/// The keys that prove signatures, by id.
fn usable(set: &JwkSet) -> HashMap<String, Key> {
    let usable = set.keys.iter().filter_map(|jwk| {
        let signs = matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature));
        let key = DecodingKey::from_jwk(jwk).ok().filter(|_| signs)?;
        let algorithm = jwk.common.key_algorithm.map(|it| it.to_string().parse::<Algorithm>());
        // One that says it is for something else (`RSA-OAEP`) is not for signatures.
        let algorithm = algorithm.transpose().ok()?;
        Some((jwk.common.key_id.clone()?, Key { key: Arc::new(key), algorithm }))
    });
    usable.collect()
}
