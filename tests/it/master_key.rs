//! The wrong keys and the wrong directory: noticed by every command, before anything is done; and who can read the files.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use registry_tests::callback::send_taken;
use registry_tests::tenant::random;
use registry_tests::{Installation, TestSandbox, write_key};
use rustix::fs::Mode;
use rustix::process::umask;
use sqlx::{AssertSqlSafe, Connection};

/// Every command that works with what is there.
const COMMANDS: [&[&str]; 13] = [
    &["verify"],
    &["rebuild"],
    &["rebuild", "--check"],
    &["tenant", "list"],
    &["tenant", "suspend", "--tenant", "acme"],
    &["tenant", "resume", "--tenant", "acme"],
    &["tenant", "settings", "--tenant", "acme"],
    &["tenant", "callback-url", "--tenant", "acme"],
    &[
        "tenant",
        "upstream",
        "--tenant",
        "acme",
        "--url",
        "http://127.0.0.1:1",
        "--api-key-file",
        "/dev/null",
    ],
    &["key", "list", "--tenant", "acme"],
    &["key", "create", "--tenant", "acme", "--name", "n", "--all-scopes"],
    &[
        "key",
        "revoke",
        "--tenant",
        "acme",
        "--key",
        "key_01a2023073cb73198848af4b0997f4cd",
    ],
    &[
        "copy",
        "--from",
        "sqlite:///nonexistent/registry.db",
        "--to",
        "sqlite:///nonexistent/other.db",
    ],
];

/// Those that may make an installation.
const FOUNDERS: [&[&str]; 3] = [
    &["serve"],
    &["registry-dev", "--json"],
    &["tenant", "create", "--slug", "other", "--name", "Other"],
];

fn refusal(installation: &Installation, arguments: &[&str]) -> String {
    let output = match arguments {
        ["registry-dev", arguments @ ..] => installation.run_dev(arguments),
        arguments => installation.run(arguments),
    };
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {error}");
    error
}

fn key_files(directory: &Path) -> [String; 2] {
    let path = |name: &str| directory.join(name).to_str().expect("a path is text").to_owned();
    [path("keys/master.key"), path("keys/callback.keys")]
}

/// Another master key, at the same place. Returns the right one.
fn exchange(installation: &Installation) -> String {
    let [master, _] = key_files(installation.data_dir());
    let right = fs::read_to_string(&master).expect("a key");
    let wrong = random(64);
    registry_tests::logs::secret(&wrong);
    write_key(Path::new(&master), &wrong);
    right
}

async fn execute(installation: &Installation, statement: &'static str) {
    let file = format!("sqlite://{}", installation.database().display());
    let mut connection = sqlx::SqliteConnection::connect(&file).await.expect("the file opens");
    let done = sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await;
    done.expect("a row can be changed");
    connection.close().await.expect("the file can be closed");
}

/// With another master key no command does anything but name its file; `verify` says of the right one that it is.
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_master_key_is_refused_by_every_command() {
    let sandbox = TestSandbox::start().await;
    let mut installation = Installation::new();
    let (process, tenant) = installation.serve_tenant(&sandbox);
    let merchant = tenant.register("acad-1", "store-1").await;
    tenant.issue_link(&merchant).await;
    let url = sandbox.mapping("acad-1", "store-1").await.callback_url;
    send_taken(
        &url,
        registry_tests::callback::mapping("acad-1", "store-1", "P", None).to_string(),
    )
    .await;
    assert!(process.terminate().success());
    let [file, _] = key_files(installation.data_dir());
    assert!(
        installation
            .print(&["verify"])
            .contains(&format!("the master key in {file} is that of this installation"))
    );

    let database = format!("sqlite://{}", installation.database().display());
    let copy = ["copy", "--from", &database, "--to", "sqlite:///nonexistent/other.db"];
    let commands = COMMANDS.iter().filter(|command| command[0] != "copy").chain(&FOUNDERS);
    let commands: Vec<&[&str]> = commands.copied().chain([copy.as_slice()]).collect();
    // With the check value that was written when it was made, and as one from before there was any.
    for statement in ["SELECT 1", "DELETE FROM installation"] {
        let right = exchange(&installation);
        execute(&installation, statement).await;
        for command in &commands {
            let told = refusal(&installation, command);
            assert!(
                told.contains(&file) && told.contains("is not the one"),
                "{command:?}: {told}"
            );
        }
        write_key(Path::new(&file), right.trim());
        assert!(installation.print(&["verify"]).contains("the chain is whole"));
    }
    // From now on the value is there again.
    exchange(&installation);
    assert!(refusal(&installation, &["tenant", "list"]).contains("is not the one"));
}

