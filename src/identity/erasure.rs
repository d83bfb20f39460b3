//! A customer is forgotten.
//!
//! The account ends at once: nobody is signed in to it any more, its row is a number that orders refer
//! to, and its address may be registered again. What other rooms keep is erased by jobs that follow the
//! event, each in its own room and as soon as it can: an order that is on its way must still arrive.

use std::net::IpAddr;

use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, Set};

use super::audit::Changes;
use super::credentials::{self, CredentialError, CredentialProblem};
use super::customers::{self, CustomerProblem};
use super::entity::{account_action, customer, customer_address, external_identity, registration};
use super::sessions::{self, Holder};
use super::{Action, Actor, accounts, audit};
use crate::app::App;
use crate::kernel::event::{Audience, EventType};
use crate::kernel::ids::CustomerId;
use crate::kernel::problem::{Fault, Problem, VerbError};
use crate::platform::outbox::{self, NewEvent};
use crate::platform::reseal::{self, Resealed};
use crate::platform::tx::Tx;

/// How this verb says no.
type Refused = VerbError<CustomerProblem>;

/// Forgets a customer: themselves, with their password, or the store, without. A repeat answers the
/// same.
pub async fn erase(
    app: &App,
    actor: &Actor,
    id: CustomerId,
    password: Option<&str>,
    address: IpAddr,
) -> Result<(), Refused> {
    actor.may(Action::EraseCustomer)?;
    let found = customers::lookup(app.db.read(), id).await?;
    let found = actor.see(Action::EraseCustomer, found)?;
    found.ok_or_else(|| VerbError::refused(CustomerProblem::NotFound, "id", "there is no such customer"))?;
    let holder = Holder::Customer(id);
    let proved = match actor.customer_id() {
        Some(_) => {
            let proved = credentials::proved(app, holder, password.unwrap_or_default(), "input.password", address);
            Some(proved.await.map_err(in_our_words)?)
        }
        None => None,
    };
    let tx = Tx::begin(app).await?;
    let row = customer::Entity::find_by_id(id).lock_exclusive().one(&tx).await?.ok_or(Fault::NotFound)?;
    if row.erased_at.is_some() {
        return Ok(());
    }
    if proved.is_some_and(|account| account.password_hash != row.password_hash) {
        let message = "this is not the account's password";
        return Err(VerbError::refused(CustomerProblem::CredentialsInvalid, "input.password", message));
    }
    sessions::end_all(&tx, holder).await?;
    forget_traces(&tx, &row).await?;
    forget_row(&tx, row).await?;
    let message = "A customer is forgotten.";
    let event = NewEvent::of_stream(id.to_string(), EventType::CustomerErased, Audience::Store, message);
    outbox::append(&tx, event.data(accounts::data(holder))).await?;
    audit::record(&tx, actor, "customer.erase", id, Changes::none()).await?;
    tx.commit().await?;
    tracing::info!(customer.id = %id, by = actor.label(), "customer {id} is forgotten");
    Ok(())
}

fn in_our_words(error: CredentialError) -> Refused {
    let code = |problem: CredentialProblem| match problem {
        CredentialProblem::Throttled => CustomerProblem::Throttled,
        _ => CustomerProblem::CredentialsInvalid,
    };
    match error {
        VerbError::Fault(fault) => VerbError::Fault(fault),
        VerbError::Refused(problems) => {
            let same =
                |it: Problem<CredentialProblem>| Problem { code: code(it.code), field: it.field, message: it.message };
            VerbError::Refused(problems.into_iter().map(same).collect())
        }
    }
}

/// What this room keeps beside the account.
async fn forget_traces(tx: &Tx, row: &customer::Model) -> Result<(), Fault> {
    let addresses = customer_address::Entity::delete_many();
    addresses.filter(customer_address::Column::CustomerId.eq(row.id)).exec(tx).await?;
    let actions = account_action::Entity::delete_many();
    actions.filter(accounts::actions_of(Holder::Customer(row.id))).exec(tx).await?;
    let named = account_action::Entity::delete_many();
    named.filter(account_action::Column::Email.eq(row.email.as_str())).exec(tx).await?;
    let registrations = registration::Entity::delete_many();
    registrations.filter(registration::Column::Email.eq(row.email.as_str())).exec(tx).await?;
    let outside = external_identity::Entity::delete_many();
    outside.filter(external_identity::Column::CustomerId.eq(row.id)).exec(tx).await?;
    Ok(())
}

async fn forget_row(tx: &Tx, row: customer::Model) -> Result<(), Fault> {
    let id = row.id;
    let sealed = tx.app().sealer.seal(&seal_context(id), &row.email);
    let mut row = row.into_active_model();
    row.email = Set(format!("erased:{id}"));
    // No password fits it.
    row.password_hash = Set(String::new());
    row.first_name = Set(None);
    row.last_name = Set(None);
    row.accepts_marketing = Set(false);
    row.tags = Set(customer::Tags::default());
    row.default_address_id = Set(None);
    row.erased_at = Set(Some(tx.now()));
    row.erased_email = Set(Some(sealed));
    row.update(tx).await?;
    Ok(())
}

/// Seals all addresses of forgotten customers with the current key.
pub async fn reseal(app: &App) -> Result<Resealed, Fault> {
    let (id, sealed) = (customer::Column::Id, customer::Column::ErasedEmail);
    reseal::reseal::<customer::Entity>(app, id, sealed, |row| seal_context(row.id)).await
}

fn seal_context(id: CustomerId) -> String {
    format!("customer.erased-email:{id}")
}

/// What the rooms above need to forget a customer too.
pub struct Forgotten {
    /// Since when.
    pub at: crate::kernel::clock::Timestamp,
    /// The address they had, in lower case, as long as it is known.
    pub email: Option<String>,
}

/// The customer, if they are to be forgotten.
pub async fn forgotten(app: &App, id: CustomerId) -> Result<Option<Forgotten>, Fault> {
    let found = customers::lookup(app.db.read(), id).await?;
    let Some((at, row)) = found.and_then(|row| Some((row.erased_at?, row))) else { return Ok(None) };
    let email = row.erased_email.map(|sealed| app.sealer.open(&seal_context(id), &sealed)).transpose()?;
    Ok(Some(Forgotten { at, email }))
}
