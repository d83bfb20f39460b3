//! The mail server: which letters were taken, and how often.

use std::collections::BTreeMap;

use async_trait::async_trait;
use consign::platform::mail::{MailError, Message, Post};

use super::clock::Watch;
use super::net::{Ask, Net, Reply};
use super::plan::Fate;

/// What became of one letter.
#[derive(Debug, Default, Clone)]
pub struct Letter {
    /// To whom.
    pub to: String,
    /// About what.
    pub subject: String,
    /// How often it was taken.
    pub taken: u32,
    /// How often its receipt got lost, so that it may be taken once more.
    pub excused: u32,
}

/// The letters, by their ids.
#[derive(Debug, Default)]
pub struct Letters(pub BTreeMap<String, Letter>);

impl Letters {
    pub(super) fn take(&mut self, id: &str, to: &str, subject: &str, fate: Fate) -> Result<(), MailError> {
        if fate == Fate::No {
            return Err(MailError::Retry("greylisted".to_owned()));
        }
        let letter = self.0.entry(id.to_owned()).or_default();
        (letter.to, letter.subject) = (to.to_owned(), subject.to_owned());
        letter.taken += 1;
        Ok(())
    }

    pub(super) fn excuse(&mut self, id: &str) {
        self.0.entry(id.to_owned()).or_default().excused += 1;
    }
}

/// The store's side of it.
pub struct Slot {
    /// The way there.
    pub net: Net,
    /// The time.
    pub watch: Watch,
}

#[async_trait]
impl Post for Slot {
    async fn hand_over(&self, _from: &str, message: Message) -> Result<(), MailError> {
        let ask = Ask::Mail { id: message.message_id, to: message.to, subject: message.subject };
        match self.net.call(ask, self.watch.now()).await {
            Reply::Mail(done) => done,
            _ => unreachable!("a letter is answered by a receipt"),
        }
    }

    async fn greet(&self) -> Result<bool, MailError> {
        Ok(true)
    }
}
