//! Every page of the console in every state, in a browser: wide and narrow, in both languages, light and dark.

use std::fmt::Write;
use std::net::Ipv4Addr;
use std::path::Path;

use registry_console::samples::{self, Part};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::chromium::{Browser, Screen};

/// As many merchants must be seen at once on a screen of 1280 × 800.
const ROWS_SEEN: u64 = 20;

/// What is to be told of a page: axe's findings that keep people out, by all of its rules or by some.
const AXE: &str = r#"
const [rules, done] = arguments;
axe.run(document, { resultTypes: ["violations"], ...(rules && { runOnly: rules }) }).then(
  (found) => done(found.violations
    .filter((it) => it.impact === "serious" || it.impact === "critical")
    .map((it) => `${it.id}: ${it.nodes.map((node) => node.target.join(" ")).slice(0, 3).join(", ")}`)),
  (error) => done([String(error)]),
);
"#;

/// Switches the light off. What changes its colour slowly has changed it.
const DARK: &str = r#"
document.documentElement.dataset.theme = "dark";
for (const change of document.getAnimations()) change.finish();
"#;

/// The rules that look at colours, which is all that the dark changes.
const COLOURS: [&str; 2] = ["color-contrast", "link-in-text-block"];

/// How many rows of the list lie on the screen, whole.
const ROWS: &str = r#"
const box = document.querySelector(".scroll").getBoundingClientRect();
return [...document.querySelectorAll(".scroll tbody tr")]
  .map((row) => row.getBoundingClientRect())
  .filter((row) => row.top >= box.top && row.bottom <= Math.min(box.bottom, innerHeight)).length;
"#;

/// The pages that README shows, and under which names. `cargo xtask pictures` puts them there.
const PICTURES: [(&str, &str); 4] = [
    ("ko/light/home", "home.png"),
    ("ko/light/merchants", "merchants.png"),
    ("en/light/merchant", "merchant.png"),
    ("en/dark/quarantine", "quarantine.png"),
];

/// Where they lie until then.
const TAKEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/pictures");

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

async fn look_at(
    part: Part,
    screen: Screen,
    (language, theme): (&str, &str),
    look: impl AsyncFn(&Browser, &str) -> Vec<String>,
) {
    assert!(samples::LOOKS.contains(&(language, theme)), "such pages are there");
    let base = serve().await;
    let browser = Browser::on(screen, true).await;
    let mut wrong = String::new();
    for name in samples::names(part) {
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
    browser.close().await;
    assert!(wrong.is_empty(), "{wrong}");
}

/// Looks at pages with the eyes of those who use no eyes, and of those who see little, in the light and in the dark.
async fn expect_usable(part: Part, language: &str) {
    let axe = axe();
    look_at(part, Screen::Wide, (language, "light"), async |browser, _| {
        browser.run(&axe).await;
        let mut faults = found_by_axe(browser, Value::Null).await;
        browser.run(DARK).await;
        let in_the_dark = found_by_axe(browser, json!({ "type": "rule", "values": COLOURS })).await;
        faults.extend(in_the_dark.iter().map(|fault| format!("in the dark: {fault}")));
        faults
    })
    .await;
}

async fn found_by_axe(browser: &Browser, rules: Value) -> Vec<String> {
    let found = browser.client.execute_async(AXE, vec![rules]).await.expect("axe looks");
    let found = found.as_array().cloned().unwrap_or_default();
    found.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Looks at pages on a telephone. Colours take no room.
async fn expect_fitting(part: Part, language: &str) {
    look_at(part, Screen::Narrow, (language, "light"), async |browser, _| {
        let width = browser.run("return document.documentElement.scrollWidth").await;
        let is_wider = width.as_u64().is_none_or(|width| width > 375);
        is_wider.then(|| format!("it is {width} wide")).into_iter().collect()
    })
    .await;
}

/// Tests for each part of the pages: they run beside each other, where all at once would take longer than any other test.
macro_rules! of_each_part {
    ($($part:ident $name:ident)*) => {
        $(mod $name {
            use registry_console::samples::Part;

            use super::{expect_fitting, expect_usable};

            #[tokio::test]
            async fn can_be_used_by_everybody_in_korean() {
                expect_usable(Part::$part, "ko").await;
            }

            #[tokio::test]
            async fn can_be_used_by_everybody_in_english() {
                expect_usable(Part::$part, "en").await;
            }

            #[tokio::test]
            async fn fits_on_a_telephone_in_korean() {
                expect_fitting(Part::$part, "ko").await;
            }

            #[tokio::test]
            async fn fits_on_a_telephone_in_english() {
                expect_fitting(Part::$part, "en").await;
            }
        })*

        #[test]
        fn each_part_has_its_tests() {
            assert_eq!(Part::ALL, [$(Part::$part),*]);
        }
    };
}

of_each_part! {
    Desk desk
    Work work
    Office office
}

#[tokio::test]
async fn twenty_merchants_are_seen_at_once() {
    let base = serve().await;
    let browser = Browser::open().await;
    let size = browser.run("return [innerWidth, innerHeight]").await;
    assert_eq!(size, json!([1280, 800]), "the window is as it should be");
    browser
        .client
        .goto(&format!("{base}/ko/light/merchants"))
        .await
        .expect("the page opens");
    let rows = browser.run(ROWS).await.as_u64().unwrap_or_default();
    assert!(rows >= ROWS_SEEN, "only {rows} rows are seen");
    browser.close().await;
}

/// What of a page would come out of a printer and should not, and whether what should does.
const PAPER: &str = r#"
const seen = (selector) => [...document.querySelectorAll(selector)].filter((it) => it.checkVisibility());
const wrong = [];
for (const selector of [".bar", ".side", "form", "button", "textarea", "input"]) {
  if (seen(selector).length) wrong.push(`${selector} is printed`);
}
if (seen("h1").length !== 1) wrong.push("there is no title");
if (!seen(".printed")[0]?.innerText.includes("KST")) wrong.push("it does not say whose it is and of when");
if (document.querySelector("table.t") && !seen("table.t tbody td").length) wrong.push("the table is not printed");
const ground = getComputedStyle(document.querySelector("main table, main .panel")).color;
if (ground !== "rgb(21, 25, 32)") wrong.push(`ink is ${ground}`);
return wrong;
"#;

#[tokio::test]
async fn pages_are_printed_without_what_only_a_screen_is_for() {
    let base = serve().await;
    let browser = Browser::open().await;
    browser.print().await;
    for name in [
        "merchants",
        "merchant",
        "quarantine",
        "people",
        "keys",
        "audit",
        "health",
        "ageing",
        "funnel",
    ] {
        browser
            .client
            .goto(&format!("{base}/ko/dark/{name}"))
            .await
            .expect("the page opens");
        assert_eq!(browser.run(PAPER).await, json!([]), "{name}");
    }
    browser.close().await;
}

#[tokio::test]
async fn pictures_are_taken_for_readme() {
    let base = serve().await;
    let browser = Browser::open().await;
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
    let readme = std::fs::read_to_string(readme).expect("there is a README");
    std::fs::create_dir_all(TAKEN).expect("a directory can be made");
    for (page, name) in PICTURES {
        browser
            .client
            .goto(&format!("{base}/{page}"))
            .await
            .expect("the page opens");
        browser.run("return document.fonts.ready.then(() => null)").await;
        let picture = browser.client.screenshot().await.expect("a picture is taken");
        std::fs::write(Path::new(TAKEN).join(name), picture).expect("it is kept");
        assert!(
            readme.contains(&format!("libs/registry-console/pictures/{name}")),
            "README shows {name}"
        );
    }
    browser.close().await;
}
