//! The owner's decision about a report that was held back.

use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, Set};
use serde::{Deserialize, Serialize};

use super::absent;
use super::full::{empty, settle};
use super::publish::{News, publish};
use crate::app::App;
use crate::inventory::entity::report::{self, ReportState};
use crate::inventory::entity::report_part;
use crate::kernel::ids::SupplierId;
use crate::kernel::problem::Fault;
use crate::platform::jobs::{Done, Job, JobError, JobRun};
use crate::suppliers::{self, supplier};

/// Makes a held report count, or forgets it, as the owner decided.
#[derive(Debug, Serialize, Deserialize)]
pub struct DecideHeldReport {
    /// Whose report.
    pub supplier_id: SupplierId,
    /// Whether it is true.
    pub approved: bool,
}

impl Job for DecideHeldReport {
    const KIND: &'static str = "inventory.decide_held_report";

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        let supplier = suppliers::lookup(run.app.db.read(), self.supplier_id).await?;
        let supplier = supplier.ok_or_else(|| JobError::Fail("the supplier is gone".to_owned()))?;
        let held = report::Entity::find()
            .filter(report::Column::SupplierId.eq(supplier.id))
            .filter(report::Column::State.eq(ReportState::Held))
            .order_by_asc(report::Column::AsOf);
        for row in held.all(run.app.db.read()).await? {
            if self.approved {
                approve(&run.app, &supplier, row).await?;
            } else {
                discard(&run.app, row).await?;
            }
        }
        Ok(Done::OK)
    }
}

/// All parts count now; and if the last part is in, so does what is absent.
async fn approve(app: &App, supplier: &supplier::Model, row: report::Model) -> Result<(), Fault> {
    let document = format!("report:{}", row.report_key);
    let news = News { supplier, as_of: row.as_of, document };
    let parts = report_part::Entity::find()
        .filter(report_part::Column::ReportId.eq(row.id))
        .filter(report_part::Column::Published.eq(false))
        .order_by_asc(report_part::Column::Id);
    let mut emptied = 0;
    for part in parts.all(app.db.read()).await? {
        emptied += publish(app, &news, &part.items.0).await?.emptied;
    }
    if row.complete {
        let absent = absent::find(app.db.read(), &row, &[]).await?;
        emptied += empty(app, &news, &row, absent).await?;
    }
    settle(app, &row, emptied, true).await
}

async fn discard(app: &App, row: report::Model) -> Result<(), Fault> {
    let mut row = row.into_active_model();
    row.state = Set(ReportState::Discarded);
    report::Entity::update(row).exec(app.db.write()).await?;
    Ok(())
}
