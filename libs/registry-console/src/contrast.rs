//! Whether the colours of the stylesheet can be told apart, in both themes (WCAG 2.2: 1.4.3 and 1.4.11).

use std::collections::BTreeMap;

use crate::assets;

/// Least contrast of text, and of marks in charts and the borders of fields.
const TEXT: f64 = 4.5;
const MARK: f64 = 3.0;

/// What text stands on what.
const TEXTS: [(&str, &str); 20] = [
    ("N-fg", "N-bg"),
    ("W-fg", "W-bg"),
    ("P-fg", "P-bg"),
    ("S-fg", "S-bg"),
    ("R-fg", "R-bg"),
    ("O-fg", "O-bg"),
    ("X-fg", "X-bg"),
    ("D-fg", "D-bg"),
    ("ink", "surface"),
    ("ink-2", "surface"),
    ("ink-3", "surface"),
    ("ink-3", "canvas"),
    ("ink-3", "hover"),
    ("ink-3", "accent-tint"),
    ("ink-3", "R-bg"),
    ("accent", "surface"),
    ("accent", "accent-tint"),
    ("R-fg", "surface"),
    ("S-fg", "surface"),
    ("O-fg", "canvas"),
];

/// What is drawn on the surface.
const MARKS: [&str; 5] = ["N-mark", "P-mark", "S-mark", "R-mark", "field"];

/// A colour in both themes, each as red, green and blue from 0 to 1.
type Both = [[f64; 3]; 2];

fn colour(hex: &str) -> Option<[f64; 3]> {
    let hex = hex.trim().strip_prefix('#')?;
    let part = |at: usize| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok();
    Some([part(0)?, part(2)?, part(4)?].map(|part| f64::from(part) / 255.0))
}

/// The named colours of the stylesheet.
fn named() -> BTreeMap<String, Both> {
    let sheet = assets::text(assets::paths::CONSOLE_CSS);
    let declared = sheet.split(';').filter_map(|text| {
        let (name, value) = text.rsplit_once("--")?.1.split_once(':')?;
        let (light, dark) = value
            .trim()
            .strip_prefix("light-dark(")?
            .strip_suffix(')')?
            .split_once(',')?;
        Some((name.to_owned(), [colour(light)?, colour(dark)?]))
    });
    declared.collect()
}

fn luminance(colour: [f64; 3]) -> f64 {
    let [red, green, blue] = colour.map(|part| {
        if part <= 0.040_45 {
            part / 12.92
        } else {
            ((part + 0.055) / 1.055).powf(2.4)
        }
    });
    0.212_6 * red + 0.715_2 * green + 0.072_2 * blue
}

fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn contrast_is_what_the_guidelines_say() {
    let of = |one: &str, other: &str| contrast(colour(one).unwrap(), colour(other).unwrap());
    assert!((of("#000000", "#ffffff") - 21.0).abs() < 0.01);
    assert!((of("#767676", "#ffffff") - 4.54).abs() < 0.01);
}

#[test]
fn what_is_written_and_drawn_can_be_seen_in_both_themes() {
    let named = named();
    let mut weak = Vec::new();
    let marks = MARKS.iter().map(|mark| (*mark, "surface", MARK));
    for (over, under, least) in TEXTS.iter().map(|(over, under)| (*over, *under, TEXT)).chain(marks) {
        for (theme, name) in ["light", "dark"].into_iter().enumerate() {
            let found = contrast(named[over][theme], named[under][theme]);
            if found < least {
                weak.push(format!("{over} on {under}, {name}: {found:.2} < {least}"));
            }
        }
    }
    for name in ["accent-fill", "accent-over"] {
        for fill in named[name] {
            assert!(contrast([1.0; 3], fill) >= TEXT, "white on {name}");
        }
    }
    assert!(weak.is_empty(), "{}", weak.join("\n"));
}
