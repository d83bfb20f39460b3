//! Prices from costs: what rules say, what they would do, and what they did.

mod automatic;
mod rules;

use consign::kernel::ids::SupplierId;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::gql::{Answer, Client};
use crate::support::stock;

/// The tests of all parts.
pub fn tests() -> Vec<crate::support::Test> {
    [rules::tests(), automatic::tests()].into_iter().flatten().collect()
}

/// A supplier with an offer of each of some variants: cost 4.00, price 10.00, five in stock.
struct Stage {
    owner: Client,
    supplier: SupplierId,
    variants: Vec<String>,
}

impl Stage {
    async fn open(app: &TestApp, count: usize) -> Self {
        let owner = app.as_owner().await;
        let supplier = stock::portal_supplier(&owner, "Acme").await;
        let variants = stock::variants(&owner, count).await;
        let stage = Self { owner, supplier, variants };
        for (index, variant) in stage.variants.iter().enumerate() {
            stock::offer(&stage.owner, supplier, variant, &format!("S-{index}"), json!({})).await;
        }
        stage.report(app, "4.00").await;
        app.run_jobs().await;
        stage
    }

    /// The supplier reports five of each, for `cost`.
    async fn report(&self, app: &TestApp, cost: &str) {
        let item = |index| json!({ "supplierSku": format!("S-{index}"), "quantity": 5, "cost": euros(cost) });
        let items: Vec<Value> = (0..self.variants.len()).map(item).collect();
        let input = json!({ "asOf": app.app.clock.now(), "full": false, "items": items });
        stock::report_items(&app.as_supplier(self.supplier).await, input).await.done("supplierStockReport");
    }

    /// A rule for the whole store: its id.
    async fn rule(&self, terms: Value) -> String {
        let answer = create(&self.owner, json!({ "terms": terms })).await;
        answer.done("priceRuleCreate");
        answer.text("priceRuleCreate.rule.id")
    }

    /// The prices, by the variants' order.
    async fn prices(&self) -> Vec<String> {
        let mut prices = Vec::new();
        for id in &self.variants {
            let answer = self.owner.run("query($id: ID!) { variant(id: $id) { price { amount } } }", json!({ "id": id })).await;
            prices.push(answer.text("variant.price.amount"));
        }
        prices
    }

    /// What the rules say of everything, by the variants' order.
    async fn preview(&self) -> Vec<Value> {
        let answer = self.owner.run(PREVIEW, json!({ "selection": {} })).await;
        answer.at("pricePreview.nodes").as_array().expect("proposals").clone()
    }

    /// Applies the rules to everything; what came of it.
    async fn apply(&self, app: &TestApp) -> Value {
        let answer = apply(&self.owner, json!({})).await;
        answer.done("pricesApply");
        app.run_jobs().await;
        let query = "query($id: ID!) { job(id: $id) { status result progress { done total } } }";
        let job = self.owner.run(query, json!({ "id": answer.text("pricesApply.job.id") })).await.at("job").clone();
        assert_eq!(job["status"], "SUCCEEDED", "{job}");
        job["result"].clone()
    }

    /// What became of the first variant's price, newest first.
    async fn history(&self) -> Vec<Value> {
        let query = "query($id: ID!) { variant(id: $id) { priceHistory(first: 50) { nodes {
            at from { amount } to { amount } cause reason by } } } }";
        let answer = self.owner.run(query, json!({ "id": self.variants[0] })).await;
        answer.at("variant.priceHistory.nodes").as_array().expect("changes").clone()
    }
}

const PREVIEW: &str = "query($selection: PriceSelectionInput) { pricePreview(first: 100, selection: $selection) { nodes {
    variant { id } outcome oldPrice { amount } newPrice { amount currencyCode } marginPercent rule { id }
    cost { amount currencyCode } landedCost { amount } exchangeRate exchangeRateValidFrom computedPrice { amount }
    floor { amount } bound limitedByStep waitsUntil reason } } }";

fn euros(amount: &str) -> Value {
    json!({ "amount": amount, "currencyCode": "EUR" })
}

async fn create(client: &Client, input: Value) -> Answer {
    let text = "mutation($input: PriceRuleCreateInput!) { priceRuleCreate(input: $input) {
        rule { id scope supplierId collectionId productId priority markupPercent marginPercent fixedFee { amount }
            feePercent rounding { step { amount } ending { amount } } minimumMarginPercent minimumPrice { amount }
            maximumPrice { amount } maxChangePercent automatic active }
        userErrors { code field message } } }";
    client.run(text, json!({ "input": input })).await
}

async fn apply(client: &Client, input: Value) -> Answer {
    let text = "mutation($input: PriceSelectionInput!) { pricesApply(input: $input) {
        job { id } userErrors { code field message } } }";
    client.run(text, json!({ "input": input })).await
}
