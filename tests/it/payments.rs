//! Money under faults: the store's books against the provider's own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use axum::http::HeaderMap;
use chrono::TimeDelta;
use consign::app::{App, Parts};
use consign::identity::Actor;
use consign::kernel::clock::{Clock, Timestamp};
use consign::kernel::event::EventType;
use consign::kernel::ids::{CartId, IdSource, OrderId, OrderLineId, PaymentAttemptId};
use consign::kernel::money::Money;
use consign::kernel::problem::VerbError;
use consign::payments::gateway::{AuthorizeRequest, GatewayError, GatewayMessage, ProviderPayment, ProviderStatus};
use consign::payments::{
    Attempt, AttemptStatus, AuthorizeOutcome, Gateway, GatewayWebhookError, Gateways, NewAttempt, Refund,
    RefundErrorCode, RefundLine, RefundOf, RefundRequest, RetryTransaction, SettleTransaction, TransactionStatus, abandon, attach_order,
    authorize, capture, create_refund, find, lookup, of_orders, open_attempt, record, refund, refund_units, totals, transactions,
    void_rest,
};
use consign::platform::jobs::{self, Handlers};
use consign::platform::outbox;
use consign::platform::tx::Tx;
use consign::workitems;
use sea_orm::{ConnectionTrait, EntityTrait};
use serde_json::json;

use crate::support::app::TestApp;

crate::engine_tests![
    lost_answers_never_move_money_twice,
    a_provider_that_stays_silent_becomes_a_work_item_that_closes_by_itself,
    a_refused_movement_is_tried_again_when_a_person_says_so,
    only_a_refused_capture_has_the_rest_released,
    a_capture_that_another_replaced_is_not_tried_again,
    a_refund_that_a_later_one_replaced_is_put_before_a_person,
    a_refund_goes_through_beside_one_that_was_made_past_the_store,
    an_unknown_outcome_is_found_by_reference,
    a_yes_that_comes_too_late_is_released,
    an_authentic_yes_to_something_else_is_not_applied,
    refunds_have_one_effect_per_key_and_never_exceed_what_was_charged,
    units_are_refunded_once,
];

/// A provider whose answers get lost: what is asked of it is done, but nobody hears of it.
struct Lossy {
    inner: Arc<dyn Gateway>,
    /// How many of the next answers get lost.
    losing: AtomicU32,
}

impl Lossy {
    fn answer(&self, answer: Result<ProviderPayment, GatewayError>) -> Result<ProviderPayment, GatewayError> {
        let lost = self.losing.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        if lost { Err(GatewayError::Unknown { reason: "the answer was lost".to_owned() }) } else { answer }
    }
}

#[async_trait]
impl Gateway for Lossy {
    fn name(&self) -> &'static str {
        "test"
    }

    fn is_test(&self) -> bool {
        true
    }

    async fn authorize(&self, request: &AuthorizeRequest, key: &str) -> Result<ProviderPayment, GatewayError> {
        self.answer(self.inner.authorize(request, key).await)
    }

    async fn capture(&self, id: &str, amount: Money, key: &str) -> Result<ProviderPayment, GatewayError> {
        self.answer(self.inner.capture(id, amount, key).await)
    }

    async fn void(&self, id: &str, key: &str) -> Result<ProviderPayment, GatewayError> {
        self.answer(self.inner.void(id, key).await)
    }

    async fn refund(&self, id: &str, amount: Money, key: &str) -> Result<ProviderPayment, GatewayError> {
        self.answer(self.inner.refund(id, amount, key).await)
    }

    async fn lookup(&self, id: &str) -> Result<Option<ProviderPayment>, GatewayError> {
        self.inner.lookup(id).await
    }

    async fn find(&self, reference: &str) -> Result<Vec<ProviderPayment>, GatewayError> {
        self.inner.find(reference).await
    }

    fn read_webhook(&self, _: &HeaderMap, _: &[u8], _: Timestamp) -> Result<GatewayMessage, GatewayWebhookError> {
        Err(GatewayWebhookError::Forged)
    }
}

/// The test's store, whose provider may lose answers, and whose events start nothing.
struct Store {
    app: App,
    gateway: Arc<Lossy>,
}

