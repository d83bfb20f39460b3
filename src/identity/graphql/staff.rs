//! Those who work for the store: members, roles, invitations.

use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};

use super::session::Session;
use super::tokens::Permission;
use super::visible_to_store;
use crate::graph::scalars::DateTime;
use crate::graph::{Connection, ContextExt, GlobalId, Nullable, PageArgs, nullable, payload, required};
use crate::identity::entity::{staff as member, staff_invitation};
use crate::identity::invitations;
use crate::identity::roles::{self, RoleProblem};
use crate::identity::staff::{self, Position, StaffProblem};
use crate::identity::{self, Role as RoleRow};
use crate::kernel::ids::{ActionTokenId, RoleId, StaffId};
use crate::kernel::problem::{Fault, VerbError};
use crate::user_error;

/// What can be wrong with a request about members of staff.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "StaffProblem")]
pub enum StaffErrorCode {
    /// A field is too long, or two contradict each other.
    Invalid,
    /// The e-mail address is not one.
    EmailInvalid,
    /// Somebody has an account with this address.
    EmailTaken,
    /// The password has fewer than 10 or more than 256 characters.
    PasswordInvalid,
    /// The invitation is unknown, used, taken back or expired.
    TokenInvalid,
    /// There is no such member, role or invitation.
    NotFound,
    /// A store has at least one owner.
    LastOwner,
}

/// What can be wrong with a request about a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "RoleProblem", visible = "visible_to_store")]
pub enum RoleErrorCode {
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

user_error!(StaffInviteUserError, StaffErrorCode, "visible_to_store");
user_error!(StaffInvitationRevokeUserError, StaffErrorCode, "visible_to_store");
user_error!(StaffInvitationAcceptUserError, StaffErrorCode);
user_error!(StaffUpdateUserError, StaffErrorCode, "visible_to_store");
user_error!(StaffRemoveUserError, StaffErrorCode, "visible_to_store");
user_error!(RoleCreateUserError, RoleErrorCode, "visible_to_store");
user_error!(RoleUpdateUserError, RoleErrorCode, "visible_to_store");
user_error!(RoleDeleteUserError, RoleErrorCode, "visible_to_store");

/// A set of permissions by name.
pub struct Role(pub RoleRow);

/// A set of permissions by name.
#[Object(visible = "visible_to_store")]
impl Role {
    /// The id.
    pub async fn id(&self) -> GlobalId<RoleId> {
        GlobalId(self.0.id)
    }

    /// What the owner calls it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What its members may do.
    async fn permissions(&self) -> Vec<Permission> {
        self.0.permissions.0.iter().copied().map(Permission::from).collect()
    }
}

/// Somebody who works for the store.
pub struct StaffMember(pub member::Model);

/// Somebody who works for the store.
#[Object(visible = "visible_to_store")]
impl StaffMember {
    /// The id.
    pub async fn id(&self) -> GlobalId<StaffId> {
        GlobalId(self.0.id)
    }

    /// The address they sign in with, in lower case.
    async fn email(&self) -> &str {
        &self.0.email
    }

    /// What they call themselves; null if they did not say.
    async fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// Whether they may do everything.
    async fn owner(&self) -> bool {
        self.0.owner
    }

    /// What they may do, beside what everybody of the store may; empty for an owner, who may do everything.
    async fn permissions(&self) -> Vec<Permission> {
        self.0.permissions.0.iter().copied().map(Permission::from).collect()
    }

    /// The id of their role; null for an owner.
    async fn role_id(&self) -> Option<GlobalId<RoleId>> {
        self.0.role_id.map(GlobalId)
    }

    /// Whether signing in takes a second factor.
    async fn has_second_factor(&self) -> bool {
        self.0.totp_confirmed_at.is_some()
    }

    /// When they joined.
    async fn created_at(&self) -> DateTime {
        self.0.created_at
    }
}

/// An invitation to work for the store.
pub struct StaffInvitation(pub staff_invitation::Model);

/// An invitation to work for the store.
#[Object(visible = "visible_to_store")]
impl StaffInvitation {
    /// The id.
    async fn id(&self) -> GlobalId<ActionTokenId> {
        GlobalId(self.0.id)
    }

