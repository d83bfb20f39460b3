//! Properties of the counting, over documents made at random from the real schema: it agrees with a
//! naive count that spreads every fragment, and no text makes it fail.

use std::collections::HashMap;

use async_graphql::parser::parse_query;
use async_graphql::parser::types::{ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet};
use async_graphql::{Value, Variables};
use proptest::prelude::*;
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use super::shape::Shape;
use super::{cost, merge, structure, text, values};
use crate::graph::connection::DEFAULT_PAGE;
use crate::graph::schema;
use crate::platform::limits::Limits;

/// Limits that nothing reaches.
fn unlimited() -> Limits {
    Limits {
        selections: 1 << 40,
        query_tokens: 1 << 40,
        cost: 1 << 60,
        aliases: 1 << 40,
        directives: 1 << 40,
        depth: 1 << 40,
        introspection_depth: 1 << 40,
        root_fields: 1 << 40,
        ..Limits::default()
    }
}

/// Fields by type, as the schema's text has them: name, type, and whether it is a page.
fn fields(shape: &Shape, ty: &str) -> Vec<(String, String, bool)> {
    let mut fields: Vec<_> =
        shape.fields(ty).map(|(name, field)| (name.clone(), field.ty.clone(), field.composite)).collect();
    fields.sort();
    fields
}

/// Writes documents at random.
struct Writer<'a> {
    shape: &'a Shape,
    random: StdRng,
    /// The types of the fragments, by number; each spreads later ones only.
    fragments: Vec<String>,
}

impl Writer<'_> {
    fn document(mut self) -> String {
        let kind = ["query", "mutation"][self.random.random_range(0..2)];
        let root = if kind == "query" { "Query" } else { "Mutation" };
        let mut types: Vec<&String> = self.shape.types().collect();
        types.sort();
        for _ in 0..self.random.random_range(0..5) {
            let ty = if self.random.random_bool(0.5) { root } else { types[self.random.random_range(0..types.len())] };
            self.fragments.push(ty.to_owned());
        }
        let mut text = format!("{kind} A($n: Int, $m: Int = 7) {}", self.set(root, 0, 4));
        for number in 0..self.fragments.len() {
            let ty = self.fragments[number].clone();
            text += &format!(" fragment F{number} on {ty} {}", self.set(&ty, number + 1, 2));
        }
        text
    }

    /// A selection on `ty` that may spread the fragments from `next` on.
    fn set(&mut self, ty: &str, next: usize, levels: usize) -> String {
        let mut text = "{ __typename ".to_owned();
        let fields = fields(self.shape, ty);
        for _ in 0..self.random.random_range(0..4) {
            let spread: Vec<usize> = (next..self.fragments.len()).filter(|it| self.fragments[*it] == ty).collect();
            match self.random.random_range(0..6) {
                0 if !spread.is_empty() => {
                    text += &format!("...F{} ", spread[self.random.random_range(0..spread.len())])
                }
                1 if levels > 0 => {
                    text += &format!("... on {ty} @include(if: true) {} ", self.set(ty, next, levels - 1))
                }
                _ if fields.is_empty() => {}
                _ => {
                    let (name, inner, composite) = fields[self.random.random_range(0..fields.len())].clone();
                    text += &self.field(&name, &inner, composite, next, levels);
                }
            }
        }
        text + "} "
    }

    fn field(&mut self, name: &str, ty: &str, composite: bool, next: usize, levels: usize) -> String {
        if composite && levels == 0 {
            return String::new();
        }
        let alias = if self.random.random_bool(0.3) { format!("a{}: ", self.random.next_u32()) } else { String::new() };
        let directive = if self.random.random_bool(0.2) { "@skip(if: false) " } else { "" };
        let size = [
            "",
            "(first: 3)",
            "(last: 100)",
            "(first: $n)",
            "(first: $m)",
            "(a: [1 { b: \"c\" }] first: 2)",
            "(first: -1)",
        ];
        let arguments = size[self.random.random_range(0..size.len())];
        let inner = if composite { self.set(ty, next, levels - 1) } else { String::new() };
        format!("{alias}{name}{arguments} {directive}{inner} ")
    }
}

