//! The enums of orders.

use async_graphql::Enum;

use crate::kernel::event::EventType;
use crate::orders::{FulfillmentStatus, PaymentStatus, ReturnStatus};

/// Where an order's money stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "PaymentStatus", name = "PaymentStatus")]
pub enum PaymentStatusOut {
    /// Nothing is authorized yet.
    Pending,
    /// Authorized, not captured.
    Authorized,
    /// Captured.
    Paid,
    /// A part of what was captured went back.
    PartiallyRefunded,
    /// All that was captured went back.
    Refunded,
    /// The authorization was released; nothing was captured.
    Voided,
    /// The money could not be taken.
    Failed,
}

/// Where an order's goods are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "FulfillmentStatus", name = "FulfillmentStatus")]
pub enum FulfillmentStatusOut {
    /// Nothing is being prepared yet.
    Unfulfilled,
    /// It is being prepared.
    InProgress,
    /// Some units left.
    PartiallyShipped,
    /// All units left.
    Shipped,
    /// Some units arrived.
    PartiallyDelivered,
    /// All units arrived.
    Delivered,
    /// No unit will be sent.
    Cancelled,
}

/// What of an order came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "ReturnStatus", name = "ReturnStatus")]
pub enum ReturnStatusOut {
    /// Nothing.
    None,
    /// A return was asked for.
    Requested,
    /// Some units came back.
    InProgress,
    /// All delivered units came back.
    Returned,
}

/// What happened. Keep an arm for values you do not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "EventType", name = "EventType")]
pub enum EventTypeOut {
    /// An order was placed; its payment is authorized.
    OrderPlaced,
    /// The payment of an order was captured, in whole or in part.
    PaymentCaptured,
    /// An authorization was released, in whole or in part.
    PaymentVoided,
    /// Money went back to the customer.
    PaymentRefunded,
    /// A movement of money failed for good.
    PaymentFailed,
    /// A supplier order was made from the order's plan.
    SupplierOrderCreated,
    /// A supplier order reached its supplier.
    SupplierOrderSubmitted,
    /// A supplier accepted, in whole or in part.
    SupplierOrderAccepted,
    /// A supplier refused.
    SupplierOrderRejected,
    /// A supplier order was given to other suppliers.
    SupplierOrderRerouted,
    /// A supplier order was cancelled.
    SupplierOrderCancelled,
    /// Nobody knows whether the supplier has the order; it is being asked.
    SupplierOrderUnknown,
    /// A supplier order is held back.
    SupplierOrderHeld,
    /// A supplier order that was held back goes on.
    SupplierOrderReleased,
    /// A supplier did not answer, or not ship, in time.
    SupplierOrderOverdue,
    /// The goods are being prepared.
    ProcessingStarted,
    /// A cancellation was asked for.
    CancellationRequested,
    /// A cancellation that was asked for came too late.
    CancellationRefused,
    /// Lines, or the whole order, were cancelled.
    OrderCancelled,
    /// What was not sent yet goes to another address.
    OrderAddressChanged,
    /// A parcel left.
    ShipmentCreated,
    /// A parcel moved.
    ShipmentUpdated,
    /// A parcel arrived.
    ShipmentDelivered,
    /// Everything arrived.
    OrderDelivered,
    /// The exceptions queue grew.
    WorkItemOpened,
    /// An entry of the exceptions queue was worked.
    WorkItemResolved,
    /// A supplier reported stock.
    StockReported,
    /// Variants cannot be had any more; `message` names some by their SKUs.
    OutOfStock,
    /// Variants can be had again, or for the first time; `message` names some by their SKUs.
    BackInStock,
    /// No more than `Shop.lowStockAt` units of variants can be had any more; `message` names some by their SKUs.
    LowStock,
    /// What a supplier charges changed.
    CostChanged,
    /// A supplier's record or services changed.
    SupplierChanged,
    /// An import ended.
    ImportFinished,
    /// A customer registered, or asked again with a known address.
    CustomerRegistered,
    /// A customer showed that an address is theirs.
    EmailVerified,
    /// Somebody asked for a new password.
    PasswordResetRequested,
    /// A password was changed.
    PasswordChanged,
    /// An account is to move to another address.
    EmailChangeRequested,
    /// The address an account is to move to is to be verified.
    EmailConfirmationRequested,
    /// A guest's order became a customer's.
    OrderClaimed,
    /// A customer is forgotten.
    CustomerErased,
    /// An order lost the person who bought it.
    OrderErased,
    /// Somebody was invited to work for the store.
    StaffInvited,
}
