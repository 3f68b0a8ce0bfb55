use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use proptest::prelude::*;

use super::*;

fn of_nobody() -> Guard {
    Guard::new(Vec::new())
}

fn named() -> Guard {
    Guard::new(vec!["10.1.0.0/16".parse().unwrap(), "fd00::/8".parse().unwrap()])
}

#[test]
fn what_is_not_public_is_not_called() {
    for address in [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.0.9",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.9",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ] {
        assert!(!is_public(address.parse().unwrap()), "{address}");
    }
    for address in [
        "1.1.1.1",
        "8.8.8.8",
        "100.63.255.255",
        "100.128.0.1",
        "172.15.255.255",
        "172.32.0.1",
        "192.0.1.1",
        "198.17.255.255",
        "198.20.0.1",
        "223.255.255.255",
        "2001:4860:4860::8888",
        "2606:4700::1111",
        "2400::1",
    ] {
        assert!(is_public(address.parse().unwrap()), "{address}");
    }
}

proptest! {
    /// However an address of IPv4 is wrapped into one of IPv6, nobody is reached by it who would not be reached without.
    #[test]
    fn no_wrapping_reaches_further(bits: u32) {
        let inner = Ipv4Addr::from_bits(bits);
        let wrapped = |prefix: u128, shift: u32| IpAddr::V6(Ipv6Addr::from_bits(prefix | (u128::from(bits) << shift)));
        for outer in [
            IpAddr::V6(inner.to_ipv6_mapped()),
            IpAddr::V6(inner.to_ipv6_compatible()),
            wrapped(0x0064_ff9b << 96, 0),
            wrapped(0x0064_ff9b_0001 << 80, 0),
            wrapped(0x2002 << 112, 80),
            wrapped(0x2001_0000 << 96, 0),
        ] {
            prop_assert!(!is_public(outer), "{outer}");
        }
    }

    #[test]
    fn every_address_of_a_private_class_is_refused(host: u32, low: u128) {
        for (network, length) in SPECIAL_V4 {
            let address = Ipv4Addr::from_bits(network.to_bits() | (host & (u32::MAX >> length)));
            prop_assert!(!is_public(IpAddr::V4(address)), "{address}");
        }
        for (prefix, length) in [(0xfc00_u128, 7), (0xfe80, 10), (0xff00, 8), (0, 8)] {
            let address = Ipv6Addr::from_bits((prefix << 112) | (low & (u128::MAX >> length)));
            prop_assert!(!is_public(IpAddr::V6(address)), "{address}");
        }
    }

    /// What the library for networks says of them, it says of each of their addresses; the named ones are let through.
    #[test]
    fn networks_that_are_named_are_reached_and_no_others(bits: u32) {
        let address = IpAddr::V4(Ipv4Addr::from_bits(bits));
        let inside = IpAddr::V4(Ipv4Addr::from_bits(0x0a01_0000 | (bits & 0xffff)));
        prop_assert!(named().lets(inside, Reach::Named) && named().lets(inside, Reach::Public));
        prop_assert_eq!(named().lets(address, Reach::Public), is_public(address) || named().lets(address, Reach::Named));
        prop_assert!(!of_nobody().lets(address, Reach::Named));
    }
}

#[test]
fn a_url_says_who_may_be_reached_by_it() {
    let of = |guard: &Guard, text: &str| guard.target(text).map(|(_, reach)| reach);
    for text in [
        "https://hook.example/x?y=z",
        "https://hook.example:8443",
        "https://8.8.8.8/",
    ] {
        assert_eq!(of(&of_nobody(), text), Ok(Reach::Public), "{text}");
    }
    for (text, error) in [
        ("", TargetUrlError::NotAUrl),
        ("hook.example", TargetUrlError::NotAUrl),
        ("ftp://hook.example/", TargetUrlError::NotAUrl),
        ("file:///etc/passwd", TargetUrlError::NotAUrl),
        ("https://u@hook.example/", TargetUrlError::Surplus),
        ("https://u:p@hook.example/", TargetUrlError::Surplus),
        ("https://hook.example/#x", TargetUrlError::Surplus),
        ("http://hook.example/", TargetUrlError::NotHttps),
        ("https://hook.example:22/", TargetUrlError::NotHttps),
        ("https://127.0.0.1/", TargetUrlError::Address),
        ("https://0x7f.1/", TargetUrlError::Address),
        ("https://2130706433/", TargetUrlError::Address),
        ("https://[::1]/", TargetUrlError::Address),
        ("https://[::ffff:169.254.169.254]/", TargetUrlError::Address),
    ] {
        assert_eq!(of(&of_nobody(), text), Err(error), "{text}");
    }
    assert_eq!(
        of_nobody().check(&format!("https://hook.example/{}", "x".repeat(2_048))),
        Err(TargetUrlError::NotAUrl)
    );
    for text in ["http://10.1.2.3:9/", "https://10.1.2.3:9/", "http://inside/"] {
        assert_eq!(of(&named(), text), Ok(Reach::Named), "{text}");
    }
    assert_eq!(of(&named(), "https://10.1.2.3/"), Ok(Reach::Public));
    for text in ["http://8.8.8.8/", "https://10.2.0.1/", "http://127.0.0.1/"] {
        assert_eq!(of(&named(), text), Err(TargetUrlError::Address), "{text}");
    }
}

/// Answers one after the other.
struct Changing(Mutex<VecDeque<Vec<IpAddr>>>);

impl Lookup for Changing {
    fn addresses(&self, _name: &str) -> LookingUp {
        let next = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        Box::pin(async move { Ok(next.unwrap_or_default()) })
    }
}

/// A name that led to a public address when it was looked at leads inside when it is called: it is what is connected to that is
/// looked at, each time.
#[tokio::test]
async fn a_name_that_changes_its_mind_leads_nowhere() {
    let answers = [
        vec!["8.8.8.8".parse().unwrap(), "127.0.0.1".parse().unwrap()],
        vec!["127.0.0.1".parse().unwrap(), "::ffff:10.0.0.1".parse().unwrap()],
    ];
    let lookup: Arc<dyn Lookup> = Arc::new(Changing(Mutex::new(answers.into())));
    let resolver = of_nobody().resolver(Reach::Public, lookup);
    let ask = async || resolver.resolve("rebind.example".parse().unwrap()).await;
    let first: Vec<_> = ask().await.unwrap().collect();
    assert_eq!(first, ["8.8.8.8:0".parse().unwrap()]);
    let second = ask().await.err().unwrap();
    assert!(second.downcast_ref::<NoAddress>().is_some(), "{second}");
}
