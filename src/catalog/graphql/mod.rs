//! The catalogue as clients see it: what is for sale for everybody, drafts for the store.

mod collection;
mod delivery;
mod inputs;
mod list;
mod loaders;
mod mutation;
mod prices;
mod product;
mod query;
mod variant;

pub use self::collection::Collection;
pub use self::loaders::{CollectionLoader, ProductLoader, VariantLoader};
pub use self::mutation::{CatalogMutation, CatalogUserError};
pub use self::product::{Image, Product};
pub use self::query::{CatalogQuery, find_collection, find_product, find_variant};
pub use self::variant::{ProductVariant, SelectedOption};

use super::Sight;
use crate::identity::{Action, Actor};

/// How much of the catalogue this actor sees.
fn sight(actor: &Actor) -> Sight {
    if actor.may(Action::ReadCatalogDrafts).is_ok() { Sight::Everything } else { Sight::Published }
}

/// Whether whoever asks sees more of the catalogue than customers do.
fn sees_drafts(ctx: &async_graphql::Context<'_>) -> bool {
    ctx.data_opt::<Actor>().is_some_and(|actor| sight(actor) == Sight::Everything)
}
