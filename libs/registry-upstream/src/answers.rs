//! What an answer of upstream says, in the domain's words.

use paymint_client::callback::DeletionMark as Mark;
use paymint_client::{ListedMapping, MappingStatus as Status};
use registry_domain::merchant::Answer;
use registry_domain::review::{DeletionMark, MappingStatus, Observation, ReviewCode};
use registry_domain::{FreeText, MemberCode, MerchantCode, Reference, ReportedNumber};

/// What mapping-status says about a merchant. `None` if it repeats codes that are not the merchant's: then it is an
/// answer to another question.
pub(crate) fn found(status: &Status, asked: &Reference) -> Option<Answer> {
    let (member, merchant) = (status.member_id.as_deref(), status.merchant_id.as_deref());
    let is_about_it = member.is_none_or(|said| asked.member_code.looks_like(said))
        && merchant.is_none_or(|said| asked.merchant_code.looks_like(said));
    if !is_about_it {
        return None;
    }
    let report = &status.merchant;
    Some(Answer::Found {
        observation: Box::new(Observation {
            member_code: status.member_id.as_ref().map(|_| asked.member_code.clone()),
            merchant_code: status.merchant_id.as_ref().map(|_| asked.merchant_code.clone()),
            upstream_member_id: text(status.paymint_member_id.as_deref()),
            company_name: text(report.company_name.as_deref()),
            branch_name: text(report.branch_name.as_deref()),
            business_number: number(report.business_number.as_deref()),
            review_code: report.review_status.as_deref().and_then(ReviewCode::from_untrusted),
            review_message: text(report.review_message.as_deref()),
            deletion: deletion(status),
        }),
        mapping_status: status.mapping_status.as_deref().and_then(MappingStatus::from_untrusted),
    })
}

/// In an answer of a shape that nobody documented, a field that is not there says nothing. (In a callback it is
/// documented among the others, and its absence is read as "not deleted".)
fn deletion(status: &Status) -> DeletionMark {
    if status.merchant.is_deleted.as_deref().is_none_or(str::is_empty) {
        return DeletionMark::Unsaid;
    }
    match status.merchant.deletion_mark() {
        Mark::NotDeleted => DeletionMark::NotDeleted,
        Mark::Deleted => DeletionMark::Deleted,
        Mark::Unrecognised(text) => DeletionMark::Unrecognised(FreeText::reported(&text)),
    }
}

/// A row of upstream's list.
pub(crate) struct ListedRow {
    /// The pair.
    pub(crate) reference: Reference,
    /// The word for the link.
    pub(crate) mapping_status: Option<MappingStatus>,
    /// What it says of the business.
    observation: Observation,
}

impl ListedRow {
    /// The row as an answer about its merchant.
    pub(crate) fn into_answer(self) -> Answer {
        Answer::Found {
            observation: Box::new(self.observation),
            mapping_status: self.mapping_status,
        }
    }
}

/// Reads a row. `None` if it names no pair that a merchant of ours could have.
pub(crate) fn listed(row: &ListedMapping) -> Option<ListedRow> {
    let reference = Reference {
        member_code: MemberCode::reported(row.member_id.as_deref()?).ok()?,
        merchant_code: MerchantCode::reported(&row.merchant_id).ok()?,
    };
    Some(ListedRow {
        mapping_status: row.mapping_status.as_deref().and_then(MappingStatus::from_untrusted),
        observation: Observation {
            member_code: Some(reference.member_code.clone()),
            merchant_code: Some(reference.merchant_code.clone()),
            upstream_member_id: None,
            company_name: text(row.company_name.as_deref()),
            branch_name: text(row.branch_name.as_deref()),
            business_number: number(row.business_number.as_deref()),
            review_code: None,
            review_message: None,
            deletion: DeletionMark::Unsaid,
        },
        reference,
    })
}

fn text(said: Option<&str>) -> Option<FreeText> {
    said.filter(|text| !text.is_empty()).map(FreeText::reported)
}

fn number(said: Option<&str>) -> Option<ReportedNumber> {
    said.filter(|text| !text.is_empty()).map(ReportedNumber::from_untrusted)
}

#[cfg(test)]
mod tests {
    use paymint_client::callback::MerchantReport;

    use super::*;

    fn reference() -> Reference {
        Reference {
            member_code: MemberCode::parse("m1").unwrap(),
            merchant_code: MerchantCode::parse("s1").unwrap(),
        }
    }

    fn answer(status: &Status) -> Option<(Observation, Option<MappingStatus>)> {
        found(status, &reference()).map(|answer| match answer {
            Answer::Found {
                observation,
                mapping_status,
            } => (*observation, mapping_status),
            Answer::Missing => panic!("it was found"),
        })
    }

    #[test]
    fn silence_says_nothing() {
        let status = Status {
            mapping_status: Some("COMPLETED".to_owned()),
            ..Status::default()
        };
        let (observation, mapping_status) = answer(&status).unwrap();
        assert_eq!(observation.deletion, DeletionMark::Unsaid);
        assert_eq!(observation.review_code, None);
        assert_eq!(mapping_status.unwrap().as_str(), "COMPLETED");
    }

    #[test]
    fn what_is_said_is_taken_over() {
        let report = |mark: &str| Status {
            member_id: Some("m1".to_owned()),
            merchant: MerchantReport {
                company_name: Some("가나다학원".to_owned()),
                branch_name: Some(String::new()),
                review_status: Some("O".to_owned()),
                is_deleted: Some(mark.to_owned()),
                ..MerchantReport::default()
            },
            ..Status::default()
        };
        let (observation, _) = answer(&report("Y")).unwrap();
        assert_eq!(observation.deletion, DeletionMark::Deleted);
        assert_eq!(observation.review_code, ReviewCode::from_untrusted("O"));
        assert_eq!(observation.company_name.unwrap().as_str(), "가나다학원");
        assert_eq!(observation.branch_name, None);
        assert_eq!(answer(&report("n")).unwrap().0.deletion, DeletionMark::NotDeleted);
        assert_eq!(answer(&report("")).unwrap().0.deletion, DeletionMark::Unsaid);
    }

    #[test]
    fn an_answer_about_another_merchant_is_none() {
        let status = Status {
            merchant_id: Some("s2".to_owned()),
            ..Status::default()
        };
        assert!(answer(&status).is_none());
    }

    #[test]
    fn a_row_without_a_usable_pair_is_none() {
        let row = |member: Option<&str>, merchant: &str| ListedMapping {
            member_id: member.map(str::to_owned),
            merchant_id: merchant.to_owned(),
            mapping_status: None,
            company_name: None,
            branch_name: None,
            business_number: None,
        };
        assert!(listed(&row(Some("m1"), "s1")).is_some());
        for (member, merchant) in [(None, "s1"), (Some(""), "s1"), (Some("m1"), &"x".repeat(61))] {
            assert!(listed(&row(member, merchant)).is_none());
        }
    }
}
