//! What a tenant can set, and whether Paymint answers with it.

use std::sync::Arc;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::Method;
use axum::response::Response;
use serde_json::{Value, json};

use crate::answer;
use crate::api::{Ask, Trouble};
use crate::console::Console;
use crate::documents::{Balance, Me, Problem, Settings};
use crate::door::SignedIn;
use crate::form::Form;
use crate::frame::{Frame, Section};
use crate::parts::{At, filters, signed_thousands};
use crate::preferences::Preferences;
use crate::query::{Query, segment};

/// A field of the form.
struct Field {
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    value: String,
    wrong: Option<String>,
}

/// A balance, to be shown.
struct Shown {
    points: String,
    is_low: bool,
    read: At,
}

/// What the page shows.
struct Sheet {
    is_configured: bool,
    balance: Option<Shown>,
    is_enabled: bool,
    numbers: Vec<Field>,
    texts: Vec<Field>,
    returns: Field,
}

#[derive(Template)]
#[template(path = "settings/page.html")]
struct SettingsPage {
    frame: Frame,
    sheet: Sheet,
}

/// What a page shows beside what is known.
#[derive(Default)]
struct Tried<'a> {
    balance: Option<Balance>,
    typed: Option<&'a Form>,
    trouble: Option<Trouble>,
    done: Option<&'a str>,
}

/// `GET /console/{tenant}/settings`
pub async fn get(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    RawQuery(raw): RawQuery,
) -> Response {
    let query = Query::read(raw.as_deref());
    let tried = Tried {
        done: query.get("done"),
        ..Tried::default()
    };
    draw(&console, &who, look, tried).await
}

/// `POST /console/{tenant}/settings`
pub async fn change(State(console): State<Arc<Console>>, who: SignedIn, look: Preferences, typed: Form) -> Response {
    let ask = Ask::new(Method::PATCH, "/v1/settings".to_owned()).body(patch(&typed));
    match console.api().send::<Settings>(&who, ask).await {
        Ok(_) => answer::see(&format!(
            "/console/{}/settings?done=settings",
            segment(&who.tenant.slug)
        )),
        Err(trouble) => {
            let tried = Tried {
                typed: Some(&typed),
                trouble: Some(trouble),
                ..Tried::default()
            };
            draw(&console, &who, look, tried).await
        }
    }
}

/// `POST /console/{tenant}/settings/balance`: asks Paymint, which tells whether address and key are right. It changes nothing
/// here, but it is a call to somebody else.
pub async fn balance(State(console): State<Arc<Console>>, who: SignedIn, look: Preferences) -> Response {
    let tried = match console.api().get::<Balance>(&who, "/v1/balance").await {
        Ok(balance) => Tried {
            balance: Some(balance),
            ..Tried::default()
        },
        Err(trouble) => Tried {
            trouble: Some(trouble),
            ..Tried::default()
        },
    };
    draw(&console, &who, look, tried).await
}

async fn draw(console: &Console, who: &SignedIn, look: Preferences, tried: Tried<'_>) -> Response {
    let title = look.words().frame.settings;
    let mut frame = Frame::new(who, look, Section::Settings, title, console.now()).calls("GET", "/v1/settings");
    frame = frame.noticed(tried.done);
    if let Some(trouble) = &tried.trouble {
        frame = frame.troubled(trouble);
    }
    let api = console.api();
    let (settings, me) = futures::join!(api.get::<Settings>(who, "/v1/settings"), api.get::<Me>(who, "/v1/me"));
    match (settings, me) {
        (Ok(settings), Ok(me)) => {
            let sheet = Sheet::new(&frame, &settings, me.tenant.upstream_configured, &tried);
            answer::page(frame.status(), &SettingsPage { frame, sheet })
        }
        (Err(trouble), _) | (_, Err(trouble)) => answer::trouble(frame, &trouble),
    }
}

/// What a form asks for. An empty field for a text means the usual one; a number that is none is left to the API to refuse.
fn patch(typed: &Form) -> Value {
    let number = |name: &str| match typed.typed(name).map(str::parse::<i64>) {
        Some(Ok(number)) => json!(number),
        Some(Err(_)) => json!(typed.get(name)),
        None => Value::Null,
    };
    let text = |name: &str| typed.typed(name).map_or(Value::Null, |text| json!(text));
    let pages = typed.get("return_urls").lines().map(str::trim);
    let pages: Vec<_> = pages.filter(|page| !page.is_empty()).collect();
    json!({
        "return_urls": pages,
        "hold_seconds": number("hold_seconds"),
        "low_balance_threshold": number("low_balance_threshold"),
        "callbacks_missing_days": number("callbacks_missing_days"),
        "read_back": {
            "enabled": typed.ticked("enabled"),
            "path": text("path"),
            "member_field": text("member_field"),
            "merchant_field": text("merchant_field"),
            "try": typed.ticked("try"),
        },
    })
}

