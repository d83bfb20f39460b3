//! Whether a supplier lets the store in.

use super::adapter::{AdapterError, adapter_for};
use super::error::SupplierErrorCode::{self, NotFound};
use super::{note_error, note_success, supplier};
use crate::app::App;
use crate::identity::{Action, Actor};
use crate::kernel::ids::SupplierId;
use crate::kernel::problem::{Problem, VerbError};

/// What came of asking.
#[derive(Debug)]
pub struct Checked {
    /// The supplier, with its health as it is now.
    pub supplier: supplier::Model,
    /// What is wrong, in our words; `None`: it lets the store in.
    pub trouble: Option<String>,
}

/// Asks the supplier something that changes nothing, with the credentials in its settings.
pub async fn check(app: &App, actor: &Actor, id: SupplierId) -> Result<Checked, VerbError<SupplierErrorCode>> {
    actor.may(Action::ManageSuppliers)?;
    let missing = || Problem::at(NotFound, "id", "There is no such supplier.");
    let known = super::lookup(app.db.read(), id).await?.ok_or_else(missing)?;
    let trouble = match adapter_for(app, &known)?.check().await {
        Ok(()) => {
            note_success(app, id).await?;
            None
        }
        Err(error) => {
            let told = match error {
                AdapterError::Retry { reason, .. }
                | AdapterError::Unknown { reason }
                | AdapterError::Refused { reason, .. } => reason,
            };
            note_error(app, id, &told).await?;
            Some(told)
        }
    };
    let supplier = super::lookup(app.db.read(), id).await?.ok_or_else(missing)?;
    Ok(Checked { supplier, trouble })
}
