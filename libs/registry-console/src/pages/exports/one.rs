//! One file: how far it is, and the file itself.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

use super::{LIST, PATH, class, frame, named, standing};
use crate::answer;
use crate::api::{Ask, Trouble};
use crate::colleagues::Colleagues;
use crate::console::Console;
use crate::documents::Export;
use crate::door::SignedIn;
use crate::frame::Frame;
use crate::parts::filters;
use crate::parts::{At, thousands};
use crate::preferences::Preferences;
use crate::query::{Query, segment};

/// The tenant's name, and the file's id.
type Place = Path<(String, String)>;

#[derive(Template)]
#[template(path = "exports/one.html")]
pub(super) struct OnePage {
    frame: Frame,
    what: String,
    state: String,
    standing: &'static str,
    class: &'static str,
    is_open: bool,
    can_be_taken: bool,
    rows: u64,
    expected: u64,
    rows_text: String,
    expected_text: String,
    size: String,
    reason: String,
    who: String,
    when: At,
    expires: Option<At>,
    numbers: &'static str,
    /// Where the shops are listed.
    list: Option<String>,
    error: Option<String>,
    act: String,
}

fn of_api(id: &str) -> String {
    format!("{LIST}/{}", segment(id))
}

/// `GET …/exports/{id}`
pub async fn get(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, id)): Place,
) -> Response {
    draw(&console, &who, look, &id, None).await
}

/// `POST …/exports/{id}/file`: the file. That it is taken is written down: nothing that a look alone may do.
pub async fn take(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, id)): Place,
) -> Response {
    match console.api().file(&who, &format!("{}/file", of_api(&id))).await {
        Ok(file) => answer::file(file),
        Err(trouble) if trouble.is_the_askers() => draw(&console, &who, look, &id, Some(&trouble)).await,
        Err(trouble) => answer::trouble(frame(&who, look, &console), &trouble),
    }
}

/// `POST …/exports/{id}/cancellation`
pub async fn cancel(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, id)): Place,
) -> Response {
    let ask = Ask::post(format!("{}/cancellation", of_api(&id)));
    match console.api().send::<Export>(&who, ask).await {
        Ok(export) => {
            let tenant = segment(&who.tenant.slug);
            answer::see(&format!("/console/{tenant}{PATH}/{}", segment(&export.id)))
        }
        Err(trouble) => answer::trouble(frame(&who, look, &console), &trouble),
    }
}

async fn draw(console: &Console, who: &SignedIn, look: Preferences, id: &str, trouble: Option<&Trouble>) -> Response {
    let path = of_api(id);
    let frame = frame(who, look, console);
    let here = frame.path(&format!("{PATH}/{}", segment(id)));
    let mut frame = frame.at(here).calls("GET", &path);
    if let Some(trouble) = trouble {
        frame = frame.troubled(trouble);
    }
    let (export, names) = futures::join!(console.api().get::<Export>(who, &path), Colleagues::read(console, who));
    match export {
        Ok(export) => answer::page(frame.status(), &OnePage::new(frame, &export, &names)),
        Err(trouble) => answer::trouble(frame, &trouble),
    }
}

impl OnePage {
    pub(super) fn new(frame: Frame, export: &Export, names: &Colleagues) -> Self {
        let words = frame.words();
        let exports = &words.exports;
        let at = |moment| At { moment, now: frame.now };
        let error = export.error.as_ref().map(|error| {
            let text = named(exports.errors, &error.code);
            let row = error.row.map(exports.at_row);
            row.map_or(text.clone(), |row| format!("{row}: {text}"))
        });
        let list = export.filter.as_ref();
        let list = list.map(|filter| Query::read(Some(filter)).on(&frame.path("/merchants")));
        Self {
            what: named(exports.formats, &export.format),
            standing: standing(words, &export.state),
            class: class(&export.state),
            is_open: ["queued", "running"].contains(&export.state.as_str()),
            can_be_taken: export.state == "ready",
            state: export.state.clone(),
            rows: export.rows,
            expected: export.rows_expected.max(1),
            rows_text: thousands(export.rows),
            expected_text: thousands(export.rows_expected),
            size: size(export.bytes),
            reason: export.reason.clone(),
            who: names.who(&export.actor, words),
            when: at(export.created_at),
            expires: export.expires_at.map(at),
            numbers: if export.with_numbers {
                exports.numbers_whole
            } else {
                exports.numbers_masked
            },
            list,
            error,
            act: frame.path(&format!("{PATH}/{}", segment(&export.id))),
            frame,
        }
    }
}

/// How large, as people say it.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_024 => format!("{bytes} B"),
        1_024..1_048_576 => format!("{} KiB", thousands(bytes.div_ceil(1_024))),
        _ => format!("{} MiB", thousands(bytes.div_ceil(1_048_576))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_said_as_people_say_them() {
        let said = [0, 1_023, 1_024, 1_048_575, 1_048_576, 5_000_000].map(size);
        assert_eq!(said, ["0 B", "1023 B", "1 KiB", "1,024 KiB", "1 MiB", "5 MiB"]);
    }
}
