//! Background work in the owner's hands: seen, tried again, left undone.

use std::sync::atomic::{AtomicBool, Ordering};

use consign::identity::Permission;
use consign::platform::jobs::{self, Done, Handlers, Job, JobError, JobRun, lanes};
use consign::platform::tx::Tx;
use consign::worker;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::gql::{Answer, Client};
use crate::support::{stock, trade};

crate::engine_tests![
    jobs_are_listed_filtered_counted_and_paged,
    a_running_job_tells_who_has_it,
    a_dead_letter_is_tried_again_and_goes_well,
    what_was_added_anew_meanwhile_is_not_doubled,
    a_dead_letter_is_left_undone_and_who_did_it_is_known,
    the_exceptions_queue_decides_alike,
    many_dead_letters_are_tried_again_in_portions,
    the_queue_shows_what_waits_for_whom,
    a_message_that_is_worked_again_changes_nothing,
    what_a_message_says_is_for_those_who_see_orders,
];

/// Whether the jobs of this module go well.
#[derive(Default)]
struct Sunshine(AtomicBool);

fn outcome(run: &JobRun) -> Result<Done, JobError> {
    match run.app.local::<Sunshine>().0.load(Ordering::SeqCst) {
        true => Ok(Done::OK),
        false => Err(JobError::Fail("550 <ada@example.com> is unknown".to_owned())),
    }
}

#[derive(Serialize, Deserialize)]
struct Work {
    number: usize,
}

impl Job for Work {
    const KIND: &'static str = "test.work";

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        outcome(run)
    }
}

#[derive(Serialize, Deserialize)]
struct Single {}

impl Job for Single {
    const KIND: &'static str = "test.single";

    fn dedupe_key(&self) -> Option<String> {
        Some(Self::KIND.to_owned())
    }

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        outcome(run)
    }
}

#[derive(Serialize, Deserialize)]
struct Call {}

impl Job for Call {
    const KIND: &'static str = "test.call";

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        let _place = lanes::enter(&run.app, "mail".to_owned())?;
        lanes::note_failure(&run.app, "mail");
        Err(JobError::retry("no answer"))
    }
}

async fn add(app: &TestApp, job: &impl Job) -> String {
    let tx = Tx::begin(&app.app).await.expect("begun");
    let id = jobs::enqueue(&tx, job).await.expect("added").expect("it is new");
    tx.commit().await.expect("committed");
    app.app.clock.advance(chrono::TimeDelta::milliseconds(2));
    id.to_string()
}

async fn run(app: &TestApp) {
    let handlers: Handlers = worker::handlers().with::<Work>().with::<Single>().with::<Call>();
    jobs::run_due(&app.app, &handlers).await.expect("jobs run");
}

fn shine(app: &TestApp) {
    app.app.local::<Sunshine>().0.store(true, Ordering::SeqCst);
}

const LIST: &str = "query($first: Int, $after: String, $last: Int, $before: String, $filter: JobFilter) {
    jobs(first: $first, after: $after, last: $last, before: $before, filter: $filter) {
      totalCount nodes { id kind status } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";
const RETRY: &str =
    "mutation($id: ID!) { jobRetry(id: $id) { job { id status canRetry } userErrors { code field message } } }";
const DISCARD: &str = "mutation($id: ID!) { jobDiscard(id: $id, input: { reason: CANNOT_SUCCEED }) {
    job { id status canRetry canDiscard } userErrors { code field message } } }";
const MANY: &str = "mutation($input: JobsRetryInput!) { jobsRetry(input: $input) {
    retried superseded remaining userErrors { code field message } } }";

async fn list(owner: &Client, variables: Value) -> Vec<String> {
    let answer = owner.run(LIST, variables).await;
    ids(&answer)
}

fn ids(answer: &Answer) -> Vec<String> {
    let nodes = answer.at("jobs.nodes").as_array().expect("nodes");
    nodes.iter().map(|node| node["id"].as_str().expect("an id").to_owned()).collect()
}

async fn job(owner: &Client, id: &str) -> Value {
    let query = "query($id: ID!) { job(id: $id) { kind status lane attempts maxAttempts runAt lockedUntil worker error
        canRetry canDiscard createdAt finishedAt subject { __typename id } } }";
    owner.run(query, json!({ "id": id })).await.at("job").clone()
}

