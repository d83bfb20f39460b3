//! Registering, verifying, signing in.

use std::time::Duration;

use consign::identity::admin;
use serde_json::json;

use super::{ME, PASSWORD, REGISTER, SIGN_IN, VERIFY, customer, refresh, register, sign_in};
use crate::support::app::TestApp;

crate::engine_tests![
    registration_answers_alike_for_a_new_and_a_known_address,
    an_address_is_verified_once,
    a_verification_ends_after_a_day_and_takes_nothing_else,
    bad_registrations_say_which_field,
    a_mailbox_cannot_be_filled,
    a_wrong_password_and_an_unknown_address_are_told_alike,
    guessing_gets_slower_and_locks_nobody_out_elsewhere,
    the_owner_signs_in,
];

async fn registration_answers_alike_for_a_new_and_a_known_address(app: TestApp) {
    customer(&app, "ada@example.com").await;
    let known = register(&app, " Ada@Example.com").await;
    let unknown = register(&app, "new@example.com").await;
    assert_eq!(known.body["data"], unknown.body["data"]);
    assert_eq!(known.at("customerRegister.accepted"), true);
    app.run_jobs().await;
    let mail = app.mails.to("ada@example.com").pop().expect("a mail");
    assert!(mail.header("subject").expect("a subject").starts_with("You already have an account"));
    assert!(!mail.text().contains("token="));
    let mail = app.mails.to("new@example.com").pop().expect("a mail");
    assert!(mail.header("subject").expect("a subject").starts_with("Confirm your e-mail address"));
}

async fn an_address_is_verified_once(app: TestApp) {
    register(&app, "Grace@Example.com").await.done("customerRegister");
    let early = sign_in(&app.as_guest(), "grace@example.com", PASSWORD).await;
    assert_eq!(early.user_codes("sessionCreate"), ["CREDENTIALS_INVALID"], "nothing to sign in to before");
    app.run_jobs().await;
    let token = app.mails.to("grace@example.com").pop().expect("a mail").word_after("token=");
    let guest = app.as_guest();
    let first = guest.run(VERIFY, json!({ "token": token })).await;
    assert_eq!(first.done("emailVerify")["customer"]["email"], "grace@example.com");
    let me = guest.with_token(first.text("emailVerify.session.accessToken")).run(ME, json!({})).await;
    assert_eq!(me.at("me")["id"], *first.at("emailVerify.customer.id"));
    assert_eq!(me.at("me.firstName"), "Ada");
    let second = guest.run(VERIFY, json!({ "token": token })).await;
    assert_eq!(second.user_codes("emailVerify"), ["TOKEN_INVALID"]);
    assert_eq!(second.at("emailVerify.session"), &json!(null));
    sign_in(&guest, "grace@example.com", PASSWORD).await.done("sessionCreate");
    assert_eq!(guest.run(ME, json!({})).await.at("me"), &json!(null));
}

async fn a_verification_ends_after_a_day_and_takes_nothing_else(app: TestApp) {
    let (access, refresh_token) = customer(&app, "other@example.com").await;
    register(&app, "late@example.com").await.done("customerRegister");
    app.run_jobs().await;
    let token = app.mails.to("late@example.com").pop().expect("a mail").word_after("token=");
    let altered = if token.ends_with('A') { token.replace('A', "B") } else { format!("{}A", &token[..token.len() - 1]) };
    let guest = app.as_guest();
    for bad in ["", "cvt_", "cvt_AAAA", &altered, &access, &refresh_token, &"x".repeat(3_000)] {
        let answer = guest.run(VERIFY, json!({ "token": bad })).await;
        assert_eq!(answer.user_codes("emailVerify"), ["TOKEN_INVALID"], "{bad}");
        assert_eq!(answer.at("emailVerify.userErrors.0.field"), &json!(["token"]));
    }
    let wrong_use = refresh(&app, &token).await;
    assert_eq!(wrong_use.user_codes("sessionRefresh"), ["TOKEN_INVALID"]);
    let wrong_use = guest.with_token(&token).run(ME, json!({})).await;
    assert_eq!(wrong_use.codes(), ["UNAUTHENTICATED"]);
    app.advance(Duration::from_secs(24 * 3600 + 1)).await;
    let late = guest.run(VERIFY, json!({ "token": token })).await;
    assert_eq!(late.user_codes("emailVerify"), ["TOKEN_INVALID"]);
}

async fn bad_registrations_say_which_field(app: TestApp) {
    let long = "x".repeat(101);
    let cases = [
        (json!({ "email": "ada", "password": PASSWORD }), json!([["EMAIL_INVALID", "email"]])),
        (json!({ "email": "a@b.com\nBcc: c@d.com", "password": PASSWORD }), json!([["EMAIL_INVALID", "email"]])),
        (json!({ "email": "ada@example.com", "password": "short" }), json!([["PASSWORD_INVALID", "password"]])),
        (
            json!({ "email": "ada@example.com", "password": "x".repeat(257) }),
            json!([["PASSWORD_INVALID", "password"]]),
        ),
        (
            json!({ "email": "ada@example.com", "password": PASSWORD, "firstName": long }),
            json!([["INVALID", "firstName"]]),
        ),
        (
            json!({ "email": "ada@example.com", "password": PASSWORD, "lastName": "a\nb" }),
            json!([["INVALID", "lastName"]]),
        ),
        (json!({ "email": "", "password": "" }), json!([["EMAIL_INVALID", "email"], ["PASSWORD_INVALID", "password"]])),
    ];
    for (input, expected) in cases {
        let answer = app.as_guest().run(REGISTER, json!({ "input": input })).await;
        assert_eq!(answer.at("customerRegister.accepted"), false);
        let errors = answer.at("customerRegister.userErrors").as_array().expect("a list");
        let got: Vec<_> = errors.iter().map(|it| json!([it["code"], it["field"][1]])).collect();
        assert_eq!(json!(got), expected, "{input}");
        assert!(errors.iter().all(|it| it["field"][0] == "input"));
    }
    app.run_jobs().await;
    assert!(app.mails.all().is_empty());
}

