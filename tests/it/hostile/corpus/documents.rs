//! Documents.

use serde_json::json;

use super::{Hostile, each, fill};

const PARSE: &str = "GRAPHQL_PARSE_FAILED";
const INVALID: &str = "GRAPHQL_VALIDATION_FAILED";
const COMPLEX: &str = "QUERY_TOO_COMPLEX";
const INPUT: &str = "BAD_USER_INPUT";

/// Fragments, of which each of `levels` spreads the next one `times` times, around `inner`.
fn bomb(levels: usize, times: usize, inner: &str) -> String {
    let level = |n: usize| format!(" fragment F{n} on Query {{ {} }}", format!("...F{} ", n + 1).repeat(times));
    format!("{{ ...F0 }}{} fragment F{levels} on Query {{ {inner} }}", each(levels, level))
}

/// Bombs, cycles and chains of fragments.
pub fn fragments() -> Vec<Hostile> {
    let chain = |count: usize| {
        let links = each(count, |n| format!(" fragment F{n} on Query {{ ...F{} }}", n + 1));
        format!("{{ ...F0 }}{links} fragment F{count} on Query {{ __typename }}")
    };
    let wide = format!(
        "{{ {} }}{}",
        each(40, |n| format!("...A{n} ")),
        each(40, |n| format!(" fragment A{n} on Query {{ {} }}", "shop { name } ".repeat(15)))
    );
    let nested = each(5, |n| {
        let inner = format!("products {{ nodes {{ ...F{} }} }} ", n + 1);
        format!(" fragment F{n} on Query {{ {} }}", inner.repeat(8))
    });
    vec![
        Hostile::document("a narrow bomb, 814 bytes", bomb(18, 2, "__typename"), COMPLEX),
        Hostile::document("a narrow bomb of 120 levels", bomb(120, 2, "__typename"), COMPLEX),
        Hostile::document("a bomb of threes", bomb(60, 3, "shop { name }"), COMPLEX),
        Hostile::document("a wide bomb", bomb(8, 90, "__typename"), COMPLEX),
        Hostile::document("a wide bomb of one level", bomb(1, 900, "__typename"), COMPLEX),
        Hostile::document("a bomb around an introspection", bomb(8, 90, "__schema { types { name } }"), COMPLEX),
        Hostile::document("a bomb of inline fragments", bomb(20, 2, "... { ... { __typename } }"), COMPLEX),
        Hostile::document(
            "a bomb through fields",
            format!("{{ ...F0 }}{nested} fragment F5 on Query {{ __typename }}"),
            COMPLEX,
        ),
        Hostile::document("many fragments side by side", wide, COMPLEX),
        Hostile::document("a long chain", chain(180), COMPLEX),
        Hostile::document("a chain as long as may be", chain(30), None),
        Hostile::document("a fragment of itself", "{ ...F } fragment F on Query { shop { name } ...F }", INVALID),
        Hostile::document("an unused fragment of itself", "{ __typename } fragment F on Query { ...F }", INVALID),
        Hostile::document(
            "a circle of two",
            "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
            INVALID,
        ),
        Hostile::document(
            "a circle of a hundred",
            format!("{{ ...F0 }}{}", each(100, |n| format!(" fragment F{n} on Query {{ ...F{} }}", (n + 1) % 100))),
            COMPLEX,
        ),
        Hostile::document(
            "a circle through a field",
            "{ ...F } fragment F on Query { products { nodes { ...G } } } fragment G on Product { ...G }",
            INVALID,
        ),
        Hostile::document("unused bombs", format!("{{ __typename }} {}", &bomb(40, 2, "__typename")[10..]), COMPLEX),
        Hostile::document(
            "many unused fragments",
            format!("{{ __typename }}{}", each(240, |n| format!(" fragment F{n} on Query {{ a }}"))),
            INVALID,
        ),
        Hostile::document("a fragment that is not there", fill("{ ", "...Nothing ", "}"), COMPLEX),
        Hostile::document("one fragment twice", "{ ...F } fragment F on Query { a } fragment F on Query { a }", PARSE),
        Hostile::document("spreads that cannot be", format!("{{ {} }}", "... on Product { id } ".repeat(300)), COMPLEX),
    ]
}

