//! Passwords and addresses of accounts change.

use async_graphql::{Context, InputObject, Object, SimpleObject};

use super::account::AccountErrorCode;
use crate::graph::{ContextExt, Nullable, payload, required};
use crate::identity::{credentials, email_change};
use crate::user_error;

user_error!(PasswordChangeUserError, AccountErrorCode);
user_error!(PasswordResetRequestUserError, AccountErrorCode);
user_error!(PasswordResetUserError, AccountErrorCode);
user_error!(EmailChangeRequestUserError, AccountErrorCode);
user_error!(EmailChangeUserError, AccountErrorCode);

/// Another password for the account of whoever is signed in.
#[derive(InputObject)]
pub struct PasswordChangeInput {
    /// The password it has.
    current_password: String,
    /// The one it gets, of 10 to 256 characters.
    new_password: String,
}

/// Whose password was forgotten.
#[derive(InputObject)]
pub struct PasswordResetRequestInput {
    /// The account's address; a mail goes there.
    email: String,
}

/// A password for an account whose password was forgotten.
#[derive(InputObject)]
pub struct PasswordResetInput {
    /// The token from the mail: good once, for an hour.
    token: String,
    /// The password the account gets, of 10 to 256 characters.
    new_password: String,
}

/// Another address for the account of whoever is signed in.
#[derive(InputObject)]
pub struct EmailChangeRequestInput {
    /// The address it is to move to; a mail goes there.
    new_email: String,
    /// The account's password.
    password: String,
}

/// The proof that an address is read.
#[derive(InputObject)]
pub struct EmailChangeInput {
    /// The token from the mail: good once, for 24 hours.
    token: String,
}

macro_rules! payloads {
    ($($(#[$doc:meta])* $name:ident, $error:ident, $done:ident, $what:literal;)*) => {$(
        $(#[$doc])*
        #[derive(SimpleObject)]
        pub struct $name {
            #[doc = $what]
            $done: bool,
            /// Why not; empty if it was.
            user_errors: Vec<$error>,
        }

        impl $name {
            fn of(result: Result<(), credentials::CredentialError>) -> Nullable<Self> {
                required(payload(result).map(|(done, user_errors)| Self { $done: done.is_some(), user_errors }))
            }
        }
    )*};
}

payloads! {
    /// What became of a password.
    PasswordChangePayload, PasswordChangeUserError, changed, "Whether the account has its new password.";
    /// What became of the wish for a new password.
    PasswordResetRequestPayload, PasswordResetRequestUserError, accepted, "Whether it was taken. A mail tells how to go on, if the address has an account.";
    /// What became of a forgotten password.
    PasswordResetPayload, PasswordResetUserError, reset, "Whether the account has its new password. All its sessions have ended: sign in with it.";
    /// What became of the wish for another address.
    EmailChangeRequestPayload, EmailChangeRequestUserError, accepted, "Whether it was taken. A mail to the new address tells how to go on.";
    /// What became of an account's address.
    EmailChangePayload, EmailChangeUserError, changed, "Whether the account has moved.";
}

/// The mutations about passwords and addresses.
#[derive(Default)]
pub struct CredentialMutation;

#[Object]
impl CredentialMutation {
    /// Gives the account of whoever is signed in another password. All its other sessions end at once.
    async fn password_change(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The old and the new password.")] input: PasswordChangeInput,
    ) -> Nullable<PasswordChangePayload> {
        let (old, new) = (input.current_password, input.new_password);
        PasswordChangePayload::of(credentials::change_password(ctx.app(), ctx.actor(), &old, new, ctx.address()).await)
    }

    /// Asks for a new password. The answer is the same whether or not the address has an account: what
    /// follows goes out by mail.
    async fn password_reset_request(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose password was forgotten.")] input: PasswordResetRequestInput,
    ) -> Nullable<PasswordResetRequestPayload> {
        PasswordResetRequestPayload::of(credentials::request_reset(ctx.app(), &input.email, ctx.address()).await)
    }

    /// Gives the account that the token of a mail was made for a new password, and ends all its
    /// sessions. Nobody is signed in by it.
    async fn password_reset(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token and the new password.")] input: PasswordResetInput,
    ) -> Nullable<PasswordResetPayload> {
        PasswordResetPayload::of(credentials::reset_password(ctx.app(), &input.token, input.new_password).await)
    }

    /// Asks to move the account of whoever is signed in to another address. The answer is the same
    /// whether or not that address has an account; the old address is told.
    async fn email_change_request(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new address, and the account's password.")] input: EmailChangeRequestInput,
    ) -> Nullable<EmailChangeRequestPayload> {
        let (new, password) = (input.new_email, input.password);
        EmailChangeRequestPayload::of(
            email_change::request(ctx.app(), ctx.actor(), &new, &password, ctx.address()).await,
        )
    }

    /// Moves the account of whoever is signed in to the address that the token of a mail proves.
    async fn email_change(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token from the mail.")] input: EmailChangeInput,
    ) -> Nullable<EmailChangePayload> {
        EmailChangePayload::of(email_change::confirm(ctx.app(), ctx.actor(), &input.token).await)
    }
}
