//! A merchant as others see it: in REST answers, in message bodies, in the bucket of current documents.

use std::collections::BTreeMap;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use registry_domain::ReportedNumber;
use registry_domain::merchant::{Billing, Business, Link, Merchant, NextAction, Warning};
use registry_domain::review::Review;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::shown::{Sight, claimed_code, claimed_deletion, is_false, label_map, labels, mask_number, text};

/// Counts the forms in which releases have shown a merchant. To be raised with every release that shows more, or otherwise,
/// of the same events: whoever has the old form must not be told that it has the new one.
pub const REPRESENTATION: u32 = 1;

/// Room for most bodies, in bytes: one that is longer makes itself more.
const USUAL_LENGTH: usize = 2 * 1024;

/// The word that tells a merchant from other objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MerchantObject {
    /// A merchant.
    Merchant,
}

/// A sub-merchant: what the registry believes about it, and what has to happen next.
///
/// Every word in it (stage, status, source and so on) comes from an open list: pass over words you do not know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Merchant)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says one thing to a reader of JSON, and all combinations may come"
)]
pub struct MerchantDocument {
    /// Always `merchant`.
    pub object: MerchantObject,
    /// The merchant's id.
    #[schema(example = "mer_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    pub id: String,
    /// How many events the merchant has. Grows by one with each.
    #[schema(example = 7)]
    pub version: u64,
    /// Position of its last event in the tenant's log.
    #[schema(example = 41)]
    pub seq: u64,
    /// 파트너 사용자 코드: your code for the member.
    #[schema(example = "acad-12")]
    pub member_code: String,
    /// 파트너 매장 코드: your code for the shop.
    #[schema(example = "store-3")]
    pub merchant_code: String,
    /// The business behind the shop.
    pub business: BusinessDocument,
    /// Where the shop stands: `registered`, `link_issued`, `drafting`, `in_review`, `documents_required`, `rejected`,
    /// `opened`, `unknown`, `unlinked`, `archived`.
    #[schema(example = "documents_required")]
    pub stage: String,
    /// The review at Paymint.
    pub review: ReviewDocument,
    /// The open question to Paymint: a claim that would change the shop is held until it is answered. Null otherwise.
    pub confirmation: Option<ConfirmationDocument>,
    /// Whether the shop may bill, as far as that follows from the shop alone.
    pub billing: BillingDocument,
    /// Paymint says that the shop is deleted.
    pub unlinked: bool,
    /// You have put the shop away.
    pub archived: bool,
    /// The personal data of the shop was destroyed. Absent otherwise.
    #[serde(default, skip_serializing_if = "is_false")]
    pub erased: bool,
    /// What has to happen next.
    pub next_action: NextActionDocument,
    /// The registration link that was asked for last.
    pub link: Option<LinkDocument>,
    /// Your tags.
    pub tags: Vec<String>,
    /// Your own data.
    pub metadata: BTreeMap<String, String>,
    /// What a person should look at: `merchant_code_shared`, `business_number_shared`, `business_number_doubtful`,
    /// `business_name_doubtful`,
    /// `review_code_unknown`, `deletion_mark_unknown`, `mapping_status_unknown`, `mapping_paused`, `answers_conflict`,
    /// `missing_upstream`, `missing_from_list`, `callback_not_understood`. `business_number_shared` stands here only with the scope
    /// `personal:read`.
    pub warnings: Vec<String>,
    /// One of the warnings casts doubt on what stands here: somebody must look now.
    pub attention: bool,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
    /// When something that you can see last changed.
    pub updated_at: DateTime<Utc>,
}

/// A merchant in a list, with how its wait compares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WaitingMerchant {
    /// The merchant.
    #[serde(flatten)]
    pub merchant: MerchantDocument,
    /// How long it has stood in its stage; null for one that is open or archived.
    #[schema(required = true)]
    pub wait: Option<WaitDocument>,
}

/// How long a merchant has stood in its stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Wait)]
pub struct WaitDocument {
    /// In business days of your calendar.
    #[schema(example = 9)]
    pub business_days: u32,
    /// Of how many percent of your waits in this stage that ended in the last 180 days (not today) this one is longer; null if there
    /// were fewer than 30.
    #[schema(required = true, example = 93)]
    pub longer_than_percent: Option<u8>,
}

