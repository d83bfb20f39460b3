//! What explorers show to whom: nobody sees of the schema what is not theirs to use.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Value, json};

use crate::access_matrix::askers::Kind;
use crate::access_matrix::model::Model;
use crate::access_matrix::rulebook::Rules;
use crate::access_matrix::rows::{Gate, Root, rows};
use crate::support::app::TestApp;
use crate::support::gql::Client;

crate::engine_tests![
    a_type_shows_only_to_those_who_can_reach_it,
    an_operation_shows_only_to_those_it_is_for,
    nothing_of_the_stores_side_shows_to_others,
    what_the_rules_keep_from_somebody_does_not_show,
    the_owner_sees_everything,
];

const SCHEMA: &str = "{ __schema { queryType { name } mutationType { name } subscriptionType { name }
    types { name kind interfaces { name } possibleTypes { name } inputFields { type { ...T } }
      fields { name type { ...T } args { type { ...T } } } } } }
    fragment T on __Type { name ofType { name ofType { name ofType { name } } } }";

async fn schema(client: &Client) -> Value {
    client.run(SCHEMA, json!({})).await.at("__schema").clone()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn name(value: &Value) -> &str {
    value["name"].as_str().unwrap_or_default()
}

/// The name inside of lists and non-nulls.
fn inner(reference: &Value) -> &str {
    if reference["ofType"].is_object() { inner(&reference["ofType"]) } else { name(reference) }
}

/// The types a client gets to from the roots, by what fields return and take. What an interface may be is
/// no way: `node` would lead everywhere.
fn reached(schema: &Value) -> BTreeSet<&str> {
    let types: HashMap<&str, &Value> = list(&schema["types"]).iter().map(|ty| (name(ty), ty)).collect();
    let mut waiting: Vec<&str> = ["queryType", "mutationType", "subscriptionType"].map(|root| name(&schema[root])).into();
    let mut reached = BTreeSet::new();
    while let Some(next) = waiting.pop() {
        let Some(ty) = types.get(next).filter(|_| reached.insert(next)) else { continue };
        waiting.extend(list(&ty["interfaces"]).iter().map(name));
        waiting.extend(list(&ty["inputFields"]).iter().map(|it| inner(&it["type"])));
        for field in list(&ty["fields"]) {
            waiting.push(inner(&field["type"]));
            waiting.extend(list(&field["args"]).iter().map(|it| inner(&it["type"])));
        }
        if ty["kind"] == "UNION" {
            waiting.extend(list(&ty["possibleTypes"]).iter().map(name));
        }
    }
    reached
}

/// What every schema has.
fn is_built_in(name: &str) -> bool {
    name.starts_with("__") || matches!(name, "Boolean" | "Int" | "Float" | "String" | "ID")
}

async fn a_type_shows_only_to_those_who_can_reach_it(app: TestApp) {
    let askers = [
        ("anonymous", app.as_guest()),
        ("a customer", app.as_customer("ada@example.com").await),
        ("a supplier", app.as_supplier(app.app.ids.secret_id()).await),
        ("the owner", app.as_owner().await),
    ];
    let mut wrong = Vec::new();
    for (asker, client) in &askers {
        let schema = schema(client).await;
        let reached = reached(&schema);
        let shown = list(&schema["types"]).iter().map(name).filter(|name| !is_built_in(name));
        wrong.extend(shown.filter(|name| !reached.contains(name)).map(|name| format!("{name} shows to {asker}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn an_operation_shows_only_to_those_it_is_for(app: TestApp) {
    let customer = app.as_customer("ada@example.com").await;
    let supplier = app.as_supplier(app.app.ids.secret_id()).await;
    let mut wrong = Vec::new();
    for (asker, client) in [("anonymous", app.as_guest()), ("a customer", customer), ("a supplier", supplier)] {
        let schema = schema(&client).await;
        for row in rows() {
            let root = match row.root {
                Root::Query => "Query",
                Root::Mutation => "Mutation",
                Root::Subscription => "Subscription",
            };
            let fields = list(&schema["types"]).iter().find(|ty| name(ty) == root).map(|ty| list(&ty["fields"]));
            let shows = fields.unwrap_or_default().iter().any(|field| name(field) == row.field());
            let theirs = match row.gate {
                Gate::Open | Gate::Account | Gate::Secret | Gate::Cart | Gate::Draft | Gate::Customer(_) => true,
                Gate::Supplier(_) | Gate::Part(_) => asker == "a supplier",
                Gate::Owner | Gate::Member | Gate::Store(_) | Gate::All(_) => false,
            };
            // What is theirs may still be hidden from those who have no use for it.
            if shows && !theirs {
                wrong.push(format!("{} shows to {asker}", row.field()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Fields that would tell a customer who supplies, at what cost.
const STORE_FIELDS: [&str; 7] =
    ["margin", "supplier", "supplierOrders", "supplierOrder", "inventory", "unitCost", "events"];
/// Where a field of such a name is about something else.
const HARMLESS: [(&str, &str); 1] = [("Shipment", "events")];

async fn nothing_of_the_stores_side_shows_to_others(app: TestApp) {
    let customer = app.as_customer("ada@example.com").await;
    for client in [app.as_guest(), customer] {
        for ty in list(&schema(&client).await["types"]) {
            for field in list(&ty["fields"]).iter().map(name) {
                let place = (name(ty), field);
                assert!(!STORE_FIELDS.contains(&field) || HARMLESS.contains(&place), "{place:?} shows to a customer");
            }
        }
    }
}

async fn what_the_rules_keep_from_somebody_does_not_show(app: TestApp) {
    let rules = Rules::load(&Model::load());
    let askers = [
        ("anonymous", Kind::Anonymous, app.as_guest()),
        ("a customer", Kind::Customer, app.as_customer("ada@example.com").await),
        ("a supplier", Kind::Supplier, app.as_supplier(app.app.ids.secret_id()).await),
    ];
    let mut wrong = Vec::new();
    for (asker, kind, client) in &askers {
        let schema = schema(client).await;
        for ty in list(&schema["types"]).iter().filter(|ty| ty["kind"] == "OBJECT" && !is_built_in(name(ty))) {
            if !rules.class(name(ty)).admits(*kind) {
                wrong.push(format!("{} shows to {asker}", name(ty)));
            }
            for field in list(&ty["fields"]) {
                // The roots have rows instead.
                let rule = rules.rule(name(ty), name(field));
                if rule.is_some_and(|rule| !rule.admits_kind(*kind)) || !rules.class(inner(&field["type"])).admits(*kind) {
                    wrong.push(format!("{}.{} shows to {asker}", name(ty), name(field)));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn the_owner_sees_everything(app: TestApp) {
    let shown = schema(&app.as_owner().await).await;
    let shown: BTreeSet<&str> = list(&shown["types"]).iter().map(name).collect();
    let sdl = consign::graph::sdl();
    let declared = sdl.lines().filter_map(|line| {
        let (keyword, rest) = line.split_once(' ')?;
        let known = matches!(keyword, "type" | "enum" | "input" | "interface" | "union" | "scalar");
        known.then(|| rest.split([' ', '@', '{']).next().unwrap_or_default())
    });
    let missing: Vec<&str> = declared.filter(|name| !shown.contains(name)).collect();
    assert!(missing.is_empty(), "hidden from the owner: {missing:?}");
}
