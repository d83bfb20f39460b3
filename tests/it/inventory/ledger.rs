//! The ledger tells the whole story: whatever happens to offers, its lines add up to their figures.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use consign::inventory::{self, StockReport};
use consign::kernel::ids::{OfferId, OrderId, PaymentAttemptId, SupplierId};
use consign::platform::tx::Tx;
use consign::suppliers::adapter::RemoteStock;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::gql::Client;
use crate::support::stock;

crate::engine_tests![the_ledger_reproduces_the_figures];

const OFFERS: usize = 3;
const STEPS: usize = 250;

struct Player {
    app: TestApp,
    supplier: SupplierId,
    offers: Vec<OfferId>,
    holders: Vec<PaymentAttemptId>,
    orders: Vec<OrderId>,
    dice: StdRng,
}

async fn the_ledger_reproduces_the_figures(app: TestApp) {
    let owner = app.as_owner().await;
    let supplier = stock::portal_supplier(&owner, "Acme").await;
    let mut offers = Vec::new();
    for (index, variant) in stock::variants(&owner, OFFERS).await.iter().enumerate() {
        let sku = format!("S-{index}");
        offers.push(stock::offer(&owner, supplier, variant, &sku, json!({ "safetyBuffer": index })).await);
    }
    let dice = StdRng::seed_from_u64(7);
    let (holders, orders) = (Vec::new(), Vec::new());
    let mut player = Player { app: app.clone(), supplier, offers: offers.clone(), holders, orders, dice };
    for _ in 0..STEPS {
        player.step().await;
    }
    audit(&owner, &offers).await;
}

impl Player {
    async fn step(&mut self) {
        self.app.app.clock.advance(TimeDelta::seconds(1));
        let tx = Tx::begin(&self.app.app).await.unwrap();
        match self.dice.random_range(0..8) {
            0 => {
                drop(tx);
                return self.report().await;
            }
            1 | 2 => {
                let holder = tx.new_id();
                let picks = [(self.offer(), self.units()), (self.offer(), self.units())];
                if inventory::reserve(&tx, holder, &picks, tx.now()).await.unwrap().is_err() {
                    return;
                }
                self.holders.push(holder);
            }
            3 => {
                let Some(holder) = self.any(&self.holders.clone()) else { return };
                inventory::release(&tx, holder).await.unwrap();
            }
            4 => {
                let (Some(holder), order) = (self.any(&self.holders.clone()), tx.new_id()) else { return };
                if inventory::commit(&tx, holder, order).await.unwrap().is_err() {
                    return;
                }
                self.orders.push(order);
            }
            5 => {
                let order = tx.new_id();
                let picks = [(self.offer(), self.units())];
                if inventory::commit_directly(&tx, order, &picks, "test").await.unwrap().is_err() {
                    return;
                }
                self.orders.push(order);
            }
            6 => {
                let Some(order) = self.any(&self.orders.clone()) else { return };
                let (offer, units) = (self.offer(), self.units());
                inventory::release_commitments(&tx, order, &[(offer, units)], "test").await.unwrap();
            }
            _ => {
                let Some(order) = self.any(&self.orders.clone()) else { return };
                let at = tx.now() - TimeDelta::seconds(self.dice.random_range(0..20));
                let (offer, units) = (self.offer(), self.units());
                inventory::note_accepted(&tx, order, &[(offer, units)], at).await.unwrap();
            }
        }
        tx.commit().await.unwrap();
    }

    async fn report(&mut self) {
        let quantity = self.dice.random_range(0..40);
        let sku = format!("S-{}", self.dice.random_range(0..OFFERS));
        let as_of = self.app.app.clock.now() - TimeDelta::seconds(self.dice.random_range(0..10));
        let item = RemoteStock { sku, quantity, cost: None, restock_at: None, discontinued: false };
        let full = self.dice.random_range(0..4) == 0;
        let report = StockReport { as_of, full, part: None, items: vec![item] };
        inventory::report(&self.app.app, self.supplier, report).await.unwrap();
    }

