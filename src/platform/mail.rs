//! Mail by SMTP.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use lettre::message::header::{ContentTransferEncoding, ContentType};
use lettre::message::{Attachment, Body, Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

use super::config::Config;
use crate::kernel::clock::Timestamp;

/// How long one SMTP exchange may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How long a mail server may take to greet and be greeted, before a message that must not arrive twice.
const GREETING: Duration = Duration::from_secs(8);
/// How long it may then take to take that message.
const HANDING_OVER: Duration = Duration::from_secs(15);

/// A message to one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The address.
    pub to: String,
    /// An address that gets a copy.
    pub cc: Option<String>,
    /// Where answers go, if not to the sender.
    pub reply_to: Option<String>,
    /// The subject.
    pub subject: String,
    /// The text.
    pub text: String,
    /// Files that come with it.
    pub files: Vec<File>,
    /// What makes this message this message, however often it is sent; without brackets and domain.
    pub message_id: String,
    /// When it was written.
    pub date: Timestamp,
}

/// A file that comes with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name.
    pub name: &'static str,
    /// What kind of file it is, such as `application/pdf`.
    pub media_type: &'static str,
    /// What is in it.
    pub content: Vec<u8>,
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
    /// It may have been taken: nobody heard.
    #[error("whether the mail server took the message is not known: {0}")]
    Unknown(String),
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

    /// Sends a message that must not arrive twice by our doing. The mail server is greeted first, so that
    /// whatever is wrong with it shows before anything is handed over, and only what breaks afterwards
    /// leaves the outcome [`MailError::Unknown`].
    pub async fn send_once(&self, sender: Option<&str>, message: Message) -> Result<(), MailError> {
        let (mailer, sender) = (self.clone(), sender.map(str::to_owned));
        let greeter = self.clone();
        match patiently(GREETING, async move { greeter.greet().await }).await {
            Some(Ok(true)) => {}
            Some(Ok(false)) => return Err(MailError::Retry("it is not ready".to_owned())),
            Some(Err(error)) => return Err(error),
            None => return Err(MailError::Retry("it did not answer in time".to_owned())),
        }
        let sent = patiently(HANDING_OVER, async move { mailer.send(sender.as_deref(), message).await }).await;
        sent.unwrap_or_else(|| Err(MailError::Unknown("it did not answer in time".to_owned())))
    }
}

/// Waits so long for an exchange, and no longer. It goes on by itself in a task of its own: dropped in the
/// middle, its connection would go back among those for other messages, one answer behind.
async fn patiently<T: Send + 'static>(
    limit: Duration,
    exchange: impl Future<Output = T> + Send + 'static,
) -> Option<T> {
    tokio::time::timeout(limit, tokio::spawn(exchange)).await.ok()?.ok()
}

#[async_trait]
impl Post for AsyncSmtpTransport<Tokio1Executor> {
    async fn hand_over(&self, from: &str, message: Message) -> Result<(), MailError> {
        match AsyncTransport::send(self, build(from, message)?).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_permanent() => Err(MailError::Permanent(text(&error))),
            Err(error) if is_surely_not_taken(&error) => Err(MailError::Retry(text(&error))),
            Err(error) => Err(MailError::Unknown(text(&error))),
        }
    }

    async fn greet(&self) -> Result<bool, MailError> {
        self.test_connection().await.map_err(|error| MailError::Retry(text(&error)))
    }
}

/// Whether the server said that it does not take the message, or nothing was said to it. The library does not
/// tell a connection that was never made from one that broke: of the rest nothing is known.
fn is_surely_not_taken(error: &smtp::Error) -> bool {
    error.is_transient() || error.is_client() || error.is_tls() || error.is_transport_shutdown()
}

fn build(from: &str, message: Message) -> Result<lettre::Message, MailError> {
    let refuse = |error: &dyn std::fmt::Display| MailError::Permanent(error.to_string());
    // Parsed as an address, so nothing can be smuggled in as a second header or recipient.
    let address = |text: &str| match text.parse::<lettre::Address>() {
        Ok(address) => Ok(Mailbox::new(None, address)),
        Err(error) => Err(refuse(&error)),
    };
    let from: Mailbox = from.parse().map_err(|error: lettre::address::AddressError| refuse(&error))?;
    let domain = from.email.domain().to_owned();
    let mut mail = lettre::Message::builder()
        .message_id(Some(format!("<{}@{domain}>", one_line(&message.message_id))))
        .date(message.date.into())
        .from(from)
        .to(address(&message.to)?)
        .subject(one_line(&message.subject));
    if let Some(cc) = &message.cc {
        mail = mail.cc(address(cc)?);
    }
    if let Some(reply_to) = &message.reply_to {
        mail = mail.reply_to(address(reply_to)?);
    }
    if message.files.is_empty() {
        return mail.header(ContentType::TEXT_PLAIN).body(message.text).map_err(|error| refuse(&error));
    }
    let mut parts = MultiPart::mixed().singlepart(SinglePart::plain(message.text));
    for file in message.files {
        let media_type = ContentType::parse(file.media_type).map_err(|error| refuse(&error))?;
        // Byte for byte, which no other encoding promises.
        let content = Body::new_with_encoding(file.content, ContentTransferEncoding::Base64);
        let content = content.map_err(|_| MailError::Permanent(format!("{} cannot be encoded", file.name)))?;
        parts = parts.singlepart(Attachment::new(file.name.to_owned()).body(content, media_type));
    }
    mail.multipart(parts).map_err(|error| refuse(&error))
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
            cc: None,
            reply_to: None,
            files: vec![],
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
