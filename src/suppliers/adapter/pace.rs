//! Keeping to what a platform allows in a second.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::app::App;
use crate::kernel::ids::SupplierId;

/// When the next call to each supplier may be made by this process.
#[derive(Default)]
struct Turns(Mutex<HashMap<SupplierId, Instant>>);

/// Waits for the caller's turn to call this supplier: calls are `apart` from each other, first come, first
/// served. Other processes have turns of their own; what comes too often all the same is told by the platform.
pub(super) async fn turn(app: &App, id: SupplierId, apart: Duration) {
    let mine = {
        let turns = app.local::<Turns>();
        let mut all = turns.0.lock().unwrap_or_else(PoisonError::into_inner);
        let next = all.entry(id).or_insert_with(Instant::now);
        let mine = (*next).max(Instant::now());
        *next = mine + apart;
        mine
    };
    tokio::time::sleep_until(mine).await;
}
