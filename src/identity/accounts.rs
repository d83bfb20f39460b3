//! The two kinds of accounts that a person signs in to, a customer's and one of staff, as one: an
//! address and a password.

use std::net::IpAddr;

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, Set,
};
use serde_json::json;

use super::entity::account_action::{self, ActionPurpose};
use super::entity::{customer, session, staff};
use super::sessions::{Holder, SessionProblem};
use super::{Actor, Staff, Who, passwords, throttle};
use crate::app::App;
use crate::kernel::event::{Audience, EventType};
use crate::kernel::ids::CustomerId;
use crate::kernel::problem::{Fault, VerbError};
use crate::platform::outbox::{self, NewEvent};
use crate::platform::tx::Tx;

/// What a person signs in to.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Account {
    /// Whose it is.
    pub holder: Holder,
    /// The address, in lower case.
    pub email: String,
    /// The password's hash.
    pub password_hash: String,
}

impl From<customer::Model> for Account {
    fn from(row: customer::Model) -> Self {
        Self { holder: Holder::Customer(row.id), email: row.email, password_hash: row.password_hash }
    }
}

impl From<staff::Model> for Account {
    fn from(row: staff::Model) -> Self {
        Self { holder: Holder::Staff(row.id), email: row.email, password_hash: row.password_hash }
    }
}

/// The account with this address: somebody of the store before a customer. Both tables are asked in
/// any case, so that the time tells nothing.
pub(super) async fn by_email(conn: &impl ConnectionTrait, email: &str) -> Result<Option<Account>, Fault> {
    let person = staff::Entity::find().filter(staff::Column::Email.eq(email)).one(conn).await?;
    let customer = customer::Entity::find().filter(customer::Column::Email.eq(email)).one(conn).await?;
    Ok(person.map(Account::from).or(customer.map(Account::from)))
}

/// The account of `holder`; nothing once a customer was forgotten.
pub(super) async fn lookup(conn: &impl ConnectionTrait, holder: Holder) -> Result<Option<Account>, Fault> {
    Ok(match holder {
        Holder::Customer(id) => {
            let found = customer::Entity::find_by_id(id).one(conn).await?;
            found.filter(|row| row.erased_at.is_none()).map(Account::from)
        }
        Holder::Staff(id) => staff::Entity::find_by_id(id).one(conn).await?.map(Account::from),
    })
}

/// The same, locked until the transaction ends.
pub(super) async fn lock(tx: &Tx, holder: Holder) -> Result<Option<Account>, Fault> {
    Ok(match holder {
        Holder::Customer(id) => {
            let found = customer::Entity::find_by_id(id).lock_exclusive().one(tx).await?;
            found.filter(|row| row.erased_at.is_none()).map(Account::from)
        }
        Holder::Staff(id) => staff::Entity::find_by_id(id).lock_exclusive().one(tx).await?.map(Account::from),
    })
}

/// Whether an address has an account.
pub(super) async fn taken(conn: &impl ConnectionTrait, email: &str) -> Result<bool, Fault> {
    Ok(by_email(conn, email).await?.is_some())
}

/// Whose account `actor` acts with: a person's who is signed in, and nobody else's.
pub(super) fn holder_of(actor: &Actor) -> Result<Holder, Fault> {
    match actor.who {
        Who::Customer(id) => Ok(Holder::Customer(id)),
        Who::Staff(Staff { id: Some(id), .. }) => Ok(Holder::Staff(id)),
        Who::Anonymous => Err(Fault::Unauthenticated),
        _ => Err(Fault::Forbidden),
    }
}

/// The account that `password` belongs to at `email`, if one does. The tries are counted before the
/// password is looked at, whatever it is asked for; every wrong pair takes the same time.
pub(super) async fn proved(
    app: &App,
    email: &str,
    password: &str,
    address: IpAddr,
) -> Result<Option<Account>, VerbError<SessionProblem>> {
    let limits = &app.config.limits;
    let from_here = throttle::key_of_address("sign-in", address);
    let at_account = throttle::key("sign-in", email, address);
    for (tries, free) in
        [(&from_here, limits.password_checks_per_address), (&at_account, limits.password_checks_per_account)]
    {
        if let Err(seconds) = throttle::count(app, tries, free).await? {
            let message = format!("too many tries; wait {seconds} seconds");
            return Err(VerbError::refused(SessionProblem::Throttled, "input", message));
        }
    }
    let found = by_email(app.db.read(), email).await?;
    let stored = found.as_ref().map(|account| account.password_hash.clone());
    let right = passwords::verify(stored, password.to_owned()).await?;
    let Some(account) = found.filter(|_| right) else { return Ok(None) };
    throttle::forget(app, &at_account).await?;
    throttle::take_back(app, &from_here).await?;
    Ok(Some(account))
}

