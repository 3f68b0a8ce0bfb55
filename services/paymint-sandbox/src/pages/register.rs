//! `/register/{token}`: where a person registers a business. Opening it begins the application (W), submitting it
//! begins the review (P).

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;

use super::{LetterView, not_found, page};
use crate::business_number;
use crate::clock;
use crate::upstream::Upstream;
use crate::world::{Application, Business, Denied, Mapping, ReviewLetter};

/// The longest name of a company or a branch, in characters.
const NAME_MAX_CHARACTERS: usize = 60;

/// The longest Paymint member id, in characters.
const MEMBER_ID_MAX_CHARACTERS: usize = 40;

/// What the person typed. It is shown again as it was, if something is wrong with it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    member_id: String,
    business_number: String,
    company_name: String,
    branch_name: String,
}

/// What is wrong with each field, in Korean; empty, if nothing is.
#[derive(Debug, Default, PartialEq, Eq)]
struct Complaints {
    member_id: &'static str,
    business_number: &'static str,
    company_name: &'static str,
    branch_name: &'static str,
}

impl Typed {
    fn of(mapping: &Mapping) -> Self {
        let business = &mapping.business;
        Self {
            member_id: mapping.paymint_member_id.clone().unwrap_or_default(),
            business_number: business
                .number
                .as_deref()
                .map(business_number::hyphenated)
                .unwrap_or_default(),
            company_name: business.company_name.clone().unwrap_or_default(),
            branch_name: business.branch_name.clone().unwrap_or_default(),
        }
    }

    fn check(&self) -> Result<Application, Complaints> {
        let member_id = self.member_id.trim();
        let company_name = self.company_name.trim();
        let branch_name = self.branch_name.trim();
        let number = business_number::parse(self.business_number.trim());
        let is_id = |byte: u8| byte.is_ascii_alphanumeric() || b"._-@".contains(&byte);
        let mut complaints = Complaints::default();
        if member_id.is_empty() {
            complaints.member_id = "회원 ID를 입력해 주세요.";
        } else if member_id.len() > MEMBER_ID_MAX_CHARACTERS || !member_id.bytes().all(is_id) {
            complaints.member_id = "영문, 숫자와 . _ - @ 만 40자까지 쓸 수 있습니다.";
        }
        if number.is_none() {
            complaints.business_number = "사업자등록번호 10자리를 확인해 주세요.";
        }
        if company_name.is_empty() {
            complaints.company_name = "상호를 입력해 주세요.";
        } else if !is_name(company_name) {
            complaints.company_name = "60자까지 쓸 수 있습니다.";
        }
        if !is_name(branch_name) {
            complaints.branch_name = "60자까지 쓸 수 있습니다.";
        }
        if complaints != Complaints::default() {
            return Err(complaints);
        }
        let business = Business {
            company_name: Some(company_name.to_owned()),
            branch_name: Some(branch_name.to_owned()).filter(|name| !name.is_empty()),
            number,
        };
        Ok(Application {
            paymint_member_id: member_id.to_owned(),
            business,
        })
    }
}

fn is_name(name: &str) -> bool {
    name.chars().count() <= NAME_MAX_CHARACTERS && !name.chars().any(char::is_control)
}

#[derive(Template)]
#[template(path = "register.html")]
struct FormPage {
    typed: Typed,
    complaints: Complaints,
    letter: LetterView,
    review_message: Option<String>,
}

#[derive(Template)]
#[template(path = "register_state.html")]
struct StatePage {
    headline: &'static str,
    text: &'static str,
    letter: LetterView,
    company_name: Option<String>,
    branch_name: Option<String>,
    redirect_url: Option<String>,
}

pub(super) async fn show(State(upstream): State<Arc<Upstream>>, Path(token): Path<String>) -> Response {
    let Some(id) = upstream.with_world(|world| world.by_token(&token)) else {
        return not_found();
    };
    let shown = upstream.with_world(|world| {
        world.open(id, clock::now())?;
        world.get(id).map(|mapping| render(mapping, None))
    });
    shown.unwrap_or_else(|_| not_found())
}

