//! Counting how suppliers keep their word: what routing reckons with.

use std::time::Duration;

use chrono::TimeDelta;
use sea_orm::{FromQueryResult, Statement};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::kernel::ids::SupplierId;
use crate::kernel::problem::Fault;
use crate::platform::jobs::{Done, Job, JobError, JobRun, Priority};
use crate::platform::tx::Tx;
use crate::suppliers::{self, Reliability};

/// What is older says nothing of today.
const WINDOW: TimeDelta = TimeDelta::days(90);
/// How often suppliers are measured.
const EVERY: Duration = Duration::from_secs(3600);

/// Supplier orders of the window, by supplier. One is late if it had not left when it was due; those that
/// ended without being sent for other reasons than a refusal say nothing about delay.
const COUNT: &str = "
SELECT so.supplier_id,
    SUM(CASE WHEN so.ship_by <= $1 AND so.submitted_at IS NOT NULL AND so.status NOT IN ('REJECTED', 'CANCELLED')
        THEN 1 ELSE 0 END) AS due,
    SUM(CASE WHEN so.ship_by <= $1 AND so.submitted_at IS NOT NULL AND so.status NOT IN ('REJECTED', 'CANCELLED')
        AND NOT EXISTS (SELECT 1 FROM supplier_order_transition t WHERE t.supplier_order_id = so.id
            AND t.to_status IN ('SHIPPED', 'DELIVERED') AND t.at <= so.ship_by) THEN 1 ELSE 0 END) AS late,
    SUM(CASE WHEN so.acknowledged_at IS NOT NULL OR so.rejection_code IS NOT NULL THEN 1 ELSE 0 END) AS answered,
    SUM(CASE WHEN so.rejection_code IS NOT NULL OR EXISTS (SELECT 1 FROM supplier_order_line l
        WHERE l.supplier_order_id = so.id AND l.reason_code IS NOT NULL) THEN 1 ELSE 0 END) AS refused
FROM supplier_order so WHERE so.created_at > $2 GROUP BY so.supplier_id";

#[derive(Debug, FromQueryResult)]
struct Counted {
    supplier_id: SupplierId,
    due: i64,
    late: i64,
    answered: i64,
    refused: i64,
}

/// Counts for every supplier how often it was late and how often it refused.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MeasureSuppliers {}

impl Job for MeasureSuppliers {
    const KIND: &'static str = "MeasureSuppliers";
    const PRIORITY: Priority = Priority::Patient;
    const BEAT: Option<Duration> = Some(EVERY);

    fn dedupe_key(&self) -> Option<String> {
        Some(Self::KIND.to_owned())
    }

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        measure(&run.app).await?;
        Ok(Done::Again(EVERY))
    }
}

/// Counts now.
async fn measure(app: &App) -> Result<(), Fault> {
    let now = app.clock.now();
    let backend = app.db.read().get_database_backend();
    let statement = Statement::from_sql_and_values(backend, COUNT, [now.into(), (now - WINDOW).into()]);
    let counted = Counted::find_by_statement(statement).all(app.db.read()).await?.into_iter().map(|it| {
        (it.supplier_id, Reliability { due: it.due, late: it.late, answered: it.answered, refused: it.refused })
    });
    let counted: Vec<(SupplierId, Reliability)> = counted.collect();
    let tx = Tx::begin(app).await?;
    suppliers::note_reliability(&tx, &counted).await?;
    tx.commit().await
}