/// Aliases, root fields, directives, arguments, operations.
pub fn floods() -> Vec<Hostile> {
    let roots = |n: usize| format!("fragment A on Query {{ {} }}", "shop { name } ".repeat(n));
    vec![
        Hostile::document("aliases", format!("{{ {} }}", each(900, |n| format!("a{n}: __typename "))), COMPLEX),
        Hostile::document(
            "aliases of a costly field",
            format!("{{ {} }}", each(30, |n| format!("a{n}: products(first: 100) {{ nodes {{ id }} }} "))),
            COMPLEX,
        ),
        Hostile::document(
            "aliases in a fragment",
            format!("{{ ...A ...A }} fragment A on Query {{ {} }}", each(16, |n| format!("a{n}: __typename "))),
            COMPLEX,
        ),
        Hostile::document("one field over and over", format!("{{ {} }}", "__typename ".repeat(1_300)), COMPLEX),
        Hostile::document("root fields through a fragment", format!("{{ ...A ...A ...A }} {}", roots(7)), COMPLEX),
        Hostile::document(
            "a mutation over and over",
            format!("mutation {{ {} }}", "cartCreate(input: {}) { cart { id } } ".repeat(100)),
            COMPLEX,
        ),
        Hostile::document(
            "sign-ins by alias",
            format!(
                "mutation {{ {} }}",
                each(60, |n| format!(
                    "a{n}: sessionCreate(input: {{ email: \"a@b.cd\", password: \"p{n}\" }}) {{ userErrors {{ code }} }} "
                ))
            ),
            COMPLEX,
        ),
        Hostile::document(
            "directives on a field",
            format!("{{ __typename {} }}", "@include(if: true) ".repeat(250)),
            COMPLEX,
        ),
        Hostile::document("unknown directives", fill("{ __typename ", "@a ", "}"), COMPLEX),
        Hostile::document(
            "directives on a fragment",
            format!("{{ ...A }} fragment A on Query {} {{ __typename }}", "@a ".repeat(500)),
            COMPLEX,
        ),
        Hostile::document(
            "directives on an unused fragment",
            format!("{{ __typename }} fragment A on Query {} {{ __typename }}", "@a ".repeat(500)),
            COMPLEX,
        ),
        Hostile::document(
            "directives on variables",
            format!("query({}) {{ __typename }}", "$a: Int @a ".repeat(300)),
            COMPLEX,
        ),
        Hostile::document(
            "directives on spreads",
            format!("{{ {} }} fragment A on Query {{ a }}", "...A @skip(if: true) ".repeat(200)),
            COMPLEX,
        ),
        Hostile::document(
            "arguments",
            format!("{{ products({}) {{ nodes {{ id }} }} }}", each(450, |n| format!("a{n}: 1 "))),
            INVALID,
        ),
        Hostile::document(
            "one argument over and over",
            format!("{{ products({}) {{ nodes {{ id }} }} }}", "first: 1 ".repeat(450)),
            INVALID,
        ),
        Hostile::document(
            "as many arguments as may be",
            format!("{{ products({}) {{ nodes {{ id }} }} }}", each(180, |n| format!("a{n}: 1 "))),
            INVALID,
        ),
        Hostile::document("operations", each(300, |n| format!("query Q{n} {{ __typename }} ")), INVALID),
        Hostile::document("operations without a name", "{ __typename } ".repeat(300), PARSE),
        Hostile::document("operations of one name", "query A { __typename } ".repeat(300), PARSE),
        Hostile::document(
            "operations around one fragment",
            format!(
                "{} fragment A on Query {{ {} }}",
                each(150, |n| format!("query Q{n} {{ ...A }} ")),
                "shop { name } ".repeat(15)
            ),
            COMPLEX,
        ),
        Hostile::document("unknown fields", format!("{{ shop {{ {} }} }}", each(900, |n| format!("f{n} "))), INVALID),
        Hostile::document(
            "unknown fields with long names",
            format!("{{ shop {{ {} }} }}", each(20, |n| format!("{}{n} ", "x".repeat(780)))),
            INVALID,
        ),
    ]
}

