//! Changing products.

use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};

use super::entity::{Media, MediaList, ProductStatus, product, variant};
use super::error::{CatalogError, CatalogErrorCode};
use super::products::{NewProduct, create_product};
use super::validate::Check;
use super::{facets, state, text};
use crate::app::App;
use crate::identity::{Action, Actor, audit};
use crate::kernel::ids::ProductId;
use crate::kernel::problem::Fault;
use crate::platform::db::{among, unless_duplicate};
use crate::platform::tx::Tx;

/// What is to change of a product; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProductChange {
    /// Its name.
    pub title: Option<String>,
    /// Its name in addresses.
    pub slug: Option<String>,
    /// Plain text.
    pub description: Option<String>,
    /// Its pictures, the featured one first.
    pub media: Option<Vec<Media>>,
}

/// Makes a product, for the owner and staff.
pub async fn product_create(app: &App, actor: &Actor, new: NewProduct) -> Result<ProductId, CatalogError> {
    actor.may(Action::ManageCatalog)?;
    let tx = Tx::begin(app).await?;
    let created = create_product(&tx, new).await?;
    note(&tx, actor, "product.create", created.id, None).await?;
    tx.commit().await?;
    Ok(created.id)
}

/// Changes a product, for the owner and staff.
pub async fn product_update(
    app: &App,
    actor: &Actor,
    id: ProductId,
    change: ProductChange,
) -> Result<ProductId, CatalogError> {
    actor.may(Action::ManageCatalog)?;
    let tx = Tx::begin(app).await?;
    let before = lock(&tx, id).await?;
    update_products(&tx, vec![(id, change)]).await?;
    note(&tx, actor, "product.update", id, Some(&before)).await?;
    tx.commit().await?;
    Ok(id)
}

/// Changes products.
pub async fn update_products(tx: &Tx, mut changes: Vec<(ProductId, ProductChange)>) -> Result<(), CatalogError> {
    changes.sort_by_key(|(id, _)| *id);
    let ids: Vec<ProductId> = changes.iter().map(|(id, _)| *id).collect();
    for (id, change) in changes {
        apply(tx, id, change).await?;
    }
    facets::refresh(tx, &ids).await?;
    Ok(state::bump(tx).await?)
}

async fn apply(tx: &Tx, id: ProductId, change: ProductChange) -> Result<(), CatalogError> {
    let row = lock(tx, id).await?;
    let mut check = Check::new(row.currency);
    if let Some(title) = &change.title {
        check.title("title", title);
    }
    if let Some(slug) = &change.slug {
        check.slug("slug", slug);
    }
    if let Some(description) = &change.description {
        check.description("description", description);
    }
    if let Some(media) = &change.media {
        check.media("media", media);
    }
    check.finish()?;
    if let Some(slug) = change.slug.as_ref().filter(|slug| **slug != row.slug) {
        let taken = product::Entity::find().filter(product::Column::Slug.eq(slug)).one(tx).await?;
        if taken.is_some() {
            return Err(CatalogError::refused(CatalogErrorCode::Taken, "slug", "the slug is in use"));
        }
    }
    let mut update = product::ActiveModel { id: Set(id), updated_at: Set(tx.now()), ..Default::default() };
    if let Some(title) = change.title {
        update.sort_title = Set(text::sort_key(title.trim()));
        update.title = Set(title.trim().to_owned());
    }
    if let Some(slug) = change.slug {
        update.slug = Set(slug);
    }
    if let Some(description) = change.description {
        update.description = Set(description);
    }
    if let Some(media) = change.media {
        update.featured_url = Set(media.first().map(|it| it.url.clone()));
        update.featured_alt = Set(media.first().and_then(|it| it.alt.clone()));
        update.media = Set(MediaList(media));
    }
    let taken = || CatalogError::refused(CatalogErrorCode::Taken, "slug", "the slug was taken at the same moment");
    unless_duplicate(update.update_without_returning(tx).await)?.ok_or_else(taken)?;
    Ok(())
}

/// Puts a product on the shelf (`Active`), takes it back (`Draft`), or takes it off for good
/// (`Archived`). For the owner and staff. A repeat changes nothing.
pub async fn product_set_status(
    app: &App,
    actor: &Actor,
    id: ProductId,
    status: ProductStatus,
) -> Result<ProductId, CatalogError> {
    actor.may(Action::ManageCatalog)?;
    let tx = Tx::begin(app).await?;
    let row = lock(&tx, id).await?;
    if row.status == status {
        return Ok(id);
    }
    if status == ProductStatus::Active && !has_active_variant(&tx, id).await? {
        let message = "a product without a variant for sale cannot be published";
        return Err(CatalogError::refused(CatalogErrorCode::Invalid, "id", message));
    }
    let change =
        product::ActiveModel { id: Set(id), status: Set(status), updated_at: Set(tx.now()), ..Default::default() };
    change.update_without_returning(&tx).await?;
    note(&tx, actor, "product.status", id, Some(&row)).await?;
    state::bump(&tx).await?;
    tx.commit().await?;
    Ok(id)
}

async fn has_active_variant(tx: &Tx, id: ProductId) -> Result<bool, Fault> {
    let query = variant::Entity::find().filter(variant::Column::ProductId.eq(id));
    Ok(query.filter(variant::Column::Active.eq(true)).one(tx).await?.is_some())
}

/// Notes in the audit log what became of a product.
async fn note(
    tx: &Tx,
    actor: &Actor,
    action: &str,
    id: ProductId,
    before: Option<&product::Model>,
) -> Result<(), CatalogError> {
    let after = product::Entity::find_by_id(id).one(tx).await?;
    Ok(audit::record_row::<product::Entity>(tx, actor, action, id, (before, after.as_ref())).await?)
}

/// Locks products until the transaction ends. Whoever changes several variants or products locks the variants
/// first and then all the products, in one go each, so that nobody waits in a ring.
pub async fn lock_products(tx: &Tx, mut ids: Vec<ProductId>) -> Result<(), Fault> {
    ids.sort_unstable();
    ids.dedup();
    let query = product::Entity::find().select_only().column(product::Column::Id);
    let query = query.filter(among(tx, product::Column::Id, &ids)).order_by_asc(product::Column::Id);
    query.lock_exclusive().into_tuple::<ProductId>().all(tx).await?;
    Ok(())
}

/// The product, its row locked until the transaction ends.
pub(super) async fn lock(tx: &Tx, id: ProductId) -> Result<product::Model, CatalogError> {
    let row = product::Entity::find_by_id(id).lock_exclusive().one(tx).await?;
    row.ok_or_else(|| CatalogError::refused(CatalogErrorCode::NotFound, "id", "there is no such product"))
}
