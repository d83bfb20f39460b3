//! Every field of every type, on every way there is to it, as everybody.
//!
//! From each operation that lets somebody through, the test follows every field they may read to the
//! next object, until there is nothing new; at each it reads all fields, and compares what it got with
//! the rules. What nobody may follow is read too, and must be null or refused.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::askers::{self, Asker, Kind, Outcome};
use super::model::{Field, Model};
use super::rows::{Gate, Root, rows};
use super::rulebook::Rules;
use super::rules::{Class, EMPTY, NODES, PAYLOADS, Rule};
use super::world::{MARKERS, World};

/// What was shown on one way: fields with the objects they were shown of, and a flag of that way.
type Seen<'a> = (BTreeSet<(&'a [String], &'a str)>, bool);

/// How long a stream may take for its next event.
const PATIENCE: Duration = Duration::from_secs(5);
/// Operations that answer everybody with their own.
const SCOPED: [&str; 2] = ["me", "supplierOrders"];

pub async fn every_field_shows_to_whom_it_should(world: &Arc<World>) {
    let model = Arc::new(Model::load());
    let rules = Arc::new(Rules::load(&model));
    let mut tasks = tokio::task::JoinSet::new();
    for asker in askers::everybody(world).await {
        let reader = Reader::new(asker, world, &model, &rules);
        tasks.spawn(reader.read_everything());
    }
    let readers = tasks.join_all().await;
    let mut wrong: Vec<String> = readers.iter().flat_map(|it| it.wrong.iter().cloned()).collect();
    wrong.extend(unequal(&readers));
    wrong.extend(unseen(&model, &rules, &readers));
    wrong.truncate(100);
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// A way to an object: an operation, and fields.
#[derive(Clone)]
struct Way {
    root: Root,
    call: String,
    steps: Vec<String>,
    name: String,
    object: String,
}

impl Way {
    fn query(&self, selection: &str) -> String {
        let opened: String = self.steps.iter().map(|step| format!("{{ {step} ")).collect();
        let closed = " }".repeat(self.steps.len());
        format!("{} {{ {} {opened}{{ {selection} }}{closed} }}", self.root.keyword(), self.call)
    }

    fn step(&self, field: &Field) -> Self {
        let page = if field.pages { "(first: 3)" } else { "" };
        let mut next = self.clone();
        next.steps.push(format!("{}{page}", field.name));
        next.name = format!("{}.{}", self.name, field.name);
        next.object.clone_from(&field.ty);
        next
    }

    /// The objects at its end.
    fn walk<'a>(&self, data: &'a Value) -> Vec<&'a Value> {
        let mut found: Vec<&Value> = data.as_object().into_iter().flat_map(|it| it.values()).collect();
        for step in self.steps.iter().filter(|step| !step.starts_with("...")) {
            let step = step.split('(').next().unwrap_or(step);
            found = found.into_iter().flat_map(items).map(|it| &it[step]).collect();
        }
        found.into_iter().flat_map(items).filter(|it| it.is_object()).collect()
    }
}

fn items(value: &Value) -> Vec<&Value> {
    value.as_array().map_or_else(|| vec![value], |all| all.iter().collect())
}

/// What somebody found at the end of a way.
struct Found {
    way: String,
    object: String,
    /// Which objects.
    which: Vec<String>,
    may: Vec<String>,
    shown: BTreeSet<String>,
}

/// Somebody who reads everything they get at.
struct Reader {
    asker: Asker,
    world: Arc<World>,
    model: Arc<Model>,
    rules: Arc<Rules>,
    found: Vec<Found>,
    wrong: Vec<String>,
}

impl Reader {
    fn new(asker: Asker, world: &Arc<World>, model: &Arc<Model>, rules: &Arc<Rules>) -> Self {
        let (world, model, rules) = (Arc::clone(world), Arc::clone(model), Arc::clone(rules));
        Self { asker, world, model, rules, found: vec![], wrong: vec![] }
    }

    async fn read_everything(mut self) -> Self {
        let mut waiting: VecDeque<Way> = self.beginnings().into();
        let mut known = HashSet::new();
        while let Some(way) = waiting.pop_front() {
            let new = !known.contains(&way.object);
            if way.object.ends_with("Connection") && !new {
                waiting.push_back(way.step(self.model.field(&way.object, "nodes")));
                continue;
            }
            if self.read(&way, new).await {
                known.insert(way.object.clone());
                // A type that is known leads nowhere new but to what was missing in those seen before.
                waiting.extend(self.next(&way).into_iter().filter(|it| new || !known.contains(&it.object)));
            }
        }
        self
    }

