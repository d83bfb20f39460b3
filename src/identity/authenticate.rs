//! From a bearer token to an [`Actor`].

use sea_orm::EntityTrait;

use super::entity::{session, staff};
use super::{
    Actor, Credential, CredentialKind, Staff, Who, access_token, api_tokens, customers, external, order_links, sessions,
};
use crate::app::App;
use crate::kernel::ids::SessionId;
use crate::kernel::problem::Fault;

/// Who sends `bearer` (the token itself, without the word `Bearer`): nobody in particular without
/// one. Every token that is not good, whatever the reason, is [`Fault::Unauthenticated`].
pub async fn authenticate(app: &App, bearer: Option<&str>) -> Result<Actor, Fault> {
    let Some(token) = bearer else { return Ok(Actor::anonymous()) };
    let actor = if token.starts_with(api_tokens::PREFIX) {
        api_tokens::authenticate(app, token).await?
    } else if token.starts_with(order_links::PREFIX) {
        order_links::authenticate(app, token).await?
    } else if external::is_meant(app, token) {
        external::authenticate(app, token).await?
    } else {
        by_access_token(app, token).await?
    };
    actor.ok_or(Fault::Unauthenticated)
}

/// Whether the credential of `actor` is still good. Asked by streams every few seconds.
pub async fn still_valid(app: &App, actor: &Actor) -> Result<bool, Fault> {
    let Some(credential) = &actor.credential else { return Ok(true) };
    if credential.expires_at <= app.clock.now() {
        return Ok(false);
    }
    match credential.kind {
        CredentialKind::Session => match credential.id.parse() {
            Ok(id) => Ok(live_session(app, id).await?.is_some() && still_placed(app, actor).await?),
            Err(_) => Ok(false),
        },
        CredentialKind::ApiToken => api_tokens::is_live(app, &credential.id).await,
        CredentialKind::OrderLink => order_links::is_live(app, &credential.id).await,
        CredentialKind::External => match actor.who {
            Who::Customer(id) => {
                let row = customers::lookup(app.db.read(), id).await?;
                Ok(row.is_some_and(|row| row.erased_at.is_none()))
            }
            _ => Ok(false),
        },
    }
}

/// Whether a member of staff still has the rights that a stream was begun with.
async fn still_placed(app: &App, actor: &Actor) -> Result<bool, Fault> {
    let Who::Staff(Staff { id: Some(id), owner, permissions }) = &actor.who else { return Ok(true) };
    let row = staff::Entity::find_by_id(*id).one(app.db.read()).await?;
    Ok(row.is_some_and(|row| row.owner == *owner && row.permissions.0 == *permissions))
}

async fn by_access_token(app: &App, token: &str) -> Result<Option<Actor>, Fault> {
    let Some(token) = access_token::read(app, token) else { return Ok(None) };
    let Some(session) = live_session(app, token.session_id).await? else { return Ok(None) };
    if sessions::subject(&session)? != token.subject {
        return Ok(None);
    }
    let who = match (session.customer_id, session.staff_id) {
        (Some(id), _) => Who::Customer(id),
        (None, Some(id)) => match staff::Entity::find_by_id(id).one(app.db.read()).await? {
            Some(row) => Who::Staff(Staff { id: Some(id), owner: row.owner, permissions: row.permissions.0 }),
            None => return Ok(None),
        },
        (None, None) => return Ok(None),
    };
    let credential =
        Credential { id: session.id.to_string(), expires_at: token.expires_at, kind: CredentialKind::Session };
    Ok(Some(Actor { who, credential: Some(credential) }))
}

/// The session, unless it has ended.
async fn live_session(app: &App, id: SessionId) -> Result<Option<session::Model>, Fault> {
    let session = session::Entity::find_by_id(id).one(app.db.read()).await?;
    Ok(session.filter(|it| it.ended_at.is_none() && it.expires_at > app.clock.now()))
}
