//! Everything the simulator keeps, and the one way it changes: write the command into the
//! journal, execute it, carry out what follows (webhooks, later steps).
//!
//! Locks: each supplier and the gateway's books have their own, held for one command and
//! never across an await; the journal is written under them, so its order is theirs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, RwLock};
use std::time::Duration;

use axum::http::StatusCode;
use chrono::{DateTime, Utc};

use super::answer::Refusal;
use super::config::{GatewaySettings, SimulatorConfig, SupplierSettings};
use super::draw::Dice;
use super::gateway::{Answer, Books, Call};
use super::journal::{Journal, Record};
use super::outbox::{Message, Outbox, Sender};
use super::signing::SigningKey;
use super::suppliers::{Effects, Intake, StockReport, Supplier};
use super::timer::{Task, Timer};
use super::wire::{Order, OrderStatus};
use super::{clock, locked, read, written};

/// The simulated world.
pub struct World {
    pub journal: Journal,
    pub timer: Timer,
    pub outbox: Outbox,
    pub admin_token: Option<String>,
    time_scale: f64,
    dice: Dice,
    born: DateTime<Utc>,
    store_url: RwLock<Option<String>>,
    suppliers: RwLock<BTreeMap<String, Arc<Mutex<Supplier>>>>,
    books: Mutex<Books>,
}

/// What became of a `POST /orders`.
pub enum Received {
    New(Order),
    Repeated(Order),
    Conflict,
}

impl World {
    /// Builds the world from its journal (if it has one) and the configuration.
    pub fn open(config: &SimulatorConfig) -> anyhow::Result<Self> {
        let mut world = Self::empty(config);
        let mut begun = None;
        if let Some(dir) = &config.state_dir {
            world.journal = Journal::open(dir, |record| match record {
                Record::Begun { seed } => {
                    begun = Some(seed);
                    world.reseed(seed);
                }
                record => world.replay(record),
            })?;
        }
        match begun {
            None => world.journal.append(&Record::Begun { seed: config.seed }),
            Some(seed) if seed != config.seed => {
                tracing::warn!("the journal was begun with the seed {seed}, which stays in force");
            }
            Some(_) => {}
        }
        // Without a [gateway] of its own, the configuration leaves what was set at run time.
        if config.gateway != GatewaySettings::default() {
            world.set_gateway(config.gateway.clone());
        }
        for (key, settings) in &config.suppliers {
            world.set_supplier(key, settings.clone());
        }
        world.resume();
        Ok(world)
    }

    fn empty(config: &SimulatorConfig) -> Self {
        let dice = Dice::new(config.seed);
        Self {
            journal: Journal::in_memory(),
            timer: Timer::default(),
            outbox: Outbox::default(),
            admin_token: config.admin_token.clone(),
            time_scale: config.time_scale,
            dice,
            born: clock::now(),
            store_url: RwLock::new(config.store_url.clone()),
            suppliers: RwLock::default(),
            books: Mutex::new(Books::new(GatewaySettings::default(), dice)),
        }
    }

    fn reseed(&mut self, seed: u64) {
        self.dice = Dice::new(seed);
        self.books = Mutex::new(Books::new(GatewaySettings::default(), self.dice));
    }

    /// When this process began, in milliseconds: sets its `ETag`s apart from an earlier one's.
    pub fn born(&self) -> i64 {
        self.born.timestamp_millis()
    }

    pub fn supplier(&self, key: &str) -> Option<Arc<Mutex<Supplier>>> {
        read(&self.suppliers).get(key).cloned()
    }

    pub fn suppliers(&self) -> Vec<Arc<Mutex<Supplier>>> {
        read(&self.suppliers).values().cloned().collect()
    }