/// Selections, lists and objects within each other, and lists times lists.
pub fn nesting() -> Vec<Hostile> {
    let inside = |open: &str, levels: usize, inner: &str, close: &str| {
        format!("{}{inner}{}", open.repeat(levels), close.repeat(levels))
    };
    let pages = "products(first: 100) { nodes { variants(first: 100) { nodes { product { variants(first: 100) { nodes { id } } } } } } }";
    let around = "nodes { collections { nodes { products ";
    vec![
        Hostile::document("selections", format!("{{ {} }}", inside("node(id: \"a\") { ", 300, "id", " }")), COMPLEX),
        Hostile::document("selections without an end", fill("", "{a", ""), COMPLEX),
        Hostile::document("inline fragments", format!("{{ {} }}", inside("... { ", 300, "__typename", " }")), COMPLEX),
        Hostile::document(
            "as many inline fragments as may be",
            format!("{{ {} }}", inside("... { ", 30, "__typename", " }")),
            None,
        ),
        Hostile::document(
            "lists in a value",
            format!("{{ products(query: {}) {{ nodes {{ id }} }} }}", inside("[", 500, "1", "]")),
            COMPLEX,
        ),
        Hostile::document(
            "as many lists as may be",
            format!("{{ products(query: {}) {{ nodes {{ id }} }} }}", inside("[", 23, "1", "]")),
            INPUT,
        ),
        Hostile::document(
            "objects in a value",
            format!("{{ products(filter: {}) {{ nodes {{ id }} }} }}", inside("{ a: ", 500, "1", "}")),
            COMPLEX,
        ),
        Hostile::document(
            "lists in a type",
            format!("query($a: {}) {{ __typename }}", inside("[", 4_000, "Int", "]")),
            COMPLEX,
        ),
        Hostile::document(
            "as many lists in a type as may be",
            format!("query($a: {}) {{ __typename }}", inside("[", 40, "Int", "]")),
            INVALID,
        ),
        Hostile::document("lists times lists", format!("{{ {pages} }}"), COMPLEX),
        Hostile::document(
            "lists through nodes",
            format!("{{ products {{ {} }} }}", inside(&format!("{around}{{ "), 3, "nodes { id }", " } } } }")),
            COMPLEX,
        ),
        Hostile::document(
            "a long list",
            format!("{{ products(filter: {{ ids: [{}] }}) {{ nodes {{ id }} }} }}", "\"a\" ".repeat(1_500)),
            INPUT,
        ),
        Hostile::document(
            "a list in a fragment over and over",
            format!(
                "{{ {} }} fragment A on Query {{ products(filter: {{ ids: [{}] }}) {{ nodes {{ id }} }} }}",
                "...A ".repeat(19),
                "\"a\" ".repeat(240)
            ),
            COMPLEX,
        ),
        Hostile::document("every bracket open", fill("", "{([", ""), COMPLEX),
        Hostile::document("backtracking", format!("{{ {}", "a: b(c: [{d: $e}]) @f(g: {h: [1]}) { ".repeat(40)), PARSE),
    ]
}

