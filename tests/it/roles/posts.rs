//! No other site sends a form in somebody's name, whatever forms there are.

use http::Method;
use regex::Regex;
use registry_tests::TestApp;
use registry_tests::api::{Answer, http_client};

use super::Somebody;

/// The provider posts there, and proves it by what it sends.
const FROM_ELSEWHERE: &str = "/console/sign-out/backchannel";

/// Every path of the console to which something can be posted.
fn paths() -> Vec<String> {
    let parameter = Regex::new(r"\{\w+\}").expect("an expression");
    let routes = registry_console::routes::all().into_iter();
    let posts = routes.filter(|(method, _)| *method == Method::POST);
    posts
        .map(|(_, path)| parameter.replace_all(&path, "x").into_owned())
        .collect()
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