    /// The operations that let this asker through, some carts, and what they get by its id.
    fn beginnings(&self) -> Vec<Way> {
        let (asker, world, model) = (&self.asker, &self.world, &self.model);
        let way = |root, call: String, name: &str, object: &str| Way {
            root,
            call,
            steps: vec![],
            name: name.to_owned(),
            object: object.to_owned(),
        };
        let mut all = Vec::new();
        for row in rows().iter().filter(|row| row.root != Root::Mutation) {
            let object = model.answer(row.root, row.field());
            if asker.outcome(row) == Outcome::Allowed && !model.fields(object).is_empty() {
                all.push(way(row.root, asker.real(row, world), row.field(), object));
            }
        }
        // One that became an order, one that cannot, and one whose payment was declined.
        for word in ["crt3", "crt4", "crt5"].into_iter().filter(|_| asker.at(Gate::Cart) == Outcome::Allowed) {
            let call = format!("cart(id: \"{}\")", world.word(word));
            all.push(way(Root::Query, call, &format!("cart({word})"), "Cart"));
        }
        for (object, word, gates) in NODES {
            if gates.iter().any(|gate| asker.at(*gate) == Outcome::Allowed) {
                let call = format!("node(id: \"{}\")", world.word(word));
                let steps = vec![format!("... on {object}")];
                all.push(Way { steps, ..way(Root::Query, call, &format!("node({word})"), object) });
            }
        }
        all
    }

    /// The ways from there on.
    fn next(&self, way: &Way) -> Vec<Way> {
        let follow = |field: &&Field| {
            let edge = way.object.ends_with("Edge") && field.name == "node";
            let object = !self.model.fields(&field.ty).is_empty() && field.name != "userErrors";
            object && !edge && self.rules.admits(&self.asker, &way.object, field)
        };
        self.model.fields(&way.object).iter().filter(follow).map(|field| way.step(field)).collect()
    }

    /// Whether `field` is not for everybody who reaches its object. Only such a field can tell more on
    /// one way than on another.
    fn is_restricted(&self, object: &str, field: &Field) -> bool {
        let reached = self.rules.rule(object, &field.name) == Some(Rule::Reached);
        !reached || self.rules.class(&field.ty) != Class::Everybody
    }

    /// Whether what `field` leads to decides who sees it.
    fn is_led(&self, object: &str, field: &Field) -> bool {
        self.rules.rule(object, &field.name) == Some(Rule::Led)
    }

    /// Reads the fields at the end of `way`: all of them if its type is new, or for those who have what
    /// there is in the world; else those that are restricted. Answers whether there is anything.
    async fn read(&mut self, way: &Way, new: bool) -> bool {
        let model = Arc::clone(&self.model);
        let whole = new || self.asker.own || self.asker.name == askers::OWNER;
        let wanted = |field: &&Field| whole || field.name == "id" || self.is_restricted(&way.object, field);
        let all: Vec<&Field> = model.fields(&way.object).iter().filter(wanted).collect();
        if !whole && !all.iter().any(|field| self.is_restricted(&way.object, field)) {
            return false;
        }
        let (may, may_not): (Vec<&Field>, Vec<&Field>) =
            all.iter().copied().partition(|field| self.rules.admits(&self.asker, &way.object, field));
        let (mut objects, mut errors) = self.ask(way, &all).await;
        errors.retain(|error| !is_about(error, &may_not));
        if objects.is_empty() && !may_not.is_empty() {
            // A refusal may have taken its object with it: what would the other fields have told?
            (objects, errors) = self.ask(way, &may).await;
            for field in may_not {
                let (hidden, _) = self.ask(way, &[field]).await;
                self.tell_leaks(way, &[field], &hidden);
            }
        } else {
            self.tell_leaks(way, &may_not, &objects);
        }
        if !errors.is_empty() {
            self.wrong.push(format!("{} as {}: {errors:?}", way.name, self.asker.name));
        }
        let shown = |field: &&Field| objects.iter().any(|it| is_shown(&it[&field.name]));
        let shown = may.iter().copied().filter(shown).map(|it| it.name.clone()).collect();
        self.found.push(Found {
            way: way.name.clone(),
            object: way.object.clone(),
            which: objects.iter().map(|it| it["id"].to_string()).collect(),
            may: may.iter().filter(|it| !self.is_led(&way.object, it)).map(|it| it.name.clone()).collect(),
            shown,
        });
        !objects.is_empty()
    }

    fn tell_leaks(&mut self, way: &Way, fields: &[&Field], objects: &[Value]) {
        for field in fields {
            if let Some(object) = objects.iter().find(|it| is_shown(&it[&field.name])) {
                let (object, name) = (&object[&field.name], &field.name);
                self.wrong.push(format!("LEAK: {}.{name} as {}: {object}", way.name, self.asker.name));
            }
        }
    }

