//! A collection as clients see it.

use std::sync::Arc;

use async_graphql::{Context, Object};

use super::inputs::{ProductFilterInput, ProductSort};
use super::list;
use super::product::Product;
use crate::catalog::collection;
use crate::graph::{Connection, GlobalId, PageArgs};
use crate::kernel::ids::CollectionId;

/// A collection of products.
#[derive(Clone)]
pub struct Collection(pub Arc<collection::Model>);

/// A collection of products.
#[Object]
impl Collection {
    /// The id.
    pub async fn id(&self) -> GlobalId<CollectionId> {
        GlobalId(self.0.id)
    }

    /// Its name in addresses: unique.
    async fn slug(&self) -> &str {
        &self.0.slug
    }

    /// Its name.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// Its description, in plain text.
    async fn description(&self) -> &str {
        &self.0.description
    }

    /// Its products.
    async fn products(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 100 (20 unless told).")] first: Option<i32>,
        #[graphql(desc = "The cursor to start behind.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "The cursor to end before.")] before: Option<String>,
        #[graphql(desc = "The order; the newest first unless told.")] sort: Option<ProductSort>,
    ) -> async_graphql::Result<Connection<Product>> {
        let filter = ProductFilterInput { collection: Some(self.0.slug.clone()), ..ProductFilterInput::default() };
        Ok(list::products(ctx, PageArgs::new(first, after, last, before), None, Some(filter), sort).await?)
    }
}
