//! Suppliers with a file on a server of files: the server is known by its key, or told nothing.

use consign::kernel::ids::SupplierId;
use russh::keys::ssh_key::LineEnding;
use serde_json::{Value, json};

use super::feed::{last_fetch, poll};
use crate::standins::sftp::{Sftp, USER, new_key};
use crate::support::app::TestApp;
use crate::support::gql::Client;
use crate::support::{stock, trade};

crate::engine_tests![
    a_file_over_sftp_is_sold_from_and_followed,
    a_server_that_nobody_has_looked_at_is_told_nothing,
    a_server_with_another_key_is_told_nothing_and_told_of,
    credentials_that_are_revoked_show_in_the_health,
    what_cannot_be_a_server_of_files_is_refused,
];

const PASSWORD: &str = "correct horse ✓";

/// A server whose file has seven of the only item.
async fn server() -> Sftp {
    let server = Sftp::start().await;
    server.put("supplier_sku,quantity\nS-0,7\n");
    server.books().password = Some(PASSWORD.to_owned());
    server
}

/// A supplier with a file there, and an offer for one variant.
async fn supplier(app: &TestApp, owner: &Client, server: &Sftp, changes: Value) -> SupplierId {
    let mut settings = json!({ "url": server.url, "format": "CSV", "password": PASSWORD,
        "hostKey": server.fingerprint() });
    for (name, value) in changes.as_object().into_iter().flatten() {
        settings[name] = value.clone();
    }
    let id = stock::supplier(owner, "Filer", "feed", settings).await;
    let variant = stock::variants(owner, 1).await.remove(0);
    stock::offer(owner, id, &variant, "S-0", Value::Null).await;
    poll(app).await;
    id
}

async fn set(owner: &Client, id: SupplierId, settings: Value) {
    let update = "mutation($id: ID!, $input: SupplierUpdateInput!) { supplierUpdate(id: $id, input: $input) {
        supplier { settings } userErrors { code field message } } }";
    owner.run(update, json!({ "id": id, "input": { "settings": settings } })).await.done("supplierUpdate");
}

/// What is wrong with the supplier, as asking tells.
async fn check(owner: &Client, id: SupplierId) -> Value {
    let check = "mutation($id: ID!) { supplierCheck(id: $id) { trouble userErrors { code field message } } }";
    owner.run(check, json!({ "id": id })).await.done("supplierCheck")["trouble"].clone()
}

/// Sells what the file says, and complains of nothing.
async fn sells(app: &TestApp, owner: &Client, id: SupplierId, quantity: i64) {
    let told = last_fetch(owner, id).await;
    assert_eq!((&told["health"]["status"], &told["lastFetch"]["failure"]), (&json!("OK"), &Value::Null), "{told}");
    assert_eq!(stock::availability(&app.as_guest(), "V-0").await.1, quantity);
}

/// Fails with a sentence that has these words, and goes on selling what was there before.
async fn fails(app: &TestApp, owner: &Client, id: SupplierId, words: &str, quantity: i64) {
    poll(app).await;
    let told = last_fetch(owner, id).await;
    assert_eq!(told["health"]["status"], "FAILING", "{told}");
    let error = told["health"]["lastError"].as_str().expect("an error");
    assert!(error.contains(words), "{error}");
    assert!(!error.contains(PASSWORD), "{error}");
    assert_eq!(stock::availability(&app.as_guest(), "V-0").await.1, quantity);
}

async fn a_file_over_sftp_is_sold_from_and_followed(app: TestApp) {
    let owner = trade::open(&app).await;
    let server = server().await;
    let id = supplier(&app, &owner, &server, Value::Null).await;
    assert_eq!(check(&owner, id).await, Value::Null);
    sells(&app, &owner, id, 7).await;
    let shown = owner.run("query($id: ID!) { supplier(id: $id) { settings } }", json!({ "id": id })).await;
    assert!(!shown.body.to_string().contains(PASSWORD), "{}", shown.body);

    // A file of the same size and time is not read again.
    let before = server.books().read;
    server.books().file = b"supplier_sku,quantity\nS-0,9\n".to_vec();
    poll(&app).await;
    assert_eq!(server.books().read, before);
    sells(&app, &owner, id, 7).await;
    let rows: Vec<String> = (1..20_000).map(|index| format!("X-{index},1\n")).collect();
    server.put(format!("supplier_sku,quantity\nS-0,4\n{}", rows.concat()));
    poll(&app).await;
    sells(&app, &owner, id, 4).await;
    assert_eq!(last_fetch(&owner, id).await["lastFetch"]["items"], 20_000);

    let key = new_key();
    {
        let mut books = server.books();
        (books.password, books.key) = (None, Some(key.public_key().clone()));
    }
    fails(&app, &owner, id, "does not let the store in", 4).await;
    let pem = key.to_openssh(LineEnding::LF).expect("PEM").to_string();
    set(&owner, id, json!({ "password": null, "privateKey": pem })).await;
    server.put("supplier_sku,quantity\nS-0,5\n");
    poll(&app).await;
    sells(&app, &owner, id, 5).await;
}

