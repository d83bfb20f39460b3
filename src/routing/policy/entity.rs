//! The table of the routing policy: one row, once the owner has said something.

use sea_orm::FromJsonQueryResult;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use super::RoutingPolicy;
use crate::kernel::clock::Timestamp;

/// The policy in a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct StoredPolicy(pub RoutingPolicy);

/// The policy.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "routing_policy")]
pub struct Model {
    /// Always 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// What it says.
    #[sea_orm(column_type = "JsonBinary")]
    pub policy: StoredPolicy,
    /// How often it was changed: who changes it says which one they saw.
    pub version: i64,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// The policy has no relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
