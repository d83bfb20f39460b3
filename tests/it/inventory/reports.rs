//! What suppliers report, through their part of the schema.

use std::time::Duration;

use chrono::TimeDelta;
use consign::inventory::{self, OfferUpsert};
use consign::kernel::clock::Timestamp;
use consign::kernel::ids::{OfferId, OrderId, SupplierId};
use consign::kernel::money::Money;
use consign::kernel::page::encode_cursor;
use consign::platform::tx::Tx;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::gql::Client;
use crate::support::live::Socket;
use crate::support::{shop, stock};

crate::engine_tests![
    an_older_report_changes_nothing,
    a_full_report_in_parts_empties_only_with_its_last_part,
    a_report_in_many_parts_empties_only_what_none_of_them_names,
    a_part_that_comes_again_empties_nothing,
    a_name_is_one_reports,
    a_report_that_empties_too_much_is_held_until_the_owner_decides,
    a_report_that_is_approved_before_its_last_part_is_collected_on,
    an_answer_to_one_held_report_is_none_to_the_next,
    a_dismissed_report_changes_nothing,
    a_shortfall_is_a_work_item_until_it_is_made_up_for,
    figures_and_costs_that_cannot_be_are_refused,
    a_cost_that_jumps_holds_the_offer_until_the_owner_decides,
    a_cost_that_is_sound_again_is_asked_about_no_more,
    what_sells_out_and_comes_back_is_told,
    what_becomes_scarce_is_told_once,
    a_supplier_reports_its_own_stock_and_no_one_elses,
    an_offers_sku_belongs_to_one_offer,
    an_import_shows_what_was_accepted_and_brings_nothing_old_back,
    an_import_that_renames_leaves_each_variant_its_offer,
];

struct Stage {
    owner: Client,
    portal: Client,
    supplier: SupplierId,
    offers: Vec<OfferId>,
}

/// A supplier with `count` offers `S-0`… of five units each.
async fn stage(app: &TestApp, count: usize) -> Stage {
    let owner = app.as_owner().await;
    let supplier = stock::portal_supplier(&owner, "Acme").await;
    let mut offers = Vec::new();
    for (index, variant) in stock::variants(&owner, count).await.iter().enumerate() {
        offers.push(stock::offer(&owner, supplier, variant, &format!("S-{index}"), json!({})).await);
    }
    let portal = app.as_supplier(supplier).await;
    let stage = Stage { owner, portal, supplier, offers };
    let as_of = app.app.clock.now() - TimeDelta::hours(1);
    let answer = stage.report(as_of, true, Value::Null, &(0..count).map(|it| (it, 5)).collect::<Vec<_>>()).await;
    assert_eq!(answer["accepted"], count);
    stage
}

impl Stage {
    async fn report(
        &self,
        as_of: chrono::DateTime<chrono::Utc>,
        full: bool,
        part: Value,
        items: &[(usize, i64)],
    ) -> Value {
        let names: Vec<(String, i64)> = items.iter().map(|(index, quantity)| (format!("S-{index}"), *quantity)).collect();
        let items: Vec<(&str, i64)> = names.iter().map(|(sku, quantity)| (sku.as_str(), *quantity)).collect();
        stock::report(&self.portal, as_of, full, part, &items).await.done("supplierStockReport").clone()
    }

    async fn reported(&self, index: usize) -> i64 {
        stock::figures(&self.owner, self.offers[index]).await[0]
    }

    async fn total(&self) -> i64 {
        let mut total = 0;
        for index in 0..self.offers.len() {
            total += self.reported(index).await;
        }
        total
    }
}

async fn an_older_report_changes_nothing(app: TestApp) {
    let stage = stage(&app, 2).await;
    let now = app.app.clock.now();
    stage.report(now, false, Value::Null, &[(0, 9)]).await;
    let older = stage.report(now - TimeDelta::minutes(1), false, Value::Null, &[(0, 1), (1, 7)]).await;
    assert_eq!(older["accepted"], 2);
    assert_eq!((stage.reported(0).await, stage.reported(1).await), (9, 7));
    stage.report(now + TimeDelta::days(900), false, Value::Null, &[(0, 4)]).await;
    stage.report(app.app.clock.now(), false, Value::Null, &[(0, 3)]).await;
    assert_eq!(stage.reported(0).await, 3, "a moment to come does not shut out the present");
}

