//! Businesses and cards that do not exist, for what nobody types in.

use rand::RngExt;
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};

use super::Application;
use super::mapping::Business;
use crate::business_number;

const COMPANIES: [&str; 12] = [
    "가나다학원",
    "한빛음악교실",
    "푸른태권도",
    "별하미술",
    "온누리수학",
    "다솜유치원",
    "해오름서점",
    "새봄피아노",
    "바른영어",
    "누리코딩학원",
    "미르체육관",
    "도담논술",
];
const BRANCHES: [&str; 10] = [
    "강남점",
    "송파점",
    "분당점",
    "해운대점",
    "수성점",
    "유성점",
    "일산점",
    "동탄점",
    "첨단점",
    "전주점",
];

/// A whole application with a business number that checks.
pub(super) fn application(dice: &mut StdRng) -> Application {
    let body = format!("{:09}", dice.random_range(101_010_001..=999_999_999_u32));
    let last = business_number::check_digit(&body);
    Application {
        paymint_member_id: format!("pm{:08}", dice.random_range(0..100_000_000)),
        business: Business {
            company_name: Some(pick(&COMPANIES, dice).to_owned()),
            branch_name: Some(pick(&BRANCHES, dice).to_owned()),
            number: Some(format!("{body}{last}")),
        },
    }
}

/// A card, as far as anybody is told of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Card {
    pub(crate) issuer: String,
    pub(crate) issuer_code: String,
    /// Its number, the middle of it masked.
    pub(crate) number: String,
}

/// The issuers whose cards work in the real test environment, with the first digits of ours.
const ISSUERS: [(&str, &str, &str); 3] = [
    ("현대카드", "08", "949000"),
    ("국민카드", "02", "944500"),
    ("신한카드", "06", "941000"),
];

/// A card that nobody has.
pub(super) fn card(dice: &mut StdRng) -> Card {
    let place = dice.random_range(0..ISSUERS.len());
    let (issuer, issuer_code, beginning) = ISSUERS.get(place).copied().unwrap_or_default();
    let end = dice.random_range(0..10_000);
    Card {
        issuer: issuer.to_owned(),
        issuer_code: issuer_code.to_owned(),
        number: format!("{beginning}******{end:04}"),
    }
}

/// The number of an approval, a refund or a receipt.
pub(super) fn approval_number(dice: &mut StdRng) -> String {
    format!("{:08}", dice.random_range(0..100_000_000))
}

/// What the review desk may ask for.
pub(super) fn documents_message(dice: &mut StdRng) -> &'static str {
    pick(
        &[
            "사업자등록증 사본을 다시 올려 주세요.",
            "대표자 신분증 사본이 필요합니다.",
            "통장 사본의 예금주가 대표자와 다릅니다.",
            "매장 내부 사진을 보내 주세요.",
        ],
        dice,
    )
}

/// Why the review desk may reject.
pub(super) fn rejection_message(dice: &mut StdRng) -> &'static str {
    pick(
        &[
            "카드사 심사에서 반려되었습니다.",
            "휴업 중인 사업자입니다.",
            "취급 제한 업종입니다.",
        ],
        dice,
    )
}

fn pick<'a>(choices: &[&'a str], dice: &mut StdRng) -> &'a str {
    choices
        .get(dice.random_range(0..choices.len()))
        .copied()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice;

    #[test]
    fn made_up_numbers_check() {
        for name in 0..500 {
            let application = application(&mut dice::for_decision(1, &[name]));
            let number = application.business.number.unwrap();
            assert_eq!(business_number::parse(&number), Some(number.clone()));
        }
    }
}
