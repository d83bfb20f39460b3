//! Onboarding: a supplier's goods are looked through, matched with what the store has, and taken on.
//!
//! A fetch ([`FetchCatalog`]) brings what the supplier shows, page by page, into a table of its own, from which
//! nothing is sold. Each item is compared with the store's variants ([`matching`]); what may be the same is
//! suggested, with a score and the reasons, and nothing more: only the owner's word makes an item an offer of a
//! variant ([`map_items`]), or a draft product ([`import_items`]). That word holds, whatever is fetched later; an
//! offer that the supplier has under an item's SKU already is such a word too.
//!
//! An item's states: `UNMAPPED` ⇄ `SUGGESTED` by fetches; both and `IGNORED` → `MAPPED`, and both → `IGNORED`, by
//! the owner.

mod entity;
mod error;
mod fetch;
mod fetches;
mod ignore;
mod import;
mod map;
pub mod matching;
mod queries;
mod suggest;
mod take;

pub mod graphql;

pub use self::entity::fetch::Model as CatalogFetch;
pub use self::entity::item::{ItemState, Model as Item, Suggestion};
pub use self::entity::left_out::Model as LeftOut;
pub use self::error::OnboardingErrorCode;
pub use self::fetch::{FetchCatalog, fetch_catalog};
pub use self::fetches::{fetches_of, list_left_out};
pub use self::ignore::ignore_items;
pub use self::import::{NewDrafts, import_items};
pub use self::map::{WantedMapping, map_items};
pub use self::queries::{ItemFilter, list_items};

use crate::kernel::problem::{Problem, VerbError};

/// What came of many items: each that could be done was, and of the others it is told why not.
#[derive(Debug, Default)]
pub struct Bulk {
    /// Those that are as it was wanted now, in the order they were named.
    pub items: Vec<Item>,
    /// What is wrong with the others.
    pub problems: Vec<Problem<OnboardingErrorCode>>,
}

type Refusal = VerbError<OnboardingErrorCode>;
