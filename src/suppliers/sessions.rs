//! What a platform lets the store in with for a while: tokens that the owner's key opens, and that run out.
//!
//! Platforms count how often they are asked for tokens, so all processes share one set, and one of them at a
//! time gets the next.

use std::time::Duration;

use chrono::TimeDelta;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, Set};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::adapter::AdapterError;
use super::entity::session;
use crate::app::App;
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::SupplierId;
use crate::kernel::problem::Fault;
use crate::platform::reseal::{self, Resealed};

/// Whoever gets new tokens has them after this time, or is gone: longer than its calls may take.
const RENEWAL: TimeDelta = TimeDelta::seconds(60);
/// How often the others look whether the new tokens are there, and how long they wait.
const LOOK: Duration = Duration::from_millis(500);
const LOOKS: usize = 20;
/// A token that is about to run out is not used any more.
const MARGIN: TimeDelta = TimeDelta::minutes(5);

/// The tokens of a platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// A digest of what they were got with: whoever has another key has nothing to do with them.
    pub owner: String,
    /// Opens every call.
    pub access: String,
    /// Until when.
    pub access_until: Timestamp,
    /// Gets the next tokens without the owner's key.
    pub refresh: String,
    /// Until when.
    pub refresh_until: Timestamp,
    /// What the platform signs its webhooks with.
    pub webhook_key: Option<String>,
}

impl Session {
    fn is_fresh(&self, app: &App) -> bool {
        app.clock.now() + MARGIN < self.access_until
    }
}

/// How a caller comes to tokens.
pub enum Current {
    /// These may be used now.
    Fresh(Session),
    /// The caller is to get the next ones and [`keep`] them; these were the last.
    Renew(Option<Session>),
}

/// The owner of tokens that were got with `key` from `url`.
pub fn owner_of(url: &str, key: &str) -> String {
    hex::encode(Sha256::digest(format!("{url} {key}")))
}

/// Tokens of this owner that may be used now, or the task to get some.
pub async fn current(app: &App, id: SupplierId, owner: &str) -> Result<Current, AdapterError> {
    for _ in 0..LOOKS {
        let row = session::Entity::find_by_id(id).one(app.db.read()).await.map_err(|error| ours(error.into()))?;
        let sealed = row.as_ref().and_then(|row| row.sealed.as_deref());
        let known = sealed.map(|sealed| open(app, id, sealed)).transpose().map_err(ours)?;
        let known = known.filter(|it| it.owner == owner);
        if let Some(session) = known.as_ref().filter(|it| it.is_fresh(app)) {
            return Ok(Current::Fresh(session.clone()));
        }
        refuse_while_failed(app, row.as_ref())?;
        if begin(app, id).await.map_err(ours)? {
            return Ok(Current::Renew(known));
        }
        tokio::time::sleep(LOOK).await;
    }
    Err(AdapterError::Retry { reason: "the platform's tokens are being renewed".to_owned(), after: None })
}

/// A fault of our own means that nothing was asked of the platform.
fn ours(fault: Fault) -> AdapterError {
    tracing::error!(error = ?fault, "a supplier's tokens could not be read or kept");
    AdapterError::Retry { reason: "the platform's tokens could not be read or kept".to_owned(), after: None }
}

/// The tokens of this owner, run out or not.
pub async fn lookup(app: &App, id: SupplierId, owner: &str) -> Result<Option<Session>, Fault> {
    Ok(read(app, id).await?.map(|(session, _)| session).filter(|it| it.owner == owner))
}

/// Whosever tokens there are, and as they are sealed.
async fn read(app: &App, id: SupplierId) -> Result<Option<(Session, String)>, Fault> {
    let row = session::Entity::find_by_id(id).one(app.db.read()).await?;
    let Some(sealed) = row.and_then(|row| row.sealed) else { return Ok(None) };
    Ok(Some((open(app, id, &sealed)?, sealed)))
}

fn open(app: &App, id: SupplierId, sealed: &str) -> Result<Session, Fault> {
    Ok(serde_json::from_str(&app.sealer.open(&context(id), sealed)?)?)
}

