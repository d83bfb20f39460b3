//! After a change of `secret_key`: what the previous key sealed is sealed anew.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, ModelTrait, QueryFilter, QueryOrder, QuerySelect, Value};

use crate::app::App;
use crate::kernel::problem::Fault;

/// Rows read at once.
const BATCH: u64 = 500;

/// What became of a table's secrets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Resealed {
    /// How many were of the previous key, and are of the current one now.
    pub renewed: u64,
    /// How many neither key opens.
    pub unreadable: u64,
}

/// Seals the column `sealed` of every row with the current key. Rows that others change meanwhile are
/// theirs: they are sealed with the current key already.
pub async fn reseal<E: EntityTrait>(
    app: &App,
    id: E::Column,
    sealed: E::Column,
    context: impl Fn(&E::Model) -> String,
) -> Result<Resealed, Fault> {
    let (mut after, mut done) = (None::<Value>, Resealed::default());
    loop {
        let mut batch = E::find().filter(sealed.is_not_null()).order_by_asc(id).limit(BATCH);
        if let Some(after) = after.take() {
            batch = batch.filter(id.gt(after));
        }
        let rows = batch.all(app.db.read()).await?;
        let Some(last) = rows.last() else { return Ok(done) };
        after = Some(last.get(id));
        for row in &rows {
            let Value::String(Some(old)) = row.get(sealed) else { continue };
            let Ok(new) = app.sealer.renew(&context(row), &old) else {
                done.unreadable += 1;
                continue;
            };
            let Some(new) = new else { continue };
            let update = E::update_many().col_expr(sealed, Expr::value(new));
            let update = update.filter(id.eq(row.get(id))).filter(sealed.eq(old.as_str()));
            done.renewed += update.exec(app.db.write()).await?.rows_affected;
        }
    }
}