async fn a_full_report_in_parts_empties_only_with_its_last_part(app: TestApp) {
    let stage = stage(&app, 4).await;
    let now = app.app.clock.now();
    let part = |last: bool| json!({ "id": "r1", "last": last });
    stage.report(now, true, part(false), &[(0, 8)]).await;
    assert_eq!(stage.total().await, 8 + 15, "nothing is known to be absent yet");
    let last = stock::report(&stage.portal, now, true, part(true), &[("S-1", 6), ("WHAT", 1)]).await;
    assert_eq!(last.done("supplierStockReport")["unknownSkus"], json!(["WHAT"]));
    assert_eq!((stage.reported(0).await, stage.reported(1).await, stage.total().await), (8, 6, 14));
}

async fn a_report_in_many_parts_empties_only_what_none_of_them_names(app: TestApp) {
    let stage = stage(&app, 8).await;
    let now = app.app.clock.now();
    for index in 0..7 {
        stage.report(now, true, json!({ "id": "many", "last": index == 6 }), &[(index, 7)]).await;
    }
    assert_eq!((stage.reported(7).await, stage.total().await), (0, 49));
}

async fn a_part_that_comes_again_empties_nothing(app: TestApp) {
    let stage = stage(&app, 3).await;
    let now = app.app.clock.now();
    let part = |last: bool| json!({ "id": "again", "last": last });
    for _ in 0..2 {
        stage.report(now, true, part(false), &[(0, 8)]).await;
        stage.report(now, true, part(true), &[(1, 6)]).await;
        assert_eq!((stage.reported(0).await, stage.reported(1).await, stage.reported(2).await), (8, 6, 0));
        stage.report(now, true, part(true), &[(1, 6)]).await;
        assert_eq!(stage.total().await, 14, "the answer was lost; the report is over");
    }
}

async fn a_report_that_empties_too_much_is_held_until_the_owner_decides(app: TestApp) {
    let stage = stage(&app, 20).await;
    let now = app.app.clock.now();
    let some: Vec<(usize, i64)> = (0..9).map(|index| (index, 5)).collect();
    let held = stage.report(now, true, Value::Null, &some).await;
    assert_eq!((held["held"].as_bool(), held["accepted"].as_i64()), (Some(true), Some(9)));
    assert_eq!(stage.total().await, 100, "nothing was published");
    let zeros: Vec<(usize, i64)> = (0..20).map(|index| (index, 0)).collect();
    assert_eq!(stage.report(now, true, Value::Null, &zeros).await["held"], true);
    assert_eq!(stage.total().await, 100);
    let items = stock::open_items(&stage.owner, "STOCK_REPORT_HELD").await;
    assert_eq!(items.len(), 1);
    stock::resolve(&stage.owner, &items[0], "APPROVE").await;
    app.run_jobs().await;
    assert_eq!(stage.total().await, 0, "the owner says it is true, of the newest");
    let whole: Vec<(usize, i64)> = (0..20).map(|index| (index, 2)).collect();
    assert_eq!(stage.report(app.app.clock.now(), true, Value::Null, &whole).await["held"], false);
    assert_eq!(stage.total().await, 40);
}

async fn a_name_is_one_reports(app: TestApp) {
    let stage = stage(&app, 2).await;
    let name = json!({ "id": "daily", "last": true });
    stage.report(app.app.clock.now(), true, name.clone(), &[(0, 8), (1, 8)]).await;
    app.app.clock.advance(TimeDelta::days(1));
    let again = stock::report(&stage.portal, app.app.clock.now(), true, name, &[("S-0", 3)]).await;
    assert_eq!(again.user_codes("supplierStockReport"), ["TAKEN"]);
    assert_eq!(again.at("supplierStockReport.userErrors.0.field"), &json!(["report", "id"]));
    assert_eq!(stage.total().await, 16);
}

async fn a_report_that_is_approved_before_its_last_part_is_collected_on(app: TestApp) {
    let stage = stage(&app, 20).await;
    let now = app.app.clock.now();
    let part = |last: bool| json!({ "id": "held", "last": last });
    let zeros: Vec<(usize, i64)> = (0..10).map(|index| (index, 0)).collect();
    assert_eq!(stage.report(now, true, part(false), &zeros).await["held"], true);
    let item = stock::open_items(&stage.owner, "STOCK_REPORT_HELD").await.remove(0);
    stock::resolve(&stage.owner, &item, "APPROVE").await;
    app.run_jobs().await;
    assert_eq!(stage.total().await, 50, "what it said so far counts");
    let rest: Vec<(usize, i64)> = (10..15).map(|index| (index, 6)).collect();
    assert_eq!(stage.report(now, true, part(true), &rest).await["held"], false);
    assert_eq!(stage.total().await, 30, "and what it does not name is gone");
    assert!(stock::open_items(&stage.owner, "STOCK_REPORT_HELD").await.is_empty());
}

