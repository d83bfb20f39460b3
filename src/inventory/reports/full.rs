//! Full reports: what no part of them names is gone. Too much of that at once is not believed.

use std::time::Duration;

use chrono::TimeDelta;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QuerySelect,
    Set,
};

use super::publish::{News, publish};
use super::{Published, ReportOutcome, ReportPart, absent};
use crate::app::App;
use crate::inventory::entity::report::{self, ReportState};
use crate::inventory::entity::report_part::{self, Items};
use crate::inventory::offer;
use crate::inventory::queries::known_skus;
use crate::kernel::ids::{StockReportId, SupplierId};
use crate::kernel::problem::Fault;
use crate::platform::tx::Tx;
use crate::suppliers::adapter::RemoteStock;
use crate::workitems::{self, NewWorkItem, Severity};

/// The supplier's limit is in millionths.
const MILLION: i64 = 1_000_000;
/// A supplier with fewer offers in stock may well sell out of most of them in one day.
const GUARD_FROM: i64 = 20;
/// A report whose last part did not come within this is given up.
const GIVEN_UP: TimeDelta = TimeDelta::hours(24);
/// The longest that taking in the last part may take.
const CLOSING: TimeDelta = TimeDelta::minutes(5);
/// Decided reports are kept this long, to recognize a late repeat of one of their parts.
const KEPT: TimeDelta = TimeDelta::days(7);

/// Takes in a part of a full report.
pub(super) async fn take(
    app: &App,
    news: &News<'_>,
    part: Option<ReportPart>,
    items: Vec<RemoteStock>,
) -> Result<ReportOutcome, Fault> {
    // A report of one part has no name of its own, and shares it with nobody.
    let unnamed = || ReportPart { id: format!("single:{}", app.ids.secret_id::<StockReportId>()), last: true };
    let part = part.unwrap_or_else(unnamed);
    let Staged { report, absent, name_taken } = stage(app, news, &part, &items).await?;
    if name_taken {
        return Ok(ReportOutcome { name_taken, ..ReportOutcome::default() });
    }
    if matches!(report.state, ReportState::Held | ReportState::Discarded) {
        let skus: Vec<&str> = items.iter().map(|item| item.sku.as_str()).collect();
        let known = known_skus(app.db.read(), news.supplier.id, &skus).await?;
        let outcome = Published { known }.outcome(&items);
        return Ok(ReportOutcome { held: report.state == ReportState::Held, ..outcome });
    }
    // All parts are true of one moment, or the guard would be asked about another than what is written.
    let as_of = Ord::min(news.as_of, report.as_of);
    let news = &News { as_of, document: news.document.clone(), ..*news };
    let outcome = publish(app, news, &items).await?.outcome(&items);
    if report.state == ReportState::Collecting && part.last {
        empty(app, news, &report, absent).await?;
        finish(app, &report).await?;
    }
    Ok(outcome)
}

/// A report that knows of its newest part.
struct Staged {
    report: report::Model,
    /// With the last part: the SKUs in stock that no part names.
    absent: Vec<String>,
    /// Whether this is no part of the report, but of a later one that has its name.
    name_taken: bool,
}

/// Writes the part down and decides whether the report is still believed. Of a report that is over, nothing is
/// written: a part that comes again then says no more than what it names.
async fn stage(app: &App, news: &News<'_>, part: &ReportPart, items: &[RemoteStock]) -> Result<Staged, Fault> {
    let tx = Tx::begin(app).await?;
    let mut row = begin(&tx, news, &part.id).await?;
    if matches!(row.state, ReportState::Published | ReportState::Discarded) {
        let name_taken = news.as_of > row.updated_at;
        return Ok(Staged { report: row, absent: Vec::new(), name_taken });
    }
    let closing = row.state == ReportState::Collecting && row.complete && !part.last;
    if closing && row.updated_at > tx.now() - CLOSING {
        // What this names may be taken for absent already; once the last part counts, it can come again.
        return Err(Fault::Unavailable(anyhow::Error::msg("the last part of this report is being taken in")));
    }
    let mut kept = report_part::ActiveModel {
        id: Set(tx.new_id()),
        report_id: Set(row.id),
        items: Set(Items(items.to_vec())),
        published: Set(row.state != ReportState::Held),
    };
    // Whoever took the last part in is gone by now, and it is told anew.
    row.complete = part.last || (row.complete && !closing);
    let mut absent = Vec::new();
    if row.state == ReportState::Collecting {
        if part.last {
            absent = absent::find(&tx, &row, items).await?;
        }
        row.zeroed += gone(&tx, &row, items, absent.len()).await?;
        if !believable(&row, news.supplier.stock_max_shrink) {
            row.state = ReportState::Held;
            hold(&tx, news, &row).await?;
            // The part that made the report unbelievable does not count.
            kept.published = Set(false);
        }
    }
    report_part::Entity::insert(kept).exec_without_returning(&tx).await?;
    let mut change = row.clone().into_active_model();
    change.state = Set(row.state);
    change.complete = Set(row.complete);
    change.zeroed = Set(row.zeroed);
    change.updated_at = Set(tx.now());
    change.update(&tx).await?;
    tx.commit().await?;
    Ok(Staged { report: row, absent, name_taken: false })
}

