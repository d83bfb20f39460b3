//! The members of staff, as the owner manages them.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, Set,
};

use super::entity::api_token::Permissions;
use super::entity::role;
use super::entity::staff::{Column, Entity, Model};
use super::{Action, Actor, Staff, Who, api_tokens, audit, invitations};
use crate::app::App;
use crate::kernel::ids::{RoleId, StaffId};
use crate::kernel::page::{Page, PageRequest, decode_cursor, encode_cursor};
use crate::kernel::problem::{Fault, VerbError};
use crate::platform::tx::Tx;

/// The order members are listed in, as cursors name it.
const NEWEST: &str = "staff";

/// What is wrong with a request about members of staff.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StaffProblem {
    /// A field is too long, or two contradict each other.
    Invalid,
    /// The e-mail address is not one.
    EmailInvalid,
    /// Somebody has an account with this address.
    EmailTaken,
    /// The password is too short or too long.
    PasswordInvalid,
    /// The invitation is unknown, used, taken back or expired.
    TokenInvalid,
    /// There is no such member, role or invitation.
    NotFound,
    /// A store has at least one owner.
    LastOwner,
}

type Refused = VerbError<StaffProblem>;

/// What a member becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// An owner, who may do everything.
    Owner,
    /// A member with this role.
    Member(RoleId),
}

/// Gives a member another position, at once. For the owner.
pub async fn update(app: &App, actor: &Actor, id: StaffId, position: Position) -> Result<Model, Refused> {
    actor.may(Action::ManageStaff)?;
    let tx = Tx::begin(app).await?;
    let owners = lock_owners(&tx).await?;
    let before = lock(&tx, id).await?;
    let mut row = before.clone().into_active_model();
    match position {
        Position::Owner => {
            row.owner = Set(true);
            row.role_id = Set(None);
            row.permissions = Set(Permissions(vec![]));
        }
        Position::Member(role_id) => {
            let missing = || VerbError::refused(StaffProblem::NotFound, "input.roleId", "there is no such role");
            let role = role::Entity::find_by_id(role_id).lock_shared().one(&tx).await?.ok_or_else(missing)?;
            keep_an_owner(&owners, &before)?;
            if before.owner {
                // They carry more than the member has from now on.
                revoke_made_by(&tx, id).await?;
            }
            row.owner = Set(false);
            row.role_id = Set(Some(role_id));
            row.permissions = Set(role.permissions);
        }
    }
    let after = row.update(&tx).await?;
    audit::record_row::<Entity>(&tx, actor, "staff.update", id, (Some(&before), Some(&after))).await?;
    tx.commit().await?;
    Ok(after)
}

/// Removes a member: their sessions end at once, and so do the API tokens they made, but for those that are suppliers',
/// and their open invitations. For the owner.
pub async fn remove(app: &App, actor: &Actor, id: StaffId) -> Result<(), Refused> {
    actor.may(Action::ManageStaff)?;
    let tx = Tx::begin(app).await?;
    let owners = lock_owners(&tx).await?;
    let before = lock(&tx, id).await?;
    keep_an_owner(&owners, &before)?;
    // Sessions and recovery codes go with the row.
    Entity::delete_by_id(id).exec(&tx).await?;
    revoke_made_by(&tx, id).await?;
    audit::record_row::<Entity>(&tx, actor, "staff.remove", id, (Some(&before), None)).await?;
    tx.commit().await?;
    Ok(())
}

/// Ends what this member made that would outlive them: API tokens and invitations, also those made with such tokens.
async fn revoke_made_by(tx: &Tx, id: StaffId) -> Result<(), Fault> {
    let makers = api_tokens::revoke_made_by(tx, id).await?;
    invitations::revoke_sent_by(tx, makers).await
}

/// The owners, locked, before any other member: two that go at the same time take turns.
async fn lock_owners(tx: &Tx) -> Result<Vec<Model>, Fault> {
    let owners = Entity::find().filter(Column::Owner.eq(true)).order_by_asc(Column::Id);
    Ok(owners.lock_exclusive().all(tx).await?)
}

/// Refuses if `member` is the last of `owners`.
fn keep_an_owner(owners: &[Model], member: &Model) -> Result<(), Refused> {
    if !member.owner || owners.iter().any(|it| it.id != member.id) {
        return Ok(());
    }
    Err(VerbError::refused(StaffProblem::LastOwner, "id", "a store has at least one owner"))
}

async fn lock(tx: &Tx, id: StaffId) -> Result<Model, Refused> {
    let row = Entity::find_by_id(id).lock_exclusive().one(tx).await?;
    row.ok_or_else(|| VerbError::refused(StaffProblem::NotFound, "id", "there is no such member of staff"))
}

/// The member who is asking; nothing for anybody else.
pub async fn lookup_self(app: &App, actor: &Actor) -> Result<Option<Model>, Fault> {
    let Who::Staff(Staff { id: Some(id), .. }) = actor.who else { return Ok(None) };
    Ok(Entity::find_by_id(id).one(app.db.read()).await?)
}

/// One member, or nothing. For the owner.
pub async fn lookup(app: &App, actor: &Actor, id: StaffId) -> Result<Option<Model>, Fault> {
    actor.may(Action::ManageStaff)?;
    Ok(Entity::find_by_id(id).one(app.db.read()).await?)
}

/// Whether somebody works for the store under this id.
pub async fn exists(conn: &impl ConnectionTrait, id: StaffId) -> Result<bool, Fault> {
    Ok(Entity::find_by_id(id).one(conn).await?.is_some())
}

/// The members, newest first. For the owner.
pub async fn list(app: &App, actor: &Actor, page: &PageRequest) -> Result<Page<Model>, Fault> {
    actor.may(Action::ManageStaff)?;
    let mut query = Entity::find();
    if let Some(cursor) = &page.cursor {
        let id: StaffId = decode_cursor(NEWEST, cursor)?;
        query = query.filter(if page.backward { Column::Id.gt(id) } else { Column::Id.lt(id) });
    }
    let query = if page.backward { query.order_by_asc(Column::Id) } else { query.order_by_desc(Column::Id) };
    let rows = query.limit(page.size as u64 + 1).all(app.db.read()).await?;
    Ok(Page::from_rows(page, rows, |member| encode_cursor(NEWEST, &member.id)))
}

/// How many members there are.
pub async fn count(app: &App, actor: &Actor) -> Result<i64, Fault> {
    actor.may(Action::ManageStaff)?;
    Ok(i64::try_from(Entity::find().count(app.db.read()).await?).unwrap_or(i64::MAX))
}
