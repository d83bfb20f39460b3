//! Customers of the merchant's own identity provider: its tokens prove them here, without a session.
//!
//! A person is known by issuer and subject. Whoever comes for the first time becomes the customer with
//! the same address if the provider has verified it, or a new one. Nobody becomes staff this way.

use std::collections::{HashMap, HashSet};

use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QuerySelect, Set};
use serde_json::Value;

use super::entity::{customer, external_identity, staff};
use super::{Actor, Credential, CredentialKind, Who, accounts, jwks, passwords};
use crate::app::App;
use crate::kernel::clock::Timestamp;
use crate::kernel::email;
use crate::kernel::ids::CustomerId;
use crate::kernel::problem::Fault;
use crate::platform::config::IdentityProviderConfig;
use crate::platform::db::unless_duplicate;
use crate::platform::keys;
use crate::platform::tx::Tx;

/// Longer texts are not looked at.
const MAX_LENGTH: usize = 8 * 1024;
/// How far the provider's clock may be ahead, in seconds.
const SKEW: i64 = 60;
/// The longest subject (OpenID Connect Core 1.0, 2).
const MAX_SUBJECT: usize = 255;
/// The most characters of a name that are kept.
const MAX_NAME: usize = 100;
/// Signatures by a private key. None that a public key, taken for a secret, could make.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

type Claims = HashMap<String, Value>;

/// Whether `token` is for the identity provider's keys to prove rather than for ours: it says so
/// itself, which proves nothing yet.
pub(super) fn is_meant(app: &App, token: &str) -> bool {
    let Some(provider) = &app.config.identity_provider else { return false };
    let claims = (token.len() <= MAX_LENGTH).then(|| jsonwebtoken::dangerous::insecure_decode_claims::<Claims>(token));
    claims.and_then(Result::ok).is_some_and(|claims| text(&claims, "iss") == Some(&provider.issuer))
}

/// The customer that `token` proves.
pub(super) async fn authenticate(app: &App, token: &str) -> Result<Option<Actor>, Fault> {
    let Some(provider) = &app.config.identity_provider else { return Ok(None) };
    let Some((claims, expires_at)) = read(app, provider, token).await else { return Ok(None) };
    let Some(subject) = text(&claims, "sub").filter(|it| !it.is_empty() && it.len() <= MAX_SUBJECT) else {
        return Ok(None);
    };
    let known = external_identity::Entity::find_by_id((provider.issuer.clone(), subject.to_owned()));
    let id = match known.one(app.db.read()).await? {
        Some(known) => Some(known.customer_id),
        None => welcome(app, provider, subject, &claims).await?,
    };
    let id_of_token = format!("ext_{}", hex::encode(&keys::hash_token(token)[..16]));
    Ok(id.map(|id| Actor {
        who: Who::Customer(id),
        credential: Some(Credential { id: id_of_token, expires_at, kind: CredentialKind::External }),
    }))
}

/// What a token says and when it ends, if the provider signed it for us and it is in its time.
async fn read(app: &App, provider: &IdentityProviderConfig, token: &str) -> Option<(Claims, Timestamp)> {
    let header = decode_header(token).ok()?;
    if !ALGORITHMS.contains(&header.alg) || !is_plain(&header) {
        return None;
    }
    let key = jwks::find(app, &provider.jwks_url, header.kid.as_deref()?).await?;
    if key.algorithm.is_some_and(|only| only != header.alg) {
        return None;
    }
    let mut validation = Validation::new(header.alg);
    validation.required_spec_claims = HashSet::from(["exp", "aud", "iss", "sub"].map(str::to_owned));
    validation.set_issuer(&[&provider.issuer]);
    validation.set_audience(&[&provider.audience]);
    // Compared with our own clock.
    validation.validate_exp = false;
    let claims: Claims = decode(token, &key.key, &validation).ok()?.claims;
    let now = app.clock.now().timestamp();
    let time = |name: &str| claims.get(name).map(|value| value.as_f64().map(|seconds| seconds as i64));
    let expires_at = time("exp")??;
    let begun = |name| time(name).is_none_or(|at| at.is_some_and(|at| at <= now + SKEW));
    if expires_at <= now || !begun("nbf") || !begun("iat") {
        return None;
    }
    Some((claims, Timestamp::from_timestamp(expires_at, 0)?))
}

/// Whether a header asks for nothing beyond a known key: none that brings its own, or that must be
/// understood otherwise, or of a token for another purpose.
fn is_plain(header: &Header) -> bool {
    let kinds = [None, Some("jwt"), Some("at+jwt"), Some("application/at+jwt")];
    let kind = header.typ.as_deref().map(str::to_ascii_lowercase);
    header.jku.is_none()
        && header.jwk.is_none()
        && header.x5u.is_none()
        && header.x5c.is_none()
        && header.crit.is_none()
        && header.enc.is_none()
        && header.zip.is_none()
        && kinds.contains(&kind.as_deref())
}

/// Makes somebody who comes for the first time a customer; nothing if the provider does not vouch for
/// their address, or it is that of somebody of the store.
async fn welcome(
    app: &App,
    provider: &IdentityProviderConfig,
    subject: &str,
    claims: &Claims,
) -> Result<Option<CustomerId>, Fault> {
    let verified = match claims.get(&provider.email_verified_claim) {
        Some(Value::Bool(it)) => *it,
        Some(Value::String(it)) => it == "true",
        _ => false,
    };
    let email = text(claims, &provider.email_claim).filter(|_| verified).and_then(|it| email::parse(it).ok());
    let Some(email) = email.map(|it| email::key(&it)) else {
        tracing::warn!("a person of the identity provider has no verified e-mail address and was not let in");
        return Ok(None);
    };
    let tx = Tx::begin(app).await?;
    if staff::Entity::find().filter(staff::Column::Email.eq(&email)).one(&tx).await?.is_some() {
        return Ok(None);
    }
    // Locked: one who is forgotten at this moment has another address afterwards.
    let known = customer::Entity::find().filter(customer::Column::Email.eq(&email)).lock_exclusive();
    let known = known.one(&tx).await?;
    let id = match known {
        Some(known) => known.id,
        None => {
            let name = |claim: &str| text(claims, claim).map(|it| it.chars().take(MAX_NAME).collect::<String>());
            let row = customer::ActiveModel {
                id: Set(tx.new_id()),
                email: Set(email),
                password_hash: Set(passwords::NONE.to_owned()),
                first_name: Set(name(&provider.first_name_claim)),
                last_name: Set(name(&provider.last_name_claim)),
                accepts_marketing: Set(false),
                tags: Set(customer::Tags::default()),
                created_at: Set(tx.now()),
                ..Default::default()
            };
            match unless_duplicate(row.insert(&tx).await)? {
                Some(row) => row.id,
                // The same person, at the same moment: the next request finds them.
                None => return Err(Fault::Unavailable(anyhow::anyhow!("the customer is being made"))),
            }
        }
    };
    let identity = external_identity::ActiveModel {
        issuer: Set(provider.issuer.clone()),
        subject: Set(subject.to_owned()),
        customer_id: Set(id),
        created_at: Set(tx.now()),
    };
    let made = external_identity::Entity::insert(identity).exec_without_returning(&tx).await;
    if unless_duplicate(made)?.is_none() {
        return Err(Fault::Unavailable(anyhow::anyhow!("the customer is being made")));
    }
    accounts::tell_verified(&tx, id).await?;
    tx.commit().await?;
    Ok(Some(id))
}

fn text<'a>(claims: &'a Claims, name: &str) -> Option<&'a str> {
    claims.get(name)?.as_str()
}
