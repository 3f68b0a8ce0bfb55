//! Where settings come from, and what is said about one that cannot be used: where it stands, what it is, and what it must be.

use std::fmt;
use std::path::{Path, PathBuf};

use figment::Figment;
use figment::error::Kind;
use figment::providers::{Env, Format, Serialized, Toml};
use figment::value::{Dict, Empty, Value};

use super::Config;

/// Variables that every program knows, and the settings that they stand for.
const COMMON_VARIABLES: [(&str, &str); 2] = [("DATABASE_URL", "database_url"), ("NATS_URL", "nats_url")];

/// What the names of all our own variables begin with.
const PREFIX: &str = "REGISTRY_";

/// Settings that may hold a password: their values are never shown.
const SECRET: [&str; 3] = ["database_url", "nats_url", "smtp_url"];

/// What each setting must be. A test holds the list against the settings.
const FORMS: &[(&str, &str)] = &[
    ("data_dir", "the path of a directory"),
    ("database_url", "sqlite://<path> or postgres://<user>@<host>/<database>"),
    ("database_password_file", "the path of a file that can be read"),
    (
        "listen",
        "an IP address and a port, such as 127.0.0.1:8080 or 0.0.0.0:8080",
    ),
    (
        "public_url",
        "the URL of this installation, such as https://registry.example.com",
    ),
    ("console_url", "the URL of a site, such as https://registry.example.com"),
    (
        "local_accounts",
        "true or false; false only beside an OpenID provider (oidc_issuer)",
    ),
    ("session_idle_minutes", "1 to 1440"),
    ("session_hours", "1 to 744"),
    (
        "oidc_issuer",
        "the issuer of an OpenID provider, exactly as it calls itself, such as https://login.example.com/",
    ),
    (
        "oidc_client_id",
        "the client id at the OpenID provider, beside oidc_issuer",
    ),
    (
        "oidc_client_secret_file",
        "the path of a file with the client secret, beside oidc_issuer",
    ),
    (
        "oidc_scopes",
        "scopes with commas between, such as profile,email,groups",
    ),
    ("oidc_groups_claim", "the name of a claim, such as groups"),
    ("master_key_file", "the path of a file"),
    ("callback_keys_file", "the path of a file"),
    (
        "nats_url",
        "nats://<host>:<port> or tls://<host>:<port>, or several of them with commas between",
    ),
    ("nats_credentials_file", "the path of a file that can be read"),
    ("nats_replicas", "1, 3 or 5"),
    (
        "smtp_url",
        "smtps://<user>@<host>, or smtp://<user>@<host>:587?tls=required, beside smtp_from; without TLS only to this machine, \
         or with ?tls=none",
    ),
    (
        "smtp_password_file",
        "the path of a file with a password, beside smtp_url",
    ),
    (
        "smtp_from",
        "a mail address such as registry@partner.example, beside smtp_url",
    ),
    (
        "destination_networks",
        "addresses or networks with commas between, such as 192.0.2.7,198.51.100.0/24",
    ),
    ("sender_mode", "off, observe or enforce"),
    (
        "sender_networks",
        "addresses or networks with commas between, such as 192.0.2.7,198.51.100.0/24",
    ),
    (
        "trusted_proxies",
        "addresses or networks with commas between, such as 192.0.2.7,198.51.100.0/24",
    ),
    ("keep_alive_seconds", "1 to 3600"),
    ("connections_per_address_max", "a number from 1"),
    ("console", "true or false"),
    ("caller_requests_per_second", "1 to 100000"),
    ("tenant_requests_per_second", "1 to 100000"),
    ("request_burst_seconds", "1 to 3600"),
    ("link_calls_max", "2 to 10000"),
    ("queue_length_max", "16 to 1000000"),
    ("queue_mebibytes_max", "1 to 4096"),
    ("past_reads_max", "1 to 100"),
    ("past_events_max", "500 to 10000000"),
    ("relay_tenants_max", "2 to 64"),
    ("event_streams_max", "a number from 1"),
    ("long_polls_max", "a number from 1"),
    ("readers_max", "4 to 64"),
    ("file_downloads_max", "2 to 1000"),
    ("body_mebibytes_max", "16 to 4096"),
    (
        "reconcile_first_seconds",
        "1 to 2592000, and not above reconcile_longest_seconds",
    ),
    ("reconcile_longest_seconds", "1 to 2592000"),
    ("reconcile_list_seconds", "0 to 2592000"),
    ("reconcile_balance_seconds", "1 to 2592000"),
    ("reconcile_calls_per_second", "1 to 1000"),
    ("shop_link_reuse_seconds", "0 to 86400"),
    (
        "shop_links_per_hour_max",
        "1 to 200, and not above shop_links_per_day_max",
    ),
    ("shop_links_per_day_max", "1 to 200"),
    ("shop_pages_per_minute_max", "a number from 1"),
    ("shop_requests_max", "2 to 10000"),
    ("shop_return_seconds", "1 to 86400"),
    ("plan_rows_max", "1 to 100000"),
    ("jobs_kept_max", "1 to 10000"),
    ("jobs_kept_days", "1 to 365"),
    ("jobs_running_max", "1 to 16"),
    ("export_rows_max", "1 to 1000000"),
    ("export_mebibytes_max", "1 to 4096"),
    ("exports_kept_max", "1 to 100"),
    ("exports_kept_hours", "1 to 720"),
    ("file_reader", "the path of a program"),
    ("file_readings_max", "2 to 16"),
    ("file_readings_waiting_max", "2 to 64"),
    ("batch_length_max", "1 to 1000"),
    ("remembered_merchants_max", "0 to 1000000"),
    ("clock_skew_seconds_max", "a number from 1"),
    ("stop_seconds", "1 to 3600"),
    ("log_format", "json or pretty"),
    ("log", "directives of tracing, such as info or warn,registry_http=debug"),
];

