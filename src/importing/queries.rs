//! Reading what imports left out.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::entity;
use crate::app::App;
use crate::identity::{Action, Actor};
use crate::kernel::ids::JobId;
use crate::kernel::page::{Page, PageRequest, decode_cursor, encode_cursor};
use crate::kernel::problem::Fault;

const LIST: &str = "import-errors";

/// One page of the rows an import left out, in the order of the file. For the owner and staff.
pub async fn import_errors(
    app: &App,
    actor: &Actor,
    job: JobId,
    page: &PageRequest,
) -> Result<Page<entity::Model>, Fault> {
    actor.may(Action::ImportCatalog)?;
    let mut query = entity::Entity::find().filter(entity::Column::JobId.eq(job));
    if let Some(cursor) = &page.cursor {
        let line: i64 = decode_cursor(LIST, cursor)?;
        let beyond = if page.backward { entity::Column::Line.lt(line) } else { entity::Column::Line.gt(line) };
        query = query.filter(beyond);
    }
    let query = match page.backward {
        true => query.order_by_desc(entity::Column::Line),
        false => query.order_by_asc(entity::Column::Line),
    };
    let rows = query.limit(page.size as u64 + 1).all(app.db.read()).await?;
    Ok(Page::from_rows(page, rows, |row| encode_cursor(LIST, &row.line)))
}
