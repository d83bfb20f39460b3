//! What an operation costs, in units of one object: a scalar is free, a mutation is 10, a list is
//! its size times what it holds.

use std::collections::HashMap;

use async_graphql::parser::types::{
    ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet,
};
use async_graphql::{Name, ServerError, Value, Variables};

use super::super::connection::DEFAULT_PAGE;
use super::super::errors::{Code, error};
use super::shape::{FieldShape, Shape};
use super::structure::is_introspection;
use crate::platform::limits::Limits;

/// What a mutation costs beside what it answers.
const MUTATION: usize = 10;
/// What fields cost that read far more than they answer with, beside what they answer.
const DEAR: [(&str, usize); 1] = [("customerDataExport", 500)];
/// What an introspection may cost: enough for explorers, too little to unfold the schema over and over.
const INTROSPECTION: usize = 400_000;
/// The size of a plain list that [`LISTS`] does not name.
const LIST: usize = 5;

/// The typical sizes of plain lists, by field name.
const LISTS: [(&str, usize); 8] = [
    ("lines", 10),
    ("shipments", 3),
    ("events", 10),
    ("supplierOrders", 3),
    ("offers", 5),
    ("options", 3),
    ("selectedOptions", 3),
    ("userErrors", 1),
];

/// The typical sizes of the lists of an introspection.
const SCHEMA_LISTS: [(&str, usize); 8] = [
    ("types", 200),
    ("fields", 10),
    ("args", 3),
    ("inputFields", 8),
    ("enumValues", 6),
    ("possibleTypes", 6),
    ("interfaces", 1),
    ("directives", 5),
];

/// What `operation` costs; refused if that is more than the limit.
pub fn check(
    shape: &Shape,
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    variables: &Variables,
    limits: &Limits,
) -> Result<usize, ServerError> {
    let root = match operation.ty {
        OperationType::Query => "Query",
        OperationType::Mutation => "Mutation",
        OperationType::Subscription => "Subscription",
    };
    let introspects = is_introspection(document, operation, limits);
    let mut counter = Counter { shape, document, operation, variables, limits, known: HashMap::new(), introspects };
    let cost = counter.set(&operation.selection_set.node, root, 1);
    let limit = if introspects { INTROSPECTION } else { limits.cost };
    if cost > limit {
        let message = format!("the operation costs {cost}, more than {limit}: ask for smaller pages or less in each");
        let mut refusal = error(Code::QueryTooComplex, message);
        refusal.extensions.get_or_insert_default().set("cost", reported(cost, limit));
        return Err(refusal);
    }
    // An introspection is answered from memory.
    Ok(if introspects { cost / 1_000 } else { cost })
}

/// How an answer, and a refusal, tell what an operation costs.
pub fn reported(cost: usize, limit: usize) -> Value {
    async_graphql::value!({ "requested": cost, "limit": limit })
}

struct Counter<'a> {
    shape: &'a Shape,
    document: &'a ExecutableDocument,
    operation: &'a OperationDefinition,
    variables: &'a Variables,
    limits: &'a Limits,
    /// By fragment and by the size of the page it stands in.
    known: HashMap<(&'a Name, usize), usize>,
    introspects: bool,
}

impl<'a> Counter<'a> {
    /// The cost of `set` on the type `ty`; `page` is the size of the connection it stands in, if any.
    fn set(&mut self, set: &'a SelectionSet, ty: &str, page: usize) -> usize {
        let mut sum = 0_usize;
        for item in &set.items {
            let cost = match &item.node {
                Selection::Field(field) => self.field(&field.node, ty, page),
                Selection::InlineFragment(inline) => {
                    let condition = inline.node.type_condition.as_ref();
                    let ty = condition.map_or(ty, |condition| condition.node.on.node.as_str());
                    self.set(&inline.node.selection_set.node, ty, page)
                }
                Selection::FragmentSpread(spread) => self.fragment(&spread.node.fragment_name.node, page),
            };
            sum = sum.saturating_add(cost);
        }
        sum
    }

    fn fragment(&mut self, name: &'a Name, page: usize) -> usize {
        if let Some(&known) = self.known.get(&(name, page)) {
            return known;
        }
        let Some(fragment) = self.document.fragments.get(name) else { return 0 };
        let ty = fragment.node.type_condition.node.on.node.as_str();
        let cost = self.set(&fragment.node.selection_set.node, ty, page);
        self.known.insert((name, page), cost);
        cost
    }

