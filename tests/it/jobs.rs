//! Background work that fails is told, tried again, and never lost in silence.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use consign::app::App;
use consign::kernel::ids::OrderId;
use consign::platform::jobs::{self, Done, Handlers, Job, JobError, JobRun, Priority, SweepJobs};
use consign::worker;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::gql::Client;
use crate::support::shop::{self, Shop};
use crate::support::stock;

crate::engine_tests![
    a_job_that_fails_for_ever_is_told_and_tried_again_when_the_owner_says_so,
    a_panic_is_a_failed_attempt,
    a_job_that_kills_its_workers_is_given_up,
    work_that_must_go_on_is_told_and_goes_on,
    a_dead_letter_is_in_nobodys_way,
    urgent_work_goes_first_and_nothing_starves,
    a_run_that_hangs_is_cut_off_and_was_a_failed_attempt,
    work_that_is_long_done_is_forgotten_and_dead_letters_are_not,
];

/// How the jobs of this module fare in a test's store.
#[derive(Clone, Copy, Default)]
enum Mood {
    #[default]
    Failing,
    Panicking,
    Well,
}

#[derive(Default)]
struct Weather(Mutex<Mood>);

fn fare(app: &App, mood: Mood) {
    *app.local::<Weather>().0.lock().unwrap_or_else(PoisonError::into_inner) = mood;
}

fn outcome(run: &JobRun) -> Result<(), JobError> {
    let mood = *run.app.local::<Weather>().0.lock().unwrap_or_else(PoisonError::into_inner);
    match mood {
        Mood::Failing => Err(JobError::retry("the weather is bad")),
        Mood::Panicking => panic!("the sky fell"),
        Mood::Well => Ok(()),
    }
}

#[derive(Serialize, Deserialize)]
struct Once {
    order_id: Option<OrderId>,
}

impl Job for Once {
    const KIND: &'static str = "test.once";
    const MAX_ATTEMPTS: i32 = 3;

    fn dedupe_key(&self) -> Option<String> {
        Some(Self::KIND.to_owned())
    }

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        outcome(run).map(|()| Done::OK)
    }
}

#[derive(Serialize, Deserialize)]
struct ForEver {}

impl Job for ForEver {
    const KIND: &'static str = "test.for_ever";
    const MAX_ATTEMPTS: i32 = 3;
    const BEAT: Option<Duration> = Some(Duration::from_secs(3600));

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        outcome(run).map(|()| Done::Again(Duration::from_secs(3600)))
    }
}

#[derive(Serialize, Deserialize)]
struct Urgent {}

impl Job for Urgent {
    const KIND: &'static str = "test.urgent";
    const PRIORITY: Priority = Priority::Urgent;

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        outcome(run).map(|()| Done::OK)
    }
}

#[derive(Serialize, Deserialize)]
struct Patient {}

impl Job for Patient {
    const KIND: &'static str = "test.patient";
    const PRIORITY: Priority = Priority::Patient;

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        outcome(run).map(|()| Done::OK)
    }
}

#[derive(Serialize, Deserialize)]
struct Hanging {}

impl Job for Hanging {
    const KIND: &'static str = "test.hanging";
    const MAX_ATTEMPTS: i32 = 2;
    const LONGEST: Duration = Duration::from_millis(20);

    async fn run(self, _run: &JobRun) -> Result<Done, JobError> {
        std::future::pending().await
    }
}

fn handlers() -> Handlers {
    worker::handlers().with::<Once>().with::<ForEver>().with::<Urgent>().with::<Patient>().with::<Hanging>()
}

/// Runs what is due, over and over, for `minutes`.
async fn run(app: &TestApp, minutes: i64) {
    for _ in 0..minutes {
        jobs::run_due(&app.app, &handlers()).await.expect("jobs run");
        app.app.clock.advance(chrono::TimeDelta::minutes(1));
    }
    jobs::run_due(&app.app, &handlers()).await.expect("jobs run");
}

async fn items(owner: &Client) -> Vec<Value> {
    let query = "{ workItems(first: 10, filter: { type: [\"JOB_DEAD\"] }) { nodes {
        id status resolution orderId message suggestedActions subject { id ... on Job { status error } } } } }";
    owner.run(query, json!({})).await.at("workItems.nodes").as_array().expect("nodes").clone()
}