impl Store {
    async fn start(test: &TestApp) -> Self {
        let inner = test.app.gateways.get("test").expect("configured").clone();
        let gateway = Arc::new(Lossy { inner, losing: AtomicU32::new(0) });
        let mut gateways = Gateways::default();
        gateways.add(Arc::clone(&gateway) as Arc<dyn Gateway>);
        let app = App::new(Parts { gateways, routes: |_| Ok(vec![]), ..copy(&test.app).await });
        Self { app, gateway }
    }

    fn lose(&self, answers: u32) {
        self.gateway.losing.store(answers, Ordering::SeqCst);
    }

    async fn open(&self, minor: i64, token: &str) -> Attempt {
        let tx = Tx::begin(&self.app).await.expect("a transaction");
        let new = NewAttempt {
            id: tx.new_id(),
            cart_id: self.app.ids.secret_id::<CartId>(),
            gateway: "test".to_owned(),
            amount: euros(minor),
            token: Some(token.to_owned()),
        };
        let attempt = open_attempt(&tx, new).await.expect("opened");
        tx.commit().await.expect("committed");
        attempt
    }

    async fn record(&self, id: PaymentAttemptId, outcome: &AuthorizeOutcome) -> Attempt {
        let tx = Tx::begin(&self.app).await.expect("a transaction");
        let attempt = record(&tx, id, outcome).await.expect("recorded");
        tx.commit().await.expect("committed");
        attempt
    }

    /// An order that holds `minor` cents.
    async fn order(&self, minor: i64) -> OrderId {
        let attempt = self.open(minor, "tok_ok").await;
        let outcome = authorize(&self.app, &attempt).await.expect("an outcome");
        assert_eq!(self.record(attempt.id, &outcome).await.status, AttemptStatus::Authorized);
        let tx = Tx::begin(&self.app).await.expect("a transaction");
        let order_id = tx.new_id();
        attach_order(&tx, attempt.id, order_id).await.expect("attached");
        tx.commit().await.expect("committed");
        order_id
    }

    /// Runs jobs for `minutes`.
    async fn run(&self, minutes: i64) {
        let handlers = Handlers::default().with::<SettleTransaction>().with::<RetryTransaction>();
        for _ in 0..minutes * 6 {
            jobs::run_due(&self.app, &handlers).await.expect("jobs run");
            self.app.clock.advance(TimeDelta::seconds(10));
        }
    }

    async fn totals(&self, order_id: OrderId) -> (i64, i64, i64, i64) {
        let it = totals(self.app.db.read(), order_id).await.expect("totals");
        let pending = [it.pending_captured, it.pending_voided, it.pending_refunded];
        assert!(pending.iter().all(|money| money.minor() == 0), "{it:?}");
        (it.authorized.minor(), it.captured.minor(), it.voided.minor(), it.refunded.minor())
    }

    /// The same sums in the provider's books.
    async fn provider(&self, order_id: OrderId) -> (i64, i64, i64, i64) {
        let attempt = of_orders(self.app.db.read(), &[order_id]).await.expect("read").pop().expect("a payment");
        let mut found = self.gateway.find(&attempt.id.to_string()).await.expect("an answer");
        assert_eq!(found.len(), 1);
        let it = found.remove(0);
        (it.authorized, it.captured, it.voided, it.refunded)
    }

    async fn work_items(&self) -> usize {
        let all = workitems::entity::Entity::find().all(self.app.db.read()).await.expect("read");
        all.iter().filter(|item| item.status == workitems::WorkItemStatus::Open).count()
    }
}

fn euros(minor: i64) -> Money {
    Money::from_minor(minor, "EUR".parse().expect("a currency"))
}

