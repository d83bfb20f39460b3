//! What customers say of themselves.

use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, QuerySelect, Set};

use super::customers::CustomerProblem;
use super::entity::customer;
use super::{Action, Actor, names};
use crate::app::App;
use crate::kernel::ids::CustomerId;
use crate::kernel::problem::{Fault, Problem, VerbError};
use crate::platform::tx::Tx;

/// What is to change; what is left out stays. An empty name is none.
#[derive(Debug, Clone, Default)]
pub struct ProfileChange {
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// Whether news may be sent.
    pub accepts_marketing: Option<bool>,
}

/// Changes what the customer who asks says of themselves.
pub async fn update(
    app: &App,
    actor: &Actor,
    change: ProfileChange,
) -> Result<customer::Model, VerbError<CustomerProblem>> {
    let id = own_id(actor)?;
    let mut problems = vec![];
    for (path, name) in [("input.firstName", &change.first_name), ("input.lastName", &change.last_name)] {
        if let Some(message) = name.as_deref().and_then(names::problem) {
            problems.push(Problem::at(CustomerProblem::Invalid, path, message));
        }
    }
    if !problems.is_empty() {
        return Err(VerbError::Refused(problems));
    }
    let tx = Tx::begin(app).await?;
    let mut row = lock(&tx, id).await?.into_active_model();
    if let Some(name) = change.first_name {
        row.first_name = Set(names::tidy(Some(name)));
    }
    if let Some(name) = change.last_name {
        row.last_name = Set(names::tidy(Some(name)));
    }
    if let Some(accepts) = change.accepts_marketing {
        row.accepts_marketing = Set(accepts);
    }
    let row = row.update(&tx).await?;
    tx.commit().await?;
    Ok(row)
}

/// The customer that `actor` is, and nobody else.
pub(super) fn own_id(actor: &Actor) -> Result<CustomerId, Fault> {
    actor.may(Action::ActAsCustomer)?;
    actor.customer_id().ok_or(Fault::Forbidden)
}

/// The customer's row, locked. One who was forgotten a moment ago is signed out.
pub(super) async fn lock(tx: &Tx, id: CustomerId) -> Result<customer::Model, Fault> {
    let found = customer::Entity::find_by_id(id).lock_exclusive().one(tx).await?;
    found.filter(|row| row.erased_at.is_none()).ok_or(Fault::Unauthenticated)
}
