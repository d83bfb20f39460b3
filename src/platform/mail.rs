//! Mail by SMTP.

use std::sync::Arc;

use async_trait::async_trait;
use lettre::message::{Mailbox, header};
use lettre::transport::smtp;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

use super::config::Config;
use crate::kernel::clock::Timestamp;

/// How long one SMTP exchange may take.
const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(10);

/// A message to one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The address.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// The text.
    pub text: String,
    /// What makes this message this message, however often it is sent; without brackets and domain.
    pub message_id: String,
    /// When it was written.
    pub date: Timestamp,
}

/// Why a message was not sent.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// There is no `smtp_url`: the message waits until there is.
    #[error("no SMTP server is configured (CONSIGN_SMTP_URL)")]
    NotConfigured,
    /// Trying again may help.
    #[error("the mail server could not take the message: {0}")]
    Retry(String),
    /// Trying again is of no use.
    #[error("the mail server refused the message: {0}")]
    Permanent(String),
}

/// Who takes a message away.
#[async_trait]
pub trait Post: Send + Sync {
    /// Hands over `message`, which `from` sends.
    async fn hand_over(&self, from: &str, message: Message) -> Result<(), MailError>;

    /// Greets whoever takes messages away and sends nothing; whether they are ready.
    async fn greet(&self) -> Result<bool, MailError>;
}

/// Sends mail. Cheap to clone.
#[derive(Clone)]
pub struct Mailer {
    from: Option<String>,
    post: Option<Arc<dyn Post>>,
}

impl Mailer {
    /// The mailer the configuration asks for; without `smtp_url` one that sends nothing.
    pub fn new(config: &Config) -> anyhow::Result<Self> {
        let post: Option<Arc<dyn Post>> = match &config.smtp_url {
            Some(url) => Some(Arc::new(
                AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose())?.timeout(Some(TIMEOUT)).build(),
            )),
            None => None,
        };
        Ok(Self { from: config.mail_from.clone(), post })
    }

    /// A mailer that hands everything to `post`.
    pub fn by(post: Arc<dyn Post>) -> Self {
        Self { from: None, post: Some(post) }
    }

    /// Greets the mail server and sends nothing; whether it is ready.
    pub async fn greet(&self) -> Result<bool, MailError> {
        self.post.as_ref().ok_or(MailError::NotConfigured)?.greet().await
    }

    /// Sends `message`. `sender` stands in the From line when the configuration names no `mail_from`.
    pub async fn send(&self, sender: Option<&str>, message: Message) -> Result<(), MailError> {
        let post = self.post.as_ref().ok_or(MailError::NotConfigured)?;
        let from = self.from.as_deref().or(sender).unwrap_or("store@localhost");
        post.hand_over(from, message).await
    }
}

#[async_trait]
impl Post for AsyncSmtpTransport<Tokio1Executor> {
    async fn hand_over(&self, from: &str, message: Message) -> Result<(), MailError> {
        match AsyncTransport::send(self, build(from, message)?).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_permanent() => Err(MailError::Permanent(text(&error))),
            Err(error) => Err(MailError::Retry(text(&error))),
        }
    }

    async fn greet(&self) -> Result<bool, MailError> {
        self.test_connection().await.map_err(|error| MailError::Retry(text(&error)))
    }
}

fn build(from: &str, message: Message) -> Result<lettre::Message, MailError> {
    let refuse = |error: &dyn std::fmt::Display| MailError::Permanent(error.to_string());
    let from: Mailbox = from.parse().map_err(|error: lettre::address::AddressError| refuse(&error))?;
    // Parsed as an address, so nothing can be smuggled in as a second header or recipient.
    let to: lettre::Address = message.to.parse().map_err(|error: lettre::address::AddressError| refuse(&error))?;
    let domain = from.email.domain().to_owned();
    lettre::Message::builder()
        .message_id(Some(format!("<{}@{domain}>", one_line(&message.message_id))))
        .date(message.date.into())
        .from(from)
        .to(Mailbox::new(None, to))
        .subject(one_line(&message.subject))
        .header(header::ContentType::TEXT_PLAIN)
        .body(message.text)
        .map_err(|error| refuse(&error))
}

/// A header is one line, whatever an order's name or a store's name holds.
fn one_line(text: &str) -> String {
    text.chars().map(|it| if it.is_control() { ' ' } else { it }).collect()
}

/// The error with its cause; lettre's own text is only the kind.
fn text(error: &smtp::Error) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_cannot_be_injected() {
        let message = |to: &str| Message {
            to: to.to_owned(),
            subject: "Order 1001\r\nBcc: victim@example.com".to_owned(),
            text: "hello".to_owned(),
            message_id: "evt_1".to_owned(),
            date: chrono::DateTime::UNIX_EPOCH,
        };
        let mail = build("Shop <shop@example.com>", message("a@example.com")).expect("a mail");
        let mail = String::from_utf8(mail.formatted()).expect("text");
        assert!(!mail.lines().any(|line| line.starts_with("Bcc")), "{mail}");
        assert!(mail.contains("Message-ID: <evt_1@example.com>"), "{mail}");
        for to in ["a@example.com\r\nBcc: b@example.com", "a@example.com, b@example.com", "nobody"] {
            assert!(matches!(build("shop@example.com", message(to)), Err(MailError::Permanent(_))), "{to}");
        }
    }
}
