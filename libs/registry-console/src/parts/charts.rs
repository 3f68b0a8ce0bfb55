//! Charts: numbers as SVG, written here, without a script and without a style. Each has a table beside it that says the same.

use std::fmt;

use askama::filters::HtmlSafe;

use crate::documents::DayCount;
use crate::parts::thousands;

/// From so many business days on, one bar stands for all.
const LONG: u32 = 20;

/// Where the bars of a histogram stand, and how high it is, in pixels.
const TOP: u32 = 42;
const FOOT: u32 = 142;
const HEIGHT: u32 = 164;

/// Least width of a histogram: what is said at a line must have room.
const WIDTH_MIN: u32 = 240;

/// What a bar says by its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shade {
    /// Nothing.
    Plain,
    /// Something that is done.
    Main,
    /// Late.
    Late,
}

impl Shade {
    const fn class(self) -> &'static str {
        match self {
            Self::Plain => "g-soft",
            Self::Main => "g-main",
            Self::Late => "g-late",
        }
    }
}

/// A bar of a histogram, and a row of its table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// What stands below it.
    pub label: String,
    /// How many.
    pub count: u64,
    shade: Shade,
}

/// Bars over business days, with lines at some of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Histogram {
    /// The bars, one for each day from none on.
    pub bars: Vec<Bar>,
    /// Before which bar a line stands, and what it says.
    marks: Vec<(u32, String)>,
    label: String,
    /// From one bar to the next.
    step: u32,
}

impl Histogram {
    /// The histogram of counts by days; from `late` on they are late. `zero` is what a day of none is called.
    pub fn new(days: &[DayCount], shade: Shade, late: Option<u32>, zero: &str, label: String) -> Self {
        let last = days.iter().map(|day| day.from).max().unwrap_or(0).min(LONG);
        let bar = |day: u32| {
            let is_in = |it: &&DayCount| it.from == day || (day == LONG && it.from > LONG);
            let is_late = late.is_some_and(|late| day >= late);
            Bar {
                label: match day {
                    0 => zero.to_owned(),
                    LONG => format!("{LONG}+"),
                    day => day.to_string(),
                },
                count: days.iter().filter(is_in).map(|it| it.count).sum(),
                shade: if is_late { Shade::Late } else { shade },
            }
        };
        Self {
            bars: (0..=last).map(bar).collect(),
            marks: Vec::new(),
            label,
            step: 34,
        }
    }

    /// With narrow bars.
    #[must_use]
    pub fn narrow(mut self) -> Self {
        self.step = 22;
        self
    }

    /// With a line at a day, and what it says.
    #[must_use]
    pub fn mark(mut self, day: Option<u32>, text: String) -> Self {
        self.marks.extend(day.map(|day| (day.min(LONG), text)));
        self
    }
}

impl fmt::Display for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (label, step) = (&self.label, self.step);
        let count = u32::try_from(self.bars.len()).unwrap_or(1).max(1);
        let right = (count * step).max(WIDTH_MIN);
        write!(
            f,
            "<svg viewBox=\"0 0 {right} {HEIGHT}\" width=\"{right}\" height=\"{HEIGHT}\" role=\"img\" aria-label=\"{label}\">"
        )?;
        let most = self.bars.iter().map(|bar| bar.count).max().unwrap_or(0).max(1);
        let width = step * 3 / 4;
        for (place, bar) in (0_u32..).zip(&self.bars) {
            let (x, middle) = (place * step, place * step + width / 2);
            // As many units as the share of the highest bar, to a unit.
            let height = u32::try_from(bar.count * u64::from(FOOT - TOP) / most).unwrap_or(0);
            let height = if bar.count > 0 { height.max(1) } else { 0 };
            let (y, class) = (FOOT - height, bar.shade.class());
            if bar.count > 0 {
                write!(
                    f,
                    "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"2\"/>\
                     <text class=\"v\" x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                    y - 4,
                    thousands(bar.count)
                )?;
            }
            write!(
                f,
                "<text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                FOOT + 16,
                bar.label
            )?;
        }
        write!(
            f,
            "<line class=\"g-axis\" x1=\"0\" x2=\"{right}\" y1=\"{FOOT}\" y2=\"{FOOT}\"/>"
        )?;
        for (place, (day, text)) in (0_u32..).zip(&self.marks) {
            let x = (day * step).saturating_sub((step - width) / 2);
            let anchor = if *day * 2 > count {
                ("end", x.saturating_sub(4))
            } else {
                ("start", x + 4)
            };
            let y = 10 + place * 12;
            write!(
                f,
                "<line class=\"g-target\" x1=\"{x}\" x2=\"{x}\" y1=\"2\" y2=\"{FOOT}\"/>\
                 <text class=\"v\" x=\"{}\" y=\"{y}\" text-anchor=\"{}\">{text}</text>",
                anchor.1, anchor.0
            )?;
        }
        f.write_str("</svg>")
    }
}

impl HtmlSafe for Histogram {}

