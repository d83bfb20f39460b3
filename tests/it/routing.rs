//! Routing as the owner steers it, and as it explains itself.

use std::time::Duration;

use consign::kernel::ids::SupplierId;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::gql::{Answer, Client};
use crate::support::{stock, trade};

crate::engine_tests![
    a_policy_is_kept_and_changed_by_one_hand_at_a_time,
    a_policy_that_cannot_be_is_refused,
    rules_decide_who_sends_what_to_whom,
    a_preview_is_what_a_checkout_gets_and_what_if,
    questions_that_make_no_sense_are_refused,
    an_order_tells_why_and_why_again,
    nothing_is_sold_or_sent_again_below_the_margin,
    a_supplier_that_is_late_is_reckoned_with,
];

/// Changes the policy.
async fn update(owner: &Client, input: Value) -> Answer {
    let update = "mutation($input: RoutingPolicyInput!) { routingPolicyUpdate(input: $input) {
        policy { splitPenalty { amount } lateCost { amount } refusalCost { amount } conversionFee minimumMargin version
          rules { name effect weight suppliers { id } countryCodes collections { id } customerTags } }
        userErrors { code field message } } }";
    owner.run(update, json!({ "input": input })).await
}

/// Asks who would send `lines` to Germany.
async fn preview(owner: &Client, lines: &[(&str, i64)], more: Value) -> Answer {
    let lines: Vec<Value> = lines.iter().map(|(id, quantity)| json!({ "variantId": id, "quantity": quantity })).collect();
    let mut input = json!({ "lines": lines, "countryCode": "DE" });
    for (field, value) in more.as_object().into_iter().flatten() {
        input[field] = value.clone();
    }
    let preview = "query($input: RoutingPreviewInput!) { routingPreview(input: $input) { decidedAt score { amount }
          parcels { supplier { name } serviceName units { quantity offer { supplierSku } unitCost { amount } }
            cost { goods { amount } handling { amount } shipping { amount } lateRisk { amount } lateRate score { amount } } }
          unrouted { variant { id } quantity reason }
          candidates { supplier { name } eligible reasons rules landedCost { amount } score { amount } } } }";
    owner.run(preview, json!({ "input": input })).await
}

/// Who would send them.
async fn senders(owner: &Client, lines: &[(&str, i64)], more: Value) -> Vec<String> {
    let answer = preview(owner, lines, more).await;
    assert!(answer.at("routingPreview").is_object(), "{}", answer.body);
    let parcels = answer.at("routingPreview.parcels").as_array().expect("parcels");
    parcels.iter().map(|it| it["supplier"]["name"].as_str().expect("a name").to_owned()).collect()
}

/// What a decision says of the offer of a supplier.
fn candidate<'a>(decision: &'a Value, supplier: &str) -> &'a Value {
    let all = decision["candidates"].as_array().expect("candidates");
    all.iter().find(|it| it["supplier"]["name"] == supplier).expect("the supplier's offer")
}

/// Near sends the one variant for 3.00 and 3.00, Far for 3.20 and 3.00.
async fn rivals(app: &TestApp) -> (Client, String, SupplierId, SupplierId) {
    let owner = trade::open(app).await;
    let variant = stock::variants(&owner, 1).await.remove(0);
    let near = trade::portal(&owner, "Near", true).await;
    let far = trade::portal(&owner, "Far", true).await;
    trade::offers(app, &owner, near, &variant, "N-1", 9, "3.00").await;
    trade::offers(app, &owner, far, &variant, "F-1", 9, "3.20").await;
    (owner, variant, near, far)
}

fn euro(amount: &str) -> Value {
    json!({ "amount": amount, "currencyCode": "EUR" })
}

