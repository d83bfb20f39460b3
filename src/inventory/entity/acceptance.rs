//! The table of acceptances: committed units the supplier said yes to, and when. A report about a
//! later moment shows them, so that counting them a second time ends.

use sea_orm::entity::prelude::*;

use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{AcceptanceId, CommitmentId, OfferId};

/// One acceptance.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "commitment_acceptance")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AcceptanceId,
    /// Of what.
    pub commitment_id: CommitmentId,
    /// The commitment's offer.
    pub offer_id: OfferId,
    /// How many.
    pub quantity: i64,
    /// When the supplier accepted.
    pub accepted_at: Timestamp,
    /// When a later report arrived, or the units were given back.
    pub absorbed_at: Option<Timestamp>,
}

/// Acceptances have no relations outside this room.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
