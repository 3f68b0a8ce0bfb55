//! Registering a merchant, and changing what the tenant keeps about one.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{Method, StatusCode};
use axum::response::Response;
use registry_documents::MerchantDocument;
use serde_json::{Map, Value, json};

use crate::answer;
use crate::api::Ask;
use crate::console::Console;
use crate::documents::Problem;
use crate::door::SignedIn;
use crate::form::Form;
use crate::frame::{Frame, Section};
use crate::parts::filters;
use crate::preferences::Preferences;
use crate::query::segment;
use crate::words::Words;

/// Longest text of a field, in characters: as long as the API takes.
const TEXT_MAX: usize = 200;

/// Longest list of tags, in characters.
const TAGS_MAX: usize = 4_200;

/// A field of the form.
pub struct Field {
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    value: String,
    longest: usize,
    is_required: bool,
    wrong: Option<String>,
}

/// What the page shows.
pub struct Sheet {
    title: &'static str,
    submit: &'static str,
    is_new: bool,
    key: String,
    version: u64,
    action: String,
    back: String,
    back_name: String,
    existing: Option<String>,
    fields: Vec<Field>,
}

#[derive(Template)]
#[template(path = "register/page.html")]
struct RegisterPage {
    frame: Frame,
    form: Sheet,
}

/// `GET …/merchants/new`
pub async fn new(State(console): State<Arc<Console>>, who: SignedIn, look: Preferences) -> Response {
    let frame = frame(&console, &who, look).calls("POST", "/v1/merchants");
    let form = Sheet::blank(&frame, console.new_key(), &Form::default(), None);
    answer::page(StatusCode::OK, &RegisterPage { frame, form })
}

/// `POST …/merchants`
pub async fn create(State(console): State<Arc<Console>>, who: SignedIn, look: Preferences, typed: Form) -> Response {
    let mut body = texts(
        &typed,
        &[
            "member_code",
            "merchant_code",
            "company_name",
            "branch_name",
            "business_number",
        ],
    );
    if let Some(tags) = typed.typed("tags") {
        body.insert("tags".to_owned(), tags_of(tags));
    }
    let ask = Ask::post("/v1/merchants")
        .body(Value::Object(body))
        .once(typed.get("key"));
    match console.api().send::<MerchantDocument>(&who, ask).await {
        Ok(merchant) => {
            let path = format!("/console/{}/merchants/{}", segment(&who.tenant.slug), merchant.id);
            answer::see(&format!("{path}?done=registered"))
        }
        Err(trouble) => {
            let frame = frame(&console, &who, look)
                .troubled(&trouble)
                .calls("POST", "/v1/merchants");
            // What was refused may be sent again, changed: that is another request.
            let form = Sheet::blank(&frame, console.new_key(), &typed, frame.problem.as_ref());
            answer::page(frame.status(), &RegisterPage { frame, form })
        }
    }
}

/// `GET …/merchants/{id}/edit`
pub async fn edit(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, id)): Path<(String, String)>,
) -> Response {
    let path = format!("/v1/merchants/{}", segment(&id));
    let frame = frame(&console, &who, look).calls("PATCH", &path);
    match console.api().get::<MerchantDocument>(&who, &path).await {
        Ok(merchant) => {
            let form = Sheet::of(&frame, &merchant, None, None);
            answer::page(StatusCode::OK, &RegisterPage { frame, form })
        }
        Err(trouble) => answer::trouble(frame, &trouble),
    }
}

/// `POST …/merchants/{id}`
pub async fn change(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, id)): Path<(String, String)>,
    typed: Form,
) -> Response {
    let path = format!("/v1/merchants/{}", segment(&id));
    let mut body = texts(&typed, &["company_name", "branch_name", "business_number"]);
    body.insert("tags".to_owned(), tags_of(typed.get("tags")));
    let version = typed.get("version").parse().unwrap_or(0);
    let ask = Ask::new(Method::PATCH, path.clone())
        .body(Value::Object(body))
        .at_version(version);
    let trouble = match console.api().send::<MerchantDocument>(&who, ask).await {
        Ok(merchant) => {
            let page = format!("/console/{}/merchants/{}", segment(&who.tenant.slug), merchant.id);
            return answer::see(&format!("{page}?done=changed"));
        }
        Err(trouble) => trouble,
    };
    let frame = frame(&console, &who, look).calls("PATCH", &path);
    match console.api().get::<MerchantDocument>(&who, &path).await {
        Ok(merchant) => {
            let frame = frame.troubled(&trouble);
            let form = Sheet::of(&frame, &merchant, Some(&typed), frame.problem.as_ref());
            answer::page(frame.status(), &RegisterPage { frame, form })
        }
        Err(trouble) => answer::trouble(frame, &trouble),
    }
}

fn frame(console: &Console, who: &SignedIn, look: Preferences) -> Frame {
    let title = look.words().register.title;
    let frame = Frame::new(who, look, Section::Merchants, title, console.now());
    let here = frame.path("/merchants/new");
    frame.at(here)
}

