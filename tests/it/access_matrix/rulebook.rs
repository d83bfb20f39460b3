//! The rules, ready to be asked.

use std::collections::{BTreeMap, BTreeSet};

use super::askers::Asker;
use super::model::{Field, Model};
use super::rows::rows;
use super::rules::{Class, PAYLOADS, Rule, TYPES};

/// The rules, by type and field.
pub struct Rules {
    classes: BTreeMap<String, Class>,
    fields: BTreeMap<(String, String), Rule>,
}

impl Rules {
    /// As the tables say.
    pub fn load(model: &Model) -> Self {
        let mut it = Self { classes: BTreeMap::new(), fields: BTreeMap::new() };
        for (names, class, groups) in TYPES {
            for name in names.split_whitespace() {
                it.classes.insert(name.to_owned(), *class);
                for (rule, fields) in *groups {
                    fields.split_whitespace().for_each(|field| it.set(name, field, *rule));
                }
            }
        }
        let mutations = rows();
        for (names, fields) in PAYLOADS {
            for name in names.split_whitespace() {
                let of = mutations.iter().filter(|row| model.answer(row.root, row.field()) == name);
                let class = of.map(|row| Class::behind(row.gate)).max().unwrap_or(Class::Store);
                it.classes.insert(name.to_owned(), class);
                fields.split_whitespace().chain(["userErrors"]).for_each(|field| it.set(name, field, Rule::Reached));
            }
        }
        it.add_structures(model);
        it
    }

    /// Connections, edges and user errors, as they must look.
    fn add_structures(&mut self, model: &Model) {
        for (name, fields) in model.objects() {
            let (expected, about) = match name {
                _ if name.ends_with("Connection") => ("edges nodes pageInfo totalCount", Some("nodes")),
                _ if name.ends_with("Edge") && fields.iter().any(|it| it.name == "node") => ("cursor node", Some("node")),
                _ if name.ends_with("UserError") => ("code field message", None),
                _ => continue,
            };
            expected.split_whitespace().for_each(|field| self.set(name, field, Rule::Reached));
            let class = match about {
                Some(field) => self.class(&model.field(name, field).ty),
                None => self.class_of_errors(model, name),
            };
            self.classes.insert(name.to_owned(), class);
        }
    }

    fn class_of_errors(&self, model: &Model, error: &str) -> Class {
        let holders = model.objects().filter(|(_, fields)| fields.iter().any(|it| it.ty == error));
        holders.map(|(name, _)| self.class(name)).max().unwrap_or(Class::Store)
    }

    fn set(&mut self, object: &str, field: &str, rule: Rule) {
        self.fields.insert((object.to_owned(), field.to_owned()), rule);
    }

    /// Who may know of the type; of one without a rule, and of what is no object, everybody.
    pub fn class(&self, name: &str) -> Class {
        self.classes.get(name).copied().unwrap_or(Class::Everybody)
    }

    /// The rule of a field.
    pub fn rule(&self, object: &str, field: &str) -> Option<Rule> {
        self.fields.get(&(object.to_owned(), field.to_owned())).copied()
    }

    /// Whether `asker`, who has reached the object, may read the field.
    pub fn admits(&self, asker: &Asker, object: &str, field: &Field) -> bool {
        let rule = self.rule(object, &field.name).is_some_and(|it| it.admits(asker));
        rule && self.class(&field.ty).admits(asker.kind)
    }

    /// All fields there are rules for.
    fn all(&self) -> BTreeSet<(String, String)> {
        self.fields.keys().cloned().collect()
    }
}

pub async fn every_field_has_a_rule() {
    let model = Model::load();
    let there: BTreeSet<(String, String)> = model
        .objects()
        .flat_map(|(object, fields)| fields.iter().map(move |it| (object.to_owned(), it.name.clone())))
        .collect();
    let ruled = Rules::load(&model).all();
    let missing: Vec<_> = there.difference(&ruled).collect();
    let gone: Vec<_> = ruled.difference(&there).collect();
    assert!(missing.is_empty() && gone.is_empty(), "without a rule: {missing:?}; rules of nothing: {gone:?}");
}