/// The business behind a shop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Business)]
pub struct BusinessDocument {
    /// 사업장명.
    #[schema(required = true, example = "가나다 학원")]
    pub company_name: Option<String>,
    /// 지점명.
    #[schema(required = true, example = "강남점")]
    pub branch_name: Option<String>,
    /// 사업자등록번호: ten digits, or what Paymint reported if that does not read as one. In messages, and without the scope
    /// `personal:read`, it is masked: `117-81-*****`, or ten asterisks for what does not read as one.
    #[schema(required = true, example = "1178178260")]
    pub number: Option<String>,
    /// Why the number is doubtful: `not_ten_digits`, `all_zeros`, `checksum_mismatch`.
    #[schema(required = true)]
    pub number_flag: Option<String>,
}

/// The review at Paymint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Review)]
pub struct ReviewDocument {
    /// `none`, `drafting`, `in_review`, `documents_required`, `rejected`, `opened`, `unknown`.
    #[schema(example = "documents_required")]
    pub status: String,
    /// The letter that Paymint uses for it.
    #[schema(required = true, example = "S")]
    pub code: Option<String>,
    /// 심사 메시지: what to supply, or why it was rejected.
    #[schema(required = true, example = "사업자등록증 사본을 다시 올려 주세요")]
    pub message: Option<String>,
    /// Since when the code stands.
    #[schema(required = true)]
    pub since: Option<DateTime<Utc>>,
    /// When Paymint last said anything about the shop.
    #[schema(required = true)]
    pub observed_at: Option<DateTime<Utc>>,
    /// Who said what stands here: `callback`, or in answer to a question `read_back`, `reconciliation`, `list`.
    #[schema(required = true, example = "callback")]
    pub source: Option<String>,
    /// How far it can be trusted: `verified` (Paymint confirmed it when asked), `unverified` (it came through the
    /// secret callback URL), `held` (it is the last known truth, a newer claim is being checked), `conflicting`
    /// (Paymint contradicts itself).
    #[schema(example = "unverified")]
    pub verification: String,
    /// 하위 사업장 상태: the word of Paymint's list for the link, such as `MERCHANT_OPENING` or `COMPLETED`.
    #[schema(required = true, example = "MERCHANT_OPENING")]
    pub mapping_status: Option<String>,
}

/// A claim that is held until Paymint was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Confirmation)]
pub struct ConfirmationDocument {
    /// Why it is doubtful: `leaves_opened`, `deletes`, `redelivered`, `opens_unlisted` (it opens the shop, and its sender is
    /// not on the list), `opens_by_bills_url`, `opens_without_link`, `opens_once_more` (Paymint has said that the claim which opened it before was wrong).
    #[schema(example = "leaves_opened")]
    pub doubt: String,
    /// Since when Paymint's word is waited for.
    pub since: DateTime<Utc>,
    /// The letter that the newest held claim gives.
    #[schema(required = true, example = "P")]
    pub code: Option<String>,
    /// Whether that claim says that the shop is deleted; null if that cannot be read.
    #[schema(required = true)]
    pub deleted: Option<bool>,
}

/// Whether a shop may bill, as far as that follows from the shop alone. Your own state and the balance are not in it:
/// ask for the shop's billing eligibility.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Billing)]
pub struct BillingDocument {
    /// Whether it may.
    pub may_bill: bool,
    /// Why: `opened`, `linked_without_review`; or why not: `archived`, `unlinked`, `missing_upstream`, `paused`,
    /// `not_opened`, `review_unknown`.
    #[schema(example = "not_opened")]
    pub reason: String,
    /// How far that can be trusted: as in `review`.
    #[schema(example = "unverified")]
    pub verification: String,
}

/// What has to happen next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = NextAction)]
pub struct NextActionDocument {
    /// Who must act: `merchant`, `upstream`, `partner`, `none`.
    #[schema(example = "merchant")]
    pub actor: String,
    /// What to do: `issue_link`, `open_link`, `submit_application`, `review_application`, `supply_documents`,
    /// `resolve_rejection`, `ask_upstream`, `relink`, `none`.
    #[schema(example = "supply_documents")]
    pub code: String,
    /// Since when.
    pub since: DateTime<Utc>,
    /// What Paymint wrote, where that helps.
    #[schema(required = true)]
    pub message: Option<String>,
}

/// A registration link. Its URL is shown once, in the answer to the request that issued it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = MerchantLink)]
pub struct LinkDocument {
    /// The link's id.
    #[schema(example = "lnk_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    pub id: String,
    /// `requested`, `issued`, `failed`, `unknown`, `revoked`.
    #[schema(example = "issued")]
    pub state: String,
    /// When Paymint issued the URL.
    #[schema(required = true)]
    pub issued_at: Option<DateTime<Utc>>,
}