/// Where no installation is, commands that work with one say so and leave nothing behind; where only a schema is, too.
#[tokio::test(flavor = "multi_thread")]
async fn only_founders_found() {
    for command in COMMANDS {
        let installation = Installation::new();
        let below = installation.data_dir().join("a").join("b");
        let below = below.to_str().expect("a path is text").to_owned();
        let installation = installation.with("REGISTRY_DATA_DIR", &below);
        let told = refusal(&installation, command);
        assert!(told.contains("there is no installation in"), "{command:?}: {told}");
        let left: Vec<_> = fs::read_dir(installation.data_dir()).expect("it is there").collect();
        assert!(left.is_empty(), "{command:?} left {left:?}");
    }
    let installation = Installation::new();
    installation.print(&["migrate"]);
    let [master, callbacks] = key_files(installation.data_dir());
    for command in COMMANDS.iter().filter(|command| command[0] != "copy") {
        refusal(&installation, command);
        assert!(!Path::new(&master).exists(), "{command:?} made a key");
    }
    // Nothing was ever sealed: whoever may make an installation makes its keys.
    installation.print(&["tenant", "create", "--slug", "acme", "--name", "Acme"]);
    assert!(Path::new(&master).exists() && Path::new(&callbacks).exists());
    assert!(installation.print(&["tenant", "list"]).contains("acme"));
    // Once something is there, a lost key is not made anew.
    fs::remove_file(&master).expect("a file can be removed");
    let told = refusal(&installation, &["serve"]);
    assert!(told.contains("cannot be read"), "{told}");
    assert!(!Path::new(&master).exists());
}

/// With other callback keys nothing runs but names their file; and keys are exchanged as infra/README.md says.
#[tokio::test(flavor = "multi_thread")]
async fn wrong_callback_keys_are_refused_and_new_ones_taken() {
    let sandbox = TestSandbox::start().await;
    let mut installation = Installation::new();
    let (process, tenant) = installation.serve_tenant(&sandbox);
    let merchant = tenant.register("acad-1", "store-1").await;
    tenant.issue_link(&merchant).await;
    let url = sandbox.mapping("acad-1", "store-1").await.callback_url;
    let body = |letter| registry_tests::callback::mapping("acad-1", "store-1", letter, None).to_string();
    send_taken(&url, body("W")).await;
    assert!(process.terminate().success());
    let [_, file] = key_files(installation.data_dir());
    let key = || {
        let key = random(64);
        registry_tests::logs::secret(&key);
        key
    };
    let ours = fs::read_to_string(&file).expect("keys").trim().to_owned();
    let (other, new) = (key(), key());
    let refuse = |installation: &Installation, keys: &str, reason: &str| {
        write_key(Path::new(&file), keys);
        for command in COMMANDS.iter().filter(|command| command[0] != "copy").chain(&FOUNDERS) {
            let told = refusal(installation, command);
            assert!(told.contains(&file) && told.contains(reason), "{command:?}: {told}");
        }
    };
    // One that is another, and one that has nothing to do with the installation.
    refuse(&installation, &format!("1 {other}"), "callback key 1 in");
    refuse(&installation, &format!("7 {other}"), "lacks callback key 1");
    // A new one above the old one; whoever has only the old one does not know what the others sign with.
    write_key(Path::new(&file), &format!("2 {new}\n{ours}"));
    let process = installation.serve();
    let tenant = tenant.reconnected();
    send_taken(&url, body("P")).await;
    assert!(process.terminate().success());
    refuse(&installation, &ours, "lacks callback key 2");
    refuse(&installation, &format!("2 {other}\n{ours}"), "callback key 2 in");
    // The old one goes.
    write_key(Path::new(&file), &format!("2 {new}"));
    let process = installation.serve();
    let merchant = tenant.register("acad-1", "store-2").await;
    tenant.issue_link(&merchant).await;
    let url = sandbox.mapping("acad-1", "store-2").await.callback_url;
    send_taken(
        &url,
        registry_tests::callback::mapping("acad-1", "store-2", "W", None).to_string(),
    )
    .await;
    assert!(process.terminate().success());
}