/// One selection of the document with all fragments spread.
struct Item<'a> {
    selection: &'a Selection,
    /// The fields it stands in, outermost first, with the types they are asked of; itself last.
    fields: Vec<(&'a Field, String)>,
    /// In how many selections it stands.
    sets: usize,
}

/// Spreads everything, as often as it is spread.
fn spread<'a>(
    document: &'a ExecutableDocument,
    shape: &Shape,
    set: &'a SelectionSet,
    above: &[(&'a Field, String)],
    ty: &str,
    sets: usize,
    items: &mut Vec<Item<'a>>,
) {
    for selection in set.items.iter().map(|item| &item.node) {
        let mut fields = above.to_vec();
        let (inner, inner_type) = match selection {
            Selection::Field(field) => {
                fields.push((&field.node, ty.to_owned()));
                let inner = shape.field(ty, &field.node.name.node).map(|it| it.ty.clone()).unwrap_or_default();
                (Some(&field.node.selection_set.node), inner)
            }
            Selection::InlineFragment(inline) => (Some(&inline.node.selection_set.node), ty.to_owned()),
            Selection::FragmentSpread(spread) => {
                let fragment = document.fragments.get(&spread.node.fragment_name.node);
                (fragment.map(|it| &it.node.selection_set.node), ty.to_owned())
            }
        };
        items.push(Item { selection, fields: fields.clone(), sets });
        if let Some(inner) = inner {
            spread(document, shape, inner, &fields, &inner_type, sets + 1, items);
        }
    }
}

/// What an operation costs: every object as often as all the lists it stands in say.
fn naive_cost(shape: &Shape, items: &[Item], operation: &OperationDefinition, n: i64) -> usize {
    let mut sum = 0;
    for item in items.iter().filter(|item| matches!(item.selection, Selection::Field(_))) {
        let (field, ty) = item.fields.last().expect("a field is its own last");
        sum += match (ty.as_str(), field.name.node.as_str()) {
            ("Mutation", name) if shape.field(ty, name).is_some() => 10,
            ("Query", "customerDataExport") => 500,
            _ => 0,
        };
        if !shape.field(ty, &field.name.node).is_some_and(|it| it.composite) {
            continue;
        }
        let (mut times, mut page) = (1, 1);
        for (field, ty) in &item.fields {
            let name = field.name.node.as_str();
            let Some(known) = shape.field(ty, name) else { continue };
            if known.ty.ends_with("Connection") {
                page = naive_page(field, operation, n);
            } else if known.list {
                times *= match name {
                    "nodes" | "edges" => page,
                    _ => typical(name),
                };
                page = 1;
            }
        }
        sum += times;
    }
    sum
}

fn typical(name: &str) -> usize {
    let sizes = HashMap::from([
        ("lines", 10),
        ("shipments", 3),
        ("events", 10),
        ("supplierOrders", 3),
        ("offers", 5),
        ("options", 3),
        ("selectedOptions", 3),
        ("userErrors", 1),
    ]);
    sizes.get(name).copied().unwrap_or(5)
}

fn naive_page(field: &Field, operation: &OperationDefinition, n: i64) -> usize {
    let value = field.get_argument("first").or_else(|| field.get_argument("last")).map(|it| it.node.to_string());
    let size = match value.as_deref() {
        None => return DEFAULT_PAGE,
        Some("$n") => n,
        Some("$m") => {
            let default = operation.variable_definitions[1].node.default_value.as_ref();
            default.and_then(|it| it.node.to_string().parse().ok()).unwrap_or_default()
        }
        Some(number) => number.parse().expect("a number"),
    };
    usize::try_from(size).unwrap_or(0).min(100)
}

fn count_values(value: &str) -> usize {
    // The writer's only list: itself, a number, an object, a text.
    if value.starts_with('[') { 4 } else { 1 }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn counting_agrees_with_spreading_everything(seed: u64, n in -5_i64..200) {
        let shape = Shape::of_sdl(&schema::sdl());
        let writer = Writer { shape: &shape, random: StdRng::seed_from_u64(seed), fragments: vec![] };
        let text = writer.document();
        let limits = unlimited();
        let document = parse_query(&text).expect("the writer writes documents");
        let (_, operation) = document.operations.iter().next().expect("an operation");
        let operation = &operation.node;
        let root = if text.starts_with("query") { "Query" } else { "Mutation" };
        let mut items = vec![];
        spread(&document, &shape, &operation.selection_set.node, &[], root, 1, &mut items);
        // One that nests deeper than the library bears is refused before anything else.
        let Some(size) = structure::measure(&document, operation, &limits) else { return Ok(()) };
        let of_fields = || items.iter().filter_map(|item| match item.selection {
            Selection::Field(field) => Some((&field.node, item)),
            _ => None,
        });
        let arguments = |field: &Field| field.arguments.iter().map(|(_, it)| 1 + count_values(&it.node.to_string())).sum::<usize>();
        let directives: usize = items.iter().map(|item| item.selection.directives().len()).sum();
        prop_assert_eq!(size.selections, items.len());
        prop_assert_eq!(size.aliases, of_fields().filter(|(field, _)| field.alias.is_some()).count());
        prop_assert_eq!(size.directives, directives);
        // A default value, then the arguments; every directive here has one with one value.
        prop_assert_eq!(size.values, 1 + of_fields().map(|(field, _)| arguments(field)).sum::<usize>() + 2 * directives);
        prop_assert_eq!(size.depth, items.iter().map(|item| item.fields.len()).max().unwrap_or(0));
        prop_assert_eq!(size.sets, items.iter().map(|item| item.sets).max().unwrap_or(0));
        prop_assert_eq!(size.root_fields, of_fields().filter(|(_, item)| item.fields.len() == 1).count());
        let variables = Variables::from_value(Value::from_json(serde_json::json!({ "n": n })).expect("a value"));
        let counted = cost::check(&shape, &document, operation, &variables, &limits);
        let only_typename = of_fields().all(|(field, item)| item.fields.len() > 1 || field.name.node.starts_with("__"));
        if !only_typename {
            prop_assert_eq!(counted.map_err(|error| error.message), Ok(naive_cost(&shape, &items, operation, n)));
        }
    }

    #[test]
    fn no_text_makes_counting_fail(text in "\\PC{0,400}|[{}()\\[\\]\"\\\\#:$@!.,a1 \n]{0,400}") {
        let limits = Limits::default();
        if text::check(&text, &limits).is_ok() && let Ok(document) = parse_query(&text) {
            let _ = structure::check(&document, &limits).and_then(|()| merge::check(&document));
        }
    }

    #[test]
    fn tokens_are_counted_whatever_stands_between_them(
        tokens in prop::collection::vec(
            prop::sample::select(vec!["{", "}", "(", ")", "a", "12", ":", "$", "\"x\\\"{\"", "\"\"\"\\\"\"\" { \"\"\"", "...", "@", "\"\""]), 0..60),
        between in prop::collection::vec(prop::sample::select(vec![" ", "\n", ",", "# { \" \"\"\"\n", " \t\r\n"]), 60),
    ) {
        let text: String = tokens.iter().zip(&between).flat_map(|(token, gap)| [*token, *gap]).collect();
        let limits = Limits { query_tokens: tokens.len(), ..Limits::default() };
        let nests = text.matches(['{', '(']).count() > 48;
        prop_assert!(nests || text::check(&text, &limits).is_ok());
        if let Some(fewer) = tokens.len().checked_sub(1) {
            let limits = Limits { query_tokens: fewer, ..Limits::default() };
            prop_assert!(text::check(&text, &limits).is_err());
        }
    }

    #[test]
    fn values_of_any_kind_are_counted_or_refused(json in any_json()) {
        let value = Value::from_json(json).expect("a value");
        let limits = Limits { list_input: 3, text_characters: 5, ..Limits::default() };
        if let Ok(count) = values::count(&value, &limits) {
            prop_assert!(count >= 1);
        }
    }
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf =
        prop_oneof![Just(serde_json::Value::Null), any::<i64>().prop_map(Into::into), "\\PC{0,8}".prop_map(Into::into)];
    leaf.prop_recursive(30, 200, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
            prop::collection::hash_map("[a-z]{1,3}", inner, 0..4)
                .prop_map(|fields| serde_json::Value::Object(fields.into_iter().collect())),
        ]
    })
}
