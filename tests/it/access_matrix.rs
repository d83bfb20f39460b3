//! Who may do what: every root field of the schema has a row here, run as eight actors.
//!
//! The arguments of a row are well formed and name nothing that exists, so a row that is let through
//! finds nothing; one that is not is refused before anything is looked for. A field without a row, or a
//! row without a field, fails the test.

pub mod rows;

use std::collections::BTreeSet;

use consign::identity::Permission;
use consign::kernel::ids::{IdSource, SupplierId};
use serde_json::{Value, json};

use self::rows::{Gate, Root, Row, rows};
use crate::support::app::TestApp;
use crate::support::gql::Client;

crate::engine_tests![
    every_operation_has_a_row,
    every_operation_lets_through_whom_it_should,
    what_is_somebody_elses_is_not_found,
];

/// Somebody who asks.
struct Asker {
    name: &'static str,
    client: Client,
    /// The permissions of staff; `None` for anybody else.
    permissions: Option<Vec<Permission>>,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Anonymous,
    Customer,
    Supplier,
    Store,
}

impl Asker {
    /// The code this asker is refused with at `gate`, if they are.
    fn refused(&self, gate: Gate) -> Option<&'static str> {
        let has = |permission| self.permissions.as_ref().is_some_and(|all| all.contains(&permission));
        let permission = match gate {
            Gate::Open => return None,
            Gate::Account if self.kind == Kind::Customer => return None,
            Gate::Account if self.kind == Kind::Anonymous => return Some("UNAUTHENTICATED"),
            Gate::Account => return Some("FORBIDDEN"),
            Gate::Customer(_) if self.kind != Kind::Store => return None,
            Gate::Supplier(_) if self.kind == Kind::Supplier => return None,
            Gate::Store(permission) | Gate::Customer(permission) | Gate::Supplier(permission) => permission,
        };
        match self.kind {
            Kind::Store if has(permission) => None,
            Kind::Anonymous => Some("UNAUTHENTICATED"),
            _ => Some("FORBIDDEN"),
        }
    }
}

async fn askers(app: &TestApp, permission: Option<Permission>) -> Vec<Asker> {
    let ids = IdSource::seeded(11);
    let (supplier, other): (SupplierId, SupplierId) = (ids.secret_id(), ids.secret_id());
    let without: Vec<Permission> = Permission::ALL.into_iter().filter(|it| Some(*it) != permission).collect();
    let only: Vec<Permission> = permission.into_iter().collect();
    let asker = |name, client, kind, permissions| Asker { name, client, permissions, kind };
    vec![
        asker("anonymous", app.as_guest(), Kind::Anonymous, None),
        asker("a supplier", app.as_supplier(supplier).await, Kind::Supplier, None),
        asker("another supplier", app.as_supplier(other).await, Kind::Supplier, None),
        asker("staff without", app.as_staff(&without).await, Kind::Store, Some(without)),
        asker("staff with", app.as_staff(&only).await, Kind::Store, Some(only)),
        asker("the owner", app.as_owner().await, Kind::Store, Some(Permission::ALL.to_vec())),
    ]
}

async fn every_operation_has_a_row(app: TestApp) {
    let query = "{ __schema {
        queryType { fields { name } } mutationType { fields { name } } subscriptionType { fields { name } } } }";
    let answer = app.as_owner().await.run(query, json!({})).await;
    for (root, name) in
        [(Root::Query, "queryType"), (Root::Mutation, "mutationType"), (Root::Subscription, "subscriptionType")]
    {
        let fields = answer.at(&format!("__schema.{name}.fields")).as_array().expect("fields");
        let there: BTreeSet<&str> = fields.iter().filter_map(|it| it["name"].as_str()).collect();
        let rows = rows();
        let listed: BTreeSet<&str> = rows.iter().filter(|row| row.root == root).map(Row::field).collect();
        assert_eq!(there, listed, "the fields of {name}, and the rows here");
    }
}

async fn every_operation_lets_through_whom_it_should(app: TestApp) {
    let customers = [app.as_customer("ada@example.com").await, app.as_customer("grace@example.com").await];
    let mut wrong = Vec::new();
    for row in rows().iter().filter(|row| row.root != Root::Subscription) {
        let mut all = askers(&app, row.gate.permission()).await;
        for (name, client) in ["a customer", "another customer"].into_iter().zip(customers.clone()) {
            all.push(Asker { name, client, permissions: None, kind: Kind::Customer });
        }
        for asker in &all {
            wrong.extend(check(row, asker).await);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is wrong about the answer to `asker`, if anything.
async fn check(row: &Row, asker: &Asker) -> Option<String> {
    let operation = if row.root == Root::Mutation { "mutation" } else { "query" };
    let answer = asker.client.run(&format!("{operation} {{ {} }}", row.text), json!({})).await;
    let what = format!("{} as {}: {}", row.field(), asker.name, answer.body);
    let value = &answer.body["data"][row.field()];
    let right = match asker.refused(row.gate) {
        // Who may not see an order is told that there is none, rather than that there is one.
        Some(code) => {
            let hidden = matches!(row.gate, Gate::Customer(_)) && value["userErrors"][0]["code"] == "NOT_FOUND";
            answer.codes() == [code] || hidden
        }
        None if !answer.codes().is_empty() => false,
        None if row.missing && row.root == Root::Query => value.is_null(),
        None if row.missing => value["userErrors"][0]["code"] == "NOT_FOUND",
        None => true,
    };
    (!right).then_some(what)
}

async fn what_is_somebody_elses_is_not_found(app: TestApp) {
    let (ada, grace) = (app.as_customer("ada@example.com").await, app.as_customer("grace@example.com").await);
    let me = ada.run("{ me { id } }", json!({})).await.text("me.id");
    let made = ada.run("mutation { cartCreate(input: {}) { cart { id } userErrors { code } } }", json!({})).await;
    let cart = made.text("cartCreate.cart.id");
    let node = "query($id: ID!) { node(id: $id) { id } }";
    let read_cart = "query($id: ID!) { cart(id: $id) { id } }";
    let change_cart = "mutation($id: ID!) {
        cartContactSet(cartId: $id, input: { email: \"eve@example.com\" }) { cart { id } userErrors { code field } } }";
    assert_eq!(ada.run(node, json!({ "id": me })).await.at("node.id"), &json!(me));
    assert_eq!(ada.run(read_cart, json!({ "id": cart })).await.at("cart.id"), &json!(cart));
    for other in [&grace, &app.as_guest()] {
        assert_eq!(other.run(node, json!({ "id": me })).await.at("node"), &Value::Null);
        assert_eq!(other.run(read_cart, json!({ "id": cart })).await.at("cart"), &Value::Null);
        let change = other.run(change_cart, json!({ "id": cart })).await;
        assert_eq!(change.user_codes("cartContactSet"), ["NOT_FOUND"]);
        assert_eq!(change.at("cartContactSet.userErrors.0.field"), &json!(["cartId"]));
    }
    let with = app.as_staff(&[Permission::Customers]).await;
    assert_eq!(with.run(node, json!({ "id": me })).await.at("node.id"), &json!(me));
    let without = app.as_staff(&[Permission::Catalog]).await;
    assert_eq!(without.run(node, json!({ "id": me })).await.codes(), ["FORBIDDEN"]);
}
