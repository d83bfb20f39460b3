//! Passwords are changed and, forgotten, chosen anew.
//!
//! Asking for a new password answers the same, after the same work, whether or not the address has an
//! account; the mail tells. Its token is bound to the account it was made for, good once, for an hour,
//! and void as soon as the password changes or another token is asked for.

use std::net::IpAddr;

use chrono::TimeDelta;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use serde_json::json;

use super::accounts::{self, Account};
use super::action_tokens::{self, Purpose};
use super::audit::{self, Changes};
pub use super::entity::account_action::ActionPurpose;
use super::entity::account_action::{Column, Entity, Model};
use super::sessions::{self, Holder, SessionProblem};
use super::{Action, Actor, passwords, throttle};
use crate::app::App;
use crate::kernel::email;
use crate::kernel::event::{Audience, EventType};
use crate::kernel::ids::ActionTokenId;
use crate::kernel::problem::{Fault, Problem, VerbError};
use crate::platform::outbox::{self, NewEvent};
use crate::platform::tx::Tx;

/// How long the token of a forgotten password's mail is good for.
const LIFE: TimeDelta = TimeDelta::hours(1);
/// How often one address may be named from one place before its mails are slowed down.
const FREE_TRIES: u32 = 5;

/// What is wrong with a request about an account's password or address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialProblem {
    /// The e-mail address is not one.
    EmailInvalid,
    /// The new password is too short or too long.
    PasswordInvalid,
    /// The current password is not this one.
    CredentialsInvalid,
    /// The token is unknown, used, void or expired.
    TokenInvalid,
    /// Too many tries; wait.
    Throttled,
}

/// How a verb about an account's password or address says no.
pub type CredentialError = VerbError<CredentialProblem>;

/// Gives the account of whoever is signed in another password, and ends its other sessions.
pub async fn change_password(
    app: &App,
    actor: &Actor,
    current: &str,
    new: String,
    address: IpAddr,
) -> Result<(), CredentialError> {
    actor.may(Action::UseAccount)?;
    let holder = accounts::holder_of(actor)?;
    acceptable(&new, "input.newPassword")?;
    let account = proved(app, holder, current, "input.currentPassword", address).await?;
    let password_hash = passwords::hash(app, new).await?;
    let tx = Tx::begin(app).await?;
    if !accounts::unchanged(&tx, &account).await? {
        return Err(wrong("input.currentPassword"));
    }
    accounts::set_password(&tx, holder, password_hash).await?;
    sessions::end_others(&tx, holder, actor).await?;
    audit::record(&tx, actor, "account.passwordChange", accounts::stream(holder), Changes::none()).await?;
    tx.commit().await?;
    tracing::info!(account = accounts::stream(holder), "a password was changed");
    Ok(())
}

/// The account of `holder`, if `password` is its own: tried and counted as a sign-in is.
pub(super) async fn proved(
    app: &App,
    holder: Holder,
    password: &str,
    path: &str,
    address: IpAddr,
) -> Result<Account, CredentialError> {
    let known = accounts::lookup(app.db.read(), holder).await?.ok_or(Fault::Unauthenticated)?;
    if !passwords::acceptable(password) {
        return Err(wrong(path));
    }
    let found = accounts::proved(app, &known.email, password, address).await.map_err(|error| slow_down(error, path))?;
    found.filter(|account| account.holder == holder).ok_or_else(|| wrong(path))
}

fn slow_down(error: VerbError<SessionProblem>, path: &str) -> CredentialError {
    match error {
        VerbError::Fault(fault) => fault.into(),
        VerbError::Refused(problems) => {
            let message = |it: Problem<SessionProblem>| Problem::at(CredentialProblem::Throttled, path, it.message);
            VerbError::Refused(problems.into_iter().map(message).collect())
        }
    }
}

fn wrong(path: &str) -> CredentialError {
    VerbError::refused(CredentialProblem::CredentialsInvalid, path, "this is not the account's password")
}

fn acceptable(password: &str, path: &str) -> Result<(), CredentialError> {
    if passwords::acceptable(password) {
        return Ok(());
    }
    let message = format!("a password has {} to {} characters", passwords::MIN_LENGTH, passwords::MAX_LENGTH);
    Err(VerbError::refused(CredentialProblem::PasswordInvalid, path, message))
}

/// Takes the wish for a new password. What becomes of it goes out by mail. Whether there is an account
/// shows neither in the answer nor in the work: the same rows are read and written.
pub async fn request_reset(app: &App, email: &str, address: IpAddr) -> Result<(), CredentialError> {
    let email = email::parse(email).map(|it| email::key(&it));
    let email =
        email.map_err(|error| VerbError::refused(CredentialProblem::EmailInvalid, "input.email", error.to_string()))?;
    if throttle::count(app, &throttle::key("reset", &email, address), FREE_TRIES).await?.is_err() {
        // Somebody fills the address' mailbox. The answer is the same as ever.
        return Ok(());
    }
    let tx = Tx::begin(app).await?;
    let holder = accounts::by_email(&tx, &email).await?.map(|account| account.holder);
    let before = Entity::update_many().col_expr(Column::UsedAt, Expr::value(tx.now()));
    let before = before.filter(Column::Email.eq(email.as_str())).filter(Column::UsedAt.is_null());
    before.filter(Column::Purpose.eq(ActionPurpose::ResetPassword)).exec(&tx).await?;
    let row = accounts::new_action(&tx, ActionPurpose::ResetPassword, email, holder, LIFE).insert(&tx).await?;
    announce(&tx, &row, EventType::PasswordResetRequested, "somebody asked for a new password").await?;
    tx.commit().await?;
    Ok(())
}

