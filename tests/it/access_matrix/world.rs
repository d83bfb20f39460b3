//! A store with real rows of every type, made through the API.
//!
//! What belongs to a customer belongs to Ada, what belongs to a supplier to Near; Grace and Far have
//! their own. Ada's first order has a parcel from each supplier.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use axum::http::header::AUTHORIZATION;
use consign::feeds::RowError;
use consign::fulfillment::{RequestCall, RequestOutcome, request};
use consign::importing;
use consign::kernel::ids::SupplierId;
use consign::kernel::page::encode_cursor;
use consign::platform::standard_webhooks::WebhookKey;
use consign::suppliers::fetches;
use sea_orm::{EntityTrait, Set};
use serde_json::{Value, json};

use super::parts::{self, Suppliers, plain_cart, ready_cart, register};
use super::rows::{fill, nothing};
use crate::support::app::{TestApp, WEBHOOK_SECRET};
use crate::support::gql::Client;
use crate::support::shelf::Shelf;
use crate::support::{shop, stock, trade};

/// What only the store and its suppliers may read: a name, and a price nobody else is asked.
pub const MARKERS: [&str; 3] = ["Nearby Secret Goods", "4.44", "Unpublished Secret"];

/// The store, and those who use it.
pub struct World {
    pub app: TestApp,
    pub owner: Client,
    pub ada: Client,
    pub grace: Client,
    pub near: Client,
    pub far: Client,
    /// Whoever holds the link of Near's part of Ada's first order, and of Far's.
    pub link: Client,
    pub other_link: Client,
    words: BTreeMap<&'static str, String>,
    /// How many events each subscription has behind the beginning.
    events: BTreeMap<&'static str, usize>,
}

impl World {
    /// The id, or the secret, that the rows call `word`; one that names nothing if the world has none.
    pub fn word(&self, word: &str) -> String {
        self.words.get(word).cloned().unwrap_or_else(|| nothing(word))
    }

    /// How many answers there are to a subscription from the beginning.
    pub fn events(&self, field: &str) -> usize {
        self.events[field]
    }

    /// Its words, and what they stand for.
    pub fn words(&self) -> impl Iterator<Item = (&str, &str)> {
        self.words.iter().map(|(word, value)| (*word, value.as_str()))
    }

    fn set(&mut self, word: &'static str, value: impl Into<String>) {
        self.words.insert(word, value.into());
    }

    /// Builds it. Limits are out of the way: this is about rights.
    pub async fn build(app: &TestApp) -> Self {
        let app = app.reconfigured(|config| {
            let limits = &mut config.limits;
            (limits.cost, limits.selections, limits.aliases) = (1_000_000, 100_000, 10_000);
            (limits.actor_cost_burst, limits.address_cost_burst) = (u32::MAX, u32::MAX);
            limits.subscriptions_per_address = 10_000;
            limits.depth = 100;
        });
        let app = app.await;
        let owner = trade::open(&app).await;
        shop::settings(&owner, json!({ "name": "The Shop", "sender": "sales@example.com" })).await;
        let suppliers = Suppliers::add(&owner).await;
        let ada = register(&app, "ada@example.com", "Ada").await;
        let mut world = Self {
            ada,
            grace: register(&app, "grace@example.com", "Grace").await,
            near: app.as_supplier(suppliers.near).await,
            far: app.as_supplier(suppliers.far).await,
            link: app.as_guest(),
            other_link: app.as_guest(),
            app,
            owner,
            words: BTreeMap::new(),
            events: BTreeMap::new(),
        };
        world.set("sup", suppliers.near.to_string());
        world.fetched(suppliers.near).await;
        world.set("sup2", suppliers.far.to_string());
        world.set("CURSOR", encode_cursor("storeActivity", &0_i64));
        world.goods(&suppliers).await;
        world.shelf().await;
        world.settings().await;
        world.prices().await;
        for (word, id) in parts::staff(&world.app, &world.owner).await {
            world.set(word, id);
        }
        world.orders().await;
        (world.link, world.other_link) = (world.linked("sor").await, world.linked("sorfar").await);
        world.carts().await;
        world.imports().await;
        world.messages(suppliers.http).await;
        world.found().await;
        world
    }

