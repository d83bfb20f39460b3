//! An account moves to another e-mail address.
//!
//! The token goes to the new address, and is taken only from whoever is signed in to the account: a
//! stranger who is tricked into following the link gives their address to nobody. The old address is
//! told at once. The answer is the same, after the same work, if the new address has an account.

use std::net::IpAddr;

use chrono::TimeDelta;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, Set};

use super::action_tokens::{self, Purpose};
use super::audit::Changes;
use super::credentials::{ActionPurpose, CredentialError, CredentialProblem, announce, proved, take, void};
use super::entity::{customer, staff};
use super::sessions::Holder;
use super::{Action, Actor, accounts, audit, throttle};
use crate::app::App;
use crate::kernel::email;
use crate::kernel::event::EventType;
use crate::kernel::problem::{Fault, VerbError};
use crate::platform::db::unless_duplicate;
use crate::platform::tx::Tx;

/// How long the token of the mail is good for.
const LIFE: TimeDelta = TimeDelta::hours(24);
/// How often one address may be named from one place before its mails are slowed down.
const FREE_TRIES: u32 = 5;

/// Takes the wish to move the account of whoever is signed in to `new`. A mail there tells how to go
/// on. A later wish makes an earlier one void.
pub async fn request(
    app: &App,
    actor: &Actor,
    new: &str,
    password: &str,
    address: IpAddr,
) -> Result<(), CredentialError> {
    actor.may(Action::UseAccount)?;
    let holder = accounts::holder_of(actor)?;
    let new = email::parse(new)
        .map(|it| email::key(&it))
        .map_err(|error| VerbError::refused(CredentialProblem::EmailInvalid, "input.newEmail", error.to_string()))?;
    let account = proved(app, holder, password, "input.password", address).await?;
    if throttle::count(app, &throttle::key("change-email", &new, address), FREE_TRIES).await?.is_err() {
        // Somebody fills the address' mailbox. The answer is the same as ever.
        return Ok(());
    }
    let tx = Tx::begin(app).await?;
    if !accounts::unchanged(&tx, &account).await? {
        return Err(VerbError::refused(
            CredentialProblem::CredentialsInvalid,
            "input.password",
            "this is not the account's password",
        ));
    }
    accounts::void_actions(&tx, holder).await?;
    let row = accounts::new_action(&tx, ActionPurpose::ChangeEmail, new, Some(holder), LIFE).insert(&tx).await?;
    announce(&tx, &row, EventType::EmailChangeRequested, "an account is to move to another address").await?;
    announce(&tx, &row, EventType::EmailConfirmationRequested, "the address of an account is to be verified").await?;
    tx.commit().await?;
    Ok(())
}

/// Moves the account of whoever is signed in to the address that `token` proves.
pub async fn confirm(app: &App, actor: &Actor, token: &str) -> Result<(), CredentialError> {
    actor.may(Action::UseAccount)?;
    let holder = accounts::holder_of(actor)?;
    let id = action_tokens::read(app, Purpose::ChangeEmail, token).ok_or_else(void)?;
    let tx = Tx::begin(app).await?;
    let taken = take(&tx, id, ActionPurpose::ChangeEmail).await?;
    let (action, _) = taken.filter(|(_, account)| account.holder == holder).ok_or_else(void)?;
    if accounts::taken(&tx, &action.email).await? || !set_email(&tx, holder, action.email).await? {
        return Err(void());
    }
    accounts::void_actions(&tx, holder).await?;
    if let Holder::Customer(id) = holder {
        accounts::tell_verified(&tx, id).await?;
    }
    audit::record(&tx, actor, "account.emailChange", accounts::stream(holder), Changes::none()).await?;
    tx.commit().await?;
    tracing::info!(account = accounts::stream(holder), "an account moved to another address");
    Ok(())
}

/// False if the address was taken a moment ago.
async fn set_email(tx: &Tx, holder: Holder, email: String) -> Result<bool, Fault> {
    Ok(match holder {
        Holder::Customer(id) => {
            let row = customer::Entity::find_by_id(id).one(tx).await?.ok_or(Fault::NotFound)?;
            let mut row = row.into_active_model();
            row.email = Set(email);
            unless_duplicate(row.update(tx).await)?.is_some()
        }
        Holder::Staff(id) => {
            let row = staff::Entity::find_by_id(id).one(tx).await?.ok_or(Fault::NotFound)?;
            let mut row = row.into_active_model();
            row.email = Set(email);
            unless_duplicate(row.update(tx).await)?.is_some()
        }
    })
}
