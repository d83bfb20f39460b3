//! What the demo says when it is done: where to go on.

use super::order::Placed;

/// Operations to paste into the explorer.
const OPERATIONS: &str = "# As anyone:
query { products(first: 5, query: \"linen\") { nodes { title priceRange { min { amount } } variants(first: 3) { nodes { sku availability { available quantity } } } } } }

# As the guest, with the order's token (try it as a subscription too: orderTracking):
query { orderByToken(token: \"{order_token}\") { number fulfillmentStatus shipments { status carrier trackingNumber events { occurredAt status description } } } }

# As the owner, with the header  {\"authorization\": \"Bearer {owner_token}\"}
query { orders(first: 5) { nodes { number total { amount } margin { profit { amount } } supplierOrders { supplier { name } status shipments { status } } } } }
query { workItems(first: 10) { nodes { type severity message suggestedActions } } }
subscription { storeActivity { occurredAt type message } }";

/// Prints it.
pub fn print(base: &str, admin: &str, owner_token: &str, password: &str, placed: &Placed) {
    let operations = OPERATIONS.replace("{order_token}", &placed.token).replace("{owner_token}", owner_token);
    let operations = operations.replace('\n', "\n  ");
    println!(
        "
Where to go on (ctrl-c ends it; the next start resumes and buys again):

  explorer       {base}/graphql
  owner's token  {owner_token}
  owner signs in with  {email}  {password}
  order {number}     token {token}
  metrics        http://{admin}/metrics

  {operations}
",
        email = super::OWNER,
        number = placed.number,
        token = placed.token,
    );
}
