//! Sessions: signing in, staying in, signing out.
//!
//! A refresh token is good for one use and gives a successor. One that is used again later was
//! copied, and nobody can tell by whom: the session ends. Two tabs of one honest browser may send the
//! same token at nearly the same time; within [`GRACE`] both get a successor, until a successor is used.

use std::net::IpAddr;

use chrono::TimeDelta;
use sea_orm::sea_query::{Expr, IntoCondition};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, Set,
};

use super::entity::{refresh_token, session, staff};
use super::{Actor, Who, access_token, accounts, passwords, totp};
use crate::app::App;
use crate::kernel::clock::Timestamp;
use crate::kernel::email;
use crate::kernel::ids::{CustomerId, SessionId, StaffId};
use crate::kernel::problem::{Fault, VerbError};
use crate::platform::keys;
use crate::platform::tx::Tx;

/// Within this time a used refresh token still gives a successor.
const GRACE: TimeDelta = TimeDelta::seconds(10);
/// How long a refresh token waits for its use.
const REFRESH_LIFE: TimeDelta = TimeDelta::days(30);
/// How long a session lasts, however often it is refreshed.
const SESSION_LIFE: TimeDelta = TimeDelta::days(180);
/// What starts a refresh token's text.
const PREFIX: &str = "crf_";

/// What a client gets to act with.
#[derive(Debug, Clone)]
pub struct IssuedSession {
    /// The access token.
    pub access_token: String,
    /// When the access token ends.
    pub expires_at: Timestamp,
    /// What to get the next one with.
    pub refresh_token: String,
}

/// Whose session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holder {
    Customer(CustomerId),
    Staff(StaffId),
}

/// What is wrong with a request about a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionProblem {
    /// The address and the password do not belong together.
    CredentialsInvalid,
    /// The refresh token is unknown, used, ended or expired.
    TokenInvalid,
    /// The password is right, and the account has a second factor.
    SecondFactorRequired,
    /// The code is not right, or was used.
    SecondFactorInvalid,
    /// Too many tries; wait.
    Throttled,
    /// It is not said which session to end.
    Invalid,
}

/// What somebody signs in with.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// The account's address.
    pub email: String,
    /// The account's password.
    pub password: String,
    /// A code of the second factor, for accounts that have one.
    pub code: Option<String>,
}

/// Signs in a customer, or somebody of the store. Every wrong pair gets the same answer in the same
/// time; only who has the password learns whether a second factor is asked for. `address` is where the
/// request comes from.
pub async fn create(app: &App, given: SignIn, address: IpAddr) -> Result<IssuedSession, VerbError<SessionProblem>> {
    let SignIn { email, password, code } = given;
    let wrong = || {
        let message = "the e-mail address and the password do not belong together";
        VerbError::refused(SessionProblem::CredentialsInvalid, "input", message)
    };
    // Neither can belong to an account, and telling so tells nothing about any.
    let Some(email) = email::parse(&email).ok().filter(|_| passwords::acceptable(&password)) else {
        return Err(wrong());
    };
    let Some(account) = accounts::proved(app, &email::key(&email), &password, address).await? else {
        return Err(wrong());
    };
    if let (Holder::Staff(id), Some(_)) = (account.holder, &code)
        && let Err(seconds) = totp::count_try(app, id).await?
    {
        let message = format!("too many tries; wait {seconds} seconds");
        return Err(VerbError::refused(SessionProblem::Throttled, "input", message));
    }
    let tx = Tx::begin(app).await?;
    if !accounts::unchanged(&tx, &account).await? {
        return Err(wrong());
    }
    if let Holder::Staff(id) = account.holder {
        second_factor(&tx, id, code.as_deref()).await?;
    }
    let issued = begin(&tx, account.holder).await?;
    tx.commit().await?;
    if let (Holder::Staff(id), Some(_)) = (account.holder, code) {
        totp::forget_tries(app, id).await?;
    }
    Ok(issued)
}

