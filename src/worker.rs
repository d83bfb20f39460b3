//! The one table of background work: which job is done by what, which event starts which job, and
//! what repeats.

use crate::app::App;
use crate::checkout;
use crate::checkout::jobs::{ExpireCarts, ReconcileAttempt};
use crate::fulfillment::{
    self, ActOnWorkItem, CancelAtSupplier, CreateSupplierOrders, ForwardSupplierOrder, ReconcileSupplierOrder,
    ReleaseOrderMoney, ReplanRefused, SettleOrderMoney, SweepSupplierOrders,
};
use crate::identity::jobs::SweepCredentials;
use crate::importing::ImportCatalog;
use crate::inventory;
use crate::kernel::event::EventType;
use crate::kernel::problem::Fault;
use crate::notifications::{self, Notify};
use crate::onboarding;
use crate::operations::{self, DeadLetters, DiscardJob, RetryJob};
use crate::orders::{ClaimOrders, EraseOrders, SyncMoney};
use crate::payments::{self, SettleTransaction};
use crate::platform::idempotency::SweepIdempotency;
use crate::platform::jobs::{self, Handlers, NewJob, SweepJobs};
use crate::platform::outbox;
use crate::platform::uploads::SweepUploads;
use crate::pricing;
use crate::shipments::{self, FollowSupplierOrder};
use crate::suppliers;
use crate::webhooks;
use crate::workitems::jobs::ReopenSnoozed;

/// How long a supplier is left alone before it is asked how an order is: it tells by itself.
const FOLLOW_AFTER: std::time::Duration = std::time::Duration::from_secs(600);

/// A mail that is just being written notes its recipient within this time.
const MAIL_UNDER_WAY: std::time::Duration = std::time::Duration::from_secs(60);

/// Every kind of job there is. What repeats for ever has a beat: it must not end by failing.
pub fn handlers() -> Handlers {
    Handlers::default()
        .with::<SweepIdempotency>()
        .with::<SweepCredentials>()
        .with::<ReopenSnoozed>()
        .with::<suppliers::RegisterWebhooks>()
        .with::<inventory::RefreshAvailability>()
        .with::<inventory::NoteStaleStock>()
        .with::<inventory::ApplySupplierTerms>()
        .with::<inventory::DecideHeldReport>()
        .with::<inventory::DecideHeldCosts>()
        .with::<inventory::PollStock>()
        .with::<inventory::WatchPolls>()
        .with::<inventory::WatchLowStock>()
        .with::<pricing::Reprice>()
        .with::<pricing::RepriceAll>()
        .with::<pricing::ApplyPrices>()
        .with::<pricing::WatchPrices>()
        .with::<webhooks::ProcessWebhook>()
        .with::<webhooks::ReplayWebhook>()
        .with::<webhooks::SweepWebhooks>()
        .with::<SettleTransaction>()
        .with::<payments::RetryTransaction>()
        .with::<payments::CompareSums>()
        .with::<ReconcileAttempt>()
        .with::<checkout::DecideAttempt>()
        .with::<ExpireCarts>()
        .with::<checkout::EraseCarts>()
        .with::<checkout::ForgetCart>()
        .with::<ImportCatalog>()
        .with::<onboarding::FetchCatalog>()
        .with::<SweepUploads>()
        .with::<SweepJobs>()
        .with::<Notify>()
        .with::<notifications::ForgetCustomer>()
        .with::<notifications::ForgetOrder>()
        .with::<ClaimOrders>()
        .with::<EraseOrders>()
        .with::<SyncMoney>()
        .with::<CreateSupplierOrders>()
        .with::<ForwardSupplierOrder>()
        .with::<ReconcileSupplierOrder>()
        .with::<CancelAtSupplier>()
        .with::<ReplanRefused>()
        .with::<SettleOrderMoney>()
        .with::<ReleaseOrderMoney>()
        .with::<ActOnWorkItem>()
        .with::<SweepSupplierOrders>()
        .with::<fulfillment::MeasureSuppliers>()
        .with::<fulfillment::ForgetWords>()
        .with::<fulfillment::SweepRequests>()
        .with::<FollowSupplierOrder>()
        .with::<shipments::RefundParcel>()
        .with::<shipments::ForgetRecipient>()
        .with::<RetryJob>()
        .with::<DiscardJob>()
        .watched_by(DeadLetters)
}

/// The jobs an event starts, written in the event's own transaction.
pub fn routes(event: &outbox::entity::Model) -> Result<Vec<NewJob>, Fault> {
    let mut jobs = work_after(event)?;
    if tells_a_customer(event) {
        jobs.push(NewJob::now(&Notify { event_id: event.id })?);
    }
    Ok(jobs)
}

