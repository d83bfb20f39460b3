//! GraphQL over WebSocket: the protocol's close codes, and neighbors that do not harm each other.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use serde_json::json;

use crate::support::app::TestApp;
use crate::support::live::Socket;
use crate::support::served::Served;

crate::engine_tests![
    a_socket_is_closed_with_the_code_of_its_mistake,
    only_pages_of_the_store_may_connect,
    one_bad_operation_harms_no_other,
    a_socket_runs_queries_and_answers_pings,
    a_credential_that_expires_ends_the_socket,
    a_credential_that_is_revoked_ends_sockets_and_streams,
    an_id_is_in_use_until_its_operation_ends,
    sockets_and_subscriptions_have_their_number,
];

/// A stream whose credential ends is closed within so long.
const ENDS: Duration = Duration::from_secs(5);

async fn a_socket_is_closed_with_the_code_of_its_mistake(app: TestApp) {
    let init = json!({ "type": "connection_init" });
    let subscribe = json!({ "id": "1", "type": "subscribe", "payload": { "query": "{ __typename }" } });
    let bad = json!({ "type": "connection_init", "payload": { "authorization": "Bearer nonsense" } });
    for (messages, code) in [
        (vec![subscribe.to_string()], 4401),
        (vec!["nonsense".to_owned()], 4400),
        (vec![json!({ "type": "unknown" }).to_string()], 4400),
        (vec![init.to_string(), json!({ "type": "subscribe" }).to_string()], 4400),
        (vec![bad.to_string()], 4403),
        (vec![init.to_string(), init.to_string()], 4429),
        (vec![init.to_string(), "\u{0}".to_owned()], 4400),
    ] {
        let mut socket = Socket::speaking(&app.url).await;
        for message in &messages {
            socket.send_text(message).await;
        }
        let mut answer = socket.next().await;
        while let Ok(message) = &answer {
            assert_eq!(message["type"], "connection_ack");
            answer = socket.next().await;
        }
        assert_eq!(answer, Err(code), "{messages:?}");
    }
    let mut silent = Socket::speaking(&app.url).await;
    assert_eq!(silent.next().await, Err(4408));
    let mut mute = Socket::open(&app.url, &[]).await.unwrap_or_else(|status| panic!("refused with {status}"));
    assert_eq!(mute.next().await, Err(4406));
    let mut large = Socket::greet(&app.url, None).await;
    large.send_text(&"x".repeat(70_000)).await;
    assert!(large.next().await.is_err());
}

async fn only_pages_of_the_store_may_connect(app: TestApp) {
    let protocol = ("sec-websocket-protocol", "graphql-transport-ws");
    let open = async |origin: &str| Socket::open(&app.url, &[protocol, ("origin", origin)]).await.map(|_| ());
    assert_eq!(open("https://evil.example").await, Err(403));
    assert_eq!(open("null").await, Err(403));
    assert_eq!(open(&app.url).await, Ok(()));
}

