//! The tables in README.md beside this file. Each stands between two markers, and a run puts its figures there by itself.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Context;
use registry_journal::Ambient;
use registry_tests::settings::repository;
use sqlx::{Connection, PgConnection};

use crate::installation::server_url;
use crate::report::{self, Figure};

/// What was measured, as it is typed behind `cargo xtask bench`.
pub(crate) struct Measured<'a> {
    /// The figure and the engine; its table is found by them.
    pub(crate) what: &'a str,
    /// All of it.
    pub(crate) typed: &'a str,
}

/// Whether there is a place for a table; else whoever measured would have done so for nothing.
pub(crate) fn expect_place(what: &str) -> anyhow::Result<()> {
    replaced(&read()?, what, "").map(drop)
}

fn file() -> PathBuf {
    repository().join("tests/bench/README.md")
}

fn read() -> anyhow::Result<String> {
    let file = file();
    fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))
}

/// Puts the table of what was measured in the place of its last one.
pub(crate) async fn write(measured: Measured<'_>, figures: &[Figure]) -> anyhow::Result<()> {
    let (file, document) = (file(), read()?);
    let table = format!(
        "{}\n\n{}",
        circumstances(measured.typed).await?,
        report::markdown(figures)
    );
    let document = replaced(&document, measured.what, &table)?;
    fs::write(&file, document).with_context(|| format!("writing {}", file.display()))
}

/// The document with another table between the markers.
fn replaced(document: &str, what: &str, table: &str) -> anyhow::Result<String> {
    let (begin, end) = (format!("<!-- bench {what} -->\n"), "<!-- end -->");
    let (before, rest) = document
        .split_once(&begin)
        .with_context(|| format!("the document has no {}", begin.trim_end()))?;
    let (_, after) = rest
        .split_once(end)
        .with_context(|| format!("nothing ends what begins with {}", begin.trim_end()))?;
    Ok(format!("{before}{begin}{table}{end}{after}"))
}

/// When, on what, with what.
async fn circumstances(typed: &str) -> anyhow::Result<String> {
    let date = Ambient::system().now().format("%Y-%m-%d");
    let commit = said("git", &["describe", "--always", "--dirty"]).unwrap_or_else(|| "no git".to_owned());
    let mut parts = vec![
        format!("`{typed}`, {date}"),
        machine(),
        format!("registry {} ({commit})", env!("CARGO_PKG_VERSION")),
    ];
    // Absent where a file is measured.
    if let Ok(url) = server_url() {
        let mut server = PgConnection::connect(url.as_str()).await?;
        let version: String = sqlx::query_scalar("SHOW server_version").fetch_one(&mut server).await?;
        server.close().await?;
        parts.push(format!("PostgreSQL {}", version.split(' ').next().unwrap_or_default()));
    }
    parts.extend(nats());
    Ok(parts.join("; "))
}

fn machine() -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let names = cpus
        .lines()
        .filter_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let names: Vec<_> = names.map(|(_, name)| name).collect();
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib = memory
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:")?.trim().split(' ').next());
    let gib = kib.and_then(|kib| kib.parse::<u64>().ok()).map_or(0, |kib| kib >> 20);
    format!(
        "{} × {}, {gib} GiB",
        names.len(),
        names.first().unwrap_or(&"unknown processor")
    )
}

/// The server that events are carried to, where there is one.
#[expect(clippy::disallowed_methods, reason = "where the program is, is told from outside")]
fn nats() -> Option<String> {
    std::env::var("NATS_URL").ok()?;
    let program = std::env::var("NATS_SERVER_BIN").ok()?;
    said(&program, &["--version"]).map(|version| version.replace(": v", " "))
}

fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(repository())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::replaced;

    #[test]
    fn a_table_takes_the_place_of_its_own() {
        let document =
            "a\n<!-- bench read -->\nold\n<!-- end -->\nb\n<!-- bench read --sqlite -->\nother\n<!-- end -->\n";
        let written = replaced(document, "read", "new\n").expect("it has its place");
        assert_eq!(written, document.replace("old", "new"));
        assert!(replaced(document, "list", "new\n").is_err());
        assert!(replaced("<!-- bench list -->\n", "list", "new\n").is_err());
    }
}