impl Sheet {
    fn new(frame: &Frame, settings: &Settings, is_configured: bool, tried: &Tried<'_>) -> Self {
        let page = &frame.words().settings;
        let read_back = &settings.read_back;
        let problem = frame.problem.as_ref();
        let field = |name: &'static str, label, hint, kept: Option<String>| Field {
            name,
            label,
            hint,
            value: tried
                .typed
                .map(|typed| typed.get(name).to_owned())
                .or(kept)
                .unwrap_or_default(),
            wrong: problem.and_then(|problem| wrong(problem, name)),
        };
        let hold = Some(settings.hold_seconds.to_string());
        let low = settings.low_balance_threshold.map(|low| low.to_string());
        let missing = Some(settings.callbacks_missing_days.to_string());
        Self {
            is_configured,
            balance: tried.balance.as_ref().map(|balance| Shown {
                points: (page.points)(&signed_thousands(balance.points)),
                is_low: balance.low == Some(true),
                read: At {
                    moment: balance.read_at,
                    now: frame.now,
                },
            }),
            is_enabled: tried.typed.map_or(read_back.enabled, |typed| typed.ticked("enabled")),
            numbers: vec![
                field("hold_seconds", page.hold, page.hold_hint, hold),
                field(
                    "low_balance_threshold",
                    page.low_threshold,
                    page.low_threshold_hint,
                    low,
                ),
                field(
                    "callbacks_missing_days",
                    page.missing_days,
                    page.missing_days_hint,
                    missing,
                ),
            ],
            texts: vec![
                field("path", page.path, page.path_hint, read_back.path.clone()),
                field("member_field", page.member_field, "", read_back.member_field.clone()),
                field(
                    "merchant_field",
                    page.merchant_field,
                    "",
                    read_back.merchant_field.clone(),
                ),
            ],
            returns: Field {
                wrong: problem.and_then(|problem| problem.of_field("return_urls").map(str::to_owned)),
                ..field(
                    "return_urls",
                    page.return_urls,
                    page.return_urls_hint,
                    Some(settings.return_urls.join("\n")),
                )
            },
        }
    }
}

/// What is wrong with a field, which may lie inside of another.
fn wrong(problem: &Problem, name: &str) -> Option<String> {
    let inside = format!("/{name}");
    let mut errors = problem.errors.iter();
    let found = errors.find(|error| {
        error
            .pointer
            .as_deref()
            .is_some_and(|pointer| pointer.ends_with(&inside))
    });
    found.map(|error| error.detail.clone())
}

/// Samples of the page.
#[cfg(any(test, feature = "samples"))]
pub(crate) mod samples {
    use super::{Frame, Preferences, Section, SettingsPage, Sheet, Tried};
    use crate::pages::shops::{self, Sample};

    /// The page in all its states.
    pub fn samples(look: Preferences) -> Vec<Sample> {
        let sample = |name: &'static str, is_configured: bool, tried: &Tried<'_>| {
            let title = look.words().frame.settings;
            let frame = Frame::new(&shops::person(look), look, Section::Settings, title, shops::now());
            let sheet = Sheet::new(&frame, &shops::settings(), is_configured, tried);
            Sample::new(name, &SettingsPage { frame, sheet })
        };
        let tried = Tried {
            balance: Some(shops::balance()),
            ..Tried::default()
        };
        vec![
            sample("settings", true, &tried),
            sample("settings-new", false, &Tried::default()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_says_what_is_to_change() {
        let typed = Form::of(
            "hold_seconds=900&low_balance_threshold=&callbacks_missing_days=x&enabled=1&path=a%2Fb\
            &return_urls=https%3A%2F%2Fa.example%2F%0D%0A%0D%0A%20https%3A%2F%2Fb.example",
        );
        let patch = patch(&typed);
        assert_eq!(patch["hold_seconds"], 900);
        assert_eq!(patch["low_balance_threshold"], Value::Null);
        assert_eq!(patch["callbacks_missing_days"], "x");
        assert_eq!(patch["read_back"]["enabled"], true);
        assert_eq!(patch["read_back"]["try"], false);
        assert_eq!(patch["read_back"]["path"], "a/b");
        assert_eq!(patch["return_urls"], json!(["https://a.example/", "https://b.example"]));
    }
}