async fn a_policy_is_kept_and_changed_by_one_hand_at_a_time(app: TestApp) {
    let (owner, _, near, _) = rivals(&app).await;
    let rule = json!({ "name": "rather near", "effect": "PREFER", "weight": "0.95", "supplierIds": [near],
        "countryCodes": ["DE"], "customerTags": ["vip"] });
    let input = json!({ "splitPenalty": euro("1.50"), "lateCost": euro("8.00"), "minimumMargin": "-0.1",
        "conversionFee": "0.02", "rules": [rule], "version": 0 });
    let made = update(&owner, input).await.done("routingPolicyUpdate")["policy"].clone();
    let wanted = json!({ "splitPenalty": { "amount": "1.50" }, "lateCost": { "amount": "8.00" },
        "refusalCost": { "amount": "0.00" }, "conversionFee": "0.02", "minimumMargin": "-0.1", "version": 1,
        "rules": [{ "name": "rather near", "effect": "PREFER", "weight": "0.95", "suppliers": [{ "id": near }],
            "countryCodes": ["DE"], "collections": [], "customerTags": ["vip"] }] });
    assert_eq!(made, wanted);
    let late = update(&owner, json!({ "rules": [], "version": 0 })).await;
    assert_eq!(late.user_codes("routingPolicyUpdate"), ["CONFLICT"]);
    // What is not given stays; null takes the margin away; the same again is no change.
    let input = json!({ "minimumMargin": null, "version": 1 });
    let changed = update(&owner, input.clone()).await.done("routingPolicyUpdate")["policy"].clone();
    assert_eq!((&changed["minimumMargin"], &changed["version"]), (&Value::Null, &json!(2)));
    assert_eq!(changed["rules"], wanted["rules"]);
    let again = update(&owner, json!({ "minimumMargin": null })).await;
    assert_eq!(again.at("routingPolicyUpdate.policy.version"), &json!(2));
    let log = "query { auditLog(first: 10, filter: { action: \"routingPolicy.update\" }) { nodes { action } } }";
    assert_eq!(owner.run(log, json!({})).await.at("auditLog.nodes").as_array().map(Vec::len), Some(2));
}

async fn a_policy_that_cannot_be_is_refused(app: TestApp) {
    let (owner, _, near, _) = rivals(&app).await;
    let rule = |changes: Value| {
        let mut rule = json!({ "name": "a", "effect": "AVOID", "supplierIds": [near] });
        for (field, value) in changes.as_object().into_iter().flatten() {
            rule[field] = value.clone();
        }
        json!({ "rules": [rule] })
    };
    let nobody = "sup_0192f3a0000070008000000000000000";
    let nothing = "col_0192f3a0000070008000000000000000";
    let cases = [
        (json!({ "splitPenalty": euro("-1.00") }), "INVALID", "splitPenalty"),
        (json!({ "lateCost": { "amount": "1.00", "currencyCode": "USD" } }), "INVALID", "lateCost"),
        (json!({ "conversionFee": "1.5" }), "INVALID", "conversionFee"),
        (json!({ "minimumMargin": "2" }), "INVALID", "minimumMargin"),
        (rule(json!({ "name": " " })), "INVALID", "rules"),
        (rule(json!({ "supplierIds": [] })), "INVALID", "rules"),
        (rule(json!({ "weight": "0.5" })), "INVALID", "rules"),
        (rule(json!({ "effect": "PREFER" })), "INVALID", "rules"),
        (rule(json!({ "effect": "PREFER", "weight": "0.01" })), "INVALID", "rules"),
        (rule(json!({ "supplierIds": [nobody] })), "NOT_FOUND", "rules"),
        (rule(json!({ "collectionIds": [nothing] })), "NOT_FOUND", "rules"),
        (json!({ "rules": [rule(json!({}))["rules"][0], rule(json!({}))["rules"][0]] }), "INVALID", "rules"),
    ];
    for (input, code, field) in cases {
        let answer = update(&owner, input.clone()).await;
        assert_eq!(answer.user_codes("routingPolicyUpdate"), [code], "{input}: {}", answer.body);
        assert_eq!(answer.at("routingPolicyUpdate.userErrors.0.field.0"), field, "{input}: {}", answer.body);
        assert!(answer.at("routingPolicyUpdate.policy").is_null());
    }
}

