//! Walking through variants in the order of their ids, however many there are.

use sea_orm::sea_query::Query;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};

use crate::catalog::entity::{collection_product, variant};
use crate::kernel::ids::{CollectionId, ProductId, VariantId};
use crate::kernel::problem::Fault;

/// Which variants, for sale or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VariantsIn {
    /// All of them.
    Store,
    /// Those of a product.
    Product(ProductId),
    /// Those of a collection's products.
    Collection(CollectionId),
}

/// Up to `limit` of them behind `after`.
pub async fn variant_ids(
    conn: &impl ConnectionTrait,
    which: VariantsIn,
    after: Option<VariantId>,
    limit: u64,
) -> Result<Vec<VariantId>, Fault> {
    let mut query = select(which).select_only().column(variant::Column::Id);
    if let Some(after) = after {
        query = query.filter(variant::Column::Id.gt(after));
    }
    Ok(query.order_by_asc(variant::Column::Id).limit(limit).into_tuple().all(conn).await?)
}

/// How many there are.
pub async fn count_variants(conn: &impl ConnectionTrait, which: VariantsIn) -> Result<u64, Fault> {
    Ok(select(which).count(conn).await?)
}

/// Which of these products are in which collections.
pub async fn memberships(
    conn: &impl ConnectionTrait,
    products: &[ProductId],
) -> Result<Vec<(ProductId, CollectionId)>, Fault> {
    let query = collection_product::Entity::find()
        .select_only()
        .columns([collection_product::Column::ProductId, collection_product::Column::CollectionId])
        .filter(crate::platform::db::among(conn, collection_product::Column::ProductId, products));
    Ok(query.into_tuple().all(conn).await?)
}

fn select(which: VariantsIn) -> Select<variant::Entity> {
    let query = variant::Entity::find();
    match which {
        VariantsIn::Store => query,
        VariantsIn::Product(id) => query.filter(variant::Column::ProductId.eq(id)),
        VariantsIn::Collection(id) => {
            let mut members = Query::select();
            members.column(collection_product::Column::ProductId).from(collection_product::Entity);
            members.and_where(collection_product::Column::CollectionId.eq(id));
            query.filter(variant::Column::ProductId.in_subquery(members))
        }
    }
}