async fn an_answer_to_one_held_report_is_none_to_the_next(app: TestApp) {
    let stage = stage(&app, 20).await;
    stage.report(app.app.clock.now(), true, Value::Null, &[(0, 5)]).await;
    let first = stock::open_items(&stage.owner, "STOCK_REPORT_HELD").await.remove(0);
    stock::resolve(&stage.owner, &first, "APPROVE").await;
    // Before anybody acts on that, another report comes.
    app.app.clock.advance(TimeDelta::seconds(1));
    stage.report(app.app.clock.now(), true, Value::Null, &[(1, 7)]).await;
    let second = stock::open_items(&stage.owner, "STOCK_REPORT_HELD").await;
    app.run_jobs().await;
    assert_eq!(stage.total().await, 100, "the second was not meant, and the first gave way to it");
    assert_eq!(second.len(), 1);
    stock::resolve(&stage.owner, &second[0], "APPROVE").await;
    app.run_jobs().await;
    assert_eq!(stage.total().await, 7);
}

async fn a_dismissed_report_changes_nothing(app: TestApp) {
    let stage = stage(&app, 20).await;
    stage.report(app.app.clock.now(), true, Value::Null, &[(0, 1)]).await;
    let items = stock::open_items(&stage.owner, "STOCK_REPORT_HELD").await;
    stock::resolve(&stage.owner, &items[0], "DISMISS").await;
    app.run_jobs().await;
    assert_eq!(stage.total().await, 100);
    let most: Vec<(usize, i64)> = (0..15).map(|index| (index, 5)).collect();
    assert_eq!(stage.report(app.app.clock.now(), true, Value::Null, &most).await["held"], false);
    assert_eq!(stage.total().await, 75, "that a quarter is gone is believed");
}

async fn a_shortfall_is_a_work_item_until_it_is_made_up_for(app: TestApp) {
    let stage = stage(&app, 1).await;
    let tx = Tx::begin(&app.app).await.unwrap();
    let order: OrderId = tx.new_id();
    inventory::commit_directly(&tx, order, &[(stage.offers[0], 4)], "test").await.unwrap().unwrap();
    tx.commit().await.unwrap();
    stage.report(app.app.clock.now(), false, Value::Null, &[(0, 4)]).await;
    assert!(stock::open_items(&stage.owner, "STOCK_SHORTFALL").await.is_empty());
    stage.report(app.app.clock.now(), false, Value::Null, &[(0, 3)]).await;
    assert_eq!(stock::open_items(&stage.owner, "STOCK_SHORTFALL").await.len(), 1);
    assert_eq!(stock::figures(&stage.owner, stage.offers[0]).await, [3, 0, 4, 0]);
    let tx = Tx::begin(&app.app).await.unwrap();
    inventory::release_commitments(&tx, order, &[(stage.offers[0], 1)], "test").await.unwrap();
    tx.commit().await.unwrap();
    assert!(stock::open_items(&stage.owner, "STOCK_SHORTFALL").await.is_empty());
}

async fn figures_and_costs_that_cannot_be_are_refused(app: TestApp) {
    let stage = stage(&app, 1).await;
    let now = app.app.clock.now();
    let item = |quantity: i64, cost: Value| json!([{ "supplierSku": "S-0", "quantity": quantity, "cost": cost }]);
    let bad = [
        (item(-1, Value::Null), "INVALID"),
        (item(1_000_000_001, Value::Null), "INVALID"),
        (item(1, json!({ "amount": "-1.00", "currencyCode": "EUR" })), "INVALID"),
        (item(1, json!({ "amount": "1.001", "currencyCode": "EUR" })), "INVALID"),
        (item(1, json!({ "amount": "1.00", "currencyCode": "USD" })), "CURRENCY_MISMATCH"),
    ];
    for (items, code) in bad {
        let input = json!({ "asOf": now, "full": false, "items": items });
        let answer = stock::report_items(&stage.portal, input).await;
        assert_eq!(answer.user_codes("supplierStockReport"), [code], "{items}");
    }
    let many: Vec<Value> = (0..251).map(|it| json!({ "supplierSku": format!("S-{it}"), "quantity": 1 })).collect();
    let input = json!({ "asOf": now, "full": false, "items": many });
    let answer = stock::report_items(&stage.portal, input).await;
    assert!(answer.body["errors"].is_array() || answer.user_codes("supplierStockReport") == ["TOO_MANY"]);
    assert_eq!(stage.reported(0).await, 5);
}

