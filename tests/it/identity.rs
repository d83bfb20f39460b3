//! Accounts, sessions and tokens, through the API.

mod accounts;
mod addresses;
mod credentials;
mod audit;
mod external;
mod forgery;
mod keys;
mod sessions;
mod staff;
mod tokens;

use serde_json::json;

use crate::support::Test;
use crate::support::app::TestApp;
use crate::support::gql::{Answer, Client};

pub fn tests() -> Vec<Test> {
    let rooms = [
        accounts::tests(),
        addresses::tests(),
        audit::tests(),
        external::tests(),
        keys::tests(),
        staff::tests(),
        credentials::tests(),
        sessions::tests(),
        forgery::tests(),
        tokens::tests(),
    ];
    rooms.into_iter().flatten().collect()
}

const PASSWORD: &str = "correct horse battery staple";

const REGISTER: &str = "mutation CustomerRegister($input: CustomerRegisterInput!) {
  customerRegister(input: $input) { accepted userErrors { code field message } } }";

const VERIFY: &str = "mutation EmailVerify($token: String!) {
  emailVerify(token: $token) {
    customer { id email }
    session { accessToken expiresAt refreshToken }
    userErrors { code field message } } }";

const SIGN_IN: &str = "mutation SessionCreate($input: SessionCreateInput!) {
  sessionCreate(input: $input) {
    session { accessToken expiresAt refreshToken } userErrors { code field message } } }";

const REFRESH: &str = "mutation SessionRefresh($refreshToken: String!) {
  sessionRefresh(refreshToken: $refreshToken) {
    session { accessToken expiresAt refreshToken } userErrors { code field message } } }";

const END: &str = "mutation SessionEnd($input: SessionEndInput!) {
  sessionEnd(input: $input) { ended userErrors { code field message } } }";

const ME: &str = "{ me { id email firstName lastName } }";

async fn register(app: &TestApp, email: &str) -> Answer {
    let input = json!({ "email": email, "password": PASSWORD, "firstName": "Ada" });
    app.as_guest().run(REGISTER, json!({ "input": input })).await
}

async fn sign_in(client: &Client, email: &str, password: &str) -> Answer {
    client.run(SIGN_IN, json!({ "input": { "email": email, "password": password } })).await
}

async fn refresh(app: &TestApp, token: &str) -> Answer {
    app.as_guest().run(REFRESH, json!({ "refreshToken": token })).await
}

/// Registers and verifies `email`; its access and refresh tokens.
async fn customer(app: &TestApp, email: &str) -> (String, String) {
    register(app, email).await.done("customerRegister");
    app.run_jobs().await;
    let mail = app.mails.to(email).pop().expect("a mail");
    let answer = app.as_guest().run(VERIFY, json!({ "token": mail.word_after("token=") })).await;
    answer.done("emailVerify");
    (answer.text("emailVerify.session.accessToken"), answer.text("emailVerify.session.refreshToken"))
}

/// Whether `token` still proves who somebody is.
async fn is_good(app: &TestApp, token: &str) -> bool {
    let answer = app.as_guest().with_token(token).run(ME, json!({})).await;
    if answer.body.get("errors").is_none() {
        return true;
    }
    assert_eq!(answer.codes(), ["UNAUTHENTICATED"]);
    false
}
