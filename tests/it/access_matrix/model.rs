//! The schema, as the SDL has it.

use std::collections::BTreeMap;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{BaseType, FieldDefinition, Type, TypeKind, TypeSystemDefinition};
use consign::graph;

use super::rows::Root;

/// One field.
#[derive(Debug, Clone)]
pub struct Field {
    pub name: String,
    /// The name of its type, inside of lists and non-nulls.
    pub ty: String,
    /// Whether it takes `first`.
    pub pages: bool,
}

/// The objects and interfaces, each with its fields.
pub struct Model {
    objects: BTreeMap<String, Vec<Field>>,
    interfaces: BTreeMap<String, Vec<String>>,
}

impl Model {
    /// Of the schema as it is.
    pub fn load() -> Self {
        let document = parse_schema(graph::sdl()).expect("the library reads what it wrote");
        let (mut objects, mut interfaces) = (BTreeMap::new(), BTreeMap::<String, Vec<String>>::new());
        for definition in document.definitions {
            let TypeSystemDefinition::Type(definition) = definition else { continue };
            let name = definition.node.name.node.to_string();
            match definition.node.kind {
                TypeKind::Object(object) => {
                    for interface in &object.implements {
                        interfaces.entry(interface.node.to_string()).or_default().push(name.clone());
                    }
                    objects.insert(name, object.fields.iter().map(|it| field(&it.node)).collect());
                }
                TypeKind::Interface(_) => {
                    interfaces.entry(name).or_default();
                }
                _ => {}
            }
        }
        Self { objects, interfaces }
    }

    /// The fields of an object; none for anything else.
    pub fn fields(&self, name: &str) -> &[Field] {
        self.objects.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// The field of an object.
    pub fn field(&self, object: &str, name: &str) -> &Field {
        let found = self.fields(object).iter().find(|it| it.name == name);
        found.unwrap_or_else(|| panic!("no field {object}.{name}"))
    }

    /// All objects but the roots, by name.
    pub fn objects(&self) -> impl Iterator<Item = (&str, &[Field])> {
        let all = self.objects.iter().map(|(name, fields)| (name.as_str(), fields.as_slice()));
        all.filter(|(name, _)| !matches!(*name, "Query" | "Mutation" | "Subscription"))
    }

    /// The objects of an interface.
    pub fn possible(&self, interface: &str) -> &[String] {
        self.interfaces.get(interface).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether a field of this type takes a selection.
    pub fn is_composite(&self, name: &str) -> bool {
        self.objects.contains_key(name) || self.interfaces.contains_key(name)
    }

    /// The type that a root field answers.
    pub fn answer(&self, root: Root, field: &str) -> &str {
        &self.field(root.type_name(), field).ty
    }

    /// All fields of an object, nested ones by their type's name only.
    pub fn select(&self, object: &str) -> String {
        let one = |field: &Field| match field.name.as_str() {
            "userErrors" => "userErrors { code field message }".to_owned(),
            _ => self.select_field(field),
        };
        self.fields(object).iter().map(one).collect::<Vec<_>>().join(" ")
    }

    /// One field, by its type's name only if it is nested.
    pub fn select_field(&self, field: &Field) -> String {
        let page = if field.pages { "(first: 1)" } else { "" };
        let nested = if self.is_composite(&field.ty) { " { __typename }" } else { "" };
        format!("{}{page}{nested}", field.name)
    }
}

impl Root {
    /// The name of the type.
    pub fn type_name(self) -> &'static str {
        match self {
            Self::Query => "Query",
            Self::Mutation => "Mutation",
            Self::Subscription => "Subscription",
        }
    }

    /// The keyword of its operations.
    pub fn keyword(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Mutation => "mutation",
            Self::Subscription => "subscription",
        }
    }
}

fn field(definition: &FieldDefinition) -> Field {
    let pages = definition.arguments.iter().any(|it| it.node.name.node == "first");
    Field { name: definition.name.node.to_string(), ty: inner(&definition.ty.node), pages }
}

fn inner(ty: &Type) -> String {
    match &ty.base {
        BaseType::Named(name) => name.to_string(),
        BaseType::List(item) => inner(item),
    }
}
