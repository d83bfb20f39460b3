//! The owner's decision about a report that was held back.

use sea_orm::{
    ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select, Set,
};
use serde::{Deserialize, Serialize};

use super::absent;
use super::full::{empty, finish};
use super::publish::{News, publish};
use crate::app::App;
use crate::inventory::entity::report::{self, ReportState};
use crate::inventory::entity::report_part;
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{StockReportId, SupplierId};
use crate::kernel::problem::Fault;
use crate::platform::jobs::{Done, Job, JobError, JobRun};
use crate::platform::tx::Tx;
use crate::suppliers::{self, fetches, supplier};

/// Makes a held report count, or forgets it, as the owner decided.
#[derive(Debug, Serialize, Deserialize)]
pub struct DecideHeldReport {
    /// Whose report.
    pub supplier_id: SupplierId,
    /// Whether it is true.
    pub approved: bool,
    /// When that was said: a report that came later is not meant.
    pub decided_at: Option<Timestamp>,
}

impl Job for DecideHeldReport {
    const KIND: &'static str = "inventory.decide_held_report";

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        let supplier = suppliers::lookup(run.app.db.read(), self.supplier_id).await?;
        let supplier = supplier.ok_or_else(|| JobError::Fail("the supplier is gone".to_owned()))?;
        let mut held = report::Entity::find()
            .filter(report::Column::SupplierId.eq(supplier.id))
            .filter(report::Column::State.eq(ReportState::Held))
            .order_by_asc(report::Column::AsOf);
        if let Some(decided_at) = self.decided_at {
            held = held.filter(report::Column::ReceivedAt.lte(decided_at));
        }
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

/// All parts count now; and if the last part is in, so does what is absent. Without it the report goes on, and nothing
/// of it is held back any more.
async fn approve(app: &App, supplier: &supplier::Model, row: report::Model) -> Result<(), Fault> {
    let document = format!("report:{}", row.report_key);
    let news = News { supplier, as_of: row.as_of, document };
    // What the fetch told is what is sold from now on. Said first: once the report is over, nobody comes back here.
    fetches::release(app, supplier.id).await?;
    loop {
        publish_parts(app, &news, row.id).await?;
        match go_on(app, row.id).await? {
            Progress::MoreParts => {}
            Progress::Open => return Ok(()),
            Progress::Complete => {
                let absent = absent::find(app.db.read(), &row, &[]).await?;
                empty(app, &news, &row, absent).await?;
                return finish(app, &row).await;
            }
        }
    }
}

/// Publishes the parts that do not count yet, one by one: a report may have hundreds.
async fn publish_parts(app: &App, news: &News<'_>, id: StockReportId) -> Result<(), Fault> {
    while let Some(part) = waiting(id).order_by_asc(report_part::Column::Id).one(app.db.write()).await? {
        publish(app, news, &part.items.0).await?;
        let mut part = part.into_active_model();
        part.published = Set(true);
        report_part::Entity::update(part).exec(app.db.write()).await?;
    }
    Ok(())
}

fn waiting(id: StockReportId) -> Select<report_part::Entity> {
    report_part::Entity::find()
        .filter(report_part::Column::ReportId.eq(id))
        .filter(report_part::Column::Published.eq(false))
}

/// How far an approved report is.
enum Progress {
    /// Parts came while others were published.
    MoreParts,
    /// The last part is not in: it is collected on, with nothing guarded. Or it was decided otherwise meanwhile.
    Open,
    /// The last part is in.
    Complete,
}

async fn go_on(app: &App, id: StockReportId) -> Result<Progress, Fault> {
    let tx = Tx::begin(app).await?;
    let row = report::Entity::find_by_id(id).lock_exclusive().one(&tx).await?;
    let row = row.ok_or_else(|| Fault::internal("the stock report is gone"))?;
    if row.state != ReportState::Held {
        return Ok(Progress::Open);
    }
    if waiting(id).count(&tx).await? > 0 {
        return Ok(Progress::MoreParts);
    }
    if row.complete {
        return Ok(Progress::Complete);
    }
    let mut row = row.into_active_model();
    row.state = Set(ReportState::Collecting);
    row.in_stock = Set(0);
    (row.received_at, row.updated_at) = (Set(tx.now()), Set(tx.now()));
    report::Entity::update(row).exec(&tx).await?;
    tx.commit().await?;
    Ok(Progress::Open)
}

async fn discard(app: &App, row: report::Model) -> Result<(), Fault> {
    let mut row = row.into_active_model();
    row.state = Set(ReportState::Discarded);
    report::Entity::update(row).exec(app.db.write()).await?;
    Ok(())
}
