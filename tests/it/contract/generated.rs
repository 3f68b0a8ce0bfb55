//! Clients that generators make from the document, each of which reads a feed that has everything in it.

use std::collections::BTreeSet;
use std::process::Stdio;

use registry_tests::TestApp;
use registry_tests::api::{events_of, text_of};
use registry_tests::settings::{repository, settings};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::visit;

/// Fewer would say little.
const TYPES_AT_LEAST: usize = 40;

/// What a client makes of each event of a page.
async fn read(client: &str, page: &Value) -> Vec<String> {
    let directory = TempDir::with_prefix(format!("{client}-")).expect("a temporary directory can be made");
    let feed = directory.path().join("feed.json");
    std::fs::write(&feed, page.to_string()).expect("the feed can be written");
    let task = json!({
        "client": client,
        "document": repository().join("openapi/registry.json"),
        "feed": feed,
        "directory": directory.path(),
        "modules": settings().generators_modules(),
        "gson": settings().gson(),
    });
    let mut child = Command::new(settings().generators_python())
        .arg(repository().join("tests/generated/read.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("its input is piped");
    let task = task.to_string();
    stdin.write_all(task.as_bytes()).await.expect("it reads its task");
    drop(stdin);
    let done = child.wait_with_output().await.expect("it ends");
    assert!(done.status.success(), "the client {client} reads the feed");
    serde_json::from_slice(&done.stdout).expect("it prints what it read")
}

/// `review.changed` is a `ReviewChangedEvent`.
fn class(event: &Value) -> String {
    let words = text_of(event, "type").split(['.', '_']);
    let words = words.map(|word| word[..1].to_ascii_uppercase() + &word[1..]);
    words.collect::<String>() + "Event"
}

/// Languages whose values have no class: the type, and a field that only one of the types has.
fn told_apart(event: &Value) -> String {
    let told = text_of(event, "type");
    if told == "review.changed" {
        format!("{told}:{}", text_of(&event["data"], "verification"))
    } else {
        told.to_owned()
    }
}

#[tokio::test]
async fn clients_made_by_generators_read_a_feed() {
    let app = TestApp::start().await;
    visit(&app).await;
    let page = app.tenant.api.get("/v1/events?limit=500").await.expect(200);
    let events = events_of(&page);
    let types: BTreeSet<_> = events.iter().map(|event| text_of(event, "type")).collect();
    assert!(
        types.len() >= TYPES_AT_LEAST && types.contains("review.changed"),
        "{types:?}"
    );
    let (classes, words): (Vec<_>, Vec<_>) = events.iter().map(|event| (class(event), told_apart(event))).unzip();
    app.finish().await;
    // Compilers take their time, and most of it one processor.
    let with_classes = async {
        for client in ["kotlin", "openapi-python-client"] {
            assert_eq!(read(client, &page).await, classes, "{client}");
        }
    };
    let with_types = async {
        for client in ["typescript-fetch", "openapi-typescript"] {
            assert_eq!(read(client, &page).await, words, "{client}");
        }
        assert_eq!(read("java", &page).await, classes, "java");
    };
    tokio::join!(with_classes, with_types);
}