async fn rules_decide_who_sends_what_to_whom(app: TestApp) {
    let (owner, variant, near, far) = rivals(&app).await;
    let one = [(variant.as_str(), 1)];
    assert_eq!(senders(&owner, &one, json!({})).await, ["Near"]);
    let rules = |rule: Value| json!({ "rules": [rule] });
    let avoid = json!({ "name": "not near", "effect": "AVOID", "supplierIds": [near] });
    update(&owner, rules(avoid)).await.done("routingPolicyUpdate");
    assert_eq!(senders(&owner, &one, json!({})).await, ["Far"]);
    let require = json!({ "name": "only far", "effect": "REQUIRE", "supplierIds": [far], "countryCodes": ["FR"] });
    update(&owner, rules(require)).await.done("routingPolicyUpdate");
    assert_eq!(senders(&owner, &one, json!({})).await, ["Near"]);
    // For goods of a collection.
    let create = "mutation($input: CollectionCreateInput!) { collectionCreate(input: $input) {
        collection { id } userErrors { code field message } } }";
    let answer = owner.run(create, json!({ "input": { "title": "Fragile", "description": "" } })).await;
    let collection = answer.text("collectionCreate.collection.id");
    let prefer = json!({ "name": "fragile far", "effect": "PREFER", "weight": "0.5", "supplierIds": [far],
        "collectionIds": [collection] });
    update(&owner, rules(prefer)).await.done("routingPolicyUpdate");
    assert_eq!(senders(&owner, &one, json!({})).await, ["Near"]);
    let product = owner.run("query($id: ID!) { variant(id: $id) { product { id } } }", json!({ "id": variant })).await;
    let add = "mutation($id: ID!, $input: CollectionProductsInput!) { collectionProductsAdd(id: $id, input: $input) {
        userErrors { code field message } } }";
    let input = json!({ "productIds": [product.at("variant.product.id")] });
    owner.run(add, json!({ "id": collection, "input": input })).await.done("collectionProductsAdd");
    assert_eq!(senders(&owner, &one, json!({})).await, ["Far"]);
    // For some customers: the one who is signed in at the checkout.
    let customer = app.as_customer("ada@example.com").await;
    let id = customer.run("query { me { id } }", json!({})).await.text("me.id");
    let tag = "mutation($id: ID!, $tags: [String!]!) { customerTagsSet(id: $id, tags: $tags) {
        customer { tags } userErrors { code field message } } }";
    let answer = owner.run(tag, json!({ "id": id, "tags": ["vip", " vip ", "b2b"] })).await;
    assert_eq!(answer.done("customerTagsSet")["customer"]["tags"], json!(["b2b", "vip"]));
    let vip = json!({ "name": "vip far", "effect": "REQUIRE", "supplierIds": [far], "customerTags": ["vip"] });
    update(&owner, rules(vip)).await.done("routingPolicyUpdate");
    assert_eq!(senders(&owner, &one, json!({})).await, ["Near"]);
    assert_eq!(senders(&owner, &one, json!({ "customerId": id })).await, ["Far"]);
    let bought = trade::buy_as(&customer, &one).await;
    let guest = trade::buy(&app, &one).await;
    app.run_jobs().await;
    let sent_by = async |id: &str| trade::parts(&owner, id).await[0]["supplier"]["id"].clone();
    assert_eq!(sent_by(&bought.id).await, json!(far));
    assert_eq!(sent_by(&guest.id).await, json!(near));
}

