//! The cache: in-process, or Redis. A convenience, never the truth: a cache that is down, slow,
//! flushed or wrong costs time and nothing else.

use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::Expiry;

use super::remote::Remote;

/// How much the in-process cache may hold: enough for the hot rows of a large catalogue.
const CAPACITY_BYTES: u64 = 64 * 1024 * 1024;
/// How long a call to Redis may take; a database read is about as fast, so waiting longer is of no use.
const CALL: Duration = Duration::from_millis(80);

/// The cache of this process.
#[derive(Clone)]
pub struct Cache(Kind);

#[derive(Clone)]
enum Kind {
    InProcess(moka::sync::Cache<String, Entry>),
    Redis(Arc<Remote>),
}

#[derive(Clone)]
struct Entry {
    value: Arc<[u8]>,
    ttl: Duration,
}

/// Entries live as long as whoever kept them said.
struct OwnTtl;

impl Expiry<String, Entry> for OwnTtl {
    fn expire_after_create(&self, _key: &String, entry: &Entry, _now: Instant) -> Option<Duration> {
        Some(entry.ttl)
    }

    fn expire_after_update(
        &self,
        _key: &String,
        entry: &Entry,
        _now: Instant,
        _left: Option<Duration>,
    ) -> Option<Duration> {
        Some(entry.ttl)
    }
}

impl Cache {
    /// A cache in this process.
    pub fn in_process() -> Self {
        let cache = moka::sync::Cache::builder()
            .max_capacity(CAPACITY_BYTES)
            .weigher(|key: &String, entry: &Entry| {
                u32::try_from(key.len() + entry.value.len() + 64).unwrap_or(u32::MAX)
            })
            .expire_after(OwnTtl)
            .build();
        Self(Kind::InProcess(cache))
    }

    /// A cache in Redis; keys carry `prefix`. Connects at its first use and by itself again after an
    /// outage, so it does not fail when Redis is down.
    pub async fn redis(url: &str, prefix: &str) -> anyhow::Result<Self> {
        Ok(Self(Kind::Redis(Arc::new(Remote::new(url, prefix, "the cache", CALL)?))))
    }

    /// The values of `keys`, in their order; whatever cannot be had is `None`.
    pub async fn get_many(&self, keys: &[String]) -> Vec<Option<Vec<u8>>> {
        if keys.is_empty() {
            return Vec::new();
        }
        let values = self.read(keys).await;
        let hits = values.iter().flatten().count();
        metrics::counter!("consign_cache_reads_total", "outcome" => "hit").increment(hits as u64);
        metrics::counter!("consign_cache_reads_total", "outcome" => "miss").increment((keys.len() - hits) as u64);
        values
    }

    async fn read(&self, keys: &[String]) -> Vec<Option<Vec<u8>>> {
        match &self.0 {
            Kind::InProcess(cache) => keys.iter().map(|key| cache.get(key).map(|entry| entry.value.to_vec())).collect(),
            Kind::Redis(remote) => {
                let mut command = redis::cmd("MGET");
                for key in keys {
                    command.arg(remote.key(key));
                }
                let mut pipe = redis::pipe();
                pipe.add_command(command);
                let answer: Option<(Vec<Option<Vec<u8>>>,)> =
                    remote.call(async |mut redis| pipe.query_async(&mut redis).await).await;
                let values = answer.map(|(values,)| values).unwrap_or_default();
                if values.len() == keys.len() { values } else { vec![None; keys.len()] }
            }
        }
    }

    /// Keeps `entries` for `ttl`.
    pub async fn set_many(&self, entries: Vec<(String, Vec<u8>)>, ttl: Duration) {
        if entries.is_empty() {
            return;
        }
        match &self.0 {
            Kind::InProcess(cache) => {
                for (key, value) in entries {
                    cache.insert(key, Entry { value: value.into(), ttl });
                }
            }
            Kind::Redis(remote) => {
                let millis = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX).max(1);
                let mut pipe = redis::pipe();
                for (key, value) in entries {
                    pipe.cmd("SET").arg(remote.key(&key)).arg(value).arg("PX").arg(millis).ignore();
                }
                let _: Option<()> = remote.call(async |mut redis| pipe.query_async(&mut redis).await).await;
            }
        }
    }

    /// Forgets `keys`.
    pub async fn delete_many(&self, keys: &[String]) {
        if keys.is_empty() {
            return;
        }
        match &self.0 {
            Kind::InProcess(cache) => keys.iter().for_each(|key| cache.invalidate(key)),
            Kind::Redis(remote) => {
                let mut command = redis::cmd("DEL");
                for key in keys {
                    command.arg(remote.key(key));
                }
                let mut pipe = redis::pipe();
                pipe.add_command(command).ignore();
                let _: Option<()> = remote.call(async |mut redis| pipe.query_async(&mut redis).await).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn values_are_kept_until_deleted_or_too_old() {
        let cache = Cache::in_process();
        let keys = ["a".to_owned(), "b".to_owned()];
        cache.set_many(vec![("a".to_owned(), vec![1])], Duration::from_secs(60)).await;
        cache.set_many(vec![("b".to_owned(), vec![2])], Duration::from_millis(5)).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(cache.get_many(&keys).await, [Some(vec![1]), None]);
        cache.delete_many(&keys).await;
        assert_eq!(cache.get_many(&keys).await, [None, None]);
    }

    #[tokio::test]
    async fn a_redis_that_is_down_is_a_miss_and_soon_costs_nothing() {
        // Port 9 (discard) refuses.
        let cache = Cache::redis("redis://127.0.0.1:9/", "t:").await.expect("connects at first use");
        let keys = ["a".to_owned()];
        assert_eq!(cache.get_many(&keys).await, [None]);
        let begun = Instant::now();
        for _ in 0..100 {
            cache.delete_many(&keys).await;
        }
        assert!(begun.elapsed() < Duration::from_secs(1));
    }
}
