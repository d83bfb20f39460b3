//! The settings an adapter has, and what may stand in them.

use serde_json::{Map, Value};
use url::Url;

use crate::feeds::Mapping;
use crate::kernel::email;
use crate::platform::egress::{Egress, EgressError};
use crate::platform::sftp;
use crate::platform::standard_webhooks::WebhookKey;

/// The longest text, secret or address.
const MAX_LENGTH: usize = 2048;

/// What is said of an address that may not be called.
const CLOSED: &str = "This host may not be reached; the operator may allow it (CONSIGN_EGRESS_ALLOW).";

/// What is said of an address that is none of a file.
const NO_FILE: &str = "An http or https address, or sftp://user@host/path; a password is a setting of its own.";

/// One setting of an adapter.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Its name in the owner's JSON object.
    pub name: &'static str,
    /// What may stand in it.
    pub kind: SettingKind,
    /// Whether the adapter cannot do without it.
    pub required: bool,
    /// What it is, for people.
    pub about: &'static str,
}

/// What may stand in a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingKind {
    /// An http or https address that paths can be added to, of a host that may be reached.
    Url,
    /// An http, https or sftp address of one file, of a host that may be reached.
    File,
    /// Which column of a file is which field ([`crate::feeds::Mapping`]).
    Mapping,
    /// A secret that fits into an HTTP header.
    Token,
    /// A secret that people type.
    Password,
    /// A private key of SSH: a secret.
    PrivateKey,
    /// The fingerprint of a server's key, `SHA256:…`.
    Fingerprint,
    /// The key of Standard Webhooks, `whsec_…`: a secret.
    WebhookSecret,
    /// An e-mail address.
    Email,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A whole number between two.
    Whole(i64, i64),
}

impl SettingKind {
    /// Whether it is sealed, and never shown again.
    pub fn is_secret(self) -> bool {
        matches!(self, Self::Token | Self::Password | Self::PrivateKey | Self::WebhookSecret)
    }

    /// Whether the server that is called is told it.
    pub(super) fn is_sent(self) -> bool {
        matches!(self, Self::Token | Self::Password)
    }

    /// The value as it is kept, or what is wrong with it.
    pub(super) fn read(self, egress: &Egress, given: &Value) -> Result<Value, String> {
        let text = given.as_str().filter(|text| text.len() <= MAX_LENGTH);
        match self {
            Self::Url => {
                let url = text.and_then(base_url).ok_or("An http or https address is needed.")?;
                egress.check(&url).map_err(|_| CLOSED)?;
                Ok(url.to_string().into())
            }
            Self::File => {
                let url = text.and_then(|text| Url::parse(text).ok()).filter(Url::has_host);
                let url = url.ok_or("An http, https or sftp address is needed.")?;
                let checked = if url.scheme() == "sftp" { sftp::check(egress, &url) } else { egress.check(&url) };
                checked.map_err(|error| match error {
                    EgressError::BadUrl => NO_FILE,
                    _ => CLOSED,
                })?;
                Ok(url.to_string().into())
            }
            Self::Mapping => Mapping::read(Some(given)).map(|_| given.clone()),
            Self::Token => {
                let is_token = |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
                Ok(text.filter(is_token).ok_or("A token has visible ASCII characters only.")?.into())
            }
            Self::Password => {
                let is_password = |text: &&str| !text.is_empty() && !text.chars().any(char::is_control);
                Ok(text.filter(is_password).ok_or("A password is one line of text.")?.into())
            }
            Self::PrivateKey => {
                let told = "An Ed25519 or ECDSA private key in PEM, without a passphrase.";
                Ok(text.filter(|text| sftp::is_private_key(text)).ok_or(told)?.into())
            }
            Self::Fingerprint => {
                let told = "The fingerprint of a key, as `ssh-keygen -l` prints it: `SHA256:` and 43 signs.";
                Ok(text.filter(|text| sftp::is_fingerprint(text)).ok_or(told)?.into())
            }
            Self::WebhookSecret => {
                let is_key = |text: &&str| WebhookKey::parse(text).is_ok();
                let told = "A webhook secret is `whsec_` and at least 16 bytes of base64.";
                Ok(text.filter(is_key).ok_or(told)?.into())
            }
            Self::Email => {
                let address = text.and_then(|text| email::parse(text).ok());
                Ok(address.ok_or("An e-mail address is needed.")?.into())
            }
            Self::Choice(words) => {
                let told = || format!("One of: {}.", words.join(", "));
                Ok(text.filter(|text| words.contains(text)).ok_or_else(told)?.into())
            }
            Self::Whole(least, most) => {
                let told = || format!("A whole number between {least} and {most}.");
                Ok(given.as_i64().filter(|it| (least..=most).contains(it)).ok_or_else(told)?.into())
            }
        }
    }
}

/// An address that paths can be added to.
fn base_url(text: &str) -> Option<Url> {
    let mut url = Url::parse(text).ok()?;
    let is_plain = url.query().is_none() && url.fragment().is_none() && url.has_host();
    let is_web = matches!(url.scheme(), "http" | "https");
    if !is_plain || !is_web {
        return None;
    }
    // Without the slash, joining would replace the last part of the path.
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Some(url)
}

/// What stands in an adapter's settings, secrets included.
#[derive(Debug, Default, Clone)]
pub struct Settings {
    /// What may be shown.
    pub(super) open: Map<String, Value>,
    /// What may not.
    pub(super) secret: Map<String, Value>,
}

impl Settings {
    /// What stands in a setting.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.open.get(name).or_else(|| self.secret.get(name)).filter(|value| !value.is_null())
    }

    /// The text of a setting.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.value(name).and_then(Value::as_str)
    }

    /// The address in a setting.
    pub fn url(&self, name: &str) -> Option<Url> {
        self.text(name).and_then(base_url)
    }

    /// The number in a setting.
    pub fn whole(&self, name: &str) -> Option<i64> {
        self.value(name).and_then(Value::as_i64)
    }
}
