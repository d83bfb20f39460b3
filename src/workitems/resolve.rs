//! The owner works an item.

use super::entity::Model;
use crate::app::App;
use crate::identity::Actor;
use crate::kernel::ids::WorkItemId;
use crate::kernel::problem::VerbError;

/// The action that puts an item off.
pub const WAIT: &str = "WAIT";

/// What is wrong with a resolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkItemProblem {
    /// There is no such item.
    NotFound,
    /// The note is too long.
    Invalid,
    /// The action is not among those the item suggests.
    ActionNotSuggested,
    /// The item was resolved otherwise.
    AlreadyResolved,
}

/// Records the chosen action. A repeat answers the item as it is.
pub async fn resolve(
    app: &App,
    actor: &Actor,
    id: WorkItemId,
    action: &str,
    note: Option<String>,
) -> Result<Model, VerbError<WorkItemProblem>> {
    let _ = (app, actor, id, action, note);
    todo!()
}