async fn resolve(owner: &Client, item: &Value, action: &str) {
    stock::resolve(owner, item["id"].as_str().expect("an id"), action).await;
}

async fn status(owner: &Client, id: &Value) -> Value {
    let query = "query($id: ID!) { job(id: $id) { status } }";
    owner.run(query, json!({ "id": id })).await.at("job.status").clone()
}

async fn a_job_that_fails_for_ever_is_told_and_tried_again_when_the_owner_says_so(app: TestApp) {
    let shop = Shop::open(&app, 1, 5, 0).await;
    let cart = shop.ready_cart(&[(0, 1)]).await;
    let bought = shop::buy(&shop.guest, &cart, "once", "tok_ok").await;
    let (order, token) =
        (bought.text("checkoutComplete.order.id"), bought.text("checkoutComplete.order.trackingToken"));
    app.run_jobs().await;
    jobs::ensure(&app.app, &Once { order_id: order.parse().ok() }).await.expect("added");
    run(&app, 2).await;
    let told = items(&shop.owner).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((&told[0]["status"], &told[0]["orderId"]), (&json!("OPEN"), &json!(order)));
    assert_eq!(told[0]["suggestedActions"], json!(["RETRY", "DISMISS"]));
    assert_eq!((&told[0]["subject"]["status"], &told[0]["subject"]["error"]), (&json!("FAILED"), &json!("the weather is bad")));
    let timeline = "query($token: String!) { orderByToken(token: $token) { timeline(first: 50) { nodes { message } } } }";
    let seen = app.as_guest().run(timeline, json!({ "token": token })).await;
    assert!(!seen.body.to_string().contains("weather"), "{}", seen.body);

    resolve(&shop.owner, &told[0], "RETRY").await;
    run(&app, 2).await;
    let again = items(&shop.owner).await;
    assert_eq!(again.len(), 2, "it failed again, which is told again: {again:?}");
    fare(&app.app, Mood::Well);
    resolve(&shop.owner, &again[0], "RETRY").await;
    run(&app, 1).await;
    assert_eq!(status(&shop.owner, &told[0]["subject"]["id"]).await, "SUCCEEDED");
    assert!(items(&shop.owner).await.iter().all(|it| it["status"] == "RESOLVED"));
}

async fn a_panic_is_a_failed_attempt(app: TestApp) {
    let owner = app.as_owner().await;
    fare(&app.app, Mood::Panicking);
    jobs::ensure(&app.app, &Once { order_id: None }).await.expect("added");
    run(&app, 2).await;
    let told = items(&owner).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["subject"]["error"], "it panicked: the sky fell");
    assert_eq!(told[0]["orderId"], Value::Null);
}

async fn a_job_that_kills_its_workers_is_given_up(app: TestApp) {
    let owner = app.as_owner().await;
    jobs::ensure(&app.app, &Once { order_id: None }).await.expect("added");
    for attempt in 1..=Once::MAX_ATTEMPTS {
        jobs::sweep_lost(&app.app, &handlers()).await.expect("swept");
        let claimed = jobs::claim(&app.app, 10).await.expect("claimed");
        assert_eq!(claimed.iter().map(|job| job.attempts).collect::<Vec<_>>(), [attempt]);
        // Its worker dies: nobody renews the claim.
        app.app.clock.advance(chrono::TimeDelta::minutes(1));
        assert!(items(&owner).await.is_empty());
    }
    run(&app, 1).await;
    let told = items(&owner).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["subject"]["status"], "FAILED");
}

async fn work_that_must_go_on_is_told_and_goes_on(app: TestApp) {
    let owner = app.as_owner().await;
    jobs::ensure(&app.app, &ForEver {}).await.expect("added");
    run(&app, 130).await;
    let told = items(&owner).await;
    assert_eq!(told.len(), 1, "the same trouble is told once: {told:?}");
    assert_eq!((&told[0]["status"], &told[0]["subject"]["status"]), (&json!("OPEN"), &json!("QUEUED")));
    fare(&app.app, Mood::Well);
    run(&app, 61).await;
    let told = items(&owner).await;
    assert_eq!((&told[0]["status"], &told[0]["resolution"]), (&json!("RESOLVED"), &json!("CLOSED")));
    assert_eq!(told[0]["subject"]["status"], "QUEUED", "its next run waits");
}

