//! Who may have how many connections, and how many requests through a proxy.
//!
//! A connection costs memory and a descriptor, so there is an end to them. Nobody may have more than a fixed number, nor more
//! than are left: as they get fewer, so does what each address may have, and there is one for whoever comes next.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ipnet::IpNet;

/// How many connections there may be.
#[derive(Debug, Clone, Copy)]
pub struct GateLimits {
    /// Most connections that are open at once.
    pub connections_max: usize,
    /// Most connections of one address; and behind a trusted proxy, most requests in flight for one address.
    pub per_address_max: usize,
}

impl Default for GateLimits {
    fn default() -> Self {
        Self {
            connections_max: 4_096,
            per_address_max: 512,
        }
    }
}

/// Why somebody was sent away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TurnedAway {
    /// All connections are taken.
    Full,
    /// The address has as many as it may have.
    Address,
}

/// Why we ended a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Ended {
    /// The client took nothing of an answer.
    #[error("the client does not read")]
    NoProgress,
    /// The head of a request did not come to an end.
    #[error("the headers came too slowly")]
    SlowHead,
    /// Nothing was asked.
    #[error("nothing was asked for a while")]
    Idle,
}

/// Numbers about connections since the process started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GateStats {
    /// Connections that are open now.
    pub open: u64,
    /// Most that may be.
    pub connections_max: u64,
    /// Connections sent away because all were taken.
    pub refused_full: u64,
    /// Connections sent away because their address had enough.
    pub refused_address: u64,
    /// Requests through a trusted proxy sent away because their address had enough in flight.
    pub refused_requests: u64,
    /// Connections ended because the client did not read.
    pub ended_no_progress: u64,
    /// Connections ended because the head of a request did not come to an end.
    pub ended_slow_head: u64,
    /// Connections ended because nothing was asked for a while.
    pub ended_idle: u64,
}

#[derive(Debug, Default)]
struct Counters {
    refused_full: AtomicU64,
    refused_address: AtomicU64,
    refused_requests: AtomicU64,
    ended_no_progress: AtomicU64,
    ended_slow_head: AtomicU64,
    ended_idle: AtomicU64,
}

/// Counts connections and requests, and says who may have another.
#[derive(Debug)]
pub struct Gate {
    limits: GateLimits,
    trusted: Vec<IpNet>,
    connections: Mutex<Held>,
    requests: Mutex<Held>,
    /// Three quarters of the connections are taken.
    crowded: AtomicBool,
    counters: Counters,
}

#[derive(Debug, Default)]
struct Held {
    total: usize,
    by: HashMap<IpAddr, usize>,
}

impl Gate {
    /// A gate that nobody has passed yet. Connections of trusted proxies stand for many clients: only all of them together
    /// are limited, and each of those clients by its requests.
    pub fn new(limits: GateLimits, trusted: Vec<IpNet>) -> Arc<Self> {
        Arc::new(Self {
            limits,
            trusted,
            connections: Mutex::default(),
            requests: Mutex::default(),
            crowded: AtomicBool::new(false),
            counters: Counters::default(),
        })
    }

    /// Lets a connection in, or says why not. A refusal is counted.
    pub fn connect(self: &Arc<Self>, peer: IpAddr) -> Result<ConnectionPlace, TurnedAway> {
        let holder = holder_of(peer);
        let per_address_max = if self.is_trusted(peer) {
            usize::MAX
        } else {
            self.limits.per_address_max
        };
        let mut connections = lock(&self.connections);
        let free = self.limits.connections_max.saturating_sub(connections.total);
        let held = connections.of(holder);
        if free == 0 {
            count(&self.counters.refused_full);
            return Err(TurnedAway::Full);
        }
        if held >= per_address_max || per_address_max < usize::MAX && held >= free {
            count(&self.counters.refused_address);
            return Err(TurnedAway::Address);
        }
        connections.add(holder);
        self.look_at(&connections);
        Ok(ConnectionPlace {
            gate: Arc::clone(self),
            holder,
        })
    }

    /// Lets a request in that a trusted proxy passed on for somebody; none if that address has enough in flight, which is
    /// counted. Who is connected directly has one request in flight for each connection.
    pub fn pass(self: &Arc<Self>, peer: IpAddr, sender: IpAddr) -> Result<Option<Arc<RequestPlace>>, TurnedAway> {
        if peer.to_canonical() == sender || !self.is_trusted(peer) {
            return Ok(None);
        }
        let holder = holder_of(sender);
        let mut requests = lock(&self.requests);
        if requests.of(holder) >= self.limits.per_address_max {
            count(&self.counters.refused_requests);
            return Err(TurnedAway::Address);
        }
        requests.add(holder);
        Ok(Some(Arc::new(RequestPlace {
            gate: Arc::clone(self),
            holder,
        })))
    }

    /// Counts how a connection ended that we ended.
    pub(super) fn ended(&self, why: Ended) {
        count(match why {
            Ended::NoProgress => &self.counters.ended_no_progress,
            Ended::SlowHead => &self.counters.ended_slow_head,
            Ended::Idle => &self.counters.ended_idle,
        });
    }

    /// Whether connections are getting few.
    pub(super) fn is_crowded(&self) -> bool {
        self.crowded.load(Ordering::Relaxed)
    }

    fn look_at(&self, connections: &Held) {
        let crowded = connections.total > self.limits.connections_max / 4 * 3;
        self.crowded.store(crowded, Ordering::Relaxed);
    }

