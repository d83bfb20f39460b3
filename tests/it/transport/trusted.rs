//! Trusted documents, and who may ask for the schema.

use std::path::Path;

use axum::body::Body;
use axum::http::Request;
use consign::graph::trusted::Trusted;
use consign::platform::config::{Config, Introspection, TrustedFor};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::app::TestApp;
use crate::support::gql::Client;
use crate::support::live::Socket;

crate::engine_tests![
    the_public_runs_trusted_documents_alone,
    all_are_bound_if_the_owner_says_so,
    a_document_that_does_not_fit_keeps_the_store_from_starting,
    the_schema_is_told_to_whom_it_may_be,
];

const SHOP: &str = "query Shop { shop { name } }\n";
const ORDER: &str = "query Order($id: ID!) { order(id: $id) { id } } query Type { __typename }";

fn write(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).expect("a file");
}

fn hash(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

fn persisted(id: &str) -> Value {
    json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": id } } })
}

/// A folder with a document of each kind.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "shop.graphql", SHOP);
    let apollo = json!({ "format": "apollo-persisted-query-manifest", "version": 1,
        "operations": [{ "id": hash(ORDER), "name": "Order", "type": "query", "body": ORDER }] });
    write(folder.path(), "apollo.json", &apollo.to_string());
    write(folder.path(), "relay.json", &json!({ "42": "query Type { __typename }" }).to_string());
    write(folder.path(), "README.md", "is not read");
    folder
}

async fn bound(app: &TestApp, folder: &Path, whom: TrustedFor) -> TestApp {
    app.reconfigured(|config| {
        config.trusted_documents = Some(folder.to_owned());
        config.trusted_documents_for = whom;
    })
    .await
}

async fn codes(client: &Client, request: &Value) -> Vec<String> {
    client.post(request).await.codes()
}

async fn the_public_runs_trusted_documents_alone(app: TestApp) {
    let folder = folder();
    let customer = app.as_customer("ada@example.com").await;
    let app = bound(&app, folder.path(), TrustedFor::Public).await;
    for client in [app.as_guest(), app.as_guest().with_token(customer.token().expect("a token"))] {
        for text in [SHOP, SHOP.trim_end()] {
            client.post(&json!({ "query": text })).await.at("shop.name");
            client.post(&persisted(&hash(text))).await.at("shop.name");
        }
        client.post(&json!({ "query": ORDER, "operationName": "Type" })).await.at("__typename");
        client.post(&json!({ "documentId": "42" })).await.at("__typename");
        client.post(&json!({ "documentId": format!("sha256:{}", hash(SHOP)) })).await.at("shop.name");
        for text in ["{ shop { name } }", "query Shop { shop  { name } }", "{ __typename }", "{", "{ __schema { types { name } } }"] {
            assert_eq!(codes(&client, &json!({ "query": text })).await, ["FORBIDDEN"], "{text}");
            // A hash does not make it trusted, now or later.
            let mut request = persisted(&hash(text));
            request["query"] = json!(text);
            assert_eq!(codes(&client, &request).await, ["FORBIDDEN"], "{text}");
            assert_eq!(codes(&client, &persisted(&hash(text))).await, ["PERSISTED_QUERY_NOT_FOUND"]);
        }
        assert_eq!(codes(&client, &json!({ "documentId": "43" })).await, ["PERSISTED_QUERY_NOT_FOUND"]);
        assert_eq!(codes(&client, &json!({})).await, ["BAD_USER_INPUT"]);
    }
    let get = |query: &str| {
        let request = Request::get(format!("/graphql?{query}")).body(Body::empty()).expect("a request");
        let client = app.as_guest();
        async move { client.send(request).await }
    };
    get("documentId=42").await.at("__typename");
    assert_eq!(get("query=%7B__typename%7D").await.codes(), ["FORBIDDEN"]);
    app.as_owner().await.post(&json!({ "query": "{ shop { currencyCode } }" })).await.at("shop");
}