/// What the rooms do about it.
fn work_after(event: &outbox::entity::Model) -> Result<Vec<NewJob>, Fault> {
    match (event.kind, event.order_id, event.supplier_order_id) {
        (EventType::OrderPlaced, Some(order_id), _) => Ok(vec![
            NewJob::now(&CreateSupplierOrders { order_id })?,
            // For a store that takes the money at once.
            NewJob::now(&SettleOrderMoney { order_id })?,
        ]),
        (EventType::PaymentCaptured, Some(order_id), _) => Ok(vec![
            NewJob::now(&SyncMoney { order_id })?,
            // What was authorized beyond it can be released now.
            NewJob::now(&SettleOrderMoney { order_id })?,
        ]),
        (EventType::PaymentVoided | EventType::PaymentRefunded, Some(order_id), _) => {
            Ok(vec![NewJob::now(&SyncMoney { order_id })?])
        }
        (EventType::PaymentFailed, Some(order_id), _) => {
            let mut jobs = vec![NewJob::now(&SyncMoney { order_id })?];
            // A release that is refused is a person's to try again.
            if event.data["kind"] == "CAPTURE" {
                jobs.push(NewJob::now(&ReleaseOrderMoney { order_id })?);
            }
            Ok(jobs)
        }
        (EventType::SupplierOrderSubmitted, _, Some(id)) => {
            Ok(vec![NewJob::after(&FollowSupplierOrder { id }, FOLLOW_AFTER)?])
        }
        (EventType::EmailVerified | EventType::CustomerErased, ..) => after_customer(event),
        (EventType::OrderErased, Some(order_id), _) => Ok(vec![
            NewJob::now(&checkout::ForgetCart { order_id })?,
            NewJob::now(&fulfillment::ForgetWords { order_id })?,
            NewJob::now(&shipments::ForgetRecipient { order_id })?,
            NewJob::after(&notifications::ForgetOrder { order_id }, MAIL_UNDER_WAY)?,
        ]),
        (EventType::SupplierChanged, ..) => {
            Ok([suppliers::after_changed(event)?, inventory::after_supplier_changed(event)?].concat())
        }
        (EventType::CostChanged, ..) => pricing::after_cost_changed(event),
        (EventType::WorkItemResolved, ..) => {
            let act = event.work_item_id.map(|id| NewJob::now(&ActOnWorkItem { id })).transpose()?;
            Ok([
                act.into_iter().collect(),
                payments::after_work_item(event)?,
                checkout::after_work_item(event)?,
                inventory::after_work_item(event)?,
                shipments::after_work_item(event)?,
                webhooks::after_work_item(event)?,
                operations::after_work_item(event)?,
            ]
            .concat())
        }
        _ => Ok(vec![]),
    }
}

/// What follows when a customer has shown an address to be theirs, or is forgotten.
fn after_customer(event: &outbox::entity::Model) -> Result<Vec<NewJob>, Fault> {
    let customer_id = event.stream.parse().map_err(|_| Fault::internal("a customer's event has another's stream"))?;
    if event.kind == EventType::EmailVerified {
        return Ok(vec![NewJob::now(&ClaimOrders { customer_id })?]);
    }
    Ok(vec![
        NewJob::now(&EraseOrders { customer_id })?,
        NewJob::now(&checkout::EraseCarts { customer_id })?,
        NewJob::after(&notifications::ForgetCustomer { customer_id }, MAIL_UNDER_WAY)?,
    ])
}

/// Whether a mail goes out about it.
fn tells_a_customer(event: &outbox::entity::Model) -> bool {
    match event.kind {
        EventType::CustomerRegistered
        | EventType::PasswordResetRequested
        | EventType::PasswordChanged
        | EventType::EmailChangeRequested
        | EventType::EmailConfirmationRequested
        | EventType::StaffInvited
        | EventType::OrderPlaced
        | EventType::OrderAddressChanged
        | EventType::OrderCancelled
        | EventType::ShipmentCreated
        | EventType::ShipmentDelivered => true,
        EventType::PaymentRefunded => event.data.get("notifyCustomer") == Some(&serde_json::Value::Bool(true)),
        _ => false,
    }
}

/// Adds the jobs that repeat for ever, unless they are there.
pub async fn schedule(app: &App) -> Result<(), Fault> {
    jobs::ensure(app, &SweepIdempotency {}).await?;
    jobs::ensure(app, &SweepUploads {}).await?;
    jobs::ensure(app, &SweepJobs {}).await?;
    jobs::ensure(app, &SweepCredentials {}).await?;
    jobs::ensure(app, &ExpireCarts {}).await?;
    jobs::ensure(app, &ReopenSnoozed {}).await?;
    jobs::ensure(app, &SweepSupplierOrders {}).await?;
    jobs::ensure(app, &fulfillment::MeasureSuppliers {}).await?;
    jobs::ensure(app, &fulfillment::SweepRequests {}).await?;
    jobs::ensure(app, &inventory::NoteStaleStock {}).await?;
    jobs::ensure(app, &inventory::WatchPolls {}).await?;
    jobs::ensure(app, &inventory::WatchLowStock {}).await?;
    jobs::ensure(app, &pricing::WatchPrices {}).await?;
    jobs::ensure(app, &webhooks::SweepWebhooks {}).await
}
