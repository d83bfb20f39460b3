//! The way to the partners. A call stops here until the story says what becomes of it, so that
//! whatever happens meanwhile is the story's to choose.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::TimeDelta;
use consign::kernel::clock::Timestamp;
use consign::kernel::ids::SupplierId;
use consign::kernel::money::Money;
use consign::payments::gateway::{AuthorizeRequest, GatewayError, ProviderPayment};
use consign::platform::mail::MailError;
use consign::suppliers::adapter::{AdapterError, CancelAnswer, OrderRequest, RemoteOrder};
use tokio::sync::{Notify, oneshot};

use super::plan::Fate;
use super::post::Letters;
use super::provider::Provider;
use super::supplier::Suppliers;

/// By then every call has ended, one way or the other: the store's own clients give up after ten
/// seconds, and what has not reached a partner by then never does.
const PATIENCE: TimeDelta = TimeDelta::seconds(10);

/// What a partner is asked.
#[derive(Clone)]
pub enum Ask {
    Authorize(AuthorizeRequest, String),
    Capture(String, Money, String),
    Void(String, String),
    Refund(String, Money, String),
    Payment(String),
    Payments(String),
    Submit(SupplierId, OrderRequest),
    Order(SupplierId, String),
    Cancel(SupplierId, String),
    Mail { id: String, to: String, subject: String },
}

/// What it answers.
pub enum Reply {
    Payment(Result<Option<ProviderPayment>, GatewayError>),
    Payments(Result<Vec<ProviderPayment>, GatewayError>),
    Order(Result<Option<RemoteOrder>, AdapterError>),
    Cancel(Result<CancelAnswer, AdapterError>),
    Mail(Result<(), MailError>),
}

/// A call under way.
pub struct Call {
    /// Which flight waits for it.
    pub flight: u64,
    ask: Ask,
    since: Timestamp,
    answer: Option<Reply>,
    reply: oneshot::Sender<Reply>,
}

/// A message of a partner that has not arrived yet.
#[derive(Debug, Clone)]
pub struct Message {
    /// The path of the door it goes to.
    pub door: String,
    /// Its name, which a repeat has too.
    pub id: String,
    /// What it says.
    pub body: String,
}

/// The world outside: what the partners know, and what is on its way between them and the store.
#[derive(Default)]
pub struct Outside {
    /// The payment provider.
    pub provider: Provider,
    /// The suppliers.
    pub suppliers: Suppliers,
    /// The letters that were taken away.
    pub letters: Letters,
    /// Messages on their way to the store.
    pub messages: Vec<Message>,
    /// Calls under way.
    pub calls: Vec<Call>,
    /// Which flight makes the calls now.
    pub flight: u64,
    told: u64,
}

/// The way there.
#[derive(Clone, Default)]
pub struct Net {
    outside: Arc<Mutex<Outside>>,
    stopped: Arc<Notify>,
}

impl Net {
    /// The world outside.
    pub fn outside(&self) -> MutexGuard<'_, Outside> {
        self.outside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a call stops here.
    pub async fn stopped(&self) {
        self.stopped.notified().await;
    }

    /// Makes a call.
    pub async fn call(&self, ask: Ask, now: Timestamp) -> Reply {
        let (reply, answered) = oneshot::channel();
        let lost = unknown(&ask);
        {
            let mut outside = self.outside();
            let flight = outside.flight;
            outside.calls.push(Call { flight, ask, since: now, answer: None, reply });
        }
        self.stopped.notify_one();
        answered.await.unwrap_or(lost)
    }
}

impl Outside {
    /// Puts a message on its way.
    pub fn tell(&mut self, door: String, body: String) {
        self.told += 1;
        let id = format!("msg_{}", self.told);
        self.messages.push(Message { door, id, body });
    }

    /// Decides about the call at `place`: whose flight goes on, if one does.
    pub fn decide(&mut self, place: usize, fate: Fate, now: Timestamp) -> Option<u64> {
        if fate == Fate::Stay {
            return None;
        }
        if fate == Fate::Late {
            if self.calls[place].answer.is_none() {
                let ask = self.calls[place].ask.clone();
                self.calls[place].answer = Some(self.done(&ask, Fate::Good, now));
                // A receipt that comes too late is as good as lost.
                self.excuse(&ask);
            }
            return None;
        }
        let call = self.calls.remove(place);
        let reply = match (call.answer, fate) {
            // It was done before: only the answer can get lost.
            (Some(answer), Fate::Good | Fate::Part | Fate::No) => answer,
            (Some(_), _) => unknown(&call.ask),
            (None, Fate::Before) => unknown(&call.ask),
            (None, Fate::Busy) => busy(&call.ask),
            (None, Fate::After) => {
                self.done(&call.ask, Fate::Good, now);
                self.excuse(&call.ask);
                unknown(&call.ask)
            }
            (None, fate) => self.done(&call.ask, fate, now),
        };
        // Whoever asked may be gone.
        let _ = call.reply.send(reply);
        Some(call.flight)
    }

