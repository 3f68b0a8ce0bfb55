//! Sign-ins that fail make the next one wait, for the account and for the address alike. What is remembered is a keyed hash and
//! a count, in storage, so that replicas and restarts make no difference.

use std::net::{IpAddr, Ipv6Addr};

use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use registry_domain::people::EmailAddress;
use registry_journal::port::{SecretDigest, SignInFailures};
use sha2::Sha256;

/// So many may fail for an account before the next one waits.
const FREE_OF_ACCOUNT: u32 = 5;

/// The same from one address, behind which a whole office may sit.
const FREE_OF_ADDRESS: u32 = 20;

/// How long the first one waits. Each further failure doubles it.
const FIRST_WAIT: TimeDelta = TimeDelta::seconds(1);

/// Who counts as one: an address, or of IPv6 the network, which one person has all of.
pub(crate) fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

/// How long one waits at most: an attack must not keep the owner of an account out for good.
const LONGEST_WAIT: TimeDelta = TimeDelta::minutes(15);

/// After so long without another failure nothing is remembered.
pub(crate) const FORGOTTEN_AFTER: TimeDelta = TimeDelta::hours(1);

/// Whose failures count.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Suspects {
    account: SecretDigest,
    address: Option<SecretDigest>,
}

impl Suspects {
    /// An account and an address. Of an IPv6 address the network counts: one person has all of it.
    pub(crate) fn new(key: &[u8; 32], email: &EmailAddress, address: Option<IpAddr>) -> Self {
        Self {
            account: digest(key, "account", email.as_str().as_bytes()),
            address: address.map(|address| match address.to_canonical() {
                IpAddr::V4(address) => digest(key, "address", &address.octets()),
                IpAddr::V6(address) => digest(key, "network", &address.octets()[..8]),
            }),
        }
    }

    /// The account and the address.
    pub(crate) fn all(&self) -> Vec<SecretDigest> {
        [Some(self.account), self.address].into_iter().flatten().collect()
    }

    /// The account.
    pub(crate) fn account(&self) -> SecretDigest {
        self.account
    }

    /// How long the next one still has to wait; none if not at all.
    pub(crate) fn wait(&self, failures: &[SignInFailures], now: DateTime<Utc>) -> Option<TimeDelta> {
        let waits = failures.iter().map(|failed| {
            let free = if failed.digest == self.account {
                FREE_OF_ACCOUNT
            } else {
                FREE_OF_ADDRESS
            };
            failed.failed_at + wait_after(failed.count, free) - now
        });
        waits.max().filter(|wait| *wait > TimeDelta::zero())
    }
}

fn wait_after(failures: u32, free: u32) -> TimeDelta {
    match failures.checked_sub(free) {
        None => TimeDelta::zero(),
        Some(beyond) => {
            let factor = 1_i32.checked_shl(beyond.min(16)).unwrap_or(i32::MAX);
            (FIRST_WAIT * factor).min(LONGEST_WAIT)
        }
    }
}

fn digest(key: &[u8; 32], kind: &str, value: &[u8]) -> SecretDigest {
    let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes a key of any length");
    let mac = mac.chain_update(kind.as_bytes()).chain_update([0]).chain_update(value);
    SecretDigest(mac.finalize().into_bytes().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suspects(email: &str, address: &str) -> Suspects {
        let email = EmailAddress::parse(email).unwrap();
        Suspects::new(&[7; 32], &email, Some(address.parse().unwrap()))
    }

    #[test]
    fn each_failure_beyond_the_free_ones_doubles_the_wait() {
        let waits: Vec<_> = (0..20).map(|failures| wait_after(failures, 5).num_seconds()).collect();
        assert_eq!(waits[..8], [0, 0, 0, 0, 0, 1, 2, 4]);
        assert_eq!(waits[14], 512);
        assert!(waits[15..].iter().all(|wait| *wait == 900));
        assert_eq!(wait_after(u32::MAX, 5), LONGEST_WAIT);
    }

    #[test]
    fn an_account_and_an_address_wait_each_for_itself() {
        let now = DateTime::<Utc>::UNIX_EPOCH;
        let one = suspects("kim@example.test", "192.0.2.7");
        let failed = |digest, count| SignInFailures {
            digest,
            count,
            failed_at: now - TimeDelta::seconds(1),
        };
        let (account, address) = (one.account, one.address.unwrap());
        assert_eq!(one.wait(&[], now), None);
        assert_eq!(one.wait(&[failed(account, 4), failed(address, 19)], now), None);
        assert_eq!(one.wait(&[failed(account, 5)], now), None, "its second is over");
        assert_eq!(one.wait(&[failed(account, 7)], now), Some(TimeDelta::seconds(3)));
        let both = [failed(account, 7), failed(address, 25)];
        assert_eq!(one.wait(&both, now), Some(TimeDelta::seconds(31)));
    }

    #[test]
    fn what_is_remembered_names_nobody_and_is_not_mixed_up() {
        let one = suspects("kim@example.test", "192.0.2.7");
        let mapped = suspects("kim@example.test", "::ffff:192.0.2.7");
        assert_eq!(one.all(), mapped.all());
        let near = [suspects("a@b", "2001:db8::1"), suspects("a@b", "2001:db8::ffff:1")];
        assert_eq!(near[0].all(), near[1].all());
        let far = suspects("a@b", "2001:db8:0:1::1");
        assert_ne!(near[0].address, far.address);
        assert_eq!(near[0].account, far.account);
        let other_key = Suspects::new(&[8; 32], &EmailAddress::parse("a@b").unwrap(), None);
        assert_ne!(other_key.account, far.account);
        assert_eq!(other_key.all().len(), 1);
    }
}
