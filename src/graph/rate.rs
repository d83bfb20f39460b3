//! How much one caller, and one address, may ask in a time: a bucket of cost for each.

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::identity::Actor;
use crate::kernel::problem::Fault;
use crate::platform::limits::Limits;

/// After so many requests, buckets that are full again are forgotten.
const SWEEP: u64 = 4_096;

/// The buckets of this process.
pub struct Rates {
    actors: DefaultKeyedRateLimiter<String>,
    addresses: DefaultKeyedRateLimiter<IpAddr>,
    requests: AtomicU64,
}

impl Rates {
    /// Full buckets.
    pub fn new(limits: &Limits) -> Self {
        Self {
            actors: RateLimiter::keyed(quota(limits.actor_cost_per_second, limits.actor_cost_burst)),
            addresses: RateLimiter::keyed(quota(limits.address_cost_per_second, limits.address_cost_burst)),
            requests: AtomicU64::new(0),
        }
    }

    /// Takes `cost` from the buckets of `actor` and `address`. A request that cost nothing would
    /// never be limited, so each costs one at least.
    pub fn take(&self, actor: &Actor, address: IpAddr, cost: usize) -> Result<(), Fault> {
        let cost = u32::try_from(cost).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN);
        if self.requests.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            self.actors.retain_recent();
            self.addresses.retain_recent();
        }
        take(&self.addresses, &address, cost)?;
        // Those without a credential share their name; their address is all that tells them apart.
        if actor.credential.is_some() { take(&self.actors, &actor.label(), cost) } else { Ok(()) }
    }
}

fn take<K: Hash + Eq + Clone>(buckets: &DefaultKeyedRateLimiter<K>, key: &K, cost: NonZeroU32) -> Result<(), Fault> {
    match buckets.check_key_n(key, cost) {
        Ok(Ok(())) => Ok(()),
        Ok(Err(wait)) => {
            let wait = wait.wait_time_from(DefaultClock::default().now());
            Err(Fault::RateLimited { retry_after: wait.as_secs().saturating_add(1) })
        }
        // More than the bucket holds: no waiting would help, and it is the operator's setting.
        Err(_) => Err(Fault::RateLimited { retry_after: 60 }),
    }
}

fn quota(per_second: u32, burst: u32) -> Quota {
    let at_least_one = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
    Quota::per_second(at_least_one(per_second)).allow_burst(at_least_one(burst))
}
