//! A story: a shop, its partners, and what happens to them, one step at a time.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use consign::checkout::{CompleteInput, Completion};
use consign::identity::{Actor, Staff, Who};
use consign::kernel::clock::Timestamp;
use consign::kernel::ids::{CartId, OrderId, PaymentAttemptId, RefundId, SupplierId};
use consign::kernel::money::Money;
use consign::platform::jobs::{self, Done, JobError};
use tempfile::TempDir;

use super::clock::{Watch, beginning};
use super::net::{Message, Net};
use super::oracle::{self, Known};
use super::plan::{Fate, Step};
use super::process::{Came, Place, Process};
use super::shop::{Shop, folder};
use super::{buyers, doom, ending, owner, partners};

/// How long a step takes by itself.
const MOMENT: TimeDelta = TimeDelta::milliseconds(7);

/// For so long a key is remembered, as callers are promised.
pub const REMEMBERED: TimeDelta = TimeDelta::hours(24);

/// How a flight ended.
pub enum Ended {
    /// Whatever it was, the tables tell.
    Well,
    /// A run of a job.
    Job(Box<jobs::entity::Model>, Result<Done, JobError>),
    /// A cart that is ready, and what its buyer will say yes to.
    Cart(Option<(CartId, Money)>),
    /// What a buyer was told: of which yes.
    Told(usize, Result<Completion, String>),
    /// A refund: of which request.
    Refunded(usize, Result<RefundId, String>),
    /// Something that must not be.
    Wrong(String),
}

/// A yes that a buyer said.
pub struct Yes {
    /// The cart.
    pub cart: CartId,
    /// What was said.
    pub input: CompleteInput,
    /// The attempt it became, as the buyer was told.
    pub attempt: Option<PaymentAttemptId>,
    /// The order it became, as the buyer was told.
    pub order: Option<OrderId>,
    /// Whether the buyer was told that it failed.
    pub failed: bool,
    /// When it was said first.
    pub said_at: Timestamp,
}

/// A refund that the owner asked for.
pub struct Wish {
    /// Of which order.
    pub order: OrderId,
    /// How much.
    pub amount: Money,
    /// Under which key.
    pub key: String,
    /// What it became.
    pub refund: Option<RefundId>,
    /// When it was asked for first.
    pub asked_at: Timestamp,
}

/// The story.
pub struct Story {
    /// The way to the partners, and their books.
    pub net: Net,
    /// The time.
    pub watch: Watch,
    /// The shop it began with.
    pub shop: &'static Shop,
    /// Every yes.
    pub yeses: Vec<Yes>,
    /// Every refund asked for.
    pub wishes: Vec<Wish>,
    /// Messages that come only in the end.
    pub delayed: Vec<Message>,
    /// How far subscribers have read each order.
    pub readers: BTreeMap<OrderId, i64>,
    /// What the oracle saw before.
    pub known: Known,
    /// What must not be, as far as it was seen while acting.
    pub wrong: Vec<String>,
    process: Option<Process<Ended>>,
    database_url: String,
    seed: u64,
    lives: u64,
    _folder: TempDir,
}

/// What a violation is: the step after which it showed, and what the oracle says.
#[derive(Debug, Clone)]
pub struct Violation {
    /// The place of the step; the number of steps for what showed in the end.
    pub step: usize,
    /// What is wrong; each begins with the number of the invariant.
    pub found: Vec<String>,
}

/// What a story that went well came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// How many steps were taken.
    pub steps: usize,
    /// How many orders were placed.
    pub orders: usize,
    /// Everything that was written, in short: the same for the same story.
    pub digest: u64,
}

/// Tells the story of `seed` that `plan` makes. Not to be called inside of a runtime.
pub fn tell(seed: u64, plan: &[Step]) -> Result<Told, Violation> {
    doom::keep_quiet();
    let mut story = Story::begin(seed);
    for (place, step) in plan.iter().enumerate() {
        story.take(step);
        let found = oracle::look(&mut story);
        if !found.is_empty() {
            return Err(Violation { step: place, found });
        }
    }
    ending::come_to_rest(&mut story);
    let found = oracle::look_back(&mut story);
    if !found.is_empty() {
        return Err(Violation { step: plan.len(), found });
    }
    Ok(oracle::sum_up(&story, plan.len()))
}

