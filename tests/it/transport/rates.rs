//! Rates that all processes share through Redis, and what happens without it.

use std::time::Duration;

use consign::platform::buckets::{Buckets, Size, Spent};
use consign::platform::config::Config;
use serde_json::json;

use crate::support::app::TestApp;
use crate::support::own_redis::Redis;

crate::server_tests![
    two_processes_share_one_bucket,
    together_they_never_spend_more_than_there_is,
    without_redis_each_has_its_own_bucket_and_nothing_fails,
];

const ASK: &str = "{ __typename }";

/// Four requests at once, then one a second.
fn few(config: &mut Config) {
    config.limits.address_cost_burst = 4;
    config.limits.address_cost_per_second = 1;
}

async fn status(app: &TestApp) -> u16 {
    app.as_guest().run(ASK, json!({})).await.status.as_u16()
}

async fn two_processes_share_one_bucket(app: TestApp) {
    let (one, two) = (app.reconfigured(few).await, app.reconfigured(few).await);
    // The first connection to Redis may take longer than anybody waits.
    for process in [&one, &two] {
        process.as_guest().with_token("cst_forged").run(ASK, json!({})).await;
    }
    tokio::time::sleep(Duration::from_millis(4_100)).await;
    for process in [&one, &two, &two, &one] {
        assert_eq!(status(process).await, 200);
    }
    for process in [&one, &two, &one] {
        let answer = process.as_guest().run(ASK, json!({})).await;
        assert_eq!((answer.status.as_u16(), answer.codes()), (429, vec!["RATE_LIMITED".to_owned()]));
        let seconds = answer.body["errors"][0]["extensions"]["retryAfter"].as_u64().expect("a number");
        assert!((1..=2).contains(&seconds), "{seconds}");
        assert_eq!(answer.headers["retry-after"].to_str().unwrap(), seconds.to_string());
    }
    // Another address is another bucket, an actor's token yet another.
    let owner = two.as_owner().await;
    assert_eq!(owner.run(ASK, json!({})).await.status, 429, "the address' bucket comes first");
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_eq!(status(&two).await, 200);
}

async fn together_they_never_spend_more_than_there_is(app: TestApp) {
    let url = app.app.config.redis_url.as_deref().expect("a Redis");
    let size = Size { per_second: 1, burst: 1_000 };
    let buckets: Vec<Buckets> =
        (0..3).map(|_| Buckets::new(url, &app.app.config.redis_prefix).expect("buckets")).collect();
    let spend = |bucket: usize| {
        let buckets = &buckets;
        async move {
            let mut spent = 0;
            loop {
                match buckets[bucket].spend("rate:test", size, 3).await {
                    Spent::Yes => spent += 3,
                    Spent::Later(wait) => return (spent, wait),
                    // It was busy; what it gave nobody has.
                    Spent::Unknown => tokio::time::sleep(Duration::from_millis(1_100)).await,
                }
            }
        }
    };
    let (one, two, three) = tokio::join!(spend(0), spend(1), spend(2));
    let sum = one.0 + two.0 + three.0;
    // What a process draws and does not spend is lost; each second gives a unit back.
    assert!((800..=1_020).contains(&sum), "{sum}");
    assert!(one.1 <= Duration::from_secs(3), "{:?}", one.1);
}

async fn without_redis_each_has_its_own_bucket_and_nothing_fails(app: TestApp) {
    for signal in ["-KILL", "-STOP"] {
        let redis = Redis::start().await;
        let process = app
            .reconfigured(|config| {
                few(config);
                config.redis_url = Some(redis.url.clone());
            })
            .await;
        for _ in 0..4 {
            assert_eq!(status(&process).await, 200);
        }
        redis.signal(signal);
        // What was drawn ahead is lost in a moment; then Redis cannot be asked.
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        let mut statuses = Vec::new();
        for _ in 0..6 {
            statuses.push(status(&process).await);
        }
        assert_eq!(statuses[0], 200, "{signal}: a bucket of its own");
        assert!(statuses.iter().all(|status| matches!(status, 200 | 429)), "{signal}: {statuses:?}");
        assert!(statuses.contains(&429), "{signal}: it has an end");
    }
}
