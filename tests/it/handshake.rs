//! The handshake with suppliers: what may be done when, holds, deadlines, units that move, the log of
//! requests, and what the exceptions queue's actions do.

mod actions;
mod address;
mod deadlines;
mod holds;
mod items;
mod moves;

use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::gql::Client;
use crate::support::{stock, trade};

/// The tests of all parts.
pub fn tests() -> Vec<crate::support::Test> {
    let all = [
        actions::tests(),
        address::tests(),
        deadlines::tests(),
        holds::tests(),
        items::tests(),
        moves::tests(),
    ];
    all.into_iter().flatten().collect()
}

/// One variant, offered by two suppliers at the portal; the first is cheaper and `forwards` by itself or not.
async fn rivals(app: &TestApp, owner: &Client, forwards: bool) -> (String, [consign::kernel::ids::SupplierId; 2]) {
    let variant = stock::variants(owner, 1).await.remove(0);
    let first = trade::portal(owner, "First", forwards).await;
    let second = trade::portal(owner, "Second", true).await;
    trade::offers(app, owner, first, &variant, "F-1", 900, "3.00").await;
    trade::offers(app, owner, second, &variant, "S-1", 900, "5.00").await;
    (variant, [first, second])
}

/// Does `field` to a supplier order, with no input but its id.
async fn plain(client: &Client, field: &str, id: &Value) -> crate::support::gql::Answer {
    let verb = format!(
        "mutation($id: ID!) {{ {field}(id: $id) {{ supplierOrder {{ id status }} userErrors {{ code field message }} }} }}"
    );
    client.run(&verb, json!({ "id": id })).await
}

/// The fields of a supplier order.
async fn seen(client: &Client, id: &Value, fields: &str) -> Value {
    let query = format!("query($id: ID!) {{ supplierOrder(id: $id) {{ {fields} }} }}");
    client.run(&query, json!({ "id": id })).await.at("supplierOrder").clone()
}

/// The statuses of an order's supplier orders, oldest first, with their suppliers.
async fn standing(owner: &Client, order: &str) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let parts = trade::parts(owner, order).await;
    parts.iter().map(|part| (text(&part["status"]), text(&part["supplier"]["id"]))).collect()
}

/// The units of an order that are with suppliers, or were sent: those of all its supplier orders together.
async fn units_out(app: &TestApp, order: &str) -> i64 {
    let id = order.parse().expect("an order's id");
    let conn = app.app.db.read();
    let parts = consign::fulfillment::of_orders(conn, &[id]).await.expect("supplier orders");
    let ids: Vec<_> = parts.iter().map(|it| it.id).collect();
    consign::fulfillment::lines_of(conn, &ids).await.expect("lines").iter().map(|row| row.live() + row.open()).sum()
}
