//! One load per key and process: callers that want what is being loaded wait for that load.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::availability::Known;
use crate::kernel::ids::VariantId;

type Landing = watch::Receiver<Option<Known>>;

/// The loads under way.
#[derive(Default)]
pub(super) struct Flights(Mutex<HashMap<VariantId, Landing>>);

/// The keys this caller loads for everybody. Dropped early, its waiters find that nothing comes and
/// load by themselves.
pub(super) struct Crew {
    flights: Arc<Flights>,
    seats: HashMap<VariantId, watch::Sender<Option<Known>>>,
}

impl Flights {
    /// Divides `ids` into those the caller must load and those somebody loads already.
    pub(super) fn board(self: Arc<Self>, ids: &[VariantId]) -> (Crew, Vec<(VariantId, Landing)>) {
        let mut seats = HashMap::new();
        let mut waiting = Vec::new();
        let mut flights = self.lock();
        for &id in ids {
            if let Some(landing) = flights.get(&id) {
                waiting.push((id, landing.clone()));
            } else {
                let (sender, landing) = watch::channel(None);
                flights.insert(id, landing);
                seats.insert(id, sender);
            }
        }
        drop(flights);
        (Crew { flights: self, seats }, waiting)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<VariantId, Landing>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Crew {
    /// What is to be loaded.
    pub(super) fn ids(&self) -> Vec<VariantId> {
        self.seats.keys().copied().collect()
    }

    /// Hands out what was loaded.
    pub(super) fn land(self, loaded: &[Known]) {
        for known in loaded {
            if let Some(seat) = self.seats.get(&known.variant_id) {
                seat.send_replace(Some(known.clone()));
            }
        }
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        let mut flights = self.flights.lock();
        for id in self.seats.keys() {
            flights.remove(id);
        }
    }
}
