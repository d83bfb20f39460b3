//! Which customer a person of the merchant's own identity provider is.

use sea_orm::entity::prelude::*;

use crate::kernel::clock::Timestamp;
use crate::kernel::ids::CustomerId;

/// One person.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "external_identity")]
pub struct Model {
    /// Who says so: the tokens' `iss`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub issuer: String,
    /// How it calls the person: the tokens' `sub`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject: String,
    /// The customer here.
    pub customer_id: CustomerId,
    /// Since when.
    pub created_at: Timestamp,
}

/// Identities have no relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