async fn lost_answers_never_move_money_twice(test: TestApp) {
    let store = Store::start(&test).await;
    let order_id = store.order(1_000).await;
    let tx = Tx::begin(&store.app).await.expect("a transaction");
    capture(&tx, order_id, euros(300), "first supplier").await.expect("decided");
    capture(&tx, order_id, euros(400), "second supplier").await.expect("decided");
    void_rest(&tx, order_id, "the third refused").await.expect("decided");
    assert!(capture(&tx, order_id, euros(1), "too late").await.is_err(), "what is pending counts as spent");
    tx.commit().await.expect("committed");
    store.lose(3);
    store.run(10).await;
    assert_eq!(store.totals(order_id).await, (1_000, 700, 300, 0));
    assert_eq!(store.provider(order_id).await, (1_000, 700, 300, 0));

    let tx = Tx::begin(&store.app).await.expect("a transaction");
    let first = refund(&tx, order_id, euros(200), "cancelled", "line 1").await.expect("decided");
    assert_eq!(refund(&tx, order_id, euros(200), "cancelled", "line 1").await.expect("the same"), first);
    assert!(refund(&tx, order_id, euros(501), "cancelled", "line 2").await.is_err());
    tx.commit().await.expect("committed");
    store.lose(2);
    store.run(10).await;
    assert_eq!(store.totals(order_id).await, (1_000, 700, 300, 200));
    assert_eq!(store.provider(order_id).await, (1_000, 700, 300, 200));
    assert_eq!(store.work_items().await, 0);
}

async fn a_provider_that_stays_silent_becomes_a_work_item_that_closes_by_itself(test: TestApp) {
    let store = Store::start(&test).await;
    let order_id = store.order(1_000).await;
    let tx = Tx::begin(&store.app).await.expect("a transaction");
    capture(&tx, order_id, euros(1_000), "accepted").await.expect("decided");
    tx.commit().await.expect("committed");
    // A process without the provider in its configuration stands for a provider that is down.
    let blind = App::new(Parts { gateways: Gateways::default(), ..copy(&store.app).await });
    let handlers = Handlers::default().with::<SettleTransaction>();
    for _ in 0..60 {
        jobs::run_due(&blind, &handlers).await.expect("jobs run");
        blind.clock.advance(TimeDelta::seconds(10));
    }
    assert_eq!(store.work_items().await, 1);
    store.app.clock.advance(TimeDelta::minutes(30));
    store.run(20).await;
    assert_eq!(store.totals(order_id).await, (1_000, 1_000, 0, 0));
    assert_eq!(store.work_items().await, 0);
}

/// The same store in another process.
async fn copy(app: &App) -> Parts {
    let clock = Clock::manual(app.clock.now());
    Parts::connect(app.config.clone(), clock, IdSource::System).await.expect("starts")
}

async fn a_refused_movement_is_tried_again_when_a_person_says_so(test: TestApp) {
    let store = Store::start(&test).await;
    let order_id = store.order(1_000).await;
    // Somebody took some of it past the store, so the provider refuses the whole.
    let attempt = of_orders(store.app.db.read(), &[order_id]).await.expect("read").pop().expect("a payment");
    let provider_id = attempt.provider_id.expect("authorized");
    store.gateway.inner.void(&provider_id, "past the store").await.expect("released");
    let tx = Tx::begin(&store.app).await.expect("a transaction");
    capture(&tx, order_id, euros(1_000), "accepted").await.expect("decided");
    tx.commit().await.expect("committed");
    store.run(5).await;
    assert_eq!(store.totals(order_id).await, (1_000, 0, 0, 0));
    let items = workitems::entity::Entity::find().all(store.app.db.read()).await.expect("read");
    assert_eq!(items.len(), 1);
    let movement = transactions(store.app.db.read(), &[order_id]).await.expect("read").remove(0);
    assert_eq!((movement.status, &items[0].subject), (TransactionStatus::Failed, &movement.id.to_string()));
    let tx = Tx::begin(&store.app).await.expect("a transaction");
    jobs::enqueue(&tx, &RetryTransaction { id: movement.id }).await.expect("enqueued");
    tx.commit().await.expect("committed");
    jobs::run_due(&store.app, &Handlers::default().with::<RetryTransaction>()).await.expect("jobs run");
    let movement = transactions(store.app.db.read(), &[order_id]).await.expect("read").remove(0);
    assert_eq!(movement.status, TransactionStatus::Pending, "it is tried again");
    assert_eq!(movement.key(), format!("{}:1", movement.id), "the provider would answer the old key as before");
}

