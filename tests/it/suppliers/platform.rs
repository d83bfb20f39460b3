//! What the tests of all platforms share: a store with one variant, and messages carried to it.

use consign::kernel::ids::SupplierId;
use serde_json::{Value, json};

use crate::standins::Message;
use crate::support::app::TestApp;
use crate::support::gql::Client;
use crate::support::{shop, stock, trade};

/// A store that sells one variant, which one supplier has.
pub struct Place {
    pub owner: Client,
    pub supplier: SupplierId,
    pub variant: String,
}

impl Place {
    /// Opens it: the supplier has `adapter`, `settings`, a country and one shipping service.
    pub async fn open(app: &TestApp, adapter: &str, settings: Value, country: &str, service: &str, sku: &str) -> Self {
        let owner = trade::open(app).await;
        let input = json!({ "name": adapter, "adapter": adapter, "settings": settings, "shipsFrom": country });
        let answer = stock::create_supplier(&owner, input).await;
        answer.done("supplierCreate");
        let supplier: SupplierId = answer.text("supplierCreate.supplier.id").parse().expect("a supplier's id");
        shop::service(&owner, supplier, service, "3.00").await;
        let variant = stock::variants(&owner, 1).await.remove(0);
        stock::offer(&owner, supplier, &variant, sku, Value::Null).await;
        // Its stock is asked for, and its webhooks are asked to come here.
        app.run_jobs().await;
        Self { owner, supplier, variant }
    }

    /// A guest buys so many, and the supplier is told.
    pub async fn buy(&self, app: &TestApp, quantity: i64) -> trade::Bought {
        // Ids sort by time, and what comes next is to sort after what there is.
        app.app.clock.advance(chrono::TimeDelta::seconds(1));
        let bought = trade::buy(app, &[(&self.variant, quantity)]).await;
        app.run_jobs().await;
        bought
    }

    /// Our name for the order at the supplier.
    pub async fn reference(&self, bought: &trade::Bought) -> String {
        self.part(bought).await["reference"].as_str().expect("a reference").to_owned()
    }

    /// The supplier order.
    pub async fn part(&self, bought: &trade::Bought) -> Value {
        trade::parts(&self.owner, &bought.id).await.remove(0)
    }

    /// Asks the supplier whether it lets the store in.
    pub async fn check(&self) -> Value {
        let check = "mutation($id: ID!) { supplierCheck(id: $id) {
            supplier { health { status } } trouble userErrors { code field message } } }";
        self.owner.run(check, json!({ "id": self.supplier })).await.done("supplierCheck").clone()
    }

    /// Carries a message to the store; the status it was answered with.
    pub async fn send(&self, app: &TestApp, (headers, body): Message) -> u16 {
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let mut request = client.post(format!("{}/webhooks/suppliers/{}", app.url, self.supplier)).body(body);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        request.send().await.expect("an answer").status().as_u16()
    }
}

/// Asks for a trial order of one `sku` by `service`.
pub async fn try_order(owner: &Client, supplier: SupplierId, sku: &str, service: &str) -> Value {
    let test = "mutation($id: ID!, $input: SupplierTestInput!) { supplierTest(id: $id, input: $input) {
        supplier { id } passed steps { kind failure } userErrors { code field message } } }";
    let input = json!({ "supplierSku": sku, "shippingService": service, "address": shop::address() });
    owner.run(test, json!({ "id": supplier, "input": input })).await.at("supplierTest").clone()
}