async fn audit(owner: &Client, id: &str) -> Vec<Value> {
    let query = "query($id: ID!) { auditLog(first: 10, filter: { subjectId: $id }) { nodes {
        action actorKind changes { field from to } } } }";
    owner.run(query, json!({ "id": id })).await.at("auditLog.nodes").as_array().expect("entries").clone()
}

async fn jobs_are_listed_filtered_counted_and_paged(app: TestApp) {
    let owner = app.as_owner().await;
    let mut all = Vec::new();
    for number in 0..5 {
        all.insert(0, add(&app, &Work { number }).await);
    }
    let single = add(&app, &Single {}).await;
    all.insert(0, single.clone());
    assert_eq!(list(&owner, json!({})).await, all, "newest first");
    let first = owner.run(LIST, json!({ "first": 4 })).await;
    assert_eq!((ids(&first), first.at("jobs.totalCount")), (all[..4].to_vec(), &json!(6)));
    let next = json!({ "first": 4, "after": first.at("jobs.pageInfo.endCursor") });
    let second = owner.run(LIST, next).await;
    assert_eq!((ids(&second), second.at("jobs.pageInfo.hasNextPage")), (all[4..].to_vec(), &json!(false)));
    let back = json!({ "last": 3, "before": second.at("jobs.pageInfo.startCursor") });
    assert_eq!(list(&owner, back).await, all[1..4].to_vec());
    let of = async |filter: Value| list(&owner, json!({ "filter": filter })).await;
    assert_eq!(of(json!({ "kind": "test.single" })).await, [single]);
    assert!(of(json!({ "overdue": true })).await.is_empty());
    app.app.clock.advance(chrono::TimeDelta::minutes(2));
    assert_eq!(of(json!({ "overdue": true, "kind": "test.work" })).await, all[1..].to_vec());
    run(&app).await;
    assert_eq!(of(json!({ "status": "FAILED" })).await, all);
    assert!(of(json!({ "status": "QUEUED" })).await.is_empty() && of(json!({ "status": "RUNNING" })).await.is_empty());
    shine(&app);
    owner.run(RETRY, json!({ "id": all[0] })).await.done("jobRetry");
    run(&app).await;
    assert_eq!(of(json!({})).await, all[1..].to_vec(), "what is done is not listed");
    // The decision about its entry was a job as well, which is done.
    let done = owner.run(LIST, json!({ "filter": { "status": "SUCCEEDED" } })).await;
    assert!(ids(&done).contains(&all[0]));
    assert_eq!(done.at("jobs.totalCount"), &Value::Null);
    for bad in [
        json!({ "first": 0 }),
        json!({ "after": "zzz" }),
        json!({ "filter": { "status": "SUCCEEDED", "kind": "test.work" } }),
        json!({ "filter": { "kind": "x".repeat(101) } }),
    ] {
        assert_eq!(owner.run(LIST, bad.clone()).await.codes(), ["BAD_USER_INPUT"], "{bad}");
    }
}

async fn a_running_job_tells_who_has_it(app: TestApp) {
    let owner = app.as_owner().await;
    let id = add(&app, &Work { number: 1 }).await;
    let waiting = job(&owner, &id).await;
    assert_eq!((&waiting["worker"], &waiting["lockedUntil"]), (&Value::Null, &Value::Null));
    jobs::claim(&app.app, 1).await.expect("claimed");
    let running = job(&owner, &id).await;
    assert_eq!((&running["status"], &running["attempts"]), (&json!("RUNNING"), &json!(1)));
    let worker = running["worker"].as_str().expect("a worker");
    assert!(worker.ends_with(&format!(":{}", std::process::id())), "{worker}");
    assert!(running["lockedUntil"].is_string());
    assert_eq!(list(&owner, json!({ "filter": { "status": "RUNNING" } })).await, std::slice::from_ref(&id));
    let refused = owner.run(DISCARD, json!({ "id": id })).await;
    assert_eq!(refused.user_codes("jobDiscard"), ["NOT_DEAD"]);
    let as_it_is = owner.run(RETRY, json!({ "id": id })).await;
    assert_eq!(as_it_is.done("jobRetry")["job"]["status"], "RUNNING");
}

