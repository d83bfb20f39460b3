//! The one table of background work: which job is done by what, which event starts which job, and
//! what repeats.

use crate::app::App;
use crate::checkout::jobs::{ExpireCarts, ReconcileAttempt};
use crate::identity::jobs::SweepCredentials;
use crate::inventory;
use crate::kernel::event::EventType;
use crate::kernel::problem::Fault;
use crate::payments::SettleTransaction;
use crate::platform::idempotency::SweepIdempotency;
use crate::platform::jobs::{self, Handlers, NewJob};
use crate::platform::outbox;
use crate::webhooks;
use crate::workitems::jobs::ReopenSnoozed;

/// Every kind of job there is.
pub fn handlers() -> Handlers {
    Handlers::default()
        .with::<SweepIdempotency>()
        .with::<SweepCredentials>()
        .with::<ReopenSnoozed>()
        .with::<inventory::RefreshAvailability>()
        .with::<inventory::NoteStaleStock>()
        .with::<inventory::ApplySupplierTerms>()
        .with::<inventory::DecideHeldReport>()
        .with::<inventory::PollStock>()
        .with::<inventory::WatchPolls>()
        .with::<webhooks::ProcessWebhook>()
        .with::<webhooks::ReplayWebhook>()
        .with::<webhooks::SweepWebhooks>()
        .with::<SettleTransaction>()
        .with::<ReconcileAttempt>()
        .with::<ExpireCarts>()
}

/// The jobs an event starts, written in the event's own transaction.
pub fn routes(event: &outbox::entity::Model) -> Result<Vec<NewJob>, Fault> {
    match event.kind {
        EventType::OrderPlaced => Ok(vec![]),
        EventType::SupplierChanged => inventory::after_supplier_changed(event),
        EventType::WorkItemResolved => {
            Ok([inventory::after_work_item(event)?, webhooks::after_work_item(event)?].concat())
        }
        _ => Ok(vec![]),
    }
}

/// Adds the jobs that repeat for ever, unless they are there.
pub async fn schedule(app: &App) -> Result<(), Fault> {
    jobs::ensure(app, &SweepIdempotency {}).await?;
    jobs::ensure(app, &SweepCredentials {}).await?;
    jobs::ensure(app, &ExpireCarts {}).await?;
    jobs::ensure(app, &ReopenSnoozed {}).await?;
    jobs::ensure(app, &inventory::NoteStaleStock {}).await?;
    jobs::ensure(app, &inventory::WatchPolls {}).await?;
    jobs::ensure(app, &webhooks::SweepWebhooks {}).await
}
