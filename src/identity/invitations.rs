//! Somebody is invited to work for the store, and joins.

use chrono::TimeDelta;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Set};
use serde_json::json;

use super::action_tokens::{self, Purpose};
use super::audit::Changes;
use super::entity::api_token::Permissions;
use super::entity::staff_invitation::{ActiveModel, Column, Entity, Model};
use super::entity::{role, staff};
use super::sessions::{self, Holder, IssuedSession};
use super::staff::StaffProblem;
use super::{Action, Actor, Who, accounts, audit, passwords, roles};
use crate::app::App;
use crate::kernel::email;
use crate::kernel::event::{Audience, EventType};
use crate::kernel::ids::{ActionTokenId, RoleId};
use crate::kernel::problem::{Fault, VerbError};
use crate::platform::db::unless_duplicate;
use crate::platform::outbox::{self, NewEvent};
use crate::platform::tx::Tx;

/// How long an invitation waits.
const LIFE: TimeDelta = TimeDelta::days(7);
/// The longest name of a member.
const MAX_NAME: usize = 100;
/// The most open invitations: they are listed at once.
const MAX_OPEN: u64 = 100;

type Refused = VerbError<StaffProblem>;

/// Invites somebody by mail, as a member with `role` or, without one, as one more owner. A new
/// invitation takes the place of an older one. For the owner.
pub async fn invite(app: &App, actor: &Actor, email: &str, role: Option<RoleId>) -> Result<Model, Refused> {
    actor.may(Action::ManageStaff)?;
    let bad_email = || VerbError::refused(StaffProblem::EmailInvalid, "input.email", "this is not an e-mail address");
    let email = email::parse(email).map(|it| email::key(&it)).map_err(|_| bad_email())?;
    let tx = Tx::begin(app).await?;
    if let Some(id) = role
        && roles::find(&tx, id).await?.is_none()
    {
        return Err(VerbError::refused(StaffProblem::NotFound, "input.roleId", "there is no such role"));
    }
    if accounts::taken(&tx, &email).await? {
        return Err(email_taken("input.email"));
    }
    let older = Entity::update_many().col_expr(Column::RevokedAt, Expr::value(tx.now()));
    let older = older.filter(Column::Email.eq(&email)).filter(Column::UsedAt.is_null());
    older.filter(Column::RevokedAt.is_null()).exec(&tx).await?;
    let row = ActiveModel {
        id: Set(tx.new_id()),
        email: Set(email),
        role_id: Set(role),
        invited_by: Set(actor.label()),
        created_at: Set(tx.now()),
        expires_at: Set(tx.now() + LIFE),
        used_at: Set(None),
        revoked_at: Set(None),
    };
    let row = row.insert(&tx).await?;
    let stream = row.id.to_string();
    let event = NewEvent::of_stream(stream, EventType::StaffInvited, Audience::Internal, "somebody was invited");
    outbox::append(&tx, event.data(json!({ "invitationId": row.id }))).await?;
    audit::record_row::<Entity>(&tx, actor, "staff.invite", row.id, (None, Some(&row))).await?;
    tx.commit().await?;
    Ok(row)
}

/// Takes an invitation back; one that is used or gone stays so. For the owner.
pub async fn revoke(app: &App, actor: &Actor, id: ActionTokenId) -> Result<Model, Refused> {
    actor.may(Action::ManageStaff)?;
    let tx = Tx::begin(app).await?;
    let row = Entity::find_by_id(id).lock_exclusive().one(&tx).await?;
    let missing = || VerbError::refused(StaffProblem::NotFound, "id", "there is no such invitation");
    let row = row.ok_or_else(missing)?;
    if row.used_at.is_some() || row.revoked_at.is_some() {
        return Ok(row);
    }
    let mut change = row.into_active_model();
    change.revoked_at = Set(Some(tx.now()));
    let row = change.update(&tx).await?;
    audit::record(&tx, actor, "staff.inviteRevoke", id, Changes::none()).await?;
    tx.commit().await?;
    Ok(row)
}

/// Takes back the open invitations that these sent.
pub(super) async fn revoke_sent_by(tx: &Tx, senders: Vec<String>) -> Result<(), Fault> {
    Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::value(tx.now()))
        .filter(Column::InvitedBy.is_in(senders))
        .filter(Column::UsedAt.is_null())
        .filter(Column::RevokedAt.is_null())
        .exec(tx)
        .await?;
    Ok(())
}