async fn a_dead_letter_is_tried_again_and_goes_well(app: TestApp) {
    let owner = app.as_owner().await;
    let id = add(&app, &Single {}).await;
    run(&app).await;
    let dead = job(&owner, &id).await;
    assert_eq!((&dead["status"], &dead["error"]), (&json!("FAILED"), &json!("550 (an address) is unknown")));
    assert_eq!((&dead["canRetry"], &dead["canDiscard"]), (&json!(true), &json!(true)));
    assert_eq!(stock::open_items(&owner, "JOB_DEAD").await.len(), 1);
    shine(&app);
    assert_eq!(owner.run(RETRY, json!({ "id": id })).await.done("jobRetry")["job"]["status"], "QUEUED");
    assert!(stock::open_items(&owner, "JOB_DEAD").await.is_empty(), "its entry is resolved");
    assert_eq!(owner.run(RETRY, json!({ "id": id })).await.done("jobRetry")["job"]["status"], "QUEUED");
    run(&app).await;
    assert_eq!(job(&owner, &id).await["status"], "SUCCEEDED");
    assert_eq!(owner.run(RETRY, json!({ "id": id })).await.done("jobRetry")["job"]["status"], "SUCCEEDED");
    let entries = audit(&owner, &id).await;
    assert_eq!(entries.len(), 1, "one act, however often it was asked for: {entries:?}");
    assert_eq!((&entries[0]["action"], &entries[0]["actorKind"]), (&json!("job.retry"), &json!("OWNER")));
    let nothing = json!({ "id": "job_018f0000000070008000000000000000" });
    assert_eq!(owner.run(RETRY, nothing.clone()).await.user_codes("jobRetry"), ["NOT_FOUND"]);
    assert_eq!(owner.run(DISCARD, nothing).await.user_codes("jobDiscard"), ["NOT_FOUND"]);
}

async fn what_was_added_anew_meanwhile_is_not_doubled(app: TestApp) {
    let owner = app.as_owner().await;
    let dead = add(&app, &Single {}).await;
    run(&app).await;
    let anew = add(&app, &Single {}).await;
    assert_eq!(owner.run(RETRY, json!({ "id": dead })).await.user_codes("jobRetry"), ["SUPERSEDED"]);
    assert_eq!(stock::open_items(&owner, "JOB_DEAD").await.len(), 1, "nothing was done");
    let many = owner.run(MANY, json!({ "input": {} })).await;
    assert_eq!(many.done("jobsRetry"), &json!({ "retried": 0, "superseded": 1, "remaining": 1, "userErrors": [] }));
    shine(&app);
    run(&app).await;
    assert_eq!((job(&owner, &anew).await["status"].clone(), job(&owner, &dead).await["status"].clone()), (json!("SUCCEEDED"), json!("FAILED")));
    owner.run(RETRY, json!({ "id": dead })).await.done("jobRetry");
    run(&app).await;
    assert_eq!(job(&owner, &dead).await["status"], "SUCCEEDED", "nothing is in its way any more");
}

async fn a_dead_letter_is_left_undone_and_who_did_it_is_known(app: TestApp) {
    let owner = app.as_owner().await;
    let staff = app.as_staff(&[Permission::Settings]).await;
    let id = add(&app, &Single {}).await;
    run(&app).await;
    for _ in 0..2 {
        let answer = staff.run(DISCARD, json!({ "id": id })).await;
        let job = &answer.done("jobDiscard")["job"];
        assert_eq!((&job["status"], &job["canRetry"], &job["canDiscard"]), (&json!("DISCARDED"), &json!(true), &json!(false)));
    }
    assert!(stock::open_items(&owner, "JOB_DEAD").await.is_empty());
    assert!(list(&owner, json!({ "filter": { "kind": "test.single" } })).await.is_empty());
    assert_eq!(list(&owner, json!({ "filter": { "status": "DISCARDED" } })).await, std::slice::from_ref(&id));
    let entries = audit(&owner, &id).await;
    assert_eq!(entries.len(), 1, "{entries:?}");
    assert_eq!((&entries[0]["action"], &entries[0]["actorKind"]), (&json!("job.discard"), &json!("STAFF")));
    let changes = entries[0]["changes"].as_array().expect("changes");
    assert!(changes.contains(&json!({ "field": "reason", "from": null, "to": "CANNOT_SUCCEED" })), "{changes:?}");
    assert!(changes.contains(&json!({ "field": "status", "from": "FAILED", "to": "DISCARDED" })), "{changes:?}");
    // The work may be added anew, and the decision be taken back.
    let anew = add(&app, &Single {}).await;
    shine(&app);
    run(&app).await;
    assert_eq!(job(&owner, &anew).await["status"], "SUCCEEDED");
    owner.run(RETRY, json!({ "id": id })).await.done("jobRetry");
    run(&app).await;
    assert_eq!(job(&owner, &id).await["status"], "SUCCEEDED");
}

