//! What customers say of themselves.

use sea_orm::{ActiveModelTrait, IntoActiveModel, Set};

use super::customers::{self, CustomerProblem};
use super::entity::customer;
use super::{Actor, names};
use crate::app::App;
use crate::kernel::problem::{Problem, VerbError};
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
    let id = customers::acting(actor)?;
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
    let mut row = customers::lock(&tx, id).await?.into_active_model();
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