/// What is no installation is looked at and left as it is.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_somebody_else_is_not_written_to() {
    let installation = Installation::new();
    let database = installation.database();
    let other = async {
        let options = sqlx::sqlite::SqliteConnectOptions::new()
            .filename(&database)
            .create_if_missing(true);
        let mut connection = sqlx::SqliteConnection::connect_with(&options)
            .await
            .expect("a file is made");
        let made = sqlx::raw_sql("CREATE TABLE notes (note TEXT)")
            .execute(&mut connection)
            .await;
        made.expect("a table is made");
        connection.close().await.expect("it can be closed");
        fs::read(&database).expect("it is there")
    };
    fs::write(&database, []).expect("a file can be written");
    for content in [Vec::new(), other.await] {
        fs::write(&database, &content).expect("a file can be written");
        for command in COMMANDS.iter().filter(|command| command[0] != "copy") {
            let told = refusal(&installation, command);
            assert!(told.contains("has no schema yet"), "{command:?}: {told}");
            assert_eq!(fs::read(&database).expect("it is there"), content, "{command:?}");
            let left: Vec<_> = fs::read_dir(installation.data_dir()).expect("it is there").collect();
            assert_eq!(left.len(), 1, "{command:?} left {left:?}");
        }
    }
}

fn mode_of(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

/// Whatever the umask is, what the program makes is for its owner alone; and what an older version left open is closed.
#[tokio::test(flavor = "multi_thread")]
async fn files_are_for_their_owner_alone() {
    let place = Installation::new();
    let data = place.data_dir().join("data");
    let mut installation = Installation::new().with("REGISTRY_DATA_DIR", data.to_str().expect("a path is text"));
    let mut create = installation.command(&["tenant", "create", "--slug", "acme", "--name", "Acme"]);
    let before = umask(Mode::empty());
    let created = create.output();
    umask(before);
    assert!(created.expect("it runs").status.success());
    for name in ["registry.db", "registry.migrate.lock"] {
        fs::set_permissions(data.join(name), Permissions::from_mode(0o644)).expect("a mode can be set");
    }
    let process = installation.serve();
    let mut seen = 0;
    for directory in [data.clone(), data.join("keys")] {
        assert_eq!(mode_of(&directory), 0o700, "{}", directory.display());
        for file in fs::read_dir(&directory).expect("it is there") {
            let path = file.expect("it can be listed").path();
            if path.is_file() {
                assert_eq!(mode_of(&path), 0o600, "{}", path.display());
                seen += 1;
            }
        }
    }
    // The database with what SQLite keeps beside it, two locks, two keys.
    assert_eq!(seen, 7);
    assert!(process.terminate().success());
}

/// A key that others can read is refused, and the message says what to do.
#[test]
fn a_key_that_others_can_read_is_refused() {
    let installation = Installation::new();
    installation.print(&["tenant", "create", "--slug", "acme", "--name", "Acme"]);
    for file in key_files(installation.data_dir()) {
        for mode in [0o644, 0o640, 0o604] {
            fs::set_permissions(&file, Permissions::from_mode(mode)).expect("a mode can be set");
            for command in [["serve"].as_slice(), &["verify"]] {
                let told = refusal(&installation, command);
                assert!(told.contains(&format!("run: chmod 600 {file}")), "{told}");
            }
        }
        fs::set_permissions(&file, Permissions::from_mode(0o400)).expect("a mode can be set");
        installation.print(&["verify"]);
    }
    let password = installation.data_dir().join("password");
    fs::write(&password, "secret").expect("a file can be written");
    fs::set_permissions(&password, Permissions::from_mode(0o644)).expect("a mode can be set");
    let password = password.to_str().expect("a path is text");
    let on_server = Installation::new()
        .with("DATABASE_URL", "postgres://somebody@127.0.0.1:1/registry")
        .with("REGISTRY_DATABASE_PASSWORD_FILE", password);
    let told = refusal(&on_server, &["verify"]);
    assert!(told.contains(&format!("run: chmod 600 {password}")), "{told}");
}

/// The base URL is shown in many places: nothing secret may stand in it.
#[test]
fn a_base_url_holds_no_secret() {
    let installation = Installation::new();
    installation.print(&["tenant", "create", "--slug", "acme", "--name", "Acme"]);
    let key = installation.data_dir().join("upstream.key");
    write_key(&key, &random(32));
    let key = key.to_str().expect("a path is text");
    for url in [
        "https://user:hidden@example.com/",
        "https://user@example.com/",
        "https://:hidden@example.com/",
        "https://example.com/?key=hidden",
    ] {
        let told = refusal(
            &installation,
            &[
                "tenant",
                "upstream",
                "--tenant",
                "acme",
                "--url",
                url,
                "--api-key-file",
                key,
            ],
        );
        assert!(told.contains("the upstream URL must"), "{told}");
        assert!(!told.contains("hidden"), "{told}");
    }
}