/// The report's row, locked; made if this is its first part.
async fn begin(tx: &Tx, news: &News<'_>, key: &str) -> Result<report::Model, Fault> {
    if let Some(known) = locked(tx, news.supplier.id, key).await? {
        if known.state != ReportState::Collecting || known.received_at >= tx.now() - GIVEN_UP {
            return Ok(known);
        }
        forget(tx, vec![known.id]).await?;
    }
    let in_stock = offer::Entity::find()
        .filter(offer::Column::SupplierId.eq(news.supplier.id))
        .filter(offer::Column::Reported.gt(0));
    let row = report::ActiveModel {
        id: Set(tx.new_id()),
        supplier_id: Set(news.supplier.id),
        report_key: Set(key.to_owned()),
        as_of: Set(news.as_of),
        state: Set(ReportState::Collecting),
        complete: Set(false),
        in_stock: Set(i64::try_from(in_stock.count(tx).await?).unwrap_or(i64::MAX)),
        zeroed: Set(0),
        received_at: Set(tx.now()),
        updated_at: Set(tx.now()),
    };
    let conflict = OnConflict::columns([report::Column::SupplierId, report::Column::ReportKey]);
    let insert = report::Entity::insert(row).on_conflict(conflict.clone().do_nothing().to_owned());
    if insert.exec_without_returning(tx).await? > 0 {
        tidy(tx, news.supplier.id).await?;
    }
    locked(tx, news.supplier.id, key).await?.ok_or_else(|| Fault::internal("the stock report is gone"))
}

async fn locked(tx: &Tx, supplier_id: SupplierId, key: &str) -> Result<Option<report::Model>, Fault> {
    let found = report::Entity::find()
        .filter(report::Column::SupplierId.eq(supplier_id))
        .filter(report::Column::ReportKey.eq(key))
        .lock_exclusive();
    Ok(found.one(tx).await?)
}

/// Forgets the supplier's reports that nobody needs any more.
async fn tidy(tx: &Tx, supplier_id: SupplierId) -> Result<(), Fault> {
    let abandoned = Condition::all()
        .add(report::Column::State.eq(ReportState::Collecting))
        .add(report::Column::ReceivedAt.lt(tx.now() - GIVEN_UP));
    let decided = Condition::all()
        .add(report::Column::State.is_in([ReportState::Published, ReportState::Discarded]))
        .add(report::Column::UpdatedAt.lt(tx.now() - KEPT));
    let old = report::Entity::find()
        .filter(report::Column::SupplierId.eq(supplier_id))
        .filter(Condition::any().add(abandoned).add(decided))
        .limit(100);
    forget(tx, old.all(tx).await?.into_iter().map(|row| row.id).collect()).await
}

async fn forget(tx: &Tx, ids: Vec<StockReportId>) -> Result<(), Fault> {
    if !ids.is_empty() {
        let parts = report_part::Column::ReportId.is_in(ids.clone());
        report_part::Entity::delete_many().filter(parts).exec(tx).await?;
        report::Entity::delete_many().filter(report::Column::Id.is_in(ids)).exec(tx).await?;
    }
    Ok(())
}

