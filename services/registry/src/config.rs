//! Everything that an operator can set: one struct, read once, from a file and the environment.

mod asking;
mod callers;
mod database;
mod delivery;
mod jobs;
mod people;
mod sharing;
mod shops;
mod source;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::TimeDelta;
use registry_publish_nats::NatsConfig;
use registry_urls::PublicUrl;
use serde::{Deserialize, Serialize};

use crate::files::{Shared, expect_readable};
use crate::logging;
use source::{Sources, Wrong};

pub use database::Database;

/// The name of the database file in the data directory.
const DATABASE_FILE: &str = "registry.db";

/// Longest interval of the reconciler that may be set: a month.
const RECONCILE_SECONDS_MAX: u32 = 30 * 86_400;

/// Longest time for stopping that may be set.
const STOP_SECONDS_MAX: u32 = 3_600;

/// What is done with callbacks from addresses that are not on the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SenderModeSetting {
    /// Addresses are not looked at.
    Off,
    /// Callbacks are taken, marked and counted.
    Observe,
    /// Callbacks are quarantined.
    Enforce,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// For machines, one object a line.
    Json,
}

/// The settings. Each can stand in the file under its name, or in the environment as `REGISTRY_` and its name.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the registry keeps its files.
    pub data_dir: PathBuf,
    /// `sqlite://<path>` or `postgres://<user>@<host>/<database>`; without it, a file in the data directory. Also read
    /// from `DATABASE_URL`.
    pub database_url: Option<String>,
    /// File with the password for `PostgreSQL`, where the URL holds none.
    pub database_password_file: Option<PathBuf>,
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// Under which URL Paymint reaches this installation. Without it, the address that is listened on.
    pub public_url: Option<String>,
    /// Under which URL people reach the console, where that is not `public_url`.
    pub console_url: Option<String>,
    /// Whether people may sign in with a password. Without that, only through the OpenID provider.
    pub local_accounts: bool,
    /// After how many minutes without use somebody is signed out, 1 to 1,440.
    pub session_idle_minutes: u32,
    /// After how many hours somebody is signed out at the latest, 1 to 744.
    pub session_hours: u32,
    /// The OpenID provider, exactly as it calls itself.
    pub oidc_issuer: Option<String>,
    /// What the provider calls this installation.
    pub oidc_client_id: Option<String>,
    /// File with what this installation proves itself with there.
    pub oidc_client_secret_file: Option<PathBuf>,
    /// What is asked for beside `openid`.
    pub oidc_scopes: Vec<String>,
    /// The claim that holds a person's groups.
    pub oidc_groups_claim: String,
    /// File with the master key, 64 hexadecimal digits. Without it, one is made in the data directory.
    pub master_key_file: Option<PathBuf>,
    /// File with one or two keys for callback URLs, each `<number> <64 hexadecimal digits>`. Without it, one is made in
    /// the data directory.
    pub callback_keys_file: Option<PathBuf>,
    /// The NATS server; without it nothing is published, and the feed serves the events. Also read from `NATS_URL`.
    pub nats_url: Option<String>,
    /// Credentials file for NATS.
    pub nats_credentials_file: Option<PathBuf>,
    /// Copies of each stream: 1 on a single server, 3 on a cluster.
    pub nats_replicas: usize,
    /// The mail server; without it no mail is sent. It may hold a password.
    pub smtp_url: Option<String>,
    /// File with the password for the mail server, where the URL holds none.
    pub smtp_password_file: Option<PathBuf>,
    /// From whom mail comes.
    pub smtp_from: Option<String>,
    /// Networks that event destinations of tenants may lead to although they are not public; over http too, and at any port.
    pub destination_networks: Vec<String>,
    /// What is done with callbacks from addresses that are not on the list.
    pub sender_mode: SenderModeSetting,
    /// The list: networks or addresses. Paymint's published addresses by default.
    pub sender_networks: Vec<String>,
    /// Networks of the proxies in front, whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<String>,
    /// How long a connection is kept between two requests, in seconds, 1 to 3,600. A proxy or balancer in front must let go of
    /// its connections earlier, or a request could meet one that is being closed.
    pub keep_alive_seconds: u32,
    /// Most connections of one address; behind a trusted proxy, most requests in flight for one. At least 1.
    pub connections_per_address_max: usize,
    /// Whether the console is served, under `/console`.
    pub console: bool,
    /// Requests to the API that one API key, or one person, may make in a second, 1 to 100,000.
    pub caller_requests_per_second: u32,
    /// The same for all keys of a tenant together, and for all its people together.
    pub tenant_requests_per_second: u32,
    /// How many seconds' worth of them may be made at once after a pause, 1 to 3,600.
    pub request_burst_seconds: u32,
    /// Most calls to Paymint for links under way at once, 2 to 10,000. Those of one tenant may be no more than are left.
    pub link_calls_max: usize,
    /// Tenants whose events are published at once, 2 to 64. Those whose attempts fail are no more than half of them.
    pub relay_tenants_max: usize,
    /// Most commands that wait to be written, 16 to 1,000,000. Those of one tenant may be no more than are left.
    pub queue_length_max: usize,
    /// Most memory that they take, in mebibytes, 1 to 4,096, shared in the same way.
    pub queue_mebibytes_max: usize,
    /// Most merchants of one tenant whose past is read at once, 1 to 100.
    pub past_reads_max: usize,
    /// Most events from which a merchant is made as of a moment or version, 500 to 10,000,000.
    pub past_events_max: u64,
    /// Most event streams (SSE) open at once. Those of one tenant may be no more than are left.
    pub event_streams_max: usize,
    /// Most requests that wait for events at once, shared in the same way.
    pub long_polls_max: usize,
    /// Connections to the database that read for requests, 4 to 64; those of one tenant may be three quarters. None: 8 with
    /// `PostgreSQL`, 4 with `SQLite`.
    pub readers_max: Option<u32>,
    /// Most files on their way to clients at once, 2 to 1,000, shared in the same way.
    pub file_downloads_max: usize,
    /// Most memory that bodies of requests take, in mebibytes, 16 to 4,096, shared in the same way.
    pub body_mebibytes_max: usize,
    /// How long after its last change a merchant is asked about at upstream, and how soon again at the earliest; in
    /// seconds. Later it is asked about in a quarter of the time that it has been as it is.
    pub reconcile_first_seconds: u32,
    /// The longest time between two questions about one merchant, in seconds.
    pub reconcile_longest_seconds: u32,
    /// How often upstream's list is compared with the merchants, in seconds; 0: never.
    pub reconcile_list_seconds: u32,
    /// How often the balance is read of a tenant that wants to be warned of a low one, in seconds.
    pub reconcile_balance_seconds: u32,
    /// Questions to upstream that one tenant may ask in a second, 1 to 1,000.
    pub reconcile_calls_per_second: u32,
    /// For how long a shop is sent to a URL of Paymint's again after it was issued, in seconds, 0 to 86,400.
    pub shop_link_reuse_seconds: u32,
    /// Most URLs that are issued for one shop in an hour before it is sent to the last one again, 1 to 200.
    pub shop_links_per_hour_max: usize,
    /// The same in a day.
    pub shop_links_per_day_max: usize,
    /// Most requests for the pages of one shop in a minute. At least 1.
    pub shop_pages_per_minute_max: u32,
    /// Most requests for pages of shops that are under way at once, 2 to 10,000. One tenant's may be no more than half.
    pub shop_requests_max: usize,
    /// How soon after one return of a shop from Paymint another one has Paymint asked again, in seconds, 1 to 86,400.
    pub shop_return_seconds: u32,
    /// Most rows of a plan, 1 to 100,000.
    pub plan_rows_max: u32,
    /// Most plans and jobs that are kept for one tenant, 1 to 10,000.
    pub jobs_kept_max: u32,
    /// For how many days a job is kept that has ended, 1 to 365.
    pub jobs_kept_days: u32,
    /// The program that is started to read a file that somebody hands over. This one, if it is left out.
    pub file_reader: Option<PathBuf>,
    /// Most files that are read at once, 2 to 16, each by a process of its own. Those of one tenant may be no more than are left.
    pub file_readings_max: usize,
    /// Most files that wait to be read, 2 to 64, shared in the same way.
    pub file_readings_waiting_max: usize,
    /// Most jobs of one tenant that are worked at, at once, 1 to 16; the others wait for their turn.
    pub jobs_running_max: u32,
    /// Merchants of a file that is made of a list.
    pub export_rows_max: u32,
    /// Mebibytes of such a file.
    pub export_mebibytes_max: u32,
    /// Such files of a tenant that are kept.
    pub exports_kept_max: u32,
    /// For how many hours one is kept.
    pub exports_kept_hours: u32,
    /// Most commands in one transaction, 1 to 1,000. With 1 every command pays for a commit of its own.
    pub batch_length_max: usize,
    /// Most merchants that are remembered as the last transaction left them, 0 to 1,000,000: a transaction about those
    /// reads nothing but where the log ends. One takes about 2 KiB. With 0 every transaction reads what it needs.
    pub remembered_merchants_max: usize,
    /// How long stopping may take in all, in seconds, 1 to 3,600: less than what starts and stops the process grants.
    pub stop_seconds: u32,
    /// How far, in seconds, the clock of this process may differ from that of the PostgreSQL server before nothing is
    /// written; and how far the time of a log may lie ahead of the clock before that is told.
    pub clock_skew_seconds_max: u32,
    /// How log lines look.
    pub log_format: LogFormat,
    /// Which log lines are written, as `tracing` directives.
    pub log: String,
}

