//! Redis: a convenience whose absence costs time, and whose settings may cost more.

use std::time::Duration;

use redis::{Client, InfoDict, RedisResult, aio::MultiplexedConnection};

use super::clocks;
use super::finding::Finding;
use crate::kernel::clock::{Clock, Timestamp};
use crate::platform::config::Config;

/// The oldest major version that is tested.
const OLDEST: u32 = 6;

pub async fn check(config: &Config, patience: Duration) -> Vec<Finding> {
    let check = "redis";
    let Some(url) = &config.redis_url else {
        return vec![Finding::ok(check, "none: cache and bus are in the process, which is right for one process")];
    };
    match tokio::time::timeout(patience, look(url, &config.redis_prefix)).await {
        Ok(Ok(findings)) => findings,
        Ok(Err(error)) => vec![Finding::fail(check, format!("{error}: replicas do not hear of each other's changes"))],
        Err(_) => vec![Finding::fail(check, "it does not answer: replicas do not hear of each other's changes")],
    }
}

async fn look(url: &str, prefix: &str) -> RedisResult<Vec<Finding>> {
    let mut redis = Client::open(url)?.get_multiplexed_async_connection().await?;
    let info: InfoDict = redis::cmd("INFO").query_async(&mut redis).await?;
    let version: String = info.get("redis_version").unwrap_or_default();
    let policy: String = info.get("maxmemory_policy").unwrap_or_default();
    let limit: u64 = info.get("maxmemory").unwrap_or_default();
    let time = time(&mut redis).await?;
    let clock = clocks::finding("clock of redis", time, Clock::System.now(), Duration::ZERO);
    Ok(vec![reached(&version, prefix), memory(&policy, limit), clock])
}

fn reached(version: &str, prefix: &str) -> Finding {
    let check = "redis";
    let major: u32 = version.split('.').next().and_then(|it| it.parse().ok()).unwrap_or_default();
    if prefix.is_empty() {
        return Finding::warn(
            check,
            format!("{version}; set CONSIGN_REDIS_PREFIX: without one, stores share their keys"),
        );
    }
    if major < OLDEST {
        return Finding::warn(check, format!("{version} is older than {OLDEST}, with which nothing is tested"));
    }
    Finding::ok(check, format!("{version}, keys and channels begin with {prefix}"))
}

/// Keys have a time to live, so nothing is lost that is needed; but a Redis that refuses to write keeps
/// nothing new.
fn memory(policy: &str, limit: u64) -> Finding {
    let check = "redis memory";
    match (limit, policy) {
        (0, _) => Finding::warn(check, "has no limit: set maxmemory, and maxmemory-policy to allkeys-lru"),
        (_, "noeviction") => {
            Finding::warn(check, "maxmemory-policy is noeviction: once full it keeps nothing new; set allkeys-lru")
        }
        (limit, policy) => Finding::ok(check, format!("{} MiB, {policy}", limit >> 20)),
    }
}

async fn time(redis: &mut MultiplexedConnection) -> RedisResult<Timestamp> {
    let (seconds, micros): (i64, u32) = redis::cmd("TIME").query_async(redis).await?;
    Ok(Timestamp::from_timestamp(seconds, micros * 1_000).unwrap_or_default())
}
