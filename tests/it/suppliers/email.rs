//! Suppliers with a mailbox: an order goes out as a mail, and its link answers it.

use std::time::Duration;

use chrono::TimeDelta;
use consign::kernel::ids::SupplierId;
use consign::suppliers::adapter::{AdapterError, Cancelling};
use consign::suppliers::{self, adapter_for};
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::gql::{Answer, Client};
use crate::support::smtp::{Fate, Mail};
use crate::support::{shop, stock, trade};

crate::engine_tests![
    a_mailbox_says_what_it_cannot_do,
    settings_are_addresses,
    an_order_goes_out_with_a_table_and_a_page_and_its_link_brings_it_home,
    a_refusal_by_the_link_goes_to_another_supplier,
    a_part_is_accepted_by_the_link,
    a_cancellation_is_one_more_mail,
    a_cancellation_that_was_refused_is_asked_again_by_a_new_mail,
    a_link_is_good_for_its_order_alone_and_for_its_time,
    a_mail_that_is_refused_is_sent_again,
    a_corrected_address_is_in_the_mail,
    a_mail_that_may_have_arrived_is_never_sent_again_blindly,
    whoever_has_such_a_mail_answers_it,
    what_is_cancelled_before_it_is_known_to_have_arrived_is_asked_about,
];

const MAILBOX: &str = "orders@acme.example";

/// A store with one variant, which is cheaper at a supplier with a mailbox than at another at the portal.
struct Place {
    owner: Client,
    mailbox: SupplierId,
    rival: Client,
    variant: String,
}

impl Place {
    async fn open(app: &TestApp) -> Self {
        let owner = trade::open(app).await;
        shop::settings(&owner, json!({ "name": "Ada's Shop" })).await;
        let settings = json!({ "to": MAILBOX, "cc": "copy@acme.example", "replyTo": "buying@example.com" });
        let input = json!({ "name": "Acme", "adapter": "email", "settings": settings });
        let made = stock::create_supplier(&owner, input).await;
        made.done("supplierCreate");
        let mailbox = made.text("supplierCreate.supplier.id").parse().expect("an id");
        shop::service(&owner, mailbox, "STD", "3.00").await;
        let rival = trade::portal(&owner, "Rival", true).await;
        let variant = stock::variants(&owner, 1).await.remove(0);
        trade::offers(app, &owner, mailbox, &variant, "=E-1", 99, "3.00").await;
        trade::offers(app, &owner, rival, &variant, "R-1", 99, "5.00").await;
        Self { owner, mailbox, rival: app.as_supplier(rival).await, variant }
    }

    /// A guest buys so many, and what follows happens.
    async fn buy(&self, app: &TestApp, quantity: i64) -> trade::Bought {
        // Ids sort by time, and what comes next is to sort after what there is.
        app.app.clock.advance(TimeDelta::seconds(1));
        let bought = trade::buy(app, &[(&self.variant, quantity)]).await;
        app.run_jobs().await;
        bought
    }

    /// The latest supplier order.
    async fn part(&self, bought: &trade::Bought) -> Value {
        trade::parts(&self.owner, &bought.id).await.pop().expect("a supplier order")
    }

    async fn status(&self, bought: &trade::Bought) -> String {
        self.part(bought).await["status"].as_str().expect("a status").to_owned()
    }

    async fn money(&self, bought: &trade::Bought) -> (String, String) {
        trade::statuses(&self.owner, &bought.id).await
    }
}

/// The mails to the supplier, oldest first.
fn mails(app: &TestApp) -> Vec<Mail> {
    app.mails.to(MAILBOX)
}

/// The text of a mail, with or without files.
fn text(mail: &Mail) -> String {
    let has_parts = mail.header("content-type").is_some_and(|it| it.starts_with("multipart"));
    if has_parts { mail.parts()[0].text() } else { mail.text() }
}

fn token(mail: &Mail) -> String {
    let text = text(mail);
    let (_, rest) = text.split_once("/supplier/order?token=").unwrap_or_else(|| panic!("no link in {text}"));
    rest.chars().take_while(|it| it.is_ascii_alphanumeric() || *it == '_').collect()
}

/// Whoever follows the link in the latest mail.
fn linked(app: &TestApp) -> Client {
    app.as_guest().with_token(token(mails(app).last().expect("a mail")))
}

const LOOK: &str = "{ supplierOrders(first: 5) { totalCount nodes {
    id reference supplierReference status orderNumber shippingService destination { name city }
    shippingCost { amount } lines { id supplierSku title quantity unitCost { amount } } } } }";

