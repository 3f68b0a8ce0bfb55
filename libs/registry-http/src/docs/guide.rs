//! What the repository says to whoever integrates, as pages: how to use the contracts, and what has changed.

use std::mem;
use std::sync::LazyLock;

use askama::Template;
use axum::extract::Query;
use axum::http::HeaderMap;
use axum::response::Response;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, html};
use registry_web::Language;

use super::sheet::{Wanted, Words, page, words};

static GUIDE: LazyLock<String> = LazyLock::new(|| rendered(include_str!("../../../../openapi/README.md")));
static KOREAN_GUIDE: LazyLock<String> = LazyLock::new(|| rendered(include_str!("../../../../openapi/README.ko.md")));
static CHANGES: LazyLock<String> = LazyLock::new(|| rendered(include_str!("../../../../CHANGELOG.md")));

#[derive(Template)]
#[template(path = "docs/guide.html")]
struct GuidePage {
    language: Language,
    words: Words,
    title: &'static str,
    /// In which language the text is.
    written: Language,
    /// Made from our own text.
    text: &'static str,
}

/// `GET /docs/guide`
pub async fn guide(Query(wanted): Query<Wanted>, headers: HeaderMap) -> Response {
    let language = wanted.language(&headers);
    let text = match language {
        Language::English => &GUIDE,
        Language::Korean => &KOREAN_GUIDE,
    };
    text_page(language, words(language).guide, language, text)
}

/// `GET /docs/changelog`
pub async fn changelog(Query(wanted): Query<Wanted>, headers: HeaderMap) -> Response {
    let language = wanted.language(&headers);
    text_page(language, words(language).changes, Language::English, &CHANGES)
}

fn text_page(language: Language, title: &'static str, written: Language, text: &'static str) -> Response {
    page(
        language,
        &GuidePage {
            language,
            words: words(language),
            title,
            written,
            text,
        },
    )
}

/// As HTML. What a link to another file of the repository says stays, and leads nowhere: that file is not here.
pub(super) fn rendered(markdown: &str) -> String {
    let mut is_elsewhere = false;
    let events = Parser::new_ext(markdown, Options::ENABLE_TABLES).filter(|event| {
        if let Event::Start(Tag::Link { dest_url, .. }) = event {
            is_elsewhere = !dest_url.starts_with("https://") && !dest_url.starts_with(['/', '#']);
            return !is_elsewhere;
        }
        !(matches!(event, Event::End(TagEnd::Link)) && mem::take(&mut is_elsewhere))
    });
    let mut page = String::new();
    html::push_html(&mut page, events);
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_into_the_repository_lead_nowhere() {
        let text = "See [the tour](../README.md), [the reference](/docs/) and [RFC 9457](https://rfc.example/9457).";
        let expected = "<p>See the tour, <a href=\"/docs/\">the reference</a> and <a href=\"https://rfc.example/9457\">RFC 9457</a>.</p>\n";
        assert_eq!(rendered(text), expected);
        for page in [&*GUIDE, &*KOREAN_GUIDE, &*CHANGES] {
            assert!(page.contains("<h2>") && !page.contains(".md\""), "{page}");
        }
    }
}
