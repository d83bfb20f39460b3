//! Those who work for the store: invited, given roles, removed; with a second factor if they want.

use std::time::Duration;

use consign::identity::admin;
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

use super::{PASSWORD, SIGN_IN, is_good, sign_in};
use crate::support::app::TestApp;
use crate::support::gql::{Answer, Client};
use crate::support::live::Socket;
use crate::support::stock;

crate::engine_tests![
    somebody_is_invited_joins_and_may_what_the_role_says,
    what_a_removed_member_made_ends_with_them,
    an_invitation_is_good_once_and_not_after_it_was_taken_back,
    a_role_changes_what_its_members_may_at_once,
    a_stream_ends_when_the_rights_it_began_with_do,
    a_store_keeps_an_owner,
    only_an_owner_manages_staff,
    a_second_factor_is_asked_for_and_no_code_is_good_twice,
    a_recovery_code_and_the_operator_help_who_lost_the_app,
];

const ROLE: &str = "mutation($input: RoleCreateInput!) { roleCreate(input: $input) {
    role { id name permissions } userErrors { code field message } } }";
const INVITE: &str = "mutation($input: StaffInviteInput!) { staffInvite(input: $input) {
    invitation { id email roleId expiresAt } userErrors { code field message } } }";
const ACCEPT: &str = "mutation($input: StaffInvitationAcceptInput!) { staffInvitationAccept(input: $input) {
    session { accessToken refreshToken } userErrors { code field message } } }";
const STAFF_ME: &str = "{ staffMe { id email name owner permissions roleId hasSecondFactor } }";

async fn role(owner: &Client, name: &str, permissions: &[&str]) -> String {
    let answer = owner.run(ROLE, json!({ "input": { "name": name, "permissions": permissions } })).await;
    answer.done("roleCreate");
    answer.text("roleCreate.role.id")
}

async fn invite(owner: &Client, input: Value) -> Answer {
    owner.run(INVITE, json!({ "input": input })).await
}

async fn accept(app: &TestApp, token: &str) -> Answer {
    let input = json!({ "token": token, "password": PASSWORD, "name": "Grace" });
    app.as_guest().run(ACCEPT, json!({ "input": input })).await
}

/// The token of the last invitation to `email`.
async fn token_for(app: &TestApp, email: &str) -> String {
    app.run_jobs().await;
    app.mails.to(&email.to_lowercase()).pop().expect("a mail").word_after("token=")
}

/// Invites `email` with this role; the member.
async fn member(app: &TestApp, owner: &Client, email: &str, role_id: &str) -> Client {
    invite(owner, json!({ "email": email, "roleId": role_id })).await.done("staffInvite");
    let answer = accept(app, &token_for(app, email).await).await;
    answer.done("staffInvitationAccept");
    app.as_guest().with_token(answer.text("staffInvitationAccept.session.accessToken"))
}

async fn somebody_is_invited_joins_and_may_what_the_role_says(app: TestApp) {
    let owner = app.as_owner().await;
    let role_id = role(&owner, "Buyer", &["SUPPLIERS", "INVENTORY", "SUPPLIERS"]).await;
    let grace = member(&app, &owner, "Grace@Example.com", &role_id).await;
    let me = grace.run(STAFF_ME, json!({})).await.at("staffMe").clone();
    assert_eq!((&me["email"], &me["name"], &me["owner"]), (&json!("grace@example.com"), &json!("Grace"), &json!(false)));
    assert_eq!(me["permissions"], json!(["INVENTORY", "SUPPLIERS"]));
    let suppliers = "{ suppliers(first: 1) { totalCount } }";
    assert_eq!(grace.run(suppliers, json!({})).await.at("suppliers.totalCount"), 0);
    assert_eq!(grace.run("{ orders(first: 1) { totalCount } }", json!({})).await.codes(), ["FORBIDDEN"]);
    let staff = owner.run("{ staff(first: 10) { totalCount nodes { email } } staffInvitations { id } }", json!({})).await;
    assert_eq!(staff.at("staff.nodes.0.email"), "grace@example.com");
    assert_eq!(staff.at("staffInvitations"), &json!([]));
    // A session of her own, by her password.
    sign_in(&app.as_guest(), "grace@example.com", PASSWORD).await.done("sessionCreate");
    // Removed, she is nobody.
    let remove = "mutation($id: ID!) { staffRemove(id: $id) { removed userErrors { code } } }";
    owner.run(remove, json!({ "id": me["id"] })).await.done("staffRemove");
    assert_eq!(grace.run(STAFF_ME, json!({})).await.codes(), ["UNAUTHENTICATED"]);
    let again = sign_in(&app.as_guest(), "grace@example.com", PASSWORD).await;
    assert_eq!(again.user_codes("sessionCreate"), ["CREDENTIALS_INVALID"]);
}

