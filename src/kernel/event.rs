//! What can happen: the closed list of events that rooms tell each other and the timeline shows.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EventType {
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
    /// A supplier order was sent to its supplier.
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
    /// The supplier is preparing the goods.
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
    /// A supplier was added, or its record changed.
    SupplierChanged,
    /// A supplier reported stock.
    StockReported,
    /// Variants cannot be had any more.
    OutOfStock,
    /// Variants can be had again, or for the first time.
    BackInStock,
    /// Only few units of variants can be had any more.
    LowStock,
    /// What a supplier charges changed.
    CostChanged,
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
    /// An account is to move to another address: told at the old one.
    EmailChangeRequested,
    /// An account is to move to another address: the new one is to be verified.
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

/// Who may see an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Audience {
    /// The customer and the store.
    Customer,
    /// The store alone.
    Store,
    /// Nobody: it only starts jobs.
    Internal,
}