    pub fn books(&self) -> MutexGuard<'_, Books> {
        locked(&self.books)
    }

    pub fn gateway_delay(&self) -> Duration {
        Duration::from_secs_f64(self.books().settings.delay_seconds)
    }

    /// Whether the fault `earlyWebhook` hits the call of this key.
    pub fn webhook_comes_early(&self, key: &str) -> bool {
        let probability = self.books().settings.faults.early_webhook;
        self.dice.happens(probability, &["gateway", key, "earlyWebhook"])
    }

    pub fn set_store_url(&self, url: Option<String>) {
        *written(&self.store_url) = url;
    }

    /// Creates a supplier or changes its settings; its orders and stock stay.
    pub fn set_supplier(&self, key: &str, settings: SupplierSettings) {
        if self.supplier(key).is_some_and(|it| locked(&it).settings == settings) {
            return;
        }
        self.journal.append(&Record::Supplier { supplier: key.to_owned(), settings: settings.clone() });
        self.put_supplier(key, settings);
    }

    pub fn set_stock(&self, supplier: &Mutex<Supplier>, report: StockReport) {
        let mut supplier = locked(supplier);
        let record = Record::Stock { supplier: supplier.key.to_string(), report };
        self.journal.append(&record);
        // Taken back out of the record: a report may hold 250,000 articles.
        if let Record::Stock { report, .. } = record {
            supplier.stock.apply(report);
        }
    }

    pub fn set_gateway(&self, settings: GatewaySettings) {
        let mut books = self.books();
        if books.settings != settings {
            self.journal.append(&Record::Gateway { settings: settings.clone() });
            books.settings = settings;
        }
    }

    /// Takes an order in, or finds the one of the same key.
    pub fn receive(&self, supplier: &Mutex<Supplier>, intake: Intake) -> Received {
        let mut supplier = locked(supplier);
        let known = supplier.index_of_key(&intake.key).and_then(|index| supplier.get(index));
        if let Some(stored) = known {
            if stored.intake.digest != intake.digest {
                return Received::Conflict;
            }
            let order = stored.order.clone();
            self.journal.append(&Record::Repeated { supplier: supplier.key.to_string() });
            supplier.counts.repeats += 1;
            return Received::Repeated(order);
        }
        let at = clock::now();
        self.journal.append(&Record::Received { supplier: supplier.key.to_string(), at, intake: intake.clone() });
        let (order, effects) = supplier.receive(intake, at);
        self.carry_out(&supplier.key, effects);
        Received::New(order)
    }

    /// Cancels an order that has not left; a repeat is answered with the cancelled order.
    pub fn cancel(&self, supplier: &Mutex<Supplier>, id: &str) -> Result<Order, Refusal> {
        let mut supplier = locked(supplier);
        let found = supplier.index_of_id(id).and_then(|index| Some((index, supplier.get(index)?)));
        let Some((index, stored)) = found else { return Err(Refusal::not_found("order")) };
        if stored.order.status == OrderStatus::Cancelled {
            return Ok(stored.order.clone());
        }
        if !stored.is_cancellable() {
            return Err(Refusal::new(StatusCode::CONFLICT, "TOO_LATE", "this order can no longer be cancelled"));
        }
        let at = clock::now();
        self.journal.append(&Record::Cancelled { supplier: supplier.key.to_string(), order: index, at });
        let effects = supplier.cancel(index, at);
        self.carry_out(&supplier.key, effects);
        supplier.get(index).map(|it| it.order.clone()).ok_or_else(|| Refusal::not_found("order"))
    }

    /// Executes a gateway call; true if it repeated an earlier one.
    pub fn call_gateway(&self, key: &str, call: Call) -> (Answer, bool) {
        let mut books = self.books();
        if let Some(answer) = books.repeated(key, &call) {
            return (answer, true);
        }
        let at = clock::now();
        self.journal.append(&Record::Called { at, key: key.to_owned(), call: call.clone() });
        let outcome = books.execute(key, &call, at);
        drop(books);
        if let Some((due, authorization)) = outcome.decide {
            self.timer.schedule(due, Task::Decide { authorization });
        }
        self.post(outcome.messages);
        (outcome.answer, outcome.repeated)
    }

    /// Does what has come due.
    pub fn perform(&self, task: Task) {
        match task {
            Task::Step { supplier, order } => self.step(&supplier, order),
            Task::Decide { authorization } => {
                let mut books = self.books();
                let at = clock::now();
                self.journal.append(&Record::Decided { authorization, at });
                let messages = books.decide(authorization, at);
                drop(books);
                self.post(messages);
            }
            Task::Send { message } => self.outbox.release(&message),
        }
    }

    /// Where a sender's webhooks go and how they are signed; `None` if they are not wanted.
    pub fn address(&self, sender: &Sender) -> Option<(String, SigningKey)> {
        let store = read(&self.store_url).clone()?;
        let store = store.trim_end_matches('/');
        let (url, secret) = match sender {
            Sender::Gateway => {
                (format!("{store}/webhooks/payments/test"), self.books().settings.webhook_secret.clone()?)
            }
            Sender::Supplier(key) => {
                let supplier = self.supplier(key)?;
                let webhook = locked(&supplier).settings.webhook.clone()?;
                (format!("{store}/webhooks/suppliers/{}", webhook.supplier_id), webhook.secret)
            }
        };
        Some((url, SigningKey::parse(&secret).ok()?))
    }

    /// Settles a delivered message.
    pub fn sent(&self, message: &str) {
        self.journal.append(&Record::Sent { message: message.to_owned() });
        self.outbox.sent(message);
    }

    /// Keeps a message for another attempt.
    pub fn retry_at(&self, message: &str, now: DateTime<Utc>, due: DateTime<Utc>) {
        self.outbox.failed(message, now);
        self.timer.schedule(due, Task::Send { message: message.to_owned() });
    }

    /// Settles a message that the store did not take.
    pub fn gave_up(&self, message: &str) {
        self.journal.append(&Record::GaveUp { message: message.to_owned() });
        self.outbox.gave_up(message);
    }

    fn put_supplier(&self, key: &str, settings: SupplierSettings) {
        let mut suppliers = written(&self.suppliers);
        if let Some(supplier) = suppliers.get(key) {
            locked(supplier).settings = settings;
            return;
        }
        let supplier = Supplier::new(key.into(), settings, self.dice, self.time_scale);
        suppliers.insert(key.to_owned(), Arc::new(Mutex::new(supplier)));
    }

    fn step(&self, key: &str, order: usize) {
        let Some(supplier) = self.supplier(key) else { return };
        let mut supplier = locked(&supplier);
        let at = clock::now();
        // A cancelled order leaves the entry of its old plan behind.
        if !supplier.is_due(order, at) {
            return;
        }
        self.journal.append(&Record::Stepped { supplier: key.to_owned(), order, at });
        let effects = supplier.step(order, at);
        self.carry_out(&supplier.key, effects);
    }

    fn carry_out(&self, supplier: &Arc<str>, effects: Effects) {
        if let Some((due, order)) = effects.next {
            self.timer.schedule(due, Task::Step { supplier: Arc::clone(supplier), order });
        }
        self.post(effects.messages);
    }

    fn post(&self, messages: Vec<Message>) {
        let now = clock::now();
        for message in messages {
            let (id, due) = (message.id.clone(), message.due);
            self.outbox.keep(message);
            if due > now {
                self.timer.schedule(due, Task::Send { message: id });
            } else {
                self.outbox.release(&id);
            }
        }
    }

    /// Executes a stored command again; its messages are kept until their fate is read.
    fn replay(&self, record: Record) {
        let with = |key: &str, act: &dyn Fn(&mut Supplier) -> Effects| {
            let effects = self.supplier(key).map(|it| act(&mut locked(&it))).unwrap_or_default();
            effects.messages.into_iter().for_each(|message| self.outbox.keep(message));
        };
        match record {
            Record::Begun { .. } => {}
            Record::Supplier { supplier, settings } => self.put_supplier(&supplier, settings),
            Record::Stock { supplier, report, .. } => {
                if let Some(supplier) = self.supplier(&supplier) {
                    locked(&supplier).stock.apply(report);
                }
            }
            Record::Received { supplier, at, intake } => with(&supplier, &|it| it.receive(intake.clone(), at).1),
            Record::Repeated { supplier } => with(&supplier, &|it| {
                it.counts.repeats += 1;
                Effects::default()
            }),
            Record::Stepped { supplier, order, at } => with(&supplier, &|it| it.step(order, at)),
            Record::Cancelled { supplier, order, at } => with(&supplier, &|it| it.cancel(order, at)),
            Record::Gateway { settings } => self.books().settings = settings,
            Record::Called { at, key, call } => {
                let messages = self.books().execute(&key, &call, at).messages;
                messages.into_iter().for_each(|message| self.outbox.keep(message));
            }
            Record::Decided { authorization, at } => {
                let messages = self.books().decide(authorization, at);
                messages.into_iter().for_each(|message| self.outbox.keep(message));
            }
            Record::Sent { message } => self.outbox.sent(&message),
            Record::GaveUp { message } => self.outbox.gave_up(&message),
        }
    }

    /// Schedules what the journal left unfinished.
    fn resume(&self) {
        // Waiting webhooks first, so that they keep their place before what steps add.
        for (due, message) in self.outbox.kept() {
            if due > self.born {
                self.timer.schedule(due, Task::Send { message });
            } else {
                self.outbox.release(&message);
            }
        }
        for supplier in self.suppliers() {
            let supplier = locked(&supplier);
            for (due, order) in supplier.upcoming() {
                self.timer.schedule(due, Task::Step { supplier: Arc::clone(&supplier.key), order });
            }
        }
        for authorization in self.books().all_undecided() {
            self.timer.schedule(self.born, Task::Decide { authorization });
        }
    }
}
