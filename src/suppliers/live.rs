//! Whether any supplier's figures are asked for anew at checkouts, which most stores never want: remembered,
//! so that checkouts need not look.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};

use super::supplier;
use crate::app::App;
use crate::kernel::problem::Fault;

/// How long a process goes by what it read last; its own changes it knows at once.
const MEMORY_LIFE: Duration = Duration::from_secs(5);

/// What this process read last.
#[derive(Default)]
pub(super) struct Memory(Mutex<Option<(Instant, bool)>>);

impl Memory {
    /// The next one reads again.
    pub(super) fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Whether there is such a supplier.
pub async fn any_live(app: &App) -> Result<bool, Fault> {
    let memory = app.local::<Memory>();
    let known = *memory.0.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, any)) = known.filter(|(at, _)| at.elapsed() < MEMORY_LIFE) {
        return Ok(any);
    }
    let query = supplier::Entity::find().filter(supplier::Column::StockLiveSeconds.is_not_null());
    let any = query.count(app.db.read()).await? > 0;
    *memory.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), any));
    Ok(any)
}
