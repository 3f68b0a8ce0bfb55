//! An installation on either engine: begun, put together from what a version left, and taken out again.

use std::path::Path;

use registry_domain::tenant::Slug;
use registry_tests::tenant::random;
use registry_tests::{Installation, TestNats, logs, write_key};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

use super::told::Told;
use crate::replicas::cluster::Cluster;

/// The key files of an installation, and how the only line of each begins.
const KEYS: [(&str, &str); 2] = [("master.key", ""), ("callback.keys", "1 ")];

/// A place where nobody is: what was written down is not asked for anew.
const NOWHERE: &str = "http://127.0.0.1:9/";

/// An Idempotency-Key is known for a day, and what a version left lies for years: here those are a moment.
const REMEMBER: &str = "UPDATE idempotency_keys SET expires_at = now() + interval '1 hour'";
const REMEMBER_IN_SQLITE: &str = "UPDATE idempotency_keys SET expires_at = (unixepoch() + 3600) * 1000000";

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Engine {
    File,
    Server,
}

impl Engine {
    const fn folder(self) -> &'static str {
        match self {
            Self::File => "sqlite",
            Self::Server => "postgres",
        }
    }
}

/// An installation, and the server that it is on.
pub(super) struct Site {
    pub(super) installation: Installation,
    engine: Engine,
    cluster: Option<Cluster>,
    told: Option<Told>,
}

impl Site {
    fn new(engine: Engine) -> Self {
        let cluster = (engine == Engine::Server).then(Cluster::of_an_installation);
        let mut installation = Installation::new();
        if let Some(cluster) = &cluster {
            for (variable, value) in login(cluster, "registry_service") {
                installation = installation.with(variable, &value);
            }
        }
        std::fs::create_dir_all(installation.data_dir().join("keys")).expect("a directory can be made");
        Self {
            installation,
            engine,
            cluster,
            told: None,
        }
    }

    /// One with nothing in it.
    pub(super) fn empty(engine: Engine) -> Self {
        let site = Self::new(engine);
        if engine == Engine::Server {
            for (name, beginning) in KEYS {
                let key = random(64);
                logs::secret(&key);
                write_key(&site.key_file(name), &format!("{beginning}{key}"));
            }
            site.migrate();
        }
        site
    }

    /// One as a version left it.
    pub(super) fn laid_out(engine: Engine, version: &Path, nats: &TestNats) -> Self {
        let folder = version.join(engine.folder());
        let mut site = Self::new(engine);
        site.installation = site.installation.with("NATS_URL", nats.url());
        for (name, _) in KEYS {
            write_key(&site.key_file(name), &read(&folder.join(name)));
        }
        std::fs::write(site.installation.data_dir().join("ends"), read(&folder.join("ends"))).expect("a file of ours");
        match &site.cluster {
            None => {
                let copied = std::fs::copy(folder.join("registry.db"), site.installation.database());
                copied.expect("the database can be copied");
                remember(&site.installation.database());
            }
            Some(cluster) => {
                let dump = read(&folder.join("registry.sql"));
                for script in [dump.as_str(), REMEMBER] {
                    cluster.client("psql", "registry", &["-X", "-q", "-v", "ON_ERROR_STOP=1"], script);
                }
            }
        }
        site.told = Some(Told::read(&folder.join("told.json")));
        site
    }

    /// What was seen of it last.
    pub(super) fn told(&self) -> &Told {
        self.told.as_ref().expect("a version left it")
    }

    /// A second replica with the same keys, served by another program.
    pub(super) fn replica(&self, program: &Path) -> Installation {
        let mut replica = Installation::new().of_program(program.to_owned());
        replica.take_settings_of(&self.installation);
        let path = |name| self.key_file(name).to_str().expect("a path is text").to_owned();
        replica
            .with("REGISTRY_MASTER_KEY_FILE", &path("master.key"))
            .with("REGISTRY_CALLBACK_KEYS_FILE", &path("callback.keys"))
    }

