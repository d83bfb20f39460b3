//! Mails, as the mail server and the owner see them.

use std::time::Duration;

use consign::app::App;
use consign::kernel::clock::Clock;
use consign::kernel::ids::IdSource;
use consign::notifications::Notify;
use consign::platform::tx::Tx;
use consign::platform::{jobs, outbox};
use consign::worker;
use sea_orm::EntityTrait;
use serde_json::json;

use crate::support::app::TestApp;

crate::engine_tests![a_mail_goes_out_once_per_event, without_a_mail_server_mails_wait_and_say_so];

const REGISTER: &str = "mutation($input: CustomerRegisterInput!) {
  customerRegister(input: $input) { accepted userErrors { code } } }";

const LIST: &str = "{ notifications(first: 5) {
  totalCount nodes { id kind recipient status lastError createdAt sentAt } } }";

async fn register(app: &TestApp, email: &str) {
    let input = json!({ "email": email, "password": "correct horse battery staple" });
    app.as_guest().run(REGISTER, json!({ "input": input })).await.done("customerRegister");
}

async fn a_mail_goes_out_once_per_event(app: TestApp) {
    register(&app, "ada@example.com").await;
    app.run_jobs().await;
    let owner = app.as_owner().await;
    let answer = owner.run(LIST, json!({})).await;
    assert_eq!(answer.at("notifications.totalCount"), 1);
    let node = answer.at("notifications.nodes.0");
    assert_eq!((&node["kind"], &node["status"]), (&json!("EMAIL_VERIFICATION"), &json!("SENT")));
    assert_eq!(node["recipient"], "ada@example.com");
    assert!(node["sentAt"].is_string());
    // The event's job again, as after a crash before the job was recorded as done.
    let events = outbox::entity::Entity::find().all(app.app.db.read()).await.expect("events");
    let tx = Tx::begin(&app.app).await.expect("a transaction");
    for event in events {
        jobs::enqueue(&tx, &Notify { event_id: event.id }).await.expect("a job");
    }
    tx.commit().await.expect("a commit");
    app.run_jobs().await;
    assert_eq!(app.mails.all().len(), 1);
    let mail = app.mails.all().remove(0);
    let id = node["id"].as_str().expect("an id");
    assert_eq!(mail.header("message-id"), Some(format!("<{id}@example.com>")));
}

async fn without_a_mail_server_mails_wait_and_say_so(app: TestApp) {
    register(&app, "ada@example.com").await;
    let mut config = app.app.config.clone();
    config.smtp_url = None;
    let clock = Clock::manual(app.app.clock.now());
    let mute = App::with(config, clock, IdSource::seeded(2)).await.expect("a replica without a mail server");
    jobs::run_due(&mute, &worker::handlers()).await.expect("jobs run");
    let owner = app.as_owner().await;
    let answer = owner.run(LIST, json!({})).await;
    let node = answer.at("notifications.nodes.0");
    assert_eq!(node["status"], "WAITING");
    assert!(node["lastError"].as_str().expect("a reason").contains("CONSIGN_SMTP_URL"), "{node}");
    assert!(app.mails.all().is_empty());
    app.advance(Duration::from_secs(60)).await;
    let answer = owner.run(LIST, json!({})).await;
    assert_eq!(answer.at("notifications.nodes.0.status"), "SENT");
    assert_eq!(answer.at("notifications.nodes.0.lastError"), &json!(null));
    assert_eq!(app.mails.to("ada@example.com").len(), 1);
    mute.db.clone().close().await;
}
