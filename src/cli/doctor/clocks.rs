//! Whether this machine and its neighbors agree on the time: signatures, leases and tokens depend on it.

use std::time::Duration;

use anyhow::Context as _;
use axum::http::Method;
use chrono::{DateTime, TimeDelta};
use sea_orm::{ConnectionTrait, Statement};
use url::Url;

use super::Scene;
use super::finding::Finding;
use crate::kernel::clock::Timestamp;
use crate::platform::db::Engine;
use crate::platform::egress::Egress;

/// Beyond this somebody should look.
const WARN: TimeDelta = TimeDelta::seconds(2);
/// Beyond this, things go wrong: leases last 15 s, and suppliers sign with the time.
const FAIL: TimeDelta = TimeDelta::seconds(30);

pub async fn check(scene: &Scene) -> Vec<Finding> {
    let mut findings = Vec::new();
    if scene.app.db.engine() == Engine::Postgres {
        findings.push(scene.bounded("clock of the database", database(scene)).await);
    }
    if let Some(test) = &scene.app.config.gateways.test {
        findings.push(scene.bounded("clock of gateway test", gateway(scene, &test.url)).await);
    }
    findings
}

/// What `theirs` beside `ours` means; it may be as much older as it is `coarse`.
pub fn finding(check: &str, theirs: Timestamp, ours: Timestamp, coarse: Duration) -> Finding {
    let coarse = TimeDelta::from_std(coarse).unwrap_or_default();
    let apart = (ours - theirs).abs() - coarse;
    let seconds = (ours - theirs).num_milliseconds().abs() / 1_000;
    if apart > FAIL {
        Finding::fail(check, format!("is {seconds} s off: have both machines keep time by NTP; signatures do not hold"))
    } else if apart > WARN {
        Finding::warn(check, format!("is {seconds} s off: have both machines keep time by NTP"))
    } else {
        Finding::ok(check, "agrees with this machine's")
    }
}

async fn database(scene: &Scene) -> anyhow::Result<Finding> {
    let conn = scene.app.db.read();
    let ask = Statement::from_string(conn.get_database_backend(), "SELECT clock_timestamp() AS now");
    let row = conn.query_one_raw(ask).await?.context("it tells no time")?;
    Ok(finding("clock of the database", row.try_get("", "now")?, scene.app.clock.now(), Duration::ZERO))
}

/// Every HTTP answer says when it was made, to the second.
async fn gateway(scene: &Scene, url: &str) -> anyhow::Result<Finding> {
    let check = "clock of gateway test";
    let url: Url = url.parse()?;
    let host = url.host_str().map(|it| it.trim_matches(['[', ']']).to_owned());
    let egress = Egress::new(&host.into_iter().collect::<Vec<_>>())?;
    let Ok(answer) = egress.request(Method::GET, url)?.send().await else {
        return Ok(Finding::warn(check, "is not told: it does not answer"));
    };
    let date = answer.headers().get("date").and_then(|it| DateTime::parse_from_rfc2822(it.to_str().ok()?).ok());
    Ok(match date {
        Some(date) => finding(check, date.to_utc(), scene.app.clock.now(), Duration::from_secs(1)),
        None => Finding::ok(check, "is not told in its answers"),
    })
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict;
    use super::*;

    #[test]
    fn the_further_apart_the_worse() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        for (apart, verdict) in [(0, Verdict::Ok), (2, Verdict::Ok), (4, Verdict::Warn), (32, Verdict::Fail)] {
            for theirs in [now + TimeDelta::seconds(apart), now - TimeDelta::seconds(apart)] {
                assert_eq!(finding("clock", theirs, now, Duration::from_secs(1)).verdict, verdict, "{apart}");
            }
        }
    }
}
