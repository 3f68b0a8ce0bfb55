//! A payment approval, as far as it is kept.

use crate::text::FreeText;
use crate::words::words;

/// How the `apiKey` in an approval compares with the tenant's. The key itself is dropped at the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApprovalKey {
    /// Not in the body.
    Absent,
    /// It is the tenant's.
    Matches,
    /// It is not.
    Differs,
}

words!(ApprovalKey {
    Absent => "absent",
    Matches => "matches",
    Differs => "differs",
});

/// A payment approval, scrubbed: card and account numbers masked, signature and custom data dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// The partner's bill id.
    pub bill_id: Option<FreeText>,
    /// 승인 상태 as it came (F 승인, W 대기, C 취소, D 파기).
    pub state: Option<FreeText>,
    /// 승인 금액, in won, as it came.
    pub price: Option<FreeText>,
    /// 거래번호.
    pub approval_number: Option<FreeText>,
    /// 원거래 승인번호.
    pub original_number: Option<FreeText>,
    /// 승인 일시, `yyyyMMddHHmmss` in Korean time, as it came.
    pub approved_at: Option<FreeText>,
    /// 결제수단.
    pub pay_type: Option<FreeText>,
    /// 카드명 or 은행명.
    pub issuer: Option<FreeText>,
    /// Card or account number: of 13 to 19 digits the first six and the last four, of fewer the last four.
    pub issuer_number_masked: Option<FreeText>,
    /// How the key in the body compares.
    pub api_key: ApprovalKey,
}

impl Approval {
    /// Every text of it, in the order in which it is recognised when it is sent again, as upstream does hourly for a day. One
    /// that differs in any of them says something else, and is kept.
    pub fn texts(&self) -> [Option<&FreeText>; 9] {
        [
            &self.bill_id,
            &self.state,
            &self.price,
            &self.approval_number,
            &self.original_number,
            &self.approved_at,
            &self.pay_type,
            &self.issuer,
            &self.issuer_number_masked,
        ]
        .map(Option::as_ref)
    }

    /// Whether it can be told from any other: it names a bill or an approval, and nothing of it was lost in reading or cut.
    pub fn is_recognisable(&self) -> bool {
        let is_named = self.bill_id.is_some() || self.approval_number.is_some();
        is_named && self.texts().into_iter().flatten().all(FreeText::is_whole)
    }
}