async fn a_preview_is_what_a_checkout_gets_and_what_if(app: TestApp) {
    let (owner, variant, near, _) = rivals(&app).await;
    let three = [(variant.as_str(), 3)];
    let answer = preview(&owner, &three, json!({})).await;
    let decision = answer.at("routingPreview");
    assert_eq!(decision["decidedAt"], Value::Null);
    let parcel = &decision["parcels"][0];
    assert_eq!(parcel["units"], json!([{ "quantity": 3, "offer": { "supplierSku": "N-1" }, "unitCost": { "amount": "3.00" } }]));
    assert_eq!((&parcel["cost"]["goods"]["amount"], &parcel["cost"]["shipping"]["amount"]), (&json!("9.00"), &json!("3.00")));
    assert_eq!(decision["score"]["amount"], "12.00");
    let (near_told, far_told) = (candidate(decision, "Near"), candidate(decision, "Far"));
    assert_eq!((&near_told["reasons"][0], &near_told["landedCost"]["amount"]), (&json!("CHOSEN"), &json!("12.00")));
    assert_eq!((&far_told["reasons"][0], &far_told["landedCost"]["amount"]), (&json!("DEARER"), &json!("12.60")));
    let bought = trade::buy(&app, &three).await;
    app.run_jobs().await;
    assert_eq!(trade::parts(&owner, &bought.id).await[0]["supplier"]["id"], json!(near));
    // What if: another policy, dearer goods, no stock, a supplier paused. Nothing of it stays.
    let offers = owner.run("query { supplierOffers(first: 10) { nodes { id supplierSku } } }", json!({})).await;
    let nodes = offers.at("supplierOffers.nodes").as_array().expect("offers");
    let offer = nodes.iter().find(|it| it["supplierSku"] == "N-1").expect("Near's offer")["id"].clone();
    let avoid = json!([{ "name": "x", "effect": "AVOID", "supplierIds": [near] }]);
    for what_if in [
        json!({ "policy": { "rules": avoid } }),
        json!({ "offers": [{ "offerId": offer, "cost": euro("4.00") }] }),
        json!({ "offers": [{ "offerId": offer, "sellable": 0 }] }),
        json!({ "suppliers": [{ "supplierId": near, "active": false }] }),
        json!({ "suppliers": [{ "supplierId": near, "preference": "2" }] }),
        json!({ "avoidSupplierIds": [near] }),
    ] {
        assert_eq!(senders(&owner, &three, what_if.clone()).await, ["Far"], "{what_if}");
    }
    // Six are left here and nine there.
    let split = preview(&owner, &[(variant.as_str(), 14)], json!({})).await;
    assert_eq!(split.at("routingPreview.parcels").as_array().map(Vec::len), Some(2), "{}", split.body);
    let much = preview(&owner, &[(variant.as_str(), 20)], json!({})).await;
    let short = json!([{ "variant": { "id": variant }, "quantity": 5, "reason": "OUT_OF_STOCK" }]);
    assert_eq!(much.at("routingPreview.unrouted"), &short, "{}", much.body);
    let soon = app.app.clock.now() + Duration::from_secs(60);
    let late = preview(&owner, &three, json!({ "deliverBy": soon })).await;
    assert_eq!(late.at("routingPreview.unrouted.0.reason"), "TOO_LATE");
    assert_eq!(senders(&owner, &three, json!({})).await, ["Near"]);
}

async fn questions_that_make_no_sense_are_refused(app: TestApp) {
    let (owner, variant, near, _) = rivals(&app).await;
    let nothing = "ofr_0192f3a0000070008000000000000000";
    let one = [(variant.as_str(), 1)];
    let nobody = "var_0192f3a0000070008000000000000000";
    let nothing_at_all: &[(&str, i64)] = &[];
    let cases = [
        (nothing_at_all, json!({}), "lines"),
        (&[(variant.as_str(), 0)], json!({}), "lines.0.quantity"),
        (&[(variant.as_str(), 1), (nobody, 1)], json!({}), "lines.1.variantId"),
        (&one, json!({ "offers": [{ "offerId": nothing, "sellable": 1 }] }), "offers.0.offerId"),
        (&one, json!({ "suppliers": [{ "supplierId": near, "preference": "100" }] }), "suppliers.0.preference"),
        (&one, json!({ "policy": { "splitPenalty": euro("-1") } }), "splitPenalty"),
        (&one, json!({ "policy": { "rules": [{ "name": "", "effect": "AVOID", "supplierIds": [near] }] } }), "name"),
    ];
    for (lines, more, field) in cases {
        let answer = preview(&owner, lines, more.clone()).await;
        let error = &answer.body["errors"][0];
        assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT", "{more}: {}", answer.body);
        assert!(error["message"].as_str().is_some_and(|it| it.contains(field)), "{more}: {}", answer.body);
    }
}

async fn an_order_tells_why_and_why_again(app: TestApp) {
    let (owner, variant, near, _) = rivals(&app).await;
    let bought = trade::buy(&app, &[(variant.as_str(), 2)]).await;
    app.run_jobs().await;
    let part = trade::parts(&owner, &bought.id).await[0]["id"].clone();
    let no = json!({ "reason": "OUT_OF_STOCK" });
    trade::work(&app.as_supplier(near).await, "supplierOrderReject", &part, no).await.done("supplierOrderReject");
    app.run_jobs().await;
    let query = "query($id: ID!) { order(id: $id) { routingDecisions { decidedAt replacesSupplierOrderId
        parcels { supplier { name } } candidates { supplier { name } reasons } } } }";
    let answer = owner.run(query, json!({ "id": bought.id })).await;
    let all = answer.at("order.routingDecisions").as_array().expect("decisions").clone();
    assert_eq!(all.len(), 2, "{}", answer.body);
    assert_eq!((&all[1]["parcels"][0]["supplier"]["name"], &all[1]["replacesSupplierOrderId"]), (&json!("Near"), &Value::Null));
    assert_eq!((&all[0]["parcels"][0]["supplier"]["name"], &all[0]["replacesSupplierOrderId"]), (&json!("Far"), &part));
    assert_eq!(candidate(&all[0], "Near")["reasons"], json!(["SUPPLIER_AVOIDED"]));
    assert_eq!(candidate(&all[0], "Far")["reasons"], json!(["CHOSEN"]));
}

