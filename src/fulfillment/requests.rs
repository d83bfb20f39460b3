//! The log of calls to suppliers: what was asked about a supplier order, and what came back.
//!
//! A line has no text of the supplier's, no address and no credential. A supplier order keeps its last
//! hundred lines, and none for longer than a month. What suppliers tell by themselves is kept as webhooks;
//! their stock, and the regular look at how an accepted order goes on, are not logged.

use std::time::Duration;

use chrono::TimeDelta;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use serde::{Deserialize, Serialize};

use super::entity::request::{self, Column, Entity, Model};
pub use super::entity::request::{RequestCall, RequestOutcome};
use crate::app::App;
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{self, SupplierOrderId, SupplierRequestId};
use crate::kernel::page::{Page, PageRequest, decode_cursor, encode_cursor};
use crate::kernel::problem::Fault;
use crate::platform::egress;
use crate::platform::jobs::{Done, Job, JobError, JobRun, Priority};
use crate::platform::tx::Tx;
use crate::suppliers::adapter::AdapterError;

/// So many lines a supplier order keeps.
const KEPT: u64 = 100;
/// So long any line is kept.
const KEPT_FOR: TimeDelta = TimeDelta::days(30);
/// How often old lines are looked for.
const SWEEP: Duration = Duration::from_secs(60 * 60);
/// How many are removed in one go.
const BATCH: u64 = 500;
const NEWEST: &str = "supplierOrder.requests";

/// A call that was made, about to be written down.
pub(super) struct Asked {
    call: RequestCall,
    reference: String,
    outcome: RequestOutcome,
    http_status: Option<u16>,
    began: Timestamp,
    took: TimeDelta,
}

/// Makes `call`, and notes what there is to say of it; `read` tells what a good answer means.
pub(super) async fn ask<T>(
    app: &App,
    kind: RequestCall,
    reference: &str,
    call: impl Future<Output = Result<T, AdapterError>>,
    read: impl FnOnce(&T) -> RequestOutcome,
) -> (Result<T, AdapterError>, Asked) {
    let began = app.clock.now();
    let (result, http_status) = egress::observed(call).await;
    let outcome = match &result {
        Ok(answer) => read(answer),
        Err(AdapterError::Retry { .. }) => RequestOutcome::Failed,
        Err(AdapterError::Unknown { .. }) => RequestOutcome::Unknown,
        Err(AdapterError::Refused { .. }) => RequestOutcome::Refused,
    };
    let took = app.clock.now() - began;
    (result, Asked { call: kind, reference: reference.to_owned(), outcome, http_status, began, took })
}

impl Asked {
    /// Writes it down.
    pub(super) async fn write(self, tx: &Tx, id: SupplierOrderId) -> Result<(), Fault> {
        let row = request::ActiveModel {
            id: Set(tx.new_id()),
            supplier_order_id: Set(id),
            call: Set(self.call),
            outcome: Set(self.outcome),
            reference: Set(self.reference),
            http_status: Set(self.http_status.map(i32::from)),
            took_ms: Set(self.took.num_milliseconds().max(0)),
            at: Set(self.began),
        };
        Entity::insert(row).exec_without_returning(tx).await?;
        let of_it = || Entity::find().filter(Column::SupplierOrderId.eq(id));
        let last = of_it().select_only().column(Column::Id).order_by_desc(Column::Id).offset(KEPT - 1).limit(1);
        if let Some(last) = last.into_tuple::<SupplierRequestId>().one(tx).await? {
            let old = Entity::delete_many().filter(Column::SupplierOrderId.eq(id)).filter(Column::Id.lt(last));
            old.exec(tx).await?;
        }
        Ok(())
    }

    /// Writes it down, where there is nothing to settle beside it.
    pub(super) async fn write_alone(self, app: &App, id: SupplierOrderId) -> Result<(), Fault> {
        let tx = Tx::begin(app).await?;
        self.write(&tx, id).await?;
        tx.commit().await
    }
}

/// The calls about a supplier order, newest first.
pub async fn requests(
    conn: &impl ConnectionTrait,
    id: SupplierOrderId,
    page: &PageRequest,
) -> Result<Page<Model>, Fault> {
    let mut query = Entity::find().filter(Column::SupplierOrderId.eq(id));
    if let Some(cursor) = &page.cursor {
        let at: SupplierRequestId = decode_cursor(NEWEST, cursor)?;
        query = query.filter(if page.backward { Column::Id.gt(at) } else { Column::Id.lt(at) });
    }
    let query = if page.backward { query.order_by_asc(Column::Id) } else { query.order_by_desc(Column::Id) };
    let rows = query.limit(page.size as u64 + 1).all(conn).await?;
    Ok(Page::from_rows(page, rows, |row| encode_cursor(NEWEST, &row.id)))
}

/// Removes what was asked a month ago, every hour.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct SweepRequests {}

impl Job for SweepRequests {
    const KIND: &'static str = "fulfillment.sweep_requests";
    const PRIORITY: Priority = Priority::Patient;
    const BEAT: Option<Duration> = Some(SWEEP);

    fn dedupe_key(&self) -> Option<String> {
        Some(Self::KIND.to_owned())
    }

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        let before = ids::first_at::<SupplierRequestId>(run.app.clock.now() - KEPT_FOR);
        while sweep(&run.app, before).await? == BATCH {}
        Ok(Done::Again(SWEEP))
    }
}

/// Removes some of what was asked before; returns how many lines.
async fn sweep(app: &App, before: SupplierRequestId) -> Result<u64, Fault> {
    let old = Entity::find().select_only().column(Column::Id).filter(Column::Id.lt(before));
    let old: Vec<SupplierRequestId> = old.order_by_asc(Column::Id).limit(BATCH).into_tuple().all(app.db.read()).await?;
    if old.is_empty() {
        return Ok(0);
    }
    let gone = Entity::delete_many().filter(Column::Id.is_in(old)).exec(app.db.write()).await?;
    Ok(gone.rows_affected)
}
