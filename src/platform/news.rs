//! What changed in this process, told after each commit, so that whoever remembers what it read can
//! tell whether it is old. Other processes are not told: what is remembered must also have an age.
//!
//! A tag is any text that names what may change. Tags share a fixed number of places: two of one
//! place count as changed together, which costs a read and nothing else.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::atomic::{AtomicU64, Ordering};

/// The tag of the shop and its catalogue, but for stock: prices, products, settings, ways to send.
pub const SHOP: &str = "shop";

/// How many places there are: 128 KiB of numbers.
const PLACES: usize = 16 * 1024;

/// The news of this process.
pub struct News {
    /// How often something was told.
    told: AtomicU64,
    /// At which of these times each place changed last.
    changed: Box<[AtomicU64]>,
}

/// A moment between two pieces of news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(u64);

/// The place of a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(usize);

impl Default for News {
    fn default() -> Self {
        Self { told: AtomicU64::new(0), changed: (0..PLACES).map(|_| AtomicU64::new(0)).collect() }
    }
}

impl Place {
    /// The place of `tag`.
    pub fn of(tag: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        tag.hash(&mut hasher);
        let places = PLACES as u64;
        Self(usize::try_from(hasher.finish() % places).unwrap_or_default())
    }
}

impl News {
    /// The moment now. What is read after it holds until one of its tags is told.
    pub fn now(&self) -> Moment {
        Moment(self.told.load(Ordering::SeqCst))
    }

    /// Tells that what `tag` names has changed, and was committed.
    pub fn tell(&self, tag: &str) {
        let moment = self.told.fetch_add(1, Ordering::SeqCst) + 1;
        self.changed[Place::of(tag).0].fetch_max(moment, Ordering::SeqCst);
    }

    /// Whether nothing of these has changed since what was read at `moment`.
    pub fn quiet_since(&self, moment: Moment, places: &[Place]) -> bool {
        places.iter().all(|place| self.changed[place.0].load(Ordering::SeqCst) <= moment.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_before_the_news_is_old_and_what_came_after_is_not() {
        let news = News::default();
        let (shop, other) = (Place::of(SHOP), Place::of("another"));
        let before = news.now();
        assert!(news.quiet_since(before, &[shop, other]));
        news.tell(SHOP);
        assert!(!news.quiet_since(before, &[other, shop]));
        assert!(news.quiet_since(before, &[other]));
        assert!(news.quiet_since(news.now(), &[shop, other]));
    }
}
