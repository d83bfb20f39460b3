//! API tokens, and who may make them.

use chrono::TimeDelta;
use consign::identity::Permission;
use consign::kernel::ids::{IdSource, SupplierId};
use serde_json::{Value, json};

use super::{customer, is_good};
use crate::support::app::TestApp;
use crate::support::gql::{Answer, Client};

crate::engine_tests![
    a_token_is_made_shown_once_listed_and_revoked,
    a_token_ends_after_90_days_by_default,
    nobody_gives_a_right_that_they_lack,
    bad_tokens_say_which_field,
    owner_fields_are_hidden_from_other_eyes,
];

const CREATE: &str = "mutation($input: ApiTokenCreateInput!) {
  apiTokenCreate(input: $input) {
    token apiToken { id name scope permissions expiresAt lastUsedAt } userErrors { code field message } } }";

const REVOKE: &str = "mutation($id: ID!) {
  apiTokenRevoke(id: $id) { apiToken { id revokedAt } userErrors { code field message } } }";

const LIST: &str = "query($first: Int, $after: String) {
  apiTokens(first: $first, after: $after) {
    totalCount nodes { id name lastUsedAt revokedAt } pageInfo { hasNextPage endCursor } } }";

async fn create(client: &Client, input: Value) -> Answer {
    client.run(CREATE, json!({ "input": input })).await
}

async fn a_token_is_made_shown_once_listed_and_revoked(app: TestApp) {
    let owner = app.as_owner().await;
    // Tokens of one millisecond are listed in any order.
    app.app.clock.advance(TimeDelta::milliseconds(1));
    let made = create(&owner, json!({ "name": "stock", "scope": "STAFF", "permissions": ["INVENTORY"] })).await;
    let token = made.text("apiTokenCreate.token");
    assert!(token.starts_with("cst_") && token.len() > 40);
    assert_eq!(made.at("apiTokenCreate.apiToken.lastUsedAt"), &json!(null));
    assert!(is_good(&app, &token).await);
    let list = owner.run(LIST, json!({ "first": 1 })).await;
    assert_eq!(list.at("apiTokens.totalCount"), 2);
    assert_eq!(list.at("apiTokens.nodes.0.name"), "stock");
    assert!(list.at("apiTokens.nodes.0.lastUsedAt").is_string());
    let cursor = list.text("apiTokens.pageInfo.endCursor");
    let next = owner.run(LIST, json!({ "first": 1, "after": cursor })).await;
    assert_eq!(next.at("apiTokens.pageInfo.hasNextPage"), false);
    assert_eq!(owner.run(LIST, json!({ "after": "x" })).await.codes(), ["BAD_USER_INPUT"]);
    let id = made.text("apiTokenCreate.apiToken.id");
    let node = owner.run("query($id: ID!) { node(id: $id) { __typename id } }", json!({ "id": id })).await;
    assert_eq!(node.at("node.__typename"), "ApiToken");
    let revoked = owner.run(REVOKE, json!({ "id": id })).await;
    let again = owner.run(REVOKE, json!({ "id": id })).await;
    assert!(revoked.at("apiTokenRevoke.apiToken.revokedAt").is_string());
    assert_eq!(revoked.body["data"], again.body["data"], "ended once");
    assert!(!is_good(&app, &token).await);
    let unknown = owner.run(REVOKE, json!({ "id": "apt_00000000000000000000000000000000" })).await;
    assert_eq!(unknown.user_codes("apiTokenRevoke"), ["NOT_FOUND"]);
    assert_eq!(owner.run(REVOKE, json!({ "id": "cus_1" })).await.codes(), ["BAD_USER_INPUT"]);
}

async fn a_token_ends_after_90_days_by_default(app: TestApp) {
    let owner = app.as_owner().await;
    let made = create(&owner, json!({ "name": "app", "scope": "OWNER" })).await;
    let short = create(&owner, json!({ "name": "app", "scope": "OWNER", "days": 1 })).await;
    app.app.clock.advance(TimeDelta::days(1));
    assert!(!is_good(&app, &short.text("apiTokenCreate.token")).await);
    app.app.clock.advance(TimeDelta::days(89) - TimeDelta::seconds(1));
    assert!(is_good(&app, &made.text("apiTokenCreate.token")).await);
    app.app.clock.advance(TimeDelta::seconds(1));
    assert!(!is_good(&app, &made.text("apiTokenCreate.token")).await);
}

