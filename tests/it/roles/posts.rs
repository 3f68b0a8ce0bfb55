//! No other site sends a form in somebody's name. The routes are read from where they are made, so that a new one is tried too.

use std::collections::BTreeMap;

use regex::Regex;
use registry_tests::TestApp;
use registry_tests::api::{Answer, http_client};
use registry_tests::settings::repository;

use super::Somebody;

/// The provider posts there, and proves it by what it sends.
const FROM_ELSEWHERE: &str = "/console/sign-out/backchannel";

/// Every path of the console to which something can be posted. A part of the router that is made elsewhere stands below what
/// it is nested at.
fn paths() -> Vec<String> {
    let source = repository().join("libs/registry-console/src/console.rs");
    let source = std::fs::read_to_string(source).expect("it can be read");
    let (source, _tests) = source.split_once("#[cfg(test)]\nmod tests").expect("it has tests");
    let place = Regex::new(
        r#"(?x) fn\s+(?<made>\w+)\([^)]*\)\s*->\s*Router | let\s+(?<begun>\w+)\s*=\s*Router::new
        | \.nest\(\s*"(?<prefix>[^"]*)",\s*(?<nested>\w+) | \.route\(\s*"(?<path>[^"]*)",\s*(?<methods>[^;]*?)\)\s*(?:\n|$)"#,
    )
    .expect("an expression");
    let (mut part, mut nested, mut posts) = (String::new(), BTreeMap::new(), Vec::new());
    for found in place.captures_iter(source) {
        if let Some(name) = found.name("made").or(found.name("begun")) {
            name.as_str().clone_into(&mut part);
        } else if let (Some(prefix), Some(name)) = (found.name("prefix"), found.name("nested")) {
            nested.insert(name.as_str().to_owned(), (part.clone(), prefix.as_str().to_owned()));
        } else if let (Some(path), Some(methods)) = (found.name("path"), found.name("methods"))
            && methods.as_str().contains("post(")
        {
            posts.push((part.clone(), path.as_str().to_owned()));
        }
    }
    let parameter = Regex::new(r"\{\w+\}").expect("an expression");
    let whole = posts.into_iter().map(|(mut part, path)| {
        let mut whole = path;
        while let Some((outer, prefix)) = nested.get(&part) {
            whole = format!("{prefix}{whole}");
            part.clone_from(outer);
        }
        parameter.replace_all(&format!("/console{whole}"), "x").into_owned()
    });
    whole.collect()
}

#[tokio::test]
async fn no_form_is_taken_from_another_site() {
    let app = TestApp::start().await;
    let somebody = Somebody::of(&app, &app.tenant, ('M', "manager", "", "")).await;
    let paths = paths();
    for known in [
        "/console/x/merchants/x/archive",
        "/console/look",
        "/console/x/settings",
        FROM_ELSEWHERE,
    ] {
        assert!(paths.iter().any(|path| path == known), "{known} is not among {paths:?}");
    }
    let http = http_client();
    let base = app.tenant.api.base();
    for path in paths.iter().filter(|path| *path != FROM_ELSEWHERE) {
        let path = path.replacen("/console/x", &format!("/console/{}", app.tenant.slug), 1);
        for headers in [
            &[("sec-fetch-site", "cross-site")][..],
            &[("sec-fetch-site", "same-site")],
            &[("origin", "https://evil.example")],
            &[("origin", "null")],
            &[("sec-fetch-site", "cross-site"), ("origin", base)],
        ] {
            let mut request = http
                .post(format!("{base}{path}"))
                .header("cookie", somebody.cookie())
                .header("content-type", "application/x-www-form-urlencoded")
                .body("key=k");
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let answer = Answer::to(request).await;
            assert_eq!(answer.status, 403, "{path} with {headers:?}: {}", answer.text);
        }
    }
    app.finish().await;
}
