//! Customers of the merchant's own identity provider.

use std::sync::{Arc, Mutex};

use axum::Json;
use axum::routing::get;
use chrono::TimeDelta;
use consign::platform::config::IdentityProviderConfig;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{ME, customer};
use crate::support::app::TestApp;
use crate::support::gql::Answer;

crate::engine_tests![
    a_person_becomes_a_customer_at_the_first_token,
    a_token_that_is_not_for_us_proves_nobody,
    new_keys_are_fetched_and_old_ones_end,
];

const ISSUER: &str = "https://id.example.com/";
const AUDIENCE: &str = "shop";

/// An identity provider: it tells its public keys.
struct Provider {
    url: String,
    keys: Arc<Mutex<JwkSet>>,
}

/// A key pair of the provider.
struct Pair {
    id: &'static str,
    private: EncodingKey,
    public: Jwk,
}

fn pair(id: &'static str) -> Pair {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
    let private = EncodingKey::from_ec_der(key.to_pkcs8v1().expect("PKCS#8").as_ref());
    let mut public = Jwk::from_encoding_key(&private, Algorithm::ES256).expect("its public half");
    public.common.key_id = Some(id.to_owned());
    Pair { id, private, public }
}

impl Provider {
    async fn start(pairs: &[&Pair]) -> Self {
        let keys = Arc::new(Mutex::new(set(pairs)));
        let told = Arc::clone(&keys);
        let answer = move || async move { Json(told.lock().expect("nobody panics").clone()) };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/keys", listener.local_addr().expect("an address"));
        let router = axum::Router::new().route("/keys", get(answer));
        tokio::spawn(async move { axum::serve(listener, router).await.expect("it runs") });
        Self { url, keys }
    }

    async fn store(&self, app: &TestApp) -> TestApp {
        let url = self.url.clone();
        app.reconfigured(|config| {
            config.identity_provider = Some(IdentityProviderConfig {
                issuer: ISSUER.to_owned(),
                audience: AUDIENCE.to_owned(),
                jwks_url: url,
                email_claim: "email".to_owned(),
                email_verified_claim: "email_verified".to_owned(),
                first_name_claim: "given_name".to_owned(),
                last_name_claim: "family_name".to_owned(),
            });
        })
        .await
    }
}

fn set(pairs: &[&Pair]) -> JwkSet {
    JwkSet { keys: pairs.iter().map(|it| it.public.clone()).collect() }
}

fn claims(app: &TestApp) -> Value {
    let now = app.app.clock.now().timestamp();
    json!({ "iss": ISSUER, "aud": [AUDIENCE, "other"], "sub": "person-1", "iat": now, "exp": now + 600,
        "email": "Ada@Example.com", "email_verified": true, "given_name": "Ada", "family_name": "Byron" })
}

fn sign(pair: &Pair, claims: &Value) -> String {
    sign_with(pair, Header { kid: Some(pair.id.to_owned()), ..Header::new(Algorithm::ES256) }, claims)
}

fn sign_with(pair: &Pair, header: Header, claims: &Value) -> String {
    encode(&header, claims, &pair.private).expect("a token")
}

async fn me(app: &TestApp, token: &str) -> Answer {
    app.as_guest().with_token(token).run(ME, json!({})).await
}

async fn a_person_becomes_a_customer_at_the_first_token(app: TestApp) {
    let one = pair("one");
    let provider = Provider::start(&[&one]).await;
    let store = provider.store(&app).await;
    let first = me(&store, &sign(&one, &claims(&app))).await;
    assert_eq!((first.at("me.email"), first.at("me.firstName")), (&json!("ada@example.com"), &json!("Ada")));
    let mut changed = claims(&app);
    changed["email"] = json!("another@example.com");
    assert_eq!(me(&store, &sign(&one, &changed)).await.at("me.id"), first.at("me.id"), "the subject says who");
    // Nobody signs in with a password that the account does not have.
    let sign_in = super::sign_in(&store.as_guest(), "ada@example.com", "!!!!!!!!!!").await;
    assert_eq!(sign_in.user_codes("sessionCreate"), ["CREDENTIALS_INVALID"]);
    // Somebody who was a customer before stays the same one.
    let (token, _) = customer(&app, "grace@example.com").await;
    let grace = me(&app, &token).await;
    let mut of_grace = claims(&app);
    of_grace["sub"] = json!("person-2");
    of_grace["email"] = json!("grace@example.com");
    assert_eq!(me(&store, &sign(&one, &of_grace)).await.at("me.id"), grace.at("me.id"));
    // Sessions of the store's own go on beside.
    assert_eq!(me(&store, &token).await.at("me.id"), grace.at("me.id"));
}

