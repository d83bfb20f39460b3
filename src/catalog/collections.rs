//! Making and changing collections.

use sea_orm::sea_query::ExprTrait;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QuerySelect, Set};

use super::entity::{collection, collection_product, product};
use super::error::{CatalogError, CatalogErrorCode};
use super::products::{ROWS, tail};
use super::validate::Check;
use super::{state, text};
use crate::app::App;
use crate::identity::audit::Changes;
use crate::identity::{Action, Actor, audit};
use crate::kernel::ids::{CollectionId, ProductId};
use crate::platform::db::{among, unless_duplicate};
use crate::platform::tx::Tx;
use crate::store;

/// A collection about to be made.
#[derive(Debug, Clone, Default)]
pub struct NewCollection {
    /// Its name.
    pub title: String,
    /// Its name in addresses; made from the title if there is none.
    pub slug: Option<String>,
    /// Plain text.
    pub description: String,
}

/// What is to change of a collection; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct CollectionChange {
    /// Its name.
    pub title: Option<String>,
    /// Its name in addresses.
    pub slug: Option<String>,
    /// Plain text.
    pub description: Option<String>,
}

/// Makes a collection, for the owner and staff.
pub async fn collection_create(app: &App, actor: &Actor, new: NewCollection) -> Result<CollectionId, CatalogError> {
    actor.may(Action::ManageCatalog)?;
    let tx = Tx::begin(app).await?;
    let id = create_collection(&tx, new).await?;
    let made = collection::Entity::find_by_id(id).one(&tx).await?;
    audit::record_row::<collection::Entity>(&tx, actor, "collection.create", id, (None, made.as_ref())).await?;
    tx.commit().await?;
    Ok(id)
}

async fn create_collection(tx: &Tx, new: NewCollection) -> Result<CollectionId, CatalogError> {
    let mut check = Check::new(store::settings(tx).await?.currency);
    check.title("title", &new.title);
    check.description("description", &new.description);
    if let Some(slug) = &new.slug {
        check.slug("slug", slug);
    }
    check.finish()?;
    let id: CollectionId = tx.new_id();
    let given = new.slug.is_some();
    let mut slug = new.slug.unwrap_or_else(|| text::slugify(&new.title, "collection"));
    if with_slug(tx, &slug).await?.is_some() {
        if given {
            return Err(taken());
        }
        slug = format!("{slug}-{}", tail(id));
    }
    let row = collection::ActiveModel {
        id: Set(id),
        slug: Set(slug),
        sort_title: Set(text::sort_key(new.title.trim())),
        title: Set(new.title.trim().to_owned()),
        description: Set(new.description),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
    };
    let inserted = collection::Entity::insert(row).exec_without_returning(tx).await;
    unless_duplicate(inserted)?.ok_or_else(taken)?;
    state::bump(tx).await?;
    Ok(id)
}

async fn with_slug(tx: &Tx, slug: &str) -> Result<Option<collection::Model>, CatalogError> {
    Ok(collection::Entity::find().filter(collection::Column::Slug.eq(slug)).one(tx).await?)
}

fn taken() -> CatalogError {
    CatalogError::refused(CatalogErrorCode::Taken, "slug", "the slug is in use")
}

/// Changes a collection, for the owner and staff.
pub async fn collection_update(
    app: &App,
    actor: &Actor,
    id: CollectionId,
    change: CollectionChange,
) -> Result<CollectionId, CatalogError> {
    actor.may(Action::ManageCatalog)?;
    let tx = Tx::begin(app).await?;
    let row = lock(&tx, id).await?;
    let mut check = Check::new(store::settings(&tx).await?.currency);
    let mut update = collection::ActiveModel { id: Set(id), updated_at: Set(tx.now()), ..Default::default() };
    if let Some(title) = change.title {
        check.title("title", &title);
        update.sort_title = Set(text::sort_key(title.trim()));
        update.title = Set(title.trim().to_owned());
    }
    if let Some(description) = change.description {
        check.description("description", &description);
        update.description = Set(description);
    }
    if let Some(slug) = change.slug.filter(|slug| *slug != row.slug) {
        check.slug("slug", &slug);
        if text::is_slug(&slug) && with_slug(&tx, &slug).await?.is_some() {
            return Err(taken());
        }
        update.slug = Set(slug);
    }
    check.finish()?;
    unless_duplicate(update.update_without_returning(&tx).await)?.ok_or_else(taken)?;
    let after = collection::Entity::find_by_id(id).one(&tx).await?;
    let rows = (Some(&row), after.as_ref());
    audit::record_row::<collection::Entity>(&tx, actor, "collection.update", id, rows).await?;
    state::bump(&tx).await?;
    tx.commit().await?;
    Ok(id)
}