impl Default for Config {
    #[expect(clippy::too_many_lines, reason = "a line for each setting")]
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("data"),
            database_url: None,
            database_password_file: None,
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: None,
            console_url: None,
            local_accounts: true,
            session_idle_minutes: 30,
            session_hours: 12,
            oidc_issuer: None,
            oidc_client_id: None,
            oidc_client_secret_file: None,
            oidc_scopes: ["profile", "email", "groups"].map(str::to_owned).to_vec(),
            oidc_groups_claim: "groups".to_owned(),
            master_key_file: None,
            callback_keys_file: None,
            nats_url: None,
            nats_credentials_file: None,
            nats_replicas: 1,
            smtp_url: None,
            smtp_password_file: None,
            smtp_from: None,
            destination_networks: Vec::new(),
            sender_mode: SenderModeSetting::Observe,
            sender_networks: registry_ingest::sender::PUBLISHED_SENDERS.map(str::to_owned).to_vec(),
            trusted_proxies: Vec::new(),
            keep_alive_seconds: 75,
            connections_per_address_max: 512,
            console: true,
            caller_requests_per_second: 500,
            tenant_requests_per_second: 1_000,
            request_burst_seconds: 10,
            link_calls_max: 256,
            queue_length_max: 8_192,
            queue_mebibytes_max: 64,
            past_reads_max: 4,
            past_events_max: 100_000,
            relay_tenants_max: registry_publish::relay::STEPS_MAX,
            event_streams_max: 2_000,
            long_polls_max: 2_000,
            readers_max: None,
            file_downloads_max: 8,
            body_mebibytes_max: 64,
            reconcile_first_seconds: 300,
            reconcile_longest_seconds: 86_400,
            reconcile_list_seconds: 21_600,
            reconcile_balance_seconds: 900,
            reconcile_calls_per_second: 10,
            shop_link_reuse_seconds: 3_600,
            shop_links_per_hour_max: 5,
            shop_links_per_day_max: 15,
            shop_pages_per_minute_max: 60,
            shop_requests_max: 64,
            shop_return_seconds: 60,
            plan_rows_max: 20_000,
            jobs_kept_max: 200,
            jobs_kept_days: 30,
            file_reader: None,
            file_readings_max: 2,
            file_readings_waiting_max: 8,
            jobs_running_max: 2,
            export_rows_max: 1_000_000,
            export_mebibytes_max: 512,
            exports_kept_max: 20,
            exports_kept_hours: 72,
            batch_length_max: 1_000,
            remembered_merchants_max: 16_384,
            stop_seconds: 25,
            clock_skew_seconds_max: 60,
            log_format: LogFormat::Json,
            log: "info".to_owned(),
        }
    }
}

