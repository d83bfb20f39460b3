//! Tokens that were not made by this server, or not for this: one answer for all.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::{ME, customer, is_good};
use crate::support::app::TestApp;

crate::engine_tests![
    a_token_made_with_the_secret_is_good,
    every_forged_token_gets_the_same_answer,
    a_credential_that_is_not_one_is_refused,
];

/// The claims and the key of a good token, to be spoiled.
struct Good {
    claims: Value,
    secret: String,
    token: String,
    refresh_token: String,
}

async fn good(app: &TestApp) -> Good {
    let (token, refresh_token) = customer(app, "ada@example.com").await;
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).expect("claims")).expect("base64");
    let claims = serde_json::from_slice(&claims).expect("JSON");
    Good { claims, secret: app.app.config.jwt_secret.expose().to_owned(), token, refresh_token }
}

impl Good {
    fn header() -> Header {
        Header { typ: Some("at+jwt".to_owned()), ..Header::new(Algorithm::HS256) }
    }

    fn signed(&self, header: &Header, claims: &Value, secret: &str) -> String {
        encode(header, claims, &EncodingKey::from_secret(secret.as_bytes())).expect("a token")
    }

    fn with_claim(&self, name: &str, value: Value) -> String {
        let mut claims = self.claims.clone();
        claims[name] = value;
        self.signed(&Self::header(), &claims, &self.secret)
    }

    fn without_claim(&self, name: &str) -> String {
        let mut claims = self.claims.clone();
        claims.as_object_mut().expect("an object").remove(name);
        self.signed(&Self::header(), &claims, &self.secret)
    }

    fn with_header(&self, change: impl FnOnce(&mut Header)) -> String {
        let mut header = Self::header();
        change(&mut header);
        self.signed(&header, &self.claims, &self.secret)
    }

    /// A header and claims as they stand, with this signature.
    fn raw(&self, header: &Value, signature: &str) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.{signature}", part(header), part(&self.claims))
    }
}

async fn a_token_made_with_the_secret_is_good(app: TestApp) {
    let good = good(&app).await;
    assert!(is_good(&app, &good.signed(&Good::header(), &good.claims, &good.secret)).await, "what follows means something");
}

async fn every_forged_token_gets_the_same_answer(app: TestApp) {
    let good = good(&app).await;
    let now = app.app.clock.now().timestamp();
    let signature = good.token.rsplit('.').next().expect("a signature").to_owned();
    let forged = [
        ("no signature", good.raw(&json!({ "alg": "none", "typ": "at+jwt" }), "")),
        ("alg none in another case", good.raw(&json!({ "alg": "nOnE", "typ": "at+jwt" }), "")),
        ("alg none with a signature", good.raw(&json!({ "alg": "none", "typ": "at+jwt" }), &signature)),
        ("another algorithm", good.with_header(|it| it.alg = Algorithm::HS512)),
        ("an asymmetric algorithm", good.raw(&json!({ "alg": "RS256", "typ": "at+jwt" }), &signature)),
        ("another secret", good.signed(&Good::header(), &good.claims, "another secret of 32 bytes or more")),
        ("an empty secret", good.signed(&Good::header(), &good.claims, "")),
        ("a kid", good.with_header(|it| it.kid = Some("../../dev/null".to_owned()))),
        ("a jku", good.with_header(|it| it.jku = Some("https://evil.example/jwks".to_owned()))),
        ("an x5u", good.with_header(|it| it.x5u = Some("https://evil.example/cert".to_owned()))),
        ("a jwk", good.raw(&json!({ "alg": "HS256", "typ": "at+jwt", "jwk": { "kty": "oct", "k": "AA" } }), &signature)),
        ("no typ", good.with_header(|it| it.typ = None)),
        ("another typ", good.with_header(|it| it.typ = Some("JWT".to_owned()))),
        ("another issuer", good.with_claim("iss", json!("https://evil.example"))),
        ("no issuer", good.without_claim("iss")),
        ("another audience", good.with_claim("aud", json!("someone-else"))),
        ("no audience", good.without_claim("aud")),
        ("expired", good.with_claim("exp", json!(now))),
        ("no expiry", good.without_claim("exp")),
        ("a life too long", good.with_claim("exp", json!(now + 24 * 3600))),
        ("not yet good", good.with_claim("nbf", json!(now + 60))),
        ("no beginning", good.without_claim("nbf")),
        ("another subject", good.with_claim("sub", json!("cus_00000000000000000000000000000000"))),
        ("no session", good.without_claim("sid")),
        ("an unknown session", good.with_claim("sid", json!("ses_00000000000000000000000000000000"))),
        ("a refresh token", good.refresh_token.clone()),
        ("an unknown API token", "cst_0000000000000000000000000000000000000000000000000000000000000000".to_owned()),
        ("no token at all", "x".to_owned()),
        ("dots", "..".to_owned()),
        ("far too long", format!("{}.{}", good.token, "A".repeat(6_000))),
        ("cut off", good.token[..good.token.len() - 4].to_owned()),
    ];
    let mut answers = vec![];
    for (what, token) in forged {
        let answer = app.as_guest().with_token(&token).run(ME, json!({})).await;
        assert_eq!(answer.codes(), ["UNAUTHENTICATED"], "{what}");
        assert!(answer.body.get("data").is_none_or(Value::is_null), "{what}");
        answers.push((answer.status, answer.body));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "one answer for all");
    assert!(is_good(&app, &good.token).await);
}

async fn a_credential_that_is_not_one_is_refused(app: TestApp) {
    use axum::body::Body;
    use axum::http::{Request, header};
    for value in ["Basic YTpi", "Bearer", "Bearer ", "bearer  ", "token"] {
        let request = Request::post("/graphql")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, value)
            .body(Body::from(json!({ "query": ME }).to_string()))
            .expect("a request");
        let answer = app.as_guest().send(request).await;
        assert_eq!(answer.codes(), ["UNAUTHENTICATED"], "{value:?}");
    }
}
