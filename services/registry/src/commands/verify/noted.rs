//! Ends of logs that somebody noted, by tenant.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context;
use registry_maintenance::verify::LogEnd;

/// The largest file of ends, in bytes: some 80 for each line.
const FILE_MAX_BYTES: u64 = 64 * 1024 * 1024;

/// The ends.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Noted(BTreeMap<String, Vec<LogEnd>>);

impl Noted {
    /// Reads a file. Empty lines and what begins with `#` say nothing.
    pub(super) fn read(file: &Path) -> anyhow::Result<Self> {
        let shown = file.display();
        let length = std::fs::metadata(file)
            .with_context(|| format!("{shown} cannot be read"))?
            .len();
        anyhow::ensure!(
            length <= FILE_MAX_BYTES,
            "{shown} is larger than {FILE_MAX_BYTES} bytes"
        );
        let text = std::fs::read_to_string(file).with_context(|| format!("{shown} cannot be read"))?;
        let noted = Self::parse(&text).with_context(|| format!("{shown} cannot be used"))?;
        // What is left of a command that failed would prove nothing, and look like a proof.
        anyhow::ensure!(!noted.0.is_empty(), "{shown} names no end");
        Ok(noted)
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let mut noted = Self::default();
        for (line, number) in text.lines().zip(1..) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (tenant, end) = line
                .split_once(char::is_whitespace)
                .with_context(|| format!("line {number} is not `<tenant> <seq>:<hash>`"))?;
            let end = end.trim().parse().with_context(|| format!("line {number}"))?;
            noted.0.entry(tenant.to_owned()).or_default().push(end);
        }
        Ok(noted)
    }

    pub(super) fn with(mut self, tenant: &str, ends: &[LogEnd]) -> Self {
        if !ends.is_empty() {
            self.0.entry(tenant.to_owned()).or_default().extend(ends);
        }
        self
    }

    pub(super) fn only(mut self, tenant: &str) -> Self {
        self.0.retain(|known, _| known == tenant);
        self
    }

    pub(super) fn of(&self, tenant: &str) -> &[LogEnd] {
        self.0.get(tenant).map_or(&[], Vec::as_slice)
    }

    pub(super) fn tenants(&self) -> BTreeSet<&str> {
        self.0.keys().map(String::as_str).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_one_end_on_each_line() {
        let hash = "0f".repeat(32);
        let noted = Noted::parse(&format!(
            "# of Monday\n\nacme 7:{hash}\nacme  9:{hash}\nother 1:{hash}\n"
        ))
        .unwrap();
        assert_eq!(noted.of("acme").len(), 2);
        assert_eq!(noted.tenants(), BTreeSet::from(["acme", "other"]));
        for text in ["acme", "acme 7", "acme 7:0f"] {
            let refused = Noted::parse(&format!("# first\n{text}")).unwrap_err();
            assert!(refused.to_string().contains("line 2"), "{refused}");
        }
    }
}