    fn field(&mut self, field: &'a Field, ty: &str, page: usize) -> usize {
        let name = field.name.node.as_str();
        if self.introspects || name == "__schema" || name == "__type" {
            return self.schema_field(field);
        }
        // What the schema does not have is the validation's to report; a type's name does nothing.
        let Some(shape) = self.shape.field(ty, name).cloned() else { return 0 };
        let dear = size_of(&DEAR, name).filter(|_| ty == "Query").unwrap_or_default();
        let extra = if ty == "Mutation" { MUTATION } else { dear };
        if !shape.composite {
            return extra;
        }
        let (times, page) = self.times(field, &shape, page);
        let child = self.set(&field.selection_set.node, &shape.ty, page);
        child.saturating_add(1).saturating_mul(times).saturating_add(extra)
    }

    /// How often a field's object comes, and the size of the page for what is inside it.
    fn times(&self, field: &Field, shape: &FieldShape, page: usize) -> (usize, usize) {
        let name = field.name.node.as_str();
        if shape.ty.ends_with("Connection") {
            return (1, self.page_size(field));
        }
        if !shape.list {
            return (1, page);
        }
        if matches!(name, "nodes" | "edges") {
            return (page, 1);
        }
        (size_of(&LISTS, name).unwrap_or(LIST), 1)
    }

    fn page_size(&self, field: &Field) -> usize {
        let argument = field.get_argument("first").or_else(|| field.get_argument("last"));
        let Some(argument) = argument else { return DEFAULT_PAGE };
        let value = argument.node.clone().into_const_with(|name| self.variable(&name).ok_or(()));
        let number = match value {
            Ok(Value::Number(number)) => number.as_i64(),
            _ => None,
        };
        // More than a page is refused when it is read.
        number.map_or(DEFAULT_PAGE, |number| usize::try_from(number).unwrap_or(0).min(self.limits.page_size))
    }

    fn variable(&self, name: &Name) -> Option<Value> {
        let default = || {
            let mut definitions = self.operation.variable_definitions.iter();
            definitions.find(|it| it.node.name.node == *name)?.node.default_value.as_ref().map(|it| &it.node)
        };
        self.variables.get(name).or_else(default).cloned()
    }

    fn schema_field(&mut self, field: &'a Field) -> usize {
        let before = std::mem::replace(&mut self.introspects, true);
        let child = self.set(&field.selection_set.node, "", 1);
        self.introspects = before;
        if field.selection_set.node.items.is_empty() {
            return 0;
        }
        child.saturating_add(1).saturating_mul(size_of(&SCHEMA_LISTS, field.name.node.as_str()).unwrap_or(1))
    }
}

fn size_of(sizes: &[(&str, usize)], name: &str) -> Option<usize> {
    sizes.iter().find(|(list, _)| *list == name).map(|(_, size)| *size)
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::json;

    use super::*;

    const SDL: &str = "
        type Query { things(first: Int): ThingConnection! shop: Shop }
        type Mutation { thingMake: Shop }
        type Shop { name: String! }
        type ThingConnection { nodes: [Thing!]! pageInfo: Shop! totalCount: Int }
        type Thing { id: ID! shop: Shop! lines: [Shop!]! tags: [String!]! things(first: Int): ThingConnection! }
    ";

    fn cost(text: &str) -> Result<usize, String> {
        let document = parse_query(text).expect("parses");
        let (_, operation) = document.operations.iter().next().expect("an operation");
        let variables = Variables::from_json(json!({"n": 7}));
        check(&Shape::of_sdl(SDL), &document, &operation.node, &variables, &Limits::default())
            .map_err(|error| error.message)
    }

    #[test]
    fn lists_multiply() {
        for (text, expected) in [
            ("{ shop { name } }", 1),
            ("mutation { thingMake { name } }", 11),
            ("{ things(first: 10) { totalCount nodes { id tags } } }", 11),
            ("{ things { nodes { id } } }", 21),
            ("query($n: Int) { things(first: $n) { nodes { ...T } } } fragment T on Thing { shop { name } }", 15),
            ("query($m: Int = 3) { things(first: $m) { nodes { lines { name } } } }", 34),
            ("{ things(first: 10) { nodes { things(first: 10) { nodes { id } } } } }", 121),
        ] {
            assert_eq!(cost(text), Ok(expected), "{text}");
        }
        let nested = "{ things(first: 100) { nodes { things(first: 100) { nodes { id } } } } }";
        assert!(cost(nested).is_err());
    }

    #[test]
    fn introspection_is_measured_alone() {
        assert!(cost("{ __schema { types { name fields { name args { name type { name } } } } } }").is_ok());
        let unfolded = "{ __schema { types { fields { type { fields { type { fields { type { fields { name }}}}}}}}} }";
        assert!(cost(unfolded).is_err());
    }
}