async fn a_dead_letter_is_in_nobodys_way(app: TestApp) {
    let owner = app.as_owner().await;
    let once = Once { order_id: None };
    jobs::ensure(&app.app, &once).await.expect("added");
    run(&app, 2).await;
    let dead = items(&owner).await.remove(0);
    jobs::ensure(&app.app, &once).await.expect("added");
    // The same work waits already: the dead one stays dead.
    resolve(&owner, &dead, "RETRY").await;
    let retry = Handlers::default().with::<consign::operations::RetryJob>();
    jobs::run_due(&app.app, &retry).await.expect("jobs run");
    assert_eq!(status(&owner, &dead["subject"]["id"]).await, "FAILED");
    fare(&app.app, Mood::Well);
    run(&app, 1).await;
    assert!(items(&owner).await.iter().all(|it| it["status"] == "RESOLVED"));
}

/// The kinds of this module's jobs that are due, in the order in which they are claimed one by one.
async fn claimed(app: &TestApp) -> Vec<String> {
    let mut kinds = Vec::new();
    loop {
        let jobs = jobs::claim(&app.app, 1).await.expect("claimed");
        let Some(job) = jobs.into_iter().next() else { return kinds };
        if job.kind.starts_with("test.") {
            kinds.push(job.kind);
        }
    }
}

async fn urgent_work_goes_first_and_nothing_starves(app: TestApp) {
    let once = Once { order_id: None };
    jobs::ensure(&app.app, &Patient {}).await.expect("added");
    jobs::ensure(&app.app, &once).await.expect("added");
    app.app.clock.advance(chrono::TimeDelta::minutes(5));
    jobs::ensure(&app.app, &Urgent {}).await.expect("added");
    assert_eq!(claimed(&app).await, [Urgent::KIND, Once::KIND, Patient::KIND], "it came last and goes first");

    jobs::ensure(&app.app, &Patient {}).await.expect("added");
    app.app.clock.advance(chrono::TimeDelta::minutes(31));
    jobs::ensure(&app.app, &Urgent {}).await.expect("added");
    assert_eq!(claimed(&app).await, [Patient::KIND, Urgent::KIND], "it has waited long enough");
}

async fn work_that_is_long_done_is_forgotten_and_dead_letters_are_not(app: TestApp) {
    let owner = app.as_owner().await;
    jobs::ensure(&app.app, &Once { order_id: None }).await.expect("added");
    run(&app, 2).await;
    let dead = items(&owner).await.remove(0);
    fare(&app.app, Mood::Well);
    jobs::ensure(&app.app, &Urgent {}).await.expect("added");
    run(&app, 1).await;
    let done = async || {
        let answer = owner.run("{ jobs(first: 50, filter: { status: SUCCEEDED }) { nodes { kind } } }", json!({})).await;
        answer.at("jobs.nodes").as_array().expect("nodes").iter().filter(|it| it["kind"] == Urgent::KIND).count()
    };
    jobs::ensure(&app.app, &SweepJobs {}).await.expect("added");
    app.app.clock.advance(chrono::TimeDelta::days(29));
    run(&app, 61).await;
    assert_eq!(done().await, 1);
    app.app.clock.advance(chrono::TimeDelta::days(1));
    run(&app, 61).await;
    assert_eq!(done().await, 0);
    assert_eq!(status(&owner, &dead["subject"]["id"]).await, "FAILED");
}

async fn a_run_that_hangs_is_cut_off_and_was_a_failed_attempt(app: TestApp) {
    let owner = app.as_owner().await;
    jobs::ensure(&app.app, &Hanging {}).await.expect("added");
    jobs::run_due(&app.app, &handlers()).await.expect("jobs run");
    assert!(items(&owner).await.is_empty(), "there is another attempt");
    run(&app, 1).await;
    let told = items(&owner).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["subject"]["error"], "it ran longer than 20ms");
    let id = told[0]["subject"]["id"].as_str().expect("an id").parse().expect("a job's id");
    let job = jobs::lookup(&app.app, id).await.expect("read").expect("the job");
    assert_eq!((job.attempts, job.lease_token), (Hanging::MAX_ATTEMPTS, None), "its claim is fenced");
}
