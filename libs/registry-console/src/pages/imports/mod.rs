//! Shops from a file: it is handed over, its columns are looked at, and a plan is made of it.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderValue;
use axum::response::Response;
use serde_json::{Value, json};

use crate::answer;
use crate::api::{Ask, Trouble};
use crate::console::Console;
use crate::documents::{Import, ImportColumn, Plan};
use crate::door::SignedIn;
use crate::form::Form;
use crate::frame::{Frame, Section};
use crate::parts::filters;
use crate::parts::thousands;
use crate::preferences::Preferences;
use crate::query::{Query, segment};
use crate::upload::Upload;
use crate::words::Names;

const FILES: &str = "/v1/imports";

/// The tenant's name, and the file's id.
type Place = Path<(String, String)>;

/// Something that can be chosen.
struct Choice {
    word: &'static str,
    name: &'static str,
    is_on: bool,
}

/// A column of the file.
struct Column {
    number: usize,
    heading: String,
    samples: String,
    fields: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "imports/new.html")]
struct NewPage {
    frame: Frame,
}

#[derive(Template)]
#[template(path = "imports/columns.html")]
struct ColumnsPage {
    frame: Frame,
    name: String,
    rows: String,
    here: String,
    plan: String,
    is_text: bool,
    read: Query,
    encodings: Vec<Choice>,
    separators: Vec<Choice>,
    columns: Vec<Column>,
    existings: Vec<Choice>,
}

/// `GET /console/{tenant}/imports/new`
pub async fn new(State(console): State<Arc<Console>>, who: SignedIn, look: Preferences) -> Response {
    let frame = frame(&who, look, &console).calls("POST", FILES);
    answer::page(frame.status(), &NewPage { frame })
}

/// `POST …/imports`
pub async fn create(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Upload { name, bytes }: Upload,
) -> Response {
    let name: String = name.chars().filter(|c| !c.is_control()).take(100).collect();
    let query = if name.trim().is_empty() {
        Query::default()
    } else {
        Query::default().with("name", &name)
    };
    let kind = HeaderValue::from_static("application/octet-stream");
    let ask = Ask::post(query.on(FILES)).file(kind, bytes);
    match console.api().send::<Import>(&who, ask).await {
        Ok(file) => {
            let tenant = segment(&who.tenant.slug);
            answer::see(&format!("/console/{tenant}/imports/{}", segment(&file.id)))
        }
        Err(trouble) if trouble.is_the_askers() => {
            let frame = frame(&who, look, &console).troubled(&trouble);
            answer::page(frame.status(), &NewPage { frame })
        }
        Err(trouble) => answer::trouble(frame(&who, look, &console), &trouble),
    }
}

/// `GET …/imports/template`
pub async fn template(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    RawQuery(raw): RawQuery,
) -> Response {
    let query = Query::read(raw.as_deref()).only(&["format"]);
    let call = query.on(&format!("{FILES}/template"));
    match console.api().file(&who, &call).await {
        Ok(file) => answer::file(file),
        Err(trouble) => answer::trouble(frame(&who, look, &console), &trouble),
    }
}

/// `GET …/imports/{id}`
pub async fn get(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, id)): Place,
    RawQuery(raw): RawQuery,
) -> Response {
    let read = Query::read(raw.as_deref()).only(&["encoding", "separator"]);
    draw(&console, &who, look, &id, read, None).await
}

/// `POST …/imports/{id}/plan`
pub async fn plan(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, id)): Place,
    typed: Form,
) -> Response {
    let mut body = json!({
        "action": "import",
        "import_id": id,
        "columns": typed.all("column").collect::<Vec<_>>(),
        "existing": typed.get("existing"),
        "issue_links": typed.ticked("issue_links"),
    });
    let mut read = Query::default();
    for name in ["encoding", "separator"] {
        if let Some(word) = typed.typed(name) {
            body[name] = Value::from(word);
            read = read.with(name, word);
        }
    }
    match console
        .api()
        .send::<Plan>(&who, Ask::post("/v1/plans").body(body))
        .await
    {
        Ok(plan) => {
            let tenant = segment(&who.tenant.slug);
            answer::see(&format!("/console/{tenant}/plans/{}", segment(&plan.id)))
        }
        Err(trouble) if trouble.is_the_askers() => draw(&console, &who, look, &id, read, Some(&trouble)).await,
        Err(trouble) => answer::trouble(frame(&who, look, &console), &trouble),
    }
}