pub(super) async fn submit(
    State(upstream): State<Arc<Upstream>>,
    Path(token): Path<String>,
    Form(typed): Form<Typed>,
) -> Response {
    let Some(id) = upstream.with_world(|world| world.by_token(&token)) else {
        return not_found();
    };
    let done = match typed.check() {
        Ok(application) => upstream.with_world(|world| world.submit(id, application, clock::now())),
        Err(complaints) => {
            let shown =
                upstream.with_world(|world| world.get(id).map(|mapping| render(mapping, Some((typed, complaints)))));
            return shown.unwrap_or_else(|_| not_found());
        }
    };
    match done {
        // Whoever submits twice finds the page that says that it was submitted.
        Ok(()) | Err(Denied::NothingToSubmit) => Redirect::to(&format!("/register/{token}")).into_response(),
        Err(Denied::Full | Denied::NoSuchMapping | Denied::NoSuchCallback) => not_found(),
    }
}

fn render(mapping: &Mapping, corrections: Option<(Typed, Complaints)>) -> Response {
    if !mapping.can_submit() {
        return state_page(mapping);
    }
    let status = if corrections.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    let (typed, complaints) = corrections.unwrap_or_else(|| (Typed::of(mapping), Complaints::default()));
    let review_message = mapping.review_message.clone();
    page(
        status,
        &FormPage {
            typed,
            complaints,
            letter: mapping.letter.into(),
            review_message,
        },
    )
}

fn state_page(mapping: &Mapping) -> Response {
    let (headline, text) = match mapping.letter {
        _ if mapping.is_deleted => (
            "연동이 해제되었습니다",
            "이 매장의 연동이 해제되어 신청할 수 없습니다. 담당 파트너에게 문의해 주세요.",
        ),
        ReviewLetter::Opened => ("개시가 완료되었습니다", "이제 청구서를 보낼 수 있습니다."),
        ReviewLetter::InReview => (
            "신청이 접수되었습니다",
            "심사 결과는 담당 파트너에게 전달됩니다. 이 창은 닫아도 됩니다.",
        ),
        ReviewLetter::None
        | ReviewLetter::Drafting
        | ReviewLetter::DocumentsRequired
        | ReviewLetter::Rejected
        | ReviewLetter::Invented(_) => ("신청을 확인하고 있습니다", "담당 파트너에게 문의해 주세요."),
    };
    let state = StatePage {
        headline,
        text,
        letter: mapping.letter.into(),
        company_name: mapping.business.company_name.clone(),
        branch_name: mapping.business.branch_name.clone(),
        redirect_url: mapping.redirect_url.as_ref().map(ToString::to_string),
    };
    page(StatusCode::OK, &state)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(member_id: &str, number: &str, company: &str, branch: &str) -> Typed {
        Typed {
            member_id: member_id.to_owned(),
            business_number: number.to_owned(),
            company_name: company.to_owned(),
            branch_name: branch.to_owned(),
        }
    }

    #[test]
    fn a_good_form_becomes_an_application() {
        let application = typed(" kim01 ", "117-81-78260", " 가나다학원 ", "").check().unwrap();
        assert_eq!(application.paymint_member_id, "kim01");
        assert_eq!(application.business.number.as_deref(), Some("1178178260"));
        assert_eq!(application.business.company_name.as_deref(), Some("가나다학원"));
        assert_eq!(application.business.branch_name, None);
    }

    #[test]
    fn each_field_is_complained_about_by_itself() {
        let long = "가".repeat(61);
        let complaints = typed("", "1178178261", " ", &long).check().unwrap_err();
        assert!(!complaints.member_id.is_empty() && !complaints.business_number.is_empty());
        assert!(!complaints.company_name.is_empty() && !complaints.branch_name.is_empty());
        let complaints = typed("김", "1178178260", "상호\0", "본점").check().unwrap_err();
        assert!(!complaints.member_id.is_empty() && complaints.business_number.is_empty());
        assert!(!complaints.company_name.is_empty() && complaints.branch_name.is_empty());
    }
}
