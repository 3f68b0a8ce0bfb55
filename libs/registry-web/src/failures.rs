//! Secrets that did not work, by the address from which they came: who tries too many is not listened to for a while.
//!
//! The secrets have 128 random bits or more, so nobody guesses one. What is kept away is the load of those who try, or of a
//! client that goes on with something that was revoked long ago.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use moka::sync::Cache;

/// How many failures an address may have within [`WINDOW`].
pub const FAILURES_MAX: u32 = 30;

/// After this long without being refused, an address begins anew.
pub const WINDOW: Duration = Duration::from_mins(1);

/// How many addresses are counted at once. One more makes the registry forget one of them.
const ADDRESSES_MAX: u64 = 10_000;

/// The failures of each address within a minute.
pub struct Failures {
    by_address: Cache<IpAddr, Arc<AtomicU32>>,
}

impl Default for Failures {
    fn default() -> Self {
        Self::new()
    }
}

impl Failures {
    /// Nobody has failed yet.
    pub fn new() -> Self {
        Self {
            by_address: Cache::builder()
                .max_capacity(ADDRESSES_MAX)
                .time_to_live(WINDOW)
                .build(),
        }
    }

    /// One more failure.
    pub fn count(&self, sender: Option<IpAddr>) {
        if let Some(sender) = sender {
            let failures = self.by_address.get_with(network_of(sender), Arc::default);
            failures.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether an address has failed as often as it may.
    pub fn are_too_many(&self, sender: Option<IpAddr>) -> bool {
        let failures = sender.and_then(|sender| self.by_address.get(&network_of(sender)));
        failures.is_some_and(|failures| failures.load(Ordering::Relaxed) >= FAILURES_MAX)
    }
}

/// Whoever has one address of IPv6 has a whole /64 of them.
fn network_of(sender: IpAddr) -> IpAddr {
    match sender {
        IpAddr::V4(_) => sender,
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_fails_again_and_again_is_known_and_no_other() {
        let failures = Failures::new();
        for _ in 0..FAILURES_MAX {
            assert!(!failures.are_too_many(Some("192.0.2.1".parse().unwrap())));
            failures.count(Some("192.0.2.1".parse().unwrap()));
            failures.count(None);
        }
        assert!(failures.are_too_many(Some("192.0.2.1".parse().unwrap())));
        assert!(!failures.are_too_many(Some("192.0.2.2".parse().unwrap())));
        assert!(!failures.are_too_many(None));
    }

    #[test]
    fn a_network_of_ipv6_is_one_sender() {
        let failures = Failures::new();
        for number in 0..FAILURES_MAX {
            failures.count(Some(format!("2001:db8::{number:x}").parse().unwrap()));
        }
        assert!(failures.are_too_many(Some("2001:db8::ffff".parse().unwrap())));
        assert!(!failures.are_too_many(Some("2001:db8:0:1::1".parse().unwrap())));
    }
}