const SHIP: &str = "mutation($id: ID!, $input: ShipmentCreateInput!) {
    shipmentCreate(supplierOrderId: $id, input: $input) { shipment { id } userErrors { code field message } } }";

const MOVE: &str = "mutation($id: ID!, $input: ShipmentEventInput!) {
    shipmentEventAdd(shipmentId: $id, input: $input) { shipment { status } userErrors { code field message } } }";

async fn look(client: &Client) -> Answer {
    client.run(LOOK, json!({})).await
}

async fn a_mailbox_says_what_it_cannot_do(app: TestApp) {
    let place = Place::open(&app).await;
    let row = suppliers::lookup(app.app.db.read(), place.mailbox).await.expect("a row").expect("a supplier");
    let adapter = adapter_for(&app.app, &row).expect("an adapter");
    let capabilities = adapter.capabilities();
    assert!(capabilities.submits && !capabilities.lookup_by_reference && !capabilities.pushes);
    assert_eq!(capabilities.cancels, Cancelling::Message);
    assert_eq!(adapter.check().await, Ok(()));
    let asked = adapter.find("sor_1").await;
    assert!(matches!(asked, Err(AdapterError::Retry { .. })), "{asked:?}");
    assert!(matches!(adapter.stock(None, None).await, Err(AdapterError::Retry { .. })));
    assert!(matches!(adapter.cancel("sor_1", "no").await, Err(AdapterError::Retry { .. })), "nobody's order");
    assert!(mails(&app).is_empty());
}

async fn settings_are_addresses(app: TestApp) {
    let owner = app.as_owner().await;
    let listed = owner.run("{ supplierAdapters { name settings { name kind isRequired choices minimum maximum } } }", json!({})).await;
    let adapters = listed.at("supplierAdapters").as_array().expect("a list").clone();
    let email = adapters.iter().find(|it| it["name"] == "email").expect("the adapter");
    assert_eq!(email["settings"][0], json!({ "name": "to", "kind": "EMAIL", "isRequired": true, "choices": [],
        "minimum": null, "maximum": null }));
    for (settings, wrong) in [
        (json!({}), "to"),
        (json!({ "to": "acme" }), "to"),
        (json!({ "to": "a@acme.example\r\nBcc: b@acme.example" }), "to"),
        (json!({ "to": MAILBOX, "cc": "a@acme.example, b@acme.example" }), "cc"),
        (json!({ "to": MAILBOX, "pdf": "MAYBE" }), "pdf"),
        (json!({ "to": MAILBOX, "linkDays": 0 }), "linkDays"),
    ] {
        let made = stock::create_supplier(&owner, json!({ "adapter": "email", "settings": settings })).await;
        let errors = &made.at("supplierCreate")["userErrors"];
        assert_eq!(errors[0]["field"], json!(["settings", wrong]), "{settings}: {errors}");
    }
}

