//! Staying in, and signing out.

use std::collections::HashSet;

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::json;

use super::{END, PASSWORD, customer, is_good, refresh, sign_in};
use crate::support::app::TestApp;
use crate::support::gql::Answer;

crate::engine_tests![
    an_access_token_lives_for_15_minutes,
    a_refresh_token_gives_one_successor,
    two_tabs_may_race,
    twenty_tabs_may_race_and_a_thief_ends_them_all,
    a_stolen_token_used_twenty_times_at_once_gives_nothing,
    the_grace_ends_when_a_successor_was_used,
    a_token_used_again_ends_the_session,
    a_refresh_token_waits_30_days,
    signing_out_ends_the_session_at_once,
    signing_out_everywhere_ends_all_sessions,
    signing_out_needs_something_to_end,
];

async fn an_access_token_lives_for_15_minutes(app: TestApp) {
    let (access, _) = customer(&app, "ada@example.com").await;
    app.app.clock.advance(TimeDelta::seconds(14 * 60 + 50));
    assert!(is_good(&app, &access).await);
    app.app.clock.advance(TimeDelta::seconds(10));
    assert!(!is_good(&app, &access).await);
}

async fn a_refresh_token_gives_one_successor(app: TestApp) {
    let (_, mut token) = customer(&app, "ada@example.com").await;
    for _ in 0..3 {
        app.app.clock.advance(TimeDelta::minutes(20));
        let next = refresh(&app, &token).await;
        assert!(is_good(&app, &next.text("sessionRefresh.session.accessToken")).await);
        let successor = next.text("sessionRefresh.session.refreshToken");
        assert_ne!(successor, token);
        token = successor;
    }
    for bad in ["", "crf_", "crf_0000", "nonsense"] {
        let answer = refresh(&app, bad).await;
        assert_eq!(answer.user_codes("sessionRefresh"), ["TOKEN_INVALID"]);
        assert_eq!(answer.at("sessionRefresh.userErrors.0.field"), &json!(["refreshToken"]));
    }
}

async fn two_tabs_may_race(app: TestApp) {
    let (_, token) = customer(&app, "ada@example.com").await;
    let (one, two) = tokio::join!(refresh(&app, &token), refresh(&app, &token));
    app.app.clock.advance(TimeDelta::seconds(9));
    let three = refresh(&app, &token).await;
    for answer in [one, two, three] {
        assert!(is_good(&app, &answer.text("sessionRefresh.session.accessToken")).await);
        refresh(&app, &answer.text("sessionRefresh.session.refreshToken")).await.done("sessionRefresh");
    }
}

/// Sends one refresh token twenty times at once.
async fn at_once(app: &TestApp, token: &str) -> Vec<Answer> {
    let asking = (0..20).map(|_| {
        let (app, token) = (app.clone(), token.to_owned());
        tokio::spawn(async move { refresh(&app, &token).await })
    });
    join_all(asking).await.into_iter().map(|answer| answer.expect("no panic")).collect()
}

async fn twenty_tabs_may_race_and_a_thief_ends_them_all(app: TestApp) {
    let (_, token) = customer(&app, "ada@example.com").await;
    let answers = at_once(&app, &token).await;
    let text = |answer: &Answer, field: &str| answer.text(&format!("sessionRefresh.session.{field}"));
    let successors: HashSet<String> = answers.iter().map(|it| text(it, "refreshToken")).collect();
    assert_eq!(successors.len(), 20, "each tab has its own");
    for answer in &answers {
        assert!(is_good(&app, &text(answer, "accessToken")).await);
    }
    app.app.clock.advance(TimeDelta::seconds(1));
    for successor in successors.iter().take(3) {
        refresh(&app, successor).await.done("sessionRefresh");
    }
    // The tabs have gone on: whoever still has the old one is none of them.
    assert_eq!(refresh(&app, &token).await.user_codes("sessionRefresh"), ["TOKEN_INVALID"]);
    for answer in &answers {
        assert!(!is_good(&app, &text(answer, "accessToken")).await, "the family is dead");
        assert_eq!(refresh(&app, &text(answer, "refreshToken")).await.user_codes("sessionRefresh"), ["TOKEN_INVALID"]);
    }
}

async fn a_stolen_token_used_twenty_times_at_once_gives_nothing(app: TestApp) {
    let (_, token) = customer(&app, "ada@example.com").await;
    let next = refresh(&app, &token).await;
    app.app.clock.advance(TimeDelta::seconds(11));
    for answer in at_once(&app, &token).await {
        assert_eq!(answer.user_codes("sessionRefresh"), ["TOKEN_INVALID"]);
    }
    assert!(!is_good(&app, &next.text("sessionRefresh.session.accessToken")).await);
    let successor = next.text("sessionRefresh.session.refreshToken");
    assert_eq!(refresh(&app, &successor).await.user_codes("sessionRefresh"), ["TOKEN_INVALID"]);
}