async fn what_a_removed_member_made_ends_with_them(app: TestApp) {
    let owner = app.as_owner().await;
    let supplier = stock::portal_supplier(&owner, "Acme").await;
    invite(&owner, json!({ "email": "grace@example.com", "owner": true })).await.done("staffInvite");
    let joined = accept(&app, &token_for(&app, "grace@example.com").await).await;
    let grace = app.as_guest().with_token(joined.text("staffInvitationAccept.session.accessToken"));
    let id = grace.run(STAFF_ME, json!({})).await.text("staffMe.id");
    let create = "mutation($input: ApiTokenCreateInput!) { apiTokenCreate(input: $input) {
        token userErrors { code field message } } }";
    let token = async |by: &Client, input: Value| {
        by.run(create, json!({ "input": input })).await.text("apiTokenCreate.token")
    };
    let own = token(&grace, json!({ "name": "script", "scope": "OWNER" })).await;
    let portal = token(&grace, json!({ "name": "portal", "scope": "SUPPLIER", "supplierId": supplier })).await;
    let script = app.as_guest().with_token(own.clone());
    let second = token(&script, json!({ "name": "made by the script", "scope": "OWNER" })).await;
    invite(&grace, json!({ "email": "friend@example.com", "owner": true })).await.done("staffInvite");
    let friend = token_for(&app, "friend@example.com").await;
    assert!(is_good(&app, &own).await);
    let remove = "mutation($id: ID!) { staffRemove(id: $id) { removed userErrors { code } } }";
    assert_eq!(owner.run(remove, json!({ "id": id })).await.user_codes("staffRemove"), ["LAST_OWNER"]);
    // The last owner stays, so that there is another first.
    invite(&owner, json!({ "email": "ada@example.com", "owner": true })).await.done("staffInvite");
    accept(&app, &token_for(&app, "ada@example.com").await).await.done("staffInvitationAccept");
    owner.run(remove, json!({ "id": id })).await.done("staffRemove");
    assert!(!is_good(&app, &own).await, "it carried the owner's rights");
    assert!(!is_good(&app, &second).await, "and so did what was made with it");
    let orders = app.as_guest().with_token(portal).run("{ supplierOrders(first: 1) { totalCount } }", json!({})).await;
    assert_eq!(orders.at("supplierOrders.totalCount"), 0, "the supplier's goes on");
    assert_eq!(accept(&app, &friend).await.user_codes("staffInvitationAccept"), ["TOKEN_INVALID"]);
}