    /// Who is invited.
    async fn email(&self) -> &str {
        &self.0.email
    }

    /// The id of the role they get; null if they become an owner.
    async fn role_id(&self) -> Option<GlobalId<RoleId>> {
        self.0.role_id.map(GlobalId)
    }

    /// When they were invited.
    async fn created_at(&self) -> DateTime {
        self.0.created_at
    }

    /// Until when it can be accepted.
    async fn expires_at(&self) -> DateTime {
        self.0.expires_at
    }
}

/// Who is invited, and as what.
#[derive(InputObject)]
#[graphql(visible = "visible_to_store")]
pub struct StaffInviteInput {
    /// The address; a mail goes there.
    email: String,
    /// The role they get; not together with `owner`.
    role_id: Option<GlobalId<RoleId>>,
    /// Whether they become an owner, who may do everything.
    owner: Option<bool>,
}

/// What a member becomes.
#[derive(InputObject)]
#[graphql(visible = "visible_to_store")]
pub struct StaffUpdateInput {
    /// The role they get; not together with `owner`.
    role_id: Option<GlobalId<RoleId>>,
    /// Whether they become an owner, who may do everything.
    owner: Option<bool>,
}

/// How an invitation is accepted.
#[derive(InputObject)]
pub struct StaffInvitationAcceptInput {
    /// The token of the mail.
    token: String,
    /// The password, of 10 to 256 characters.
    password: String,
    /// What the others call you, in at most 100 characters.
    name: Option<String>,
}

/// A role about to be made.
#[derive(InputObject)]
#[graphql(visible = "visible_to_store")]
pub struct RoleCreateInput {
    /// Its name, in 1 to 50 characters.
    name: String,
    /// What its members may do.
    permissions: Vec<Permission>,
}

/// What is to change of a role; what is left out stays.
#[derive(InputObject)]
#[graphql(visible = "visible_to_store")]
pub struct RoleUpdateInput {
    /// Its name, in 1 to 50 characters.
    name: Option<String>,
    /// What its members may do, from now on.
    permissions: Option<Vec<Permission>>,
}

/// What became of an invitation.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct StaffInvitePayload {
    /// The invitation; null if there is none.
    invitation: Option<StaffInvitation>,
    /// Why not.
    user_errors: Vec<StaffInviteUserError>,
}

/// What became of an invitation that was taken back.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct StaffInvitationRevokePayload {
    /// The invitation; null if there is none.
    invitation: Option<StaffInvitation>,
    /// Why not.
    user_errors: Vec<StaffInvitationRevokeUserError>,
}

/// What became of an invitation that was accepted.
#[derive(SimpleObject)]
pub struct StaffInvitationAcceptPayload {
    /// A session of the new member; null if the invitation is not good.
    session: Option<Session>,
    /// Why not.
    user_errors: Vec<StaffInvitationAcceptUserError>,
}

/// What became of a member's change.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct StaffUpdatePayload {
    /// The member as they are now; null if nothing was changed.
    member: Option<StaffMember>,
    /// Why not.
    user_errors: Vec<StaffUpdateUserError>,
}

/// What became of a member's removal.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct StaffRemovePayload {
    /// Whether they were removed.
    removed: bool,
    /// Why not.
    user_errors: Vec<StaffRemoveUserError>,
}

/// What became of a role about to be made.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct RoleCreatePayload {
    /// The role; null if it was not made.
    role: Option<Role>,
    /// Why not.
    user_errors: Vec<RoleCreateUserError>,
}

/// What became of a role's change.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct RoleUpdatePayload {
    /// The role as it is now; null if nothing was changed.
    role: Option<Role>,
    /// Why not.
    user_errors: Vec<RoleUpdateUserError>,
}

/// What became of a role about to be deleted.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct RoleDeletePayload {
    /// Whether it was deleted.
    deleted: bool,
    /// Why not.
    user_errors: Vec<RoleDeleteUserError>,
}

