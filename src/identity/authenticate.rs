//! From a bearer token to an [`Actor`].

use super::Actor;
use crate::app::App;
use crate::kernel::problem::Fault;

/// Who sends `bearer`: nobody in particular without one. Every token that is not good, whatever the
/// reason, is [`Fault::Unauthenticated`].
pub async fn authenticate(app: &App, bearer: Option<&str>) -> Result<Actor, Fault> {
    let _ = (app, bearer);
    todo!()
}

/// Whether the credential of `actor` is still good. Asked by streams every few seconds.
pub async fn still_valid(app: &App, actor: &Actor) -> Result<bool, Fault> {
    let _ = (app, actor);
    todo!()
}