async fn lock(tx: &Tx, id: CollectionId) -> Result<collection::Model, CatalogError> {
    let row = collection::Entity::find_by_id(id).lock_exclusive().one(tx).await?;
    row.ok_or_else(|| CatalogError::refused(CatalogErrorCode::NotFound, "id", "there is no such collection"))
}

/// Makes a collection hold exactly these products, for the owner and staff.
pub async fn collection_products_set(
    app: &App,
    actor: &Actor,
    id: CollectionId,
    products: Vec<ProductId>,
) -> Result<CollectionId, CatalogError> {
    actor.may(Action::ManageCatalog)?;
    let tx = Tx::begin(app).await?;
    lock(&tx, id).await?;
    require_products(&tx, &products).await?;
    let others = collection_product::Entity::delete_many()
        .filter(collection_product::Column::CollectionId.eq(id))
        .filter(among(&tx, collection_product::Column::ProductId, &products).not());
    let removed = others.exec(&tx).await?.rows_affected;
    let added = put(&tx, products.iter().map(|product| (id, *product)).collect()).await?;
    if removed > 0 && added == 0 {
        state::bump(&tx).await?;
    }
    let changes = Changes::none().given("added", added).given("removed", removed);
    audit::record(&tx, actor, "collection.products", id, changes).await?;
    tx.commit().await?;
    Ok(id)
}

/// Adds products to a collection, for the owner and staff. Those in it already stay.
pub async fn collection_products_add(
    app: &App,
    actor: &Actor,
    id: CollectionId,
    products: Vec<ProductId>,
) -> Result<CollectionId, CatalogError> {
    actor.may(Action::ManageCatalog)?;
    let tx = Tx::begin(app).await?;
    lock(&tx, id).await?;
    require_products(&tx, &products).await?;
    let added = put(&tx, products.iter().map(|product| (id, *product)).collect()).await?;
    audit::record(&tx, actor, "collection.products", id, Changes::none().given("added", added)).await?;
    tx.commit().await?;
    Ok(id)
}

async fn require_products(tx: &Tx, products: &[ProductId]) -> Result<(), CatalogError> {
    let query = product::Entity::find().select_only().column(product::Column::Id);
    let known: Vec<ProductId> = query.filter(among(tx, product::Column::Id, products)).into_tuple().all(tx).await?;
    match products.iter().position(|id| !known.contains(id)) {
        None => Ok(()),
        Some(index) => {
            let at = format!("productIds.{index}");
            Err(CatalogError::refused(CatalogErrorCode::NotFound, &at, "there is no such product"))
        }
    }
}

async fn put(tx: &Tx, pairs: Vec<(CollectionId, ProductId)>) -> Result<u64, CatalogError> {
    let mut added = 0;
    for pairs in pairs.chunks(ROWS) {
        let row = |(collection, product): &(CollectionId, ProductId)| collection_product::ActiveModel {
            collection_id: Set(*collection),
            product_id: Set(*product),
        };
        let rows: Vec<_> = pairs.iter().map(row).collect();
        let key = [collection_product::Column::CollectionId, collection_product::Column::ProductId];
        added += collection_product::Entity::insert_many(rows)
            .on_conflict(OnConflict::columns(key).do_nothing().to_owned())
            .exec_without_returning(tx)
            .await?;
    }
    if added > 0 {
        state::bump(tx).await?;
    }
    Ok(added)
}

/// Puts products into collections by the collections' titles, making those that are missing; an
/// import calls this. Returns how many products were not there yet.
pub async fn file_under(tx: &Tx, filed: &[(String, ProductId)]) -> Result<u64, CatalogError> {
    let mut known: std::collections::HashMap<&str, CollectionId> = std::collections::HashMap::new();
    let mut pairs = Vec::with_capacity(filed.len());
    for (title, product) in filed {
        let id = match known.get(title.as_str()) {
            Some(id) => *id,
            None => {
                let slug = text::slugify(title, "collection");
                let id = match with_slug(tx, &slug).await? {
                    Some(row) => row.id,
                    None => {
                        create_collection(tx, NewCollection { title: title.clone(), ..NewCollection::default() })
                            .await?
                    }
                };
                known.insert(title, id);
                id
            }
        };
        pairs.push((id, *product));
    }
    pairs.sort_unstable();
    pairs.dedup();
    put(tx, pairs).await
}
