//! GraphQL over WebSocket: the protocol's close codes, and neighbours that do not harm each other.

use serde_json::json;

use crate::support::app::TestApp;
use crate::support::live::Socket;

crate::engine_tests![
    a_socket_is_closed_with_the_code_of_its_mistake,
    only_pages_of_the_store_may_connect,
    one_bad_operation_harms_no_other,
    a_socket_runs_queries_and_answers_pings,
    a_revoked_credential_ends_the_socket,
];

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

async fn a_revoked_credential_ends_the_socket(app: TestApp) {
    let owner = app.as_owner().await;
    let mut socket = Socket::greet(&app.url, owner.token()).await;
    socket.subscribe("1", "{ __typename }", json!({})).await;
    socket.next().await.expect("next");
    socket.next().await.expect("complete");
    // API tokens live for months.
    app.app.clock.advance(chrono::TimeDelta::days(400));
    assert_eq!(socket.next().await, Err(4403));
}
