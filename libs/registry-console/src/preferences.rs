//! What a person chose about the look: language, colours, row height, keys. It is kept in a cookie of the browser, holds
//! nothing secret, and whatever does not read as a choice counts as none.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT_LANGUAGE, COOKIE};
use axum::http::request::Parts;
use registry_web::Language;

use crate::words::{EN, KO, Words};

/// The cookie.
pub const COOKIE_NAME: &str = "console-look";

/// How long the choice is kept, in seconds: a year.
const KEPT_SECONDS: u32 = 31_536_000;

/// Which colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// Those that the system asks for.
    #[default]
    System,
    /// Light ones.
    Light,
    /// Dark ones.
    Dark,
}

impl Theme {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// What a person chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preferences {
    /// The language.
    pub language: Language,
    /// The colours.
    pub theme: Theme,
    /// Whether rows have more room than they need.
    pub roomy: bool,
    /// Whether single letters do something. WCAG 2.1.4 wants that they can be switched off.
    pub keys: bool,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            language: Language::Korean,
            theme: Theme::default(),
            roomy: false,
            keys: true,
        }
    }
}

impl Preferences {
    /// All words in the language.
    pub const fn words(self) -> &'static Words {
        match self.language {
            Language::Korean => &KO,
            Language::English => &EN,
        }
    }

    /// With one choice changed. What is not known changes nothing.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        match (name, value) {
            ("language", "ko") => self.language = Language::Korean,
            ("language", "en") => self.language = Language::English,
            ("theme", "system") => self.theme = Theme::System,
            ("theme", "light") => self.theme = Theme::Light,
            ("theme", "dark") => self.theme = Theme::Dark,
            ("rows", "compact") => self.roomy = false,
            ("rows", "roomy") => self.roomy = true,
            ("keys", "on") => self.keys = true,
            ("keys", "off") => self.keys = false,
            (_, _) => {}
        }
        self
    }

    /// The cookie that keeps it.
    pub fn cookie(self) -> String {
        let value = format!(
            "language:{}.theme:{}.rows:{}.keys:{}",
            self.language.tag(),
            self.theme.word(),
            if self.roomy { "roomy" } else { "compact" },
            if self.keys { "on" } else { "off" },
        );
        format!("{COOKIE_NAME}={value}; Path=/console; Max-Age={KEPT_SECONDS}; SameSite=Lax; HttpOnly")
    }

    /// What the cookie of a request says; where it says nothing, the language that the browser prefers.
    pub fn of(headers: &HeaderMap) -> Self {
        let start = Self {
            language: preferred(headers),
            ..Self::default()
        };
        let Some(kept) = cookie(headers, COOKIE_NAME) else {
            return start;
        };
        let choices = kept.split('.').filter_map(|choice| choice.split_once(':'));
        choices.fold(start, |so_far, (name, value)| so_far.with(name, value))
    }
}

impl<S: Sync> FromRequestParts<S> for Preferences {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

/// The value of a cookie.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let values = headers
        .get_all(COOKIE)
        .into_iter()
        .filter_map(|value| value.to_str().ok());
    let mut pairs = values
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(found, _)| *found == name).map(|(_, value)| value)
}

/// English for those who ask for it before Korean, Korean for everybody else.
fn preferred(headers: &HeaderMap) -> Language {
    let text = headers
        .get(ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let tags = text.split(',').map(|range| range.trim().to_ascii_lowercase());
    let known = tags.filter_map(|tag| {
        if tag.starts_with("ko") {
            Some(Language::Korean)
        } else if tag.starts_with("en") {
            Some(Language::English)
        } else {
            None
        }
    });
    known.into_iter().next().unwrap_or(Language::Korean)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn with_cookie(text: &str) -> Preferences {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_str(text).unwrap());
        Preferences::of(&headers)
    }

    #[test]
    fn what_is_kept_is_read_again() {
        let chosen = Preferences {
            language: Language::English,
            theme: Theme::Dark,
            roomy: true,
            keys: false,
        };
        let cookie = chosen.cookie();
        let (pair, _) = cookie.split_once(';').unwrap();
        assert_eq!(with_cookie(&format!("other=1; {pair}")), chosen);
    }

    #[test]
    fn what_does_not_read_as_a_choice_counts_as_none() {
        for text in [
            "console-look=",
            "console-look=theme:<b>.rows",
            "console-look=keys:maybe",
        ] {
            assert_eq!(with_cookie(text), Preferences::default(), "{text}");
        }
    }

    #[test]
    fn the_browser_is_asked_for_a_language() {
        let language = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static(text));
            Preferences::of(&headers).language
        };
        assert_eq!(language("en-GB,en;q=0.9,ko;q=0.8"), Language::English);
        assert_eq!(language("de, ko"), Language::Korean);
        assert_eq!(language("ja"), Language::Korean);
    }
}