    /// The objects at the end of `way`, and the errors.
    async fn ask(&mut self, way: &Way, fields: &[&Field]) -> (Vec<Value>, Vec<Value>) {
        let selection: Vec<String> = fields.iter().map(|field| self.model.select_field(field)).collect();
        let query = way.query(&selection.join(" "));
        let bodies = match way.root {
            Root::Subscription => {
                let field = way.call.split('(').next().unwrap_or_default();
                self.asker.client.stream(&query, self.world.events(field), PATIENCE).await
            }
            _ => vec![self.asker.client.run(&query, json!({})).await.body],
        };
        for body in &bodies {
            self.look_for_markers(way, &body.to_string());
        }
        let objects = bodies.iter().flat_map(|body| way.walk(&body["data"]).into_iter().cloned()).collect();
        let errors = bodies.iter().flat_map(|body| body["errors"].as_array().cloned().unwrap_or_default());
        (objects, errors.collect())
    }

    fn look_for_markers(&mut self, way: &Way, text: &str) {
        let near = self.world.word("sup");
        let (asker, [name, cost, draft]) = (&self.asker, MARKERS);
        let secrets = match asker.kind {
            Kind::Store => vec![],
            Kind::Supplier | Kind::Link if asker.own => vec![draft],
            _ => vec![name, cost, draft, &near],
        };
        let found = secrets.into_iter().find(|secret| text.contains(secret));
        if let Some(secret) = found {
            self.wrong.push(format!("LEAK: {secret:?} is in the answer to {} on {}: {text}", asker.name, way.name));
        }
    }
}

/// Whether an error was about one of these fields.
fn is_about(error: &Value, fields: &[&Field]) -> bool {
    let last = error["path"].as_array().and_then(|path| path.iter().rev().find_map(Value::as_str));
    fields.iter().any(|field| Some(field.name.as_str()) == last)
}

fn is_shown(value: &Value) -> bool {
    !value.is_null() && *value != json!([])
}

/// What one saw on a way and another did not, though both may and both found the same objects.
fn unequal(readers: &[Reader]) -> Vec<String> {
    let mut seen: HashMap<&str, Seen<'_>> = HashMap::new();
    for found in readers.iter().flat_map(|it| &it.found) {
        let (fields, any) = seen.entry(&found.way).or_default();
        fields.extend(found.shown.iter().map(|field| (found.which.as_slice(), field.as_str())));
        *any |= !found.which.is_empty();
    }
    let mut wrong = Vec::new();
    for reader in readers {
        for found in &reader.found {
            let (fields, any) = &seen[found.way.as_str()];
            let scoped = SCOPED.iter().any(|root| found.way.split('.').next() == Some(root));
            if *any && found.which.is_empty() && !scoped {
                wrong.push(format!("{} as {}: there is nothing", found.way, reader.asker.name));
            }
            let missing = found.may.iter().filter(|it| {
                fields.contains(&(found.which.as_slice(), it.as_str())) && !found.shown.contains(*it)
            });
            wrong.extend(missing.map(|it| format!("{}.{it} as {}: not shown", found.way, reader.asker.name)));
        }
    }
    wrong
}

/// Types nobody got to and fields nobody saw: of those, the test says nothing.
fn unseen(model: &Model, rules: &Rules, readers: &[Reader]) -> Vec<String> {
    let found = || readers.iter().flat_map(|it| &it.found).filter(|it| !it.which.is_empty());
    let types: HashSet<&str> = found().map(|it| it.object.as_str()).collect();
    let fields: HashSet<(&str, &str)> =
        found().flat_map(|it| it.shown.iter().map(|field| (it.object.as_str(), field.as_str()))).collect();
    let answers: HashSet<&str> = PAYLOADS.iter().flat_map(|(names, _)| names.split_whitespace()).collect();
    let empty: HashSet<&str> = EMPTY.iter().flat_map(|it| it.split_whitespace()).collect();
    let mut wrong = Vec::new();
    for (object, all) in model.objects() {
        if answers.contains(object) || object.ends_with("UserError") || empty.contains(object) {
            continue;
        }
        if !types.contains(object) {
            wrong.push(format!("nobody got to a {object} ({:?})", rules.class(object)));
            continue;
        }
        for field in all {
            let place = format!("{object}.{}", field.name);
            let seen = fields.contains(&(object, field.name.as_str()));
            if !seen && !empty.contains(place.as_str()) {
                wrong.push(format!("{place} is not in the world"));
            }
        }
    }
    wrong
}