/// Tells of an action, for its mail.
pub(super) async fn announce(tx: &Tx, row: &Model, kind: EventType, message: &str) -> Result<(), Fault> {
    let event = NewEvent::of_stream(row.id.to_string(), kind, Audience::Internal, message);
    outbox::append(tx, event.data(json!({ "actionId": row.id }))).await?;
    Ok(())
}

/// Gives the account that `token` was made for another password, and ends all its sessions. Whoever
/// has the mail still has to sign in: a mailbox is no second factor.
pub async fn reset_password(app: &App, token: &str, new: String) -> Result<(), CredentialError> {
    let id = action_tokens::read(app, Purpose::ResetPassword, token).ok_or_else(void)?;
    acceptable(&new, "input.newPassword")?;
    let password_hash = passwords::hash(app, new).await?;
    let tx = Tx::begin(app).await?;
    let (_, account) = take(&tx, id, ActionPurpose::ResetPassword).await?.ok_or_else(void)?;
    let holder = account.holder;
    accounts::set_password(&tx, holder, password_hash).await?;
    sessions::end_all(&tx, holder).await?;
    let nobody = Actor::anonymous();
    audit::record(&tx, &nobody, "account.passwordReset", accounts::stream(holder), Changes::none()).await?;
    tx.commit().await?;
    tracing::info!(account = accounts::stream(holder), "a password was reset");
    Ok(())
}

/// The action a good token stands for, and its account, both locked, the account first as everywhere;
/// nothing if the action was used, is void or expired, or belongs to nobody.
pub(super) async fn take(
    tx: &Tx,
    id: ActionTokenId,
    purpose: ActionPurpose,
) -> Result<Option<(Model, Account)>, Fault> {
    let seen = Entity::find_by_id(id).one(tx).await?;
    let Some(holder) = seen.and_then(|row| row.holder()) else { return Ok(None) };
    let Some(account) = accounts::lock(tx, holder).await? else { return Ok(None) };
    let found = Entity::find_by_id(id).lock_exclusive().one(tx).await?;
    let good = found.filter(|row| row.purpose == purpose && row.used_at.is_none() && row.expires_at > tx.now());
    Ok(good.map(|row| (row, account)))
}

pub(super) fn void() -> CredentialError {
    let message = "the link is not valid any more; ask for another one";
    VerbError::refused(CredentialProblem::TokenInvalid, "input.token", message)
}

/// What a mail about an account has to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountMail {
    /// A new password can be chosen with this token.
    ResetPassword {
        /// To whom.
        email: String,
        /// The secret.
        token: String,
    },
    /// The password was changed.
    PasswordChanged {
        /// To whom.
        email: String,
    },
    /// The account is to move to this address: confirm it with this token.
    ConfirmEmail {
        /// To whom.
        email: String,
        /// The secret.
        token: String,
    },
    /// An account was to move to this address, which has one already.
    EmailTaken {
        /// To whom.
        email: String,
    },
    /// The account is to move to another address; told at the one it has.
    EmailChanging {
        /// To whom.
        email: String,
    },
}

/// What to tell by mail about the event `kind` of the action `id`; nothing if the action is void.
pub async fn mail_for(app: &App, kind: EventType, id: ActionTokenId) -> Result<Option<AccountMail>, Fault> {
    let conn = app.db.read();
    let found = Entity::find_by_id(id).one(conn).await?;
    let Some(row) = found.filter(|row| row.used_at.is_none() && row.expires_at > app.clock.now()) else {
        return Ok(None);
    };
    let Some(holder) = row.holder() else { return Ok(None) };
    Ok(match kind {
        EventType::PasswordResetRequested => {
            let token = action_tokens::make(app, Purpose::ResetPassword, id);
            Some(AccountMail::ResetPassword { email: row.email, token })
        }
        EventType::EmailConfirmationRequested if accounts::taken(conn, &row.email).await? => {
            Some(AccountMail::EmailTaken { email: row.email })
        }
        EventType::EmailConfirmationRequested => {
            let token = action_tokens::make(app, Purpose::ChangeEmail, id);
            Some(AccountMail::ConfirmEmail { email: row.email, token })
        }
        EventType::EmailChangeRequested => {
            let account = accounts::lookup(conn, holder).await?;
            account.map(|account| AccountMail::EmailChanging { email: account.email })
        }
        _ => None,
    })
}

/// What to tell the holder of an account whose password was changed; nothing if the account is gone.
pub async fn mail_to(app: &App, holder: &str) -> Result<Option<AccountMail>, Fault> {
    let Some(holder) = accounts::parse(holder) else { return Ok(None) };
    let account = accounts::lookup(app.db.read(), holder).await?;
    Ok(account.map(|account| AccountMail::PasswordChanged { email: account.email }))
}
