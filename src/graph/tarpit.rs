//! Answers that are no good come slower the more an address gets of them.
//!
//! Whoever asks nonsense as fast as it is answered would take the processor from those who do not. A
//! refusal that waits costs nothing, and whoever made a mistake does not mind; a program that makes
//! thousands a second does. The first few of an address are told at once.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::platform::limits::Limits;

/// The longest that a refusal waits.
const LONGEST: Duration = Duration::from_secs(1);
/// When so many addresses are known, those that had no refusal lately are forgotten.
const SWEEP: usize = 4_096;

/// How far each address is ahead of its time (the generic cell rate algorithm, as in
/// [`crate::platform::buckets`]): the moment at which all it was refused would have been told at an even
/// pace.
pub struct Tarpit {
    turn: Duration,
    burst: Duration,
    even: Mutex<HashMap<IpAddr, Instant>>,
}

impl Tarpit {
    /// With the pace of `limits`.
    pub fn new(limits: &Limits) -> Self {
        let turn = Duration::from_secs(1) / limits.refusals_per_second.max(1);
        Self { turn, burst: turn * limits.refusals_burst, even: Mutex::default() }
    }

    /// Waits until `address` may be told of one more refusal.
    pub async fn wait(&self, address: IpAddr) {
        let wait = self.take(address, Instant::now());
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
    }

    fn take(&self, address: IpAddr, now: Instant) -> Duration {
        let mut even = self.even.lock().unwrap_or_else(PoisonError::into_inner);
        if even.len() >= SWEEP {
            even.retain(|_, even| *even > now);
        }
        let next = even.entry(address).or_insert(now);
        *next = ((*next).max(now) + self.turn).min(now + self.burst + LONGEST);
        next.duration_since(now).saturating_sub(self.burst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_are_told_at_once_and_the_others_at_an_even_pace() {
        let limits = Limits { refusals_per_second: 10, refusals_burst: 3, ..Limits::default() };
        let (tarpit, now) = (Tarpit::new(&limits), Instant::now());
        let (one, other) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        let take = |address, millis| tarpit.take(address, now + Duration::from_millis(millis)).as_millis();
        assert_eq!([take(one, 0), take(one, 0), take(one, 0)], [0, 0, 0]);
        assert_eq!([take(one, 0), take(one, 0), take(other, 0)], [100, 200, 0]);
        assert_eq!(take(one, 300), 0);
        for _ in 0..100 {
            take(one, 300);
        }
        assert_eq!(take(one, 300), LONGEST.as_millis());
        assert_eq!(take(one, 5_000), 0);
    }
}
