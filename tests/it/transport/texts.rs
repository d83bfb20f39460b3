//! No text is too long to be refused: every text the schema takes has a bound.

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{BaseType, InputValueDefinition, Type, TypeDefinition, TypeKind, TypeSystemDefinition};
use serde_json::{Value, json};

use crate::support::app::TestApp;

crate::engine_tests![a_text_of_any_length_is_refused_in_every_place];

/// The inputs of the schema.
struct Inputs(Vec<TypeDefinition>);

/// One place for a text: a root field, and the way through its arguments.
struct Place {
    root: &'static str,
    field: String,
    arguments: Vec<InputValueDefinition>,
    path: Vec<String>,
}

impl Inputs {
    fn read() -> Self {
        let document = parse_schema(consign::graph::sdl()).expect("the library reads what it wrote");
        let types = document.definitions.into_iter().filter_map(|definition| match definition {
            TypeSystemDefinition::Type(definition) => Some(definition.node),
            _ => None,
        });
        Self(types.collect())
    }

    fn kind(&self, name: &str) -> Option<&TypeKind> {
        self.0.iter().find(|definition| definition.name.node == name).map(|definition| &definition.kind)
    }

    fn fields(&self, name: &str) -> Vec<InputValueDefinition> {
        match self.kind(name) {
            Some(TypeKind::InputObject(input)) => input.fields.iter().map(|field| field.node.clone()).collect(),
            _ => vec![],
        }
    }

    /// The ways to every text below `fields`.
    fn ways(&self, fields: &[InputValueDefinition], above: &[String]) -> Vec<Vec<String>> {
        let mut ways = Vec::new();
        for field in fields {
            let way = [above, &[field.name.node.to_string()]].concat();
            match named(&field.ty.node) {
                "String" => ways.push(way),
                _ if above.len() > 5 => {}
                inner => ways.extend(self.ways(&self.fields(inner), &way)),
            }
        }
        ways
    }

    fn places(&self) -> Vec<Place> {
        let mut places = Vec::new();
        for root in ["Query", "Mutation"] {
            let Some(TypeKind::Object(object)) = self.kind(root) else { panic!("no {root}") };
            for field in &object.fields {
                let arguments: Vec<_> = field.node.arguments.iter().map(|it| it.node.clone()).collect();
                let place = |path| Place {
                    root,
                    field: field.node.name.node.to_string(),
                    arguments: arguments.clone(),
                    path,
                };
                places.extend(self.ways(&arguments, &[]).into_iter().map(place));
            }
        }
        places
    }

    /// Values for `fields`: what must be there, and `text` at the end of `path`.
    fn values(&self, fields: &[InputValueDefinition], path: &[String], text: &str) -> Value {
        let mut values = serde_json::Map::new();
        for field in fields {
            let name = field.name.node.to_string();
            let on_the_way = path.first().is_some_and(|first| *first == name);
            let needed = !field.ty.node.nullable && field.default_value.is_none();
            if on_the_way || needed {
                let rest = if on_the_way { &path[1..] } else { &[] };
                let text = if on_the_way { text } else { "a" };
                values.insert(name, self.value(&field.ty.node, rest, text));
            }
        }
        Value::Object(values)
    }

    fn value(&self, ty: &Type, path: &[String], text: &str) -> Value {
        let name = match &ty.base {
            BaseType::List(inner) => return json!([self.value(inner, path, text)]),
            BaseType::Named(name) => name.as_str(),
        };
        match (name, self.kind(name)) {
            (_, Some(TypeKind::InputObject(_))) => self.values(&self.fields(name), path, text),
            (_, Some(TypeKind::Enum(values))) => json!(values.values[0].node.value.node.to_string()),
            ("Int", _) => json!(1),
            ("Float", _) => json!(1.0),
            ("Boolean", _) => json!(true),
            ("Decimal", _) => json!("1"),
            ("CountryCode", _) => json!("DE"),
            ("CurrencyCode", _) => json!("EUR"),
            ("DateTime", _) => json!("2026-01-01T00:00:00Z"),
            ("URL", _) => json!("https://example.com/"),
            ("JSON", _) => json!({}),
            _ => json!(text),
        }
    }
}

fn named(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name.as_str(),
        BaseType::List(inner) => named(inner),
    }
}

impl Place {
    fn document(&self) -> String {
        let kind = self.root.to_lowercase();
        let names = || self.arguments.iter().map(|it| it.name.node.as_str());
        let variables: String = self.arguments.iter().map(|it| format!("${}: {} ", it.name.node, it.ty.node)).collect();
        let arguments: String = names().map(|name| format!("{name}: ${name} ")).collect();
        let rest = if self.root == "Mutation" { "{ userErrors { code } }" } else { "{ __typename }" };
        format!("{kind}({variables}) {{ {}({arguments}) {rest} }}", self.field)
    }
}

async fn a_text_of_any_length_is_refused_in_every_place(app: TestApp) {
    let inputs = Inputs::read();
    let clients = [app.as_owner().await, app.as_customer("ada@example.com").await, app.as_guest()];
    let places = inputs.places();
    assert!(places.len() > 100, "only {} places", places.len());
    let mut wrong = Vec::new();
    for place in &places {
        let document = place.document();
        // No field's bound is as high as the first; the second no field reaches at all.
        for length in [25_000, 60_000] {
            let variables = inputs.values(&place.arguments, &place.path, &"x".repeat(length));
            for client in &clients {
                let answer = client.run(&document, variables.clone()).await;
                let codes = answer.codes();
                let sound = ["BAD_USER_INPUT", "NOT_FOUND", "FORBIDDEN", "UNAUTHENTICATED"];
                let refused = codes.iter().all(|code| sound.contains(&code.as_str())) && !codes.is_empty();
                let data = &answer.body["data"][&place.field];
                let said = data["userErrors"].as_array().is_some_and(|errors| !errors.is_empty());
                // What is looked up by a text may simply not be there.
                let nothing = place.root == "Query" && codes.is_empty();
                let good = if length > 30_000 { codes == ["BAD_USER_INPUT"] } else { refused || said || nothing };
                if !good {
                    wrong.push(format!("{}.{}: {length}: {}", place.field, place.path.join("."), answer.body));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
