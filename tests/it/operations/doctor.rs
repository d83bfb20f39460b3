//! The doctor: green on a store that is well, and red in the right place on one that is not.

use sea_orm::ConnectionTrait;
use serde_json::Value;

use crate::support::app::TestApp;
use crate::support::{program, shop};

crate::engine_tests![a_healthy_store_is_green, each_defect_turns_its_own_check_red, what_cannot_be_reached_is_said];

async fn findings(app: &TestApp) -> (bool, Vec<(String, String)>) {
    let ran = program::run(&app.app.config, &["doctor", "--json"]).await;
    let found = ran.json();
    let text = |it: &Value, name: &str| it[name].as_str().expect("a text").to_owned();
    let found = found.as_array().expect("findings").iter().map(|it| (text(it, "check"), text(it, "verdict")));
    (ran.well, found.collect())
}

fn red(found: &[(String, String)]) -> Vec<&str> {
    found.iter().filter(|(_, verdict)| verdict == "FAIL").map(|(check, _)| check.as_str()).collect()
}

/// A store with a few orders behind it.
async fn busy(app: &TestApp) -> shop::Shop {
    let shop = shop::Shop::open(app, 2, 50, 0).await;
    for key in ["one", "two"] {
        let cart = shop.ready_cart(&[(0, 1), (1, 2)]).await;
        shop::buy(&shop.guest, &cart, key, "tok_ok").await.done("checkoutComplete");
    }
    app.run_jobs().await;
    shop
}

async fn a_healthy_store_is_green(app: TestApp) {
    busy(&app).await;
    let (well, found) = findings(&app).await;
    assert!(well, "{found:?}");
    assert_eq!(red(&found), Vec::<&str>::new());
    for check in ["configuration", "database", "migrations", "mail", "jobs", "stock ledger", "order totals", "event numbers"]
    {
        assert!(found.contains(&(check.to_owned(), "OK".to_owned())), "{check}: {found:?}");
    }
    let table = program::run(&app.app.config, &["doctor"]).await.done();
    assert!(table.contains("OK    database"), "{table}");
}

async fn each_defect_turns_its_own_check_red(app: TestApp) {
    busy(&app).await;
    let old = "'2020-01-01T00:00:00+00:00'";
    let late = format!(
        "INSERT INTO job (id, kind, payload, status, run_at, attempts, max_attempts, progress_done, created_at) \
         VALUES ('01900000-0000-7000-8000-000000000000', 'late', '{{}}', 'QUEUED', {old}, 0, 15, 0, {old})"
    );
    let restored = format!("INSERT INTO restoration (id, taken_at, restored_at) VALUES (1, {old}, {old})");
    let newest = "WHERE position = (SELECT MAX(position) FROM event)";
    let defects: [(&[&str], &str, &str); 7] = [
        (
            &["stock ledger"],
            "UPDATE stock_ledger SET reported_delta = reported_delta + 1 WHERE seq = 1",
            "UPDATE stock_ledger SET reported_delta = reported_delta - 1 WHERE seq = 1",
        ),
        (
            &["stock ledger", "reserved units"],
            "UPDATE supplier_offer SET reserved = reserved + 1",
            "UPDATE supplier_offer SET reserved = reserved - 1",
        ),
        (
            &["order totals"],
            "UPDATE orders SET subtotal = subtotal + 1",
            "UPDATE orders SET subtotal = subtotal - 1",
        ),
        (
            &["event numbers"],
            "UPDATE event_stream SET last_seq = last_seq + 1",
            "UPDATE event_stream SET last_seq = last_seq - 1",
        ),
        (
            &["event places"],
            &format!("UPDATE event SET position = position + 1000000 {newest}"),
            &format!("UPDATE event SET position = position - 1000000 {newest}"),
        ),
        (&["jobs"], &late, "DELETE FROM job WHERE kind = 'late'"),
        (&["restoration"], &restored, "DELETE FROM restoration"),
    ];
    for (checks, plant, mend) in defects {
        app.app.db.write().execute_unprepared(plant).await.unwrap_or_else(|error| panic!("{checks:?}: {error}"));
        let (well, found) = findings(&app).await;
        assert!(!well);
        assert_eq!(red(&found), checks, "{found:?}");
        app.app.db.write().execute_unprepared(mend).await.unwrap_or_else(|error| panic!("{checks:?}: {error}"));
    }
    // A newer program ran here: in a rolling deployment that is as it should be.
    let newer = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m20991231_000099_future', 0)";
    app.app.db.write().execute_unprepared(newer).await.expect("a step of a newer version");
    let (well, found) = findings(&app).await;
    assert!(well && red(&found).is_empty(), "{found:?}");
    assert!(found.contains(&("migrations".to_owned(), "WARN".to_owned())), "{found:?}");
}

async fn what_cannot_be_reached_is_said(app: TestApp) {
    busy(&app).await;
    let mut config = app.app.config.clone();
    config.jwt_secret = "short".into();
    // Port 9 (discard) refuses.
    config.smtp_url = Some("smtp://127.0.0.1:9".into());
    config.gateways.test.as_mut().expect("a gateway").url = "http://127.0.0.1:9/gateway".to_owned();
    let ran = program::run(&config, &["doctor", "--json"]).await;
    assert!(!ran.well);
    let found = ran.json();
    for check in ["configuration", "mail", "gateway test"] {
        let it = found.as_array().expect("findings").iter().find(|it| it["check"] == check).expect(check);
        assert_eq!(it["verdict"], "FAIL", "{it}");
    }
    assert!(found.to_string().contains("CONSIGN_JWT_SECRET is too short"), "{found}");
    config.database_url = match &app.app.config.redis_url {
        None => "sqlite:///nowhere/consign.db".to_owned(),
        Some(_) => "postgres://nobody@127.0.0.1:9/none".to_owned(),
    };
    let found = program::run(&config, &["doctor", "--json"]).await.json();
    let it = found.as_array().expect("findings").iter().find(|it| it["check"] == "database").expect("a database");
    assert_eq!(it["verdict"], "FAIL", "{it}");
}
