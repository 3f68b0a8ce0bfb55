//! Whose request it is when it comes through proxies of ours.

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;
use ipnet::IpNet;

/// Most addresses of `X-Forwarded-For` that are looked at, from the right.
const HOPS_MAX: usize = 16;

/// The sender: the address of the connection, or, if that is a proxy of ours, what it says in `X-Forwarded-For`.
///
/// Addresses are read from the right, because everything left of the first address that is not ours was written by
/// the sender and can be made up.
pub fn sender(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_ours = |address: IpAddr| trusted.iter().any(|network| network.contains(&address));
    let mut sender = peer.to_canonical();
    if !is_ours(sender) {
        return sender;
    }
    let values: Vec<_> = headers.get_all("x-forwarded-for").into_iter().collect();
    let texts = values.iter().rev().map(|value| value.to_str().unwrap_or_default());
    for text in texts.flat_map(|text| text.rsplit(',')).take(HOPS_MAX) {
        // What cannot be read was not written by a proxy of ours: believe nothing further.
        let Some(address) = read_address(text.trim()) else {
            return sender;
        };
        sender = address;
        if !is_ours(sender) {
            return sender;
        }
    }
    sender
}

/// Some proxies add the port, and brackets around an IPv6 address.
fn read_address(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let address = bare
        .parse()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn sender_of(peer: &str, forwarded: &[&'static str]) -> String {
        let trusted = ["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_static(value));
        }
        sender(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn a_stranger_is_not_believed() {
        assert_eq!(sender_of("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(sender_of("::ffff:203.0.113.9", &[]), "203.0.113.9");
    }

    #[test]
    fn a_proxy_is_believed_up_to_the_first_stranger_from_the_right() {
        assert_eq!(sender_of("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(sender_of("10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(
            sender_of("10.0.0.1", &["1.2.3.4, 198.51.100.1, 10.2.2.2"]),
            "198.51.100.1"
        );
        assert_eq!(
            sender_of("10.0.0.1", &["1.2.3.4", "198.51.100.1", "10.2.2.2"]),
            "198.51.100.1"
        );
        assert_eq!(sender_of("::1", &["[2001:db8::1]:443"]), "2001:db8::1");
        assert_eq!(sender_of("::1", &["198.51.100.1:5000"]), "198.51.100.1");
    }

    #[test]
    fn what_cannot_be_read_ends_the_belief() {
        assert_eq!(sender_of("10.0.0.1", &["198.51.100.1, unknown, 10.2.2.2"]), "10.2.2.2");
        assert_eq!(sender_of("10.0.0.1", &["unknown"]), "10.0.0.1");
        assert_eq!(sender_of("10.0.0.1", &[""]), "10.0.0.1");
    }
}
