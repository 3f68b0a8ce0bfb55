//! `cargo xtask holidays`: the table of Korea's public holidays, made anew. What computes them is Python's, lunar dates,
//! substitute days and elections included; infra/holidays pins it.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::consumers::python;
use crate::process::Interruption;
use crate::tools::{Given, Tools};

/// The first and the last year of the table.
const YEARS: (i32, i32) = (2018, 2036);

/// The file that is written.
const TABLE: &str = "libs/registry-domain/src/calendar/kr.rs";

/// Writes the table.
pub fn run(root: &Path, interruption: &Interruption) -> Result<ExitCode> {
    let given = &Given::default();
    let tools = &Tools {
        root,
        given,
        interruption,
    };
    let pinned = root.join("infra/holidays");
    let python = python(tools, &pinned, &root.join("target/tools/holidays")).context("no Python for holidays")?;
    let mut generate = Command::new(python);
    generate.arg(pinned.join("generate.py"));
    let output = generate.args([YEARS.0.to_string(), YEARS.1.to_string()]).output();
    let output = output.context("running infra/holidays/generate.py")?;
    if !output.status.success() {
        bail!(
            "infra/holidays/generate.py failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let lines = String::from_utf8(output.stdout).context("infra/holidays/generate.py wrote no UTF-8")?;
    let path = root.join(TABLE);
    fs::write(&path, table(&lines)?).with_context(|| format!("writing {}", path.display()))?;
    Ok(ExitCode::SUCCESS)
}

/// The table as a source file.
fn table(lines: &str) -> Result<String> {
    let mut days = String::new();
    for line in lines.lines() {
        let [year, month, day, name] = line.splitn(4, ' ').collect::<Vec<_>>()[..] else {
            bail!("this is no holiday: {line}");
        };
        writeln!(days, "    (({year}, {month}, {day}), {name:?}),")?;
    }
    let ((first, last), length) = (YEARS, lines.lines().count());
    Ok(format!(
        "//! Korea's public holidays. `cargo xtask holidays` writes this file.\n\n\
         use std::ops::RangeInclusive;\n\n\
         /// The years of the table.\n\
         pub(super) const YEARS: RangeInclusive<i32> = {first}..={last};\n\n\
         /// Year, month and day, and the name, in order.\n\
         pub(super) const HOLIDAYS: [((i32, u32, u32), &str); {length}] = [\n{days}];\n"
    ))
}
