//! Every page of the console in every state, in a browser: wide and narrow, in both languages, light and dark.

use std::fmt::Write;
use std::net::Ipv4Addr;

use registry_console::samples;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::chromium::{Browser, Screen};

/// As many merchants must be seen at once on a screen of 1280 × 800.
const ROWS_SEEN: u64 = 20;

/// What is to be told of a page: axe's findings that keep people out.
const AXE: &str = r#"
const done = arguments[arguments.length - 1];
axe.run(document, { resultTypes: ["violations"] }).then(
  (found) => done(found.violations
    .filter((it) => it.impact === "serious" || it.impact === "critical")
    .map((it) => `${it.id}: ${it.nodes.map((node) => node.target.join(" ")).slice(0, 3).join(", ")}`)),
  (error) => done([String(error)]),
);
"#;

/// How many rows of the list lie on the screen, whole.
const ROWS: &str = r#"
const box = document.querySelector(".scroll").getBoundingClientRect();
return [...document.querySelectorAll(".scroll tbody tr")]
  .map((row) => row.getBoundingClientRect())
  .filter((row) => row.top >= box.top && row.bottom <= Math.min(box.bottom, innerHeight)).length;
"#;

/// Serves the samples, on this machine only.
async fn serve() -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .expect("a port is free");
    let address = listener.local_addr().expect("it has an address");
    tokio::spawn(async move { axum::serve(listener, samples::router()).await });
    format!("http://{address}/console/samples")
}

/// The source of axe, as the lock file of the console names it.
fn axe() -> String {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../target/tools/console/node_modules/axe-core/axe.min.js"
    );
    std::fs::read_to_string(path).expect("the build of the console has fetched it")
}

async fn look_at_all(screen: Screen, look: impl AsyncFn(&Browser, &str) -> Vec<String>) {
    let base = serve().await;
    let browser = Browser::on(screen, true).await;
    let mut wrong = String::new();
    for (language, theme) in samples::LOOKS {
        for name in samples::names() {
            let page = format!("{language}/{theme}/{name}");
            browser
                .client
                .goto(&format!("{base}/{page}"))
                .await
                .expect("the page opens");
            let mut faults = look(&browser, name).await;
            faults.extend(browser.complaints().await);
            for fault in faults {
                writeln!(wrong, "{page}: {fault}").expect("a string takes everything");
            }
        }
    }
    browser.close().await;
    assert!(wrong.is_empty(), "{wrong}");
}

#[tokio::test]
async fn pages_can_be_used_by_everybody_and_break_no_rule_of_theirs() {
    let axe = axe();
    look_at_all(Screen::Wide, async |browser, _| {
        browser.run(&axe).await;
        let found = browser.client.execute_async(AXE, Vec::new()).await.expect("axe looks");
        let found = found.as_array().cloned().unwrap_or_default();
        found.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    })
    .await;
}

#[tokio::test]
async fn pages_fit_on_a_telephone() {
    look_at_all(Screen::Narrow, async |browser, _| {
        let width = browser.run("return document.documentElement.scrollWidth").await;
        let is_wider = width.as_u64().is_none_or(|width| width > 375);
        is_wider.then(|| format!("it is {width} wide")).into_iter().collect()
    })
    .await;
}

#[tokio::test]
async fn twenty_merchants_are_seen_at_once() {
    let base = serve().await;
    let browser = Browser::open().await;
    let size = browser.run("return [innerWidth, innerHeight]").await;
    assert_eq!(size, serde_json::json!([1280, 800]), "the window is as it should be");
    browser
        .client
        .goto(&format!("{base}/ko/light/merchants"))
        .await
        .expect("the page opens");
    let rows = browser.run(ROWS).await.as_u64().unwrap_or_default();
    assert!(rows >= ROWS_SEEN, "only {rows} rows are seen");
    browser.close().await;
}
