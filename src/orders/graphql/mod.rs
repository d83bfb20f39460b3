//! Orders as customers, guests and the store's people see them.

mod enums;
mod event;
mod loaders;
mod mutation;
mod query;
mod told;
mod types;

pub use self::enums::{EventTypeOut, FulfillmentStatusOut, PaymentStatusOut, ReturnStatusOut};
pub use self::event::{OrderEvent, StoreEvent};
pub use self::loaders::{OrderLinesLoader, OrderLoader};
pub use self::mutation::{OrderClaimErrorCode, OrderClaimUserError, OrderMutation};
pub use self::query::{OrderFilterInput, OrderQuery, OrderSortIn, OrderSubscription, find, orders_of};
pub use self::types::{Order, OrderCost, OrderLine, OrderMargin};
