//! Fields of one answer that cannot be one.
//!
//! The library reports every pair of such fields, once for each argument in which they differ: two
//! thousand tokens make hundreds of thousands of errors, and as much memory as they like. So the
//! first one ends it here, by the rule the library has.

use std::collections::{HashMap, HashSet};

use async_graphql::parser::types::{ExecutableDocument, Field, Selection, SelectionSet};
use async_graphql::{Positioned, ServerError};

use super::super::errors::{Code, error};

/// Refuses a document in which two fields of one selection have the same name in the answer, and are
/// not the same field with the same arguments. Its size has been checked.
pub fn check(document: &ExecutableDocument) -> Result<(), ServerError> {
    let operations = document.operations.iter().map(|(_, operation)| &operation.node.selection_set.node);
    let fragments = document.fragments.values().map(|fragment| &fragment.node.selection_set.node);
    operations.chain(fragments).try_for_each(|set| check_set(document, set))
}

fn check_set(document: &ExecutableDocument, set: &SelectionSet) -> Result<(), ServerError> {
    Answer { document, fields: HashMap::new(), spread: HashSet::new() }.add(None, set)?;
    set.items.iter().try_for_each(|item| match &item.node {
        Selection::Field(field) => check_set(document, &field.node.selection_set.node),
        Selection::InlineFragment(inline) => check_set(document, &inline.node.selection_set.node),
        Selection::FragmentSpread(_) => Ok(()),
    })
}

/// The fields of one object of the answer.
struct Answer<'a> {
    document: &'a ExecutableDocument,
    /// By the type they are asked of, if a fragment says it, and by name.
    fields: HashMap<(Option<&'a str>, &'a str), &'a Positioned<Field>>,
    spread: HashSet<&'a str>,
}

impl<'a> Answer<'a> {
    fn add(&mut self, ty: Option<&'a str>, set: &'a SelectionSet) -> Result<(), ServerError> {
        set.items.iter().try_for_each(|item| match &item.node {
            Selection::Field(field) => self.add_field(ty, field),
            Selection::InlineFragment(inline) => {
                let condition = inline.node.type_condition.as_ref();
                self.add(condition.map(|it| it.node.on.node.as_str()), &inline.node.selection_set.node)
            }
            Selection::FragmentSpread(spread) => {
                let name = spread.node.fragment_name.node.as_str();
                let Some(fragment) = self.document.fragments.get(name) else { return Ok(()) };
                let ty = fragment.node.type_condition.node.on.node.as_str();
                if self.spread.insert(name) { self.add(Some(ty), &fragment.node.selection_set.node) } else { Ok(()) }
            }
        })
    }

    fn add_field(&mut self, ty: Option<&'a str>, field: &'a Positioned<Field>) -> Result<(), ServerError> {
        let name = field.node.response_key().node.as_str();
        match self.fields.insert((ty, name), field) {
            Some(known) if !is_same(&known.node, &field.node) => Err(conflict(name, known, field)),
            _ => Ok(()),
        }
    }
}

fn is_same(one: &Field, other: &Field) -> bool {
    let mut arguments = one.arguments.iter();
    one.name.node == other.name.node
        && one.arguments.len() == other.arguments.len()
        && arguments.all(|(name, value)| other.get_argument(&name.node).is_some_and(|it| it.node == value.node))
}

fn conflict(name: &str, one: &Positioned<Field>, other: &Positioned<Field>) -> ServerError {
    let name: String = name.chars().take(80).collect();
    let message = format!("two fields are both called \"{name}\" in the answer and differ: give one an alias");
    let mut it = error(Code::GraphqlValidationFailed, message);
    it.locations = vec![one.pos, other.pos];
    it
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    #[test]
    fn fields_of_one_name_are_the_same_field() {
        for (text, good) in [
            ("{ a a a: a b(c: 1, d: $e) b(d: $e, c: 1) }", true),
            ("{ a: b a: c }", false),
            ("{ a(b: 1) a(b: 2) }", false),
            ("{ a(b: 1) a }", false),
            ("{ x { ... on T { a: b } ... on U { a: c } } }", true),
            ("{ x { ... on T { a: b } ... on T { a: c } } }", false),
            ("{ x { ... { a: b } a: c } }", false),
            ("{ x { ...F ... on T { a: c } } } fragment F on T { a: b }", false),
            ("{ x } fragment F on T { a(b: 1) a(b: 2) }", false),
            ("{ x { ...F ...F } } fragment F on T { a ...F }", true),
        ] {
            assert_eq!(check(&parse_query(text).expect("parses")).is_ok(), good, "{text}");
        }
    }
}
