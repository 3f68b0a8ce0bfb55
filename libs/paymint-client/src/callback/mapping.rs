//! The mapping-result callback (official callback page, `PartnerAuthCallbackPayload`).

use std::fmt;

use super::{CallbackFault, DeletionMark};
use crate::json::{self, Object};

/// A claim about the link of one sub-merchant. Every field may be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MappingCallback {
    /// The partner's code of the user.
    pub member_id: Option<String>,
    /// The partner's code of the place.
    pub merchant_id: Option<String>,
    /// Paymint's own id of the person who registered (`member.id`).
    pub paymint_member_id: Option<String>,
    /// The business and its review (`merchant`).
    pub merchant: MerchantReport,
}

/// What upstream says of a business and its review. Texts are kept as they came, control characters included.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct MerchantReport {
    /// The name of the business.
    pub company_name: Option<String>,
    /// The name of the branch.
    pub branch_name: Option<String>,
    /// The business registration number, unchecked.
    pub business_number: Option<String>,
    /// The letter of the review: `N`, `W`, `P`, `R`, `S`, `O`, or one we do not know.
    pub review_status: Option<String>,
    /// What documents are missing (`S`) or why it was rejected (`R`).
    pub review_message: Option<String>,
    /// The raw deletion mark.
    pub is_deleted: Option<String>,
}

impl MerchantReport {
    /// What the raw deletion mark means.
    pub fn deletion_mark(&self) -> DeletionMark {
        DeletionMark::parse(self.is_deleted.as_deref())
    }
}

impl fmt::Debug for MerchantReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Names, number and message are personal.
        formatter
            .debug_struct("MerchantReport")
            .field("review_status", &self.review_status)
            .field("is_deleted", &self.is_deleted)
            .finish_non_exhaustive()
    }
}

pub(super) fn read(payload: &Object) -> Result<MappingCallback, CallbackFault> {
    let empty = Object::new();
    let member = object(payload, "member")?.unwrap_or(&empty);
    let merchant = object(payload, "merchant")?.unwrap_or(&empty);
    Ok(MappingCallback {
        member_id: text(payload, "memberId", "memberId")?,
        merchant_id: text(payload, "merchantId", "merchantId")?,
        paymint_member_id: text(member, "id", "member.id")?,
        merchant: MerchantReport {
            company_name: text(merchant, "companyName", "merchant.companyName")?,
            branch_name: text(merchant, "branchName", "merchant.branchName")?,
            business_number: text(merchant, "businessNumber", "merchant.businessNumber")?,
            review_status: letter(merchant, "reviewStatus", "merchant.reviewStatus")?,
            review_message: text(merchant, "reviewMessage", "merchant.reviewMessage")?,
            is_deleted: text(merchant, "isDeleted", "merchant.isDeleted")?,
        },
    })
}

fn text(object: &Object, name: &str, field: &'static str) -> Result<Option<String>, CallbackFault> {
    json::text(object, &[name]).map_err(|json::WrongType| CallbackFault::WrongType { field })
}

/// A letter of which a part is lost is none: what is left of it could be mistaken for another.
fn letter(object: &Object, name: &str, field: &'static str) -> Result<Option<String>, CallbackFault> {
    let letter = text(object, name, field)?;
    match letter {
        Some(letter) if letter.contains(char::REPLACEMENT_CHARACTER) => Err(CallbackFault::Illegible { field }),
        legible => Ok(legible),
    }
}

fn object<'a>(payload: &'a Object, field: &'static str) -> Result<Option<&'a Object>, CallbackFault> {
    json::object(payload, field).map_err(|json::WrongType| CallbackFault::WrongType { field })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn parse(value: Value) -> Result<MappingCallback, CallbackFault> {
        let Value::Object(object) = value else {
            panic!("the test gives objects")
        };
        read(&object)
    }

    #[test]
    fn a_whole_payload() {
        let callback = parse(json!({
            "memberId": "m", "merchantId": "s", "member": {"id": "pm"},
            "merchant": {"companyName": "상호", "branchName": "지점", "businessNumber": "117-81-78260",
                         "reviewStatus": "S", "reviewMessage": "서류\u{0000}", "isDeleted": "N"}
        }));
        let callback = callback.unwrap();
        assert_eq!(callback.member_id.as_deref(), Some("m"));
        assert_eq!(callback.merchant_id.as_deref(), Some("s"));
        assert_eq!(callback.paymint_member_id.as_deref(), Some("pm"));
        assert_eq!(callback.merchant.business_number.as_deref(), Some("117-81-78260"));
        assert_eq!(callback.merchant.review_message.as_deref(), Some("서류\0"));
        assert_eq!(callback.merchant.deletion_mark(), DeletionMark::NotDeleted);
    }

    #[test]
    fn every_field_may_be_null_or_absent() {
        let nulls = json!({
            "memberId": null, "merchantId": null, "member": {"id": null},
            "merchant": {"companyName": null, "branchName": null, "businessNumber": null,
                         "reviewStatus": null, "reviewMessage": null, "isDeleted": null}
        });
        for payload in [
            nulls,
            json!({"member": null, "merchant": null}),
            json!({"member": {}, "merchant": {}}),
        ] {
            assert_eq!(parse(payload).unwrap(), MappingCallback::default());
        }
    }

    #[test]
    fn scalars_give_their_text() {
        let callback = parse(json!({"memberId": 7, "merchant": {"businessNumber": 1_178_178_260, "isDeleted": true}}));
        let callback = callback.unwrap();
        assert_eq!(callback.member_id.as_deref(), Some("7"));
        assert_eq!(callback.merchant.business_number.as_deref(), Some("1178178260"));
        assert_eq!(callback.merchant.deletion_mark(), DeletionMark::Deleted);
    }

    #[test]
    fn a_field_of_another_kind_is_named() {
        let table = [
            (json!({"memberId": {}}), "memberId"),
            (json!({"merchantId": ["s"]}), "merchantId"),
            (json!({"member": "m"}), "member"),
            (json!({"member": {"id": []}}), "member.id"),
            (json!({"merchant": []}), "merchant"),
            (
                json!({"merchant": {"reviewStatus": {"code": "O"}}}),
                "merchant.reviewStatus",
            ),
            (json!({"merchant": {"isDeleted": []}}), "merchant.isDeleted"),
        ];
        for (payload, field) in table {
            assert_eq!(parse(payload), Err(CallbackFault::WrongType { field }));
        }
    }

    #[test]
    fn debug_shows_nothing_personal() {
        let callback = parse(
            json!({"merchant": {"companyName": "상호", "businessNumber": "1178178260",
                                                  "reviewMessage": "사유", "reviewStatus": "R"}}),
        );
        let debug = format!("{:?}", callback.unwrap());
        assert!(debug.contains("\"R\""), "{debug}");
        assert!(
            !debug.contains("상호") && !debug.contains("1178178260") && !debug.contains("사유"),
            "{debug}"
        );
    }
}