    /// Whoever holds a new link of the supplier order that the rows call `word`.
    pub async fn linked(&self, word: &str) -> Client {
        let supplier = if word == "sorfar" { "sup2" } else { "sup" };
        self.app.as_linked(&self.word(word), &self.word(supplier)).await
    }

    async fn goods(&mut self, suppliers: &Suppliers) {
        let (near, far, slow) = (suppliers.near, suppliers.far, suppliers.slow);
        let [prd, variants] = self.product("Things", &["V-0", "V-1", "V-2"], true).await;
        let [prd2, others] = self.product("Other things", &["W-0"], true).await;
        let [prd3, drafts] = self.product(MARKERS[2], &["D-0"], false).await;
        let id = |list: &Value, index: usize| list[index]["id"].as_str().expect("an id").to_owned();
        for (word, product) in [("prd", &prd), ("prd2", &prd2), ("prd3", &prd3)] {
            self.set(word, product.as_str().expect("an id"));
        }
        self.set("var", id(&variants, 0));
        self.set("varfar", id(&variants, 1));
        self.set("var2", id(&others, 0));
        self.set("var3", id(&drafts, 0));
        let terms = json!({ "cost": { "amount": MARKERS[1], "currencyCode": "EUR" },
            "minimumAdvertisedPrice": { "amount": "5.00", "currencyCode": "EUR" },
            "leadTimeDays": 1, "shipsTo": ["DE"], "safetyBuffer": 1, "priority": 2 });
        let offer = stock::offer(&self.owner, near, &self.word("var"), "N-0", terms).await;
        self.set("ofr", offer.to_string());
        stock::offer(&self.owner, near, &id(&variants, 2), "N-1", json!({})).await;
        stock::offer(&self.owner, near, &self.word("var3"), "N-2", json!({})).await;
        stock::offer(&self.owner, far, &self.word("varfar"), "F-0", json!({})).await;
        stock::offer(&self.owner, slow, &self.word("var2"), "S-0", json!({})).await;
        let slow = self.app.as_supplier(slow).await;
        for (client, sku) in [(&self.near, "N-0"), (&self.near, "N-1"), (&self.far, "F-0"), (&slow, "S-0")] {
            let now = self.app.app.clock.now();
            let restock = now + Duration::from_secs(86_400);
            let input = json!({ "asOf": now, "full": false,
                "items": [{ "supplierSku": sku, "quantity": 50, "restockAt": restock }] });
            stock::report_items(client, input).await.done("supplierStockReport");
        }
        let create = "mutation($input: CollectionCreateInput!) { collectionCreate(input: $input) {
            collection { id slug } userErrors { code field message } } }";
        let input = json!({ "title": "All things", "description": "Everything" });
        let made = self.owner.run(create, json!({ "input": input })).await;
        made.done("collectionCreate");
        self.set("col", made.text("collectionCreate.collection.id"));
        let policy = "mutation($input: RoutingPolicyInput!) { routingPolicyUpdate(input: $input) {
            userErrors { code field message } } }";
        let everywhere = json!({ "name": "near", "effect": "PREFER", "weight": "0.9", "supplierIds": [near] });
        let dear = json!({ "name": "dear", "effect": "PREFER", "weight": "0.9", "supplierIds": [near],
            "collectionIds": [self.word("col")], "countryCodes": ["DE"], "customerTags": ["vip"] });
        let input = json!({ "minimumMargin": "-1", "rules": [everywhere, dear] });
        self.owner.run(policy, json!({ "input": input })).await.done("routingPolicyUpdate");
        let tag = "mutation($id: ID!) { customerTagsSet(id: $id, tags: [\"vip\"]) { userErrors { code field message } } }";
        for customer in [&self.ada, &self.grace] {
            let id = customer.run("query { me { id } }", json!({})).await.text("me.id");
            self.owner.run(tag, json!({ "id": id })).await.done("customerTagsSet");
        }
        self.set("SLUG", made.text("collectionCreate.collection.slug"));
        let set = "mutation($id: ID!, $input: CollectionProductsInput!) { collectionProductsSet(id: $id, input: $input) {
            userErrors { code field message } } }";
        let variables = json!({ "id": self.word("col"), "input": { "productIds": [prd, prd2, prd3] } });
        self.owner.run(set, variables).await.done("collectionProductsSet");
    }

    /// A supplier that shows its goods: one that may be a variant, one that is, and two that are new.
    async fn shelf(&mut self) {
        let shelf = Shelf::default();
        let more = "Acme,4006381333931,M-1,2.00,5,https://cdn.example/a.jpg,Color";
        let rows: String = (1..5).map(|it| format!("SH-{it},New thing {it},{more},No. {it}\n")).collect();
        let head = "supplier_sku,title,brand,gtin,mpn,cost,quantity,image_url,option1_name,option1_value\n";
        shelf.put(format!("{head}{rows}SH-5,Bad,,,,x,5,,,\n"));
        let settings = json!({ "url": shelf.start().await, "format": "CSV" });
        let supplier = stock::supplier(&self.owner, "Shelf", "feed", settings).await;
        self.set("sup3", supplier.to_string());
        let fetch = "mutation($id: ID!) { supplierCatalogFetch(id: $id) { userErrors { code field message } } }";
        self.owner.run(fetch, json!({ "id": supplier })).await.done("supplierCatalogFetch");
        self.app.run_jobs().await;
        let query = "query($id: ID!) { supplier(id: $id) { items(first: 9) { nodes { id } } } }";
        let answer = self.owner.run(query, json!({ "id": supplier })).await;
        // The first of the list is the one that is a variant: of long lists only the beginning is read.
        let nodes = answer.at("supplier.items.nodes").as_array().expect("items").clone();
        for (word, it) in ["sit4", "sit", "sit2", "sit3"].into_iter().zip(&nodes) {
            self.set(word, it["id"].as_str().expect("an id"));
        }
        let map = "mutation($input: [SupplierItemMapInput!]!) { supplierItemsMap(input: $input) {
            userErrors { code field message } } }";
        let input = json!([{ "itemId": self.word("sit4"), "variantId": self.word("var2"), "active": false }]);
        self.owner.run(map, json!({ "input": input })).await.done("supplierItemsMap");
    }

    /// A product: its id, and its variants.
    async fn product(&self, title: &str, skus: &[&str], publish: bool) -> [Value; 2] {
        let euros = |amount: &str| json!({ "amount": amount, "currencyCode": "EUR" });
        let variant = |sku: &&str| {
            json!({ "sku": sku, "title": format!("{title} {sku}"), "options": [{ "name": "No.", "value": sku }],
                "price": euros("10.00"), "compareAtPrice": euros("12.00"),
                "gtin": "4006381333931", "mpn": "M-1", "brand": "Acme" })
        };
        let variants: Vec<Value> = skus.iter().map(variant).collect();
        let input = json!({ "title": title, "description": format!("{title} and more"), "publish": publish,
            "media": [{ "url": "https://cdn.example/a.jpg", "altText": "A picture" }], "variants": variants });
        let create = "mutation($input: ProductCreateInput!) { productCreate(input: $input) {
            product { id variants(first: 9) { nodes { id } } } userErrors { code field message } } }";
        let answer = self.owner.run(create, json!({ "input": input })).await;
        let product = &answer.done("productCreate")["product"];
        [product["id"].clone(), product["variants"]["nodes"].clone()]
    }

    /// Discounts, rates, tokens.
    async fn settings(&mut self) {
        let now = self.app.app.clock.now();
        let (then, later) = (now - Duration::from_secs(60), now + Duration::from_secs(86_400));
        let discount = "mutation($input: DiscountCreateInput!) { discountCreate(input: $input) {
            discount { id } userErrors { code field message } } }";
        for (word, input) in [
            ("dsc", json!({ "code": "TEN", "percent": "10", "usageLimit": 50, "startsAt": then, "endsAt": later })),
            ("dsc2", json!({ "code": "ONE", "amount": { "amount": "1.00", "currencyCode": "EUR" } })),
        ] {
            let made = self.owner.run(discount, json!({ "input": input })).await;
            made.done("discountCreate");
            self.set(word, made.text("discountCreate.discount.id"));
        }
        let rate = "mutation { exchangeRateSet(input: { currencyCode: \"CHF\", rate: \"1.1\" }) { userErrors { code } } }";
        self.owner.run(rate, json!({})).await.done("exchangeRateSet");
        let token = "mutation($input: ApiTokenCreateInput!) { apiTokenCreate(input: $input) {
            apiToken { id } userErrors { code field message } } }";
        for word in ["apt", "apt2"] {
            let input = json!({ "name": word, "scope": "SUPPLIER", "supplierId": self.word("sup") });
            let made = self.owner.run(token, json!({ "input": input })).await;
            made.done("apiTokenCreate");
            self.set(word, made.text("apiTokenCreate.apiToken.id"));
        }
        let revoke = "mutation($id: ID!) { apiTokenRevoke(id: $id) { userErrors { code } } }";
        self.owner.run(revoke, json!({ "id": self.word("apt2") })).await.done("apiTokenRevoke");
    }

    /// Rules of every kind, and a price that changed. None of them is automatic.
    async fn prices(&mut self) {
        let euros = |amount: &str| json!({ "amount": amount, "currencyCode": "EUR" });
        let create = "mutation($input: PriceRuleCreateInput!) { priceRuleCreate(input: $input) {
            rule { id } userErrors { code field message } } }";
        let store = json!({ "markupPercent": "50", "fixedFee": euros("0.50"), "feePercent": "3", "maxChangePercent": "90",
            "rounding": { "step": euros("1.00"), "ending": euros("0.99") }, "minimumMarginPercent": "10",
            "minimumPrice": euros("15.00"), "maximumPrice": euros("90.00") });
        let plain = json!({ "marginPercent": "50" });
        for (word, input) in [
            ("prl", json!({ "terms": store })),
            ("prl2", json!({ "supplierId": self.word("sup2"), "terms": plain })),
            ("prl3", json!({ "productId": self.word("prd2"), "terms": plain })),
            ("prl4", json!({ "collectionId": self.word("col"), "terms": store })),
        ] {
            let made = self.owner.run(create, json!({ "input": input })).await;
            made.done("priceRuleCreate");
            self.set(word, made.text("priceRuleCreate.rule.id"));
        }
        let update = "mutation($id: ID!, $input: VariantUpdateInput!) { variantUpdate(id: $id, input: $input) {
            userErrors { code field message } } }";
        for amount in ["11.00", "10.00"] {
            let variables = json!({ "id": self.word("var"), "input": { "price": euros(amount) } });
            self.owner.run(update, variables).await.done("variantUpdate");
        }
    }

    async fn orders(&mut self) {
        let (guest, ada, grace) = (self.app.as_guest(), self.ada.clone(), self.grace.clone());
        let (var, far, slow) = (self.word("var"), self.word("varfar"), self.word("var2"));
        let cart = self.buy(&ada, &[(&var, 2), (&far, 1)], ["ord", "TOKEN"]).await;
        self.set("crt3", cart);
        self.buy(&guest, &[(&var, 1)], ["ord2", "TOKEN2"]).await;
        for words in [["ord3", "TOKEN3"], ["ord4", "TOKEN4"], ["ord7", "TOKEN7"]] {
            self.buy(&ada, &[(&var, 1)], words).await;
        }
        self.buy(&grace, &[(&var, 1)], ["ord5", "TOKEN5"]).await;
        self.buy(&grace, &[(&var, 1)], ["ord6", "TOKEN6"]).await;
        self.buy(&ada, &[(&slow, 1)], ["ord8", "TOKEN8"]).await;
        self.app.run_jobs().await;
        self.parts().await;
        self.accept().await;
        self.refuse("sor5", "wrk2").await;
        self.give_up("wrk2").await;
        self.deliver().await;
        let bought = trade::Bought { id: self.word("ord2"), token: self.word("TOKEN2") };
        trade::cancel(&self.app.as_guest(), &bought).await.done("orderCancel");
        self.refuse("sor6", "wrk").await;
        let assign = "mutation($id: ID!, $staff: ID!) { workItemAssign(id: $id, staffId: $staff) { userErrors { code } } }";
        let variables = json!({ "id": self.word("wrk"), "staff": self.word("stf") });
        self.owner.run(assign, variables).await.done("workItemAssign");
    }

    /// What the suppliers are asked for.
    async fn parts(&mut self) {
        let query = "query($id: ID!) { order(id: $id) { lines { id }
            supplierOrders { id supplier { id } lines { id } } } }";
        let places = [
            ("ord", "sor", "sol"), ("ord2", "sor2", "sol2"), ("ord3", "sor3", "sol3"), ("ord4", "sor4", "sol4"),
            ("ord5", "sor5", "sol5"), ("ord6", "sor6", "sol6"), ("ord7", "sor7", "sol7"), ("ord8", "sor8", "sol8"),
        ];
        for (order, part, line) in places {
            let answer = self.owner.run(query, json!({ "id": self.word(order) })).await;
            for own in answer.at("order.supplierOrders").as_array().expect("supplier orders").clone() {
                let text = |value: &Value| value.as_str().expect("an id").to_owned();
                let of_far = text(&own["supplier"]["id"]) == self.word("sup2");
                let (part, line) = if of_far { ("sorfar", "solfar") } else { (part, line) };
                self.set(part, text(&own["id"]));
                self.set(line, text(&own["lines"][0]["id"]));
            }
            if order == "ord" {
                self.set("oln", answer.text("order.lines.0.id"));
            }
            if order == "ord2" {
                self.set("oln2", answer.text("order.lines.0.id"));
            }
        }
    }

    async fn accept(&self) {
        let now = self.app.app.clock.now();
        let input = json!({ "supplierReference": "N/1", "estimatedShipAt": now + Duration::from_secs(3_600) });
        self.work(&self.near, "supplierOrderAccept", "sor", input).await;
        self.work(&self.near, "supplierOrderAccept", "sor2", json!({})).await;
        self.work(&self.far, "supplierOrderAccept", "sorfar", json!({})).await;
        self.work(&self.near, "supplierOrderHold", "sor3", json!({ "reason": "No paper" })).await;
        self.asked("sor").await;
        self.app.advance(Duration::from_secs(60)).await;
    }

    /// A supplier order's supplier was asked over the wire.
    async fn asked(&self, part: &str) {
        let (app, id) = (&self.app.app, self.word(part));
        let row = request::ActiveModel {
            id: Set(app.ids.new_id(app.clock.now())),
            supplier_order_id: Set(id.parse().expect("an id")),
            call: Set(RequestCall::Submit),
            outcome: Set(RequestOutcome::Done),
            reference: Set(id),
            http_status: Set(Some(201)),
            took_ms: Set(12),
            at: Set(app.clock.now()),
        };
        request::Entity::insert(row).exec_without_returning(app.db.write()).await.expect("a line of the log");
    }

    /// Ada's first order is sent, partly delivered and partly refunded.
    async fn deliver(&mut self) {
        for (client, part, word) in [(&self.near.clone(), "sor", "shp"), (&self.far.clone(), "sorfar", "shpfar")] {
            let create = "mutation($id: ID!, $input: ShipmentCreateInput!) { shipmentCreate(supplierOrderId: $id, input: $input) {
                shipment { id } userErrors { code field message } } }";
            let input = json!({ "carrier": "DHL", "trackingNumber": word, "trackingUrl": "https://dhl.example/1" });
            let made = client.run(create, json!({ "id": self.word(part), "input": input })).await;
            made.done("shipmentCreate");
            self.set(word, made.text("shipmentCreate.shipment.id"));
            let add = "mutation($id: ID!, $input: ShipmentEventInput!) { shipmentEventAdd(shipmentId: $id, input: $input) {
                userErrors { code field message } } }";
            let status = if word == "shp" { "IN_TRANSIT" } else { "DELIVERED" };
            let input = json!({ "id": "1", "status": status, "occurredAt": self.app.app.clock.now(),
                "description": "On its way", "location": "Leipzig" });
            client.run(add, json!({ "id": self.word(word), "input": input })).await.done("shipmentEventAdd");
        }
        self.app.run_jobs().await;
        let refund = "mutation($id: ID!, $input: RefundCreateInput!) { refundCreate(orderId: $id, input: $input) {
            refund { id transaction { id } } userErrors { code field message } } }";
        let input = json!({ "idempotencyKey": "first", "amount": { "amount": "1.00", "currencyCode": "EUR" }, "reason": "kindness" });
        let made = self.owner.run(refund, json!({ "id": self.word("ord"), "input": input })).await;
        made.done("refundCreate");
        self.set("rfd", made.text("refundCreate.refund.id"));
        self.set("ptx", made.text("refundCreate.refund.transaction.id"));
        // A report about a later moment takes up what was accepted.
        let now = self.app.app.clock.now();
        stock::report(&self.near, now, false, Value::Null, &[("N-0", 48)]).await.done("supplierStockReport");
        self.app.run_jobs().await;
    }

    /// Near refuses, and nobody else has it.
    async fn refuse(&mut self, part: &str, word: &'static str) {
        let no = json!({ "reason": "DISCONTINUED", "message": "no more" });
        self.work(&self.near, "supplierOrderReject", part, no).await;
        self.app.run_jobs().await;
        let item = stock::open_items(&self.owner, "NO_SUPPLIER").await.remove(0);
        self.set(word, item);
    }

    async fn give_up(&self, item: &str) {
        let resolve = "mutation($id: ID!) { workItemResolve(id: $id,
            input: { action: \"CANCEL_AND_REFUND\", note: \"gone\" }) { userErrors { code } } }";
        self.owner.run(resolve, json!({ "id": self.word(item) })).await.done("workItemResolve");
        self.app.run_jobs().await;
    }

    async fn work(&self, client: &Client, field: &str, part: &str, input: Value) {
        trade::work(client, field, &json!(self.word(part)), input).await.done(field);
    }

    /// Buys, and remembers the order and its token; answers the cart.
    async fn buy(&mut self, client: &Client, lines: &[(&str, i64)], [order, token]: [&'static str; 2]) -> String {
        let cart = ready_cart(client, lines).await;
        let answer = shop::buy(client, &cart, order, "tok_ok").await;
        answer.done("checkoutComplete");
        self.set(order, answer.text("checkoutComplete.order.id"));
        self.set(token, answer.text("checkoutComplete.order.trackingToken"));
        if order == "ord" {
            self.set("pay", answer.text("checkoutComplete.payment.id"));
        }
        cart
    }

    async fn carts(&mut self) {
        let var = self.word("var");
        let (ada, grace, guest) = (self.ada.clone(), self.grace.clone(), self.app.as_guest());
        for (client, words) in [
            (&ada, ["crt", "cln", "par", "ssv"]),
            (&grace, ["crtgrace", "clngrace", "pargrace", "ssvgrace"]),
            (&guest, ["crtguest", "clnguest", "parguest", "ssvguest"]),
        ] {
            let cart = ready_cart(client, &[(&var, 1)]).await;
            let seen = shop::cart(client, &cart).await;
            let id = |pointer: &str| seen.pointer(pointer).and_then(Value::as_str).expect("an id").to_owned();
            self.set(words[0], cart.clone());
            self.set(words[1], id("/lines/0/id"));
            self.set(words[2], id("/parcels/0/id"));
            self.set(words[3], id("/parcels/0/shippingOptions/0/id"));
        }
        self.set("crt2", plain_cart(&ada, &[(&var, 1)]).await);
        self.set("crt4", plain_cart(&ada, &[(&var, 900)]).await);
        let declined = ready_cart(&ada, &[(&var, 1)]).await;
        let answer = shop::buy(&ada, &declined, "declined", "tok_declined").await;
        assert_eq!(answer.user_codes("checkoutComplete"), ["PAYMENT_DECLINED"]);
        self.set("crt5", declined);
    }

    async fn imports(&mut self) {
        let rows = "sku,title,price,cost,quantity\nI-1,Imported,1.00,0.50,1\nI-2,Not a number,NaN,0.50,1\n";
        for (word, file) in [("job", rows), ("job2", "nothing,of,use\n1,2,3\n")] {
            let request = Request::post("/uploads")
                .header(AUTHORIZATION, format!("Bearer {}", self.owner.token().expect("a token")))
                .body(Body::from(file))
                .expect("a request");
            let sender = Client::new(importing::uploads_router(self.app.app.clone()), None);
            let upload = sender.send(request).await.body["id"].clone();
            let import = "mutation($input: CatalogImportInput!) { catalogImport(input: $input) {
                job { id } userErrors { code field message } } }";
            let input = json!({ "supplierId": self.word("sup2"), "source": { "uploadId": upload }, "format": "CSV" });
            let started = self.owner.run(import, json!({ "input": input })).await;
            started.done("catalogImport");
            self.set(word, started.text("catalogImport.job.id"));
        }
        self.app.run_jobs().await;
    }

    /// The supplier's stock was fetched, and a row of it left out.
    async fn fetched(&self, supplier: SupplierId) {
        let app = &self.app.app;
        let row =
            RowError { line: 2, sku: Some("A".to_owned()), reason: "QUANTITY_INVALID", message: "no".to_owned() };
        fetches::begin(app, supplier).await.expect("begun");
        fetches::note(app, supplier, 1, &[row]).await.expect("noted");
        fetches::end(app, supplier, Some("it broke off")).await.expect("ended");
    }

    /// A message from a supplier that nobody can read.
    async fn messages(&self, supplier: SupplierId) {
        let time = self.app.app.clock.now().timestamp();
        let signature = WebhookKey::parse(WEBHOOK_SECRET).expect("a key").sign("m", time, b"nonsense");
        let request = Request::post(format!("/webhooks/suppliers/{supplier}"))
            .header("content-type", "application/json")
            .header("webhook-id", "m")
            .header("webhook-timestamp", time.to_string())
            .header("webhook-signature", signature)
            .body(Body::from("nonsense"))
            .expect("a request");
        let answer = self.app.as_guest().send(request).await;
        assert!(answer.status.is_success(), "{}", answer.body);
        self.app.run_jobs().await;
    }

    /// What came about by itself.
    async fn found(&mut self) {
        let query = "{ webhookDeliveries(first: 1) { nodes { id } } notifications(first: 1) { nodes { id } } }";
        let answer = self.owner.run(query, json!({})).await;
        self.set("whk", answer.text("webhookDeliveries.nodes.0.id"));
        self.set("ntf", answer.text("notifications.nodes.0.id"));
        let services = "query($id: ID!) { supplier(id: $id) { shippingServices { id } } }";
        let answer = self.owner.run(services, json!({ "id": self.word("sup2") })).await;
        self.set("ssvfar", answer.text("supplier.shippingServices.0.id"));
        let events = self.events_of("storeActivity(after: $CURSOR)").await;
        // The last ones are of every kind, and fewer.
        self.set("CURSOR", events[events.len() - 1 - LAST_EVENTS].clone());
        self.events.insert("storeActivity", LAST_EVENTS);
        let events = self.events_of("orderTracking(orderId: $ord)").await;
        self.events.insert("orderTracking", events.len().min(6));
        let note = "mutation($address: AddressInput!) { customerAddressCreate(address: $address) {
            addressId userErrors { code field message } } }";
        let noted = self.ada.run(note, json!({ "address": shop::address() })).await;
        noted.done("customerAddressCreate");
        self.set("cad", noted.text("customerAddressCreate.addressId"));
        // Of an order of Ada's, for whoever writes to the store with it.
        self.set("MINE", self.word("TOKEN"));
        let me = "{ me { id } }";
        self.set("cus", self.ada.run(me, json!({})).await.text("me.id"));
        self.set("cus2", self.grace.run(me, json!({})).await.text("me.id"));
    }

    /// The cursors of a subscription, up to now.
    async fn events_of(&self, call: &str) -> Vec<String> {
        let query = format!("subscription {{ {} {{ cursor }} }}", fill(call, |word| self.word(word)));
        let answers = self.owner.stream(&query, usize::MAX, Duration::from_millis(300)).await;
        let field = call.split('(').next().unwrap_or_default();
        answers.iter().map(|it| it["data"][field]["cursor"].as_str().expect("a cursor").to_owned()).collect()
    }
}

/// How many of the store's events are followed.
const LAST_EVENTS: usize = 14;