async fn draw(
    console: &Console,
    who: &SignedIn,
    look: Preferences,
    id: &str,
    read: Query,
    trouble: Option<&Trouble>,
) -> Response {
    let call = read.on(&format!("{FILES}/{}", segment(id)));
    let mut frame = frame(who, look, console).calls("GET", &call);
    if let Some(trouble) = trouble {
        frame = frame.troubled(trouble);
    }
    match console.api().get::<Import>(who, &call).await {
        Ok(file) => answer::page(frame.status(), &ColumnsPage::new(frame, &file, read)),
        Err(trouble) => answer::trouble(frame, &trouble),
    }
}

fn frame(who: &SignedIn, look: Preferences, console: &Console) -> Frame {
    Frame::new(who, look, Section::Merchants, look.words().imports.title, console.now())
}

fn choices(names: Names, chosen: Option<&str>) -> Vec<Choice> {
    let names = names.iter().map(|(word, name)| Choice {
        word,
        name,
        is_on: chosen == Some(*word),
    });
    names.collect()
}

/// What stands in the first rows, as far as anything does.
fn said(samples: &[String]) -> String {
    let said: Vec<_> = samples
        .iter()
        .map(String::as_str)
        .filter(|text| !text.is_empty())
        .collect();
    said.join(" · ")
}

impl ColumnsPage {
    fn new(frame: Frame, file: &Import, read: Query) -> Self {
        let words = &frame.words().imports;
        let here = frame.path(&format!("/imports/{}", segment(&file.id)));
        let column = |(place, column): (usize, &ImportColumn)| Column {
            number: place + 1,
            heading: column.heading.clone(),
            samples: said(&column.samples),
            fields: choices(words.fields, column.field.as_deref()),
        };
        Self {
            name: file.name.clone(),
            rows: (words.rows)(&thousands(file.rows)),
            plan: format!("{here}/plan"),
            here,
            is_text: file.format == "csv",
            encodings: choices(words.encodings, file.encoding.as_deref()),
            separators: choices(words.separators, file.separator.as_deref()),
            columns: file.columns.iter().enumerate().map(column).collect(),
            existings: choices(words.existings, Some("skip")),
            read,
            frame,
        }
    }
}

/// Samples of the pages.
#[cfg(any(test, feature = "samples"))]
pub(crate) mod samples {
    use serde_json::json;

    use super::{ColumnsPage, Frame, NewPage, Preferences, Query, Section, Trouble};
    use crate::pages::shops::{self, Sample};

    pub(crate) fn samples(look: Preferences) -> Vec<Sample> {
        let frame = || {
            let who = shops::person(look);
            Frame::new(&who, look, Section::Merchants, look.words().imports.title, shops::now())
        };
        let file = json!({ "id": "imp_0197f0a1b2c37d4e8f90a1b2c3d4e5f6", "name": "가맹점 11월.csv", "format": "csv", "encoding": "cp949",
            "separator": "comma", "rows": 4_890, "columns": [
                { "heading": "회원코드", "field": "member_code", "samples": ["acad-12", "acad-12", "acad-13"] },
                { "heading": "매장코드", "field": "merchant_code", "samples": ["store-1", "store-2", "store-1"] },
                { "heading": "상호", "field": "company_name", "samples": ["가나다 학원", "라마바", ""] },
                { "heading": "", "field": null, "samples": ["x", "", ""] },
            ] });
        let file = serde_json::from_value(file).expect("a sample reads");
        let problem = json!({ "status": 422, "code": "file_refused", "title": "파일을 읽을 수 없습니다", "detail": "",
            "request_id": "req_0197f0a1b2c37d4e8f90a1b2c3d4e5f6",
            "errors": [{ "line": 3, "detail": "이 인코딩으로는 읽을 수 없는 줄입니다. 다른 인코딩을 선택해 주세요" }] });
        let trouble = Trouble::Refused(serde_json::from_value(problem).expect("a sample reads"));
        let wrong = NewPage {
            frame: frame().troubled(&trouble),
        };
        vec![
            Sample::new("import-new", &NewPage { frame: frame() }),
            Sample::new("import-wrong", &wrong),
            Sample::new("import-columns", &ColumnsPage::new(frame(), &file, Query::default())),
        ]
    }
}
