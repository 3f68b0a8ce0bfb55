//! In which language a client wants to read why something did not work.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;

/// Most ranges of an `Accept-Language` header that are looked at.
const RANGES_MAX: usize = 20;

/// The languages in which problems are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// The default.
    English,
    /// For clients that prefer `ko`.
    Korean,
}

impl Language {
    /// The language that a client prefers. Of two with the same quality the first one is preferred.
    pub fn preferred(headers: &HeaderMap) -> Self {
        let values = headers.get_all(ACCEPT_LANGUAGE).into_iter();
        let texts = values.filter_map(|value| value.to_str().ok());
        let ranges = texts.flat_map(|text| text.split(',')).take(RANGES_MAX);
        let mut best = (0, Self::English);
        for (quality, language) in ranges.filter_map(read_range) {
            if quality > best.0 {
                best = (quality, language);
            }
        }
        best.1
    }

    /// The language of a tag of ours.
    pub fn of_tag(tag: &str) -> Option<Self> {
        [Self::English, Self::Korean].into_iter().find(|it| it.tag() == tag)
    }

    /// The tag for `Content-Language`.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Korean => "ko",
        }
    }
}

/// The quality in thousandths, and the language, of a range such as `ko-KR;q=0.9`. `None` for other languages.
fn read_range(text: &str) -> Option<(u16, Language)> {
    let mut parts = text.split(';');
    let primary = parts.next()?.trim().split('-').next()?;
    let language = if primary.eq_ignore_ascii_case("ko") {
        Language::Korean
    } else if primary.eq_ignore_ascii_case("en") {
        Language::English
    } else {
        return None;
    };
    let quality = parts
        .find_map(|part| part.trim().strip_prefix("q="))
        .map_or(Some(1_000), read_quality)?;
    Some((quality, language))
}

/// `0`, `1`, or either with up to three decimals (RFC 9110, 12.4.2), in thousandths.
fn read_quality(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = decimals.len() <= 3 && decimals.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || !matches!(whole, "0" | "1") {
        return None;
    }
    let quality = format!("{whole}{decimals:0<3}").parse().ok()?;
    (quality <= 1_000).then_some(quality)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn preferred(text: &'static str) -> Language {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static(text));
        Language::preferred(&headers)
    }

    #[test]
    fn korean_is_spoken_to_those_who_prefer_it() {
        for text in [
            "ko",
            "ko-KR",
            "KO;q=0.5",
            "ko-KR,ko;q=0.9,en-US;q=0.8",
            "en;q=0.8, ko;q=0.801",
            "fr, ko",
        ] {
            assert_eq!(preferred(text), Language::Korean, "{text}");
        }
    }

    #[test]
    fn english_is_spoken_to_everybody_else() {
        for text in [
            "",
            "*",
            "en",
            "fr",
            "en,ko",
            "ko;q=0.3,en;q=0.4",
            "ko;q=0",
            "ko;q=2",
            "korean",
            "ko;q=nan",
        ] {
            assert_eq!(preferred(text), Language::English, "{text}");
        }
        assert_eq!(Language::preferred(&HeaderMap::new()), Language::English);
    }
}