    /// The place of a call that has waited too long to be done any more.
    pub fn too_late(&self, now: Timestamp) -> Option<usize> {
        self.calls.iter().position(|call| call.answer.is_none() && call.since + PATIENCE <= now)
    }

    /// The process that made the calls is gone: some of what was on its way still arrives.
    pub fn cut_off(&mut self) {
        self.calls.clear();
    }

    /// A letter whose receipt got lost may be sent once more.
    fn excuse(&mut self, ask: &Ask) {
        if let Ask::Mail { id, .. } = ask {
            self.letters.excuse(id);
        }
    }

    fn done(&mut self, ask: &Ask, fate: Fate, now: Timestamp) -> Reply {
        match ask {
            Ask::Authorize(request, key) => {
                let done = self.provider.authorize(request, key, fate);
                self.tell_payment(&request.reference);
                Reply::Payment(Ok(Some(done)))
            }
            Ask::Capture(id, amount, key) => Reply::Payment(self.provider.capture(id, *amount, key, fate)),
            Ask::Void(id, key) => Reply::Payment(self.provider.void(id, key)),
            Ask::Refund(id, amount, key) => Reply::Payment(self.provider.refund(id, *amount, key, fate)),
            Ask::Payment(id) => Reply::Payment(Ok(self.provider.lookup(id))),
            Ask::Payments(reference) => Reply::Payments(Ok(self.provider.find(reference))),
            Ask::Submit(supplier, request) => {
                Reply::Order(self.suppliers.submit(*supplier, request, fate, now).map(Some))
            }
            Ask::Order(supplier, reference) => Reply::Order(Ok(self.suppliers.find(*supplier, reference))),
            Ask::Cancel(supplier, remote_id) => Reply::Cancel(self.suppliers.cancel(*supplier, remote_id, fate)),
            Ask::Mail { id, to, subject } => Reply::Mail(self.letters.take(id, to, subject, fate)),
        }
    }

    /// Tells the store how a payment stands.
    pub fn tell_payment(&mut self, reference: &str) {
        for body in self.provider.news(reference) {
            self.tell("/webhooks/payments/test".to_owned(), body);
        }
    }
}

/// Nobody knows what came of it.
fn unknown(ask: &Ask) -> Reply {
    let reason = || "the connection broke off".to_owned();
    match ask {
        Ask::Payments(_) => Reply::Payments(Err(GatewayError::Unknown { reason: reason() })),
        Ask::Authorize(..) | Ask::Capture(..) | Ask::Void(..) | Ask::Refund(..) | Ask::Payment(_) => {
            Reply::Payment(Err(GatewayError::Unknown { reason: reason() }))
        }
        Ask::Submit(..) | Ask::Order(..) => Reply::Order(Err(AdapterError::Unknown { reason: reason() })),
        Ask::Cancel(..) => Reply::Cancel(Err(AdapterError::Unknown { reason: reason() })),
        Ask::Mail { .. } => Reply::Mail(Err(MailError::Retry(reason()))),
    }
}

/// It is surely not done.
fn busy(ask: &Ask) -> Reply {
    let (reason, after) = ("it answered 429".to_owned(), None);
    match ask {
        Ask::Payments(_) => Reply::Payments(Err(GatewayError::Retry { reason, after })),
        Ask::Authorize(..) | Ask::Capture(..) | Ask::Void(..) | Ask::Refund(..) | Ask::Payment(_) => {
            Reply::Payment(Err(GatewayError::Retry { reason, after }))
        }
        Ask::Submit(..) | Ask::Order(..) => Reply::Order(Err(AdapterError::Retry { reason, after })),
        Ask::Cancel(..) => Reply::Cancel(Err(AdapterError::Retry { reason, after })),
        Ask::Mail { .. } => Reply::Mail(Err(MailError::Retry(reason))),
    }
}