async fn the_grace_ends_when_a_successor_was_used(app: TestApp) {
    let (_, token) = customer(&app, "ada@example.com").await;
    app.app.clock.advance(TimeDelta::seconds(1));
    let next = refresh(&app, &token).await;
    app.app.clock.advance(TimeDelta::seconds(1));
    let last = refresh(&app, &next.text("sessionRefresh.session.refreshToken")).await;
    assert_eq!(refresh(&app, &token).await.user_codes("sessionRefresh"), ["TOKEN_INVALID"], "somebody has a copy");
    assert!(!is_good(&app, &last.text("sessionRefresh.session.accessToken")).await);
}

async fn a_token_used_again_ends_the_session(app: TestApp) {
    let (_, token) = customer(&app, "ada@example.com").await;
    let next = refresh(&app, &token).await;
    let (access, successor) =
        (next.text("sessionRefresh.session.accessToken"), next.text("sessionRefresh.session.refreshToken"));
    app.app.clock.advance(TimeDelta::seconds(11));
    assert_eq!(refresh(&app, &token).await.user_codes("sessionRefresh"), ["TOKEN_INVALID"]);
    assert_eq!(refresh(&app, &successor).await.user_codes("sessionRefresh"), ["TOKEN_INVALID"]);
    assert!(!is_good(&app, &access).await);
    sign_in(&app.as_guest(), "ada@example.com", PASSWORD).await.done("sessionCreate");
}

async fn a_refresh_token_waits_30_days(app: TestApp) {
    let (_, token) = customer(&app, "ada@example.com").await;
    app.app.clock.advance(TimeDelta::days(29));
    let next = refresh(&app, &token).await;
    let token = next.text("sessionRefresh.session.refreshToken");
    app.app.clock.advance(TimeDelta::days(30));
    assert_eq!(refresh(&app, &token).await.user_codes("sessionRefresh"), ["TOKEN_INVALID"]);
}

async fn signing_out_ends_the_session_at_once(app: TestApp) {
    let (access, refresh_token) = customer(&app, "ada@example.com").await;
    let guest = app.as_guest();
    let other = sign_in(&guest, "ada@example.com", PASSWORD).await;
    let other = other.text("sessionCreate.session.accessToken");
    let ended = guest.with_token(&access).run(END, json!({ "input": {} })).await;
    assert_eq!(ended.done("sessionEnd")["ended"], true);
    assert!(!is_good(&app, &access).await);
    assert_eq!(refresh(&app, &refresh_token).await.user_codes("sessionRefresh"), ["TOKEN_INVALID"]);
    assert!(is_good(&app, &other).await, "another device stays signed in");
    // The holder of a refresh token may end its session, and end it again.
    let input = json!({ "input": { "refreshToken": refresh_token } });
    assert_eq!(guest.run(END, input).await.done("sessionEnd")["ended"], true);
}

async fn signing_out_everywhere_ends_all_sessions(app: TestApp) {
    let (access, refresh_token) = customer(&app, "ada@example.com").await;
    let (stranger, _) = customer(&app, "grace@example.com").await;
    let guest = app.as_guest();
    let other = sign_in(&guest, "ada@example.com", PASSWORD).await;
    let other = other.text("sessionCreate.session.accessToken");
    let input = json!({ "input": { "refreshToken": refresh_token, "all": true } });
    assert_eq!(guest.run(END, input).await.done("sessionEnd")["ended"], true);
    assert!(!is_good(&app, &access).await && !is_good(&app, &other).await);
    assert!(is_good(&app, &stranger).await, "nobody else is signed out");
}

async fn signing_out_needs_something_to_end(app: TestApp) {
    assert_eq!(app.as_guest().run(END, json!({ "input": {} })).await.codes(), ["UNAUTHENTICATED"]);
    let unknown = app.as_guest().run(END, json!({ "input": { "refreshToken": "crf_1" } })).await;
    assert_eq!(unknown.user_codes("sessionEnd"), ["TOKEN_INVALID"]);
    assert_eq!(unknown.at("sessionEnd.userErrors.0.field"), &json!(["input", "refreshToken"]));
    let token = app.as_owner().await.run(END, json!({ "input": { "all": true } })).await;
    assert_eq!(token.user_codes("sessionEnd"), ["INVALID"], "an API token has no session");
}
