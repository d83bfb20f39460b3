//! GraphQL over HTTP, as the specification has it.

use axum::body::Body;
use axum::http::{Request, header};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::app::TestApp;
use crate::support::gql::Answer;

crate::engine_tests![
    json_is_answered_in_the_form_that_was_asked_for,
    what_is_no_request_is_refused_with_its_status,
    get_runs_queries_only,
    errors_have_codes_and_show_nothing_of_the_inside,
    a_bad_credential_is_never_taken_for_none,
    a_persisted_query_is_found_by_its_hash,
    a_stream_of_events_ends_with_complete,
];

const TYPENAME: &str = r#"{"query":"{ __typename }"}"#;

async fn post(app: &TestApp, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
    let mut request = Request::post("/graphql");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    app.as_guest().send(request.body(body.into()).expect("a request")).await
}

async fn get(app: &TestApp, accept: &str, query: &[(&str, &str)]) -> Answer {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    let request = Request::get(format!("/graphql?{query}")).header(header::ACCEPT, accept);
    app.as_guest().send(request.body(Body::empty()).expect("a request")).await
}

const JSON: (&str, &str) = ("content-type", "application/json");
const MODERN: (&str, &str) = ("accept", "application/graphql-response+json");

fn content_type(answer: &Answer) -> &str {
    answer.headers["content-type"].to_str().expect("text")
}

async fn json_is_answered_in_the_form_that_was_asked_for(app: TestApp) {
    for (accept, expected) in [
        ("application/json", "application/json; charset=utf-8"),
        ("*/*", "application/json; charset=utf-8"),
        ("application/graphql-response+json", "application/graphql-response+json; charset=utf-8"),
    ] {
        let answer = post(&app, &[JSON, ("accept", accept)], TYPENAME).await;
        assert_eq!((answer.status.as_u16(), content_type(&answer)), (200, expected));
        assert_eq!(answer.at("__typename"), "Query");
    }
    assert_eq!(post(&app, &[JSON, ("accept", "image/png")], TYPENAME).await.status, 406);
    let explorer = get(&app, "text/html", &[]).await;
    assert!(explorer.body.as_str().expect("a page").contains("<html"));
    assert!(explorer.headers.contains_key("x-request-id"));
}

