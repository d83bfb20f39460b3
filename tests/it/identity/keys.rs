//! The keys of sessions and of what is sealed, as they are replaced.

use axum::body::Body;
use axum::http::Request;
use consign::platform::config::Secret;
use serde_json::json;

use super::{customer, is_good, refresh};
use crate::support::app::TestApp;

crate::engine_tests![
    a_session_outlives_a_new_secret,
    a_key_file_signs_sessions_and_tells_its_public_keys,
    a_mails_token_outlives_a_new_secret_key,
];

async fn a_session_outlives_a_new_secret(app: TestApp) {
    let (token, refresh_token) = customer(&app, "ada@example.com").await;
    let new = || Secret::from("b4c01d2e8f7a4956bf13c2d0e9a78516");
    let alone = app.reconfigured(|config| config.jwt_secret = new()).await;
    assert!(!is_good(&alone, &token).await);
    let both = app
        .reconfigured(|config| config.jwt_secret_previous = Some(std::mem::replace(&mut config.jwt_secret, new())))
        .await;
    assert!(is_good(&both, &token).await);
    let renewed = refresh(&both, &refresh_token).await;
    assert!(is_good(&alone, &renewed.text("sessionRefresh.session.accessToken")).await, "signed with the new one");
}

fn pem() -> String {
    use aws_lc_rs::encoding::AsDer as _;
    use base64::Engine as _;
    let key = aws_lc_rs::signature::Ed25519KeyPair::generate().expect("a key");
    let der: aws_lc_rs::encoding::Pkcs8V1Der<'_> = key.as_der().expect("PKCS#8");
    let text = base64::engine::general_purpose::STANDARD.encode(der.as_ref());
    format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")
}

async fn a_key_file_signs_sessions_and_tells_its_public_keys(app: TestApp) {
    let (old_token, refresh_token) = customer(&app, "ada@example.com").await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("keys.pem");
    let (first, second) = (pem(), pem());
    let with = |text: String| {
        std::fs::write(&file, text).expect("written");
        app.reconfigured(|config| config.jwt_key_file = Some(file.clone()))
    };
    let store = with(first.clone()).await;
    assert!(!is_good(&store, &old_token).await, "the secret counts no more");
    let token = refresh(&store, &refresh_token).await.text("sessionRefresh.session.accessToken");
    assert!(is_good(&store, &token).await);
    let request = Request::get("/.well-known/jwks.json").body(Body::empty()).expect("a request");
    let keys = store.as_guest().send(request).await.body["keys"].clone();
    assert_eq!((keys.as_array().map(Vec::len), &keys[0]["kty"]), (Some(1), &json!("OKP")));
    assert!(keys[0].get("d").is_none() && keys[0]["kid"].is_string(), "{keys}");
    let rotated = with(format!("{second}{first}")).await;
    assert!(is_good(&rotated, &token).await, "the old key proves on");
    let without = with(second).await;
    assert!(!is_good(&without, &token).await);
}

async fn a_mails_token_outlives_a_new_secret_key(app: TestApp) {
    super::register(&app, "ada@example.com").await.done("customerRegister");
    app.run_jobs().await;
    let token = app.mails.to("ada@example.com").pop().expect("a mail").word_after("token=");
    let new = || Secret::from("b4c01d2e8f7a4956bf13c2d0e9a78516");
    let alone = app.reconfigured(|config| config.secret_key = new()).await;
    let answer = alone.as_guest().run(super::VERIFY, json!({ "token": token })).await;
    assert_eq!(answer.user_codes("emailVerify"), ["TOKEN_INVALID"]);
    let both = app
        .reconfigured(|config| config.secret_key_previous = Some(std::mem::replace(&mut config.secret_key, new())))
        .await;
    both.as_guest().run(super::VERIFY, json!({ "token": token })).await.done("emailVerify");
}