/// A document that may leave the installation in a message: its business number is masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct MaskedDocument(MerchantDocument);

impl MerchantDocument {
    /// The document of a merchant's state.
    pub fn from_merchant(merchant: &Merchant) -> Self {
        let words = |warnings: Vec<Warning>| {
            warnings
                .into_iter()
                .map(|warning| warning.as_str().to_owned())
                .collect()
        };
        Self {
            object: MerchantObject::Merchant,
            id: merchant.id.to_string(),
            version: merchant.version.0,
            seq: merchant.seq.0,
            member_code: merchant.reference.member_code.as_str().to_owned(),
            merchant_code: merchant.reference.merchant_code.as_str().to_owned(),
            business: BusinessDocument::from_business(&merchant.business),
            stage: merchant.stage().as_str().to_owned(),
            review: ReviewDocument::from_review(&merchant.review),
            confirmation: ConfirmationDocument::from_merchant(merchant),
            billing: BillingDocument::from_billing(merchant.billing()),
            unlinked: merchant.unlinked_since.is_some(),
            archived: merchant.archived_since.is_some(),
            erased: merchant.erased,
            next_action: NextActionDocument::from_action(&merchant.next_action()),
            link: merchant.latest_link().map(LinkDocument::from_link),
            tags: labels(&merchant.tags),
            metadata: label_map(&merchant.metadata),
            warnings: words(merchant.warnings()),
            attention: merchant.needs_attention(),
            created_at: merchant.created_at,
            updated_at: merchant.updated_at,
        }
    }

    /// The document as a reader may see it.
    pub fn shown(merchant: &Merchant, sight: Sight) -> Self {
        let document = Self::from_merchant(merchant);
        match sight {
            Sight::Whole => document,
            Sight::Masked => {
                let mut document = document.masked().0;
                // Whoever registers a number would learn from it whether another shop has that.
                document
                    .warnings
                    .retain(|warning| warning != Warning::BusinessNumberShared.as_str());
                document
            }
        }
    }

    /// The document with its business number masked.
    #[must_use]
    pub fn masked(mut self) -> MaskedDocument {
        let business = &mut self.business;
        if let Some(number) = &business.number {
            business.number = Some(mask_number(number, business.number_flag.is_some()));
        }
        MaskedDocument(self)
    }
}

impl BusinessDocument {
    fn from_business(business: &Business) -> Self {
        Self {
            company_name: text(business.company_name.as_ref()),
            branch_name: text(business.branch_name.as_ref()),
            number: business.number.as_ref().map(|number| number.as_str().to_owned()),
            number_flag: business
                .number
                .as_ref()
                .and_then(ReportedNumber::flag)
                .map(str::to_owned),
        }
    }
}

impl ReviewDocument {
    fn from_review(review: &Review) -> Self {
        Self {
            status: review.status().as_str().to_owned(),
            code: review.code.as_ref().map(|code| code.as_str().to_owned()),
            message: text(review.message.as_ref()),
            since: review.since,
            observed_at: review.observed_at,
            source: review.source.map(|source| source.as_str().to_owned()),
            verification: review.verification.as_str().to_owned(),
            mapping_status: review.mapping_status.as_ref().map(|word| word.as_str().to_owned()),
        }
    }
}

impl ConfirmationDocument {
    fn from_merchant(merchant: &Merchant) -> Option<Self> {
        let confirmation = merchant.confirmation?;
        let newest = merchant.held.last().map(|claim| &claim.observation);
        Some(Self {
            doubt: confirmation.doubt.as_str().to_owned(),
            since: confirmation.requested_at,
            code: newest.and_then(claimed_code),
            deleted: newest.and_then(claimed_deletion),
        })
    }
}

impl BillingDocument {
    fn from_billing(billing: Billing) -> Self {
        Self {
            may_bill: billing.reason.may_bill(),
            reason: billing.reason.as_str().to_owned(),
            verification: billing.verification.as_str().to_owned(),
        }
    }
}

impl NextActionDocument {
    fn from_action(action: &NextAction) -> Self {
        Self {
            actor: action.actor.as_str().to_owned(),
            code: action.code.to_owned(),
            since: action.since,
            message: text(action.message.as_ref()),
        }
    }
}