    fn offer(&mut self) -> OfferId {
        self.offers[self.dice.random_range(0..self.offers.len())]
    }

    fn units(&mut self) -> i64 {
        self.dice.random_range(1..6)
    }

    fn any<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        if of.is_empty() { None } else { Some(of[self.dice.random_range(0..of.len())]) }
    }
}

/// Reads every fact through the API and adds it up.
async fn audit(owner: &Client, offers: &[OfferId]) {
    let held = sums(owner, "reservations", "status", |row| row["status"] == "HELD", "quantity").await;
    let owed = sums(owner, "stockCommitments", "outstanding", |_| true, "outstanding").await;
    for &offer in offers {
        let lines = ledger_of(owner, offer).await;
        assert!(lines.len() > 10, "the story is long enough to mean something");
        let mut before = json!({ "reported": 0, "reserved": 0, "committed": 0, "safetyBuffer": lines[0]["safetyBuffer"] });
        for (index, line) in lines.iter().enumerate() {
            assert_eq!(line["sequence"], index as i64 + 1);
            for name in ["reported", "reserved", "committed"] {
                let delta = number(line, &format!("{name}Delta"));
                assert_eq!(number(&before, name) + delta, number(line, name), "{name} in {line}");
                assert!(number(line, name) >= 0);
            }
            let taken = number(line, "reservedDelta") + number(line, "committedDelta");
            let free = number(&before, "reported") - number(&before, "safetyBuffer")
                - number(&before, "reserved") - number(&before, "committed");
            assert!(taken <= 0 || taken <= free, "more was taken than there was: {line}");
            before = line.clone();
        }
        let [reported, reserved, committed, sellable] = stock::figures(owner, offer).await;
        let last = ["reported", "reserved", "committed"].map(|name| number(&before, name));
        assert_eq!(last, [reported, reserved, committed]);
        assert_eq!(sellable, (reported - number(&before, "safetyBuffer") - reserved - committed).max(0));
        assert_eq!(held.get(&offer.to_string()).copied().unwrap_or(0), reserved, "what checkouts hold");
        assert_eq!(owed.get(&offer.to_string()).copied().unwrap_or(0), committed, "what orders take");
    }
}

fn number(row: &Value, name: &str) -> i64 {
    row[name].as_i64().unwrap_or_else(|| panic!("no {name} in {row}"))
}

async fn ledger_of(owner: &Client, offer: OfferId) -> Vec<Value> {
    let query = "query($id: ID!, $after: String) { inventoryLedger(first: 100, after: $after, offerId: $id) {
        nodes { sequence kind reportedDelta reservedDelta committedDelta reported reserved committed safetyBuffer }
        pageInfo { hasNextPage endCursor } } }";
    pages(owner, query, json!({ "id": offer }), "inventoryLedger").await
}

async fn sums(owner: &Client, list: &str, extra: &str, counts: fn(&Value) -> bool, figure: &str) -> BTreeMap<String, i64> {
    let query = format!(
        "query($after: String) {{ {list}(first: 100, after: $after) {{
            nodes {{ quantity {extra} offer {{ id }} }} pageInfo {{ hasNextPage endCursor }} }} }}"
    );
    let mut sums = BTreeMap::new();
    for row in pages(owner, &query, json!({}), list).await.iter().filter(|row| counts(row)) {
        *sums.entry(row["offer"]["id"].as_str().unwrap().to_owned()).or_insert(0) += number(row, figure);
    }
    sums
}

async fn pages(owner: &Client, query: &str, mut variables: Value, list: &str) -> Vec<Value> {
    let mut all = Vec::new();
    loop {
        let answer = owner.run(query, variables.clone()).await;
        all.extend(answer.at(&format!("{list}.nodes")).as_array().unwrap().iter().cloned());
        if answer.at(&format!("{list}.pageInfo.hasNextPage")) == &json!(false) {
            return all;
        }
        variables["after"] = answer.at(&format!("{list}.pageInfo.endCursor")).clone();
    }
}
