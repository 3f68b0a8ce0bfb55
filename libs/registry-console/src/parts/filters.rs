//! Filters for templates.

#![expect(
    clippy::inline_always,
    clippy::unused_self,
    clippy::unnecessary_wraps,
    reason = "askama's macro makes of a filter what it needs"
)]

use std::fmt;

use askama::Values;
use askama::filters::HtmlSafe;

use crate::assets::paths::ICONS;

/// An icon of the sprite.
pub struct Icon {
    name: &'static str,
    class: &'static str,
}

impl fmt::Display for Icon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, class } = self;
        write!(
            f,
            "<svg class=\"{class}\" aria-hidden=\"true\"><use href=\"{ICONS}#{name}\"/></svg>"
        )
    }
}

impl HtmlSafe for Icon {}

/// An icon by its name.
#[askama::filter_fn]
pub fn icon(name: &'static str, _values: &dyn Values) -> askama::Result<Icon> {
    Ok(Icon { name, class: "i" })
}

/// A small icon by its name.
#[askama::filter_fn]
pub fn small_icon(name: &'static str, _values: &dyn Values) -> askama::Result<Icon> {
    Ok(Icon { name, class: "i i-s" })
}

/// A text in which what was searched for is marked.
pub struct Marked {
    parts: Vec<(String, bool)>,
}

impl fmt::Display for Marked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (part, is_found) in &self.parts {
            let (begin, end) = if *is_found { ("<mark>", "</mark>") } else { ("", "") };
            let Ok(escaped) = askama::filters::escape(part, askama::filters::Html);
            write!(f, "{begin}{escaped}{end}")?;
        }
        Ok(())
    }
}

impl HtmlSafe for Marked {}

/// A text with what was searched for marked in it.
#[askama::filter_fn]
pub fn found(text: &str, _values: &dyn Values, searched: &str) -> askama::Result<Marked> {
    let parts = registry_documents::highlighted(searched, text);
    Ok(Marked {
        parts: parts
            .into_iter()
            .map(|(part, is_found)| (part.to_owned(), is_found))
            .collect(),
    })
}
