//! Changing the catalogue.

use async_graphql::{Context, Enum, Object, SimpleObject};

use super::collection::Collection;
use super::inputs::{
    CollectionCreateInput, CollectionProductsInput, CollectionUpdateInput, ProductCreateInput, ProductUpdateInput,
    ProductVariantsSetInput, VariantUpdateInput,
};
use super::product::Product;
use super::query::{find_collection, find_product, find_variant};
use super::variant::ProductVariant;
use crate::catalog::{self, CatalogError, ProductStatus};
use crate::graph::{ContextExt, GlobalId, Nullable, payload, required};
use crate::identity::graphql::visible_to_store;
use crate::kernel::ids::{CollectionId, ProductId, VariantId};
use crate::kernel::problem::Fault;
use crate::user_error;

/// Why a change of the catalogue was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "catalog::CatalogErrorCode")]
pub enum CatalogErrorCode {
    /// A value is not acceptable.
    Invalid,
    /// There is no such thing.
    NotFound,
    /// A SKU or slug is in use.
    Taken,
    /// More than a product or collection can hold.
    TooMany,
    /// Not the store's currency.
    CurrencyMismatch,
}

user_error!(CatalogUserError, CatalogErrorCode, "visible_to_store");

macro_rules! payloads {
    ($($(#[$doc:meta])* $name:ident, $field:ident: $object:ty, $make:ident, $find:path, $id:ty;)*) => {$(
        $(#[$doc])*
        #[derive(SimpleObject)]
        pub struct $name {
            /// As it is now; null if the change was refused.
            $field: Option<$object>,
            /// Why the change was refused; empty if it was not.
            user_errors: Vec<CatalogUserError>,
        }

        async fn $make(ctx: &Context<'_>, result: Result<$id, CatalogError>) -> Result<$name, Fault> {
            let (id, user_errors) = payload(result)?;
            let $field = match id {
                Some(id) => $find(ctx, id).await?,
                None => None,
            };
            Ok($name { $field, user_errors })
        }
    )*};
}

payloads! {
    /// The answer to a new product.
    ProductCreatePayload, product: Product, created, find_product, ProductId;
    /// The answer to a change of a product.
    ProductUpdatePayload, product: Product, updated, find_product, ProductId;
    /// The answer to a change of a product's variants.
    ProductVariantsSetPayload, product: Product, variants_set, find_product, ProductId;
    /// The answer to a publication.
    ProductPublishPayload, product: Product, published, find_product, ProductId;
    /// The answer to a withdrawal.
    ProductUnpublishPayload, product: Product, unpublished, find_product, ProductId;
    /// The answer to an archiving.
    ProductArchivePayload, product: Product, archived, find_product, ProductId;
    /// The answer to a change of a variant.
    VariantUpdatePayload, variant: ProductVariant, variant_updated, find_variant, VariantId;
    /// The answer to a new collection.
    CollectionCreatePayload, collection: Collection, collection_created, find_collection, CollectionId;
    /// The answer to a change of a collection.
    CollectionUpdatePayload, collection: Collection, collection_updated, find_collection, CollectionId;
    /// The answer to a change of a collection's products.
    CollectionProductsSetPayload, collection: Collection, products_set, find_collection, CollectionId;
    /// The answer to products added to a collection.
    CollectionProductsAddPayload, collection: Collection, products_added, find_collection, CollectionId;
}

/// The mutations of the catalogue.
#[derive(Default)]
pub struct CatalogMutation;

#[Object]
impl CatalogMutation {
    /// Makes a product with its variants. For the owner and staff.
    #[graphql(visible = "visible_to_store")]
    async fn product_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The product.")] input: ProductCreateInput,
    ) -> Nullable<ProductCreatePayload> {
        let result = match input.read() {
            Ok(new) => catalog::product_create(ctx.app(), ctx.actor(), new).await,
            Err(error) => refuse(ctx, error),
        };
        required(created(ctx, result).await)
    }

    /// Changes a product. For the owner and staff.
    #[graphql(visible = "visible_to_store")]
    async fn product_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The product's id.")] id: GlobalId<ProductId>,
        #[graphql(desc = "What is to change.")] input: ProductUpdateInput,
    ) -> Nullable<ProductUpdatePayload> {
        let result = catalog::product_update(ctx.app(), ctx.actor(), id.0, input.into()).await;
        required(updated(ctx, result).await)
    }

    /// Makes a product's variants those given; others are not for sale any more. For the owner and staff.
    #[graphql(visible = "visible_to_store")]
    async fn product_variants_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The product's id.")] id: GlobalId<ProductId>,
        #[graphql(desc = "All its variants.")] input: ProductVariantsSetInput,
    ) -> Nullable<ProductVariantsSetPayload> {
        let result = match input.read() {
            Ok(wanted) => catalog::product_variants_set(ctx.app(), ctx.actor(), id.0, wanted).await,
            Err(error) => refuse(ctx, error),
        };
        required(variants_set(ctx, result).await)
    }

    /// Shows a product to customers. For the owner and staff.
    #[graphql(visible = "visible_to_store")]
    async fn product_publish(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The product's id.")] id: GlobalId<ProductId>,
    ) -> Nullable<ProductPublishPayload> {
        let result = catalog::product_set_status(ctx.app(), ctx.actor(), id.0, ProductStatus::Active).await;
        required(published(ctx, result).await)
    }

    /// Hides a product from customers. For the owner and staff.
    #[graphql(visible = "visible_to_store")]
    async fn product_unpublish(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The product's id.")] id: GlobalId<ProductId>,
    ) -> Nullable<ProductUnpublishPayload> {
        let result = catalog::product_set_status(ctx.app(), ctx.actor(), id.0, ProductStatus::Draft).await;
        required(unpublished(ctx, result).await)
    }

    /// Takes a product off the shelf for good; orders keep it. For the owner and staff.
    #[graphql(visible = "visible_to_store")]
    async fn product_archive(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The product's id.")] id: GlobalId<ProductId>,
    ) -> Nullable<ProductArchivePayload> {
        let result = catalog::product_set_status(ctx.app(), ctx.actor(), id.0, ProductStatus::Archived).await;
        required(archived(ctx, result).await)
    }

    /// Changes a variant. For the owner and staff.
    #[graphql(visible = "visible_to_store")]
    async fn variant_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The variant's id.")] id: GlobalId<VariantId>,
        #[graphql(desc = "What is to change.")] input: VariantUpdateInput,
    ) -> Nullable<VariantUpdatePayload> {
        let result = match input.read() {
            Ok(change) => catalog::variant_update(ctx.app(), ctx.actor(), id.0, change).await,
            Err(error) => refuse(ctx, error),
        };
        required(variant_updated(ctx, result).await)
    }

    /// Makes a collection. For the owner and staff.
    #[graphql(visible = "visible_to_store")]
    async fn collection_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The collection.")] input: CollectionCreateInput,
    ) -> Nullable<CollectionCreatePayload> {
        let result = catalog::collection_create(ctx.app(), ctx.actor(), input.into()).await;
        required(collection_created(ctx, result).await)
    }

    /// Changes a collection. For the owner and staff.
    #[graphql(visible = "visible_to_store")]
    async fn collection_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The collection's id.")] id: GlobalId<CollectionId>,
        #[graphql(desc = "What is to change.")] input: CollectionUpdateInput,
    ) -> Nullable<CollectionUpdatePayload> {
        let result = catalog::collection_update(ctx.app(), ctx.actor(), id.0, input.into()).await;
        required(collection_updated(ctx, result).await)
    }

    /// Makes a collection hold exactly these products. For the owner and staff.
    #[graphql(visible = "visible_to_store")]
    async fn collection_products_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The collection's id.")] id: GlobalId<CollectionId>,
        #[graphql(desc = "All its products.")] input: CollectionProductsInput,
    ) -> Nullable<CollectionProductsSetPayload> {
        let ids: Vec<ProductId> = input.product_ids.into_iter().map(|id| id.0).collect();
        let result = catalog::collection_products_set(ctx.app(), ctx.actor(), id.0, ids).await;
        required(products_set(ctx, result).await)
    }

    /// Adds products to a collection. For the owner and staff.
    #[graphql(visible = "visible_to_store")]
    async fn collection_products_add(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The collection's id.")] id: GlobalId<CollectionId>,
        #[graphql(desc = "The products to add.")] input: CollectionProductsInput,
    ) -> Nullable<CollectionProductsAddPayload> {
        let ids: Vec<ProductId> = input.product_ids.into_iter().map(|id| id.0).collect();
        let result = catalog::collection_products_add(ctx.app(), ctx.actor(), id.0, ids).await;
        required(products_added(ctx, result).await)
    }
}

/// What is wrong with an input is told only to who may send it.
fn refuse<T>(ctx: &Context<'_>, error: CatalogError) -> Result<T, CatalogError> {
    ctx.actor().may(crate::identity::Action::ManageCatalog)?;
    Err(error)
}