async fn all_are_bound_if_the_owner_says_so(app: TestApp) {
    let folder = folder();
    let file = folder.path().join("shop.graphql");
    let bound = bound(&app, &file, TrustedFor::All).await;
    let owner = bound.as_owner().await;
    owner.post(&json!({ "query": SHOP })).await.at("shop.name");
    assert_eq!(codes(&owner, &json!({ "query": "{ __typename }" })).await, ["FORBIDDEN"]);
    // A socket is no way around it.
    let url = serve(&bound).await;
    let mut socket = Socket::greet(&url, owner.token()).await;
    socket.subscribe("1", "{ __typename }", json!({})).await;
    let refusal = socket.next().await.expect("an answer");
    assert_eq!((&refusal["type"], &refusal["payload"][0]["extensions"]["code"]), (&json!("error"), &json!("FORBIDDEN")));
}

/// A listener for a store that has none.
async fn serve(app: &TestApp) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let router = consign::server::router(&app.app);
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

async fn a_document_that_does_not_fit_keeps_the_store_from_starting(app: TestApp) {
    let refusal = |name: &str, text: &str| {
        let folder = tempfile::tempdir().expect("a folder");
        write(folder.path(), name, text);
        let trusted_documents = Some(folder.path().to_owned());
        let error = Trusted::load(&Config { trusted_documents, ..app.app.config.clone() }).err().expect("refused");
        format!("{error:#}")
    };
    for (name, text, words) in [
        ("a.graphql", "query A { shop { nmae } }", &["a.graphql", "A does not fit the schema at 1:18", "nmae"][..]),
        ("a.graphql", "query A($a: Strin) { shop { name } }", &["a.graphql", "A does not fit"]),
        ("a.graphql", "query {", &["a.graphql"]),
        ("a.graphql", "fragment F on Shop { name }", &["a.graphql"]),
        ("a.graphql", &format!("{{ shop {{ name {} }} }}", "a ".repeat(3_000)), &["a.graphql", "tokens"]),
        ("b.json", r#"{"1": "query B { nothing }"}"#, &["b.json", "the document 1", "B does not fit"]),
        ("b.json", r#"{"operations": [{"id": "x", "body": "{"}]}"#, &["b.json", "the document x"]),
        ("b.json", "[]", &["b.json", "no manifest"]),
        ("b.txt", "{ __typename }", &["holds no document"]),
    ] {
        let sentence = refusal(name, text);
        assert!(sentence.starts_with("CONSIGN_TRUSTED_DOCUMENTS"), "{sentence}");
        assert!(words.iter().all(|word| sentence.contains(word)), "{sentence}");
    }
    let missing = Config { trusted_documents: Some("/nowhere".into()), ..app.app.config.clone() };
    assert!(format!("{:#}", Trusted::load(&missing).err().expect("refused")).contains("/nowhere"));
}

async fn the_schema_is_told_to_whom_it_may_be(app: TestApp) {
    let asking = "query { ...Q } fragment Q on Query { shop { __typename } __type(name: \"Shop\") { name } }";
    let supplier = app.as_supplier(app.app.ids.secret_id()).await;
    let customer = app.as_customer("ada@example.com").await;
    let owner = app.as_owner().await;
    for (mode, told) in [
        (Introspection::All, [true, true, true, true]),
        (Introspection::Store, [false, false, true, true]),
        (Introspection::Off, [false, false, false, false]),
    ] {
        let app = app.reconfigured(|config| config.introspection = mode).await;
        let guest = app.as_guest();
        let as_is = |client: &Client| guest.with_token(client.token().expect("a token"));
        let askers = [guest.clone(), as_is(&customer), as_is(&supplier), as_is(&owner)];
        for (asker, told) in askers.iter().zip(told) {
            let expected: &[&str] = if told { &[] } else { &["FORBIDDEN"] };
            for text in [asking, "{ __schema { types { name } } }"] {
                assert_eq!(codes(asker, &json!({ "query": text })).await, expected, "{mode:?} {text}");
            }
            asker.post(&json!({ "query": "{ __typename shop { __typename } }" })).await.at("shop.__typename");
        }
        let page = Request::get("/graphql").header("accept", "text/html").body(Body::empty()).expect("a request");
        let page = guest.send(page).await;
        assert_eq!(page.status == 200, mode == Introspection::All, "an explorer has nothing to show");
    }
}
