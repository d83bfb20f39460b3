//! Invitations to work for the store.

use sea_orm::entity::prelude::*;

use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{ActionTokenId, RoleId};

/// One invitation.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "staff_invitation")]
pub struct Model {
    /// The id, which the token in the mail is made from.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ActionTokenId,
    /// Who is invited, in lower case.
    pub email: String,
    /// As what; without a role it is one more owner.
    pub role_id: Option<RoleId>,
    /// Who invited.
    pub invited_by: String,
    /// When.
    pub created_at: Timestamp,
    /// Until when it can be accepted.
    pub expires_at: Timestamp,
    /// When it was accepted.
    pub used_at: Option<Timestamp>,
    /// When it was taken back, or replaced by a newer one.
    pub revoked_at: Option<Timestamp>,
}

impl Model {
    /// Whether it can still be accepted.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.used_at.is_none() && self.revoked_at.is_none() && self.expires_at > now
    }
}

/// Invitations have no relations inside this room.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
