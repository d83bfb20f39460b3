//! Webhooks on their way to the store: kept until the store says 2xx or time runs out.
//!
//! A *lane* holds the messages of one order or authorization; a message leaves once the
//! one before it has been *tried*, so that arrivals keep their order unless a fault (late,
//! reordered, doubled) takes a message out of its lane, and a refused message blocks none.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use serde::Serialize;
use tokio::sync::Notify;

use super::{clock, locked};

/// Who sends a webhook, which decides its URL and key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sender {
    Supplier(Arc<str>),
    Gateway,
}

/// One webhook to be sent.
#[derive(Debug, Clone)]
pub struct Message {
    /// Unique here; a doubled webhook is a second message of the same `webhook_id`.
    pub id: String,
    /// The `webhook-id` header.
    pub webhook_id: String,
    pub sender: Sender,
    /// `None` for a message that a fault took out of its lane.
    pub lane: Option<String>,
    /// When it may first be sent.
    pub due: DateTime<Utc>,
    pub body: Arc<str>,
}

impl Message {
    /// A second delivery of the same webhook, out of its lane.
    pub fn copy_after(&self, seconds: f64) -> Self {
        let due = clock::after(self.due, seconds);
        Self { id: format!("{}-copy", self.id), lane: None, due, ..self.clone() }
    }
}

/// What became of one sender's messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tally {
    /// Answered with 2xx.
    pub sent: u64,
    /// Given up.
    pub failed: u64,
    /// Attempts that were not answered with 2xx; their messages were tried again.
    pub failed_attempts: u64,
    /// Waiting for their time, their turn or a retry.
    pub pending: u64,
}

/// A message and its attempts.
#[derive(Debug, Clone)]
pub struct Attempt {
    pub message: Message,
    /// Counts the messages as they were written.
    number: u64,
    /// Attempts made before this one.
    pub earlier: u32,
    /// When the first attempt was made.
    pub since: Option<DateTime<Utc>>,
}

/// All messages not yet delivered.
#[derive(Default)]
pub struct Outbox {
    state: Mutex<State>,
    ready: Notify,
}

#[derive(Default)]
struct State {
    messages: HashMap<String, Attempt>,
    lanes: HashMap<String, VecDeque<String>>,
    ready: VecDeque<String>,
    tallies: BTreeMap<Sender, Tally>,
    written: u64,
}

impl State {
    fn tally(&mut self, sender: &Sender) -> &mut Tally {
        self.tallies.entry(sender.clone()).or_default()
    }

    /// The first ready message that is still unsettled.
    fn take_ready(&mut self) -> Option<Attempt> {
        while let Some(id) = self.ready.pop_front() {
            if let Some(attempt) = self.messages.get(&id) {
                return Some(attempt.clone());
            }
        }
        None
    }

    /// The lane's head has been tried: the next may leave.
    fn advance(&mut self, lane: &str) -> bool {
        match self.lanes.get_mut(lane).map(VecDeque::pop_front) {
            Some(Some(next)) => {
                self.ready.push_back(next);
                true
            }
            Some(None) => {
                self.lanes.remove(lane);
                false
            }
            None => false,
        }
    }
}

impl Outbox {
    /// Takes a message into keeping without sending it.
    pub fn keep(&self, message: Message) {
        let mut state = locked(&self.state);
        state.tally(&message.sender).pending += 1;
        state.written += 1;
        let attempt = Attempt { number: state.written, earlier: 0, since: None, message };
        state.messages.insert(attempt.message.id.clone(), attempt);
    }

    /// Lets a kept message leave: behind its lane, or at once.
    pub fn release(&self, id: &str) {
        let mut state = locked(&self.state);
        let Some(attempt) = state.messages.get(id) else { return };
        // Only the first attempt waits in the lane; retries go on their own.
        if attempt.earlier == 0
            && let Some(lane) = attempt.message.lane.clone()
        {
            if let Some(waiting) = state.lanes.get_mut(&lane) {
                waiting.push_back(id.to_owned());
                return;
            }
            state.lanes.insert(lane, VecDeque::new());
        }
        state.ready.push_back(id.to_owned());
        drop(state);
        self.ready.notify_one();
    }

    /// The next message to send, waited for.
    pub async fn next(&self) -> Attempt {
        loop {
            let notified = self.ready.notified();
            let next = locked(&self.state).take_ready();
            match next {
                Some(attempt) => return attempt,
                None => notified.await,
            }
        }
    }

    /// Settled with a 2xx.
    pub fn sent(&self, id: &str) {
        self.settle(id, |tally| tally.sent += 1);
    }

    /// Settled because the store did not take it in time.
    pub fn gave_up(&self, id: &str) {
        self.settle(id, |tally| tally.failed += 1);
    }

    /// Notes a failed attempt; the message stays.
    pub fn failed(&self, id: &str, at: DateTime<Utc>) {
        let mut state = locked(&self.state);
        let Some(attempt) = state.messages.get_mut(id) else { return };
        attempt.earlier += 1;
        attempt.since.get_or_insert(at);
        let (first, lane, sender) =
            (attempt.earlier == 1, attempt.message.lane.clone(), attempt.message.sender.clone());
        state.tally(&sender).failed_attempts += 1;
        if first && lane.is_some_and(|lane| state.advance(&lane)) {
            self.ready.notify_one();
        }
    }

    /// Every kept message with its time, after a replay.
    pub fn kept(&self) -> Vec<(DateTime<Utc>, String)> {
        let state = locked(&self.state);
        let mut kept: Vec<&Attempt> = state.messages.values().collect();
        kept.sort_by_key(|it| (it.message.due, it.number));
        kept.into_iter().map(|it| (it.message.due, it.message.id.clone())).collect()
    }

    pub fn tally(&self, sender: &Sender) -> Tally {
        locked(&self.state).tallies.get(sender).copied().unwrap_or_default()
    }

    pub fn pending(&self) -> usize {
        locked(&self.state).messages.len()
    }

    fn settle(&self, id: &str, count: impl FnOnce(&mut Tally)) {
        let mut state = locked(&self.state);
        let Some(attempt) = state.messages.remove(id) else { return };
        let tally = state.tally(&attempt.message.sender);
        tally.pending = tally.pending.saturating_sub(1);
        count(tally);
        if attempt.earlier == 0
            && let Some(lane) = &attempt.message.lane
            && state.advance(lane)
        {
            self.ready.notify_one();
        }
    }
}
