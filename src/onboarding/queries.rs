//! Reading suppliers' goods.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};

use super::entity::item::{self, ItemState};
use super::entity::word;
use crate::app::App;
use crate::catalog;
use crate::identity::{Action, Actor};
use crate::kernel::ids::{SupplierId, SupplierItemId};
use crate::kernel::page::{Page, PageRequest, decode_cursor, encode_cursor};
use crate::kernel::problem::Fault;
use crate::platform::tx::Tx;

/// The order items are listed in, as cursors name it.
const LIST: &str = "supplier-items";
/// The most words of a search that count.
const MAX_WORDS: usize = 4;
/// The longest search, in characters.
const MAX_QUERY: usize = 100;

/// Which items are wanted: those that all of these are true of.
#[derive(Debug, Clone, Default)]
pub struct ItemFilter {
    /// In this state.
    pub state: Option<ItemState>,
    /// With words that begin like those of this text: of the title, the SKU, the brand, the numbers.
    pub query: Option<String>,
}

/// A page of a supplier's goods, those that were seen first first. For the owner and staff.
pub async fn list_items(
    app: &App,
    actor: &Actor,
    supplier: SupplierId,
    filter: &ItemFilter,
    page: &PageRequest,
) -> Result<Page<item::Model>, Fault> {
    actor.may(Action::ReadSuppliers)?;
    let mut query = item::Entity::find().filter(item::Column::SupplierId.eq(supplier));
    if let Some(state) = filter.state {
        query = query.filter(item::Column::State.eq(state));
    }
    let text: String = filter.query.iter().flat_map(|it| it.chars()).take(MAX_QUERY).collect();
    for word in catalog::words(&text).into_iter().take(MAX_WORDS) {
        // Behind everything that begins so.
        let end = format!("{word}{}", char::MAX);
        let having = word::Entity::find()
            .select_only()
            .column(word::Column::ItemId)
            .filter(word::Column::SupplierId.eq(supplier))
            .filter(word::Column::Word.gte(word))
            .filter(word::Column::Word.lt(end));
        query = query.filter(item::Column::Id.in_subquery(having.into_query()));
    }
    if let Some(cursor) = &page.cursor {
        let id: SupplierItemId = decode_cursor(LIST, cursor)?;
        query = query.filter(item::Column::Id.gt(id));
    }
    let query = query.order_by_asc(item::Column::Id).limit(page.size as u64 + 1);
    let rows = query.all(app.db.read()).await?;
    Ok(Page::from_rows(page, rows, |row| encode_cursor(LIST, &row.id)))
}

/// These items, their rows locked in the order of their ids until the transaction ends.
pub(super) async fn lock(tx: &Tx, ids: impl Iterator<Item = SupplierItemId>) -> Result<Vec<item::Model>, Fault> {
    let query = item::Entity::find().filter(item::Column::Id.is_in(ids)).order_by_asc(item::Column::Id);
    Ok(query.lock_exclusive().all(tx).await?)
}
