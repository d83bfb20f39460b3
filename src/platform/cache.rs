//! The cache: in-process, or Redis. A convenience, never the truth: a cache that is down, slow,
//! flushed or wrong costs time and nothing else.

use std::time::Duration;

/// The cache of this process.
#[derive(Clone)]
pub struct Cache;

impl Cache {
    /// A cache in this process.
    pub fn in_process() -> Self {
        todo!()
    }

    /// A cache in Redis; keys carry `prefix`. Does not fail when Redis is down.
    pub async fn redis(_url: &str, _prefix: &str) -> anyhow::Result<Self> {
        todo!()
    }

    /// The values of `keys`, in their order; whatever cannot be had is `None`.
    pub async fn get_many(&self, _keys: &[String]) -> Vec<Option<Vec<u8>>> {
        todo!()
    }

    /// Keeps `entries` for `ttl`.
    pub async fn set_many(&self, _entries: Vec<(String, Vec<u8>)>, _ttl: Duration) {
        todo!()
    }

    /// Forgets `keys`.
    pub async fn delete_many(&self, _keys: &[String]) {
        todo!()
    }
}
