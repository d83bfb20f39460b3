//! The catalogue's loaders: one statement for all siblings.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::dataloader::Loader;

use crate::app::App;
use crate::catalog::{self, ProductDetails, ProductRow, SelectedOptions, Sight, VariantRow, collection};
use crate::graph::{RequestLoader, SharedFault};
use crate::identity::Actor;
use crate::inventory::{self, Availability};
use crate::kernel::ids::{CollectionId, ProductId, VariantId};

macro_rules! loader {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        pub struct $name(App);

        impl RequestLoader for $name {
            fn new(app: &App, _: &Actor) -> Self {
                Self(app.clone())
            }
        }
    };
}

loader! {
    /// Loads products, published or not: whoever asks holds a right to what refers to them.
    ProductLoader
}
loader! {
    /// Loads what only a product's own page shows.
    DetailsLoader
}
loader! {
    /// Loads variants, for sale or not: whoever asks holds a right to what refers to them.
    VariantLoader
}
loader! {
    /// Loads what variants are, of each of their products' choices.
    OptionsLoader
}
loader! {
    /// Loads collections.
    CollectionLoader
}
loader! {
    /// Loads whether variants can be had.
    AvailabilityLoader
}

impl Loader<ProductId> for ProductLoader {
    type Value = Arc<ProductRow>;
    type Error = SharedFault;

    async fn load(&self, ids: &[ProductId]) -> Result<HashMap<ProductId, Self::Value>, SharedFault> {
        let rows = catalog::products_by_ids(self.0.db.read(), ids).await?;
        Ok(rows.into_iter().map(|row| (row.id, Arc::new(row))).collect())
    }
}

impl Loader<ProductId> for DetailsLoader {
    type Value = Arc<ProductDetails>;
    type Error = SharedFault;

    async fn load(&self, ids: &[ProductId]) -> Result<HashMap<ProductId, Self::Value>, SharedFault> {
        let rows = catalog::details_of(self.0.db.read(), ids).await?;
        Ok(rows.into_iter().map(|row| (row.id, Arc::new(row))).collect())
    }
}

impl Loader<VariantId> for VariantLoader {
    type Value = Arc<VariantRow>;
    type Error = SharedFault;

    async fn load(&self, ids: &[VariantId]) -> Result<HashMap<VariantId, Self::Value>, SharedFault> {
        let rows = catalog::variants_by_ids(self.0.db.read(), ids).await?;
        Ok(rows.into_iter().map(|row| (row.id, Arc::new(row))).collect())
    }
}

/// The variants of a product that somebody sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct VariantsOf(pub ProductId, pub Sight);

impl Loader<VariantsOf> for VariantLoader {
    type Value = Arc<[Arc<VariantRow>]>;
    type Error = SharedFault;

    async fn load(&self, keys: &[VariantsOf]) -> Result<HashMap<VariantsOf, Self::Value>, SharedFault> {
        let mut found = HashMap::new();
        for sight in [Sight::Published, Sight::Everything] {
            let ids: Vec<ProductId> = keys.iter().filter(|key| key.1 == sight).map(|key| key.0).collect();
            if ids.is_empty() {
                continue;
            }
            let mut grouped = group(catalog::variants_of(self.0.db.read(), &ids, sight).await?);
            let of = |id| (VariantsOf(id, sight), grouped.remove(&id).unwrap_or_default().into());
            found.extend(ids.iter().copied().map(of));
        }
        Ok(found)
    }
}

/// Variants by their product, each in its order.
pub fn group(rows: Vec<VariantRow>) -> HashMap<ProductId, Vec<Arc<VariantRow>>> {
    let mut grouped: HashMap<ProductId, Vec<Arc<VariantRow>>> = HashMap::new();
    for row in rows {
        grouped.entry(row.product_id).or_default().push(Arc::new(row));
    }
    grouped
}

impl Loader<VariantId> for OptionsLoader {
    type Value = SelectedOptions;
    type Error = SharedFault;

    async fn load(&self, ids: &[VariantId]) -> Result<HashMap<VariantId, Self::Value>, SharedFault> {
        Ok(catalog::options_of(self.0.db.read(), ids).await?.into_iter().collect())
    }
}

impl Loader<CollectionId> for CollectionLoader {
    type Value = Arc<collection::Model>;
    type Error = SharedFault;

    async fn load(&self, ids: &[CollectionId]) -> Result<HashMap<CollectionId, Self::Value>, SharedFault> {
        let rows = catalog::collections_by_ids(self.0.db.read(), ids).await?;
        Ok(rows.into_iter().map(|row| (row.id, Arc::new(row))).collect())
    }
}

/// The collections a product is in, up to so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CollectionsOf(pub ProductId, pub usize);

impl Loader<CollectionsOf> for CollectionLoader {
    type Value = Arc<[Arc<collection::Model>]>;
    type Error = SharedFault;

    async fn load(&self, keys: &[CollectionsOf]) -> Result<HashMap<CollectionsOf, Self::Value>, SharedFault> {
        let most = keys.iter().map(|key| key.1).max().unwrap_or_default();
        let ids: Vec<ProductId> = keys.iter().map(|key| key.0).collect();
        let mut grouped: HashMap<ProductId, Vec<Arc<collection::Model>>> = HashMap::new();
        for (product, row) in catalog::collections_of(self.0.db.read(), &ids, most).await? {
            grouped.entry(product).or_default().push(Arc::new(row));
        }
        let of = |key: &CollectionsOf| {
            let mine = grouped.get(&key.0).map(Vec::as_slice).unwrap_or_default();
            (*key, mine.iter().take(key.1).map(Arc::clone).collect())
        };
        Ok(keys.iter().map(of).collect())
    }
}

impl Loader<VariantId> for AvailabilityLoader {
    type Value = Availability;
    type Error = SharedFault;

    async fn load(&self, ids: &[VariantId]) -> Result<HashMap<VariantId, Self::Value>, SharedFault> {
        let known = inventory::availability(&self.0, ids).await?;
        Ok(known.into_iter().map(|it| (it.variant_id, it)).collect())
    }
}
