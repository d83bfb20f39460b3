//! After the database was restored: what providers know of the time since the backup, and this store
//! does not any more.
//!
//! Nothing is applied here. A payment nobody knows is put before a person; an attempt that was open goes
//! through its usual settling; and a movement that is decided once more finds the one that was made.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::attempts;
use super::entity::attempt;
use super::entity::transaction::{self, TransactionKind};
use super::gateway::{ProviderPayment, ProviderStatus};
use super::trouble;
use crate::app::App;
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::PaymentAttemptId;
use crate::kernel::problem::Fault;
use crate::platform::jobs::{Done, Job, JobError, JobRun};
use crate::platform::restoration;
use crate::platform::tx::Tx;

/// How often sums that differ are compared again.
const AGAIN: Duration = Duration::from_secs(3600);

/// What a provider told of the time since a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// It listed what changed.
    Changes {
        /// Payments with money in them that are not known here.
        lost: usize,
        /// Payments whose sums are others than here.
        differing: usize,
    },
    /// It cannot list: a person has to compare.
    CannotList,
}

/// Asks every configured provider what changed since `since`, and puts before a person what is not known
/// here. May be repeated: the same trouble is one work item.
///
/// # Errors
/// If a provider cannot be asked; what was found of others by then stays.
pub async fn recover(app: &App, since: Timestamp) -> Result<Vec<(&'static str, Told)>, Fault> {
    let mut all = Vec::new();
    for name in app.gateways.names() {
        let changes = attempts::gateway(app, name)?.changed_since(since).await;
        let changes = changes.map_err(|error| Fault::Unavailable(error.into()))?;
        all.push((
            name,
            match changes {
                Some(payments) => compare(app, name, &payments).await?,
                None => Told::CannotList,
            },
        ));
    }
    Ok(all)
}

async fn compare(app: &App, provider: &'static str, payments: &[ProviderPayment]) -> Result<Told, Fault> {
    let (mut lost, mut differing) = (0, 0);
    for payment in payments {
        // Under a name that is none of ours it is another's.
        let Ok(id) = payment.reference.parse::<PaymentAttemptId>() else { continue };
        let tx = Tx::begin(app).await?;
        match attempts::lookup(&tx, id).await? {
            None if has_money(payment) => {
                trouble::lost_payment(&tx, provider, payment).await?;
                lost += 1;
            }
            Some(attempt) if is_decided(&attempt, payment) && !agrees(&attempt, payment) => {
                trouble::sums_differ(&tx, &attempt, payment).await?;
                differing += 1;
            }
            _ => continue,
        }
        tx.commit().await?;
    }
    Ok(Told::Changes { lost, differing })
}

/// Compares a payment's sums with its provider's once more, every hour while they differ and no person has
/// noted it.
#[derive(Debug, Serialize, Deserialize)]
pub struct CompareSums {
    /// The payment.
    pub id: PaymentAttemptId,
}

impl Job for CompareSums {
    const KIND: &'static str = "payments.compare_sums";

    fn dedupe_key(&self) -> Option<String> {
        Some(format!("{}:{}", Self::KIND, self.id))
    }

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        let app = &run.app;
        let Some(attempt) = attempts::lookup(app.db.read(), self.id).await? else { return Ok(Done::OK) };
        if !trouble::still_differ(app.db.read(), self.id).await? {
            return Ok(Done::OK);
        }
        let Some(provider_id) = &attempt.provider_id else { return Ok(Done::OK) };
        let _place = attempts::enter(app, &attempt)?;
        let payment = attempts::gateway(app, &attempt.gateway)?.lookup(provider_id).await;
        let payment = payment.map_err(|error| JobError::retry(error.to_string()))?;
        let tx = Tx::begin(app).await?;
        let attempt = attempts::lock(&tx, self.id).await?;
        if !payment.is_some_and(|payment| agrees(&attempt, &payment)) {
            return Ok(Done::Again(AGAIN));
        }
        trouble::sums_agree(&tx, self.id).await?;
        tx.commit().await?;
        Ok(Done::OK)
    }
}

/// Whether a buyer may miss it.
fn has_money(payment: &ProviderPayment) -> bool {
    let held = payment.authorized - payment.captured - payment.voided;
    match payment.status {
        ProviderStatus::Pending | ProviderStatus::Unknown(_) => true,
        ProviderStatus::Authorized => held > 0 || payment.captured > payment.refunded,
        ProviderStatus::Declined => false,
    }
}

/// An attempt that is open here is settled as always.
fn is_decided(attempt: &attempt::Model, payment: &ProviderPayment) -> bool {
    attempt.provider_id.as_ref() == Some(&payment.id)
}

fn agrees(attempt: &attempt::Model, payment: &ProviderPayment) -> bool {
    (attempt.captured, attempt.voided, attempt.refunded) == (payment.captured, payment.voided, payment.refunded)
}

/// Whether a movement that was not made yet, as far as is known here, may have been made before the
/// database was restored, under a name that is lost.
pub(super) fn is_doubtful(app: &App, attempt: &attempt::Model, movement: &transaction::Model) -> bool {
    movement.submitted_at.is_none() && restoration::concerns(app, attempt.created_at)
}

/// Why such a movement is not made blindly, unless the provider has moved no more than is known here.
pub(super) fn more_is_done(
    attempt: &attempt::Model,
    movement: &transaction::Model,
    payment: &ProviderPayment,
) -> Option<String> {
    let (there, here) = match movement.kind {
        TransactionKind::Capture => (payment.captured, attempt.captured),
        TransactionKind::Refund => (payment.refunded, attempt.refunded),
        TransactionKind::Void => (payment.captured + payment.voided, attempt.captured + attempt.voided),
    };
    let (there, here) = (attempt.money(there), attempt.money(here));
    (there != here).then(|| {
        format!(
            "before the database was restored {there} were moved so, of which it knows {here}: see at the provider \
             what is left to do, and do it there"
        )
    })
}
