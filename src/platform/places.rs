//! What each address may hold at once: connections, sockets, running subscriptions.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::cidr::subscriber;

/// So many places for every address.
pub struct Places {
    each: usize,
    taken: Mutex<HashMap<IpAddr, usize>>,
}

/// One of them; given back when dropped.
pub struct Place {
    places: Arc<Places>,
    network: IpAddr,
}

impl Places {
    /// `each` places for every address.
    pub fn new(each: usize) -> Arc<Self> {
        Arc::new(Self { each, taken: Mutex::default() })
    }

    /// Takes one for `address`; `None` if there is none left.
    pub fn take(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let network = subscriber(address);
        let mut taken = self.lock();
        let count = taken.entry(network).or_default();
        if *count >= self.each {
            return None;
        }
        *count += 1;
        Some(Place { places: Arc::clone(self), network })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.lock();
        if let Some(count) = taken.get_mut(&self.network) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_of_ipv6_shares_its_places_and_gets_them_back() {
        let places = Places::new(2);
        let take = |text: &str| places.take(text.parse().unwrap());
        let first = take("2001:db8::1");
        let second = take("2001:db8::ffff:2");
        assert!(first.is_some() && second.is_some());
        assert!(take("2001:db8::3").is_none());
        assert!(take("2001:db8:0:1::1").is_some() && take("192.0.2.1").is_some());
        drop(first);
        assert!(take("2001:db8::3").is_some());
        drop(second);
        assert!(places.lock().is_empty());
    }
}
