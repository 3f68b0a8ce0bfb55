//! What a callback says, in the domain's words.

use paymint_client::ApiKey;
use paymint_client::callback::{
    self, ApprovalCallback, CallbackFault, CallbackPayload, DeletionMark, MappingCallback, Reading,
};
use registry_domain::merchant::{
    Approval, ApprovalKey, Claim, ClaimBody, Command, QuarantineReason, RawPayload, Receipt,
};
use registry_domain::review::{self, ContentDigest, Observation, ReviewCode};
use registry_domain::tenant::{self, UnclaimedClaim};
use registry_domain::unicode::composed;
use registry_domain::{FreeText, MemberCode, MerchantCode, Reference, ReportedNumber};
use registry_journal::Order;
use registry_urls::CallbackToken;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::received::VerifiedCallback;

/// A callback that has been read but not yet compared with anything of the tenant's.
pub(crate) struct ReadCallback {
    receipt: Receipt,
    token: CallbackToken,
    body: ReadBody,
}

/// What the bytes of a callback say.
pub(crate) enum ReadBody {
    /// A mapping result.
    Mapping(Box<MappingCallback>),
    /// A payment approval.
    Approval(Box<ApprovalCallback>),
    /// Nothing that can be used.
    Unusable(QuarantineReason),
}

impl ReadCallback {
    /// Whether the tenant's own `apiKey` is needed to judge it.
    pub(crate) fn carries_api_key(&self) -> bool {
        matches!(&self.body, ReadBody::Approval(approval) if approval.api_key.is_some())
    }
}

/// Reads the body. Takes only what was verified. `known` is the tenant's own key, where it is at hand.
pub(crate) fn read(callback: VerifiedCallback, known: Option<&ApiKey>) -> ReadCallback {
    let token = callback.token();
    let sender_refused = callback.sender_refused();
    let (received_at, sender_listed) = (callback.received_at(), callback.sender_listed());
    let is_cut = callback.is_cut();
    let BodyRead {
        body,
        payload,
        decoded_with_loss,
    } = read_body(callback.into_body(), is_cut, sender_refused, known);
    let receipt = Receipt {
        link_id: token.link_id(),
        received_at,
        payload,
        sender_listed,
        decoded_with_loss,
        by_bills_url: matches!(token, CallbackToken::Merchant { .. }),
    };
    ReadCallback { receipt, token, body }
}

/// Bytes that were read, now or once more.
pub(crate) struct BodyRead {
    pub(crate) body: ReadBody,
    /// What may be stored of them.
    pub(crate) payload: RawPayload,
    pub(crate) decoded_with_loss: bool,
}

/// Reads bytes. What was stored by an earlier scrubber is scrubbed by the one of today. A beginning (`is_cut`) says nothing, even
/// if it should happen to be JSON.
pub(crate) fn read_body(bytes: Vec<u8>, is_cut: bool, sender_refused: bool, known: Option<&ApiKey>) -> BodyRead {
    let Reading {
        payload,
        storable,
        decoded_with_loss,
    } = callback::read(&bytes, known);
    let body = if is_cut {
        ReadBody::Unusable(QuarantineReason::TooLarge)
    } else {
        usable(payload, sender_refused)
    };
    BodyRead {
        body,
        payload: RawPayload(storable.unwrap_or(bytes)),
        decoded_with_loss,
    }
}

/// What can be made of what a callback says.
fn usable(said: Result<CallbackPayload, CallbackFault>, sender_refused: bool) -> ReadBody {
    if sender_refused {
        return ReadBody::Unusable(QuarantineReason::SenderNotAllowed);
    }
    match said {
        Ok(CallbackPayload::Mapping(mapping)) => ReadBody::Mapping(Box::new(mapping)),
        Ok(CallbackPayload::Approval(approval)) => ReadBody::Approval(Box::new(approval)),
        Err(CallbackFault::NotJson | CallbackFault::Illegible { .. }) => {
            ReadBody::Unusable(QuarantineReason::Unparseable)
        }
        Err(CallbackFault::NotAnObject | CallbackFault::UnknownShape) => {
            ReadBody::Unusable(QuarantineReason::UnknownShape)
        }
        Err(CallbackFault::WrongType { .. }) => ReadBody::Unusable(QuarantineReason::WrongType),
    }
}

/// The order for the write path. `api_key` is the tenant's own, where it was needed and is known.
pub(crate) fn translate(callback: ReadCallback, api_key: Option<&ApiKey>) -> Order {
    let ReadCallback { receipt, token, body } = callback;
    match token {
        CallbackToken::Link { merchant_id, .. } | CallbackToken::Merchant { merchant_id, .. } => {
            let claim = Claim {
                receipt,
                body: claim_body(body, api_key),
            };
            Order::Merchant {
                merchant_id,
                command: Command::ReceiveCallback(Box::new(claim)),
                expected: None,
            }
        }
        CallbackToken::Tenant { .. } => of_tenant(receipt, body),
    }
}