async fn a_mailbox_cannot_be_filled(app: TestApp) {
    for _ in 0..8 {
        assert_eq!(register(&app, "victim@example.com").await.at("customerRegister.accepted"), true);
    }
    app.run_jobs().await;
    assert_eq!(app.mails.to("victim@example.com").len(), 6);
}

async fn a_wrong_password_and_an_unknown_address_are_told_alike(app: TestApp) {
    customer(&app, "ada@example.com").await;
    let guest = app.as_guest();
    let wrong = sign_in(&guest, "ada@example.com", "not this password").await;
    assert_eq!(wrong.user_codes("sessionCreate"), ["CREDENTIALS_INVALID"]);
    assert_eq!(wrong.at("sessionCreate.session"), &json!(null));
    for (email, password) in
        [("nobody@example.com", PASSWORD), ("nobody", PASSWORD), ("ada@example.com", "short"), ("", "")]
    {
        let other = sign_in(&guest, email, password).await;
        assert_eq!(other.body["data"], wrong.body["data"], "{email}");
    }
    sign_in(&guest, "  ADA@example.com ", PASSWORD).await.done("sessionCreate");
}

async fn guessing_gets_slower_and_locks_nobody_out_elsewhere(app: TestApp) {
    customer(&app, "ada@example.com").await;
    let guest = app.as_guest();
    for _ in 0..11 {
        let wrong = sign_in(&guest, "ada@example.com", "not this password").await;
        assert_eq!(wrong.user_codes("sessionCreate"), ["CREDENTIALS_INVALID"]);
    }
    let early = sign_in(&guest, "ada@example.com", PASSWORD).await;
    assert_eq!(early.user_codes("sessionCreate"), ["THROTTLED"], "the right one waits too");
    for _ in 0..12 {
        // Unknown addresses are slowed down just the same.
        sign_in(&guest, "nobody@example.com", PASSWORD).await;
    }
    let unknown = sign_in(&guest, "nobody@example.com", PASSWORD).await;
    assert_eq!(unknown.user_codes("sessionCreate"), ["THROTTLED"]);
    // Over the wire the same person comes from another address.
    let body = json!({ "query": SIGN_IN, "variables": { "input": { "email": "ada@example.com", "password": PASSWORD } } });
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let response = client.post(format!("{}/graphql", app.url)).json(&body).send().await.expect("an answer");
    let answer: serde_json::Value = response.json().await.expect("JSON");
    assert!(answer["data"]["sessionCreate"]["session"]["accessToken"].is_string(), "{answer}");
    app.app.clock.advance(chrono::TimeDelta::seconds(3));
    sign_in(&guest, "ada@example.com", PASSWORD).await.done("sessionCreate");
    let wrong = sign_in(&guest, "ada@example.com", "not this password").await;
    assert_eq!(wrong.user_codes("sessionCreate"), ["CREDENTIALS_INVALID"], "success has cleared the count");
}

async fn the_owner_signs_in(app: TestApp) {
    admin::create_owner(&app.app, "Owner@Example.com", PASSWORD).await.expect("an owner");
    let guest = app.as_guest();
    let answer = sign_in(&guest, "owner@example.com", PASSWORD).await;
    let owner = guest.with_token(answer.text("sessionCreate.session.accessToken"));
    let tokens = owner.run("{ apiTokens(first: 1) { totalCount } me { id } }", json!({})).await;
    assert_eq!(tokens.at("apiTokens.totalCount"), 0);
    assert_eq!(tokens.at("me"), &json!(null), "the owner is not a customer");
    // Nobody gets a customer's account under the owner's address.
    register(&app, "owner@example.com").await.done("customerRegister");
    app.run_jobs().await;
    let mail = app.mails.to("owner@example.com").pop().expect("a mail");
    assert!(mail.header("subject").expect("a subject").starts_with("You already have an account"));
    // Running the command again gives a new password.
    admin::create_owner(&app.app, "owner@example.com", "another good password").await.expect("an owner");
    let old = sign_in(&guest, "owner@example.com", PASSWORD).await;
    assert_eq!(old.user_codes("sessionCreate"), ["CREDENTIALS_INVALID"]);
    sign_in(&guest, "owner@example.com", "another good password").await.done("sessionCreate");
    assert!(admin::create_owner(&app.app, "nobody", PASSWORD).await.is_err());
    assert!(admin::create_owner(&app.app, "owner@example.com", "short").await.is_err());
}
