//! Work that does not move.

use anyhow::Context as _;
use chrono::TimeDelta;
use sea_orm::{ConnectionTrait, Statement, Value};

use super::Scene;
use super::finding::{Finding, Verdict};

/// A check that counts rows which should not be.
struct Count {
    check: &'static str,
    /// Of what more than none is.
    verdict: Verdict,
    /// Counts as `n`; `$1` is now, less `for_longer_than`.
    sql: &'static str,
    for_longer_than: TimeDelta,
    /// What follows the number.
    means: &'static str,
    /// What is said of none.
    well: &'static str,
}

/// The most patient kinds of jobs let others go first for half an hour.
const LATE: TimeDelta = TimeDelta::minutes(40);
/// Leases last 15 s, and sweeps look every 30.
const SWEPT: TimeDelta = TimeDelta::minutes(5);

const COUNTS: [Count; 11] = [
    Count {
        check: "jobs",
        verdict: Verdict::Fail,
        sql: "SELECT COUNT(*) AS n FROM job WHERE status = 'QUEUED' AND lane IS NULL AND run_at < $1",
        for_longer_than: LATE,
        means: "were due 40 minutes ago and nobody takes them: is `consign work` or `all` running, and well?",
        well: "none is late",
    },
    Count {
        check: "jobs for partners",
        verdict: Verdict::Warn,
        sql: "SELECT COUNT(*) AS n FROM job WHERE status = 'QUEUED' AND lane IS NOT NULL AND run_at < $1",
        for_longer_than: SWEPT,
        means: "wait for a supplier, payment provider or mail server that is slow or gone: see which below",
        well: "none waits for long",
    },
    Count {
        check: "jobs of dead workers",
        verdict: Verdict::Fail,
        sql: "SELECT COUNT(*) AS n FROM job WHERE status = 'RUNNING' AND lease_until < $1",
        for_longer_than: SWEPT,
        means: "were left by a worker that died and nobody takes them up: start `consign work` or `all`",
        well: "none is left over",
    },
    Count {
        check: "dead letters",
        verdict: Verdict::Warn,
        sql: "SELECT COUNT(*) AS n FROM job WHERE status = 'FAILED' AND created_at < $1",
        for_longer_than: TimeDelta::zero(),
        means: "were given up: the exceptions queue has each (JOB_DEAD), with its reason and RETRY",
        well: "none",
    },
    Count {
        check: "payments",
        verdict: Verdict::Warn,
        sql: "SELECT COUNT(*) AS n FROM payment_attempt WHERE status IN ('OPEN', 'PROCESSING') AND created_at < $1",
        for_longer_than: TimeDelta::minutes(20),
        means: "have had no outcome for 20 minutes: the exceptions queue has each (PAYMENT_UNKNOWN)",
        well: "all have an outcome",
    },
    Count {
        check: "movements of money",
        verdict: Verdict::Warn,
        sql: "SELECT COUNT(*) AS n FROM payment_transaction WHERE status = 'PENDING' AND created_at < $1",
        for_longer_than: TimeDelta::hours(1),
        means: "captures, releases or refunds are not confirmed after an hour: see the exceptions queue",
        well: "all are confirmed",
    },
    Count {
        check: "supplier orders",
        verdict: Verdict::Fail,
        sql: "SELECT COUNT(*) AS n FROM supplier_order WHERE status = 'SUBMITTING' AND sent_at < $1",
        for_longer_than: SWEPT,
        means: "have been in the middle of being sent for 5 minutes and nobody asks: is a worker running?",
        well: "none is in the middle of being sent",
    },
    Count {
        check: "reservations",
        verdict: Verdict::Fail,
        sql: "SELECT COUNT(*) AS n FROM reservation WHERE state = 'HELD' AND created_at < $1 AND NOT EXISTS \
              (SELECT 1 FROM checkout_hold WHERE attempt_id = reservation.holder AND status = 'HELD')",
        for_longer_than: TimeDelta::zero(),
        means: "hold goods for no checkout: this is a defect of the program; please report it",
        well: "each has its checkout",
    },
    Count {
        check: "events",
        verdict: Verdict::Fail,
        sql: "SELECT COUNT(*) AS n FROM event WHERE position IS NULL AND occurred_at < $1",
        for_longer_than: TimeDelta::minutes(2),
        means: "have no place in the store's history after 2 minutes: is a worker running?",
        well: "all have their place",
    },
    Count {
        check: "webhooks",
        verdict: Verdict::Warn,
        sql: "SELECT COUNT(*) AS n FROM webhook_delivery WHERE status = 'PENDING' AND received_at < $1",
        for_longer_than: TimeDelta::hours(1),
        means: "came an hour ago and are not worked: see the exceptions queue",
        well: "all are worked",
    },
    Count {
        check: "mails",
        verdict: Verdict::Warn,
        sql: "SELECT COUNT(*) AS n FROM notification WHERE sent_at IS NULL AND last_error IS NOT NULL AND created_at < $1",
        for_longer_than: TimeDelta::minutes(10),
        means: "could not be sent: see `Order.notifications` for why",
        well: "none fails",
    },
];

pub async fn check(scene: &Scene) -> Vec<Finding> {
    let mut findings = Vec::new();
    for count in &COUNTS {
        findings.push(scene.bounded(count.check, look(scene, count)).await);
    }
    findings
}

async fn look(scene: &Scene, it: &Count) -> anyhow::Result<Finding> {
    let before = scene.now - it.for_longer_than;
    let count = number(scene, it.sql, [before.into()]).await?;
    let verdict = if count == 0 { Verdict::Ok } else { it.verdict };
    let message = if count == 0 { it.well.to_owned() } else { format!("{count} {}", it.means) };
    Ok(Finding { check: it.check.to_owned(), verdict, message })
}

/// The number `n` that a statement answers.
pub async fn number(scene: &Scene, sql: &str, values: impl IntoIterator<Item = Value>) -> anyhow::Result<i64> {
    let conn = scene.app.db.read();
    let statement = Statement::from_sql_and_values(conn.get_database_backend(), sql, values);
    let row = conn.query_one_raw(statement).await?.context("it counts nothing")?;
    Ok(row.try_get("", "n")?)
}
