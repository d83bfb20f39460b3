//! Browsers, proxies and what surrounds every answer: whose page may ask, from where a request came,
//! and what a browser is told not to do with the answer.

use std::net::{IpAddr, SocketAddr};

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Method, Request};
use serde_json::json;

use crate::support::app::TestApp;
use crate::support::gql::Answer;

crate::engine_tests![
    only_allowed_origins_get_leave_from_cors,
    a_get_of_another_sites_page_is_refused,
    no_form_reaches_anything,
    every_answer_tells_browsers_to_be_careful,
    the_explorer_runs_its_own_program_only,
    buckets_belong_to_whoever_spoke_to_the_last_trusted_proxy,
];

const SHOP: &str = "https://shop.example";
const EVIL: &str = "https://evil.example";
const QUERY: &str = "/graphql?query=%7B__typename%7D";

async fn send(app: &TestApp, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    app.as_guest().send(request.body(Body::from(json!({ "query": "{ __typename }" }).to_string())).unwrap()).await
}

async fn with_a_shop(app: &TestApp) -> TestApp {
    app.reconfigured(|config| config.allowed_origins = vec![SHOP.to_owned()]).await
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
}

async fn only_allowed_origins_get_leave_from_cors(app: TestApp) {
    let app = with_a_shop(&app).await;
    let asking = |origin| {
        [
            ("origin", origin),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "authorization,content-type"),
        ]
    };
    for path in ["/graphql", "/uploads"] {
        let leave = send(&app, Method::OPTIONS, path, &asking(SHOP)).await.headers;
        assert_eq!(header(&leave, "access-control-allow-origin"), SHOP);
        assert_eq!(header(&leave, "access-control-max-age"), "600");
        assert!(header(&leave, "access-control-allow-headers").contains("authorization"));
        assert!(header(&leave, "vary").contains("origin"));
        assert!(!leave.contains_key("access-control-allow-credentials"), "no cookies exist");
        for origin in [EVIL, "null", "https://shop.example.evil.example", "http://shop.example"] {
            let refused = send(&app, Method::OPTIONS, path, &asking(origin)).await.headers;
            assert!(!refused.contains_key("access-control-allow-origin"), "{origin}");
        }
    }
    let json = ("content-type", "application/json");
    let answer = send(&app, Method::POST, "/graphql", &[json, ("origin", SHOP)]).await;
    assert_eq!(header(&answer.headers, "access-control-allow-origin"), SHOP);
    assert!(answer.headers.get_all("vary").iter().any(|it| it.to_str().unwrap().contains("origin")));
    let answer = send(&app, Method::POST, "/graphql", &[json, ("origin", EVIL)]).await;
    assert!(!answer.headers.contains_key("access-control-allow-origin"));
    // Webhooks and probes are no page's business.
    for path in ["/webhooks/test-gateway", "/readyz"] {
        let answer = send(&app, Method::OPTIONS, path, &asking(SHOP)).await;
        assert!(!answer.headers.contains_key("access-control-allow-origin"), "{path}");
    }
}

async fn a_get_of_another_sites_page_is_refused(app: TestApp) {
    let app = with_a_shop(&app).await;
    let get = |headers: &'static [(&str, &str)]| {
        let app = &app;
        async move { send(app, Method::GET, QUERY, headers).await }
    };
    for good in [
        &[][..],
        &[("sec-fetch-mode", "cors")],
        &[("sec-fetch-site", "same-origin")],
        &[("sec-fetch-site", "none")],
        &[("sec-fetch-site", "cross-site"), ("origin", SHOP)],
        &[("sec-fetch-site", "same-site"), ("origin", SHOP)],
        &[("origin", SHOP)],
        &[("sec-fetch-site", "cross-site"), ("x-requested-with", "fetch")],
        &[("origin", EVIL), ("apollo-require-preflight", "1")],
    ] {
        assert_eq!(get(good).await.at("__typename"), "Query", "{good:?}");
    }
    for bad in [
        &[("sec-fetch-site", "cross-site")][..],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "cross-site"), ("origin", EVIL)],
        &[("sec-fetch-site", "cross-site"), ("accept", "text/html")],
        &[("sec-fetch-site", "cross-site"), ("accept", "text/event-stream")],
        &[("sec-fetch-site", "anything")],
        &[("origin", EVIL)],
        &[("origin", "null")],
    ] {
        let answer = get(bad).await;
        assert_eq!((answer.status.as_u16(), answer.codes()), (403, vec!["FORBIDDEN".to_owned()]), "{bad:?}");
    }
}