async fn a_token_that_is_not_for_us_proves_nobody(app: TestApp) {
    let (one, stranger) = (pair("one"), pair("one"));
    let provider = Provider::start(&[&one]).await;
    let store = provider.store(&app).await;
    let good = claims(&app);
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        claims
    };
    let now = app.app.clock.now().timestamp();
    let header = |change: fn(&mut Header)| {
        let mut header = Header { kid: Some("one".to_owned()), ..Header::new(Algorithm::ES256) };
        change(&mut header);
        header
    };
    let public = serde_json::to_vec(&one.public).expect("JSON");
    let confused = Header { kid: Some("one".to_owned()), ..Header::new(Algorithm::HS256) };
    let forged = [
        ("another key", sign(&stranger, &good)),
        ("the public key as a secret", encode(&confused, &good, &EncodingKey::from_secret(&public)).expect("a token")),
        ("no key id", sign_with(&one, header(|it| it.kid = None), &good)),
        ("another key id", sign_with(&one, header(|it| it.kid = Some("two".to_owned())), &good)),
        ("a key's address", sign_with(&one, header(|it| it.jku = Some("https://evil.example/keys".to_owned())), &good)),
        ("a key of its own", sign_with(&one, Header { jwk: Some(stranger.public.clone()), ..header(|_| ()) }, &good)),
        ("another kind", sign_with(&one, header(|it| it.typ = Some("logout+jwt".to_owned())), &good)),
        ("another issuer", sign(&one, &with("iss", json!("https://id.example.com")))),
        ("another audience", sign(&one, &with("aud", json!("another-shop")))),
        ("no audience", sign(&one, &with("aud", Value::Null))),
        ("expired", sign(&one, &with("exp", json!(now)))),
        ("no end", sign(&one, &with("exp", Value::Null))),
        ("not yet", sign(&one, &with("nbf", json!(now + 300)))),
        ("from the future", sign(&one, &with("iat", json!(now + 300)))),
        ("no subject", sign(&one, &with("sub", json!("")))),
        ("not verified", sign(&one, &with("email_verified", json!(false)))),
        ("no address", sign(&one, &with("email", Value::Null))),
    ];
    for (what, token) in forged {
        let answer = me(&store, &token).await;
        assert_eq!((answer.status.as_u16(), answer.codes()), (401, vec!["UNAUTHENTICATED".to_owned()]), "{what}");
    }
    // Nor does a store without a provider look at any.
    assert_eq!(me(&app, &sign(&one, &good)).await.codes(), ["UNAUTHENTICATED"]);
    assert_eq!(me(&store, &sign(&one, &good)).await.at("me.email"), "ada@example.com");
}

async fn new_keys_are_fetched_and_old_ones_end(app: TestApp) {
    let (one, two) = (pair("one"), pair("two"));
    let provider = Provider::start(&[&one]).await;
    let store = provider.store(&app).await;
    assert_eq!(me(&store, &sign(&one, &claims(&app))).await.at("me.email"), "ada@example.com");
    *provider.keys.lock().expect("nobody panics") = set(&[&two]);
    // It was asked a moment ago, and is not asked for every stranger's key.
    assert_eq!(me(&store, &sign(&two, &claims(&app))).await.codes(), ["UNAUTHENTICATED"]);
    store.app.clock.advance(TimeDelta::seconds(31));
    assert_eq!(me(&store, &sign(&two, &claims(&app))).await.at("me.email"), "ada@example.com");
    assert_eq!(me(&store, &sign(&one, &claims(&app))).await.codes(), ["UNAUTHENTICATED"]);
}
