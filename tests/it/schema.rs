//! The public contract: the schema as text, checked in and reviewed like code.

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, FieldDefinition, InputValueDefinition, Type, TypeDefinition, TypeKind, TypeSystemDefinition,
};
use consign::graph;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/schema.graphql");

crate::plain_tests![
    the_schema_is_the_one_that_was_reviewed,
    everything_is_described,
    roots_are_nullable_and_mutations_answer_with_user_errors,
];

async fn the_schema_is_the_one_that_was_reviewed() {
    let sdl = graph::sdl();
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(FILE, &sdl).expect("the schema is written");
    }
    let reviewed = std::fs::read_to_string(FILE).unwrap_or_default();
    let differs = sdl.lines().zip(reviewed.lines()).position(|(now, then)| now != then);
    assert!(
        sdl == reviewed,
        "the schema changed (first at line {}): run UPDATE_SCHEMA=1 cargo test --test it schema, and review the change",
        differs.unwrap_or_else(|| sdl.lines().count().min(reviewed.lines().count())) + 1
    );
}

fn types() -> Vec<TypeDefinition> {
    let document = parse_schema(graph::sdl()).expect("the library reads what it wrote");
    let definitions = document.definitions.into_iter();
    let types = definitions.filter_map(|definition| match definition {
        TypeSystemDefinition::Type(definition) => Some(definition.node),
        _ => None,
    });
    types.filter(|definition| !definition.name.node.starts_with("__")).collect()
}

async fn everything_is_described() {
    let mut missing = Vec::new();
    for definition in types() {
        let name = definition.name.node.to_string();
        let mut need = |place: String, described: bool| {
            if !described {
                missing.push(place);
            }
        };
        need(name.clone(), definition.description.is_some());
        match &definition.kind {
            TypeKind::Object(object) => fields(&name, object.fields.iter().map(|it| &it.node), &mut need),
            TypeKind::Interface(interface) => fields(&name, interface.fields.iter().map(|it| &it.node), &mut need),
            TypeKind::InputObject(input) => inputs(&name, input.fields.iter().map(|it| &it.node), &mut need),
            TypeKind::Enum(values) => {
                for value in &values.values {
                    need(format!("{name}.{}", value.node.value.node), value.node.description.is_some());
                }
            }
            TypeKind::Scalar | TypeKind::Union(_) => {}
        }
    }
    assert!(missing.is_empty(), "{} have no description:\n{}", missing.len(), missing.join("\n"));
}

fn fields<'a>(name: &str, fields: impl Iterator<Item = &'a FieldDefinition>, need: &mut impl FnMut(String, bool)) {
    for field in fields {
        let place = format!("{name}.{}", field.name.node);
        need(place.clone(), field.description.is_some());
        inputs(&place, field.arguments.iter().map(|it| &it.node), need);
    }
}

fn inputs<'a>(name: &str, inputs: impl Iterator<Item = &'a InputValueDefinition>, need: &mut impl FnMut(String, bool)) {
    for input in inputs {
        need(format!("{name}({})", input.name.node), input.description.is_some());
    }
}

async fn roots_are_nullable_and_mutations_answer_with_user_errors() {
    let types = types();
    let mut wrong = Vec::new();
    for definition in &types {
        let name = definition.name.node.as_str();
        let TypeKind::Object(object) = &definition.kind else { continue };
        let interfaces: Vec<&str> = object.implements.iter().map(|it| it.node.as_str()).collect();
        if name.ends_with("UserError") && !interfaces.contains(&"UserError") {
            wrong.push(format!("{name} does not implement UserError"));
        }
        if !matches!(name, "Query" | "Mutation") {
            continue;
        }
        for field in object.fields.iter().map(|it| &it.node) {
            if !field.ty.node.nullable {
                wrong.push(format!("{name}.{} is not nullable: its failure would null everything", field.name.node));
            }
            if name == "Mutation" && !has_user_errors(&types, &field.ty.node) {
                wrong.push(format!("{name}.{} answers without userErrors", field.name.node));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn has_user_errors(types: &[TypeDefinition], payload: &Type) -> bool {
    let BaseType::Named(name) = &payload.base else { return false };
    let definition = types.iter().find(|definition| definition.name.node == *name);
    let Some(TypeKind::Object(object)) = definition.map(|definition| &definition.kind) else { return false };
    let field = object.fields.iter().find(|field| field.node.name.node == "userErrors");
    field.is_some_and(|field| field.node.ty.node.to_string().ends_with("UserError!]!"))
}
