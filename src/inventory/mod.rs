//! Inventory: which supplier offers which variant, how much of it can be sold, and who holds it.
//!
//! Suppliers report, checkouts reserve, orders commit. Per offer
//! `sellable = max(0, floor(reported × confidence) − buffer − reserved − committed)`, less when the report is too
//! old; every change of these figures is one line of the ledger, written with the change, and is made by one guarded
//! `UPDATE`, so that two checkouts can never both take the last unit.

mod availability;
mod commit;
mod costs;
mod entity;
mod error;
mod facets;
mod figures;
mod flights;
pub mod graphql;
mod jobs;
mod lists;
mod live;
mod low;
mod news;
mod offers;
mod poll;
mod portal;
mod queries;
mod reports;
mod reserve;
mod shortfall;

pub use self::availability::{Availability, availability, cache_key as availability_key};
pub use self::commit::{commit, commit_directly, note_accepted, release_commitments};
pub use self::costs::{DecideHeldCosts, OfferCost, count_offers_of, offer_costs, variants_offered_by};
pub use self::entity::{commitment, ledger, offer, reservation};
pub use self::error::InventoryErrorCode;
pub use self::figures::lock_offers;
pub use self::jobs::{NoteStaleStock, RefreshAvailability};
pub use self::live::look as look_again;
pub use self::low::WatchLowStock;
pub use self::news::{after_supplier_changed, after_work_item};
pub use self::offers::{
    ApplySupplierTerms, MAX_OFFERS, OfferChange, OfferUpsert, confirm_stock, set_offer, upsert_offers,
};
pub use self::poll::{PollStock, WatchPolls, poll_all};
pub use self::portal::report_stock;
pub use self::queries::{OfferSnapshot, commitments_of, offers_for, variants_offered};
pub use self::reports::{DecideHeldReport, MAX_QUANTITY, ReportOutcome, ReportPart, StockReport, report};
pub use self::reserve::{release, reserve};