async fn the_exceptions_queue_decides_alike(app: TestApp) {
    let owner = app.as_owner().await;
    let id = add(&app, &Single {}).await;
    run(&app).await;
    let item = stock::open_items(&owner, "JOB_DEAD").await.remove(0);
    stock::resolve(&owner, &item, "DISMISS").await;
    run(&app).await;
    assert_eq!(job(&owner, &id).await["status"], "DISCARDED");
}

async fn many_dead_letters_are_tried_again_in_portions(app: TestApp) {
    let owner = app.as_owner().await;
    let mut ids = Vec::new();
    for number in 0..5 {
        ids.push(add(&app, &Work { number }).await);
    }
    add(&app, &Single {}).await;
    run(&app).await;
    let many = async |input: Value| owner.run(MANY, json!({ "input": input })).await;
    for bad in [0, -1, 251] {
        assert_eq!(many(json!({ "limit": bad })).await.user_codes("jobsRetry"), ["INVALID"]);
    }
    let tomorrow = app.app.clock.now() + chrono::TimeDelta::days(1);
    assert_eq!(many(json!({ "since": tomorrow })).await.done("jobsRetry")["retried"], 0);
    shine(&app);
    let some = many(json!({ "kind": "test.work", "limit": 2, "until": tomorrow })).await;
    assert_eq!(some.done("jobsRetry"), &json!({ "retried": 2, "superseded": 0, "remaining": 3, "userErrors": [] }));
    run(&app).await;
    let oldest = [job(&owner, &ids[0]).await, job(&owner, &ids[1]).await, job(&owner, &ids[2]).await];
    assert_eq!(oldest.map(|it| it["status"].clone()), ["SUCCEEDED", "SUCCEEDED", "FAILED"].map(Value::from));
    assert_eq!(many(json!({})).await.done("jobsRetry")["retried"], 4);
    run(&app).await;
    assert!(list(&owner, json!({})).await.is_empty() && stock::open_items(&owner, "JOB_DEAD").await.is_empty());
    assert_eq!(audit(&owner, &ids[4]).await.len(), 1);
}

async fn the_queue_shows_what_waits_for_whom(app: TestApp) {
    let owner = app.as_owner().await;
    for _ in 0..7 {
        add(&app, &Call {}).await;
    }
    let dead = add(&app, &Single {}).await;
    run(&app).await;
    let query = "{ queue { waiting held scheduled running dead oldestDueAt
        lanes { name waiting oldestDueAt state places taken failures closedUntil } } }";
    let answer = owner.run(query, json!({})).await;
    let queue = answer.at("queue");
    let numbers = ["waiting", "held", "scheduled", "running", "dead"].map(|name| queue[name].as_i64().expect("a number"));
    assert_eq!(numbers, [2, 2, 5, 0, 1], "five calls failed in a row, and two were not made: {queue}");
    assert_eq!(queue["oldestDueAt"], queue["lanes"][0]["oldestDueAt"]);
    let lane = &queue["lanes"][0];
    assert_eq!((&lane["name"], &lane["state"], &lane["waiting"]), (&json!("mail"), &json!("CLOSED"), &json!(2)));
    assert_eq!((&lane["failures"], &lane["taken"]), (&json!(5), &json!(0)));
    assert!(lane["closedUntil"].is_string() && lane["places"].as_i64() > Some(0), "{lane}");
    let held = list(&owner, json!({ "filter": { "lane": "mail" } })).await;
    assert_eq!(held.len(), 2);
    assert_eq!(job(&owner, &held[0]).await["lane"], "mail");
    assert_eq!(job(&owner, &dead).await["lane"], Value::Null);
}

