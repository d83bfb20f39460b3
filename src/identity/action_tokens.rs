//! The tokens that mails carry.
//!
//! Nothing of them is kept: such a token is the id of a row with a MAC over it, made again when it is
//! checked. Its key belongs to one purpose, so a token for one is worth nothing for another; the row
//! says until when it is good and whether it was used.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use uuid::Uuid;

use crate::app::App;
use crate::kernel::ids::{ActionTokenId, TypedId as _};
use crate::platform::config::Secret;
use crate::platform::keys;

/// What starts the text of a mail's token.
const ACTION_PREFIX: &str = "cvt_";

/// What a mail's token is good for. A token for one purpose is worth nothing for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Verifying an address.
    VerifyEmail,
    /// Choosing a new password.
    ResetPassword,
    /// Moving an account to another address.
    ChangeEmail,
    /// Becoming a member of staff.
    JoinStaff,
}

impl Purpose {
    fn label(self) -> &'static [u8] {
        match self {
            Self::VerifyEmail => b"consign verify-email v1",
            Self::ResetPassword => b"consign reset-password v1",
            Self::ChangeEmail => b"consign change-email v1",
            Self::JoinStaff => b"consign join-staff v1",
        }
    }
}

/// The token for `purpose` that stands for the row `id`.
pub(super) fn make(app: &App, purpose: Purpose, id: ActionTokenId) -> String {
    let mut bytes = id.uuid().into_bytes().to_vec();
    bytes.extend_from_slice(&mac(&app.config.secret_key, purpose, id).finalize().into_bytes());
    format!("{ACTION_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// The row that `token` stands for, if this server made it for `purpose`.
pub(super) fn read(app: &App, purpose: Purpose, token: &str) -> Option<ActionTokenId> {
    let bytes = URL_SAFE_NO_PAD.decode(token.strip_prefix(ACTION_PREFIX)?).ok()?;
    let (id, tag) = bytes.split_at_checked(16)?;
    let id = ActionTokenId::from_uuid(Uuid::from_slice(id).ok()?);
    // Compares in constant time.
    let mut keys = std::iter::once(&app.config.secret_key).chain(&app.config.secret_key_previous);
    keys.any(|key| mac(key, purpose, id).verify_slice(tag).is_ok()).then_some(id)
}

fn mac(key: &Secret, purpose: Purpose, id: ActionTokenId) -> Hmac<Sha256> {
    let key = keys::derive(key.expose(), purpose.label());
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes a key of any length");
    mac.update(id.uuid().as_bytes());
    mac
}
