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

/// Small numbers show more of themselves.
fn decimals(value: f64) -> usize {
    match value {
        0.0..10.0 => 2,
        10.0..1_000.0 => 1,
        _ => 0,
    }
}
