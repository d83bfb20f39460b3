//! A visitor becomes a customer.
//!
//! The answer is the same, in the same time, whether or not the address has an account; the mail
//! tells which. The account is made when the mail's token comes back: until then nobody has shown
//! that the address is theirs, and there is nothing to sign in to.

use std::net::IpAddr;

use chrono::TimeDelta;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, QuerySelect, Set};
use serde_json::json;

use super::action_tokens::Purpose;
use super::entity::{customer, registration};
use super::sessions::{Holder, IssuedSession};
use super::{accounts, action_tokens, names, passwords, sessions, throttle};
use crate::app::App;
use crate::kernel::email;
use crate::kernel::event::{Audience, EventType};
use crate::kernel::ids::ActionTokenId;
use crate::kernel::problem::{Fault, Problem, VerbError};
use crate::platform::db::unless_duplicate;
use crate::platform::outbox::{self, NewEvent};
use crate::platform::tx::Tx;

/// How long the token of the mail is good for.
const LIFE: TimeDelta = TimeDelta::hours(24);
/// How often one address may be registered from one place before its mails are slowed down.
const FREE_TRIES: u32 = 5;

/// What a visitor fills in.
#[derive(Debug, Clone)]
pub struct Registration {
    /// The address.
    pub email: String,
    /// The password.
    pub password: String,
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// Whether news may be sent.
    pub accepts_marketing: bool,
}

/// What is wrong with a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegistrationProblem {
    /// The e-mail address is not one.
    EmailInvalid,
    /// The password is too short or too long.
    PasswordInvalid,
    /// Another text is too long, or has characters that are not text.
    Invalid,
    /// The token is unknown, used or expired.
    TokenInvalid,
}

/// Takes a registration. What becomes of it goes out by mail.
pub async fn register(app: &App, input: Registration, address: IpAddr) -> Result<(), VerbError<RegistrationProblem>> {
    let email = checked(&input)?;
    // Hashed in any case: the time must not tell anything either.
    let password_hash = passwords::hash(app, input.password).await?;
    if throttle::count(app, &throttle::key("register", &email, address), FREE_TRIES).await?.is_err() {
        // Somebody fills the address' mailbox. The answer is the same as ever.
        return Ok(());
    }
    let tx = Tx::begin(app).await?;
    let row = registration::ActiveModel {
        id: Set(tx.new_id()),
        email: Set(email),
        password_hash: Set(password_hash),
        first_name: Set(names::tidy(input.first_name)),
        last_name: Set(names::tidy(input.last_name)),
        accepts_marketing: Set(input.accepts_marketing),
        created_at: Set(tx.now()),
        expires_at: Set(tx.now() + LIFE),
        used_at: Set(None),
    };
    let row = row.insert(&tx).await?;
    let stream = row.id.to_string();
    let message = "somebody registered, or asked again with a known address";
    let event = NewEvent::of_stream(stream, EventType::CustomerRegistered, Audience::Internal, message);
    outbox::append(&tx, event.data(json!({ "registrationId": row.id }))).await?;
    tx.commit().await?;
    Ok(())
}

fn checked(input: &Registration) -> Result<String, VerbError<RegistrationProblem>> {
    let mut problems = vec![];
    let email = email::parse(&input.email).map(|it| email::key(&it));
    if let Err(error) = email {
        problems.push(Problem::at(RegistrationProblem::EmailInvalid, "input.email", error.to_string()));
    }
    if !passwords::acceptable(&input.password) {
        let message = format!("a password has {} to {} characters", passwords::MIN_LENGTH, passwords::MAX_LENGTH);
        problems.push(Problem::at(RegistrationProblem::PasswordInvalid, "input.password", message));
    }
    for (path, name) in [("input.firstName", &input.first_name), ("input.lastName", &input.last_name)] {
        if let Some(message) = name.as_deref().and_then(names::problem) {
            problems.push(Problem::at(RegistrationProblem::Invalid, path, message));
        }
    }
    match email {
        Ok(email) if problems.is_empty() => Ok(email),
        _ => Err(VerbError::Refused(problems)),
    }
}

/// Makes the account whose address `token` proves, and signs its holder in.
pub async fn verify_email(
    app: &App,
    token: &str,
) -> Result<(customer::Model, IssuedSession), VerbError<RegistrationProblem>> {
    let invalid = || {
        let message = "the link is not valid any more; register again or sign in";
        VerbError::refused(RegistrationProblem::TokenInvalid, "token", message)
    };
    let id = action_tokens::read(app, Purpose::VerifyEmail, token).ok_or_else(invalid)?;
    let tx = Tx::begin(app).await?;
    let row = registration::Entity::find_by_id(id).lock_exclusive().one(&tx).await?.ok_or_else(invalid)?;
    if row.used_at.is_some() || row.expires_at <= tx.now() || accounts::taken(&tx, &row.email).await? {
        return Err(invalid());
    }
    let customer = customer::ActiveModel {
        id: Set(tx.new_id()),
        email: Set(row.email.clone()),
        password_hash: Set(row.password_hash.clone()),
        first_name: Set(row.first_name.clone()),
        last_name: Set(row.last_name.clone()),
        accepts_marketing: Set(row.accepts_marketing),
        tags: Set(customer::Tags::default()),
        created_at: Set(tx.now()),
        default_address_id: Set(None),
        erased_at: Set(None),
        erased_email: Set(None),
    };
    let customer = unless_duplicate(customer.insert(&tx).await)?.ok_or_else(invalid)?;
    let mut row = row.into_active_model();
    row.used_at = Set(Some(tx.now()));
    row.update(&tx).await?;
    accounts::tell_verified(&tx, customer.id).await?;
    let session = sessions::begin(&tx, Holder::Customer(customer.id)).await?;
    tx.commit().await?;
    Ok((customer, session))
}

/// What the mail to a registered address has to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegistrationMail {
    /// The address is new: verify it with this token.
    Verify {
        /// To whom.
        email: String,
        /// The secret.
        token: String,
    },
    /// The address has an account already.
    AlreadyRegistered {
        /// To whom.
        email: String,
    },
}

/// What to tell by mail about a registration; nothing if it is used or gone.
pub async fn mail_for(app: &App, id: ActionTokenId) -> Result<Option<RegistrationMail>, Fault> {
    let conn = app.db.read();
    let found = registration::Entity::find_by_id(id).one(conn).await?;
    let Some(row) = found.filter(|row| row.used_at.is_none() && row.expires_at > app.clock.now()) else {
        return Ok(None);
    };
    if accounts::taken(conn, &row.email).await? {
        return Ok(Some(RegistrationMail::AlreadyRegistered { email: row.email }));
    }
    let token = action_tokens::make(app, Purpose::VerifyEmail, id);
    Ok(Some(RegistrationMail::Verify { email: row.email, token }))
}
