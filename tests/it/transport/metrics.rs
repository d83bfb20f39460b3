//! Operations in the metrics.

use axum::body::Body;
use axum::http::Request;
use serde_json::json;

use crate::support::app::TestApp;
use crate::support::gql::Client;

crate::engine_tests![operations_are_counted_by_kind_and_outcome];

async fn operations_are_counted_by_kind_and_outcome(app: TestApp) {
    let guest = app.as_guest();
    guest.run("query Named { shop { name } }", json!({})).await;
    guest.run("{ orders(first: 1) { nodes { id } } }", json!({})).await;
    guest.run("mutation { sessionEnd(input: { refreshToken: \"x\" }) { userErrors { code } } }", json!({})).await;
    guest.run("{ broken", json!({})).await;
    let admin = Client::new(consign::server::admin_router(&app.app), None);
    let request = Request::get("/metrics").body(Body::empty()).expect("a request");
    let body = admin.send(request).await.body;
    let text = body.as_str().expect("a text");
    // Other tests of this process are counted too.
    for line in [
        "consign_graphql_operations_total{kind=\"query\",code=\"OK\"}",
        "consign_graphql_operations_total{kind=\"query\",code=\"UNAUTHENTICATED\"}",
        "consign_graphql_operations_total{kind=\"mutation\",code=\"OK\"}",
        "consign_graphql_operations_total{kind=\"none\",code=\"GRAPHQL_PARSE_FAILED\"}",
        "consign_graphql_operation_seconds_bucket{kind=\"query\",le=\"0.001\"}",
        "consign_graphql_operation_seconds_count{kind=\"mutation\"}",
    ] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
    assert!(!text.contains("Named"), "names are a client's to make up");
}
