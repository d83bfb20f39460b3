//! The table of what suppliers' platforms let the store in with.

use sea_orm::entity::prelude::*;

use crate::kernel::clock::Timestamp;
use crate::kernel::ids::SupplierId;

/// One supplier's.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "supplier_session")]
pub struct Model {
    /// Whose.
    #[sea_orm(primary_key, auto_increment = false)]
    pub supplier_id: SupplierId,
    /// The tokens, sealed; without, there are none yet.
    pub sealed: Option<String>,
    /// Until then somebody is getting new ones, or nobody tries again.
    pub renewing_until: Option<Timestamp>,
    /// Why there are no new ones, if the last try failed.
    pub failure: Option<String>,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Sessions have no relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
