//! What an operator is told of settings that cannot be used, and how the program writes.

use std::process::Stdio;

use registry_tests::Installation;
use serde_json::Value;

/// What a command says when it is started with these variables, which must make it fail.
fn refusal(variables: &[(&str, &str)], arguments: &[&str]) -> String {
    let installation = Installation::new();
    let mut command = installation.command(arguments);
    let output = command
        .envs(variables.iter().copied())
        .output()
        .expect("the program starts");
    assert_eq!(output.status.code(), Some(1), "{variables:?}");
    String::from_utf8(output.stderr).expect("it writes text")
}

#[test]
fn a_wrong_setting_is_told_with_its_variable_its_value_and_what_it_must_be() {
    for (variable, value, form) in [
        (
            "REGISTRY_LISTEN",
            "localhost:8080",
            "an IP address and a port, such as 127.0.0.1:8080",
        ),
        ("REGISTRY_NATS_REPLICAS", "2", "1, 3 or 5"),
        ("REGISTRY_NATS_REPLICAS", "three", "1, 3 or 5"),
        ("REGISTRY_SENDER_MODE", "on", "off, observe or enforce"),
        (
            "REGISTRY_TRUSTED_PROXIES",
            "10.0.0.0/8,proxy",
            "addresses or networks with commas between",
        ),
        ("REGISTRY_BATCH_LENGTH_MAX", "-1", "1 to 1000"),
        ("REGISTRY_STOP_SECONDS", "1.5", "1 to 3600"),
        (
            "REGISTRY_DATABASE_PASSWORD_FILE",
            "nope",
            "the path of a file that can be read: nope cannot be read",
        ),
        (
            "REGISTRY_NATS_CREDENTIALS_FILE",
            "nope",
            "the path of a file that can be read",
        ),
        (
            "REGISTRY_NATS_CREDENTIALS_FILE",
            "/",
            "the path of a file that can be read: / is a directory",
        ),
        ("REGISTRY_PUBLIC_URL", "ftp://x", "the URL of this installation"),
        ("REGISTRY_LOG", "a=b=c", "directives of tracing"),
        ("REGISTRY_LOG_FORMAT", "1", "json or pretty"),
    ] {
        let told = refusal(&[(variable, value)], &["tenant", "list"]);
        assert!(
            told.starts_with(&format!("registry: {variable} is {value:?}, and must be {form}")),
            "{told}"
        );
        assert_eq!(told.lines().count(), 1, "{told}");
    }
    let told = refusal(&[("REGISTRY_LISEN", "x")], &["tenant", "list"]);
    assert_eq!(told, "registry: REGISTRY_LISEN is no setting\n");
}

/// Also where the URL of the database is what the password is for.
#[test]
fn a_wrong_password_file_is_not_told_as_a_wrong_url() {
    let url = ("DATABASE_URL", "postgres://registry@127.0.0.1:1/registry");
    let told = refusal(&[url, ("REGISTRY_DATABASE_PASSWORD_FILE", "nope")], &["tenant", "list"]);
    assert!(
        told.starts_with("registry: REGISTRY_DATABASE_PASSWORD_FILE is \"nope\""),
        "{told}"
    );
}

/// As behind `| head -1`: what nobody reads is not written, and that is no panic and no complaint.
#[test]
fn a_command_whose_answer_nobody_reads_ends_without_a_word() {
    let installation = Installation::new();
    let (_, slug, _key) = installation.create_tenant();
    let slug = slug.as_str();
    for arguments in [
        &["tenant", "list"][..],
        &["tenant", "list", "--json"],
        &["tenant", "settings", "--tenant", slug],
        &["key", "list", "--tenant", slug],
        &["key", "create", "--tenant", slug, "--name", "unread", "--all-scopes"],
        &["verify"],
        &["rebuild", "--check"],
        &["migrate"],
        &["openapi"],
        &["asyncapi"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = installation.command(arguments);
        let child = command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
        drop(command);
        let output = child.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), told.as_str()), (Some(141), ""), "{arguments:?}");
    }
    // What was done before there was something to say is done.
    assert!(
        installation
            .print(&["key", "list", "--tenant", slug])
            .contains("unread")
    );
    // That nobody reads the remarks keeps no command from its work.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = installation.command(&["tenant", "settings", "--tenant", "no-such"]);
    assert_eq!(command.stderr(writer).output().unwrap().status.code(), Some(1));
}

