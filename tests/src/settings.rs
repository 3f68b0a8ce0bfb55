//! What `cargo xtask test` says in the environment, or where it puts things.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

/// The environment, read once.
#[derive(Debug)]
pub struct Settings {
    /// A nats-server for all tests.
    pub nats_url: Option<String>,
    /// A superuser's URL of the PostgreSQL server on which each service of a test gets a database; none if each gets a
    /// file.
    pub postgres_url: Option<String>,
    /// Where logs go.
    pub log_directory: PathBuf,
    /// How many callbacks the storm against two replicas has; small, unless somebody asks for a large one.
    pub storm_callbacks: usize,
    /// How many lives the storm of callbacks has.
    pub storm_merchants: usize,
    /// How many rows a file has that is read in while the process dies again and again; few, unless somebody asks for many.
    pub import_rows: usize,
    /// How many merchants wait to be asked about at once; few, unless somebody asks for many.
    pub pending_merchants: usize,
    /// How long a message broker stays away at least; not at all, unless somebody asks for it.
    pub outage: Duration,
    /// Whether this process runs one test and no other, as cargo-nextest has it.
    pub is_one_test: bool,
    registry: Option<PathBuf>,
    before: Option<PathBuf>,
    registry_dev: Option<PathBuf>,
    nats_server: Option<PathBuf>,
    chromium: Option<PathBuf>,
    chromedriver: Option<PathBuf>,
    python: Option<PathBuf>,
    node: Option<PathBuf>,
    node_modules: Option<PathBuf>,
    oidc_modules: Option<PathBuf>,
    generators_python: Option<PathBuf>,
    generators_modules: Option<PathBuf>,
    gson: Option<PathBuf>,
}

/// Enough for every trouble of the storm to meet a full service.
const STORM_CALLBACKS: usize = 4_000;

/// Enough that each kind of trouble meets each step of a life.
const STORM_MERCHANTS: usize = 1_000;

/// Enough for each death to meet rows that are done, under way and not begun.
const IMPORT_ROWS: usize = 200;

/// Enough for several seconds at the cap of the test.
const PENDING_MERCHANTS: usize = 100;

/// The settings of this run.
pub fn settings() -> &'static Settings {
    static SETTINGS: OnceLock<Settings> = OnceLock::new();
    SETTINGS.get_or_init(|| Settings {
        nats_url: read("NATS_URL"),
        postgres_url: read("TEST_ON_POSTGRES").and_then(|_| read("TEST_POSTGRES_URL")),
        log_directory: read("TEST_LOG_DIR").map_or_else(|| target().join("test-logs"), PathBuf::from),
        storm_callbacks: number("TEST_STORM_CALLBACKS", STORM_CALLBACKS),
        storm_merchants: number("TEST_STORM_MERCHANTS", STORM_MERCHANTS),
        import_rows: number("TEST_IMPORT_ROWS", IMPORT_ROWS),
        pending_merchants: number("TEST_PENDING_MERCHANTS", PENDING_MERCHANTS),
        outage: read("TEST_OUTAGE_SECONDS").map_or(Duration::ZERO, |seconds| {
            Duration::from_secs(seconds.parse().expect("TEST_OUTAGE_SECONDS is a number"))
        }),
        is_one_test: read("NEXTEST").is_some(),
        registry: read("TEST_REGISTRY_BIN").map(PathBuf::from),
        before: read("TEST_BEFORE_BIN").map(PathBuf::from),
        registry_dev: read("TEST_REGISTRY_DEV_BIN").map(PathBuf::from),
        nats_server: read("NATS_SERVER_BIN").map(PathBuf::from),
        chromium: read("CHROMIUM_BIN").map(PathBuf::from),
        chromedriver: read("CHROMEDRIVER_BIN").map(PathBuf::from),
        python: read("TEST_PYTHON_BIN").map(PathBuf::from),
        node: read("TEST_NODE_BIN").map(PathBuf::from),
        node_modules: read("TEST_NODE_MODULES").map(PathBuf::from),
        oidc_modules: read("TEST_OIDC_MODULES").map(PathBuf::from),
        generators_python: read("TEST_GENERATORS_PYTHON_BIN").map(PathBuf::from),
        generators_modules: read("TEST_GENERATORS_MODULES").map(PathBuf::from),
        gson: read("TEST_GSON_JAR").map(PathBuf::from),
    })
}

