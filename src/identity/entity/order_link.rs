//! The table of the links that supplier orders' mails carry.

use sea_orm::entity::prelude::*;

use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{OrderLinkId, SupplierId, SupplierOrderId};

/// One link.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "order_link")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OrderLinkId,
    /// The supplier order it is good for.
    pub supplier_order_id: SupplierOrderId,
    /// The supplier it was sent to.
    pub supplier_id: SupplierId,
    /// SHA-256 of its token.
    pub token_hash: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// When it ended because nothing more can happen to the supplier order.
    pub ended_at: Option<Timestamp>,
}

/// Links have no relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
