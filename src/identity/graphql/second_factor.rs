//! The second factor of those who work for the store.

use async_graphql::{Context, Enum, Object, SimpleObject};

use super::visible_to_store;
use crate::graph::{ContextExt, Nullable, payload, required};
use crate::identity::totp::{self, TotpProblem};
use crate::store;
use crate::user_error;

/// What can be wrong with a request about the second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "TotpProblem", visible = "visible_to_store")]
pub enum SecondFactorErrorCode {
    /// The password is not the caller's.
    CredentialsInvalid,
    /// The code is not right, or was used.
    CodeInvalid,
    /// The second factor is on already.
    AlreadyOn,
    /// It was not begun, or is off.
    Off,
    /// Too many tries; wait.
    Throttled,
}

user_error!(SecondFactorBeginUserError, SecondFactorErrorCode, "visible_to_store");
user_error!(SecondFactorConfirmUserError, SecondFactorErrorCode, "visible_to_store");
user_error!(SecondFactorDisableUserError, SecondFactorErrorCode, "visible_to_store");

/// A secret for an authenticator app.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct SecondFactorBeginPayload {
    /// The secret in base 32, to be typed; null if none was made. Shown this once.
    secret: Option<String>,
    /// The same as an `otpauth://` address, for a QR code; null if none was made.
    url: Option<String>,
    /// Why not.
    user_errors: Vec<SecondFactorBeginUserError>,
}

/// What became of the second factor.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct SecondFactorConfirmPayload {
    /// Ten codes, each good once instead of the app's; null if it was not turned on. Shown this once.
    recovery_codes: Option<Vec<String>>,
    /// Why not.
    user_errors: Vec<SecondFactorConfirmUserError>,
}

/// What became of the second factor.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct SecondFactorDisablePayload {
    /// Whether it is off now.
    disabled: bool,
    /// Why not.
    user_errors: Vec<SecondFactorDisableUserError>,
}

/// The mutations about the second factor.
#[derive(Default)]
pub struct SecondFactorMutation;

#[Object]
impl SecondFactorMutation {
    /// Makes a secret for the caller's authenticator app. It counts once `secondFactorConfirm` has seen a
    /// code of it. For whoever works for the store, with a session.
    #[graphql(visible = "visible_to_store")]
    async fn second_factor_begin(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The caller's password.")] password: String,
    ) -> Nullable<SecondFactorBeginPayload> {
        let result = async {
            let shop = store::settings(ctx.app().db.read()).await?.name;
            totp::begin(ctx.app(), ctx.actor(), &shop, &password).await
        };
        required(payload(result.await).map(|(made, user_errors)| {
            let (secret, url) = made.map(|made| (made.secret, made.url)).unzip();
            SecondFactorBeginPayload { secret, url, user_errors }
        }))
    }

    /// Turns the second factor on: from now on signing in takes a code. The caller's other sessions end.
    #[graphql(visible = "visible_to_store")]
    async fn second_factor_confirm(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A code of the app.")] code: String,
    ) -> Nullable<SecondFactorConfirmPayload> {
        let result = totp::confirm(ctx.app(), ctx.actor(), &code).await;
        required(
            payload(result)
                .map(|(recovery_codes, user_errors)| SecondFactorConfirmPayload { recovery_codes, user_errors }),
        )
    }

    /// Turns the second factor off.
    #[graphql(visible = "visible_to_store")]
    async fn second_factor_disable(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The caller's password.")] password: String,
        #[graphql(desc = "A code of the app, or a recovery code.")] code: String,
    ) -> Nullable<SecondFactorDisablePayload> {
        let result = totp::disable(ctx.app(), ctx.actor(), &password, &code).await;
        required(
            payload(result)
                .map(|(done, user_errors)| SecondFactorDisablePayload { disabled: done.is_some(), user_errors }),
        )
    }
}
