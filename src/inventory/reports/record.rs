//! Writing figures that reports changed: the offers', and the ledger's lines about them.
//!
//! A full report changes a hundred thousand offers, and shoppers share the machine with it. So no row is written
//! whole: the statements carry what each offer gained, and the database reckons the rest from the rows, which are
//! locked.

use sea_orm::sea_query::Value;
use sea_orm::{ActiveEnum, ConnectionTrait, Statement};

use super::publish::{News, stale_at};
use crate::inventory::ledger::LedgerKind;
use crate::kernel::ids::{LedgerEntryId, OfferId};
use crate::kernel::problem::Fault;
use crate::platform::tx::Tx;

/// How many offers one statement takes: what fits into one record of TLS (16 KiB). The database library (sqlx 0.9.0)
/// sends several without `TCP_NODELAY`, so that each such statement would wait 40 ms for an acknowledgement.
const ROWS: usize = 150;

/// What a report adds to one offer's figures.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gain {
    /// The ledger's line about it.
    pub id: LedgerEntryId,
    /// The offer, which is locked.
    pub offer_id: OfferId,
    /// What is added to *reported*.
    pub reported: i64,
    /// What is added to *committed*.
    pub committed: i64,
}

/// Adds to the figures of offers, and says that they are true of the report's moment.
pub(super) async fn add(tx: &Tx, news: &News<'_>, gains: &[Gain]) -> Result<(), Fault> {
    let then = [news.as_of.into(), stale_at(news.supplier, news.as_of).into(), tx.now().into()];
    let sql = "UPDATE supplier_offer SET reported = supplier_offer.reported + gain.reported, \
               committed = supplier_offer.committed + gain.committed, ledger_seq = supplier_offer.ledger_seq + 1, \
               as_of = {1}, stale_at = {2}, stale_noted = FALSE, updated_at = {3} \
               FROM gain WHERE supplier_offer.id = gain.offer_id";
    execute(tx, gains, &then, sql).await
}

/// Writes the lines of the ledger about offers that were changed, as they are now.
pub(super) async fn note(tx: &Tx, news: &News<'_>, gains: &[Gain]) -> Result<(), Fault> {
    let then = [LedgerKind::Reported.to_value().into(), news.document.clone().into(), tx.now().into()];
    let sql = "INSERT INTO stock_ledger (id, offer_id, seq, kind, reported_delta, reserved_delta, committed_delta, \
               reported, reserved, committed, safety_buffer, confidence, as_of, document, occurred_at) \
               SELECT gain.id, o.id, o.ledger_seq, {1}, gain.reported, 0, gain.committed, o.reported, o.reserved, \
               o.committed, o.safety_buffer, o.confidence, o.as_of, {2}, {3} \
               FROM gain JOIN supplier_offer o ON o.id = gain.offer_id";
    execute(tx, gains, &then, sql).await
}

/// Runs a statement about `gain`, with `{1}` and so on standing for `then`.
async fn execute(tx: &Tx, gains: &[Gain], then: &[Value], sql: &str) -> Result<(), Fault> {
    for some in gains.chunks(ROWS) {
        execute_one(tx, some, then, sql).await?;
    }
    Ok(())
}

async fn execute_one(tx: &Tx, gains: &[Gain], then: &[Value], sql: &str) -> Result<(), Fault> {
    let mut values = Vec::with_capacity(gains.len() * 4 + then.len());
    let mut rows = String::new();
    for gain in gains {
        let at = values.len();
        let comma = if at == 0 { "" } else { ", " };
        rows += &format!("{comma}(${}, ${}, ${}, ${})", at + 1, at + 2, at + 3, at + 4);
        values.extend([gain.id.into(), gain.offer_id.into(), gain.reported.into(), gain.committed.into()]);
    }
    let mut sql = format!("WITH gain (id, offer_id, reported, committed) AS (VALUES {rows}) {sql}");
    for (index, value) in then.iter().enumerate() {
        values.push(value.clone());
        sql = sql.replace(&format!("{{{}}}", index + 1), &format!("${}", values.len()));
    }
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(())
}
