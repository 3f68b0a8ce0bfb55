//! What the pages have in common: their language, the words of their frame, and how they are sent.

use askama::Template;
use axum::http::header::{CONTENT_LANGUAGE, VARY};
use axum::http::{HeaderMap, HeaderName};
use axum::response::{Html, IntoResponse, Response};
use registry_web::Language;
use serde::Deserialize;

/// In which language somebody wants to read.
#[derive(Deserialize)]
pub(super) struct Wanted {
    lang: Option<String>,
}

impl Wanted {
    pub(super) fn language(&self, headers: &HeaderMap) -> Language {
        let asked = self.lang.as_deref().and_then(Language::of_tag);
        asked.unwrap_or_else(|| Language::preferred(headers))
    }
}

/// The words of the pages.
pub(super) struct Words {
    pub(super) guide: &'static str,
    pub(super) changes: &'static str,
    pub(super) problems: &'static str,
    pub(super) scopes: &'static str,
    pub(super) reference: &'static str,
    pub(super) code: &'static str,
    pub(super) status: &'static str,
    pub(super) meaning: &'static str,
    pub(super) told_by: &'static str,
    pub(super) opens: &'static str,
    pub(super) told_by_any: &'static str,
    pub(super) other: (&'static str, &'static str),
}

pub(super) const fn words(language: Language) -> Words {
    match language {
        Language::English => Words {
            guide: "Guide",
            changes: "Changes",
            problems: "Problems",
            scopes: "Scopes",
            reference: "Reference",
            code: "Code",
            status: "Status",
            meaning: "Meaning",
            told_by: "Operations that tell of it",
            opens: "What it opens",
            told_by_any: "Any request may be answered with it.",
            other: ("ko", "한국어"),
        },
        Language::Korean => Words {
            guide: "연동 안내",
            changes: "변경 이력",
            problems: "오류 목록",
            scopes: "권한 목록",
            reference: "API 문서",
            code: "코드",
            status: "상태",
            meaning: "의미",
            told_by: "이 오류를 응답하는 작업",
            opens: "할 수 있는 작업",
            told_by_any: "모든 요청에서 응답할 수 있습니다.",
            other: ("en", "English"),
        },
    }
}

/// A page as an answer.
pub(super) fn page(language: Language, page: &impl Template) -> Response {
    let html = page.render().expect("what is shown is in memory");
    let headers: [(HeaderName, &str); 2] = [(CONTENT_LANGUAGE, language.tag()), (VARY, "accept-language")];
    (headers, Html(html)).into_response()
}