async fn an_invitation_is_good_once_and_not_after_it_was_taken_back(app: TestApp) {
    let owner = app.as_owner().await;
    let role_id = role(&owner, "Buyer", &["SUPPLIERS"]).await;
    assert_eq!(invite(&owner, json!({ "email": "nobody", "roleId": role_id })).await.user_codes("staffInvite"), ["EMAIL_INVALID"]);
    assert_eq!(invite(&owner, json!({ "email": "a@example.com" })).await.user_codes("staffInvite"), ["INVALID"]);
    let none = "rol_018f0000000070008000000000000000";
    assert_eq!(invite(&owner, json!({ "email": "a@example.com", "roleId": none })).await.user_codes("staffInvite"), ["NOT_FOUND"]);
    invite(&owner, json!({ "email": "grace@example.com", "roleId": role_id })).await.done("staffInvite");
    let first = token_for(&app, "grace@example.com").await;
    let second = invite(&owner, json!({ "email": "grace@example.com", "owner": true })).await;
    let second_id = second.text("staffInvite.invitation.id");
    let token = token_for(&app, "grace@example.com").await;
    // A newer one took its place.
    assert_eq!(accept(&app, &first).await.user_codes("staffInvitationAccept"), ["TOKEN_INVALID"]);
    let revoke = "mutation($id: ID!) { staffInvitationRevoke(id: $id) { invitation { id } userErrors { code } } }";
    owner.run(revoke, json!({ "id": second_id })).await.done("staffInvitationRevoke");
    assert_eq!(accept(&app, &token).await.user_codes("staffInvitationAccept"), ["TOKEN_INVALID"]);
    invite(&owner, json!({ "email": "grace@example.com", "roleId": role_id })).await.done("staffInvite");
    let token = token_for(&app, "grace@example.com").await;
    accept(&app, &token).await.done("staffInvitationAccept");
    assert_eq!(accept(&app, &token).await.user_codes("staffInvitationAccept"), ["TOKEN_INVALID"]);
    let taken = invite(&owner, json!({ "email": "grace@example.com", "owner": true })).await;
    assert_eq!(taken.user_codes("staffInvite"), ["EMAIL_TAKEN"]);
    // And none waits for ever.
    invite(&owner, json!({ "email": "late@example.com", "roleId": role_id })).await.done("staffInvite");
    let token = token_for(&app, "late@example.com").await;
    app.app.clock.advance(chrono::TimeDelta::days(7));
    assert_eq!(accept(&app, &token).await.user_codes("staffInvitationAccept"), ["TOKEN_INVALID"]);
}

async fn a_role_changes_what_its_members_may_at_once(app: TestApp) {
    let owner = app.as_owner().await;
    let role_id = role(&owner, "Buyer", &["SUPPLIERS"]).await;
    let same = owner.run(ROLE, json!({ "input": { "name": "BUYER", "permissions": [] } })).await;
    assert_eq!(same.user_codes("roleCreate"), ["NAME_TAKEN"]);
    let grace = member(&app, &owner, "grace@example.com", &role_id).await;
    let update = "mutation($id: ID!, $input: RoleUpdateInput!) { roleUpdate(id: $id, input: $input) {
        role { permissions } userErrors { code field message } } }";
    let input = json!({ "permissions": ["ORDERS"] });
    owner.run(update, json!({ "id": role_id, "input": input })).await.done("roleUpdate");
    assert_eq!(grace.run("{ orders(first: 1) { totalCount } }", json!({})).await.at("orders.totalCount"), 0);
    assert_eq!(grace.run("{ suppliers(first: 1) { totalCount } }", json!({})).await.codes(), ["FORBIDDEN"]);
    let delete = "mutation($id: ID!) { roleDelete(id: $id) { deleted userErrors { code } } }";
    assert_eq!(owner.run(delete, json!({ "id": role_id })).await.user_codes("roleDelete"), ["IN_USE"]);
    let other = role(&owner, "Nobody's", &[]).await;
    owner.run(delete, json!({ "id": other })).await.done("roleDelete");
    let roles = owner.run("{ roles { name } }", json!({})).await;
    assert_eq!(roles.at("roles"), &json!([{ "name": "Buyer" }]));
}

async fn a_stream_ends_when_the_rights_it_began_with_do(app: TestApp) {
    let owner = app.as_owner().await;
    let role_id = role(&owner, "Clerk", &["ORDERS"]).await;
    let grace = member(&app, &owner, "grace@example.com", &role_id).await;
    let mut before = Socket::greet(&app.url, grace.token()).await;
    let update = "mutation($id: ID!) { roleUpdate(id: $id, input: { permissions: [CATALOG] }) { userErrors { code } } }";
    owner.run(update, json!({ "id": role_id })).await.done("roleUpdate");
    // The same credential, with the rights it has now: it must not stand for the other.
    let mut after = Socket::greet(&app.url, grace.token()).await;
    assert_eq!(before.next().await, Err(4403));
    after.send(&json!({ "type": "ping" })).await;
    assert_eq!(after.next().await, Ok(json!({ "type": "pong" })));
}