/// A setting whose value cannot be used.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) setting: &'static str,
    /// What is wrong with it, if that is more than that its form is another.
    pub(super) cause: Option<anyhow::Error>,
}

impl Wrong {
    pub(super) fn new(setting: &'static str) -> Self {
        Self { setting, cause: None }
    }

    pub(super) fn because(setting: &'static str, cause: impl Into<anyhow::Error>) -> Self {
        Self {
            setting,
            cause: Some(cause.into()),
        }
    }
}

/// The file and the environment.
pub(super) struct Sources {
    file: Option<PathBuf>,
    variables: Vec<Variable>,
    figment: Figment,
}

/// A variable that is set.
struct Variable {
    name: String,
    setting: String,
    text: String,
}

/// What a setting is called where its value comes from.
struct Place<'a> {
    name: &'a str,
    file: Option<&'a Path>,
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.file {
            Some(file) => write!(f, "{} in {}", self.name, file.display()),
            None => f.write_str(self.name),
        }
    }
}

impl Sources {
    /// The defaults, on top of them the file, and on top of that the environment.
    pub(super) fn read(file: Option<&Path>) -> anyhow::Result<Self> {
        let defaults = Figment::from(Serialized::defaults(Config::default()));
        let known: Dict = defaults.extract()?;
        let mut figment = defaults;
        if let Some(file) = file {
            anyhow::ensure!(file.is_file(), "there is no configuration file {}", file.display());
            figment = figment.merge(Toml::file_exact(file));
        }
        let variables = variables();
        for variable in &variables {
            let default = known.get(&variable.setting);
            let default = default.ok_or_else(|| anyhow::anyhow!("{} is no setting", variable.name))?;
            if let Some(value) = variable.value(default)? {
                figment = figment.merge((&variable.setting, value));
            }
        }
        Ok(Self {
            file: file.map(Path::to_owned),
            variables,
            figment,
        })
    }

    /// All settings together.
    pub(super) fn extract(&self) -> anyhow::Result<Config> {
        self.figment.extract().map_err(|error| self.explain(error))
    }

    fn explain(&self, error: figment::Error) -> anyhow::Error {
        if let Kind::UnknownField(name, _) = &error.kind {
            return anyhow::anyhow!("{} is no setting", self.place(name));
        }
        match error.path.first() {
            Some(setting) => self.must_be(setting),
            None => anyhow::Error::new(error).context("the configuration cannot be read"),
        }
    }

    /// Says what is wrong with a setting.
    pub(super) fn refuse(&self, wrong: Wrong) -> anyhow::Error {
        let told = self.must_be(wrong.setting);
        match wrong.cause {
            Some(cause) => cause.context(told.to_string()),
            None => told,
        }
    }

    fn must_be(&self, setting: &str) -> anyhow::Error {
        let value = match self.variable(setting) {
            Some(variable) => format!("{:?}", variable.text),
            None => self
                .figment
                .find_value(setting)
                .map(|value| shown(&value))
                .unwrap_or_default(),
        };
        must_be(&self.place(setting), setting, &value)
    }

