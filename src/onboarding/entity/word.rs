//! The table of words that items are found by.

use sea_orm::entity::prelude::*;

use crate::kernel::ids::{SupplierId, SupplierItemId};

/// A word of an item.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "supplier_item_word")]
pub struct Model {
    /// Whose item it is.
    #[sea_orm(primary_key, auto_increment = false)]
    pub supplier_id: SupplierId,
    /// The word, folded.
    #[sea_orm(primary_key, auto_increment = false)]
    pub word: String,
    /// The item.
    #[sea_orm(primary_key, auto_increment = false)]
    pub item_id: SupplierItemId,
}

/// Words have no relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