/// The member, for the owner and for themselves.
pub async fn find_member(ctx: &Context<'_>, id: StaffId) -> Result<Option<StaffMember>, Fault> {
    if let Some(own) = staff::lookup_self(ctx.app(), ctx.actor()).await?.filter(|own| own.id == id) {
        return Ok(Some(StaffMember(own)));
    }
    Ok(staff::lookup(ctx.app(), ctx.actor(), id).await?.map(StaffMember))
}

/// The role, for the owner.
pub async fn find_role(ctx: &Context<'_>, id: RoleId) -> Result<Option<Role>, Fault> {
    Ok(roles::lookup(ctx.app(), ctx.actor(), id).await?.map(Role))
}

/// The queries about those who work for the store.
#[derive(Default)]
pub struct StaffQuery;

#[Object]
impl StaffQuery {
    /// The member of staff, or owner, who is asking; null for anybody else, and for API tokens.
    #[graphql(visible = "visible_to_store")]
    async fn staff_me(&self, ctx: &Context<'_>) -> Nullable<StaffMember> {
        nullable(staff::lookup_self(ctx.app(), ctx.actor()).await.map(|found| found.map(StaffMember)))
    }

    /// Those who work for the store, newest first. For the owner.
    #[graphql(visible = "visible_to_store")]
    async fn staff(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start.")] first: Option<i32>,
        #[graphql(desc = "The cursor to start behind.")] after: Option<String>,
        #[graphql(desc = "How many from the end.")] last: Option<i32>,
        #[graphql(desc = "The cursor to end before.")] before: Option<String>,
    ) -> Nullable<Connection<StaffMember>> {
        required(list(ctx, PageArgs::new(first, after, last, before)).await)
    }

    /// The invitations that can still be accepted, newest first, at most a hundred. For the owner.
    #[graphql(visible = "visible_to_store")]
    async fn staff_invitations(&self, ctx: &Context<'_>) -> Nullable<Vec<StaffInvitation>> {
        let open = invitations::list_open(ctx.app(), ctx.actor()).await;
        required(open.map(|open| open.into_iter().map(StaffInvitation).collect::<Vec<_>>()))
    }

    /// The roles, by name, at most fifty. For the owner.
    #[graphql(visible = "visible_to_store")]
    async fn roles(&self, ctx: &Context<'_>) -> Nullable<Vec<Role>> {
        let all = roles::list(ctx.app(), ctx.actor()).await;
        required(all.map(|all| all.into_iter().map(Role).collect::<Vec<_>>()))
    }
}

async fn list(ctx: &Context<'_>, args: PageArgs) -> Result<Connection<StaffMember>, Fault> {
    let page = staff::list(ctx.app(), ctx.actor(), &args.request()?).await?.map(StaffMember);
    Connection::counted(ctx, page, staff::count(ctx.app(), ctx.actor())).await
}

/// The mutations about members of staff.
#[derive(Default)]
pub struct StaffMutation;

#[Object]
impl StaffMutation {
    /// Invites somebody by mail to work for the store. For the owner.
    #[graphql(visible = "visible_to_store")]
    async fn staff_invite(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who is invited, and as what.")] input: StaffInviteInput,
    ) -> Nullable<StaffInvitePayload> {
        let result = async {
            ctx.actor().may(identity::Action::ManageStaff)?;
            let role = match position(input.role_id, input.owner)? {
                Position::Owner => None,
                Position::Member(id) => Some(id),
            };
            invitations::invite(ctx.app(), ctx.actor(), &input.email, role).await
        };
        required(
            payload(result.await)
                .map(|(made, user_errors)| StaffInvitePayload { invitation: made.map(StaffInvitation), user_errors }),
        )
    }

    /// Takes an invitation back; one that was accepted stays so. For the owner.
    #[graphql(visible = "visible_to_store")]
    async fn staff_invitation_revoke(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which invitation.")] id: GlobalId<ActionTokenId>,
    ) -> Nullable<StaffInvitationRevokePayload> {
        let result = invitations::revoke(ctx.app(), ctx.actor(), id.0).await;
        required(payload(result).map(|(row, user_errors)| StaffInvitationRevokePayload {
            invitation: row.map(StaffInvitation),
            user_errors,
        }))
    }