    /// Brings the schema up to date, on a server as the login that may.
    pub(super) fn migrate(&self) {
        let mut command = self.installation.command(&["migrate"]);
        if let Some(cluster) = &self.cluster {
            command.envs(login(cluster, "registry_migrate"));
        }
        let output = command.output().expect("the program starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// The log is whole, opens, and holds what stood in it.
    pub(super) fn expect_proven(&self) {
        let ends = self.installation.data_dir().join("ends");
        let ends = ends.to_str().expect("a path is text");
        self.installation.print(&["verify", "--deep", "--expect-file", ends]);
    }

    /// Sends a tenant's questions to nowhere.
    pub(super) fn leave_upstream(&self, tenant: &Slug) {
        let file = self.installation.data_dir().join("upstream.key");
        write_key(&file, "of-nobody");
        let file = file.to_str().expect("a path is text");
        let tenant = ["tenant", "upstream", "--tenant", tenant.as_str()];
        let upstream = ["--url", NOWHERE, "--api-key-file", file];
        self.installation.print(&[tenant, upstream].concat());
    }

    /// Leaves it in a folder, with what was seen of it and the ends of its logs.
    pub(super) fn take_out(&self, version: &Path, told: &Told, ends: &str) {
        let folder = version.join(self.engine.folder());
        std::fs::remove_dir_all(&folder).ok();
        std::fs::create_dir_all(&folder).expect("a folder can be made");
        for (name, _) in KEYS {
            std::fs::write(folder.join(name), read(&self.key_file(name))).expect("a file can be written");
        }
        std::fs::write(folder.join("ends"), format!("{ends}\n")).expect("a file can be written");
        told.write(&folder.join("told.json"));
        match &self.cluster {
            None => copy_database(&self.installation.database(), &folder.join("registry.db")),
            Some(cluster) => {
                let dump = cluster.client("pg_dump", "registry", &[], "");
                // What keeps psql from commands within the data, and is not known to every psql.
                let restricts = |line: &&str| line.starts_with(r"\restrict ") || line.starts_with(r"\unrestrict ");
                let lines: Vec<_> = dump.lines().filter(|line| !restricts(line)).collect();
                std::fs::write(folder.join("registry.sql"), lines.join("\n") + "\n").expect("a file can be written");
            }
        }
    }

    fn key_file(&self, name: &str) -> std::path::PathBuf {
        self.installation.data_dir().join("keys").join(name)
    }
}

/// How one of an installation's logins connects.
fn login(cluster: &Cluster, login: &str) -> [(&'static str, String); 2] {
    let password = cluster.password_file(login);
    [
        ("DATABASE_URL", cluster.installed_url(login)),
        (
            "REGISTRY_DATABASE_PASSWORD_FILE",
            password.to_str().expect("a path is text").to_owned(),
        ),
    ]
}

/// Lets a file know the keys that it was given.
fn remember(file: &Path) {
    let update = async {
        let options = SqliteConnectOptions::new().filename(file);
        let mut database = options.connect().await.expect("the database opens");
        let updated = sqlx::query(REMEMBER_IN_SQLITE).execute(&mut database).await;
        assert!(updated.expect("rows can be changed").rows_affected() > 0);
        database.close().await.expect("the connection ends");
    };
    tokio::runtime::Handle::current().block_on(update);
}

/// One file without its journal, and without pages that nothing is on.
fn copy_database(from: &Path, to: &Path) {
    let copy = async {
        let options = SqliteConnectOptions::new().filename(from);
        let mut database = options.connect().await.expect("the database opens");
        let target = to.to_str().expect("a path is text");
        let copied = sqlx::query("VACUUM INTO ?").bind(target).execute(&mut database).await;
        copied.expect("the database can be copied");
        database.close().await.expect("the connection ends");
    };
    tokio::runtime::Handle::current().block_on(copy);
}

fn read(file: &Path) -> String {
    let text = std::fs::read_to_string(file);
    text.unwrap_or_else(|error| panic!("reading {}: {error}", file.display()))
        .trim_end()
        .to_owned()
        + "\n"
}
