//! Passwords and addresses of accounts change.

use std::time::Duration;

use consign::identity::admin;
use serde_json::{Value, json};

use super::{ME, PASSWORD, customer, is_good, refresh, register, sign_in};
use crate::support::app::TestApp;
use crate::support::gql::{Answer, Client};

crate::engine_tests![
    a_password_is_changed_and_ends_the_other_sessions,
    changing_a_password_needs_the_old_one_and_an_account,
    guessing_the_old_password_is_slowed_down,
    a_forgotten_password_is_chosen_anew,
    a_reset_answers_alike_for_known_and_unknown_addresses,
    a_reset_is_void_once_used_late_superseded_or_overtaken,
    a_reset_token_is_good_for_nothing_else,
    two_resets_with_one_token_have_one_effect,
    the_owner_forgets_a_password_too,
    an_account_moves_to_another_address,
    a_taken_address_is_not_told_and_not_taken,
    only_the_account_that_asked_moves,
];

const NEW: &str = "another good password";

const CHANGE: &str = "mutation($old: String!, $new: String!) {
  passwordChange(input: { currentPassword: $old, newPassword: $new }) { changed userErrors { code field message } } }";

const ASK: &str = "mutation($email: String!) {
  passwordResetRequest(input: { email: $email }) { accepted userErrors { code field message } } }";

const RESET: &str = "mutation($token: String!, $new: String!) {
  passwordReset(input: { token: $token, newPassword: $new }) { reset userErrors { code field message } } }";

const MOVE: &str = "mutation($email: String!, $password: String!) {
  emailChangeRequest(input: { newEmail: $email, password: $password }) { accepted userErrors { code field message } } }";

const CONFIRM: &str = "mutation($token: String!) {
  emailChange(input: { token: $token }) { changed userErrors { code field message } } }";

async fn change(client: &Client, old: &str, new: &str) -> Answer {
    client.run(CHANGE, json!({ "old": old, "new": new })).await
}

async fn reset(app: &TestApp, token: &str, new: &str) -> Answer {
    app.as_guest().run(RESET, json!({ "token": token, "new": new })).await
}

async fn move_to(client: &Client, email: &str) -> Answer {
    client.run(MOVE, json!({ "email": email, "password": PASSWORD })).await
}

async fn confirm(client: &Client, token: &str) -> Answer {
    client.run(CONFIRM, json!({ "token": token })).await
}

/// Asks for a new password; the token of the mail.
async fn forgotten(app: &TestApp, email: &str) -> String {
    app.as_guest().run(ASK, json!({ "email": email })).await.done("passwordResetRequest");
    app.run_jobs().await;
    app.mails.to(email).pop().expect("a mail").word_after("token=")
}

fn subject(app: &TestApp, email: &str) -> String {
    app.mails.to(email).pop().and_then(|mail| mail.header("subject")).unwrap_or_default()
}

async fn a_password_is_changed_and_ends_the_other_sessions(app: TestApp) {
    let (access, refresh_token) = customer(&app, "ada@example.com").await;
    let guest = app.as_guest();
    let other = sign_in(&guest, "ada@example.com", PASSWORD).await;
    let (other_access, other_refresh) =
        (other.text("sessionCreate.session.accessToken"), other.text("sessionCreate.session.refreshToken"));
    assert_eq!(change(&guest.with_token(&access), PASSWORD, NEW).await.done("passwordChange")["changed"], true);
    assert!(is_good(&app, &access).await, "whoever changes it stays signed in");
    refresh(&app, &refresh_token).await.done("sessionRefresh");
    assert!(!is_good(&app, &other_access).await, "every other device is signed out");
    assert_eq!(refresh(&app, &other_refresh).await.user_codes("sessionRefresh"), ["TOKEN_INVALID"]);
    assert_eq!(sign_in(&guest, "ada@example.com", PASSWORD).await.user_codes("sessionCreate"), ["CREDENTIALS_INVALID"]);
    sign_in(&guest, "ada@example.com", NEW).await.done("sessionCreate");
    app.run_jobs().await;
    assert!(subject(&app, "ada@example.com").starts_with("Your password at"));
}

