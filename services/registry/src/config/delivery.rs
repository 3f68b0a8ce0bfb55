//! How alerts leave the installation.

use std::net::{IpAddr, SocketAddr};

use anyhow::Context;
use ipnet::IpNet;
use registry_deliveries::{Guard, Mail};
use url::Url;

use super::Config;
use super::source::Wrong;
use crate::files::{Shared, expect_private, expect_readable};

impl Config {
    pub(super) fn check_delivery(&self) -> Result<(), Wrong> {
        let ensure = |setting, holds: bool| if holds { Ok(()) } else { Err(Wrong::new(setting)) };
        ensure("smtp_from", self.smtp_url.is_some() == self.smtp_from.is_some())?;
        let is_of_a_server = self.smtp_password_file.is_none() || self.smtp_url.is_some();
        ensure("smtp_password_file", is_of_a_server)?;
        if let Some(file) = &self.smtp_password_file {
            expect_readable(file, Shared::WithGroup).map_err(|cause| Wrong::because("smtp_password_file", cause))?;
        }
        if let Some(from) = &self.smtp_from {
            Mail::read_sender(from).map_err(|cause| Wrong::because("smtp_from", cause))?;
        }
        self.mail().map_err(|cause| Wrong::because("smtp_url", cause))?;
        self.guard()
            .map(drop)
            .map_err(|cause| Wrong::because("destination_networks", cause))
    }

    /// What sends mail; none without a server for it.
    pub(crate) fn mail(&self) -> anyhow::Result<Option<Mail>> {
        let (Some(url), Some(from)) = (&self.smtp_url, &self.smtp_from) else {
            return Ok(None);
        };
        let mut url = Url::parse(url).context("it is no URL")?;
        if let Some(file) = self.smtp_password_file.as_ref().filter(|_| url.password().is_none()) {
            expect_private(file, Shared::WithGroup)?;
            let password = std::fs::read_to_string(file);
            let password = password.with_context(|| format!("the password file {} cannot be read", file.display()))?;
            let set = url.set_password(Some(password.trim_end_matches(['\r', '\n'])));
            set.ok().context("it has no room for a password")?;
        }
        Ok(Some(Mail::new(url.as_str(), from)?))
    }

    /// Whom tenants may have called.
    pub(crate) fn guard(&self) -> anyhow::Result<Guard> {
        let networks = self.destination_networks.iter().map(|text| {
            let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
            network.map_err(|_| anyhow::anyhow!("{text:?} is neither an address nor a network"))
        });
        Ok(Guard::new(networks.collect::<Result<_, _>>()?))
    }

    /// Where links in messages lead: to the console.
    pub(crate) fn console_base(&self, address: SocketAddr) -> String {
        let url = self.console_url.clone().or_else(|| self.public_url.clone());
        url.unwrap_or_else(|| format!("http://{address}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_needs_a_server_and_a_sender() {
        let wrong = |change: fn(&mut Config)| {
            let mut config = Config::default();
            change(&mut config);
            config.check_delivery().map_err(|wrong| wrong.setting)
        };
        assert!(wrong(|_| {}).is_ok());
        assert_eq!(
            wrong(|it| it.smtp_url = Some("smtps://mail.example".into())),
            Err("smtp_from")
        );
        assert_eq!(wrong(|it| it.smtp_from = Some("a@b.example".into())), Err("smtp_from"));
        let both = |url: &str, from: &str| {
            let config = Config {
                smtp_url: Some(url.to_owned()),
                smtp_from: Some(from.to_owned()),
                ..Config::default()
            };
            config.check_delivery().map_err(|wrong| wrong.setting)
        };
        assert_eq!(both("smtp://mail.example", "a@b.example"), Err("smtp_url"));
        assert_eq!(both("smtps://mail.example", "a"), Err("smtp_from"));
        assert!(matches!(Config::default().mail(), Ok(None)));
        assert_eq!(
            wrong(|it| it.smtp_password_file = Some("/nowhere".into())),
            Err("smtp_password_file")
        );
        assert_eq!(
            wrong(|it| it.destination_networks = vec!["10.0.0.0/33".into()]),
            Err("destination_networks")
        );
        assert!(wrong(|it| it.destination_networks = vec!["10.0.0.0/8".into(), "fd00::1".into()]).is_ok());
    }
}
