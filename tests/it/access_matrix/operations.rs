//! Every operation, as everybody.

use std::collections::BTreeSet;

use consign::identity::Permission;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::askers::{self, Asker, Kind, Outcome};
use super::model::Model;
use super::rows::{Root, Row, nothing, rows};
use super::snapshot::Snapshots;
use super::world::World;
use crate::support::gql::Answer;

pub async fn every_operation_has_a_row() {
    let model = Model::load();
    for root in [Root::Query, Root::Mutation, Root::Subscription] {
        let there: BTreeSet<&str> = model.fields(root.type_name()).iter().map(|it| it.name.as_str()).collect();
        let rows = rows();
        let listed: BTreeSet<&str> = rows.iter().filter(|row| row.root == root).map(Row::field).collect();
        assert_eq!(there, listed, "the fields of {}, and the rows here", root.type_name());
    }
}

/// The refused come first, with a look at the database behind each operation: nothing may have changed.
pub async fn every_operation_lets_through_whom_it_should(world: &World) {
    let model = Model::load();
    let all = askers::everybody(world).await;
    let snapshots = Snapshots::of(&world.app.app).await;
    let mut wrong = Vec::new();
    for row in rows().iter().filter(|row| row.root != Root::Subscription) {
        let askers = askers::nine(&all, row.gate.permission().unwrap_or(Permission::Catalog));
        let test = Test { row, world, model: &model };
        let (may, may_not): (Vec<_>, Vec<_>) =
            askers.into_iter().partition(|asker| asker.outcome(row) == Outcome::Allowed);
        wrong.extend(test.all_refused(&may_not, &snapshots).await);
        for (index, asker) in may.into_iter().enumerate() {
            wrong.extend(test.allowed(asker, index == 0).await);
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// How often refusals are tried before a change beside them counts as theirs.
const ATTEMPTS: usize = 4;

/// One operation in one world.
struct Test<'a> {
    row: &'a Row,
    world: &'a World,
    model: &'a Model,
}

impl Test<'_> {
    async fn ask(&self, asker: &Asker, call: &str) -> Answer {
        let (row, model) = (self.row, self.model);
        let answer = model.answer(row.root, row.field());
        let selection = match row.root {
            Root::Mutation => format!("{{ {} }}", model.select(answer)),
            _ if model.is_composite(answer) => "{ __typename }".to_owned(),
            _ => String::new(),
        };
        asker.client.run(&format!("{} {{ {call} {selection} }}", row.root.keyword()), json!({})).await
    }

    /// What is wrong about the answers to those who may not, and what they changed all the same.
    async fn all_refused(&self, askers: &[&Asker], snapshots: &Snapshots) -> Vec<String> {
        let (mut wrong, mut changed) = (Vec::new(), Vec::new());
        // The payment provider sends its news when it likes: what changes every time is no news.
        for _ in 0..ATTEMPTS {
            let before = snapshots.take().await;
            wrong = join_all(askers.iter().map(|asker| self.refused(asker))).await.into_iter().flatten().collect();
            let after = snapshots.take().await;
            changed = after.keys().filter(|it| before.get(*it) != after.get(*it)).cloned().collect();
            if changed.is_empty() {
                break;
            }
        }
        wrong.extend(changed.iter().map(|it| format!("{} was refused and changed {it}", self.row.field())));
        wrong
    }

    /// What is wrong about the answer to somebody who may not, if anything.
    async fn refused(&self, asker: &Asker) -> Option<String> {
        let row = self.row;
        let real = self.ask(asker, &asker.real(row, self.world)).await;
        let value = &real.body["data"][row.field()];
        let right = match asker.outcome(row) {
            Outcome::Refused(code) => real.codes() == [code] && value.is_null(),
            _ if !real.codes().is_empty() => false,
            _ if row.root == Root::Query => value.is_null(),
            _ => is_not_found(value),
        };
        let what = |why: &str| Some(format!("{} as {}: {why}: {}", row.field(), asker.name, real.body));
        if !right {
            return what("not refused as it should be");
        }
        // Nothing may tell whether what somebody asks for exists.
        let none = self.ask(asker, &row.filled(nothing)).await;
        if self.without_ids(&real.body) == self.without_ids(&none.body) { None } else { what("tells that it exists") }
    }

    /// Whoever holds a link has that of the supplier order the row is about.
    async fn with_link(&self, asker: &Asker) -> Asker {
        let mut asker = asker.clone();
        if asker.kind == Kind::Link {
            asker.client = self.world.linked(self.row.part()).await;
        }
        asker
    }

    /// What is wrong about the answer to somebody who may, if anything.
    async fn allowed(&self, asker: &Asker, first: bool) -> Option<String> {
        let row = self.row;
        let asker = &self.with_link(asker).await;
        let none = match row.missing {
            true => Some(self.ask(asker, &row.filled(nothing)).await),
            false => None,
        };
        let real = self.ask(asker, &asker.real(row, self.world)).await;
        let value = &real.body["data"][row.field()];
        let right = match row.root {
            _ if !real.codes().is_empty() => false,
            Root::Query => !row.missing || !value.is_null(),
            _ if row.works && first => value["userErrors"] == json!([]),
            _ => !is_not_found(value),
        };
        if !right {
            return Some(format!("{} as {}: not let through: {}", row.field(), asker.name, real.body));
        }
        let none = none?;
        let value = &none.body["data"][row.field()];
        let missing = none.codes().is_empty() && if row.root == Root::Query { value.is_null() } else { is_not_found(value) };
        (!missing).then(|| format!("{} as {}: found what is not there: {}", row.field(), asker.name, none.body))
    }

    /// The data and the errors, with all ids of the world replaced by those that name nothing.
    fn without_ids(&self, body: &Value) -> String {
        let text = json!([body["data"], body["errors"]]).to_string();
        self.world.words().fold(text, |text, (word, value)| text.replace(value, &nothing(word)))
    }
}

/// Whether a mutation's payload says `NOT_FOUND`, and nothing else.
fn is_not_found(payload: &Value) -> bool {
    let Some(fields) = payload.as_object() else { return false };
    fields.iter().all(|(name, value)| match name.as_str() {
        "userErrors" => value.as_array().is_some_and(|all| all.len() == 1 && all[0]["code"] == "NOT_FOUND"),
        _ => value.is_null() || *value == json!([]) || *value == json!(false),
    })
}
