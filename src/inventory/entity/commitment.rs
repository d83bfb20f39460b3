//! The table of commitments: what an order takes of an offer.

use sea_orm::entity::prelude::*;

use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{CommitmentId, OfferId, OrderId};

/// What one order takes of one offer.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "commitment")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CommitmentId,
    /// The order.
    pub order_id: OrderId,
    /// The offer.
    pub offer_id: OfferId,
    /// How many were committed in all.
    pub quantity: i64,
    /// How many of them were let go.
    pub released: i64,
    /// How many the supplier accepted.
    pub accepted: i64,
    /// How many the supplier's own figure shows by now.
    pub absorbed: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Model {
    /// What of it still counts against the offer.
    pub fn outstanding(&self) -> i64 {
        self.quantity - self.released - self.absorbed
    }
}

/// Commitments have no relations outside this room.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
