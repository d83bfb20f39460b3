//! Holding, committing and letting go.

use std::time::Duration;

use chrono::TimeDelta;
use consign::inventory;
use consign::kernel::ids::{OfferId, OrderId, PaymentAttemptId, VariantId};
use consign::platform::tx::Tx;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::stock;

crate::engine_tests![
    fifty_checkouts_share_five_units,
    two_lines_of_one_item_are_held_together_or_not_at_all,
    a_holder_that_asks_twice_holds_once,
    what_was_released_is_taken_again_by_the_commit_if_it_is_there,
    committed_units_leave_with_the_report_that_shows_them,
    units_given_back_can_be_sold_again,
    availability_follows_every_change_and_survives_a_flush,
    a_poisoned_cache_sells_nothing,
    stale_stock_is_not_sold_under_the_policy_stop,
    stale_stock_counts_for_less_under_the_policy_buffer,
    imports_write_offers_by_the_thousand,
];

/// A store with one offer of `quantity` units.
async fn one_offer(app: &TestApp, quantity: i64) -> OfferId {
    let owner = app.as_owner().await;
    let supplier = stock::portal_supplier(&owner, "Acme").await;
    let variant = stock::variants(&owner, 1).await.remove(0);
    let offer = stock::offer(&owner, supplier, &variant, "A-1", json!({})).await;
    let portal = app.as_supplier(supplier).await;
    stock::report(&portal, app.app.clock.now(), false, Value::Null, &[("A-1", quantity)]).await.done("supplierStockReport");
    offer
}

fn holder(app: &TestApp) -> PaymentAttemptId {
    app.app.ids.secret_id()
}

async fn reserve(app: &TestApp, holder: PaymentAttemptId, picks: &[(OfferId, i64)]) -> Result<(), Vec<OfferId>> {
    let tx = Tx::begin(&app.app).await.unwrap();
    let until = tx.now() + TimeDelta::minutes(15);
    let held = inventory::reserve(&tx, holder, picks, until).await.unwrap();
    if held.is_ok() {
        tx.commit().await.unwrap();
    }
    held
}

async fn release(app: &TestApp, holder: PaymentAttemptId) {
    let tx = Tx::begin(&app.app).await.unwrap();
    inventory::release(&tx, holder).await.unwrap();
    tx.commit().await.unwrap();
}

async fn commit(app: &TestApp, holder: PaymentAttemptId, order: OrderId) -> Result<(), Vec<OfferId>> {
    let tx = Tx::begin(&app.app).await.unwrap();
    let done = inventory::commit(&tx, holder, order).await.unwrap();
    if done.is_ok() {
        tx.commit().await.unwrap();
    }
    done
}

async fn fifty_checkouts_share_five_units(app: TestApp) {
    let offer = one_offer(&app, 5).await;
    let mut racers = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (app, holder) = (app.clone(), holder(&app));
        racers.spawn(async move { reserve(&app, holder, &[(offer, 1)]).await.is_ok() });
    }
    let won = racers.join_all().await.into_iter().filter(|won| *won).count();
    assert_eq!(won, 5);
    assert_eq!(stock::figures(&app.as_owner().await, offer).await, [5, 5, 0, 0]);
}

async fn two_lines_of_one_item_are_held_together_or_not_at_all(app: TestApp) {
    let offer = one_offer(&app, 5).await;
    let owner = app.as_owner().await;
    assert_eq!(reserve(&app, holder(&app), &[(offer, 3), (offer, 3)]).await, Err(vec![offer]));
    assert_eq!(stock::figures(&owner, offer).await, [5, 0, 0, 5]);
    assert_eq!(reserve(&app, holder(&app), &[(offer, 3), (offer, 2)]).await, Ok(()));
    assert_eq!(stock::figures(&owner, offer).await, [5, 5, 0, 0]);
}

