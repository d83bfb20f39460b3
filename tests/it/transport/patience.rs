//! Whoever is slow on purpose is not waited for.

use std::net::SocketAddr;
use std::time::Duration;

use consign::server;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::support::app::TestApp;

crate::engine_tests![a_silent_connection_is_closed, a_body_that_pauses_is_answered_408];

/// How long the server may take to lose its patience, which is a second.
const PATIENCE: Duration = Duration::from_secs(9);

/// The store behind its own accept loop, with little patience, until the guard is dropped.
async fn served(app: &TestApp) -> (SocketAddr, tokio_util::sync::DropGuard) {
    let app = app
        .reconfigured(|config| {
            config.limits.first_byte_seconds = 1;
            config.limits.head_seconds = 1;
            config.limits.body_pause_seconds = 1;
        })
        .await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let stop = CancellationToken::new();
    let guard = stop.clone().drop_guard();
    let (router, limits) = (server::router(&app.app), app.app.config.limits.clone());
    tokio::spawn(async move { server::serve(listener, router, &limits, stop, Duration::ZERO).await });
    (address, guard)
}

/// What a client reads that says `words` and then nothing, until the server closes the connection.
async fn say(address: SocketAddr, words: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("connects");
    stream.write_all(words.as_bytes()).await.expect("the server listens");
    let mut read = Vec::new();
    let end = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut read)).await.expect("the server hangs up");
    // Hanging up on words that were not read resets the connection.
    assert!(end.is_ok() || !words.is_empty(), "{end:?}");
    String::from_utf8_lossy(&read).into_owned()
}

async fn a_silent_connection_is_closed(app: TestApp) {
    let (address, _guard) = served(&app).await;
    for words in ["", "P", "PRI * HTTP/2.0\r\n", "GET /livez HT", "GET /livez HTTP/1.1\r\nhost: a\r\n"] {
        let read = say(address, words).await;
        assert!(read.is_empty() || read.starts_with("HTTP/1.1 408"), "{words:?} was answered {read:?}");
    }
}

async fn a_body_that_pauses_is_answered_408(app: TestApp) {
    let (address, _guard) = served(&app).await;
    let supplier = "sup_018f0000000070008000000000000000";
    for path in ["/graphql", &format!("/webhooks/suppliers/{supplier}"), "/webhooks/payments/test"] {
        let head = "host: a\r\ncontent-type: application/json\r\ncontent-length: 100\r\nconnection: close";
        let read = say(address, &format!("POST {path} HTTP/1.1\r\n{head}\r\n\r\n{{")).await;
        assert!(read.starts_with("HTTP/1.1 408"), "{path} answered {read:?}");
    }
}