/// Platforms count how often they are asked for tokens: what failed just now would fail again.
fn refuse_while_failed(app: &App, row: Option<&session::Model>) -> Result<(), AdapterError> {
    let Some(session::Model { failure: Some(reason), renewing_until: Some(until), .. }) = row else { return Ok(()) };
    let left = *until - app.clock.now();
    match left.to_std() {
        Ok(after) if !after.is_zero() => Err(AdapterError::Retry { reason: reason.clone(), after: Some(after) }),
        _ => Ok(()),
    }
}

/// There are no new tokens, and why; nobody tries for a while.
pub async fn fail(app: &App, id: SupplierId, reason: &str) -> Result<(), AdapterError> {
    let update = session::Entity::update_many()
        .col_expr(session::Column::RenewingUntil, Expr::value(app.clock.now() + RENEWAL))
        .col_expr(session::Column::Failure, Expr::value(reason))
        .filter(session::Column::SupplierId.eq(id))
        .exec(app.db.write());
    update.await.map(drop).map_err(|error| ours(error.into()))
}

/// Whether the caller is the one that gets the next tokens.
async fn begin(app: &App, id: SupplierId) -> Result<bool, Fault> {
    let now = app.clock.now();
    let row = session::ActiveModel {
        supplier_id: Set(id),
        sealed: Set(None),
        renewing_until: Set(None),
        failure: Set(None),
        updated_at: Set(now),
    };
    let there_already = OnConflict::column(session::Column::SupplierId).do_nothing().to_owned();
    session::Entity::insert(row).on_conflict(there_already).exec_without_returning(app.db.write()).await?;
    let free =
        Condition::any().add(session::Column::RenewingUntil.is_null()).add(session::Column::RenewingUntil.lte(now));
    let claimed = session::Entity::update_many()
        .col_expr(session::Column::RenewingUntil, Expr::value(now + RENEWAL))
        .col_expr(session::Column::Failure, Expr::value(None::<String>))
        .filter(session::Column::SupplierId.eq(id))
        .filter(free)
        .exec(app.db.write())
        .await?;
    Ok(claimed.rows_affected == 1)
}

/// Keeps the tokens for everybody.
pub async fn keep(app: &App, id: SupplierId, session: &Session) -> Result<(), AdapterError> {
    write(app, id, session).await.map_err(ours)
}

async fn write(app: &App, id: SupplierId, session: &Session) -> Result<(), Fault> {
    let sealed = app.sealer.seal(&context(id), &serde_json::to_string(session)?);
    let row = session::ActiveModel {
        supplier_id: Set(id),
        sealed: Set(Some(sealed)),
        renewing_until: Set(None),
        failure: Set(None),
        updated_at: Set(app.clock.now()),
    };
    use session::Column as C;
    let replaced = [C::Sealed, C::RenewingUntil, C::Failure, C::UpdatedAt];
    let there_already = OnConflict::column(C::SupplierId).update_columns(replaced).to_owned();
    session::Entity::insert(row).on_conflict(there_already).exec_without_returning(app.db.write()).await?;
    Ok(())
}

/// The platform does not take these tokens any more: the next call gets others.
pub async fn distrust(app: &App, id: SupplierId, access: &str) -> Result<(), AdapterError> {
    // Somebody may have got others already, or is just getting them.
    let Some((known, sealed)) = read(app, id).await.map_err(ours)?.filter(|(it, _)| it.access == access) else {
        return Ok(());
    };
    let run_out = Session { access_until: app.clock.now(), ..known };
    let text = serde_json::to_string(&run_out).map_err(|error| ours(error.into()))?;
    let update = session::Entity::update_many()
        .col_expr(session::Column::Sealed, Expr::value(app.sealer.seal(&context(id), &text)))
        .filter(session::Column::SupplierId.eq(id))
        .filter(session::Column::Sealed.eq(sealed))
        .exec(app.db.write());
    update.await.map(drop).map_err(|error| ours(error.into()))
}

/// Seals all tokens with the current key.
pub async fn reseal(app: &App) -> Result<Resealed, Fault> {
    let (id, sealed) = (session::Column::SupplierId, session::Column::Sealed);
    reseal::reseal::<session::Entity>(app, id, sealed, |row| context(row.supplier_id)).await
}

fn context(id: SupplierId) -> String {
    format!("supplier.session:{id}")
}
