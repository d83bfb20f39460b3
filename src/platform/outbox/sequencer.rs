//! Gives events their store-wide position, after they are committed.

use std::time::Duration;

use sea_orm::{ConnectionTrait, Statement};
use tokio_util::sync::CancellationToken;

use super::STORE_TOPIC;
use crate::app::App;
use crate::kernel::problem::Fault;
use crate::platform::db::{Engine, is_postgres};
use crate::platform::tx::Tx;

/// How often the sequencer looks without being told: hints may get lost.
const IDLE: Duration = Duration::from_secs(1);
/// The topic that tells that positions were given.
pub const POSITION_TOPIC: &str = "positions";
/// PostgreSQL's advisory lock of the sequencer.
const SEQUENCER_LOCK: i64 = 0x0063_6f6e_7365_7100;

/// Numbers the committed events that have no position yet; returns how many there were. One
/// sequencer at a time: the lock is held until the numbers are committed, so a reader that sees a
/// position has seen, or can see, all smaller ones.
pub async fn assign_positions(app: &App) -> Result<u64, Fault> {
    let tx = Tx::begin(app).await?;
    if is_postgres(&tx) {
        tx.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({SEQUENCER_LOCK})")).await?;
    }
    let sql = "UPDATE event SET position = numbered.place FROM (\
                 SELECT id, (SELECT COALESCE(MAX(position), 0) FROM event) \
                   + ROW_NUMBER() OVER (ORDER BY occurred_at, id) AS place \
                 FROM event WHERE position IS NULL) AS numbered \
               WHERE event.id = numbered.id";
    let done = tx.execute_raw(Statement::from_string(tx.get_database_backend(), sql)).await?.rows_affected();
    if done > 0 {
        tx.hint(POSITION_TOPIC);
    }
    tx.commit().await?;
    Ok(done)
}

/// Runs until `stop`: numbers events whenever the bus tells of new ones, and every second anyway.
pub async fn run(app: App, stop: CancellationToken) {
    let mut hints = app.bus.subscribe(STORE_TOPIC);
    loop {
        if let Err(error) = assign_positions(&app).await {
            tracing::warn!(?error, "events could not be numbered; trying again");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = hints.wait() => {
                // Events come in bursts; one pass numbers them all.
                let pause = if app.db.engine() == Engine::Sqlite { 50 } else { 20 };
                tokio::time::sleep(Duration::from_millis(pause)).await;
            }
            () = tokio::time::sleep(IDLE) => {}
        }
    }
}