async fn what_is_no_request_is_refused_with_its_status(app: TestApp) {
    for (headers, body, status) in [
        (vec![("content-type", "text/plain")], TYPENAME, 415),
        (vec![("content-type", "multipart/form-data; boundary=x")], "--x--", 415),
        (vec![("content-type", "application/json; charset=latin1")], TYPENAME, 415),
        (vec![], TYPENAME, 415),
        (vec![JSON], "{", 400),
        (vec![JSON], "[]", 400),
        (vec![JSON], r#"[{"query":"{ __typename }"}]"#, 400),
        (vec![JSON], "{}", 400),
        (vec![JSON], r#"{"query":{}}"#, 400),
        (vec![JSON], r#"{"query":"{ __typename }","variables":"no"}"#, 400),
        // Two readers of these would read different requests.
        (vec![JSON], r#"{"query":"{ __typename }","query":"{ shop { name } }"}"#, 400),
        (vec![JSON], r#"{"query":"{ __typename }","variables":{},"variables":{}}"#, 400),
        (vec![JSON], "\u{feff}{\"query\":\"{ __typename }\"}", 400),
        (vec![JSON], r#"{"query":"{ __typename }","variables":{"a":"\ud800"}}"#, 400),
        (vec![JSON], r#"{"query":"{ __typename }","variables":{"a":1e999}}"#, 400),
    ] {
        let answer = post(&app, &headers, body).await;
        assert_eq!(answer.status, status, "{headers:?} {body}");
        assert_eq!(answer.codes(), ["BAD_USER_INPUT"]);
    }
    let not_utf8 = [&br#"{"query":"{ __typename }","a":""#[..], b"\xff\"}"].concat();
    assert_eq!(post(&app, &[JSON], not_utf8).await.status, 400);
    let deep = format!(r#"{{"query":"{{ __typename }}","variables":{{"a":{}}}}}"#, "[".repeat(50_000));
    assert_eq!(post(&app, &[JSON], deep).await.status, 400);
    let large = format!(r#"{{"query":"{{ __typename }}","pad":"{}"}}"#, "x".repeat(140_000));
    assert_eq!(post(&app, &[JSON], large).await.status, 413);
    for (query, code) in [("{", "GRAPHQL_PARSE_FAILED"), ("{ nothing }", "GRAPHQL_VALIDATION_FAILED")] {
        let body = json!({ "query": query }).to_string();
        let modern = post(&app, &[JSON, MODERN], body.clone()).await;
        assert_eq!((modern.status.as_u16(), modern.codes()), (400, vec![code.to_owned()]));
        assert!(modern.body.get("data").is_none(), "{}", modern.body);
        let lenient = post(&app, &[JSON, ("accept", "application/json")], body).await;
        assert_eq!((lenient.status.as_u16(), lenient.codes()), (200, vec![code.to_owned()]));
    }
    let put = Request::put("/graphql").body(Body::empty()).expect("a request");
    assert_eq!(app.as_guest().send(put).await.status, 405);
}

async fn get_runs_queries_only(app: TestApp) {
    let answer = get(&app, "application/json", &[("query", "{ __typename }"), ("variables", "{}")]).await;
    assert_eq!(answer.at("__typename"), "Query");
    let answer = get(&app, "application/json", &[("query", "mutation { __typename }")]).await;
    assert_eq!(answer.status, 405);
    assert_eq!(answer.headers["allow"], "POST");
    for bad in [
        [("query", "{ __typename }"), ("variables", "no")],
        [("query", "{ __typename }"), ("query", "{ shop { name } }")],
        [("query", "{ __typename }"), ("variables", "[]")],
    ] {
        assert_eq!(get(&app, "application/json", &bad).await.status, 400, "{bad:?}");
    }
    let huge = get(&app, "application/json", &[("query", &"{a".repeat(10_000))]).await;
    assert_eq!(huge.codes(), ["QUERY_TOO_COMPLEX"]);
}

async fn errors_have_codes_and_show_nothing_of_the_inside(app: TestApp) {
    let guest = app.as_guest();
    let wrong_kind = guest.run("query($id: ID!) { job(id: $id) { id } }", json!({ "id": "ord_1" })).await;
    assert_eq!(wrong_kind.codes(), ["BAD_USER_INPUT"]);
    let node = guest.run(r#"{ node(id: "nonsense") { id } }"#, json!({})).await;
    assert_eq!(node.codes(), ["BAD_USER_INPUT"]);
    assert_eq!(node.body["data"]["node"], Value::Null);
    let id = "job_018f0000000070008000000000000000";
    let job = guest.run("query($id: ID!) { job(id: $id) { id } }", json!({ "id": id })).await;
    assert_eq!(job.codes(), ["UNAUTHENTICATED"]);
    assert_eq!(job.body["errors"][0]["path"], json!(["job"]));
    let owner = app.as_owner().await;
    let job = owner.run("query($id: ID!) { job(id: $id) { id } __typename }", json!({ "id": id })).await;
    assert_eq!(job.at("job"), &Value::Null);
    assert!(job.body["extensions"]["cost"]["requested"].is_number());
    let unknown = guest.run("{ product(idd: \"x\", slugg: 1) { idd } products(firts: 1) { __typename } }", json!({})).await;
    assert!(unknown.codes().iter().all(|code| code == "GRAPHQL_VALIDATION_FAILED"), "{}", unknown.body);
    assert!(!unknown.body.to_string().contains("Did you mean"), "{}", unknown.body);
    let many = guest.run(&format!("{{ {} }}", "shop { nothing }".repeat(20)), json!({})).await;
    assert_eq!(many.codes().len(), 20);
    // A database that is gone is nobody's business but the operator's.
    app.app.db.clone().close().await;
    let broken = owner.run("{ __typename }", json!({})).await;
    let shown = broken.body.to_string();
    assert!(!broken.codes().is_empty() && !shown.to_lowercase().contains("pool"), "{shown}");
    assert!(broken.body["errors"][0]["extensions"]["requestId"].is_string(), "{shown}");
}

async fn a_bad_credential_is_never_taken_for_none(app: TestApp) {
    for credential in ["Bearer nonsense", "Bearer cst_nonsense", "Basic eDp5", "Bearer"] {
        let answer = post(&app, &[JSON, ("authorization", credential)], TYPENAME).await;
        assert_eq!((answer.status.as_u16(), answer.codes()), (401, vec!["UNAUTHENTICATED".to_owned()]), "{credential}");
    }
}

async fn a_persisted_query_is_found_by_its_hash(app: TestApp) {
    let query = "{ __typename persisted: __typename }";
    let hash = hex::encode(Sha256::digest(query));
    let extensions = json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } });
    let guest = app.as_guest();
    let unknown = guest.post(&json!({ "extensions": extensions })).await;
    assert_eq!(unknown.codes(), ["PERSISTED_QUERY_NOT_FOUND"]);
    guest.post(&json!({ "query": query, "extensions": extensions })).await.at("persisted");
    assert_eq!(guest.post(&json!({ "extensions": extensions })).await.at("persisted"), "Query");
    for hash in [json!("abc"), json!(7), json!("0".repeat(128)), json!(null)] {
        let extensions = json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } });
        let answer = guest.post(&json!({ "query": query, "extensions": extensions })).await;
        assert_eq!(answer.codes(), ["BAD_USER_INPUT"]);
    }
    let forged = guest.post(&json!({ "query": "{ __typename }", "extensions": extensions })).await;
    assert_eq!(forged.codes(), ["BAD_USER_INPUT"]);
}

async fn a_stream_of_events_ends_with_complete(app: TestApp) {
    let answer = post(&app, &[JSON, ("accept", "text/event-stream")], TYPENAME).await;
    let text = answer.body.as_str().expect("a text");
    assert!(content_type(&answer).starts_with("text/event-stream"));
    assert!(text.contains("event: next\ndata: {") && text.contains("event: complete"), "{text}");
}