/// Through a tenant-level URL the merchant is known only by the codes in the body.
fn of_tenant(receipt: Receipt, body: ReadBody) -> Order {
    let unclaimed = |receipt, why| Order::Tenant(tenant::Command::ReceiveUnclaimed(Box::new(receipt), why));
    match body {
        ReadBody::Mapping(mapping) => match reference(&mapping) {
            Some(reference) => {
                let body = claim_body(ReadBody::Mapping(mapping), None);
                let claim = Claim { receipt, body };
                Order::CallbackByCodes {
                    reference,
                    claim: Box::new(claim),
                }
            }
            None => unclaimed(receipt, UnclaimedClaim::Unusable(QuarantineReason::UnknownMerchant)),
        },
        // An approval names no codes.
        ReadBody::Approval(_) => unclaimed(receipt, UnclaimedClaim::Unusable(QuarantineReason::UnknownMerchant)),
        ReadBody::Unusable(reason) => unclaimed(receipt, UnclaimedClaim::Unusable(reason)),
    }
}

/// The pair that a mapping result names, if it names one that a merchant of ours could have.
pub(crate) fn reference(mapping: &MappingCallback) -> Option<Reference> {
    Some(Reference {
        member_code: MemberCode::reported(mapping.member_id.as_deref()?).ok()?,
        merchant_code: MerchantCode::reported(mapping.merchant_id.as_deref()?).ok()?,
    })
}

/// The claim in the domain's words.
pub(crate) fn claim_body(body: ReadBody, api_key: Option<&ApiKey>) -> ClaimBody {
    match body {
        ReadBody::Unusable(reason) => ClaimBody::Unusable(reason),
        ReadBody::Approval(callback) => ClaimBody::Approval(approval(*callback, api_key)),
        ReadBody::Mapping(mapping) => match observation(&mapping) {
            Some(observation) => ClaimBody::Mapping {
                digest: digest(&mapping),
                observation,
            },
            None => ClaimBody::Unusable(QuarantineReason::CodesMismatch),
        },
    }
}

/// `None` when a code is there but is none that a merchant of ours could have.
fn observation(mapping: &MappingCallback) -> Option<Observation> {
    let said = |text: &Option<String>| text.as_deref().filter(|text| !text.is_empty()).map(str::to_owned);
    let free = |text: &Option<String>| said(text).map(|text| FreeText::reported(&text));
    let report = &mapping.merchant;
    Some(Observation {
        member_code: said(&mapping.member_id)
            .map(|code| MemberCode::reported(&code))
            .transpose()
            .ok()?,
        merchant_code: said(&mapping.merchant_id)
            .map(|code| MerchantCode::reported(&code))
            .transpose()
            .ok()?,
        upstream_member_id: free(&mapping.paymint_member_id),
        company_name: free(&report.company_name),
        branch_name: free(&report.branch_name),
        business_number: said(&report.business_number).map(|number| ReportedNumber::from_untrusted(&number)),
        review_code: report.review_status.as_deref().and_then(ReviewCode::from_untrusted),
        review_message: free(&report.review_message),
        deletion: match report.deletion_mark() {
            DeletionMark::NotDeleted => review::DeletionMark::NotDeleted,
            DeletionMark::Deleted => review::DeletionMark::Deleted,
            DeletionMark::Unrecognised(text) => review::DeletionMark::Unrecognised(FreeText::reported(&text)),
        },
    })
}

/// Over every field, absent and empty told apart: two callbacks say the same only if nothing that can be seen differs.
fn digest(mapping: &MappingCallback) -> ContentDigest {
    let report = &mapping.merchant;
    let fields = [
        &mapping.member_id,
        &mapping.merchant_id,
        &mapping.paymint_member_id,
        &report.company_name,
        &report.branch_name,
        &report.business_number,
        &report.review_status,
        &report.review_message,
        &report.is_deleted,
    ];
    let mut hasher = Sha256::new();
    for field in fields {
        let text = field.as_deref().map(composed);
        let length = text.as_ref().map_or(u64::MAX, |text| text.len() as u64);
        hasher.update(length.to_be_bytes());
        hasher.update(text.as_deref().unwrap_or_default());
    }
    ContentDigest(hasher.finalize().into())
}

fn approval(callback: ApprovalCallback, api_key: Option<&ApiKey>) -> Approval {
    let free = |text: Option<String>| text.map(|text| FreeText::reported(&text));
    let compared = match (&callback.api_key, api_key) {
        (None, _) => ApprovalKey::Absent,
        (Some(theirs), Some(ours)) if bool::from(theirs.expose().as_bytes().ct_eq(ours.expose().as_bytes())) => {
            ApprovalKey::Matches
        }
        (Some(_), _) => ApprovalKey::Differs,
    };
    Approval {
        bill_id: free(callback.bill_id),
        state: callback.state.map(|state| FreeText::reported(state.as_str())),
        price: free(callback.price),
        approval_number: free(callback.approval_number),
        original_number: free(callback.origin_approval_number),
        approved_at: free(callback.approved_at),
        pay_type: free(callback.pay_type),
        issuer: free(callback.issuer),
        issuer_number_masked: callback.issuer_number.map(|number| FreeText::reported(number.as_str())),
        api_key: compared,
    }
}