    fn variable(&self, setting: &str) -> Option<&Variable> {
        // The last one counts.
        self.variables.iter().rfind(|variable| variable.setting == setting)
    }

    fn place<'a>(&'a self, setting: &'a str) -> Place<'a> {
        match self.variable(setting) {
            Some(variable) => Place {
                name: &variable.name,
                file: None,
            },
            None => Place {
                name: setting,
                file: self.file.as_deref(),
            },
        }
    }
}

fn must_be(place: &dyn fmt::Display, setting: &str, value: &str) -> anyhow::Error {
    let form = form(setting).unwrap_or("of another form");
    if SECRET.contains(&setting) {
        anyhow::anyhow!("{place} must be {form}; what it is now is not shown")
    } else {
        anyhow::anyhow!("{place} is {value}, and must be {form}")
    }
}

fn form(setting: &str) -> Option<&'static str> {
    FORMS.iter().find(|(name, _)| *name == setting).map(|(_, form)| *form)
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(_, text) => format!("{text:?}"),
        Value::Array(_, values) => values.iter().map(shown).collect::<Vec<_>>().join(", "),
        Value::Char(..) | Value::Bool(..) | Value::Num(..) | Value::Empty(..) | Value::Dict(..) => {
            value.to_actual().to_string()
        }
    }
}

/// The variables that are ours.
fn variables() -> Vec<Variable> {
    let common = COMMON_VARIABLES.iter().flat_map(|(name, setting)| {
        let found = Env::raw().only(&[name]).iter().collect::<Vec<_>>();
        found.into_iter().map(|(_, text)| Variable {
            name: (*name).to_owned(),
            setting: (*setting).to_owned(),
            text,
        })
    });
    // The path of the file itself is the one variable of ours that is no setting. For a service of this name Kubernetes adds
    // variables of its own to every container.
    let own = Env::prefixed(PREFIX)
        .ignore(&["config"])
        .filter(|name| !name.starts_with("port") && !name.starts_with("service_"));
    let own = own.iter().map(|(key, text)| Variable {
        name: format!("{PREFIX}{}", key.as_str().to_ascii_uppercase()),
        setting: key.as_str().to_ascii_lowercase(),
        text,
    });
    common.chain(own.collect::<Vec<_>>()).collect()
}

impl Variable {
    /// The text as the kind of value that the setting has by default. None for an empty one: it is as if it were not set,
    /// but for a setting that may be none, which it takes back.
    fn value(&self, default: &Value) -> anyhow::Result<Option<Value>> {
        let text = self.text.trim();
        let wrong = || must_be(&self.name, &self.setting, &format!("{:?}", self.text));
        let value = match default {
            Value::Empty(..) if text.is_empty() => Value::from(Empty::None),
            _ if text.is_empty() => return Ok(None),
            Value::Num(..) => Value::from(text.parse::<u64>().map_err(|_| wrong())?),
            Value::Bool(..) => Value::from(text.parse::<bool>().map_err(|_| wrong())?),
            Value::Array(..) => Value::from(list(text).ok_or_else(wrong)?),
            Value::String(..) | Value::Char(..) | Value::Empty(..) | Value::Dict(..) => Value::from(text),
        };
        Ok(Some(value))
    }
}

/// `a,b` or `["a", "b"]`.
fn list(text: &str) -> Option<Vec<String>> {
    if text.starts_with('[') {
        return serde_json::from_str(text).ok();
    }
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    Some(parts.map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_setting_has_a_form() {
        let defaults: Dict = Figment::from(Serialized::defaults(Config::default()))
            .extract()
            .unwrap();
        let settings: BTreeSet<_> = defaults.keys().map(String::as_str).collect();
        let forms: BTreeSet<_> = FORMS.iter().map(|(name, _)| *name).collect();
        assert_eq!(settings, forms, "say in FORMS what a new setting must be");
    }

    #[test]
    fn lists_are_read_with_commas_and_as_in_a_file() {
        let expected = Some(vec!["10.0.0.0/8".to_owned(), "::1".to_owned()]);
        assert_eq!(list("10.0.0.0/8,::1"), expected);
        assert_eq!(list(" 10.0.0.0/8 , ::1,"), expected);
        assert_eq!(list(r#"["10.0.0.0/8", "::1"]"#), expected);
        assert_eq!(list("[10.0.0.0/8"), None);
    }
}
