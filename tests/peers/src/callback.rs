//! What is taken in.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Letters of a review's life, with what upstream writes to each, as the registry's own bench has them.
const LIFE: [(&str, Option<&str>); 10] = [
    ("W", None),
    ("P", None),
    ("S", Some("통장 사본을 보내 주세요")),
    ("P", Some("다시 보고 있습니다")),
    ("S", Some("사업자등록증을 보내 주세요")),
    ("P", Some("사업자등록증을 보고 있습니다")),
    ("S", Some("대표자 신분증을 보내 주세요")),
    ("P", Some("신분증을 보고 있습니다")),
    ("W", Some("마지막 확인을 기다립니다")),
    ("R", Some("업종 확인이 필요합니다")),
];

/// What a merchant's row says before the first callback.
pub const REGISTERED: &str = "registered";

/// One callback. The id tells a repeat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Callback {
    pub id: Uuid,
    pub status: String,
    pub received_at: DateTime<Utc>,
    pub payload: String,
}

impl Callback {
    /// The callback that a merchant's so-manieth step brings.
    pub fn of(merchant: Uuid, step: u64, received_at: DateTime<Utc>) -> Self {
        let (_, number) = merchant.as_u64_pair();
        let place = usize::try_from(step).unwrap_or_default() % LIFE.len();
        let (letter, message) = LIFE[place];
        let payload = serde_json::json!({
            "memberId": format!("member-{}", number / 4),
            "merchantId": format!("shop-{number}"),
            "member": { "id": "10041" },
            "merchant": {
                "companyName": "가나다 학원", "branchName": "본점", "businessNumber": "1178178260",
                "reviewStatus": letter, "reviewMessage": message, "isDeleted": "N",
            },
        });
        Self {
            id: Uuid::from_u64_pair(scattered(number ^ (step << 32)), number),
            status: letter.to_owned(),
            received_at,
            payload: payload.to_string(),
        }
    }
}

/// The id of a merchant by its number. Ids lie scattered, as random ones do.
pub fn merchant_id(number: u64) -> Uuid {
    Uuid::from_u64_pair(scattered(number), number)
}

/// Another number for each number, far from those of its neighbours (the finalizer of `SplitMix64`).
fn scattered(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// What time it is.
#[expect(clippy::disallowed_methods, reason = "the one place where time comes in")]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}