async fn a_holder_that_asks_twice_holds_once(app: TestApp) {
    let offer = one_offer(&app, 5).await;
    let (owner, holder) = (app.as_owner().await, holder(&app));
    for _ in 0..2 {
        reserve(&app, holder, &[(offer, 3)]).await.unwrap();
        assert_eq!(stock::figures(&owner, offer).await, [5, 3, 0, 2]);
    }
    for _ in 0..2 {
        release(&app, holder).await;
        assert_eq!(stock::figures(&owner, offer).await, [5, 0, 0, 5]);
    }
}

async fn what_was_released_is_taken_again_by_the_commit_if_it_is_there(app: TestApp) {
    let offer = one_offer(&app, 5).await;
    let owner = app.as_owner().await;
    let (late, other) = (holder(&app), holder(&app));
    reserve(&app, late, &[(offer, 3)]).await.unwrap();
    release(&app, late).await;
    let order: OrderId = app.app.ids.secret_id();
    for _ in 0..2 {
        commit(&app, late, order).await.unwrap();
        assert_eq!(stock::figures(&owner, offer).await, [5, 0, 3, 2], "a repeat changes nothing");
    }
    reserve(&app, other, &[(offer, 2)]).await.unwrap();
    release(&app, other).await;
    reserve(&app, holder(&app), &[(offer, 1)]).await.unwrap();
    assert_eq!(commit(&app, other, app.app.ids.secret_id()).await, Err(vec![offer]));
    assert_eq!(stock::figures(&owner, offer).await, [5, 1, 3, 1]);
}

async fn committed_units_leave_with_the_report_that_shows_them(app: TestApp) {
    let offer = one_offer(&app, 10).await;
    let owner = app.as_owner().await;
    let (buyer, order): (_, OrderId) = (holder(&app), app.app.ids.secret_id());
    reserve(&app, buyer, &[(offer, 4)]).await.unwrap();
    commit(&app, buyer, order).await.unwrap();
    app.advance(Duration::from_secs(60)).await;
    let accepted_at = app.app.clock.now();
    let tx = Tx::begin(&app.app).await.unwrap();
    inventory::note_accepted(&tx, order, &[(offer, 4)], accepted_at).await.unwrap();
    tx.commit().await.unwrap();
    let supplier = inventory_supplier(&app, offer).await;
    let portal = app.as_supplier(supplier).await;
    app.advance(Duration::from_secs(60)).await;
    let before = accepted_at - TimeDelta::seconds(1);
    stock::report(&portal, before, false, Value::Null, &[("A-1", 10)]).await.done("supplierStockReport");
    assert_eq!(stock::figures(&owner, offer).await, [10, 0, 4, 6], "the report is about the time before");
    let after = accepted_at + TimeDelta::seconds(1);
    stock::report(&portal, after, false, Value::Null, &[("A-1", 6)]).await.done("supplierStockReport");
    assert_eq!(stock::figures(&owner, offer).await, [6, 0, 0, 6], "the supplier's own figure shows them now");
}

async fn inventory_supplier(app: &TestApp, offer: OfferId) -> consign::kernel::ids::SupplierId {
    let query = "query($id: ID!) { node(id: $id) { ... on SupplierOffer { supplier { id } } } }";
    let answer = app.as_owner().await.run(query, json!({ "id": offer })).await;
    answer.text("node.supplier.id").parse().unwrap()
}

async fn units_given_back_can_be_sold_again(app: TestApp) {
    let offer = one_offer(&app, 5).await;
    let (owner, order): (_, OrderId) = (app.as_owner().await, app.app.ids.secret_id());
    let tx = Tx::begin(&app.app).await.unwrap();
    inventory::commit_directly(&tx, order, &[(offer, 5)], "test").await.unwrap().unwrap();
    tx.commit().await.unwrap();
    assert_eq!(stock::figures(&owner, offer).await, [5, 0, 5, 0]);
    let tx = Tx::begin(&app.app).await.unwrap();
    inventory::release_commitments(&tx, order, &[(offer, 2)], "test").await.unwrap();
    inventory::release_commitments(&tx, order, &[(offer, 99)], "test").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(stock::figures(&owner, offer).await, [5, 0, 0, 5], "never more than was taken");
}

