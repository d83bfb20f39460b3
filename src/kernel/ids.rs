//! Typed ids. One line per kind, each with a prefix; a UUIDv7 inside, so that ids sort by time.

use std::fmt;
use std::str::FromStr;
use std::sync::Mutex;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use uuid::Uuid;

use super::clock::Timestamp;

/// An id text that is malformed or of another kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {expected} id")]
pub struct IdError {
    /// The prefix that was expected, such as `ord`.
    pub expected: &'static str,
}

/// What all typed ids have in common.
pub trait TypedId: Copy + Send + Sync + 'static {
    /// The prefix of the text form, without the underscore.
    const PREFIX: &'static str;
    /// The name of the GraphQL type that carries this id.
    const TYPE_NAME: &'static str;
    /// Wraps the raw id.
    fn from_uuid(uuid: Uuid) -> Self;
    /// The raw id.
    fn uuid(self) -> Uuid;
}

/// The least id that may be drawn at `at`: those drawn before sort before it.
pub fn first_at<T: TypedId>(at: Timestamp) -> T {
    T::from_uuid(at_time(at, &[0; 10]))
}

fn at_time(at: Timestamp, random: &[u8; 10]) -> Uuid {
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, random).into_uuid()
}

/// Reads `prefix_32hex`.
fn parse(prefix: &'static str, text: &str) -> Result<Uuid, IdError> {
    let error = IdError { expected: prefix };
    let rest = text.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_')).ok_or(error.clone())?;
    let canonical = rest.len() == 32 && rest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if !canonical {
        return Err(error);
    }
    Uuid::try_parse(rest).map_err(|_| error)
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident, $prefix:literal, $type_name:literal;)*) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, sea_orm::DeriveValueType,
        )]
        pub struct $name(pub Uuid);

        impl TypedId for $name {
            const PREFIX: &'static str = $prefix;
            const TYPE_NAME: &'static str = $type_name;
            fn from_uuid(uuid: Uuid) -> Self { Self(uuid) }
            fn uuid(self) -> Uuid { self.0 }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), self.0.simple())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> { parse($prefix, text).map(Self) }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl sea_orm::TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
                Err(sea_orm::DbErr::ConvertFromU64($type_name))
            }
        }
    )*};
}