async fn an_order_goes_out_with_a_table_and_a_page_and_its_link_brings_it_home(app: TestApp) {
    let place = Place::open(&app).await;
    let bought = place.buy(&app, 2).await;
    let part = place.part(&bought).await;
    let reference = part["reference"].as_str().expect("a reference").to_owned();
    assert_eq!((&part["status"], &part["supplier"]["id"]), (&json!("SUBMITTED"), &json!(place.mailbox)));
    let [mail] = &mails(&app)[..] else { panic!("one mail") };
    is_the_order(mail, &reference);
    let link = linked(&app);
    // To look changes nothing: mail scanners do.
    for _ in 0..2 {
        let seen = look(&link).await;
        assert_eq!(seen.at("supplierOrders.totalCount"), 1);
        let own = seen.at("supplierOrders.nodes.0");
        assert_eq!((&own["status"], &own["destination"]["city"]), (&json!("SUBMITTED"), &json!("Berlin")));
        assert_eq!((&own["supplierReference"], &own["lines"][0]["unitCost"]["amount"]), (&json!(null), &json!("3.00")));
    }
    let yes = json!({ "supplierReference": "A/7", "estimatedShipAt": app.app.clock.now() + Duration::from_secs(3_600) });
    for _ in 0..2 {
        let done = trade::work(&link, "supplierOrderAccept", &part["id"], yes.clone()).await;
        assert_eq!(done.done("supplierOrderAccept")["supplierOrder"]["status"], "ACKNOWLEDGED");
    }
    app.run_jobs().await;
    assert_eq!(place.money(&bought).await.0, "PAID");
    let parcel = json!({ "carrier": "DHL", "trackingNumber": "1234" });
    let shipped = link.run(SHIP, json!({ "id": part["id"], "input": parcel })).await;
    shipped.done("shipmentCreate");
    let event = json!({ "id": "1", "status": "DELIVERED", "occurredAt": app.app.clock.now() });
    let shipment = shipped.at("shipmentCreate.shipment.id");
    let arrived = link.run(MOVE, json!({ "id": shipment, "input": event })).await;
    assert_eq!(arrived.done("shipmentEventAdd")["shipment"]["status"], "DELIVERED");
    app.run_jobs().await;
    assert_eq!(place.money(&bought).await, ("PAID".to_owned(), "DELIVERED".to_owned()));
    assert_eq!(look(&link).await.codes(), ["UNAUTHENTICATED"], "nothing is left to answer");
    let log = "{ auditLog(first: 9, filter: { action: \"supplierOrder.accept\" }) { nodes { action actor actorKind credentialId } } }";
    let log = place.owner.run(log, json!({})).await;
    let [accepted] = &log.at("auditLog.nodes").as_array().expect("entries")[..] else { panic!("one entry") };
    assert_eq!((&accepted["actorKind"], &accepted["actor"]), (&json!("SUPPLIER"), &json!(place.mailbox)));
    assert!(accepted["credentialId"].as_str().is_some_and(|it| it.starts_with("lnk_")), "{accepted}");
    assert_eq!(mails(&app).len(), 1);
}

#[track_caller]
fn is_the_order(mail: &Mail, reference: &str) {
    assert_eq!(mail.to, [MAILBOX, "copy@acme.example"]);
    assert_eq!(mail.header("message-id"), Some(format!("<{reference}@example.com>")));
    assert_eq!(mail.header("reply-to").as_deref(), Some("buying@example.com"));
    assert_eq!(mail.header("from").as_deref(), Some("shop@example.com"));
    let parts = mail.parts();
    let [said, sheet, page] = &parts[..] else { panic!("three parts: {parts:?}") };
    let said = said.text();
    for told in [reference, "Purchase order of Ada's Shop", "2 x =E-1", "3.00 EUR each", "Ada Byron", "10115 Berlin", "Ship by:"] {
        assert!(said.contains(told), "{told} is not in {said}");
    }
    // Neither what the customer paid, nor how to write to them.
    for hidden in ["10.00", "ada@example.com", "Acme"] {
        assert!(!said.contains(hidden) && !sheet.text().contains(hidden), "{hidden} is in {said}");
    }
    assert!(sheet.head.contains("purchase-order.csv") && page.head.contains("purchase-order.pdf"), "{parts:?}");
    let table = sheet.text();
    let mut rows = csv::Reader::from_reader(table.trim_start_matches('\u{feff}').as_bytes());
    let head = rows.headers().expect("a head").clone();
    let row = rows.records().next().expect("a row").expect("a row that can be read");
    let cell = |name: &str| &row[head.iter().position(|it| it == name).expect("a column")];
    assert_eq!((cell("supplier_sku"), cell("quantity"), cell("unit_cost")), ("'=E-1", "2", "3.00"));
    assert_eq!((cell("reference"), cell("ship_to_name"), cell("ship_to_country")), (reference, "Ada Byron", "DE"));
    assert!(page.content.starts_with(b"%PDF-") && page.text().contains("Ada Byron") && !page.text().contains("cso_"));
}

async fn a_refusal_by_the_link_goes_to_another_supplier(app: TestApp) {
    let place = Place::open(&app).await;
    let bought = place.buy(&app, 1).await;
    let part = place.part(&bought).await;
    let link = linked(&app);
    let no = json!({ "reason": "OUT_OF_STOCK", "message": "sold out" });
    let done = trade::work(&link, "supplierOrderReject", &part["id"], no.clone()).await;
    assert_eq!(done.done("supplierOrderReject")["supplierOrder"]["status"], "REJECTED");
    assert_eq!(trade::work(&link, "supplierOrderReject", &part["id"], no).await.codes(), ["UNAUTHENTICATED"]);
    app.advance(Duration::from_secs(1)).await;
    let again = place.part(&bought).await;
    assert_ne!(again["id"], part["id"]);
    trade::work(&place.rival, "supplierOrderAccept", &again["id"], json!({})).await.done("supplierOrderAccept");
    app.run_jobs().await;
    assert_eq!(place.money(&bought).await.0, "PAID");
    assert_eq!(mails(&app).len(), 1);
}

