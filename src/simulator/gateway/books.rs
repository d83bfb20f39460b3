//! The gateway's ledger: authorizations, captures, voids, refunds, and the answer that was
//! given under each `Idempotency-Key`.
//!
//! Invariants: `captured + voided ≤ authorized`, `refunded ≤ captured`; one effect per key.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::clock::after;
use super::super::config::GatewaySettings;
use super::super::draw::Dice;
use super::super::outbox::{Message, Sender};

/// One payment, as the API shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Authorization {
    pub id: String,
    pub reference: String,
    pub status: Status,
    pub amount: i64,
    pub currency: String,
    pub authorized: i64,
    pub captured: i64,
    pub refunded: i64,
    pub voided: i64,
    pub decline_code: Option<&'static str>,
    #[serde(skip)]
    capture_at_once: bool,
    #[serde(skip)]
    messages: u32,
    #[serde(skip)]
    pub changed_at: DateTime<Utc>,
}

/// What was decided; the sums say what happened since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Pending,
    Authorized,
    Captured,
    Declined,
}

/// A POST of the store, read and well-formed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "call", rename_all = "camelCase")]
pub enum Call {
    Authorize(Authorize),
    Capture { id: String, amount: i64 },
    Void { id: String },
    Refund { id: String, amount: i64 },
}

/// The body of `POST /authorizations`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorize {
    pub reference: String,
    pub amount: i64,
    pub currency: String,
    pub token: String,
    #[serde(default)]
    pub capture: bool,
}

/// What a call was answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

/// An answer, whether it repeats an earlier one, and what follows from it.
pub struct Outcome {
    pub answer: Answer,
    pub repeated: bool,
    pub messages: Vec<Message>,
    /// The authorization that will be decided then.
    pub decide: Option<(DateTime<Utc>, usize)>,
}

/// The sums over all books.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    pub authorizations: u64,
    pub authorized_minor: i64,
    pub captured_minor: i64,
    pub refunded_minor: i64,
    pub voided_minor: i64,
    pub by_status: BTreeMap<Status, u64>,
    /// References under which more than one authorization was granted.
    pub granted_twice: Vec<String>,
}

/// The ledger.
pub struct Books {
    pub settings: GatewaySettings,
    dice: Dice,
    authorizations: Vec<Authorization>,
    by_id: HashMap<String, usize>,
    by_reference: HashMap<String, Vec<usize>>,
    answers: HashMap<String, (Call, Answer)>,
    undecided: usize,
}

impl Books {
    pub fn new(settings: GatewaySettings, dice: Dice) -> Self {
        Self {
            settings,
            dice,
            authorizations: Vec::new(),
            by_id: HashMap::new(),
            by_reference: HashMap::new(),
            answers: HashMap::new(),
            undecided: 0,
        }
    }

    pub fn all(&self) -> &[Authorization] {
        &self.authorizations
    }

    pub fn lookup(&self, id: &str) -> Option<&Authorization> {
        self.by_id.get(id).and_then(|&index| self.authorizations.get(index))
    }

    pub fn of_reference(&self, reference: &str) -> impl Iterator<Item = &Authorization> {
        self.by_reference.get(reference).into_iter().flatten().filter_map(|&index| self.authorizations.get(index))
    }

    /// Authorizations whose decision is still to come.
    pub fn undecided(&self) -> usize {
        self.undecided
    }

    /// Where they are, for a restart.
    pub fn all_undecided(&self) -> Vec<usize> {
        let pending = |index: &usize| self.authorizations[*index].status == Status::Pending;
        (0..self.authorizations.len()).filter(pending).collect()
    }

    /// The answer already given under this key: the same for the same call, 409 for another.
    pub fn repeated(&self, key: &str, call: &Call) -> Option<Answer> {
        let (earlier, answer) = self.answers.get(key)?;
        Some(if earlier == call {
            answer.clone()
        } else {
            refusal(409, "IDEMPOTENCY_KEY_REUSED", "this key came with another request")
        })
    }

    /// Executes a call under its key, once.
    pub fn execute(&mut self, key: &str, call: &Call, at: DateTime<Utc>) -> Outcome {
        if let Some(answer) = self.repeated(key, call) {
            return Outcome { answer, repeated: true, messages: Vec::new(), decide: None };
        }
        let (answer, changed) = match call {
            Call::Authorize(request) => self.authorize(key, request, at),
            Call::Capture { id, amount } => self.change(id, |it| it.capture(*amount)),
            Call::Void { id } => self.change(id, Authorization::void),
            Call::Refund { id, amount } => self.change(id, |it| it.refund(*amount)),
        };
        if let Some(index) = changed {
            self.authorizations[index].changed_at = at;
        }
        self.answers.insert(key.to_owned(), (call.clone(), answer.clone()));
        let pending = |&index: &usize| self.authorizations[index].status == Status::Pending;
        let decide = changed.filter(pending).map(|index| (after(at, self.settings.delay_seconds), index));
        let messages = changed.filter(|index| !pending(index)).map_or_else(Vec::new, |index| self.announce(index, at));
        Outcome { answer, repeated: false, messages, decide }
    }

