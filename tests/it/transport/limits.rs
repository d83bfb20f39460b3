//! Documents that ask for too much are refused, each in a moment.

use std::fmt::Write as _;
use std::time::Instant;

use serde_json::json;

use crate::support::app::TestApp;

crate::engine_tests![
    what_asks_for_too_much_is_refused_in_a_moment,
    explorers_can_read_the_schema,
    a_list_in_an_input_has_a_limit,
    a_page_costs_what_its_size_says_wherever_it_is_said,
    what_no_database_keeps_is_refused_at_the_door,
    a_moment_no_store_lives_in_is_refused,
    a_subscription_has_one_field_at_its_root,
    whoever_asks_too_often_has_to_wait,
    refusals_are_not_for_nothing,
];

/// Fragments that each spread the next one twice.
fn bomb(levels: usize) -> String {
    let mut text = "{ ...F0 }".to_owned();
    for level in 0..levels {
        write!(text, " fragment F{level} on Query {{ ...F{next} ...F{next} }}", next = level + 1).expect("writes");
    }
    text + &format!(" fragment F{levels} on Query {{ __typename }}")
}

/// A few levels of fragments that each spread the next one very often, around what looks like an
/// introspection.
fn wide_bomb() -> String {
    let mut text = "{ ...F0 }".to_owned();
    for level in 0..8 {
        write!(text, " fragment F{level} on Query {{ {} }}", format!("...F{} ", level + 1).repeat(90)).expect("writes");
    }
    text + " fragment F8 on Query { __typename }"
}

async fn what_asks_for_too_much_is_refused_in_a_moment(app: TestApp) {
    let guest = app.as_guest();
    let aliases: String = (0..31).map(|n| format!("a{n}: __typename ")).collect();
    let wide: String = (0..900).map(|_| "__typename ").collect();
    for (what, document) in [
        ("a bomb of fragments", bomb(30)),
        ("a small bomb", bomb(11)),
        ("aliases", format!("{{ {aliases} }}")),
        ("fields at the root", format!("{{ {} }}", "__typename ".repeat(21))),
        ("directives", format!("{{ __typename {} }}", "@include(if: true) ".repeat(21))),
        ("tokens", format!("{{ {} }}", "__typename ".repeat(1_400) + &wide)),
        ("bytes", format!("{{ __typename }} #{}", "x".repeat(17_000))),
        ("brackets", "{a".repeat(4_000)),
        ("a wide bomb", wide_bomb()),
        ("directives of variables", format!("query({}) {{ __typename }}", "$a: Int @skip(if: true) ".repeat(21))),
        ("brackets behind a string", format!(r#"{{ a(b: """\"""" """) {}"#, "{a".repeat(4_000))),
        ("values of a fragment", format!("{{ {} }} fragment F on Shop {{ a(b: [{}]) }}", "shop { ...F } ".repeat(15), "1 ".repeat(200))),
        ("levels", format!("{{ {} }}", "node(id: 1) { ... on Job { id } ".to_owned() + &nested(13))),
    ] {
        let begun = Instant::now();
        let answer = guest.run(&document, json!({})).await;
        assert_eq!(answer.status, 400, "{what}: {}", answer.body);
        let codes = answer.codes();
        assert!(codes == ["QUERY_TOO_COMPLEX"] || what == "levels", "{what}: {}", answer.body);
        // 100 ms of CPU; tests share their processors, and are built without optimization.
        assert!(begun.elapsed().as_millis() < 1_500, "{what} took {:?}", begun.elapsed());
    }
}

fn nested(levels: usize) -> String {
    format!("x {}{}{}", "{ x ".repeat(levels), "y", "}".repeat(levels + 1))
}

async fn explorers_can_read_the_schema(app: TestApp) {
    let introspection = "query IntrospectionQuery { __schema { queryType { name } mutationType { name }
        subscriptionType { name } types { ...FullType }
        directives { name description locations args { ...InputValue } } } }
        fragment FullType on __Type { kind name description
          fields(includeDeprecated: true) { name description args { ...InputValue } type { ...TypeRef }
            isDeprecated deprecationReason }
          inputFields { ...InputValue } interfaces { ...TypeRef }
          enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
          possibleTypes { ...TypeRef } }
        fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue }
        fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name
          ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } }";
    let answer = app.as_owner().await.run(introspection, json!({})).await;
    assert!(answer.at("__schema.types").as_array().expect("types").len() > 20);
    let unfolded = "{ __schema { types { fields { type { fields { type { fields { type { fields { name }}}}}}}}} }";
    assert_eq!(app.as_guest().run(unfolded, json!({})).await.codes(), ["QUERY_TOO_COMPLEX"]);
}

async fn a_list_in_an_input_has_a_limit(app: TestApp) {
    let ids: Vec<String> = (0..251).map(|n| n.to_string()).collect();
    let answer = app.as_guest().run("query($ids: [ID!]) { __typename }", json!({ "ids": ids })).await;
    assert_eq!(answer.codes(), ["BAD_USER_INPUT"]);
    let literal = format!("{{ __typename @include(if: [{}]) }}", "true ".repeat(251));
    assert_eq!(app.as_guest().run(&literal, json!({})).await.codes(), ["BAD_USER_INPUT"]);
    let nested = format!("{{ __typename @include(if: {}1{}) }}", "[".repeat(30), "]".repeat(30));
    assert_eq!(app.as_guest().run(&nested, json!({})).await.codes(), ["BAD_USER_INPUT"]);
}