#[test]
fn what_may_hold_a_password_is_not_shown() {
    for (variable, value) in [
        ("DATABASE_URL", "mysql://registry:hunter2@db"),
        ("REGISTRY_DATABASE_URL", "hunter2"),
        ("NATS_URL", "http://registry:hunter2@nats"),
        ("REGISTRY_NATS_URL", "nats://registry:hunter2@:x"),
    ] {
        let told = refusal(&[(variable, value)], &["tenant", "list"]);
        assert!(told.starts_with(&format!("registry: {variable} must be ")), "{told}");
        assert!(!told.contains("hunter2"), "{told}");
    }
}

#[test]
fn lists_are_written_with_commas_and_empty_variables_are_none() {
    let installation = Installation::new()
        .with("REGISTRY_TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.7")
        .with("REGISTRY_SENDER_NETWORKS", "[\"192.0.2.0/24\"]")
        .with("REGISTRY_DATABASE_PASSWORD_FILE", "")
        .with("REGISTRY_DATABASE_URL", "")
        .with("DATABASE_URL", "")
        .with("NATS_URL", "")
        .with("REGISTRY_NATS_CREDENTIALS_FILE", "")
        .with("REGISTRY_MASTER_KEY_FILE", "")
        .with("REGISTRY_PUBLIC_URL", "")
        .with("REGISTRY_NATS_REPLICAS", "")
        .with("REGISTRY_LOG", "")
        .with("REGISTRY_CONFIG", "");
    installation.create_tenant();
    assert!(installation.database().exists(), "where it is without any setting");
}

#[test]
fn a_port_in_use_names_the_setting() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let told = refusal(&[("REGISTRY_LISTEN", &address)], &["serve"]);
    let reason = told.lines().last().unwrap();
    assert!(
        reason.contains("REGISTRY_LISTEN") && reason.contains(&address),
        "{told}"
    );
}

#[test]
fn what_is_no_terminal_gets_no_escape_codes() {
    let mut installation = Installation::new();
    installation.create_tenant();
    for (variable, value) in [("REGISTRY_LOG_FORMAT", "pretty"), ("REGISTRY_LOG_FORMAT", "json")] {
        let process = installation.serve_with(variable, value);
        let log = process.log().to_owned();
        assert!(process.terminate().success());
        let log = std::fs::read(log).unwrap();
        assert!(
            !log.is_empty() && !log.contains(&0x1b),
            "{}",
            String::from_utf8_lossy(&log)
        );
    }
}

#[test]
fn postgresql_without_key_files_names_the_settings() {
    let url = "postgres://registry@127.0.0.1:1/registry";
    let told = refusal(&[("DATABASE_URL", url)], &["serve"]);
    for setting in ["REGISTRY_MASTER_KEY_FILE", "REGISTRY_CALLBACK_KEYS_FILE"] {
        assert!(told.contains(setting), "{told}");
    }
}

#[test]
fn lists_are_printed_as_json_too() {
    let installation = Installation::new();
    let (id, slug, _key) = installation.create_tenant();
    let slug = slug.as_str();
    let read = |arguments: &[&str]| -> Value { serde_json::from_str(&installation.print(arguments)).unwrap() };
    let tenants = read(&["tenant", "list", "--json"]);
    assert_eq!(tenants.as_array().unwrap().len(), 1);
    assert_eq!(tenants[0]["id"], id.to_string());
    assert_eq!(
        (&tenants[0]["slug"], &tenants[0]["state"]),
        (&slug.into(), &"active".into())
    );
    assert_eq!(tenants[0]["events"], 2);
    let keys = read(&["key", "list", "--tenant", slug, "--json"]);
    assert_eq!(keys.as_array().unwrap().len(), 1);
    assert_eq!(
        (&keys[0]["name"], &keys[0]["state"]),
        (&"test".into(), &"usable".into())
    );
    assert!(keys[0]["scopes"].as_array().unwrap().contains(&"merchants:read".into()));
    assert_eq!(keys[0]["revoked_at"], Value::Null);
}