async fn a_part_is_accepted_by_the_link(app: TestApp) {
    let place = Place::open(&app).await;
    let bought = place.buy(&app, 3).await;
    let part = place.part(&bought).await;
    let some = json!({ "lines": [{ "id": part["lines"][0]["id"], "quantity": 1 }] });
    let done = trade::work(&linked(&app), "supplierOrderAccept", &part["id"], some).await;
    assert_eq!(done.done("supplierOrderAccept")["supplierOrder"]["requestStatus"], "PARTIALLY_ACCEPTED");
    app.advance(Duration::from_secs(1)).await;
    let rest = place.part(&bought).await;
    assert_eq!(rest["lines"][0]["quantity"], 2, "{rest}");
}

async fn a_cancellation_is_one_more_mail(app: TestApp) {
    let place = Place::open(&app).await;
    let bought = place.buy(&app, 1).await;
    let part = place.part(&bought).await;
    trade::cancel(&app.as_guest(), &bought).await.done("orderCancel");
    app.run_jobs().await;
    assert_eq!(place.status(&bought).await, "CANCEL_REQUESTED");
    // Nobody is asked twice, however long they think.
    for _ in 0..5 {
        app.advance(Duration::from_secs(600)).await;
    }
    let [_, mail] = &mails(&app)[..] else { panic!("two mails") };
    assert!(mail.header("subject").is_some_and(|it| it.starts_with("Please cancel")), "{}", mail.raw);
    assert!(text(mail).contains(part["reference"].as_str().expect("a reference")));
    let yes = json!({ "accept": true });
    let done = trade::work(&linked(&app), "supplierOrderCancelAnswer", &part["id"], yes).await;
    assert_eq!(done.done("supplierOrderCancelAnswer")["supplierOrder"]["status"], "CANCELLED");
    app.run_jobs().await;
    assert_eq!(place.money(&bought).await, ("VOIDED".to_owned(), "CANCELLED".to_owned()));
    assert_eq!(look(&linked(&app)).await.codes(), ["UNAUTHENTICATED"]);
}

async fn a_cancellation_that_was_refused_is_asked_again_by_a_new_mail(app: TestApp) {
    let place = Place::open(&app).await;
    let bought = place.buy(&app, 1).await;
    let part = place.part(&bought).await;
    trade::cancel(&app.as_guest(), &bought).await.done("orderCancel");
    app.run_jobs().await;
    let no = json!({ "accept": false, "reason": "it is packed" });
    let done = trade::work(&linked(&app), "supplierOrderCancelAnswer", &part["id"], no).await;
    assert_eq!(done.done("supplierOrderCancelAnswer")["supplierOrder"]["status"], "SUBMITTED");
    app.run_jobs().await;
    let item = stock::open_items(&place.owner, "CANCELLATION_REFUSED").await.remove(0);
    stock::resolve(&place.owner, &item, "RETRY").await;
    app.run_jobs().await;
    let ids: Vec<_> = mails(&app).iter().map(|mail| mail.header("message-id").expect("an id")).collect();
    assert!(ids.len() == 3 && ids[1] != ids[2], "{ids:?}");
    assert_eq!(place.status(&bought).await, "CANCEL_REQUESTED");
}