/// What only a lexer sees.
pub fn lexical() -> Vec<Hostile> {
    vec![
        Hostile::document("opening braces", fill("", "{", ""), COMPLEX),
        Hostile::document("opening brackets", fill("", "[", ""), COMPLEX),
        Hostile::document("opening parentheses", fill("{ a", "(", ""), COMPLEX),
        Hostile::document("comment signs", fill("", "#", ""), PARSE),
        Hostile::document("comments only", fill("", "# nothing\n", ""), PARSE),
        Hostile::document("comments between all words", fill("{ __typename ", "#\n", "}"), None),
        Hostile::document("quotes", fill("", "\"", ""), COMPLEX),
        Hostile::document("an odd number of quotes", fill("{ a(b: \"", "\"", ""), COMPLEX),
        Hostile::document("variables without an end", fill("query(", "$a:", ""), COMPLEX),
        Hostile::document("dots", fill("{ ", ".", " }"), COMPLEX),
        Hostile::document("spreads of nothing", fill("{ ", "... ", "}"), COMPLEX),
        Hostile::document("commas", fill("{ __typename ", ",", " }"), None),
        Hostile::document("byte order marks", fill("\u{feff}{ __typename ", "\u{feff}", " }"), COMPLEX),
        Hostile::document("one byte order mark", "\u{feff}{ __typename }", None),
        Hostile::document("signs that mean nothing", fill("{ a ", "\u{1F600}", " }"), COMPLEX),
        Hostile::document("a long name", fill("{ ", "x", " }"), INVALID),
        Hostile::document("a long number", fill("{ products(first: ", "9", ") { nodes { id } } }"), PARSE),
        Hostile::document("a long fraction", fill("{ products(first: 0.", "9", ") { nodes { id } } }"), INPUT),
        Hostile::document("a large exponent", "{ products(first: 1e999999999) { nodes { id } } }", PARSE),
        Hostile::document("a long text", fill("{ products(query: \"", "a ", "\") { nodes { id } } }"), None),
        Hostile::document(
            "a long block text",
            fill("{ products(query: \"\"\"", "  a\n", "\"\"\") { nodes { id } } }"),
            None,
        ),
        Hostile::document("a block text without an end", fill("{ products(query: \"\"\"", "\\\"\"\"", ""), PARSE),
        Hostile::document("brackets behind an escaped block", fill(r#"{ a(b: """\"""" """) "#, "{a", ""), COMPLEX),
        Hostile::document("brackets behind a broken text", fill("{ a(b: \"\n) ", "{a", ""), COMPLEX),
        Hostile::document("escapes", fill("{ products(query: \"", "\\u0041\\n", "\") { nodes { id } } }"), None),
        Hostile::document("half a character", r#"{ products(query: "\ud83d") { nodes { id } } }"#, PARSE),
        Hostile::document(
            "half characters in the wrong order",
            r#"{ products(query: "\ude00\ud83d") { nodes { id } } }"#,
            PARSE,
        ),
        Hostile::document("a character no database has", r#"{ products(query: "a\u0000b") { nodes { id } } }"#, INPUT),
        Hostile::document("a zero byte", "{ products(query: \"a\u{0}b\") { nodes { id } } }", INPUT),
        Hostile::document("no document", " \n,", PARSE),
    ]
}

/// Fields that cannot be merged.
pub fn conflicts() -> Vec<Hostile> {
    let arguments = each(120, |n| format!("a{n}: 1 "));
    vec![
        Hostile::document(
            "arguments times fields",
            format!("{{ shop {{ name({arguments}) {} }} }}", "name ".repeat(1_500)),
            INVALID,
        ),
        Hostile::document(
            "values that differ",
            format!("{{ shop {{ {} }} }}", each(300, |n| format!("name(a: {n}) "))),
            INVALID,
        ),
        Hostile::document(
            "one name for many fields",
            format!("{{ shop {{ {} }} }}", each(29, |n| format!("a: f{n} "))),
            INVALID,
        ),
        Hostile::document(
            "conflicts far inside",
            format!("{{ shop {{ {} a: name a: countries {} }} }}", "... { ".repeat(28), "} ".repeat(28)),
            INVALID,
        ),
        Hostile::document(
            "conflicts between fragments",
            "{ shop { ...A ...B } } fragment A on Shop { a: name } fragment B on Shop { a: currencyCode }",
            INVALID,
        ),
        Hostile::document(
            "the same fields in many fragments",
            format!(
                "{{ shop {{ {} }} }} {}",
                each(60, |n| format!("...A{n} ")),
                each(60, |n| format!("fragment A{n} on Shop {{ {} }} ", "name ".repeat(20)))
            ),
            None,
        ),
    ]
}

/// Variables in the document.
pub fn variables() -> Vec<Hostile> {
    let undefined = format!(
        "{} fragment A on Query {{ {} }}",
        each(60, |n| format!("query Q{n} {{ ...A }} ")),
        each(200, |n| format!("shop(a: $v{n}) {{ name }} ")),
    );
    vec![
        Hostile::document(
            "variables that nothing uses",
            format!("query({}) {{ __typename }}", each(480, |n| format!("$v{n}: Int "))),
            INVALID,
        ),
        Hostile::document("variables that are not there, in every operation", undefined, COMPLEX),
        Hostile::document(
            "one variable over and over",
            format!("query({}) {{ __typename }}", "$a: Int ".repeat(490)),
            INVALID,
        ),
        Hostile::document(
            "variables of types that are not there",
            format!("query({}) {{ __typename }}", each(450, |n| format!("$v{n}: T{n} "))),
            INVALID,
        ),
        Hostile::document(
            "a long list by default",
            format!("query($a: [Int] = [{}]) {{ __typename }}", "1 ".repeat(1_500)),
            INPUT,
        ),
        Hostile::with(
            "a page in a variable",
            "query($n: Int) { products(first: $n) { nodes { variants(first: $n) { nodes { id } } } } }",
            json!({ "n": 100 }),
            COMPLEX,
        ),
        Hostile::document(
            "a page by default",
            "query($n: Int = 100) { products(first: $n) { nodes { variants(first: $n) { nodes { id } } } } }",
            COMPLEX,
        ),
        Hostile::with(
            "a page that is none",
            "query($n: Int) { products(first: $n) { nodes { id } } }",
            json!({ "n": -2_147_483_648_i64 }),
            INPUT,
        ),
    ]
}

/// Questions about the schema.
pub fn introspection() -> Vec<Hostile> {
    let ring = "fields { type { fields { type { fields { type { name } } } } } }";
    let of_type = "ofType { ".repeat(12);
    vec![
        Hostile::document("the schema unfolded", format!("{{ __schema {{ types {{ {ring} }} }} }}"), COMPLEX),
        Hostile::document(
            "the schema unfolded by fragments",
            "{ __schema { types { ...A } } } fragment A on __Type { fields { type { ...B } } } fragment B on __Type { fields { type { ...C } } } fragment C on __Type { fields { type { fields { name } } } }",
            COMPLEX,
        ),
        Hostile::document(
            "the schema over and over",
            format!(
                "{{ {} }}",
                "__schema { types { name description fields { name description args { name description } } } } "
                    .repeat(19)
            ),
            None,
        ),
        Hostile::document(
            "one type over and over",
            format!(
                "{{ {} }}",
                each(20, |n| format!(
                    "t{n}: __type(name: \"Order\") {{ fields {{ name type {{ fields {{ name description }} }} }} }} "
                ))
            ),
            None,
        ),
        Hostile::document(
            "a deep type",
            format!("{{ __type(name: \"Order\") {{ fields {{ type {{ {of_type} name {} }} }} }} }}", "} ".repeat(12)),
            None,
        ),
        Hostile::document(
            "the schema beside data",
            format!("{{ shop {{ name }} __schema {{ types {{ {ring} }} }} }}"),
            COMPLEX,
        ),
        Hostile::document(
            "names of types that are not there",
            format!("{{ {} }}", each(20, |n| format!("t{n}: __type(name: \"{}{n}\") {{ name }} ", "x".repeat(700)))),
            None,
        ),
    ]
}