impl Story {
    fn begin(seed: u64) -> Self {
        let shop = super::shop::shop();
        let folder = folder();
        let net = Net::default();
        for (supplier, sku, units) in &shop.shelves {
            net.outside().suppliers.shelves.insert((*supplier, (*sku).to_owned()), *units);
        }
        let mut story = Self {
            net,
            watch: Watch::at(beginning() + TimeDelta::minutes(1)),
            shop,
            yeses: Vec::new(),
            wishes: Vec::new(),
            delayed: Vec::new(),
            readers: BTreeMap::new(),
            known: Known::default(),
            wrong: Vec::new(),
            process: None,
            database_url: shop.branch(folder.path()),
            seed,
            lives: 0,
            _folder: folder,
        };
        story.restart();
        story
    }

    /// The process.
    pub fn process(&self) -> &Process<Ended> {
        self.process.as_ref().expect("a process runs between steps")
    }

    /// How many processes there were.
    pub fn lives(&self) -> u64 {
        self.lives
    }

    /// The process dies, and another one starts.
    pub fn restart(&mut self) {
        if let Some(process) = self.process.take() {
            process.die();
        }
        self.lives += 1;
        let seed = self.seed.wrapping_mul(1_000).wrapping_add(self.lives);
        let place = Place { database_url: &self.database_url, watch: &self.watch, net: &self.net, seed };
        self.process = Some(Process::start(&place));
    }

    /// The owner, as a caller.
    pub fn owner() -> Actor {
        Actor::of(Who::Staff(Staff { id: None, owner: true, permissions: Vec::new() }))
    }

    /// A supplier, as a caller.
    pub fn supplier(id: SupplierId) -> Actor {
        Actor::of(Who::Supplier(id))
    }

    /// Takes one step.
    pub fn take(&mut self, step: &Step) {
        self.pass(MOMENT);
        match step {
            Step::Buy { lines, code, fate } => buyers::buy(self, lines, *code, *fate),
            Step::Repeat { cart, other } => buyers::repeat(self, *cart, *other),
            Step::Retry { cart, fate } => buyers::retry(self, *cart, *fate),
            Step::Cancel { order } => owner::cancel(self, *order),
            Step::Refund { order, quarters, again } => owner::refund(self, *order, *quarters, *again),
            Step::Decide { item, action } => owner::decide(self, *item, *action),
            Step::Job { fate, unrecorded } => {
                self.next_job(*fate, *unrecorded);
            }
            Step::Answer { call, fate } => {
                self.answer(*call, *fate);
            }
            Step::Provider { payment, yes } => partners::provider(self, *payment, *yes),
            Step::Supplier { order, act } => partners::supplier(self, *order, *act),
            Step::Portal { order, act } => partners::portal(self, *order, *act),
            Step::Report { supplier, less } => partners::report(self, *supplier, *less),
            Step::Deliver { message, arrival } => partners::deliver(self, *message, *arrival),
            Step::Tick { seconds } => self.pass(TimeDelta::seconds(i64::from(*seconds))),
            Step::Number => partners::number(self),
            Step::Read { order } => partners::read(self, *order),
            Step::Crash => self.restart(),
            Step::Doom { events } => return doom::after(*events),
        }
        doom::lift();
    }

    /// Lets time pass: calls that took too long are given up.
    pub fn pass(&mut self, time: TimeDelta) {
        self.watch.advance(time);
        self.process().app.clock.advance(time);
        let now = self.watch.now();
        loop {
            let mut outside = self.net.outside();
            let Some(place) = outside.too_late(now) else { return };
            let flight = outside.decide(place, Fate::Before, now);
            drop(outside);
            if let Some(flight) = flight {
                self.fly(flight, Fate::Good);
            }
        }
    }

