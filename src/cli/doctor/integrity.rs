//! Whether the books are right: what can be computed twice is.

use super::Scene;
use super::finding::Finding;
use super::stuck::number;
use crate::platform::copies;
use crate::platform::db::Engine;

/// Rows that contradict others: the check, what counts them, and what is said of them.
const CONTRADICTIONS: [(&str, &str, &str); 6] = [
    (
        "stock ledger",
        "SELECT COUNT(*) AS n FROM supplier_offer LEFT JOIN (\
           SELECT offer_id, SUM(reported_delta) AS reported, SUM(reserved_delta) AS reserved, \
                  SUM(committed_delta) AS committed, COUNT(*) AS entries, MAX(seq) AS last \
           FROM stock_ledger GROUP BY offer_id) AS book ON book.offer_id = supplier_offer.id \
         WHERE supplier_offer.reported <> COALESCE(book.reported, 0) \
            OR supplier_offer.reserved <> COALESCE(book.reserved, 0) \
            OR supplier_offer.committed <> COALESCE(book.committed, 0) \
            OR supplier_offer.ledger_seq <> COALESCE(book.last, 0) OR COALESCE(book.entries, 0) <> COALESCE(book.last, 0)",
        "offers have other figures than their ledger adds up to",
    ),
    (
        "reserved units",
        "SELECT COUNT(*) AS n FROM supplier_offer WHERE reserved <> (\
           SELECT COALESCE(SUM(quantity), 0) FROM reservation WHERE offer_id = supplier_offer.id AND state = 'HELD')",
        "offers have other units reserved than checkouts hold",
    ),
    (
        "order totals",
        "SELECT COUNT(*) AS n FROM orders LEFT JOIN (\
           SELECT order_id, SUM(subtotal) AS subtotal, SUM(discount) AS discount, SUM(total) AS total \
           FROM order_line GROUP BY order_id) AS lines ON lines.order_id = orders.id \
         WHERE orders.subtotal <> COALESCE(lines.subtotal, -1) OR orders.discount <> COALESCE(lines.discount, -1) \
            OR orders.total < COALESCE(lines.total, 0) \
            OR orders.total - orders.subtotal + orders.discount - orders.shipping NOT IN (0, orders.tax)",
        "orders have other totals than their lines",
    ),
    (
        "order money",
        "SELECT COUNT(*) AS n FROM orders JOIN payment_attempt ON payment_attempt.id = orders.attempt_id \
         WHERE payment_attempt.order_id IS NULL OR payment_attempt.order_id <> orders.id \
            OR orders.captured > payment_attempt.captured OR orders.refunded > payment_attempt.refunded",
        "orders say more money moved than their payments do",
    ),
    (
        "event numbers",
        "SELECT COUNT(*) AS n FROM event_stream LEFT JOIN (\
           SELECT stream, COUNT(*) AS events, MIN(seq) AS first, MAX(seq) AS last FROM event GROUP BY stream) AS told \
           ON told.stream = event_stream.stream \
         WHERE COALESCE(told.events, 0) <> event_stream.last_seq OR told.last <> event_stream.last_seq OR told.first <> 1",
        "histories have gaps in their numbers",
    ),
    (
        "event places",
        "SELECT COALESCE(MAX(position), 0) - COUNT(position) AS n FROM event",
        "places of the store's history are empty",
    ),
];

pub async fn check(scene: &Scene) -> Vec<Finding> {
    let mut findings = vec![scene.bounded("file and references", file(scene)).await];
    for (check, sql, means) in CONTRADICTIONS {
        findings.push(scene.bounded(check, contradiction(scene, check, sql, means)).await);
    }
    findings
}

async fn contradiction(scene: &Scene, check: &str, sql: &str, means: &str) -> anyhow::Result<Finding> {
    Ok(match number(scene, sql, []).await? {
        0 => Finding::ok(check, "no contradiction"),
        count => Finding::fail(
            check,
            format!("{count} {means}: stop selling, keep a backup of this, and restore an older one or report it"),
        ),
    })
}

async fn file(scene: &Scene) -> anyhow::Result<Finding> {
    let check = "file and references";
    let conn = scene.app.db.read();
    if scene.app.db.engine() == Engine::Postgres {
        let sql = "SELECT COUNT(*) AS n FROM pg_constraint WHERE contype = 'f' AND NOT convalidated";
        return Ok(match number(scene, sql, []).await? {
            0 => Finding::ok(check, "all references are kept by the database"),
            count => Finding::fail(check, format!("{count} foreign keys are not valid: VALIDATE CONSTRAINT each")),
        });
    }
    let defects = copies::defects(conn).await?;
    Ok(match defects.first() {
        None => Finding::ok(check, "pages, indexes and references are sound"),
        Some(first) => Finding::fail(
            check,
            format!("{first}: stop the server, copy the file away, and restore the last backup (docs/operations.md)"),
        ),
    })
}
