//! Where a parcel is, out of what was said of it.

use crate::kernel::clock::Timestamp;
use crate::suppliers::ShipmentStatus;

use super::entity::event;

/// How far along a status is; decides between events of one moment.
fn rank(status: ShipmentStatus) -> u8 {
    use ShipmentStatus as S;
    match status {
        S::Pending => 0,
        S::InfoReceived => 1,
        S::InTransit => 2,
        S::Customs => 3,
        S::OutForDelivery => 4,
        S::AvailableForPickup => 5,
        S::AttemptFailed => 6,
        S::Exception => 7,
        S::Expired => 8,
        S::Returning => 9,
        S::Returned => 10,
        S::Delivered => 11,
    }
}

/// The status of a parcel and since when it has it: that of its latest event, by the carrier's own
/// clock, whatever the order of arrival. Having arrived is final.
pub fn current(events: &[event::Model]) -> Option<(ShipmentStatus, Timestamp)> {
    let known = events.iter().filter_map(|it| it.status.map(|status| (status, it.occurred_at)));
    let delivered = known.clone().filter(|(status, _)| *status == ShipmentStatus::Delivered).min_by_key(|(_, at)| *at);
    delivered.or_else(|| known.max_by_key(|(status, at)| (*at, rank(*status))))
}

/// What the customer is told.
pub fn message(status: ShipmentStatus) -> &'static str {
    use ShipmentStatus as S;
    match status {
        S::Pending | S::InfoReceived => "Your parcel was announced to the carrier.",
        S::InTransit => "Your parcel is on its way.",
        S::Customs => "Your parcel is with customs.",
        S::OutForDelivery => "Your parcel is out for delivery.",
        S::AvailableForPickup => "Your parcel is ready to be picked up.",
        S::AttemptFailed => "The carrier tried to deliver your parcel and could not.",
        S::Exception => "There is a problem with your parcel; we are looking into it.",
        S::Returning => "Your parcel is on its way back to the sender.",
        S::Returned => "Your parcel went back to the sender.",
        S::Delivered => "Your parcel was delivered.",
        S::Expired => "Nothing was heard of your parcel for a while; we are looking into it.",
    }
}

/// Whether somebody of the store should look at it.
pub fn is_trouble(status: ShipmentStatus) -> bool {
    use ShipmentStatus as S;
    matches!(status, S::Exception | S::Returning | S::Returned | S::Expired)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::kernel::ids::{ShipmentEventId, ShipmentId};

    fn event(place: u128, status: ShipmentStatus, minute: i64) -> event::Model {
        let start: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let at = start + chrono::TimeDelta::minutes(minute);
        event::Model {
            id: ShipmentEventId(Uuid::from_u128(place)),
            shipment_id: ShipmentId(Uuid::from_u128(1)),
            external_id: place.to_string(),
            status: Some(status),
            raw_status: String::new(),
            occurred_at: at,
            description: None,
            location: None,
            received_at: at,
        }
    }

    proptest! {
        #[test]
        fn any_order_of_arrival_ends_alike(order in Just((0..6_usize).collect::<Vec<_>>()).prop_shuffle(), delivered in any::<bool>()) {
            use ShipmentStatus as S;
            let last = if delivered { S::Delivered } else { S::Exception };
            let told = [S::InfoReceived, S::InTransit, S::Customs, S::OutForDelivery, last, S::InTransit];
            let events: Vec<_> = told.iter().enumerate().map(|(place, status)| {
                event(place as u128, *status, place as i64 % 5)
            }).collect();
            let shuffled: Vec<_> = order.iter().map(|&place| events[place].clone()).collect();
            prop_assert_eq!(current(&shuffled), current(&events));
            prop_assert_eq!(current(&shuffled).map(|(status, _)| status), Some(last));
        }
    }

    #[test]
    fn what_nobody_knows_changes_nothing() {
        let strange = event::Model { status: None, ..event(1, ShipmentStatus::Delivered, 5) };
        assert_eq!(current(&[strange]), None);
    }
}