async fn changing_a_password_needs_the_old_one_and_an_account(app: TestApp) {
    let (access, _) = customer(&app, "ada@example.com").await;
    let ada = app.as_guest().with_token(&access);
    for (old, new, code, field) in [
        ("not this password", NEW, "CREDENTIALS_INVALID", "currentPassword"),
        ("", NEW, "CREDENTIALS_INVALID", "currentPassword"),
        (PASSWORD, "short", "PASSWORD_INVALID", "newPassword"),
        (PASSWORD, &"x".repeat(257), "PASSWORD_INVALID", "newPassword"),
    ] {
        let answer = change(&ada, old, new).await;
        assert_eq!(answer.user_codes("passwordChange"), [code]);
        assert_eq!(answer.at("passwordChange.userErrors.0.field"), &json!(["input", field]));
    }
    assert_eq!(change(&app.as_guest(), PASSWORD, NEW).await.codes(), ["UNAUTHENTICATED"]);
    assert_eq!(change(&app.as_owner().await, PASSWORD, NEW).await.codes(), ["FORBIDDEN"], "a token has no password");
    sign_in(&app.as_guest(), "ada@example.com", PASSWORD).await.done("sessionCreate");
}

async fn guessing_the_old_password_is_slowed_down(app: TestApp) {
    let (access, _) = customer(&app, "ada@example.com").await;
    let thief = app.as_guest().with_token(&access);
    for _ in 0..11 {
        assert_eq!(change(&thief, "not this password", NEW).await.user_codes("passwordChange"), ["CREDENTIALS_INVALID"]);
    }
    assert_eq!(change(&thief, PASSWORD, NEW).await.user_codes("passwordChange"), ["THROTTLED"]);
    let sign_in = sign_in(&app.as_guest(), "ada@example.com", PASSWORD).await;
    assert_eq!(sign_in.user_codes("sessionCreate"), ["THROTTLED"], "one count for both ways");
}

async fn a_forgotten_password_is_chosen_anew(app: TestApp) {
    let (access, refresh_token) = customer(&app, "ada@example.com").await;
    let (stranger, _) = customer(&app, "grace@example.com").await;
    let token = forgotten(&app, "ada@example.com").await;
    assert!(subject(&app, "ada@example.com").starts_with("A new password at"));
    let bad = reset(&app, &token, "short").await;
    assert_eq!(bad.user_codes("passwordReset"), ["PASSWORD_INVALID"], "which uses nothing up");
    assert_eq!(reset(&app, &token, NEW).await.done("passwordReset")["reset"], true);
    assert!(!is_good(&app, &access).await, "every device is signed out");
    assert_eq!(refresh(&app, &refresh_token).await.user_codes("sessionRefresh"), ["TOKEN_INVALID"]);
    assert!(is_good(&app, &stranger).await, "nobody else is");
    let guest = app.as_guest();
    assert_eq!(sign_in(&guest, "ada@example.com", PASSWORD).await.user_codes("sessionCreate"), ["CREDENTIALS_INVALID"]);
    sign_in(&guest, "ada@example.com", NEW).await.done("sessionCreate");
    app.run_jobs().await;
    assert!(subject(&app, "ada@example.com").starts_with("Your password at"), "the holder is told");
}

async fn a_reset_answers_alike_for_known_and_unknown_addresses(app: TestApp) {
    customer(&app, "ada@example.com").await;
    app.run_jobs().await;
    let before = app.mails.all().len();
    let guest = app.as_guest();
    let known = guest.run(ASK, json!({ "email": " Ada@Example.com" })).await;
    let unknown = guest.run(ASK, json!({ "email": "nobody@example.com" })).await;
    assert_eq!(known.body["data"], unknown.body["data"]);
    assert_eq!(known.at("passwordResetRequest.accepted"), true);
    let bad = guest.run(ASK, json!({ "email": "nobody" })).await;
    assert_eq!(bad.user_codes("passwordResetRequest"), ["EMAIL_INVALID"]);
    app.run_jobs().await;
    for _ in 0..8 {
        let again = guest.run(ASK, json!({ "email": "ada@example.com" })).await;
        assert_eq!(again.body["data"], known.body["data"], "slowed down in silence");
        app.run_jobs().await;
    }
    assert_eq!(app.mails.all().len() - before, 6, "a mailbox cannot be filled, and strangers get nothing");
    assert!(app.mails.to("nobody@example.com").is_empty());
}

