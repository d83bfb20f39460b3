//! Counts a parsed document with its fragments spread; each fragment is counted once.

use std::collections::HashMap;
use std::convert::Infallible;

use async_graphql::parser::types::{
    Directive, ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet,
};
use async_graphql::{Name, Positioned, ServerError, Value};

use super::super::errors::{Code, error};
use super::{too_much, values};
use crate::platform::limits::Limits;

/// How deep selections may stand within each other, fragments counted: the library gives up at 32
/// with words of its own.
const SETS: usize = 32;

/// What a piece of a document amounts to once its fragments are spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Fields, spreads and inline fragments.
    pub selections: usize,
    /// Arguments and all values in them.
    pub values: usize,
    /// Fields with a name of the client's own.
    pub aliases: usize,
    /// Directives, wherever they stand.
    pub directives: usize,
    /// Fields one within the other.
    pub depth: usize,
    /// Selections one within the other, of whatever kind.
    pub sets: usize,
    /// Fields on the outermost level.
    pub root_fields: usize,
    /// Whether all fields of the outermost level are about the schema itself.
    pub introspects: bool,
    /// Whether any field asks for the schema.
    pub asks_for_schema: bool,
}

impl Size {
    /// Of nothing.
    const NONE: Self = Self {
        selections: 0,
        values: 0,
        aliases: 0,
        directives: 0,
        depth: 0,
        sets: 0,
        root_fields: 0,
        introspects: true,
        asks_for_schema: false,
    };

    fn beside(self, other: Self) -> Self {
        Self {
            selections: self.selections.saturating_add(other.selections),
            values: self.values.saturating_add(other.values),
            aliases: self.aliases.saturating_add(other.aliases),
            directives: self.directives.saturating_add(other.directives),
            depth: self.depth.max(other.depth),
            sets: self.sets.max(other.sets),
            root_fields: self.root_fields.saturating_add(other.root_fields),
            introspects: self.introspects && other.introspects,
            asks_for_schema: self.asks_for_schema || other.asks_for_schema,
        }
    }

    /// Refuses what is larger than the limits.
    fn check(&self, limits: &Limits) -> Result<(), ServerError> {
        let depth = if self.introspects { limits.introspection_depth } else { limits.depth };
        for (what, count, limit) in [
            ("selections", self.selections, limits.selections),
            ("arguments and values", self.values, limits.query_tokens),
            ("levels", self.depth, depth),
            ("aliases", self.aliases, limits.aliases),
            ("directives", self.directives, limits.directives),
            ("nested selections", self.sets, SETS),
        ] {
            if count > limit {
                return Err(too_much(what, limit));
            }
        }
        Ok(())
    }
}

/// Refuses a document of which any operation is too large, or all of them together are. Every
/// operation counts, and every fragment that none of them spreads, since the library validates all.
pub fn check(document: &ExecutableDocument, limits: &Limits) -> Result<(), ServerError> {
    let mut counter = Counter { document, limits, known: HashMap::new(), sets: 0 };
    let mut whole = Size::NONE;
    for (_, operation) in document.operations.iter() {
        let size = counter.operation(&operation.node)?;
        if operation.node.ty == OperationType::Subscription && size.root_fields > 1 {
            return Err(error(Code::GraphqlValidationFailed, "a subscription has one field at its root"));
        }
        size.check(limits)?;
        if size.root_fields > limits.root_fields {
            return Err(too_much("fields at the root", limits.root_fields));
        }
        whole = Size { depth: 0, aliases: 0, directives: 0, ..whole.beside(size) };
        whole.check(limits)?;
    }
    let mut unused = Size::NONE;
    for name in document.fragments.keys() {
        if !counter.known.contains_key(name) {
            // Others that it spreads are counted again: nobody needs many of them.
            unused = unused.beside(counter.fragment(name)?);
        }
    }
    unused.check(limits)
}

/// What `operation` amounts to. The document has been checked.
pub fn measure(document: &ExecutableDocument, operation: &OperationDefinition, limits: &Limits) -> Option<Size> {
    Counter { document, limits, known: HashMap::new(), sets: 0 }.operation(operation).ok()
}

/// Whether the operation asks for nothing but the schema itself: measured apart, so that explorers
/// and code generators work.
pub fn is_introspection(document: &ExecutableDocument, operation: &OperationDefinition, limits: &Limits) -> bool {
    let is_other = |item: &Positioned<Selection>| match &item.node {
        Selection::Field(field) => !field.node.name.node.starts_with("__"),
        Selection::InlineFragment(_) | Selection::FragmentSpread(_) => false,
    };
    // Nearly every operation begins with a field of the schema, and needs no counting.
    if operation.selection_set.node.items.iter().any(is_other) {
        return false;
    }
    measure(document, operation, limits).is_some_and(|size| size.introspects && size.root_fields > 0)
}

struct Counter<'a> {
    document: &'a ExecutableDocument,
    limits: &'a Limits,
    /// `None` while a fragment is being counted: meeting it again then is a cycle.
    known: HashMap<&'a Name, Option<Size>>,
    /// How many selections the one that is being counted stands in.
    sets: usize,
}

impl<'a> Counter<'a> {
    fn operation(&mut self, operation: &'a OperationDefinition) -> Result<Size, ServerError> {
        let mut size = self.set(&operation.selection_set)?;
        self.directives(&mut size, &operation.directives)?;
        for definition in &operation.variable_definitions {
            self.directives(&mut size, &definition.node.directives)?;
            if let Some(default) = &definition.node.default_value {
                size.values = size.values.saturating_add(values::count(&default.node, self.limits)?);
            }
        }
        Ok(size)
    }

