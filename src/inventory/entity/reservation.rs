//! The table of reservations: what a running checkout holds.

use sea_orm::entity::prelude::*;

use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{OfferId, OrderId, PaymentAttemptId, ReservationId};

/// What became of a reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReservationState {
    /// The checkout holds the units.
    Held,
    /// The checkout let go of them.
    Released,
    /// They became an order's.
    Committed,
}

/// One reservation.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reservation")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ReservationId,
    /// The payment attempt that holds it.
    pub holder: PaymentAttemptId,
    /// Of what.
    pub offer_id: OfferId,
    /// How many.
    pub quantity: i64,
    /// What became of it.
    pub state: ReservationState,
    /// The order it went to.
    pub order_id: Option<OrderId>,
    /// When whoever holds it should have let go.
    pub expires_at: Timestamp,
    /// When it was taken.
    pub created_at: Timestamp,
    /// When its state last changed.
    pub updated_at: Timestamp,
}

/// Reservations have no relations outside this room.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