async fn a_reset_is_void_once_used_late_superseded_or_overtaken(app: TestApp) {
    let (access, _) = customer(&app, "ada@example.com").await;
    let refused = |answer: Answer, why: &str| {
        assert_eq!(answer.user_codes("passwordReset"), ["TOKEN_INVALID"], "{why}");
        assert_eq!(answer.at("passwordReset.userErrors.0.field"), &json!(["input", "token"]));
    };
    let used = forgotten(&app, "ada@example.com").await;
    reset(&app, &used, NEW).await.done("passwordReset");
    refused(reset(&app, &used, PASSWORD).await, "used");
    let first = forgotten(&app, "ada@example.com").await;
    let second = forgotten(&app, "ada@example.com").await;
    refused(reset(&app, &first, PASSWORD).await, "superseded");
    let session = sign_in(&app.as_guest(), "ada@example.com", NEW).await;
    let ada = app.as_guest().with_token(session.text("sessionCreate.session.accessToken"));
    change(&ada, NEW, PASSWORD).await.done("passwordChange");
    refused(reset(&app, &second, NEW).await, "the password has changed since");
    let late = forgotten(&app, "ada@example.com").await;
    app.advance(Duration::from_secs(3600)).await;
    refused(reset(&app, &late, NEW).await, "expired");
    let altered = format!("{}A", &late[..late.len() - 1]);
    for bad in ["", "cvt_", "cvt_AAAA", &altered, &access] {
        refused(reset(&app, bad, NEW).await, bad);
    }
}

async fn a_reset_token_is_good_for_nothing_else(app: TestApp) {
    let (access, _) = customer(&app, "ada@example.com").await;
    let token = forgotten(&app, "ada@example.com").await;
    let guest = app.as_guest();
    assert_eq!(guest.with_token(&token).run(ME, json!({})).await.codes(), ["UNAUTHENTICATED"]);
    let verify = guest.run(super::VERIFY, json!({ "token": token })).await;
    assert_eq!(verify.user_codes("emailVerify"), ["TOKEN_INVALID"]);
    let moved = confirm(&guest.with_token(&access), &token).await;
    assert_eq!(moved.user_codes("emailChange"), ["TOKEN_INVALID"]);
    register(&app, "new@example.com").await.done("customerRegister");
    app.run_jobs().await;
    let other = app.mails.to("new@example.com").pop().expect("a mail").word_after("token=");
    assert_eq!(reset(&app, &other, NEW).await.user_codes("passwordReset"), ["TOKEN_INVALID"]);
}

async fn two_resets_with_one_token_have_one_effect(app: TestApp) {
    customer(&app, "ada@example.com").await;
    let token = forgotten(&app, "ada@example.com").await;
    let (one, two) = tokio::join!(reset(&app, &token, NEW), reset(&app, &token, "a third good password"));
    let done: Vec<bool> = [&one, &two].iter().map(|it| it.at("passwordReset.reset") == true).collect();
    assert!(done[0] != done[1], "{} {}", one.body, two.body);
    let (good, bad) = if done[0] { (NEW, "a third good password") } else { ("a third good password", NEW) };
    let guest = app.as_guest();
    sign_in(&guest, "ada@example.com", good).await.done("sessionCreate");
    assert_eq!(sign_in(&guest, "ada@example.com", bad).await.user_codes("sessionCreate"), ["CREDENTIALS_INVALID"]);
}

async fn the_owner_forgets_a_password_too(app: TestApp) {
    admin::create_owner(&app.app, "owner@example.com", PASSWORD).await.expect("an owner");
    let token = forgotten(&app, "owner@example.com").await;
    reset(&app, &token, NEW).await.done("passwordReset");
    let guest = app.as_guest();
    let session = sign_in(&guest, "owner@example.com", NEW).await;
    let owner = guest.with_token(session.text("sessionCreate.session.accessToken"));
    change(&owner, NEW, PASSWORD).await.done("passwordChange");
    owner.run("{ apiTokens(first: 1) { totalCount } }", json!({})).await.at("apiTokens");
    admin::create_owner(&app.app, "owner@example.com", NEW).await.expect("an owner");
    let ended = owner.run(ME, json!({})).await;
    assert_eq!(ended.codes(), ["UNAUTHENTICATED"], "the operator's word ends all sessions");
}