    fn set(&mut self, set: &'a Positioned<SelectionSet>) -> Result<Size, ServerError> {
        if set.node.items.is_empty() {
            return Ok(Size::NONE);
        }
        // A chain of fragments could otherwise lead deeper than the stack does.
        if self.sets > SETS {
            return Err(too_much("nested selections", SETS));
        }
        self.sets += 1;
        let size = set.node.items.iter().try_fold(Size::NONE, |sum, item| Ok(sum.beside(self.selection(&item.node)?)));
        self.sets -= 1;
        size.map(|size| Size { sets: size.sets + 1, ..size })
    }

    fn selection(&mut self, selection: &'a Selection) -> Result<Size, ServerError> {
        let (mut size, directives) = match selection {
            Selection::Field(field) => (self.field(&field.node)?, &field.node.directives),
            Selection::InlineFragment(inline) => (self.set(&inline.node.selection_set)?, &inline.node.directives),
            Selection::FragmentSpread(spread) => {
                (self.fragment(&spread.node.fragment_name.node)?, &spread.node.directives)
            }
        };
        size.selections = size.selections.saturating_add(1);
        self.directives(&mut size, directives)?;
        Ok(size)
    }

    fn field(&mut self, field: &'a Field) -> Result<Size, ServerError> {
        let mut size = self.set(&field.selection_set)?;
        size.depth += 1;
        size.root_fields = 1;
        size.introspects = field.name.node.starts_with("__");
        size.asks_for_schema |= matches!(field.name.node.as_str(), "__schema" | "__type");
        size.aliases = size.aliases.saturating_add(usize::from(field.alias.is_some()));
        for (_, value) in &field.arguments {
            size.values = size.values.saturating_add(1 + self.values(&value.node)?);
        }
        Ok(size)
    }

    fn directives(&self, size: &mut Size, directives: &[Positioned<Directive>]) -> Result<(), ServerError> {
        size.directives = size.directives.saturating_add(directives.len());
        for (_, value) in directives.iter().flat_map(|directive| &directive.node.arguments) {
            size.values = size.values.saturating_add(1 + self.values(&value.node)?);
        }
        Ok(())
    }

    fn values(&self, value: &async_graphql_value::Value) -> Result<usize, ServerError> {
        // What a variable holds is counted with the variables.
        let value = value.clone().into_const_with(|_| Ok::<_, Infallible>(Value::Null)).unwrap_or_default();
        values::count(&value, self.limits)
    }

    fn fragment(&mut self, name: &'a Name) -> Result<Size, ServerError> {
        let cycle = || error(Code::GraphqlValidationFailed, format!("the fragment {name} spreads itself"));
        if let Some(known) = self.known.get(name) {
            return known.ok_or_else(cycle);
        }
        // An unknown fragment is the validation's to report.
        let Some(fragment) = self.document.fragments.get(name) else { return Ok(Size::NONE) };
        self.known.insert(name, None);
        let mut size = self.set(&fragment.node.selection_set)?;
        self.directives(&mut size, &fragment.node.directives)?;
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

    /// Fragments of which each spreads the next one `times` times.
    fn bomb(levels: usize, times: usize) -> String {
        let mut text = "{ ...F0 }".to_owned();
        for level in 0..levels {
            let spreads = format!("...F{} ", level + 1).repeat(times);
            text += &format!(" fragment F{level} on Query {{ {spreads}}}");
        }
        text + &format!(" fragment F{levels} on Query {{ __typename }}")
    }

    #[test]
    fn a_fragment_bomb_is_counted_once() {
        for (levels, times) in [(30, 2), (8, 100), (3, 400)] {
            let begun = std::time::Instant::now();
            let refusal = refusal(&bomb(levels, times));
            assert!(refusal.is_some_and(|message| message.contains("selections")), "{levels} {times}");
            assert!(begun.elapsed().as_millis() < 500);
        }
        assert!(refusal(&bomb(200, 1)).is_some_and(|message| message.contains("nested selections")));
    }

    #[test]
    fn what_is_too_much_is_named() {
        let aliases = format!("{{ {} }}", (0..31).map(|n| format!("a{n}: b ")).collect::<String>());
        let roots = format!("{{ {} }}", "b ".repeat(21));
        let directives = format!("{{ b {} }}", "@include(if: true) ".repeat(21));
        let list = format!("{{ b(c: [{}]) }}", "1 ".repeat(251));
        let values = format!("{{ {} }} fragment A on Q {{ b(c: [{}]) }}", "a { ...A } ".repeat(10), "1 ".repeat(200));
        for (text, what) in [
            ("{ a { b } }".to_owned(), None),
            (format!("{{ a {} {{ b }} {} }}", "{ a ".repeat(11), "}".repeat(11)), Some("levels")),
            (aliases, Some("aliases")),
            (roots, Some("fields at the root")),
            (directives, Some("directives")),
            (format!("{{ a }} fragment A on Q {} {{ b }}", "@b ".repeat(21)), Some("directives")),
            (format!("query ({}) {{ a }}", "$a: B @c ".repeat(21)), Some("directives")),
            (list, Some("a list has more than 250 items")),
            (values, Some("arguments and values")),
            ("{ ...A } fragment A on Q { ...B } fragment B on Q { ...A }".to_owned(), Some("spreads itself")),
            ("{ a } fragment A on Q { ...A }".to_owned(), Some("spreads itself")),
        ] {
            let refusal = refusal(&text);
            match what {
                None => assert_eq!(refusal, None),
                Some(what) => assert!(refusal.is_some_and(|it| it.contains(what)), "{text}"),
            }
        }
    }
}
