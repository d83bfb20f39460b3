//! The bucket of calls: 120 in it, filled up again within 60 seconds of real time.

use std::time::{Duration, Instant};

/// What the bucket holds.
pub(super) const CALLS: u64 = 120;
/// A call, in the thousandths that the bucket counts in.
const CALL: u64 = 1000;
/// What comes back in a millisecond: 120 calls in 60,000 of them.
const BACK: u64 = CALLS * CALL / 60_000;

/// The calls that are left.
pub(super) struct Bucket {
    thousandths: u64,
    filled: Instant,
}

impl Bucket {
    pub(super) fn full() -> Self {
        Self { thousandths: CALLS * CALL, filled: Instant::now() }
    }

    pub(super) fn leave(&mut self, calls: u64) {
        self.thousandths = calls.min(CALLS) * CALL;
        self.filled = Instant::now();
    }

    /// Takes a call out, or says how many seconds to wait.
    pub(super) fn take(&mut self) -> Result<(), u64> {
        self.fill();
        if self.thousandths < CALL {
            let wait = (CALL - self.thousandths).div_ceil(BACK);
            return Err(wait.div_ceil(1000).max(1));
        }
        self.thousandths -= CALL;
        Ok(())
    }

    /// How many calls are left, and in how many seconds it is full again.
    pub(super) fn state(&mut self) -> (u64, u64) {
        self.fill();
        let missing = CALLS * CALL - self.thousandths;
        (self.thousandths / CALL, missing.div_ceil(BACK * 1000))
    }

    fn fill(&mut self) {
        let passed = u64::try_from(self.filled.elapsed().as_millis()).unwrap_or(u64::MAX);
        // What is less than a millisecond stays for the next time.
        self.filled += Duration::from_millis(passed);
        self.thousandths = (self.thousandths + passed.saturating_mul(BACK)).min(CALLS * CALL);
    }
}