/// Makes the account that `token` invites to, and signs its holder in.
pub async fn accept(
    app: &App,
    token: &str,
    name: Option<&str>,
    password: String,
) -> Result<(staff::Model, IssuedSession), Refused> {
    let name = checked_name(name)?;
    if !passwords::acceptable(&password) {
        let message = format!("a password has {} to {} characters", passwords::MIN_LENGTH, passwords::MAX_LENGTH);
        return Err(VerbError::refused(StaffProblem::PasswordInvalid, "input.password", message));
    }
    let invalid =
        || VerbError::refused(StaffProblem::TokenInvalid, "input.token", "the invitation is not valid any more");
    // Known before the work of hashing: strangers cannot have it done for nothing.
    let id = action_tokens::read(app, Purpose::JoinStaff, token).ok_or_else(invalid)?;
    let password_hash = passwords::hash(app, password).await?;
    let tx = Tx::begin(app).await?;
    let row = Entity::find_by_id(id).lock_exclusive().one(&tx).await?.ok_or_else(invalid)?;
    if !row.is_open(tx.now()) {
        return Err(invalid());
    }
    if accounts::taken(&tx, &row.email).await? {
        return Err(email_taken("input.token"));
    }
    let permissions = match row.role_id {
        Some(id) => role::Entity::find_by_id(id).lock_shared().one(&tx).await?.ok_or_else(invalid)?.permissions,
        None => Permissions(vec![]),
    };
    let member = staff::ActiveModel {
        id: Set(tx.new_id()),
        email: Set(row.email.clone()),
        password_hash: Set(password_hash),
        owner: Set(row.role_id.is_none()),
        permissions: Set(permissions),
        created_at: Set(tx.now()),
        name: Set(name),
        role_id: Set(row.role_id),
        ..Default::default()
    };
    let member = unless_duplicate(member.insert(&tx).await)?.ok_or_else(|| email_taken("input.token"))?;
    let mut change = row.into_active_model();
    change.used_at = Set(Some(tx.now()));
    change.update(&tx).await?;
    let session = sessions::begin(&tx, Holder::Staff(member.id)).await?;
    audit::record_row::<staff::Entity>(&tx, &as_member(&member), "staff.join", member.id, (None, Some(&member)))
        .await?;
    tx.commit().await?;
    tracing::info!(staff.id = %member.id, "a member of staff joined");
    Ok((member, session))
}

fn as_member(member: &staff::Model) -> Actor {
    let (id, owner, permissions) = (Some(member.id), member.owner, member.permissions.0.clone());
    Actor::of(Who::Staff(super::Staff { id, owner, permissions }))
}

fn checked_name(name: Option<&str>) -> Result<Option<String>, Refused> {
    let name = name.map(str::trim).filter(|name| !name.is_empty());
    if name.is_some_and(|name| name.chars().count() > MAX_NAME || name.chars().any(char::is_control)) {
        let message = format!("a name has at most {MAX_NAME} characters, in one line");
        return Err(VerbError::refused(StaffProblem::Invalid, "input.name", message));
    }
    Ok(name.map(str::to_owned))
}

fn email_taken(field: &str) -> Refused {
    VerbError::refused(StaffProblem::EmailTaken, field, "somebody has an account with this address")
}

/// The invitations that can still be accepted, newest first. For the owner.
pub async fn list_open(app: &App, actor: &Actor) -> Result<Vec<Model>, Fault> {
    actor.may(Action::ManageStaff)?;
    let open = Entity::find().filter(Column::UsedAt.is_null()).filter(Column::RevokedAt.is_null());
    let open = open.filter(Column::ExpiresAt.gt(app.clock.now())).order_by_desc(Column::Id).limit(MAX_OPEN);
    Ok(open.all(app.db.read()).await?)
}

/// The mail of an invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationMail {
    /// To whom.
    pub email: String,
    /// The secret.
    pub token: String,
}

/// What to tell by mail about an invitation; nothing if it is used or gone.
pub async fn mail_for(app: &App, id: ActionTokenId) -> Result<Option<InvitationMail>, Fault> {
    let row = Entity::find_by_id(id).one(app.db.read()).await?;
    let open = row.filter(|row| row.is_open(app.clock.now()));
    let token = action_tokens::make(app, Purpose::JoinStaff, id);
    Ok(open.map(|row| InvitationMail { email: row.email, token }))
}