/// Two lines over weeks, of which some tell less than they will.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// Week, lower and upper line, and whether the week is settled.
    pub points: Vec<(String, Option<u32>, Option<u32>, bool)>,
    /// What the chart shows.
    pub label: String,
    /// What is said of weeks that are not settled.
    pub unsettled: &'static str,
}

impl Series {
    fn place(&self, place: usize) -> u32 {
        let weeks = u32::try_from(self.points.len()).unwrap_or(1).max(1);
        34 + (u32::try_from(place).unwrap_or(0) * 440 + 220) / weeks
    }

    /// The stretches of a line: what leads to or from a week that is not settled is drawn otherwise.
    fn line(&self, f: &mut fmt::Formatter<'_>, class: &str, of: impl Fn(usize) -> Option<u32>) -> fmt::Result {
        for place in 1..self.points.len() {
            let (Some(from), Some(to)) = (of(place - 1), of(place)) else {
                continue;
            };
            let is_settled = self.points[place - 1].3 && self.points[place].3;
            let young = if is_settled { "" } else { " g-young" };
            let (x1, x2) = (self.place(place - 1), self.place(place));
            write!(
                f,
                "<polyline class=\"{class}{young}\" points=\"{x1},{from} {x2},{to}\"/>"
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let label = &self.label;
        write!(
            f,
            "<svg viewBox=\"0 0 484 172\" width=\"484\" height=\"172\" role=\"img\" aria-label=\"{label}\"><defs><pattern id=\"hatch\" \
             width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\"><line class=\"g-hatch\" x1=\"0\" \
             x2=\"0\" y1=\"0\" y2=\"6\"/></pattern></defs>"
        )?;
        let most = self
            .points
            .iter()
            .filter_map(|point| point.2.max(point.1))
            .max()
            .unwrap_or(0);
        // Four lines at round numbers.
        let step = most.div_ceil(4).max(1);
        let height = |days: u32| 150 - days * 130 / (step * 4);
        for line in 0..=4 {
            let (days, y) = (line * step, height(line * step));
            write!(
                f,
                "<line class=\"g-grid\" x1=\"34\" x2=\"474\" y1=\"{y}\" y2=\"{y}\"/><text x=\"26\" y=\"{}\" text-anchor=\"end\">{days}</text>",
                y + 4
            )?;
        }
        let weeks = u32::try_from(self.points.len()).unwrap_or(1).max(1);
        let mut is_any_unsettled = false;
        for (place, (week, lower, _, is_settled)) in self.points.iter().enumerate() {
            let x = self.place(place);
            if !is_settled {
                let left = x - 220 / weeks;
                write!(
                    f,
                    "<rect x=\"{left}\" y=\"12\" width=\"{}\" height=\"138\" fill=\"url(#hatch)\"/>",
                    440 / weeks
                )?;
                is_any_unsettled = true;
            }
            // More than a dozen names would stand on each other.
            if weeks <= 13 || place % 4 == 0 {
                let short = week.rsplit('-').next().unwrap_or(week);
                write!(f, "<text x=\"{x}\" y=\"167\" text-anchor=\"middle\">{short}</text>")?;
            }
            if let Some(lower) = lower {
                write!(
                    f,
                    "<circle class=\"g-dot\" cx=\"{x}\" cy=\"{}\" r=\"2.5\"/>",
                    height(*lower)
                )?;
            }
        }
        f.write_str(
            "<line class=\"g-line\" x1=\"34\" x2=\"50\" y1=\"5\" y2=\"5\"/><text class=\"v\" x=\"54\" y=\"9\">p50</text>\
             <line class=\"g-line2\" x1=\"86\" x2=\"102\" y1=\"5\" y2=\"5\"/><text class=\"v\" x=\"106\" y=\"9\">p90</text>",
        )?;
        if is_any_unsettled {
            write!(
                f,
                "<text class=\"v\" x=\"474\" y=\"9\" text-anchor=\"end\">{}</text>",
                self.unsettled
            )?;
        }
        self.line(f, "g-line2", |place| self.points[place].2.map(height))?;
        self.line(f, "g-line", |place| self.points[place].1.map(height))?;
        f.write_str("</svg>")
    }
}

impl HtmlSafe for Series {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_has_a_bar_for_each_day_and_one_for_all_that_took_longer() {
        let day = |from, count| DayCount { from, count };
        let chart = Histogram::new(
            &[day(0, 4), day(2, 1), day(25, 2)],
            Shade::Plain,
            Some(2),
            "today",
            "x".to_owned(),
        );
        assert_eq!(chart.bars.len(), 21);
        let bars: Vec<_> = chart.bars.iter().map(|bar| (bar.label.as_str(), bar.count)).collect();
        assert_eq!(
            (bars[0], bars[1], bars[2], bars[20]),
            (("today", 4), ("1", 0), ("2", 1), ("20+", 2))
        );
        assert_eq!(chart.to_string().matches("g-late").count(), 2);
    }
}
