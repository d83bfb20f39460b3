//! What the store calls its customers by, for its own rules.

use sea_orm::{ActiveModelTrait, IntoActiveModel, Set};

use super::audit::Changes;
use super::customers::{self, CustomerProblem};
use super::entity::customer::{self, Tags};
use super::{Action, Actor, audit};
use crate::app::App;
use crate::kernel::ids::CustomerId;
use crate::kernel::problem::VerbError;
use crate::platform::tx::Tx;

/// The most tags of a customer.
const MAX_TAGS: usize = 50;
/// The most characters of a tag.
const MAX_TAG: usize = 100;

/// Gives a customer these tags and no others. They are kept sorted, each once.
pub async fn set(
    app: &App,
    actor: &Actor,
    id: CustomerId,
    tags: Vec<String>,
) -> Result<customer::Model, VerbError<CustomerProblem>> {
    actor.may(Action::ManageCustomers)?;
    let mut tags: Vec<String> = tags.iter().map(|tag| tag.trim().to_owned()).collect();
    tags.sort_unstable();
    tags.dedup();
    let fits = |tag: &String| (1..=MAX_TAG).contains(&tag.chars().count()) && !tag.chars().any(char::is_control);
    if tags.len() > MAX_TAGS || !tags.iter().all(fits) {
        let message = "at most 50 tags, each of 1 to 100 characters";
        return Err(VerbError::refused(CustomerProblem::Invalid, "tags", message));
    }
    let tx = Tx::begin(app).await?;
    let found = customers::lookup(&tx, id).await?.filter(|row| row.erased_at.is_none());
    if found.is_none() {
        return Err(VerbError::refused(CustomerProblem::NotFound, "id", "there is no such customer"));
    }
    let row = customers::lock(&tx, id).await?;
    let (before, mut change) = (row.tags.clone(), row.into_active_model());
    change.tags = Set(Tags(tags));
    let row = change.update(&tx).await?;
    if row.tags != before {
        let changes = Changes::none().and("tags", before.0, row.tags.0.clone());
        audit::record(&tx, actor, "customer.tags", id, changes).await?;
        tx.commit().await?;
    }
    Ok(row)
}