async fn a_store_keeps_an_owner(app: TestApp) {
    admin::create_owner(&app.app, "owner@example.com", PASSWORD).await.expect("an owner");
    let session = sign_in(&app.as_guest(), "owner@example.com", PASSWORD).await;
    let owner = app.as_guest().with_token(session.text("sessionCreate.session.accessToken"));
    let role_id = role(&owner, "Buyer", &["SUPPLIERS"]).await;
    let id = owner.run(STAFF_ME, json!({})).await.text("staffMe.id");
    let update = "mutation($id: ID!, $input: StaffUpdateInput!) { staffUpdate(id: $id, input: $input) {
        member { owner permissions } userErrors { code field message } } }";
    let remove = "mutation($id: ID!) { staffRemove(id: $id) { removed userErrors { code } } }";
    let down = owner.run(update, json!({ "id": id, "input": { "roleId": role_id } })).await;
    assert_eq!(down.user_codes("staffUpdate"), ["LAST_OWNER"]);
    assert_eq!(owner.run(remove, json!({ "id": id })).await.user_codes("staffRemove"), ["LAST_OWNER"]);
    let grace = member(&app, &owner, "grace@example.com", &role_id).await;
    let grace_id = grace.run(STAFF_ME, json!({})).await.text("staffMe.id");
    let up = owner.run(update, json!({ "id": grace_id, "input": { "owner": true } })).await;
    assert_eq!(up.done("staffUpdate")["member"], json!({ "owner": true, "permissions": [] }));
    // Two owners remove each other at the same moment: one of them stays.
    let remove_grace = owner.run(remove, json!({ "id": grace_id }));
    let remove_owner = grace.run(remove, json!({ "id": id }));
    let (one, other) = tokio::join!(remove_grace, remove_owner);
    let removed = [&one, &other].iter().filter(|it| it.body["data"]["staffRemove"]["removed"] == true).count();
    assert_eq!(removed, 1, "{} {}", one.body, other.body);
}

async fn only_an_owner_manages_staff(app: TestApp) {
    let owner = app.as_owner().await;
    let all = ["CATALOG", "INVENTORY", "ORDERS", "FULFILLMENT", "PAYMENTS", "SUPPLIERS", "COSTS", "CUSTOMERS", "DISCOUNTS", "SETTINGS"];
    let role_id = role(&owner, "Everything", &all).await;
    let grace = member(&app, &owner, "grace@example.com", &role_id).await;
    assert_eq!(invite(&grace, json!({ "email": "a@example.com", "owner": true })).await.codes(), ["FORBIDDEN"]);
    assert_eq!(grace.run("{ staff(first: 1) { totalCount } }", json!({})).await.codes(), ["FORBIDDEN"]);
    let id = grace.run(STAFF_ME, json!({})).await.text("staffMe.id");
    let up = "mutation($id: ID!) { staffUpdate(id: $id, input: { owner: true }) { userErrors { code } } }";
    assert_eq!(grace.run(up, json!({ "id": id })).await.codes(), ["FORBIDDEN"]);
    let node = grace.run("query($id: ID!) { node(id: $id) { id } }", json!({ "id": id })).await;
    assert_eq!(node.at("node.id"), &json!(id));
}

const BEGIN: &str = "mutation($password: String!) { secondFactorBegin(password: $password) {
    secret url userErrors { code field message } } }";
const CONFIRM: &str = "mutation($code: String!) { secondFactorConfirm(code: $code) {
    recoveryCodes userErrors { code field message } } }";

/// What the app of whoever has this secret shows now.
fn code(app: &TestApp, secret: &str) -> String {
    let totp = Builder::new().with_secret(Secret::try_from_base32(secret).expect("base 32")).build().expect("a secret");
    let now = u64::try_from(app.app.clock.now().timestamp()).expect("after 1970");
    totp.generate(now).to_string()
}

async fn sign_in_with(app: &TestApp, code: &str) -> Answer {
    let input = json!({ "email": "owner@example.com", "password": PASSWORD, "code": code });
    app.as_guest().run(SIGN_IN, json!({ "input": input })).await
}

/// An owner with a second factor: a client, the secret, the recovery codes.
async fn guarded_owner(app: &TestApp) -> (Client, String, Vec<Value>) {
    admin::create_owner(&app.app, "owner@example.com", PASSWORD).await.expect("an owner");
    let session = sign_in(&app.as_guest(), "owner@example.com", PASSWORD).await;
    let owner = app.as_guest().with_token(session.text("sessionCreate.session.accessToken"));
    let wrong = owner.run(BEGIN, json!({ "password": "a wrong password" })).await;
    assert_eq!(wrong.user_codes("secondFactorBegin"), ["CREDENTIALS_INVALID"]);
    let begun = owner.run(BEGIN, json!({ "password": PASSWORD })).await;
    let secret = begun.text("secondFactorBegin.secret");
    assert!(begun.text("secondFactorBegin.url").starts_with("otpauth://totp/"));
    assert_eq!(owner.run(CONFIRM, json!({ "code": "000000" })).await.user_codes("secondFactorConfirm"), ["CODE_INVALID"]);
    let on = owner.run(CONFIRM, json!({ "code": code(app, &secret) })).await;
    let codes = on.done("secondFactorConfirm")["recoveryCodes"].as_array().expect("codes").clone();
    (owner, secret, codes)
}

