//! How people come in.

use std::net::SocketAddr;

use anyhow::Context;
use chrono::TimeDelta;
use registry_people::{OidcConfig, PeopleConfig};
use url::Url;

use super::Config;
use super::source::Wrong;
use crate::files::{Shared, expect_private, expect_readable};

/// Longest time that a session may go unused: a day.
const IDLE_MINUTES_MAX: u32 = 24 * 60;

/// Longest time that a session may last: a month.
const SESSION_HOURS_MAX: u32 = 31 * 24;

impl Config {
    pub(super) fn check_people(&self) -> Result<(), Wrong> {
        let ensure = |setting, holds: bool| if holds { Ok(()) } else { Err(Wrong::new(setting)) };
        let is_site = |text: &String| site(text).is_some();
        ensure("console_url", self.console_url.as_ref().is_none_or(is_site))?;
        let (idle, hours) = (self.session_idle_minutes, self.session_hours);
        ensure("session_idle_minutes", (1..=IDLE_MINUTES_MAX).contains(&idle))?;
        ensure("session_hours", (1..=SESSION_HOURS_MAX).contains(&hours))?;
        let issuer = self.oidc_issuer.as_ref();
        ensure(
            "oidc_issuer",
            issuer.is_none_or(|issuer| Url::parse(issuer).is_ok_and(|url| is_web(&url))),
        )?;
        let is_whole = self.oidc_issuer.is_some() == self.oidc_client_id.is_some();
        ensure("oidc_client_id", is_whole)?;
        ensure(
            "oidc_client_secret_file",
            self.oidc_issuer.is_some() == self.oidc_client_secret_file.is_some(),
        )?;
        if let Some(file) = &self.oidc_client_secret_file {
            expect_readable(file, Shared::WithGroup)
                .map_err(|cause| Wrong::because("oidc_client_secret_file", cause))?;
        }
        ensure("oidc_groups_claim", !self.oidc_groups_claim.is_empty())?;
        // Otherwise nobody comes in but by links of the command line.
        ensure("local_accounts", self.local_accounts || self.oidc_issuer.is_some())
    }

    /// How people come in. Without a setting the console is where the API is.
    pub(crate) fn people(&self, key: [u8; 32], address: SocketAddr) -> anyhow::Result<PeopleConfig> {
        let url = self.console_base(address);
        Ok(PeopleConfig {
            console_url: site(&url).context("console_url cannot be used")?,
            local_accounts: self.local_accounts,
            idle_time: TimeDelta::minutes(i64::from(self.session_idle_minutes)),
            absolute_time: TimeDelta::hours(i64::from(self.session_hours)),
            oidc: self.oidc()?,
            key,
        })
    }

    fn oidc(&self) -> anyhow::Result<Option<OidcConfig>> {
        let (Some(issuer), Some(client_id), Some(file)) =
            (&self.oidc_issuer, &self.oidc_client_id, &self.oidc_client_secret_file)
        else {
            return Ok(None);
        };
        expect_private(file, Shared::WithGroup)?;
        let secret = std::fs::read_to_string(file);
        let secret = secret.with_context(|| format!("the client secret file {} cannot be read", file.display()))?;
        Ok(Some(OidcConfig {
            issuer: issuer.clone(),
            client_id: client_id.clone(),
            client_secret: secret.trim_end_matches(['\r', '\n']).to_owned(),
            scopes: self.oidc_scopes.clone(),
            groups_claim: self.oidc_groups_claim.clone(),
        }))
    }
}

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.has_host()
}

/// A site: links to its pages are made by adding their paths.
fn site(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok().filter(is_web)?;
    let is_plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    is_plain.then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_value_is_named_with_its_setting() {
        let wrong = |change: fn(&mut Config)| {
            let mut config = Config::default();
            change(&mut config);
            config.check_people().unwrap_err().setting
        };
        assert_eq!(
            wrong(|config| config.console_url = Some("registry".into())),
            "console_url"
        );
        assert_eq!(
            wrong(|config| config.console_url = Some("https://u@x/".into())),
            "console_url"
        );
        assert_eq!(wrong(|config| config.session_idle_minutes = 0), "session_idle_minutes");
        assert_eq!(wrong(|config| config.session_hours = 10_000), "session_hours");
        assert_eq!(wrong(|config| config.local_accounts = false), "local_accounts");
        assert_eq!(wrong(|config| config.oidc_issuer = Some("idp".into())), "oidc_issuer");
        assert_eq!(
            wrong(|config| config.oidc_issuer = Some("https://idp.example".into())),
            "oidc_client_id"
        );
        assert_eq!(
            wrong(|config| config.oidc_groups_claim = String::new()),
            "oidc_groups_claim"
        );
        let no_secret = |config: &mut Config| {
            config.oidc_issuer = Some("https://idp.example".into());
            config.oidc_client_id = Some("registry".into());
        };
        assert_eq!(wrong(no_secret), "oidc_client_secret_file");
    }

    #[test]
    fn the_console_is_where_the_api_is_unless_it_is_said() {
        let address = SocketAddr::from(([127, 0, 0, 1], 8080));
        let of = |config: &Config| config.people([7; 32], address).unwrap().console_url.to_string();
        let mut config = Config::default();
        assert_eq!(of(&config), "http://127.0.0.1:8080/");
        config.public_url = Some("https://registry.example".into());
        assert_eq!(of(&config), "https://registry.example/");
        config.console_url = Some("https://desk.example".into());
        assert_eq!(of(&config), "https://desk.example/");
    }
}