async fn only_a_refused_capture_has_the_rest_released(test: TestApp) {
    let store = Store::start(&test).await;
    let order_id = store.order(1_000).await;
    let attempt = of_orders(store.app.db.read(), &[order_id]).await.expect("read").pop().expect("a payment");
    store.gateway.inner.void(&attempt.provider_id.expect("authorized"), "past the store").await.expect("released");
    let tx = Tx::begin(&store.app).await.expect("a transaction");
    capture(&tx, order_id, euros(1_000), "accepted").await.expect("decided");
    tx.commit().await.expect("committed");
    store.run(5).await;
    let events = outbox::entity::Entity::find().all(store.app.db.read()).await.expect("read");
    let mut refused = events.into_iter().find(|it| it.kind == EventType::PaymentFailed).expect("told");
    let releases = |event: &outbox::entity::Model| {
        let jobs = consign::worker::routes(event).expect("jobs");
        jobs.iter().filter(|job| job.kind == "fulfillment.release_money").count()
    };
    assert_eq!((&refused.data["kind"], releases(&refused)), (&json!("CAPTURE"), 1));
    // A release that is refused would be begun again for ever.
    refused.data["kind"] = json!("VOID");
    assert_eq!(releases(&refused), 0);
}

async fn a_capture_that_another_replaced_is_not_tried_again(test: TestApp) {
    let store = Store::start(&test).await;
    let order_id = store.order(1_000).await;
    let attempt = of_orders(store.app.db.read(), &[order_id]).await.expect("read").pop().expect("a payment");
    let decide = async |minor: i64| {
        let tx = Tx::begin(&store.app).await.expect("a transaction");
        capture(&tx, order_id, euros(minor), "accepted").await.expect("decided");
        tx.commit().await.expect("committed");
    };
    decide(400).await;
    let refused = transactions(store.app.db.read(), &[order_id]).await.expect("read").remove(0);
    let sql = "UPDATE payment_transaction SET status = 'FAILED'";
    store.app.db.write().execute_unprepared(sql).await.expect("refused");
    decide(400).await;
    let tx = Tx::begin(&store.app).await.expect("a transaction");
    jobs::enqueue(&tx, &RetryTransaction { id: refused.id }).await.expect("enqueued");
    tx.commit().await.expect("committed");
    jobs::run_due(&store.app, &Handlers::default().with::<RetryTransaction>()).await.expect("jobs run");
    store.run(5).await;
    assert_eq!(store.totals(order_id).await, (1_000, 400, 0, 0), "payment {}", attempt.id);
    assert_eq!(store.provider(order_id).await, (1_000, 400, 0, 0));
}

async fn a_refund_that_a_later_one_replaced_is_put_before_a_person(test: TestApp) {
    let store = Store::start(&test).await;
    let order_id = store.order(1_000).await;
    let line: OrderLineId = store.app.ids.new_id(store.app.clock.now());
    let units = || vec![RefundLine { order_line_id: line, quantity: 1, units: vec![euros(300); 3] }];
    let tx = Tx::begin(&store.app).await.expect("a transaction");
    capture(&tx, order_id, euros(1_000), "accepted").await.expect("decided");
    tx.commit().await.expect("committed");
    store.run(2).await;
    let refund_one = async |key: &str| {
        let tx = Tx::begin(&store.app).await.expect("a transaction");
        refund_units(&tx, order_id, units(), "lost", key).await.expect("decided").expect("a refund");
        tx.commit().await.expect("committed");
    };
    refund_one("first").await;
    let sql = "UPDATE payment_transaction SET status = 'FAILED' WHERE kind = 'REFUND'";
    store.app.db.write().execute_unprepared(sql).await.expect("refused");
    let all = transactions(store.app.db.read(), &[order_id]).await.expect("read");
    let refused = all.iter().find(|it| it.status == TransactionStatus::Failed).expect("one").id;
    store.app.clock.advance(TimeDelta::seconds(1));
    refund_one("second").await;
    let tx = Tx::begin(&store.app).await.expect("a transaction");
    jobs::enqueue(&tx, &RetryTransaction { id: refused }).await.expect("enqueued");
    tx.commit().await.expect("committed");
    jobs::run_due(&store.app, &Handlers::default().with::<RetryTransaction>()).await.expect("jobs run");
    store.run(3).await;
    assert_eq!(store.totals(order_id).await, (1_000, 1_000, 0, 300), "it is not paid twice");
    assert_eq!(store.work_items().await, 1, "and not forgotten");
}

