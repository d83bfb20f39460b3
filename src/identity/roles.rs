//! Roles: sets of permissions that the owner names and gives to members of staff.
//!
//! Requests are decided by the permissions in the member's own row, which are the role's, written
//! together with it: nothing is looked up twice on the way of a request.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, Set,
};

use super::audit::Changes;
use super::entity::api_token::Permissions;
use super::entity::role::{ActiveModel, Column, Entity};
use super::entity::{staff, staff_invitation};
use super::{Action, Actor, Permission, Role, audit};
use crate::app::App;
use crate::kernel::ids::RoleId;
use crate::kernel::problem::{Fault, Problem, VerbError};
use crate::platform::db::unless_duplicate;
use crate::platform::tx::Tx;

/// The most roles: they are listed at once.
pub const MAX_ROLES: u64 = 50;
/// The longest name.
const MAX_NAME: usize = 50;

/// What is wrong with a request about a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoleProblem {
    /// A field is empty or too long.
    Invalid,
    /// Another role has this name.
    NameTaken,
    /// There is no such role.
    NotFound,
    /// Members, or open invitations, have this role.
    InUse,
    /// There are too many roles.
    TooMany,
}

type Refused = VerbError<RoleProblem>;

/// Makes a role, for the owner.
pub async fn create(app: &App, actor: &Actor, name: &str, permissions: Vec<Permission>) -> Result<Role, Refused> {
    actor.may(Action::ManageStaff)?;
    let name = checked(name)?;
    let tx = Tx::begin(app).await?;
    if Entity::find().count(&tx).await? >= MAX_ROLES {
        return Err(VerbError::refused(RoleProblem::TooMany, "input", format!("at most {MAX_ROLES} roles")));
    }
    let row = ActiveModel {
        id: Set(tx.new_id()),
        name_key: Set(key(&name)),
        name: Set(name),
        permissions: Set(Permissions(sorted(permissions))),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
    };
    let role = unless_duplicate(row.insert(&tx).await)?.ok_or_else(name_taken)?;
    audit::record_row::<Entity>(&tx, actor, "role.create", role.id, (None, Some(&role))).await?;
    tx.commit().await?;
    Ok(role)
}

/// Changes a role, and with it at once what its members may do. For the owner.
pub async fn update(
    app: &App,
    actor: &Actor,
    id: RoleId,
    name: Option<&str>,
    permissions: Option<Vec<Permission>>,
) -> Result<Role, Refused> {
    actor.may(Action::ManageStaff)?;
    let name = name.map(checked).transpose()?;
    let tx = Tx::begin(app).await?;
    let before = lock(&tx, id).await?;
    let mut row = before.clone().into_active_model();
    if let Some(name) = name {
        row.name_key = Set(key(&name));
        row.name = Set(name);
    }
    if let Some(permissions) = permissions {
        row.permissions = Set(Permissions(sorted(permissions)));
    }
    row.updated_at = Set(tx.now());
    let role = unless_duplicate(row.update(&tx).await)?.ok_or_else(name_taken)?;
    let members = staff::Entity::update_many()
        .set(staff::ActiveModel { permissions: Set(role.permissions.clone()), ..Default::default() })
        .filter(staff::Column::RoleId.eq(id));
    members.exec(&tx).await?;
    audit::record_row::<Entity>(&tx, actor, "role.update", id, (Some(&before), Some(&role))).await?;
    tx.commit().await?;
    Ok(role)
}

/// Deletes a role that nobody has. For the owner.
pub async fn delete(app: &App, actor: &Actor, id: RoleId) -> Result<(), Refused> {
    actor.may(Action::ManageStaff)?;
    let tx = Tx::begin(app).await?;
    let role = lock(&tx, id).await?;
    let members = staff::Entity::find().filter(staff::Column::RoleId.eq(id)).count(&tx).await?;
    let invitations = staff_invitation::Entity::find().filter(staff_invitation::Column::RoleId.eq(id)).all(&tx).await?;
    if members > 0 || invitations.iter().any(|it| it.is_open(tx.now())) {
        let message = "members of staff, or open invitations, have this role";
        return Err(VerbError::refused(RoleProblem::InUse, "id", message));
    }
    staff_invitation::Entity::delete_many().filter(staff_invitation::Column::RoleId.eq(id)).exec(&tx).await?;
    Entity::delete_by_id(id).exec(&tx).await?;
    let gone = Changes::between::<Entity>(Some(&role), None);
    audit::record(&tx, actor, "role.delete", id, gone).await?;
    tx.commit().await?;
    Ok(())
}

/// The roles, by name. For the owner.
pub async fn list(app: &App, actor: &Actor) -> Result<Vec<Role>, Fault> {
    actor.may(Action::ManageStaff)?;
    Ok(Entity::find().order_by_asc(Column::NameKey).limit(MAX_ROLES).all(app.db.read()).await?)
}

/// One role, or nothing. For the owner.
pub async fn lookup(app: &App, actor: &Actor, id: RoleId) -> Result<Option<Role>, Fault> {
    actor.may(Action::ManageStaff)?;
    Ok(find(app.db.read(), id).await?)
}

/// One role, whoever asks.
pub(super) async fn find(conn: &impl ConnectionTrait, id: RoleId) -> Result<Option<Role>, sea_orm::DbErr> {
    Entity::find_by_id(id).one(conn).await
}

/// The role, its row locked until the transaction ends.
async fn lock(tx: &Tx, id: RoleId) -> Result<Role, Refused> {
    let row = Entity::find_by_id(id).lock_exclusive().one(tx).await?;
    row.ok_or_else(|| Problem::at(RoleProblem::NotFound, "id", "there is no such role").into())
}

fn checked(name: &str) -> Result<String, Refused> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
        let message = format!("a name has 1 to {MAX_NAME} characters, in one line");
        return Err(VerbError::refused(RoleProblem::Invalid, "input.name", message));
    }
    Ok(name.to_owned())
}

fn key(name: &str) -> String {
    name.to_lowercase()
}

fn sorted(mut permissions: Vec<Permission>) -> Vec<Permission> {
    permissions.sort_unstable();
    permissions.dedup();
    permissions
}

fn name_taken() -> Refused {
    VerbError::refused(RoleProblem::NameTaken, "input.name", "another role has this name")
}
