//! What a full report does not name.
//!
//! A report may have hundreds of parts and a supplier a hundred thousand offers: both are read page by page, so that
//! the server answers others in between.

use std::collections::HashSet;

use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};

use crate::inventory::entity::{report, report_part};
use crate::inventory::offer;
use crate::kernel::problem::Fault;
use crate::platform::db::among_texts;
use crate::suppliers::adapter::RemoteStock;

/// So many parts are read at once.
const PARTS: u64 = 4;
/// So many offers are read at once.
const OFFERS: u64 = 1000;
/// So many SKUs are looked up by one statement.
const CHUNK: usize = 500;

/// The SKUs in stock which neither a part that was kept nor `items` name, and of which nothing newer than the
/// report is known.
pub(super) async fn find(
    conn: &impl ConnectionTrait,
    row: &report::Model,
    items: &[RemoteStock],
) -> Result<Vec<String>, Fault> {
    let mut named = named(conn, row).await?;
    named.extend(items.iter().map(|item| item.sku.clone()));
    let (mut absent, mut after) = (Vec::new(), String::new());
    loop {
        let page = in_stock(row)
            .filter(offer::Column::SupplierSku.gt(after))
            .order_by_asc(offer::Column::SupplierSku)
            .limit(OFFERS);
        let skus: Vec<String> = page.into_tuple().all(conn).await?;
        let Some(last) = skus.last() else { return Ok(absent) };
        after = last.clone();
        absent.extend(skus.into_iter().filter(|sku| !named.contains(sku)));
    }
}

/// How many of these SKUs are in stock, as far as nothing newer than the report is known of them.
pub(super) async fn count_in_stock(
    conn: &impl ConnectionTrait,
    row: &report::Model,
    skus: &[&str],
) -> Result<usize, Fault> {
    let mut count = 0;
    for some in skus.chunks(CHUNK) {
        let query = in_stock(row).filter(among_texts(conn, offer::Column::SupplierSku, some));
        count += query.into_tuple::<String>().all(conn).await?.len();
    }
    Ok(count)
}

/// The SKUs of the supplier's offers that are in stock, as far as nothing newer than the report is known of them.
fn in_stock(row: &report::Model) -> Select<offer::Entity> {
    let older = Condition::any().add(offer::Column::AsOf.is_null()).add(offer::Column::AsOf.lte(row.as_of));
    offer::Entity::find()
        .select_only()
        .column(offer::Column::SupplierSku)
        .filter(offer::Column::SupplierId.eq(row.supplier_id))
        .filter(offer::Column::Reported.gt(0))
        .filter(older)
}

/// The SKUs that the parts name.
async fn named(conn: &impl ConnectionTrait, row: &report::Model) -> Result<HashSet<String>, Fault> {
    let (mut named, mut after) = (HashSet::new(), None);
    loop {
        let mut page = report_part::Entity::find().filter(report_part::Column::ReportId.eq(row.id));
        if let Some(after) = after {
            page = page.filter(report_part::Column::Id.gt(after));
        }
        let parts = page.order_by_asc(report_part::Column::Id).limit(PARTS).all(conn).await?;
        let Some(last) = parts.last() else { return Ok(named) };
        after = Some(last.id);
        named.extend(parts.into_iter().flat_map(|part| part.items.0).map(|item| item.sku));
    }
}
