//! The schema as far as counting needs it: which fields a type has, of what type, and whether they
//! are lists.

use std::collections::{HashMap, HashSet};

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{BaseType, FieldDefinition, Type, TypeKind, TypeSystemDefinition};

/// The schema's types and fields.
#[derive(Debug, Default)]
pub struct Shape {
    fields: HashMap<String, HashMap<String, FieldShape>>,
    composite: HashSet<String>,
}

/// What a field is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldShape {
    /// The name of its type, without lists.
    pub ty: String,
    /// Whether it is a list.
    pub list: bool,
    /// Whether its type has fields of its own.
    pub composite: bool,
}

impl Shape {
    /// Reads the shape from the schema's own text.
    pub fn of_sdl(sdl: &str) -> Self {
        let document = parse_schema(sdl).expect("the library can read the schema it wrote");
        let mut shape = Self::default();
        for definition in document.definitions {
            let TypeSystemDefinition::Type(definition) = definition else { continue };
            let name = definition.node.name.node.to_string();
            let fields = match definition.node.kind {
                TypeKind::Object(object) => object.fields,
                TypeKind::Interface(interface) => interface.fields,
                TypeKind::Union(_) => vec![],
                _ => continue,
            };
            let fields = fields.iter().map(|field| (field.node.name.node.to_string(), field_shape(&field.node)));
            shape.fields.insert(name.clone(), fields.collect());
            shape.composite.insert(name);
        }
        let composite = &shape.composite;
        for field in shape.fields.values_mut().flat_map(HashMap::values_mut) {
            field.composite = composite.contains(&field.ty);
        }
        shape
    }

    /// The field `name` of the type `ty`.
    pub fn field(&self, ty: &str, name: &str) -> Option<&FieldShape> {
        self.fields.get(ty)?.get(name)
    }
}

impl Shape {
    /// The names of the fields of `ty`.
    pub fn names(&self, ty: &str) -> impl Iterator<Item = &String> {
        self.fields.get(ty).into_iter().flat_map(HashMap::keys)
    }
}

#[cfg(test)]
impl Shape {
    /// The types that have fields.
    pub fn types(&self) -> impl Iterator<Item = &String> {
        self.fields.keys()
    }

    /// The fields of `ty`.
    pub fn fields(&self, ty: &str) -> impl Iterator<Item = (&String, &FieldShape)> {
        self.fields.get(ty).into_iter().flatten()
    }
}

fn field_shape(field: &FieldDefinition) -> FieldShape {
    let (ty, list) = named(&field.ty.node);
    FieldShape { ty: ty.to_owned(), list, composite: false }
}

fn named(ty: &Type) -> (&str, bool) {
    match &ty.base {
        BaseType::Named(name) => (name.as_str(), false),
        BaseType::List(inner) => (named(inner).0, true),
    }
}
