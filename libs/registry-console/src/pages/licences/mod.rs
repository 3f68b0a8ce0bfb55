//! Under which terms things of others are in the binary.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use crate::answer;
use crate::assets::{self, Licence};
use crate::preferences::Preferences;
use crate::words::Words;

#[derive(Template)]
#[template(path = "licences/page.html")]
struct LicencesPage {
    title: &'static str,
    tag: &'static str,
    theme: &'static str,
    w: &'static Words,
    licences: &'static [Licence],
}

impl LicencesPage {
    fn new(look: Preferences) -> Self {
        let w = look.words();
        Self {
            title: w.frame.licences,
            tag: look.language.tag(),
            theme: look.theme.word(),
            w,
            licences: assets::licences(),
        }
    }
}

/// `GET /console/licences`
pub async fn get(look: Preferences) -> Response {
    answer::page(StatusCode::OK, &LicencesPage::new(look))
}

/// Samples of the page.
#[cfg(any(test, feature = "samples"))]
pub(crate) mod samples {
    use super::{LicencesPage, Preferences};
    use crate::pages::shops::Sample;

    /// The page.
    pub fn samples(look: Preferences) -> Vec<Sample> {
        vec![Sample::new("licences", &LicencesPage::new(look))]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_not_ours_is_named_with_its_terms() {
        let names: Vec<_> = assets::licences().iter().map(|licence| licence.package).collect();
        assert_eq!(names, ["@tabler/core", "@tabler/icons", "htmx.org", "pretendard"]);
        for licence in assets::licences() {
            assert!(licence.text.len() > 300, "{} has no terms", licence.package);
        }
    }
}
