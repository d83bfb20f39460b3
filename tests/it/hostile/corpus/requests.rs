//! What comes beside the document, and bodies that are no request.

use serde_json::{Value, json};

use super::{Hostile, SIZE, Sent, each, fill};

const INPUT: &str = "BAD_USER_INPUT";
const COMPLEX: &str = "QUERY_TOO_COMPLEX";
const SEARCH: &str = "query($q: String) { products(first: 5, query: $q) { nodes { id } } }";

fn search(name: &'static str, text: impl Into<String>) -> Hostile {
    Hostile::with(name, SEARCH, json!({ "q": text.into() }), None)
}

/// Values in variables, and what is searched for.
pub fn inputs() -> Vec<Hostile> {
    let nested = |levels: usize, item: fn(Value) -> Value| (0..levels).fold(json!(1), |inner, _| item(inner));
    let ids = "query($ids: [ID!]) { products(filter: { ids: $ids }) { nodes { id } } }";
    vec![
        Hostile::with("lists in a variable", SEARCH, json!({ "q": nested(100, |it| json!([it])) }), INPUT),
        Hostile::with("objects in a variable", SEARCH, json!({ "q": nested(100, |it| json!({ "a": it })) }), INPUT),
        Hostile::with(
            "a variable of a filter that never ends",
            "query($f: ProductFilter) { products(filter: $f) { nodes { id } } }",
            json!({ "f": nested(20, |it| json!({ "filter": it, "ids": [] })) }),
            INPUT,
        ),
        Hostile::with("a long list in a variable", ids, json!({ "ids": vec!["a"; 3_000] }), INPUT),
        Hostile::with("lists times lists in a variable", SEARCH, json!({ "q": vec![vec![1; 60]; 80] }), INPUT),
        Hostile::with("many variables", "{ __typename }", each_variable(1_200), None),
        Hostile::with(
            "a number no machine has",
            "query($n: Int) { products(first: $n) { nodes { id } } }",
            json!({ "n": 1e300 }),
            INPUT,
        ),
        Hostile::with("a zero byte in a variable", SEARCH, json!({ "q": "a\u{0}b" }), INPUT),
        search("a pattern for LIKE", "%_".repeat(4_000)),
        search("a pattern with escapes", "\\%\\_\\\\".repeat(1_500)),
        search("a pattern for regular expressions", format!("{}!", "(a+)+".repeat(1_600))),
        search("words for a full text search", "\" OR * NEAR( NOT ^ : - + ".repeat(400)),
        search("many words", each(2_500, |n| format!("w{n} "))),
        search("marks upon marks", format!("a{}", "\u{0301}".repeat(5_000))),
        search("letters that grow", "\u{0130}\u{FB03}\u{FDFA}".repeat(1_500)),
        search("words that turn around", "\u{202E}\u{2066}a\u{2069}".repeat(1_000)),
        search("a text with SQL in it", "'; DROP TABLE product; -- ".repeat(400)),
        Hostile::with(
            "a cursor that is none",
            "query($c: String) { products(first: 1, after: $c) { nodes { id } } }",
            json!({ "c": "A".repeat(12_000) }),
            INPUT,
        ),
        Hostile::with(
            "an id that is none",
            "query($i: ID!) { node(id: $i) { id } }",
            json!({ "i": "prd_".repeat(3_000) }),
            INPUT,
        ),
        Hostile::with(
            "an address that is none",
            "mutation($e: String!) { cartCreate(input: { contact: { email: $e } }) { userErrors { code } } }",
            json!({ "e": format!("{}@{}", "a.".repeat(4_000), "b.".repeat(3_000)) }),
            None,
        ),
        Hostile::with(
            "a price that is none",
            "query($p: Decimal) { products(filter: { minPrice: $p }) { nodes { id } } }",
            json!({ "p": "9".repeat(12_000) }),
            INPUT,
        ),
    ]
}

fn each_variable(count: usize) -> Value {
    Value::Object((0..count).map(|n| (format!("v{n}"), json!(n))).collect())
}

/// Bodies and queries that are no request, or two at once.
pub fn bodies() -> Vec<Hostile> {
    let persisted = |hash: &str| json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": hash } } });
    let other = json!({ "query": "{ __typename }", "extensions": persisted(&"0".repeat(64))["extensions"] });
    let one = r#"{"query":"{ __typename }"}"#;
    let get = |name, query: String, code| Hostile { name, sent: Sent::Query(query), code: Some(code) };
    vec![
        Hostile::body("a batch", format!("[{}{one}]", format!("{one},").repeat(600)), INPUT),
        Hostile::body("brackets of JSON", "[".repeat(SIZE), INPUT),
        Hostile::body("braces of JSON", "{\"a\":".repeat(SIZE / 5), INPUT),
        Hostile::body(
            "deep variables",
            format!(r#"{{"query":"{{ a }}","variables":{}"#, "{\"a\":[".repeat(2_600)),
            INPUT,
        ),
        Hostile::body("the query twice", r#"{"query":"{ __typename }","query":"{ shop { name } }"}"#, INPUT),
        Hostile::body(
            "many fields of one name",
            format!(r#"{{"query":"{{ __typename }}"{}}}"#, r#","a":1"#.repeat(2_500)),
            None,
        ),
        Hostile::body("half a character in JSON", r#"{"query":"{ __typename }","variables":{"a":"\ud800"}}"#, INPUT),
        Hostile::body(
            "bytes that are no text",
            [br#"{"query":"{ a(b: "#, &[0xff; 4_000][..], br#" }"}"#].concat(),
            INPUT,
        ),
        Hostile::body("a byte order mark before JSON", format!("\u{feff}{one}"), INPUT),
        Hostile::body("a number beyond all", r#"{"query":"{ __typename }","variables":{"a":1e999}}"#, INPUT),
        Hostile::body("nothing", "", INPUT),
        Hostile::body("a hash nobody knows", persisted(&"0".repeat(64)).to_string(), "PERSISTED_QUERY_NOT_FOUND"),
        Hostile::body("a hash that is none", persisted(&"x".repeat(12_000)).to_string(), INPUT),
        Hostile::body("the hash of another document", other.to_string(), INPUT),
        Hostile::body(
            "a hash that is a list",
            r#"{"extensions":{"persistedQuery":{"version":1,"sha256Hash":[1]}}}"#,
            INPUT,
        ),
        Hostile::body(
            "an operation that is not there",
            json!({ "query": "query A { __typename }", "operationName": "x".repeat(12_000) }).to_string(),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        get("a long document in an address", format!("query={}", &fill("", "{a", "")[..16_000]), COMPLEX),
        get("deep variables in an address", format!("query={{__typename}}&variables={}", "[".repeat(15_000)), INPUT),
        get("one parameter over and over", format!("query={{__typename}}{}", "&a=1".repeat(3_000)), INPUT),
    ]
}