/// How many of what is in stock the report empties with these items and `absent`, which it does not name. A part that
/// comes again before it counted is counted again, which errs towards holding the report back.
async fn gone(tx: &Tx, row: &report::Model, items: &[RemoteStock], absent: usize) -> Result<i64, Fault> {
    if row.in_stock < GUARD_FROM {
        return Ok(0);
    }
    let zeros: Vec<&str> = items.iter().filter(|item| item.quantity == 0).map(|item| item.sku.as_str()).collect();
    let zeros = absent::count_in_stock(tx, row, &zeros).await?;
    Ok(i64::try_from(absent + zeros).unwrap_or(i64::MAX))
}

/// The shrink guard: whether what the report empties by now can be true.
fn believable(row: &report::Model, max_shrink: i64) -> bool {
    let most = i128::from(row.in_stock) * i128::from(max_shrink);
    row.in_stock < GUARD_FROM || i128::from(row.zeroed) * i128::from(MILLION) <= most
}

/// Asks the owner. A supplier has one held report at most: a newer one takes the place of the last.
async fn hold(tx: &Tx, news: &News<'_>, row: &report::Model) -> Result<(), Fault> {
    let older = report::Entity::update_many()
        .col_expr(report::Column::State, Expr::value("DISCARDED"))
        .col_expr(report::Column::UpdatedAt, Expr::value(tx.now()))
        .filter(report::Column::SupplierId.eq(row.supplier_id))
        .filter(report::Column::State.eq(ReportState::Held))
        .filter(report::Column::Id.ne(row.id))
        .exec(tx)
        .await?;
    if older.rows_affected > 0 {
        // Whoever says yes to the older one's numbers does not mean these.
        workitems::close_by_key(tx, &held_key(row.supplier_id), "A newer report took its place.").await?;
    }
    let message = format!(
        "A stock report of {} would empty more than {}% of its {} items in stock. It is held back; approve it if it is \
         true.",
        news.supplier.name,
        news.supplier.stock_max_shrink / (MILLION / 100),
        row.in_stock,
    );
    let item = NewWorkItem {
        kind: "STOCK_REPORT_HELD",
        severity: Severity::High,
        subject: row.supplier_id.to_string(),
        order_id: None,
        supplier_order_id: None,
        message,
        actions: vec!["APPROVE".to_owned(), "DISMISS".to_owned()],
        due_in: Some(Duration::from_secs(4 * 3600)),
        dedupe_key: held_key(row.supplier_id),
    };
    workitems::open(tx, item).await.map(drop)
}

pub(super) fn held_key(supplier_id: SupplierId) -> String {
    format!("stock_report_held:{supplier_id}")
}

/// Empties `absent`, what no part named.
pub(super) async fn empty(app: &App, news: &News<'_>, row: &report::Model, absent: Vec<String>) -> Result<(), Fault> {
    let nothing = |sku| RemoteStock { sku, quantity: 0, cost: None, restock_at: None, discontinued: false };
    let items: Vec<RemoteStock> = absent.into_iter().map(nothing).collect();
    let news = News { supplier: news.supplier, as_of: row.as_of, document: news.document.clone() };
    publish(app, &news, &items).await.map(drop)
}

/// All of the report counts: its parts are forgotten, and with it what was held back before. Nothing happens if it
/// was decided otherwise meanwhile.
pub(super) async fn finish(app: &App, row: &report::Model) -> Result<(), Fault> {
    let tx = Tx::begin(app).await?;
    let update = report::Entity::update_many()
        .col_expr(report::Column::State, Expr::value("PUBLISHED"))
        .col_expr(report::Column::UpdatedAt, Expr::value(tx.now()))
        .filter(report::Column::Id.eq(row.id))
        .filter(report::Column::State.eq(row.state));
    if update.exec(&tx).await?.rows_affected == 0 {
        return Ok(());
    }
    report_part::Entity::delete_many().filter(report_part::Column::ReportId.eq(row.id)).exec(&tx).await?;
    supersede(&tx, row).await?;
    tx.commit().await
}

/// A report that counts in full makes an older held one pointless.
async fn supersede(tx: &Tx, row: &report::Model) -> Result<(), Fault> {
    let older = report::Entity::update_many()
        .col_expr(report::Column::State, Expr::value("DISCARDED"))
        .filter(report::Column::SupplierId.eq(row.supplier_id))
        .filter(report::Column::State.eq(ReportState::Held))
        .filter(report::Column::AsOf.lte(row.as_of));
    if older.exec(tx).await?.rows_affected > 0 {
        workitems::close_by_key(tx, &held_key(row.supplier_id), "A newer report took its place.").await?;
    }
    Ok(())
}
