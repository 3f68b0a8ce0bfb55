//! Where a callback came from: one of Paymint's published addresses, or not.

use std::net::IpAddr;

use ipnet::IpNet;

/// Paymint's published addresses for callbacks, as of its server move of 2026-08. They have moved before: that is why
/// the check observes by default instead of refusing.
pub const PUBLISHED_SENDERS: [&str; 7] = [
    "52.78.118.82",
    "52.78.236.125",
    "52.79.214.146",
    "3.36.243.225",
    "3.39.97.44",
    "13.209.0.172",
    "13.209.248.179",
];

/// What is done with a callback from an address that is not on the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SenderMode {
    /// Addresses are not looked at.
    Off,
    /// It is taken, and marked.
    Observe,
    /// It is quarantined.
    Enforce,
}

/// The list of senders and what it is used for.
#[derive(Debug, Clone)]
pub struct SenderCheck {
    /// What is done with the others.
    pub mode: SenderMode,
    /// The networks on the list.
    pub networks: Vec<IpNet>,
}

impl SenderCheck {
    /// Whether the address is on the list; none when that is not checked or the address is not known.
    pub fn is_listed(&self, sender: Option<IpAddr>) -> Option<bool> {
        match self.mode {
            SenderMode::Off => None,
            SenderMode::Observe | SenderMode::Enforce => sender.map(|sender| {
                self.networks
                    .iter()
                    .any(|network| network.contains(&sender.to_canonical()))
            }),
        }
    }

    /// Whether a callback with this finding must not be believed. An unknown address is on no list.
    pub fn refuses(&self, listed: Option<bool>) -> bool {
        self.mode == SenderMode::Enforce && listed != Some(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(mode: SenderMode) -> SenderCheck {
        SenderCheck {
            mode,
            networks: vec!["3.39.97.44/32".parse().unwrap(), "10.0.0.0/8".parse().unwrap()],
        }
    }

    #[test]
    fn modes() {
        let (listed, other) = (Some("3.39.97.44".parse().unwrap()), Some("3.39.97.45".parse().unwrap()));
        let mapped = Some("::ffff:10.1.2.3".parse().unwrap());
        assert_eq!(check(SenderMode::Off).is_listed(other), None);
        assert!(!check(SenderMode::Off).refuses(None));
        assert_eq!(check(SenderMode::Observe).is_listed(listed), Some(true));
        assert_eq!(
            check(SenderMode::Observe).is_listed(mapped),
            Some(true),
            "an IPv4 address seen through IPv6"
        );
        assert_eq!(check(SenderMode::Observe).is_listed(other), Some(false));
        assert!(!check(SenderMode::Observe).refuses(Some(false)));
        assert!(check(SenderMode::Enforce).refuses(Some(false)));
        assert!(check(SenderMode::Enforce).refuses(None));
        assert!(!check(SenderMode::Enforce).refuses(Some(true)));
    }
}