async fn a_link_is_good_for_its_order_alone_and_for_its_time(app: TestApp) {
    let place = Place::open(&app).await;
    place.buy(&app, 1).await;
    let link = linked(&app);
    let other = place.part(&place.buy(&app, 1).await).await["id"].clone();
    assert_ne!(look(&link).await.at("supplierOrders.nodes.0.id"), &other);
    let one = "query($id: ID!) { supplierOrder(id: $id) { id } node(id: $id) { id } }";
    let seen = link.run(one, json!({ "id": other })).await;
    assert_eq!((seen.at("supplierOrder"), seen.at("node")), (&json!(null), &json!(null)));
    let accepted = trade::work(&link, "supplierOrderAccept", &other, json!({})).await;
    assert_eq!(accepted.user_codes("supplierOrderAccept"), ["NOT_FOUND"]);
    let parcel = json!({ "carrier": "DHL", "trackingNumber": "1" });
    let shipped = link.run(SHIP, json!({ "id": other, "input": parcel })).await;
    assert_eq!(shipped.user_codes("shipmentCreate"), ["NOT_FOUND"]);
    for closed in ["{ orders(first: 1) { totalCount } }", "{ suppliers(first: 1) { totalCount } }"] {
        assert_eq!(link.run(closed, json!({})).await.codes(), ["FORBIDDEN"], "{closed}");
    }
    let report = stock::report(&link, app.app.clock.now(), false, Value::Null, &[("=E-1", 5)]).await;
    assert_eq!(report.codes(), ["FORBIDDEN"], "its stock is more than one order");
    let good = token(&mails(&app)[0]);
    let forged = format!("{}{}", &good[..good.len() - 1], if good.ends_with('0') { '1' } else { '0' });
    for bad in [forged.as_str(), "cso_", "cso_00"] {
        assert_eq!(look(&app.as_guest().with_token(bad)).await.codes(), ["UNAUTHENTICATED"], "{bad}");
    }
    app.app.clock.advance(TimeDelta::days(29));
    assert_eq!(look(&link).await.at("supplierOrders.totalCount"), 1);
    app.app.clock.advance(TimeDelta::days(1));
    assert_eq!(look(&link).await.codes(), ["UNAUTHENTICATED"]);
}

async fn a_mail_that_is_refused_is_sent_again(app: TestApp) {
    let place = Place::open(&app).await;
    app.mails.fare(MAILBOX, Some(Fate::Refused));
    let bought = place.buy(&app, 1).await;
    assert_eq!(place.status(&bought).await, "QUEUED");
    for _ in 0..6 {
        app.advance(Duration::from_secs(20)).await;
    }
    assert_eq!(stock::open_items(&place.owner, "SUPPLIER_ORDER_FAILED").await.len(), 1, "the owner is told");
    let health = "query($id: ID!) { supplier(id: $id) { health { status lastError } } }";
    let health = place.owner.run(health, json!({ "id": place.mailbox })).await;
    assert!(health.text("supplier.health.lastError").contains("550"), "{}", health.body);
    assert!(mails(&app).is_empty());
    app.mails.fare(MAILBOX, None);
    for _ in 0..3 {
        app.advance(Duration::from_secs(300)).await;
    }
    assert_eq!((place.status(&bought).await.as_str(), mails(&app).len()), ("SUBMITTED", 1));
    assert!(stock::open_items(&place.owner, "SUPPLIER_ORDER_FAILED").await.is_empty(), "it is mended");
    assert_eq!(look(&linked(&app)).await.at("supplierOrders.totalCount"), 1);
}

async fn a_corrected_address_is_in_the_mail(app: TestApp) {
    let place = Place::open(&app).await;
    let update = "mutation($id: ID!, $input: SupplierUpdateInput!) { supplierUpdate(id: $id, input: $input) {
        supplier { id } userErrors { code field message } } }";
    let waits = json!({ "id": place.mailbox, "input": { "autoForward": false } });
    place.owner.run(update, waits).await.done("supplierUpdate");
    let bought = place.buy(&app, 1).await;
    assert_eq!(place.status(&bought).await, "ROUTED");
    let correct = "mutation($id: ID!, $address: AddressInput!) { orderShippingAddressUpdate(id: $id, address: $address) {
        order { id } userErrors { code field message } } }";
    let address = json!({ "name": "Ada King", "address1": "Am Ring 12", "city": "Potsdam", "postalCode": "14467",
        "countryCode": "DE" });
    let variables = json!({ "id": bought.id, "address": address });
    place.owner.run(correct, variables.clone()).await.done("orderShippingAddressUpdate");
    // Whatever became of a first mail, its supplier may know where it said.
    app.mails.fare(MAILBOX, Some(Fate::Refused));
    let submit = "mutation($id: ID!) { supplierOrderSubmit(id: $id) { userErrors { code } } }";
    let part = place.part(&bought).await;
    place.owner.run(submit, json!({ "id": part["id"] })).await.done("supplierOrderSubmit");
    app.run_jobs().await;
    assert_eq!(place.status(&bought).await, "QUEUED");
    let mut elsewhere = variables;
    elsewhere["address"]["city"] = json!("Bonn");
    let late = place.owner.run(correct, elsewhere).await;
    assert_eq!(late.user_codes("orderShippingAddressUpdate"), ["WITH_SUPPLIER"]);
    app.mails.fare(MAILBOX, None);
    app.advance(Duration::from_secs(300)).await;
    let sent = mails(&app);
    assert_eq!(sent.len(), 1);
    assert!(text(&sent[0]).contains("Potsdam") && !text(&sent[0]).contains("Berlin"), "{}", text(&sent[0]));
    let told = app.mails.to("ada@example.com");
    assert_eq!(told.iter().filter(|it| text(it).contains("goes there")).count(), 1, "the customer is told");
}

