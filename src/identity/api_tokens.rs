//! Long-lived opaque tokens (`cst_…`): for suppliers' portals, apps and scripts. Only a hash is kept.

use chrono::TimeDelta;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    Set,
};

use super::entity::api_token::{ActiveModel, Column, Entity, Model, Permissions, ScopeKind};
use super::{Action, Actor, Credential, CredentialKind, Permission, Staff, Who, audit};
use crate::app::App;
use crate::kernel::ids::{ApiTokenId, StaffId, SupplierId};
use crate::kernel::page::{Page, PageRequest, decode_cursor, encode_cursor};
use crate::kernel::problem::{Fault, VerbError};
use crate::platform::keys;
use crate::platform::tx::Tx;

/// What starts a token's text.
pub const PREFIX: &str = "cst_";
/// How many days a token lives if nothing is said.
pub const DEFAULT_DAYS: u32 = 90;
/// The most days a token may live: ten years.
pub const MAX_DAYS: u32 = 3650;
/// The longest name.
const MAX_NAME: usize = 100;
/// How exactly the last use is known: one write a minute and token, not one a request.
const LAST_USE_STEP: TimeDelta = TimeDelta::minutes(1);
/// The order tokens are listed in, as cursors name it.
const NEWEST: &str = "apiTokens";

/// What a token may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenScope {
    /// Everything.
    Owner,
    /// What a member of staff with these permissions may.
    Staff(Vec<Permission>),
    /// What this supplier may. The caller has looked it up.
    Supplier(SupplierId),
}

/// A token about to be made.
#[derive(Debug, Clone)]
pub struct NewApiToken {
    /// What it is for, in the owner's words.
    pub name: String,
    /// What it may do.
    pub scope: TokenScope,
    /// How many days it lives; [`DEFAULT_DAYS`] if not said.
    pub days: Option<u32>,
}

/// A token just made. The plaintext is shown this once.
#[derive(Debug, Clone)]
pub struct CreatedToken {
    /// What is kept.
    pub token: Model,
    /// `cst_…`.
    pub plaintext: String,
}

/// What is wrong with a request about a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenProblem {
    /// A field is empty, too long or out of range.
    Invalid,
    /// There is no such token or supplier.
    NotFound,
    /// Nobody can give a right that they do not have.
    ScopeTooWide,
}

/// Makes a token. Nobody can give it more than they have.
pub async fn create(app: &App, actor: &Actor, new: NewApiToken) -> Result<CreatedToken, VerbError<TokenProblem>> {
    actor.may(Action::ManageTokens)?;
    let name = new.name.trim();
    if name.is_empty() || name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
        let message = format!("a name has 1 to {MAX_NAME} characters");
        return Err(VerbError::refused(TokenProblem::Invalid, "input.name", message));
    }
    let days = new.days.unwrap_or(DEFAULT_DAYS);
    if !(1..=MAX_DAYS).contains(&days) {
        let message = format!("a token lives 1 to {MAX_DAYS} days");
        return Err(VerbError::refused(TokenProblem::Invalid, "input.days", message));
    }
    if !can_give(actor, &new.scope) {
        let message = "you cannot give a right that you do not have";
        return Err(VerbError::refused(TokenProblem::ScopeTooWide, "input.scope", message));
    }
    let (scope, permissions, supplier_id) = match new.scope {
        TokenScope::Owner => (ScopeKind::Owner, vec![], None),
        TokenScope::Staff(permissions) => (ScopeKind::Staff, permissions, None),
        TokenScope::Supplier(id) => (ScopeKind::Supplier, vec![], Some(id)),
    };
    let plaintext = keys::random_token(&app.ids, PREFIX);
    let tx = Tx::begin(app).await?;
    let row = ActiveModel {
        id: Set(tx.new_id()),
        name: Set(name.to_owned()),
        token_hash: Set(keys::hash_token(&plaintext)),
        scope: Set(scope),
        permissions: Set(Permissions(permissions)),
        supplier_id: Set(supplier_id),
        created_by: Set(actor.label()),
        created_at: Set(tx.now()),
        expires_at: Set(tx.now() + TimeDelta::days(i64::from(days))),
        revoked_at: Set(None),
        last_used_at: Set(None),
    };
    let token = row.insert(&tx).await?;
    audit::record_row::<Entity>(&tx, actor, "apiToken.create", token.id, (None, Some(&token))).await?;
    tx.commit().await?;
    tracing::info!(token.id = %token.id, by = token.created_by, "made API token {}", token.id);
    Ok(CreatedToken { token, plaintext })
}

fn can_give(actor: &Actor, scope: &TokenScope) -> bool {
    match scope {
        TokenScope::Owner => actor.is_owner() || matches!(actor.who, Who::System(_)),
        TokenScope::Staff(permissions) => permissions.iter().all(|&it| actor.has(it)),
        TokenScope::Supplier(_) => actor.may(Action::ManageSuppliers).is_ok(),
    }
}

