//! Buckets that all processes draw from, in Redis: each holds so many units at most and regains so
//! many a second.
//!
//! A bucket is one number, the time at which it will be full again (the generic cell rate algorithm,
//! GCRA, as in ATM Forum's Traffic Management 4.0, 4.4.2), by Redis' clock, which all share. A process
//! draws more than it needs and spends the rest without asking again; what it does not spend within a
//! second is lost, so that together the processes never hand out more than a bucket holds.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use redis::Script;

use super::remote::Remote;

/// How long Redis may take. A request waits for it, once in a while; whoever waits longer goes on with
/// this process' own buckets.
const PATIENCE: Duration = Duration::from_millis(80);
/// How long what was drawn may be spent.
const LEASE: Duration = Duration::from_secs(1);
/// Which part of a bucket is drawn at once, and which part of what it regains in a second: what is drawn
/// and not spent must not empty it.
const PART: u32 = 100;
const PART_OF_GAIN: u32 = 10;
/// After so many draws, what cannot be spent any more is forgotten.
const SWEEP: usize = 4_096;

/// Draws from the bucket KEYS[1]. ARGV: units a second, units at most, units needed, units wished for.
/// Answers how many were drawn and, if that is none, in how many microseconds the needed ones will be
/// there.
const DRAW: &str = "
    local rate, size, need, wish = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
    local time = redis.call('TIME')
    local now = time[1] * 1000000 + time[2]
    local unit = 1000000 / rate
    local full = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
    local left = math.floor((now + size * unit - full) / unit + 0.000001)
    if left < need then
        return {0, math.ceil((need - left) * unit)}
    end
    local drawn = math.min(left, math.max(need, wish))
    full = full + drawn * unit
    redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', math.ceil((full - now) / 1000) + 1)
    return {drawn, 0}";

/// How large a bucket is.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Units it regains each second.
    pub per_second: u32,
    /// Units it holds.
    pub burst: u32,
}

/// What came of a wish to spend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spent {
    /// It is spent.
    Yes,
    /// There is not enough; in this time there will be.
    Later(Duration),
    /// Redis could not be asked.
    Unknown,
}

/// The buckets.
pub struct Buckets {
    remote: Remote,
    draw: Script,
    leases: Mutex<HashMap<String, Lease>>,
}

/// What this process has drawn from a bucket and not spent, or that the bucket is empty.
#[derive(Clone, Copy)]
struct Lease {
    left: u32,
    /// When what is left is lost.
    until: Instant,
    /// Until when Redis is not asked again, for requests as large as the one it refused.
    empty_until: Instant,
    refused: u32,
    /// When there will be enough for that one.
    full_at: Instant,
}

impl Buckets {
    /// Buckets in the Redis at `url`, whose keys carry `prefix`. Must be called inside a runtime.
    pub fn new(url: &str, prefix: &str) -> anyhow::Result<Self> {
        let remote = Remote::new(url, prefix, "rate limits", PATIENCE)?;
        Ok(Self { remote, draw: Script::new(DRAW), leases: Mutex::default() })
    }

    /// Spends `units` of the bucket `name`.
    pub async fn spend(&self, name: &str, size: Size, units: u32) -> Spent {
        if let Some(spent) = self.spend_here(name, units) {
            return spent;
        }
        let wish = units.max((size.burst / PART).min(size.per_second / PART_OF_GAIN));
        let key = self.remote.key(name);
        let answer = self.remote.call(async |mut redis| {
            let mut draw = self.draw.prepare_invoke();
            draw.key(key).arg(size.per_second).arg(size.burst).arg(units).arg(wish);
            draw.invoke_async::<(u32, u64)>(&mut redis).await
        });
        match answer.await {
            None => Spent::Unknown,
            Some((0, wait)) => {
                let wait = Duration::from_micros(wait);
                self.note(name, |lease, now| {
                    (lease.empty_until, lease.refused, lease.full_at) = (now + wait.min(LEASE), units, now + wait);
                });
                Spent::Later(wait)
            }
            Some((drawn, _)) => {
                let rest = drawn.saturating_sub(units);
                self.note(name, |lease, now| {
                    let kept = if lease.until > now { lease.left } else { 0 };
                    (lease.left, lease.until) = (kept.saturating_add(rest), now + LEASE);
                });
                Spent::Yes
            }
        }
    }

    /// Spends what was drawn before, or remembers that there is nothing.
    fn spend_here(&self, name: &str, units: u32) -> Option<Spent> {
        let now = Instant::now();
        let mut leases = self.leases();
        let lease = leases.get_mut(name)?;
        if lease.until > now && lease.left >= units {
            lease.left -= units;
            return Some(Spent::Yes);
        }
        let empty = lease.empty_until > now && units >= lease.refused;
        empty.then(|| Spent::Later(lease.full_at - now))
    }

    fn note(&self, name: &str, change: impl FnOnce(&mut Lease, Instant)) {
        let now = Instant::now();
        let mut leases = self.leases();
        if leases.len() >= SWEEP {
            leases.retain(|_, lease| lease.until > now || lease.empty_until > now);
        }
        let new = Lease { left: 0, until: now, empty_until: now, refused: 0, full_at: now };
        change(leases.entry(name.to_owned()).or_insert(new), now);
    }

    fn leases(&self) -> MutexGuard<'_, HashMap<String, Lease>> {
        self.leases.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