async fn availability_follows_every_change_and_survives_a_flush(app: TestApp) {
    let offer = one_offer(&app, 5).await;
    let (guest, buyer) = (app.as_guest(), holder(&app));
    assert_eq!(stock::availability(&guest, "V-0").await, (true, 5));
    reserve(&app, buyer, &[(offer, 5)]).await.unwrap();
    assert_eq!(stock::availability(&guest, "V-0").await, (false, 0));
    assert_eq!(in_stock(&app).await, 1, "the catalog is told by a job");
    app.run_jobs().await;
    assert_eq!(in_stock(&app).await, 0);
    release(&app, buyer).await;
    app.run_jobs().await;
    assert_eq!(in_stock(&app).await, 1);
    assert_eq!(stock::availability(&guest, "V-0").await, (true, 5));
    flush(&app, offer).await;
    assert_eq!(stock::availability(&guest, "V-0").await, (true, 5));
}

async fn in_stock(app: &TestApp) -> usize {
    let query = "{ products(first: 5, filter: { inStock: true }) { nodes { id } } }";
    let answer = app.as_guest().run(query, json!({})).await;
    answer.at("products.nodes").as_array().unwrap().len()
}

async fn variant_of(app: &TestApp, offer: OfferId) -> VariantId {
    let query = "query($id: ID!) { node(id: $id) { ... on SupplierOffer { variant { id } } } }";
    let answer = app.as_owner().await.run(query, json!({ "id": offer })).await;
    answer.text("node.variant.id").parse().unwrap()
}

async fn flush(app: &TestApp, offer: OfferId) {
    app.app.cache.delete_many(&[format!("stock:{}", variant_of(app, offer).await)]).await;
}

async fn a_poisoned_cache_sells_nothing(app: TestApp) {
    let offer = one_offer(&app, 1).await;
    let variant = variant_of(&app, offer).await;
    reserve(&app, holder(&app), &[(offer, 1)]).await.unwrap();
    let lie = json!({ "variant_id": variant, "quantity": 99, "as_of": null, "until": null, "version": 1 });
    let entry = (format!("stock:{variant}"), lie.to_string().into_bytes());
    app.app.cache.set_many(vec![entry], Duration::from_secs(60)).await;
    assert_eq!(stock::availability(&app.as_guest(), "V-0").await, (true, 99), "the cache lies");
    assert_eq!(reserve(&app, holder(&app), &[(offer, 1)]).await, Err(vec![offer]));
    let spoiled = (format!("stock:{variant}"), b"spoiled".to_vec());
    app.app.cache.set_many(vec![spoiled], Duration::from_secs(60)).await;
    // A stranger's answer is kept for a second, and nobody told that the cache's value is another now.
    app.app.clock.advance(TimeDelta::seconds(1));
    assert_eq!(stock::availability(&app.as_guest(), "V-0").await, (false, 0));
}

async fn stale_stock_is_not_sold_under_the_policy_stop(app: TestApp) {
    let offer = one_offer(&app, 5).await;
    let owner = app.as_owner().await;
    let supplier = inventory_supplier(&app, offer).await;
    let update = "mutation($id: ID!, $input: SupplierUpdateInput!) { supplierUpdate(id: $id, input: $input) {
        supplier { stock { maxAgeMinutes whenStale confidence } } userErrors { code field message } } }";
    let input = json!({ "stock": { "maxAgeMinutes": 60, "whenStale": "STOP", "confidence": "0.5" } });
    owner.run(update, json!({ "id": supplier, "input": input })).await.done("supplierUpdate");
    app.run_jobs().await;
    assert_eq!(stock::figures(&owner, offer).await, [5, 0, 0, 2], "half of five, rounded down");
    assert_eq!(stock::availability(&app.as_guest(), "V-0").await, (true, 2));
    app.advance(Duration::from_secs(61 * 60)).await;
    assert_eq!(stock::figures(&owner, offer).await, [5, 0, 0, 0]);
    assert_eq!(stock::availability(&app.as_guest(), "V-0").await, (false, 0));
    assert_eq!(reserve(&app, holder(&app), &[(offer, 1)]).await, Err(vec![offer]));
    let portal = app.as_supplier(supplier).await;
    stock::report(&portal, app.app.clock.now(), false, Value::Null, &[("A-1", 5)]).await.done("supplierStockReport");
    assert_eq!(reserve(&app, holder(&app), &[(offer, 1)]).await, Ok(()));
}

