//! Deterministic chance: a draw depends on what is drawn for, never on when it is asked.
//!
//! Each draw hashes the seed with the names of the thing (supplier, reference, kind,
//! attempt). Two runs with one seed therefore fail in the same places however their
//! requests interleave, and a journal replays to the same state on any platform.

use sha2::{Digest, Sha256};

/// The source of all chance in one simulator.
#[derive(Debug, Clone, Copy)]
pub struct Dice {
    seed: u64,
}

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// A number in `[0, 1)` for this path of names.
    pub fn unit(&self, path: &[&str]) -> f64 {
        // 53 bits are what a double holds exactly.
        (self.bits(path) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Whether something of this probability happens.
    pub fn happens(&self, probability: f64, path: &[&str]) -> bool {
        probability > 0.0 && self.unit(path) < probability
    }

    /// A number in `0..bound`; 0 if the bound is 0.
    pub fn below(&self, bound: u64, path: &[&str]) -> u64 {
        // The bias of the modulus is below 2^-32 for every bound used here.
        self.bits(path).checked_rem(bound).unwrap_or(0)
    }

    /// `digits` decimal digits, for account and parcel numbers (at most 18).
    pub fn digits(&self, digits: u32, path: &[&str]) -> String {
        let number = self.below(10u64.pow(digits.min(18)), path);
        format!("{number:0width$}", width = digits.min(18) as usize)
    }

    /// An identifier: `prefix` and 20 hexadecimal digits.
    pub fn id(&self, prefix: &str, path: &[&str]) -> String {
        format!("{prefix}{}", hex::encode(&self.hash(path)[..10]))
    }

    fn bits(&self, path: &[&str]) -> u64 {
        let hash = self.hash(path);
        u64::from_be_bytes([hash[0], hash[1], hash[2], hash[3], hash[4], hash[5], hash[6], hash[7]])
    }

    fn hash(&self, path: &[&str]) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update(self.seed.to_be_bytes());
        for name in path {
            // The length in front keeps ("ab","c") apart from ("a","bc").
            hasher.update((name.len() as u64).to_be_bytes());
            hasher.update(name.as_bytes());
        }
        hasher.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::Dice;

    #[test]
    fn a_draw_depends_on_the_seed_and_the_names_only() {
        let dice = Dice::new(7);
        let first = dice.unit(&["acme", "sor_1", "reject"]);
        dice.unit(&["acme", "sor_2", "reject"]);
        assert_eq!(first, dice.unit(&["acme", "sor_1", "reject"]));
        assert_ne!(first, Dice::new(8).unit(&["acme", "sor_1", "reject"]));
        assert_ne!(dice.unit(&["ab", "c"]), dice.unit(&["a", "bc"]));
    }

    #[test]
    fn draws_spread_evenly() {
        let dice = Dice::new(1);
        let hits = (0..10_000).filter(|n| dice.happens(0.25, &["spread", &n.to_string()])).count();
        assert!((2_300..2_700).contains(&hits), "{hits} of 10000 at a quarter");
        assert!(!dice.happens(0.0, &["never"]));
        assert!(dice.happens(1.0, &["always"]));
    }
}