async fn a_second_factor_is_asked_for_and_no_code_is_good_twice(app: TestApp) {
    admin::create_owner(&app.app, "owner@example.com", PASSWORD).await.expect("an owner");
    let other = sign_in(&app.as_guest(), "owner@example.com", PASSWORD).await.text("sessionCreate.session.accessToken");
    let (owner, secret, codes) = guarded_owner(&app).await;
    assert_eq!(codes.len(), 10);
    assert!(!is_good(&app, &other).await, "a session that a password alone began has ended");
    assert_eq!(owner.run(STAFF_ME, json!({})).await.at("staffMe.hasSecondFactor"), true);
    let without = sign_in(&app.as_guest(), "owner@example.com", PASSWORD).await;
    assert_eq!(without.user_codes("sessionCreate"), ["SECOND_FACTOR_REQUIRED"]);
    let wrong = sign_in(&app.as_guest(), "owner@example.com", "not the password at all").await;
    assert_eq!(wrong.user_codes("sessionCreate"), ["CREDENTIALS_INVALID"]);
    // The code that turned it on was used.
    assert_eq!(sign_in_with(&app, &code(&app, &secret)).await.user_codes("sessionCreate"), ["SECOND_FACTOR_INVALID"]);
    app.advance(Duration::from_secs(60)).await;
    let now = code(&app, &secret);
    let tries = futures_util::future::join_all((0..4).map(|_| sign_in_with(&app, &now))).await;
    let good = tries.iter().filter(|it| it.user_codes("sessionCreate").is_empty()).count();
    assert_eq!(good, 1, "of four at the same moment");
    let disable = "mutation($password: String!, $code: String!) {
        secondFactorDisable(password: $password, code: $code) { disabled userErrors { code } } }";
    let used = owner.run(disable, json!({ "password": PASSWORD, "code": now })).await;
    assert_eq!(used.user_codes("secondFactorDisable"), ["CODE_INVALID"]);
    app.advance(Duration::from_secs(60)).await;
    // Who has a session and the password does not guess the code for nothing.
    let mut refused = Vec::new();
    for _ in 0..22 {
        let guess = owner.run(disable, json!({ "password": PASSWORD, "code": "000000" })).await;
        refused.extend(guess.user_codes("secondFactorDisable"));
    }
    assert_eq!(refused.last().map(String::as_str), Some("THROTTLED"), "{refused:?}");
    app.advance(Duration::from_secs(60)).await;
    let off = owner.run(disable, json!({ "password": PASSWORD, "code": code(&app, &secret) })).await;
    off.done("secondFactorDisable");
    sign_in(&app.as_guest(), "owner@example.com", PASSWORD).await.done("sessionCreate");
}

async fn a_recovery_code_and_the_operator_help_who_lost_the_app(app: TestApp) {
    let (_, _, codes) = guarded_owner(&app).await;
    let code = codes[3].as_str().expect("a text").to_uppercase();
    sign_in_with(&app, &code).await.done("sessionCreate");
    assert_eq!(sign_in_with(&app, &code).await.user_codes("sessionCreate"), ["SECOND_FACTOR_INVALID"]);
    assert!(admin::reset_second_factor(&app.app, "nobody@example.com").await.is_err());
    admin::reset_second_factor(&app.app, "owner@example.com").await.expect("reset");
    sign_in(&app.as_guest(), "owner@example.com", PASSWORD).await.done("sessionCreate");
    let audit = app.as_owner().await.run("{ auditLog(first: 10, filter: { action: \"staff.secondFactorOff\" }) { nodes { actor } } }", json!({})).await;
    assert_eq!(audit.at("auditLog.nodes.0.actor"), "system:cli");
}