async fn nothing_is_sold_or_sent_again_below_the_margin(app: TestApp) {
    let (owner, variant, near, far) = rivals(&app).await;
    // Of 10.00 with 19% tax 8.40 are left: half of it is 4.20.
    let dear = json!({ "cost": euro("4.30") });
    stock::offer(&owner, far, &variant, "F-1", dear).await;
    update(&owner, json!({ "minimumMargin": "0.5" })).await.done("routingPolicyUpdate");
    let bought = trade::buy(&app, &[(variant.as_str(), 1)]).await;
    app.run_jobs().await;
    let part = trade::parts(&owner, &bought.id).await[0]["id"].clone();
    let no = json!({ "reason": "OUT_OF_STOCK" });
    trade::work(&app.as_supplier(near).await, "supplierOrderReject", &part, no).await.done("supplierOrderReject");
    app.run_jobs().await;
    // Nobody sends it for that: a person decides. Far is asked once less may be left.
    assert_eq!(trade::parts(&owner, &bought.id).await.len(), 1);
    let items = stock::open_items(&owner, "NO_SUPPLIER").await;
    assert_eq!(items.len(), 1);
    update(&owner, json!({ "minimumMargin": "0.4" })).await.done("routingPolicyUpdate");
    stock::resolve(&owner, &items[0], "RETRY").await;
    app.run_jobs().await;
    let parts = trade::parts(&owner, &bought.id).await;
    assert!(parts.iter().any(|part| part["supplier"]["id"] == json!(far)), "{parts:?}");
    update(&owner, json!({ "minimumMargin": "0.9" })).await.done("routingPolicyUpdate");
    let answer = preview(&owner, &[(variant.as_str(), 1)], json!({})).await;
    assert_eq!(answer.at("routingPreview.unrouted.0.reason"), "BELOW_MARGIN");
}

async fn a_supplier_that_is_late_is_reckoned_with(app: TestApp) {
    let (owner, variant, near, _) = rivals(&app).await;
    let one = [(variant.as_str(), 1)];
    let reliability = async || {
        let query = "query($id: ID!) { supplier(id: $id) { reliability {
            dueOrders lateOrders lateRate answeredOrders refusedOrders refusalRate measuredAt } } }";
        owner.run(query, json!({ "id": near })).await.at("supplier.reliability").clone()
    };
    let begun = reliability().await;
    assert_eq!((&begun["lateRate"], &begun["refusalRate"]), (&json!("0.05"), &json!("0.025")));
    update(&owner, json!({ "lateCost": euro("8.00") })).await.done("routingPolicyUpdate");
    assert_eq!(senders(&owner, &one, json!({})).await, ["Near"]);
    for _ in 0..2 {
        let bought = trade::buy(&app, &one).await;
        app.run_jobs().await;
        let part = trade::parts(&owner, &bought.id).await[0]["id"].clone();
        trade::work(&app.as_supplier(near).await, "supplierOrderAccept", &part, json!({})).await.done("supplierOrderAccept");
    }
    consign::worker::schedule(&app.app).await.expect("repeating jobs");
    app.advance(Duration::from_secs(9 * 24 * 3600)).await;
    let measured = reliability().await;
    assert_eq!((&measured["dueOrders"], &measured["lateOrders"]), (&json!(2), &json!(2)), "{measured}");
    assert_eq!((&measured["answeredOrders"], &measured["refusedOrders"]), (&json!(2), &json!(0)), "{measured}");
    // Three of twenty-two: a quarter of what delay costs is more than what Far costs more.
    assert_eq!(measured["lateRate"], "0.136363");
    assert!(measured["measuredAt"].is_string());
    assert_eq!(senders(&owner, &one, json!({})).await, ["Far"]);
}