impl Config {
    /// Reads the file, if one is named, and the environment on top of it. An error names the setting, as the variable or the
    /// file has it, with its value and what it must be.
    pub fn read(file: Option<&Path>) -> anyhow::Result<Self> {
        let sources = Sources::read(file)?;
        let config = sources.extract()?;
        config.check().map_err(|wrong| sources.refuse(wrong))?;
        Ok(config)
    }

    fn check(&self) -> Result<(), Wrong> {
        let ensure = |setting, holds: bool| if holds { Ok(()) } else { Err(Wrong::new(setting)) };
        // Before the URL, which is read with the password in it.
        for (setting, file) in [
            ("database_password_file", &self.database_password_file),
            ("nats_credentials_file", &self.nats_credentials_file),
        ] {
            if let Some(file) = file {
                expect_readable(file, Shared::WithGroup).map_err(|cause| Wrong::because(setting, cause))?;
            }
        }
        self.database().map_err(|cause| Wrong::because("database_url", cause))?;
        self.senders()
            .map_err(|cause| Wrong::because("sender_networks", cause))?;
        self.proxies()
            .map_err(|cause| Wrong::because("trusted_proxies", cause))?;
        if let Some(url) = &self.nats_url {
            let servers = NatsConfig::new(url.clone()).check();
            servers.map_err(|cause| Wrong::because("nats_url", cause))?;
        }
        ensure("nats_replicas", matches!(self.nats_replicas, 1 | 3 | 5))?;
        ensure("keep_alive_seconds", (1..=3_600).contains(&self.keep_alive_seconds))?;
        ensure("connections_per_address_max", self.connections_per_address_max > 0)?;
        ensure("batch_length_max", (1..=1_000).contains(&self.batch_length_max))?;
        ensure("remembered_merchants_max", self.remembered_merchants_max <= 1_000_000)?;
        ensure("clock_skew_seconds_max", self.clock_skew_seconds_max > 0)?;
        ensure("stop_seconds", (1..=STOP_SECONDS_MAX).contains(&self.stop_seconds))?;
        for (setting, value) in [
            ("reconcile_first_seconds", self.reconcile_first_seconds),
            ("reconcile_longest_seconds", self.reconcile_longest_seconds),
            ("reconcile_balance_seconds", self.reconcile_balance_seconds),
        ] {
            ensure(setting, (1..=RECONCILE_SECONDS_MAX).contains(&value))?;
        }
        ensure(
            "reconcile_list_seconds",
            self.reconcile_list_seconds <= RECONCILE_SECONDS_MAX,
        )?;
        ensure(
            "reconcile_first_seconds",
            self.reconcile_first_seconds <= self.reconcile_longest_seconds,
        )?;
        ensure(
            "reconcile_calls_per_second",
            (1..=1_000).contains(&self.reconcile_calls_per_second),
        )?;
        logging::filter(&self.log).map_err(|cause| Wrong::because("log", cause))?;
        if let Some(url) = &self.public_url {
            PublicUrl::parse(url).map_err(|cause| Wrong::because("public_url", cause))?;
        }
        self.check_sharing()?;
        self.check_delivery()?;
        self.check_shops()?;
        self.check_jobs()?;
        self.check_people()
    }