/// The one item about an order that may have arrived, once there is one.
async fn doubt(app: &TestApp, place: &Place, bought: &trade::Bought) -> String {
    assert_eq!(place.status(bought).await, "UNKNOWN");
    app.advance(Duration::from_secs(3)).await;
    let mut items = stock::open_items(&place.owner, "SUPPLIER_ORDER_UNKNOWN").await;
    assert_eq!(items.len(), 1);
    items.remove(0)
}

async fn a_mail_that_may_have_arrived_is_never_sent_again_blindly(app: TestApp) {
    let place = Place::open(&app).await;
    app.mails.fare(MAILBOX, Some(Fate::TakenSilently));
    let bought = place.buy(&app, 1).await;
    let item = doubt(&app, &place, &bought).await;
    app.mails.fare(MAILBOX, None);
    for _ in 0..5 {
        app.advance(Duration::from_secs(600)).await;
    }
    assert_eq!((place.status(&bought).await.as_str(), mails(&app).len()), ("UNKNOWN", 1));
    stock::resolve(&place.owner, &item, "RETRY").await;
    app.run_jobs().await;
    let ids: Vec<_> = mails(&app).iter().map(|mail| mail.header("message-id")).collect();
    assert!(ids.len() == 2 && ids[0] == ids[1], "the same mail: {ids:?}");
    assert_eq!(place.status(&bought).await, "SUBMITTED");
    // Somebody looked, and the supplier has the next one.
    app.mails.fare(MAILBOX, Some(Fate::TakenSilently));
    let bought = place.buy(&app, 1).await;
    let item = doubt(&app, &place, &bought).await;
    stock::resolve(&place.owner, &item, "MARK_HANDLED").await;
    app.run_jobs().await;
    assert_eq!((place.status(&bought).await.as_str(), mails(&app).len()), ("SUBMITTED", 3));
    let part = place.part(&bought).await;
    trade::work(&place.owner, "supplierOrderAccept", &part["id"], json!({})).await.done("supplierOrderAccept");
    app.run_jobs().await;
    assert_eq!(place.money(&bought).await.0, "PAID", "the store answers for the supplier");
}

async fn whoever_has_such_a_mail_answers_it(app: TestApp) {
    let place = Place::open(&app).await;
    app.mails.fare(MAILBOX, Some(Fate::TakenSilently));
    let bought = place.buy(&app, 1).await;
    doubt(&app, &place, &bought).await;
    let part = place.part(&bought).await;
    trade::work(&linked(&app), "supplierOrderAccept", &part["id"], json!({})).await.done("supplierOrderAccept");
    app.run_jobs().await;
    assert_eq!(place.money(&bought).await.0, "PAID");
    assert!(stock::open_items(&place.owner, "SUPPLIER_ORDER_UNKNOWN").await.is_empty());
}

async fn what_is_cancelled_before_it_is_known_to_have_arrived_is_asked_about(app: TestApp) {
    let place = Place::open(&app).await;
    app.mails.fare(MAILBOX, Some(Fate::TakenSilently));
    let bought = place.buy(&app, 1).await;
    doubt(&app, &place, &bought).await;
    app.mails.fare(MAILBOX, None);
    trade::cancel(&app.as_guest(), &bought).await.done("orderCancel");
    for _ in 0..3 {
        app.advance(Duration::from_secs(60)).await;
    }
    assert_eq!(place.status(&bought).await, "CANCEL_REQUESTED");
    assert!(stock::open_items(&place.owner, "SUPPLIER_ORDER_UNKNOWN").await.is_empty());
    let [_, mail] = &mails(&app)[..] else { panic!("two mails") };
    assert!(mail.header("subject").is_some_and(|it| it.starts_with("Please cancel")), "{}", mail.raw);
    // The supplier rings up, and the store's people write down what it says.
    let part = place.part(&bought).await;
    let yes = json!({ "accept": true });
    trade::work(&place.owner, "supplierOrderCancelAnswer", &part["id"], yes).await.done("supplierOrderCancelAnswer");
    app.run_jobs().await;
    assert_eq!(place.money(&bought).await, ("VOIDED".to_owned(), "CANCELLED".to_owned()));
}
