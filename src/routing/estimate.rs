//! When something will arrive: cut-off roll, processing in business days, then the time on the way.

use chrono::{DateTime, Datelike as _, Days, NaiveDate, NaiveTime, TimeZone as _, Utc, Weekday};
use chrono_tz::Tz;

use super::answer::DeliveryWindow;
use super::request::{ServiceSnapshot, SupplierFacts};
use crate::kernel::clock::Timestamp;

/// When a parcel ordered at `now` will arrive.
pub fn estimate(supplier: &SupplierFacts, service: &ServiceSnapshot, now: Timestamp) -> DeliveryWindow {
    estimate_after(supplier, service, supplier.processing_days, now)
}

/// The same for goods that take `processing_days` business days to prepare.
pub(super) fn estimate_after(
    supplier: &SupplierFacts,
    service: &ServiceSnapshot,
    processing_days: i64,
    now: Timestamp,
) -> DeliveryWindow {
    let shipped = ship_date(supplier, processing_days, now);
    let zone = supplier.time_zone;
    let earliest = at(zone, shipped + days(service.transit_min_days), NaiveTime::MIN);
    let end_of_day = NaiveTime::from_hms_opt(23, 59, 59).unwrap_or(NaiveTime::MIN);
    let latest = at(zone, shipped + days(service.transit_max_days), end_of_day);
    DeliveryWindow { earliest: earliest.max(now), latest: latest.max(now) }
}

/// The day, where the supplier is, on which a parcel ordered at `now` leaves.
pub(super) fn ship_date(supplier: &SupplierFacts, processing_days: i64, now: Timestamp) -> NaiveDate {
    let local = now.with_timezone(&supplier.time_zone);
    let mut day = local.date_naive();
    let too_late = supplier.cutoff.is_some_and(|cutoff| local.time() > cutoff);
    if too_late && is_business_day(day) {
        day = day + Days::new(1);
    }
    while !is_business_day(day) {
        day = day + Days::new(1);
    }
    for _ in 0..processing_days.clamp(0, 365) {
        day = day + Days::new(1);
        while !is_business_day(day) {
            day = day + Days::new(1);
        }
    }
    day
}

fn is_business_day(day: NaiveDate) -> bool {
    !matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
}

fn days(count: i64) -> Days {
    Days::new(u64::try_from(count.clamp(0, 365)).unwrap_or_default())
}

/// A local time as a moment. A time that a change of clocks skips, or repeats, is taken at its first
/// possible moment.
fn at(zone: Tz, day: NaiveDate, time: NaiveTime) -> Timestamp {
    let local = day.and_time(time);
    let found: Option<DateTime<Tz>> = zone
        .from_local_datetime(&local)
        .earliest()
        .or_else(|| zone.from_local_datetime(&(local + chrono::TimeDelta::hours(1))).earliest());
    found.map_or_else(|| Utc.from_utc_datetime(&local), |moment| moment.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::ids::{ShippingServiceId, SupplierId, TypedId};
    use crate::kernel::money::Money;

    fn supplier(zone: &str, cutoff: Option<&str>, processing_days: i64) -> SupplierFacts {
        SupplierFacts {
            id: SupplierId::from_uuid(uuid::Uuid::nil()),
            active: true,
            processing_days,
            cutoff: cutoff.map(|time| time.parse().expect("a time")),
            time_zone: zone.parse().expect("a zone"),
            handling_fee: Money::zero("EUR".parse().expect("a currency")),
            preference: 1_000_000,
            late_share: 0,
            refusal_share: 0,
        }
    }

    fn service() -> ServiceSnapshot {
        let price = Money::zero("EUR".parse().expect("a currency"));
        ServiceSnapshot {
            id: ShippingServiceId::from_uuid(uuid::Uuid::nil()),
            supplier_id: SupplierId::from_uuid(uuid::Uuid::nil()),
            code: String::new(),
            name: String::new(),
            countries: vec![],
            price,
            price_per_item: price,
            transit_min_days: 2,
            transit_max_days: 4,
            duty: 0,
        }
    }

    fn window(supplier: &SupplierFacts, now: &str) -> (String, String) {
        let window = estimate(supplier, &service(), now.parse().expect("a moment"));
        (window.earliest.to_rfc3339(), window.latest.to_rfc3339())
    }

    #[test]
    fn an_order_before_the_cutoff_leaves_the_same_day() {
        let (earliest, latest) = window(&supplier("UTC", Some("15:00:00"), 0), "2026-11-24T15:00:00Z");
        assert_eq!(earliest, "2026-11-26T00:00:00+00:00");
        assert_eq!(latest, "2026-11-28T23:59:59+00:00");
    }

    #[test]
    fn an_order_after_the_cutoff_counts_for_the_next_business_day() {
        let friday_evening = "2026-11-27T15:00:01Z";
        let supplier = supplier("UTC", Some("15:00:00"), 1);
        assert_eq!(ship_date(&supplier, 1, friday_evening.parse().expect("a moment")).to_string(), "2026-12-01");
    }

    #[test]
    fn the_cutoff_is_the_suppliers_own_time() {
        // 23:30 UTC is 08:30 of the next day in Tokyo.
        let (earliest, _) = window(&supplier("Asia/Tokyo", Some("09:00:00"), 0), "2026-11-24T23:30:00Z");
        assert_eq!(earliest, "2026-11-26T15:00:00+00:00");
    }

    #[test]
    fn weekends_are_not_worked_but_parcels_move() {
        let sunday = "2026-11-22T12:00:00Z".parse().expect("a moment");
        assert_eq!(ship_date(&supplier("UTC", None, 2), 2, sunday).to_string(), "2026-11-25");
    }
}
