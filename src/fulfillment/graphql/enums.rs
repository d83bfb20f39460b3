//! The enums of supplier orders.

use async_graphql::Enum;

use crate::fulfillment::{self, RequestStatus, SupplierOrderStatus};
use crate::identity::graphql::{visible_to_store, visible_to_supplier};
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

/// Something that can be done with a supplier order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "fulfillment::SupplierOrderAction", visible = "visible_to_supplier")]
pub enum SupplierOrderAction {
    /// `supplierOrderSubmit`: send it to its supplier.
    Submit,
    /// `supplierOrderHold`: hold it back.
    Hold,
    /// `supplierOrderRelease`: go on with it.
    Release,
    /// `supplierOrderReroute`: give all of it to whoever can send it.
    Reroute,
    /// `supplierOrderMove`: give all or a part of it to a supplier by name.
    Move,
    /// `supplierOrderRecall`: ask its supplier to give it back, for others to send.
    Recall,
    /// `supplierOrderAccept`: say yes, to all or a part.
    Accept,
    /// `supplierOrderReject`: say no.
    Reject,
    /// `supplierOrderCancelAnswer`: answer a cancellation that was asked for.
    AnswerCancel,
    /// `shipmentCreate`: tell of a parcel that left.
    Ship,
}

/// What was asked of a supplier over the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "fulfillment::RequestCall", visible = "visible_to_store")]
pub enum SupplierRequestCall {
    /// To take the order.
    Submit,
    /// Whether it has the order.
    Find,
    /// To drop the order.
    Cancel,
}

/// What came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "fulfillment::RequestOutcome", visible = "visible_to_store")]
pub enum SupplierRequestOutcome {
    /// It was done: the supplier has the order, or dropped it.
    Done,
    /// The supplier does not have the order.
    NotFound,
    /// The supplier has not decided yet.
    Pending,
    /// The supplier will not.
    Refused,
    /// Surely not done; it is tried again.
    Failed,
    /// Nobody knows whether it was done; the supplier is asked.
    Unknown,
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
