//! What was measured: a table for people, one line of JSON per figure for programs.

use serde::Serialize;

/// One figure.
#[derive(Serialize)]
pub(crate) struct Figure {
    pub(crate) name: String,
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
    pub(crate) baseline: Option<f64>,
    pub(crate) ratio: Option<f64>,
    pub(crate) bar: Option<&'static str>,
    pub(crate) holds: Option<bool>,
}

impl Figure {
    /// A figure that stands for itself.
    pub(crate) fn plain(name: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self {
            name: name.into(),
            value,
            unit,
            baseline: None,
            ratio: None,
            bar: None,
            holds: None,
        }
    }

    /// A figure that must be at least so many times its baseline.
    pub(crate) fn at_least(name: impl Into<String>, value: f64, unit: &'static str, baseline: f64, times: f64) -> Self {
        let ratio = value / baseline;
        Self {
            baseline: Some(baseline),
            ratio: Some(ratio),
            holds: Some(ratio >= times),
            ..Self::plain(name, value, unit)
        }
    }

    /// A figure that is told beside another, and must keep to nothing.
    pub(crate) fn beside(name: impl Into<String>, value: f64, unit: &'static str, baseline: f64) -> Self {
        Self {
            baseline: Some(baseline),
            ratio: Some(value / baseline),
            ..Self::plain(name, value, unit)
        }
    }

    /// A figure that must be at most so many times its baseline.
    pub(crate) fn at_most_times(
        name: impl Into<String>,
        value: f64,
        unit: &'static str,
        baseline: f64,
        times: f64,
    ) -> Self {
        let ratio = value / baseline;
        Self {
            baseline: Some(baseline),
            ratio: Some(ratio),
            holds: Some(ratio <= times),
            ..Self::plain(name, value, unit)
        }
    }

    /// A figure that must not exceed a limit.
    pub(crate) fn at_most(name: impl Into<String>, value: f64, unit: &'static str, limit: f64) -> Self {
        Self {
            holds: Some(value <= limit),
            ..Self::plain(name, value, unit)
        }
    }

    pub(crate) fn bar(self, bar: &'static str) -> Self {
        Self { bar: Some(bar), ..self }
    }
}

/// Prints the figures.
pub(crate) fn print(figures: &[Figure], json: bool) -> anyhow::Result<()> {
    if json {
        for figure in figures {
            println!("{}", serde_json::to_string(figure)?);
        }
        return Ok(());
    }
    println!(
        "{:<58} {:>10} {:>10} {:>8}  {:<8} holds",
        "figure", "value", "baseline", "ratio", "bar"
    );
    for figure in figures {
        let number = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.0$}", decimals(value)));
        let holds = figure.holds.map_or("-", |holds| if holds { "yes" } else { "NO" });
        println!(
            "{:<58} {:>10} {:>10} {:>8}  {:<8} {}",
            format!("{} ({})", figure.name, figure.unit),
            number(Some(figure.value)),
            number(figure.baseline),
            figure.ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.2}")),
            figure.bar.unwrap_or("-"),
            holds
        );
    }
    Ok(())
}

/// The figures as a table of a document.
pub(crate) fn markdown(figures: &[Figure]) -> String {
    let mut table = "| figure | value | baseline | ratio | bar | holds |\n|---|---|---|---|---|---|\n".to_owned();
    for figure in figures {
        // What belongs to the line above it is set in.
        let name = figure
            .name
            .strip_prefix("  ")
            .map_or(figure.name.clone(), |name| format!("– {name}"));
        let unit = if figure.unit == "1" { "" } else { figure.unit };
        let number = |value: f64| format!("{} {unit}", grouped(&format!("{value:.0$}", decimals(value))));
        let cells = [
            name,
            number(figure.value).trim_end().to_owned(),
            figure
                .baseline
                .map_or_else(String::new, |value| number(value).trim_end().to_owned()),
            figure.ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}")),
            figure.bar.unwrap_or_default().to_owned(),
            figure
                .holds
                .map_or("", |holds| if holds { "yes" } else { "**no**" })
                .to_owned(),
        ];
        table.push_str(
            &format!("| {} |\n", cells.join(" | "))
                .replace("|  |", "| |")
                .replace("|  |", "| |"),
        );
    }
    table
}

/// A number with commas between its thousands.
fn grouped(number: &str) -> String {
    let (whole, rest) = number
        .split_once('.')
        .map_or((number, None), |(whole, rest)| (whole, Some(rest)));
    let mut text = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    rest.map_or(text.clone(), |rest| format!("{text}.{rest}"))
}

/// Small numbers show more of themselves.
fn decimals(value: f64) -> usize {
    match value {
        0.0..10.0 => 2,
        10.0..1_000.0 => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::{Figure, markdown};

    #[test]
    fn figures_are_a_table() {
        let figures = [
            Figure::at_least("callbacks", 13_849.2, "1/s", 1_721.0, 8.0).bar(">= 8x"),
            Figure::plain("  callbacks in a transaction", 4.256, "1"),
            Figure::at_most("memory", 300.04, "MiB", 256.0).bar("<= 256"),
        ];
        let rows = [
            "| figure | value | baseline | ratio | bar | holds |",
            "|---|---|---|---|---|---|",
            "| callbacks | 13,849 1/s | 1,721 1/s | 8.05 | >= 8x | yes |",
            "| – callbacks in a transaction | 4.26 | | | | |",
            "| memory | 300.0 MiB | | | <= 256 | **no** |",
        ];
        assert_eq!(markdown(&figures).lines().collect::<Vec<_>>(), rows);
    }
}