impl LinkDocument {
    fn from_link(link: &Link) -> Self {
        Self {
            id: link.id.to_string(),
            state: link.state.as_str().to_owned(),
            issued_at: link.issued_at,
        }
    }
}

/// A document as JSON.
///
/// # Panics
/// For a shape with keys that are no text. Ours have none.
pub fn to_json<T: Serialize>(value: &T) -> Bytes {
    let mut json = Vec::with_capacity(USUAL_LENGTH);
    serde_json::to_writer(&mut json, value).expect("a public shape is valid JSON");
    json.into()
}

#[cfg(test)]
mod tests {
    use registry_domain::LinkId;
    use registry_domain::merchant::Event;
    use registry_domain::review::{ClaimSource, ReviewCode, ReviewStatus, Verification};
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::*;
    use crate::shown::HIDDEN;
    use crate::testing::{merchant_id, merchant_of, registered, text};

    fn link_id() -> LinkId {
        LinkId::from_uuid(Uuid::from_u128(5))
    }

    fn documents_required() -> Vec<Event> {
        vec![
            registered("1178178260"),
            Event::LinkRequested {
                link_id: link_id(),
                redirect_url: None,
            },
            Event::ReviewChanged {
                from: ReviewStatus::None,
                to: ReviewStatus::DocumentsRequired,
                code: ReviewCode::from_untrusted("S").unwrap(),
                message: Some(text("서류를 다시 올려 주세요")),
                source: ClaimSource::Callback,
                verification: Verification::Unverified,
            },
        ]
    }

    fn document(events: &[Event]) -> MerchantDocument {
        MerchantDocument::from_merchant(&merchant_of(events))
    }

    #[test]
    fn a_document_has_exactly_the_shape_of_the_contract() {
        // If what is below changes, this has to.
        assert_eq!(REPRESENTATION, 1);
        let document = document(&documents_required());
        let json = serde_json::to_value(&document).unwrap();
        assert_eq!(
            json,
            json!({
                "object": "merchant", "id": merchant_id().to_string(), "version": 3, "seq": 3,
                "member_code": "member-1", "merchant_code": "shop-1",
                "business": {
                    "company_name": "가나다 학원", "branch_name": "강남점", "number": "1178178260", "number_flag": null,
                },
                "stage": "documents_required",
                "review": {
                    "status": "documents_required", "code": "S", "message": "서류를 다시 올려 주세요",
                    "since": "1970-01-01T00:00:03Z", "observed_at": null, "source": "callback",
                    "verification": "unverified", "mapping_status": null,
                },
                "confirmation": null,
                "billing": { "may_bill": false, "reason": "not_opened", "verification": "unverified" },
                "unlinked": false, "archived": false,
                "next_action": {
                    "actor": "merchant", "code": "supply_documents", "since": "1970-01-01T00:00:03Z",
                    "message": "서류를 다시 올려 주세요",
                },
                "link": { "id": link_id().to_string(), "state": "requested", "issued_at": null },
                "tags": ["vip"], "metadata": { "region": "south" }, "warnings": [], "attention": false,
                "created_at": "1970-01-01T00:00:01Z", "updated_at": "1970-01-01T00:00:03Z",
            })
        );
        assert_eq!(serde_json::from_value::<MerchantDocument>(json).unwrap(), document);
    }

    #[test]
    fn an_erased_merchant_says_so_and_nothing_personal() {
        let mut events = documents_required();
        events.push(Event::MerchantErased);
        let json = serde_json::to_value(document(&events)).unwrap();
        assert_eq!(json["erased"], json!(true));
        assert_eq!(
            json["business"],
            json!({ "company_name": null, "branch_name": null, "number": null, "number_flag": null })
        );
        assert_eq!(json["review"]["message"], Value::Null);
    }

    #[test]
    fn masking_leaves_the_first_five_digits_of_a_number_and_nothing_of_a_doubtful_one() {
        let number_of =
            |events: &[Event]| serde_json::to_value(document(events).masked()).unwrap()["business"]["number"].clone();
        let changed = |number: &str| Event::BusinessDetailsChanged {
            company_name: None,
            branch_name: None,
            business_number: Some(ReportedNumber::from_untrusted(number)),
            source: ClaimSource::Callback,
        };
        assert_eq!(number_of(&[registered("1178178260")]), "117-81-*****");
        for doubtful in ["117-81-78261", "900101-1234567", ""] {
            let events = [registered("1178178260"), changed(doubtful)];
            assert_eq!(number_of(&events), HIDDEN, "{doubtful}");
        }
    }
}
