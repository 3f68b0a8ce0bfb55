//! From where callbacks and requests come.

use std::net::IpAddr;

use anyhow::Context;
use ipnet::IpNet;
use registry_ingest::{SenderCheck, SenderMode};

use super::{Config, SenderModeSetting};

impl Config {
    /// The check of senders.
    pub fn senders(&self) -> anyhow::Result<SenderCheck> {
        let mode = match self.sender_mode {
            SenderModeSetting::Off => SenderMode::Off,
            SenderModeSetting::Observe => SenderMode::Observe,
            SenderModeSetting::Enforce => SenderMode::Enforce,
        };
        Ok(SenderCheck {
            mode,
            networks: networks(&self.sender_networks)?,
        })
    }

    /// The proxies in front.
    pub fn proxies(&self) -> anyhow::Result<Vec<IpNet>> {
        networks(&self.trusted_proxies)
    }
}

fn networks(texts: &[String]) -> anyhow::Result<Vec<IpNet>> {
    let network = |text: &String| {
        let address = || text.parse::<IpAddr>().map(IpNet::from).ok();
        text.parse()
            .ok()
            .or_else(address)
            .with_context(|| format!("{text:?} is no network"))
    };
    texts.iter().map(network).collect()
}
