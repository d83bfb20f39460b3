//! How much one caller, and one address, may ask in a time: a bucket of cost for each.
//!
//! With Redis all processes draw from the same buckets. Without it, or while it cannot be asked, each
//! has its own.

use std::fmt::Display;
use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::identity::Actor;
use crate::kernel::problem::Fault;
use crate::platform::buckets::{Buckets, Size, Spent};
use crate::platform::config::Config;

/// After so many requests, buckets that are full again are forgotten.
const SWEEP: u64 = 4_096;
/// What a request costs that is refused before it has a cost: as much as a small mutation.
const REFUSED: u32 = 10;
/// What each whole KiB of a document costs that was not read before.
const READING: u32 = 10;
/// The wait that is told to whoever asks for more than a bucket holds: no waiting would help, and it is
/// the operator's setting.
const NEVER: Duration = Duration::from_secs(59);

/// The buckets.
pub struct Rates {
    actors: Kind<String>,
    addresses: Kind<IpAddr>,
    shared: Option<Buckets>,
    requests: AtomicU64,
}

/// Buckets of one kind.
struct Kind<K: Hash + Eq + Clone> {
    /// What their names in Redis begin with.
    prefix: &'static str,
    size: Size,
    own: DefaultKeyedRateLimiter<K>,
}

impl Rates {
    /// The buckets of `config`. Must be called inside a runtime, if it names a Redis.
    pub fn new(config: &Config) -> Self {
        let limits = &config.limits;
        let shared = config.redis_url.as_ref().and_then(|url| match Buckets::new(url, &config.redis_prefix) {
            Ok(buckets) => Some(buckets),
            Err(error) => {
                tracing::error!(%error, "rate limits are this process' own: Redis' address cannot be read");
                None
            }
        });
        Self {
            actors: Kind::new("rate:actor:", limits.actor_cost_per_second, limits.actor_cost_burst),
            addresses: Kind::new("rate:address:", limits.address_cost_per_second, limits.address_cost_burst),
            shared,
            requests: AtomicU64::new(0),
        }
    }

    /// Takes `cost` from the buckets of `actor` and `address`. A request that cost nothing would
    /// never be limited, so each costs one at least.
    pub async fn take(&self, actor: &Actor, address: IpAddr, cost: usize) -> Result<(), Fault> {
        let cost = u32::try_from(cost).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN);
        if self.requests.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            self.actors.own.retain_recent();
            self.addresses.own.retain_recent();
        }
        self.addresses.take(self.shared.as_ref(), address, cost).await?;
        // Those without a credential share their name; their address is all that tells them apart.
        match &actor.credential {
            Some(_) => self.actors.take(self.shared.as_ref(), actor.label(), cost).await,
            None => Ok(()),
        }
    }

    /// Takes what a refusal costs from the bucket of `address`.
    pub async fn take_refused(&self, address: IpAddr) -> Result<(), Fault> {
        self.take_of_address(address, REFUSED).await
    }

    /// Takes what it costs to read a new document of so many bytes from the bucket of `address`; nothing
    /// for one that is soon read.
    pub async fn take_reading(&self, address: IpAddr, bytes: usize) -> Result<(), Fault> {
        match u32::try_from(bytes / 1024).unwrap_or(u32::MAX) {
            0 => Ok(()),
            kibibytes => self.take_of_address(address, READING.saturating_mul(kibibytes)).await,
        }
    }

    /// A bucket that is smaller than this holds enough when it is full.
    async fn take_of_address(&self, address: IpAddr, cost: u32) -> Result<(), Fault> {
        let cost = NonZeroU32::new(cost.min(self.addresses.size.burst)).unwrap_or(NonZeroU32::MIN);
        self.addresses.take(self.shared.as_ref(), address, cost).await
    }
}

impl<K: Hash + Eq + Clone + Display> Kind<K> {
    fn new(prefix: &'static str, per_second: u32, burst: u32) -> Self {
        let at_least_one = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let (per_second, burst) = (at_least_one(per_second), at_least_one(burst));
        let own = RateLimiter::keyed(Quota::per_second(per_second).allow_burst(burst));
        Self { prefix, size: Size { per_second: per_second.get(), burst: burst.get() }, own }
    }

    async fn take(&self, shared: Option<&Buckets>, key: K, cost: NonZeroU32) -> Result<(), Fault> {
        let wait = if cost.get() > self.size.burst {
            Some(NEVER)
        } else {
            let spent = match shared {
                Some(shared) => shared.spend(&format!("{}{key}", self.prefix), self.size, cost.get()).await,
                None => Spent::Unknown,
            };
            match spent {
                Spent::Yes => None,
                Spent::Later(wait) => Some(wait),
                Spent::Unknown => self.take_own(&key, cost),
            }
        };
        wait.map_or(Ok(()), |wait| Err(Fault::RateLimited { retry_after: wait.as_secs().saturating_add(1) }))
    }

    /// Takes from this process' own bucket, or says how long to wait.
    fn take_own(&self, key: &K, cost: NonZeroU32) -> Option<Duration> {
        match self.own.check_key_n(key, cost) {
            Ok(Ok(())) => None,
            Ok(Err(wait)) => Some(wait.wait_time_from(DefaultClock::default().now())),
            Err(_) => Some(NEVER),
        }
    }
}
