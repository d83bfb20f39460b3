//! Copying an SQLite database beside a store that sells, and putting the copy to work elsewhere.

use std::path::{Path, PathBuf};

use consign::platform::config::Config;
use consign::platform::db::{Db, FileLock, sqlite_file};
use consign::platform::restoration;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::{program, shop};

crate::engine_tests![
    a_copy_taken_while_buyers_buy_is_whole_and_serves,
    a_copy_takes_the_place_of_nothing_by_accident,
    what_is_damaged_or_newer_is_not_restored,
    postgres_has_tools_of_its_own,
];

/// The folder of a store's own, and what `app` is configured as there.
fn elsewhere(app: &TestApp) -> (tempfile::TempDir, Config) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut config = app.app.config.clone();
    config.database_url = format!("sqlite://{}", folder.path().join("consign.db").display());
    config.data_dir = folder.path().to_owned();
    (folder, config)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a name")
}

async fn execute(database_url: &str, sql: &str) {
    let db = Db::connect(database_url, 1).await.expect("SQLite opens");
    db.write().execute_unprepared(sql).await.expect("it is done");
    db.close().await;
}

async fn back_up(app: &TestApp, name: &str) -> PathBuf {
    let file = app.app.config.data_dir.join(name);
    program::run(&app.app.config, &["backup", "--to", text(&file)]).await.done();
    file
}

async fn a_copy_taken_while_buyers_buy_is_whole_and_serves(app: TestApp) {
    if sqlite_file(&app.app.config.database_url).is_none() {
        return;
    }
    let shop = shop::Shop::open(&app, 1, 500, 0).await;
    let buying = async {
        let mut orders = 0;
        for key in 0..12 {
            let cart = shop.ready_cart(&[(0, 1)]).await;
            shop::buy(&shop.guest, &cart, &format!("key-{key}"), "tok_ok").await.done("checkoutComplete");
            orders += 1;
        }
        orders
    };
    let copying = async {
        let mut files = Vec::new();
        for number in 0..4 {
            files.push(back_up(&app, &format!("copy-{number}.db")).await);
        }
        files
    };
    let (bought, files) = tokio::join!(buying, copying);
    assert_eq!(bought, 12);
    let last = back_up(&app, "last.db").await;
    for file in files.iter().chain([&last]) {
        let (_folder, config) = elsewhere(&app);
        let told = program::run(&config, &["restore", text(file)]).await.done();
        assert!(told.contains("consign recover"), "{told}");
        books_agree(&program::run(&config, &["doctor", "--json"]).await.json());
    }
    let (_folder, config) = elsewhere(&app);
    program::run(&config, &["restore", text(&last)]).await.done();
    let restored = app.reconfigured(|it| it.database_url = config.database_url.clone()).await;
    let answer = shop.owner.run("{ orders(first: 1) { totalCount } }", json!({})).await;
    let there = restored.as_owner().await.run("{ orders(first: 1) { totalCount } }", json!({})).await;
    assert_eq!((answer.at("orders.totalCount"), there.at("orders.totalCount")), (&json!(12), &json!(12)));
    let row = restoration::lookup(restored.app.db.read()).await.unwrap().expect("it knows that it was restored");
    assert!(row.taken_at < row.restored_at.unwrap() && row.recovered_at.is_none(), "{row:?}");
    let cart = shop.ready_cart_of(&restored.as_guest(), &[(0, 1)]).await;
    shop::buy(&restored.as_guest(), &cart, "there", "tok_ok").await.done("checkoutComplete");
}

/// All checks of the books are well.
fn books_agree(findings: &Value) {
    let books = ["file and references", "stock ledger", "reserved units", "order totals", "event numbers", "migrations"];
    for check in books {
        let found = findings.as_array().expect("findings").iter().find(|it| it["check"] == check);
        assert_eq!(found.unwrap_or_else(|| panic!("no {check}: {findings}"))["verdict"], "OK", "{found:?}");
    }
}

async fn a_copy_takes_the_place_of_nothing_by_accident(app: TestApp) {
    if sqlite_file(&app.app.config.database_url).is_none() {
        return;
    }
    let file = back_up(&app, "copy.db").await;
    let before = std::fs::read(&file).unwrap();
    let refused = program::run(&app.app.config, &["backup", "--to", text(&file)]).await.refused();
    assert!(refused.contains("exists"), "{refused}");
    assert_eq!(std::fs::read(&file).unwrap(), before);

    let (_folder, config) = elsewhere(&app);
    program::run(&config, &["restore", text(&file)]).await.done();
    execute(&config.database_url, "UPDATE store SET name = 'Kept'").await;
    let lock = FileLock::take(&config.database_url).unwrap();
    let refused = program::run(&config, &["restore", text(&file)]).await.refused();
    assert!(refused.contains("another process is using"), "{refused}");
    drop(lock);
    program::run(&config, &["restore", text(&file)]).await.done();
    assert_eq!(name_of_store(&config.database_url).await, "Consign store");
    let kept = std::fs::read_dir(&config.data_dir).unwrap().map(|it| it.unwrap().path());
    let kept = kept.filter(|it| text(it).contains(".db.before-restore-")).collect::<Vec<_>>();
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert_eq!(name_of_store(&format!("sqlite://{}", kept[0].display())).await, "Kept");
}

async fn name_of_store(url: &str) -> String {
    let db = Db::look(url).await.expect("SQLite opens");
    let ask = Statement::from_string(db.read().get_database_backend(), "SELECT name FROM store");
    let name = db.read().query_one_raw(ask).await.unwrap().expect("a store").try_get("", "name").unwrap();
    db.close().await;
    name
}

async fn what_is_damaged_or_newer_is_not_restored(app: TestApp) {
    if sqlite_file(&app.app.config.database_url).is_none() {
        return;
    }
    let good = back_up(&app, "good.db").await;
    let (folder, config) = elsewhere(&app);
    program::run(&config, &["restore", text(&good)]).await.done();
    let spoilt = |name: &str| folder.path().join(name);

    let torn = spoilt("torn.db");
    let mut bytes = std::fs::read(&good).unwrap();
    let (from, to) = (bytes.len() / 3, bytes.len() / 3 * 2);
    bytes[from..to].fill(0xa5);
    std::fs::write(&torn, bytes).unwrap();
    let newer = spoilt("newer.db");
    std::fs::copy(&good, &newer).unwrap();
    let step = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m20991231_000099_future', 0)";
    execute(&format!("sqlite://{}", newer.display()), step).await;
    let foreign = spoilt("foreign.db");
    std::fs::write(&foreign, "not a database at all").unwrap();
    for (file, words) in [(&torn, "damaged"), (&newer, "newer version"), (&foreign, "not")] {
        let refused = program::run(&config, &["restore", text(file)]).await.refused();
        assert!(refused.contains(words), "{refused}");
    }
    assert_eq!(name_of_store(&config.database_url).await, "Consign store");
}

async fn postgres_has_tools_of_its_own(app: TestApp) {
    if sqlite_file(&app.app.config.database_url).is_some() {
        return;
    }
    let refused = program::run(&app.app.config, &["backup"]).await.refused();
    assert!(refused.contains("pg_dump") && refused.contains("docs/operations.md"), "{refused}");
}
