//! What comes back about a bill.

use std::fmt;

use serde_json::Value;

use crate::answer::{BillLink, RawData};
use crate::answer_fields::{AnswerFields, raw};
use crate::api_key::ApiKey;
use crate::call_error::AnswerFault;
use crate::callback::ApprovalState;
use crate::masked_number::MaskedNumber;
use crate::values::{Amount, BillId, Reported, SeoulTime, Trader};

/// What `/bill` says of the new bill (integrators: sure).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentBill {
    /// The bill's page (`shortUrl`, in API V1 `shortURL`). It comes for a bill by Kakao too. None if the answer holds
    /// no web address: the bill is made all the same.
    pub link: Option<BillLink>,
    /// The whole answer.
    pub raw: RawData,
}

impl SentBill {
    pub(super) fn from_data(data: &Value, key: &ApiKey, bill_id: &BillId) -> Result<Self, AnswerFault> {
        let fields = AnswerFields::of(data, key);
        fields.check_bill(bill_id)?;
        Ok(Self {
            link: fields.link(&LINK),
            raw: raw(data, key),
        })
    }
}

/// Both spellings of the link.
pub(crate) const LINK: [&str; 3] = ["shortUrl", "shortURL", "short_url"];

/// What `/bill/read` says (integrators, call-back v2: sure).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillReading {
    /// The state of the bill (`apprState`). Without one an answer is none.
    pub state: ApprovalState,
    /// The payment, as far as there is one.
    pub payment: Payment,
    /// The whole answer, with what only some branches send.
    pub raw: RawData,
}

impl BillReading {
    pub(super) fn from_data(data: &Value, key: &ApiKey, bill_id: &BillId) -> Result<Self, AnswerFault> {
        let fields = AnswerFields::of(data, key);
        fields.check_bill(bill_id)?;
        Ok(Self {
            state: state(&fields).ok_or(AnswerFault::Field("data.apprState"))?,
            payment: Payment::of(&fields),
            raw: raw(data, key),
        })
    }
}

/// The state in an answer.
pub(crate) fn state(fields: &AnswerFields<'_>) -> Option<ApprovalState> {
    let state = fields.text(&["apprState", "appr_state"])?;
    Some(ApprovalState::parse(&state))
}

/// A payment as an answer reports it. Every field may be missing; those of a bill that is not paid mostly are.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Payment {
    /// The amount (`apprPrice`).
    pub price: Option<Reported<Amount>>,
    /// The means of payment (`apprPayType`), such as `CARD_VAN`, or `CARD_RP` for an auto-payment. The set is not
    /// documented: text to show.
    pub pay_type: Option<String>,
    /// The kind of card (`apprCardType`), text to show.
    pub card_type: Option<String>,
    /// When it was approved, or cancelled (`apprDt`).
    pub approved_at: Option<Reported<SeoulTime>>,
    /// When the original was approved (`apprOriginDt`).
    pub origin_approved_at: Option<Reported<SeoulTime>>,
    /// The number of the approval, or of the cancellation (`apprNum`).
    pub approval_number: Option<String>,
    /// The number of the original approval (`apprOriginNum`).
    pub origin_approval_number: Option<String>,
    /// The card company or the bank (`apprIssuer`).
    pub issuer: Option<String>,
    /// Its code (`apprIssuerCd`).
    pub issuer_code: Option<String>,
    /// The card or account number (`apprIssuerNum`), masked.
    pub issuer_number: Option<MaskedNumber>,
    /// The acquirer (`apprAcquirerNm`).
    pub acquirer: Option<String>,
    /// Its code (`apprAcquirerCd`).
    pub acquirer_code: Option<String>,
    /// The card network's answer code (`apprResCd`).
    pub response_code: Option<String>,
    /// The months of the instalments (`apprMonthly`); `0` is a single payment.
    pub instalment_months: Option<String>,
    /// The number of this bill's cash receipt (`apprCashNum`).
    pub cash_receipt_number: Option<String>,
    /// What that receipt is for (`apprCashTrader`). Sources differ whether it is a digit or a word; both are read.
    pub cash_receipt_trader: Option<Reported<Trader>>,
    /// The number it was issued to (`apprCashIssuanceNumber`), masked.
    pub cash_receipt_issuance_number: Option<MaskedNumber>,
}

impl Payment {
    pub(crate) fn of(fields: &AnswerFields<'_>) -> Self {
        Self {
            price: fields.amount(&["apprPrice", "appr_price"]),
            pay_type: fields.text(&["apprPayType", "appr_pay_type"]),
            card_type: fields.text(&["apprCardType", "appr_card_type"]),
            approved_at: fields.time(&["apprDt", "appr_dt"]),
            origin_approved_at: fields.time(&["apprOriginDt", "appr_origin_dt"]),
            approval_number: fields.identifier(&["apprNum", "appr_num"]),
            origin_approval_number: fields.identifier(&["apprOriginNum", "appr_origin_num"]),
            issuer: fields.text(&["apprIssuer", "appr_issuer"]),
            issuer_code: fields.identifier(&["apprIssuerCd", "appr_issuer_cd"]),
            issuer_number: fields.masked(&["apprIssuerNum", "appr_issuer_num"]),
            acquirer: fields.text(&["apprAcquirerNm", "appr_acquirer_nm"]),
            acquirer_code: fields.identifier(&["apprAcquirerCd", "appr_acquirer_cd"]),
            response_code: fields.identifier(&["apprResCd", "appr_res_cd"]),
            instalment_months: fields.text(&["apprMonthly", "appr_monthly"]),
            cash_receipt_number: fields.identifier(&["apprCashNum", "appr_cash_num"]),
            cash_receipt_trader: fields.reported(&["apprCashTrader", "appr_cash_trader"], Trader::parse),
            cash_receipt_issuance_number: fields.masked(&["apprCashIssuanceNumber", "appr_cash_issuance_number"]),
        }
    }
}

impl fmt::Debug for Payment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Which bank or card somebody has is personal, and so are the numbers.
        formatter
            .debug_struct("Payment")
            .field("price", &self.price)
            .field("pay_type", &self.pay_type)
            .field("approved_at", &self.approved_at)
            .field("approval_number", &self.approval_number)
            .field("origin_approval_number", &self.origin_approval_number)
            .field("response_code", &self.response_code)
            .finish_non_exhaustive()
    }
}

/// What `/bill/cancel` says (integrators: sure).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelledBill {
    /// The number of the cancellation (`apprNum`).
    pub cancel_number: Option<String>,
    /// The number of the approval that was cancelled (`apprOriginNum`).
    pub origin_approval_number: Option<String>,
    /// When it was cancelled (`apprCancelDt`).
    pub cancelled_at: Option<Reported<SeoulTime>>,
    /// The whole answer.
    pub raw: RawData,
}

impl CancelledBill {
    pub(super) fn from_data(data: &Value, key: &ApiKey, bill_id: &BillId) -> Result<Self, AnswerFault> {
        let fields = AnswerFields::of(data, key);
        fields.check_bill(bill_id)?;
        Ok(Self {
            cancel_number: fields.identifier(&["apprNum", "appr_num"]),
            origin_approval_number: fields.identifier(&["apprOriginNum", "appr_origin_num"]),
            cancelled_at: fields.time(&["apprCancelDt", "appr_cancel_dt"]),
            raw: raw(data, key),
        })
    }
}
