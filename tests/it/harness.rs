//! The harness itself: stores are apart, and the way in works.

use serde_json::json;

use crate::support::app::TestApp;

crate::engine_tests![a_store_answers_over_the_router_and_over_the_wire];

async fn a_store_answers_over_the_router_and_over_the_wire(app: TestApp) {
    let answer = app.as_guest().run("{ __typename }", json!({})).await;
    assert_eq!(answer.at("__typename"), "Query");
    let body = json!({ "query": "{ __typename }" });
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let response = client.post(format!("{}/graphql", app.url)).json(&body).send().await.expect("an answer");
    assert_eq!(response.status(), 200);
    app.run_jobs().await;
}