async fn one_bad_operation_harms_no_other(app: TestApp) {
    let mut socket = Socket::greet(&app.url, None).await;
    socket.subscribe("bad", "subscription { nothing }", json!({})).await;
    let answer = socket.next().await.expect("an answer");
    assert_eq!((answer["type"].as_str(), answer["id"].as_str()), (Some("error"), Some("bad")));
    assert_eq!(answer["payload"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED");
    socket.subscribe("good", "{ __typename }", json!({})).await;
    assert_eq!(socket.next().await.expect("an answer")["payload"]["data"]["__typename"], "Query");
}

async fn a_socket_runs_queries_and_answers_pings(app: TestApp) {
    let mut socket = Socket::greet(&app.url, None).await;
    socket.subscribe("1", "{ __typename }", json!({})).await;
    let next = socket.next().await.expect("an answer");
    assert_eq!((next["type"].as_str(), next["id"].as_str()), (Some("next"), Some("1")));
    assert_eq!(socket.next().await, Ok(json!({ "type": "complete", "id": "1" })));
    socket.send(&json!({ "type": "ping" })).await;
    assert_eq!(socket.next().await, Ok(json!({ "type": "pong" })));
}

async fn a_credential_that_expires_ends_the_socket(app: TestApp) {
    let owner = app.as_owner().await;
    let mut socket = Socket::greet(&app.url, owner.token()).await;
    socket.subscribe("1", "{ __typename }", json!({})).await;
    socket.next().await.expect("next");
    socket.next().await.expect("complete");
    // API tokens live for months.
    app.app.clock.advance(chrono::TimeDelta::days(400));
    assert_eq!(socket.next().await, Err(4403));
}

const ACTIVITY: &str = "subscription { storeActivity { cursor } }";

/// A stream of server-sent events; what it says until it ends.
async fn stream(url: String, token: String) -> String {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let request = client.post(format!("{url}/graphql")).bearer_auth(token).header("accept", "text/event-stream");
    let mut body = request.json(&json!({ "query": ACTIVITY })).send().await.expect("an answer").bytes_stream();
    let mut text = String::new();
    while let Some(chunk) = body.next().await {
        text.push_str(&String::from_utf8_lossy(&chunk.expect("a chunk")));
    }
    text
}

async fn a_credential_that_is_revoked_ends_sockets_and_streams(app: TestApp) {
    let owner = app.as_owner().await;
    let make = "mutation { apiTokenCreate(input: { name: \"a\", scope: OWNER }) {
        token apiToken { id } userErrors { code field message } } }";
    let made = owner.run(make, json!({})).await;
    made.done("apiTokenCreate");
    let token = made.text("apiTokenCreate.token");
    let customer = app.as_customer("ada@example.com").await;
    let mut revoked = Socket::greet(&app.url, Some(&token)).await;
    let mut signed_out = Socket::greet(&app.url, customer.token()).await;
    let streamed = tokio::spawn(stream(app.url.clone(), token));
    let mut stays = Socket::greet(&app.url, owner.token()).await;
    stays.subscribe("1", ACTIVITY, json!({})).await;
    let revoke = "mutation($id: ID!) { apiTokenRevoke(id: $id) { userErrors { code field message } } }";
    let id = made.text("apiTokenCreate.apiToken.id");
    // The stream has begun by now, or is refused, which says the same.
    owner.run(revoke, json!({ "id": id })).await.done("apiTokenRevoke");
    let end = "mutation { sessionEnd(input: {}) { ended userErrors { code field message } } }";
    customer.run(end, json!({})).await.done("sessionEnd");
    let began = Instant::now();
    assert_eq!(revoked.next().await, Err(4403));
    assert_eq!(signed_out.next().await, Err(4403));
    let told = streamed.await.expect("a stream");
    assert!(told.contains("UNAUTHENTICATED"), "{told}");
    assert!(began.elapsed() < ENDS, "{:?}", began.elapsed());
    stays.send(&json!({ "type": "ping" })).await;
    assert_eq!(stays.next().await, Ok(json!({ "type": "pong" })));
}

async fn an_id_is_in_use_until_its_operation_ends(app: TestApp) {
    let owner = app.as_owner().await;
    let mut socket = Socket::greet(&app.url, owner.token()).await;
    for _ in 0..2 {
        socket.subscribe("1", "{ __typename }", json!({})).await;
        assert_eq!(socket.next().await.expect("an answer")["type"], "next");
        assert_eq!(socket.next().await.expect("an end")["type"], "complete");
        socket.subscribe("2", ACTIVITY, json!({})).await;
        socket.send(&json!({ "type": "complete", "id": "2" })).await;
    }
    socket.subscribe("1", ACTIVITY, json!({})).await;
    socket.subscribe("1", ACTIVITY, json!({})).await;
    assert_eq!(socket.next().await, Err(4409));
}

async fn sockets_and_subscriptions_have_their_number(app: TestApp) {
    let few = Served::with(&app, |config| {
        config.limits.sockets_per_address = 3;
        config.limits.subscriptions_per_socket = 2;
        config.limits.subscriptions_per_address = 3;
    });
    let served = few.await;
    let owner = app.as_owner().await;
    let url = served.app.url.as_str();
    let mut first = Socket::greet(url, owner.token()).await;
    let mut second = Socket::greet(url, owner.token()).await;
    let ungreeted = Socket::speaking(url).await;
    let protocol = ("sec-websocket-protocol", "graphql-transport-ws");
    assert_eq!(Socket::open(url, &[protocol]).await.err(), Some(429));
    drop(ungreeted);
    let refused = async |socket: &mut Socket, id: &str| {
        socket.subscribe(id, ACTIVITY, json!({})).await;
        let answer = socket.next().await.expect("an answer");
        assert_eq!((answer["type"].as_str(), answer["id"].as_str()), (Some("error"), Some(id)), "{answer}");
        assert_eq!(answer["payload"][0]["extensions"]["code"], "RATE_LIMITED");
    };
    first.subscribe("1", ACTIVITY, json!({})).await;
    first.subscribe("2", ACTIVITY, json!({})).await;
    refused(&mut first, "3").await;
    second.subscribe("1", ACTIVITY, json!({})).await;
    refused(&mut second, "2").await;
    // What ends gives its place back.
    first.send(&json!({ "type": "complete", "id": "1" })).await;
    first.send(&json!({ "type": "ping" })).await;
    assert_eq!(first.next().await, Ok(json!({ "type": "pong" })));
    second.subscribe("3", "{ __typename }", json!({})).await;
    assert_eq!(second.next().await.expect("an answer")["type"], "next");
}