impl Stage {
    /// Reports a cost of the first offer; what is known of it then: cost, held cost, sellable.
    async fn cost(&self, app: &TestApp, amount: &str) -> Value {
        let items = json!([{ "supplierSku": "S-0", "quantity": 5, "cost": { "amount": amount, "currencyCode": "EUR" } }]);
        let input = json!({ "asOf": app.app.clock.now(), "full": false, "items": items });
        stock::report_items(&self.portal, input).await.done("supplierStockReport");
        self.known().await
    }

    async fn known(&self) -> Value {
        let query = "query($id: ID!) { node(id: $id) { ... on SupplierOffer { cost { amount } heldCost { amount } sellable } } }";
        let offer = self.owner.run(query, json!({ "id": self.offers[0] })).await.at("node").clone();
        json!([offer["cost"]["amount"], offer["heldCost"]["amount"], offer["sellable"]])
    }

    async fn questions(&self) -> Vec<String> {
        stock::open_items(&self.owner, "COST_CHANGE_HELD").await
    }
}

async fn a_cost_that_jumps_holds_the_offer_until_the_owner_decides(app: TestApp) {
    let stage = stage(&app, 1).await;
    assert_eq!(stage.cost(&app, "4.50").await, json!(["4.50", null, 5]));
    assert_eq!(stage.cost(&app, "0.04").await, json!(["4.50", "0.04", 0]), "nothing is sold by either");
    assert_eq!(stage.cost(&app, "0.05").await, json!(["4.50", "0.05", 0]));
    app.run_jobs().await;
    assert_eq!(stock::availability(&app.as_guest(), "V-0").await, (false, 0));
    let items = stage.questions().await;
    assert_eq!(items.len(), 1, "it is asked once");
    stock::resolve(&stage.owner, &items[0], "ACCEPT_COSTS").await;
    app.run_jobs().await;
    assert_eq!(stage.known().await, json!(["0.05", null, 5]), "the newest is taken over");
    assert_eq!(stock::availability(&app.as_guest(), "V-0").await, (true, 5));
    assert_eq!(stage.cost(&app, "5.00").await, json!(["0.05", "5.00", 0]));
    stock::resolve(&stage.owner, &stage.questions().await[0], "KEEP_COSTS").await;
    app.run_jobs().await;
    assert_eq!(stage.known().await, json!(["0.05", null, 5]));
    assert_eq!(stage.cost(&app, "5.00").await, json!(["0.05", null, 5]), "what was refused is not asked about again");
    assert!(stage.questions().await.is_empty());
    assert_eq!(stage.cost(&app, "6.00").await, json!(["0.05", "6.00", 0]), "but anything else is");
}

async fn a_cost_that_is_sound_again_is_asked_about_no_more(app: TestApp) {
    let stage = stage(&app, 2).await;
    assert_eq!(stage.cost(&app, "400.00").await, json!(["4.00", "400.00", 0]));
    stage.report(app.app.clock.now(), false, Value::Null, &[(0, 4)]).await;
    assert_eq!(stage.known().await, json!(["4.00", "400.00", 0]), "who says nothing of it takes nothing back");
    assert_eq!(stage.cost(&app, "4.10").await, json!(["4.10", null, 5]));
    assert!(stage.questions().await.is_empty(), "the question is closed");
    assert_eq!(stage.cost(&app, "410.00").await, json!(["4.10", "410.00", 0]));
    let variant = "query($id: ID!) { node(id: $id) { ... on SupplierOffer { variant { id } } } }";
    let variant = stage.owner.run(variant, json!({ "id": stage.offers[0] })).await.text("node.variant.id");
    let cost = json!({ "cost": { "amount": "41.00", "currencyCode": "EUR" } });
    stock::offer(&stage.owner, stage.supplier, &variant, "S-0", cost).await;
    assert_eq!(stage.known().await, json!(["41.00", null, 5]), "the owner says what it costs");
    assert!(stage.questions().await.is_empty());
}

async fn what_sells_out_and_comes_back_is_told(app: TestApp) {
    let stage = stage(&app, 2).await;
    app.run_jobs().await;
    stage.report(app.app.clock.now(), false, Value::Null, &[(0, 0), (1, 3)]).await;
    app.run_jobs().await;
    stage.report(app.app.clock.now(), false, Value::Null, &[(0, 2)]).await;
    app.run_jobs().await;
    let told = told(&app, &stage.owner, 3).await;
    let first = ["In stock: V-0, V-1.", "In stock: V-1, V-0."];
    assert!(first.contains(&told[0].as_str()), "{told:?}");
    assert_eq!(told[1..], ["Out of stock: V-0.", "In stock: V-0."]);
}