    /// Decides a pending authorization.
    pub fn decide(&mut self, index: usize, at: DateTime<Utc>) -> Vec<Message> {
        let Some(it) = self.authorizations.get_mut(index).filter(|it| it.status == Status::Pending) else {
            return Vec::new();
        };
        it.grant();
        it.changed_at = at;
        self.undecided = self.undecided.saturating_sub(1);
        self.announce(index, at)
    }

    pub fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for it in &self.authorizations {
            summary.authorizations += 1;
            summary.authorized_minor += it.authorized;
            summary.captured_minor += it.captured;
            summary.refunded_minor += it.refunded;
            summary.voided_minor += it.voided;
            *summary.by_status.entry(it.status).or_default() += 1;
        }
        let granted = |index: &&usize| self.authorizations[**index].authorized > 0;
        let twice = self.by_reference.iter().filter(|(_, all)| all.iter().filter(granted).nth(1).is_some());
        summary.granted_twice = twice.map(|(reference, _)| reference.clone()).collect();
        summary.granted_twice.sort();
        summary
    }

    fn authorize(&mut self, key: &str, request: &Authorize, at: DateTime<Utc>) -> (Answer, Option<usize>) {
        let mut it = Authorization {
            id: self.dice.id("auth_", &["gateway", key]),
            reference: request.reference.clone(),
            status: Status::Pending,
            amount: request.amount,
            currency: request.currency.clone(),
            authorized: 0,
            captured: 0,
            refunded: 0,
            voided: 0,
            decline_code: None,
            capture_at_once: request.capture,
            messages: 0,
            changed_at: at,
        };
        match request.token.as_str() {
            "tok_ok" | "tok_timeout_after" | "tok_500_after" | "tok_slow" => it.grant(),
            "tok_declined" => it.decline("card_declined"),
            "tok_insufficient" => it.decline("insufficient_funds"),
            "tok_late_webhook" => self.undecided += 1,
            _ => return (refusal(422, "UNKNOWN_TOKEN", "no such test token"), None),
        }
        let index = self.authorizations.len();
        self.by_id.insert(it.id.clone(), index);
        self.by_reference.entry(it.reference.clone()).or_default().push(index);
        let answer = Answer { status: 201, body: json!(&it) };
        self.authorizations.push(it);
        (answer, Some(index))
    }

    fn change(
        &mut self,
        id: &str,
        change: impl FnOnce(&mut Authorization) -> Result<(), Answer>,
    ) -> (Answer, Option<usize>) {
        let Some(&index) = self.by_id.get(id) else {
            return (refusal(404, "NOT_FOUND", "no such authorization"), None);
        };
        let it = &mut self.authorizations[index];
        match change(it) {
            Ok(()) => (Answer { status: 200, body: json!(&*it) }, Some(index)),
            Err(answer) => (answer, None),
        }
    }

    /// Writes the webhook of a change, and the copy or the delay its faults ask for.
    fn announce(&mut self, index: usize, at: DateTime<Utc>) -> Vec<Message> {
        if self.settings.webhook_secret.is_none() {
            return Vec::new();
        }
        self.authorizations[index].messages += 1;
        let (it, faults) = (&self.authorizations[index], &self.settings.faults);
        let number = it.messages.to_string();
        let hits = |probability, kind| self.dice.happens(probability, &["gateway", &it.reference, kind, &number]);
        let delay = if hits(faults.late_webhook, "lateWebhook") {
            Some(5.0)
        } else if hits(faults.reorder_webhook, "reorderWebhook") {
            Some(1.0)
        } else {
            None
        };
        let id = self.dice.id("msg_", &["gateway", &it.id, &number]);
        let first = Message {
            id: id.clone(),
            webhook_id: id,
            sender: Sender::Gateway,
            lane: delay.is_none().then(|| it.id.clone()),
            due: delay.map_or(at, |seconds| after(at, seconds)),
            body: json!({"type": "authorization.updated", "occurredAt": at, "data": it}).to_string().into(),
        };
        let copy = hits(faults.duplicate_webhook, "duplicateWebhook").then(|| first.copy_after(0.2));
        std::iter::once(first).chain(copy).collect()
    }
}

impl Authorization {
    fn grant(&mut self) {
        self.status = Status::Authorized;
        self.authorized = self.amount;
        if self.capture_at_once {
            self.status = Status::Captured;
            self.captured = self.amount;
        }
    }

    fn decline(&mut self, code: &'static str) {
        self.status = Status::Declined;
        self.decline_code = Some(code);
    }

    fn capture(&mut self, amount: i64) -> Result<(), Answer> {
        if amount > self.authorized - self.captured - self.voided {
            return Err(refusal(422, "TOO_MUCH", "more than is still authorized"));
        }
        self.captured += amount;
        self.status = Status::Captured;
        Ok(())
    }

    /// Releases what is not captured; a second time there is nothing left to release.
    fn void(&mut self) -> Result<(), Answer> {
        self.voided = self.authorized - self.captured;
        Ok(())
    }

    fn refund(&mut self, amount: i64) -> Result<(), Answer> {
        if amount > self.captured - self.refunded {
            return Err(refusal(422, "TOO_MUCH", "more than was captured and not yet refunded"));
        }
        self.refunded += amount;
        Ok(())
    }
}

/// An error as the gateway writes it.
pub fn refusal(status: u16, code: &str, message: &str) -> Answer {
    Answer { status, body: json!({"error": {"code": code, "message": message}}) }
}
