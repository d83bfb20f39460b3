//! Counts a parsed document with its fragments spread; each fragment is counted once.

use std::collections::HashMap;

use async_graphql::parser::types::{ExecutableDocument, OperationDefinition, OperationType, Selection, SelectionSet};
use async_graphql::{Name, Positioned, ServerError};

use super::super::errors::{Code, error};
use super::too_much;
use crate::platform::limits::Limits;

/// What a piece of a document amounts to once its fragments are spread.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Size {
    /// Fields, spreads and inline fragments.
    selections: usize,
    aliases: usize,
    directives: usize,
    /// Fields one within the other.
    depth: usize,
    /// Fields on the outermost level.
    root_fields: usize,
}

impl Size {
    fn beside(self, other: Self) -> Self {
        Self {
            selections: self.selections.saturating_add(other.selections),
            aliases: self.aliases.saturating_add(other.aliases),
            directives: self.directives.saturating_add(other.directives),
            depth: self.depth.max(other.depth),
            root_fields: self.root_fields.saturating_add(other.root_fields),
        }
    }
}

/// Refuses a document of which any operation is too large. Every operation counts, since the
/// library validates all of them.
pub fn check(document: &ExecutableDocument, limits: &Limits) -> Result<(), ServerError> {
    let mut counter = Counter { document, known: HashMap::new() };
    // A fragment that nothing spreads is validated too.
    let mut unused = Size::default();
    for name in document.fragments.keys() {
        unused = unused.beside(counter.fragment(name)?);
    }
    let mut whole = 0_usize;
    for (_, operation) in document.operations.iter() {
        let operation = &operation.node;
        let size = counter.operation(operation)?;
        let depth = if is_introspection(document, operation) { limits.introspection_depth } else { limits.depth };
        whole = whole.saturating_add(size.selections);
        if operation.ty == OperationType::Subscription && size.root_fields > 1 {
            return Err(error(Code::GraphqlValidationFailed, "a subscription has one field at its root"));
        }
        for (what, count, limit) in [
            ("selections", whole, limits.selections),
            ("levels", size.depth, depth),
            ("aliases", size.aliases, limits.aliases),
            ("directives", size.directives, limits.directives),
            ("fields at the root", size.root_fields, limits.root_fields),
        ] {
            if count > limit {
                return Err(too_much(what, limit));
            }
        }
    }
    if unused.selections > limits.selections {
        return Err(too_much("selections", limits.selections));
    }
    Ok(())
}

/// Whether the operation asks for nothing but the schema itself: measured apart, so that explorers
/// and code generators work.
pub fn is_introspection(document: &ExecutableDocument, operation: &OperationDefinition) -> bool {
    let items = &operation.selection_set.node.items;
    !items.is_empty() && items.iter().all(|item| selects_schema(document, &item.node, 8))
}

fn selects_schema(document: &ExecutableDocument, selection: &Selection, levels: usize) -> bool {
    let all = |set: &SelectionSet| {
        levels > 0 && set.items.iter().all(|item| selects_schema(document, &item.node, levels - 1))
    };
    match selection {
        Selection::Field(field) => field.node.name.node.starts_with("__"),
        Selection::InlineFragment(inline) => all(&inline.node.selection_set.node),
        Selection::FragmentSpread(spread) => document
            .fragments
            .get(&spread.node.fragment_name.node)
            .is_some_and(|fragment| all(&fragment.node.selection_set.node)),
    }
}

struct Counter<'a> {
    document: &'a ExecutableDocument,
    /// `None` while a fragment is being counted: meeting it again then is a cycle.
    known: HashMap<&'a Name, Option<Size>>,
}

impl<'a> Counter<'a> {
    fn operation(&mut self, operation: &'a OperationDefinition) -> Result<Size, ServerError> {
        let mut size = self.set(&operation.selection_set)?;
        let of_variables: usize = operation.variable_definitions.iter().map(|it| it.node.directives.len()).sum();
        size.directives = size.directives.saturating_add(operation.directives.len() + of_variables);
        Ok(size)
    }

    fn set(&mut self, set: &'a Positioned<SelectionSet>) -> Result<Size, ServerError> {
        set.node.items.iter().try_fold(Size::default(), |sum, item| Ok(sum.beside(self.selection(&item.node)?)))
    }

    fn selection(&mut self, selection: &'a Selection) -> Result<Size, ServerError> {
        let (mut size, directives) = match selection {
            Selection::Field(field) => {
                let field = &field.node;
                let mut size = self.set(&field.selection_set)?;
                size.depth += 1;
                size.root_fields = 1;
                size.aliases = size.aliases.saturating_add(usize::from(field.alias.is_some()));
                (size, field.directives.len())
            }
            Selection::InlineFragment(inline) => (self.set(&inline.node.selection_set)?, inline.node.directives.len()),
            Selection::FragmentSpread(spread) => {
                (self.fragment(&spread.node.fragment_name.node)?, spread.node.directives.len())
            }
        };
        size.selections = size.selections.saturating_add(1);
        size.directives = size.directives.saturating_add(directives);
        Ok(size)
    }

    fn fragment(&mut self, name: &'a Name) -> Result<Size, ServerError> {
        let cycle = || error(Code::GraphqlValidationFailed, format!("the fragment {name} spreads itself"));
        if let Some(known) = self.known.get(name) {
            return known.ok_or_else(cycle);
        }
        // An unknown fragment is the validation's to report.
        let Some(fragment) = self.document.fragments.get(name) else { return Ok(Size::default()) };
        self.known.insert(name, None);
        let mut size = self.set(&fragment.node.selection_set)?;
        size.directives = size.directives.saturating_add(fragment.node.directives.len());
        self.known.insert(name, Some(size));
        Ok(size)
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    fn refusal(text: &str) -> Option<String> {
        let document = parse_query(text).expect("parses");
        check(&document, &Limits::default()).err().map(|error| error.message)
    }

    #[test]
    fn a_fragment_bomb_is_counted_once() {
        let mut text = "{ ...F0 }".to_owned();
        for level in 0..30 {
            text += &format!(" fragment F{level} on Query {{ ...F{next} ...F{next} }}", next = level + 1);
        }
        text += " fragment F30 on Query { __typename }";
        let begun = std::time::Instant::now();
        assert!(refusal(&text).is_some_and(|message| message.contains("selections")));
        assert!(begun.elapsed().as_millis() < 100);
    }

    #[test]
    fn what_is_too_much_is_named() {
        let aliases = format!("{{ {} }}", (0..31).map(|n| format!("a{n}: b ")).collect::<String>());
        let roots = format!("{{ {} }}", "b ".repeat(21));
        let directives = format!("{{ b {} }}", "@include(if: true) ".repeat(21));
        for (text, what) in [
            ("{ a { b } }".to_owned(), None),
            (format!("{{ a {} {{ b }} {} }}", "{ a ".repeat(11), "}".repeat(11)), Some("levels")),
            (aliases, Some("aliases")),
            (roots, Some("fields at the root")),
            (directives, Some("directives")),
            ("{ ...A } fragment A on Q { ...B } fragment B on Q { ...A }".to_owned(), Some("spreads itself")),
        ] {
            let refusal = refusal(&text);
            match what {
                None => assert_eq!(refusal, None),
                Some(what) => assert!(refusal.is_some_and(|it| it.contains(what)), "{text}"),
            }
        }
    }
}