async fn nobody_gives_a_right_that_they_lack(app: TestApp) {
    let staff = app.as_staff(&[Permission::Settings, Permission::Catalog]).await;
    create(&staff, json!({ "name": "a", "scope": "STAFF", "permissions": ["CATALOG"] })).await.done("apiTokenCreate");
    let supplier_id: SupplierId = IdSource::seeded(7).secret_id();
    for (input, code) in [
        (json!({ "name": "a", "scope": "OWNER" }), "SCOPE_TOO_WIDE"),
        (json!({ "name": "a", "scope": "STAFF", "permissions": ["CATALOG", "PAYMENTS"] }), "SCOPE_TOO_WIDE"),
        (json!({ "name": "a", "scope": "SUPPLIER", "supplierId": supplier_id.to_string() }), "NOT_FOUND"),
    ] {
        let answer = create(&staff, input).await;
        assert_eq!(answer.user_codes("apiTokenCreate"), [code]);
        assert_eq!(answer.at("apiTokenCreate.token"), &json!(null));
    }
    let (access, _) = customer(&app, "ada@example.com").await;
    let input = json!({ "name": "a", "scope": "OWNER" });
    let others = [
        (app.as_guest(), "UNAUTHENTICATED"),
        (app.as_guest().with_token(access), "FORBIDDEN"),
        (app.as_supplier(supplier_id).await, "FORBIDDEN"),
        (app.as_staff(&[Permission::Orders]).await, "FORBIDDEN"),
    ];
    for (client, code) in others {
        assert_eq!(create(&client, input.clone()).await.codes(), [code]);
        assert_eq!(client.run(LIST, json!({})).await.codes(), [code]);
        let id = json!({ "id": "apt_00000000000000000000000000000000" });
        assert_eq!(client.run(REVOKE, id).await.codes(), [code]);
    }
}

async fn bad_tokens_say_which_field(app: TestApp) {
    let owner = app.as_owner().await;
    for (input, field) in [
        (json!({ "name": " ", "scope": "OWNER" }), "name"),
        (json!({ "name": "x".repeat(101), "scope": "OWNER" }), "name"),
        (json!({ "name": "a", "scope": "OWNER", "days": 0 }), "days"),
        (json!({ "name": "a", "scope": "OWNER", "days": 5000 }), "days"),
        (json!({ "name": "a", "scope": "STAFF" }), "scope"),
        (json!({ "name": "a", "scope": "SUPPLIER" }), "scope"),
        (json!({ "name": "a", "scope": "OWNER", "permissions": ["CATALOG"] }), "scope"),
    ] {
        let answer = create(&owner, input).await;
        assert_eq!(answer.user_codes("apiTokenCreate"), ["INVALID"]);
        assert_eq!(answer.at("apiTokenCreate.userErrors.0.field"), &json!(["input", field]));
    }
    let days = create(&owner, json!({ "name": "a", "scope": "OWNER", "days": -1 })).await;
    assert_eq!(days.codes().len(), 1);
}

async fn owner_fields_are_hidden_from_other_eyes(app: TestApp) {
    let (access, _) = customer(&app, "ada@example.com").await;
    let query = "{ __schema { types { name } mutationType { fields { name } } } }";
    for client in [app.as_guest(), app.as_guest().with_token(access)] {
        let answer = client.run(query, json!({})).await;
        let text = answer.at("__schema").to_string();
        for hidden in ["ApiToken", "WorkItem", "Notification", "apiTokenCreate", "workItemResolve", "Permission"] {
            assert!(!text.contains(hidden), "{hidden}");
        }
        assert!(text.contains("customerRegister"));
    }
    let answer = app.as_owner().await.run(query, json!({})).await;
    let text = answer.at("__schema").to_string();
    for shown in ["\"ApiToken\"", "\"WorkItem\"", "\"Notification\"", "apiTokenCreate", "workItemResolve"] {
        assert!(text.contains(shown), "{shown}");
    }
}
