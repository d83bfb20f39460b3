//! Whose prices: page by page for people, batch by batch for jobs.

use sea_orm::ConnectionTrait;

use super::entity::Scope;
use super::propose::{Proposal, propose};
use crate::app::App;
use crate::catalog::{self, VariantsIn};
use crate::identity::{Action, Actor};
use crate::inventory;
use crate::kernel::ids::VariantId;
use crate::kernel::page::{Page, PageRequest, decode_cursor, encode_cursor};
use crate::kernel::problem::Fault;

/// The name of the list in its cursors.
const LIST: &str = "pricePreview";

/// Up to `limit` variants of `scope` behind `after`.
pub(super) async fn variants(
    conn: &impl ConnectionTrait,
    scope: Scope,
    after: Option<VariantId>,
    limit: u64,
) -> Result<Vec<VariantId>, Fault> {
    match within(scope) {
        Ok(which) => catalog::variant_ids(conn, which, after, limit).await,
        Err(supplier) => inventory::variants_offered_by(conn, supplier, after, limit).await,
    }
}

/// How many variants `scope` has.
pub(super) async fn count(conn: &impl ConnectionTrait, scope: Scope) -> Result<i64, Fault> {
    let count = match within(scope) {
        Ok(which) => catalog::count_variants(conn, which).await?,
        Err(supplier) => inventory::count_offers_of(conn, supplier).await?,
    };
    Ok(i64::try_from(count).unwrap_or(i64::MAX))
}

/// The catalogue knows which variants those are, but for a supplier's.
fn within(scope: Scope) -> Result<VariantsIn, crate::kernel::ids::SupplierId> {
    match scope {
        Scope::Store => Ok(VariantsIn::Store),
        Scope::Product(id) => Ok(VariantsIn::Product(id)),
        Scope::Collection(id) => Ok(VariantsIn::Collection(id)),
        Scope::Supplier(id) => Err(id),
    }
}

/// What the rules say of the variants of `scope`, a page in the order of their ids; read forward. Nothing
/// is changed.
pub async fn preview(app: &App, actor: &Actor, scope: Scope, page: &PageRequest) -> Result<Page<Proposal>, Fault> {
    actor.may(Action::ManagePriceRules)?;
    let conn = app.db.read();
    let after = page.cursor.as_deref().map(|cursor| decode_cursor(LIST, cursor)).transpose()?;
    let ids = variants(conn, scope, after, page.size as u64 + 1).await?;
    let rows = propose(app, conn, &ids).await?;
    Ok(Page::from_rows(page, rows, |row| encode_cursor(LIST, &row.variant.id)))
}
