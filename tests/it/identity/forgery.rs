//! Tokens that were not made by this server, or not for this: one answer for all, on every way in.

mod tokens;

use std::io::Write;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use serde_json::{Value, json};
use tracing::instrument::WithSubscriber;

use self::tokens::{Forged, Good};
use super::{ME, is_good};
use crate::support::app::TestApp;
use crate::support::live::Socket;

crate::engine_tests![
    a_token_made_with_the_secret_is_good,
    every_forged_token_gets_the_same_answer,
    every_forged_token_closes_the_socket_alike,
    a_credential_that_is_not_one_is_refused,
];

async fn a_token_made_with_the_secret_is_good(app: TestApp) {
    let good = Good::make(&app).await;
    assert!(is_good(&app, &good.signed_text(&Good::header().to_string(), &good.claims.to_string())).await);
}

/// Asks who I am with these `Authorization` headers.
async fn ask(app: &TestApp, credentials: &[Vec<u8>]) -> (StatusCode, HeaderMap, Value) {
    let mut request = Request::post("/graphql").header(header::CONTENT_TYPE, "application/json");
    for credential in credentials {
        request = request.header(header::AUTHORIZATION, credential.as_slice());
    }
    let request = request.body(Body::from(json!({ "query": ME }).to_string())).expect("a request");
    let mut answer = app.as_guest().send(request).await;
    // Its own for every request.
    answer.headers.remove("x-request-id");
    (answer.status, answer.headers, answer.body)
}

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("nobody panics with it").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

async fn every_forged_token_gets_the_same_answer(app: TestApp) {
    let good = Good::make(&app).await;
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let forged = good.forge(&app).await;
    let classes = forged.len();
    assert!(classes >= 60, "{classes}");
    let asking = async {
        let mut first = None;
        for Forged { what, credentials } in &forged {
            let answer = ask(&app, credentials).await;
            assert_eq!(answer.2["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{what}: {}", answer.2);
            let first = first.get_or_insert_with(|| answer.clone());
            assert_eq!(*first, answer, "{what}");
        }
    };
    asking.with_subscriber(subscriber).await;
    let log = String::from_utf8_lossy(&log.0.lock().expect("nobody panics with it")).into_owned();
    assert!(log.contains("graphql") || !log.is_empty(), "the requests were logged");
    for Forged { what, credentials } in &forged {
        let words = credentials.iter().flat_map(|it| it.split(|byte| *byte == b' ')).skip(1);
        for word in words.map(String::from_utf8_lossy).filter(|it| it.len() > 20) {
            let start: String = word.chars().take(60).collect();
            assert!(!log.contains(&start), "{what} is in the log");
        }
    }
    assert!(is_good(&app, &good.token).await);
}

async fn every_forged_token_closes_the_socket_alike(app: TestApp) {
    let good = Good::make(&app).await;
    for Forged { what, credentials } in good.forge(&app).await {
        let [credential] = credentials.as_slice() else { continue };
        // What is no text, or longer than a message, does not get as far.
        let Ok(text) = String::from_utf8(credential.clone()) else { continue };
        if text.len() > 60_000 {
            continue;
        }
        let mut socket = Socket::speaking(&app.url).await;
        socket.send(&json!({ "type": "connection_init", "payload": { "authorization": text } })).await;
        assert_eq!(socket.next().await, Err(4403), "{what}");
    }
    Socket::greet(&app.url, Some(&good.token)).await;
}

async fn a_credential_that_is_not_one_is_refused(app: TestApp) {
    for value in ["Basic YTpi", "Bearer", "Bearer ", "bearer  ", "token", ""] {
        let (_, _, body) = ask(&app, &[value.as_bytes().to_vec()]).await;
        assert_eq!(body["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{value:?}");
    }
}