/// Refuses unless `code` is good for the member, if their account has a second factor. Its row is locked.
async fn second_factor(tx: &Tx, id: StaffId, code: Option<&str>) -> Result<(), VerbError<SessionProblem>> {
    let row = staff::Entity::find_by_id(id).one(tx).await?.ok_or(Fault::Unauthenticated)?;
    if row.totp_confirmed_at.is_none() {
        return Ok(());
    }
    let code = code.ok_or_else(|| {
        let message = "a code of your authenticator app is needed too";
        VerbError::refused(SessionProblem::SecondFactorRequired, "input.code", message)
    })?;
    if totp::accept(tx, &row, code).await? {
        return Ok(());
    }
    let message = "the code is not right, or was used";
    Err(VerbError::refused(SessionProblem::SecondFactorInvalid, "input.code", message))
}

/// Begins a session.
pub(super) async fn begin(tx: &Tx, holder: Holder) -> Result<IssuedSession, Fault> {
    let (customer_id, staff_id) = match holder {
        Holder::Customer(id) => (Some(id), None),
        Holder::Staff(id) => (None, Some(id)),
    };
    let session = session::ActiveModel {
        id: Set(tx.new_id()),
        customer_id: Set(customer_id),
        staff_id: Set(staff_id),
        created_at: Set(tx.now()),
        expires_at: Set(tx.now() + SESSION_LIFE),
        ended_at: Set(None),
    };
    let session = session.insert(tx).await?;
    issue(tx, &session).await
}

/// Gives a session that goes on its next pair of tokens.
async fn issue(tx: &Tx, session: &session::Model) -> Result<IssuedSession, Fault> {
    let refresh_token = keys::random_token(&tx.app().ids, PREFIX);
    let row = refresh_token::ActiveModel {
        token_hash: Set(keys::hash_token(&refresh_token)),
        session_id: Set(session.id),
        created_at: Set(tx.now()),
        expires_at: Set((tx.now() + REFRESH_LIFE).min(session.expires_at)),
        used_at: Set(None),
    };
    refresh_token::Entity::insert(row).exec_without_returning(tx).await?;
    let (access_token, expires_at) = access_token::issue(tx.app(), &subject(session)?, session.id)?;
    Ok(IssuedSession { access_token, expires_at, refresh_token })
}

/// Whose session it is, as an access token says it.
pub(super) fn subject(session: &session::Model) -> Result<String, Fault> {
    match (session.customer_id, session.staff_id) {
        (Some(id), None) => Ok(id.to_string()),
        (None, Some(id)) => Ok(id.to_string()),
        _ => Err(Fault::internal("a session belongs to exactly one account")),
    }
}

/// Takes a refresh token for the next pair of tokens.
pub async fn refresh(app: &App, token: &str) -> Result<IssuedSession, VerbError<SessionProblem>> {
    let tx = Tx::begin(app).await?;
    let Some((session, used)) = find_token(&tx, token).await? else { return Err(token_invalid()) };
    let now = tx.now();
    if session.ended_at.is_some() || session.expires_at <= now || used.expires_at <= now {
        return Err(token_invalid());
    }
    match used.used_at {
        Some(at) if now - at > GRACE || goes_on(&tx, &used, at).await? => {
            tracing::warn!(session.id = %session.id, "a refresh token was used twice; the session ends");
            end_where(&tx, session::Column::Id.eq(session.id)).await?;
            tx.commit().await?;
            return Err(token_invalid());
        }
        Some(_) => {}
        None => {
            let mut row = used.into_active_model();
            row.used_at = Set(Some(now));
            row.update(&tx).await?;
        }
    }
    let issued = issue(&tx, &session).await?;
    tx.commit().await?;
    Ok(issued)
}

/// Whether a successor of a token that was used at `since` was used itself: then its owner has gone on,
/// and whoever still comes with the old one has a copy.
async fn goes_on(tx: &Tx, used: &refresh_token::Model, since: Timestamp) -> Result<bool, Fault> {
    let successors = refresh_token::Entity::find()
        .filter(refresh_token::Column::SessionId.eq(used.session_id))
        .filter(refresh_token::Column::TokenHash.ne(used.token_hash.clone()))
        .filter(refresh_token::Column::CreatedAt.gte(since))
        .filter(refresh_token::Column::UsedAt.is_not_null());
    Ok(successors.count(tx).await? > 0)
}

