//! Whereto nothing is ever sent: what is reached over a tenant's URL lies outside of the installation's own networks.
//!
//! A name is looked up once, by the resolver of whoever connects, and what it answers is filtered there: a look before the connection
//! would see another answer than the connection itself. A literal address goes past every resolver, so it is looked at in the URL.

use std::error::Error;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

#[cfg(test)]
mod tests;

/// Longest URL, in bytes.
const URL_LENGTH_MAX: usize = 2_048;

/// Ports at which anybody may be called.
const PORTS: [u16; 2] = [443, 8_443];

/// Why a URL is not called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TargetUrlError {
    /// It is none, or too long.
    #[error("it is no URL of at most {URL_LENGTH_MAX} bytes")]
    NotAUrl,
    /// It holds what a receiver has no use for: a password, or a fragment.
    #[error("it holds a user, a password or a fragment")]
    Surplus,
    /// Only some networks may be called so, and there are none.
    #[error("it is not https at port 443 or 8443")]
    NotHttps,
    /// The address in it is none that may be called.
    #[error("its address may not be called")]
    Address,
}

/// Who may be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Anybody in public, and whoever is in the networks that were named: https at the usual ports.
    Public,
    /// Only whoever is in the networks that were named.
    Named,
}

/// Says whom a tenant's URL may lead to. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Guard {
    networks: Arc<[IpNet]>,
}

/// A name has no address that may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the name has no address that may be called")]
pub(crate) struct NoAddress;

impl Guard {
    /// Lets whoever is in public be called over https, and beside them these networks, over http and at any port too.
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self {
            networks: networks.into(),
        }
    }

    /// Reads a URL that a tenant has set.
    pub fn check(&self, text: &str) -> Result<(), TargetUrlError> {
        self.target(text).map(drop)
    }

    /// A URL, and who may be reached by it.
    pub(crate) fn target(&self, text: &str) -> Result<(Url, Reach), TargetUrlError> {
        let url = Url::parse(text).ok().filter(|_| text.len() <= URL_LENGTH_MAX);
        let url = url.ok_or(TargetUrlError::NotAUrl)?;
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err(TargetUrlError::Surplus);
        }
        let port = url.port_or_known_default();
        let reach = match url.scheme() {
            "https" if port.is_some_and(|port| PORTS.contains(&port)) => Reach::Public,
            "https" | "http" if !self.networks.is_empty() => Reach::Named,
            "https" | "http" => return Err(TargetUrlError::NotHttps),
            _ => return Err(TargetUrlError::NotAUrl),
        };
        let literal = match url.host().ok_or(TargetUrlError::NotAUrl)? {
            Host::Domain(_) => None,
            Host::Ipv4(address) => Some(IpAddr::V4(address)),
            Host::Ipv6(address) => Some(IpAddr::V6(address)),
        };
        if literal.is_some_and(|address| !self.lets(address, reach)) {
            return Err(TargetUrlError::Address);
        }
        Ok((url, reach))
    }

    /// Whether an address may be called.
    fn lets(&self, address: IpAddr, reach: Reach) -> bool {
        let is_named = self.networks.iter().any(|network| network.contains(&address));
        match reach {
            Reach::Public => is_named || is_public(address),
            Reach::Named => is_named,
        }
    }

    /// A resolver that answers with what may be called.
    pub(crate) fn resolver(&self, reach: Reach, lookup: Arc<dyn Lookup>) -> GuardedResolver {
        GuardedResolver {
            guard: self.clone(),
            reach,
            lookup,
        }
    }
}

/// What a look-up finds.
pub(crate) type LookingUp = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Looks names up.
pub(crate) trait Lookup: Send + Sync {
    /// The addresses of a name.
    fn addresses(&self, name: &str) -> LookingUp;
}

/// As the system does it.
pub(crate) struct SystemLookup;

impl Lookup for SystemLookup {
    fn addresses(&self, name: &str) -> LookingUp {
        let name = name.to_owned();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// Looks names up for a client, and answers with what it may call.
pub(crate) struct GuardedResolver {
    guard: Guard,
    reach: Reach,
    lookup: Arc<dyn Lookup>,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let looking_up = self.lookup.addresses(name.as_str());
        let (guard, reach) = (self.guard.clone(), self.reach);
        Box::pin(async move {
            let found = looking_up.await.map_err(Box::new)?;
            let allowed: Vec<_> = found.into_iter().filter(|it| guard.lets(*it, reach)).collect();
            if allowed.is_empty() {
                return Err(Box::new(NoAddress) as Box<dyn Error + Send + Sync>);
            }
            Ok(Box::new(allowed.into_iter().map(|address| SocketAddr::new(address, 0))) as Addrs)
        })
    }
}

/// Whether an address belongs to somebody in public: not to this machine, not to a network of one's own, and to no range that is
/// kept for something else or leads to another address.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// Ranges of IPv4 that are nobody's in public (IANA, special-purpose registry), each with the length of its prefix.
const SPECIAL_V4: [(Ipv4Addr, u32); 15] = [
    (Ipv4Addr::UNSPECIFIED, 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    // Where clouds tell their machines who they are.
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// Ranges within what IPv6 gives to the public that are not: protocols (Teredo among them), documentation, and 6to4, which leads to
/// an address of IPv4.
const SPECIAL_V6: [(Ipv6Addr, u32); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

fn is_public_v4(address: Ipv4Addr) -> bool {
    let is_in = |(network, length): &(Ipv4Addr, u32)| (address.to_bits() ^ network.to_bits()) >> (32 - length) == 0;
    !SPECIAL_V4.iter().any(is_in)
}

/// Only `2000::/3` is given to the public: what is mapped, translated (NAT64), of a link or of a site lies outside of it.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let is_in = |(network, length): &(Ipv6Addr, u32)| (address.to_bits() ^ network.to_bits()) >> (128 - length) == 0;
    let is_given = address.segments()[0] & 0xe000 == 0x2000;
    is_given && !SPECIAL_V6.iter().any(is_in)
}