async fn a_page_costs_what_its_size_says_wherever_it_is_said(app: TestApp) {
    let guest = app.as_guest();
    let page = "nodes { variants { nodes { id } } collections { nodes { id } } }";
    for (text, variables) in [
        (format!("{{ products(first: 100) {{ {page} {page} {page} {page} {page} }} }}"), json!({})),
        (format!("query($n: Int) {{ products(first: $n) {{ {page} {page} {page} {page} {page} }} }}"), json!({ "n": 100 })),
        (format!("query($n: Int = 100) {{ products(first: $n) {{ {page} {page} {page} {page} {page} }} }}"), json!({})),
        (format!("query($n: Int) {{ products(last: $n) {{ {page} {page} {page} {page} {page} }} }}"), json!({ "n": 100 })),
        (format!("{{ products(first: 100) {{ ...A ...A ...A ...A ...A }} }} fragment A on ProductConnection {{ {page} }}"), json!({})),
    ] {
        let answer = guest.run(&text, variables).await;
        assert_eq!(answer.codes(), ["QUERY_TOO_COMPLEX"], "{text} {}", answer.body);
        let cost = &answer.body["extensions"]["cost"];
        assert!(cost["requested"].as_u64() > cost["limit"].as_u64(), "{}", answer.body);
    }
    for (first, code) in [("-1", "BAD_USER_INPUT"), ("0", "BAD_USER_INPUT"), ("101", "BAD_USER_INPUT")] {
        let answer = guest.run(&format!("{{ products(first: {first}) {{ nodes {{ id }} }} }}"), json!({})).await;
        assert_eq!(answer.codes(), [code], "{first}");
    }
}

async fn what_no_database_keeps_is_refused_at_the_door(app: TestApp) {
    let guest = app.as_guest();
    let search = "query($q: String) { products(first: 1, query: $q) { nodes { id } } }";
    let answer = guest.run(search, json!({ "q": "a\u{0}b" })).await;
    assert_eq!(answer.codes(), ["BAD_USER_INPUT"]);
    let answer = guest.run(r#"{ products(first: 1, query: "a\u0000b") { nodes { id } } }"#, json!({})).await;
    assert_eq!(answer.codes(), ["BAD_USER_INPUT"]);
}

async fn a_subscription_has_one_field_at_its_root(app: TestApp) {
    let two = "subscription { a: storeActivity { type } b: storeActivity { type } }";
    let answer = app.as_owner().await.run(two, json!({})).await;
    assert_eq!(answer.codes(), ["GRAPHQL_VALIDATION_FAILED"]);
}

async fn whoever_asks_too_often_has_to_wait(app: TestApp) {
    let app = app
        .reconfigured(|config| {
            config.limits.address_cost_burst = 3;
            config.limits.address_cost_per_second = 1;
        })
        .await;
    let guest = app.as_guest();
    for _ in 0..3 {
        assert_eq!(guest.run("{ __typename }", json!({})).await.status, 200);
    }
    let answer = guest.run("{ __typename }", json!({})).await;
    assert_eq!((answer.status.as_u16(), answer.codes()), (429, vec!["RATE_LIMITED".to_owned()]));
    assert!(answer.body["errors"][0]["extensions"]["retryAfter"].as_u64().is_some_and(|seconds| seconds > 0));
    assert!(answer.headers.contains_key("retry-after"));
}

async fn refusals_are_not_for_nothing(app: TestApp) {
    let with = |burst: u32| {
        app.reconfigured(move |config| {
            config.limits.address_cost_burst = burst;
            config.limits.address_cost_per_second = 1;
            config.redis_prefix.push_str(&format!("{burst}:"));
        })
    };
    let few = with(30).await;
    let guest = few.as_guest();
    for (text, code) in [("{", "GRAPHQL_PARSE_FAILED"), ("{", "GRAPHQL_PARSE_FAILED"), ("{ x(a: ", "GRAPHQL_PARSE_FAILED"), ("{", "RATE_LIMITED")] {
        assert_eq!(guest.run(text, json!({})).await.codes(), [code]);
    }
    let few = with(20).await;
    let forger = few.as_guest().with_token("cst_forged");
    for code in ["UNAUTHENTICATED", "UNAUTHENTICATED", "RATE_LIMITED"] {
        assert_eq!(forger.run("{ __typename }", json!({})).await.codes(), [code]);
    }
}

async fn a_moment_no_store_lives_in_is_refused(app: TestApp) {
    let owner = app.as_owner().await;
    let variable = "mutation($at: DateTime) {
        discountCreate(input: { code: \"SALE\", percent: \"5\", startsAt: $at }) { userErrors { code } } }";
    let orders = "query($at: DateTime) { orders(first: 1, filter: { placedAfter: $at }) { nodes { id } } }";
    for at in ["0000-01-01T00:00:00Z", "-0001-12-31T00:00:00Z", "1969-12-31T23:59:59Z", "+200000-01-01T00:00:00Z", "x"] {
        for text in [variable, orders] {
            assert_eq!(owner.run(text, json!({ "at": at })).await.codes(), ["BAD_USER_INPUT"], "{at}");
            let literal = text.split_once(')').expect("its variables").1.replace("$at", &format!("\"{at}\""));
            let kind = if text == variable { "mutation" } else { "query" };
            let answer = owner.run(&format!("{kind} {literal}"), json!({})).await;
            assert_eq!(answer.codes(), ["BAD_USER_INPUT"], "{at}: {}", answer.body);
        }
    }
    for at in ["1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z"] {
        assert!(owner.run(orders, json!({ "at": at })).await.codes().is_empty(), "{at}");
    }
}
