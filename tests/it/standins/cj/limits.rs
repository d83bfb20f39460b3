//! How fast and how much the store may ask.

use std::time::{Duration, Instant};

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use super::Cj;
use super::envelope::Refusal;

const SECOND: Duration = Duration::from_secs(1);
/// What a day has without any purchase.
const POINTS: i64 = 50_000;
/// What a dollar spent adds.
const POINTS_PER_DOLLAR: i64 = 100;
/// Calls a second by tier; the last is what an address may do whatever its tier.
const RATES: [usize; 5] = [1, 2, 4, 6, 10];

/// Limits of calls a second (none at first) and of points a day.
pub(super) struct Limits {
    per_second: Option<usize>,
    recent: Vec<Instant>,
    used: i64,
    total: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { per_second: None, recent: Vec::new(), used: 0, total: POINTS }
    }
}

impl Cj {
    /// From now on so many calls a second: 1, 2, 4 or 6 by tier, 10 for an address.
    pub fn qps(&self, calls: usize) {
        assert!(RATES.contains(&calls), "there is no such tier: {calls}");
        self.locked().limits.per_second = Some(calls);
    }
}

impl Limits {
    /// Lets a call in, if the last second has room for it. Refused calls do not count: our own assumption.
    pub(super) fn admit(&mut self) -> Result<(), Refusal> {
        let Some(most) = self.per_second else { return Ok(()) };
        let now = Instant::now();
        self.recent.retain(|at| now.duration_since(*at) < SECOND);
        if self.recent.len() >= most {
            return Err(Refusal::too_fast());
        }
        self.recent.push(now);
        Ok(())
    }

    pub(super) fn spend(&mut self, points: i64) -> Result<(), Refusal> {
        if points > 0 && self.used + points > self.total {
            return Err(Refusal::points_gone(self.used, self.total));
        }
        self.used += points;
        Ok(())
    }

    /// Adds what a purchase earns.
    pub(super) fn earn(&mut self, dollars: Decimal) {
        let points = (dollars * Decimal::from(POINTS_PER_DOLLAR)).trunc();
        self.total += points.to_i64().unwrap_or_default();
    }

    /// As if all were used up.
    pub(super) fn gone(&self) -> Refusal {
        Refusal::points_gone(self.total, self.total)
    }
}
