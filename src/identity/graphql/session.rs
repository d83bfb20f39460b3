//! Signing in, staying in, signing out.

use async_graphql::{Context, InputObject, Object, SimpleObject};

use super::account::AccountErrorCode;
use crate::graph::scalars::DateTime;
use crate::graph::{ContextExt, Nullable, payload, required};
use crate::identity::sessions::{self, EndSession, IssuedSession, SignIn};
use crate::user_error;

user_error!(SessionCreateUserError, AccountErrorCode);
user_error!(SessionRefreshUserError, AccountErrorCode);
user_error!(SessionEndUserError, AccountErrorCode);

/// What to act with: shown this once.
pub struct Session(pub IssuedSession);

/// What to act with: shown this once.
#[Object]
impl Session {
    /// Send it as `Authorization: Bearer …`. It lives for 15 minutes.
    async fn access_token(&self) -> &str {
        &self.0.access_token
    }

    /// When the access token ends.
    async fn expires_at(&self) -> DateTime {
        self.0.expires_at
    }

    /// Gives the next pair of tokens, once, within 30 days. Keep it secret.
    async fn refresh_token(&self) -> &str {
        &self.0.refresh_token
    }
}

/// Who signs in.
#[derive(InputObject)]
pub struct SessionCreateInput {
    /// The account's address.
    email: String,
    /// The account's password.
    password: String,
    /// A code of the authenticator app, or a recovery code; for accounts of the store with a second factor.
    code: Option<String>,
}

/// What to end.
#[derive(InputObject)]
pub struct SessionEndInput {
    /// The session this refresh token belongs to; without it, the caller's own.
    refresh_token: Option<String>,
    /// All sessions of the same account, on all devices.
    all: Option<bool>,
}

/// What became of a sign-in.
#[derive(SimpleObject)]
pub struct SessionCreatePayload {
    /// The session; null if there is none.
    session: Option<Session>,
    /// Why there is none.
    user_errors: Vec<SessionCreateUserError>,
}

/// What became of a refresh.
#[derive(SimpleObject)]
pub struct SessionRefreshPayload {
    /// The next pair of tokens; null if there is none.
    session: Option<Session>,
    /// Why there is none.
    user_errors: Vec<SessionRefreshUserError>,
}

/// What became of a sign-out.
#[derive(SimpleObject)]
pub struct SessionEndPayload {
    /// Whether the session, or all of them, have ended, now or before.
    ended: bool,
    /// Why not.
    user_errors: Vec<SessionEndUserError>,
}

/// The mutations about sessions.
#[derive(Default)]
pub struct SessionMutation;

#[Object]
impl SessionMutation {
    /// Signs in a customer, or somebody of the store.
    async fn session_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who signs in.")] input: SessionCreateInput,
    ) -> Nullable<SessionCreatePayload> {
        let given = SignIn { email: input.email, password: input.password, code: input.code };
        let result = sessions::create(ctx.app(), given, ctx.address()).await;
        required(
            payload(result)
                .map(|(session, user_errors)| SessionCreatePayload { session: session.map(Session), user_errors }),
        )
    }

    /// Takes a refresh token for the next pair of tokens. One that is used again later ends its
    /// session: somebody has copied it.
    async fn session_refresh(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The refresh token of the last pair.")] refresh_token: String,
    ) -> Nullable<SessionRefreshPayload> {
        let result = sessions::refresh(ctx.app(), &refresh_token).await;
        required(
            payload(result)
                .map(|(session, user_errors)| SessionRefreshPayload { session: session.map(Session), user_errors }),
        )
    }

    /// Signs out: the session's tokens end at once.
    async fn session_end(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to end.")] input: SessionEndInput,
    ) -> Nullable<SessionEndPayload> {
        let which = EndSession { refresh_token: input.refresh_token, all: input.all.unwrap_or_default() };
        let result = sessions::end(ctx.app(), ctx.actor(), which).await;
        required(payload(result).map(|(done, user_errors)| SessionEndPayload { ended: done.is_some(), user_errors }))
    }
}