async fn no_form_reaches_anything(app: TestApp) {
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        let headers = [("content-type", kind), ("origin", EVIL), ("sec-fetch-site", "cross-site")];
        assert_eq!(send(&app, Method::POST, "/graphql", &headers).await.status, 415, "{kind}");
        assert_eq!(send(&app, Method::POST, "/uploads", &headers).await.status, 401, "{kind}");
    }
}

async fn every_answer_tells_browsers_to_be_careful(app: TestApp) {
    let secure = app.reconfigured(|config| config.public_url = Some("https://shop.example".to_owned())).await;
    for (method, path) in [
        (Method::POST, "/graphql"),
        (Method::GET, QUERY),
        (Method::PUT, "/graphql"),
        (Method::POST, "/uploads"),
        (Method::POST, "/webhooks/nobody"),
        (Method::GET, "/livez"),
        (Method::GET, "/nothing"),
    ] {
        let headers = [("content-type", "application/json")];
        let answer = send(&secure, method.clone(), path, &headers).await.headers;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("strict-transport-security", "max-age=31536000"),
        ] {
            assert_eq!(header(&answer, name), value, "{method} {path}");
        }
        let policy = header(&answer, "content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(header(&answer, "permissions-policy").contains("camera=()"));
    }
    let plain = send(&app, Method::GET, "/livez", &[]).await.headers;
    assert!(!plain.contains_key("strict-transport-security"), "it would lock out whoever has no https");
}

async fn the_explorer_runs_its_own_program_only(app: TestApp) {
    let page = || send(&app, Method::GET, "/graphql", &[("accept", "text/html"), ("sec-fetch-site", "cross-site")]);
    let (one, two) = (page().await, page().await);
    let policy = header(&one.headers, "content-security-policy");
    assert_ne!(policy, header(&two.headers, "content-security-policy"), "the number is used once");
    let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).expect("a nonce");
    let text = one.body.as_str().expect("a page");
    let scripts = text.matches("<script").count();
    assert!(scripts > 0 && text.matches(&format!("nonce=\"{nonce}\"")).count() == scripts, "every script has it");
    assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("script-src 'unsafe"), "{policy}");
    assert_eq!(header(&one.headers, "cache-control"), "no-store");
}

async fn buckets_belong_to_whoever_spoke_to_the_last_trusted_proxy(app: TestApp) {
    let app = app
        .reconfigured(|config| {
            config.trusted_proxies = vec!["10.0.0.0/8".to_owned()];
            config.limits.address_cost_burst = 2;
            config.limits.address_cost_per_second = 1;
        })
        .await;
    let ask = |peer: &'static str, forwarded: &'static str| {
        let client = app.as_guest();
        async move {
            let mut request = Request::post("/graphql").header("content-type", "application/json");
            if !forwarded.is_empty() {
                request = request.header("x-forwarded-for", forwarded);
            }
            let mut request = request.body(Body::from(r#"{"query":"{ __typename }"}"#)).unwrap();
            request.extensions_mut().insert(ConnectInfo(SocketAddr::new(peer.parse::<IpAddr>().unwrap(), 1)));
            client.send(request).await.status.as_u16()
        }
    };
    // A client that invents addresses stays itself.
    assert_eq!(ask("10.0.0.1", "1.1.1.1, 5.5.5.5").await, 200);
    assert_eq!(ask("10.0.0.2", "2.2.2.2, 5.5.5.5, 10.9.9.9").await, 200);
    assert_eq!(ask("10.0.0.1", "3.3.3.3, 5.5.5.5").await, 429);
    // Others behind the same proxy are others.
    assert_eq!(ask("10.0.0.1", "6.6.6.6").await, 200);
    // Nobody believes a client that is no proxy.
    assert_eq!(ask("7.7.7.7", "1.1.1.1").await, 200);
    assert_eq!(ask("7.7.7.7", "2.2.2.2").await, 200);
    assert_eq!(ask("7.7.7.7", "3.3.3.3").await, 429);
    // One network of 64 bits is one caller.
    assert_eq!(ask("2606:4700:1:2::1", "").await, 200);
    assert_eq!(ask("10.0.0.1", "2606:4700:1:2:ffff::2").await, 200);
    assert_eq!(ask("2606:4700:1:2:eeee::3", "").await, 429);
    assert_eq!(ask("2606:4700:1:3::1", "").await, 200);
}
