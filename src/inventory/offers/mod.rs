//! Writing offers: the owner one at a time, imports by the thousand.

mod bulk;
mod set;
mod terms;

pub use self::bulk::{OfferUpsert, upsert_offers};
pub use self::set::{MAX_OFFERS, OfferChange, set_offer};
pub(super) use self::terms::is_available;
pub use self::terms::{ApplySupplierTerms, confirm_stock};
