//! Whether a supplier answers.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter};

use super::adapter::text::cut;
use super::supplier;
use crate::app::App;
use crate::kernel::ids::SupplierId;
use crate::kernel::problem::Fault;
use crate::platform::jobs::JobError;
use crate::platform::jobs::lanes::{self, Pass};

/// The longest error that is kept.
const MAX_ERROR: usize = 300;
/// A success is written down this often at most, so that a busy supplier's row is not written with
/// every answer.
const SUCCESS_EVERY: chrono::TimeDelta = chrono::TimeDelta::seconds(5);

/// How a supplier's last exchange went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// There was none yet.
    Unknown,
    /// Well.
    Ok,
    /// Badly.
    Failing,
}

impl supplier::Model {
    /// How the last exchange went.
    pub fn health(&self) -> Health {
        match (self.last_success_at, self.last_error_at) {
            (None, None) => Health::Unknown,
            (success, Some(error)) if success.is_none_or(|success| success < error) => Health::Failing,
            _ => Health::Ok,
        }
    }
}

/// A place among the jobs that wait for this supplier, or the end of the job's run.
pub fn enter(app: &App, id: SupplierId) -> Result<Pass, JobError> {
    lanes::enter(app, id.to_string())
}

/// Notes that the supplier answered well.
pub async fn note_success(app: &App, id: SupplierId) -> Result<(), Fault> {
    lanes::note_success(app, &id.to_string());
    let now = app.clock.now();
    let due = Condition::any()
        .add(supplier::Column::LastSuccessAt.is_null())
        .add(supplier::Column::LastSuccessAt.lt(now - SUCCESS_EVERY))
        .add(Expr::cust("last_error_at >= last_success_at"));
    supplier::Entity::update_many()
        .col_expr(supplier::Column::LastSuccessAt, Expr::value(now))
        .filter(supplier::Column::Id.eq(id))
        .filter(due)
        .exec(app.db.write())
        .await?;
    Ok(())
}

/// Notes that the supplier failed; `error` is in our words, without bodies or secrets.
pub async fn note_error(app: &App, id: SupplierId, error: &str) -> Result<(), Fault> {
    lanes::note_failure(app, &id.to_string());
    supplier::Entity::update_many()
        .col_expr(supplier::Column::LastErrorAt, Expr::value(app.clock.now()))
        .col_expr(supplier::Column::LastError, Expr::value(cut(error, MAX_ERROR)))
        .filter(supplier::Column::Id.eq(id))
        .exec(app.db.write())
        .await?;
    Ok(())
}