/// Ends a token; one that has ended stays so.
pub async fn revoke(app: &App, actor: &Actor, id: ApiTokenId) -> Result<Model, VerbError<TokenProblem>> {
    actor.may(Action::ManageTokens)?;
    let tx = Tx::begin(app).await?;
    let token = Entity::find_by_id(id).lock_exclusive().one(&tx).await?;
    let missing = || VerbError::refused(TokenProblem::NotFound, "id", "there is no such token");
    let token = token.ok_or_else(missing)?;
    if token.revoked_at.is_some() {
        return Ok(token);
    }
    let mut row = token.clone().into_active_model();
    row.revoked_at = Set(Some(tx.now()));
    let revoked = row.update(&tx).await?;
    audit::record_row::<Entity>(&tx, actor, "apiToken.revoke", id, (Some(&token), Some(&revoked))).await?;
    let token = revoked;
    tx.commit().await?;
    tracing::info!(token.id = %token.id, by = actor.label(), "revoked API token {}", token.id);
    Ok(token)
}

/// One token, or nothing.
pub async fn lookup(app: &App, actor: &Actor, id: ApiTokenId) -> Result<Option<Model>, Fault> {
    actor.may(Action::ManageTokens)?;
    Ok(Entity::find_by_id(id).one(app.db.read()).await?)
}

/// The tokens, newest first.
pub async fn list(app: &App, actor: &Actor, page: &PageRequest) -> Result<Page<Model>, Fault> {
    actor.may(Action::ManageTokens)?;
    let mut query = Entity::find();
    if let Some(cursor) = &page.cursor {
        let id: ApiTokenId = decode_cursor(NEWEST, cursor)?;
        query = query.filter(if page.backward { Column::Id.gt(id) } else { Column::Id.lt(id) });
    }
    let query = if page.backward { query.order_by_asc(Column::Id) } else { query.order_by_desc(Column::Id) };
    let rows = query.limit(page.size as u64 + 1).all(app.db.read()).await?;
    Ok(Page::from_rows(page, rows, |token| encode_cursor(NEWEST, &token.id)))
}

/// How many tokens there are.
pub async fn count(app: &App, actor: &Actor) -> Result<i64, Fault> {
    actor.may(Action::ManageTokens)?;
    Ok(i64::try_from(Entity::find().count(app.db.read()).await?).unwrap_or(i64::MAX))
}

/// Who holds `token`, if it is good.
pub(super) async fn authenticate(app: &App, token: &str) -> Result<Option<Actor>, Fault> {
    let found = Entity::find().filter(Column::TokenHash.eq(keys::hash_token(token))).one(app.db.read()).await?;
    let Some(row) = found.filter(|row| live(app, row)) else { return Ok(None) };
    let now = app.clock.now();
    if row.last_used_at.is_none_or(|at| now - at >= LAST_USE_STEP) {
        let update = Entity::update_many().col_expr(Column::LastUsedAt, Expr::value(now));
        update.filter(Column::Id.eq(row.id)).exec(app.db.write()).await?;
    }
    let who = match (row.scope, row.supplier_id) {
        (ScopeKind::Owner, _) => Who::Staff(Staff { id: None, owner: true, permissions: vec![] }),
        (ScopeKind::Staff, _) => Who::Staff(Staff { id: None, owner: false, permissions: row.permissions.0 }),
        (ScopeKind::Supplier, Some(id)) => Who::Supplier(id),
        (ScopeKind::Supplier, None) => return Ok(None),
    };
    let credential = Credential { id: row.id.to_string(), expires_at: row.expires_at, kind: CredentialKind::ApiToken };
    Ok(Some(Actor { who, credential: Some(credential) }))
}

/// Whether the token with this id is still good.
pub(super) async fn is_live(app: &App, id: &str) -> Result<bool, Fault> {
    let Ok(id) = id.parse::<ApiTokenId>() else { return Ok(false) };
    Ok(Entity::find_by_id(id).one(app.db.read()).await?.is_some_and(|row| live(app, &row)))
}

/// Ends the tokens that this member of staff made for the store, and those that were made with them; those of
/// suppliers go on. Answers by whom all of that was made, as it is written down.
pub(super) async fn revoke_made_by(tx: &Tx, id: StaffId) -> Result<Vec<String>, Fault> {
    let (mut makers, mut newest) = (Vec::new(), vec![id.to_string()]);
    while !newest.is_empty() {
        let of_store = Entity::find().filter(Column::Scope.ne(ScopeKind::Supplier));
        let made = of_store.filter(Column::CreatedBy.is_in(newest.iter().cloned())).all(tx).await?;
        makers.append(&mut newest);
        newest = made.iter().map(|token| token.id.to_string()).collect();
        Entity::update_many()
            .col_expr(Column::RevokedAt, Expr::value(tx.now()))
            .filter(Column::Id.is_in(made.iter().map(|token| token.id)))
            .filter(Column::RevokedAt.is_null())
            .exec(tx)
            .await?;
    }
    Ok(makers)
}

fn live(app: &App, row: &Model) -> bool {
    row.revoked_at.is_none() && row.expires_at > app.clock.now()
}