impl Settings {
    /// The program `registry`.
    pub fn registry(&self) -> PathBuf {
        program("registry", self.registry.as_ref(), "debug/registry")
    }

    /// The program `registry` of the version before.
    pub fn before(&self) -> PathBuf {
        let given = self.before.clone();
        given.expect("TEST_BEFORE_BIN is the program of the version before: run `cargo xtask upgrade`, which builds it")
    }

    /// The program `registry-dev`.
    pub fn registry_dev(&self) -> PathBuf {
        program("registry-dev", self.registry_dev.as_ref(), "debug/registry-dev")
    }

    /// The program `nats-server`.
    pub fn nats_server(&self) -> PathBuf {
        program("nats-server", self.nats_server.as_ref(), "tools/nats-server")
    }

    /// The program `chromium`.
    pub fn chromium(&self) -> PathBuf {
        program("chromium", self.chromium.as_ref(), "tools/chromium")
    }

    /// The program `chromedriver`.
    pub fn chromedriver(&self) -> PathBuf {
        program("chromedriver", self.chromedriver.as_ref(), "tools/chromedriver")
    }

    /// A Python that has NATS's client.
    pub fn python(&self) -> PathBuf {
        program("python", self.python.as_ref(), "tools/consumers/python/bin/python")
    }

    /// The program `node`.
    pub fn node(&self) -> PathBuf {
        program("node", self.node.as_ref(), "tools/consumers/node/bin/node")
    }

    /// The file beside which it finds NATS's client.
    pub fn node_modules(&self) -> PathBuf {
        let left_behind = || target().join("tools/consumers/node/package.json");
        self.node_modules.clone().unwrap_or_else(left_behind)
    }

    /// The file beside which it finds the OpenID provider.
    pub fn oidc_modules(&self) -> PathBuf {
        let left_behind = || target().join("tools/oidc/package.json");
        self.oidc_modules.clone().unwrap_or_else(left_behind)
    }

    /// A Python that has generators of clients.
    pub fn generators_python(&self) -> PathBuf {
        let given = self.generators_python.as_ref();
        program("python", given, "tools/generated/python/bin/python")
    }

    /// The file beside which Node.js finds generators and compilers.
    pub fn generators_modules(&self) -> PathBuf {
        let left_behind = || target().join("tools/generated/node/package.json");
        self.generators_modules.clone().unwrap_or_else(left_behind)
    }

    /// The library by which a client for Kotlin reads JSON.
    pub fn gson(&self) -> PathBuf {
        self.gson
            .clone()
            .unwrap_or_else(|| PathBuf::from("/usr/share/java/gson.jar"))
    }
}

fn number(name: &str, otherwise: usize) -> usize {
    let given = read(name).map(|number| number.parse());
    given.map_or(otherwise, |number| {
        number.unwrap_or_else(|_| panic!("{name} is a number"))
    })
}

/// The top of the repository.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests lie in a folder of the repository")
}

fn target() -> PathBuf {
    repository().join("target")
}

/// The given program, or the one that an earlier build or run left behind, or one on the system.
fn program(name: &str, given: Option<&PathBuf>, left_behind: &str) -> PathBuf {
    let places = [
        given.cloned(),
        Some(target().join(left_behind)),
        Some(Path::new("/usr/bin").join(name)),
    ];
    let found = places.into_iter().flatten().find(|file| file.is_file());
    found.unwrap_or_else(|| panic!("there is no program {name}: run `cargo xtask test`, which arranges it"))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place of the tests that reads the environment"
)]
fn read(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
