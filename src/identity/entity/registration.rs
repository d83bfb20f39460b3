//! Registrations that wait for their address to be verified.

use sea_orm::entity::prelude::*;

use crate::kernel::clock::Timestamp;
use crate::kernel::ids::ActionTokenId;

/// One registration.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "registration")]
pub struct Model {
    /// The id, which the token in the mail is made from.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ActionTokenId,
    /// The address to be verified, in lower case.
    pub email: String,
    /// The hash of the password that was chosen.
    pub password_hash: String,
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// Whether news may be sent.
    pub accepts_marketing: bool,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// Until when it can be verified.
    pub expires_at: Timestamp,
    /// When it was.
    pub used_at: Option<Timestamp>,
}

/// Registrations have no relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
