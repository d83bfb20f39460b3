//! What customers are told: whether a variant can be had. Read from the cache, never trusted to sell.
//!
//! What is guaranteed: every change of an offer forgets the cached value after its commit, and a
//! loader that put a value in looks once more at the database and forgets it if it was overtaken. So a
//! value from before a commit outlives that commit only if the cache could not be reached to forget it
//! (or the process died in between), and then by [`TTL`] at most. Without a cache, every answer is
//! read from the database.

use std::collections::HashMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::flights::Flights;
use super::offer;
use super::queries::offers_of_variants;
use crate::app::App;
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::VariantId;
use crate::kernel::problem::Fault;
use crate::platform::news::News;

/// How long a value is kept at most.
const TTL: Duration = Duration::from_secs(60);

/// Whether a variant can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Availability {
    /// Which variant.
    pub variant_id: VariantId,
    /// Whether any can be had.
    pub available: bool,
    /// How many, over all offers.
    pub quantity: i64,
    /// The moment the oldest report behind it is true of; none before the first report.
    pub as_of: Option<Timestamp>,
}

/// A value of the cache.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Known {
    pub variant_id: VariantId,
    quantity: i64,
    as_of: Option<Timestamp>,
    /// From when on a report behind it is too old to sell by: the value must not be used any more.
    until: Option<Timestamp>,
    /// Counts the changes of all its offers' figures and reports.
    version: i64,
}

/// The name of a variant's value in the cache, and of its stock as news.
pub fn cache_key(variant_id: VariantId) -> String {
    format!("stock:{variant_id}")
}

/// The availability of these variants, in the order given.
pub async fn availability(app: &App, variants: &[VariantId]) -> Result<Vec<Availability>, Fault> {
    let now = app.clock.now();
    let keys: Vec<String> = variants.iter().map(|&id| cache_key(id)).collect();
    let mut found: HashMap<VariantId, Known> = HashMap::new();
    for (id, value) in variants.iter().zip(app.cache.get_many(&keys).await) {
        let known = value.and_then(|bytes| serde_json::from_slice::<Known>(&bytes).ok());
        // A foreign or spoiled value is no value.
        if let Some(known) = known.filter(|known| known.variant_id == *id && known.serves(now)) {
            found.insert(*id, known);
        }
    }
    let missing: Vec<VariantId> = variants.iter().copied().filter(|id| !found.contains_key(id)).collect();
    if !missing.is_empty() {
        found.extend(load_coalesced(app, &missing).await?.into_iter().map(|known| (known.variant_id, known)));
    }
    Ok(variants.iter().map(|&id| found.get(&id).map_or_else(|| none(id), Known::answer)).collect())
}

fn none(variant_id: VariantId) -> Availability {
    Availability { variant_id, available: false, quantity: 0, as_of: None }
}

impl Known {
    fn serves(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }

    fn answer(&self) -> Availability {
        Availability {
            variant_id: self.variant_id,
            available: self.quantity > 0,
            quantity: self.quantity,
            as_of: self.as_of,
        }
    }

    fn empty(variant_id: VariantId) -> Self {
        Self { variant_id, quantity: 0, as_of: None, until: None, version: 0 }
    }

    fn add(&mut self, offer: &offer::Model, now: Timestamp) {
        // Both counters only grow, so their sum tells any change; the report's moment counts too,
        // because a report that changes no figure has no ledger entry.
        self.version += offer.ledger_seq + offer.updated_at.timestamp_micros();
        if !offer.is_live() {
            return;
        }
        self.quantity += offer.sellable(now);
        self.as_of = match (self.as_of, offer.as_of) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        let ends = offer.ages_at().filter(|_| !offer.is_stale(now));
        self.until = match (self.until, ends) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }
}

/// Loads what nobody loads yet, and waits for what somebody does.
async fn load_coalesced(app: &App, missing: &[VariantId]) -> Result<Vec<Known>, Fault> {
    let (crew, waiting) = app.local::<Flights>().board(missing);
    let mine = crew.ids();
    let mut found = Vec::new();
    if !mine.is_empty() {
        found = load(app, &mine).await?;
        crew.land(&found);
        keep(app, &found).await?;
    } else {
        drop(crew);
    }
    let mut orphans = Vec::new();
    for (id, mut landing) in waiting {
        let landed = landing.wait_for(Option::is_some).await.ok().and_then(|known| known.clone());
        // What another began to read may be older than what was told when this reading began, and must
        // not be remembered as if it were not.
        app.local::<News>().tell(&cache_key(id));
        match landed {
            Some(known) => found.push(known),
            // The one who was loading it gave up.
            None => orphans.push(id),
        }
    }
    if !orphans.is_empty() {
        found.extend(load(app, &orphans).await?);
    }
    Ok(found)
}

async fn load(app: &App, variants: &[VariantId]) -> Result<Vec<Known>, Fault> {
    let now = app.clock.now();
    let mut found: HashMap<VariantId, Known> = variants.iter().map(|&id| (id, Known::empty(id))).collect();
    for offer in offers_of_variants(app.db.read(), variants).await? {
        if let Some(known) = found.get_mut(&offer.variant_id) {
            known.add(&offer, now);
        }
    }
    Ok(found.into_values().collect())
}

/// Puts values into the cache, and takes those out again that were overtaken meanwhile: a commit
/// between the load and here had nothing to forget yet.
async fn keep(app: &App, loaded: &[Known]) -> Result<(), Fault> {
    let entries =
        loaded.iter().filter_map(|known| Some((cache_key(known.variant_id), serde_json::to_vec(known).ok()?)));
    app.cache.set_many(entries.collect(), TTL).await;
    let ids: Vec<VariantId> = loaded.iter().map(|known| known.variant_id).collect();
    let now: HashMap<VariantId, i64> =
        load(app, &ids).await?.into_iter().map(|known| (known.variant_id, known.version)).collect();
    let overtaken = loaded.iter().filter(|known| now.get(&known.variant_id) != Some(&known.version));
    let keys: Vec<String> = overtaken.map(|known| cache_key(known.variant_id)).collect();
    if !keys.is_empty() {
        app.cache.delete_many(&keys).await;
        keys.iter().for_each(|key| app.local::<News>().tell(key));
    }
    Ok(())
}