async fn a_refund_goes_through_beside_one_that_was_made_past_the_store(test: TestApp) {
    let store = Store::start(&test).await;
    let order_id = store.order(1_000).await;
    let tx = Tx::begin(&store.app).await.expect("a transaction");
    capture(&tx, order_id, euros(1_000), "accepted").await.expect("decided");
    tx.commit().await.expect("committed");
    store.run(2).await;
    let attempt = of_orders(store.app.db.read(), &[order_id]).await.expect("read").pop().expect("a payment");
    let provider_id = attempt.provider_id.expect("authorized");
    store.gateway.inner.refund(&provider_id, euros(100), "past the store").await.expect("refunded");
    let tx = Tx::begin(&store.app).await.expect("a transaction");
    refund(&tx, order_id, euros(50), "cancelled", "line 1").await.expect("decided");
    tx.commit().await.expect("committed");
    store.run(3).await;
    assert_eq!(store.totals(order_id).await, (1_000, 1_000, 0, 150));
    assert_eq!(store.provider(order_id).await, (1_000, 1_000, 0, 150));
    assert_eq!(store.work_items().await, 1, "somebody is told of the rest");
    let tx = Tx::begin(&store.app).await.expect("a transaction");
    refund(&tx, order_id, euros(25), "cancelled", "line 2").await.expect("decided");
    tx.commit().await.expect("committed");
    store.run(3).await;
    assert_eq!(store.provider(order_id).await, (1_000, 1_000, 0, 175));
    assert_eq!(store.work_items().await, 1, "once");
}

async fn an_unknown_outcome_is_found_by_reference(test: TestApp) {
    let store = Store::start(&test).await;
    let attempt = store.open(500, "tok_ok").await;
    assert_eq!(find(&store.app, &attempt).await.expect("an answer"), None);
    store.lose(1);
    let outcome = authorize(&store.app, &attempt).await.expect("an outcome");
    assert_eq!(outcome, AuthorizeOutcome::Unknown);
    assert_eq!(store.record(attempt.id, &outcome).await.status, AttemptStatus::Processing);
    let found = find(&store.app, &attempt).await.expect("an answer").expect("it is there");
    let settled = store.record(attempt.id, &found).await;
    assert_eq!((settled.status, settled.authorized, settled.token), (AttemptStatus::Authorized, 500, None));
    let no = AuthorizeOutcome::Declined { code: "late".to_owned() };
    assert_eq!(store.record(attempt.id, &no).await.status, AttemptStatus::Authorized, "decided stays decided");
}

async fn a_yes_that_comes_too_late_is_released(test: TestApp) {
    let store = Store::start(&test).await;
    let attempt = store.open(500, "tok_ok").await;
    let tx = Tx::begin(&store.app).await.expect("a transaction");
    assert_eq!(abandon(&tx, attempt.id, "expired").await.expect("abandoned").status, AttemptStatus::Abandoned);
    tx.commit().await.expect("committed");
    let outcome = authorize(&store.app, &attempt).await.expect("an outcome");
    store.record(attempt.id, &outcome).await;
    store.record(attempt.id, &outcome).await;
    store.run(2).await;
    let attempt = lookup(store.app.db.read(), attempt.id).await.expect("read").expect("there");
    assert_eq!((attempt.status, attempt.authorized, attempt.voided), (AttemptStatus::Voided, 500, 500));
}

async fn an_authentic_yes_to_something_else_is_not_applied(test: TestApp) {
    let store = Store::start(&test).await;
    let attempt = store.open(500, "tok_ok").await;
    let right = ProviderPayment {
        id: "auth_1".to_owned(),
        reference: attempt.id.to_string(),
        status: ProviderStatus::Authorized,
        amount: euros(500),
        authorized: 500,
        captured: 0,
        refunded: 0,
        voided: 0,
        decline_code: None,
    };
    let dollars = Money::from_minor(500, "USD".parse().expect("a currency"));
    let wrong = [
        ProviderPayment { amount: euros(5), authorized: 5, ..right.clone() },
        ProviderPayment { amount: dollars, ..right.clone() },
        ProviderPayment { reference: "pay_other".to_owned(), ..right.clone() },
        ProviderPayment { authorized: 1, ..right.clone() },
        ProviderPayment { voided: right.authorized, ..right.clone() },
        ProviderPayment { captured: 1, ..right.clone() },
    ];
    for payment in wrong {
        let after = store.record(attempt.id, &AuthorizeOutcome::Authorized(payment)).await;
        assert_eq!((after.status, after.authorized), (AttemptStatus::Open, 0));
    }
    assert_eq!(store.work_items().await, 1, "the same trouble once");
    let after = store.record(attempt.id, &AuthorizeOutcome::Authorized(right)).await;
    assert_eq!(after.status, AttemptStatus::Authorized);
}