/// Whether `account` is still as it was when its password was proved. Locks it: what follows in the
/// transaction happens before the password changes, or not at all.
pub(super) async fn unchanged(tx: &Tx, account: &Account) -> Result<bool, Fault> {
    Ok(lock(tx, account.holder).await?.is_some_and(|now| now.password_hash == account.password_hash))
}

/// Gives a locked account another password. What mails could still change is void, and its holder is
/// told.
pub(super) async fn set_password(tx: &Tx, holder: Holder, password_hash: String) -> Result<(), Fault> {
    match holder {
        Holder::Customer(id) => {
            let row = customer::Entity::find_by_id(id).one(tx).await?.ok_or(Fault::NotFound)?;
            let mut row = row.into_active_model();
            row.password_hash = Set(password_hash);
            row.update(tx).await?;
        }
        Holder::Staff(id) => {
            let row = staff::Entity::find_by_id(id).one(tx).await?.ok_or(Fault::NotFound)?;
            let mut row = row.into_active_model();
            row.password_hash = Set(password_hash);
            row.update(tx).await?;
        }
    }
    void_actions(tx, holder).await?;
    let message = "the password of an account was changed";
    let event = NewEvent::of_stream(stream(holder), EventType::PasswordChanged, Audience::Internal, message);
    outbox::append(tx, event.data(data(holder))).await?;
    Ok(())
}

/// Makes every token that mails to this account carry worth nothing.
pub(super) async fn void_actions(tx: &Tx, holder: Holder) -> Result<(), Fault> {
    use account_action::Column;
    let update = account_action::Entity::update_many().col_expr(Column::UsedAt, Expr::value(tx.now()));
    update.filter(actions_of(holder)).filter(Column::UsedAt.is_null()).exec(tx).await?;
    Ok(())
}

/// Which actions are `holder`'s.
pub(super) fn actions_of(holder: Holder) -> Expr {
    match holder {
        Holder::Customer(id) => account_action::Column::CustomerId.eq(id),
        Holder::Staff(id) => account_action::Column::StaffId.eq(id),
    }
}

/// Which sessions are `holder`'s.
pub(super) fn sessions_of(holder: Holder) -> Expr {
    match holder {
        Holder::Customer(id) => session::Column::CustomerId.eq(id),
        Holder::Staff(id) => session::Column::StaffId.eq(id),
    }
}

/// Tells that a customer showed an address to be theirs.
pub(super) async fn tell_verified(tx: &Tx, id: CustomerId) -> Result<(), Fault> {
    let holder = Holder::Customer(id);
    let message = "a customer's address is verified";
    let event = NewEvent::of_stream(stream(holder), EventType::EmailVerified, Audience::Internal, message);
    outbox::append(tx, event.data(data(holder))).await?;
    Ok(())
}

/// The stream of an account's events.
pub(super) fn stream(holder: Holder) -> String {
    match holder {
        Holder::Customer(id) => id.to_string(),
        Holder::Staff(id) => id.to_string(),
    }
}

/// Whose stream it is.
pub(super) fn parse(stream: &str) -> Option<Holder> {
    stream.parse().map(Holder::Customer).or_else(|_| stream.parse().map(Holder::Staff)).ok()
}

/// What an account's events say: whose it is.
pub(super) fn data(holder: Holder) -> serde_json::Value {
    match holder {
        Holder::Customer(id) => json!({ "customerId": id }),
        Holder::Staff(id) => json!({ "staffId": id }),
    }
}

/// A new action that waits for the token of its mail.
pub(super) fn new_action(
    tx: &Tx,
    purpose: ActionPurpose,
    email: String,
    holder: Option<Holder>,
    life: chrono::TimeDelta,
) -> account_action::ActiveModel {
    let (customer_id, staff_id) = match holder {
        Some(Holder::Customer(id)) => (Some(id), None),
        Some(Holder::Staff(id)) => (None, Some(id)),
        None => (None, None),
    };
    account_action::ActiveModel {
        id: Set(tx.new_id()),
        purpose: Set(purpose),
        email: Set(email),
        customer_id: Set(customer_id),
        staff_id: Set(staff_id),
        created_at: Set(tx.now()),
        expires_at: Set(tx.now() + life),
        used_at: Set(None),
    }
}

impl account_action::Model {
    /// Whose account it changes; nobody's if the address it names has none.
    pub(super) fn holder(&self) -> Option<Holder> {
        match (self.customer_id, self.staff_id) {
            (Some(id), _) => Some(Holder::Customer(id)),
            (None, Some(id)) => Some(Holder::Staff(id)),
            (None, None) => None,
        }
    }
}
