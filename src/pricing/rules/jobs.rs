//! What follows rules in the background.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::apply::{Followed, follow};
use super::entity::Scope;
use super::propose::{Outcome, active};
use super::select;
use crate::app::App;
use crate::identity::Actor;
use crate::kernel::ids::VariantId;
use crate::kernel::problem::Fault;
use crate::platform::jobs::{self, Done, Job, JobError, JobRun, NewJob, Priority};
use crate::platform::outbox;

/// How many variants one transaction takes.
const CHUNK: u64 = 100;
/// How often the automatic rules are looked after.
const PERIOD: Duration = Duration::from_secs(3600);
/// How long a look at all variants of a large store may take.
const LONGEST: Duration = Duration::from_secs(12 * 3600);
/// Who changes prices where nobody asked for it, as their history names it.
const AUTOMATIC: &str = "prices";

/// What became of prices.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Counts {
    /// Prices that changed.
    pub(super) changed: i64,
    /// Prices that are what they should be.
    pub(super) unchanged: i64,
    /// Prices that changed within the last day.
    pub(super) waiting: i64,
    /// Variants without a rule, an offer, a rate, or a price within reason; or whose rule is not automatic.
    pub(super) left_out: i64,
}

impl Counts {
    pub(super) fn note(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Unchanged => self.unchanged += 1,
            Outcome::Waits => self.waiting += 1,
            Outcome::Change | Outcome::NoRule | Outcome::NoOffer | Outcome::NoRate | Outcome::TooHigh => {
                self.left_out += 1;
            }
        }
    }

    fn all(self) -> i64 {
        self.changed + self.unchanged + self.waiting + self.left_out
    }
}

/// Applies the rules because somebody asked for it. A repeat finds nothing left to change.
#[derive(Debug, Serialize, Deserialize)]
pub struct ApplyPrices {
    /// What was asked. In one field: what a job names at its top is taken for its subject, which whoever
    /// asked is not.
    pub wish: Wish,
}

/// What was asked, and by whom.
#[derive(Debug, Serialize, Deserialize)]
pub struct Wish {
    /// Whose prices.
    pub scope: Scope,
    /// Who asked: an actor's label.
    pub by: String,
}

impl Job for ApplyPrices {
    const KIND: &'static str = "ApplyPrices";
    const PRIORITY: Priority = Priority::Patient;
    const LONGEST: Duration = LONGEST;

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        let Wish { scope, by } = self.wish;
        let total = select::count(run.app.db.read(), scope).await?;
        let mut counts = Counts::default();
        let mut after = None;
        loop {
            let ids = select::variants(run.app.db.read(), scope, after, CHUNK).await?;
            let Some(last) = ids.last() else { break };
            after = Some(*last);
            follow(&run.app, &ids, Followed::All, &by, &mut counts).await?;
            jobs::progress(run, counts.all(), Some(total.max(counts.all()))).await?;
        }
        Ok(Done::With(serde_json::to_value(counts).map_err(Fault::from)?))
    }
}

/// Follows the automatic rules for variants whose costs changed.
#[derive(Debug, Serialize, Deserialize)]
pub struct Reprice {
    /// Which variants.
    pub variant_ids: Vec<VariantId>,
}

impl Job for Reprice {
    const KIND: &'static str = "pricing.reprice";

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        if has_automatic(&run.app).await? {
            let by = Actor::system(AUTOMATIC).label();
            let chunk = usize::try_from(CHUNK).unwrap_or(usize::MAX);
            for ids in self.variant_ids.chunks(chunk) {
                follow(&run.app, ids, Followed::Automatic, &by, &mut Counts::default()).await?;
            }
        }
        Ok(Done::OK)
    }
}

/// Follows the automatic rules everywhere, after a rule or a rate changed.
#[derive(Debug, Serialize, Deserialize)]
pub struct RepriceAll {}

impl Job for RepriceAll {
    const KIND: &'static str = "pricing.reprice_all";
    const PRIORITY: Priority = Priority::Patient;
    const LONGEST: Duration = LONGEST;

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        reprice_all(&run.app).await?;
        Ok(Done::OK)
    }
}

/// Follows the automatic rules everywhere, for what no event tells of.
#[derive(Debug, Serialize, Deserialize)]
pub struct WatchPrices {}

impl Job for WatchPrices {
    const KIND: &'static str = "pricing.watch_prices";
    const BEAT: Option<Duration> = Some(PERIOD);
    const PRIORITY: Priority = Priority::Patient;
    const LONGEST: Duration = LONGEST;

    fn dedupe_key(&self) -> Option<String> {
        Some(Self::KIND.to_owned())
    }

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        reprice_all(&run.app).await?;
        Ok(Done::Again(PERIOD))
    }
}

async fn reprice_all(app: &App) -> Result<(), Fault> {
    if !has_automatic(app).await? {
        return Ok(());
    }
    let by = Actor::system(AUTOMATIC).label();
    let mut after = None;
    loop {
        let ids = select::variants(app.db.read(), Scope::Store, after, CHUNK).await?;
        let Some(last) = ids.last() else { return Ok(()) };
        after = Some(*last);
        follow(app, &ids, Followed::Automatic, &by, &mut Counts::default()).await?;
    }
}

async fn has_automatic(app: &App) -> Result<bool, Fault> {
    Ok(active(app.db.read()).await?.iter().any(|rule| rule.automatic))
}

/// What a supplier charges changed: prices that follow it by themselves do.
pub fn after_cost_changed(event: &outbox::entity::Model) -> Result<Vec<NewJob>, Fault> {
    let Some(ids) = event.data.get("variantIds") else { return Ok(vec![]) };
    let variant_ids: Vec<VariantId> = serde_json::from_value(ids.clone())?;
    Ok(vec![NewJob::now(&Reprice { variant_ids })?])
}
