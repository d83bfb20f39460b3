//! Finding variants by what others know them by: for those who bring goods that may be in the store already.

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder,
    QuerySelect, Select, Statement,
};

use crate::catalog::entity::{ProductStatus, SelectedOptions, product, variant};
use crate::catalog::{search, text};
use crate::kernel::ids::{ProductId, VariantId};
use crate::kernel::problem::Fault;
use crate::platform::db::{among, among_texts};

/// The most variants that are looked at for one question: a number shared by more names none of them.
const MOST: u64 = 2_000;

/// A variant that may be meant.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct KnownVariant {
    /// The variant.
    pub id: VariantId,
    /// Its product.
    pub product_id: ProductId,
    /// The product's name.
    pub product_title: String,
    /// What it is, of each of the product's choices.
    pub selected_options: SelectedOptions,
    /// The store's own name for it.
    pub sku: String,
    /// Its GTIN, as 14 digits.
    pub gtin: Option<String>,
    /// Its maker's name for it.
    pub mpn: Option<String>,
    /// Its maker.
    pub brand: Option<String>,
}

/// What is looked for; each as its own key.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// GTINs, as 14 digits.
    pub gtins: Vec<String>,
    /// Makers' names, by [`plain_key`].
    pub mpns: Vec<String>,
    /// SKUs, by [`spaceless_sku`].
    pub skus: Vec<String>,
}

/// A maker's name without regard to case, spaces and signs.
pub fn plain_key(name: &str) -> String {
    text::plain_key(name)
}

/// A SKU without regard to case and spaces.
pub fn spaceless_sku(sku: &str) -> String {
    text::sku_key(sku).replace(' ', "")
}

/// The words of a text without regard to case and accents, in their order.
pub fn words(text: &str) -> Vec<String> {
    text::words(text)
}

/// The variants that have one of these names, of products that are not archived.
pub async fn variants_known_as(conn: &impl ConnectionTrait, names: &Names) -> Result<Vec<KnownVariant>, Fault> {
    let mut found = Vec::new();
    if !names.gtins.is_empty() {
        let named = known().filter(among_texts(conn, variant::Column::Gtin, &names.gtins));
        found.extend(named.limit(MOST).into_model::<KnownVariant>().all(conn).await?);
    }
    if !names.mpns.is_empty() {
        let named = known().filter(among_texts(conn, variant::Column::MpnKey, &names.mpns));
        found.extend(named.limit(MOST).into_model::<KnownVariant>().all(conn).await?);
    }
    if !names.skus.is_empty() {
        // The expression of the index `variant_sku_plain`.
        let spaceless = Expr::cust("replace(variant.sku_key, ' ', '')");
        let named = known().filter(spaceless.is_in(names.skus.iter().cloned()));
        found.extend(named.limit(MOST).into_model::<KnownVariant>().all(conn).await?);
    }
    found.sort_by_key(|it| it.id);
    found.dedup_by_key(|it| it.id);
    Ok(found)
}

/// The variants of these products.
pub async fn variants_for_matching(
    conn: &impl ConnectionTrait,
    products: &[ProductId],
) -> Result<Vec<KnownVariant>, Fault> {
    let query = known().filter(among(conn, variant::Column::ProductId, products));
    Ok(query.limit(MOST).into_model().all(conn).await?)
}

/// Up to `limit` products that have all of these words, the best match first.
pub async fn products_with_words(
    conn: &impl ConnectionTrait,
    words: &[String],
    limit: u64,
) -> Result<Vec<ProductId>, Fault> {
    #[derive(FromQueryResult)]
    struct Found {
        product_id: ProductId,
    }
    if words.is_empty() {
        return Ok(Vec::new());
    }
    let search = search::search(conn, words);
    let sql = format!("{}SELECT product_id FROM found ORDER BY rank DESC, product_id LIMIT {limit}", search.with);
    let statement = Statement::from_sql_and_values(conn.get_database_backend(), sql, [search.terms.into()]);
    Ok(Found::find_by_statement(statement).all(conn).await?.into_iter().map(|it| it.product_id).collect())
}

fn known() -> Select<variant::Entity> {
    let product = variant::Entity::belongs_to(product::Entity).from(variant::Column::ProductId).to(product::Column::Id);
    let for_use =
        Condition::all().add(variant::Column::Active.eq(true)).add(product::Column::Status.ne(ProductStatus::Archived));
    variant::Entity::find()
        .select_only()
        .columns([variant::Column::Id, variant::Column::ProductId, variant::Column::SelectedOptions])
        .columns([variant::Column::Sku, variant::Column::Gtin, variant::Column::Mpn, variant::Column::Brand])
        .column_as(product::Column::Title, "product_title")
        .join(JoinType::InnerJoin, product.into())
        .filter(for_use)
        .order_by_asc(variant::Column::Id)
}