async fn refunds_have_one_effect_per_key_and_never_exceed_what_was_charged(test: TestApp) {
    let store = Store::start(&test).await;
    let order_id = store.order(1_000).await;
    let tx = Tx::begin(&store.app).await.expect("a transaction");
    capture(&tx, order_id, euros(600), "accepted").await.expect("decided");
    tx.commit().await.expect("committed");
    store.run(1).await;
    let actor = Actor::system("test");
    let ask = |key: &str, minor: i64| RefundRequest {
        idempotency_key: key.to_owned(),
        of: RefundOf::Amount(euros(minor)),
        reason: None,
        notify_customer: false,
    };
    let code = |result: Result<Refund, VerbError<RefundErrorCode>>| match result {
        Err(VerbError::Refused(problems)) => problems[0].code,
        other => panic!("not refused: {other:?}"),
    };
    let first = create_refund(&store.app, &actor, order_id, &ask("a", 400)).await.expect("refunded");
    let again = create_refund(&store.app, &actor, order_id, &ask("a", 400)).await.expect("the same");
    assert_eq!(first.id, again.id);
    let refuse = async |key, minor| code(create_refund(&store.app, &actor, order_id, &ask(key, minor)).await);
    assert_eq!(refuse("a", 399).await, RefundErrorCode::IdempotencyKeyReused);
    assert_eq!(refuse("b", 201).await, RefundErrorCode::TooMuch);
    assert_eq!(refuse("b", 0).await, RefundErrorCode::Invalid);
    assert_eq!(refuse("", 1).await, RefundErrorCode::Invalid);
    let guest = create_refund(&store.app, &Actor::anonymous(), order_id, &ask("c", 1)).await;
    assert!(matches!(guest, Err(VerbError::Fault(_))));
    assert!(create_refund(&store.app, &actor, order_id, &ask("b", 200)).await.is_ok(), "a refused key is free again");
    store.run(2).await;
    assert_eq!(store.totals(order_id).await, (1_000, 600, 0, 600));
}

/// A line's units go back once each, and all of them together are its total to the cent.
async fn units_are_refunded_once(test: TestApp) {
    let store = Store::start(&test).await;
    let order_id = store.order(1_000).await;
    let tx = Tx::begin(&store.app).await.expect("a transaction");
    capture(&tx, order_id, euros(1_000), "accepted").await.expect("decided");
    tx.commit().await.expect("committed");
    store.run(1).await;
    let line: OrderLineId = store.app.ids.new_id(store.app.clock.now());
    let ask = async |key: &str, quantity: usize| {
        let units = euros(500).allocate(&[1, 1, 1]);
        let lines = vec![RefundLine { order_line_id: line, quantity, units }];
        let request = RefundRequest {
            idempotency_key: key.to_owned(),
            of: RefundOf::Lines(lines),
            reason: None,
            notify_customer: false,
        };
        create_refund(&store.app, &Actor::system("test"), order_id, &request).await
    };
    let first = ask("a", 2).await.expect("refunded");
    assert_eq!(ask("a", 2).await.expect("the same").id, first.id);
    let Err(VerbError::Refused(problems)) = ask("b", 2).await else { panic!("units went back twice") };
    assert_eq!((problems[0].code, problems[0].field.join(".")), (RefundErrorCode::TooMuch, "input.lines.0.quantity".to_owned()));
    let last = ask("c", 1).await.expect("refunded");
    assert_eq!(first.amount + last.amount, 500);
    assert!(ask("d", 1).await.is_err(), "nothing of the line is left");
}
