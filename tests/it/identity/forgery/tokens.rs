//! The forged tokens, class by class.

use base64::Engine as _;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use consign::identity::api_tokens::{NewApiToken, TokenScope};
use consign::identity::{Actor, api_tokens};
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use serde_json::{Value, json};

use super::super::{END, customer, register};
use crate::support::app::TestApp;
use crate::support::shop::{self, Shop};

/// Nobody's key, as PEM: what a server that confuses kinds of keys would take for a secret.
const PUBLIC_KEY: &str = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEVs/o5+uQbTjL3chynL4wXgUg2R9\nq9UU8I5mEovUf86QZ7kOBIjJwqnzD1omageEHWwHdBO6B+dFabmdT9POxg==\n-----END PUBLIC KEY-----\n";

/// An Ed25519 key in PKCS #8: the prefix of the format, and 32 bytes.
const ED25519: [u8; 48] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
];

/// A good token and what it is made of, to be spoiled.
pub struct Good {
    pub token: String,
    pub claims: Value,
    secret: String,
    refresh_token: String,
}

/// One class of forgery: `Authorization` headers.
pub struct Forged {
    pub what: &'static str,
    pub credentials: Vec<Vec<u8>>,
}

fn encode(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

impl Good {
    /// Signs a customer up.
    pub async fn make(app: &TestApp) -> Self {
        let (token, refresh_token) = customer(app, "ada@example.com").await;
        let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).expect("claims")).expect("base64");
        let claims = serde_json::from_slice(&claims).expect("JSON");
        Self { token, claims, secret: app.app.config.jwt_secret.expose().to_owned(), refresh_token }
    }

    /// The header of a good token.
    pub fn header() -> Value {
        json!({ "typ": "at+jwt", "alg": "HS256" })
    }

    /// A header and claims as they stand, signed with the server's secret.
    pub fn signed_text(&self, header: &str, claims: &str) -> String {
        sign(header, claims, Algorithm::HS256, &EncodingKey::from_secret(self.secret.as_bytes()))
    }

    fn with_secret(&self, secret: &str) -> String {
        let key = EncodingKey::from_secret(secret.as_bytes());
        sign(&Self::header().to_string(), &self.claims.to_string(), Algorithm::HS256, &key)
    }

    fn with_claim(&self, name: &str, value: Value) -> String {
        let mut claims = self.claims.clone();
        claims[name] = value;
        self.signed_text(&Self::header().to_string(), &claims.to_string())
    }

    fn without_claim(&self, name: &str) -> String {
        let mut claims = self.claims.clone();
        claims.as_object_mut().expect("an object").remove(name);
        self.signed_text(&Self::header().to_string(), &claims.to_string())
    }

    fn with_header(&self, name: &str, value: Value) -> String {
        let mut header = Self::header();
        header[name] = value;
        self.signed_text(&header.to_string(), &self.claims.to_string())
    }

    /// Signed by an algorithm with what a confused server would verify with.
    fn by(&self, algorithm: Algorithm, key: &EncodingKey) -> String {
        let header = json!({ "typ": "at+jwt", "alg": algorithm });
        sign(&header.to_string(), &self.claims.to_string(), algorithm, key)
    }

    /// The same with the header and claims of a good token and another text for a signature.
    fn with_signature(&self, header: &Value, signature: &str) -> String {
        format!("{}.{}.{signature}", encode(&header.to_string()), encode(&self.claims.to_string()))
    }

    fn signature(&self) -> &str {
        self.token.rsplit('.').next().expect("a signature")
    }

    /// Every class.
    pub async fn forge(&self, app: &TestApp) -> Vec<Forged> {
        let bearer = |(what, token): (&'static str, String)| Forged {
            what,
            credentials: vec![format!("Bearer {token}").into_bytes()],
        };
        let mut all: Vec<Forged> = self.algorithms().into_iter().map(bearer).collect();
        all.extend(self.headers().into_iter().map(bearer));
        all.extend(self.claims(app.app.clock.now().timestamp()).into_iter().map(bearer));
        all.extend(self.texts().into_iter().map(bearer));
        all.extend(self.sessions(app).await.into_iter().map(bearer));
        all.extend(other_kinds(app, self).await.into_iter().map(bearer));
        let good = format!("Bearer {}", self.token);
        let non_ascii = [good.as_bytes(), &[0xff, 0xc3, 0xa9]].concat();
        all.extend([
            Forged { what: "not ASCII", credentials: vec![non_ascii] },
            Forged { what: "two headers", credentials: vec![good.clone().into_bytes(), b"Bearer x".to_vec()] },
            Forged { what: "the same header twice", credentials: vec![good.clone().into_bytes(), good.into_bytes()] },
        ]);
        all
    }

    fn algorithms(&self) -> Vec<(&'static str, String)> {
        let none = |alg: &str, signature: &str| self.with_signature(&json!({ "typ": "at+jwt", "alg": alg }), signature);
        let secret = EncodingKey::from_secret(self.secret.as_bytes());
        let lie = |alg: &str| {
            let header = json!({ "typ": "at+jwt", "alg": alg }).to_string();
            self.signed_text(&header, &self.claims.to_string())
        };
        vec![
            ("alg none", none("none", "")),
            ("alg None", none("None", "")),
            ("alg nOnE", none("nOnE", "")),
            ("alg none with a signature", none("none", self.signature())),
            ("alg empty", none("", self.signature())),
            ("alg absent", self.signed_text("{\"typ\":\"at+jwt\"}", &self.claims.to_string())),
            ("alg hs256", lie("hs256")),
            ("no signature under HS256", self.with_signature(&Self::header(), "")),
            ("HS384 with the secret", self.by(Algorithm::HS384, &secret)),
            ("HS512 with the secret", self.by(Algorithm::HS512, &secret)),
            ("RS256 over the secret", lie("RS256")),
            ("PS256 over the secret", lie("PS256")),
            ("ES256 over the secret", lie("ES256")),
            ("EdDSA over the secret", lie("EdDSA")),
            ("EdDSA with a key of its own", self.by(Algorithm::EdDSA, &EncodingKey::from_ed_der(&ED25519))),
            ("HS256 with a public key", self.with_secret(PUBLIC_KEY)),
            ("another secret", self.with_secret("another secret of 32 bytes or more")),
            ("an empty secret", self.with_secret("")),
            ("the secret in another case", self.with_secret(&self.secret.to_uppercase())),
        ]
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        let jwk = json!({ "kty": "oct", "k": encode(&self.secret) });
        let twice = "{\"typ\":\"at+jwt\",\"alg\":\"HS256\",\"alg\":\"HS256\"}";
        vec![
            ("kid that is a path", self.with_header("kid", json!("../../../../dev/null"))),
            ("kid that is SQL", self.with_header("kid", json!("' UNION SELECT 'secret' --"))),
            ("kid that is a command", self.with_header("kid", json!("|/bin/true"))),
            ("jku", self.with_header("jku", json!("https://evil.example/jwks.json"))),
            ("x5u", self.with_header("x5u", json!("https://evil.example/cert.pem"))),
            ("jwk", self.with_header("jwk", jwk)),
            ("x5c", self.with_header("x5c", json!([encode(PUBLIC_KEY)]))),
            ("x5t", self.with_header("x5t", json!(encode("thumbprint")))),
            ("crit", self.with_header("crit", json!(["exp"]))),
            ("b64 false", self.with_header("b64", json!(false))),
            ("zip", self.with_header("zip", json!("DEF"))),
            ("cty", self.with_header("cty", json!("JWT"))),
            ("a member nobody knows", self.with_header("admin", json!(true))),
            ("typ JWT", self.with_header("typ", json!("JWT"))),
            ("typ AT+JWT", self.with_header("typ", json!("AT+JWT"))),
            ("typ application/at+jwt", self.with_header("typ", json!("application/at+jwt"))),
            ("no typ", self.signed_text("{\"alg\":\"HS256\"}", &self.claims.to_string())),
            ("a header member twice", self.signed_text(twice, &self.claims.to_string())),
            ("a header that is a list", self.signed_text("[]", &self.claims.to_string())),
        ]
    }

    fn claims(&self, now: i64) -> Vec<(&'static str, String)> {
        let header = Self::header().to_string();
        let text = self.claims.to_string();
        let again = |more: &str| self.signed_text(&header, &text.replacen('{', &format!("{{{more},"), 1));
        let far = 4_000_000_000_i64;
        let mut late = self.claims.clone();
        (late["iat"], late["exp"]) = (json!(far - 900), json!(far));
        vec![
            ("another issuer", self.with_claim("iss", json!("https://evil.example"))),
            ("issuers in a list", self.with_claim("iss", json!(["consign", "evil"]))),
            ("no issuer", self.without_claim("iss")),
            ("another audience", self.with_claim("aud", json!("someone-else"))),
            ("audiences in a list", self.with_claim("aud", json!(["consign-api", "someone-else"]))),
            ("no audience", self.without_claim("aud")),
            ("expired", self.with_claim("exp", json!(now))),
            ("no expiry", self.without_claim("exp")),
            ("expiry null", self.with_claim("exp", Value::Null)),
            ("expiry in a text", self.with_claim("exp", json!((now + 600).to_string()))),
            ("expiry a fraction", self.signed_text(&header, &text.replace("\"exp\":", "\"exp\":0.5e1,\"exp2\":"))),
            ("expiry negative", self.with_claim("exp", json!(-1))),
            ("expiry huge", self.with_claim("exp", json!(i64::MAX))),
            ("expiry beyond numbers", self.signed_text(&header, &text.replace("\"exp\":", "\"exp\":1e400,\"exp2\":"))),
            ("a life longer than 15 minutes", self.with_claim("exp", json!(now + 24 * 3600))),
            ("issued in the future", self.signed_text(&header, &late.to_string())),
            ("no issue", self.without_claim("iat")),
            ("not yet good", self.with_claim("nbf", json!(now + 60))),
            ("no beginning", self.without_claim("nbf")),
            ("no subject", self.without_claim("sub")),
            ("another subject", self.with_claim("sub", json!("cus_00000000000000000000000000000000"))),
            ("a subject of another kind", self.with_claim("sub", json!("stf_00000000000000000000000000000000"))),
            ("an expiry twice", again(&format!("\"exp\":{}", now + 600))),
            ("a subject twice", again("\"sub\":\"cus_00000000000000000000000000000000\"")),
            ("claims that are a list", self.signed_text(&header, "[]")),
            ("claims that are no JSON", self.signed_text(&header, "{")),
        ]
    }

    fn texts(&self) -> Vec<(&'static str, String)> {
        let [header, claims, signature] = parts(&self.token);
        let pad = |text: &str| URL_SAFE.encode(URL_SAFE_NO_PAD.decode(text).expect("base64"));
        let last = if signature.ends_with('A') { 'B' } else { 'A' };
        let bytes = URL_SAFE_NO_PAD.decode(signature).expect("base64");
        // The last character's lowest bits are none of the signature's.
        let loose = loosen(signature);
        assert_ne!(loose, signature);
        assert_eq!(bytes.len(), 32);
        vec![
            ("no token", "x".to_owned()),
            ("dots", "..".to_owned()),
            ("two parts", format!("{header}.{claims}")),
            ("four parts", format!("{}.{signature}", self.token)),
            ("five parts, as encrypted ones have", format!("{header}..{claims}.{signature}.{signature}")),
            ("the parts in another order", format!("{claims}.{header}.{signature}")),
            ("padded parts", format!("{}.{}.{}", pad(header), pad(claims), pad(signature))),
            ("a padded signature", format!("{header}.{claims}.{}", pad(signature))),
            ("a signature with loose bits", format!("{header}.{claims}.{loose}")),
            ("a changed signature", format!("{header}.{claims}.{}{last}", &signature[..signature.len() - 1])),
            ("cut off", self.token[..self.token.len() - 4].to_owned()),
            ("a space within", format!("{header}. {claims}.{signature}")),
            ("a tab behind a part", format!("{header}.{claims}\t.{signature}")),
            ("two tokens", format!("{} {}", self.token, self.token)),
            ("two tokens with a comma", format!("{},{}", self.token, self.token)),
            ("in quotes", format!("\"{}\"", self.token)),
            ("Bearer twice", format!("Bearer {}", self.token)),
            ("a token in a token", self.signed_text("{\"typ\":\"at+jwt\",\"alg\":\"HS256\",\"cty\":\"JWT\"}", &self.token)),
            ("far too long", format!("{}.{}", self.token, "A".repeat(6_000))),
            ("a megabyte", format!("{header}.{}.{signature}", "A".repeat(1 << 20))),
            ("a megabyte of dots", ".".repeat(1 << 20)),
        ]
    }

    /// Well made tokens of sessions that are not there, not any more, or somebody else's.
    async fn sessions(&self, app: &TestApp) -> Vec<(&'static str, String)> {
        let (other, _) = customer(app, "grace@example.com").await;
        let other: Value =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts(&other)[1]).expect("base64")).expect("JSON");
        let (ended, _) = customer(app, "ended@example.com").await;
        app.as_guest().with_token(&ended).run(END, json!({ "input": {} })).await.done("sessionEnd");
        vec![
            ("no session", self.without_claim("sid")),
            ("an unknown session", self.with_claim("sid", json!("ses_00000000000000000000000000000000"))),
            ("a session that is no id", self.with_claim("sid", json!("' OR 1=1 --"))),
            ("another's session", self.with_claim("sid", other["sid"].clone())),
            ("another's subject", self.with_claim("sub", other["sub"].clone())),
            ("an ended session", ended),
        ]
    }
}

