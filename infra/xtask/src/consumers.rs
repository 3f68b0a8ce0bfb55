//! NATS's own clients for Python and Node.js, with which the tests read what consumers read, an OpenID provider, and generators of
//! clients with the compilers for what they make. They lie in target/tools, in the versions that the files in tests/consumers,
//! tests/oidc and tests/generated pin by their hashes; Java and a library of it come with the system.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::tools::Tools;

/// The programs that run them, and where they are.
pub struct Clients {
    python: PathBuf,
    node: PathBuf,
    node_modules: PathBuf,
    oidc_modules: PathBuf,
    generators: Result<Generators>,
}

/// What makes clients from the document of the contract, and compiles them.
struct Generators {
    python: PathBuf,
    modules: PathBuf,
}

/// Where Debian keeps the library by which a client for Kotlin reads JSON.
const GSON: &str = "/usr/share/java/gson.jar";

impl Clients {
    /// Tells a test run: `TEST_PYTHON_BIN`, `TEST_NODE_BIN`, and the files from which modules are found: `TEST_NODE_MODULES`,
    /// `TEST_OIDC_MODULES`.
    pub fn point_to(&self, command: &mut Command) {
        command
            .env("TEST_PYTHON_BIN", &self.python)
            .env("TEST_NODE_BIN", &self.node)
            .env("TEST_NODE_MODULES", &self.node_modules)
            .env("TEST_OIDC_MODULES", &self.oidc_modules);
        match &self.generators {
            Ok(generators) => {
                command
                    .env("TEST_GENERATORS_PYTHON_BIN", &generators.python)
                    .env("TEST_GENERATORS_MODULES", &generators.modules)
                    .env("TEST_GSON_JAR", GSON);
            }
            Err(error) => eprintln!("xtask: {error:#}\nxtask: going on; the test of generated clients will fail"),
        }
    }
}

/// Finds both, or fetches them.
pub fn arrange(tools: &Tools) -> Result<Clients> {
    let (pinned, place) = (
        tools.root.join("tests/consumers"),
        tools.root.join("target/tools/consumers"),
    );
    let (node, node_modules) = node(tools, &pinned, &place.join("node")).context("no NATS client for Node.js")?;
    let (pinned_oidc, place_of_oidc) = (tools.root.join("tests/oidc"), tools.root.join("target/tools/oidc"));
    let (_, oidc_modules) = self::node(tools, &pinned_oidc, &place_of_oidc).context("no OpenID provider")?;
    let python = python(tools, &pinned, &place.join("python")).context("no NATS client for Python")?;
    Ok(Clients {
        python,
        node,
        node_modules,
        oidc_modules,
        generators: generators(tools).context("no generators of clients"),
    })
}

fn generators(tools: &Tools) -> Result<Generators> {
    let (pinned, place) = (
        tools.root.join("tests/generated"),
        tools.root.join("target/tools/generated"),
    );
    let java = tools.on_path("javac").is_none().then_some("default-jdk-headless");
    let gson = (!Path::new(GSON).exists()).then_some("libgoogle-gson-java");
    let missing: Vec<_> = java.into_iter().chain(gson).collect();
    if !missing.is_empty() {
        eprintln!("xtask: installing Java");
        tools.install(&missing)?;
    }
    let (_, modules) = node(tools, &pinned, &place.join("node"))?;
    let python = python(tools, &pinned, &place.join("python"))?;
    Ok(Generators { python, modules })
}

pub fn python(tools: &Tools, pinned: &Path, place: &Path) -> Result<PathBuf> {
    let (list, installed) = (pinned.join("requirements.txt"), place.join("requirements.txt"));
    let program = place.join("bin/python");
    if is_same(&list, &installed)? {
        return Ok(program);
    }
    eprintln!("xtask: fetching what {} pins into target/tools", list.display());
    let environment = || {
        let mut make = Command::new("python3");
        tools.fetch("python3 -m venv", make.args(["-m", "venv", "--clear"]).arg(place))
    };
    if environment().is_err() {
        tools.interruption.check()?;
        tools.install(&["python3-venv"])?;
        environment()?;
    }
    let mut install = Command::new(&program);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    install
        .args(["--only-binary=:all:", "--require-hashes", "--requirement"])
        .arg(&list);
    tools.fetch("pip install", &mut install)?;
    keep(&list, &installed)?;
    Ok(program)
}

/// The program, and the file from which it finds the modules.
fn node(tools: &Tools, pinned: &Path, place: &Path) -> Result<(PathBuf, PathBuf)> {
    if tools.on_path("node").is_none() || tools.on_path("npm").is_none() {
        eprintln!("xtask: installing Node.js");
        tools.install(&["nodejs", "npm"])?;
    }
    let program = tools
        .on_path("node")
        .context("the package nodejs brought no program node")?;
    let (package, list) = (place.join("package.json"), pinned.join("package-lock.json"));
    // Written behind what it stands for: an installation that broke off is done again.
    let installed = place.join("installed.json");
    if is_same(&list, &installed)? {
        return Ok((program, package));
    }
    eprintln!("xtask: fetching what {} pins into target/tools", list.display());
    fs::create_dir_all(place).with_context(|| format!("creating {}", place.display()))?;
    keep(&pinned.join("package.json"), &package)?;
    keep(&list, &place.join("package-lock.json"))?;
    let mut install = Command::new("npm");
    install.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]);
    tools.fetch("npm ci", install.current_dir(place))?;
    keep(&list, &installed)?;
    Ok((program, package))
}

fn is_same(wanted: &Path, installed: &Path) -> Result<bool> {
    let wanted = fs::read(wanted).with_context(|| format!("reading {}", wanted.display()))?;
    Ok(fs::read(installed).is_ok_and(|installed| installed == wanted))
}

fn keep(file: &Path, copy: &Path) -> Result<()> {
    fs::copy(file, copy).with_context(|| format!("copying {} to {}", file.display(), copy.display()))?;
    Ok(())
}
