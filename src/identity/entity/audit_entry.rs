//! Who changed what.

use std::collections::BTreeMap;

use sea_orm::FromJsonQueryResult;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::kernel::clock::Timestamp;
use crate::kernel::ids::AuditEntryId;

/// What kind of actor it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ActorKind {
    /// Nobody in particular.
    Anonymous,
    /// A signed-in customer.
    Customer,
    /// The holder of an order's token.
    Guest,
    /// The owner, with a session or an API token.
    Owner,
    /// A member of staff, or an API token with some of the store's rights.
    Staff,
    /// A supplier.
    Supplier,
    /// The program itself, or its operator on the command line.
    System,
}

/// One field's change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What it was; null if there was nothing.
    pub from: Json,
    /// What it is.
    pub to: Json,
}

/// All changes, by field.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct ChangeMap(pub BTreeMap<String, Change>);

/// One entry.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_entry")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AuditEntryId,
    /// When.
    pub at: Timestamp,
    /// Who: an id, never a name.
    pub actor: String,
    /// What kind of actor.
    pub actor_kind: ActorKind,
    /// By which session or API token.
    pub credential: Option<String>,
    /// What was done, such as `product.update`.
    pub action: String,
    /// The global id of what it was done to.
    pub subject: Option<String>,
    /// From what to what.
    #[sea_orm(column_type = "JsonBinary")]
    pub changes: ChangeMap,
}

/// Entries have no relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