async fn an_account_moves_to_another_address(app: TestApp) {
    let (access, _) = customer(&app, "ada@example.com").await;
    let old_reset = forgotten(&app, "ada@example.com").await;
    let ada = app.as_guest().with_token(&access);
    assert_eq!(move_to(&ada, " Ada@New.example").await.done("emailChangeRequest")["accepted"], true);
    app.run_jobs().await;
    let me = ada.run(ME, json!({})).await;
    assert_eq!(me.at("me.email"), "ada@example.com", "until it is confirmed");
    let notice = app.mails.to("ada@example.com").pop().expect("a notice");
    assert!(notice.header("subject").expect("a subject").contains("is to move to another"));
    assert!(!notice.text().contains("token=") && !notice.text().contains("new.example"));
    let token = app.mails.to("ada@new.example").pop().expect("a mail").word_after("token=");
    assert_eq!(confirm(&ada, &token).await.done("emailChange")["changed"], true);
    assert_eq!(ada.run(ME, json!({})).await.at("me.email"), "ada@new.example");
    assert_eq!(confirm(&ada, &token).await.user_codes("emailChange"), ["TOKEN_INVALID"], "once");
    let guest = app.as_guest();
    sign_in(&guest, "ada@new.example", PASSWORD).await.done("sessionCreate");
    let old = sign_in(&guest, "ada@example.com", PASSWORD).await;
    assert_eq!(old.user_codes("sessionCreate"), ["CREDENTIALS_INVALID"]);
    assert_eq!(reset(&app, &old_reset, NEW).await.user_codes("passwordReset"), ["TOKEN_INVALID"], "the old mailbox");
    customer(&app, "ada@example.com").await;
}

async fn a_taken_address_is_not_told_and_not_taken(app: TestApp) {
    let (access, _) = customer(&app, "ada@example.com").await;
    customer(&app, "grace@example.com").await;
    let ada = app.as_guest().with_token(&access);
    let free = move_to(&ada, "free@example.com").await;
    app.run_jobs().await;
    let taken = move_to(&ada, "grace@example.com").await;
    assert_eq!(free.body["data"], taken.body["data"]);
    app.run_jobs().await;
    let mail = app.mails.to("grace@example.com").pop().expect("a mail");
    assert!(mail.header("subject").expect("a subject").starts_with("This e-mail address has an account"));
    assert!(!mail.text().contains("token="));
    let superseded = app.mails.to("free@example.com").pop().expect("a mail").word_after("token=");
    assert_eq!(confirm(&ada, &superseded).await.user_codes("emailChange"), ["TOKEN_INVALID"]);
    // Taken between the mail and its answer.
    move_to(&ada, "late@example.com").await.done("emailChangeRequest");
    app.run_jobs().await;
    let token = app.mails.to("late@example.com").pop().expect("a mail").word_after("token=");
    customer(&app, "late@example.com").await;
    assert_eq!(confirm(&ada, &token).await.user_codes("emailChange"), ["TOKEN_INVALID"]);
    let bad = move_to(&ada, "nobody").await;
    assert_eq!(bad.user_codes("emailChangeRequest"), ["EMAIL_INVALID"]);
    let wrong = ada.run(MOVE, json!({ "email": "x@example.com", "password": "not this password" })).await;
    assert_eq!(wrong.user_codes("emailChangeRequest"), ["CREDENTIALS_INVALID"]);
}

async fn only_the_account_that_asked_moves(app: TestApp) {
    let (thief, _) = customer(&app, "thief@example.com").await;
    let (victim, _) = customer(&app, "victim@example.com").await;
    let guest = app.as_guest();
    move_to(&guest.with_token(&thief), "other@example.com").await.done("emailChangeRequest");
    app.run_jobs().await;
    let token = app.mails.to("other@example.com").pop().expect("a mail").word_after("token=");
    // Whoever reads there follows the link: signed in as somebody else, or not at all.
    assert_eq!(confirm(&guest.with_token(&victim), &token).await.user_codes("emailChange"), ["TOKEN_INVALID"]);
    assert_eq!(confirm(&guest, &token).await.codes(), ["UNAUTHENTICATED"]);
    let me = guest.with_token(&thief).run(ME, json!({})).await;
    assert_eq!(me.at("me.email"), &Value::from("thief@example.com"));
    // A changed password stops what is under way.
    change(&guest.with_token(&thief), PASSWORD, NEW).await.done("passwordChange");
    assert_eq!(confirm(&guest.with_token(&thief), &token).await.user_codes("emailChange"), ["TOKEN_INVALID"]);
}
