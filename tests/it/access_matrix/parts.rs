//! What the world is put together from.

use consign::kernel::ids::SupplierId;
use serde_json::{Value, json};

use super::world::MARKERS;
use crate::support::app::{TestApp, WEBHOOK_SECRET};
use crate::support::gql::Client;
use crate::support::{shop, stock, trade};

/// Those who hold the goods.
pub struct Suppliers {
    pub near: SupplierId,
    pub far: SupplierId,
    /// Is only asked when the owner says so.
    pub slow: SupplierId,
    /// Has a program, which does not answer.
    pub http: SupplierId,
}

impl Suppliers {
    pub async fn add(owner: &Client) -> Self {
        let terms = json!({ "confidence": "0.9", "maxAgeMinutes": 100_000, "whenStale": "ALLOW" });
        let near = json!({ "name": MARKERS[0], "cutoff": "15:00", "timeZone": "Europe/Berlin", "stock": terms });
        let near = stock::create_supplier(owner, near).await;
        near.done("supplierCreate");
        let near = near.text("supplierCreate.supplier.id").parse().expect("a supplier's id");
        shop::service(owner, near, "STD", "3.00").await;
        let settings = json!({ "baseUrl": "http://127.0.0.1:9/", "token": "token", "webhookSecret": WEBHOOK_SECRET });
        Self {
            near,
            far: trade::portal(owner, "Far", true).await,
            slow: trade::portal(owner, "Slow", false).await,
            http: stock::supplier(owner, "Remote", "http", settings).await,
        }
    }
}

/// A customer with a name.
pub async fn register(app: &TestApp, email: &str, name: &str) -> Client {
    let guest = app.as_guest();
    let register = "mutation($input: CustomerRegisterInput!) {
        customerRegister(input: $input) { accepted userErrors { code field message } } }";
    let input = json!({ "email": email, "password": "correct horse battery staple", "firstName": name, "lastName": "Doe" });
    guest.run(register, json!({ "input": input })).await.done("customerRegister");
    app.run_jobs().await;
    let mail = app.mails.to(email).pop().expect("a mail");
    let verify = "mutation($token: String!) {
        emailVerify(token: $token) { session { accessToken } userErrors { code field message } } }";
    let answer = guest.run(verify, json!({ "token": mail.word_after("token=") })).await;
    answer.done("emailVerify");
    guest.with_token(answer.text("emailVerify.session.accessToken"))
}

/// A cart with an address.
pub async fn plain_cart(client: &Client, lines: &[(&str, i64)]) -> String {
    let lines: Vec<Value> =
        lines.iter().map(|(id, quantity)| json!({ "variantId": id, "quantity": quantity })).collect();
    let create = "mutation($input: CartCreateInput!) { cartCreate(input: $input) {
        cart { id } userErrors { code field message } } }";
    let contact = json!({ "email": "buyer@example.com", "phone": "+49 30 1234567" });
    let input = json!({ "lines": lines, "contact": contact, "country": "DE" });
    let answer = client.run(create, json!({ "input": input })).await;
    answer.done("cartCreate");
    let cart = answer.text("cartCreate.cart.id");
    shop::set_address(client, &cart, shop::address()).await.done("cartShippingAddressSet");
    cart
}

/// The same with everything a cart may have.
pub async fn ready_cart(client: &Client, lines: &[(&str, i64)]) -> String {
    let cart = plain_cart(client, lines).await;
    let more = "mutation($id: ID!, $address: AddressInput!) {
        cartBillingAddressSet(cartId: $id, address: $address) { userErrors { code } }
        cartDiscountCodesSet(cartId: $id, codes: [\"TEN\"]) { userErrors { code } } }";
    let mut address = shop::address();
    for (field, value) in [("address2", "Floor 2"), ("company", "Works"), ("phone", "+49 30 7654321"), ("region", "Berlin")] {
        address[field] = json!(value);
    }
    let answer = client.run(more, json!({ "id": cart, "address": address })).await;
    answer.done("cartBillingAddressSet");
    answer.done("cartDiscountCodesSet");
    cart
}

/// Roles, members of staff and an invitation, by the words of the rows.
pub async fn staff(app: &TestApp, owner: &Client) -> Vec<(&'static str, String)> {
    let create = "mutation($name: String!) { roleCreate(input: { name: $name, permissions: [ORDERS] }) {
        role { id } userErrors { code } } }";
    let mut words = vec![];
    for (word, name) in [("rol", "Packer"), ("rol2", "Nobody's")] {
        let made = owner.run(create, json!({ "name": name })).await;
        words.push((word, made.text("roleCreate.role.id")));
    }
    let invite = "mutation($input: StaffInviteInput!) { staffInvite(input: $input) {
        invitation { id } userErrors { code field message } } }";
    let accept = "mutation($input: StaffInvitationAcceptInput!) { staffInvitationAccept(input: $input) {
        session { accessToken } userErrors { code field message } } }";
    let role = words[0].1.clone();
    for (word, email) in [("stf", "hopper@example.com"), ("stf2", "lovelace@example.com"), ("act", "late@example.com")] {
        let invited = owner.run(invite, json!({ "input": { "email": email, "roleId": role } })).await;
        invited.done("staffInvite");
        if word == "act" {
            words.push((word, invited.text("staffInvite.invitation.id")));
            continue;
        }
        app.run_jobs().await;
        let token = app.mails.to(email).pop().expect("a mail").word_after("token=");
        let input = json!({ "token": token, "password": "correct horse battery staple", "name": word });
        let joined = app.as_guest().run(accept, json!({ "input": input })).await;
        let member = app.as_guest().with_token(joined.text("staffInvitationAccept.session.accessToken"));
        words.push((word, member.run("{ staffMe { id } }", json!({})).await.text("staffMe.id")));
    }
    words
}
