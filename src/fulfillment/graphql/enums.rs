//! The enums of supplier orders.

use async_graphql::Enum;

use crate::fulfillment::{RequestStatus, SupplierOrderStatus};
use crate::identity::graphql::visible_to_supplier;
use crate::suppliers::SupplierRejection;

/// Where a supplier order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "SupplierOrderStatus", name = "SupplierOrderStatus", visible = "visible_to_supplier")]
pub enum SupplierOrderStatusOut {
    /// Being put together.
    Draft,
    /// Waiting for the owner's word.
    Routed,
    /// Waiting to be sent.
    Queued,
    /// Being sent.
    Submitting,
    /// The supplier has it and has not answered.
    Submitted,
    /// The supplier said yes.
    Acknowledged,
    /// The supplier is preparing the goods.
    InProduction,
    /// Some units left.
    PartiallyShipped,
    /// All units left.
    Shipped,
    /// All units arrived.
    Delivered,
    /// Held back by the owner.
    OnHold,
    /// The supplier said no, to all of it.
    Rejected,
    /// The supplier was asked to drop it.
    CancelRequested,
    /// Dropped; nothing will be sent.
    Cancelled,
    /// It could not be sent.
    Failed,
    /// It may have reached the supplier or not; the supplier is being asked.
    Unknown,
}

/// What was asked of a supplier, and what the supplier said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "RequestStatus", visible = "visible_to_supplier")]
pub enum SupplierRequestStatus {
    /// Nothing was asked yet.
    Unsubmitted,
    /// Asked; no answer yet.
    Submitted,
    /// Yes, to all of it.
    Accepted,
    /// Yes, to a part.
    PartiallyAccepted,
    /// No.
    Rejected,
    /// Asked to drop it; no answer yet.
    CancelRequested,
    /// Dropped.
    CancelAccepted,
    /// Too late to drop it.
    CancelRejected,
}

/// Why a supplier refuses an order or a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "SupplierRejection", name = "SupplierRejection", visible = "visible_to_supplier")]
pub enum SupplierRejectionOut {
    /// It has none.
    OutOfStock,
    /// It does not know the item.
    InvalidSku,
    /// It no longer sells the item.
    Discontinued,
    /// It charges more than was offered.
    PriceChanged,
    /// It does not send there.
    UndeliverableDestination,
    /// The address is wrong.
    IncorrectAddress,
    /// More than it takes at once.
    OrderTooLarge,
    /// It wants to be paid first.
    PaymentRequired,
    /// It does not deal with the store, or with the customer.
    Blocked,
    /// Anything else.
    Other,
}