/// Everything that is known of the order, its money and its events.
async fn everything(app: &TestApp, owner: &Client, order: &str) -> Value {
    let query = "query($id: ID!) { order(id: $id) { events(first: 100) { nodes { type } }
        payment { status authorized { amount } captured { amount } refunded { amount } } } }";
    let answer = owner.run(query, json!({ "id": order })).await;
    let mails = app.mails.all().len();
    json!([answer.at("order"), trade::order(owner, order).await, mails])
}

async fn a_message_that_is_worked_again_changes_nothing(app: TestApp) {
    let owner = trade::open(&app).await;
    let variants = stock::variants(&owner, 1).await;
    let supplier = trade::simulated(&app, &owner, "acme", json!({})).await;
    trade::shelve(&app, "acme", "A-1", 9).await;
    trade::offers(&app, &owner, supplier, &variants[0], "A-1", 9, "4.00").await;
    let bought = trade::buy(&app, &[(&variants[0], 2)]).await;
    trade::until(&app, &owner, &bought.id, "PAID", "DELIVERED").await;
    app.run_jobs().await;
    let query = "{ webhookDeliveries(first: 100) { nodes { id sender kind status size digest } } }";
    let deliveries = owner.run(query, json!({})).await.at("webhookDeliveries.nodes").as_array().expect("nodes").clone();
    let of = |prefix: &str| deliveries.iter().filter(|it| it["sender"].as_str().is_some_and(|it| it.starts_with(prefix))).count();
    assert!(of("payments/") > 0 && of("suppliers/") > 1, "{deliveries:?}");
    assert!(deliveries.iter().all(|it| it["kind"].is_string() && it["size"].as_i64() > Some(0)), "{deliveries:?}");
    let before = everything(&app, &owner, &bought.id).await;
    let replay = "mutation($id: ID!) { webhookReplay(id: $id) { delivery { status } userErrors { code field message } } }";
    for _ in 0..2 {
        for delivery in &deliveries {
            let answer = owner.run(replay, json!({ "id": delivery["id"] })).await;
            assert_eq!(answer.done("webhookReplay")["delivery"]["status"], "PENDING");
        }
        app.run_jobs().await;
    }
    assert_eq!(everything(&app, &owner, &bought.id).await, before);
    let again = owner.run(query, json!({})).await.at("webhookDeliveries.nodes").as_array().expect("nodes").clone();
    assert_eq!(again, deliveries, "each came to the same end");
    let first = deliveries[0]["id"].as_str().expect("an id");
    assert_eq!(audit(&owner, first).await.len(), 2, "each replay is somebody's act");
}

async fn what_a_message_says_is_for_those_who_see_orders(app: TestApp) {
    let owner = trade::open(&app).await;
    let variants = stock::variants(&owner, 1).await;
    let supplier = trade::portal(&owner, "Acme", true).await;
    trade::offers(&app, &owner, supplier, &variants[0], "A-1", 9, "4.00").await;
    trade::buy(&app, &[(&variants[0], 1)]).await;
    let query = "query($sender: String) { webhookDeliveries(first: 10, sender: $sender) { totalCount nodes { kind body digest } } }";
    let sender = json!({ "sender": "payments/test" });
    for _ in 0..200 {
        if owner.run(query, sender.clone()).await.at("webhookDeliveries.totalCount") != 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let seen = owner.run(query, sender.clone()).await.at("webhookDeliveries.nodes.0").clone();
    assert!(seen["body"].as_str().is_some_and(|it| it.starts_with('{')), "{seen}");
    let without = app.as_staff(&[Permission::Settings]).await;
    let hidden = without.run(query, sender).await.at("webhookDeliveries.nodes.0").clone();
    assert_eq!((&hidden["body"], &hidden["digest"]), (&Value::Null, &seen["digest"]));
    let others = owner.run(query, json!({ "sender": format!("suppliers/{supplier}") })).await;
    assert_eq!(others.at("webhookDeliveries.totalCount"), 0);
}