/// The first `count` sentences about stock in the store's activity.
async fn told(app: &TestApp, owner: &Client, count: usize) -> Vec<String> {
    let mut socket = Socket::greet(&app.url, owner.token()).await;
    let after = encode_cursor("storeActivity", &0_i64);
    let query = "subscription($after: String) { storeActivity(after: $after) { type message } }";
    socket.subscribe("1", query, json!({ "after": after })).await;
    let mut told = Vec::new();
    while told.len() < count {
        let event = socket.next().await.expect("an event")["payload"]["data"]["storeActivity"].clone();
        if ["OUT_OF_STOCK", "BACK_IN_STOCK", "LOW_STOCK"].contains(&event["type"].as_str().expect("a type")) {
            told.push(event["message"].as_str().expect("a sentence").to_owned());
        }
    }
    told
}

async fn what_becomes_scarce_is_told_once(app: TestApp) {
    let owner = app.as_owner().await;
    let variant = stock::variants(&owner, 1).await.remove(0);
    let mut portals = Vec::new();
    for (name, sku) in [("Acme", "A-0"), ("Brook", "B-0")] {
        let supplier = stock::portal_supplier(&owner, name).await;
        stock::offer(&owner, supplier, &variant, sku, json!({})).await;
        portals.push((app.as_supplier(supplier).await, sku));
    }
    consign::worker::schedule(&app.app).await.expect("repeating jobs");
    let left = async |quantities: [i64; 2]| {
        for ((portal, sku), quantity) in portals.iter().zip(quantities) {
            let now = app.app.clock.now();
            stock::report(portal, now, false, Value::Null, &[(*sku, quantity)]).await.done("supplierStockReport");
        }
        app.advance(Duration::from_secs(601)).await;
    };
    left([4, 3]).await;
    left([2, 3]).await;
    left([1, 3]).await;
    left([0, 0]).await;
    left([4, 3]).await;
    left([0, 5]).await;
    left([4, 3]).await;
    left([1, 1]).await;
    shop::settings(&owner, json!({ "lowStockAt": 0 })).await;
    left([1, 2]).await;
    left([4, 3]).await;
    left([1, 1]).await;
    shop::settings(&owner, json!({ "lowStockAt": 7 })).await;
    left([4, 3]).await;
    left([0, 0]).await;
    let (few, none, some) = ("Low stock: V-0.", "Out of stock: V-0.", "In stock: V-0.");
    // Scarce; sold out and back; scarce twice, with more in between; never; at the new threshold; sold out.
    assert_eq!(told(&app, &owner, 8).await, [some, few, none, some, few, few, few, none]);
}

async fn a_supplier_reports_its_own_stock_and_no_one_elses(app: TestApp) {
    let stage = stage(&app, 1).await;
    let other = stock::portal_supplier(&stage.owner, "Other").await;
    let stranger = app.as_supplier(other).await;
    let items = json!([{ "supplierSku": "S-0", "quantity": 0 }]);
    let input = |supplier: Value| json!({ "asOf": app.app.clock.now(), "full": false, "items": items, "supplierId": supplier });
    let own = stock::report_items(&stranger, input(Value::Null)).await;
    assert_eq!(own.done("supplierStockReport")["unknownSkus"], json!(["S-0"]));
    let theirs = stock::report_items(&stranger, input(json!(stage.supplier))).await;
    assert_eq!(theirs.user_codes("supplierStockReport"), ["NOT_FOUND"]);
    let unknown: SupplierId = app.app.ids.secret_id();
    let nobody = stock::report_items(&stranger, input(json!(unknown))).await;
    assert_eq!(nobody.at("supplierStockReport"), theirs.at("supplierStockReport"), "no way to tell them apart");
    assert_eq!(stock::report_items(&app.as_guest(), input(Value::Null)).await.body["data"]["supplierStockReport"], Value::Null);
    assert_eq!(stage.reported(0).await, 5);
    let store = stock::report_items(&stage.owner, input(json!(stage.supplier))).await;
    store.done("supplierStockReport");
    assert_eq!(stage.reported(0).await, 0, "the store may report on its behalf");
}