/// Secrets that are good for something else, and API tokens that are not good any more.
async fn other_kinds(app: &TestApp, good: &Good) -> Vec<(&'static str, String)> {
    register(app, "new@example.com").await.done("customerRegister");
    app.run_jobs().await;
    let mail = app.mails.to("new@example.com").pop().expect("a mail");
    let shop = Shop::open(app, 1, 5, 0).await;
    let cart = shop.ready_cart(&[(0, 1)]).await;
    let bought = shop::buy(&shop.guest, &cart, "k", "tok_ok").await;
    let token = |name: &str, days| {
        let new = NewApiToken { name: name.to_owned(), scope: TokenScope::Owner, days };
        async { api_tokens::create(&app.app, &Actor::system("test"), new).await.unwrap_or_else(|_| panic!("a token")) }
    };
    let (live, revoked) = (token("live", None).await, token("revoked", None).await);
    api_tokens::revoke(&app.app, &Actor::system("test"), revoked.token.id).await.unwrap_or_else(|_| panic!("revoked"));
    // One that ended is told from one that ends by the clock alone.
    let past = app.reconfigured(|_| {}).await;
    past.app.clock.advance(-TimeDelta::days(3));
    let new = NewApiToken { name: "expired".to_owned(), scope: TokenScope::Owner, days: Some(1) };
    let expired = api_tokens::create(&past.app, &Actor::system("test"), new).await;
    let expired = expired.unwrap_or_else(|_| panic!("a token"));
    let live = live.plaintext;
    vec![
        ("a refresh token", good.refresh_token.clone()),
        ("a mail's token", mail.word_after("token=")),
        ("a tracking token", bought.text("checkoutComplete.order.trackingToken")),
        ("a cart's id", cart),
        ("an unknown API token", format!("cst_{}", "0".repeat(64))),
        ("a revoked API token", revoked.plaintext),
        ("an expired API token", expired.plaintext),
        ("an API token cut off", live[..live.len() - 1].to_owned()),
        ("an API token with more", format!("{live}0")),
        ("an API token in capitals", live.to_uppercase()),
        ("an API token without its beginning", live.trim_start_matches("cst_").to_owned()),
    ]
}

fn parts(token: &str) -> [&str; 3] {
    let mut parts = token.split('.');
    [(); 3].map(|()| parts.next().expect("three parts"))
}

/// The same bytes as base64 with a bit set that is not used.
fn loosen(text: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (start, last) = text.split_at(text.len() - 1);
    let place = LETTERS.iter().position(|it| [*it] == last.as_bytes()).expect("a letter of base64");
    format!("{start}{}", char::from(LETTERS[place ^ 1]))
}

fn sign(header: &str, claims: &str, algorithm: Algorithm, key: &EncodingKey) -> String {
    let message = format!("{}.{}", encode(header), encode(claims));
    let signature = crypto::sign(message.as_bytes(), key, algorithm).expect("a signature");
    format!("{message}.{signature}")
}