fn token_invalid() -> VerbError<SessionProblem> {
    VerbError::refused(SessionProblem::TokenInvalid, "refreshToken", "the refresh token is not valid; sign in again")
}

/// The token and its session, both locked.
async fn find_token(tx: &Tx, token: &str) -> Result<Option<(session::Model, refresh_token::Model)>, Fault> {
    let hash = keys::hash_token(token);
    let Some(found) = refresh_token::Entity::find_by_id(hash.clone()).one(tx).await? else { return Ok(None) };
    // The session's row first, then the token as it is by then.
    let session = session::Entity::find_by_id(found.session_id).lock_exclusive().one(tx).await?;
    let token = refresh_token::Entity::find_by_id(hash).lock_exclusive().one(tx).await?;
    Ok(session.zip(token))
}

/// A customer's newest sessions; the caller has checked whose they are.
pub async fn of_customer(conn: &impl ConnectionTrait, id: CustomerId, most: u64) -> Result<Vec<session::Model>, Fault> {
    let query = session::Entity::find().filter(session::Column::CustomerId.eq(id));
    Ok(query.order_by_desc(session::Column::Id).limit(most).all(conn).await?)
}

/// Which sessions to end.
#[derive(Debug, Clone, Default)]
pub struct EndSession {
    /// The one this refresh token belongs to; without it, the caller's own.
    pub refresh_token: Option<String>,
    /// All sessions of the same account.
    pub all: bool,
}

/// Ends sessions: their refresh tokens at once, their access tokens too. Ended ones stay ended.
pub async fn end(app: &App, actor: &Actor, which: EndSession) -> Result<(), VerbError<SessionProblem>> {
    let tx = Tx::begin(app).await?;
    let session = match &which.refresh_token {
        Some(token) => find_token(&tx, token).await?.map(|(session, _)| session).ok_or_else(|| {
            VerbError::refused(SessionProblem::TokenInvalid, "input.refreshToken", "the refresh token is not valid")
        })?,
        None => own_session(&tx, actor).await?,
    };
    match (which.all, session.customer_id, session.staff_id) {
        (true, Some(id), _) => end_all(&tx, Holder::Customer(id)).await?,
        (true, None, Some(id)) => end_all(&tx, Holder::Staff(id)).await?,
        _ => end_where(&tx, session::Column::Id.eq(session.id)).await?,
    }
    tx.commit().await?;
    Ok(())
}

async fn own_session(tx: &Tx, actor: &Actor) -> Result<session::Model, VerbError<SessionProblem>> {
    if actor.who == Who::Anonymous {
        return Err(Fault::Unauthenticated.into());
    }
    let id = actor.credential.as_ref().and_then(|credential| credential.id.parse::<SessionId>().ok());
    let missing = || VerbError::refused(SessionProblem::Invalid, "input.refreshToken", "say which session to end");
    let id = id.ok_or_else(missing)?;
    session::Entity::find_by_id(id).lock_exclusive().one(tx).await?.ok_or_else(missing)
}

/// Ends all sessions of an account.
pub(super) async fn end_all(tx: &Tx, holder: Holder) -> Result<(), Fault> {
    end_where(tx, accounts::sessions_of(holder)).await
}

/// Ends all sessions of an account but the one `actor` acts with.
pub(super) async fn end_others(tx: &Tx, holder: Holder, actor: &Actor) -> Result<(), Fault> {
    let own = actor.credential.as_ref().and_then(|credential| credential.id.parse::<SessionId>().ok());
    let all = Condition::all().add(accounts::sessions_of(holder));
    end_where(tx, all.add_option(own.map(|id| session::Column::Id.ne(id)))).await
}

async fn end_where(tx: &Tx, which: impl IntoCondition) -> Result<(), Fault> {
    let update = session::Entity::update_many().col_expr(session::Column::EndedAt, Expr::value(tx.now()));
    update.filter(which).filter(session::Column::EndedAt.is_null()).exec(tx).await?;
    Ok(())
}