    /// A worker takes the next job that is due; false if there is none.
    pub fn next_job(&mut self, fate: Fate, unrecorded: bool) -> bool {
        let process = self.process();
        let (app, handlers) = (process.app.clone(), process.handlers.clone());
        let claimed = process.wait(async {
            jobs::sweep_lost(&app, &handlers).await?;
            jobs::claim(&app, 1).await
        });
        let job = match claimed {
            Ok(jobs) => jobs.into_iter().next(),
            Err(fault) => return self.is_wrong(format!("0: no job can be claimed: {fault:?}")),
        };
        let Some(job) = job else { return false };
        let work = async move {
            let outcome = jobs::attempt(&app, &handlers, &job).await;
            if doom::is_due() || unrecorded {
                return Ended::Job(Box::new(job), outcome);
            }
            let told = told(&outcome);
            match jobs::settle(&app, &handlers, &job, outcome).await {
                Ok(()) => told.map_or(Ended::Well, |why| Ended::Wrong(format!("0: {}: {why}", job.kind))),
                Err(fault) => Ended::Wrong(format!("0: the end of {} cannot be recorded: {fault:?}", job.kind)),
            }
        };
        self.start(work, fate);
        true
    }

    /// Answers a call that is under way; false if there is none.
    pub fn answer(&mut self, call: u8, fate: Fate) -> bool {
        let now = self.watch.now();
        let mut outside = self.net.outside();
        if outside.calls.is_empty() {
            return false;
        }
        let place = usize::from(call) % outside.calls.len();
        let flight = outside.decide(place, fate, now);
        drop(outside);
        if let Some(flight) = flight {
            self.fly(flight, Fate::Good);
        }
        true
    }

    /// Begins a flight, whose first call fares so.
    pub fn start(&mut self, work: impl Future<Output = Ended> + Send + 'static, fate: Fate) {
        let flight = self.process.as_mut().expect("a process runs").begin(work);
        self.fly(flight, fate);
    }

    /// Lets a flight go on until it ends or waits for a later step.
    fn fly(&mut self, flight: u64, fate: Fate) {
        let mut fate = fate;
        loop {
            let came = self.process.as_mut().expect("a process runs").go_on(flight);
            if doom::has_struck() {
                return self.restart();
            }
            match came {
                None => return,
                Some(Came::Ended(ended)) => return self.land(ended),
                Some(Came::Panicked(why)) => return self.wrong.push(format!("0: a panic: {why}")),
                Some(Came::Hangs) => return self.wrong.push("0: it hangs".to_owned()),
                Some(Came::Calls(call)) => {
                    let now = self.watch.now();
                    if self.net.outside().decide(call, fate, now).is_none() {
                        return;
                    }
                    fate = Fate::Good;
                }
            }
        }
    }

    fn land(&mut self, ended: Ended) {
        match ended {
            Ended::Well => {}
            Ended::Job(job, outcome) => {
                if let Some(why) = told(&outcome) {
                    self.wrong.push(format!("0: {}: {why}", job.kind));
                }
            }
            Ended::Cart(cart) => self.known.cart = cart,
            Ended::Told(yes, told) => buyers::hear(self, yes, told),
            Ended::Refunded(wish, told) => owner::hear(self, wish, told),
            Ended::Wrong(what) => self.wrong.push(what),
        }
    }

    fn is_wrong(&mut self, what: String) -> bool {
        self.wrong.push(what);
        false
    }
}

/// A defect that a job's run tells of.
fn told(outcome: &Result<Done, JobError>) -> Option<String> {
    match outcome {
        Err(JobError::Retry { reason, .. } | JobError::Fail(reason)) => {
            let defect = ["internal error", "database error", "it panicked"].iter().any(|it| reason.starts_with(it));
            defect.then(|| reason.clone())
        }
        _ => None,
    }
}