ids! {
    /// A customer with an account.
    CustomerId, "cus", "Customer";
    /// An address in a customer's address book.
    CustomerAddressId, "cad", "CustomerAddress";
    /// A person who works for the store.
    StaffId, "stf", "StaffMember";
    /// A family of refresh tokens: one sign-in on one device.
    SessionId, "ses", "Session";
    /// A one-use secret sent by mail.
    ActionTokenId, "act", "ActionToken";
    /// A long-lived opaque token.
    ApiTokenId, "apt", "ApiToken";
    /// A link by which a supplier answers one supplier order.
    OrderLinkId, "lnk", "OrderLink";
    /// A set of permissions by name.
    RoleId, "rol", "Role";
    /// One entry of the audit log.
    AuditEntryId, "aud", "AuditEntry";
    /// A product.
    ProductId, "prd", "Product";
    /// A variant of a product: the thing that is bought.
    VariantId, "var", "ProductVariant";
    /// An image or other medium of a product.
    MediaId, "med", "Media";
    /// A collection of products.
    CollectionId, "col", "Collection";
    /// A file sent to the store for an import or a report.
    UploadId, "upl", "Upload";
    /// A supplier.
    SupplierId, "sup", "Supplier";
    /// One of a supplier's goods, as the supplier shows it.
    SupplierItemId, "sit", "SupplierItem";
    /// A shipping service a supplier offers.
    ShippingServiceId, "ssv", "ShippingService";
    /// A supplier's offer of one variant.
    OfferId, "ofr", "SupplierOffer";
    /// Units of an offer held for a checkout or an order.
    ReservationId, "rsv", "Reservation";
    /// One line of an offer's stock ledger.
    LedgerEntryId, "led", "LedgerEntry";
    /// Units of an offer an order takes, until the supplier's own figure shows it.
    CommitmentId, "cmt", "Commitment";
    /// A supplier's acceptance of committed units.
    AcceptanceId, "acc", "CommitmentAcceptance";
    /// A supplier's stock report.
    StockReportId, "srp", "StockReport";
    /// A part of a stock report.
    StockReportPartId, "spt", "StockReportPart";
    /// A discount.
    DiscountId, "dsc", "Discount";
    /// One use of a discount.
    RedemptionId, "rdm", "DiscountRedemption";
    /// An exchange rate.
    ExchangeRateId, "fxr", "ExchangeRate";
    /// A rule that makes prices from costs.
    PriceRuleId, "prl", "PriceRule";
    /// A change of a variant's price.
    PriceChangeId, "pch", "PriceChange";
    /// A cart. The only id that is also a right: 128 random bits, never logged.
    CartId, "crt", "Cart";
    /// A line of a cart.
    CartLineId, "cln", "CartLine";
    /// The part of a cart one supplier will send, under a name that does not tell which.
    ParcelId, "par", "Parcel";
    /// One attempt to be paid.
    PaymentAttemptId, "pay", "Payment";
    /// One movement of money at a provider.
    PaymentTransactionId, "ptx", "PaymentTransaction";
    /// A refund.
    RefundId, "rfd", "Refund";
    /// An order.
    OrderId, "ord", "Order";
    /// A line of an order.
    OrderLineId, "oln", "OrderLine";
    /// What is asked of one supplier for one order.
    SupplierOrderId, "sor", "SupplierOrder";
    /// Why units went from one supplier to others.
    RoutingDecisionId, "rtd", "RoutingDecision";
    /// A line of a supplier order.
    SupplierOrderLineId, "sol", "SupplierOrderLine";
    /// One call to a supplier about a supplier order.
    SupplierRequestId, "srq", "SupplierRequest";
    /// What a carrier moves.
    ShipmentId, "shp", "Shipment";
    /// One tracking event.
    ShipmentEventId, "she", "ShipmentEvent";
    /// A line of a shipment.
    ShipmentLineId, "shl", "ShipmentLine";
    /// One entry of the exceptions queue.
    WorkItemId, "wrk", "WorkItem";
    /// A job of the background worker.
    JobId, "job", "Job";
    /// An event: what happened, once.
    EventId, "evt", "Event";
    /// A webhook as it arrived.
    WebhookId, "whk", "WebhookDelivery";
    /// A message to a person.
    NotificationId, "ntf", "Notification";
}

/// Where ids and secrets come from.
#[derive(Debug)]
pub enum IdSource {
    /// The operating system's generator.
    System,
    /// A seeded generator, for tests that must replay exactly.
    Seeded(Mutex<StdRng>),
}

impl IdSource {
    /// A source that always draws the same sequence for one seed.
    pub fn seeded(seed: u64) -> Self {
        Self::Seeded(Mutex::new(StdRng::seed_from_u64(seed)))
    }

    /// A new id that sorts after those drawn at earlier times.
    pub fn new_id<T: TypedId>(&self, now: Timestamp) -> T {
        T::from_uuid(at_time(now, &self.bytes()))
    }

    /// A new id of 128 random bits: for ids that are a right.
    pub fn secret_id<T: TypedId>(&self) -> T {
        T::from_uuid(Uuid::from_bytes(self.bytes()))
    }

    /// Random bytes fit for secrets (under [`IdSource::System`]).
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match self {
            Self::System => rand::rng().fill_bytes(&mut bytes),
            Self::Seeded(rng) => rng.lock().unwrap_or_else(std::sync::PoisonError::into_inner).fill_bytes(&mut bytes),
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn any_id_reads_back_and_any_text_that_reads_is_one(bytes: [u8; 16], text in "\\PC{0,60}|ord_[0-9a-f]{30,34}") {
            let id = OrderId(Uuid::from_bytes(bytes));
            proptest::prop_assert_eq!(id.to_string().parse::<OrderId>(), Ok(id));
            if let Ok(id) = text.parse::<OrderId>() {
                proptest::prop_assert_eq!(id.to_string(), text);
            }
        }
    }

    #[test]
    fn an_id_reads_back_and_refuses_other_kinds() {
        let id: OrderId = IdSource::seeded(1).secret_id();
        assert_eq!(id.to_string().parse::<OrderId>(), Ok(id));
        assert!(id.to_string().parse::<CartId>().is_err());
        for bad in [
            "",
            "ord_",
            "ord_123",
            "ord",
            "ord_zz018f00000000000000000000000000",
            "ORD_018f0000000000000000000000000000",
        ] {
            assert!(bad.parse::<OrderId>().is_err(), "{bad}");
        }
    }
}