/// The fields in which something was typed.
fn texts(typed: &Form, names: &[&str]) -> Map<String, Value> {
    let texts = names
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), json!(typed.typed(name)?))));
    texts.collect()
}

fn tags_of(text: &str) -> Value {
    text.split(',').map(str::trim).filter(|tag| !tag.is_empty()).collect()
}

impl Sheet {
    /// For a merchant that is not there yet.
    fn blank(frame: &Frame, key: String, typed: &Form, problem: Option<&Problem>) -> Self {
        let words = frame.words();
        let page = &words.register;
        let mut fields = vec![
            field("member_code", words.merchant.member_code, page.member_hint, true),
            field("merchant_code", words.merchant.merchant_code, page.merchant_hint, true),
        ];
        fields.extend(details(words, page.number_hint));
        for field in &mut fields {
            typed.get(field.name).clone_into(&mut field.value);
        }
        Self {
            title: page.title,
            submit: page.submit,
            is_new: true,
            key,
            version: 0,
            action: frame.path("/merchants"),
            back: frame.path("/merchants"),
            back_name: words.frame.merchants.to_owned(),
            existing: problem
                .and_then(|problem| problem.existing_id.as_ref())
                .map(|id| frame.path(&format!("/merchants/{}", segment(id)))),
            fields: blamed(fields, problem),
        }
    }

    /// For one that is there.
    fn of(frame: &Frame, merchant: &MerchantDocument, typed: Option<&Form>, problem: Option<&Problem>) -> Self {
        let words = frame.words();
        let page = &words.register;
        let path = frame.path(&format!("/merchants/{}", merchant.id));
        let business = &merchant.business;
        let mut fields = details(words, page.number_kept);
        for field in &mut fields {
            let kept = match field.name {
                "company_name" => business.company_name.clone(),
                "branch_name" => business.branch_name.clone(),
                "tags" => Some(merchant.tags.join(", ")),
                _ => None,
            };
            let typed = typed.map(|typed| typed.get(field.name).to_owned());
            field.value = typed.or(kept).unwrap_or_default();
        }
        Self {
            title: page.change,
            submit: page.save,
            is_new: false,
            key: String::new(),
            version: merchant.version,
            action: path.clone(),
            back: path,
            back_name: business
                .company_name
                .clone()
                .unwrap_or_else(|| merchant.merchant_code.clone()),
            existing: None,
            fields: blamed(fields, problem),
        }
    }
}

fn field(name: &'static str, label: &'static str, hint: &'static str, is_required: bool) -> Field {
    Field {
        name,
        label,
        hint,
        value: String::new(),
        longest: TEXT_MAX,
        is_required,
        wrong: None,
    }
}

fn details(words: &Words, number_hint: &'static str) -> Vec<Field> {
    let (names, page) = (&words.merchant, &words.register);
    let tags = field("tags", page.tags, page.tags_hint, false);
    vec![
        field("company_name", names.company, "", false),
        field("branch_name", names.branch, "", false),
        field("business_number", names.number, number_hint, false),
        Field {
            longest: TAGS_MAX,
            ..tags
        },
    ]
}

/// With what is wrong beside each.
fn blamed(mut fields: Vec<Field>, problem: Option<&Problem>) -> Vec<Field> {
    for field in &mut fields {
        field.wrong = problem
            .and_then(|problem| problem.of_field(field.name))
            .map(str::to_owned);
    }
    fields
}

/// Samples of the page.
#[cfg(any(test, feature = "samples"))]
pub(crate) mod samples {
    use super::{Form, Frame, Preferences, RegisterPage, Section, Sheet};
    use crate::pages::shops::{self, Sample};

    /// The page in all its states.
    pub fn samples(look: Preferences) -> Vec<Sample> {
        let frame = || {
            let title = look.words().register.title;
            Frame::new(&shops::person(look), look, Section::Merchants, title, shops::now())
        };
        let new = frame().calls("POST", "/v1/merchants");
        let form = Sheet::blank(&new, "key".to_owned(), &Form::default(), None);
        let mut refused = frame();
        refused.problem = Some(shops::problem());
        let typed = Form::of("member_code=acad-12&merchant_code=store%203&business_number=117");
        let wrong = Sheet::blank(&refused, "key".to_owned(), &typed, refused.problem.as_ref());
        let edited = frame();
        let edit = Sheet::of(&edited, &shops::merchant(7), None, None);
        vec![
            Sample::new("register", &RegisterPage { frame: new, form }),
            Sample::new(
                "register-refused",
                &RegisterPage {
                    frame: refused,
                    form: wrong,
                },
            ),
            Sample::new(
                "edit",
                &RegisterPage {
                    frame: edited,
                    form: edit,
                },
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_told_apart_by_commas() {
        assert_eq!(tags_of(" 분식, 서울 ,,"), json!(["분식", "서울"]));
        assert_eq!(tags_of(""), json!([]));
    }
}
