//! Draws that depend on the seed and a name alone, never on what was drawn before.

use sha2::{Digest, Sha256};

/// A sequence of draws.
pub struct Draw {
    state: [u8; 32],
}

impl Draw {
    /// The sequence of `name` under `seed`.
    pub fn new(seed: u64, name: &str) -> Self {
        Self { state: Sha256::new().chain_update(seed.to_be_bytes()).chain_update(name).finalize().into() }
    }

    /// A number between `low` and `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        self.state = Sha256::digest(self.state).into();
        let mut word = [0; 8];
        word.copy_from_slice(&self.state[..8]);
        let span = u64::try_from(high - low + 1).unwrap_or(1);
        low + i64::try_from(u64::from_be_bytes(word) % span).unwrap_or_default()
    }
}