async fn a_server_that_nobody_has_looked_at_is_told_nothing(app: TestApp) {
    let owner = trade::open(&app).await;
    let server = server().await;
    let id = supplier(&app, &owner, &server, json!({ "hostKey": null })).await;
    fails(&app, &owner, id, &server.fingerprint(), 0).await;
    assert_eq!(stock::open_items(&owner, "SUPPLIER_HOST_KEY").await.len(), 1);
    // The owner compares what the check tells with what the supplier says, and sets it.
    let told = check(&owner, id).await;
    let words = told.as_str().expect("trouble").split([' ', ';']);
    let offered = words.into_iter().find(|word| word.starts_with("SHA256:")).expect("a fingerprint").to_owned();
    assert_eq!(offered, server.fingerprint());
    assert_eq!(server.books().tried, 0, "nothing was told before the key was known");
    set(&owner, id, json!({ "hostKey": offered })).await;
    assert_eq!(check(&owner, id).await, Value::Null);
    poll(&app).await;
    sells(&app, &owner, id, 7).await;
    assert!(stock::open_items(&owner, "SUPPLIER_HOST_KEY").await.is_empty());
}

async fn a_server_with_another_key_is_told_nothing_and_told_of(app: TestApp) {
    let owner = trade::open(&app).await;
    let server = server().await;
    let id = supplier(&app, &owner, &server, Value::Null).await;
    sells(&app, &owner, id, 7).await;
    let tried = server.books().tried;
    let own = server.change_key(new_key());
    server.put("supplier_sku,quantity\nS-0,1\n");
    fails(&app, &owner, id, &format!("shows the key {} and not the one", server.fingerprint()), 7).await;
    poll(&app).await;
    assert_eq!(stock::open_items(&owner, "SUPPLIER_HOST_KEY").await.len(), 1, "told of once");
    assert_eq!(server.books().tried, tried, "nobody tried to log in");
    server.change_key(own);
    poll(&app).await;
    sells(&app, &owner, id, 1).await;
    assert!(stock::open_items(&owner, "SUPPLIER_HOST_KEY").await.is_empty(), "the trouble is over");
}

async fn credentials_that_are_revoked_show_in_the_health(app: TestApp) {
    let owner = trade::open(&app).await;
    let server = server().await;
    let id = supplier(&app, &owner, &server, Value::Null).await;
    sells(&app, &owner, id, 7).await;
    let rows: Vec<String> = (1..20_000).map(|index| format!("X-{index},1\n")).collect();
    server.put(format!("supplier_sku,quantity\nS-0,1\n{}", rows.concat()));
    server.books().revoked_after = Some(100_000);
    fails(&app, &owner, id, "the transfer failed", 7).await;
    fails(&app, &owner, id, "does not let the store in", 7).await;
    assert_eq!(check(&owner, id).await, "the file cannot be fetched: the server does not let the store in");
    {
        let mut books = server.books();
        (books.revoked_after, books.password) = (None, Some(PASSWORD.to_owned()));
    }
    poll(&app).await;
    sells(&app, &owner, id, 1).await;
}

async fn what_cannot_be_a_server_of_files_is_refused(app: TestApp) {
    let owner = app.as_owner().await;
    let fingerprint = format!("SHA256:{}", "A".repeat(43));
    let encrypted = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n";
    for (name, value) in [
        ("url", format!("sftp://{USER}@10.0.0.1/stock.csv")),
        ("url", format!("sftp://{USER}@0x0a.1/stock.csv")),
        ("url", format!("sftp://{USER}@[::ffff:169.254.1.1]/stock.csv")),
        ("url", format!("sftp://{USER}:secret@files.example/stock.csv")),
        ("url", "sftp://files.example/stock.csv".to_owned()),
        ("url", format!("sftp://{USER}@files.example/")),
        ("url", format!("ftp://{USER}@files.example/stock.csv")),
        ("hostKey", "ssh-ed25519 AAAA".to_owned()),
        ("hostKey", fingerprint[..30].to_owned()),
        ("privateKey", encrypted.to_owned()),
        ("password", "two\nlines".to_owned()),
    ] {
        let mut settings = json!({ "url": format!("sftp://{USER}@files.example/stock.csv"), "format": "CSV",
            "hostKey": fingerprint });
        settings[name] = json!(value);
        let answer = stock::create_supplier(&owner, json!({ "adapter": "feed", "settings": settings })).await;
        assert_eq!(answer.user_codes("supplierCreate"), ["INVALID"], "{name} {value}: {}", answer.body);
        assert_eq!(answer.at("supplierCreate.userErrors.0.field"), &json!(["settings", name]), "{}", answer.body);
    }
}
