//! What an order's facts amount to. Three separate axes, each a pure function of the facts; nobody
//! sets a status by hand.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};

use super::entity::line;

/// Where the money stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PaymentStatus {
    /// Nothing is authorized yet.
    Pending,
    /// Authorized, not captured.
    Authorized,
    /// Captured, in whole or for everything that is still to be sent; or there is nothing to pay.
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

/// Where the goods are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FulfillmentStatus {
    /// No supplier has been asked yet.
    Unfulfilled,
    /// Suppliers have been asked.
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

/// What came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReturnStatus {
    /// Nothing.
    None,
    /// A return was asked for.
    Requested,
    /// Some units came back.
    InProgress,
    /// All delivered units came back.
    Returned,
}

/// The money facts, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MoneyFacts {
    /// Authorized.
    pub authorized: i64,
    /// Captured.
    pub captured: i64,
    /// Released.
    pub voided: i64,
    /// Given back.
    pub refunded: i64,
    /// The provider refused to let it be taken.
    pub capture_failed: bool,
    /// There is nothing to pay.
    pub free: bool,
}

/// The payment axis.
pub fn payment_status(money: MoneyFacts) -> PaymentStatus {
    if money.captured > 0 {
        return match money.refunded {
            0 => PaymentStatus::Paid,
            refunded if refunded >= money.captured => PaymentStatus::Refunded,
            _ => PaymentStatus::PartiallyRefunded,
        };
    }
    if money.authorized == 0 {
        return if money.free { PaymentStatus::Paid } else { PaymentStatus::Pending };
    }
    match money {
        _ if money.voided >= money.authorized => PaymentStatus::Voided,
        _ if money.capture_failed => PaymentStatus::Failed,
        _ => PaymentStatus::Authorized,
    }
}

/// The fulfillment axis.
pub fn fulfillment_status(lines: &[line::Model]) -> FulfillmentStatus {
    let sum = |count: fn(&line::Model) -> i64| lines.iter().map(count).sum::<i64>();
    let live = sum(line::Model::live);
    let (shipped, delivered) = (sum(|it| it.shipped), sum(|it| it.delivered));
    if live == 0 {
        return FulfillmentStatus::Cancelled;
    }
    match (shipped, delivered) {
        (_, delivered) if delivered >= live => FulfillmentStatus::Delivered,
        (_, delivered) if delivered > 0 => FulfillmentStatus::PartiallyDelivered,
        (shipped, _) if shipped >= live => FulfillmentStatus::Shipped,
        (shipped, _) if shipped > 0 => FulfillmentStatus::PartiallyShipped,
        _ if sum(|it| it.forwarded) > 0 => FulfillmentStatus::InProgress,
        _ => FulfillmentStatus::Unfulfilled,
    }
}

/// The return axis.
pub fn return_status(lines: &[line::Model]) -> ReturnStatus {
    let returned: i64 = lines.iter().map(|it| it.returned).sum();
    let delivered: i64 = lines.iter().map(|it| it.delivered).sum();
    match returned {
        0 => ReturnStatus::None,
        returned if returned >= delivered => ReturnStatus::Returned,
        _ => ReturnStatus::InProgress,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::kernel::ids::{OrderId, OrderLineId, ProductId, VariantId};

    fn line(quantity: i64, cancelled: i64, shipped: i64, delivered: i64) -> line::Model {
        line::Model {
            id: OrderLineId(Uuid::nil()),
            order_id: OrderId(Uuid::nil()),
            place: 0,
            variant_id: VariantId(Uuid::nil()),
            product_id: ProductId(Uuid::nil()),
            title: String::new(),
            variant_title: String::new(),
            sku: String::new(),
            unit_price: 0,
            subtotal: 0,
            discount: 0,
            tax: 0,
            total: 0,
            planned_cost: 0,
            quantity,
            cancelled,
            forwarded: 0,
            accepted: 0,
            shipped,
            delivered,
            returned: 0,
        }
    }

    #[test]
    fn money_decides_the_payment_status() {
        let facts = |authorized, captured, voided, refunded| MoneyFacts {
            authorized,
            captured,
            voided,
            refunded,
            capture_failed: false,
            free: false,
        };
        let refused = |facts| MoneyFacts { capture_failed: true, ..facts };
        assert_eq!(payment_status(facts(0, 0, 0, 0)), PaymentStatus::Pending);
        assert_eq!(payment_status(MoneyFacts { free: true, ..facts(0, 0, 0, 0) }), PaymentStatus::Paid);
        assert_eq!(payment_status(facts(9, 0, 0, 0)), PaymentStatus::Authorized);
        assert_eq!(payment_status(facts(9, 0, 9, 0)), PaymentStatus::Voided);
        assert_eq!(payment_status(facts(9, 5, 4, 0)), PaymentStatus::Paid);
        assert_eq!(payment_status(facts(9, 5, 4, 2)), PaymentStatus::PartiallyRefunded);
        assert_eq!(payment_status(facts(9, 5, 4, 5)), PaymentStatus::Refunded);
        assert_eq!(payment_status(refused(facts(9, 0, 0, 0))), PaymentStatus::Failed);
        assert_eq!(payment_status(refused(facts(9, 0, 9, 0))), PaymentStatus::Voided);
    }

    proptest! {
        #[test]
        fn goods_decide_the_fulfillment_status(
            units in prop::collection::vec((1_i64..5, 0_i64..5, 0_i64..5, 0_i64..5), 1..5),
        ) {
            let lines: Vec<_> = units.into_iter().map(|(quantity, cancelled, shipped, delivered)| {
                let cancelled = cancelled.min(quantity);
                let shipped = shipped.min(quantity - cancelled);
                line(quantity, cancelled, shipped, delivered.min(shipped))
            }).collect();
            let live: i64 = lines.iter().map(line::Model::live).sum();
            let delivered: i64 = lines.iter().map(|it| it.delivered).sum();
            let status = fulfillment_status(&lines);
            prop_assert_eq!(status == FulfillmentStatus::Cancelled, live == 0);
            prop_assert_eq!(status == FulfillmentStatus::Delivered, live > 0 && delivered == live);
        }
    }
}