    /// Numbers since the start.
    pub fn stats(&self) -> GateStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        GateStats {
            open: lock(&self.connections).total as u64,
            connections_max: self.limits.connections_max as u64,
            refused_full: read(&self.counters.refused_full),
            refused_address: read(&self.counters.refused_address),
            refused_requests: read(&self.counters.refused_requests),
            ended_no_progress: read(&self.counters.ended_no_progress),
            ended_slow_head: read(&self.counters.ended_slow_head),
            ended_idle: read(&self.counters.ended_idle),
        }
    }

    fn is_trusted(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.trusted.iter().any(|network| network.contains(&address))
    }
}

impl Held {
    fn of(&self, holder: IpAddr) -> usize {
        self.by.get(&holder).copied().unwrap_or_default()
    }

    fn add(&mut self, holder: IpAddr) {
        self.total += 1;
        *self.by.entry(holder).or_default() += 1;
    }

    fn remove(&mut self, holder: IpAddr) {
        self.total -= 1;
        if let Some(held) = self.by.get_mut(&holder) {
            *held -= 1;
            if *held == 0 {
                self.by.remove(&holder);
            }
        }
    }
}

/// The place of a connection. Given back when dropped.
#[derive(Debug)]
pub struct ConnectionPlace {
    gate: Arc<Gate>,
    holder: IpAddr,
}

impl Drop for ConnectionPlace {
    fn drop(&mut self) {
        let mut connections = lock(&self.gate.connections);
        connections.remove(self.holder);
        self.gate.look_at(&connections);
    }
}

/// The place of a request that came through a proxy, until the last byte of its answer. Given back when dropped.
#[derive(Debug)]
pub struct RequestPlace {
    gate: Arc<Gate>,
    holder: IpAddr,
}

impl Drop for RequestPlace {
    fn drop(&mut self) {
        lock(&self.gate.requests).remove(self.holder);
    }
}

/// Who counts as one: an IPv4 address, or the network of an IPv6 address that one customer is given at least.
fn holder_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

fn lock(held: &Mutex<Held>) -> MutexGuard<'_, Held> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn gate(connections_max: usize, per_address_max: usize) -> Arc<Gate> {
        let limits = GateLimits {
            connections_max,
            per_address_max,
        };
        Gate::new(limits, vec!["10.0.0.0/8".parse().unwrap()])
    }

    fn fill(gate: &Arc<Gate>, peer: &str) -> (Vec<ConnectionPlace>, TurnedAway) {
        let mut places = Vec::new();
        loop {
            match gate.connect(address(peer)) {
                Ok(place) => places.push(place),
                Err(why) => return (places, why),
            }
        }
    }

    #[test]
    fn an_address_has_no_more_than_its_share_and_others_go_on() {
        let gate = gate(1_000, 100);
        let (flood, why) = fill(&gate, "203.0.113.1");
        assert_eq!((flood.len(), why), (100, TurnedAway::Address));
        assert!(gate.connect(address("203.0.113.2")).is_ok());
        assert_eq!((gate.stats().open, gate.stats().refused_address), (100, 1));
        drop(flood);
        assert_eq!(gate.stats().open, 0);
        assert_eq!(fill(&gate, "203.0.113.1").0.len(), 100);
    }

    #[test]
    fn as_connections_get_fewer_so_does_what_each_address_may_have() {
        let gate = gate(1_000, 400);
        let floods: Vec<_> = (1..=8)
            .map(|number| fill(&gate, &format!("203.0.113.{number}")))
            .collect();
        let held: Vec<_> = floods.iter().map(|(places, _)| places.len()).collect();
        assert_eq!(held, [400, 300, 150, 75, 38, 19, 9, 5]);
        assert!(
            gate.connect(address("203.0.113.9")).is_ok(),
            "there is one for a newcomer"
        );
    }

    #[test]
    fn a_network_of_ipv6_is_one_and_a_mapped_address_is_what_it_maps() {
        let gate = gate(1_000, 2);
        let _first = gate.connect(address("2001:db8:0:1::1")).unwrap();
        let _second = gate.connect(address("2001:db8:0:1:ffff::2")).unwrap();
        assert_eq!(
            gate.connect(address("2001:db8:0:1::3")).unwrap_err(),
            TurnedAway::Address
        );
        assert!(gate.connect(address("2001:db8:0:2::1")).is_ok());
        let _third = gate.connect(address("::ffff:203.0.113.1")).unwrap();
        let _fourth = gate.connect(address("203.0.113.1")).unwrap();
        assert_eq!(gate.connect(address("203.0.113.1")).unwrap_err(), TurnedAway::Address);
    }

    #[test]
    fn behind_a_proxy_the_forwarded_address_counts() {
        let gate = gate(1_000, 2);
        let proxy = address("10.0.0.1");
        assert_eq!(fill(&gate, "10.0.0.1").0.len(), 1_000, "a proxy may have them all");
        let (client, other) = (address("203.0.113.1"), address("203.0.113.2"));
        let first = gate.pass(proxy, client).unwrap();
        let _second = gate.pass(proxy, client).unwrap();
        assert_eq!(gate.pass(proxy, client).unwrap_err(), TurnedAway::Address);
        assert!(gate.pass(proxy, other).unwrap().is_some());
        drop(first);
        assert!(gate.pass(proxy, client).unwrap().is_some());
        // Nobody else is believed about whom a request is from.
        assert!(gate.pass(client, client).unwrap().is_none());
        assert_eq!(gate.stats().refused_requests, 1);
    }
}
