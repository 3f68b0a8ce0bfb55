//! Whether somebody looks, or something fetches.

use axum::http::{HeaderMap, Method};

/// Whether a browser says that somebody opened this address in it. Previews of messengers, crawlers and prefetching do not.
/// What lies can lie: this decides about nothing but a fact that is written once a day.
pub(crate) fn is_somebody(method: &Method, headers: &HeaderMap) -> bool {
    let says = |name: &str, value: &str| headers.get(name).is_some_and(|it| it == value);
    method == Method::GET
        && says("sec-fetch-mode", "navigate")
        && says("sec-fetch-dest", "document")
        && !is_fetched(headers)
}

/// Whether something says of itself that it fetches this address without anybody having gone there. Old browsers say nothing.
pub(crate) fn is_fetched(headers: &HeaderMap) -> bool {
    headers.contains_key("sec-purpose")
        || headers.contains_key("purpose")
        || headers.get("sec-fetch-mode").is_some_and(|mode| mode != "navigate")
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter().copied();
        pairs
            .map(|(name, value)| {
                let name = name.parse().unwrap();
                (name, HeaderValue::from_static(value))
            })
            .collect::<Vec<(axum::http::HeaderName, HeaderValue)>>()
            .into_iter()
            .collect()
    }

    #[test]
    fn only_a_browser_in_which_somebody_opens_a_page_is_somebody() {
        let opened = [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
        assert!(is_somebody(&Method::GET, &headers(&opened)));
        assert!(!is_somebody(&Method::HEAD, &headers(&opened)));
        for fetched in [
            &[("user-agent", "facebookexternalhit/1.1; kakaotalk-scrap/1.0")][..],
            &[("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")],
            &[opened[0], opened[1], ("sec-purpose", "prefetch;prerender")],
            &[opened[0], opened[1], ("purpose", "prefetch")],
            &[opened[0], ("sec-fetch-dest", "iframe")],
        ] {
            assert!(!is_somebody(&Method::GET, &headers(fetched)), "{fetched:?}");
        }
    }
}