    /// How far clocks may differ.
    pub fn clock_skew_max(&self) -> TimeDelta {
        TimeDelta::seconds(i64::from(self.clock_skew_seconds_max))
    }

    /// How long stopping may take in all.
    pub fn stop_time(&self) -> Duration {
        Duration::from_secs(self.stop_seconds.into())
    }

    /// The database.
    pub fn database(&self) -> anyhow::Result<Database> {
        match &self.database_url {
            None => Ok(Database::Sqlite(self.data_dir.join(DATABASE_FILE))),
            Some(url) => Database::parse(url, self.database_password_file.as_deref()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::write_secret;

    #[test]
    fn the_defaults_are_valid() {
        Config::default().check().unwrap();
    }

    #[test]
    fn a_wrong_value_is_named_with_its_setting() {
        let wrong = |change: fn(&mut Config)| {
            let mut config = Config::default();
            change(&mut config);
            config.check().unwrap_err().setting
        };
        assert_eq!(
            wrong(|config| config.database_url = Some("mysql://x".into())),
            "database_url"
        );
        assert_eq!(
            wrong(|config| config.trusted_proxies = vec!["x".into()]),
            "trusted_proxies"
        );
        assert_eq!(
            wrong(|config| config.sender_networks = vec!["1.2.3".into()]),
            "sender_networks"
        );
        assert_eq!(wrong(|config| config.nats_replicas = 2), "nats_replicas");
        assert_eq!(
            wrong(|config| config.nats_credentials_file = Some("/nonexistent".into())),
            "nats_credentials_file"
        );
        assert_eq!(
            wrong(|config| {
                config.database_url = Some("postgres://registry@db.example/registry".into());
                config.database_password_file = Some("/".into());
            }),
            "database_password_file"
        );
        assert_eq!(
            wrong(|config| config.reconcile_list_seconds = u32::MAX),
            "reconcile_list_seconds"
        );
        assert_eq!(
            wrong(|config| config.reconcile_calls_per_second = 1_001),
            "reconcile_calls_per_second"
        );
        assert_eq!(
            wrong(|config| config.reconcile_longest_seconds = 60),
            "reconcile_first_seconds"
        );
        assert_eq!(wrong(|config| config.nats_url = Some("http://x".into())), "nats_url");
        assert_eq!(wrong(|config| config.log = "a=b=c".into()), "log");
        assert_eq!(wrong(|config| config.stop_seconds = 0), "stop_seconds");
        assert_eq!(wrong(|config| config.public_url = Some("ftp://x".into())), "public_url");
        assert_eq!(wrong(|config| config.keep_alive_seconds = 0), "keep_alive_seconds");
        assert_eq!(
            wrong(|config| config.connections_per_address_max = 0),
            "connections_per_address_max"
        );
    }

    #[test]
    fn a_password_is_read_from_its_file_and_never_shown() {
        let file = std::env::temp_dir().join("registry-config-password-test");
        std::fs::remove_file(&file).ok();
        write_secret(&file, "p@ss/word").unwrap();
        let database = Database::parse("postgres://registry@db.example/registry", Some(&file)).unwrap();
        let Database::Postgres(url) = &database else { panic!() };
        assert_eq!(url.password(), Some("p%40ss%2Fword"));
        assert_eq!(
            format!("{database:?}"),
            "the PostgreSQL database registry at db.example"
        );
        let kept = Database::parse("postgres://registry:own@db.example/registry", Some(&file)).unwrap();
        assert!(matches!(kept, Database::Postgres(url) if url.password() == Some("own")));
    }

    #[test]
    fn an_unknown_setting_is_refused() {
        let directory = std::env::temp_dir().join("registry-config-test");
        std::fs::create_dir_all(&directory).unwrap();
        let file = directory.join("unknown.toml");
        std::fs::write(&file, "lisen = \"127.0.0.1:1\"\n").unwrap();
        let error = format!("{:#}", Config::read(Some(&file)).err().unwrap());
        assert_eq!(error, format!("lisen in {} is no setting", file.display()));
        std::fs::write(&file, "listen = \"localhost:8080\"\n").unwrap();
        let error = format!("{:#}", Config::read(Some(&file)).err().unwrap());
        let expected = format!(
            "listen in {} is \"localhost:8080\", and must be an IP address",
            file.display()
        );
        assert!(error.starts_with(&expected), "{error}");
    }
}
