//! What pages refer to: stylesheets, scripts, the font and the icons. All of it is in the binary, under names that change with
//! what is in the file, so that a browser may keep it for ever.

use axum::extract::Path;
use axum::http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

/// The names that pages use.
pub mod paths {
    include!(concat!(env!("OUT_DIR"), "/paths.rs"));
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));
include!(concat!(env!("OUT_DIR"), "/licences.rs"));

/// A file in the binary.
struct Asset {
    file: &'static str,
    content_type: &'static str,
    plain: &'static [u8],
    gzip: Option<&'static [u8]>,
}

/// Under which terms something of others is in the binary.
#[derive(Debug, Clone, Copy)]
pub struct Licence {
    /// The name of the package.
    pub package: &'static str,
    /// Its version.
    pub version: &'static str,
    /// The short name of the terms.
    pub terms: &'static str,
    /// The terms.
    pub text: &'static str,
}

/// What a file says.
#[cfg(test)]
pub fn text(path: &str) -> &'static str {
    let asset = ASSETS.iter().find(|asset| path.ends_with(asset.file)).unwrap();
    std::str::from_utf8(asset.plain).unwrap()
}

/// Everything of others.
pub fn licences() -> &'static [Licence] {
    LICENCES
}

/// `GET /console/assets/{file}`
pub async fn get(Path(file): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.file == file) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let mut answer = HeaderMap::new();
    answer.insert(CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    answer.insert(
        CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=31536000, immutable"),
    );
    answer.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    match asset.gzip.filter(|_| takes_gzip(&headers)) {
        Some(gzip) => {
            answer.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            (answer, gzip).into_response()
        }
        None => (answer, asset.plain).into_response(),
    }
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(ACCEPT_ENCODING).into_iter();
    let mut codings = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','));
    codings.any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let is_gzip = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        is_gzip && !parts.any(|part| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_sent_to_those_who_take_it() {
        let takes = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(text));
            takes_gzip(&headers)
        };
        assert!(takes("gzip, deflate, br"));
        assert!(takes("br;q=1.0, GZIP;q=0.5"));
        assert!(!takes("gzip;q=0, identity"));
        assert!(!takes("br"));
        assert!(!takes_gzip(&HeaderMap::new()));
    }

    #[test]
    fn everything_that_pages_refer_to_is_there() {
        let paths = [
            paths::TABLER_CSS,
            paths::CONSOLE_CSS,
            paths::HTMX_JS,
            paths::CONSOLE_JS,
            paths::ICONS,
            paths::FONT,
        ];
        for path in paths {
            let file = path.strip_prefix("/console/assets/").unwrap();
            assert!(ASSETS.iter().any(|asset| asset.file == file), "{path}");
        }
    }
}
