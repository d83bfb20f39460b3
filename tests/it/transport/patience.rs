//! Whoever is slow on purpose is not waited for.

use std::net::SocketAddr;
use std::time::Duration;

use consign::platform::config::Config;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::support::app::TestApp;
use crate::support::live::Socket;
use crate::support::served::Served;

crate::engine_tests![
    a_silent_connection_is_closed,
    a_body_that_pauses_is_answered_408,
    whoever_does_not_read_answers_is_cut_off,
    an_address_has_so_many_connections,
    a_trusted_proxy_has_as_many_as_it_wants,
    whoever_is_refused_too_often_waits_for_the_answer,
    whoever_does_not_read_a_socket_is_cut_off_and_harms_no_other,
];

/// A question with a long answer.
const LONG: &str = "{ __schema { types { name description fields { name description } } } }";

/// How long the server may take to lose its patience, which is a second.
const PATIENCE: Duration = Duration::from_secs(9);

/// The store with little patience.
async fn served(app: &TestApp) -> Served {
    let impatient = |config: &mut Config| {
        config.limits.first_byte_seconds = 1;
        config.limits.head_seconds = 1;
        config.limits.body_pause_seconds = 1;
        config.limits.slow_reader_seconds = 1;
    };
    Served::with(app, impatient).await
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
    let served = served(&app).await;
    for words in ["", "P", "PRI * HTTP/2.0\r\n", "GET /livez HT", "GET /livez HTTP/1.1\r\nhost: a\r\n"] {
        let read = say(served.address, words).await;
        assert!(read.is_empty() || read.starts_with("HTTP/1.1 408"), "{words:?} was answered {read:?}");
    }
}

async fn a_body_that_pauses_is_answered_408(app: TestApp) {
    let served = served(&app).await;
    let supplier = "sup_018f0000000070008000000000000000";
    for path in ["/graphql", &format!("/webhooks/suppliers/{supplier}"), "/webhooks/payments/test"] {
        let head = "host: a\r\ncontent-type: application/json\r\ncontent-length: 100\r\nconnection: close";
        let read = say(served.address, &format!("POST {path} HTTP/1.1\r\n{head}\r\n\r\n{{")).await;
        assert!(read.starts_with("HTTP/1.1 408"), "{path} answered {read:?}");
    }
}

/// Connects with a buffer that is soon full.
async fn narrow(address: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4096).expect("a small buffer");
    socket.connect(address).await.expect("connects")
}

/// What is left to read once the server has cut the connection, which it must have.
async fn left_over(mut stream: TcpStream) -> usize {
    tokio::time::sleep(Duration::from_secs(3)).await;
    let (mut count, mut buffer) = (0, vec![0; 64 * 1024]);
    loop {
        match tokio::time::timeout(PATIENCE, stream.read(&mut buffer)).await.expect("the connection was cut") {
            Ok(0) | Err(_) => return count,
            Ok(read) => count += read,
        }
    }
}

async fn whoever_does_not_read_answers_is_cut_off(app: TestApp) {
    let served = served(&app).await;
    let mut stream = narrow(served.address).await;
    let body = json!({ "query": LONG }).to_string();
    let head = "host: a\r\naccept-encoding: identity\r\ncontent-type: application/json";
    let request = format!("POST /graphql HTTP/1.1\r\n{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let asked = 30;
    stream.write_all(request.repeat(asked).as_bytes()).await.expect("the server listens");
    let whole = asked * 100 * 1024;
    assert!(left_over(stream).await < whole / 2, "all was kept for it");
}

async fn whoever_does_not_read_a_socket_is_cut_off_and_harms_no_other(app: TestApp) {
    let served = served(&app).await;
    let mut neighbor = Socket::greet(&served.app.url, None).await;
    let stream = narrow(served.address).await;
    let mut slow = Socket::over(stream).await;
    for id in 0..20 {
        slow.subscribe(&id.to_string(), LONG, json!({})).await;
    }
    neighbor.subscribe("1", "{ __typename }", json!({})).await;
    assert_eq!(neighbor.next().await.expect("an answer")["payload"]["data"]["__typename"], "Query");
    tokio::time::sleep(Duration::from_secs(3)).await;
    let mut answers = 0;
    while slow.next().await.is_ok() {
        answers += 1;
    }
    assert!(answers < 20, "all was kept for it");
    neighbor.send(&json!({ "type": "ping" })).await;
    neighbor.next().await.expect("a complete or a pong");
}

/// Whether a new connection is served.
async fn is_served(served: &Served) -> (bool, TcpStream) {
    let mut stream = TcpStream::connect(served.address).await.expect("connects");
    let mut read = [0; 12];
    // A connection that is not wanted is reset, be it before or after this.
    let _ = stream.write_all(b"GET /livez HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let answer = tokio::time::timeout(PATIENCE, stream.read_exact(&mut read)).await.expect("an end");
    (answer.is_ok() && read == *b"HTTP/1.1 200", stream)
}

async fn an_address_has_so_many_connections(app: TestApp) {
    let served = Served::with(&app, |config| config.limits.connections_per_address = 2).await;
    let (first, kept) = is_served(&served).await;
    let (second, also_kept) = is_served(&served).await;
    assert!(first && second);
    assert!(!is_served(&served).await.0);
    drop((kept, also_kept));
    // The server has to notice.
    for _ in 0..100 {
        if is_served(&served).await.0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("a place was not given back");
}

async fn a_trusted_proxy_has_as_many_as_it_wants(app: TestApp) {
    let change = |config: &mut Config| {
        config.limits.connections_per_address = 1;
        config.trusted_proxies = vec!["127.0.0.0/8".to_owned()];
    };
    let served = Served::with(&app, change).await;
    let mut kept = Vec::new();
    for _ in 0..5 {
        let (is_served, stream) = is_served(&served).await;
        assert!(is_served);
        kept.push(stream);
    }
}

async fn whoever_is_refused_too_often_waits_for_the_answer(app: TestApp) {
    let slow = |config: &mut Config| (config.limits.refusals_burst, config.limits.refusals_per_second) = (2, 1);
    for nonsense in ["{", "{ nothing }", "{ shop { ...A } } fragment A on Shop { ...A }"] {
        let other = app.reconfigured(slow).await.as_guest();
        // The first request of a process takes longer.
        other.run("{ shop { name } }", json!({})).await;
        let began = std::time::Instant::now();
        for _ in 0..2 {
            other.run(nonsense, json!({})).await;
        }
        let at_once = began.elapsed();
        other.run(nonsense, json!({})).await;
        let slowly = began.elapsed() - at_once;
        assert!(slowly > Duration::from_millis(900) && at_once < slowly, "{nonsense}: {at_once:?}, {slowly:?}");
        // What is no nonsense does not wait.
        let began = std::time::Instant::now();
        other.run("{ shop { name } }", json!({})).await;
        assert!(began.elapsed() < Duration::from_millis(900), "{nonsense}");
    }
}
