//! Changes of accounts that wait for the token of their mail.

use sea_orm::entity::prelude::*;

use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{ActionTokenId, CustomerId, StaffId};

/// What the token of the mail is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ActionPurpose {
    /// Choosing a new password.
    ResetPassword,
    /// Moving the account to another address.
    ChangeEmail,
}

/// One action. Without a customer and a member of staff it belongs to nobody: somebody named an address
/// that has no account.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account_action")]
pub struct Model {
    /// The id, which the token in the mail is made from.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ActionTokenId,
    /// What it is for.
    pub purpose: ActionPurpose,
    /// Where the mail goes, in lower case; for a change, the new address.
    pub email: String,
    /// Whose account, if a customer's.
    pub customer_id: Option<CustomerId>,
    /// Whose account, if of staff.
    pub staff_id: Option<StaffId>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// Until when the token is good.
    pub expires_at: Timestamp,
    /// When it was used, or something else made it worthless.
    pub used_at: Option<Timestamp>,
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Not the address, which is personal.
        f.debug_struct("AccountAction").field("id", &self.id).field("purpose", &self.purpose).finish_non_exhaustive()
    }
}

/// Actions have no relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