async fn an_offers_sku_belongs_to_one_offer(app: TestApp) {
    let stage = stage(&app, 2).await;
    let query = "query($id: ID!) { node(id: $id) { ... on SupplierOffer { variant { id } } } }";
    let variant = stage.owner.run(query, json!({ "id": stage.offers[1] })).await.text("node.variant.id");
    let set = async |sku: &str, changes: Value| stock::set_offer(&stage.owner, stage.supplier, &variant, sku, changes).await;
    assert_eq!(set("S-0", json!({})).await.user_codes("supplierOfferSet"), ["TAKEN"]);
    let dollars = json!({ "cost": { "amount": "1.00", "currencyCode": "USD" } });
    assert_eq!(set("S-1", dollars).await.user_codes("supplierOfferSet"), ["CURRENCY_MISMATCH"]);
    let nonsense = json!({ "safetyBuffer": -1, "minimumQuantity": 0, "leadTimeDays": 400 });
    assert_eq!(set("S-1", nonsense).await.user_codes("supplierOfferSet"), ["INVALID"; 3]);
    let renamed = set("S-ONE", json!({ "safetyBuffer": 2 })).await;
    assert_eq!(renamed.done("supplierOfferSet")["offer"], json!({ "id": stage.offers[1], "supplierSku": "S-ONE", "sellable": 3 }));
    let other: SupplierId = app.app.ids.secret_id();
    assert_eq!(stock::set_offer(&stage.owner, other, &variant, "X", json!({})).await.user_codes("supplierOfferSet"), ["NOT_FOUND"]);
}

/// What an import says of one variant.
fn imported(variant: &str, sku: &str, quantity: i64) -> OfferUpsert {
    OfferUpsert {
        variant_id: variant.parse().expect("an id"),
        supplier_sku: sku.to_owned(),
        cost: Money::from_minor(400, "EUR".parse().expect("a currency")),
        quantity: Some(quantity),
        lead_time_days: None,
        active: None,
    }
}

async fn import(app: &TestApp, supplier: SupplierId, as_of: Timestamp, rows: &[OfferUpsert]) -> Vec<OfferId> {
    let tx = Tx::begin(&app.app).await.expect("a transaction");
    let ids = inventory::upsert_offers(&tx, supplier, as_of, rows).await.expect("imported");
    tx.commit().await.expect("committed");
    ids
}

async fn an_import_shows_what_was_accepted_and_brings_nothing_old_back(app: TestApp) {
    let owner = app.as_owner().await;
    let supplier = stock::portal_supplier(&owner, "Acme").await;
    let variant = stock::variants(&owner, 1).await.remove(0);
    let offer = import(&app, supplier, app.app.clock.now(), &[imported(&variant, "A", 10)]).await[0];
    let tx = Tx::begin(&app.app).await.expect("a transaction");
    let order: OrderId = tx.new_id();
    inventory::commit_directly(&tx, order, &[(offer, 4)], "test").await.expect("committed").expect("there");
    inventory::note_accepted(&tx, order, &[(offer, 4)], tx.now()).await.expect("noted");
    tx.commit().await.expect("committed");
    app.app.clock.advance(TimeDelta::seconds(1));
    let then = app.app.clock.now();
    import(&app, supplier, then, &[imported(&variant, "A", 6)]).await;
    assert_eq!(stock::figures(&owner, offer).await, [6, 0, 0, 6], "the figure shows that they are gone");
    app.app.clock.advance(TimeDelta::hours(1));
    stock::report(&app.as_supplier(supplier).await, app.app.clock.now(), false, Value::Null, &[("A", 2)]).await;
    import(&app, supplier, then, &[imported(&variant, "A", 6)]).await;
    assert_eq!(stock::figures(&owner, offer).await[0], 2, "a file that is read again is as old as it was");
}

async fn an_import_that_renames_leaves_each_variant_its_offer(app: TestApp) {
    let owner = app.as_owner().await;
    let supplier = stock::portal_supplier(&owner, "Acme").await;
    let variants = stock::variants(&owner, 2).await;
    let now = app.app.clock.now();
    let first = import(&app, supplier, now, &[imported(&variants[0], "A", 3)]).await[0];
    let rows = [imported(&variants[0], "B", 3), imported(&variants[1], "A", 8)];
    let after = import(&app, supplier, now, &rows).await;
    assert_eq!(after[0], first);
    assert_ne!(after[1], first, "the SKU is free, the offer is not");
    assert_eq!((stock::figures(&owner, first).await[0], stock::figures(&owner, after[1]).await[0]), (3, 8));
}