async fn stale_stock_counts_for_less_under_the_policy_buffer(app: TestApp) {
    let offer = one_offer(&app, 10).await;
    let owner = app.as_owner().await;
    let supplier = inventory_supplier(&app, offer).await;
    let update = "mutation($id: ID!, $input: SupplierUpdateInput!) { supplierUpdate(id: $id, input: $input) {
        supplier { stock { whenStale staleConfidence } } userErrors { code field message } } }";
    let stock = |stale| json!({ "stock": { "maxAgeMinutes": 60, "whenStale": "BUFFER", "staleConfidence": stale } });
    let wrong = owner.run(update, json!({ "id": supplier, "input": stock("1.1") })).await;
    assert_eq!(wrong.user_codes("supplierUpdate"), ["INVALID"]);
    let changed = owner.run(update, json!({ "id": supplier, "input": stock("0.25") })).await;
    let expected = json!({ "whenStale": "BUFFER", "staleConfidence": "0.25" });
    assert_eq!(changed.done("supplierUpdate")["supplier"]["stock"], expected);
    app.run_jobs().await;
    consign::worker::schedule(&app.app).await.expect("repeating jobs");
    assert_eq!(stock::availability(&app.as_guest(), "V-0").await, (true, 10));
    app.advance(Duration::from_secs(61 * 60)).await;
    // A quarter of ten, rounded down.
    assert_eq!(stock::figures(&owner, offer).await, [10, 0, 0, 2]);
    assert_eq!(stock::availability(&app.as_guest(), "V-0").await, (true, 2));
    assert_eq!(reserve(&app, holder(&app), &[(offer, 3)]).await, Err(vec![offer]));
    assert_eq!(reserve(&app, holder(&app), &[(offer, 2)]).await, Ok(()));
    assert_eq!(stock::availability(&app.as_guest(), "V-0").await, (false, 0));
}

async fn imports_write_offers_by_the_thousand(app: TestApp) {
    let owner = app.as_owner().await;
    let supplier = stock::portal_supplier(&owner, "Acme").await;
    let offer = |index: u32, quantity| inventory::OfferUpsert {
        variant_id: app.app.ids.secret_id(),
        supplier_sku: format!("S-{index}"),
        cost: consign::kernel::money::Money::from_minor(100, "EUR".parse().unwrap()),
        quantity: Some(quantity),
        lead_time_days: None,
        active: None,
    };
    let mut offers: Vec<_> = (0..1000).map(|index| offer(index, 3)).collect();
    let tx = Tx::begin(&app.app).await.unwrap();
    let made = inventory::upsert_offers(&tx, supplier, tx.now(), &offers).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(made.len(), 1000);
    assert_eq!(stock::figures(&owner, made[7]).await, [3, 0, 0, 3]);
    offers[7].quantity = Some(8);
    let tx = Tx::begin(&app.app).await.unwrap();
    assert_eq!(inventory::upsert_offers(&tx, supplier, tx.now(), &offers).await.unwrap(), made, "the same offers");
    tx.commit().await.unwrap();
    assert_eq!(stock::figures(&owner, made[7]).await, [8, 0, 0, 8]);
}
