//! The table of supplier orders.

use sea_orm::FromJsonQueryResult;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::fulfillment::state::{RequestStatus, SupplierOrderStatus};
use crate::identity::Owned;
use crate::kernel::address::Address;
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{OrderId, SupplierId, SupplierOrderId};
use crate::kernel::money::{Currency, Money};
use crate::suppliers::SupplierRejection;

/// Suppliers that were asked for these units before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct Tried(pub Vec<SupplierId>);

/// One supplier order.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "supplier_order")]
pub struct Model {
    /// The id; its text is the reference the supplier knows it by.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SupplierOrderId,
    /// The order it is a part of.
    pub order_id: OrderId,
    /// Who is asked.
    pub supplier_id: SupplierId,
    /// Where it stands.
    pub status: SupplierOrderStatus,
    /// What was asked of the supplier, and what the supplier said.
    pub request_status: RequestStatus,
    /// The how-many-th supplier order for these units, from 1.
    pub attempt: i32,
    /// Who was asked before.
    #[sea_orm(column_type = "JsonBinary")]
    pub tried: Tried,
    /// The supplier order whose units these were.
    pub replaces: Option<SupplierOrderId>,
    /// The supplier's name for the shipping service.
    pub service_code: String,
    /// The currency of its costs.
    pub currency: Currency,
    /// What the supplier asks for shipping.
    pub shipping_cost: i64,
    /// The same in the order's currency.
    pub store_shipping_cost: i64,
    /// The supplier's own id of it.
    pub remote_id: Option<String>,
    /// What a supplier at the portal calls it.
    pub supplier_reference: Option<String>,
    /// An answer is due by then.
    pub accept_by: Timestamp,
    /// The parcel is due by then.
    pub ship_by: Timestamp,
    /// When the supplier means to ship.
    pub estimated_ship_at: Option<Timestamp>,
    /// When it was last handed to the adapter.
    pub sent_at: Option<Timestamp>,
    /// How often it was handed to the adapter.
    pub sendings: i32,
    /// When the supplier was last asked about it.
    pub asked_at: Option<Timestamp>,
    /// When the supplier had it for sure.
    pub submitted_at: Option<Timestamp>,
    /// When the supplier said yes.
    pub acknowledged_at: Option<Timestamp>,
    /// Why the supplier refused, for programs.
    pub rejection_code: Option<String>,
    /// Why the supplier refused, for people.
    pub rejection_message: Option<String>,
    /// Why it is to be cancelled.
    pub cancel_reason: Option<String>,
    /// When a cancellation was asked for.
    pub cancel_requested_at: Option<Timestamp>,
    /// When a supplier that takes cancellations by message was sent one; the answer comes by itself.
    pub cancel_told_at: Option<Timestamp>,
    /// Since when it is held back: by the store while it is `ON_HOLD`, else by its supplier.
    pub held_at: Option<Timestamp>,
    /// Why it is held back.
    pub hold_reason: Option<String>,
    /// Since when the supplier is asked to give it back, for others to send; then the cancellation that
    /// was asked for is not the customer's.
    pub recalled_at: Option<Timestamp>,
    /// Who shall send what the supplier gives back; whoever can, without.
    pub recall_to: Option<SupplierId>,
    /// Where it went, if the order's address was corrected after it had ended; else it is the order's.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub destination: Option<Address>,
    /// When it was told that the answer is overdue; nothing again once there is a new deadline.
    pub accept_missed_at: Option<Timestamp>,
    /// The same of the parcel.
    pub ship_missed_at: Option<Timestamp>,
    /// What went wrong last, for the owner.
    pub note: Option<String>,
    /// How many steps it took.
    pub steps: i32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Model {
    /// `minor` units of the supplier's currency.
    pub fn money(&self, minor: i64) -> Money {
        Money::from_minor(minor, self.currency)
    }

    /// Whether it lies at the portal without a word of its supplier's: nothing was ever sent, and what was
    /// not accepted can be withdrawn. Under the row's lock either the answer comes first, or that.
    pub fn is_unanswered_at_portal(&self) -> bool {
        // One that refused to give it back has said a word.
        let untouched = self.sendings == 0
            && self.acknowledged_at.is_none()
            && self.held_at.is_none()
            && self.request_status == RequestStatus::Submitted;
        self.status == SupplierOrderStatus::Submitted && untouched
    }

    /// Whether its supplier refused it because the address is wrong.
    pub fn was_refused_for_address(&self) -> bool {
        self.rejection_code.as_ref() == Some(&SupplierRejection::IncorrectAddress.to_value())
    }

    /// What the supplier knows it by.
    pub fn reference(&self) -> String {
        self.id.to_string()
    }
}

impl Owned for Model {
    fn supplier_id(&self) -> Option<SupplierId> {
        Some(self.supplier_id)
    }

    fn order_id(&self) -> Option<OrderId> {
        Some(self.order_id)
    }

    fn supplier_order_id(&self) -> Option<SupplierOrderId> {
        Some(self.id)
    }
}

/// Relations inside the room.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