    /// Accepts an invitation by the token of its mail, and signs in.
    async fn staff_invitation_accept(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How it is accepted.")] input: StaffInvitationAcceptInput,
    ) -> Nullable<StaffInvitationAcceptPayload> {
        let result = invitations::accept(ctx.app(), &input.token, input.name.as_deref(), input.password).await;
        required(payload(result).map(|(joined, user_errors)| StaffInvitationAcceptPayload {
            session: joined.map(|(_, session)| Session(session)),
            user_errors,
        }))
    }

    /// Gives a member another role, or makes them an owner, at once. For the owner.
    #[graphql(visible = "visible_to_store")]
    async fn staff_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which member.")] id: GlobalId<StaffId>,
        #[graphql(desc = "What they become.")] input: StaffUpdateInput,
    ) -> Nullable<StaffUpdatePayload> {
        let result = async {
            ctx.actor().may(identity::Action::ManageStaff)?;
            staff::update(ctx.app(), ctx.actor(), id.0, position(input.role_id, input.owner)?).await
        };
        required(
            payload(result.await)
                .map(|(row, user_errors)| StaffUpdatePayload { member: row.map(StaffMember), user_errors }),
        )
    }

    /// Removes a member: their sessions end at once, and so do the API tokens they made, but for those that are
    /// suppliers', and their open invitations. For the owner.
    #[graphql(visible = "visible_to_store")]
    async fn staff_remove(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which member.")] id: GlobalId<StaffId>,
    ) -> Nullable<StaffRemovePayload> {
        let result = staff::remove(ctx.app(), ctx.actor(), id.0).await;
        required(payload(result).map(|(done, user_errors)| StaffRemovePayload { removed: done.is_some(), user_errors }))
    }
}

fn position(role: Option<GlobalId<RoleId>>, owner: Option<bool>) -> Result<Position, VerbError<StaffProblem>> {
    match (role, owner.unwrap_or_default()) {
        (Some(id), false) => Ok(Position::Member(id.0)),
        (None, true) => Ok(Position::Owner),
        _ => Err(VerbError::refused(StaffProblem::Invalid, "input", "give either roleId or owner: true")),
    }
}

/// The mutations about roles.
#[derive(Default)]
pub struct RoleMutation;

#[Object]
impl RoleMutation {
    /// Makes a role. For the owner.
    #[graphql(visible = "visible_to_store")]
    async fn role_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The role about to be made.")] input: RoleCreateInput,
    ) -> Nullable<RoleCreatePayload> {
        let permissions = permissions(input.permissions);
        let result = roles::create(ctx.app(), ctx.actor(), &input.name, permissions).await;
        required(payload(result).map(|(role, user_errors)| RoleCreatePayload { role: role.map(Role), user_errors }))
    }

    /// Changes a role, and with it at once what its members may do. For the owner.
    #[graphql(visible = "visible_to_store")]
    async fn role_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which role.")] id: GlobalId<RoleId>,
        #[graphql(desc = "What is to change.")] input: RoleUpdateInput,
    ) -> Nullable<RoleUpdatePayload> {
        let permissions = input.permissions.map(permissions);
        let result = roles::update(ctx.app(), ctx.actor(), id.0, input.name.as_deref(), permissions).await;
        required(payload(result).map(|(role, user_errors)| RoleUpdatePayload { role: role.map(Role), user_errors }))
    }

    /// Deletes a role that nobody has. For the owner.
    #[graphql(visible = "visible_to_store")]
    async fn role_delete(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which role.")] id: GlobalId<RoleId>,
    ) -> Nullable<RoleDeletePayload> {
        let result = roles::delete(ctx.app(), ctx.actor(), id.0).await;
        required(payload(result).map(|(done, user_errors)| RoleDeletePayload { deleted: done.is_some(), user_errors }))
    }
}

fn permissions(given: Vec<Permission>) -> Vec<identity::Permission> {
    given.into_iter().map(identity::Permission::from).collect()
}
