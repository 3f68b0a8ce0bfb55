//! What upstream said, as it is written. All of it is sealed.

use registry_domain::merchant::{Approval, ApprovalKey};
use registry_domain::review::{ContentDigest, DeletionMark, Observation, ReviewCode};
use registry_domain::{FreeText, MemberCode, MerchantCode, ReportedNumber};
use serde::{Deserialize, Serialize};

use super::StoredError;

/// An observation.
#[derive(Debug, Serialize, Deserialize)]
pub struct StoredObservation {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    member_code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    merchant_code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    upstream_member_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    company_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    branch_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    business_number: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    review_code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    review_message: Option<String>,
    deletion: StoredDeletion,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredDeletion {
    NotDeleted,
    Deleted,
    Unrecognised(String),
    Unsaid,
}

pub(super) fn text(text: Option<&FreeText>) -> Option<String> {
    text.map(|text| text.as_str().to_owned())
}

pub(super) fn free_text(text: Option<&String>) -> Option<FreeText> {
    text.map(|text| FreeText::from_untrusted(text))
}

impl From<&Observation> for StoredObservation {
    fn from(observation: &Observation) -> Self {
        Self {
            member_code: observation.member_code.as_ref().map(|code| code.as_str().to_owned()),
            merchant_code: observation.merchant_code.as_ref().map(|code| code.as_str().to_owned()),
            upstream_member_id: text(observation.upstream_member_id.as_ref()),
            company_name: text(observation.company_name.as_ref()),
            branch_name: text(observation.branch_name.as_ref()),
            business_number: observation
                .business_number
                .as_ref()
                .map(|number| number.as_str().to_owned()),
            review_code: observation.review_code.as_ref().map(|code| code.as_str().to_owned()),
            review_message: text(observation.review_message.as_ref()),
            deletion: match &observation.deletion {
                DeletionMark::NotDeleted => StoredDeletion::NotDeleted,
                DeletionMark::Deleted => StoredDeletion::Deleted,
                DeletionMark::Unrecognised(mark) => StoredDeletion::Unrecognised(mark.as_str().to_owned()),
                DeletionMark::Unsaid => StoredDeletion::Unsaid,
            },
        }
    }
}

impl StoredObservation {
    pub(super) fn into_domain(self) -> Result<Observation, StoredError> {
        let member_code = self.member_code.map(|code| MemberCode::recorded(&code)).transpose();
        let merchant_code = self.merchant_code.map(|code| MerchantCode::recorded(&code)).transpose();
        Ok(Observation {
            member_code: member_code.map_err(|_| StoredError::Value { field: "member_code" })?,
            merchant_code: merchant_code.map_err(|_| StoredError::Value { field: "merchant_code" })?,
            upstream_member_id: free_text(self.upstream_member_id.as_ref()),
            company_name: free_text(self.company_name.as_ref()),
            branch_name: free_text(self.branch_name.as_ref()),
            business_number: self.business_number.as_deref().map(ReportedNumber::from_untrusted),
            review_code: self.review_code.as_deref().and_then(ReviewCode::from_untrusted),
            review_message: free_text(self.review_message.as_ref()),
            deletion: match self.deletion {
                StoredDeletion::NotDeleted => DeletionMark::NotDeleted,
                StoredDeletion::Deleted => DeletionMark::Deleted,
                StoredDeletion::Unrecognised(mark) => DeletionMark::Unrecognised(FreeText::from_untrusted(&mark)),
                StoredDeletion::Unsaid => DeletionMark::Unsaid,
            },
        })
    }
}

pub(super) fn digest_to_hex(digest: ContentDigest) -> String {
    hex::encode(digest.0)
}

pub(super) fn digest_from_hex(text: &str) -> Result<ContentDigest, StoredError> {
    let mut digest = [0; 32];
    hex::decode_to_slice(text, &mut digest).map_err(|_| StoredError::Value { field: "digest" })?;
    Ok(ContentDigest(digest))
}

/// A payment approval.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct StoredApproval {
    #[serde(skip_serializing_if = "Option::is_none")]
    bill_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approval_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    original_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approved_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pay_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer_number_masked: Option<String>,
}

impl From<&Approval> for StoredApproval {
    fn from(approval: &Approval) -> Self {
        Self {
            bill_id: text(approval.bill_id.as_ref()),
            state: text(approval.state.as_ref()),
            price: text(approval.price.as_ref()),
            approval_number: text(approval.approval_number.as_ref()),
            original_number: text(approval.original_number.as_ref()),
            approved_at: text(approval.approved_at.as_ref()),
            pay_type: text(approval.pay_type.as_ref()),
            issuer: text(approval.issuer.as_ref()),
            issuer_number_masked: text(approval.issuer_number_masked.as_ref()),
        }
    }
}

impl StoredApproval {
    pub(super) fn into_domain(self, api_key: ApprovalKey) -> Approval {
        Approval {
            bill_id: free_text(self.bill_id.as_ref()),
            state: free_text(self.state.as_ref()),
            price: free_text(self.price.as_ref()),
            approval_number: free_text(self.approval_number.as_ref()),
            original_number: free_text(self.original_number.as_ref()),
            approved_at: free_text(self.approved_at.as_ref()),
            pay_type: free_text(self.pay_type.as_ref()),
            issuer: free_text(self.issuer.as_ref()),
            issuer_number_masked: free_text(self.issuer_number_masked.as_ref()),
            api_key,
        }
    }
}
